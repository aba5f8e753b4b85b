"""Lengths and products of vectors and matrices: norms, and what is a product in other words."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import MissingRuleError, ShapeError
from tinygrad_w2v.autograd.debugging.errors import input_error
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.dispatch import implements
from tinygrad_w2v.functions.arithmetic import abs, matmul, multiply, subtract
from tinygrad_w2v.functions.axes import Axis, axes_of
from tinygrad_w2v.functions.casting import as_array, real
from tinygrad_w2v.functions.diagonals import diagonal, trace
from tinygrad_w2v.functions.joining import moveaxis
from tinygrad_w2v.functions.lookup import get_item
from tinygrad_w2v.functions.products import outer, tensordot
from tinygrad_w2v.functions.rearranging import ravel
from tinygrad_w2v.functions.reductions import Reduction, max, min, sum
from tinygrad_w2v.functions.shape import expand_dims, reshape, squeeze
from tinygrad_w2v.functions.trigonometry import part_of_length


class Norm(Reduction):
    """y = (sum of x^2)^(1/2);  gx = g x / y   (0 where y = 0)"""

    def forward(self, x: Any) -> Any:
        axes = self.remember(x)
        if isinstance(x, np.ndarray | np.generic):
            y = length(x, axes)
            y = y if self.keepdims or not axes else np.squeeze(y, axes)
        else:
            y = np.sqrt(np.sum(x * x, axis=axes, keepdims=self.keepdims))
        self.save(x, y)
        return y

    def backward(self, g: Any) -> Any:
        x, y = self.saved
        return self.restored(g) * part_of_length(x, self.restored(y))


def length(x: Any, axes: tuple[int, ...]) -> Any:
    """``sqrt(sum(x^2))`` along axes, which stay; scaled where the squares leave the dtype."""
    limits = np.finfo(x.dtype)
    with np.errstate(over="ignore"):
        squared = np.sum(x * x, axis=axes, keepdims=True)
    if np.all((squared > limits.tiny / limits.eps) & (squared < np.inf)) or not x.size:
        return np.sqrt(squared)
    top = np.max(np.absolute(x), axis=axes, keepdims=True)
    # A power of 2, so that nothing is rounded.
    exponent = np.where(np.isfinite(top), np.frexp(top)[1], 0)
    scaled = np.ldexp(x, -exponent)
    return np.ldexp(np.sqrt(np.sum(scaled * scaled, axis=axes, keepdims=True)), exponent)


@implements(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Any:
    """Length of a vector, or size of a matrix.

    A 2-norm, or the Frobenius norm of a matrix, has the slope ``x / norm``, and 0 where the norm
    is 0. Squares do not overflow. The other norms are sums and maxima of absolute values, and have
    their slopes: 0 at 0, shared equally among equal maxima.

    Parameters
    ----------
    x : Variable or array
    ord : {None, 2, 1, inf, -inf, "fro", -1}
        None is 2, and "fro" for a matrix; 1 and inf are, of a matrix, the largest sum of a column
        and of a row, and -1 and -inf the smallest.
    axis : int or pair of int, optional
        Along which the vectors lie, or rows and columns of the matrices. None: `x` is a vector or
        a matrix, or for ``ord=None`` anything, taken as one vector.
    keepdims : bool

    Raises
    ------
    MissingRuleError
        For another `ord`.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> x = tw.Variable([[3.0, 4.0], [0.0, 0.0]])
    >>> y = F.norm(x, axis=-1)
    >>> y.sum().backward()
    >>> y.data, x.grad.data
    (array([5., 0.]), array([[0.6, 0.8],
           [0. , 0. ]]))
    """
    x = real(as_array(x))
    if axis is None and ord is None:
        return Norm(None, keepdims)(x)
    axes = axes_of("norm", x, axis)
    if len(axes) not in (1, 2):
        raise ShapeError(
            f"norm: a vector has one axis and a matrix two, not {len(axes)}; the input has shape "
            f"{np.shape(x)}: give `axis`{user_line()}"
        )
    return (_of_vectors if len(axes) == 1 else _of_matrices)(x, axes, ord, keepdims)


@implements(np.linalg.vector_norm)
def _vector_norm(x: Any, *, axis: Axis = None, keepdims: bool = False, ord: Any = 2) -> Any:
    return _of_vectors(real(as_array(x)), axes_of("vector_norm", x, axis), ord, keepdims)


@implements(np.linalg.matrix_norm)
def _matrix_norm(x: Any, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    return norm(x, ord, (-2, -1), keepdims)


def _of_vectors(x: Any, axes: tuple[int, ...], ord: Any, keepdims: bool) -> Any:
    if ord in (None, 2):
        return Norm(axes, keepdims)(x)
    if ord == 1:
        return sum(abs(x), axes, keepdims=keepdims)
    if ord in (np.inf, -np.inf):
        return _extreme(abs(x), axes, ord, keepdims)
    raise _without_rule(ord, "a vector")


def _of_matrices(x: Any, axes: tuple[int, ...], ord: Any, keepdims: bool) -> Any:
    if ord in (None, "fro", "f"):
        return Norm(axes, keepdims)(x)
    if ord not in (1, -1, np.inf, -np.inf):
        raise _without_rule(ord, "a matrix")
    rows, columns = axes
    totals = sum(abs(x), rows if ord in (1, -1) else columns, keepdims=True)
    return _extreme(totals, axes, ord, keepdims)


def _extreme(sizes: Any, axes: tuple[int, ...], ord: float, keepdims: bool) -> Any:
    """The largest size, or for a negative `ord` the smallest; the largest of none is 0."""
    if ord < 0:
        return min(sizes, axes, keepdims=keepdims)
    return max(sizes, axes, keepdims=keepdims, initial=None if np.size(sizes) else 0)


def _without_rule(ord: Any, what: str) -> MissingRuleError:
    return MissingRuleError(
        f"np.linalg.norm: ord={ord!r} of {what} has no derivative rule; there are rules for None, "
        "2, 1, inf and -inf of a vector, and for None, 'fro', 1, -1, inf and -inf of a matrix"
        f"{user_line()}"
    )


# ---------------------------------------------------------------------- products
@implements(np.kron)
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


@implements(np.cross)
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
            f"cross: vectors have three components, not {np.shape(a)[-1]} and {np.shape(b)[-1]}; "
            f"of plane vectors write `x1 * y2 - x2 * y1`{user_line()}"
        )
    next_one, last_one = (..., np.array([1, 2, 0])), (..., np.array([2, 0, 1]))
    product = subtract(
        multiply(get_item(a, next_one), get_item(b, last_one)),
        multiply(get_item(a, last_one), get_item(b, next_one)),
    )
    return moveaxis(product, -1, axisc)


@implements(np.vdot)
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


@implements(np.vecdot, np.linalg.vecdot)
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


if hasattr(np, "matvec"):  # NumPy 2.2
    implements(np.matvec)(matvec)
    implements(np.vecmat)(vecmat)


# ---------------------------------------------------------------------- numpy.linalg's own names
implements(np.linalg.matmul)(matmul)
implements(np.linalg.tensordot)(tensordot)


@implements(np.linalg.cross)
def _cross(x1: Any, x2: Any, *, axis: int = -1) -> Any:
    return cross(x1, x2, axis=axis)


@implements(np.linalg.diagonal)
def _diagonal(x: Any, *, offset: int = 0) -> Any:
    return diagonal(x, offset, -2, -1)


@implements(np.linalg.trace)
def _trace(x: Any, *, offset: int = 0, dtype: Any = None) -> Any:
    return trace(x, offset, -2, -1, dtype)


@implements(np.linalg.outer)
def _outer(x1: Any, x2: Any) -> Any:
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        raise input_error("outer", [x1, x2], ValueError("np.linalg.outer takes vectors"))
    return outer(x1, x2)


@implements(np.linalg.multi_dot)
def _multi_dot(arrays: Sequence[Any]) -> Any:
    product = arrays[0]
    for factor in arrays[1:]:
        product = matmul(product, factor)
    return product
