"""One number in, one number out: each op is its NumPy function and its slope.

`Elementwise` is the plumbing: an op says which ufunc it is and how steep, in terms of the input
``x``, the output ``y`` or both, and only what `slope` names is kept for the backward pass.
"""

from __future__ import annotations

import inspect
import math
from typing import Any, ClassVar

import numpy as np

from tinygrad_w2v.autograd.dispatch import implements
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.functions.casting import real

float64 = np.float64


# Integers and bools are computed in floats; NumPy would take float16 for the small ones. (A scalar
# of the most frequent kind is not asked for its dtype, which would cost more than to compute it.)
def _keep_nothing(self: Any, x: Any) -> Any:
    return self.ufunc(x if type(x) is float64 else real(x))


def _keep_x(self: Any, x: Any) -> Any:
    self.saved = (x,)
    return self.ufunc(x if type(x) is float64 or x.dtype.kind == "f" else real(x))


def _keep_y(self: Any, x: Any) -> Any:
    y = self.ufunc(x if type(x) is float64 or x.dtype.kind == "f" else real(x))
    self.saved = (y,)
    return y


def _keep_both(self: Any, x: Any) -> Any:
    y = self.ufunc(x if type(x) is float64 else real(x))
    self.saved = (x, y)
    return y


# By what `slope` names; chosen once for a class, so that an op does not ask each time.
_FORWARD = {(): _keep_nothing, ("x",): _keep_x, ("y",): _keep_y, ("x", "y"): _keep_both}


class Elementwise(Function):
    """y = ufunc(x);  gx = g slope   (of x, of y, or of both: `slope`'s parameters decide)"""

    ufunc: ClassVar[Any]
    slope: Any  # a method: dy/dx, in terms of what its parameters name

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "slope" not in vars(cls):
            return
        names = tuple(inspect.signature(cls.slope).parameters)[1:]
        if names not in _FORWARD:
            raise TypeError(f"{cls.__name__}.slope takes `x`, `y` or both in this order: {names}")
        if "forward" not in vars(cls):
            cls.forward = _FORWARD[names]  # type: ignore[method-assign]

    def backward(self, g: Any) -> Any:
        return g * self.slope(*self.saved)


class Sign(Elementwise):
    """y = -1, 0 or 1;  dy/dx = 0"""

    ufunc = np.sign

    def forward(self, x: Any) -> Any:
        self.save(x)
        return np.sign(x)  # of integers, too

    def slope(self, x: Any) -> Any:
        return np.zeros_like(x)


class Square(Elementwise):
    """y = x^2;  dy/dx = 2 x"""

    ufunc = np.square

    def slope(self, x: Any) -> Any:
        return 2 * x


class Sqrt(Elementwise):
    """y = x^(1/2);  dy/dx = 1 / (2 y)"""

    ufunc = np.sqrt

    def slope(self, y: Any) -> Any:
        return 0.5 / y


class Exp(Elementwise):
    """y = e^x;  dy/dx = y"""

    ufunc = np.exp

    def slope(self, y: Any) -> Any:
        return y


class Expm1(Elementwise):
    """y = e^x - 1;  dy/dx = y + 1"""

    ufunc = np.expm1

    def slope(self, y: Any) -> Any:
        return y + 1


class Log(Elementwise):
    """y = log x;  dy/dx = 1 / x"""

    ufunc = np.log

    def slope(self, x: Any) -> Any:
        return 1 / x


class Log1p(Elementwise):
    """y = log(1 + x);  dy/dx = 1 / (1 + x)"""

    ufunc = np.log1p

    def slope(self, x: Any) -> Any:
        return 1 / (1 + x)


class Log2(Elementwise):
    """y = log x / log 2;  dy/dx = 1 / (x log 2)"""

    ufunc = np.log2

    def slope(self, x: Any) -> Any:
        return 1 / (x * math.log(2))


class Sin(Elementwise):
    """y = sin x;  dy/dx = cos x"""

    ufunc = np.sin

    def slope(self, x: Any) -> Any:
        return np.cos(x)


class Cos(Elementwise):
    """y = cos x;  dy/dx = -sin x"""

    ufunc = np.cos

    def slope(self, x: Any) -> Any:
        return -np.sin(x)


class Tan(Elementwise):
    """y = tan x;  dy/dx = 1 + y^2"""

    ufunc = np.tan

    def slope(self, y: Any) -> Any:
        return 1 + y * y


class Tanh(Elementwise):
    """y = tanh x;  dy/dx = 1 - y^2"""

    ufunc = np.tanh

    def slope(self, y: Any) -> Any:
        return 1 - y * y


