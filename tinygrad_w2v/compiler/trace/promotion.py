"""Whole numbers and truth values are computed as NumPy computes them, or not at all.

NumPy itself is asked which of its loops a function would run for these types, a Python number being
of no type of its own (NEP 50). A kernel's whole numbers are int64; what a smaller type would hold
is brought back into it. Truth values have other functions: their sum is an *or*.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import CompileError
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.compiler.ir.scalar_functions import FUNCTIONS, INTEGERS

Type = Any  # a dtype, or Python's `int` or `float`, which take the type of what they meet
_OF_BOOLS = {
    "add": "logical_or",
    "maximum": "logical_or",
    "multiply": "logical_and",
    "minimum": "logical_and",
}
LOGICAL = ("logical_and", "logical_or", "logical_not")
# What a processor does with a divisor of 0, or of -1, is not what NumPy does.
_DIVISIONS = {"floor_divide": "whole_divide", "remainder": "whole_remainder"}
# What never leaves a type that both numbers are of.
_WITHIN = ("maximum", "minimum", "remainder", "where", "sign", "floor", "ceil")


class Promoted(NamedTuple):
    """How a function of whole numbers or truth values is computed.

    Attributes
    ----------
    function : str
        The scalar function, not always the one that was called.
    kind : str
        What its inputs are taken as: ``float``, ``int`` or ``bool``.
    dtype : dtype
        NumPy's, of the result.
    wraps : bool
        Whether the result may leave its dtype, and has to be brought back.
    """

    function: str
    kind: str
    dtype: np.dtype[Any]
    wraps: bool


def promote(function: str, ufunc: Any, types: Sequence[Type], values: Sequence[Any]) -> Promoted:
    """Return what NumPy would make of these types, none of which is a float array's.

    Parameters
    ----------
    function : str
        Of `FUNCTIONS`.
    ufunc : ufunc or callable
        What was called; one that is no ufunc computes in float.
    types
        Of the inputs.
    values
        The inputs: Python's whole numbers have to fit into what they meet.

    Raises
    ------
    CompileError
        Where NumPy has no such function, or computes in less than a kernel's floats.

    Examples
    --------
    >>> small, truth = np.dtype(np.uint8), np.dtype(bool)
    >>> promote("multiply", np.multiply, [int, small], [2, None])
    Promoted(function='multiply', kind='int', dtype=dtype('uint8'), wraps=True)
    >>> promote("add", np.add, [truth, truth], [None, None]).function
    'logical_or'
    >>> promote("divide", np.divide, [small, small], [None, None]).kind
    'float'
    """
    if function == "where":
        dtype = np.result_type(*[_example(kind) for kind in types[1:]])
        return _as(function, dtype, types[1:], values[1:])
    if not isinstance(ufunc, np.ufunc):
        return Promoted(function, "float", np.dtype(np.float64), False)
    try:
        loop = ufunc.resolve_dtypes((*types, None))
    except TypeError as error:
        raise CompileError(f"np.{ufunc.__name__}: {error}{user_line()}") from error
    made = loop[-1]
    if made.kind == "f" and made.itemsize < 8:
        raise CompileError(
            f"np.{ufunc.__name__} of {_shown(types)} is {made} in NumPy, and no kernel computes in "
            f"that: write `.astype(np.float64)` behind the field{user_line()}"
        )
    if made.kind == "b" and FUNCTIONS[function].dtype == "bool":
        return Promoted(function, _compared_as(function, types), made, False)
    return _as(function, made, types, values)


def _as(function: str, made: Any, types: Sequence[Type], values: Sequence[Any]) -> Promoted:
    """How a function is computed whose result has the type of its inputs."""
    if made.kind == "f":
        return Promoted(function, "float", made, False)
    if made.kind == "b":
        return Promoted(_OF_BOOLS.get(function, function), "bool", made, False)
    for kind, value in zip(types, values, strict=True):
        if kind is int and not np.iinfo(made).min <= value <= np.iinfo(made).max:
            raise CompileError(
                f"{value} does not fit into {made}, which np.{function} would compute in: write "
                f"`.astype(np.int64)` behind the field{user_line()}"
            )
    if made == np.uint64 and function not in (*_WITHIN, "floor_divide"):
        raise CompileError(
            f"np.{function} of {_shown(types)} is {made} in NumPy, which a kernel's whole numbers "
            f"do not reach: write `.astype(np.int64)`{user_line()}"
        )
    wraps = made.name in INTEGERS and function not in _WITHIN
    if not (types[-1] is int and values[-1] > 0):
        function = _DIVISIONS.get(function, function)
    return Promoted(function, "int", made, wraps)


def _compared_as(function: str, types: Sequence[Type]) -> str:
    # (A dtype equals `int`, so what is a Python number is asked by identity.)
    truth = all(kind is not int and kind == np.bool_ for kind in types)
    return "bool" if truth or function in LOGICAL else "int"


def _example(kind: Type) -> Any:
    return kind(0) if isinstance(kind, type) else kind


def _shown(types: Sequence[Type]) -> str:
    names = (kind.__name__ if isinstance(kind, type) else str(kind) for kind in types)
    return " and ".join(dict.fromkeys(names))
