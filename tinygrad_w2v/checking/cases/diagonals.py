"""Diagonals and triangles of matrices."""

from __future__ import annotations

import numpy as np

from tinygrad_w2v.checking.case import EMPTY, Case, case, named
from tinygrad_w2v.functions.lookup import GetItem, ScatterIndex
from tinygrad_w2v.functions.reductions import Sum
from tinygrad_w2v.functions.selection import Where

_BELOW = np.tri(3, 4)

CASES: list[Case] = [
    named("diag", GetItem, (3, 4), k=1).like(lambda np, x: x[[0, 1, 2], [1, 2, 3]]),
    named("diag of a vector", ScatterIndex, (3,), k=-1),
    case("diagonal", GetItem, lambda F, x: F.diagonal(x, -1, 2, 0), (3, 2, 4)).like(
        lambda np, x: np.stack([x[0, :, 1], x[1, :, 2], x[2, :, 3]], axis=1)
    ),
    named("diagonal", GetItem).of_nothing((0, 3)),
    named("diagonal out of reach of a matrix", GetItem, (3, 4), offset=9).alone(EMPTY, EMPTY),
    named("trace", Sum, (3, 4)),
    case("trace of many", Sum, lambda F, x: F.trace(x, 1, 0, -1), (2, 3, 4)).like(
        lambda np, x: x[0, :, 1] + x[1, :, 2]
    ),
    named("tril", Where, (2, 3, 4)).like(lambda np, x: x * _BELOW),
    named("triu", Where, (2, 3, 4), k=1).like(lambda np, x: x * (1 - _BELOW)),
]
