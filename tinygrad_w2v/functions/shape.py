"""Ops that move elements without changing them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_w2v._base.types import Shape
from tinygrad_w2v.autograd.debugging.errors import input_error
from tinygrad_w2v.autograd.debugging.misfits import not_stretched
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.dispatch import implements
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.functions.axes import Axis, axes_of, inverse, stretched
from tinygrad_w2v.functions.casting import as_array

__all__ = ["atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays", "broadcast_to"]
__all__ += ["expand_dims", "matrix_transpose", "moveaxis", "ravel", "reshape", "squeeze"]
__all__ += ["swapaxes", "transpose"]


ndarray = np.ndarray


class Reshape(Function):
    """y = reshape(x, shape);  gx = reshape(g, x.shape)"""

    def __init__(self, shape: Any) -> None:
        self.shape = shape

    def forward(self, x: Any) -> Any:
        self.x_shape = x.shape
        return x.reshape(self.shape) if type(x) is ndarray else np.reshape(x, self.shape)

    def misfit(self, *shapes: Shape) -> str:
        wanted = self.shape if isinstance(self.shape, tuple | list) else (self.shape,)
        if not all(isinstance(n, int | np.integer) for n in wanted):
            return ""
        if list(wanted).count(-1) > 1 or min(wanted, default=0) < -1:
            return f"the new shape {tuple(wanted)} may have one -1, and nothing else below 0"
        known = math.prod([n for n in wanted if n != -1])
        what = f"{known} for each place of the -1" if -1 in wanted else f"{known}"
        return f"{math.prod(shapes[0])} elements do not make {tuple(wanted)}, which takes {what}"

    def backward(self, g: Any) -> Any:
        return np.reshape(g, self.x_shape)


def reshape(x: Any, shape: Any, order: str = "C") -> Any:
    """`x` in another shape of the same size; one entry may be -1.

    Parameters
    ----------
    x : Variable or array
    shape : int or tuple of int
    order : {"C", "F"}
        Which index runs fastest through the elements: the last, or the first.

    Raises
    ------
    ShapeError
        If the sizes differ.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.reshape(tw.Variable([1.0, 2.0, 3.0, 4.0]), (2, -1)).shape
    (2, 2)
    """
    if order == "F":
        reversed_shape = shape[::-1] if isinstance(shape, tuple | list) else shape
        return Transpose()(Reshape(reversed_shape)(Transpose()(x)))
    if order != "C":
        raise ValueError(
            f"reshape: order is 'C' or 'F', not {order!r}: a Variable's layout in memory means "
            f"nothing{user_line()}"
        )
    return Reshape(shape)(x)


def ravel(a: Any, order: str = "C") -> Any:
    """All elements of `a` along one axis, the last index fastest (the first for order="F").

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.ravel(tw.Variable([[1.0, 2.0], [3.0, 4.0]])).data
    array([1., 2., 3., 4.])
    """
    return reshape(a, -1, order)


class Transpose(Function):
    """y = transpose(x, axes);  gx = transpose(g, inverse)"""

    def __init__(self, axes: tuple[int, ...] | None = None) -> None:
        self.axes = axes

    def forward(self, x: Any) -> Any:
        return np.transpose(x, self.axes)

    def misfit(self, *shapes: Shape) -> str:
        axes, ndim = self.axes or (), len(shapes[0])
        return f"axes={axes} must name each of the {ndim} axes once"

    def backward(self, g: Any) -> Any:
        return np.transpose(g, self.inverse)

    @property
    def inverse(self) -> tuple[int, ...] | None:
        """The order of axes that undoes `axes`."""
        return None if self.axes is None else inverse([a % len(self.axes) for a in self.axes])


def transpose(a: Any, axes: Any = None) -> Any:
    """`a` with its axes in another order; None reverses them.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.transpose(tw.Variable([[1.0, 2.0, 3.0]])).shape
    (3, 1)
    """
    return Transpose(None if axes is None else tuple(axes))(a)


def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """`a` with axes moved to other places; the others keep their order.

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


class Swapaxes(Function):
    """y = swapaxes(x, axis1, axis2);  gx = swapaxes(g, axis1, axis2)"""

    def __init__(self, axis1: int, axis2: int) -> None:
        self.axis1, self.axis2 = axis1, axis2

    def forward(self, x: Any) -> Any:
        return np.swapaxes(x, self.axis1, self.axis2)

    def backward(self, g: Any) -> Any:
        return np.swapaxes(g, self.axis1, self.axis2)


def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """`a` with two axes exchanged.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.swapaxes(tw.Variable([[[1.0, 2.0]]]), -1, 0).shape
    (2, 1, 1)
    """
    return Swapaxes(axis1, axis2)(a)


