"""Sums of repeated rows, by a few large NumPy calls however unevenly the rows repeat."""

from __future__ import annotations

import numpy as np

from tinygrad_w2v._base.types import AnyArray

_OFTEN = 8  # a row that occurs more often is summed by itself


def sum_by_row(rows: AnyArray, values: AnyArray, rising: bool) -> tuple[AnyArray, AnyArray]:
    """Unique `rows` and the sums of their `values`, row by row in the order in which they came.

    The first value of every row is taken, then the second of those that have one, and so on: a
    few large additions. (``np.add.at`` and ``np.add.reduceat`` on rows are five times slower.)

    Parameters
    ----------
    rows : int array ``(n,)``, not negative
    values : array ``(n, ...)``
    rising : bool
        Whether the unique rows must come in rising order.
    """
    n = len(rows)
    order = _stable_order(rows)
    ordered = rows.take(order)
    is_first = np.ones(n, bool)
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
    starts = np.flatnonzero(is_first)
    if len(starts) == n:
        return (ordered, values.take(order, axis=0)) if rising else (rows, values)
    counts = np.empty_like(starts)
    np.subtract(starts[1:], starts[:-1], out=counts[:-1])
    counts[-1] = n - starts[-1]
    # Rows that occur most often stand first, so that "those that have a k-th value" is a prefix.
    most = int(counts.max())
    by_count = _stable_order(most - counts)
    starts, counts = starts.take(by_count), counts.take(by_count)
    unique = ordered.take(starts)
    total = values.take(order.take(starts), axis=0)
    # How many rows occur more than k times.
    more_than = np.searchsorted(-counts, np.arange(0, -min(most, _OFTEN) - 1, -1)).tolist()
    for k, these in enumerate(more_than[1:_OFTEN], start=1):
        if these:
            total[:these] += values.take(order.take(starts[:these] + k), axis=0)
    if most > _OFTEN:
        often = more_than[_OFTEN]
        lengths = counts[:often] - _OFTEN
        ends = np.cumsum(lengths)
        rest = np.repeat(starts[:often] + counts[:often] - ends, lengths) + np.arange(ends[-1])
        the_rest = values.take(order.take(rest), axis=0)
        total[:often] += np.add.reduceat(the_rest, ends - lengths, axis=0)
    if rising:
        back = np.argsort(unique)
        unique, total = unique.take(back), total.take(back, axis=0)
    return unique, total


def rows_of(table: AnyArray, rows: AnyArray) -> AnyArray:
    """``table[rows]``, faster where the table is one block of memory.

    Of any other (a view of some columns) ``np.take`` would copy the whole table first.
    """
    contiguous = table.flags.c_contiguous and rows.dtype.kind == "i"
    return table.take(rows, axis=0) if contiguous else table[rows]


def _stable_order(keys: AnyArray) -> AnyArray:
    """``np.argsort(keys, kind="stable")`` of integers that are not negative.

    NumPy sorts 16-bit keys by radix, eight times faster; larger keys take two such passes.
    """
    largest = int(keys.max()) if len(keys) else 0
    if largest < 1 << 16:
        return np.argsort(keys.astype(np.uint16), kind="stable")
    if largest >= 1 << 32:
        return np.argsort(keys, kind="stable")
    low = np.argsort((keys & 0xFFFF).astype(np.uint16), kind="stable")
    return low[np.argsort((keys >> 16).astype(np.uint16)[low], kind="stable")]
