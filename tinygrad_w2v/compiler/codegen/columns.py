"""Columns as a batch: what examples hold side by side is cut, and nothing is made for each of them.

A column has an axis for the examples in front. One whose examples differ in their first length may
also be ragged: a pair ``(flat, offsets)``, where example i is ``flat[offsets[i]:offsets[i + 1]]``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import AnyArray, IntArray
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.compiler.codegen.batch_layout import Packed, check_whole, stored_dtype
from tinygrad_w2v.compiler.ir.sizes import SymbolicSize, bound_of, size_of
from tinygrad_w2v.compiler.trace.trace import Field


class Column(NamedTuple):
    """A field of all examples; with offsets, `array` holds one example after the other."""

    field: Field
    array: AnyArray
    offsets: IntArray | None

    @property
    def examples(self) -> int:
        """How many there are."""
        return len(self.array if self.offsets is None else self.offsets[1:])

    def rows(self, first: int, last: int) -> AnyArray:
        """Return the examples from `first` to `last`, each in a row as long as the longest."""
        dtype, shape = stored_dtype(self.field), [bound_of(n) for n in self.field.shape]
        if self.offsets is None:
            part = self.array[first:last]
            if part.shape[1:] == tuple(shape):
                return np.ascontiguousarray(part, dtype)
            rows = np.zeros((last - first, *shape), dtype)
            rows[tuple(slice(n) for n in part.shape)] = part
            return rows
        rows = np.zeros((last - first, *shape), dtype)
        lengths = self.lengths(first, last, 0)
        within = np.arange(shape[0]) < lengths[:, None]
        rows[within] = self.array[self.offsets[first] : self.offsets[last]]
        return rows

    def lengths(self, first: int, last: int, axis: int) -> IntArray:
        """Return how long an axis is in each of these examples."""
        if self.offsets is not None and axis == 0:
            return np.diff(self.offsets[first : last + 1])
        return np.full(last - first, self.array.shape[axis + (self.offsets is None)], np.int64)


def are_columns(given: Any, fields: Sequence[Field]) -> bool:
    """Whether a dict or a NamedTuple holds columns, and not one example.

    Examples
    --------
    >>> from tinygrad_w2v.compiler.trace.trace import fields_of
    >>> fields = fields_of({"x": np.array(1.0)}, None)
    >>> are_columns({"x": np.ones(3)}, fields), are_columns({"x": 1.0}, fields)
    (True, False)
    """
    arrays = _arrays(given)
    return any(
        _is_ragged(arrays[f.name], f) or np.ndim(arrays[f.name]) != len(f.shape)
        for f in fields
        if f.name in arrays
    )


def pack_columns(given: Any, fields: Sequence[Field], chunk: int) -> Iterator[Packed]:
    """Yield examples packed, so many at a time.

    Parameters
    ----------
    given : dict or NamedTuple of columns
    fields
        Of one example.
    chunk : int

    Raises
    ------
    InputError
        Before the first are yielded: where a column is missing, has another shape than the field,
        or is longer than another one. It is named, with the example where there is one.

    Examples
    --------
    >>> from tinygrad_w2v.compiler.trace.trace import fields_of
    >>> fields = fields_of({"x": np.array([1, 2])}, {"x": (("C", 4),)})
    >>> (packed,) = pack_columns({"x": ([7, 8, 9], [0, 1, 3])}, fields, chunk=10)
    >>> packed.arrays["x"].tolist(), packed.sizes["C"].tolist()
    ([[7, 0, 0, 0], [8, 9, 0, 0]], [1, 2])
    """
    arrays = _arrays(given)
    columns = [_column(field, arrays) for field in fields]
    counts = {column.field.name: column.examples for column in columns}
    count = next(iter(counts.values()))
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{name} has {n:,}" for name, n in counts.items())
        raise InputError(f"columns hold as many examples as each other, but {told}")
    sized = [_sizes(column) for column in columns]
    _check_sizes([column.field.name for column in columns], sized)
    lengths = {name: n for sizes in sized for name, n in sizes.items()}
    for first in range(0, count, chunk):
        last = min(first + chunk, count)
        yield Packed(
            {column.field.identifier: column.rows(first, last) for column in columns},
            {name: np.ascontiguousarray(n[first:last]) for name, n in lengths.items()},
            last - first,
            first,
        )


def _arrays(given: Any) -> dict[str, Any]:
    items = given if isinstance(given, Mapping) else given._asdict()
    return {name: value for name, value in items.items() if value is not None}


def _is_ragged(value: Any, field: Field) -> bool:
    pair = isinstance(value, tuple | list) and len(value) == 2 and len(field.shape) > 0
    return pair and np.ndim(value[0]) == len(field.shape) and np.ndim(value[1]) == 1


def _column(field: Field, arrays: Mapping[str, Any]) -> Column:
    name = field.name
    if name not in arrays:
        raise InputError(f"the columns have no {name}; they have {[*arrays]}")
    value, offsets = arrays[name], None
    if isinstance(field.shape[0] if field.shape else 0, SymbolicSize) and _is_ragged(value, field):
        value, offsets = value[0], _offsets(name, *value)
    if isinstance(value, Node):
        raise InputError(f"{name} is a Variable: give its array, `{name}.data`")
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise InputError(f"column {name} holds {array.dtype}, not numbers")
    if field.kind != "float":
        check_whole(field, array, f"column {name}")
    axes = len(field.shape) + (offsets is None)
    if array.ndim != axes:
        raise InputError(
            f"column {name} has the shape {array.shape}, but one example's has {len(field.shape)} "
            "axes, and examples stand along one axis more, in front"
        )
    column = Column(field, array, offsets)
    own = array.shape[1:] if offsets is None else (None, *array.shape[1:])
    for axis, (n, length) in enumerate(zip(field.shape, own, strict=True)):
        if not isinstance(n, SymbolicSize) and length != n:
            raise InputError(
                f"axis {axis} of the examples in column {name} is {length} long, not {n}; name it "
                "in `axes` if it changes from example to example"
            )
    return column


def _offsets(name: str, flat: Any, given: Any) -> IntArray:
    offsets, rule = np.asarray(given), "example i is flat[offsets[i]:offsets[i + 1]]"
    if offsets.dtype.kind not in "iu" or not len(offsets):
        raise InputError(
            f"offsets of column {name} are {offsets.dtype} of the shape {offsets.shape}; give "
            f"N + 1 whole numbers for N examples: {rule}"
        )
    offsets = offsets.astype(np.int64)
    falls = np.diff(offsets) < 0
    if falls.any():
        raise InputError(f"offsets of column {name} fall at example {int(falls.argmax())}; {rule}")
    if offsets[0] != 0 or offsets[-1] != len(flat):
        raise InputError(
            f"offsets of column {name} go from {offsets[0]} to {offsets[-1]}, but flat has "
            f"{len(flat)} rows, and they begin at 0; {rule}"
        )
    return offsets


def _sizes(column: Column) -> dict[str, IntArray]:
    """The sizes that a column says, in each of all examples."""
    found: dict[str, IntArray] = {}
    for axis, n in enumerate(column.field.shape):
        if not isinstance(n, SymbolicSize):
            continue
        size, lengths = size_of(n), column.lengths(0, column.examples, axis)
        if lengths.max(initial=0) > size.bound:
            at = int(lengths.argmax())
            raise InputError(
                f"axis {axis} of {column.field.name} of example {at} is {lengths[at]} long, but "
                f"{size.name} is at most {size.bound}: give a larger bound, "
                f'`("{size.name}", {lengths[at]})`, in `axes`'
            )
        known = found.setdefault(size.name, lengths)
        _check_equal(size.name, column.field.name, known, column.field.name, lengths)
    return found


def _check_sizes(names: Sequence[str], sized: Sequence[Mapping[str, IntArray]]) -> None:
    """Equal names are equal lengths."""
    first: dict[str, tuple[str, IntArray]] = {}
    for name, sizes in zip(names, sized, strict=True):
        for size, lengths in sizes.items():
            other, known = first.setdefault(size, (name, lengths))
            _check_equal(size, other, known, name, lengths)


def _check_equal(size: str, one: str, known: IntArray, other: str, lengths: IntArray) -> None:
    differ = known != lengths
    if differ.any():
        at = int(differ.argmax())
        raise InputError(
            f"example {at}: {size} is {known[at]} in {one} and {lengths[at]} in {other}"
        )
