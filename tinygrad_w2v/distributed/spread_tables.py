"""Tables that lie in pieces: slices as they once were, and the rows that changed since.

A slice of a table, a range of its rows, is sent once to each machine; after each round the rows
that have changed follow. A row is read from the last piece that has it, in place: nothing is copied
or written, so all processes of a machine read the same memory. When the changed rows have become as
large as the tables, slices are sent anew.

Rows travel without the padding of `_base.cache_lines`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tinygrad_w2v._base.types import AnyArray, IntArray
from tinygrad_w2v.training.rounds import Copies, Room, as_rows


class Layout(NamedTuple):
    """What is known of a run's tables on every machine.

    Attributes
    ----------
    together : tuple of (tuple of str, int)
        Tables whose rows have the same numbers, and how many rows these are.
    parts : dict
        Of each table how many parts a row has, and how many numbers a part.
    shapes : dict
        Of each table its shape, padding included.
    shards, ranges : int
        Into how many shards a round, and into how many ranges of rows the tables are divided.
    """

    together: tuple[tuple[tuple[str, ...], int], ...]
    parts: dict[str, tuple[int, int]]
    shapes: dict[str, tuple[int, ...]]
    shards: int
    ranges: int

    def bounds(self, group: int) -> list[int]:
        """Return the first row of each range, and one after the last.

        Examples
        --------
        >>> Layout(((("w",), 10),), {"w": (1, 5)}, {"w": (10, 5)}, 4, 3).bounds(0)
        [0, 3, 6, 10]
        """
        rows = self.together[group][1]
        return [rows * k // self.ranges for k in range(self.ranges + 1)]


class Rows(NamedTuple):
    """Some rows of tables that go together.

    Attributes
    ----------
    rows : IntArray
        Their numbers, in order.
    reads : IntArray
        How often each was read.
    values : dict
        Of each table the rows, without padding, ``(n, numbers)``.
    """

    rows: IntArray
    reads: IntArray
    values: dict[str, AnyArray]


Slice = list[dict[str, AnyArray]]  # for tables that go together: a range of their rows
Change = list[Rows]


def rows_of(table: AnyArray, rows: IntArray, parts: int, width: int) -> AnyArray:
    """Return some rows of a table as they travel.

    Examples
    --------
    >>> table = np.arange(12.0).reshape(2, 6)
    >>> rows_of(table, np.array([1]), parts=2, width=2).tolist()
    [[6.0, 7.0, 9.0, 10.0]]
    """
    found = np.empty((len(rows), parts * width), table.dtype)
    write_rows(found, np.arange(len(rows)), table, parts, width, rows)
    return found


def write_rows(
    table: AnyArray,
    rows: IntArray,
    values: AnyArray,
    parts: int,
    width: int,
    slots: IntArray | None = None,
) -> None:
    """Write rows, all of an array or some of it, into a table ``(rows, numbers and padding)``.

    Examples
    --------
    >>> table = np.zeros((3, 4))
    >>> write_rows(table, np.array([2]), np.array([[5.0, 6.0, 7.0]]), parts=1, width=3)
    >>> table.tolist()[2]
    [5.0, 6.0, 7.0, 0.0]
    """
    from tinygrad_w2v.training.merging import native  # which is nothing without numba

    slots = np.arange(len(values)) if slots is None else slots.astype(np.int64, copy=False)
    places = rows.astype(np.int64, copy=False)
    native()["copy_parts"](values, slots, table, places, parts, width)


def slice_of(tables: Mapping[str, AnyArray], layout: Layout, k: int) -> Slice:
    """Return range `k` of the rows of all tables, as it travels."""
    pieces = []
    for group, (names, _) in enumerate(layout.together):
        first, last = layout.bounds(group)[k : k + 2]
        rows = np.arange(first, last)
        pieces.append({n: rows_of(as_rows(tables[n]), rows, *layout.parts[n]) for n in names})
    return pieces


def cut(made: Room, layout: Layout) -> list[Change]:
    """Return what a shard has made of rows, for each range of them."""
    ranges: list[Change] = [[] for _ in range(layout.ranges)]
    for group, (names, _) in enumerate(layout.together):
        copied: Copies = made[names[0]]
        order = np.argsort(copied.rows, kind="stable")
        ends = np.searchsorted(copied.rows[order], layout.bounds(group))
        for k, change in enumerate(ranges):
            chosen = order[ends[k] : ends[k + 1]]
            values = {n: rows_of(as_rows(made[n].values), chosen, *layout.parts[n]) for n in names}
            change.append(Rows(copied.rows[chosen], copied.reads[chosen], values))
    return ranges


class Spread:
    """The rows of tables that go together, wherever they lie.

    Parameters
    ----------
    layout : Layout
    group : int
        Which of `layout.together`.
    slices : sequence of Slice
        Ranges of rows, in a row.
    changes : sequence of Change
        What has changed since, the oldest first.
    first : int
        The first row.

    Examples
    --------
    >>> layout = Layout(((("w",), 4),), {"w": (1, 2)}, {"w": (4, 2)}, shards=4, ranges=2)
    >>> table = {"w": np.arange(8.0).reshape(4, 2)}
    >>> change = [Rows(np.array([2]), np.array([1]), {"w": np.array([[9.0, 9.0]])})]
    >>> spread = Spread(layout, 0, [slice_of(table, layout, k) for k in range(2)], [change])
    >>> spread.read("w", np.array([2, 0, 3])).tolist()
    [[9.0, 9.0], [0.0, 1.0], [6.0, 7.0]]
    """

    def __init__(
        self,
        layout: Layout,
        group: int,
        slices: Sequence[Slice],
        changes: Sequence[Change],
        first: int = 0,
    ) -> None:
        self._layout, self._first = layout, first
        names, _ = layout.together[group]
        pieces = [each[group] for each in slices]
        later = [each[group] for each in changes if len(each[group].rows)]
        lengths = [len(piece[names[0]]) for piece in pieces] + [len(each.rows) for each in later]
        self._starts = np.cumsum([0, *lengths])
        self._place = np.arange(self._starts[len(pieces)])
        for number, each in enumerate(later, start=len(pieces)):
            start, end = self._starts[number : number + 2]
            self._place[each.rows - first] = np.arange(start, end)
        self._arrays = {
            n: [*(piece[n] for piece in pieces), *(each.values[n] for each in later)] for n in names
        }

    def copy_rows(self, name: str, rows: IntArray, copies: AnyArray) -> None:
        """Write some rows of a table into an array with or without padding, which becomes 0."""
        parts, width = self._layout.parts[name]
        if copies.shape[1] > parts * width:
            copies.reshape(len(rows), parts, copies.shape[1] // parts)[:, :, width:] = 0
        place = self._place[rows - self._first]
        piece = np.searchsorted(self._starts, place, side="right") - 1
        for number, array in enumerate(self._arrays[name]):
            chosen = np.flatnonzero(piece == number)
            if len(chosen):
                slots = place[chosen] - self._starts[number]
                write_rows(copies, chosen, array, parts, width, slots)

    def read(self, name: str, rows: IntArray) -> AnyArray:
        """Return some rows of a table, as they travel."""
        array = self._arrays[name][0]
        found = np.empty((len(rows), array.shape[1]), array.dtype)
        self.copy_rows(name, rows, found)
        return found


class SpreadTable:
    """A table as `Shards.run` takes it: its shape, and its rows from where they lie."""

    def __init__(self, spread: Spread, name: str, shape: tuple[int, ...]) -> None:
        self._spread, self._name, self.shape, self.ndim = spread, name, shape, len(shape)

    def copy_rows(self, rows: IntArray, copies: AnyArray) -> None:
        """Write some rows into an array ``(n, numbers)``."""
        self._spread.copy_rows(self._name, rows, copies)

    def whole(self) -> AnyArray:
        """Return all of it as an array."""
        array = self._spread._arrays[self._name][0]
        table: AnyArray = np.empty(self.shape, array.dtype)
        rows = as_rows(table)
        self.copy_rows(np.arange(len(rows), dtype=np.int32), rows)
        return table
