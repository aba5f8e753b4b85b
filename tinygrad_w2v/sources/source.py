"""What a source of examples is: whatever can be drawn by position, again and again.

An epoch has a number of positions, its *units*: the words of a text, the rows of a table. Each
gives some examples, or none, and what it gives depends on nothing but the epoch and the position,
so that any stretch of an epoch can be drawn by anyone: by a thread, by another machine, or once
more by a run that goes on.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from tinygrad_w2v._base import hashing
from tinygrad_w2v._base.types import AnyArray

BLOCK = 4096  # units that are drawn together for batches
ROOM = 1 << 26  # bytes of the examples that are drawn together


@dataclass(frozen=True)
class Drawn:
    """Examples side by side, each in a row as long as the longest may be.

    Attributes
    ----------
    arrays : dict
        A field of an example to its array ``(rows, ...)``; what lies beyond an example's end has
        no meaning.
    sizes : dict
        The name of an axis whose length changes to its length in each example, int64 ``(rows,)``.
    count : int
        How many rows hold an example.
    used : int
        How many of the units were used; the others were left out, as by subsampling.
    places : tuple of arrays
        Whole numbers ``(rows,)`` that together tell an example from all others of the epoch,
        wherever a stretch begins. Of none, example i is that of unit ``first + i``.

    Examples
    --------
    >>> drawn = Drawn({"x": np.array([[1.0, 2.0], [3.0, 0.0]])}, {"n": np.array([2, 1])}, 2, 2)
    >>> [row[:n].tolist() for row, n in zip(drawn.arrays["x"], drawn.sizes["n"])]
    [[1.0, 2.0], [3.0]]
    """

    arrays: Mapping[str, AnyArray]
    sizes: Mapping[str, AnyArray]
    count: int
    used: int
    places: tuple[AnyArray, ...] = ()


class Source(Protocol):
    """Examples that are drawn by position: derive from it and write the five methods.

    Attributes
    ----------
    per_unit : int
        The most examples that a unit gives.
    batch_size : int
        The most examples in a batch of the NumPy engine.
    used : int
        How many units `batches` has used so far; the others were left out.

    Examples
    --------
    >>> class Squares(Source):
    ...     units = 5
    ...     def example(self):
    ...         return {"x": np.array(1.0), "y": np.array(1.0)}
    ...     def axes(self):
    ...         return {}
    ...     def draw(self, epoch, first, last, room=None):
    ...         x = np.arange(first, last, dtype=float)
    ...         return Drawn({"x": x, "y": x**2}, {}, len(x), len(x))
    ...     def digest(self):
    ...         return "squares"
    >>> Squares.batch_size = 4
    >>> sorted((batch["y"].tolist(), units) for batch, units in Squares().batches(epoch=0))
    [([0.0, 1.0, 4.0, 9.0], 4), ([16.0], 1)]
    >>> Squares().seeded(seed=2).ranges()  # nothing is drawn by a seed; no whole numbers
    {}
    >>> Squares().new_room(4) is None  # no memory is used again
    True
    """

    per_unit: int = 1
    batch_size: int = 256
    used: int = 0

    @property
    def units(self) -> int:
        """How many positions an epoch has."""
        ...

    def example(self) -> Any:
        """Return one example, as long as they may be: a NamedTuple or dict of arrays."""
        ...

    def axes(self) -> Mapping[str, tuple[Any, ...]]:
        """Return which lengths change from example to example, as `tw.compile` takes them."""
        ...

    def draw(self, epoch: int, first: int, last: int, room: Any = None) -> Drawn:
        """Return the examples of the units ``first <= unit < last``.

        Parameters
        ----------
        epoch
            The number of the epoch; another epoch may draw anew.
        first, last
            The positions.
        room
            What `new_room` has returned; it may be written over.
        """
        ...

    def digest(self) -> str:
        """Return a hash of all that decides what is drawn: other examples, another digest."""
        ...

    def new_room(self, units: int) -> Any:
        """Return memory for the examples of so many units, to be used again and again."""
        return None

    def seeded(self, seed: int) -> Source:
        """Return the same examples drawn by another seed; itself, where nothing is drawn by one."""
        return self

    def ranges(self) -> Mapping[str, tuple[int, int]]:
        """Return between which numbers a field's whole numbers are, where that is certain."""
        return {}

    def batches(self, epoch: int) -> Iterator[tuple[Any, int]]:
        """Yield an epoch's examples for the NumPy engine, those of one shape together.

        Where `batch_size` is 1 they come in the order that they are drawn in.

        Yields
        ------
        batch
            Examples like `example`, with an axis more in front.
        units : int
            For how many units it stands.
        """
        example, axes = self.example(), self.axes()
        size = units_at_once(example, self.per_unit, BLOCK)
        for block, first in enumerate(range(0, self.units, size)):
            last = min(first + size, self.units)
            drawn = self.draw(epoch, first, last)
            self.used += drawn.used
            batches = list(_of_one_shape(drawn, example, axes, self.batch_size))
            shares = shares_of(last - first, [size for _, size in batches])
            alone = self.batch_size == 1
            for place in range(len(batches)) if alone else shuffled(len(batches), 0, epoch, block):
                yield batches[place][0], shares[place]


