"""Row gradients: a look-up in a table touches a few rows, and so does its gradient.

A `RowGrad` is a value with an addition law: the sum of two only holds both, so that a table which
is read once for each context costs nothing per sum. `coalesced` makes the rows unique. A dense
array is made of it only on request.
"""

from __future__ import annotations

import functools
import operator
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import ShapeError
from tinygrad_w2v._base.types import AnyArray, Shape
from tinygrad_w2v.autograd.node import Node, is_duck_array, offer_whole
from tinygrad_w2v.autograd.representation import html_of_rows
from tinygrad_w2v.autograd.rowgrad.row_sums import rows_of, sum_by_row


def _unsupported(what: str) -> TypeError:
    return TypeError(
        f"{what} is not defined for a RowGrad (a gradient of some rows of a table): "
        "make an array with `.to_dense()` first (`F.to_dense(v)` of a Variable)"
    )


def _of_arrays(what: str, name: str) -> Any:
    """An operator of arrays: of a vector's gradient the array's own, of a table's an error."""

    def method(self: RowGrad, *others: Any) -> Any:
        return getattr(self._as_array(what), name)(*others)

    return method


class RowGrad:
    """Gradient of a table ``(rows, ...)`` of which only some rows were read; rows may repeat.

    Understands ``+``, unary ``-``, a scalar factor, and ``array -= rowgrad`` (also ``+=``) in
    place; anything else raises and names `to_dense`, since it would silently copy a large table.
    The gradient of a vector (``x[0]`` leaves one) is small: it becomes an array where needed.

    Parameters
    ----------
    rows : int array ``(...)``
        Which rows; any shape, negative ones count from the end.
    values : array ``(..., *shape[1:])``
        Their gradients.
    shape : tuple of int
        Shape of the table.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> g = tw.RowGrad(np.array([2, 0, 2]), np.ones((3, 2)), (4, 2))
    >>> g.coalesced().rows
    array([0, 2])
    >>> g.to_dense()
    array([[1., 1.],
           [0., 0.],
           [2., 2.],
           [0., 0.]])
    >>> g.values.shape, g.shape, g.ndim, g.size, g.dtype, g.astype(np.float32).dtype
    ((3, 2), (4, 2), 2, 8, dtype('float64'), dtype('float32'))
    >>> len((g + g).parts)
    2
    >>> table = np.zeros((4, 2))
    >>> g.add_to(table, -0.5)  # as table -= 0.5 * g
    >>> table[2]
    array([-1., -1.])
    """

    __slots__ = ("_factor", "_flat", "_is_coalesced", "_parts", "shape")

    def __init__(self, rows: Any, values: Any, shape: Shape) -> None:
        self.shape = tuple(shape)
        if isinstance(values, list | tuple):
            values = np.asarray(values, np.float64)
        self._parts: Any = ((rows, values), None)  # a binary tree of parts: (part, None) is a leaf
        self._factor: Any = None  # a pending scalar factor: it is applied to the fewest rows
        self._flat: tuple[Any, Any] | None = None
        self._is_coalesced = False

    def _derived(self, parts: Any, factor: Any = None) -> RowGrad:
        """A gradient of the same table with these parts."""
        out = RowGrad.__new__(RowGrad)
        out.shape = self.shape
        out._parts, out._factor, out._flat, out._is_coalesced = parts, factor, None, False
        return out

    # What `copy`, `deepcopy` and `pickle` ask: one array of rows, however many were added up.
    def __getstate__(self) -> Any:
        return self.rows, self.values, self.shape, self._is_coalesced

    def __setstate__(self, state: Any) -> None:
        rows, values, shape, coalesced = state
        self.__init__(rows, values, shape)  # type: ignore[misc]
        self._is_coalesced = coalesced

    @property
    def parts(self) -> list[tuple[Any, Any]]:
        """The ``(rows, values)`` that were added up, as they came."""
        return self._scaled_parts(self._factor)

    def _scaled_parts(self, factor: Any) -> list[tuple[Any, Any]]:
        """The parts times `factor`, which stands in for the factor of this gradient."""
        parts: list[tuple[Any, Any]] = []
        waiting: list[tuple[RowGrad, Any]] = [(self, factor)]
        while waiting:
            grad, factor = waiting.pop()
            left, right = grad._parts
            if right is None:
                rows, values = left
                parts.append((rows, values if factor is None else values * factor))
            else:
                waiting += [(g, _product(factor, g._factor)) for g in (right, left)]
        return parts

    def _flattened(self) -> tuple[Any, Any]:
        """All parts as ``rows (n,)`` and ``values (n, ...)``, these without the pending factor."""
        if self._flat is None:
            width = self.shape[1:]
            rows, values = [], []
            for ids, value in self._scaled_parts(None):
                ids = np.asarray(ids).reshape(-1)
                if ids.dtype.kind == "i" and ids.size and ids.min() < 0:
                    ids = np.where(ids < 0, ids + self.shape[0], ids)
                rows.append(ids)
                values.append(np.asarray(value).reshape(len(ids), *width))
            flat = (
                rows[0].view() if len(rows) == 1 else np.concatenate(rows),
                values[0].view() if len(rows) == 1 else np.concatenate(values),
            )
            for array in flat:
                array.flags.writeable = False
            self._flat = flat
            self._parts = (flat, None)
        return self._flat

    def _summed(self, rising: bool) -> tuple[AnyArray, AnyArray]:
        """Unique rows and the sums of their values, these without the pending factor."""
        rows, values = self._flattened()
        return (rows, values) if self._is_coalesced else sum_by_row(rows, values, rising)

    @property
    def rows(self) -> AnyArray:
        """The rows ``(n,)``, in the order in which they came; they may repeat."""
        return self._flattened()[0]

    @property
    def values(self) -> AnyArray:
        """The gradients of `rows`, ``(n, *shape[1:])``."""
        rows, values = self._flattened()
        if self._factor is not None:
            values = values * self._factor
            values.flags.writeable = False
            self._flat, self._factor = (rows, values), None
            self._parts = (self._flat, None)
        return values

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the values."""
        first = self
        while first._parts[1] is not None:
            first = first._parts[0]
        return first._parts[0][1].dtype

    @property
    def ndim(self) -> int:
        """Number of axes of the table."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements of the table (not of the rows that are held)."""
        return int(np.prod(self.shape, dtype=np.int64))

    def __repr__(self) -> str:
        return f"RowGrad({len(self.rows)} rows of shape {self.shape}, {self.dtype})"

    def _repr_html_(self) -> str:
        return html_of_rows(repr(self), self.rows, self.values)

    # ------------------------------------------------------------------ what can be made of it
    def coalesced(self) -> RowGrad:
        """The same gradient with unique, rising rows; values of repeated rows are added up."""
        if self._is_coalesced:
            return self
        rows, values = self._summed(rising=True)
        out = RowGrad(rows, _product(self._factor, values), self.shape)
        out._is_coalesced = True
        return out

    def to_dense(self) -> AnyArray:
        """The gradient as an array of the table's shape, zeros where no row was read."""
        parts = self.parts
        if is_duck_array(parts[0][1]):
            added = [offer_whole("scatter_rows", g, ids, self.shape) for ids, g in parts]
            return functools.reduce(operator.add, added)
        out = np.zeros(self.shape, self.dtype)
        self.add_to(out)
        return out

    def astype(self, dtype: Any) -> RowGrad:
        """The same rows with values of another dtype."""
        return self._mapped(lambda values: values.astype(dtype))

    def add_to(self, table: AnyArray, factor: float = 1.0) -> None:
        """``table += factor * self``, in place; only the rows of this gradient are touched."""
        if table.shape != self.shape:
            raise ShapeError(
                f"a RowGrad of shape {self.shape} does not fit an array of shape {table.shape}: "
                "the shapes must be equal; what `.to_dense()` makes can be broadcast"
            )
        rows, values = self._summed(rising=False)
        scale = _product(None if factor == 1.0 else factor, self._factor)
        if scale is not None:
            scale = np.asarray(scale, values.dtype)
            # A sum of repeated rows is nobody's but ours; what was given is the caller's.
            values = np.multiply(values, scale, out=values if values.flags.writeable else None)
        changed = rows_of(table, rows)
        changed += values
        table[rows] = changed

    def _mapped(self, function: Any) -> RowGrad:
        out = RowGrad(self.rows, function(self.values), self.shape)
        out._is_coalesced = self._is_coalesced
        return out

    # ------------------------------------------------------------------ the addition law
    def __add__(self, other: Any) -> Any:
        if isinstance(other, RowGrad):
            if other.shape != self.shape:
                raise ShapeError(
                    f"RowGrads of tables of shapes {self.shape} and {other.shape} have no sum"
                )
            return self._derived((self, other))
        if isinstance(other, np.ndarray):
            return _sum_with_array(self, other)
        if isinstance(other, Node):
            return NotImplemented
        if is_duck_array(other):
            return self.to_dense() + other
        return self._as_array(f"+ with a {type(other).__name__}") + other

    def __radd__(self, other: Any) -> Any:
        return self + other

    def __neg__(self) -> RowGrad:
        return self._mapped(np.negative)

    def __mul__(self, factor: Any) -> RowGrad:
        if isinstance(factor, Node):
            return NotImplemented
        if np.ndim(factor) != 0:
            return self._as_array("multiply by an array") * factor
        out = self._derived(self._parts, _product(self._factor, np.asarray(factor, self.dtype)))
        if self._is_coalesced:
            out._is_coalesced = True
        return out

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> RowGrad:
        return self * (1.0 / divisor)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        out = kwargs.pop("out", None)
        if method == "__call__" and not kwargs:
            first, *others = inputs
            if out is not None:
                if ufunc in _IN_PLACE and out[0] is first and others[0] is self:
                    self.add_to(first, _IN_PLACE[ufunc])
                    return first
            elif ufunc is np.negative:
                return -self
            elif ufunc is np.add:
                return self + (first if others[0] is self else others[0])
            elif ufunc is np.multiply:
                return self * (first if others[0] is self else others[0])
        what = f"np.{ufunc.__name__}"
        if out is not None:
            if any(isinstance(array, RowGrad) for array in out):
                raise _unsupported(what)
            kwargs["out"] = out
        return getattr(ufunc, method)(*_with_arrays(inputs, what), **_with_arrays(kwargs, what))

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func in (np.shape, np.ndim, np.size) and len(args) == 1 and not kwargs:
            return getattr(self, func.__name__)
        what = f"np.{func.__name__}"
        return func(*_with_arrays(args, what), **_with_arrays(kwargs, what))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if copy is False:
            raise ValueError("a RowGrad has no array of its own that could be shared: it is made")
        return np.array(self._as_array("np.asarray"), dtype)

    def _as_array(self, what: str) -> AnyArray:
        """The array of a vector's gradient, read-only as it is a copy; an error for a table's."""
        if self.ndim != 1:
            raise _unsupported(what)
        dense = self.to_dense()
        if isinstance(dense, np.ndarray):
            dense.flags.writeable = False
        return dense

    __hash__ = object.__hash__

    def __setitem__(self, *_: Any) -> None:
        raise _unsupported("assignment to elements")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if self.ndim == 1 and hasattr(np.ndarray, name):
            return getattr(self._as_array(name), name)
        raise AttributeError(f"a RowGrad has no `{name}`: make an array with `.to_dense()`")


