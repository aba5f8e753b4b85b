"""A Variable's methods: those of an array, with the arguments of an array's.

Each is NumPy's function of the same name, which is an op; so there is no second rule. What has no
derivative to speak of (`argmax`, `any` ...) gives plain arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_w2v.autograd import dtypes, reduction, remainders, shaping
from tinygrad_w2v.autograd.shaping import Axis

if TYPE_CHECKING:
    from tinygrad_w2v.autograd.variable import Variable

numpy: Any = np  # its stubs do not know that its functions take Variables


class ArrayMethods:
    """The methods that `Variable` shares with arrays."""

    __slots__ = ()
    _data: Any

    # The same functions, the array in front: these have their ops in this package.
    sum = reduction.sum
    mean = reduction.mean
    max = reduction.max
    min = reduction.min
    round = remainders.round
    swapaxes = shaping.swapaxes
    squeeze = shaping.squeeze

    # ------------------------------------------------------------------ shapes
    def reshape(self, *shape: Any, order: str = "C") -> Variable:
        """The same elements in another shape, given as one tuple or as numbers."""
        if len(shape) == 1 and isinstance(shape[0], tuple | list):
            shape = tuple(shape[0])
        return shaping.reshape(self, shape, order)

    def ravel(self, order: str = "C") -> Variable:
        """All elements along one axis."""
        return shaping.reshape(self, -1, order)

    def flatten(self, order: str = "C") -> Variable:
        """All elements along one axis."""
        return shaping.reshape(self, -1, order)

    def transpose(self, *axes: Any) -> Variable:
        """The axes in another order; without arguments turned round."""
        if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], tuple | list)):
            axes = tuple(axes[0] or ())
        return shaping.Transpose(axes or None)(self)

    @property
    def T(self) -> Variable:
        """The axes turned round."""
        return shaping.Transpose(None)(self)

    @property
    def mT(self) -> Variable:
        """The last two axes exchanged."""
        return numpy.matrix_transpose(self)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """Another dtype: in the graph if it is a floating-point one, else a plain array."""
        return dtypes.astype(self, dtype, copy=copy)

    # ------------------------------------------------------------------ ops of `functions`
    def dot(self, b: Any, out: None = None) -> Variable:
        """NumPy's ``dot``; for vectors and matrices it is ``@``."""
        return numpy.dot(self, b, out)

    def prod(
        self,
        axis: Axis = None,
        dtype: Any = None,
        out: None = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
    ) -> Variable:
        """Product over `axis`; see `functions.prod`."""
        return numpy.prod(self, axis, dtype, out, keepdims, initial, where)

    def var(
        self,
        axis: Axis = None,
        dtype: Any = None,
        out: None = None,
        ddof: float = 0,
        keepdims: bool = False,
        **how: Any,
    ) -> Variable:
        """Variance over `axis`; see `functions.var`."""
        return numpy.var(self, axis, dtype, out, ddof, keepdims, **how)

    def std(
        self,
        axis: Axis = None,
        dtype: Any = None,
        out: None = None,
        ddof: float = 0,
        keepdims: bool = False,
        **how: Any,
    ) -> Variable:
        """Standard deviation over `axis`; see `functions.std`."""
        return numpy.std(self, axis, dtype, out, ddof, keepdims, **how)

    def cumsum(self, axis: int | None = None, dtype: Any = None, out: None = None) -> Variable:
        """Running sum along `axis`; see `functions.cumsum`."""
        return numpy.cumsum(self, axis, dtype, out)

    def cumprod(self, axis: int | None = None, dtype: Any = None, out: None = None) -> Variable:
        """Running product along `axis`; see `functions.cumprod`."""
        return numpy.cumprod(self, axis, dtype, out)

    def clip(self, min: Any = None, max: Any = None, out: None = None) -> Variable:
        """At least `min` and at most `max`; see `functions.clip`."""
        return numpy.clip(self, min, max, out)

    def repeat(self, repeats: Any, axis: int | None = None) -> Variable:
        """Each element several times in a row; see `functions.repeat`."""
        return numpy.repeat(self, repeats, axis)

    def take(
        self, indices: Any, axis: int | None = None, out: None = None, mode: str = "raise"
    ) -> Variable:
        """Parts by their places along `axis`; see `functions.take`."""
        return numpy.take(self, indices, axis, out, mode)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Variable:
        """The diagonals of two axes; see `functions.diagonal`."""
        return numpy.diagonal(self, offset, axis1, axis2)

    def trace(
        self,
        offset: int = 0,
        axis1: int = 0,
        axis2: int = 1,
        dtype: Any = None,
        out: None = None,
    ) -> Variable:
        """The sums of the diagonals; see `functions.trace`."""
        return numpy.trace(self, offset, axis1, axis2, dtype, out)

    def conj(self) -> Variable:
        """Itself, as a Variable holds real numbers."""
        return self  # type: ignore[return-value]

    conjugate = conj

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

    def any(self, axis: Axis = None, **how: Any) -> Any:
        """Whether any element is not 0: a plain array."""
        return numpy.any(self._data, axis=axis, **how)

    def all(self, axis: Axis = None, **how: Any) -> Any:
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
