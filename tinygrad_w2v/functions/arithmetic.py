"""The ops behind Python's operators.

Rules say nothing of broadcasting: the engine sums a gradient down to its input's shape. Where one
input is a constant, its gradient is not computed (`needs`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.types import Shape
from tinygrad_w2v.autograd.debugging.misfits import unpaired
from tinygrad_w2v.autograd.dispatch import implements
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.functions.elementwise import Elementwise

__all__ = ["abs", "add", "divide", "multiply", "negative", "positive", "power", "sign", "subtract"]


class Arithmetic(Function):
    """Base of what takes several arrays: bools and integers take the Variables' float dtype."""

    promotes_integers = True


class Ring(Arithmetic):
    """Base of the operators that make integers of integers, which must not wrap around."""

    widens_integers = True


class Add(Ring):
    """z = x + y;  gx = g,  gy = g"""

    def forward(self, x: Any, y: Any) -> Any:
        return x + y

    def backward(self, g: Any) -> Any:
        return g, g


def add(x1: Any, x2: Any) -> Any:
    """Sum, element by element: ``x1 + x2``.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.add(tw.Variable([1.0, 2.0]), 1.0).data
    array([2., 3.])
    """
    return Add()(x1, x2)


class Subtract(Ring):
    """z = x - y;  gx = g,  gy = -g"""

    def forward(self, x: Any, y: Any) -> Any:
        return x - y

    def backward(self, g: Any) -> Any:
        return g, -g if self.needs(1) else None


def subtract(x1: Any, x2: Any) -> Any:
    """Difference, element by element: ``x1 - x2``.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.subtract(tw.Variable([1.0, 2.0]), 1.0).data
    array([0., 1.])
    """
    return Subtract()(x1, x2)


class Multiply(Ring):
    """z = x * y;  gx = g * y,  gy = g * x"""

    def forward(self, x: Any, y: Any) -> Any:
        self.save(x, y)
        return x * y

    def misfit(self, *shapes: Shape) -> str:
        x, y = shapes
        why = unpaired(shapes)
        product = len(x) == len(y) == 2 and x[1] == y[0]
        return f"{why}; the matrix product is written `@`" if why and product else why

    def backward(self, g: Any) -> Any:
        x, y = self.saved
        return g * y if self.needs(0) else None, g * x if self.needs(1) else None


def multiply(x1: Any, x2: Any) -> Any:
    """Product, element by element: ``x1 * x2``.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.multiply(tw.Variable([1.0, 2.0]), 3.0).data
    array([3., 6.])
    """
    return Multiply()(x1, x2)


class Divide(Arithmetic):
    """z = x / y;  gx = g / y,  gy = -g * x / y**2"""

    def forward(self, x: Any, y: Any) -> Any:
        self.save(x, y)
        return x / y

    def backward(self, g: Any) -> Any:
        x, y = self.saved
        gx = g / y
        return gx if self.needs(0) else None, -gx * x / y if self.needs(1) else None


def divide(x1: Any, x2: Any) -> Any:
    """Quotient, element by element: ``x1 / x2``.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.divide(tw.Variable([1.0, 2.0]), 2.0).data
    array([0.5, 1. ])
    """
    return Divide()(x1, x2)


class Power(Ring):
    """z = x**y;  gx = g * y * x**(y - 1),  gy = g * z * log(x)   (0 at 0)"""

    def forward(self, x: Any, y: Any) -> Any:
        self.save(x, y)
        return np.power(x, y)

    def backward(self, g: Any) -> Any:
        x, y = self.saved
        gx = gy = None
        if self.needs(0):
            # Where y = 0 the power is constant; at x = 0 the rule would say 0 * inf.
            ends = np.logical_or(np.equal(x, 0), np.isinf(x))
            gx = g * y * np.power(x, np.where(np.logical_and(np.equal(y, 0), ends), 0, y - 1))
        if self.needs(1):
            z = np.power(x, y)
            at_zero = np.logical_and(np.equal(x, 0), np.greater_equal(y, 0))
            nothing = np.logical_or(at_zero, np.equal(z, 0))  # 0 log 0, and inf^-1 log inf
            gy = g * z * np.log(np.where(nothing, 1, x))
        return gx, gy


class PowerOfNumber(Ring):
    """y = x**exponent;  gx = g * exponent * x**lower"""

    def __init__(self, exponent: float) -> None:
        self.exponent = exponent

    @property
    def lower(self) -> float:
        """The exponent of the slope."""
        return self.exponent - 1

    def forward(self, x: Any) -> Any:
        self.save(x)
        return x * x if self.exponent == 2 else np.power(x, self.exponent)

    def backward(self, g: Any) -> Any:
        (x,) = self.saved
        c = self.exponent
        if c == 0:
            return g * 0.0
        return g * c * np.power(x, self.lower) if c != 1 else g


@implements(np.float_power)
def power(x1: Any, x2: Any) -> Any:
    """`x1` to the power of `x2`, element by element.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.power(tw.Variable([1.0, 2.0]), 3).data
    array([1., 8.])
    """
    if type(x2) in (int, float):
        return PowerOfNumber(x2)(x1)
    return Power()(x1, x2)


class Negative(Ring):
    """y = -x;  gx = -g"""

    def forward(self, x: Any) -> Any:
        return -x

    def backward(self, g: Any) -> Any:
        return -g


def negative(x: Any) -> Any:
    """Minus `x`.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> float(F.negative(tw.Variable(2.0)))
    -2.0
    """
    return Negative()(x)


class Positive(Arithmetic):
    """y = x;  gx = g"""

    def forward(self, x: Any) -> Any:
        return np.positive(x)

    def backward(self, g: Any) -> Any:
        return g


@implements(np.conjugate)
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


class Abs(Ring):
    """y = abs(x);  gx = g * sign(x)   (0 at 0)"""

    def forward(self, x: Any) -> Any:
        self.save(x)
        return np.absolute(x)

    def backward(self, g: Any) -> Any:
        (x,) = self.saved
        return g * np.sign(x)


@implements(np.fabs)
def abs(x: Any) -> Any:
    """Absolute value; the slope at 0 is 0.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.abs(tw.Variable([-2.0, 3.0])).data
    array([2., 3.])
    """
    return Abs()(x)


class Sign(Elementwise, ufunc=np.sign):
    """y = sign(x);  gx = 0"""

    def forward(self, x: Any) -> Any:
        self.save(x)
        return np.sign(x)  # of integers, too

    def slope(self, x: Any) -> Any:
        return np.zeros_like(x)


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
