"""NumPy's functions on symbols: each becomes one or a few instructions.

What is not here has no instruction, and the error says so with the user's line.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_w2v.autograd.dispatch import RULES
from tinygrad_w2v.compiler.ir.scalar_functions import FUNCTIONS
from tinygrad_w2v.compiler.trace import counting, indexing, shapes
from tinygrad_w2v.compiler.trace.choices import OF_VALUES, take
from tinygrad_w2v.compiler.trace.elementwise import apply, as_kind
from tinygrad_w2v.compiler.trace.registry import HANDLERS, MADE, handles
from tinygrad_w2v.compiler.trace.sums import matmul, tensordot
from tinygrad_w2v.compiler.trace.symbol import Symbol, Trace, unsupported

_UFUNC_NAMES = {np.fabs: "absolute", np.mod: "remainder", np.true_divide: "divide"}
COMPOSED: dict[Any, Callable[..., Any]] = {
    **dict.fromkeys((np.deg2rad, np.radians), lambda x: x * (math.pi / 180)),
    **dict.fromkeys((np.rad2deg, np.degrees), lambda x: x * (180 / math.pi)),
    np.trunc: lambda x: np.where(np.less(x, 0), np.ceil(x), np.floor(x)),
    np.fmax: lambda x, y: _without_nan(np.maximum, x, y),
    np.fmin: lambda x, y: _without_nan(np.minimum, x, y),
    np.logaddexp2: lambda x, y: np.logaddexp(x * math.log(2), y * math.log(2)) / math.log(2),
    np.divmod: lambda x, y: (np.floor_divide(x, y), np.remainder(x, y)),
}
REGISTERED = (counting, shapes)  # they answer for themselves
_OF_BOOLS = {
    np.invert: "logical_not",
    np.bitwise_and: "logical_and",
    np.bitwise_or: "logical_or",
    np.bitwise_xor: "not_equal",
    np.logical_xor: "not_equal",
}


REMEDIES = {
    **dict.fromkeys(
        (np.nonzero, np.flatnonzero, np.argwhere, np.unique, np.compress, np.extract),
        OF_VALUES,
    ),
    **dict.fromkeys(
        (np.sort, np.argsort, np.partition, np.argpartition, np.median, np.searchsorted),
        "a kernel orders nothing; np.max, np.min, np.argmax and np.argmin it knows",
    ),
}


def call_ufunc(trace: Trace, ufunc: np.ufunc, inputs: Any) -> Any:
    """Answer a ufunc: a scalar function, or the matrix product."""
    if ufunc is np.matmul:
        return matmul(*[trace.symbol(x) for x in inputs])
    if ufunc in (np.positive, np.conjugate):
        return inputs[0]
    if ufunc in COMPOSED:
        return COMPOSED[ufunc](*[trace.symbol(x) for x in inputs])
    if ufunc is np.reciprocal and trace.symbol(inputs[0]).kind == "float":
        return apply("divide", 1.0, inputs[0])
    if ufunc in (np.isnan, np.isinf):
        finite = apply("isfinite", inputs[0])
        same = apply("equal", inputs[0], inputs[0])
        if ufunc is np.isnan:
            return apply("logical_not", same)
        return apply("logical_and", apply("logical_not", finite), same)
    name = _UFUNC_NAMES.get(ufunc, ufunc.__name__)
    if name == "fmod" and all(trace.symbol(x).kind != "float" for x in inputs):
        raise unsupported("np.fmod of whole numbers", "write `%`, whose sign is the divisor's")
    if ufunc in _OF_BOOLS and all(trace.symbol(x).kind == "bool" for x in inputs):
        name = _OF_BOOLS[ufunc]
    if name not in FUNCTIONS:
        raise unsupported(f"np.{ufunc.__name__}")
    if name == "power":
        return _power(trace, *inputs)
    return apply(name, *inputs, ufunc=ufunc)


def _without_nan(choose: Any, x: Symbol, y: Symbol) -> Any:
    """The larger or smaller one; of a number and NaN the number."""
    chosen = choose(x, y)
    if chosen.kind != "float":
        return chosen
    return np.where(np.isnan(x), y, np.where(np.isnan(y), x, chosen))


def _power(trace: Trace, x: Any, exponent: Any) -> Any:
    """A power; of whole numbers a product, as NumPy's is a whole number then."""
    number = type(exponent) in (int, float)
    base = trace.symbol(x)
    if base.kind == "float" or type(exponent) is float or trace.symbol(exponent).kind == "float":
        if number and exponent in (1, 2):
            base = as_kind(base, "float")
            return base if exponent == 1 else apply("square", base)
        return apply("power", x, exponent)
    if not (number and 1 <= exponent <= 8) or base.kind == "bool":
        raise unsupported("a power of whole numbers", "write `.astype(np.float64) ** ...`")
    product: Any = base
    for _ in range(exponent - 1):
        product = apply("multiply", product, base)
    return product


