"""Ops that choose: maximum, minimum, clip, where."""

from __future__ import annotations

import numpy as np

from tinygrad_w2v.checking.case import Case, case, constant, distinct, elementwise_pairs, named
from tinygrad_w2v.functions import selection as ops

_MASK = np.array([[True, False, True, False], [False] * 4, [True] * 4])
_YES = np.array(True)
_ODD = np.array([np.nan, np.inf, -np.inf])
_numbers = [-2.0, -0.7, -0.2, 0.3, 0.8, 1.9]
_points = constant(_numbers)

_clip = named("clip", ops.Clip, _points, a_min=-0.5, a_max=1.0)
_where = case("where", ops.Where, lambda np, x, y: np.where(_MASK, x, y), (3, 4), (3, 4))
CASES: list[Case] = [
    *elementwise_pairs("maximum", ops.Maximum, distinct),
    *elementwise_pairs("minimum", ops.Minimum, distinct),
    *elementwise_pairs("fmax", ops.Fmax, distinct),
    *elementwise_pairs("fmin", ops.Fmin, distinct),
    case("maximum with a number", ops.Maximum, lambda np, x: np.maximum(0.25, x), _points),
    case("minimum with a number", ops.Minimum, lambda np, x: np.minimum(x, 0.25), _points),
    case(
        "fmax of NaN",
        ops.Fmax,
        lambda F, x: F.fmax(x, np.array([np.nan, 0.05, np.nan], x.dtype)),
        distinct((2, 3)),
    ).like(lambda np, x: np.maximum(x, np.array([-9.0, 0.05, -9.0]))),
    case(
        "fmin of NaN",
        ops.Fmin,
        lambda F, x: F.fmin(np.array([np.nan, 0.05, np.nan], x.dtype), x),
        distinct((2, 3)),
    ).like(lambda np, x: np.minimum(x, np.array([9.0, 0.05, 9.0]))),
    *_clip.and_strided(),
    _clip.on("of a number", constant(0.3)),
    _clip.of_nothing((0, 3)),
    named("clip below only", ops.Clip, _points, a_min=-0.5, a_max=None).like(
        lambda np, x: np.maximum(x, -0.5)
    ),
    named("clip above only", ops.Clip, _points, max=0.5).like(lambda np, x: np.minimum(x, 0.5)),
    case(
        "clip between arrays",
        ops.Clip,
        lambda F, x: F.clip(x, np.array([[-1.0], [0.0]]), np.ones(6)),
        _points,
    ).alone("HIPS autograd does not undo the broadcast of the bounds"),
    named("clip between Variables", ops.Where, constant(_numbers, [[-1.0], [0.0]], 1.0)).like(
        lambda np, x, low, high: np.minimum(np.maximum(x, low), high)
    ),
    case(
        "clip by a Variable below",
        ops.Where,
        lambda F, x, low: F.clip(x, min=low),
        constant(_numbers, -0.5),
    ).like(lambda np, x, low: np.maximum(x, low)),
    case(
        "clip by a Variable above",
        ops.Where,
        lambda F, x, high: F.clip(x, -1.0, high),
        constant(_numbers, -0.5),
    ).like(lambda np, x, high: np.minimum(np.maximum(x, -1.0), high)),
    *_where.and_strided(),
    _where.on("broadcast", (4,), (2, 3, 1)).like(lambda np, x, y: _MASK * x + ~_MASK * y),
    case(
        "where of a number or a table",
        ops.Where,
        lambda np, x: np.where(_MASK, x, 2.0) * np.where(_MASK, 3.0, x),
        (3, 4),
    ),
    case("where of numbers", ops.Where, lambda np, x, y: np.where(_YES, x, y), (), ()),
    case(
        "where x is positive", ops.Where, lambda np, x: np.where(x > 0, x * x, np.exp(x)), _points
    ),
    case(
        "nan_to_num",
        ops.Where,
        lambda F, x: F.nan_to_num(F.concatenate([x, _ODD.astype(x.dtype)]), True, 1.0, 2.0, 3.0),
        (3,),
    ).like(lambda np, x: np.concatenate([x, np.array([1.0, 2.0, 3.0])])),
]
