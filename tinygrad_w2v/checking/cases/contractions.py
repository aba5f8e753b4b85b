"""Products that sum over axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.types import Shape
from tinygrad_w2v.checking.case import EMPTY, Case, case, named, normal
from tinygrad_w2v.functions import contractions as ops
from tinygrad_w2v.functions.arithmetic import Multiply
from tinygrad_w2v.functions.products import Matmul

_EYE = np.eye(3, dtype=int)


def _tensordot(axes: Any, *shapes: Shape) -> Case:
    name = f"tensordot over {axes} of {shapes[0]} and {shapes[1]}"
    return named(name, ops.Tensordot, *shapes, axes=axes)


def _einsum(subscripts: str, *shapes: Shape) -> Case:
    name = f"einsum {subscripts} of {' and '.join(map(str, shapes))}"
    return case(name, ops.Einsum, lambda np, *xs: np.einsum(subscripts, *xs), *shapes)


CASES: list[Case] = [
    *[
        named(f"dot of {shapes[0]} and {shapes[1]}", op, *shapes)
        for op, *shapes in (
            (Matmul, (4,), (4,)),
            (Matmul, (3, 4), (4,)),
            (Matmul, (3, 4), (4, 2)),
            (Matmul, (2, 3, 4), (4,)),
            (Multiply, (), (3, 4)),
            (Multiply, (3, 4), ()),
            (ops.Tensordot, (4,), (2, 4, 3)),
            (ops.Tensordot, (2, 4), (3, 4, 2)),
        )
    ],
    *[
        named(f"inner of {shapes[0]} and {shapes[1]}", op, *shapes)
        for op, *shapes in (
            (ops.Tensordot, (4,), (4,)),
            (ops.Tensordot, (3, 4), (2, 4)),
            (ops.Tensordot, (4,), (2, 3, 4)),
            (Multiply, (), (3,)),
        )
    ],
    _tensordot(2, (2, 3, 4), (3, 4, 5)),
    *_tensordot(1, (2, 3), (3, 4)).and_strided(),
    _tensordot(0, (2,), (3,)),
    _tensordot(0, (2, 1), (1, 3)),
    _tensordot(((2, 0), (0, 1)), (2, 3, 4), (4, 2, 5)),
    _tensordot(((0, 2), (1, 0)), (2, 3, 4), (4, 2, 5)),
    _tensordot(((-1,), (-2,)), (2, 3), (4, 3, 2)),
    _tensordot(((0,), (0,)), (0, 2), (0, 3)).blind(EMPTY),
    case(
        "tensordot with a table", ops.Tensordot, lambda np, x: np.tensordot(_EYE * 2, x, 1), (3, 2)
    ),
    *_einsum("ij,jk->ik", (2, 3), (3, 4)).and_strided(),
    _einsum("ij,jk", (2, 3), (3, 4)),
    _einsum("ba", (2, 3)),
    _einsum("ij->", (2, 3)),
    _einsum("ij->j", (2, 3)),
    _einsum("ij->ji", (2, 3)),
    _einsum("i,i,i->i", (3,), (3,), (3,)),
    _einsum("i,j,k->kij", (2,), (3,), (4,)),
    _einsum("ij,k->i", (2, 3), (4,)),
    _einsum(",i->i", (), (3,)),
    _einsum("bik,bkj->bij", (2, 3, 4), (2, 4, 5)),
    _einsum("...ik,...kj->...ij", (2, 3, 4), (2, 4, 5)),
    _einsum("...k,kj", (2, 3, 4), (4, 5)).like(lambda np, x, y: np.tensordot(x, y, 1)),
    _einsum("i...,...->i...", (2, 3, 4), (4,)).like(lambda np, x, y: x * y),
    _einsum("...i,...i->...", (5, 1, 3), (4, 3)).like(lambda np, x, y: np.sum(x * y, axis=-1)),
    _einsum("ij,ij->ij", (1, 3), (2, 3)).like(lambda np, x, y: x * y),
    _einsum("ij,ij->i", (2, 3), (2, 1)).like(lambda np, x, y: np.sum(x * y, axis=1)),
    _einsum("ii->i", (3, 3)).like(lambda np, x: np.sum(x * _EYE, axis=1)),
    _einsum("ii", (3, 3)).like(lambda np, x: np.trace(x)),
    _einsum("iij,ij->j", (3, 3, 2), (3, 2)).like(
        lambda np, x, y: np.sum(np.expand_dims(_EYE, -1) * x * y, axis=(0, 1))
    ),
    _einsum("iii->i", (3, 3, 3)).like(
        lambda np, x: np.sum(x * _EYE * np.expand_dims(_EYE, -1), axis=(1, 2))
    ),
    _einsum("ijij->ji", (2, 3, 2, 3)).alone("HIPS autograd has no rule for repeated labels"),
    _einsum("ij,jk->ik", (0, 3), (3, 4)).blind(EMPTY),
    _einsum("ij,j->i", (2, 0), (0,)).blind(EMPTY),
    case(
        "einsum of lists of labels",
        ops.Einsum,
        lambda F, x, y: F.einsum(x, [0, 1], y, [1, 2], [2, 0]),
        normal((2, 3), (3, 4)),
    ).like(lambda np, x, y: np.einsum("ij,jk->ki", x, y)),
    case(
        "einsum of one thing twice", ops.Einsum, lambda np, x: np.einsum("ij,kj->ik", x, x), (2, 3)
    ),
    case(
        "einsum of three, optimised",
        ops.Einsum,
        lambda F, *xs: F.einsum("ij,jk,kl->il", *xs, optimize=True),
        normal((2, 3), (3, 4), (4, 2)),
    ).like(lambda np, *xs: np.einsum("ij,jk,kl->il", *xs)),
    case(
        "einsum with a table", ops.Einsum, lambda np, x: np.einsum("ij,jk->ik", _EYE * 2, x), (3, 2)
    ),
]
