"""Division with a remainder, and rounding: ``//``, ``%``, ``divmod`` and ``round``.

A quotient without its fraction is flat between its steps: its slope is 0, and a remainder falls by
one quotient for each unit of the divisor. At the steps themselves nothing has a slope; the one
that is used is that of the quotient there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v.autograd.dispatch import refuse_out
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.functions.arithmetic import Arithmetic

__all__ = ["divmod", "floor_divide", "fmod", "mod", "round"]


class FloorDivide(Arithmetic):
    """z = floor(x / y);  gx = 0,  gy = 0"""

    def forward(self, x: Any, y: Any) -> Any:
        return np.floor_divide(x, y)

    def backward(self, g: Any) -> Any:
        flat = np.zeros_like(g)
        return flat, flat


def floor_divide(x1: Any, x2: Any) -> Any:
    """Largest whole number that is not above ``x1 / x2``: ``x1 // x2``; flat, its slope is 0.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.floor_divide(tw.Variable([-7.0, 7.0]), 2).data
    array([-4.,  3.])
    """
    return FloorDivide()(x1, x2)


class Remainder(Arithmetic):
    """z = x - floor(x / y) * y;  gx = g,  gy = -g * floor(x / y)"""

    def forward(self, x: Any, y: Any) -> Any:
        self.save(x, y)
        return np.remainder(x, y)

    def backward(self, g: Any) -> Any:
        x, y = self.saved
        return g, -g * np.floor_divide(x, y) if self.needs(1) else None


def mod(x1: Any, x2: Any) -> Any:
    """Remainder of ``x1 // x2``, with the sign of `x2`: ``x1 % x2``.

    Its slopes are 1 and ``-(x1 // x2)``, also where it jumps.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> y = tw.Variable(2.0)
    >>> z = F.mod(-7.0, y)
    >>> z.backward()
    >>> float(z), float(y.grad)
    (1.0, 4.0)
    """
    return Remainder()(x1, x2)


class Fmod(Arithmetic):
    """z = x - trunc(x / y) * y;  gx = g,  gy = -g * trunc(x / y)"""

    def forward(self, x: Any, y: Any) -> Any:
        z = np.fmod(x, y)
        self.save(x, y, z)
        return z

    def backward(self, g: Any) -> Any:
        x, y, z = self.saved
        # x / y itself may round to the next integer; x - z is a multiple of y.
        return g, -g * np.rint((x - z) / y) if self.needs(1) else None


def fmod(x1: Any, x2: Any) -> Any:
    """Remainder of ``trunc(x1 / x2)``, with the sign of `x1`, as in C.

    Its slopes are 1 and ``-trunc(x1 / x2)``, also where it jumps.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.fmod(tw.Variable([-7.0, 7.0]), 2).data
    array([-1.,  1.])
    """
    return Fmod()(x1, x2)


def divmod(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Quotient and remainder: ``floor_divide(x1, x2), mod(x1, x2)``.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> [float(part) for part in F.divmod(tw.Variable(7.0), 2)]
    [3.0, 1.0]
    """
    return floor_divide(x1, x2), mod(x1, x2)


class Round(Function):
    """y = round(x, decimals);  gx = 0"""

    def __init__(self, decimals: int = 0) -> None:
        self.decimals = decimals

    def forward(self, x: Any) -> Any:
        return np.round(x, self.decimals)

    def backward(self, g: Any) -> Any:
        return np.zeros_like(g)


def round(a: Any, decimals: int = 0, out: None = None) -> Any:
    """`a` rounded to so many decimals, halves to the even neighbour; flat, its slope is 0.

    ``np.round`` of a Variable gives a plain array; this one stays in the graph, and so do
    ``v.round()`` and Python's ``round(v)``.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.round(tw.Variable([0.5, 1.26]), 1).data
    array([0.5, 1.3])
    """
    refuse_out("round", out)
    return Round(decimals)(a)
