"""Ops that lay arrays out anew with views, joins and look-ups, and the diagonals of matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygrad_w2v.functions as F
from tinygrad_w2v._base.types import Shape
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.checking.case import EMPTY, Case, normal, of_both
from tinygrad_w2v.functions import casting, joining, lookup, reductions, selection, shape

Call = Callable[..., Any]


def _of_one(
    name: str,
    op: type[Function],
    function: Call,
    shape: Shape = (3, 4),
    reference: Call | None = None,
    **changes: Any,
) -> Case:
    """A case of one array."""
    return of_both(name, op, function, normal(shape), reference, **changes)


def _weighed(parts: Any) -> Any:
    """One number of several arrays, in which each counts differently."""
    total: Any = 0.0
    for k, part in enumerate(parts):
        total = total + (k + 1.0) * (part * part).sum()
    return total


_FRAME = np.array([[3.0, 1, 1, 1, 4], [3, 0, 0, 0, 4], [3, 0, 0, 0, 4], [3, 2, 2, 2, 4]])
_BELOW = np.tri(3, 4)

CASES: list[Case] = [
    _of_one("ravel", shape.Reshape, lambda np, x: np.ravel(x)),
    _of_one(
        "ravel of columns",
        shape.Reshape,
        lambda np, x: np.ravel(x, "F"),
        reference=lambda np, x: np.ravel(np.transpose(x)),
    ),
    _of_one(
        "reshape of columns",
        shape.Reshape,
        lambda np, x: np.reshape(x, (4, -1), order="F"),
        (2, 3, 4),
        lambda np, x: np.transpose(np.reshape(np.transpose(x), (-1, 4))),
    ),
    _of_one(
        "matrix_transpose",
        shape.Swapaxes,
        lambda np, x: np.matrix_transpose(x),
        (2, 3, 4),
        lambda np, x: np.swapaxes(x, -1, -2),
    ),
    _of_one("fliplr", joining.Flip, lambda np, x: np.fliplr(x) * x),
    _of_one("flipud", joining.Flip, lambda np, x: np.flipud(x) * x),
    _of_one("rot90", joining.Flip, lambda np, x: np.rot90(x)),
    _of_one("rot90 twice", joining.Flip, lambda np, x: np.rot90(x, 2) * x),
    _of_one(
        "rot90 thrice",
        joining.Flip,
        lambda np, x: np.rot90(x, -1, (2, 0)),
        (2, 3, 4),
        lambda np, x: np.transpose(x, (2, 1, 0))[::-1],
    ),
    _of_one(
        "tile",
        shape.BroadcastTo,
        lambda np, x: np.tile(x, (2, 1, 3)),
        (2, 3),
        lambda np, x: np.stack([np.concatenate([x] * 3, axis=1)] * 2),
    ),
    _of_one("roll", joining.Concatenate, lambda np, x: np.roll(x, 5) * x),
    _of_one(
        "roll along two axes",
        joining.Concatenate,
        lambda np, x: np.roll(x, (1, -3), (0, -1)) * x,
        reference=lambda np, x: np.roll(np.roll(x, 1, 0), 1, 1) * x,
    ),
    _of_one(
        "pad", joining.Concatenate, lambda np, x: np.pad(x, ((1, 0), (2, 3)), "constant"), (2, 3)
    ),
    _of_one(
        "pad with numbers",
        joining.Concatenate,
        lambda np, x: np.pad(x, 1, constant_values=((1, 2), (3, 4))),
        (2, 3),
        lambda np, x: np.pad(x, ((1, 1), (1, 1)), "constant") + _FRAME,
    ),
    _of_one(
        "pad with the edges",
        lookup.GetItem,
        lambda np, x: np.pad(x, (2, 1), "edge"),
        (3,),
        lambda np, x: x[[0, 0, 0, 1, 2, 2]],
    ),
    _of_one(
        "pad by reflection",
        lookup.GetItem,
        lambda np, x: np.pad(x, ((0, 0), (2, 3)), "reflect"),
        (2, 3),
        lambda np, x: x[:, [2, 1, 0, 1, 2, 1, 0, 1]],
    ),
    # ------------------------------------------------------------------ diagonals
    _of_one(
        "diag",
        lookup.GetItem,
        lambda np, x: np.diag(x, 1),
        reference=lambda np, x: x[[0, 1, 2], [1, 2, 3]],
    ),
    _of_one("diag of a vector", lookup.ScatterIndex, lambda np, x: np.diag(x, -1), (3,)),
    _of_one(
        "diagonal",
        lookup.GetItem,
        lambda np, x: np.diagonal(x, -1, 2, 0),
        (3, 2, 4),
        lambda np, x: np.stack([x[0, :, 1], x[1, :, 2], x[2, :, 3]], axis=1),
    ),
    _of_one("trace", reductions.Sum, lambda np, x: np.trace(x)),
    _of_one(
        "trace of many",
        reductions.Sum,
        lambda np, x: np.trace(x, 1, 0, -1),
        (2, 3, 4),
        lambda np, x: x[0, :, 1] + x[1, :, 2],
    ),
    _of_one(
        "tril",
        selection.Where,
        lambda np, x: np.tril(x),
        (2, 3, 4),
        lambda np, x: x * _BELOW,
    ),
    _of_one(
        "triu",
        selection.Where,
        lambda np, x: np.triu(x, 1),
        (2, 3, 4),
        lambda np, x: x * (1 - _BELOW),
    ),
    # ------------------------------------------------------------------ parts
    _of_one(
        "array_split",
        joining.Split,
        lambda np, x: _weighed(np.array_split(x, 3, -1)),
        (2, 4),
        lambda np, x: _weighed([x[:, :2], x[:, 2:3], x[:, 3:]]),
    ),
    _of_one(
        "hsplit",
        joining.Split,
        lambda np, x: _weighed(np.hsplit(x, 2)),
        (2, 4),
        lambda np, x: _weighed([x[:, :2], x[:, 2:]]),
    ),
    _of_one(
        "vsplit",
        joining.Split,
        lambda np, x: _weighed(np.vsplit(x, [1])),
        (3, 2),
        lambda np, x: _weighed([x[:1], x[1:]]),
    ),
    _of_one(
        "dsplit",
        joining.Split,
        lambda np, x: _weighed(np.dsplit(x, 2)),
        (2, 3, 4),
        lambda np, x: _weighed([x[:, :, :2], x[:, :, 2:]]),
    ),
    _of_one("atleast_1d", shape.Reshape, lambda np, x: np.atleast_1d(x), ()),
    _of_one("atleast_2d", shape.Reshape, lambda np, x: np.atleast_2d(x), (3,)),
    _of_one("atleast_3d", shape.Reshape, lambda np, x: np.atleast_3d(x), (3,)),
    # ------------------------------------------------------------------ joins
    of_both(
        "column_stack",
        joining.Concatenate,
        lambda np, x, y, z: np.column_stack([x, y, z]),
        normal((3,), (3, 2), (3,)),
    ),
    of_both(
        "dstack",
        joining.Concatenate,
        lambda np, x, y: np.dstack([x, y]),
        normal((2, 3), (2, 3, 2)),
    ),
    of_both("append", joining.Concatenate, lambda np, x, y: np.append(x, y), normal((2, 3), (2,))),
    of_both(
        "append along an axis",
        joining.Concatenate,
        lambda np, x, y: np.append(x, y, axis=-1),
        normal((2, 3), (2, 1)),
        lambda np, x, y: np.concatenate([x, y], axis=1),
    ),
    of_both(
        "broadcast_arrays",
        shape.BroadcastTo,
        lambda np, x, y: _weighed(np.broadcast_arrays(x, y)),
        normal((3, 1), (4,)),
        lambda np, x, y: _weighed([x + np.zeros((3, 4)), y + np.zeros((3, 4))]),
    ),
    # ------------------------------------------------------------------ of nothing
    _of_one("roll", joining.Concatenate, lambda np, x: np.roll(x, 1, 0)).of_nothing((0, 3)),
    _of_one("tile", shape.BroadcastTo, lambda np, x: np.tile(x, 2)).of_nothing((0, 3)),
    _of_one(
        "tile no time",
        shape.BroadcastTo,
        lambda np, x: np.tile(x, 0),
        reference=lambda np, x: x[:, :0],
        toothless=EMPTY,
    ),
    _of_one("pad", joining.Concatenate, lambda np, x: np.pad(x, 1)).of_nothing((0, 3)),
    _of_one("diagonal", lookup.GetItem, lambda np, x: np.diagonal(x)).of_nothing((0, 3)),
    _of_one("diagonal out of reach", lookup.GetItem, lambda np, x: np.diagonal(x, 9)).variant(
        "of a matrix", reference=None, without_reference=EMPTY, toothless=EMPTY
    ),
    Case(
        "astype",
        lambda x: F.astype(x * x, x.dtype),
        normal((2, 3)),
        (casting.Cast,),
        lambda np: np.square,
    ),
]
