"""A loop over time."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v.checking.case import Case, case, normal
from tinygrad_w2v.functions.joining import Stack


def _states(np: Any, step: Any, h: Any, *xs: Any) -> Any:
    """`scan` in other words; of a tuple the first part."""
    states = []
    for t in range(xs[0].shape[0]):
        h = step(h, xs[0][t] if len(xs) == 1 else tuple([x[t] for x in xs]))
        states.append(h[0] if isinstance(h, tuple) else h)
    return np.stack(states)


def _tanh(np: Any, u: Any) -> Any:
    return lambda h, x: np.tanh(x + np.matmul(h, u))


def _gru(np: Any, u: Any) -> Any:
    def step(h: Any, x: Any) -> Any:
        update, reset = 1 / (1 + np.exp(-(x + np.matmul(h, u)))), 1 / (1 + np.exp(x - h))
        return (1 - update) * h + update * np.tanh(x + np.matmul(reset * h, u))

    return step


def _lstm(np: Any, u: Any) -> Any:
    def step(state: Any, x: Any) -> Any:
        h, c = state
        z = x + np.matmul(h, u)
        gates = 1 / (1 + np.exp(-z))
        c = gates * c + (1 - gates) * np.tanh(z)
        return gates * np.tanh(c), c

    return step


def _mixed(np: Any) -> Any:
    return lambda h, x: np.add(np.multiply(x[0], h), x[1])


_IDS = np.array([2, 0, 2, 1])
CASES: list[Case] = [
    case("scan", Stack, lambda F, h, x, u: F.scan(_tanh(F, u), h, x), (3,), (4, 3), (3, 3)).like(
        lambda np, h, x, u: _states(np, _tanh(np, u), h, x)
    ),
    case(
        "scan of one step",
        Stack,
        lambda F, h, x, u: F.scan(_tanh(F, u), h, x),
        (3,),
        (1, 3),
        (3, 3),
    ).like(lambda np, h, x, u: _states(np, _tanh(np, u), h, x)),
    case(
        "scan of a gated step",
        Stack,
        lambda F, h, x, u: F.scan(_gru(F, u), h, x),
        (2,),
        (3, 2),
        (2, 2),
    ).like(lambda np, h, x, u: _states(np, _gru(np, u), h, x)),
    case(
        "scan of a state of two parts",
        Stack,
        lambda F, h, c, x, u: F.scan(_lstm(F, u), (h, c), x)[0],
        normal((2,), (2,), (3, 2), (2, 2)),
    ).like(lambda np, h, c, x, u: _states(np, _lstm(np, u), (h, c), x)),
    case(
        "scan of two rows of a batch",
        Stack,
        lambda F, h, a, b: F.scan(_mixed(F), h, (a, b)),
        normal((2, 3), (3, 2, 3), (3, 2, 3)),
    ).like(lambda np, h, a, b: _states(np, _mixed(np), h, a, b)),
    case(
        "scan of ids",
        Stack,
        lambda F, h, table: F.scan(lambda h, i: 0.5 * h + F.embedding(table, i), h, _IDS),
        normal((2,), (3, 2)),
    ).like(lambda np, h, table: _states(np, lambda h, x: 0.5 * h + x, h, table[_IDS])),
    case("scan of numbers", Stack, lambda F, h, x: F.scan(F.multiply, h, x), (), (4,)).like(
        lambda np, h, x: _states(np, lambda h, x: h * x, h, x)
    ),
]
