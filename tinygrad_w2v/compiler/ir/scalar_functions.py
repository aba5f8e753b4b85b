"""The scalar functions of the instruction `map`: for each its NumPy function and its source.

This is the one list of what happens to single numbers. The interpreter calls the NumPy function on
whole arrays; the generated kernel holds the source text, which is plain Python and Numba alike.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base import hashing
from tinygrad_w2v.compiler.ir import intervals
from tinygrad_w2v.compiler.ir.intervals import Interval


class Scalar(NamedTuple):
    """One scalar function.

    Attributes
    ----------
    numpy : callable
        On arrays of any kind.
    source : str
        An expression of ``{0}``, ``{1}``, ...
    arity : int
    dtype : str
        Of the result: ``"float"``, ``"bool"``, ``"int"``, or ``"same"`` as the widest input.
    helper : str
        A function that the source calls, by its name in `HELPERS`; else empty.
    costly : bool
        Whether computing it twice is worse than keeping it.
    interval : callable, optional
        Of whole numbers: from the intervals of the inputs to that of the result.
    """

    numpy: Callable[..., Any]
    source: str
    arity: int
    dtype: str = "same"
    helper: str = ""
    costly: bool = False
    interval: Callable[..., Interval] | None = None


def _sigmoid(x: Any) -> Any:
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def _softplus(x: Any) -> Any:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _sign(
    name: str, sign: str, dtype: str = "same", interval: Callable[..., Interval] | None = None
) -> Scalar:
    """A function of two numbers that Python has a sign for."""
    return Scalar(getattr(np, name), f"({{0}} {sign} {{1}})", 2, dtype, interval=interval)


def _library(name: str, arity: int = 1) -> Scalar:
    """A costly function of floats that NumPy and Numba have."""
    return Scalar(getattr(np, name), f"np.{name}({_arguments(arity)})", arity, "float", costly=True)


def _helped(numpy: Any, name: str, arity: int = 1) -> Scalar:
    """A costly function of floats that is a helper."""
    return Scalar(numpy, f"{name}({_arguments(arity)})", arity, "float", name, True)


def _whole(numpy: Any, name: str, arity: int, interval: Callable[..., Interval]) -> Scalar:
    """A function of numbers of any type that is a helper."""
    return Scalar(numpy, f"{name}({_arguments(arity)})", arity, "same", name, False, interval)


def _arguments(arity: int) -> str:
    return ", ".join(f"{{{i}}}" for i in range(arity))


_COMPARISONS = {
    "equal": "==",
    "not_equal": "!=",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
    "logical_and": "and",
    "logical_or": "or",
}
FUNCTIONS: dict[str, Scalar] = {
    "add": _sign("add", "+", interval=intervals.corners(operator.add)),
    "subtract": _sign("subtract", "-", interval=intervals.corners(operator.sub)),
    "multiply": _sign("multiply", "*", interval=intervals.corners(operator.mul)),
    "divide": _sign("divide", "/", "float"),
    "remainder": _sign("remainder", "%", interval=intervals.remainder),
    "floor_divide": _sign("floor_divide", "//", interval=intervals.floor_divide),
    "whole_divide": _whole(np.floor_divide, "whole_divide", 2, intervals.floor_divide),
    "whole_remainder": _whole(np.remainder, "whole_remainder", 2, intervals.remainder),
    "negative": Scalar(np.negative, "(-{0})", 1, interval=lambda x: (-x[1], -x[0])),
    "absolute": Scalar(np.absolute, "abs({0})", 1, interval=intervals.absolute),
    "square": Scalar(np.square, "({0} * {0})", 1, interval=intervals.square),
    "maximum": _whole(np.maximum, "larger", 2, intervals.corners(max)),
    "minimum": _whole(np.minimum, "smaller", 2, intervals.corners(min)),
    **{name: _sign(name, sign, "bool") for name, sign in _COMPARISONS.items()},
    "logical_not": Scalar(np.logical_not, "(not {0})", 1, "bool"),
    # Numba's own asks whether x - x is a number. Sums may be taken in any order: of one that native
    # code knows the parts of, that is 0.
    "isfinite": Scalar(np.isfinite, "(abs({0}) < real(np.inf))", 1, "bool"),
    "where": Scalar(
        np.where, "({1} if {0} else {2})", 3, interval=lambda _, x, y: intervals.hull(x, y)
    ),
    "float": Scalar(lambda x: x, "real({0})", 1, "float"),
    "sign": _whole(np.sign, "sign", 1, lambda x: (-1, 1)),
    "floor": Scalar(np.floor, "np.floor({0})", 1, "float"),
    "ceil": Scalar(np.ceil, "np.ceil({0})", 1, "float"),
    "rint": Scalar(np.rint, "np.rint({0})", 1, "float"),
    "hashed": Scalar(
        hashing.hashed, "hashed({0}, {1})", 2, "int", "hashed", True, lambda *_: (0, 2**63 - 1)
    ),
    "power": _helped(np.power, "power", 2),
    "exp": _helped(np.exp, "exp"),
    "logaddexp": _helped(np.logaddexp, "logaddexp", 2),
    "sigmoid": _helped(_sigmoid, "sigmoid"),
    "softplus": _helped(_softplus, "softplus"),
    **{name: _library(name, 2) for name in ("fmod", "hypot", "arctan2")},
    **{
        name: _library(name)
        for name in (
            "sqrt cbrt exp2 expm1 log log1p log2 log10 sin cos tan arcsin arccos arctan "
            "sinh cosh tanh arcsinh arccosh arctanh"
        ).split()
    },
}

# Whole numbers are int64 in a kernel. Those of NumPy's smaller types wrap around at their own ends:
# after arithmetic they are brought back, by a function that is called as the type is.
INTEGERS = ("int8", "int16", "int32", "uint8", "uint16", "uint32")


def _wrapped(dtype: str) -> Callable[[Any], Any]:
    return lambda x: np.asarray(x).astype(dtype).astype(np.int64)


FUNCTIONS |= {
    dtype: Scalar(
        _wrapped(dtype), f"{dtype}({{0}})", 1, "int", dtype, False, intervals.narrowed(dtype)
    )
    for dtype in INTEGERS
}

# What some of them call, as source: each runs as plain Python and under Numba. `real` is the
# kernel's float type. None overflows, and each lets NaN through.
HELPERS: dict[str, str] = {
    "larger": """\
