"""Scalar functions of symbols, element by element: broadcast, promoted as NumPy does, and noted.

A ufunc that is none of the scalar functions by its name is written as others.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_w2v.compiler.ir.scalar_functions import FUNCTIONS, INTEGERS
from tinygrad_w2v.compiler.ir.sizes import SymbolicSize
from tinygrad_w2v.compiler.trace.promotion import LOGICAL, promote
from tinygrad_w2v.compiler.trace.registry import OF_VALUES, handles, unsupported
from tinygrad_w2v.compiler.trace.symbol import KINDS, Cell, Symbol, Trace


def as_kind(x: Symbol, kind: str) -> Symbol:
    """`x` as float, int or bool."""
    if x.kind == kind:
        return x
    if kind == "float":
        return x.trace.record("map", (x,), "float", function="float")
    if kind == "bool":
        zero = x.trace.symbol(0.0 if x.kind == "float" else 0)
        return x.trace.record("map", (x, zero), "bool", function="not_equal")
    if x.kind == "bool":
        one, zero = x.trace.symbol(1), x.trace.symbol(0)
        return x.trace.record("map", (x, one, zero), "int", function="where")
    raise unsupported(
        f"a conversion from {x.kind} to {kind}", "make the field of whole numbers, such as ids are"
    )


@handles("cast")
def as_dtype(x: Symbol, dtype: Any) -> Symbol:
    """`x` as a dtype of NumPy's: whole numbers wrap around in smaller ones."""
    dtype = np.dtype(dtype)
    kind = KINDS.get(dtype.kind)
    if kind is None or dtype == np.float16:
        raise unsupported(f"a conversion to {dtype}")
    made = as_kind(x, kind)
    if kind != "int" or made.dtype == dtype:
        return made
    if x.kind == "bool" or np.can_cast(made.dtype, dtype, "safe") or dtype == np.int64:
        return Symbol(made.trace, made.instruction, made.batched, dtype)
    if dtype.name not in INTEGERS:
        raise unsupported(f"a conversion from {made.dtype} to {dtype}")
    return made.trace.record("map", (made,), "int", exact=dtype, function=dtype.name)


def apply(function: str, *inputs: Any, ufunc: Any = None) -> Symbol:
    """Note a scalar function of values that are broadcast.

    `ufunc` is what was called, where it is not NumPy's function of that name.
    """
    trace = next(x.trace for x in inputs if isinstance(x, Symbol))
    inputs = _with_whole_sizes(trace, function, inputs)
    types = [_type_of(trace, x) for x in inputs]
    given = [trace.symbol(x) for x in inputs]
    scalar, dtype, wraps = FUNCTIONS[function], None, False
    if any(x.kind == "float" for x in (given[1:] if function == "where" else given)):
        kind = "bool" if function in LOGICAL else "float"
    else:
        called = scalar.numpy if ufunc is None else ufunc
        function, kind, dtype, wraps = promote(function, called, types, inputs)
        scalar = FUNCTIONS[function]
    if kind != "float" and function in ("floor", "ceil", "isfinite", "sign", "absolute"):
        whole = _of_whole_numbers(function, given[0], kind)
        if whole is not None:
            return whole
    start = 1 if function == "where" else 0
    given[:start] = [as_kind(x, "bool") for x in given[:start]]
    given[start:] = [as_kind(x, kind) for x in given[start:]]
    result = scalar.dtype if scalar.dtype != "same" else kind
    made = trace.record("map", given, result, exact=dtype, function=function)
    if not wraps:
        return made
    assert dtype is not None
    return trace.record("map", (made,), "int", exact=dtype, function=dtype.name)


def _of_whole_numbers(function: str, x: Symbol, kind: str) -> Symbol | None:
    """What a function is where there are no fractions and no NaN; None where it is itself."""
    if function == "isfinite":
        return apply("equal", x, x)
    if function == "sign":
        above, below = (as_kind(apply(name, x, 0), "int") for name in ("greater", "less"))
        signs = x.trace.record("map", (above, below), "int", function="subtract")
        return as_dtype(signs, x.dtype)
    return None if function == "absolute" and kind == "int" else x


def _with_whole_sizes(trace: Trace, function: str, inputs: Any) -> Any:
    """Sizes beside nothing but whole numbers are such, as in ``ids + n``."""
    others = [x for x in inputs if not isinstance(x, SymbolicSize)]
    kinds = {getattr(_type_of(trace, x), "kind", "i" if type(x) is int else "f") for x in others}
    if len(others) == len(inputs) or FUNCTIONS[function].dtype == "float" or kinds - {"i", "u"}:
        return inputs
    small = next((x.dtype for x in others if hasattr(x, "dtype") and x.dtype != np.int64), None)
    if small is not None:
        raise unsupported(
            f"np.{function} of {small} and a size", "write `.astype(np.int64)` behind the field"
        )
    return [trace.whole_number_of(x) if isinstance(x, SymbolicSize) else x for x in inputs]


def _type_of(trace: Trace, x: Any) -> Any:
    """What NumPy would take an input for: a dtype, or a Python number of no type of its own."""
    if type(x) in (int, float):
        return type(x)
    if isinstance(x, SymbolicSize | Cell):
        return trace.float
    return x.dtype if hasattr(x, "dtype") else np.asarray(x).dtype


