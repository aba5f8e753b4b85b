"""Lengths of vectors, sizes of matrices, and the cosine of an angle."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import MissingRuleError, ShapeError
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.dispatch import implements, unwrapped
from tinygrad_w2v.functions.arithmetic import abs
from tinygrad_w2v.functions.axes import Axis, axes_of, ndarray, reduced_axes
from tinygrad_w2v.functions.casting import as_array, cast, real, wide
from tinygrad_w2v.functions.products import is_empty
from tinygrad_w2v.functions.reductions import Reduction, max, min, sum
from tinygrad_w2v.functions.scores import given_array
from tinygrad_w2v.functions.trigonometry import part_of_length

__all__ = ["cosine_similarity", "norm"]


class Norm(Reduction):
    """y = sqrt(sum(x**2, axis));  gx = g * x / y   (0 at 0)"""

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
        a matrix, or for ``ord=None`` anything, as one vector.
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
    return _norm(x, axes, ord, keepdims, matrices=len(axes) == 2)


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


@implements(np.linalg.vector_norm)
def _vector_norm(x: Any, *, axis: Axis = None, keepdims: bool = False, ord: Any = 2) -> Any:
    axes = axes_of("vector_norm", x, axis)
    return _norm(real(as_array(x)), axes, ord, keepdims, matrices=False)


@implements(np.linalg.matrix_norm)
def _matrix_norm(x: Any, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    return norm(x, ord, (-2, -1), keepdims)


def _norm(x: Any, axes: tuple[int, ...], ord: Any, keepdims: bool, matrices: bool) -> Any:
    """`norm` over the axes of vectors, or over the rows and columns of matrices."""
    if ord in ((None, "fro", "f") if matrices else (None, 2)):
        return Norm(axes, keepdims)(x)
    if ord not in ((1, -1, np.inf, -np.inf) if matrices else (1, np.inf, -np.inf)):
        raise MissingRuleError(
            f"np.linalg.norm: ord={ord!r} of a {'matrix' if matrices else 'vector'} has no "
            "derivative rule; there are rules for None, 2, 1, inf and -inf of a vector, and for "
            f"None, 'fro', 1, -1, inf and -inf of a matrix{user_line()}"
        )
    sizes = abs(x)
    if matrices:
        rows, columns = axes
        sizes = sum(sizes, rows if ord in (1, -1) else columns, keepdims=True)
    elif ord == 1:
        return sum(sizes, axes, keepdims=keepdims)
    if ord < 0:
        return min(sizes, axes, keepdims=keepdims)
    # The largest of none is 0.
    return max(sizes, axes, keepdims=keepdims, initial=None if np.size(sizes) else 0)


def cosine_similarity(a: Any, b: Any, axis: Axis = -1, eps: float = 1e-8) -> Any:
    """Cosine of the angle between vectors: ``sum(a b) / (|a| |b|)``.

    Parameters
    ----------
    a, b : Variable or array
        Vectors along `axis`, of one length; the other axes are broadcast.
    axis : int or tuple of int
        Of the broadcast arrays.
    eps : float
        Lengths below it count as this, so that a zero vector has similarity 0.

    Raises
    ------
    ShapeError
        If the vectors are not of one length.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> a = tw.Variable([[1.0, 0.0], [3.0, 4.0], [0.0, 0.0]])
    >>> F.cosine_similarity(a, [1.0, 0.0]).data
    array([1. , 0.6, 0. ])
    """
    a = given_array(a, "cosine_similarity: the first argument")
    b = given_array(b, "cosine_similarity: the second argument")
    axes = _axes_of_vectors(a, b, axis)
    half = a.dtype == np.float16 == b.dtype
    if a.dtype.kind != "f" and b.dtype.kind == "f":
        a = cast(a, b.dtype)
    elif a.dtype.kind == "f" and b.dtype.kind != "f":
        b = cast(b, a.dtype)
    a, b = _scaled(wide(a), axes), _scaled(wide(b), axes)

    def length(x: Any) -> Any:
        return np.sqrt(np.maximum(np.sum(np.square(x), axis=axes), eps**2))

    if half:
        return cast(np.sum(a * b, axis=axes) / (length(a) * length(b)), np.float16)
    return np.sum(a * b, axis=axes) / (length(a) * length(b))


def _axes_of_vectors(a: Any, b: Any, axis: Axis) -> tuple[int, ...]:
    """The axes of the vectors, counted from the end; both have them, with the same lengths."""
    ndim = builtins.max(len(a.shape), len(b.shape))
    axes = tuple([i - ndim for i in reduced_axes(axis, ndim)])
    for i in axes:
        lengths = [x.shape[i] if -i <= len(x.shape) else 1 for x in (a, b)]
        if lengths[0] != lengths[1]:
            raise ShapeError(
                f"cosine_similarity: vectors of lengths {lengths[0]} and {lengths[1]} along axis "
                f"{i} of the shapes {tuple(a.shape)} and {tuple(b.shape)}: only vectors of one "
                f"length have a cosine{user_line()}"
            )
    return axes


def _scaled(x: Any, axes: tuple[int, ...]) -> Any:
    """`x` with its vectors scaled so that their squares fit into its dtype; their cosine stays."""
    data = unwrapped(x)
    if is_empty(data):
        return x
    largest = np.max(np.absolute(data), axis=axes, keepdims=True)
    if isinstance(data, ndarray) and np.max(largest) < np.finfo(data.dtype).max ** 0.25:
        return x
    return x / np.maximum(largest, 1)
