"""Axes and sizes: what ops share that work along some axes of a value of any kind.

Each helper is NumPy's function with a fast path for plain arrays, as NumPy's wrappers cost more
than the work on a small array. Any other kind of value goes through NumPy.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_w2v.autograd.debugging.errors import input_error
from tinygrad_w2v.autograd.debugging.sites import user_line

ndarray = np.ndarray


Axis = int | tuple[int, ...] | None


def normalized_axes(axis: Axis, ndim: int) -> tuple[int, ...]:
    """`axis` as a tuple of non-negative ints; None is all axes.

    Raises
    ------
    numpy.exceptions.AxisError
        For an axis that is out of range or given twice.
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
    """`normalized_axes` of `x`, with an error that names the op: for checks before an op is made.

    Raises
    ------
    ShapeError
        For an axis that is out of range or given twice.
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


def inverse(order: Sequence[int]) -> tuple[int, ...]:
    """The permutation of axes that undoes `order`."""
    return tuple(np.argsort(order).tolist())


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
