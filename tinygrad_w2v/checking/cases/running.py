"""From one element to the next along an axis: running sums and products, differences, slopes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v.checking.case import (
    EMPTY,
    Case,
    away_from_zero,
    case,
    constant,
    named,
    normal,
    of_no_elements,
)
from tinygrad_w2v.functions import running as ops
from tinygrad_w2v.functions.arithmetic import Divide, Subtract

_AT = np.array([0.0, 0.5, 1.5, 1.75, 4.0])


def _products(np: Any, x: Any, axis: int) -> Any:
    """`cumprod` in other words."""
    parts = [x[(slice(None),) * axis + (slice(0, k + 1),)] for k in range(x.shape[axis])]
    return np.stack([np.prod(part, axis=axis) for part in parts], axis=axis)


def _slopes(n: int, *how: Any, **more: Any) -> Any:
    """`gradient` along an axis of length `n` as a matrix: it is linear."""
    return np.gradient(np.eye(n), *how, axis=0, **more)


def _at_places(np: Any, x: Any, at: Any) -> Any:
    """`gradient` of a vector at coordinates, by the formula."""
    left, right = at[1:-1] - at[:-2], at[2:] - at[1:-1]
    chords = (x[1:] - x[:-1]) / (at[1:] - at[:-1])
    inner = (right * chords[:-1] + left * chords[1:]) / (left + right)
    return np.concatenate([chords[:1], inner, chords[-1:]])


_cumprod = named("cumprod", ops.Cumprod, away_from_zero((2, 5)), axis=1).like(
    lambda np, x: _products(np, x, 1)
)
_diff = named("diff", Subtract, (3, 4))
CASES: list[Case] = [
    *[named(f"cumsum along {axis}", ops.Cumsum, (2, 3, 4), axis=axis) for axis in (0, -1, 1, None)],
    named("cumsum along 1", ops.Cumsum, (2, 3, 4), axis=1).strided(),
    named("cumsum of a number", ops.Cumsum, ()).like(lambda np, x: np.ravel(x)),
    of_no_elements("cumsum", ops.Cumsum),
    *_cumprod.and_strided(),
    _cumprod.on(
        "with zeros", constant([[2.0, 0.0, -3.0, 0.5, 1.5], [0.0, 2.0, 0.0, 1.0, -1.0]])
    ).alone("HIPS autograd's rule of the product divides by zero here"),
    named("cumprod of all", ops.Cumprod, away_from_zero((2, 3))).like(
        lambda np, x: _products(np, np.ravel(x), 0)
    ),
    named("cumprod along the first axis", ops.Cumprod, away_from_zero((7, 2)), axis=-2).like(
        lambda np, x: _products(np, x, 0)
    ),
    named("cumprod of a number", ops.Cumprod, ()).like(lambda np, x: np.ravel(x)),
    _cumprod.of_nothing((2, 0)),
    *_diff.and_strided(),
    _diff.of_nothing((0, 3)),
    named("diff twice along the first axis", Subtract, (4, 3), n=2, axis=0),
    case(
        "diff with ends",
        Subtract,
        lambda F, x, y, z: F.diff(x, prepend=y, append=z),
        normal((2, 3), (2, 2), ()),
    ).like(lambda np, x, y, z: np.diff(np.concatenate([y, x, z * np.ones((2, 1))], axis=1))),
    named("diff of one", Subtract, (2, 1)).blind(EMPTY),
    *case("gradient", Divide, lambda F, x: F.gradient(x, 0.5, axis=1), (2, 5))
    .like(lambda np, x: x @ _slopes(5, 0.5).T)
    .and_strided(),
    named("gradient, second order at the edges", Divide, (5,), edge_order=2).like(
        lambda np, x: _slopes(5, edge_order=2) @ x
    ),
    case(
        "gradient at places, second order at the edges",
        Divide,
        lambda F, x: F.gradient(x, _AT.astype(x.dtype), axis=0, edge_order=2),
        (5, 2),
    ).like(lambda np, x: _slopes(5, _AT, edge_order=2) @ x),
    case(
        "gradient along both axes",
        Divide,
        lambda F, x: F.multiply(*F.gradient(x, 1.0, 2.0)),
        (4, 3),
    ).like(lambda np, x: (_slopes(4) @ x) * (x @ _slopes(3, 2.0).T)),
    case(
        "gradient at places that are Variables",
        Divide,
        lambda F, x, at: F.gradient(x, at),
        lambda rng: (rng.normal(size=5), np.cumsum(rng.uniform(0.5, 1.5, 5))),
    ).like(_at_places),
    case(
        "gradient with a Variable as distance",
        Divide,
        lambda F, x, h: F.gradient(x, h),
        lambda rng: (rng.normal(size=4), rng.uniform(0.5, 1.5, ())),
    ).like(lambda np, x, h: (_slopes(4) @ x) / h),
]