class Sinh(Elementwise):
    """y = sinh x;  dy/dx = cosh x"""

    ufunc = np.sinh

    def slope(self, x: Any) -> Any:
        return np.cosh(x)


class Cosh(Elementwise):
    """y = cosh x;  dy/dx = sinh x"""

    ufunc = np.cosh

    def slope(self, x: Any) -> Any:
        return np.sinh(x)


class Arctan(Elementwise):
    """y = arctan x;  dy/dx = 1 / (1 + x^2)"""

    ufunc = np.arctan

    def slope(self, x: Any) -> Any:
        infinite = np.isinf(x)  # where the derivative of x^2 would be 0 times infinity
        x = np.where(infinite, 0, x)
        return np.where(infinite, 0, 1 / (1 + x * x))


# ---------------------------------------------------------------------- their functions
def sign(x: Any) -> Any:
    """Sign of `x`: -1, 0 or 1; its slope is 0 everywhere.

    ``np.sign`` of a Variable gives a plain array; this one stays in the graph.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.sign(tw.Variable([-2.0, 0.0, 3.0])).data
    array([-1.,  0.,  1.])
    """
    return Sign()(x)


@implements(np.square)
def square(x: Any) -> Any:
    """Square, ``x * x``.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.square(tw.Variable([1.0, -3.0])).data
    array([1., 9.])
    """
    return Square()(x)


@implements(np.sqrt)
def sqrt(x: Any) -> Any:
    """Square root of `x >= 0`; its slope at 0 is infinite.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.sqrt(tw.Variable([1.0, 9.0])).data
    array([1., 3.])
    """
    return Sqrt()(x)


@implements(np.exp)
def exp(x: Any) -> Any:
    """Exponential ``e**x``.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.exp(tw.Variable([0.0, 1.0])).data
    array([1.        , 2.71828183])
    """
    return Exp()(x)


@implements(np.expm1)
def expm1(x: Any) -> Any:
    """``e**x - 1``, exact near 0.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.expm1(tw.Variable([0.0, 1e-12])).data
    array([0.e+00, 1.e-12])
    """
    return Expm1()(x)


@implements(np.log)
def log(x: Any) -> Any:
    """Natural logarithm of `x > 0`.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.log(tw.Variable([1.0, 2.0])).data
    array([0.        , 0.69314718])
    """
    return Log()(x)


@implements(np.log1p)
def log1p(x: Any) -> Any:
    """``log(1 + x)``, exact near 0.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.log1p(tw.Variable([0.0, 1e-12])).data
    array([0.e+00, 1.e-12])
    """
    return Log1p()(x)


@implements(np.log2)
def log2(x: Any) -> Any:
    """Logarithm to base 2: what a probability costs in bits.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.log2(tw.Variable([1.0, 8.0])).data
    array([0., 3.])
    """
    return Log2()(x)


@implements(np.sin)
def sin(x: Any) -> Any:
    """Sine; `x` in radians.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.sin(tw.Variable([0.0, 1.0])).data
    array([0.        , 0.84147098])
    """
    return Sin()(x)


@implements(np.cos)
def cos(x: Any) -> Any:
    """Cosine; `x` in radians.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.cos(tw.Variable([0.0, 1.0])).data
    array([1.        , 0.54030231])
    """
    return Cos()(x)


@implements(np.tan)
def tan(x: Any) -> Any:
    """Tangent; `x` in radians.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.tan(tw.Variable([0.0, 1.0])).data
    array([0.        , 1.55740772])
    """
    return Tan()(x)


@implements(np.tanh)
def tanh(x: Any) -> Any:
    """Hyperbolic tangent, between -1 and 1.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.tanh(tw.Variable([0.0, 1.0])).data
    array([0.        , 0.76159416])
    """
    return Tanh()(x)


@implements(np.sinh)
def sinh(x: Any) -> Any:
    """Hyperbolic sine.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.sinh(tw.Variable([0.0, 1.0])).data
    array([0.        , 1.17520119])
    """
    return Sinh()(x)


@implements(np.cosh)
def cosh(x: Any) -> Any:
    """Hyperbolic cosine.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.cosh(tw.Variable([0.0, 1.0])).data
    array([1.        , 1.54308063])
    """
    return Cosh()(x)


@implements(np.arctan)
def arctan(x: Any) -> Any:
    """Inverse tangent, in radians between -pi/2 and pi/2.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.arctan(tw.Variable([0.0, 1.0])).data
    array([0.        , 0.78539816])
    """
    return Arctan()(x)
