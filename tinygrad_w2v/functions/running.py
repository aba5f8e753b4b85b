"""From one element to the next along an axis: running sums, products, differences, slopes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import ShapeError
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.dispatch import refuse_out
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.functions.arithmetic import subtract
from tinygrad_w2v.functions.axes import Axis, axes_of, axis_of
from tinygrad_w2v.functions.casting import as_array, dtype_of, in_dtype, real
from tinygrad_w2v.functions.joining import concatenate, part_along
from tinygrad_w2v.functions.reductions import product_before
from tinygrad_w2v.functions.shape import along_one, broadcast_to, reshape

__all__ = ["cumprod", "cumsum", "diff", "gradient"]


class Cumsum(Function):
    """y = cumsum(x, axis);  gx = flip(cumsum(flip(g, axis), axis), axis)"""

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        return np.cumsum(x, axis=self.axis)

    def backward(self, g: Any) -> Any:
        return np.flip(np.cumsum(np.flip(g, self.axis), axis=self.axis), self.axis)


def cumsum(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Any:
    """Running sum along `axis`; of all elements in their order where that is None.

    Parameters
    ----------
    a : Variable or array
    axis : int, optional
    dtype, out
        As of `sum`.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.cumsum(tw.Variable([1.0, 2.0, 3.0])).data
    array([1., 3., 6.])
    """
    refuse_out("cumsum", out)
    a, axis = along_one(in_dtype("cumsum", a, dtype), axis)
    return Cumsum(axis)(a)


class Cumprod(Function):
    """y = cumprod(x, axis);  gx = flip(cumsum(s, axis), axis) / x   (at 0 the limit)

    With s = flip(g * y, axis).
    """

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        self.save(x)
        return np.cumprod(x, axis=self.axis)

    def backward(self, g: Any) -> Any:
        (x,) = self.saved
        x, total = np.moveaxis(x, self.axis, -1), np.moveaxis(g, self.axis, -1)
        # The recurrence in log2(n) steps: `factor` leads from an element to the one `step` on.
        n, step, factor = x.shape[-1], 1, x[..., 1:]
        while step < n:
            reached = total[..., :-step] + factor * total[..., step:]
            total = np.concatenate([reached, total[..., -step:]], axis=-1)
            factor = factor[..., :-step] * factor[..., step:]
            step *= 2
        return np.moveaxis(product_before(x) * total, -1, self.axis)


def cumprod(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Any:
    """Running product along `axis`; of all elements in their order where that is None.

    The gradient is right at zeros, too.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.cumprod(tw.Variable([1.0, 2.0, 3.0])).data
    array([1., 2., 6.])
    """
    refuse_out("cumprod", out)
    a, axis = along_one(in_dtype("cumprod", a, dtype), axis)
    return Cumprod(axis)(a)


def diff(
    a: Any, n: int = 1, axis: int = -1, prepend: Any = np._NoValue, append: Any = np._NoValue
) -> Any:
    """Differences of neighbours along `axis`, and `n` times those of the differences.

    Parameters
    ----------
    a : Variable or array
    n : int
    axis : int
    prepend, append : Variable, array or number, optional
        What is put before and after `a` along the axis.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.diff(tw.Variable([1.0, 4.0, 9.0])).data
    array([3., 5.])
    """
    if n < 0:
        raise ValueError(f"diff: n is 0 or more, not {n}{user_line()}")
    if n == 0:
        return as_array(a)
    if np.ndim(a) == 0:
        raise ShapeError(f"diff: a number has no neighbours{user_line()}")
    axis = axis_of("diff", a, axis)
    shape = np.shape(a)
    ends = [
        broadcast_to(end, (*shape[:axis], 1, *shape[axis + 1 :])) if np.ndim(end) == 0 else end
        for end in (prepend, append)
        if end is not np._NoValue
    ]
    if ends:
        first = ends[: prepend is not np._NoValue]
        a = concatenate([*first, a, *ends[len(first) :]], axis)
    difference = np.not_equal if dtype_of(a).kind == "b" else subtract
    for _ in range(n):
        a = difference(part_along(a, axis, slice(1, None)), part_along(a, axis, slice(None, -1)))
    return a


def gradient(f: Any, *varargs: Any, axis: Axis = None, edge_order: int = 1) -> Any:
    """Slopes of sampled values: differences to both neighbours, at the ends to one side.

    This is numerical differentiation of data. For derivatives of a computation see
    `tinygrad_w2v.grad`.

    Parameters
    ----------
    f : Variable or array
    *varargs : number or vector, or one for each axis
        The distance of the samples, or their coordinates; 1 by default.
    axis : int or tuple of int, optional
        All by default.
    edge_order : {1, 2}
        Of how many neighbours the slope at an end is made.

    Returns
    -------
    Variable or array, or for several axes a tuple of them

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.gradient(tw.Variable([1.0, 4.0, 9.0])).data
    array([3., 4., 5.])
    """
    axes = axes_of("gradient", f, axis)
    spacings = list(varargs) or [1.0]
    if len(spacings) == 1 and (not varargs or np.ndim(varargs[0]) == 0):
        spacings *= len(axes)
    if len(spacings) != len(axes):
        raise TypeError(
            f"gradient: give one spacing, or one for each of the {len(axes)} axes, not "
            f"{len(varargs)}{user_line()}"
        )
    if edge_order not in (1, 2):
        raise ValueError(f"gradient: edge_order is 1 or 2, not {edge_order}{user_line()}")
    f = real(as_array(f))
    slopes = [
        in_dtype("gradient", _slopes(f, spacing, number, edge_order), dtype_of(f))
        for spacing, number in zip(spacings, axes, strict=True)
    ]
    return slopes[0] if len(slopes) == 1 else tuple(slopes)


def _slopes(f: Any, spacing: Any, axis: int, edge_order: int) -> Any:
    """`gradient` along one axis."""
    n = np.shape(f)[axis]
    if n < edge_order + 1:
        raise ShapeError(
            f"gradient: axis {axis} has {n} samples, and edge_order={edge_order} takes "
            f"{edge_order + 1} or more{user_line()}"
        )

    def part(values: Any, start: int, stop: int | None = None) -> Any:
        return part_along(values, axis, slice(start, stop))

    if np.ndim(spacing) == 0:
        chords = diff(f, axis=axis) / spacing
        inner = (part(f, 2) - part(f, 0, -2)) / (2.0 * spacing)
        at_first = at_last = 0.5
    elif np.shape(spacing) == (n,):
        steps = reshape(diff(spacing), [-1 if i == axis else 1 for i in range(np.ndim(f))])
        chords = diff(f, axis=axis) / steps
        left, right = part(steps, 0, -1), part(steps, 1)
        both = left + right
        inner = (right * part(chords, 0, -1) + left * part(chords, 1)) / both
        at_first, at_last = part(left / both, 0, 1), part(right / both, -1)
    else:
        raise ShapeError(
            f"gradient: axis {axis} has {n} samples, but coordinates of shape {np.shape(spacing)}"
            f"{user_line()}"
        )
    first, last = part(chords, 0, 1), part(chords, -1)
    if edge_order == 2:
        first = first + (first - part(chords, 1, 2)) * at_first
        last = last + (last - part(chords, -2, -1)) * at_last
    return concatenate([first, inner, last], axis)
