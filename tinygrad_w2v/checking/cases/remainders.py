"""Whole quotients, remainders, and rounding."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v.checking.case import FLAT, Case, case, constant, named
from tinygrad_w2v.functions import remainders as ops

_DIVISORS = np.array([0.7, -0.9, 1.3, -2.1])


def _value(x: Any) -> Any:
    """HIPS autograd does not divide with a remainder: the quotient is a constant to it."""
    return getattr(x, "_value", x)


def _floor(x: Any, y: Any) -> Any:
    return np.floor(_value(x) / _value(y))


def _away_from_steps(rng: np.random.Generator) -> Any:
    """Dividends of both signs whose quotients by `_DIVISORS` are at least 0.2 from an integer."""
    wholes = rng.integers(-3, 3, (3, 4)) + rng.uniform(0.2, 0.8, (3, 4))
    return wholes * _DIVISORS, _DIVISORS


_mod = named("mod", ops.Remainder, _away_from_steps).like(lambda np, x, y: x - _floor(x, y) * y)
_fmod = named("fmod", ops.Fmod, _away_from_steps).like(
    lambda np, x, y: x - np.trunc(_value(x) / _value(y)) * y
)
CASES: list[Case] = [
    *_mod.and_strided(),
    _mod.of_nothing((0, 3), (3,)),
    *_fmod.and_strided(),
    _fmod.of_nothing((0, 3), (3,)),
    case(
        "divmod", ops.Remainder, lambda F, x, y: np.multiply(*F.divmod(x, y)), _away_from_steps
    ).like(lambda np, x, y: _floor(x, y) * (x - _floor(x, y) * y)),
    case(
        "floor_divide beside a slope",
        ops.FloorDivide,
        lambda F, x, y: x * y + x // y,
        _away_from_steps,
    )
    .like(lambda np, x, y: x * y + _floor(x, y))
    .blind(),
    named("floor_divide", ops.FloorDivide, _away_from_steps).alone(FLAT, FLAT),
    named("round", ops.Round, constant([0.12, -0.77, 2.03, 0.38]), decimals=1).alone(FLAT, FLAT),
    case(
        "round beside a slope",
        ops.Round,
        lambda np, x: x * np.round(_value(x)),
        constant([0.2, -0.7, 2.3, 1.8]),
    ).blind(),
]
