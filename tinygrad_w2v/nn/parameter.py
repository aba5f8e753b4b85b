"""`Parameter`: a Variable that is learned."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from tinygrad_w2v._base.errors import NonDifferentiableError
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.variable import Variable


class Parameter(Variable):
    """A leaf that is learned: a `Module` finds it among its attributes, optimizers change it.

    Parameters
    ----------
    data : array, number or nested list
        Floating-point numbers; lists and numbers become float64. An array that may be written
        into is shared, not copied: training changes it.
    name : str, optional
        What pictures and messages call it; by default the name of the module's attribute.

    Raises
    ------
    NonDifferentiableError
        If the data are not floating-point numbers.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> tw.Parameter(np.zeros(2, np.float32), name="bias")
    Parameter([0., 0.], shape=(2,), dtype=float32, name='bias')
    """

    __slots__ = ()

    def _refuse_in_place(self, other: Any) -> NoReturn:
        name = self.name or "p"
        raise TypeError(
            f"`{name} -= ...` (or another operator with `=`) would give the name to the result of "
            f"an op, and the Parameter would stay as it is: change its values with "
            f"`{name}.data -= lr * {name}.grad.data`, or write `x = {name} - ...` for a new value"
            + user_line()
        )

    __iadd__ = __isub__ = __imul__ = __itruediv__ = __ifloordiv__ = __imod__ = _refuse_in_place
    __ipow__ = __imatmul__ = _refuse_in_place

    def __init__(self, data: Any, name: str | None = None) -> None:
        super().__init__(data, name)
        if self._data.dtype.kind != "f":
            raise NonDifferentiableError(
                f"a Parameter is learned, so it holds floating-point numbers, not "
                f"{self._data.dtype}: convert the data with `.astype(np.float32)`"
            )
        if isinstance(self._data, np.ndarray) and not self._data.flags.writeable:
            self._data = self._data.copy()  # a mapped file, say: an update writes in place
