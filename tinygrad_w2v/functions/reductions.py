"""Sums, means, products and extremes along axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_w2v._base.types import Shape
from tinygrad_w2v.autograd.debugging.errors import input_error
from tinygrad_w2v.autograd.debugging.misfits import not_stretched
from tinygrad_w2v.autograd.dispatch import implements, refuse_out, unwrapped
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.node import Node, is_duck_array, offer_whole
from tinygrad_w2v.functions.axes import (
    Axis,
    inverse,
    normalized_axes,
    reduced_axes,
    stretched,
    unreduced,
)
from tinygrad_w2v.functions.casting import as_array, cast, dtype_of, in_dtype, narrowed, over, wide

__all__ = ["max", "mean", "min", "prod", "sum"]


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
        """How many elements become one; sizes need not be ints."""
        return math.prod([self._shape[axis] for axis in self._axes])


def _is_stack(x: Any, axes: tuple[int, ...]) -> bool:
    """Whether the rows of each of many matrices are to be added up."""
    return (
        type(x) is ndarray
        and x.dtype.char in "fd"
        and x.ndim > 2
        and axes == (x.ndim - 2,)
        and x.flags.c_contiguous
        and x.size > 0
    )


def _sum_of_rows(x: Any, keepdims: bool) -> Any:
    """The sum over the last axis but one, as a product with ones.

    NumPy adds up such an axis row by row, one short loop each; a product takes half the time and
    less.
    """
    ones = np.ones((1, x.shape[-2]), x.dtype)
    return np.matmul(ones if keepdims else ones[0], x)


class Sum(Reduction):
    """y = sum(x, axis);  gx = broadcast_to(g, x.shape)

    Book: y = sum(x, axis);  gx = g   (copied to each)
    """

    def forward(self, x: Any) -> Any:
        axes = self.remember(x)
        if type(x) is ndarray:
            if _is_stack(x, axes):
                return _sum_of_rows(x, self.keepdims)
            return x.sum(axis=axes, keepdims=self.keepdims)
        return np.sum(x, axis=axes, keepdims=self.keepdims)

    def backward(self, g: Any) -> Any:
        return stretched(self.restored(g), self._shape)


def sum(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Sum over `axis` (all axes by default).

    Parameters
    ----------
    a : Variable or array
    axis : int or tuple of int, optional
    dtype : dtype, optional
        What `a` is converted to first: a floating-point dtype, if it is a Variable of one.
    out : None
        Is refused: a graph is made of new values.
    keepdims : bool
        Whether the axes stay, with size 1.
    initial : number or Variable, optional
        What the sum starts from.
    where : bool array, optional
        Which elements are summed.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> x = tw.Variable([[1.0, 2.0], [3.0, 4.0]])
    >>> F.sum(x, axis=0).data
    array([4., 6.])
    >>> float(F.sum(x, where=x > 1.5, initial=10.0))
    19.0
    """
    refuse_out("sum", out)
    if initial is not None:
        return sum(a, axis, dtype, keepdims=keepdims, where=where) + initial
    return Sum(axis, keepdims)(only("sum", in_dtype("sum", a, dtype), where, 0))


class Mean(Reduction):
    """y = mean(x, axis);  gx = broadcast_to(g / count, x.shape)

    Book: y = sum(x, axis) / N;  gx = g / N,  N = count   (copied to each)
    """

    axes = staticmethod(normalized_axes)

    def forward(self, x: Any) -> Any:
        axes = self.remember(x)
        if _is_stack(x, axes):
            total = _sum_of_rows(x, self.keepdims)
            total /= x.dtype.type(self.count)
            return total
        return np.mean(x, axis=axes, keepdims=self.keepdims)

    def backward(self, g: Any) -> Any:
        return stretched(over(self.restored(g), self.count), self._shape)