@implements(np.linalg.matrix_transpose)
def matrix_transpose(x: Any) -> Any:
    """`x` with its last two axes exchanged.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.matrix_transpose(tw.Variable(np.ones((2, 3, 4)))).shape
    (2, 4, 3)
    """
    return swapaxes(x, -1, -2)


class BroadcastTo(Function):
    """y = broadcast_to(x, shape);  gx = sum_to(g, x.shape)"""

    def __init__(self, shape: Any) -> None:
        self.shape = shape

    def forward(self, x: Any) -> Any:
        return stretched(x, self.shape)

    def misfit(self, *shapes: Shape) -> str:
        to = self.shape if isinstance(self.shape, tuple | list) else (self.shape,)
        return f"to make {tuple(to)} of it: {not_stretched(shapes[0], tuple(to))}"

    def backward(self, g: Any) -> Any:
        return g


def broadcast_to(array: Any, shape: Any) -> Any:
    """`array` stretched to `shape` by NumPy's broadcasting.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.broadcast_to(tw.Variable([1.0, 2.0]), (3, 2)).shape
    (3, 2)
    """
    return BroadcastTo(shape)(array)


def broadcast_arrays(*args: Any, subok: bool = False) -> tuple[Any, ...]:
    """The arrays stretched to the shape that they broadcast to.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> x, y = F.broadcast_arrays(tw.Variable([1.0, 2.0]), [[1.0], [2.0], [3.0]])
    >>> x.shape, y.shape
    ((3, 2), (3, 2))
    """
    try:
        shape = np.broadcast_shapes(*[np.shape(a) for a in args])
    except ValueError as error:
        raise input_error("broadcast_arrays", args, error) from error
    return tuple([broadcast_to(a, shape) for a in args])


class ExpandDims(Function):
    """y = expand_dims(x, axis);  gx = squeeze(g, axis)"""

    def __init__(self, axis: int | tuple[int, ...]) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        return np.expand_dims(x, self.axis)

    def backward(self, g: Any) -> Any:
        return np.squeeze(g, self.axis)


def expand_dims(a: Any, axis: Any) -> Any:
    """`a` with an axis of size 1 inserted at `axis`.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.expand_dims(tw.Variable([1.0, 2.0]), -1).shape
    (2, 1)
    """
    return ExpandDims(tuple(axis) if isinstance(axis, list) else axis)(a)


class Squeeze(Function):
    """y = squeeze(x, axis);  gx = reshape(g, x.shape)"""

    def __init__(self, axis: Axis = None) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        self.x_shape = x.shape
        return np.squeeze(x, self.axis)

    def misfit(self, *shapes: Shape) -> str:
        axes = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        for axis in axes:
            if axis is not None and -len(shapes[0]) <= axis < len(shapes[0]):
                if (size := shapes[0][axis]) != 1:
                    return f"axis {axis} has size {size}, and only axes of size 1 can be left out"
        return ""

    def backward(self, g: Any) -> Any:
        return np.reshape(g, self.x_shape)


def squeeze(a: Any, axis: Axis = None) -> Any:
    """`a` without its axes of size 1, or without those named.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.squeeze(tw.Variable([[1.0, 2.0]])).shape
    (2,)
    """
    return Squeeze(axis)(a)


def _of_each(arys: tuple[Any, ...], shaped: Any) -> Any:
    """One result for one array, a tuple for several, as NumPy gives them."""
    given: list[Any] = [as_array(a) for a in arys]
    results = tuple([reshape(a, shaped(a.shape)) for a in given])
    return results[0] if len(results) == 1 else results


def atleast_1d(*arys: Any) -> Any:
    """Each array with one axis at least: a number becomes ``(1,)``; several give a tuple.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.atleast_1d(tw.Variable(2.0)).shape
    (1,)
    """
    return _of_each(arys, lambda shape: shape or (1,))


def atleast_2d(*arys: Any) -> Any:
    """Each array with two axes at least: ``(n,)`` becomes ``(1, n)``; several give a tuple.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.atleast_2d(tw.Variable([1.0, 2.0])).shape
    (1, 2)
    """
    return _of_each(arys, lambda shape: (*[1] * (2 - len(shape)), *shape))


def atleast_3d(*arys: Any) -> Any:
    """Each array with three axes at least: ``(n,)`` becomes ``(1, n, 1)``; several give a tuple.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.atleast_3d(tw.Variable([1.0, 2.0])).shape
    (1, 2, 1)
    """
    return _of_each(arys, lambda s: s if len(s) > 2 else (*[1] * (len(s) < 2), *(s or (1,)), 1))


def along_one(a: Any, axis: int | None) -> tuple[Any, int]:
    """`a` and `axis` of an op along one axis: None flattens, a number becomes a vector of one."""
    if axis is None or (np.ndim(a) == 0 and axis in (0, -1)):
        return reshape(a, -1), 0
    return a, axis
