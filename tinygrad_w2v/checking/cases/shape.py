"""Shapes and axes."""

from __future__ import annotations

from typing import Any

from tinygrad_w2v.checking.case import Case, case, named, normal
from tinygrad_w2v.checking.cases.joining import weighed
from tinygrad_w2v.functions import shape as ops

_SHAPE, _ONES = (2, 3, 4), (2, 1, 3, 1)


def _with_ones(np: Any, x: Any) -> Any:
    return x * np.ones((5, 2, 3))


CASES: list[Case] = [
    *case("reshape", ops.Reshape, lambda np, x: np.reshape(x, (4, -1)), _SHAPE).and_strided(),
    case("reshape to a number", ops.Reshape, lambda np, x: np.reshape(x, ()), (1, 1)),
    case("reshape of a number", ops.Reshape, lambda np, x: np.reshape(x, (1, 1)), ()),
    case("reshape", ops.Reshape, lambda np, x: np.reshape(x, (3, 0))).of_nothing((0, 2)),
    case("reshape of columns", ops.Reshape, lambda F, x: F.reshape(x, (4, -1), "F"), _SHAPE).like(
        lambda np, x: np.transpose(np.reshape(np.transpose(x), (-1, 4)))
    ),
    named("ravel", ops.Reshape, (3, 4)),
    named("ravel of columns", ops.Reshape, (3, 4), order="F").like(
        lambda np, x: np.ravel(np.transpose(x))
    ),
    *named("transpose", ops.Transpose, _SHAPE).and_strided(),
    named("transpose of named axes", ops.Transpose, _SHAPE, axes=(2, 0, 1)),
    named("transpose of axes from the end", ops.Transpose, _SHAPE, axes=(-2, 0, -1)).like(
        lambda np, x: np.transpose(x, (1, 0, 2))
    ),
    named("transpose", ops.Transpose).of_nothing((0, 2)),
    named("matrix_transpose", ops.Swapaxes, _SHAPE).like(lambda np, x: np.swapaxes(x, -1, -2)),
    *named("swapaxes", ops.Swapaxes, _SHAPE, axis1=0, axis2=-1).and_strided(),
    *named("moveaxis", ops.Transpose, _SHAPE, source=0, destination=-1).and_strided(),
    named("moveaxis of two", ops.Transpose, _SHAPE, source=(0, 2), destination=(-1, 0)),
    *named("broadcast_to", ops.BroadcastTo, (2, 1), shape=(5, 2, 3)).like(_with_ones).and_strided(),
    named("broadcast_to of a number", ops.BroadcastTo, (), shape=(5, 2, 3)).like(_with_ones),
    case(
        "broadcast_to the same shape",
        ops.BroadcastTo,
        lambda np, x: np.broadcast_to(x, (2, 3)),
        (2, 3),
    ),
    named("broadcast_to", ops.BroadcastTo, shape=(4, 0, 3)).of_nothing((0, 1)),
    case(
        "broadcast_arrays",
        ops.BroadcastTo,
        lambda F, *xs: weighed(F.broadcast_arrays(*xs)),
        normal((3, 1), (4,)),
    ).like(lambda np, *xs: weighed([x + np.zeros((3, 4)) for x in xs])),
    *named("expand_dims", ops.ExpandDims, _SHAPE, axis=-1).and_strided(),
    named("expand_dims by two", ops.ExpandDims, _SHAPE, axis=(0, -1)).like(
        lambda np, x: np.reshape(x, (1, 2, 3, 4, 1))
    ),
    *named("squeeze", ops.Squeeze, _ONES).and_strided(),
    named("squeeze of an axis", ops.Squeeze, _ONES, axis=-1),
    named("squeeze of two axes", ops.Squeeze, _ONES, axis=(1, -1)),
    named("atleast_1d", ops.Reshape, ()),
    named("atleast_2d", ops.Reshape, (3,)),
    named("atleast_3d", ops.Reshape, (3,)),
]
