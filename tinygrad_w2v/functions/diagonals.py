"""Diagonals and triangles of matrices; of more axes, of each matrix among them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import ShapeError
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.dispatch import implements, refuse_out
from tinygrad_w2v.functions.axes import axes_of
from tinygrad_w2v.functions.casting import dtype_of
from tinygrad_w2v.functions.lookup import ScatterIndex, get_item
from tinygrad_w2v.functions.reductions import sum
from tinygrad_w2v.functions.selection import where
from tinygrad_w2v.functions.shape import moveaxis

__all__ = ["diag", "diagonal", "trace", "tril", "triu"]


def _places(n: int, m: int, offset: int) -> tuple[Any, Any]:
    """Rows and columns of a diagonal of an ``(n, m)`` matrix."""
    down, right = max(-offset, 0), max(offset, 0)
    along = np.arange(max(min(n - down, m - right), 0))
    return along + down, along + right


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonals of the matrices that two axes form, along the last axis of the result.

    Parameters
    ----------
    a : Variable or array of two axes or more
    offset : int
        How far above the main diagonal; negative below it.
    axis1, axis2 : int
        The axes of rows and of columns.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.diagonal(tw.Variable([[1.0, 2.0], [3.0, 4.0]])).data
    array([1., 4.])
    """
    if np.ndim(a) < 2:
        raise ShapeError(
            f"diagonal: a matrix has two axes or more, this has shape {np.shape(a)}; "
            f"`np.diag` makes a matrix of a vector{user_line()}"
        )
    axes = axes_of("diagonal", a, (axis1, axis2))
    matrices = moveaxis(a, axes, (-2, -1))
    rows, columns = np.shape(matrices)[-2:]
    return get_item(matrices, (..., *_places(rows, columns, offset)))


@implements(np.linalg.diagonal)
def _diagonal(x: Any, *, offset: int = 0) -> Any:
    return diagonal(x, offset, -2, -1)


def trace(
    a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: None = None
) -> Any:
    """Sum of each `diagonal`.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> float(F.trace(tw.Variable([[1.0, 2.0], [3.0, 4.0]])))
    5.0
    """
    refuse_out("trace", out)
    return sum(diagonal(a, offset, axis1, axis2), -1, dtype)


@implements(np.linalg.trace)
def _trace(x: Any, *, offset: int = 0, dtype: Any = None) -> Any:
    return trace(x, offset, -2, -1, dtype)


def diag(v: Any, k: int = 0) -> Any:
    """A square matrix with the vector `v` as its diagonal number `k`, or that of a matrix `v`.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.diag(tw.Variable([1.0, 2.0])).data
    array([[1., 0.],
           [0., 2.]])
    """
    ndim = np.ndim(v)
    if ndim == 2:
        return diagonal(v, k)
    if ndim != 1:
        raise ShapeError(
            f"diag: a vector or a matrix is taken, not an array of shape {np.shape(v)}; "
            f"`np.diagonal` takes more axes{user_line()}"
        )
    n = np.shape(v)[0] + abs(k)
    return ScatterIndex(_places(n, n, k), (n, n))(v)


def _triangle(m: Any, k: int, lower: bool) -> Any:
    """`m` up to diagonal number `k`, or beyond it; else 0."""
    if np.ndim(m) == 0:
        raise ShapeError(f"a number has no triangles: tril and triu take matrices{user_line()}")
    rows, columns = (*np.shape(m)[-1:], *np.shape(m))[-2:]
    mask = np.tri(rows, columns, k, dtype=bool) == lower
    return where(mask, m, np.zeros((), dtype_of(m)))


def tril(m: Any, k: int = 0) -> Any:
    """`m` with zeros above diagonal number `k`, in each matrix of the last two axes.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.tril(tw.Variable([[1.0, 2.0], [3.0, 4.0]])).data
    array([[1., 0.],
           [3., 4.]])
    """
    return _triangle(m, k, True)


def triu(m: Any, k: int = 0) -> Any:
    """`m` with zeros below diagonal number `k`, in each matrix of the last two axes.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.triu(tw.Variable([[1.0, 2.0], [3.0, 4.0]])).data
    array([[1., 2.],
           [0., 4.]])
    """
    return _triangle(m, k - 1, False)