_IN_PLACE = {np.subtract: -1.0, np.add: 1.0}

# Python's other operators would answer something of their own: `g == 0` would be False.
for _what, _names in {
    "-": "sub rsub",
    "division by it": "rtruediv",
    "**": "pow rpow",
    "@": "matmul rmatmul",
    "abs": "abs",
    "indexing": "getitem",
    "len": "len",
    "iteration": "iter",
    "a truth value": "bool",
    "float": "float",
    "a comparison": "eq ne lt le gt ge",
}.items():
    for _name in _names.split():
        setattr(RowGrad, f"__{_name}__", _of_arrays(_what, f"__{_name}__"))


def _with_arrays(values: Any, what: str) -> Any:
    """Arguments of a function of arrays, the gradients of vectors in them as arrays."""
    if isinstance(values, RowGrad):
        return values._as_array(what)
    if isinstance(values, dict):
        return {name: _with_arrays(value, what) for name, value in values.items()}
    if type(values) in (list, tuple):
        return type(values)(_with_arrays(value, what) for value in values)
    return values


def _sum_with_array(grad: RowGrad, array: AnyArray) -> AnyArray:
    out = array.astype(np.result_type(array, grad.dtype))
    grad.add_to(out)
    return out


def _product(a: Any, b: Any) -> Any:
    """Product of two factors, of which None is 1."""
    if a is None or b is None:
        return b if a is None else a
    return a * b