def mean(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    *,
    where: Any = True,
) -> Any:
    """Mean over `axis` (all axes by default).

    Parameters
    ----------
    a, axis, dtype, out, keepdims
        As of `sum`.
    where : bool array, optional
        Which elements count.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.mean(tw.Variable([[1.0, 2.0], [3.0, 4.0]]), axis=-1).data
    array([1.5, 3.5])
    """
    refuse_out("mean", out)
    a = in_dtype("mean", a, dtype)
    if where is True:
        return Mean(axis, keepdims)(a)
    wide, count = counted("mean", a, axis, where)
    y = Sum(axis, True)(only("mean", wide, where, 0)) / count
    return as_reduced(y, a, axis, keepdims)


class Prod(Reduction):
    """y = prod(x, axis);  gx = g * y / x   (at 0 the limit)"""

    def forward(self, x: Any) -> Any:
        axes = self.remember(x)
        self.save(x)
        return np.prod(x, axis=axes, keepdims=self.keepdims)

    def backward(self, g: Any) -> Any:
        (x,) = self.saved
        others = offer_whole("product_of_others", x, self._axes)
        if others is NotImplemented:
            others = product_of_others(x, self._axes)
        return self.restored(g) * others


def prod(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Product over `axis` (all axes by default); the gradient is right at zeros, too.

    Parameters
    ----------
    a, axis, dtype, out, keepdims, initial, where
        As of `sum`.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> x = tw.Variable([2.0, 0.0, 3.0])
    >>> F.prod(x).backward()
    >>> x.grad.data
    array([0., 6., 0.])
    """
    refuse_out("prod", out)
    if initial is not None:
        return prod(a, axis, dtype, keepdims=keepdims, where=where) * initial
    return Prod(axis, keepdims)(only("prod", in_dtype("prod", a, dtype), where, 1))


def product_of_others(x: Any, axes: tuple[int, ...]) -> Any:
    """For each element the product of all others along `axes`; no division, so zeros are right."""
    kept = [i for i in range(len(x.shape)) if i not in axes]
    order = (*kept, *axes)
    moved = np.transpose(x, order)
    count = math.prod([x.shape[i] for i in axes])
    flat = np.reshape(moved, (*[x.shape[i] for i in kept], count))
    others = product_before(flat) * product_before(flat[..., ::-1])[..., ::-1]
    return np.transpose(np.reshape(others, moved.shape), inverse(order))


def product_before(x: Any) -> Any:
    """Along the last axis, the product of all earlier elements, in log2(n) multiplications."""
    y = _shifted(x, 1)
    step = 1
    while step < x.shape[-1]:
        y = y * _shifted(y, step)
        step *= 2
    return y


def _shifted(x: Any, step: int) -> Any:
    """`x` moved to the right by `step` along the last axis, ones moved in."""
    return np.concatenate([np.ones_like(x[..., :step]), x[..., :-step]], axis=-1)


class Extreme(Reduction):
    """y = the largest or smallest x;  gx = g shared equally among the x that equal y"""

    reduce: Any
    initial: Any = None  # a number that takes part
    where: Any = None  # a mask of the x that take part

    def __init__(
        self, axis: Axis = None, keepdims: bool = False, initial: Any = None, where: Any = True
    ) -> None:
        super().__init__(axis, keepdims)
        if initial is not None:
            self.initial = self.keep_copy("initial", initial)
        if where is not True:
            self.where = self.keep_copy("where", where)

    def forward(self, x: Any) -> Any:
        axes = self.remember(x)
        among = {} if self.initial is None else {"initial": self.initial}
        if self.where is not None:
            among["where"] = self.where
        y = type(self).reduce(x, axis=axes, keepdims=self.keepdims, **among)
        self.save(x, y)
        return y

    def misfit(self, *shapes: Shape) -> str:
        if self.where is not None and (why := not_stretched(np.shape(self.where), shapes[0])):
            return f"`where` does not fit: {why}"
        return "" if math.prod(shapes[0]) else f"an empty array has no {self.label}: give `initial`"

    def backward(self, g: Any) -> Any:
        x, y = self.saved
        g, y = wide(self.restored(g)), self.restored(y)
        is_best = np.equal(x, y)
        if self.where is not None:
            is_best = np.logical_and(is_best, self.where)
        count = np.sum(cast(is_best, g.dtype), axis=self._axes, keepdims=True)
        if self.initial is not None:
            count = count + cast(np.equal(y, self.initial), g.dtype)
        return np.where(is_best, g / count, 0)


class Max(Extreme):
    """y = max(x, axis);  gx = where(x == y, g / n, 0)   (equal ones share)

    With n = sum(x == y, axis).
    """

    reduce = staticmethod(np.max)


@implements(np.amax)
def max(
    a: Any,
    axis: Axis = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Maximum over `axis`; equal maxima share the gradient equally.

    Parameters
    ----------
    a, axis, out, keepdims
        As of `sum`.
    initial : number, optional
        A constant that takes part; it takes its share of the gradient where it equals the maximum.
    where : bool array, optional
        Which elements take part; `initial` must be given, too.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> x = tw.Variable([1.0, 3.0, 3.0])
    >>> F.max(x).backward()
    >>> x.grad.data
    array([0. , 0.5, 0.5])
    """
    refuse_out("max", out)
    return Max(axis, keepdims, _constant("max", initial), as_mask(where))(a)


class Min(Extreme):
    """y = min(x, axis);  gx = where(x == y, g / n, 0)   (equal ones share)

    With n = sum(x == y, axis).
    """

    reduce = staticmethod(np.min)


@implements(np.amin)
def min(
    a: Any,
    axis: Axis = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Minimum over `axis`; equal minima share the gradient equally.

    Parameters
    ----------
    a, axis, out, keepdims, initial, where
        As of `max`.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> float(F.min(tw.Variable([1.0, 3.0])))
    1.0
    """
    refuse_out("min", out)
    return Min(axis, keepdims, _constant("min", initial), as_mask(where))(a)


def as_mask(where: Any) -> Any:
    """The argument `where` of a reduction as a mask; True, which is all, stays."""
    where = unwrapped(where)
    return where if where is True or is_duck_array(where) else np.asarray(where, bool)


def _spread_mask(op: str, a: Any, where: Any) -> Any:
    """The mask `where` in the shape of `a`."""
    try:
        return np.broadcast_to(as_mask(where), np.shape(a))
    except ValueError as error:
        why = not_stretched(np.shape(unwrapped(where)), np.shape(a))
        raise input_error(op, [a], error, f"`where` does not fit: {why}") from None


def only(op: str, a: Any, where: Any, instead: int) -> Any:
    """`a` with the number `instead` where the mask `where` is False.

    Raises
    ------
    ShapeError
        If the mask does not broadcast to the shape of `a`.
    """
    if where is True:
        return a
    return np.where(_spread_mask(op, a, where), a, np.asarray(instead, dtype_of(a)))


def counted(op: str, a: Any, axis: Axis, where: Any) -> tuple[Any, Any]:
    """`a` in wide floats, and how many of it `where` picks, the axes kept."""
    a, mask = wide(as_array(a)), _spread_mask(op, a, where)
    try:
        return a, np.sum(mask, axis=reduced_axes(axis, a.ndim), keepdims=True, dtype=a.dtype)
    except ValueError as error:
        raise input_error(op, [a], error) from None


def as_reduced(y: Any, a: Any, axis: Axis, keepdims: bool) -> Any:
    """`y`, made of `a` with its axes kept, without them and in the dtype that a mean has."""
    axes = reduced_axes(axis, np.ndim(a))
    return narrowed(y if keepdims or not axes else np.squeeze(y, axes), as_array(a))


def _constant(op: str, initial: Any) -> Any:
    if isinstance(initial, Node):
        raise TypeError(
            f"{op}: `initial` is a constant, and it is a Variable here: for its gradient write "
            f"`np.{op}imum(F.{op}(x), initial)`, else give its `.data`"
        )
    return initial
