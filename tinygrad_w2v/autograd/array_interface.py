"""What a Variable shares with arrays: sizes, comparisons, methods, NumPy's protocols, conversions.

Methods whose arguments are those of an op's public function are that function: `functions.methods`
puts them on `Variable`, as it does the operators. Here stand those that differ from it. What has no
derivative to speak of (comparisons, `argmax`, `any` ...) gives plain arrays.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn, Self

import numpy as np

from tinygrad_w2v._base.errors import NonDifferentiableError
from tinygrad_w2v._base.types import Shape
from tinygrad_w2v.autograd.debugging.errors import input_error
from tinygrad_w2v.autograd.debugging.leaving import leaves_graph
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.dispatch import RULES, call, call_ufunc, unwrapped

numpy: Any = np  # its stubs do not know that its functions take Variables


class ArrayInterface:
    """Base of `Variable`: what it shares with arrays."""

    __slots__ = ()
    _data: Any

    # ------------------------------------------------------------------ sizes, conversions
    @property
    def shape(self) -> Shape:
        """Lengths of the axes."""
        return self._data.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._data.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return self._data.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the data, and of the gradient."""
        return self._data.dtype

    def item(self) -> float:
        """The value of a single element as a Python number, as ``float(x)``."""
        leaves_graph(self, "`.item()`")
        return self._data.item()

    def __bool__(self) -> bool:
        if self._data.size != 1:
            raise ValueError(
                f"the truth value of a Variable of shape {self.shape} is ambiguous: use "
                "`x.data.any()` or `x.data.all()`"
            )
        return bool(self._data)

    def __float__(self) -> float:
        return float(self._single("float()"))

    def __int__(self) -> int:
        return int(self._single("int()"))

    def _single(self, wanted: str) -> int | float:
        if self._data.size != 1:
            raise TypeError(
                f"{wanted} of a Variable of shape {self.shape}: only one element makes a "
                "number; use `.data`"
            )
        leaves_graph(self, wanted)
        return self._data.item()

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a Variable without axes (it holds one number)")
        return self.shape[0]

    def __iter__(self) -> Iterator[Self]:
        return (self[i] for i in range(len(self)))

    def __contains__(self, value: Any) -> bool:
        return bool(np.any(self._data == unwrapped(value)))

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        if self._data.size == 1:
            return format(self._data.item(), spec)
        return np.array2string(self._data, formatter={"all": lambda value: format(value, spec)})

    # Comparisons look at the data and give plain arrays; a Variable is hashed by identity.
    __hash__ = object.__hash__

    def __eq__(self, other: Any) -> Any:
        return _compared("==", operator.eq, self, other)

    def __ne__(self, other: Any) -> Any:
        return _compared("!=", operator.ne, self, other)

    def __lt__(self, other: Any) -> Any:
        return _compared("<", operator.lt, self, other)

    def __le__(self, other: Any) -> Any:
        return _compared("<=", operator.le, self, other)

    def __gt__(self, other: Any) -> Any:
        return _compared(">", operator.gt, self, other)

    def __ge__(self, other: Any) -> Any:
        return _compared(">=", operator.ge, self, other)

    # ------------------------------------------------------------------ NumPy
    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return call_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return call(func, args, kwargs)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(
            "a Variable is not an array: take `.data` for its values (they leave the graph), make "
            "one Variable of a list of them with `F.stack`, or use another op of "
            "`tinygrad_w2v.functions` (here F)"
        )

    @property
    def _mask(self) -> NoReturn:
        # Masked arrays ask for it. They would take `_data` for the value, without its graph.
        raise NonDifferentiableError(
            "a masked array does not work with a Variable: fill it first, `m.filled(...)`, and "
            "choose with `np.where(mask, x, y)`" + user_line()
        )

    # ------------------------------------------------------------------ shapes
    def reshape(self, *shape: Any, order: str = "C") -> Self:
        """The same elements in another shape, given as one tuple or as numbers."""
        if len(shape) == 1 and isinstance(shape[0], tuple | list):
            shape = tuple(shape[0])
        return RULES[np.reshape](self, shape, order)

    def ravel(self, order: str = "C") -> Self:
        """All elements along one axis."""
        return RULES[np.reshape](self, -1, order)

    flatten = ravel

    def transpose(self, *axes: Any) -> Self:
        """The axes in another order; without arguments reversed."""
        if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], tuple | list)):
            axes = tuple(axes[0] or ())
        return RULES[np.transpose](self, axes or None)

    @property
    def T(self) -> Self:
        """The axes reversed."""
        return RULES[np.transpose](self)

    @property
    def mT(self) -> Self:
        """The last two axes exchanged."""
        return RULES[np.matrix_transpose](self)

    def conj(self) -> Self:
        """Itself, as a Variable holds real numbers."""
        return self

    conjugate = conj

    if TYPE_CHECKING:  # the public functions of ops: `functions.methods` puts them here

        def __getitem__(self, index: Any) -> Self: ...
        def astype(self, dtype: Any, copy: bool = True) -> Any: ...
        def clip(self, *args: Any, **kwargs: Any) -> Self: ...
        def cumprod(self, *args: Any, **kwargs: Any) -> Self: ...
        def cumsum(self, *args: Any, **kwargs: Any) -> Self: ...
        def diagonal(self, *args: Any, **kwargs: Any) -> Self: ...
        def dot(self, *args: Any, **kwargs: Any) -> Self: ...
        def max(self, *args: Any, **kwargs: Any) -> Self: ...
        def mean(self, *args: Any, **kwargs: Any) -> Self: ...
        def min(self, *args: Any, **kwargs: Any) -> Self: ...
        def prod(self, *args: Any, **kwargs: Any) -> Self: ...
        def repeat(self, *args: Any, **kwargs: Any) -> Self: ...
        def round(self, *args: Any, **kwargs: Any) -> Self: ...
        def squeeze(self, *args: Any, **kwargs: Any) -> Self: ...
        def std(self, *args: Any, **kwargs: Any) -> Self: ...
        def sum(self, *args: Any, **kwargs: Any) -> Self: ...
        def swapaxes(self, *args: Any, **kwargs: Any) -> Self: ...
        def take(self, *args: Any, **kwargs: Any) -> Self: ...
        def to_dense(self, *args: Any, **kwargs: Any) -> Self: ...
        def trace(self, *args: Any, **kwargs: Any) -> Self: ...
        def var(self, *args: Any, **kwargs: Any) -> Self: ...

    # ------------------------------------------------------------------ plain arrays
    def argmax(self, axis: int | None = None, **how: Any) -> Any:
        """Where the maximum is, the first of equal ones: a plain array."""
        return numpy.argmax(self._data, axis=axis, **how)

    def argmin(self, axis: int | None = None, **how: Any) -> Any:
        """Where the minimum is, the first of equal ones: a plain array."""
        return numpy.argmin(self._data, axis=axis, **how)

    def argsort(self, axis: int | None = -1, **how: Any) -> Any:
        """The places of the elements in rising order: a plain array."""
        return numpy.argsort(self._data, axis=axis, **how)

    def any(self, axis: Any = None, **how: Any) -> Any:
        """Whether any element is not 0: a plain array."""
        return numpy.any(self._data, axis=axis, **how)

    def all(self, axis: Any = None, **how: Any) -> Any:
        """Whether no element is 0: a plain array."""
        return numpy.all(self._data, axis=axis, **how)

    def nonzero(self) -> Any:
        """The places of the elements that are not 0: plain arrays."""
        return numpy.nonzero(self._data)

    def sort(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse: an array's method sorts the array itself."""
        raise TypeError(
            "v.sort() would sort a Variable in place, and a graph is made of new values: write "
            "`numpy.sort(v)`, and `numpy.partition(v, kth)` for v.partition(kth)"
        )

    partition = sort


def _compared(sign: str, compare: Callable[[Any, Any], Any], x: ArrayInterface, other: Any) -> Any:
    try:
        return compare(x._data, unwrapped(other))
    except ValueError as error:
        raise input_error(sign, [x, other], error) from None
