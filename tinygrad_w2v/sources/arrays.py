"""Rows of a table as examples: columns of equal length, in an order of their own each epoch."""

from __future__ import annotations

import copy
import hashlib
import math
from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import numpy as np

from tinygrad_w2v._base import hashing
from tinygrad_w2v._base.checks import require_number, require_range, shown
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.hashing import WEYL_DRAW, WEYL_POSITION, UInt64Array
from tinygrad_w2v._base.types import AnyArray, IntArray
from tinygrad_w2v.sources.columns import (
    Ragged,
    check_columns,
    columns_of,
    ragged_of,
    range_of_whole,
)
from tinygrad_w2v.sources.native_arrays import native
from tinygrad_w2v.sources.negatives import REDRAWS, AliasTable
from tinygrad_w2v.sources.permutation import row_order
from tinygrad_w2v.sources.source import Drawn, Source


class Wrong(NamedTuple):
    """A column of ids that are drawn, none of which is the row's own.

    Attributes
    ----------
    of : str
        The column with the row's own ids.
    number : int
        How many a row is given.
    table : AliasTable
        How often each id is drawn.
    """

    of: str
    number: int
    table: AliasTable


class Arrays(Source):
    """Examples in columns of equal length: row i of all of them is example i.

    The order is drawn anew for each epoch by a keyed permutation, so nothing of the size of the
    table is stored for it.

    Parameters
    ----------
    columns : dict of arrays, or a pandas, polars or Arrow table
        Each of shape (N, ...); `loss` reads a field by its name, without the first axis (or, in
        batches, with it). A path to a ``.npy`` file is mapped: it may be larger than memory.
    negatives : dict, optional
        Ids that are drawn for each row: ``{"wrong": ("item", 5, weights)}`` is a field ``wrong
        (5,)`` of ids of the column `item`, never the row's own, in proportion to `weights`, shape
        (ids,), such as ``counts ** 0.75``; without weights all ids are equally likely.
    ragged : dict, optional
        Fields of different lengths: ``{"words": (flat, offsets)}``, where row i is
        ``flat[offsets[i]:offsets[i + 1]]``.
    shuffle : bool
        Draw an order for each epoch; False keeps that of the rows.
    batch_size : int
        Of the NumPy engine: the most examples in a batch, whose summed gradient is followed at
        once, so that parameters that all examples read take smaller rates the larger it is; 1
        follows them one after the other, as the compiled engine does.
    seed : int
        Of all draws; `tw.fit` gives its own.

    Raises
    ------
    InputError
        Before anything is drawn: columns of unequal length, NaN or infinity (with the row),
        offsets that fall or end wrong, ids below 0 or beyond their weights.

    Examples
    --------
    >>> source = Arrays({"item": [0, 1, 2, 1]}, negatives={"wrong": ("item", 2)})
    >>> drawn = source.draw(epoch=0, first=0, last=4)
    >>> sorted(drawn.arrays["item"].tolist()), drawn.arrays["wrong"].shape
    ([0, 1, 1, 2], (4, 2))
    >>> bool((drawn.arrays["wrong"] == drawn.arrays["item"][:, None]).any())
    False
    """

    def __init__(
        self,
        columns: Any,
        negatives: Mapping[str, Any] | None = None,
        ragged: Mapping[str, Any] | None = None,
        *,
        shuffle: bool = True,
        batch_size: int = 32,
        seed: int = 1,
    ) -> None:
        given = {} if columns is None and ragged else columns_of(columns)
        self.ragged = {name: ragged_of(name, pair) for name, pair in (ragged or {}).items()}
        both = sorted({*given} & {*self.ragged})
        if both:
            raise InputError(f"{both[0]!r} is a column, and ragged, too; give it once")
        self._rows = check_columns(given, self.ragged)
        self.columns, self.shuffle, self.seed = given, shuffle, seed
        require_number("batch_size", batch_size, whole=True)
        require_range("batch_size", batch_size, 1, 2**31)
        self.batch_size = batch_size
        self._ranges = {
            name: range_of_whole(array)
            for name, array in (given | {n: r.flat for n, r in self.ragged.items()}).items()
            if array.dtype.kind == "i" and array.size
        }
        self.wrong = {name: self._wrong(name, rule) for name, rule in (negatives or {}).items()}
        self._packed = {name: wrong.table.packed() for name, wrong in self.wrong.items()}
        self._digest: str | None = None

    def __repr__(self) -> str:
        return f"Arrays({self._rows:,} rows of {', '.join(self.example())})"

    def _wrong(self, name: str, rule: Any) -> Wrong:
        """The rule of a drawn column, checked."""
        what = f"negatives[{name!r}]"
        if name in self.columns or name in self.ragged:
            raise InputError(f"{what}: there is a column of that name; choose another")
        if not name.isidentifier():
            raise InputError(f"{what}: give it a Python name, as `loss` reads it")
        if not isinstance(rule, tuple | list) or len(rule) not in (2, 3):
            raise InputError(
                f"{what} is {shown(rule)}; give (column, number) or (column, number, weights)"
            )
        of, number = rule[:2]
        if of not in self.columns or self.columns[of].dtype.kind != "i":
            ids = [n for n, c in self.columns.items() if c.dtype.kind == "i"]
            raise InputError(
                f"{what}: {of!r} is no column of ids; these are: {', '.join(ids) or 'none'}"
            )
        require_number(f"{what}: the number", number, whole=True)
        require_range(f"{what}: the number", number, 1, 2**16)
        low, high = self._ranges[of]
        if low < 0:
            raise InputError(f"{what}: column {of!r} holds {low}; ids are 0 and more")
        weights = np.ones(high + 1) if len(rule) == 2 else np.asarray(rule[2], np.float64)
        if weights.ndim != 1 or len(weights) <= high:
            raise InputError(
                f"{what}: weights have the shape {weights.shape}, but column {of!r} holds ids up "
                f"to {high}: give one for each id"
            )
        if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
            raise InputError(f"{what}: weights must be finite, 0 or more, and not all 0")
        own = math.prod(self.columns[of].shape[1:])
        if np.count_nonzero(weights) <= own:
            raise InputError(
                f"{what}: only {np.count_nonzero(weights)} ids can be drawn, and a row has {own} "
                "of its own: there may be no other"
            )
        return Wrong(of, int(number), AliasTable.from_counts(weights, exponent=1))

    # ------------------------------------------------------------------ what a source is
    @property
    def units(self) -> int:
        """The number of rows."""
        return self._rows

    def seeded(self, seed: int) -> Self:
        """Return the same rows, drawn by another seed."""
        other = copy.copy(self)
        other.seed, other._digest = seed, None
        return other

    def example(self) -> dict[str, AnyArray]:
        """Return the first row, with ragged fields as long as the longest."""
        example = {name: np.array(column[0]) for name, column in self.columns.items()}
        for name, rows in self.ragged.items():
            example[name] = (
                np.resize(rows.flat, rows.longest)
                if rows.flat.size
                else np.zeros(rows.longest, rows.flat.dtype)
            )
        return example | {
            name: np.arange(wrong.number) % len(wrong.table.alias)
            for name, wrong in self.wrong.items()
        }

    def axes(self) -> dict[str, tuple[Any, ...]]:
        """Return the lengths of ragged fields; those with equal offsets are equal."""
        axes: dict[str, tuple[Any, ...]] = {}
        for name, rows in self.ragged.items():
            axes[name] = ((self._length_of(name), rows.longest),)
        return axes

    def _length_of(self, name: str) -> str:
        """What the length of a ragged field is called."""
        offsets = self.ragged[name].offsets
        alike = (n for n, r in self.ragged.items() if np.array_equal(r.offsets, offsets))
        return f"{next(alike)}_length"

    def ranges(self) -> dict[str, tuple[int, int]]:
        """Return between which numbers whole numbers are."""
        drawn = {name: (0, len(wrong.table.alias) - 1) for name, wrong in self.wrong.items()}
        return self._ranges | drawn

    def digest(self) -> str:
        """Return the SHA-256 of all columns and of what is drawn."""
        if self._digest is None:
            digest = hashlib.sha256(repr((self.seed, self.shuffle)).encode())
            arrays = dict(self.columns)
            for name, rows in self.ragged.items():
                arrays |= {f"{name} flat": rows.flat, f"{name} offsets": rows.offsets}
            for name, wrong in self.wrong.items():
                digest.update(repr((name, wrong.of, wrong.number)).encode())
                arrays |= {f"{name} drawn": self._packed[name]}
            for name, array in arrays.items():
                digest.update(repr((name, array.shape, array.dtype.str)).encode())
                for first in range(0, len(array), 1 << 16):
                    digest.update(np.ascontiguousarray(array[first : first + (1 << 16)]).data)
            self._digest = digest.hexdigest()
        return self._digest

    # ------------------------------------------------------------------ drawing
    def new_room(self, units: int) -> dict[str, AnyArray]:
        """Return arrays for so many rows."""
        room = {
            name: np.empty((units, *column.shape[1:]), column.dtype)
            for name, column in self.columns.items()
        }
        for name, rows in self.ragged.items():
            room[name] = np.zeros((units, rows.longest), rows.flat.dtype)
            room[f"{name} length"] = np.zeros(units, np.int64)
        for name, wrong in self.wrong.items():
            room[name] = np.zeros((units, wrong.number), np.int64)
        return room | {" rows": np.zeros(units, np.int64)}

    def draw(self, epoch: int, first: int, last: int, room: Any = None) -> Drawn:
        """Return the rows at places of the epoch's order."""
        room = self.new_room(last - first) if room is None else room
        count, call = last - first, native()
        rows = room[" rows"][:count]
        if not self.shuffle:
            rows[...] = np.arange(first, last)
        else:
            order = row_order(self._rows, self.seed, epoch)
            if call is None:
                rows[...] = order.at(np.arange(first, last))
            else:
                call["draw_order"](tuple(order), first, last, rows)
        for name, column in self.columns.items():
            # Rows are in range, and "clip" is the mode that needs no second array.
            np.take(column, rows, axis=0, out=room[name][:count], mode="clip")
        sizes = {}
        for name, ragged in self.ragged.items():
            lengths = room[f"{name} length"]
            copy_rows(ragged, rows, room[name], lengths)
            sizes[self._length_of(name)] = lengths
        for number, (name, wrong) in enumerate(self.wrong.items()):
            stream = hashing.DRAWN_COLUMNS + np.uint64(number)
            key = hashing.stream_key(self.seed, epoch, stream)
            own = room[wrong.of]
            true = own.reshape(len(own), math.prod(own.shape[1:]))[:count]
            if call is None:
                room[name][:count] = wrong_ids(first, count, key, wrong, true)
            else:
                call["draw_wrong"](first, count, key[0], self._packed[name], true, room[name])
        arrays = {name: array for name, array in room.items() if " " not in name}
        return Drawn(arrays, sizes, count, count)

    def split(self, share: float, seed: int = 1) -> tuple[Arrays, Arrays]:
        """Return two sources: of most rows, and of a share of them that is drawn by `seed`.

        Raises
        ------
        InputError
            When one of them would have no row.

        Examples
        --------
        >>> rest, held_out = Arrays({"x": np.arange(10.0)}).split(0.2)
        >>> rest.units, held_out.units
        (8, 2)
        """
        n = round(self._rows * share)
        if not 0 < n < self._rows:
            raise InputError(
                f"a share of {share} of {self._rows} rows is {n} of them; give one that leaves "
                "rows on both sides"
            )
        order = row_order(self._rows, seed, 0)
        rows = order.at(np.arange(self._rows))
        return self._part(np.sort(rows[n:])), self._part(np.sort(rows[:n]))

    def _part(self, rows: IntArray) -> Arrays:
        part = copy.copy(self)
        part.columns = {name: column[rows] for name, column in self.columns.items()}
        part.ragged = {name: _ragged_part(each, rows) for name, each in self.ragged.items()}
        part._rows, part._digest = len(rows), None
        return part


