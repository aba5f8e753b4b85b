"""`Parameter`: a Variable that is learned, all of it or what is not frozen."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from tinygrad_w2v._base.errors import InputError, NonDifferentiableError
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.variable import Variable


class Parameter(Variable):
    """A leaf that is learned: a `Module` finds it among its attributes, optimizers change it.

    Parameters
    ----------
    data : array, number or nested list
        Floating-point numbers; lists and numbers become float64. An array that may be written
        into is shared, not copied: training changes it. One that nobody else holds any more may be
        moved to where its rows are whole cache lines; `data` is a view of the columns then.
    name : str, optional
        What pictures and messages call it; by default the name of the module's attribute.
    frozen : bool or array of bool
        What no training changes: all of it, or where an array is True. The array has the length of
        the first axis, one for each row, or the whole shape. An optimizer leaves the state of
        what is frozen, too, as it is.

    Attributes
    ----------
    frozen : bool or array of bool
        May be assigned anew; an array that says the same of all elements becomes a bool, and one
        that says the same of all elements of a row one bool a row. It is a matter of the training,
        not of the model: no file holds it, and `load_state_dict` replaces frozen numbers as others.

    Raises
    ------
    NonDifferentiableError
        If the data are not floating-point numbers.
    InputError
        If `frozen` does not fit them.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> tw.Parameter(np.zeros(2, np.float32), name="bias")
    Parameter([0., 0.], shape=(2,), dtype=float32, name='bias')

    The first row of a table, that of padding, stays as it is:

    >>> table = tw.Parameter(np.zeros((3, 2)), frozen=np.array([True, False, False]))
    >>> table.sum().backward()
    >>> tw.optim.SGD([table], lr=0.5).step()
    >>> table.data[:, 0]
    array([ 0. , -0.5, -0.5])

    A number that changes while a model is trained, such as a temperature, is a frozen Parameter
    whose `data` are assigned: a kernel reads it in each step.

    >>> temperature = tw.Parameter(1.0, frozen=True)
    >>> temperature.data = 0.5
    """

    __slots__ = ("_frozen",)

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

    def __init__(self, data: Any, name: str | None = None, *, frozen: Any = False) -> None:
        super().__init__(data, name)
        if self._data.dtype.kind != "f":
            raise NonDifferentiableError(
                f"a Parameter is learned, so it holds floating-point numbers, not "
                f"{self._data.dtype}: convert the data with `.astype(np.float32)`"
            )
        self.frozen = frozen

    @property
    def frozen(self) -> bool | AnyArray:
        """What no training changes: all (True), nothing (False), or where an array is True."""
        return self._frozen

    @frozen.setter
    def frozen(self, mask: Any) -> None:
        self._frozen = _checked(mask, self)
        data = self._data
        if self._frozen is not True and isinstance(data, np.ndarray) and not data.flags.writeable:
            self._data = data.copy()  # a mapped file, say: an update writes in place

    @Variable.data.setter  # type: ignore[attr-defined, untyped-decorator]
    def data(self, value: Any) -> None:
        if type(value) in (int, float) and self._data.ndim == 0:
            value = np.asarray(value, self._data.dtype)  # a number has no dtype of its own
        Variable.data.fset(self, value)  # type: ignore[attr-defined]

    def __getstate__(self) -> dict[str, Any]:
        return super().__getstate__() | {"_frozen": self._frozen}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__({"_frozen": False} | state)
        if isinstance(self._frozen, np.ndarray):
            self._frozen.flags.writeable = False


def frozen_of(parameter: Any) -> bool | AnyArray:
    """Return what of a Parameter (of a Variable nothing) is frozen, if it still fits the data.

    Raises
    ------
    InputError
        When the data have another shape than the mask was made for.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> frozen_of(tw.Variable(1.0)), frozen_of(tw.Parameter(1.0, frozen=True))
    (False, True)
    """
    mask: bool | AnyArray = getattr(parameter, "_frozen", False)
    if isinstance(mask, np.ndarray):
        shape = tuple(parameter._data.shape)
        if mask.shape not in (shape, shape[:1]):
            _refuse(mask, parameter)
    return mask


def _checked(mask: Any, parameter: Parameter) -> bool | AnyArray:
    """A mask as True, False, a bool for each row, or one for each element; never written into."""
    given = np.asarray(mask)
    shape = tuple(parameter._data.shape)
    if given.dtype != np.bool_ or given.shape not in ((), shape, shape[:1]):
        _refuse(given, parameter)
    if given.all() or not given.any():
        return bool(given.size) and bool(given.all())
    rows = given.reshape(len(given), -1)
    own = rows[:, 0] if (rows == rows[:, :1]).all() else given
    own = own.copy()
    own.flags.writeable = False
    return own


def _refuse(given: AnyArray, parameter: Parameter) -> NoReturn:
    shape = tuple(parameter._data.shape)
    rows = f"one of shape {shape[:1]}, a bool for each row, or " if len(shape) > 1 else ""
    array = f", or an array of bool: {rows}one of shape {shape}" if shape else ""
    what = f"an array of {given.dtype}, shape {given.shape}" if given.ndim else repr(given.item())
    raise InputError(
        f"frozen of {parameter.name or 'a Parameter'} is {what}: give True or False{array}"
    )
