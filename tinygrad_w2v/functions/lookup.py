"""Look-ups: rows of a table by their ids, elements by their places along an axis or by an index.

The gradient of rows along axis 0 is a `RowGrad`: it holds the rows that were read and nothing of
the size of the table. Its rule is one op, too, `ScatterRows`, whose backward is the look-up: so
tables can be differentiated to any order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.types import Shape
from tinygrad_w2v.autograd.constants import plain_array
from tinygrad_w2v.autograd.debugging.misfits import no_place, wrong_index
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.dispatch import refuse_out, unwrapped
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.node import Node, is_duck_array, offer_whole
from tinygrad_w2v.autograd.rowgrad import RowGrad
from tinygrad_w2v.autograd.rowgrad.row_sums import rows_of
from tinygrad_w2v.functions.axes import axis_of, normalized_axes
from tinygrad_w2v.functions.shape import along_one, reshape

__all__ = ["embedding", "take", "take_along_axis", "to_dense"]


class Rows(Function):
    """y = table[ids];  gtable[ids] += g   (0 elsewhere)"""

    def __init__(self, ids: Any) -> None:
        self.ids = self.keep_copy("ids", ids)  # the gradient goes on reading them

    def forward(self, table: Any) -> Any:
        self.shape = table.shape
        y = offer_whole("rows", table, self.ids)
        return taken(table, self.ids, 0) if y is NotImplemented else y

    def misfit(self, *shapes: Shape) -> str:
        return no_place(shapes[0], 0, self.ids)

    def backward(self, g: Any) -> Any:
        return scatter_rows(g, self.ids, self.shape)


def look_up(table: Any, ids: Any) -> Any:
    """``table[ids]`` along axis 0, for an integer array or Variable `ids` of any shape."""
    return Rows(ids)(table)


class ScatterRows(Function):
    """y[ids] += x;  gx = g[ids]   (0 elsewhere)"""

    def __init__(self, ids: Any, shape: Shape) -> None:
        self.ids, self.shape = ids, shape

    def forward(self, x: Any) -> Any:
        return RowGrad(self.ids, x, self.shape)

    def backward(self, g: Any) -> Any:
        return look_up(g, self.ids)


def scatter_rows(g: Any, ids: Any, shape: Shape) -> Any:
    """The gradient of ``table[ids]`` for a table of `shape`: a `RowGrad`, or a Variable of one."""
    return ScatterRows(ids, shape)(g) if isinstance(g, Node) else RowGrad(ids, g, shape)


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
    except IndexError:
        raise out_of_range("embedding", np.shape(table), 0, ids) from None


class ToDense(Function):
    """y = to_dense(x);  gx = g"""

    def forward(self, x: Any) -> Any:
        return x.to_dense()

    def backward(self, g: Any) -> Any:
        return g


def to_dense(x: Any) -> Any:
    """A `RowGrad` as an array, a Variable of one as a Variable of an array; all else as it is.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> F.to_dense(tw.RowGrad(np.array([1]), np.array([[5.0]]), (3, 1))).tolist()
    [[0.0], [5.0], [0.0]]
    """
    if isinstance(x, RowGrad):
        return x.to_dense()
    if isinstance(x, Node) and isinstance(x._data, RowGrad):
        return ToDense()(x)
    return x


class GetItem(Function):
    """y = x[index];  gx[index] += g   (0 elsewhere)"""

    def __init__(self, index: Any) -> None:
        self.index = self.keep_copy("index", index)

    def forward(self, x: Any) -> Any:
        self.shape = x.shape
        return x[self.index]

    def misfit(self, *shapes: Shape) -> str:
        return wrong_index(self.index, shapes[0])

    def backward(self, g: Any) -> Any:
        return ScatterIndex(self.index, self.shape)(g)


def get_item(x: Any, index: Any) -> Any:
    """``x[index]``: whole rows for an integer, a list or an integer array, else elements."""
    ids = index._data if isinstance(index, Node) else index
    if isinstance(ids, list):
        ids = np.asarray(unwrapped(ids))
        ids = ids.astype(np.intp) if ids.size == 0 else ids
    kind = getattr(getattr(ids, "dtype", None), "kind", "")
    if (kind and kind in "iu") or (isinstance(ids, int) and not isinstance(ids, bool)):
        return look_up(x, index if isinstance(index, Node) else ids)
    return GetItem(unwrapped(ids))(x)


class ScatterIndex(Function):
    """y[index] += x;  gx = g[index]   (0 elsewhere)"""

    def __init__(self, index: Any, shape: Shape) -> None:
        self.index, self.shape = index, shape

    def forward(self, x: Any) -> Any:
        if (y := offer_whole("scatter_index", x, self.index, self.shape)) is not NotImplemented:
            return y
        out = np.zeros(self.shape, x.dtype)
        if is_basic(self.index):
            out[self.index] = x
        else:
            np.add.at(out, self.index, x)
        return out

    def backward(self, g: Any) -> Any:
        return g[self.index]


def is_basic(index: Any) -> bool:
    """Whether `index` selects each element at most once: ints, slices, ``...`` and ``None``."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        p is None or p is ... or isinstance(p, int | slice | np.integer) for p in parts
    ) and not any(isinstance(p, bool) for p in parts)


