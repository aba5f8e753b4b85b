"""Bounds of whole numbers hold: for every function, against all numbers between its ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.intervals import ANY
from tinygrad_w2v.compiler.ir.ops import interval_of
from tinygrad_w2v.compiler.ir.scalar_functions import FUNCTIONS
from tinygrad_w2v.compiler.ir.sizes import Size, symbolic

C = symbolic(Size("C", 10))
LOW, HIGH = ANY
WHOLE = [name for name, scalar in FUNCTIONS.items() if scalar.dtype == "same" and scalar.arity < 3]
WHOLE += [name for name, scalar in FUNCTIONS.items() if scalar.dtype == "int"]
# Small ones, those of the small types, and the ends of all that there are.
EDGES = [LOW, LOW + 1, -(2**40), -300, -129, -2, -1, 0, 1, 2, 3, 127, 256, 2**31, HIGH - 1, HIGH]


def of(function: str, *given: Any, op: str = "map", dtype: str = "int", **about: Any) -> Any:
    step = Instruction("x", op, (), (), dtype, {"function": function, **about})
    shapes = about.get("shapes", [()] * len(given))
    return interval_of(step, given, shapes)


def between(low: int, high: int, rng: np.random.Generator) -> list[int]:
    """Numbers of an interval: its ends, what lies near 0, and some more."""
    near = [n for n in (low, low + 1, -1, 0, 1, high - 1, high) if low <= n <= high]
    return near + [int(rng.integers(low, high, endpoint=True)) for _ in range(3)]


@pytest.mark.parametrize("function", WHOLE)
def test_what_is_computed_lies_within(function: str, rng: np.random.Generator) -> None:
    scalar = FUNCTIONS[function]
    intervals = [(a, b) for a in EDGES for b in EDGES if a <= b]
    for _ in range(400):
        given = [intervals[int(rng.integers(len(intervals)))] for _ in range(scalar.arity)]
        low, high = of(function, *given)
        grids = np.meshgrid(*[between(*interval, rng) for interval in given])
        with np.errstate(all="ignore"):
            found = scalar.numpy(*[grid.astype(np.int64) for grid in grids])
        assert found.dtype == np.int64
        assert low <= found.min(), (given, low, high)
        assert found.max() <= high, (given, low, high)


def test_bounds_say_something() -> None:
    assert of("add", (1, 2), (3, 5)) == (4, 7)
    assert of("subtract", (1, 2), (3, 5)) == (-4, -1)
    assert of("multiply", (-2, 3), (-5, 4)) == (-15, 12)
    assert of("floor_divide", (-7, 9), (2, 4)) == (-4, 4)
    assert of("remainder", (-7, 9), (3, 5)) == (0, 4)
    assert of("remainder", (0, 2), (7, 7)) == (0, 2)
    assert of("remainder", (0, 9), (-5, 3)) == (-4, 2)
    assert of("maximum", ANY, (0, 0)) == (0, HIGH)
    assert of("minimum", (0, HIGH), (9, 9)) == (0, 9)
    assert of("absolute", (-3, 2)) == (0, 3)
    assert of("square", (-3, 2)) == (0, 9)
    assert of("where", (0, 1), (1, 2), (7, 8)) == (1, 8)
    assert of("uint8", (0, 255)) == (0, 255)
    assert of("uint8", (-1, 3)) == (0, 255)
    assert of("less", (0, 1), (3, 4), dtype="bool") == (0, 1)


@pytest.mark.parametrize(
    ("function", "given"),
    [
        ("add", [(0, HIGH), (0, 1)]),
        ("multiply", [(0, 2**32), (0, 2**32)]),
        ("negative", [(LOW, 0)]),
        ("absolute", [(LOW, 0)]),
        ("whole_divide", [(LOW, 0), (-1, 1)]),
        ("exp", [(0, 1)]),
    ],
)
def test_what_may_wrap_around_or_has_no_rule_is_unbounded(function: str, given: Any) -> None:
    assert of(function, *given) == ANY


def test_ops_beside_scalar_functions() -> None:
    assert of("", (3, 5), op="take", axis=0) == (3, 5)
    assert of("", (3, 5), (-1, 4), op="concatenate", axis=0) == (-1, 5)
    assert of("max", (3, 5), op="reduce", axes=(0,)) == (3, 5)
    assert of("sum", (-3, 5), op="reduce", axes=(0, 1), shapes=[(C, 2)]) == (-60, 100)
    assert of("sum", (3, 5), op="reduce", axes=(0,), shapes=[(C,)]) == (0, 50)  # of nothing, too
    assert of("prod", (3, 5), op="reduce", axes=(0,), shapes=[(C,)]) == ANY
    assert of("", (3, 5), op="scatter_slice") == (0, 5)
    assert of("", (3, 5), op="scatter", axis=0) == ANY
    assert of("", (3, 5), (0, 1), op="segment_sum") == ANY
    assert of("add", (0, 1), (0, 1), dtype="float") == ANY
