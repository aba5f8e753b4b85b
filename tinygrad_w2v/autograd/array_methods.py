"""A Variable's methods: those of an array, with the arguments of an array's.

Methods whose arguments are those of an op's public function are that function: `functions.methods`
puts them on `Variable`, as it does the operators. Here stand those that differ from it. What has no
derivative to speak of (`argmax`, `any` ...) gives plain arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tinygrad_w2v.autograd.dispatch import RULES

numpy: Any = np  # its stubs do not know that its functions take Variables


class ArrayMethods:
    """The methods that `Variable` shares with arrays."""

    __slots__ = ()
    _data: Any

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
