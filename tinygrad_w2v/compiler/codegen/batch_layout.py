"""The layout of a batch: examples side by side in arrays, as a kernel reads them.

Row number i of every array belongs to example i; rows are as long as the longest example may be,
and of each dynamic size there is a number for each example. What lies beyond an example's end is
never read.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.ir.sizes import SymbolicSize, bound_of, size_of, sizes_in, value_of
from tinygrad_w2v.compiler.trace.trace import Field, example_arrays


@dataclass(frozen=True)
class Packed:
    """Examples in arrays.

    Attributes
    ----------
    arrays : dict
        A field's label to its array ``(count, ...)``.
    sizes : dict
        A size's name to how long it is in each example, int64 ``(count,)``.
    count : int
    first : int
        The number of the first of them, where they are a part of more.
    """

    arrays: Mapping[str, AnyArray]
    sizes: Mapping[str, AnyArray]
    count: int
    first: int = 0

    def range_of(self, name: str) -> tuple[int, int]:
        """Return the least and the greatest number of a field, what lies beyond ends included."""
        return range_of(self.arrays[name][: self.count])

    def sizes_of(self, at: int) -> dict[str, int]:
        """Return the sizes of one example."""
        return {name: int(lengths[at]) for name, lengths in self.sizes.items()}

    def all_sizes(self) -> dict[str, AnyArray]:
        """Return the sizes of all examples, without the room that is left."""
        return {name: lengths[: self.count] for name, lengths in self.sizes.items()}

    def example(self, program: Program, at: int) -> dict[str, AnyArray]:
        """Return the arrays of one example, each of its own length."""
        sizes, arrays = self.sizes_of(at), {}
        for step in program.of_op("input"):
            if step.name in self.arrays:
                lengths: Any = (at, *[slice(value_of(n, sizes)) for n in step.shape])
                arrays[step.name] = self.arrays[step.name][lengths]
        return arrays


def range_of(numbers: AnyArray) -> tuple[int, int]:
    """Return the least and the greatest; of no numbers zeros.

    Examples
    --------
    >>> range_of(np.array([3, 1, 2]))
    (1, 3)
    """
    return (int(numbers.min()), int(numbers.max())) if numbers.size else (0, 0)


class OneExample:
    """Room for one example that is filled again and again: a step makes no arrays.

    Attributes
    ----------
    packed : Packed
        The room, with the example that it was filled with last.

    Examples
    --------
    >>> from tinygrad_w2v.compiler.trace.trace import fields_of
    >>> room = OneExample(fields_of({"x": np.array([1, 2])}, {"x": (("C", 4),)}))
    >>> packed = room.filled({"x": np.array([7, 8, 9])})
    >>> packed.arrays["x"], packed.sizes["C"]
    (array([[7, 8, 9, 0]]), array([3]))
    """

    def __init__(self, fields: Sequence[Field]) -> None:
        self._fields = fields
        self.packed = _empty(1, fields)
        self._fixed = [
            (field.name, field.shape, self.packed.arrays[field.identifier][0, ...], field.dtype)
            for field in fields
        ]
        dynamic = any(isinstance(n, SymbolicSize) for field in fields for n in field.shape)
        # Examples of one shape are copied as they are, where any number of theirs fits.
        self._as_they_are = not dynamic and all(field.dtype != np.uint64 for field in fields)

    def filled(self, example: Any) -> Packed:
        """Return the room with an example in it, in place of the one before.

        Raises
        ------
        InputError
            As `pack`.
        """
        if not self._as_they_are or not isinstance(example, Mapping):
            _fill(self.packed, 0, example, self._fields)
            return self.packed
        for name, shape, room, dtype in self._fixed:
            array = example.get(name)
            if type(array) is not np.ndarray or array.shape != shape or array.dtype != dtype:
                _fill(self.packed, 0, example, self._fields)
                return self.packed
            room[...] = array
        return self.packed


def pack_one(example: Any, fields: Sequence[Field]) -> Packed:
    """Return one example packed."""
    return next(pack([example], fields, 1))


def pack(source: Iterable[Any], fields: Sequence[Field], chunk: int) -> Iterator[Packed]:
    """Yield examples packed, so many at a time.

    Raises
    ------
    InputError
        When an example lacks an array, or one has another shape than the fields say.

    Examples
    --------
    >>> from tinygrad_w2v.compiler.trace.trace import fields_of
    >>> examples = [{"x": np.array([1, 2])}, {"x": np.array([3])}]
    >>> packed = next(pack(examples, fields_of(examples[0], {"x": (("C", 4),)}), chunk=10))
    >>> packed.arrays["x"].shape, packed.sizes["C"]
    ((2, 4), array([2, 1]))
    """
    waiting = iter(source)
    while examples := list(itertools.islice(waiting, chunk)):
        packed = _empty(len(examples), fields)
        for at, example in enumerate(examples):
            _fill(packed, at, example, fields)
        yield packed


def _empty(count: int, fields: Sequence[Field]) -> Packed:
    arrays = {
        field.identifier: np.zeros(
            (count, *[bound_of(n) for n in field.shape]), stored_dtype(field)
        )
        for field in fields
    }
    sizes = {size.name: np.zeros(count, np.int64) for f in fields for size in sizes_in(f.shape)}
    return Packed(arrays, sizes, count)


def _fill(packed: Packed, at: int, example: Any, fields: Sequence[Field]) -> None:
    """Put an example into row `at`."""
    given = example_arrays(example)
    for sizes in packed.sizes.values():
        sizes[at] = -1
    for field in fields:
        if field.name not in given:
            raise InputError(f"example {at} has no {field.name}")
        array = given[field.name]
        if array.ndim != len(field.shape):
            raise InputError(
                f"{field.name} of example {at} has the shape {array.shape}, but one example's "
                f"has {len(field.shape)} axes; a kernel takes one example at a time"
            )
        for axis, (n, length) in enumerate(zip(field.shape, array.shape, strict=True)):
            _note_size(field, axis, n, length, at, packed.sizes)
        if field.kind != "float" and (array.dtype != field.dtype or array.dtype == np.uint64):
            check_whole(field, array, f"{field.name} of example {at}")
        place: Any = (at, *[slice(n) for n in array.shape])
        packed.arrays[field.identifier][place] = array


def check_whole(field: Field, array: AnyArray, what: str) -> None:
    """Raise an InputError for whole numbers that are none of the example's type, or of a kernel."""
    if not np.can_cast(array.dtype, field.dtype, "safe"):
        raise InputError(
            f"{what} is {array.dtype}, not {field.dtype}, as in the example that the model was "
            "compiled with"
        )
    if array.dtype == np.uint64 and array.max(initial=0) > np.iinfo(np.int64).max:
        raise InputError(f"{what} holds {array.max()}, beyond int64")


def _note_size(
    field: Field, axis: int, n: Any, length: int, at: int, sizes: Mapping[str, AnyArray]
) -> None:
    if not isinstance(n, SymbolicSize):
        if length != n:
            raise InputError(
                f"axis {axis} of {field.name} of example {at} is {length} long, not {n}; name it "
                "in `axes` if it changes from example to example"
            )
        return
    size = size_of(n)
    if length > size.bound:
        raise InputError(
            f"axis {axis} of {field.name} of example {at} is {length} long, but {size.name} is at "
            f'most {size.bound}: give a larger bound, `("{size.name}", {length})`, in `axes`'
        )
    known = int(sizes[size.name][at])
    if known not in (-1, length):
        raise InputError(
            f"example {at}: {size.name} is {known} in one array and {length} in {field.name}"
        )
    sizes[size.name][at] = length


def stored_dtype(field: Field) -> Any:
    """Return the dtype that a field has in a batch."""
    return {"float": np.float64, "int": np.int64, "bool": np.bool_}[field.kind]
