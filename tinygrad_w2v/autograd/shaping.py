"""Ops that move elements without changing them, and the sum that undoes broadcasting.

The helpers at the top are NumPy's functions with a short way for plain arrays, whose wrappers in
NumPy cost more than the work on a small array. Any other kind of value takes NumPy's way.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from tinygrad_w2v._base.types import Shape
from tinygrad_w2v.autograd.diagnosis import input_error, user_line
from tinygrad_w2v.autograd.dispatch import implements, unwrapped
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.node import Node, primitive

ndarray = np.ndarray
_FLOAT64, _FLOAT32, _FLOAT16 = np.dtype(np.float64), np.dtype(np.float32), np.dtype(np.float16)
Axis = int | tuple[int, ...] | None


# ---------------------------------------------------------------------- helpers, for any value
def normalized_axes(axis: Axis, ndim: int) -> tuple[int, ...]:
    """`axis` as a tuple of non-negative ints; None is all axes.

    Raises
    ------
    numpy.exceptions.AxisError
        For an axis that is out of range or named twice.
    """
    if axis is None:
        return tuple(range(ndim))
    if type(axis) is int and -ndim <= axis < ndim:
        return (axis % ndim,)
    return np.lib.array_utils.normalize_axis_tuple(axis, ndim)


def reduced_axes(axis: Axis, ndim: int) -> tuple[int, ...]:
    """`normalized_axes`; of a number, axis 0 or -1 is none, as for NumPy's ufuncs and SciPy."""
    if ndim == 0 and isinstance(axis, int | np.integer) and axis in (0, -1):
        return ()
    return normalized_axes(axis, ndim)


def axes_of(op: str, x: Any, axis: Axis) -> tuple[int, ...]:
    """`normalized_axes` of `x`, with an error that names the op: for what comes before one.

    Raises
    ------
    ShapeError
        For an axis that is out of range or named twice.
    """
    try:
        return normalized_axes(axis, x.ndim if hasattr(x, "ndim") else np.ndim(x))
    except ValueError as error:
        raise input_error(op, [x], error) from error


def axis_of(op: str, x: Any, axis: int) -> int:
    """The one axis that an op works along, not negative.

    Raises
    ------
    TypeError
        If it is no int.
    ShapeError
        If it is out of range.
    """
    try:
        axis = operator.index(axis)
    except TypeError:
        raise TypeError(f"{op}: `axis` is one int, not {axis!r}{user_line()}") from None
    return axes_of(op, x, axis)[0]


def sum_to(g: Any, shape: tuple[Any, ...]) -> Any:
    """Sum `g` over the axes along which broadcasting had stretched `shape`."""
    extra = len(g.shape) - len(shape)
    axes = tuple(
        [i for i, m in enumerate(g.shape) if i < extra or (shape[i - extra] == 1 and m != 1)]
    )
    if not axes:
        return g
    if type(g) is ndarray:
        return np.add.reduce(g, axis=axes).reshape(shape)
    return np.reshape(np.sum(g, axis=axes), shape)


def unreduced(g: Any, axes: tuple[int, ...], keepdims: bool, shape: tuple[Any, ...]) -> Any:
    """Put axes of size 1 back where a reduction over `axes` of `shape` took them away."""
    if keepdims or not axes:
        return g
    if isinstance(g, ndarray | np.generic):
        return g.reshape([1 if i in axes else n for i, n in enumerate(shape)])
    return np.expand_dims(g, axes)


def stretched(g: Any, shape: tuple[Any, ...]) -> Any:
    """`g` broadcast to `shape`."""
    if type(g) is ndarray or isinstance(g, np.generic):
        out = np.empty(shape, g.dtype)
        out[...] = g
        return out
    return np.broadcast_to(g, shape)


def cast(x: Any, dtype: Any) -> Any:
    """`x` in another dtype."""
    if isinstance(x, Node):
        return Cast(dtype)(x)
    found = primitive("cast", x, dtype)
    return x.astype(dtype) if found is NotImplemented else found


def real(x: Any) -> Any:
    """`x` in floats: integers and bools as float64, as a list of them would be."""
    return x if x.dtype.kind == "f" else cast(x, np.float64)


def wide(x: Any) -> Any:
    """`x` in floats that hold the sum of many: not float16, which ends at 65,504."""
    dtype = x.dtype
    if dtype is _FLOAT64 or dtype is _FLOAT32 or (dtype.kind == "f" and dtype.itemsize > 2):
        return x
    return cast(x, np.float32 if dtype.kind == "f" else np.float64)


def narrowed(y: Any, x: Any) -> Any:
    """`y`, which was computed of `wide(x)`, in the dtype that a result of `x` has."""
    return cast(y, _FLOAT16) if x.dtype is _FLOAT16 else y


def over(x: Any, count: Any) -> Any:
    """``x / count``, where a count is not rounded to a dtype that cannot hold it."""
    floats = wide(x)
    return x / count if floats is x else narrowed(floats / count, x)


# ---------------------------------------------------------------------- the ops
class Cast(Function):
    """y = x in another dtype;  gx = g in the dtype of x (the engine sees to it)"""

    def __init__(self, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)

    def forward(self, x: Any) -> Any:
        return cast(x, self.dtype)

    def backward(self, g: Any) -> Any:
        return g


