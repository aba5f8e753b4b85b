"""The hyperbolic functions and their inverses."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v.functions.elementwise import Elementwise

__all__ = ["arccosh", "arcsinh", "arctanh", "cosh", "sinh", "tanh"]


class Sinh(Elementwise, ufunc=np.sinh):
    """y = sinh(x);  gx = g * cosh(x)"""

    def slope(self, x: Any) -> Any:
        return np.cosh(x)


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


class Cosh(Elementwise, ufunc=np.cosh):
    """y = cosh(x);  gx = g * sinh(x)"""

    def slope(self, x: Any) -> Any:
        return np.sinh(x)


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


class Tanh(Elementwise, ufunc=np.tanh):
    """y = tanh(x);  gx = g * (1 - y**2)"""

    def slope(self, y: Any) -> Any:
        return 1 - y * y


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


class Arcsinh(Elementwise, ufunc=np.arcsinh):
    """y = arcsinh(x);  gx = g / sqrt(1 + x**2)"""

    def slope(self, x: Any) -> Any:
        return 1 / np.hypot(1, x)


def arcsinh(x: Any) -> Any:
    """Inverse hyperbolic sine.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.arcsinh(tw.Variable([0.0, 1.0])).data
    array([0.        , 0.88137359])
    """
    return Arcsinh()(x)


class Arccosh(Elementwise, ufunc=np.arccosh):
    """y = arccosh(x);  gx = g / sqrt(x**2 - 1)"""

    def slope(self, x: Any) -> Any:
        return 1 / (np.sqrt(x - 1) * np.sqrt(x + 1))


def arccosh(x: Any) -> Any:
    """Inverse hyperbolic cosine of `x >= 1`; infinitely steep at 1.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.arccosh(tw.Variable([1.0, 2.0])).data
    array([0.       , 1.3169579])
    """
    return Arccosh()(x)


class Arctanh(Elementwise, ufunc=np.arctanh):
    """y = arctanh(x);  gx = g / (1 - x**2)"""

    def slope(self, x: Any) -> Any:
        return 1 / ((1 - x) * (1 + x))


def arctanh(x: Any) -> Any:
    """Inverse hyperbolic tangent of `x` between -1 and 1.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.arctanh(tw.Variable([0.0, 0.5])).data
    array([0.        , 0.54930614])
    """
    return Arctanh()(x)