# ---------------------------------------------------------------------- ufuncs by other names
_NAMES = {np.fabs: "absolute", np.mod: "remainder", np.true_divide: "divide"}
_OF_BOOLS = {
    np.invert: "logical_not",
    np.bitwise_and: "logical_and",
    np.bitwise_or: "logical_or",
    np.bitwise_xor: "not_equal",
    np.logical_xor: "not_equal",
}
COMPOSED: dict[Any, Callable[..., Any]] = {
    **dict.fromkeys((np.deg2rad, np.radians), lambda x: x * (math.pi / 180)),
    **dict.fromkeys((np.rad2deg, np.degrees), lambda x: x * (180 / math.pi)),
    np.trunc: lambda x: np.where(np.less(x, 0), np.ceil(x), np.floor(x)),
    np.fmax: lambda x, y: _without_nan(np.maximum, x, y),
    np.fmin: lambda x, y: _without_nan(np.minimum, x, y),
    np.logaddexp2: lambda x, y: np.logaddexp(x * math.log(2), y * math.log(2)) / math.log(2),
    np.divmod: lambda x, y: (np.floor_divide(x, y), np.remainder(x, y)),
}
for _ufunc, _rule in COMPOSED.items():
    handles(_ufunc)(_rule)
handles(np.positive, np.conjugate)(lambda x: x)
handles("sigmoid")(lambda x: apply("sigmoid", x))
handles("softplus")(lambda x: apply("softplus", x))
handles("log_sigmoid")(lambda x: -apply("softplus", -x))
handles("relu")(lambda x: apply("maximum", x, 0.0))


@handles("ufunc")
def call_ufunc(ufunc: np.ufunc, *inputs: Any) -> Symbol:
    """Answer a ufunc that is a scalar function."""
    name = _NAMES.get(ufunc, ufunc.__name__)
    if ufunc in _OF_BOOLS and all(_kind_of(x) == "bool" for x in inputs):
        name = _OF_BOOLS[ufunc]
    if name not in FUNCTIONS:
        raise unsupported(f"np.{ufunc.__name__}")
    return apply(name, *inputs, ufunc=ufunc)


@handles(np.reciprocal)
def reciprocal(x: Symbol) -> Symbol:
    """``1 / x``; NumPy's is 0 for most whole numbers, and no kernel's."""
    if x.kind != "float":
        raise unsupported("np.reciprocal of whole numbers")
    return apply("divide", 1.0, x)


@handles(np.isnan)
def isnan(x: Symbol) -> Symbol:
    """Whether an element is not equal to itself."""
    return apply("logical_not", apply("equal", x, x))


@handles(np.isinf)
def isinf(x: Symbol) -> Symbol:
    """Whether an element is neither finite nor NaN."""
    finite, number = apply("isfinite", x), apply("equal", x, x)
    return apply("logical_and", apply("logical_not", finite), number)


@handles(np.fmod)
def fmod(x: Any, y: Any) -> Symbol:
    """The remainder whose sign is the dividend's."""
    if "float" not in (_kind_of(x), _kind_of(y)):
        raise unsupported("np.fmod of whole numbers", "write `%`, whose sign is the divisor's")
    return apply("fmod", x, y)


@handles(np.power)
def power(x: Any, exponent: Any) -> Any:
    """A power; of whole numbers a product, as NumPy's is a whole number then."""
    number = type(exponent) in (int, float)
    if "float" in (_kind_of(x), _kind_of(exponent)):
        if number and exponent in (1, 2):
            base = as_kind(x, "float")
            return base if exponent == 1 else apply("square", base)
        return apply("power", x, exponent)
    if not (number and 1 <= exponent <= 8) or _kind_of(x) == "bool":
        raise unsupported("a power of whole numbers", "write `.astype(np.float64) ** ...`")
    product = x
    for _ in range(exponent - 1):
        product = apply("multiply", product, x)
    return product


def _without_nan(choose: Any, x: Any, y: Any) -> Any:
    """The larger or smaller one; of a number and NaN the number."""
    chosen = choose(x, y)
    if chosen.kind != "float":
        return chosen
    return np.where(np.isnan(x), y, np.where(np.isnan(y), x, chosen))


def _kind_of(x: Any) -> str:
    if isinstance(x, Symbol):
        return x.kind
    return "float" if isinstance(x, SymbolicSize) else KINDS.get(np.asarray(x).dtype.kind, "")


# ---------------------------------------------------------------------- choices and rounding
@handles(np.where)
def where(condition: Any, *values: Any) -> Any:
    """One value or the other, element by element."""
    if len(values) != 2:
        raise unsupported("np.where of a condition alone", OF_VALUES)
    return apply("where", condition, *values)


@handles(np.clip, ".clip")
def clip(a: Any, a_min: Any = None, a_max: Any = None) -> Any:
    """Between two bounds."""
    if a_min is not None:
        a = apply("maximum", a, a_min)
    return a if a_max is None else apply("minimum", a, a_max)


@handles(np.round, np.around, ".round")
def round(a: Any, decimals: int = 0) -> Any:
    """Rounded to so many decimals, halves to even numbers."""
    if a.kind != "float":
        raise unsupported("np.round of whole numbers", "leave it out")
    scale = 10.0 ** abs(decimals)
    if decimals > 0:
        return np.rint(a * scale) / scale
    return np.rint(a / scale) * scale if decimals else np.rint(a)


@handles(np.nan_to_num)
def nan_to_num(
    x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    """Numbers in place of NaN and infinities, by default the largest that there are."""
    if x.kind != "float":
        return x
    about = np.finfo(x.dtype)
    high, low = (about.max if posinf is None else posinf), (about.min if neginf is None else neginf)
    infinite = np.where(np.greater(x, 0), float(high), float(low))
    return np.where(np.isnan(x), float(nan), np.where(np.isinf(x), infinite, x))


@handles(np.sinc)
def sinc(x: Any) -> Any:
    """``sin(pi x) / (pi x)``, and 1 at 0."""
    y = math.pi * np.where(np.equal(x, 0), 1e-20, x)
    return np.sin(y) / y
