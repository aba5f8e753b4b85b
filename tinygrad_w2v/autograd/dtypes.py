"""Values in another dtype: what `dtype` asks for, and what has a gradient then."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import NonDifferentiableError
from tinygrad_w2v.autograd.diagnosis import user_line
from tinygrad_w2v.autograd.dispatch import implements
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.autograd.shaping import Cast, cast


def as_array(x: Any) -> Any:
    """An array of a list or a number; Variables and arrays are what they are."""
    return x if hasattr(x, "dtype") else np.asarray(x)


def dtype_of(x: Any) -> np.dtype[Any]:
    """The dtype of an array or a Variable; of a list or a number the one that NumPy gives it."""
    return as_array(x).dtype


def in_dtype(op: str, x: Any, dtype: Any) -> Any:
    """`x` in the `dtype` that an op was asked for; None leaves it.

    Raises
    ------
    NonDifferentiableError
        For a Variable of floating-point numbers and a dtype without them.
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


def astype(x: Any, dtype: Any, /, *, copy: bool = True) -> Any:
    """`x` in another dtype: in the graph if that is a floating-point one, else a plain array.

    Integers and bools have no gradient: what becomes one of them serves as ids or as a mask.

    Parameters
    ----------
    x : Variable or array
    dtype : dtype of real numbers
    copy : bool
        NumPy's; the data of a Variable are never shared with the one that is made.

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


if hasattr(np, "astype"):  # NumPy 2.1
    implements(np.astype)(astype)
