"""The logistic family (of one number and of two) and the rectifiers, without overflow anywhere.

NumPy has no function for these. So an op offers itself to a foreign array first, which may keep
it whole; on arrays (and where the offer is declined) it is computed with NumPy's functions.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from tinygrad_w2v.autograd.dispatch import implements
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.node import offer_whole
from tinygrad_w2v.functions.arithmetic import Arithmetic
from tinygrad_w2v.functions.casting import real
from tinygrad_w2v.functions.elementwise import Elementwise


def _sigmoid(x: Any) -> Any:
    found = offer_whole("sigmoid", x)
    if found is not NotImplemented:
        return found
    e = np.exp(-np.absolute(x))  # never above 1
    return np.where(np.greater_equal(x, 0), 1, e) / (1 + e)


def softplus_of(x: Any) -> Any:
    """``log(1 + e**x)`` of an array: what the op computes."""
    found = offer_whole("softplus", x)
    if found is not NotImplemented:
        return found
    return np.maximum(x, 0) + np.log1p(np.exp(-np.absolute(x)))


def _log_sigmoid(x: Any) -> Any:
    found = offer_whole("log_sigmoid", x)
    if found is not NotImplemented:
        return found
    return np.minimum(x, 0) - np.log1p(np.exp(-np.absolute(x)))


def _relu(x: Any) -> Any:
    found = offer_whole("relu", x)
    return np.maximum(x, 0) if found is NotImplemented else found


class Sigmoid(Elementwise):
    """y = 1 / (1 + e^-x);  dy/dx = y (1 - y)"""

    ufunc = staticmethod(_sigmoid)

    def slope(self, y: Any) -> Any:
        return y * (1 - y)


class Softplus(Elementwise):
    """y = log(1 + e^x);  dy/dx = sigmoid x"""

    ufunc = staticmethod(softplus_of)

    def slope(self, x: Any) -> Any:
        return sigmoid(x)


class LogSigmoid(Elementwise):
    """y = -log(1 + e^-x);  dy/dx = sigmoid -x"""

    ufunc = staticmethod(_log_sigmoid)

    def slope(self, x: Any) -> Any:
        return sigmoid(-x)


class Relu(Function):
    """y = max(x, 0);  gx = g where x > 0, else 0"""

    def forward(self, x: Any) -> Any:
        self.save(x)
        return _relu(x)

    def backward(self, g: Any) -> Any:
        (x,) = self.saved
        return np.where(np.greater(x, 0), g, 0)


class LeakyRelu(Function):
    """y = x where x > 0, else a x;  dy/dx = 1 where x > 0, else a"""

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope

    def forward(self, x: Any) -> Any:
        self.save(x)
        found = offer_whole("leaky_relu", x, self.negative_slope)
        if found is NotImplemented:
            found = np.where(np.greater(x, 0), x, self.negative_slope * x)
        return found

    def backward(self, g: Any) -> Any:
        (x,) = self.saved
        return np.where(np.greater(x, 0), g, self.negative_slope * g)


class Logaddexp(Arithmetic):
    """z = log(e^x + e^y);  gx = g sigmoid(x - y),  gy = g sigmoid(y - x)   (0 where z = -inf)"""

    ufunc: ClassVar[Any] = np.logaddexp
    unit: ClassVar[float] = 1.0  # the logarithm of the base

    def forward(self, x: Any, y: Any) -> Any:
        z = self.ufunc(real(x), real(y))
        self.save(x, y, z)
        return z

    def backward(self, g: Any) -> Any:
        x, y, z = self.saved
        tie = np.logical_and(np.equal(x, y), np.isinf(x))  # whose difference would be NaN
        difference = self.unit * (np.where(tie, 0, x) - np.where(tie, 0, y))
        g = np.where(np.equal(z, -np.inf), 0, g)
        gx = g * sigmoid(difference) if self.needs(0) else None
        return gx, g * sigmoid(-difference) if self.needs(1) else None


# ---------------------------------------------------------------------- their functions
def sigmoid(x: Any) -> Any:
    """The logistic function ``1 / (1 + e**-x)``, a probability made of a score.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.sigmoid(tw.Variable([-1000.0, 0.0, 1000.0])).data
    array([0. , 0.5, 1. ])
    """
    return Sigmoid()(x)


def log_sigmoid(x: Any) -> Any:
    """``log sigmoid(x) = -log(1 + e**-x)``: near ``x`` for large negative `x`, never -inf.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.log_sigmoid(tw.Variable([-1000.0, 0.0])).data.tolist()
    [-1000.0, -0.6931471805599453]
    """
    return LogSigmoid()(x)


def softplus(x: Any) -> Any:
    """``log(1 + e**x)``: a smooth maximum of `x` and 0, and ``-log_sigmoid(-x)``.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.softplus(tw.Variable([0.0, 1000.0])).data.tolist()
    [0.6931471805599453, 1000.0]
    """
    return Softplus()(x)


def relu(x: Any) -> Any:
    """``max(x, 0)``; the slope at 0 is 0.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.relu(tw.Variable([-1.0, 2.0])).data
    array([0., 2.])
    """
    return Relu()(x)


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    """`x` where it is positive, else ``negative_slope * x``; the slope at 0 is the negative one.

    Parameters
    ----------
    x : Variable or array
    negative_slope : float
        Slope for ``x <= 0``.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.leaky_relu(tw.Variable([-1.0, 2.0]), 0.1).data
    array([-0.1,  2. ])
    """
    slope = float(negative_slope)
    return LeakyRelu(slope)(x) if slope else Relu()(x)  # 0 * -inf would be NaN


@implements(np.logaddexp)
def logaddexp(x1: Any, x2: Any) -> Any:
    """``log(e**x1 + e**x2)`` without overflow.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.logaddexp(tw.Variable([0.0, 1000.0]), 1000.0).data
    array([1000.        , 1000.69314718])
    """
    return Logaddexp()(x1, x2)
