"""What may stand in an expression beside Variables, and in which dtype: decided in this one place.

Numbers, lists and arrays are constants. NumPy's arrays are taken as plain arrays, a memory-mapped
file too; an array of a class that gives the operators another meaning (a matrix, a masked array,
quantities with units) is refused, since an op would silently drop that meaning.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import NonDifferentiableError, ShapeError
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
    if isinstance(value, ndarray) and any(
        getattr(kind, name) is not getattr(ndarray, name) for name in _MEANINGS
    ):
        remedy = "`.filled(...)`" if hasattr(kind, "filled") else "`np.asarray(...)`"
        raise NonDifferentiableError(
            f"{where} is a {kind.__module__}.{kind.__name__}, whose operators or elements mean "
            f"something else than a plain array's: make one of it with {remedy}{user_line()}"
        )
    try:
        return np.asarray(value)
    except ValueError as error:
        if "inhomogeneous" not in str(error):
            raise
        raise ShapeError(
            f"{where or 'a list'} has parts of different lengths, which make no array: fill the "
            f"shorter ones up, or keep a list of arrays{user_line()}"
        ) from None


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
            f"a Variable holds real numbers, not {data.dtype}: {_remedy(data)}{user_line()}"
        )
    return data


def _remedy(data: AnyArray) -> str:
    """What to do with data that is no array of real numbers."""
    if data.dtype.kind in "US":
        return "number the words of a text first, with `tw.text.preprocess(text)`"
    if data.dtype.kind == "O" and data.ndim == 0:
        return f"the data is a {type(data.item()).__name__}; give an array, a number or a list"
    return "convert the data first, for example with `.astype(np.float64)`"


def copied(value: Any, op: Any, parameter: str) -> Any:
    """A copy of an array that an op keeps beside its inputs; of a tuple, one of those in it.

    Other values are handed on.
    """
    if type(value) is ndarray:
        return value.copy()
    if type(value) is tuple:
        return tuple([copied(part, op, parameter) for part in value])
    if isinstance(value, ndarray):
        return plain_array(value, f"{op.label}: {parameter}").copy()
    return value


# ---------------------------------------------------------------------- the inputs of an op
def with_constants(op: Any, inputs: tuple[Any, ...], arrays: list[Any]) -> tuple[Any, ...]:
    """The inputs of an op, its constants as arrays, which are put into `arrays`, too.

    Numbers take the Variables' float dtype, and so do integer arrays where the op says it.
    """
    if len(arrays) == 2:  # by far the most frequent: `x * 2`, and arrays of one dtype
        x, y = arrays
        if type(y) in PYTHON_NUMBERS:
            if type(x) is np.float64 and inputs[0] is not x:
                arrays[1] = y = np.float64(y)
                return inputs[0], y
            if inputs[0] is not x and x.dtype.kind == "f":
                arrays[1] = y = x.dtype.type(y)
                return inputs[0], y
        elif type(x) is ndarray and type(y) is ndarray and x.dtype is y.dtype:
            return inputs
    dtype = _float_dtype(inputs, arrays)
    converted = list(inputs)
    for i, x in enumerate(inputs):
        if x is not arrays[i]:
            continue  # a Variable: its data stands in `arrays`
        if dtype is not None and type(x) in PYTHON_NUMBERS:
            x = dtype.type(x)
        elif type(x) is ndarray or not is_duck_array(x):
            if type(x) is not ndarray:
                x = plain_array(x, f"{op.label}: input {i}" if isinstance(x, ndarray) else "")
            if x.dtype.kind not in "fiub":
                shown = repr(x.item()) if x.ndim == 0 else f"an array of {x.dtype}"
                raise NonDifferentiableError(
                    f"{op.label}: input {i} is {shown}, not real numbers: convert it, for example "
                    "with `.astype(np.float64)`; what else an op of your own needs goes to its "
                    f"`__init__`{user_line()}"
                )
            fits = dtype is None or x.dtype == dtype
            if not fits and (x.ndim == 0 or (op.promotes_integers and x.dtype.kind in "iub")):
                x = x.astype(dtype)
        converted[i] = arrays[i] = x
    return tuple(converted)


def promoted(op: Any, inputs: tuple[Any, ...], arrays: list[Any]) -> tuple[Any, ...]:
    """`inputs` in dtypes that an op which promotes integers can compute with.

    Variables of integers take the dtype of the floats beside them, as constants do. Where all
    are integers, small ones take one in which their result does not wrap around. Inputs that have
    such dtypes already are returned as they are: the same tuple.
    """
    if not all(isinstance(array, ndarray | np.generic) for array in arrays):
        return inputs
    dtype: Any = None
    change = [array.dtype.kind != "f" for array in arrays]
    if not all(change):
        dtype = _float_dtype(inputs, arrays)
    elif op.widens_integers:
        dtype = np.dtype(np.int64)
        change = [array.dtype.kind in "iu" and array.dtype.itemsize < 8 for array in arrays]
    if dtype is None or not any(change):
        return inputs
    return tuple([x.astype(dtype) if wrong else x for x, wrong in zip(inputs, change, strict=True)])


def _float_dtype(inputs: tuple[Any, ...], arrays: list[Any]) -> Any:
    """The float dtype that constants take: the Variables', or where there are none the arrays'."""
    widest = None
    for x, array in zip(inputs, arrays):  # noqa: B905 (the caller made one of the other)
        if x is not array:
            dtype = array.dtype
            if dtype is not widest and dtype.kind == "f":
                widest = dtype if widest is None else np.promote_types(widest, dtype)
    if widest is None:
        for x in inputs:
            if isinstance(x, ndarray) and x.ndim and x.dtype.kind == "f":
                widest = x.dtype if widest is None else np.promote_types(widest, x.dtype)
    return widest
