"""More logarithms, powers and roots to base 2, 10 and 3, and what to do about NaN."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_w2v.autograd.dispatch import implements, unwrapped
from tinygrad_w2v.functions.activations import Logaddexp
from tinygrad_w2v.functions.arithmetic import Arithmetic
from tinygrad_w2v.functions.elementwise import Elementwise
from tinygrad_w2v.functions.selection import where


class Log10(Elementwise):
    """y = log x / log 10;  dy/dx = 1 / (x log 10)"""

    ufunc = np.log10

    def slope(self, x: Any) -> Any:
        return 1 / (x * math.log(10))


class Exp2(Elementwise):
    """y = 2^x;  dy/dx = y log 2"""

    ufunc = np.exp2

    def slope(self, y: Any) -> Any:
        return y * math.log(2)


class Reciprocal(Elementwise):
    """y = 1 / x;  dy/dx = -y^2"""

    ufunc = np.reciprocal

    def slope(self, y: Any) -> Any:
        return -y * y


class Cbrt(Elementwise):
    """y = x^(1/3);  dy/dx = 1 / (3 y^2)"""

    ufunc = np.cbrt

    def slope(self, y: Any) -> Any:
        return 1 / (3 * y * y)


class Logaddexp2(Logaddexp):
    """z = log2(2^x + 2^y);  gx = g 2^(x-z),  gy = g 2^(y-z)   (0 where z = -inf)"""

    ufunc = np.logaddexp2
    unit = math.log(2)


class Positive(Arithmetic):
    """y = x;  gx = g"""

    def forward(self, x: Any) -> Any:
        return np.positive(x)

    def backward(self, g: Any) -> Any:
        return g


# ---------------------------------------------------------------------- their functions
@implements(np.log10)
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


@implements(np.exp2)
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


@implements(np.logaddexp2)
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


@implements(np.reciprocal)
def reciprocal(x: Any) -> Any:
    """One by `x`; of integers, too, where NumPy drops the fraction.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.reciprocal(tw.Variable([1.0, -4.0])).data
    array([ 1.  , -0.25])
    """
    return Reciprocal()(x)


@implements(np.cbrt)
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


@implements(np.positive, np.conjugate)
def positive(x: Any) -> Any:
    """`x` itself, ``+x``: for real numbers that is also ``np.conjugate``.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.positive(tw.Variable([1.0, -2.0])).data
    array([ 1., -2.])
    """
    return Positive()(x)


@implements(np.nan_to_num)
def nan_to_num(
    x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    """`x` with numbers in place of NaN and of the infinities; no gradient goes to these.

    Parameters
    ----------
    x : Variable or array
    copy : True
        Nothing is done in place: a graph is made of new values.
    nan, posinf, neginf : number or array
        What stands instead; for an infinity the largest number of the dtype by default.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.nan_to_num(tw.Variable([1.0, np.nan, np.inf]), posinf=9.0).data
    array([1., 0., 9.])
    """
    if not copy:
        raise TypeError(
            "nan_to_num: copy=False would write into the data, and a graph is made of new "
            "values; leave it out"
        )
    data = unwrapped(x)
    filled = np.nan_to_num(data, nan=nan, posinf=posinf, neginf=neginf)
    return where(np.isfinite(data), x, filled)
