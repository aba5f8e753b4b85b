"""Scalar functions of symbols, element by element: broadcast, promoted as NumPy does, and noted."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v.compiler.ir.scalar_functions import FUNCTIONS, INTEGERS
from tinygrad_w2v.compiler.ir.sizes import SymbolicSize
from tinygrad_w2v.compiler.trace.promotion import LOGICAL, promote
from tinygrad_w2v.compiler.trace.symbol import (
    KINDS,
    Cell,
    Symbol,
    Trace,
    broadcast_shapes,
    unsupported,
)


def as_kind(x: Symbol, kind: str) -> Symbol:
    """`x` as float, int or bool."""
    if x.kind == kind:
        return x
    if kind == "float":
        return x.trace.record("map", (x,), x.shape, "float", function="float")
    if kind == "bool":
        zero = x.trace.symbol(0.0 if x.kind == "float" else 0)
        return x.trace.record("map", (x, zero), x.shape, "bool", function="not_equal")
    if x.kind == "bool":
        one, zero = x.trace.symbol(1), x.trace.symbol(0)
        return x.trace.record("map", (x, one, zero), x.shape, "int", function="where")
    raise unsupported(
        f"a conversion from {x.kind} to {kind}", "make the field of whole numbers, such as ids are"
    )


def as_dtype(x: Symbol, dtype: np.dtype[Any]) -> Symbol:
    """`x` as a dtype of NumPy's: whole numbers wrap around in smaller ones."""
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
    return made.trace.record("map", (made,), made.shape, "int", exact=dtype, function=dtype.name)


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
    shape = broadcast_shapes(function, [x.shape for x in given])
    made = trace.record("map", given, shape, result, exact=dtype, function=function)
    if not wraps:
        return made
    assert dtype is not None
    return trace.record("map", (made,), shape, "int", exact=dtype, function=dtype.name)


def _of_whole_numbers(function: str, x: Symbol, kind: str) -> Symbol | None:
    """What a function is where there are no fractions and no NaN; None where it is itself."""
    if function == "isfinite":
        return apply("equal", x, x)
    if function == "sign":
        up, down = (as_kind(apply(way, x, 0), "int") for way in ("greater", "less"))
        way = x.trace.record("map", (up, down), x.shape, "int", function="subtract")
        return as_dtype(way, x.dtype)
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
