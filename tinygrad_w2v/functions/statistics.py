"""Statistics: variance, standard deviation, weighted mean, median."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import ShapeError
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.dispatch import refuse_out, unwrapped
from tinygrad_w2v.functions.arithmetic import multiply
from tinygrad_w2v.functions.axes import Axis, axes_of, inverse, normalized_axes
from tinygrad_w2v.functions.casting import as_array, dtype_of, in_dtype, narrowed, real, wide
from tinygrad_w2v.functions.lookup import get_item
from tinygrad_w2v.functions.reductions import Reduction, as_reduced, counted, mean, only, sum
from tinygrad_w2v.functions.selection import where
from tinygrad_w2v.functions.shape import expand_dims, reshape, transpose
from tinygrad_w2v.functions.sorting import sort

__all__ = ["average", "median", "std", "var"]


class Spread(Reduction):
    """Base of variance and standard deviation."""

    axes = staticmethod(normalized_axes)

    def __init__(self, axis: Axis = None, ddof: float = 0, keepdims: bool = False) -> None:
        super().__init__(axis, keepdims)
        self.ddof = ddof


class Var(Spread):
    """y = sum((x - m)**2, axis) / n;  gx = g * 2 * (x - m) / n

    With m = mean(x, axis),  n = count - ddof.
    """

    def forward(self, x: Any) -> Any:
        axes = self.remember(x)
        self.save(x)
        return narrowed(np.var(wide(x), axis=axes, ddof=self.ddof, keepdims=self.keepdims), x)

    def backward(self, g: Any) -> Any:
        (x,) = self.saved
        x, g = wide(x), wide(g)
        deviation = x - np.mean(x, axis=self._axes, keepdims=True)
        return self.restored(g) * 2 * deviation / (self.count - self.ddof)


def var(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: None = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    """Variance over `axis` (all axes by default): ``sum((a - mean)**2) / (n - ddof)``.

    Parameters
    ----------
    a : Variable or array
    axis : int or tuple of int, optional
    dtype : dtype, optional
        What `a` is converted to first.
    out : None
        Is refused: a graph is made of new values.
    ddof : number
        0 for the variance of these numbers, 1 for an unbiased estimate from a sample.
    keepdims : bool
    where : bool array, optional
        Which elements count.
    mean : Variable or array, optional
        The mean, with the axes kept, if it is known already; it has a gradient of its own.
    correction : number, optional
        Another name of `ddof`.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> float(F.var(tw.Variable([1.0, 2.0, 3.0]), ddof=1))
    1.0
    """
    refuse_out("var", out)
    a, ddof = in_dtype("var", a, dtype), _ddof("var", ddof, correction)
    if where is True and mean is None:
        return Var(axis, ddof, keepdims)(a)
    return as_reduced(_var_among("var", a, axis, ddof, mean, where), a, axis, keepdims)


class Std(Spread):
    """y = sqrt(sum((x - m)**2, axis) / n);  gx = g * (x - m) / (n * y)   (0 where all are equal)

    With m = mean(x, axis),  n = count - ddof.
    """

    def forward(self, x: Any) -> Any:
        axes = self.remember(x)
        y = narrowed(np.std(wide(x), axis=axes, ddof=self.ddof, keepdims=self.keepdims), x)
        self.save(x, y)
        return y

    def backward(self, g: Any) -> Any:
        x, y = self.saved
        x, y, g = wide(x), wide(y), wide(g)
        deviation = x - np.mean(x, axis=self._axes, keepdims=True)
        y = np.where(np.equal(y, 0), 1, y)
        return self.restored(g / y) * deviation / (self.count - self.ddof)


def std(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: None = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    """Standard deviation over `axis`; its slope is 0 where all elements are equal.

    Parameters
    ----------
    a, axis, dtype, out, ddof, keepdims, where, mean, correction
        As of `var`.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> float(F.std(tw.Variable([1.0, 3.0])))
    1.0
    """
    refuse_out("std", out)
    a, ddof = in_dtype("std", a, dtype), _ddof("std", ddof, correction)
    if where is True and mean is None:
        return Std(axis, ddof, keepdims)(a)
    square = _var_among("std", a, axis, ddof, mean, where)
    flat = np.equal(square, 0)
    y = np.where(flat, 0, np.sqrt(np.where(flat, 1, square)))
    return as_reduced(y, a, axis, keepdims)


def _ddof(op: str, ddof: float, correction: Any) -> float:
    if correction is None or correction is np._NoValue:
        return ddof
    if ddof != 0:
        raise ValueError(f"{op}: correction is another name of ddof: give one of them{user_line()}")
    return correction


def _var_among(op: str, a: Any, axis: Axis, ddof: float, center: Any, where: Any) -> Any:
    """`var` of what `where` picks, about a given mean if there is one; the axes stay."""
    wide, count = counted(op, a, axis, where)
    if center is None:
        center = sum(only(op, wide, where, 0), axis, keepdims=True) / count
    away = only(op, wide - center, where, 0)
    return sum(away * away, axis, keepdims=True) / np.maximum(count - ddof, 0)


def average(
    a: Any,
    axis: Axis = None,
    weights: Any = None,
    returned: bool = False,
    *,
    keepdims: bool = False,
) -> Any:
    """Weighted mean over `axis` (all axes by default): ``sum(a * weights) / sum(weights)``.

    Parameters
    ----------
    a : Variable or array
    axis : int or tuple of int, optional
    weights : Variable or array, optional
        Of the shape of `a`, or of its `axis`; equal by default.
    returned : bool
        Whether to give the sum of the weights, too.
    keepdims : bool

    Raises
    ------
    ZeroDivisionError
        If weights add up to 0.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> float(F.average(tw.Variable([1.0, 2.0]), weights=[3.0, 1.0]))
    1.25
    """
    shape, axes = np.shape(a), axes_of("average", a, axis)
    if weights is None:
        y = mean(a, axis, keepdims=keepdims)
        count = np.size(a) / np.size(y) if np.size(y) else 0.0
        return (y, np.full(np.shape(y), count, dtype_of(y))) if returned else y
    if np.shape(weights) != shape:
        if axis is None or np.shape(weights) != tuple([shape[i] for i in axes]):
            raise ShapeError(
                f"average: weights of shape {np.shape(weights)} are neither of the shape {shape} "
                f"of the input nor of that of its axis {axis}{user_line()}"
            )
        weights = transpose(weights, inverse(axes))
        weights = reshape(weights, [n if i in axes else 1 for i, n in enumerate(shape)])
    a = real(as_array(a))
    total = real(as_array(sum(weights, axes, keepdims=keepdims)))
    if np.any(np.equal(total, 0)):
        raise ZeroDivisionError(f"average: the weights add up to 0{user_line()}")
    y = sum(multiply(a, weights), axes, keepdims=keepdims) / total
    return (y, np.broadcast_to(total, np.shape(y))) if returned else y


def median(
    a: Any,
    axis: Axis = None,
    out: None = None,
    overwrite_input: bool = False,
    keepdims: bool = False,
) -> Any:
    """The middle element in sorted order, the mean of the two middle ones of an even number.

    The gradient goes to these; among equal elements, to those that a stable sort puts there.

    Parameters
    ----------
    a : Variable or array
    axis : int or tuple of int, optional
    out : None
        Is refused: a graph is made of new values.
    overwrite_input : bool
        NumPy's; accepted, ignored: nothing is written to.
    keepdims : bool

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> x = tw.Variable([4.0, 1.0, 3.0, 2.0])
    >>> y = F.median(x)
    >>> y.backward()
    >>> float(y), x.grad.data
    (2.5, array([0. , 0. , 0.5, 0.5]))
    """
    refuse_out("median", out)
    axes = axes_of("median", a, axis)
    shape = np.shape(a)
    kept = [i for i in range(len(shape)) if i not in axes]
    # The axes that are reduced become one, the last.
    count = math.prod([shape[i] for i in axes])
    rising = sort(reshape(transpose(a, (*kept, *axes)), (*[shape[i] for i in kept], count)))
    middle = mean(get_item(rising, (..., slice((count - 1) // 2, count // 2 + 1))), -1)
    if count:  # NaN, which is sorted to the end, is the median wherever there is one
        last = get_item(rising, (..., -1))
        middle = where(np.isnan(unwrapped(last)), last, middle)
    return expand_dims(middle, axes) if keepdims else middle
