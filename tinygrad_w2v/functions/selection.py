"""Ops that choose between values: gradients go where the chosen value came from.

They are chosen, too, and not multiplied by 1 and 0: an infinite one times 0 would be NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.types import Shape
from tinygrad_w2v.autograd.constants import plain_array
from tinygrad_w2v.autograd.debugging.misfits import unpaired
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.dispatch import refuse_out, unwrapped
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.node import Node, is_duck_array
from tinygrad_w2v.functions.arithmetic import Arithmetic

__all__ = ["clip", "fmax", "fmin", "maximum", "minimum", "nan_to_num", "where"]


class Choice(Arithmetic):
    """z = x or y;  gx = g where x is chosen, g / 2 where x = y, else 0;  gy likewise"""

    choose: Any
    wins: Any

    def forward(self, x: Any, y: Any) -> Any:
        self.save(x, y)
        return self.choose(x, y)

    def backward(self, g: Any) -> Any:
        x, y = self.saved
        tie = np.where(np.equal(x, y), 0.5 * g, 0)
        gx = np.where(self.wins(x, y), g, tie) if self.needs(0) else None
        return gx, np.where(self.wins(y, x), g, tie) if self.needs(1) else None


class Maximum(Choice):
    """z = maximum(x, y);  gx = where(x > y, g, e),  gy = where(y > x, g, e)

    With e = where(x == y, g / 2, 0).
    """

    choose = np.maximum
    wins = np.greater


def maximum(x1: Any, x2: Any) -> Any:
    """The larger of `x1` and `x2`, element by element; equal ones share the gradient equally.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> x = tw.Variable([1.0, 2.0, 3.0])
    >>> F.maximum(x, 2.0).sum().backward()
    >>> x.grad.data
    array([0. , 0.5, 1. ])
    """
    return Maximum()(x1, x2)


class Minimum(Choice):
    """z = minimum(x, y);  gx = where(x < y, g, e),  gy = where(y < x, g, e)

    With e = where(x == y, g / 2, 0).
    """

    choose = np.minimum
    wins = np.less


def minimum(x1: Any, x2: Any) -> Any:
    """The smaller of `x1` and `x2`, element by element; equal ones share the gradient equally.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> x = tw.Variable([1.0, 2.0, 3.0])
    >>> F.minimum(x, 2.0).sum().backward()
    >>> x.grad.data
    array([1. , 0.5, 0. ])
    """
    return Minimum()(x1, x2)


class Fmax(Choice):
    """z = fmax(x, y);  gx = where((x > y) | isnan(y), g, e),  gy = where((y > x) | isnan(x), g, e)

    With e = where(x == y, g / 2, 0).
    """

    choose = np.fmax

    def wins(self, x: Any, y: Any) -> Any:
        return np.logical_or(np.greater(x, y), np.isnan(y))


def fmax(x1: Any, x2: Any) -> Any:
    """The larger of `x1` and `x2`, of a number and NaN the number; equal ones share the gradient.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.fmax(tw.Variable([1.0, np.nan, 3.0]), 2.0).data
    array([2., 2., 3.])
    """
    return Fmax()(x1, x2)


class Fmin(Choice):
    """z = fmin(x, y);  gx = where((x < y) | isnan(y), g, e),  gy = where((y < x) | isnan(x), g, e)

    With e = where(x == y, g / 2, 0).
    """

    choose = np.fmin

    def wins(self, x: Any, y: Any) -> Any:
        return np.logical_or(np.less(x, y), np.isnan(y))


def fmin(x1: Any, x2: Any) -> Any:
    """The smaller of `x1` and `x2`, of a number and NaN the number; equal ones share the gradient.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.fmin(tw.Variable([1.0, np.nan, 3.0]), 2.0).data
    array([1., 2., 2.])
    """
    return Fmin()(x1, x2)


class Clip(Function):
    """y = clip(x, a_min, a_max);  gx = where((a_min < x) & (x < a_max), g, 0)   (None: no bound)"""

    def __init__(self, a_min: Any = None, a_max: Any = None) -> None:
        self.a_min, self.a_max = self.keep_copy("a_min", a_min), self.keep_copy("a_max", a_max)

    def forward(self, x: Any) -> Any:
        self.save(x)
        return np.clip(x, _bound(self.a_min, x), _bound(self.a_max, x))

    def misfit(self, *shapes: Shape) -> str:
        for name, bound in (("a_min", self.a_min), ("a_max", self.a_max)):
            if why := unpaired([*shapes, np.shape(bound)]):
                return f"{name} has the shape {np.shape(bound)}: {why}"
        return ""

    def backward(self, g: Any) -> Any:
        (x,) = self.saved
        if self.a_min is not None:
            g = np.where(np.greater(x, self.a_min), g, 0)
        if self.a_max is not None:
            g = np.where(np.less(x, self.a_max), g, 0)
        return g


def clip(
    a: Any,
    a_min: Any = None,
    a_max: Any = None,
    out: None = None,
    *,
    min: Any = None,
    max: Any = None,
) -> Any:
    """`a` limited to `a_min` and `a_max`; the slope is 1 between them, else 0.

    Parameters
    ----------
    a : Variable or array
    a_min, a_max : number, array or Variable, optional
        None is no bound. A Variable has the gradient wherever it is the result, also where `a`
        equals it.
    out : None
        Is refused: a graph is made of new values.
    min, max : number, array or Variable, optional
        Other names of `a_min` and `a_max`.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> x = tw.Variable([-1.0, 0.0, 0.5, 2.0])
    >>> y = F.clip(x, 0, 1)
    >>> y.sum().backward()
    >>> y.data, x.grad.data
    (array([0. , 0. , 0.5, 1. ]), array([0., 0., 1., 0.]))
    """
    refuse_out("clip", out)
    if (a_min is not None or a_max is not None) and (min is not None or max is not None):
        raise ValueError(
            "clip: a_min and a_max are other names of min and max: give one kind of them"
            f"{user_line()}"
        )
    low = a_min if min is None else min
    high = a_max if max is None else max
    if isinstance(low, Node) or isinstance(high, Node):
        # NaN, in `a` or in a bound, stays.
        if low is not None:
            a = where(np.logical_or(np.greater(a, low), np.isnan(unwrapped(a))), a, low)
        if high is not None:
            a = where(np.logical_or(np.less(a, high), np.isnan(unwrapped(a))), a, high)
        return a
    if isinstance(low, list | tuple):
        low = np.asarray(low)
    if isinstance(high, list | tuple):
        high = np.asarray(high)
    return Clip(low, high)(a)


def _bound(bound: Any, x: Any) -> Any:
    """A bound in the dtype of `x`, so that a float64 bound does not widen float32 data."""
    if isinstance(bound, np.ndarray | np.generic) and x.dtype.kind == "f":
        return bound.astype(x.dtype)
    return bound


class Where(Arithmetic):
    """z = where(condition, x, y);  gx = where(condition, g, 0),  gy = where(condition, 0, g)"""

    def __init__(self, condition: Any) -> None:
        self.condition = self.keep_copy("condition", condition)

    def forward(self, x: Any, y: Any) -> Any:
        return np.where(self.condition, x, y)

    def misfit(self, *shapes: Shape) -> str:
        condition = np.shape(self.condition)
        return f"with a condition of {condition}: {unpaired([condition, *shapes])}"

    def backward(self, g: Any) -> Any:
        c = self.condition
        return (
            np.where(c, g, 0) if self.needs(0) else None,
            np.where(c, 0, g) if self.needs(1) else None,
        )


def where(condition: Any, x: Any, y: Any) -> Any:
    """`x` where `condition` holds, else `y`, element by element.

    Parameters
    ----------
    condition : bool array, or a Variable of one
        A constant: no gradient goes to it.
    x, y : Variable, array or number

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> x = tw.Variable([-1.0, 2.0])
    >>> F.where(x > 0, x, 0.0).data
    array([0., 2.])
    """
    if not is_duck_array(condition):
        condition = plain_array(condition, "where: the condition")
    return Where(condition)(x, y)


def nan_to_num(
    x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    """`x` with numbers in place of NaN and of the infinities; no gradient goes to these.

    Parameters
    ----------
    x : Variable or array
    copy : True
        False is refused: a graph is made of new values.
    nan, posinf, neginf : number or array
        The replacements; for an infinity the largest number of the dtype by default.

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