class Reshape(Function):
    """y = x in another shape;  gx = g in the shape of x"""

    def __init__(self, shape: Any) -> None:
        self.shape = shape

    def forward(self, x: Any) -> Any:
        self.x_shape = x.shape
        return x.reshape(self.shape) if type(x) is ndarray else np.reshape(x, self.shape)

    def backward(self, g: Any) -> Any:
        return np.reshape(g, self.x_shape)


class Transpose(Function):
    """y = x with its axes permuted;  gx = g with the inverse permutation"""

    def __init__(self, axes: tuple[int, ...] | None = None) -> None:
        self.axes = axes

    def forward(self, x: Any) -> Any:
        return np.transpose(x, self.axes)

    def backward(self, g: Any) -> Any:
        if self.axes is None:
            return np.transpose(g)
        return np.transpose(g, tuple(np.argsort([a % len(self.axes) for a in self.axes]).tolist()))


class Swapaxes(Function):
    """y = x with two axes exchanged;  gx = g with the same two exchanged"""

    def __init__(self, axis1: int, axis2: int) -> None:
        self.axis1, self.axis2 = axis1, axis2

    def forward(self, x: Any) -> Any:
        return np.swapaxes(x, self.axis1, self.axis2)

    def backward(self, g: Any) -> Any:
        return np.swapaxes(g, self.axis1, self.axis2)


class BroadcastTo(Function):
    """y = x repeated along new or stretched axes;  gx = g summed over them (by the engine)"""

    def __init__(self, shape: Any) -> None:
        self.shape = shape

    def forward(self, x: Any) -> Any:
        return stretched(x, self.shape)

    def backward(self, g: Any) -> Any:
        return g


class ExpandDims(Function):
    """y = x with new axes of size 1;  gx = g without them"""

    def __init__(self, axis: int | tuple[int, ...]) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        return np.expand_dims(x, self.axis)

    def backward(self, g: Any) -> Any:
        return np.squeeze(g, self.axis)


class Squeeze(Function):
    """y = x without axes of size 1;  gx = g with them"""

    def __init__(self, axis: Axis = None) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        self.x_shape = x.shape
        return np.squeeze(x, self.axis)

    def backward(self, g: Any) -> Any:
        return np.reshape(g, self.x_shape)


class GetItem(Function):
    """y = x[index];  gx = zeros with `g` added at `index`"""

    def __init__(self, index: Any) -> None:
        self.index = self.own("index", index)

    def forward(self, x: Any) -> Any:
        self.shape = x.shape
        return x[self.index]

    def backward(self, g: Any) -> Any:
        return ScatterIndex(self.index, self.shape)(g)


class ScatterIndex(Function):
    """y = zeros of `shape` with `g` added at `index`;  gg = gy[index]"""

    def __init__(self, index: Any, shape: Shape) -> None:
        self.index, self.shape = index, shape

    def forward(self, g: Any) -> Any:
        found = primitive("scatter_index", g, self.index, self.shape)
        if found is not NotImplemented:
            return found
        out = np.zeros(self.shape, g.dtype)
        if is_basic(self.index):
            out[self.index] = g
        else:
            np.add.at(out, self.index, g)
        return out

    def backward(self, g: Any) -> Any:
        return g[self.index]


def is_basic(index: Any) -> bool:
    """Whether `index` selects each element at most once: ints, slices, ``...`` and ``None``."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        p is None or p is ... or isinstance(p, int | slice | np.integer) for p in parts
    ) and not any(isinstance(p, bool) for p in parts)


# ---------------------------------------------------------------------- their functions
@implements(np.reshape)
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
        turned = shape[::-1] if isinstance(shape, tuple | list) else shape
        return Transpose()(Reshape(turned)(Transpose()(x)))
    if order != "C":
        raise ValueError(
            f"reshape: order is 'C' or 'F', not {order!r}: a Variable's place in memory means "
            f"nothing{user_line()}"
        )
    return Reshape(shape)(x)


@implements(np.transpose, np.permute_dims)
def transpose(a: Any, axes: Any = None) -> Any:
    """`a` with its axes in another order; None turns them round.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.transpose(tw.Variable([[1.0, 2.0, 3.0]])).shape
    (3, 1)
    """
    return Transpose(None if axes is None else tuple(axes))(a)


@implements(np.swapaxes)
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


@implements(np.broadcast_to)
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


@implements(np.expand_dims)
def expand_dims(a: Any, axis: Any) -> Any:
    """`a` with an axis of size 1 put in at `axis`.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.expand_dims(tw.Variable([1.0, 2.0]), -1).shape
    (2, 1)
    """
    return ExpandDims(tuple(axis) if isinstance(axis, list) else axis)(a)


@implements(np.squeeze)
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


def along_one(a: Any, axis: int | None) -> tuple[Any, int]:
    """`a` and `axis` for what goes along one axis: None flattens, and a number is one in a row."""
    if axis is None or (np.ndim(a) == 0 and axis in (0, -1)):
        return reshape(a, -1), 0
    return a, axis


def get_item(x: Any, index: Any) -> Any:
    """``x[index]`` for any index but one integer array (see `rows.look_up`)."""
    return GetItem(unwrapped(index))(x)
