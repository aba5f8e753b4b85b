"""Log-sum-exp, softmax and its logarithm, without overflow."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.functions.axes import Axis, reduced_axes
from tinygrad_w2v.functions.casting import narrowed, wide
from tinygrad_w2v.functions.reductions import Reduction

__all__ = ["log_softmax", "logsumexp", "softmax"]


_CONCRETE = (np.ndarray, np.generic)


class Logsumexp(Reduction):
    """y = log(sum(exp(x), axis));  gx = g * softmax(x, axis)   (0 at -inf)"""

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
    """y = exp(x) / sum(exp(x), axis);  gx = y * (g - sum(g * y, axis))"""

    def forward(self, x: Any) -> Any:
        e = np.exp(self.lowered(x))
        y = narrowed(e / self.total(e), x)
        self.save(y)
        return y

    def backward(self, g: Any) -> Any:
        (y,) = self.saved
        return y * (g - self.total(g * y))


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


class LogSoftmax(Normalized):
    """y = x - log(sum(exp(x), axis));  gx = g - exp(y) * sum(g, axis)"""

    def forward(self, x: Any) -> Any:
        lowered = self.lowered(x)
        with np.errstate(divide="ignore"):  # an empty row
            y = narrowed(lowered - np.log(self.total(np.exp(lowered))), x)
        self.save(y)
        return y

    def backward(self, g: Any) -> Any:
        (y,) = self.saved
        return g - np.exp(y) * self.total(g)


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


def lowered_by_top(x: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """The maximum of `x` over `axes`, which stay with size 1, and `x` less it, in wide floats.

    Where the maximum is infinite, the elements equal to it become 0 and all others -inf: the limit,
    in which equal ones share. Where all are -inf, or there are none, they stay as they are, and the
    maximum is 0.
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
