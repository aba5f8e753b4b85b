"""NumPy's older ways to join and to split, written with `concatenate`, `stack` and `split`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_w2v.autograd.debugging.errors import input_error
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.dispatch import implements
from tinygrad_w2v.functions.axes import axis_of
from tinygrad_w2v.functions.casting import as_array
from tinygrad_w2v.functions.joining import concatenate, split
from tinygrad_w2v.functions.shape import broadcast_to, reshape, transpose


def _of_each(arys: tuple[Any, ...], shaped: Any) -> Any:
    """One result for one array, a tuple for several, as NumPy gives them."""
    given: list[Any] = [as_array(a) for a in arys]
    results = tuple([reshape(a, shaped(a.shape)) for a in given])
    return results[0] if len(results) == 1 else results


@implements(np.atleast_1d)
def atleast_1d(*arys: Any) -> Any:
    """Each array with one axis at least: a number becomes ``(1,)``; several give a tuple.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.atleast_1d(tw.Variable(2.0)).shape
    (1,)
    """
    return _of_each(arys, lambda shape: shape or (1,))


@implements(np.atleast_2d)
def atleast_2d(*arys: Any) -> Any:
    """Each array with two axes at least: ``(n,)`` becomes ``(1, n)``; several give a tuple.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.atleast_2d(tw.Variable([1.0, 2.0])).shape
    (1, 2)
    """
    return _of_each(arys, lambda shape: (*[1] * (2 - len(shape)), *shape))


@implements(np.atleast_3d)
def atleast_3d(*arys: Any) -> Any:
    """Each array with three axes at least: ``(n,)`` becomes ``(1, n, 1)``; several give a tuple.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.atleast_3d(tw.Variable([1.0, 2.0])).shape
    (1, 2, 1)
    """
    return _of_each(arys, lambda s: s if len(s) > 2 else (*[1] * (len(s) < 2), *(s or (1,)), 1))


@implements(np.column_stack)
def column_stack(tup: Sequence[Any]) -> Any:
    """Vectors as the columns of a matrix; matrices beside each other.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.column_stack([tw.Variable([1.0, 2.0]), [3.0, 4.0]]).data
    array([[1., 3.],
           [2., 4.]])
    """
    return concatenate([transpose(atleast_2d(a)) if np.ndim(a) < 2 else a for a in tup], axis=1)


@implements(np.dstack)
def dstack(tup: Sequence[Any]) -> Any:
    """Arrays behind each other along the third axis; see `atleast_3d`.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.dstack([tw.Variable([1.0, 2.0]), [3.0, 4.0]]).shape
    (1, 2, 2)
    """
    return concatenate([atleast_3d(a) for a in tup], axis=2)


@implements(np.append)
def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """`values` behind `arr` along `axis`; both flattened where that is None.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.append(tw.Variable([1.0, 2.0]), 3.0).data
    array([1., 2., 3.])
    """
    return concatenate([arr, values], axis)


@implements(np.broadcast_arrays)
def broadcast_arrays(*args: Any, subok: bool = False) -> tuple[Any, ...]:
    """The arrays stretched to the shape that they have together.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> x, y = F.broadcast_arrays(tw.Variable([1.0, 2.0]), [[1.0], [2.0], [3.0]])
    >>> x.shape, y.shape
    ((3, 2), (3, 2))
    """
    try:
        shape = np.broadcast_shapes(*[np.shape(a) for a in args])
    except ValueError as error:
        raise input_error("broadcast_arrays", args, error) from error
    return tuple([broadcast_to(a, shape) for a in args])


# ---------------------------------------------------------------------- parts
@implements(np.array_split)
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """As `split`, for a number of parts that need not divide the axis: the first are longer by 1.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> [part.shape for part in F.array_split(tw.Variable([1.0, 2.0, 3.0]), 2)]
    [(2,), (1,)]
    """
    if np.ndim(indices_or_sections) > 0:
        return split(ary, indices_or_sections, axis)
    count = int(indices_or_sections)
    if count <= 0:
        raise ValueError(f"array_split: there are no {count} parts{user_line()}")
    place = axis_of("array_split", ary, axis)
    length, longer = divmod(np.shape(ary)[place], count)
    return split(ary, [k * length + min(k, longer) for k in range(1, count)], place)


def _split_along(name: str, ary: Any, how: Any, axis: int, ndim: int) -> list[Any]:
    if np.ndim(ary) < ndim:
        raise ValueError(
            f"{name}: an array of {ndim} or more axes is split, not one of shape "
            f"{np.shape(ary)}{user_line()}"
        )
    return split(ary, how, axis)


@implements(np.hsplit)
def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """`split` along axis 1, of a vector along its only axis.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> [part.data.tolist() for part in F.hsplit(tw.Variable([[1.0, 2.0]]), 2)]
    [[[1.0]], [[2.0]]]
    """
    return _split_along("hsplit", ary, indices_or_sections, 1 if np.ndim(ary) > 1 else 0, 1)


@implements(np.vsplit)
def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """`split` along axis 0 of an array of two axes or more.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> [part.data.tolist() for part in F.vsplit(tw.Variable([[1.0], [2.0]]), 2)]
    [[[1.0]], [[2.0]]]
    """
    return _split_along("vsplit", ary, indices_or_sections, 0, 2)


@implements(np.dsplit)
def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """`split` along axis 2 of an array of three axes or more.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> [part.data.tolist() for part in F.dsplit(tw.Variable([[[1.0, 2.0]]]), 2)]
    [[[[1.0]]], [[[2.0]]]]
    """
    return _split_along("dsplit", ary, indices_or_sections, 2, 3)
