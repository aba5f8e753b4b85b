"""What may stand in an expression beside Variables, and in which dtype: decided in this one place.

Numbers, lists and arrays are constants. NumPy's arrays are taken as plain arrays, a memory-mapped
file too; an array of a class that gives the operators another meaning (a matrix, a masked array,
quantities with units) is refused, since an op would silently drop that meaning.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import NonDifferentiableError
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.node import Node, is_duck_array

ndarray = np.ndarray
PYTHON_NUMBERS = frozenset((int, float, bool))
_MEANINGS = (
    "__add__ __radd__ __sub__ __rsub__ __mul__ __rmul__ __truediv__ __rtruediv__ __pow__ __rpow__ "
    "__matmul__ __rmatmul__ __neg__ __abs__ __eq__ __lt__ __array_ufunc__ __array_function__"
).split()


def plain_array(value: Any, where: str) -> AnyArray:
    """`value` as an array of NumPy's own class; `where` it stands begins an error's message.

    Raises
    ------
    NonDifferentiableError
        For an array of a class that gives the operators another meaning.
    """
    kind = type(value)
    if kind is ndarray:
        return value
    if isinstance(value, ndarray) and _has_other_meaning(kind):
        remedy = "`.filled(...)`" if hasattr(kind, "filled") else "`np.asarray(...)`"
        raise NonDifferentiableError(
            f"{where} is a {kind.__module__}.{kind.__name__}, whose operators or elements mean "
            f"something else than a plain array's: make one of it with {remedy}{user_line()}"
        )
    return np.asarray(value)


def _has_other_meaning(kind: type) -> bool:
    return any(getattr(kind, name) is not getattr(ndarray, name) for name in _MEANINGS)


def as_data(data: Any) -> Any:
    """The array behind what a user wrote: numbers and lists of numbers become float64.

    Raises
    ------
    NonDifferentiableError
        For text, objects and complex numbers.
    """
    if isinstance(data, Node):
        raise TypeError("a Variable's data must be an array or a number: write `.data`")
    if type(data) is not ndarray:
        if is_duck_array(data):
            return data
        array = plain_array(data, "a Variable's data")
        if array.dtype.kind in "iub" and not isinstance(data, ndarray):
            array = array.astype(np.float64)
        data = array
    if data.dtype.kind not in "fiub":
        raise NonDifferentiableError(
            f"a Variable holds real numbers, not {data.dtype}: "
            "convert the data first, for example with `.astype(np.float64)`"
        )
    return data


def float_dtype(inputs: tuple[Any, ...], arrays: list[Any]) -> Any:
    """The float dtype that constants take: the Variables', or where there are none the arrays'."""
    found = None
    for x, array in zip(inputs, arrays):  # noqa: B905 (the caller made one of the other)
        if x is not array:
            dtype = array.dtype
            if dtype is not found and dtype.kind == "f":
                found = dtype if found is None else np.promote_types(found, dtype)
    if found is None:
        for x in inputs:
            if isinstance(x, ndarray) and x.ndim and x.dtype.kind == "f":
                found = x.dtype if found is None else np.promote_types(found, x.dtype)
    return found


def is_small(dtype: np.dtype[Any]) -> bool:
    """Whether `dtype` is of integers of fewer than 64 bits."""
    return dtype.kind in "iu" and dtype.itemsize < 8


def owned(value: Any, where: str) -> Any:
    """A copy of an array that an op keeps beside its inputs: the caller may reuse his.

    Other values than arrays, and tuples that hold them, are handed on.
    """
    if type(value) is tuple:
        return tuple([owned(part, where) for part in value])
    return plain_array(value, where).copy() if isinstance(value, ndarray) else value
