"""Ops that go by the order along an axis: sorted, middle, running, differences."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v.checking.case import (
    EMPTY,
    Case,
    away_from_zero,
    constant,
    distinct,
    normal,
    of_both,
)
from tinygrad_w2v.functions import arithmetic, lookup, reductions, running


def _in_order(x: Any, axis: int) -> Any:
    """The elements in rising order; the order is a constant to HIPS autograd."""
    places = np.argsort(getattr(x, "_value", x), axis)
    beside = np.ix_(*[range(n) for n in x.shape])
    return x[(*beside[:axis], places, *beside[axis + 1 :])]


_sort = of_both(
    "sort",
    lookup.TakeAlongAxis,
    lambda F, x: F.sort(x, 1),
    distinct((3, 4)),
    lambda np, x: _in_order(x, 1),
)
_median = of_both(
    "median",
    lookup.TakeAlongAxis,
    lambda F, x: F.median(x),
    distinct((3, 3)),
    lambda np, x: _in_order(np.ravel(x), 0)[4],
)


def _products(np: Any, x: Any, axis: int) -> Any:
    """`cumprod` in other words."""
    n = x.shape[axis]
    parts = [x[(slice(None),) * axis + (slice(0, k + 1),)] for k in range(n)]
    return np.stack([np.prod(part, axis=axis) for part in parts], axis=axis)


_cumprod = of_both(
    "cumprod",
    running.Cumprod,
    lambda F, x: F.cumprod(x, 1),
    away_from_zero((2, 5)),
    lambda np, x: _products(np, x, 1),
)
_average = of_both(
    "average",
    reductions.Sum,
    lambda F, x, w: F.average(x, weights=w),
    lambda rng: (rng.normal(size=(3, 4)), rng.uniform(0.5, 2.0, (3, 4))),
    lambda np, x, w: np.sum(x * w) / np.sum(w),
)
_diff = of_both("diff", arithmetic.Subtract, lambda np, x: np.diff(x), normal((3, 4)))


def _slopes(n: int, *how: Any, **more: Any) -> Any:
    """`gradient` along an axis of length `n` as a matrix: it is linear."""
    return np.gradient(np.eye(n), *how, axis=0, **more)


_AT = np.array([0.0, 0.5, 1.5, 1.75, 4.0])
_gradient = of_both(
    "gradient",
    arithmetic.Divide,
    lambda F, x: F.gradient(x, 0.5, axis=1),
    normal((2, 5)),
    lambda np, x: x @ _slopes(5, 0.5).T,
)


def _at_places(np: Any, x: Any, at: Any) -> Any:
    """`gradient` of a vector at coordinates, by the formula."""
    left, right = at[1:-1] - at[:-2], at[2:] - at[1:-1]
    chords = (x[1:] - x[:-1]) / (at[1:] - at[:-1])
    inner = (right * chords[:-1] + left * chords[1:]) / (left + right)
    return np.concatenate([chords[:1], inner, chords[-1:]])


CASES: list[Case] = [
    _sort,
    _sort.laid_out_apart(),
    of_both(
        "sort along the first axis",
        lookup.TakeAlongAxis,
        lambda F, x: F.sort(x, axis=-2),
        distinct((3, 4)),
        lambda np, x: _in_order(x, 0),
    ),
    of_both(
        "sort of all",
        lookup.TakeAlongAxis,
        lambda F, x: F.sort(x, axis=None),
        distinct((3, 2)),
        lambda np, x: _in_order(np.ravel(x), 0),
    ),
    _sort.of_nothing((2, 0)),
    of_both(
        "partition",
        lookup.TakeAlongAxis,
        lambda np, x: np.partition(x, 2)[2],
        distinct((5,)),
    ),
    _median,
    _median.laid_out_apart(),
    of_both(
        "median of an even number, along two axes",
        lookup.TakeAlongAxis,
        lambda F, x: F.median(x, axis=(0, -1), keepdims=True),
        distinct((2, 3, 4)),
        lambda np, x: np.reshape(
            np.mean(_in_order(np.reshape(np.transpose(x, (1, 0, 2)), (3, 8)), 1)[:, 3:5], axis=1),
            (1, 3, 1),
        ),
    ),
    _cumprod,
    _cumprod.laid_out_apart(),
    _cumprod.variant(
        "with zeros",
        draw=constant([[2.0, 0.0, -3.0, 0.5, 1.5], [0.0, 2.0, 0.0, 1.0, -1.0]]),
        reference=None,
        without_reference="HIPS autograd's rule of the product divides by zero here",
    ),
    of_both(
        "cumprod of all",
        running.Cumprod,
        lambda F, x: F.cumprod(x),
        away_from_zero((2, 3)),
        lambda np, x: _products(np, np.ravel(x), 0),
    ),
    of_both(
        "cumprod along the first axis",
        running.Cumprod,
        lambda F, x: F.cumprod(x, -2),
        away_from_zero((7, 2)),
        lambda np, x: _products(np, x, 0),
    ),
    of_both(
        "cumprod of a number",
        running.Cumprod,
        lambda F, x: F.cumprod(x),
        normal(()),
        lambda np, x: np.ravel(x),
    ),
    _cumprod.of_nothing((2, 0)),
    _average,
    _average.laid_out_apart(),
    of_both(
        "average along an axis",
        reductions.Sum,
        lambda F, x, w: F.average(x, -2, w, keepdims=True),
        lambda rng: (rng.normal(size=(2, 3, 4)), rng.uniform(0.5, 2.0, 3)),
        lambda np, x, w: np.einsum("ijk,j->ik", x, w)[:, None] / np.sum(w),
    ),
    of_both(
        "average of equals",
        reductions.Mean,
        lambda np, x: np.average(x, axis=0),
        normal((3, 4)),
        lambda np, x: np.mean(x, axis=0),
    ),
    of_both(
        "average and the sum of its weights",
        reductions.Sum,
        lambda F, x, w: sum(F.average(x, 0, w, returned=True)),
        lambda rng: (rng.normal(size=(3, 2)), rng.uniform(0.5, 2.0, 3)),
        lambda np, x, w: np.einsum("ij,i->j", x, w) / np.sum(w) + np.sum(w),
    ),
    _diff,
    _diff.laid_out_apart(),
    _diff.of_nothing((0, 3)),
    of_both(
        "diff twice along the first axis",
        arithmetic.Subtract,
        lambda np, x: np.diff(x, 2, 0),
        normal((4, 3)),
    ),
    of_both(
        "diff with ends",
        arithmetic.Subtract,
        lambda np, x, y, z: np.diff(x, prepend=y, append=z),
        normal((2, 3), (2, 2), ()),
        lambda np, x, y, z: np.diff(np.concatenate([y, x, z * np.ones((2, 1))], axis=1)),
    ),
    of_both(
        "diff of one",
        arithmetic.Subtract,
        lambda np, x: np.diff(x),
        normal((2, 1)),
        toothless=EMPTY,
    ),
    _gradient,
    _gradient.laid_out_apart(),
    of_both(
        "gradient, second order at the edges",
        arithmetic.Divide,
        lambda F, x: F.gradient(x, edge_order=2),
        normal((5,)),
        lambda np, x: _slopes(5, edge_order=2) @ x,
    ),
    of_both(
        "gradient at places, second order at the edges",
        arithmetic.Divide,
        lambda F, x: F.gradient(x, _AT.astype(x.dtype), axis=0, edge_order=2),
        normal((5, 2)),
        lambda np, x: _slopes(5, _AT, edge_order=2) @ x,
    ),
    of_both(
        "gradient along both axes",
        arithmetic.Divide,
        lambda F, x: F.multiply(*F.gradient(x, 1.0, 2.0)),
        normal((4, 3)),
        lambda np, x: (_slopes(4) @ x) * (x @ _slopes(3, 2.0).T),
    ),
    of_both(
        "gradient at places that are Variables",
        arithmetic.Divide,
        lambda F, x, at: F.gradient(x, at),
        lambda rng: (rng.normal(size=5), np.cumsum(rng.uniform(0.5, 1.5, 5))),
        _at_places,
    ),
    of_both(
        "gradient with a Variable as distance",
        arithmetic.Divide,
        lambda F, x, h: F.gradient(x, h),
        lambda rng: (rng.normal(size=4), rng.uniform(0.5, 1.5, ())),
        lambda np, x, h: (_slopes(4) @ x) / h,
    ),
]
