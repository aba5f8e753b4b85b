"""Angles and what belongs to them: the circular functions, their inverses, hypot, degrees, sinc.

Slopes are written so that they neither overflow nor cancel: ``1 - x^2`` as a product, a length as
`hypot`, the slope of sinc near 0 as a series.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_w2v.autograd.dispatch import implements
from tinygrad_w2v.functions.arithmetic import Arithmetic
from tinygrad_w2v.functions.casting import real
from tinygrad_w2v.functions.elementwise import Elementwise

__all__ = ["arccos", "arcsin", "arctan", "arctan2", "cos", "deg2rad", "hypot", "rad2deg"]
__all__ += ["sin", "sinc", "tan"]


class Sin(Elementwise, ufunc=np.sin):
    """y = sin(x);  gx = g * cos(x)"""

    def slope(self, x: Any) -> Any:
        return np.cos(x)


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


class Cos(Elementwise, ufunc=np.cos):
    """y = cos(x);  gx = -g * sin(x)"""

    def slope(self, x: Any) -> Any:
        return -np.sin(x)


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


class Tan(Elementwise, ufunc=np.tan):
    """y = tan(x);  gx = g * (1 + y**2)"""

    def slope(self, y: Any) -> Any:
        return 1 + y * y


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


class Arcsin(Elementwise, ufunc=np.arcsin):
    """y = arcsin(x);  gx = g / sqrt(1 - x**2)"""

    def slope(self, x: Any) -> Any:
        return 1 / np.sqrt((1 - x) * (1 + x))


def arcsin(x: Any) -> Any:
    """Inverse sine of `x` between -1 and 1, in radians; infinitely steep at both ends.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.arcsin(tw.Variable([0.0, 1.0])).data
    array([0.        , 1.57079633])
    """
    return Arcsin()(x)


class Arccos(Elementwise, ufunc=np.arccos):
    """y = arccos(x);  gx = -g / sqrt(1 - x**2)"""

    def slope(self, x: Any) -> Any:
        return -1 / np.sqrt((1 - x) * (1 + x))


def arccos(x: Any) -> Any:
    """Inverse cosine of `x` between -1 and 1, in radians; infinitely steep at both ends.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.arccos(tw.Variable([0.0, 1.0])).data
    array([1.57079633, 0.        ])
    """
    return Arccos()(x)


class Arctan(Elementwise, ufunc=np.arctan):
    """y = arctan(x);  gx = g / (1 + x**2)"""

    def slope(self, x: Any) -> Any:
        infinite = np.isinf(x)  # where the derivative of x^2 would be 0 times infinity
        x = np.where(infinite, 0, x)
        return np.where(infinite, 0, 1 / (1 + x * x))


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


class Arctan2(Arithmetic):
    """z = arctan2(y, x);  gy = g * x / r**2,  gx = -g * y / r**2   (0 at 0)

    With r = sqrt(x**2 + y**2).
    """

    def forward(self, y: Any, x: Any) -> Any:
        self.save(y, x)
        return np.arctan2(real(y), real(x))

    def backward(self, g: Any) -> Any:
        y, x = self.saved
        r = np.hypot(x, y)
        unit = np.where(np.equal(r, 0), 1, r)
        gy = g * part_of_length(x, r) / unit if self.needs(0) else None
        return gy, -g * part_of_length(y, r) / unit if self.needs(1) else None


def arctan2(x1: Any, x2: Any) -> Any:
    """Angle of the point ``(x2, x1)`` in radians, between -pi and pi.

    The origin has no angle; the slopes there are 0.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.arctan2(tw.Variable([1.0, -1.0]), tw.Variable([0.0, -1.0])).data
    array([ 1.57079633, -2.35619449])
    """
    return Arctan2()(x1, x2)


class Hypot(Arithmetic):
    """z = sqrt(x**2 + y**2);  gx = g * x / z,  gy = g * y / z   (0 at 0)"""

    def forward(self, x: Any, y: Any) -> Any:
        z = np.hypot(real(x), real(y))
        self.save(x, y, z)
        return z

    def backward(self, g: Any) -> Any:
        x, y, z = self.saved
        gx = g * part_of_length(x, z) if self.needs(0) else None
        return gx, g * part_of_length(y, z) if self.needs(1) else None


def hypot(x1: Any, x2: Any) -> Any:
    """Length of the hypotenuse, ``sqrt(x1**2 + x2**2)``, without overflow; flat at the origin.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> float(F.hypot(tw.Variable(3.0), 4.0))
    5.0
    """
    return Hypot()(x1, x2)


def part_of_length(x: Any, length: Any) -> Any:
    """``x / length``, the slope of a length by one of its parts: 0 where the length is 0.

    An infinite part is all of an infinite length, so that there is no ``inf / inf``.
    """
    infinite, none = np.isinf(x), np.equal(length, 0)
    x = np.where(infinite, np.sign(x), np.where(none, 0, x))
    return x / np.where(np.logical_or(infinite, none), 1, length)


class Deg2rad(Elementwise, ufunc=np.deg2rad):
    """y = x * pi / 180;  gx = g * pi / 180"""

    def slope(self) -> Any:
        return math.pi / 180


@implements(np.radians)
def deg2rad(x: Any) -> Any:
    """Degrees to radians.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.deg2rad(tw.Variable([0.0, 180.0])).data
    array([0.        , 3.14159265])
    """
    return Deg2rad()(x)


class Rad2deg(Elementwise, ufunc=np.rad2deg):
    """y = x * 180 / pi;  gx = g * 180 / pi"""

    def slope(self) -> Any:
        return 180 / math.pi


@implements(np.degrees)
def rad2deg(x: Any) -> Any:
    """Radians to degrees.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.rad2deg(tw.Variable([0.0, 3.0])).data
    array([  0.        , 171.88733854])
    """
    return Rad2deg()(x)


class Sinc(Elementwise, ufunc=np.sinc):
    """y = sin(u) / u;  gx = g * (cos(u) - y) / x,  u = pi * x   (1 at 0, with slope 0)"""

    def slope(self, x: Any, y: Any) -> Any:
        near = np.less(np.absolute(x), 1 / math.pi)
        far_x = np.where(near, 1, x)
        far = (np.cos(math.pi * far_x) - y) / far_x
        # Near 0 the difference cancels; there it is  -pi u (1/3 - u^2/30 + u^4/840 - ...).
        u = math.pi * np.where(near, x, 0)
        series: Any = 0.0
        for coefficient in _SINC_SERIES:
            series = coefficient - u * u * series
        return np.where(near, -math.pi * u * series, far)


def sinc(x: Any) -> Any:
    """``sin(pi x) / (pi x)``, and 1 at 0; all its slopes are right there, too.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.sinc(tw.Variable([0.0, 0.5, 1.5])).data
    array([ 1.        ,  0.63661977, -0.21220659])
    """
    return Sinc()(x)


# Of u^14, ... u^2, u^0: what is left out is below 1e-16 for |u| < 1.
_SINC_SERIES = [
    1 / (2**k * math.factorial(k) * math.prod(range(1, 2 * k + 4, 2))) for k in range(7, -1, -1)
]
