"""Ops that put arrays together and take them apart."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_w2v._base.types import Shape
from tinygrad_w2v.autograd.debugging.misfits import axes, nth
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.dispatch import implements, refuse_out
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.functions.arithmetic import Arithmetic
from tinygrad_w2v.functions.axes import axis_of, normalized_axes
from tinygrad_w2v.functions.casting import in_dtype
from tinygrad_w2v.functions.lookup import ScatterIndex, get_item
from tinygrad_w2v.functions.shape import atleast_2d, atleast_3d, reshape, transpose

__all__ = ["append", "array_split", "column_stack", "concatenate", "dsplit", "dstack", "hsplit"]
__all__ += ["split", "stack", "vsplit"]


def along(axis: int, part: Any) -> tuple[Any, ...]:
    """The index that applies `part` to the axis number `axis` (not negative)."""
    return (*[slice(None)] * axis, part)


def part_along(x: Any, axis: int, part: Any) -> Any:
    """`x` with the index `part` at the axis number `axis` (not negative).

    It is counted from the last axis, so that an example and a batch of them are written alike.
    """
    return get_item(x, (..., part, *[slice(None)] * (np.ndim(x) - axis - 1)))


class Concatenate(Arithmetic):
    """z = concatenate(xs, axis);  gx = split(g, places, axis)[i]"""

    def __init__(self, axis: int = 0) -> None:
        self.axis = axis

    def forward(self, *xs: Any) -> Any:
        z = np.concatenate(xs, axis=self.axis)
        (self._axis,) = normalized_axes(self.axis, len(z.shape))
        self._sizes = [x.shape[self._axis] for x in xs]
        return z

    def misfit(self, *shapes: Shape) -> str:
        first = shapes[0]
        if () in shapes:
            return "a number has no axis to join along: `stack` makes a new one"
        one, *others = [nth(place, len(shapes)) for place in range(len(shapes))]
        for other, shape in zip(others, shapes[1:], strict=True):
            if len(shape) != len(first):
                return f"{one} has {axes(len(first))}, and {other} has {len(shape)}"
        axis = self.axis % len(first) if -len(first) <= self.axis < len(first) else None
        for other, shape in zip(others, shapes[1:], strict=True) if axis is not None else ():
            for i, (n, m) in enumerate(zip(first, shape, strict=True)):
                if i != axis and n != m:
                    return (
                        f"only axis {axis} may differ, and axis {i} is {n} in {one}, {m} in {other}"
                    )
        return ""

    @property
    def places(self) -> list[Any]:
        """Where the second input begins, and each after it."""
        return [*itertools.accumulate(self._sizes[:-1])]

    def backward(self, g: Any) -> Any:
        parts = []
        start: Any = 0
        for i, size in enumerate(self._sizes):
            part = slice(start, start + size)
            parts.append(g[along(self._axis, part)] if self.needs(i) else None)
            start = start + size
        return tuple(parts)


def concatenate(
    arrays: Sequence[Any], axis: int | None = 0, out: None = None, *, dtype: Any = None
) -> Any:
    """Join arrays end to end along an axis that they have; None flattens them first.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.concatenate([tw.Variable([1.0, 2.0]), [3.0]]).data
    array([1., 2., 3.])
    """
    refuse_out("concatenate", out)
    _check_listed("concatenate", axis)
    if axis is None:
        arrays, axis = [reshape(a, -1) for a in arrays], 0
    if dtype is None:
        return Concatenate(axis)(*arrays)
    return in_dtype("concatenate", Concatenate(axis)(*arrays), dtype)


def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """`values` after `arr` along `axis`; both flattened where that is None.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.append(tw.Variable([1.0, 2.0]), 3.0).data
    array([1., 2., 3.])
    """
    return concatenate([arr, values], axis)


def _check_listed(op: str, axis: Any) -> None:
    """Refuse an array in the place of the axis."""
    if type(axis) is not int and (np.ndim(axis) or isinstance(axis, Node)):
        raise TypeError(
            f"{op}: the arrays come in one list, `F.{op}([x, y])`, and the axis is one int"
            f"{user_line()}"
        )


class Stack(Arithmetic):
    """z = stack(xs, axis);  gx = take(g, i, axis)"""

    def __init__(self, axis: int = 0) -> None:
        self.axis = axis

    def forward(self, *xs: Any) -> Any:
        z = np.stack(xs, axis=self.axis)
        (self._axis,) = normalized_axes(self.axis, len(z.shape))
        return z

    def misfit(self, *shapes: Shape) -> str:
        other = next((shape for shape in shapes if shape != shapes[0]), None)
        return "" if other is None else f"all must have one shape, not {shapes[0]} and {other}"

    def backward(self, g: Any) -> Any:
        count = len(self.inputs)
        return tuple([g[along(self._axis, i)] if self.needs(i) else None for i in range(count)])


def stack(arrays: Sequence[Any], axis: int = 0, out: None = None, *, dtype: Any = None) -> Any:
    """Join arrays of one shape along a new axis.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.stack([tw.Variable([1.0, 2.0]), tw.Variable([3.0, 4.0])], axis=-1).data
    array([[1., 3.],
           [2., 4.]])
    """
    refuse_out("stack", out)
    _check_listed("stack", axis)
    if dtype is None:
        return Stack(axis)(*arrays)
    return in_dtype("stack", Stack(axis)(*arrays), dtype)


@implements(np.vstack)
def _vstack(tup: Sequence[Any]) -> Any:
    return concatenate([reshape(a, (1, -1)) if np.ndim(a) < 2 else a for a in tup])


@implements(np.hstack)
def _hstack(tup: Sequence[Any]) -> Any:
    arrays = [reshape(a, -1) if np.ndim(a) == 0 else a for a in tup]
    return concatenate(arrays, axis=0 if np.ndim(arrays[0]) == 1 else 1)


def column_stack(tup: Sequence[Any]) -> Any:
    """Vectors as the columns of a matrix; matrices side by side.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.column_stack([tw.Variable([1.0, 2.0]), [3.0, 4.0]]).data
    array([[1., 3.],
           [2., 4.]])
    """
    return concatenate([transpose(atleast_2d(a)) if np.ndim(a) < 2 else a for a in tup], axis=1)


def dstack(tup: Sequence[Any]) -> Any:
    """Join arrays along the third axis; see `atleast_3d`.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.dstack([tw.Variable([1.0, 2.0]), [3.0, 4.0]]).shape
    (1, 2, 2)
    """
    return concatenate([atleast_3d(a) for a in tup], axis=2)


class Split(Function):
    """ys = split(x, indices_or_sections, axis);  split(gx, indices_or_sections, axis) += gs"""

    def __init__(self, indices_or_sections: Any, axis: int = 0) -> None:
        self.indices_or_sections, self.axis = indices_or_sections, axis

    def forward(self, x: Any) -> Any:
        (self._axis,) = normalized_axes(self.axis, len(x.shape))
        self._shape = x.shape
        return tuple(np.split(x, self.indices_or_sections, axis=self._axis))

    def misfit(self, *shapes: Shape) -> str:
        size = shapes[0][self.axis]
        return (
            f"axis {self.axis} of {shapes[0]} has size {size}, of which {self.indices_or_sections} "
            "parts make no equal division; `array_split` makes unequal ones"
        )

    def backward(self, *gs: Any) -> Any:
        if np.ndim(self.indices_or_sections) == 0 or _rises(self.indices_or_sections):
            return np.concatenate(gs, axis=self._axis)
        # Places that decrease or count from the end make overlapping parts: add them up.
        ends = list(self.indices_or_sections)
        total: Any = 0
        for g, start, stop in zip(gs, [0, *ends], [*ends, None], strict=True):
            total = total + ScatterIndex(along(self._axis, slice(start, stop)), self._shape)(g)
        return total


def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Consecutive parts along `axis`: a number of equal ones, or cut at given places.

    Raises
    ------
    ShapeError
        If a number of parts does not divide the axis.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> [part.data.tolist() for part in F.split(tw.Variable([1.0, 2.0, 3.0]), [1])]
    [[1.0], [2.0, 3.0]]
    """
    return list(Split(indices_or_sections, axis_of("split", ary, axis))(ary))