def larger(x, y):
    return x if x >= y or x != x else y
""",
    "smaller": """\
def smaller(x, y):
    return x if x <= y or x != x else y
""",
    "whole_divide": """\
def whole_divide(x, y):
    if y == 0:
        return x * 0
    return -x if y == -1 else x // y
""",
    "whole_remainder": """\
def whole_remainder(x, y):
    return x * 0 if y == 0 or y == -1 else x % y
""",
    "sign": """\
def sign(x):
    return real(x > 0) - real(x < 0) if x == x else x
""",
    "power": """\
def power(x, y):
    return real(x) ** real(y)
""",
    "sigmoid": """\
def sigmoid(x):
    e = exp(-abs(x))
    return (real(1) if x >= 0 else e) / (real(1) + e)
""",
    "softplus": """\
def softplus(x):
    return (x if x > 0 or x != x else real(0)) + log_1_plus(exp(-abs(x)))
""",
    "logaddexp": """\
def logaddexp(x, y):
    top = x if x >= y or x != x else y
    return top if x == y and abs(x) == real(np.inf) else top + log_1_plus(exp(-abs(x - y)))
""",
}

for _dtype in INTEGERS:
    _about = np.iinfo(_dtype)
    # The bits that the type has, and where it is signed, their sign carried on.
    _bits = f"x & {int(np.iinfo(f'uint{_about.bits}').max)}"
    _signed = f"(({_bits}) ^ {1 << (_about.bits - 1)}) - {1 << (_about.bits - 1)}"
    HELPERS[_dtype] = f"def {_dtype}(x):\n    return {_signed if _about.min < 0 else _bits}\n"

# The same as in `hashing`, of single numbers.
HELPERS["hashed"] = f"""\
def hashed(key, k):
    k = np.int64(k).view(np.uint64) + np.uint64(1)
    z = np.int64(key).view(np.uint64) + k * np.uint64({hashing.WEYL_DRAW})
    z = (z ^ (z >> np.uint64(30))) * np.uint64({hashing.MIX_1})
    z = (z ^ (z >> np.uint64(27))) * np.uint64({hashing.MIX_2})
    return np.int64((z ^ (z >> np.uint64(31))) >> np.uint64(1))
