"""Rows of a table, elements at places and at an index, and the gradients that scatter them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_w2v._base.types import Shape
from tinygrad_w2v.checking.case import EMPTY, Case, case, named, normal
from tinygrad_w2v.functions import lookup as ops

_IDS = np.array([2, 0, 2])
_WINDOWS = np.array([[0, 1], [3, 3], [-1, 0]])
_PLACES = np.array([[3, 0, 0], [1, 1, -1]])
_MASK = np.array([[True, False, True], [False, False, True]])
_NONE = np.array([], int)


def _rows(what: str, ids: Any, shape: Shape = (5, 3)) -> Case:
    name = f"embedding {what}".strip()
    plain = case(name, ops.Rows, lambda F, table: F.exp(F.embedding(table, ids)), shape)
    return plain.like(lambda np, table: np.exp(table[ids]))


def _take(name: str, ids: Any, axis: int | None, op: Any = ops.Take) -> Case:
    def reference(np: Any, x: Any) -> Any:
        return np.exp(np.ravel(x)[ids] if axis is None else x[ids] if axis == 0 else x[:, ids])

    plain = case(name, op, lambda F, x: F.exp(F.take(x, ids, axis=axis)), (4, 5))
    return plain.like(reference)


def _places(what: str, shape: Shape, ids: Any, axis: int | None, index: Any) -> Case:
    name = f"take_along_axis {what}".strip()
    plain = named(name, ops.TakeAlongAxis, shape, indices=ids, axis=axis)
    return plain.like(lambda np, x: (np.ravel(x) if axis is None else x)[index])


def _item(name: str, item: Callable[[Any], Any], op: Any = ops.GetItem) -> Case:
    return case(name, op, lambda np, x: item(x), (2, 3, 4))


CASES: list[Case] = [
    _rows("", _IDS).strided(),
    _rows("of repeated ids", _IDS),
    _rows("of windows", _WINDOWS),
    _rows("of one id", np.array(1)),
    _rows("of no id", _NONE).blind(EMPTY),
    _rows("of numbers", _IDS, (5,)),
    _rows("of matrices", _WINDOWS, (4, 2, 3)),
    case(
        "x[ids]",
        ops.Rows,
        lambda np, table: np.matmul(table[_WINDOWS], np.transpose(table[_IDS[:2]])),
        (4, 3),
    ),
    case(
        "embedding of a table that was computed",
        ops.Rows,
        lambda F, x, y: F.embedding(F.tanh(x) * y, _WINDOWS),
        normal((4, 3), (3,)),
    ).like(lambda np, x, y: (np.tanh(x) * y)[_WINDOWS]),
    case(
        "embedding beside a dense use",
        ops.Rows,
        lambda F, table: F.sum(F.embedding(table, _IDS) ** 2) + F.sum(F.exp(table)),
        (4, 3),
    ).like(lambda np, table: np.sum(table[_IDS] ** 2) + np.sum(np.exp(table))),
    case(
        "gradient of rows",
        (ops.ScatterRows, ops.ToDense),
        lambda F, g: F.to_dense(ops.ScatterRows(_IDS, (4, 2))(g)) ** 2,
        (3, 2),
    ).like(lambda np, g: np.stack([g[1], 0 * g[0], g[0] + g[2], 0 * g[0]]) ** 2),
    # ------------------------------------------------------------------ places along an axis
    _take("take along axis 0", _IDS, 0, ops.Rows),
    _take("take along the last axis", _WINDOWS, -1),
    _take("take along axis 1 of one", np.array(2), 1),
    _take("take flattened", _WINDOWS * 5, None, ops.Rows),
    _take("take along axis 1", _IDS, 1).strided(),
    _take("take nothing along axis 1", _NONE, 1).blind(EMPTY),
    named("take with wrapped ids", ops.Take, (3, 4), indices=[7, -6], axis=1, mode="wrap").like(
        lambda np, x: x[:, [3, 2]]
    ),
    case(
        "take_along_axis",
        ops.TakeAlongAxis,
        lambda F, x: F.exp(F.take_along_axis(x, _PLACES, axis=1)),
        (2, 4),
    ).like(lambda np, x: np.exp(x[[[0], [1]], _PLACES])),
    _places("0", (4, 3), _PLACES, 0, (_PLACES, [[0, 1, 2]])).strided(),
    _places("broadcast", (4, 3), _PLACES[:, :1], 0, (_PLACES[:, :1], [[0, 1, 2]])),
    _places("flattened", (2, 2), _PLACES[0], None, _PLACES[0]),
    case(
        "scatter along an axis",
        ops.ScatterAlongAxis,
        lambda F, g: ops.ScatterAlongAxis(_PLACES, 1, (2, 4))(g),
        (2, 3),
    ).like(lambda np, g: np.einsum("ij,ijk->ik", g, np.eye(4)[_PLACES])),
    # ------------------------------------------------------------------ an index
    *_item("x[1]", lambda x: x[1], ops.Rows).and_strided(),
    *_item("x[-1, 0]", lambda x: x[-1, 0]).and_strided(),
    _item("x[1, 2, 3]", lambda x: x[1, 2, 3]),
    _item("x[...]", lambda x: x[...]),
    _item("x[..., 1:3]", lambda x: x[..., 1:3]),
    _item("x[:, ::-2]", lambda x: x[:, ::-2]),
    _item("x[:, None, 0]", lambda x: x[:, None, 0]),
    _item("x[1:1]", lambda x: x[1:1]).blind(EMPTY),
    _item("x[mask]", lambda x: x[_MASK]),
    _item("x[:, ids]", lambda x: x[:, _IDS]),
    _item("x[ids, ids] repeated", lambda x: x[_IDS % 2, _IDS]),
    _item("x[0, :, ids]", lambda x: x[0, :, _IDS]),
    _item("x[no mask]", lambda x: x[_MASK & False]).blind(EMPTY),
    case(
        "scatter at a slice",
        ops.ScatterIndex,
        lambda F, g: ops.ScatterIndex((slice(1, 3),), (4, 2))(g),
        (2, 2),
    ).like(lambda np, g: np.concatenate([np.zeros((1, 2)), g, np.zeros((1, 2))])),
    case(
        "scatter at repeated ids",
        ops.ScatterIndex,
        lambda F, g: ops.ScatterIndex((slice(None), _IDS), (2, 3))(g),
        (2, 3),
    ).like(lambda np, g: np.stack([g[:, 1], 0 * g[:, 0], g[:, 0] + g[:, 2]], axis=1)),
]
