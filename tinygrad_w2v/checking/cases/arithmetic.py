"""The ops behind Python's operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_w2v.checking.case import (
    FLAT,
    Case,
    Draw,
    Ops,
    away_from_zero,
    case,
    elementwise,
    named,
    normal,
    within,
)
from tinygrad_w2v.functions import arithmetic as ops

_TABLE = np.arange(-6, 6).reshape(3, 4)
_positive = within(0.4, 2.0)


def _binary(name: str, op: Ops, drawing: Callable[..., Draw]) -> list[Case]:
    plain = named(name, op, drawing((3, 4), (3, 4)))
    twice = case(
        f"{name} of one thing twice", op, lambda np, x: getattr(np, name)(x, x * x), drawing((5,))
    )
    others = {
        "broadcast": (drawing((3, 1), (2, 1, 4)),),
        "of a number and a table": (drawing((), (3, 4)),),
        "of a table and a number": (drawing((3, 4), ()),),
        "of numbers": (drawing((), ()),),
    }
    return [*plain.on_each(others), plain.of_nothing((0, 3), (3,)), plain.strided(), twice]


def _unary(
    name: str, op: Ops, function: Callable[[Any], Any], drawing: Callable[..., Draw] = normal
) -> list[Case]:
    return case(name, op, lambda np, x: function(x), drawing((3, 4))).and_strided()


CASES: list[Case] = [
    *_binary("add", ops.Add, normal),
    *_binary("subtract", ops.Subtract, normal),
    *_binary("multiply", ops.Multiply, normal),
    *_binary("divide", ops.Divide, away_from_zero),
    *_binary("power", ops.Power, _positive),
    *_unary("add a number", ops.Add, lambda x: 2.0 + x),
    *_unary("subtract from a number", ops.Subtract, lambda x: 2.0 - x),
    *_unary("multiply by a table", ops.Multiply, lambda x: _TABLE * x),
    *_unary("divide a number", ops.Divide, lambda x: 2.0 / x, away_from_zero),
    *_unary("divide by a number", ops.Divide, lambda x: x / 3.0),
    *_unary("a number to the power", ops.Power, lambda x: 2.0**x),
    *_unary("power of a table", ops.Power, lambda x: x ** (_TABLE % 5 - 1), _positive),
    *_unary("power 2", ops.PowerOfNumber, lambda x: x**2),
    *_unary("power 3 of negatives", ops.PowerOfNumber, lambda x: x**3),
    *_unary("power 1", ops.PowerOfNumber, lambda x: x**1),
    *_unary("power 0.5", ops.PowerOfNumber, lambda x: x**0.5, _positive),
    *_unary("power -1", ops.PowerOfNumber, lambda x: x**-1, away_from_zero),
    case("power 0", ops.PowerOfNumber, lambda np, x: x**0, (3,)).blind(),
    *elementwise("negative", ops.Negative, normal),
    *elementwise("abs", ops.Abs, away_from_zero),
    *elementwise("positive", ops.Positive, normal, lambda np, x: 1.0 * x),
    case("sign", ops.Sign, lambda F, x: F.sign(x), away_from_zero((3, 4))).alone(
        "HIPS autograd warns of an output that does not depend on its input", FLAT
    ),
    case(
        "sign beside a slope", ops.Sign, lambda np, x: x * np.sign(x), away_from_zero((3,))
    ).blind(),
]
