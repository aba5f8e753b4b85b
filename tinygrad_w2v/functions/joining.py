"""Ops that put arrays together, take them apart, or lay their elements out anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_w2v.autograd.dispatch import implements, refuse_out, unwrapped
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.functions.arithmetic import Arithmetic
from tinygrad_w2v.functions.axes import Axis, axes_of, axis_of, normalized_axes
from tinygrad_w2v.functions.casting import in_dtype
from tinygrad_w2v.functions.lookup import ScatterIndex, get_item, take
from tinygrad_w2v.functions.shape import Transpose, along_one, reshape


def along(axis: int, part: Any) -> tuple[Any, ...]:
    """The index that applies `part` to the axis number `axis` (not negative)."""
    return (*[slice(None)] * axis, part)


def part_along(x: Any, axis: int, part: Any) -> Any:
    """`x` with the index `part` at the axis number `axis` (not negative).

    It is counted from the last axis, so that an example and a batch of them are written alike.
    """
    return get_item(x, (..., part, *[slice(None)] * (np.ndim(x) - axis - 1)))


class Concatenate(Arithmetic):
    """z = x, y, ... one behind the other;  gx, gy, ... = their parts of g"""

    def __init__(self, axis: int = 0) -> None:
        self.axis = axis

    def forward(self, *xs: Any) -> Any:
        z = np.concatenate(xs, axis=self.axis)
        (self._axis,) = normalized_axes(self.axis, len(z.shape))
        self._sizes = [x.shape[self._axis] for x in xs]
        return z

    def backward(self, g: Any) -> Any:
        parts = []
        start: Any = 0
        for i, size in enumerate(self._sizes):
            part = slice(start, start + size)
            parts.append(g[along(self._axis, part)] if self.needs(i) else None)
            start = start + size
        return tuple(parts)


class Stack(Arithmetic):
    """z = x, y, ... along a new axis;  gx, gy, ... = their slices of g"""

    def __init__(self, axis: int = 0) -> None:
        self.axis = axis

    def forward(self, *xs: Any) -> Any:
        z = np.stack(xs, axis=self.axis)
        (self._axis,) = normalized_axes(self.axis, len(z.shape))
        return z

    def backward(self, g: Any) -> Any:
        count = len(self.inputs)
        return tuple([g[along(self._axis, i)] if self.needs(i) else None for i in range(count)])


class Split(Function):
    """y, z, ... = consecutive parts of x;  gx = gy, gz, ... one behind the other"""

    def __init__(self, indices_or_sections: Any, axis: int = 0) -> None:
        self.indices_or_sections, self.axis = indices_or_sections, axis

    def forward(self, x: Any) -> Any:
        (self._axis,) = normalized_axes(self.axis, len(x.shape))
        self._shape = x.shape
        return tuple(np.split(x, self.indices_or_sections, axis=self._axis))

    def backward(self, *gs: Any) -> Any:
        if np.ndim(self.indices_or_sections) == 0 or _rises(self.indices_or_sections):
            return np.concatenate(gs, axis=self._axis)
        # Places that fall or count from the end make parts that overlap: add them up.
        ends = list(self.indices_or_sections)
        total: Any = 0
        for g, start, stop in zip(gs, [0, *ends], [*ends, None], strict=True):
            total = total + ScatterIndex(along(self._axis, slice(start, stop)), self._shape)(g)
        return total


def _rises(places: Sequence[int]) -> bool:
    return all(a <= b for a, b in zip([0, *places], places, strict=False))


class Flip(Function):
    """y = x with the order along axes turned round;  gx = g turned round"""

    def __init__(self, axis: Axis = None) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        return np.flip(x, self.axis)

    def backward(self, g: Any) -> Any:
        return np.flip(g, self.axis)


class Repeat(Function):
    """y = each x, r times along an axis;  gx = the sum of its r gradients"""

    def __init__(self, repeats: int, axis: int) -> None:
        self.repeats, self.axis = repeats, axis

    def forward(self, x: Any) -> Any:
        (self._axis,) = normalized_axes(self.axis, len(x.shape))
        self._shape = x.shape
        return np.repeat(x, self.repeats, axis=self._axis)

    def backward(self, g: Any) -> Any:
        inner = self._axis + 1
        apart = (*self._shape[:inner], self.repeats, *self._shape[inner:])
        return np.sum(np.reshape(g, apart), axis=inner)


# ---------------------------------------------------------------------- their functions
@implements(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """`a` with axes moved to other places; the order of the others stays.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.moveaxis(tw.Variable(np.ones((2, 3, 4))), 0, -1).shape
    (3, 4, 2)
    """
    sources, places = axes_of("moveaxis", a, source), axes_of("moveaxis", a, destination)
    order = [axis for axis in range(np.ndim(a)) if axis not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        order.insert(place, axis)
    return Transpose(tuple(order))(a)


@implements(np.concatenate)
def concatenate(
    arrays: Sequence[Any], axis: int | None = 0, out: None = None, *, dtype: Any = None
) -> Any:
    """Put arrays one behind the other along an axis that they have; None flattens them first.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.concatenate([tw.Variable([1.0, 2.0]), [3.0]]).data
    array([1., 2., 3.])
    """
    refuse_out("concatenate", out)
    if axis is None:
        arrays, axis = [reshape(a, -1) for a in arrays], 0
    return in_dtype("concatenate", Concatenate(axis)(*arrays), dtype)


@implements(np.stack)
def stack(arrays: Sequence[Any], axis: int = 0, out: None = None, *, dtype: Any = None) -> Any:
    """Put arrays of one shape side by side along a new axis.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.stack([tw.Variable([1.0, 2.0]), tw.Variable([3.0, 4.0])], axis=-1).data
    array([[1., 3.],
           [2., 4.]])
    """
    refuse_out("stack", out)
    return in_dtype("stack", Stack(axis)(*arrays), dtype)


@implements(np.vstack)
def _vstack(tup: Sequence[Any]) -> Any:
    return concatenate([reshape(a, (1, -1)) if np.ndim(a) < 2 else a for a in tup])


@implements(np.hstack)
def _hstack(tup: Sequence[Any]) -> Any:
    arrays = [reshape(a, -1) if np.ndim(a) == 0 else a for a in tup]
    return concatenate(arrays, axis=0 if np.ndim(arrays[0]) == 1 else 1)


@implements(np.split)
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


@implements(np.flip)
def flip(m: Any, axis: Axis = None) -> Any:
    """`m` with the order along `axis` turned round (along all axes by default).

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.flip(tw.Variable([1.0, 2.0])).data
    array([2., 1.])
    """
    return Flip(axis)(m)


@implements(np.repeat)
def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element of `a` several times in a row.

    Parameters
    ----------
    a : Variable or array
    repeats : int, or ints with one for each place along the axis
    axis : int, optional
        None flattens `a` first.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.repeat(tw.Variable([1.0, 2.0]), [1, 2]).data
    array([1., 2., 2.])
    """
    a, axis = along_one(a, axis)
    axis = axis_of("repeat", a, axis)
    counts = np.asarray(unwrapped(repeats))
    if counts.size == 1:
        return Repeat(int(counts.reshape(())), axis)(a)
    return take(a, np.repeat(np.arange(np.shape(a)[axis]), counts), axis)