def _rises(places: Sequence[int]) -> bool:
    return all(a <= b for a, b in zip([0, *places], places, strict=False))


def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """As `split`, for a number of parts that need not divide the axis: the first are longer by 1.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> [part.shape for part in F.array_split(tw.Variable([1.0, 2.0, 3.0]), 2)]
    [(2,), (1,)]
    """
    if np.ndim(indices_or_sections) > 0:
        return split(ary, indices_or_sections, axis)
    count = int(indices_or_sections)
    if count <= 0:
        raise ValueError(f"array_split: there are no {count} parts{user_line()}")
    place = axis_of("array_split", ary, axis)
    length, longer = divmod(np.shape(ary)[place], count)
    return split(ary, [k * length + min(k, longer) for k in range(1, count)], place)


def _split_along(name: str, ary: Any, how: Any, axis: int, ndim: int) -> list[Any]:
    if np.ndim(ary) < ndim:
        raise ValueError(
            f"{name}: an array of {ndim} or more axes is split, not one of shape "
            f"{np.shape(ary)}{user_line()}"
        )
    return split(ary, how, axis)


def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """`split` along axis 1, of a vector along its only axis.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> [part.data.tolist() for part in F.hsplit(tw.Variable([[1.0, 2.0]]), 2)]
    [[[1.0]], [[2.0]]]
    """
    return _split_along("hsplit", ary, indices_or_sections, 1 if np.ndim(ary) > 1 else 0, 1)


def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """`split` along axis 0 of an array of two axes or more.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> [part.data.tolist() for part in F.vsplit(tw.Variable([[1.0], [2.0]]), 2)]
    [[[1.0]], [[2.0]]]
    """
    return _split_along("vsplit", ary, indices_or_sections, 0, 2)


def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """`split` along axis 2 of an array of three axes or more.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> [part.data.tolist() for part in F.dsplit(tw.Variable([[[1.0, 2.0]]]), 2)]
    [[[[1.0]]], [[[2.0]]]]
    """
    return _split_along("dsplit", ary, indices_or_sections, 2, 3)