class Take(Function):
    """y = take(x, ids, axis);  take(gx, ids, axis) += g   (0 elsewhere)"""

    def __init__(self, ids: Any, axis: int) -> None:
        self.ids, self.axis = self.keep_copy("ids", ids), axis

    def forward(self, x: Any) -> Any:
        (self._axis,) = normalized_axes(self.axis, len(x.shape))
        self._shape = x.shape
        return taken(x, self.ids, self._axis)

    def misfit(self, *shapes: Shape) -> str:
        return no_place(shapes[0], self.axis, self.ids)

    def backward(self, g: Any) -> Any:
        return ScatterIndex((*[slice(None)] * self._axis, self.ids), self._shape)(g)


def take(
    a: Any, indices: Any, axis: int | None = None, out: None = None, mode: str = "raise"
) -> Any:
    """Parts of `a` by their places along an axis; the gradient along axis 0 is of rows.

    Parameters
    ----------
    a : Variable or array
    indices : int array, int Variable or list
        Constants, of any shape; their axes replace `axis`.
    axis : int, optional
        None flattens `a` first.
    out : None
        Is refused: a graph is made of new values.
    mode : {"raise", "wrap", "clip"}
        What is done with an id that is out of range.

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
    except IndexError:
        raise out_of_range("take", shape, axis, ids) from None


def taken(x: Any, ids: Any, axis: int) -> Any:
    """``np.take``; NumPy does not ask foreign ids, which may be of a plain array, too."""
    if isinstance(ids, int | np.integer):
        return x[ids] if axis == 0 else np.take(x, ids, axis=axis)
    if type(ids) is not np.ndarray:
        if (y := offer_whole("take_from", ids, x, axis)) is not NotImplemented:
            return y
    elif axis == 0 and type(x) is np.ndarray and x.ndim and ids.dtype.kind in "iu":
        return rows_of(x, ids)
    return np.take(x, ids, axis=axis)


class TakeAlongAxis(Function):
    """y = take_along_axis(x, ids, axis);  take_along_axis(gx, ids, axis) += g   (0 elsewhere)"""

    def __init__(self, ids: Any, axis: int) -> None:
        self.ids, self.axis = self.keep_copy("ids", ids), axis

    def forward(self, x: Any) -> Any:
        (self._axis,) = normalized_axes(self.axis, len(x.shape))
        self._shape = x.shape
        return np.take_along_axis(x, self.ids, self._axis)

    def misfit(self, *shapes: Shape) -> str:
        (x,), ids = shapes, np.shape(self.ids)
        if len(ids) != len(x):
            return f"the ids have as many axes as what they are places of, not the shape {ids}"
        rest = [(i, n, m) for i, (n, m) in enumerate(zip(x, ids, strict=True)) if i != self._axis]
        wrong = [
            f"axis {i} of the ids is {m}, not {n}" for i, n, m in rest if m not in (1, n) and n != 1
        ]
        return wrong[0] if wrong else no_place(x, self._axis, self.ids)

    def backward(self, g: Any) -> Any:
        return ScatterAlongAxis(self.ids, self._axis, self._shape)(g)


def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    """Elements by their places along one axis, with places of its own for every row.

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
    except IndexError:
        places = unwrapped(ids)
        if places.ndim != len(shape) or not places.size:
            raise
        if -shape[axis] <= places.min() and places.max() < shape[axis]:
            raise  # the shapes do not fit, and NumPy's message says so
        raise out_of_range("take_along_axis", shape, axis, ids) from None


class ScatterAlongAxis(Function):
    """take_along_axis(y, ids, axis) += x;  gx = take_along_axis(g, ids, axis)   (0 elsewhere)"""

    def __init__(self, ids: Any, axis: int, shape: Shape) -> None:
        self.ids, self.axis, self.shape = ids, axis, shape

    def forward(self, x: Any) -> Any:
        y = offer_whole("scatter_along_axis", x, self.ids, self.axis, self.shape)
        if y is not NotImplemented:
            return y
        places: list[Any] = []
        for i, n in enumerate(self.shape):
            beside = [1] * len(self.shape)
            beside[i] = n
            places.append(self.ids if i == self.axis else np.arange(n).reshape(beside))
        out = np.zeros(self.shape, x.dtype)
        np.add.at(out, tuple(places), x)
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
            f"ids are integers, not {ids.dtype}: convert them with `.astype(int)`, make ids of a "
            "mask with `np.nonzero(mask)[0]`, and of one-hot rows with `.argmax(axis=-1)`"
            + user_line()
        )
    return ids


def out_of_range(op: str, shape: Shape, axis: int, ids: Any) -> IndexError:
    """The error for ids that are no place along `axis` of a table of `shape`."""
    why = no_place(shape, axis, unwrapped(ids))
    advice = ": compare the ids with the size of the vocabulary" if shape else ""
    return IndexError(f"{op}: {why}{advice}{user_line()}")
