"""Norms, and products that are products in other words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygrad_w2v.functions as F
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.checking.case import (
    EMPTY,
    Case,
    Draw,
    away_from_zero,
    constant,
    distinct,
    normal,
    of_both,
)
from tinygrad_w2v.functions import arithmetic, linear, reductions


def _norm(
    what: str,
    op: type[Function],
    how: dict[str, Any],
    draw: Draw,
    reference: Callable[[Any, Any], Any],
) -> Case:
    return of_both(f"norm {what}".strip(), op, lambda F, x: F.norm(x, **how), draw, reference)


def _length(np: Any, x: Any, **how: Any) -> Any:
    return np.sqrt(np.sum(x * x, **how))


inf = np.inf
_norms = [
    _norm("", linear.Norm, {}, normal((2, 3, 4)), _length),
    _norm("of a number", linear.Norm, {}, away_from_zero(()), lambda np, x: np.abs(x)),
    _norm(
        "along an axis",
        linear.Norm,
        {"axis": -1},
        normal((3, 4)),
        lambda np, x: _length(np, x, axis=1),
    ),
    _norm(
        "of matrices",
        linear.Norm,
        {"ord": "fro", "axis": (2, 0), "keepdims": True},
        normal((2, 3, 4)),
        lambda np, x: _length(np, x, axis=(0, 2), keepdims=True),
    ),
    _norm(
        "of far apart vectors",
        linear.Norm,
        {"axis": 1},
        constant([[3.0, -4.0], [0.03, 0.04]]),
        lambda np, x: _length(np, x, axis=1),
    ),
    _norm(
        "of vectors, ord 1",
        reductions.Sum,
        {"ord": 1, "axis": 0},
        away_from_zero((3, 4)),
        lambda np, x: np.sum(np.abs(x), axis=0),
    ),
    _norm(
        "of vectors, ord inf",
        reductions.Max,
        {"ord": inf, "axis": 1, "keepdims": True},
        distinct((3, 4)),
        lambda np, x: np.max(np.abs(x), axis=1, keepdims=True),
    ),
    _norm(
        "of vectors, ord -inf",
        reductions.Min,
        {"ord": -inf, "axis": 1},
        distinct((3, 4)),
        lambda np, x: np.min(np.abs(x), axis=1),
    ),
    _norm(
        "of a matrix, ord 1",
        reductions.Max,
        {"ord": 1},
        distinct((3, 4)),
        lambda np, x: np.max(np.sum(np.abs(x), axis=0)),
    ),
    _norm(
        "of a matrix, ord -1",
        reductions.Min,
        {"ord": -1, "keepdims": True},
        distinct((3, 4)),
        lambda np, x: np.min(np.sum(np.abs(x), axis=0)) * np.ones((1, 1)),
    ),
    _norm(
        "of matrices, ord inf",
        reductions.Max,
        {"ord": inf, "axis": (0, 1)},
        distinct((3, 4, 2)),
        lambda np, x: np.max(np.sum(np.abs(x), axis=1), axis=0),
    ),
    _norm(
        "of matrices, ord -inf",
        reductions.Min,
        {"ord": -inf, "axis": (1, 0)},
        distinct((3, 4, 2)),
        lambda np, x: np.min(np.sum(np.abs(x), axis=0), axis=0),
    ),
]
_kron = of_both("kron", arithmetic.Multiply, lambda np, x, y: np.kron(x, y), normal((2, 3), (3, 2)))
_cross = of_both(
    "cross", arithmetic.Multiply, lambda np, x, y: np.cross(x, y), normal((4, 3), (4, 3))
)
_vecdot = of_both(
    "vecdot",
    arithmetic.Matmul,
    lambda np, x, y: np.vecdot(x, y),
    normal((2, 3), (2, 3)),
    lambda np, x, y: np.sum(x * y, axis=-1),
)
_matvec = of_both(
    "matvec",
    arithmetic.Matmul,
    lambda np, x, y: np.matvec(x, y),
    normal((5, 2, 3), (3,)),
    lambda np, x, y: np.einsum("bij,j->bi", x, y),
)
_vecmat = of_both(
    "vecmat",
    arithmetic.Matmul,
    lambda np, x, y: np.vecmat(x, y),
    normal((5, 2), (2, 3)),
    lambda np, x, y: np.einsum("bi,ij->bj", x, y),
)
CASES: list[Case] = [
    *_norms,
    _norms[0].laid_out_apart(),
    _norms[0].of_nothing((0, 3)),
    Case(
        "norm of nothing, ord 1",
        lambda x: F.norm(x, 1),
        normal((0, 3)),
        (reductions.Max,),
        None,
        EMPTY,
        EMPTY,
    ),
    _kron,
    _kron.laid_out_apart(),
    _kron.variant("of a vector and a matrix", draw=normal((3,), (2, 2))),
    _kron.variant("of a number and a matrix", draw=normal((), (2, 2))),
    _cross,
    _cross.laid_out_apart(),
    of_both(
        "cross along other axes",
        arithmetic.Multiply,
        lambda np, x, y: np.cross(x, y, 0, 1, 0),
        normal((3, 4), (4, 3)),
        lambda np, x, y: np.swapaxes(np.cross(np.swapaxes(x, 0, 1), y), 0, 1),
    ),
    of_both(
        "vdot",
        arithmetic.Matmul,
        lambda np, x, y: np.vdot(x, y),
        normal((2, 3), (3, 2)),
        lambda np, x, y: np.sum(np.ravel(x) * np.ravel(y)),
    ),
    _vecdot,
    _vecdot.laid_out_apart(),
    of_both(
        "vecdot along the first axis",
        arithmetic.Matmul,
        lambda np, x, y: np.vecdot(x, y, axis=0),
        normal((3, 2), (3, 2)),
        lambda np, x, y: np.sum(x * y, axis=0),
    ),
    _matvec,
    _matvec.laid_out_apart(),
    _vecmat,
    _vecmat.laid_out_apart(),
]
