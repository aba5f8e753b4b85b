"""Values in another dtype: what `dtype` asks for, and what has a gradient then."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import NonDifferentiableError
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.node import Node, offer_whole

__all__ = ["astype"]


_FLOAT64, _FLOAT32, _FLOAT16 = np.dtype(np.float64), np.dtype(np.float32), np.dtype(np.float16)


class Cast(Function):
    """y = x.astype(dtype);  gx = g   (in the dtype of the input)"""

    def __init__(self, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)

    def forward(self, x: Any) -> Any:
        return cast(x, self.dtype)

    def backward(self, g: Any) -> Any:
        return g


def astype(x: Any, /, dtype: Any, copy: bool = True) -> Any:
    """`x` in another dtype: in the graph if that is a floating-point one, else a plain array.

    Integers and bools have no gradient: what becomes one of them serves as ids or as a mask.

    Parameters
    ----------
    x : Variable or array
    dtype : dtype of real numbers
    copy : bool
        NumPy's; for arrays only. A Variable's data are never shared with the result.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> x = tw.Variable([1.5, 2.0])
    >>> F.astype(x, "float32").dtype, F.astype(x, int)
    (dtype('float32'), array([1, 2]))
    """
    dtype = np.dtype(dtype)
    if not isinstance(x, Node):
        return np.asarray(x).astype(dtype, copy=copy)
    if dtype.kind not in "fiub":
        raise NonDifferentiableError(
            f"astype: a Variable holds real numbers, not {dtype}; take `.data.astype({dtype})` "
            f"for a plain array{user_line()}"
        )
    if x._data.dtype.kind == "f" and dtype.kind != "f":
        return x._data.astype(dtype)
    return Cast(dtype)(x)


def cast(x: Any, dtype: Any) -> Any:
    """`x` in another dtype."""
    if isinstance(x, Node):
        return Cast(dtype)(x)
    y = offer_whole("cast", x, dtype)
    return x.astype(dtype) if y is NotImplemented else y


def as_array(x: Any) -> Any:
    """An array of a list or a number; Variables and arrays are what they are."""
    return x if hasattr(x, "dtype") else np.asarray(x)


def dtype_of(x: Any) -> np.dtype[Any]:
    """The dtype of an array or a Variable; of a list or a number the one that NumPy gives it."""
    return as_array(x).dtype


def in_dtype(op: str, x: Any, dtype: Any) -> Any:
    """`x` in the `dtype` that an op was asked for, if it was.

    Raises
    ------
    NonDifferentiableError
        For a Variable of floating-point numbers and a dtype of others.
    """
    if dtype is None:
        return x
    dtype, given = np.dtype(dtype), dtype_of(x)
    if given == dtype:
        return x
    if isinstance(x, Node) and given.kind == "f" and dtype.kind != "f":
        raise NonDifferentiableError(
            f"{op} of a Variable of {given} with dtype={dtype}: that has no gradient; take a "
            f"floating-point dtype, or `.data` for the plain array{user_line()}"
        )
    return cast(as_array(x), dtype)


def real(x: Any) -> Any:
    """`x` in floats: integers and bools as float64, as a list of them would be."""
    return x if x.dtype.kind == "f" else cast(x, np.float64)


def wide(x: Any) -> Any:
    """`x` in floats that hold the sum of many: not float16, which ends at 65,504."""
    dtype = x.dtype
    if dtype is _FLOAT64 or dtype is _FLOAT32 or (dtype.kind == "f" and dtype.itemsize > 2):
        return x
    return cast(x, np.float32 if dtype.kind == "f" else np.float64)


def narrowed(y: Any, x: Any) -> Any:
    """`y`, which was computed of `wide(x)`, in the dtype that a result of `x` has."""
    return cast(y, _FLOAT16) if x.dtype is _FLOAT16 else y


def over(x: Any, count: Any) -> Any:
    """``x / count``, without rounding the count to a dtype that cannot hold it."""
    floats = wide(x)
    return x / count if floats is x else narrowed(floats / count, x)
