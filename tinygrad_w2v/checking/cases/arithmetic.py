"""The ops behind Python's operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygrad_w2v.functions as F
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.checking.case import EMPTY, Case, Draw, away_from_zero, between, constant, normal
from tinygrad_w2v.functions import arithmetic, remainders

_TABLE = np.arange(-6, 6).reshape(3, 4)


def _positive(*shapes: Any) -> Draw:
    return between(0.4, 2.0, *shapes)


def _binary(name: str, op: type[Function], drawing: Callable[..., Draw]) -> list[Case]:
    case = Case(
        name, getattr(F, name), drawing((3, 4), (3, 4)), (op,), lambda np: getattr(np, name)
    )
    return [
        case,
        case.variant("broadcast", draw=drawing((3, 1), (2, 1, 4))),
        case.variant("of a number and a table", draw=drawing((), (3, 4))),
        case.variant("of a table and a number", draw=drawing((3, 4), ())),
        case.variant("of numbers", draw=drawing((), ())),
        case.of_nothing((0, 3), (3,)),
        case.laid_out_apart(),
        case.variant(
            "of one thing twice",
            function=lambda x: getattr(F, name)(x, x * x),
            draw=drawing((5,)),
            reference=lambda np: lambda x: getattr(np, name)(x, x * x),
        ),
    ]


CASES: list[Case] = [
    *_binary("add", arithmetic.Add, normal),
    *_binary("subtract", arithmetic.Subtract, normal),
    *_binary("multiply", arithmetic.Multiply, normal),
    *_binary("divide", arithmetic.Divide, away_from_zero),
    *_binary("power", arithmetic.Power, _positive),
]


def _unary(
    name: str, function: Any, draw: Draw, op: type[Function], reference: Any = None
) -> list[Case]:
    case = Case(name, function, draw, (op,), reference or (lambda np: function))
    return [case, case.laid_out_apart()]


CASES += [
    *_unary("add a number", lambda x: 2.0 + x, normal((3, 4)), arithmetic.Add),
    *_unary("subtract from a number", lambda x: 2.0 - x, normal((3, 4)), arithmetic.Subtract),
    *_unary("multiply by a table", lambda x: _TABLE * x, normal((3, 4)), arithmetic.Multiply),
    *_unary("divide a number", lambda x: 2.0 / x, away_from_zero((3, 4)), arithmetic.Divide),
    *_unary("divide by a number", lambda x: x / 3.0, normal((3, 4)), arithmetic.Divide),
    *_unary("a number to the power", lambda x: 2.0**x, normal((3, 4)), arithmetic.Power),
    *_unary(
        "power of a table", lambda x: x ** (_TABLE % 5 - 1), _positive((3, 4)), arithmetic.Power
    ),
    *_unary("power 2", lambda x: x**2, normal((3, 4)), arithmetic.PowerOfNumber),
    *_unary("power 3 of negatives", lambda x: x**3, normal((3, 4)), arithmetic.PowerOfNumber),
    *_unary("power 1", lambda x: x**1, normal((3, 4)), arithmetic.PowerOfNumber),
    *_unary("power 0.5", lambda x: x**0.5, _positive((3, 4)), arithmetic.PowerOfNumber),
    *_unary("power -1", lambda x: x**-1, away_from_zero((3, 4)), arithmetic.PowerOfNumber),
    *_unary("negative", F.negative, normal((3, 4)), arithmetic.Negative, lambda np: np.negative),
    *_unary("abs", F.abs, away_from_zero((3, 4)), arithmetic.Abs, lambda np: np.abs),
    Case(
        "power 0",
        lambda x: x**0,
        normal((3,)),
        (arithmetic.PowerOfNumber,),
        lambda np: lambda x: x**0,
        toothless="its slope is 0",
    ),
    Case(
        "negative of a number",
        F.negative,
        normal(()),
        (arithmetic.Negative,),
        lambda np: np.negative,
    ),
    Case("negative", F.negative, normal((0,)), (arithmetic.Negative,)).of_nothing((0,)),
    Case("abs of a number", F.abs, away_from_zero(()), (arithmetic.Abs,), lambda np: np.abs),
]

# ---------------------------------------------------------------------- quotients and remainders
_FLAT = "its slope is 0"
_DIVISORS = np.array([0.7, -0.9, 1.3, -2.1])


def _quotient(x: Any, y: Any) -> Any:
    """HIPS autograd does not divide with a remainder: the quotient is a constant to it."""
    return _value(x) / _value(y)


def _value(x: Any) -> Any:
    return getattr(x, "_value", x)


def _floor(x: Any, y: Any) -> Any:
    return np.floor(_quotient(x, y))


def _away_from_steps(rng: np.random.Generator) -> Any:
    """Dividends of both signs whose quotients by `_DIVISORS` are at least 0.2 from an integer."""
    wholes = rng.integers(-3, 3, (3, 4)) + rng.uniform(0.2, 0.8, (3, 4))
    return wholes * _DIVISORS, _DIVISORS


_mod = Case(
    "mod",
    F.mod,
    _away_from_steps,
    (remainders.Remainder,),
    lambda np: lambda x, y: x - _floor(x, y) * y,
)
_fmod = Case(
    "fmod",
    F.fmod,
    _away_from_steps,
    (remainders.Fmod,),
    lambda np: lambda x, y: x - np.trunc(_quotient(x, y)) * y,
)
CASES += [
    *[
        variant
        for case in (_mod, _fmod)
        for variant in (case, case.laid_out_apart(), case.of_nothing((0, 3), (3,)))
    ],
    Case(
        "divmod",
        lambda x, y: np.multiply(*F.divmod(x, y)),
        _away_from_steps,
        (remainders.Remainder,),
        lambda np: lambda x, y: _floor(x, y) * (x - _floor(x, y) * y),
    ),
    Case(
        "floor_divide beside a slope",
        lambda x, y: x * y + x // y,
        _away_from_steps,
        (remainders.FloorDivide,),
        lambda np: lambda x, y: x * y + _floor(x, y),
        toothless=_FLAT,
    ),
    Case(
        "floor_divide",
        F.floor_divide,
        _away_from_steps,
        (remainders.FloorDivide,),
        None,
        _FLAT,
        _FLAT,
    ),
    Case(
        "round",
        lambda x: F.round(x, 1),
        constant([0.12, -0.77, 2.03, 0.38]),
        (remainders.Round,),
        None,
        _FLAT,
        _FLAT,
    ),
    Case(
        "round beside a slope",
        lambda x: x * F.round(x),
        constant([0.2, -0.7, 2.3, 1.8]),
        (remainders.Round,),
        lambda np: lambda x: x * np.round(_value(x)),
        toothless=_FLAT,
    ),
]

_matmul = Case(
    "matmul", F.matmul, normal((3, 4), (4, 2)), (arithmetic.Matmul,), lambda np: np.matmul
)
CASES += [
    _matmul,
    _matmul.laid_out_apart(),
    _matmul.variant("of vectors", draw=normal((4,), (4,))),
    _matmul.variant("of vector and matrix", draw=normal((4,), (4, 2))),
    _matmul.variant("of matrix and vector", draw=normal((3, 4), (4,))),
    _matmul.variant("of a batch", draw=normal((5, 3, 4), (5, 4, 2))),
    _matmul.variant("of a batch and a matrix", draw=normal((5, 3, 4), (4, 2))),
    _matmul.variant("of a matrix and a batch", draw=normal((3, 4), (5, 4, 2))),
    _matmul.variant("of a vector and a batch", draw=normal((4,), (5, 4, 2))),
    _matmul.variant("of a batch and a vector", draw=normal((5, 3, 4), (4,))),
    _matmul.variant("broadcast", draw=normal((2, 1, 3, 4), (5, 4, 2))),
    _matmul.of_nothing((0, 4), (4, 2)),
    _matmul.variant("with no summand", draw=normal((3, 0), (0, 2)), toothless=EMPTY),
    Case(
        "matmul of one thing twice",
        lambda x: x @ F.swapaxes(x, -1, -2),
        normal((3, 4)),
        (arithmetic.Matmul,),
        lambda np: lambda x: np.matmul(x, np.swapaxes(x, -1, -2)),
    ),
]