def copy_rows(ragged: Ragged, rows: IntArray, padded: AnyArray, lengths: IntArray) -> None:
    """Copy rows of a ragged column, and note their lengths.

    Examples
    --------
    >>> padded, lengths = np.zeros((2, 2), np.int64), np.zeros(2, np.int64)
    >>> copy_rows(ragged_of("x", ([7, 8, 9], [0, 2, 3])), np.array([1, 0]), padded, lengths)
    >>> lengths.tolist(), int(padded[0, 0]), padded[1].tolist()
    ([1, 2], 9, [7, 8])
    """
    call = native()
    if call is not None:
        call["copy_ragged"](ragged.flat, ragged.offsets, rows, len(rows), padded, lengths)
        return
    starts = ragged.offsets[rows]
    lengths[: len(rows)] = ragged.offsets[rows + 1] - starts
    if ragged.flat.size:
        places = starts[:, None] + np.arange(ragged.longest)
        padded[: len(rows)] = ragged.flat.take(places, mode="clip")


def _ragged_part(ragged: Ragged, rows: IntArray) -> Ragged:
    lengths = np.diff(ragged.offsets)[rows]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    starts = np.repeat(ragged.offsets[rows] - offsets[:-1], lengths)
    return Ragged(ragged.flat[starts + np.arange(offsets[-1])], offsets, ragged.longest)


