"""Elements in another order, repeated, or with others around them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import MissingRuleError, ShapeError
from tinygrad_w2v.autograd.debugging.misfits import not_stretched
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.dispatch import unwrapped
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.functions.axes import Axis, axes_of, axis_of, normalized_axes
from tinygrad_w2v.functions.casting import as_array
from tinygrad_w2v.functions.joining import concatenate, part_along
from tinygrad_w2v.functions.lookup import take
from tinygrad_w2v.functions.shape import along_one, broadcast_to, ravel, reshape, swapaxes

__all__ = ["flip", "fliplr", "flipud", "pad", "repeat", "roll", "rot90", "tile"]


class Flip(Function):
    """y = flip(x, axis);  gx = flip(g, axis)"""

    def __init__(self, axis: Axis = None) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        return np.flip(x, self.axis)

    def backward(self, g: Any) -> Any:
        return np.flip(g, self.axis)


def flip(m: Any, axis: Axis = None) -> Any:
    """`m` reversed along `axis` (along all axes by default).

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.flip(tw.Variable([1.0, 2.0])).data
    array([2., 1.])
    """
    return Flip(axis)(m)


def fliplr(m: Any) -> Any:
    """`m` reversed along axis 1.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.fliplr(tw.Variable([[1.0, 2.0]])).data
    array([[2., 1.]])
    """
    return flip(m, 1)


def flipud(m: Any) -> Any:
    """`m` reversed along axis 0.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.flipud(tw.Variable([[1.0], [2.0]])).data
    array([[2.],
           [1.]])
    """
    return flip(m, 0)


def rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """`m` rotated by `k` right angles in the plane of two axes, from the first to the second.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.rot90(tw.Variable([[1.0, 2.0], [3.0, 4.0]])).data
    array([[2., 4.],
           [1., 3.]])
    """
    if len(axes) != 2:
        raise ValueError(f"rot90: a plane has two axes, not {len(axes)}: {axes}{user_line()}")
    first, second = axes_of("rot90", m, tuple(axes))
    k %= 4
    if k % 2 == 0:
        return flip(m, (first, second) if k else ())
    return flip(swapaxes(m, first, second), first if k == 1 else second)


class Repeat(Function):
    """y = repeat(x, repeats, axis);  repeat(gx, repeats, axis) += g"""

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
    length = np.shape(a)[axis]
    # A length that is known only when a kernel runs is refused by the compiler.
    if isinstance(length, int) and counts.shape != (length,):
        raise ShapeError(
            f"repeat of {np.shape(a)}: axis {axis} takes one number, or {length} in a row, not "
            f"repeats of shape {counts.shape}{user_line()}"
        )
    return take(a, np.repeat(np.arange(length), counts), axis)


def tile(A: Any, reps: Any) -> Any:
    """`A` repeated as a whole along each axis; axes are added in front as needed.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.tile(tw.Variable([1.0, 2.0]), (2, 2)).data
    array([[1., 2., 1., 2.],
           [1., 2., 1., 2.]])
    """
    counts = (reps,) if np.ndim(reps) == 0 else tuple(reps)
    shape = (*[1] * (len(counts) - np.ndim(A)), *np.shape(A))
    counts = (*[1] * (len(shape) - len(counts)), *counts)
    # Each axis of length n becomes two, r and n: the new one is stretched, then both are merged.
    apart = [length for n in shape for length in (1, n)]
    stretched = [length for r, n in zip(counts, shape, strict=True) for length in (r, n)]
    joined = [r * n for r, n in zip(counts, shape, strict=True)]
    return reshape(broadcast_to(reshape(A, apart), stretched), joined)


def roll(a: Any, shift: Any, axis: Axis = None) -> Any:
    """`a` shifted by `shift` places along `axis`; what leaves at one end comes in at the other.

    Parameters
    ----------
    a : Variable or array
    shift : int, or a tuple with one for each axis
    axis : int or tuple of int, optional
        None moves through all elements in their order.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.roll(tw.Variable([1.0, 2.0, 3.0]), 1).data
    array([3., 1., 2.])
    """
    if axis is None:
        return reshape(roll(ravel(a), shift, 0), np.shape(a))
    shifts, axes = np.broadcast_arrays(shift, axis)
    if shifts.ndim > 1:
        raise ValueError(f"roll: shift and axis are numbers or flat sequences{user_line()}")
    for step, number in zip(shifts.flat, axes.flat, strict=True):
        place = axis_of("roll", a, number)
        length = np.shape(a)[place]
        start = length - int(step) % (length or 1)
        parts = [part_along(a, place, part) for part in (slice(start, None), slice(start))]
        a = concatenate(parts, place)
    return as_array(a)


_LOOKED_UP = ("edge", "reflect", "symmetric", "wrap")


def pad(array: Any, pad_width: Any, mode: str = "constant", **kwargs: Any) -> Any:
    """`array` with elements added at both ends of each axis.

    Parameters
    ----------
    array : Variable or array
    pad_width : int, (before, after), or one such pair for each axis
    mode : {"constant", "edge", "reflect", "symmetric", "wrap"}
        What is added: constants, or elements of `array`, to which their gradient goes.
    **kwargs
        NumPy's: `constant_values`, numbers given as `pad_width` is (0 by default).

    Raises
    ------
    MissingRuleError
        For NumPy's other modes, and for ``reflect_type="odd"``.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.pad(tw.Variable([1.0, 2.0]), (1, 2)).data
    array([0., 1., 2., 0., 0.])
    >>> F.pad(tw.Variable([1.0, 2.0]), 1, mode="edge").data
    array([1., 1., 2., 2.])
    """
    if mode not in ("constant", *_LOOKED_UP) or kwargs.get("reflect_type", "even") != "even":
        raise MissingRuleError(
            f"np.pad of a Variable knows the modes 'constant', {str(_LOOKED_UP)[1:-1]} (these "
            f"without reflect_type='odd'), not {mode!r} with {kwargs}{user_line()}"
        )
    values = kwargs.pop("constant_values", 0) if mode == "constant" else 0
    if mode == "constant" and kwargs:
        raise ValueError(f"pad: mode 'constant' takes no {', '.join(kwargs)}{user_line()}")
    widths = np.asarray(pad_width)
    if widths.dtype.kind not in "iu" or (widths < 0).any():
        raise ValueError(f"pad: pad_width holds integers from 0 on, not {pad_width}{user_line()}")
    array = as_array(array)
    ndim, dtype = array.ndim, array.dtype
    for name, given in (("pad_width", widths), ("constant_values", np.asarray(values))):
        if why := not_stretched(given.shape, (ndim, 2)):
            raise ShapeError(
                f"pad of {array.shape}: {name} of shape {given.shape} is not one pair per axis: "
                f"{why}{user_line()}"
            )
    widths, ends = np.broadcast_to(widths, (ndim, 2)), np.broadcast_to(values, (ndim, 2))
    for axis, width in enumerate(widths):
        shape = np.shape(array)
        if mode == "constant":
            before, after = (
                np.full((*shape[:axis], n, *shape[axis + 1 :]), value, dtype)
                for n, value in zip(width, ends[axis], strict=True)
            )
            array = concatenate([before, array, after], axis)
        else:
            if not shape[axis] and any(width):
                raise ShapeError(
                    f"pad of {shape}: axis {axis} is empty, so mode {mode!r} has nothing to "
                    f"repeat{user_line()}"
                )
            places = np.pad(np.arange(shape[axis]), width, mode, **kwargs)  # type: ignore[call-overload]
            array = part_along(array, axis, places)
    return array
