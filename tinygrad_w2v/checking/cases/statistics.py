"""Spread, and the weighted mean and the median."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v.checking.case import Case, case, distinct, named, normal, reductions
from tinygrad_w2v.checking.cases.sorting import in_order
from tinygrad_w2v.functions import statistics as ops
from tinygrad_w2v.functions.lookup import TakeAlongAxis
from tinygrad_w2v.functions.reductions import Mean, Sum

_MASK = np.array([[True, False, True, True], [False, True, True, False], [True] * 4])
_SOME = {"axis": (0, -1), "where": _MASK, "keepdims": True, "ddof": 1}
_SHAPE = (2, 3, 4)


def _var_of_some(np: Any, x: Any) -> Any:
    few, count = _MASK * 1.0, 2.0 * np.sum(_MASK, axis=1)[:, None]
    mean = np.sum(x * few, axis=(0, -1), keepdims=True) / count
    return np.sum(few * (x - mean) ** 2, axis=(0, -1), keepdims=True) / (count - 1)


def _weighted(rng: np.random.Generator) -> Any:
    return rng.normal(size=(3, 4)), rng.uniform(0.5, 2.0, (3, 4))


_median = named("median", TakeAlongAxis, distinct((3, 3))).like(
    lambda np, x: in_order(np.ravel(x), 0)[4]
)
CASES: list[Case] = [
    *[
        each
        for name, op in (("var", ops.Var), ("std", ops.Std))
        for each in (
            *reductions(name, op, normal),
            named(f"{name} with ddof=1", op, (3, 4), ddof=1),
            named(
                f"{name} with ddof=1, keeping an axis", op, (3, 4), ddof=1, axis=-1, keepdims=True
            ),
        )
    ],
    named("var of some", Sum, _SHAPE, **_SOME).like(_var_of_some),
    named("std of some", Sum, _SHAPE, **_SOME).like(lambda np, x: np.sqrt(_var_of_some(np, x))),
    case("var about a given mean", Sum, lambda F, x, m: F.var(x, 1, mean=m), (3, 4), (3, 1)).like(
        lambda np, x, m: np.mean((x - m) ** 2, axis=1)
    ),
    named("var with correction", ops.Var, (3, 4), axis=-1, correction=1).like(
        lambda np, x: np.var(x, -1, ddof=1)
    ),
    *case("average", Sum, lambda F, x, w: F.average(x, weights=w), _weighted)
    .like(lambda np, x, w: np.sum(x * w) / np.sum(w))
    .and_strided(),
    case(
        "average along an axis",
        Sum,
        lambda F, x, w: F.average(x, -2, w, keepdims=True),
        lambda rng: (rng.normal(size=(2, 3, 4)), rng.uniform(0.5, 2.0, 3)),
    ).like(lambda np, x, w: np.einsum("ijk,j->ik", x, w)[:, None] / np.sum(w)),
    named("average of equals", Mean, (3, 4), axis=0).like(lambda np, x: np.mean(x, axis=0)),
    case(
        "average and the sum of its weights",
        Sum,
        lambda F, x, w: sum(F.average(x, 0, w, returned=True)),
        lambda rng: (rng.normal(size=(3, 2)), rng.uniform(0.5, 2.0, 3)),
    ).like(lambda np, x, w: np.einsum("ij,i->j", x, w) / np.sum(w) + np.sum(w)),
    *_median.and_strided(),
    named(
        "median of an even number, along two axes",
        TakeAlongAxis,
        distinct((2, 3, 4)),
        axis=(0, -1),
        keepdims=True,
    ).like(
        lambda np, x: np.mean(
            in_order(np.reshape(np.transpose(x, (1, 0, 2)), (1, 3, 8)), 2)[:, :, 3:5],
            axis=2,
            keepdims=True,
        )
    ),
]
