"""The logistic family (of one number and of two), the rectifiers, dropout, the stopped gradient.

NumPy has no function for most of these. So an op offers itself to a foreign array first, which may
keep it whole; on arrays (and where the offer is declined) it is computed with NumPy's functions.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.randomness import require_generator
from tinygrad_w2v._base.types import BoolArray
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.node import offer_whole
from tinygrad_w2v.functions.arithmetic import Arithmetic
from tinygrad_w2v.functions.casting import real
from tinygrad_w2v.functions.elementwise import Elementwise
from tinygrad_w2v.functions.keyed import KeyedGenerator

__all__ = ["dropout", "leaky_relu", "log_sigmoid", "logaddexp", "logaddexp2", "relu", "sigmoid"]
__all__ += ["softplus", "stop_gradient"]


def _sigmoid(x: Any) -> Any:
    if (y := offer_whole("sigmoid", x)) is not NotImplemented:
        return y
    e = np.exp(-np.absolute(x))  # never above 1
    return np.where(np.greater_equal(x, 0), 1, e) / (1 + e)


class Sigmoid(Elementwise, ufunc=_sigmoid):
    """y = 1 / (1 + exp(-x));  gx = g * y * (1 - y)"""

    def slope(self, y: Any) -> Any:
        return y * (1 - y)


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


def softplus_of(x: Any) -> Any:
    """``log(1 + e**x)`` of an array: what the op computes."""
    if (y := offer_whole("softplus", x)) is not NotImplemented:
        return y
    return np.maximum(x, 0) + np.log1p(np.exp(-np.absolute(x)))


class Softplus(Elementwise, ufunc=softplus_of):
    """y = log(1 + exp(x));  gx = g * sigmoid(x)"""

    def slope(self, x: Any) -> Any:
        return sigmoid(x)


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


def _log_sigmoid(x: Any) -> Any:
    if (y := offer_whole("log_sigmoid", x)) is not NotImplemented:
        return y
    return np.minimum(x, 0) - np.log1p(np.exp(-np.absolute(x)))


class LogSigmoid(Elementwise, ufunc=_log_sigmoid):
    """y = -log(1 + exp(-x));  gx = g * sigmoid(-x)"""

    def slope(self, x: Any) -> Any:
        return sigmoid(-x)


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


def _relu(x: Any) -> Any:
    y = offer_whole("relu", x)
    return np.maximum(x, 0) if y is NotImplemented else y


class Relu(Function):
    """y = maximum(x, 0);  gx = where(x > 0, g, 0)"""

    def forward(self, x: Any) -> Any:
        self.save(x)
        return _relu(x)

    def backward(self, g: Any) -> Any:
        (x,) = self.saved
        return np.where(np.greater(x, 0), g, 0)


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


class LeakyRelu(Function):
    """y = where(x > 0, x, negative_slope * x);  gx = where(x > 0, g, negative_slope * g)"""

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope

    def forward(self, x: Any) -> Any:
        self.save(x)
        y = offer_whole("leaky_relu", x, self.negative_slope)
        if y is NotImplemented:
            y = np.where(np.greater(x, 0), x, self.negative_slope * x)
        return y

    def backward(self, g: Any) -> Any:
        (x,) = self.saved
        return np.where(np.greater(x, 0), g, self.negative_slope * g)


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


class Logaddexp(Arithmetic):
    """z = log(exp(x) + exp(y));  gx = g * exp(x - z),  gy = g * exp(y - z)   (0 at -inf)"""

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


class Logaddexp2(Logaddexp):
    """z = log2(2**x + 2**y);  gx = g * 2**(x - z),  gy = g * 2**(y - z)   (0 at -inf)"""

    ufunc = np.logaddexp2
    unit = math.log(2)


def logaddexp2(x1: Any, x2: Any) -> Any:
    """``log2(2**x1 + 2**x2)`` without overflow.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.logaddexp2(tw.Variable([0.0, 3.0]), 3.0).data.round(6)
    array([3.169925, 4.      ])
    """
    return Logaddexp2()(x1, x2)


class Dropout(Function):
    """y = where(kept, x / (1 - p), 0);  gx = where(kept, g / (1 - p), 0)"""

    def __init__(self, p: float, kept: BoolArray) -> None:
        self.p, self._kept = p, kept

    @property
    def kept(self) -> BoolArray:
        """Where `x` is kept."""
        return self._kept

    def forward(self, x: Any) -> Any:
        return np.where(self._kept, real(x) * (1 / (1 - self.p)), 0)

    def backward(self, g: Any) -> Any:
        return np.where(self._kept, g * (1 / (1 - self.p)), 0)


def dropout(x: Any, p: float, rng: np.random.Generator | KeyedGenerator) -> Any:
    """Set each element to 0 with probability `p` and scale the others by ``1 / (1 - p)``.

    The expected value stays that of `x` [1]_. Call it in training only.

    Parameters
    ----------
    x : Variable or array
    p : float
        Probability of a 0: at least 0, less than 1.
    rng : numpy.random.Generator or tinygrad_w2v.KeyedGenerator
        What the mask is drawn from. Only the second, whose masks depend on the example alone, can
        be compiled.

    Raises
    ------
    InputError
        If `p` is not a probability below 1, or `rng` no generator.
    ShapeError
        If `x` has not the examples of a KeyedGenerator in front.

    References
    ----------
    .. [1] Srivastava et al., "Dropout", JMLR 15 (2014).

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.dropout(tw.Variable(np.ones(6)), 0.5, np.random.default_rng(0)).data
    array([2., 0., 0., 0., 2., 2.])
    """
    if not 0 <= p < 1:
        raise InputError(f"dropout: p is the probability of a 0, in [0, 1), not {p}")
    p = float(p)  # a NumPy float64 would widen float32 data
    if isinstance(rng, KeyedGenerator):
        return Dropout(p, np.logical_not(rng.dropped(x, p)))(x)
    generator = require_generator(rng)
    offer_whole("draw_by_state", getattr(x, "_data", x))  # which may refuse it
    return Dropout(p, generator.random(np.shape(x)) >= p)(x)


class StopGradient(Function):
    """y = x   (no gradient goes back)"""

    def forward(self, x: Any) -> Any:
        y = offer_whole("stop_gradient", x)
        return x if y is NotImplemented else y

    def backward(self, g: Any) -> Any:
        return None


def stop_gradient(x: Any) -> Any:
    """`x` itself; backward does not go beyond it.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> x = tw.Variable(3.0)
    >>> (x * F.stop_gradient(x)).backward()
    >>> float(x.grad)
    3.0
    """
    return StopGradient()(x)
