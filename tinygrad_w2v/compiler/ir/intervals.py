"""How small and how large whole numbers can be: interval arithmetic in Python's own integers.

Numbers of a kernel are int64, so what nothing is known of may be any of these, and what may leave
them wraps around and may be any of them, too. An op without a rule here is one of which nothing is
known. No float takes part: infinity times 0 is no bound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_w2v.compiler.ir.instructions import MOVED, Instruction
from tinygrad_w2v.compiler.ir.scalar_functions import INTEGERS
from tinygrad_w2v.compiler.ir.sizes import bound_of, product

Interval = tuple[int, int]
_INT64 = np.iinfo(np.int64)
ANY: Interval = (int(_INT64.min), int(_INT64.max))
BOOL: Interval = (0, 1)


def interval_of(step: Instruction, given: Sequence[Interval], shapes: Sequence[Any]) -> Interval:
    """Return between which numbers an instruction's elements are.

    Parameters
    ----------
    step : Instruction
        That computes something.
    given
        The intervals of its inputs.
    shapes
        Their shapes.

    Examples
    --------
    >>> def of(function, *given):
    ...     step = Instruction("x", "map", (), (), "int", {"function": function})
    ...     return interval_of(step, given, [()] * len(given))
    >>> of("multiply", (-3, 2), (0, 5)), of("floor_divide", (-7, 7), (-1, 2))
    ((-15, 10), (-7, 7))
    >>> of("add", (0, 2**62), (0, 2**62)) == ANY == of("exp", (0, 1))
    True
    """
    if step.dtype == "bool":
        return BOOL
    if step.dtype != "int":
        return ANY
    if step.op == "map":
        rule = _RULES.get(step["function"])
        return ANY if rule is None else _within_int64(rule(*given))
    if step.op in (*MOVED, "take", "take_along"):
        return given[0]
    if step.op == "concatenate":
        return _hull(*given)
    if step.op in ("scatter_slice", "segment_repeat"):  # zeros, and what is put there
        return _hull((0, 0), given[0])
    if step.op in ("first_place", "arange"):
        return 0, max(bound_of(step.shape[0]) - 1, 0)
    if step.op == "argument":
        return 0, max(bound_of(shapes[0][step["axis"]]) - 1, 0)
    if step.op == "running" and step["function"] == "sum":
        low, high = given[0]
        most = max(bound_of(shapes[0][step["axis"]]), 1)
        return _within_int64((min(low, most * low), max(high, most * high)))
    if step.op == "reduce" and step["function"] in ("max", "min"):
        return given[0]
    if step.op == "reduce" and step["function"] == "sum":
        most = bound_of(product(shapes[0][axis] for axis in step["axes"]))
        low, high = given[0]
        return _within_int64((min(most * low, 0), max(most * high, 0)))
    return ANY


def _within_int64(found: Interval) -> Interval:
    low, high = found
    return found if ANY[0] <= low and high <= ANY[1] else ANY


def _hull(*parts: Interval) -> Interval:
    return min(low for low, _ in parts), max(high for _, high in parts)


def _corners(function: Callable[[int, int], int]) -> Callable[[Interval, Interval], Interval]:
    """The rule of a function whose extremes are at ends of both intervals."""

    def rule(x: Interval, y: Interval) -> Interval:
        found = [function(a, b) for a in x for b in y]
        return min(found), max(found)

    return rule


def _divided(x: Interval, y: Interval) -> Interval:
    """Of ``x // y``, which is 0 where y is 0; between 0 and an end of y it is monotone."""
    divisors = [d for d in (*y, -1, 1) if d and y[0] <= d <= y[1]]
    found = [n // d for n in x for d in divisors]
    found += [0] if y[0] <= 0 <= y[1] else []
    return min(found), max(found)


def _remainder(x: Interval, y: Interval) -> Interval:
    """Of ``x % y``, which has the sign of y, and is 0 where y is 0."""
    low, high = min(y[0] + 1, 0), max(y[1] - 1, 0)
    return low, min(high, x[1]) if x[0] >= 0 and y[0] > 0 else high


def _absolute(x: Interval) -> Interval:
    ends = [abs(n) for n in x]
    return 0 if x[0] <= 0 <= x[1] else min(ends), max(ends)


def _square(x: Interval) -> Interval:
    low, high = _absolute(x)
    return low * low, high * high


def _narrowed(dtype: str) -> Callable[[Interval], Interval]:
    """The rule of a conversion to a small type, in which numbers wrap around."""
    about = np.iinfo(dtype)

    def rule(x: Interval) -> Interval:
        inside = about.min <= x[0] and x[1] <= about.max
        return x if inside else (int(about.min), int(about.max))

    return rule


_RULES: dict[str, Callable[..., Interval]] = {
    "add": _corners(lambda a, b: a + b),
    "subtract": _corners(lambda a, b: a - b),
    "multiply": _corners(lambda a, b: a * b),
    "maximum": _corners(max),
    "minimum": _corners(min),
    "floor_divide": _divided,
    "remainder": _remainder,
    "whole_divide": _divided,
    "whole_remainder": _remainder,
    "negative": lambda x: (-x[1], -x[0]),
    "absolute": _absolute,
    "square": _square,
    "sign": lambda x: (-1, 1),
    "where": lambda condition, x, y: _hull(x, y),
    **{dtype: _narrowed(dtype) for dtype in INTEGERS},
}