"""

# Helpers that helpers call.
NEEDS: dict[str, tuple[str, ...]] = {
    "sigmoid": ("exp",),
    "softplus": ("exp", "log_1_plus"),
    "logaddexp": ("exp", "log_1_plus"),
}

DOUBLE: dict[str, str] = {
    "exp": """\
def exp(x):
    return np.exp(x)
""",
    "log_1_plus": """\
def log_1_plus(x):
    return np.log1p(x)
""",
}

# In single precision both are polynomials, good to two units in the last place, which the
# processor computes for many elements at once; a library function it calls for one at a time.
# exp: x = n log 2 + r with |r| <= log(2) / 2, and e^x = 2^n e^r (Cephes, expf). log(1 + x) for
# 0 <= x <= 1 is 2 artanh z for z = x / (2 + x) <= 1/3.
SINGLE: dict[str, str] = {
    "exp": """\
def exp(x):
    within = x if x > real(-86.6) else real(-86.6)
    within = within if within < real(88.72) else real(88.72)
    n = np.floor(within * real(1.4426950408889634) + real(0.5))
    r = (x if x != x else within) - n * real(0.693359375) + n * real(2.12194440e-4)
    p = real(1.9875691500e-4)
    p = p * r + real(1.3981999507e-3)
    p = p * r + real(8.3334519073e-3)
    p = p * r + real(4.1665795894e-2)
    p = p * r + real(1.6666665459e-1)
    p = p * r + real(5.0000001201e-1)
    y = (p * r * r + r + real(1)) * power_of_two(n - real(1)) * real(2)
    y = real(np.inf) if x > real(88.72) else y
    return real(0) if x < real(-86.6) else y
""",
    "log_1_plus": """\
def log_1_plus(x):
    z = x / (real(2) + x)
    zz = z * z
    p = real(2 / 13)
    p = p * zz + real(2 / 11)
    p = p * zz + real(2 / 9)
    p = p * zz + real(2 / 7)
    p = p * zz + real(2 / 5)
    p = p * zz + real(2 / 3)
    p = p * zz + real(2)
    return p * z
""",
}


def helpers(used: list[str], single: bool) -> list[str]:
    """Return the sources of helpers and of all that they call, in order.

    Examples
    --------
    >>> [text.split("(")[0] for text in helpers(["softplus"], single=False)]
    ['def exp', 'def log_1_plus', 'def softplus']
    """
    ordered: list[str] = []
    for name in used:
        ordered += [n for n in (*NEEDS.get(name, ()), name) if n not in ordered]
    texts = HELPERS | (SINGLE if single else DOUBLE)
    return [texts[name] for name in dict.fromkeys(ordered)]


# What a kernel's source calls its own: nothing of a user's and no value may be called so.
RESERVED = (
    *("at", "first", "last", "loss", "lr", "step", "rates", "real", "np", "njit", "run", "kernel"),
    *("RULES", "INLINED", "noalias", "prefetch", "power_of_two", "first_of", "first_among"),
    *("run_in_turns", "turn", "private", "begin", "exchange", "fetch"),
    *("abs", "range", "float", "min"),
    *(HELPERS | SINGLE),
)
