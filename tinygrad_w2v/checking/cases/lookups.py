"""Look-ups of rows and of elements; gradients of rows."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_w2v.functions as F
from tinygrad_w2v.checking.case import EMPTY, Case, normal
from tinygrad_w2v.functions import lookup

_IDS = np.array([2, 0, 2])
_WINDOWS = np.array([[0, 1], [3, 3], [-1, 0]])
_PLACES = np.array([[3, 0, 0], [1, 1, -1]])


def _rows(name: str, ids: Any, shape: Any = (5, 3), **changes: Any) -> Case:
    return Case(
        name,
        lambda table: F.exp(F.embedding(table, ids)),
        normal(shape),
        (lookup.Rows,),
        lambda np: lambda table: np.exp(table[ids]),
        **changes,
    )


def _take(name: str, op: Any, ids: Any, axis: int | None, **changes: Any) -> Case:
    return Case(
        name,
        lambda x: F.exp(F.take(x, ids, axis=axis)),
        normal((4, 5)),
        (op,),
        lambda np: (
            lambda x: np.exp(
                np.ravel(x)[ids] if axis is None else x[ids] if axis == 0 else x[:, ids]
            )
        ),
        **changes,
    )


CASES: list[Case] = [
    _rows("embedding of repeated ids", _IDS),
    _rows("embedding of windows", _WINDOWS),
    _rows("embedding of one id", np.array(1)),
    _rows("embedding of no id", np.array([], int), toothless=EMPTY),
    _rows("embedding of numbers", _IDS, (5,)),
    _rows("embedding of matrices", _WINDOWS, (4, 2, 3)),
    _rows("embedding", _IDS).laid_out_apart(),
    Case(
        "x[ids]",
        lambda table: table[_WINDOWS] @ table[_IDS[:2]].T,
        normal((4, 3)),
        (lookup.Rows,),
        lambda np: lambda table: np.matmul(table[_WINDOWS], np.transpose(table[_IDS[:2]])),
    ),
    Case(
        "embedding of a table that was computed",
        lambda x, y: F.embedding(F.tanh(x) * y, _WINDOWS),
        normal((4, 3), (3,)),
        (lookup.Rows,),
        lambda np: lambda x, y: (np.tanh(x) * y)[_WINDOWS],
    ),
    Case(
        "embedding beside a dense use",
        lambda table: F.sum(F.embedding(table, _IDS) ** 2) + F.sum(F.exp(table)),
        normal((4, 3)),
        (lookup.Rows,),
        lambda np: lambda table: np.sum(table[_IDS] ** 2) + np.sum(np.exp(table)),
    ),
    Case(
        "gradient of rows",
        lambda g: F.to_dense(lookup.ScatterRows(_IDS, (4, 2))(g)) ** 2,
        normal((3, 2)),
        (lookup.ScatterRows, lookup.ToDense),
        lambda np: lambda g: np.stack([g[1], 0 * g[0], g[0] + g[2], 0 * g[0]]) ** 2,
    ),
    _take("take along axis 0", lookup.Rows, _IDS, 0),
    _take("take along the last axis", lookup.Take, _WINDOWS, -1),
    _take("take along axis 1 of one", lookup.Take, np.array(2), 1),
    _take("take flattened", lookup.Rows, _WINDOWS * 5, None),
    _take("take along axis 1", lookup.Take, _IDS, 1).laid_out_apart(),
    _take("take nothing along axis 1", lookup.Take, np.array([], int), 1, toothless=EMPTY),
    Case(
        "take with wrapped ids",
        lambda x: F.take(x, [7, -6], axis=1, mode="wrap"),
        normal((3, 4)),
        (lookup.Take,),
        lambda np: lambda x: x[:, [3, 2]],
    ),
    Case(
        "repeat each its own times",
        lambda x: F.repeat(x, [2, 0, 1], axis=-1),
        normal((2, 3)),
        (lookup.Take,),
        lambda np: lambda x: x[:, [0, 0, 2]],
    ),
    Case(
        "take_along_axis",
        lambda x: F.exp(F.take_along_axis(x, _PLACES, axis=1)),
        normal((2, 4)),
        (lookup.TakeAlongAxis,),
        lambda np: lambda x: np.exp(x[[[0], [1]], _PLACES]),
    ),
    Case(
        "take_along_axis 0",
        lambda x: F.take_along_axis(x, _PLACES, axis=0),
        normal((4, 3)),
        (lookup.TakeAlongAxis,),
        lambda np: lambda x: x[_PLACES, [[0, 1, 2]]],
    ).laid_out_apart(),
    Case(
        "take_along_axis broadcast",
        lambda x: F.take_along_axis(x, _PLACES[:, :1], axis=0),
        normal((4, 3)),
        (lookup.TakeAlongAxis,),
        lambda np: lambda x: x[_PLACES[:, :1], [[0, 1, 2]]],
    ),
    Case(
        "take_along_axis flattened",
        lambda x: F.take_along_axis(x, _PLACES[0], axis=None),
        normal((2, 2)),
        (lookup.TakeAlongAxis,),
        lambda np: lambda x: np.ravel(x)[_PLACES[0]],
    ),
    Case(
        "scatter along an axis",
        lambda g: lookup.ScatterAlongAxis(_PLACES, 1, (2, 4))(g),
        normal((2, 3)),
        (lookup.ScatterAlongAxis,),
        lambda np: (
            lambda g: np.stack(
                [
                    np.stack([g[0, 1] + g[0, 2], 0 * g[1, 0]]),
                    np.stack([0 * g[0, 0], g[1, 0] + g[1, 1]]),
                    0 * g[:, 0],
                    np.stack([g[0, 0], g[1, 2]]),
                ],
                axis=1,
            )
        ),
    ),
]
