"""Look-ups: rows of a table by their ids, elements by their places along an axis.

A look-up along axis 0 is `autograd.rows.look_up`: its gradient holds the rows that were read and
nothing of the size of the table.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.types import Shape
from tinygrad_w2v.autograd.constants import plain_array
from tinygrad_w2v.autograd.diagnosis import user_line
from tinygrad_w2v.autograd.dispatch import implements, refuse_out, unwrapped
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.node import Node, is_duck_array, primitive
from tinygrad_w2v.autograd.rows import densify, look_up, taken
from tinygrad_w2v.autograd.shaping import (
    ScatterIndex,
    along_one,
    axis_of,
    normalized_axes,
    reshape,
)


class Take(Function):
    """y = x[..., ids, ...];  gx = zeros with g added at ids"""

    def __init__(self, ids: Any, axis: int) -> None:
        self.ids, self.axis = self.own("ids", ids), axis

    def forward(self, x: Any) -> Any:
        (self._axis,) = normalized_axes(self.axis, len(x.shape))
        self._shape = x.shape
        return taken(x, self.ids, self._axis)

    def backward(self, g: Any) -> Any:
        return ScatterIndex((*[slice(None)] * self._axis, self.ids), self._shape)(g)


class TakeAlongAxis(Function):
    """y_ij = x_i,ids(i,j);  gx = zeros with g added at ids"""

    def __init__(self, ids: Any, axis: int) -> None:
        self.ids, self.axis = self.own("ids", ids), axis

    def forward(self, x: Any) -> Any:
        (self._axis,) = normalized_axes(self.axis, len(x.shape))
        self._shape = x.shape
        return np.take_along_axis(x, self.ids, self._axis)

    def backward(self, g: Any) -> Any:
        return ScatterAlongAxis(self.ids, self._axis, self._shape)(g)


class ScatterAlongAxis(Function):
    """y = zeros of a shape with g added at ids along an axis;  gg = gy at ids"""

    def __init__(self, ids: Any, axis: int, shape: Shape) -> None:
        self.ids, self.axis, self.shape = ids, axis, shape

    def forward(self, g: Any) -> Any:
        found = primitive("scatter_along_axis", g, self.ids, self.axis, self.shape)
        if found is not NotImplemented:
            return found
        places: list[Any] = []
        for i, n in enumerate(self.shape):
            beside = [1] * len(self.shape)
            beside[i] = n
            places.append(self.ids if i == self.axis else np.arange(n).reshape(beside))
        out = np.zeros(self.shape, g.dtype)
        np.add.at(out, tuple(places), g)
        return out

    def backward(self, g: Any) -> Any:
        return np.take_along_axis(g, self.ids, self.axis)


def as_ids(ids: Any) -> Any:
    """`ids` as an integer array (foreign arrays and Variables stay what they are).

    Raises
    ------
    TypeError
        If they are not integers.
    """
    if isinstance(ids, Node):
        as_ids(ids._data)
        return ids
    ids = unwrapped(ids)
    if type(ids) is not np.ndarray:
        if is_duck_array(ids):
            return ids
        ids = plain_array(ids, "an array of ids")
        if ids.size == 0:
            ids = ids.astype(np.intp)
    if ids.dtype.kind not in "iu":
        raise TypeError(
            f"ids are integers, not {ids.dtype}: convert them with `.astype(int)`, and make ids "
            "of a mask with `np.nonzero(mask)[0]`"
        )
    return ids


def out_of_range(op: str, shape: Shape, axis: int, ids: Any) -> IndexError:
    """The error for ids that are no place along `axis` of a table of `shape`."""
    n, ids = shape[axis], unwrapped(ids)
    return IndexError(
        f"{op}: the ids go from {ids.min()} to {ids.max()}, but axis {axis} of the table of shape "
        f"{tuple(shape)} has the places 0 to {n - 1} (or -{n} to -1, from the end): compare the "
        f"ids with the size of the vocabulary{user_line()}"
    )


# ---------------------------------------------------------------------- their functions
def embedding(table: Any, ids: Any) -> Any:
    """Rows of a table by their ids: ``table[ids]``, ``(V, dim)`` and ``(...)`` to ``(..., dim)``.

    The gradient of a table that is a leaf is a `RowGrad`: the rows that were read, nothing else.

    Parameters
    ----------
    table : Variable or array ``(V, ...)``
    ids : int array, int Variable or list ``(...)``

    Raises
    ------
    IndexError
        If an id is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> w = tw.Variable(np.eye(3))
    >>> F.embedding(w, [2, 0, 2]).sum().backward()
    >>> w.grad.data
    RowGrad(3 rows of shape (3, 3), float64)
    """
    ids = as_ids(ids)
    try:
        return look_up(table, ids)
    except IndexError as error:
        raise out_of_range("embedding", np.shape(table), 0, ids) from error


@implements(np.take)
def take(
    a: Any, indices: Any, axis: int | None = None, out: None = None, mode: str = "raise"
) -> Any:
    """Parts of `a` by their places along an axis; the gradient along axis 0 is of rows.

    Parameters
    ----------
    a : Variable or array
    indices : int array, int Variable or list
        Constants, of any shape; the axis gives way to their axes.
    axis : int, optional
        None flattens `a` first.
    out : None
        Is refused: a graph is made of new values.
    mode : {"raise", "wrap", "clip"}
        What becomes of an id that is out of range.

    Raises
    ------
    IndexError
        If an id is out of range and `mode` is "raise".

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.take(tw.Variable([[1.0, 2.0, 3.0]]), [2, 2, 0], axis=1).data
    array([[3., 3., 1.]])
    """
    refuse_out("take", out)
    a, axis = along_one(a, axis)
    shape = np.shape(a)
    axis = axis_of("take", a, axis)
    ids = as_ids(indices)
    if mode == "wrap":
        ids = unwrapped(ids) % shape[axis]
    elif mode == "clip":
        ids = np.clip(unwrapped(ids), 0, shape[axis] - 1)
    elif mode != "raise":
        raise ValueError(f"take: mode is 'raise', 'wrap' or 'clip', not {mode!r}")
    try:
        return look_up(a, ids) if axis == 0 else Take(ids, axis)(a)
    except IndexError as error:
        raise out_of_range("take", shape, axis, ids) from error


@implements(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    """Elements by their places along one axis, other places in every row.

    Parameters
    ----------
    arr : Variable or array
    indices : int array or int Variable
        As many axes as `arr`; broadcast with it along the others.
    axis : int, optional
        None flattens `arr` first.

    Raises
    ------
    IndexError
        If an id is out of range.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> scores = tw.Variable([[1.0, 2.0], [3.0, 4.0]])
    >>> F.take_along_axis(scores, [[1], [0]], axis=1).data
    array([[2.],
           [3.]])
    """
    if axis is None:
        arr, axis = reshape(arr, -1), 0
    shape = np.shape(arr)
    axis = axis_of("take_along_axis", arr, axis)
    ids = as_ids(indices)
    try:
        return TakeAlongAxis(ids, axis)(arr)
    except IndexError as error:
        places = unwrapped(ids)
        if places.ndim != len(shape) or not places.size:
            raise
        if -shape[axis] <= places.min() and places.max() < shape[axis]:
            raise  # the shapes do not fit, and NumPy's message says so
        raise out_of_range("take_along_axis", shape, axis, ids) from error


def to_dense(x: Any) -> Any:
    """An array of a `RowGrad`, a Variable of an array of a Variable of one; others as they are.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.to_dense(tw.RowGrad(np.array([1]), np.array([[5.0]]), (3, 1))).tolist()
    [[0.0], [5.0], [0.0]]
    """
    return densify(x)
