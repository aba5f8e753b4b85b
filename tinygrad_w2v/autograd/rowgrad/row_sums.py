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
    order = _stable_order(rows)
    ordered = rows[order]
    is_first = np.ones(len(rows), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
    starts = np.flatnonzero(is_first)
    counts = np.diff(starts, append=len(rows))
    if len(starts) == len(rows):
        return (ordered, values[order]) if rising else (rows, values)
    # Rows that occur most often stand first, so that "those that have a k-th value" is a prefix.
    by_count = _stable_order(counts.max() - counts)
    starts, counts = starts[by_count], counts[by_count]
    unique = ordered[starts]
    total = values[order[starts]]
    often = np.searchsorted(-counts, -_OFTEN, side="left")
    for k in range(1, min(int(counts[0]), _OFTEN)):
        these = np.searchsorted(-counts, -k, side="left")
        total[:these] += values[order[starts[:these] + k]]
    if often:
        lengths = counts[:often] - _OFTEN
        ends = np.cumsum(lengths)
        rest = np.repeat(starts[:often] + counts[:often] - ends, lengths) + np.arange(ends[-1])
        total[:often] += np.add.reduceat(values[order[rest]], ends - lengths, axis=0)
    if rising:
        back = np.argsort(unique)
        unique, total = unique[back], total[back]
    return unique, total


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