def units_at_once(example: Any, per_unit: int, most: int) -> int:
    """Return how many units are drawn together, so that long examples do not fill the memory.

    Examples
    --------
    >>> units_at_once({"x": np.zeros(100)}, per_unit=1, most=4096)
    4096
    >>> units_at_once({"x": np.zeros(100_000)}, per_unit=1, most=4096)
    83
    """
    arrays = example.values() if isinstance(example, Mapping) else example
    each = per_unit * sum(np.asarray(array).nbytes for array in arrays)
    return max(min(most, ROOM // max(each, 1)), 1)


def _of_one_shape(
    drawn: Drawn, example: Any, axes: Mapping[str, tuple[Any, ...]], most: int
) -> Iterator[tuple[Any, int]]:
    """Yield batches of examples whose sizes are equal, each with its number of examples."""
    names = list(drawn.sizes)
    columns = [drawn.sizes[name][: drawn.count] for name in names]
    order = np.lexsort(columns) if names and most > 1 else np.arange(drawn.count)
    columns = [column[order] for column in columns] or [np.zeros(drawn.count)]
    for run in runs(*columns):
        lengths = {
            name: int(column[run.start]) for name, column in zip(names, columns, strict=False)
        }
        for start in range(run.start, run.stop, most):
            rows = order[start : min(start + most, run.stop)]
            fields = {
                name: array[rows][(slice(None), *_lengths(axes.get(name, ()), lengths))]
                for name, array in drawn.arrays.items()
            }
            made = fields if isinstance(example, Mapping) else type(example)(**fields)
            yield made, len(rows)


def _lengths(axes: tuple[Any, ...], lengths: Mapping[str, int]) -> list[slice]:
    names = [axis[0] if isinstance(axis, tuple) else axis for axis in axes]
    return [slice(lengths.get(name, None)) for name in names]


def runs(*columns: AnyArray) -> Iterator[slice]:
    """Yield the runs of rows in which no column changes.

    Examples
    --------
    >>> list(runs(np.array([1, 1, 2]), np.array([5, 6, 6])))
    [slice(0, 1, None), slice(1, 2, None), slice(2, 3, None)]
    """
    changes = np.zeros(max(len(columns[0]) - 1, 0), dtype=bool)
    for column in columns:
        changes |= column[1:] != column[:-1]
    bounds = [0, *(np.flatnonzero(changes) + 1).tolist(), len(columns[0])]
    return (slice(start, stop) for start, stop in itertools.pairwise(bounds) if start < stop)


def shares_of(units: int, sizes: list[int]) -> list[int]:
    """Divide units among batches in proportion to their sizes.

    Examples
    --------
    >>> shares_of(10, [1, 2, 1])
    [2, 5, 3]
    """
    done = np.cumsum([0, *sizes])
    shares: list[int] = np.diff(done * units // max(done[-1], 1)).tolist()
    return shares


def shuffled(number: int, seed: int, epoch: int, block: int) -> list[int]:
    """Return an order of a block's batches, so that short examples do not always come first.

    Examples
    --------
    >>> sorted(shuffled(4, seed=1, epoch=0, block=0))
    [0, 1, 2, 3]
    """
    key = hashing.stream_key(seed, epoch, hashing.BATCH_ORDER)
    places = np.arange(number, dtype=np.uint64)
    bits = hashing.draw(key, np.array([block], np.uint64), places, np.zeros(1, np.uint64))
    order: list[int] = np.argsort(bits).tolist()
    return order
