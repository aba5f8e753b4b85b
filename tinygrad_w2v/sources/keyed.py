"""Examples of any source with a key each: what random numbers of a loss are hashed from."""

from __future__ import annotations

import collections
import copy
import hashlib
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

import numpy as np

from tinygrad_w2v._base import hashing
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import IntArray
from tinygrad_w2v.sources.arrays import Arrays
from tinygrad_w2v.sources.source import Drawn, Source

_named_tuple: Any = collections.namedtuple


class Keyed(Source):
    """The examples of a source, each with a field more: a key, ``()``, for `tw.KeyedGenerator`.

    A key is a hash of (seed, epoch, the example's position), so an example has another one in each
    epoch, and the same for any number of threads and in a run that goes on.

    Parameters
    ----------
    examples : Source, dict of arrays, or table
        What `tw.fit` takes.
    name : str
        What the field is called.
    seed : int
        Of the keys; `tw.fit` gives its own.

    Raises
    ------
    InputError
        When the examples have a field of that name, or a source of yours does not say which units
        its examples are of (`Drawn.places`).

    Examples
    --------
    >>> source = Keyed({"x": [1.0, 2.0, 3.0]})
    >>> source.example()
    {'x': array(1.), 'key': array(0)}
    >>> first, again = (source.draw(0, start, 3).arrays["key"].tolist() for start in (0, 1))
    >>> first[1:] == again, first == source.draw(1, 0, 3).arrays["key"].tolist()
    (True, False)
    >>> [*source.columns], source.seeded(2).ranges(), source.split(0.34)[1].units
    (['x'], {}, 1)
    """

    def __init__(self, examples: Any, name: str = "key", *, seed: int = 1) -> None:
        source: Source = examples if hasattr(examples, "draw") else Arrays(examples)
        self.source, self.name, self.seed = source, name, seed
        self.per_unit, self.batch_size = source.per_unit, source.batch_size
        self._batch = getattr(type(source.example()), "_fields", None)
        fields = self._batch or tuple(source.example())
        if name in fields:
            raise InputError(f"examples have a field {name!r}: give another one", setting="name")
        if self._batch is not None:
            kind = f"{type(source.example()).__name__}WithKey"
            self._like = _named_tuple(kind, (*fields, name))

    def __repr__(self) -> str:
        return f"Keyed({self.source}, {self.name!r})"

    @property
    def columns(self) -> Mapping[str, Any]:
        """The columns of the source, where it has such."""
        return getattr(self.source, "columns", {})

    @property
    def units(self) -> int:
        """The number of positions of the source."""
        return self.source.units

    def example(self) -> Any:
        """Return an example of the source, with a key."""
        example, key = self.source.example(), np.array(0)
        return {**example, self.name: key} if self._batch is None else self._like(*example, key)

    def axes(self) -> Mapping[str, tuple[Any, ...]]:
        """Return what the source says."""
        return self.source.axes()

    def ranges(self) -> Mapping[str, tuple[int, int]]:
        """Return what the source says."""
        return self.source.ranges()

    def digest(self) -> str:
        """Return a hash of the source's digest and of the keys."""
        return hashlib.sha256(
            f"{self.source.digest()} {self.name} {self.seed}".encode()
        ).hexdigest()

    def seeded(self, seed: int) -> Self:
        """Return the same examples, drawn by another seed."""
        return self._of(self.source.seeded(seed), seed)

    def split(self, share: float, seed: int = 1) -> tuple[Self, Self]:
        """Return two sources, as the source is split; see `Arrays.split`."""
        if not hasattr(self.source, "split"):
            raise InputError(f"{type(self.source).__name__} cannot be split")
        rest, part = self.source.split(share, seed)
        return self._of(rest, self.seed), self._of(part, self.seed)

    def _of(self, source: Source, seed: int) -> Self:
        other = copy.copy(self)
        other.source, other.seed = source, seed
        return other

    def new_room(self, units: int) -> Any:
        """Return the source's."""
        return self.source.new_room(units)

    def draw(self, epoch: int, first: int, last: int, room: Any = None) -> Drawn:
        """Return the examples of the source with their keys."""
        drawn = self.source.draw(epoch, first, last, room)
        keys = self._keys(drawn, epoch, first, last)
        both: Any = ChainMap({self.name: keys}, drawn.arrays)  # type: ignore[arg-type]
        return replace(drawn, arrays=both)

    def _keys(self, drawn: Drawn, epoch: int, first: int, last: int) -> IntArray:
        places = drawn.places
        if not places:
            if drawn.count != last - first:
                raise InputError(
                    f"{type(self.source).__name__}.draw gave {drawn.count} examples of "
                    f"{last - first} units, and does not say of which: return Drawn(..., "
                    "places=(numbers,)), whole numbers that tell examples apart"
                )
            places = (np.arange(first, last),)
        keys: IntArray = hashing.stream_key(self.seed, epoch, hashing.KEYS)
        for numbers in places:
            keys = hashing.hashed(keys, numbers[: drawn.count])
        return keys
