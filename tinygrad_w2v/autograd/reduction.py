"""Sums, means and extremes along axes: what `Variable` offers as methods."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v.autograd.dispatch import implements
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.shaping import (
    Axis,
    cast,
    normalized_axes,
    over,
    reduced_axes,
    stretched,
    unreduced,
    wide,
)

ndarray = np.ndarray


class Reduction(Function):
    """Base of the ops that take axes away: knows the axes and how to put them back."""

    axes = staticmethod(reduced_axes)

    def __init__(self, axis: Axis = None, keepdims: bool = False) -> None:
        self.axis, self.keepdims = axis, keepdims

    def remember(self, x: Any) -> tuple[int, ...]:
        """Note the input's shape and return the axes as non-negative ints."""
        self._shape = x.shape
        self._axes = self.axes(self.axis, len(x.shape))
        return self._axes

    def restored(self, value: Any) -> Any:
        """`value`, of the output's shape, with axes of size 1 where they were taken away."""
        return unreduced(value, self._axes, self.keepdims, self._shape)

    @property
    def count(self) -> Any:
        """How many elements are made one; a product of sizes, which need not be ints."""
        count: Any = 1
        for axis in self._axes:
            count = count * self._shape[axis]
        return count


class Sum(Reduction):
    """y = sum of x over axes;  gx = g, repeated"""

    def forward(self, x: Any) -> Any:
        axes = self.remember(x)
        if type(x) is ndarray:
            return x.sum(axis=axes, keepdims=self.keepdims)
        return np.sum(x, axis=axes, keepdims=self.keepdims)

    def backward(self, g: Any) -> Any:
        return stretched(self.restored(g), self._shape)


class Mean(Reduction):
    """y = sum of x over axes / n;  gx = g / n, repeated"""

    axes = staticmethod(normalized_axes)

    def forward(self, x: Any) -> Any:
        axes = self.remember(x)
        return np.mean(x, axis=axes, keepdims=self.keepdims)

    def backward(self, g: Any) -> Any:
        return stretched(over(self.restored(g), self.count), self._shape)


class Extreme(Reduction):
    """y = the largest or smallest x;  gx = g shared equally among the x that equal y"""

    reduce: Any

    def forward(self, x: Any) -> Any:
        axes = self.remember(x)
        y = type(self).reduce(x, axis=axes, keepdims=self.keepdims)
        self.save(x, y)
        return y

    def backward(self, g: Any) -> Any:
        x, y = self.saved
        g = wide(self.restored(g))
        is_best = np.equal(x, self.restored(y))
        count = np.sum(cast(is_best, g.dtype), axis=self._axes, keepdims=True)
        return np.where(is_best, g / count, 0)


class Max(Extreme):
    """y = max x;  gx = g shared equally among the x that equal y"""

    reduce = staticmethod(np.max)


class Min(Extreme):
    """y = min x;  gx = g shared equally among the x that equal y"""

    reduce = staticmethod(np.min)


@implements(np.sum)
def sum(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Sum over `axis` (all axes by default).

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.sum(tw.Variable([[1.0, 2.0], [3.0, 4.0]]), axis=0).data
    array([4., 6.])
    """
    return Sum(axis, keepdims)(a)


@implements(np.mean)
def mean(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Mean over `axis` (all axes by default).

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.mean(tw.Variable([[1.0, 2.0], [3.0, 4.0]]), axis=-1).data
    array([1.5, 3.5])
    """
    return Mean(axis, keepdims)(a)


@implements(np.max, np.amax)
def max(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Maximum over `axis`; equal maxima share the gradient equally.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> x = tw.Variable([1.0, 3.0, 3.0])
    >>> F.max(x).backward()
    >>> x.grad.data
    array([0. , 0.5, 0.5])
    """
    return Max(axis, keepdims)(a)


@implements(np.min, np.amin)
def min(a: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Minimum over `axis`; equal minima share the gradient equally.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> float(F.min(tw.Variable([1.0, 3.0])))
    1.0
    """
    return Min(axis, keepdims)(a)
