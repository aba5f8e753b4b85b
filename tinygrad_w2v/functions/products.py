"""Products of vectors and matrices."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import ShapeError
from tinygrad_w2v._base.types import Shape
from tinygrad_w2v.autograd.debugging.misfits import unpaired
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.dispatch import implements, refuse_out
from tinygrad_w2v.autograd.node import Node, offer_whole
from tinygrad_w2v.functions.arithmetic import Ring, multiply, subtract
from tinygrad_w2v.functions.lookup import get_item
from tinygrad_w2v.functions.shape import expand_dims, moveaxis, ravel, reshape, squeeze

__all__ = ["cross", "kron", "matmul", "matvec", "outer", "vdot", "vecdot", "vecmat"]


class Matmul(Ring):
    """z = x @ y;  gx = g @ y.T,  gy = x.T @ g   (a vector is a row, on the right a column)"""

    def forward(self, x: Any, y: Any) -> Any:
        self.save(x, y)
        return np.matmul(x, y)

    def misfit(self, *shapes: Shape) -> str:
        x, y = shapes
        if not x or not y:
            return "a number is no matrix: multiply by it with `*`"
        k, m = x[-1], y[-2:][0]
        if k == m:
            return unpaired([x[:-2], y[:-2]])
        place = {1: "only axis", 2: "first axis"}.get(len(y), "last axis but one")
        remedy = ""
        if len(y) == 2 and self.saved and _are_ids(self.saved[0], m):
            remedy = "; if the first holds ids, write `W[ids]` for their rows of the second, W"
        elif len(x) == len(y) == 2 and y[1] == k:
            remedy = "; `.T` of the second would fit"
        elif len(x) == len(y) == 2 and x[0] == m:
            remedy = "; `.T` of the first would fit"
        return (
            f"the last axis of the first ({k}) must equal the {place} of the second ({m}){remedy}"
        )

    def backward(self, g: Any) -> Any:
        x, y = self.saved
        # A vector is a matrix of one row on the left, of one column on the right.
        row, column = len(x.shape) == 1, len(y.shape) == 1
        if row:
            x, g = np.expand_dims(x, 0), np.expand_dims(g, -1 if column else -2)
        if column:
            y, g = np.expand_dims(y, -1), np.expand_dims(g, -1)
        gx = gy = None
        if self.needs(0):
            gx = np.matmul(g, transposed(y))
            gx = np.squeeze(gx, -2) if row else gx
        if self.needs(1):
            one_for_all = len(y.shape) == 2 and len(x.shape) > 2 and not column
            if one_for_all and not (is_empty(x) or is_empty(g)):  # -1 is unknown where it is empty
                # One matrix served a whole batch: one product, not one for each of the batch.
                gy = _product_over_all(x, g)
            else:
                gy = _product_like(y, transposed(x), g)
            gy = np.squeeze(gy, -1) if column else gy
        return gx, gy


def matmul(x1: Any, x2: Any) -> Any:
    """Matrix product over the last two axes: ``x1 @ x2``.

    ``(..., n, k) @ (..., k, m)`` is ``(..., n, m)``; a vector is a row on the left, a column on
    the right.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.matmul(tw.Variable([[1.0, 2.0]]), tw.Variable([[3.0], [4.0]])).data
    array([[11.]])
    """
    return Matmul()(x1, x2)


def _are_ids(x: Any, count: int) -> bool:
    """Whether numbers could be ids of a table of so many rows; ones and zeros are one-hot."""
    whole = isinstance(x, np.ndarray) and x.size and np.array_equal(x, np.floor(x))
    return bool(whole and x.min() >= 0 and 1 < x.max() < count)


def _product_over_all(x: Any, g: Any) -> Any:
    """``x' g``, summed over all axes before the last: those become one where they can."""
    if (y := offer_whole("product_over_all", x, g)) is not NotImplemented:
        return y
    x, g = np.reshape(x, (-1, x.shape[-1])), np.reshape(g, (-1, g.shape[-1]))
    return np.matmul(transposed(x), g)


def _product_like(z: Any, x: Any, y: Any) -> Any:
    """``x @ y`` with the last two axes in memory as those of `z`.

    Of rows that were read and transposed the gradient is rows again, once it is transposed back,
    which nobody has to copy into order.
    """
    plain = type(x) is type(y) is type(z) is np.ndarray
    if plain and abs(z.strides[-1]) > abs(z.strides[-2]):
        return transposed(_product(transposed(y), transposed(x)))
    return _product(x, y)


def _product(x: Any, y: Any) -> Any:
    """``x @ y``; columns times rows, where there are many, without a call of BLAS for each."""
    many = type(x) is np.ndarray and type(y) is np.ndarray and x.ndim > 2
    return x * y if many and x.shape[-1] == 1 else np.matmul(x, y)


def is_empty(x: Any) -> bool:
    """Whether `x` is known to hold nothing (the sizes of a foreign array need not be numbers)."""
    data = x._data if isinstance(x, Node) else x
    return isinstance(data, np.ndarray) and data.size == 0