def wrong_ids(first: int, count: int, key: UInt64Array, wrong: Wrong, true: IntArray) -> IntArray:
    """Return ids that are none of the true ones, as `native_arrays.draw_wrong` draws them.

    Parameters
    ----------
    first, count
        The place of the first row in the epoch, and how many there are.
    key
        Of the column that is drawn.
    wrong
        Its rule.
    true
        The rows' own ids, shape (count, any).

    Returns
    -------
    IntArray
        Shape (count, number).
    """
    places = np.arange(first, first + count, dtype=np.uint64)[:, None] * WEYL_POSITION
    state = key + places + np.arange(wrong.number, dtype=np.uint64) * WEYL_DRAW
    ids = wrong.table.words(hashing.mix(state))
    step = np.array([wrong.number], np.uint64) * WEYL_DRAW  # NumPy warns of its scalars' overflow

    def mistaken() -> AnyArray:
        found: AnyArray = (ids[:, :, None] == true[:, None, :]).any(axis=2)
        return found

    for _ in range(REDRAWS):
        again = mistaken()
        if not again.any():
            return ids
        state[again] += step
        ids[again] = wrong.table.words(hashing.mix(state[again]))
    while (again := mistaken()).any():
        ids[again] = (ids[again] + 1) % len(wrong.table.alias)
    return ids
