"""Elements in another order, repeated, or with others around them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v.checking.case import EMPTY, Case, case, named
from tinygrad_w2v.functions import rearranging as ops
from tinygrad_w2v.functions.joining import Concatenate
from tinygrad_w2v.functions.lookup import GetItem, Take
from tinygrad_w2v.functions.shape import BroadcastTo

_FRAME = np.array([[3.0, 1, 1, 1, 4], [3, 0, 0, 0, 4], [3, 0, 0, 0, 4], [3, 2, 2, 2, 4]])
_SHAPE = (2, 3, 4)


def _both_reversed(np: Any, x: Any) -> Any:
    return x[::-1, ::-1] * x


CASES: list[Case] = [
    *case("flip", ops.Flip, lambda F, x: F.flip(x, 1) * F.exp(x), _SHAPE)
    .like(lambda np, x: x[:, ::-1] * np.exp(x))
    .and_strided(),
    case("flip of two axes", ops.Flip, lambda F, x: F.flip(x, (0, -1)) * x, (3, 4)).like(
        _both_reversed
    ),
    case("flip of all axes", ops.Flip, lambda F, x: F.flip(x) * x, (3, 4)).like(_both_reversed),
    case("fliplr", ops.Flip, lambda np, x: np.fliplr(x) * x, (3, 4)),
    case("flipud", ops.Flip, lambda np, x: np.flipud(x) * x, (3, 4)),
    named("rot90", ops.Flip, (3, 4)),
    case("rot90 twice", ops.Flip, lambda np, x: np.rot90(x, 2) * x, (3, 4)),
    named("rot90 thrice", ops.Flip, _SHAPE, k=-1, axes=(2, 0)).like(
        lambda np, x: np.transpose(x, (2, 1, 0))[::-1]
    ),
    *named("repeat", ops.Repeat, _SHAPE, repeats=3, axis=1).and_strided(),
    named("repeat along the last axis", ops.Repeat, _SHAPE, repeats=2, axis=-1).like(
        lambda np, x: np.repeat(x, 2, axis=2)
    ),
    named("repeat flattened", ops.Repeat, (2, 3), repeats=2),
    named("repeat of a number", ops.Repeat, (), repeats=3).like(lambda np, x: x * np.ones(3)),
    named("repeat no time", ops.Repeat, (3,), repeats=0).blind(EMPTY),
    named("repeat each its own times", Take, (2, 3), repeats=[2, 0, 1], axis=-1).like(
        lambda np, x: x[:, [0, 0, 2]]
    ),
    named("tile", BroadcastTo, (2, 3), reps=(2, 1, 3)).like(
        lambda np, x: np.stack([np.concatenate([x] * 3, axis=1)] * 2)
    ),
    named("tile", BroadcastTo, reps=2).of_nothing((0, 3)),
    named("tile no time", BroadcastTo, (3, 4), reps=0).like(lambda np, x: x[:, :0]).blind(EMPTY),
    case("roll", Concatenate, lambda np, x: np.roll(x, 5) * x, (3, 4)),
    case(
        "roll along two axes", Concatenate, lambda F, x: F.roll(x, (1, -3), (0, -1)) * x, (3, 4)
    ).like(lambda np, x: np.roll(np.roll(x, 1, 0), 1, 1) * x),
    named("roll", Concatenate, shift=1, axis=0).of_nothing((0, 3)),
    named("pad", Concatenate, (2, 3), pad_width=((1, 0), (2, 3)), mode="constant"),
    case(
        "pad with numbers",
        Concatenate,
        lambda F, x: F.pad(x, 1, constant_values=((1, 2), (3, 4))),
        (2, 3),
    ).like(lambda np, x: np.pad(x, ((1, 1), (1, 1)), "constant") + _FRAME),
    named("pad with the edges", GetItem, (3,), pad_width=(2, 1), mode="edge").like(
        lambda np, x: x[[0, 0, 0, 1, 2, 2]]
    ),
    named("pad by reflection", GetItem, (2, 3), pad_width=((0, 0), (2, 3)), mode="reflect").like(
        lambda np, x: x[:, [2, 1, 0, 1, 2, 1, 0, 1]]
    ),
    named("pad", Concatenate, pad_width=1).of_nothing((0, 3)),
]