def transposed(x: Any) -> Any:
    """`x` with its last two axes exchanged."""
    return x.swapaxes(-1, -2) if type(x) is np.ndarray else np.swapaxes(x, -1, -2)


def outer(a: Any, b: Any, out: None = None) -> Any:
    """All products of an element of `a` with one of `b`: ``(a.size, b.size)``.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.outer(tw.Variable([1.0, 2.0]), tw.Variable([3.0, 4.0])).data
    array([[3., 4.],
           [6., 8.]])
    """
    refuse_out("outer", out)
    return multiply(reshape(a, (-1, 1)), reshape(b, (1, -1)))


def kron(a: Any, b: Any) -> Any:
    """Kronecker product: every element of `a` times the whole of `b`, as blocks.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.kron(tw.Variable([1.0, 10.0]), tw.Variable([1.0, 2.0])).data
    array([ 1.,  2., 10., 20.])
    """
    ndim = builtins.max(np.ndim(a), np.ndim(b))
    n, m = ((*[1] * (ndim - np.ndim(x)), *np.shape(x)) for x in (a, b))
    blocks = reshape(a, [length for k in n for length in (k, 1)])
    block = reshape(b, [length for k in m for length in (1, k)])
    return reshape(multiply(blocks, block), [i * j for i, j in zip(n, m, strict=True)])


def cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    """Cross product of vectors of three components.

    Parameters
    ----------
    a, b : Variable or array
        Broadcast with each other but for the components.
    axisa, axisb, axisc : int
        Where the components stand in `a`, in `b` and in the result.
    axis : int, optional
        The same for all three.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.cross(tw.Variable([1.0, 0.0, 0.0]), [0.0, 1.0, 0.0]).data
    array([0., 0., 1.])
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = moveaxis(a, axisa, -1), moveaxis(b, axisb, -1)
    if np.shape(a)[-1] != 3 or np.shape(b)[-1] != 3:
        raise ShapeError(
            f"cross: vectors have three components, not {np.shape(a)[-1]} and {np.shape(b)[-1]} as "
            f"in {np.shape(a)} and {np.shape(b)}; of plane vectors write `x1 * y2 - x2 * y1`"
            f"{user_line()}"
        )
    next_one, last_one = (..., np.array([1, 2, 0])), (..., np.array([2, 0, 1]))
    product = subtract(
        multiply(get_item(a, next_one), get_item(b, last_one)),
        multiply(get_item(a, last_one), get_item(b, next_one)),
    )
    return moveaxis(product, -1, axisc)


def vdot(a: Any, b: Any) -> Any:
    """Sum of the products of all elements of `a` and `b`, both flattened.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> float(F.vdot(tw.Variable([[1.0, 2.0]]), [[3.0], [4.0]]))
    11.0
    """
    return matmul(ravel(a), ravel(b))


@implements(np.linalg.vecdot)
def vecdot(x1: Any, x2: Any, *, axis: int = -1) -> Any:
    """Sum of the products along `axis`, for many vectors at once.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.vecdot(tw.Variable([[1.0, 2.0], [3.0, 4.0]]), [1.0, 1.0]).data
    array([3., 7.])
    """
    row = expand_dims(moveaxis(x1, axis, -1), -2)
    column = expand_dims(moveaxis(x2, axis, -1), -1)
    return squeeze(matmul(row, column), (-2, -1))


def matvec(x1: Any, x2: Any) -> Any:
    """Matrices times vectors, many at once: ``(..., n, k)`` and ``(..., k)`` make ``(..., n)``.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.matvec(tw.Variable([[1.0, 2.0], [3.0, 4.0]]), [1.0, 1.0]).data
    array([3., 7.])
    """
    return squeeze(matmul(x1, expand_dims(x2, -1)), -1)


def vecmat(x1: Any, x2: Any) -> Any:
    """Vectors times matrices, many at once: ``(..., n)`` and ``(..., n, k)`` make ``(..., k)``.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.vecmat([1.0, 1.0], tw.Variable([[1.0, 2.0], [3.0, 4.0]])).data
    array([4., 6.])
    """
    return squeeze(matmul(expand_dims(x1, -2), x2), -2)


implements(np.linalg.matmul)(matmul)


@implements(np.linalg.cross)
def _cross(x1: Any, x2: Any, *, axis: int = -1) -> Any:
    return cross(x1, x2, axis=axis)


@implements(np.linalg.outer)
def _outer(x1: Any, x2: Any) -> Any:
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        raise ShapeError(
            f"outer of {np.shape(x1)} and {np.shape(x2)}: np.linalg.outer takes vectors"
            f"{user_line()}"
        )
    return outer(x1, x2)


@implements(np.linalg.multi_dot)
def _multi_dot(arrays: Sequence[Any]) -> Any:
    product = arrays[0]
    for factor in arrays[1:]:
        product = matmul(product, factor)
    return product
