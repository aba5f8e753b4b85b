"""Products that sum over axes."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_w2v.functions as F
from tinygrad_w2v._base.types import Shape
from tinygrad_w2v.checking.case import EMPTY, Case, normal
from tinygrad_w2v.functions import arithmetic, products


def _tensordot(axes: Any, *shapes: Shape, **changes: Any) -> Case:
    return Case(
        f"tensordot over {axes} of {shapes[0]} and {shapes[1]}",
        lambda x, y: F.tensordot(x, y, axes),
        normal(*shapes),
        (products.Tensordot,),
        lambda np: lambda x, y: np.tensordot(x, y, axes),
        **changes,
    )


def _einsum(subscripts: str, *shapes: Shape, reference: Any = True, **changes: Any) -> Case:
    if reference is True:
        reference = lambda np: lambda *xs: np.einsum(subscripts, *xs)  # noqa: E731
    return Case(
        f"einsum {subscripts} of {' and '.join(map(str, shapes))}",
        lambda *xs: F.einsum(subscripts, *xs),
        normal(*shapes),
        (products.Einsum,),
        reference,
        **changes,
    )


_DIAGONAL = "HIPS autograd has no rule for repeated labels"
_EYE = np.eye(3, dtype=int)

CASES: list[Case] = [
    *[
        Case(
            f"dot of {shapes[0]} and {shapes[1]}",
            F.dot,
            normal(*shapes),
            (op,),
            lambda np: np.dot,
        )
        for op, *shapes in (
            (arithmetic.Matmul, (4,), (4,)),
            (arithmetic.Matmul, (3, 4), (4,)),
            (arithmetic.Matmul, (3, 4), (4, 2)),
            (arithmetic.Matmul, (2, 3, 4), (4,)),
            (arithmetic.Multiply, (), (3, 4)),
            (arithmetic.Multiply, (3, 4), ()),
            (products.Tensordot, (4,), (2, 4, 3)),
            (products.Tensordot, (2, 4), (3, 4, 2)),
        )
    ],
    *[
        Case(
            f"inner of {shapes[0]} and {shapes[1]}",
            F.inner,
            normal(*shapes),
            (op,),
            lambda np: np.inner,
        )
        for op, *shapes in (
            (products.Tensordot, (4,), (4,)),
            (products.Tensordot, (3, 4), (2, 4)),
            (products.Tensordot, (4,), (2, 3, 4)),
            (arithmetic.Multiply, (), (3,)),
        )
    ],
    *[
        Case(
            f"outer of {shapes[0]} and {shapes[1]}",
            F.outer,
            normal(*shapes),
            (arithmetic.Multiply,),
            lambda np: lambda x, y: np.outer(np.ravel(x), np.ravel(y)),
        )
        for shapes in (((3,), (4,)), ((2, 2), (3,)), ((), (3,)))
    ],
    _tensordot(2, (2, 3, 4), (3, 4, 5)),
    _tensordot(1, (2, 3), (3, 4)),
    _tensordot(1, (2, 3), (3, 4)).laid_out_apart(),
    _tensordot(0, (2,), (3,)),
    _tensordot(0, (2, 1), (1, 3)),
    _tensordot(((2, 0), (0, 1)), (2, 3, 4), (4, 2, 5)),
    _tensordot(((0, 2), (1, 0)), (2, 3, 4), (4, 2, 5)),
    _tensordot(((-1,), (-2,)), (2, 3), (4, 3, 2)),
    _tensordot(((0,), (0,)), (0, 2), (0, 3), toothless=EMPTY),
    Case(
        "tensordot with a table",
        lambda x: F.tensordot(_EYE * 2, x, 1),
        normal((3, 2)),
        (products.Tensordot,),
        lambda np: lambda x: np.tensordot(_EYE * 2, x, 1),
    ),
    _einsum("ij,jk->ik", (2, 3), (3, 4)),
    _einsum("ij,jk->ik", (2, 3), (3, 4)).laid_out_apart(),
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
    _einsum("...k,kj", (2, 3, 4), (4, 5), reference=lambda np: lambda x, y: np.tensordot(x, y, 1)),
    _einsum(
        "i...,...->i...",
        (2, 3, 4),
        (4,),
        reference=lambda np: lambda x, y: x * y,
    ),
    _einsum(
        "...i,...i->...",
        (5, 1, 3),
        (4, 3),
        reference=lambda np: lambda x, y: np.sum(x * y, axis=-1),
    ),
    _einsum("ij,ij->ij", (1, 3), (2, 3), reference=lambda np: lambda x, y: x * y),
    _einsum(
        "ij,ij->i",
        (2, 3),
        (2, 1),
        reference=lambda np: lambda x, y: np.sum(x * y, axis=1),
    ),
    _einsum("ii->i", (3, 3), reference=lambda np: lambda x: np.sum(x * _EYE, axis=1)),
    _einsum("ii", (3, 3), reference=lambda np: lambda x: np.trace(x)),
    _einsum(
        "iij,ij->j",
        (3, 3, 2),
        (3, 2),
        reference=lambda np: lambda x, y: np.sum(np.expand_dims(_EYE, -1) * x * y, axis=(0, 1)),
    ),
    _einsum(
        "iii->i",
        (3, 3, 3),
        reference=lambda np: lambda x: np.sum(x * _EYE * np.expand_dims(_EYE, -1), axis=(1, 2)),
    ),
    _einsum(
        "ijij->ji",
        (2, 3, 2, 3),
        reference=None,
        without_reference=_DIAGONAL,
    ),
    _einsum("ij,jk->ik", (0, 3), (3, 4), toothless=EMPTY),
    _einsum("ij,j->i", (2, 0), (0,), toothless=EMPTY),
    Case(
        "einsum of lists of labels",
        lambda x, y: F.einsum(x, [0, 1], y, [1, 2], [2, 0]),
        normal((2, 3), (3, 4)),
        (products.Einsum,),
        lambda np: lambda x, y: np.einsum("ij,jk->ki", x, y),
    ),
    Case(
        "einsum of one thing twice",
        lambda x: F.einsum("ij,kj->ik", x, x),
        normal((2, 3)),
        (products.Einsum,),
        lambda np: lambda x: np.einsum("ij,kj->ik", x, x),
    ),
    Case(
        "einsum of three, optimised",
        lambda x, y, z: F.einsum("ij,jk,kl->il", x, y, z, optimize=True),
        normal((2, 3), (3, 4), (4, 2)),
        (products.Einsum,),
        lambda np: lambda x, y, z: np.einsum("ij,jk,kl->il", x, y, z),
    ),
    Case(
        "einsum with a table",
        lambda x: F.einsum("ij,jk->ik", _EYE * 2, x),
        normal((3, 2)),
        (products.Einsum,),
        lambda np: lambda x: np.einsum("ij,jk->ik", _EYE * 2, x),
    ),
]
