"""Spread, products, running sums and the log-sum-exp family, along any axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.dispatch import implements, refuse_out
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.node import Node, offer_whole
from tinygrad_w2v.functions.axes import Axis, normalized_axes, reduced_axes
from tinygrad_w2v.functions.casting import in_dtype, narrowed, wide
from tinygrad_w2v.functions.reductions import Reduction, as_reduced, counted, only, sum
from tinygrad_w2v.functions.shape import along_one

_CONCRETE = (np.ndarray, np.generic)


class Var(Reduction):
    """y = sum (x - mean x)^2 / (n - ddof);  gx = 2 g (x - mean x) / (n - ddof)"""

    axes = staticmethod(normalized_axes)

    def __init__(self, axis: Axis = None, ddof: float = 0, keepdims: bool = False) -> None:
        super().__init__(axis, keepdims)
        self.ddof = ddof

    def forward(self, x: Any) -> Any:
        axes = self.remember(x)
        self.save(x)
        return narrowed(np.var(wide(x), axis=axes, ddof=self.ddof, keepdims=self.keepdims), x)

    def backward(self, g: Any) -> Any:
        (x,) = self.saved
        x, g = wide(x), wide(g)
        deviation = x - np.mean(x, axis=self._axes, keepdims=True)
        return self.restored(g) * 2 * deviation / (self.count - self.ddof)


class Std(Reduction):
    """y = (var x)^(1/2);  gx = g (x - mean x) / ((n - ddof) y)   (0 where all x are equal)"""

    axes = staticmethod(normalized_axes)

    def __init__(self, axis: Axis = None, ddof: float = 0, keepdims: bool = False) -> None:
        super().__init__(axis, keepdims)
        self.ddof = ddof

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


class Prod(Reduction):
    """y = product of x;  gx_i = g times the product of the other x   (right with zeros, too)"""

    def forward(self, x: Any) -> Any:
        axes = self.remember(x)
        self.save(x)
        return np.prod(x, axis=axes, keepdims=self.keepdims)

    def backward(self, g: Any) -> Any:
        (x,) = self.saved
        others = offer_whole("product_of_others", x, self._axes)
        if others is NotImplemented:
            others = product_of_others(x, self._axes)
        return self.restored(g) * others


def product_of_others(x: Any, axes: tuple[int, ...]) -> Any:
    """For each element the product of all others along `axes`; no division, so zeros are right."""
    kept = [i for i in range(len(x.shape)) if i not in axes]
    order = (*kept, *axes)
    moved = np.transpose(x, order)
    count = 1
    for axis in axes:
        count = count * x.shape[axis]
    flat = np.reshape(moved, (*[x.shape[i] for i in kept], count))
    others = product_before(flat) * product_before(flat[..., ::-1])[..., ::-1]
    back = tuple(np.argsort(order).tolist())
    return np.transpose(np.reshape(others, moved.shape), back)


def product_before(x: Any) -> Any:
    """Along the last axis, the product of all earlier elements, in log2(n) multiplications."""
    y = _shifted(x, 1)
    step = 1
    while step < x.shape[-1]:
        y = y * _shifted(y, step)
        step *= 2
    return y


def _shifted(x: Any, step: int) -> Any:
    """`x` moved to the right by `step` along the last axis, ones moved in."""
    return np.concatenate([np.ones_like(x[..., :step]), x[..., :-step]], axis=-1)


class Cumsum(Function):
    """y_i = x_1 + ... + x_i;  gx_i = g_i + ... + g_n"""

    def __init__(self, axis: int) -> None:
        self.axis = axis

    def forward(self, x: Any) -> Any:
        return np.cumsum(x, axis=self.axis)

    def backward(self, g: Any) -> Any:
        return np.flip(np.cumsum(np.flip(g, self.axis), axis=self.axis), self.axis)


class Logsumexp(Reduction):
    """y = log sum e^x;  gx = g softmax x   (0 where all x are -inf)"""

    def forward(self, x: Any) -> Any:
        axes = self.remember(x)
        top, lowered = lowered_by_top(x, axes)
        # Kept for the plain backward: e^(x - y) would be no softmax where y has been rounded.
        self._e = np.exp(lowered)
        self._total = np.sum(self._e, axis=axes, keepdims=True)
        with np.errstate(divide="ignore"):  # the logarithm of an empty sum is -inf
            y = np.log(self._total) + top
        if not self.keepdims and axes:
            y = np.squeeze(y, axes)
        y = narrowed(y, x)
        self.save(x, y)
        return y

    def backward(self, g: Any) -> Any:
        x, y = self.saved
        if not isinstance(x, Node):
            total = np.where(np.equal(self._total, 0), 1, self._total)
            return self.restored(g) * (self._e / total)
        nothing = np.equal(self.restored(y), -np.inf)  # then all x are -inf
        shares = softmax(np.where(nothing, 0, x), self._axes)  # type: ignore[call-overload]
        return self.restored(g) * np.where(nothing, 0, shares)


class Normalized(Function):
    """Base of softmax and its logarithm: the axes that are normalised together stay."""

    def __init__(self, axis: Axis = -1) -> None:
        self.axis = axis

    def lowered(self, x: Any) -> Any:
        """`x` less its maximum, so that its exponential cannot overflow."""
        self._axes = reduced_axes(self.axis, len(x.shape))
        return lowered_by_top(x, self._axes)[1]

    def total(self, x: Any) -> Any:
        """Sum over the axes, which stay with size 1."""
        return np.sum(x, axis=self._axes, keepdims=True)


class Softmax(Normalized):
    """y = e^x / sum e^x;  gx = y (g - sum g y)"""

    def forward(self, x: Any) -> Any:
        e = np.exp(self.lowered(x))
        y = narrowed(e / self.total(e), x)
        self.save(y)
        return y

    def backward(self, g: Any) -> Any:
        (y,) = self.saved
        return y * (g - self.total(g * y))


class LogSoftmax(Normalized):
    """y = x - log sum e^x;  gx = g - e^y sum g"""

    def forward(self, x: Any) -> Any:
        lowered = self.lowered(x)
        with np.errstate(divide="ignore"):  # a row of nothing
            y = narrowed(lowered - np.log(self.total(np.exp(lowered))), x)
        self.save(y)
        return y

    def backward(self, g: Any) -> Any:
        (y,) = self.saved
        return g - np.exp(y) * self.total(g)


def lowered_by_top(x: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """The maximum of `x` over `axes`, which stay with size 1, and `x` less it, in wide floats.

    Where the maximum is infinite, what reaches it is 0 and all else -inf: the limit, in which equal
    ones share. Where all are -inf they stay so, and so they do in an empty array; the maximum is 0
    then.
    """
    x = wide(x)
    if isinstance(x, _CONCRETE):
        if x.size == 0:
            return np.zeros([1 if i in axes else n for i, n in enumerate(x.shape)], x.dtype), x
        top = np.max(x, axis=axes, keepdims=True)
        if np.isfinite(top).all():
            return top, x - top
    else:
        top = np.max(x, axis=axes, keepdims=True)
    top = np.where(np.equal(top, -np.inf), 0, top)
    is_top = np.equal(x, top)
    return top, np.where(is_top, 0, np.where(is_top, 0, x) - top)


# ---------------------------------------------------------------------- their functions
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


@implements(np.var)
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
        0 for the variance of these numbers, 1 for an unbiased estimate of that behind a sample.
    keepdims : bool
    where : bool array, optional
        Which elements count.
    mean : Variable or array, optional
        The mean, with the axes kept, where it is known already; it has its own gradient.
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


@implements(np.std)
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


@implements(np.prod)
def prod(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Product over `axis` (all axes by default); the gradient is right at zeros, too.

    Parameters
    ----------
    a, axis, dtype, out, keepdims, initial, where
        As of `sum`.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> x = tw.Variable([2.0, 0.0, 3.0])
    >>> F.prod(x).backward()
    >>> x.grad.data
    array([0., 6., 0.])
    """
    refuse_out("prod", out)
    y = Prod(axis, keepdims)(only("prod", in_dtype("prod", a, dtype), where, 1))
    return y if initial is None else y * initial


@implements(np.cumsum)
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


def logsumexp(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """``log(sum(exp(a)))`` over `axis` (all axes by default) without overflow.

    ``-inf`` counts for nothing; a sum of nothing is ``-inf``.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> round(float(F.logsumexp(tw.Variable([1000.0, 1000.0]))), 4)
    1000.6931
    """
    return Logsumexp(axis, keepdims)(a)


def softmax(x: Any, axis: Axis = -1) -> Any:
    """``exp(x) / sum(exp(x))``: probabilities along `axis`, without overflow.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.softmax(tw.Variable([1000.0, 1000.0])).data
    array([0.5, 0.5])
    """
    return Softmax(axis)(x)


def log_softmax(x: Any, axis: Axis = -1) -> Any:
    """Logarithm of `softmax`, which stays finite where a probability is too small for a float.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.log_softmax(tw.Variable([0.0, 1000.0])).data
    array([-1000.,     0.])
    """
    return LogSoftmax(axis)(x)
