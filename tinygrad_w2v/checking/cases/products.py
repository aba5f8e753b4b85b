"""Products of vectors and matrices."""

from __future__ import annotations

from tinygrad_w2v.checking.case import EMPTY, Case, case, named, normal
from tinygrad_w2v.functions import products as ops
from tinygrad_w2v.functions.arithmetic import Multiply

_matmul = named("matmul", ops.Matmul, (3, 4), (4, 2))
_kron = named("kron", Multiply, (2, 3), (3, 2))
CASES: list[Case] = [
    *_matmul.on_each(
        {
            "of vectors": ((4,), (4,)),
            "of vector and matrix": ((4,), (4, 2)),
            "of matrix and vector": ((3, 4), (4,)),
            "of a batch": ((5, 3, 4), (5, 4, 2)),
            "of a batch and a matrix": ((5, 3, 4), (4, 2)),
            "of a matrix and a batch": ((3, 4), (5, 4, 2)),
            "of a vector and a batch": ((4,), (5, 4, 2)),
            "of a batch and a vector": ((5, 3, 4), (4,)),
            "broadcast": ((2, 1, 3, 4), (5, 4, 2)),
        }
    ),
    _matmul.strided(),
    _matmul.of_nothing((0, 4), (4, 2)),
    _matmul.on("with no summand", (3, 0), (0, 2)).blind(EMPTY),
    case(
        "matmul of one thing twice",
        ops.Matmul,
        lambda np, x: np.matmul(x, np.swapaxes(x, -1, -2)),
        (3, 4),
    ),
    *[
        named(f"outer of {shapes[0]} and {shapes[1]}", Multiply, *shapes).like(
            lambda np, x, y: np.outer(np.ravel(x), np.ravel(y))
        )
        for shapes in (((3,), (4,)), ((2, 2), (3,)), ((), (3,)))
    ],
    *_kron.on_each(
        {
            "of a vector and a matrix": ((3,), (2, 2)),
            "of a number and a matrix": ((), (2, 2)),
        }
    ),
    _kron.strided(),
    *named("cross", Multiply, (4, 3), (4, 3)).and_strided(),
    case(
        "cross along other axes",
        Multiply,
        lambda F, x, y: F.cross(x, y, 0, 1, 0),
        normal((3, 4), (4, 3)),
    ).like(lambda np, x, y: np.swapaxes(np.cross(np.swapaxes(x, 0, 1), y), 0, 1)),
    named("vdot", ops.Matmul, (2, 3), (3, 2)).like(
        lambda np, x, y: np.sum(np.ravel(x) * np.ravel(y))
    ),
    *named("vecdot", ops.Matmul, (2, 3), (2, 3))
    .like(lambda np, x, y: np.sum(x * y, axis=-1))
    .and_strided(),
    named("vecdot along the first axis", ops.Matmul, (3, 2), (3, 2), axis=0).like(
        lambda np, x, y: np.sum(x * y, axis=0)
    ),
    *named("matvec", ops.Matmul, (5, 2, 3), (3,))
    .like(lambda np, x, y: np.einsum("bij,j->bi", x, y))
    .and_strided(),
    *named("vecmat", ops.Matmul, (5, 2), (2, 3))
    .like(lambda np, x, y: np.einsum("bi,ij->bj", x, y))
    .and_strided(),
]
