"""Powers, roots, exponentials and logarithms; and the base of all ops of one number.

`Elementwise` is the plumbing: an op says which ufunc it is and how steep, in terms of the input
``x``, the output ``y`` or both, and only what `slope` names is kept for the backward pass.
"""

from __future__ import annotations

import inspect
import math
from typing import Any, ClassVar

import numpy as np

from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.functions.casting import real

__all__ = ["cbrt", "exp", "exp2", "expm1", "log", "log1p", "log2", "log10"]
__all__ += ["reciprocal", "sqrt", "square"]


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


# By what `slope` names; chosen once per class, so that a call need not look.
_FORWARD = {(): _keep_nothing, ("x",): _keep_x, ("y",): _keep_y, ("x", "y"): _keep_both}


class Elementwise(Function):
    """y = ufunc(x);  gx = g * slope   (of x, of y, or of both: `slope`'s parameters decide)"""

    ufunc: ClassVar[Any]
    slope: Any  # a method: dy/dx, in terms of what its parameters name

    def __init_subclass__(cls, ufunc: Any = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if ufunc is not None:  # a function would become a method, a ufunc does not
            cls.ufunc = ufunc if isinstance(ufunc, np.ufunc) else staticmethod(ufunc)
        if "slope" not in vars(cls):
            return
        names = tuple(inspect.signature(cls.slope).parameters)[1:]
        if names not in _FORWARD:
            raise TypeError(f"{cls.__name__}.slope takes `x`, `y` or both in this order: {names}")
        if "forward" not in vars(cls):
            cls.forward = _FORWARD[names]  # type: ignore[method-assign]

    def backward(self, g: Any) -> Any:
        return g * self.slope(*self.saved)


class Square(Elementwise, ufunc=np.square):
    """y = x**2;  gx = g * 2 * x"""

    def slope(self, x: Any) -> Any:
        return 2 * x


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


class Sqrt(Elementwise, ufunc=np.sqrt):
    """y = sqrt(x);  gx = g / (2 * y)"""

    def slope(self, y: Any) -> Any:
        return 0.5 / y


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


class Cbrt(Elementwise, ufunc=np.cbrt):
    """y = cbrt(x);  gx = g / (3 * y**2)"""

    def slope(self, y: Any) -> Any:
        return 1 / (3 * y * y)


def cbrt(x: Any) -> Any:
    """Cube root, of negative numbers, too; its slope at 0 is infinite.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.cbrt(tw.Variable([8.0, -27.0])).data
    array([ 2., -3.])
    """
    return Cbrt()(x)


class Reciprocal(Elementwise, ufunc=np.reciprocal):
    """y = 1 / x;  gx = -g * y**2"""

    def slope(self, y: Any) -> Any:
        return -y * y


def reciprocal(x: Any) -> Any:
    """``1 / x``; of integers, too, where NumPy drops the fraction.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.reciprocal(tw.Variable([1.0, -4.0])).data
    array([ 1.  , -0.25])
    """
    return Reciprocal()(x)


class Exp(Elementwise, ufunc=np.exp):
    """y = exp(x);  gx = g * y"""

    def slope(self, y: Any) -> Any:
        return y


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


class Exp2(Elementwise, ufunc=np.exp2):
    """y = 2**x;  gx = g * y * log(2)"""

    def slope(self, y: Any) -> Any:
        return y * math.log(2)


def exp2(x: Any) -> Any:
    """Power of 2, ``2**x``.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.exp2(tw.Variable([0.0, 3.0])).data
    array([1., 8.])
    """
    return Exp2()(x)


class Expm1(Elementwise, ufunc=np.expm1):
    """y = exp(x) - 1;  gx = g * (y + 1)"""

    def slope(self, y: Any) -> Any:
        return y + 1


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


class Log(Elementwise, ufunc=np.log):
    """y = log(x);  gx = g / x"""

    def slope(self, x: Any) -> Any:
        return 1 / x


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


class Log2(Elementwise, ufunc=np.log2):
    """y = log2(x);  gx = g / (x * log(2))"""

    def slope(self, x: Any) -> Any:
        return 1 / (x * math.log(2))


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


class Log10(Elementwise, ufunc=np.log10):
    """y = log10(x);  gx = g / (x * log(10))"""

    def slope(self, x: Any) -> Any:
        return 1 / (x * math.log(10))


def log10(x: Any) -> Any:
    """Logarithm of `x > 0` to base 10.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.log10(tw.Variable([1.0, 1000.0])).data
    array([0., 3.])
    """
    return Log10()(x)


class Log1p(Elementwise, ufunc=np.log1p):
    """y = log(1 + x);  gx = g / (1 + x)"""

    def slope(self, x: Any) -> Any:
        return 1 / (1 + x)


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
