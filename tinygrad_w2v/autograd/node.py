"""A node of the graph that holds a value: the data, and the op that made it.

`Variable` adds operators and NumPy's protocols to this class. Ops see only `Node`, so that the
file of ops does not need the file of Variables: whoever subclasses `Node` with ``results=True``
is what ops return.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from tinygrad_w2v._base.errors import NonDifferentiableError

if TYPE_CHECKING:
    from tinygrad_w2v.autograd.function import Function
    from tinygrad_w2v.autograd.variable import Variable


class Node:
    """Data with a memory of its creator: output number `index` of the op `creator`, or a leaf."""

    __slots__ = ("__weakref__", "_data", "creator", "grad", "index", "name")
    _data: Any
    creator: Function | None
    index: int
    grad: Variable | None
    name: str | None
    result_type: ClassVar[type[Variable]]

    def __init_subclass__(cls, results: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if results:
            Node.result_type = cls  # type: ignore[assignment]


def is_duck_array(value: object) -> bool:
    """Whether `value` is a foreign array: one that answers NumPy's protocols itself."""
    if isinstance(value, np.generic):
        return False
    return hasattr(type(value), "__array_ufunc__") and hasattr(value, "shape")


def primitive(name: str, value: Any, *args: Any) -> Any:
    """Offer an op that NumPy has no function for to a foreign array, so that it may keep it whole.

    A duck array takes part by a method ``__tinygrad_op__(name, *args)``. Without it, or where it
    returns ``NotImplemented``, the op runs on NumPy's API.
    """
    offered = getattr(type(value), "__tinygrad_op__", None)
    return NotImplemented if offered is None else offered(value, name, *args)


def as_data(data: Any) -> Any:
    """The array behind what a user wrote: numbers and lists of numbers become float64.

    Raises
    ------
    NonDifferentiableError
        For text, objects and complex numbers.
    """
    if isinstance(data, Node):
        raise TypeError("a Variable's data must be an array or a number: write `.data`")
    if type(data) is not np.ndarray:
        if is_duck_array(data) and not isinstance(data, np.ndarray):
            return data
        array = np.asarray(data)
        if array.dtype.kind in "iub" and not isinstance(data, np.ndarray):
            array = array.astype(np.float64)
        data = array
    if data.dtype.kind not in "fiub":
        raise NonDifferentiableError(
            f"a Variable holds real numbers, not {data.dtype}: "
            "convert the data first, for example with `.astype(np.float64)`"
        )
    return data
