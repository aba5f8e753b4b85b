"""Sums, means, products and extremes."""

from __future__ import annotations

import numpy as np

from tinygrad_w2v.checking.case import (
    EMPTY,
    Case,
    away_from_zero,
    case,
    constant,
    distinct,
    named,
    normal,
    of_no_elements,
    reductions,
)
from tinygrad_w2v.functions import reductions as ops
from tinygrad_w2v.functions.selection import Where

_DIVIDES = "HIPS autograd's rule divides by zero here"
_MASK = np.array([[True, False, True, True], [False, True, True, False], [True] * 4])
_few, _rest = _MASK * 1.0, ~_MASK * 1.0
_SOME = {"axis": (0, -1), "where": _MASK, "keepdims": True}
_SHAPE = (2, 3, 4)

_prod = named("prod", ops.Prod, (3, 4), axis=-1).alone(_DIVIDES)
CASES: list[Case] = [
    *reductions("sum", ops.Sum, normal),
    *reductions("mean", ops.Mean, normal),
    *reductions("max", ops.Max, distinct),
    *reductions("min", ops.Min, distinct),
    *reductions("prod", ops.Prod, away_from_zero),
    named("sum of a number", ops.Sum, ()),
    named("mean of a number", ops.Mean, ()),
    named("max of a number", ops.Max, ()),
    named("min of a number", ops.Min, ()),
    named("prod of a number", ops.Prod, ()),
    of_no_elements("sum", ops.Sum, -1),
    of_no_elements("prod", ops.Prod, -1),
    named("sum along no axis", ops.Sum, (3,), axis=()).like(lambda np, x: x * 1.0),
    # ------------------------------------------------------------------ zeros
    _prod.on("with one zero", constant([[2.0, 0.0, -3.0, 0.5]])),
    _prod.on("with two zeros", constant([[2.0, 0.0, 0.0, 0.5], [1.0, 2.0, 0.7, -1.0]])),
    _prod.on("with only zeros", constant([[0.0, 0.0]])).blind("its first derivative is 0"),
    _prod.on("of one factor", (3, 1)),
    _prod.on("of many factors", away_from_zero((2, 9))),
    named(
        "prod along two axes with zeros",
        ops.Prod,
        constant([[[1.0, 0.0]], [[2.0, 3.0]]]),
        axis=(2, 0),
    ).alone(_DIVIDES),
    # ------------------------------------------------------------------ where, initial, dtype
    named("sum of some", Where, _SHAPE, **_SOME, initial=3.0).like(
        lambda np, x: np.sum(x * _few, axis=(0, -1), keepdims=True) + 3.0
    ),
    case(
        "sum from a Variable on", ops.Sum, lambda F, x, y: F.sum(x, 0, initial=y), (3, 4), ()
    ).like(lambda np, x, y: np.sum(x, 0) + y),
    case("sum in float64", ops.Sum, lambda np, x: np.sum(x, -1, x.dtype), (3, 4)),
    named("prod of some", ops.Prod, away_from_zero((3, 4)), axis=1, where=_MASK, initial=2.0).like(
        lambda np, x: 2.0 * np.prod(x * _few + _rest, axis=1)
    ),
    named("mean of some", ops.Sum, _SHAPE, **_SOME).like(
        lambda np, x: (
            np.sum(x * _few, axis=(0, -1), keepdims=True) / np.sum(2 * _few, axis=1)[:, None]
        )
    ),
    named("max of some", ops.Max, distinct(_SHAPE), **_SOME, initial=-9.0).like(
        lambda np, x: np.max(x * _few - 9.0 * _rest, axis=(0, -1), keepdims=True)
    ),
    named("min of some", ops.Min, distinct((3, 4)), axis=1, where=_MASK, initial=0.05).like(
        lambda np, x: np.min(np.minimum(x * _few + 9.0 * _rest, 0.05), axis=1)
    ),
    named("max of nothing from a number on", ops.Max, (0, 3), axis=0, initial=1.0).alone(
        EMPTY, EMPTY
    ),
]
