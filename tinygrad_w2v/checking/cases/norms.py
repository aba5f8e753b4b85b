"""Lengths of vectors, sizes of matrices, and the cosine of an angle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy import inf

from tinygrad_w2v.checking.case import EMPTY, Case, away_from_zero, constant, distinct, named
from tinygrad_w2v.functions.arithmetic import Divide
from tinygrad_w2v.functions.elementwise import Sqrt, Square
from tinygrad_w2v.functions.norms import Norm
from tinygrad_w2v.functions.reductions import Max, Min, Sum


def _length(np: Any, x: Any, **how: Any) -> Any:
    return np.sqrt(np.sum(x * x, **how))


def _cosine(axis: int) -> Callable[..., Any]:
    return lambda np, a, b: (
        np.sum(a * b, axis=axis) / (_length(np, a, axis=axis) * _length(np, b, axis=axis))
    )


_norm = named("norm", Norm, (2, 3, 4)).like(_length)
_similarity = named("cosine_similarity", (Divide, Sqrt, Square), (3, 4), (3, 4)).like(_cosine(-1))
_table, _tables = distinct((3, 4)), distinct((3, 4, 2))
CASES: list[Case] = [
    *_norm.and_strided(),
    _norm.of_nothing((0, 3)),
    named("norm of a number", Norm, away_from_zero(())).like(lambda np, x: np.abs(x)),
    named("norm along an axis", Norm, (3, 4), axis=-1).like(lambda np, x: _length(np, x, axis=1)),
    named("norm of matrices", Norm, (2, 3, 4), ord="fro", axis=(2, 0), keepdims=True).like(
        lambda np, x: _length(np, x, axis=(0, 2), keepdims=True)
    ),
    named("norm of far apart vectors", Norm, constant([[3.0, -4.0], [0.03, 0.04]]), axis=1).like(
        lambda np, x: _length(np, x, axis=1)
    ),
    named("norm of vectors, ord 1", Sum, away_from_zero((3, 4)), ord=1, axis=0).like(
        lambda np, x: np.sum(np.abs(x), axis=0)
    ),
    named("norm of vectors, ord inf", Max, _table, ord=inf, axis=1, keepdims=True).like(
        lambda np, x: np.max(np.abs(x), axis=1, keepdims=True)
    ),
    named("norm of vectors, ord -inf", Min, _table, ord=-inf, axis=1).like(
        lambda np, x: np.min(np.abs(x), axis=1)
    ),
    named("norm of a matrix, ord 1", Max, _table, ord=1).like(
        lambda np, x: np.max(np.sum(np.abs(x), axis=0))
    ),
    named("norm of a matrix, ord -1", Min, _table, ord=-1, keepdims=True).like(
        lambda np, x: np.min(np.sum(np.abs(x), axis=0)) * np.ones((1, 1))
    ),
    named("norm of matrices, ord inf", Max, _tables, ord=inf, axis=(0, 1)).like(
        lambda np, x: np.max(np.sum(np.abs(x), axis=1), axis=0)
    ),
    named("norm of matrices, ord -inf", Min, _tables, ord=-inf, axis=(1, 0)).like(
        lambda np, x: np.min(np.sum(np.abs(x), axis=0), axis=0)
    ),
    named("norm of nothing, ord 1", Max, (0, 3), ord=1).alone(EMPTY, EMPTY),
    *_similarity.and_strided(),
    _similarity.on("of one with many", (4,), (3, 4)),
    named("cosine_similarity along axis 0", (Divide, Sqrt, Square), (3, 4), (3, 4), axis=0).like(
        _cosine(0)
    ),
]