def call(trace: Trace, function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Answer another NumPy function."""
    name = _name_of(function)
    kwargs = {k: v for k, v in kwargs.items() if v is not np._NoValue}
    if kwargs.pop("out", None) is not None:
        raise unsupported(f"{name} with `out`")
    if function in MADE:
        return MADE[function](trace, *args, **kwargs)
    handler = HANDLERS.get(function)
    if handler is None:
        return _by_other_functions(trace, function, args, kwargs)
    if function in (np.concatenate, np.stack):
        args = ([trace.symbol(x) for x in args[0]], *args[1:])
    try:
        inspect.signature(handler).bind(*args, **kwargs)
    except TypeError as error:
        if function not in RULES or function in trace.within:
            raise unsupported(f"{name} called so ({error})") from None
        return _by_other_functions(trace, function, args, kwargs)
    return handler(*args, **kwargs)


def _name_of(function: Any) -> str:
    return f"np{function.__module__.removeprefix('numpy')}.{function.__name__}"


def _by_other_functions(trace: Trace, function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """What a function is made of, where the package writes it as others."""
    rule = RULES.get(function)
    if rule is None or function in trace.within:
        called = (*trace.within, function)[0]
        remedy = REMEDIES.get(called) or REMEDIES.get(function)
        needs = "" if called is function else f"it needs {_name_of(function)}"
        raise unsupported(_name_of(called), remedy or needs)
    trace.within.append(function)  # an op of its own calls the same function again
    try:
        return rule(*args, **kwargs)
    finally:
        trace.within.remove(function)


def _flat(a: Symbol, order: str = "C") -> Any:
    return shapes.reshape(a, (-1,), order)


# Methods of arrays: the window's fields are arrays where the loss is run eagerly.
METHODS: dict[str, Callable[..., Any]] = {
    **{
        name: getattr(np, name)
        for name in (
            "all any argmax argmin clip cumprod cumsum diagonal dot max min prod repeat round "
            "squeeze std swapaxes take trace var"
        ).split()
    },
    "ravel": _flat,
    "flatten": _flat,
    "copy": lambda a, order="C": a,
    "transpose": lambda a, *axes: np.transpose(a, axes[0] if len(axes) == 1 else axes or None),
}


def call_primitive(x: Symbol, name: str, args: Any) -> Any:
    """Answer an op that NumPy has no function for."""
    if name in ("sigmoid", "softplus"):
        return apply(name, x)
    if name == "log_sigmoid":
        return apply("negative", apply("softplus", apply("negative", x)))
    if name == "relu":
        return apply("maximum", x, 0.0)
    if name == "cast":
        return x.astype(args[0])
    if name == "rows":
        return np.take(x, args[0], axis=0)
    if name == "take_from":
        return take(args[0], x, axis=args[1])
    if name == "product_over_all":
        axes = tuple(range(x.ndim - 1))
        return tensordot(x, args[0], (axes, axes))
    if name == "scatter_rows":
        return indexing.scatter(x, args[0], 0, args[1])
    if name == "scatter_index":
        return indexing.put_at(x, *args)
    if name == "scatter_along_axis":
        ids, axis, shape = args
        ids = x.trace.symbol(indexing.from_start("take_along_axis", ids, shape[axis]))
        return x.trace.record("scatter_along", (x, ids), shape, x.kind, axis=axis)
    if name == "segment_sum":
        starts = x.trace.symbol(args[0])
        shape = (starts.shape[0], *x.shape[1:])
        return x.trace.record("segment_sum", (x, starts), shape, x.kind)
    if name == "segment_repeat":
        starts, count = x.trace.symbol(args[0]), args[1]
        return x.trace.record("segment_repeat", (x, starts), (count, *x.shape[1:]), x.kind)
    return NotImplemented


# ---------------------------------------------------------------------- about the array
handles(np.shape)(lambda a: a.shape)
handles(np.ndim)(lambda a: len(a.shape))
handles(np.size)(lambda a, axis=None: a.size if axis is None else a.shape[axis])
handles(np.result_type)(
    lambda *xs: np.result_type(*[x.dtype if isinstance(x, Symbol) else x for x in xs])
)


def _filled(a: Symbol, value: Any, dtype: Any = None) -> Any:
    dtype = a.dtype if dtype is None else np.dtype(dtype)
    filled = value if isinstance(value, Symbol) else a.trace.symbol(np.asarray(value, dtype))
    return np.broadcast_to(filled.astype(dtype), a.shape)


handles(np.zeros_like)(lambda a, dtype=None: _filled(a, 0, dtype))
handles(np.ones_like)(lambda a, dtype=None: _filled(a, 1, dtype))
handles(np.full_like)(lambda a, fill_value, dtype=None: _filled(a, fill_value, dtype))


@handles(np.round, np.around)
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
