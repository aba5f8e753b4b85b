"""Sums of ragged rows, and what is handed back to them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.types import Shape
from tinygrad_w2v.checking.case import EMPTY, Case, case
from tinygrad_w2v.functions import segments as ops


def _segments(name: str, starts: list[int], shape: Shape) -> Case:
    def reference(np: Any, x: Any) -> Any:
        ends = [*starts[1:], shape[0]]
        parts = [x[i:j] for i, j in zip(starts, ends, strict=True)]
        return np.exp(np.stack([np.sum(part, axis=0) for part in parts]))

    plain = case(name, ops.SegmentSum, lambda F, x: F.exp(F.segment_sum(x, starts)), shape)
    return plain.like(reference)


CASES: list[Case] = [
    _segments("segment_sum", [0, 1, 3], (6, 2)),
    _segments("segment_sum of one segment", [0], (3, 2)),
    _segments("segment_sum with empty segments", [0, 0, 2, 2, 5], (5, 2)),
    _segments("segment_sum of numbers", [0, 3], (4,)),
    _segments("segment_sum of matrices", [0, 1], (3, 2, 2)),
    _segments("segment_sum", [0, 2], (4, 3)).strided(),
    _segments("segment_sum of no rows", [0, 0], (0, 2)).blind(EMPTY),
    case(
        "segment_sum of looked-up rows",
        ops.SegmentSum,
        lambda F, table: F.exp(F.segment_sum(table[np.array([2, 0, 2, 1])], [0, 3])),
        (3, 2),
    ).like(lambda np, table: np.exp(np.stack([2 * table[2] + table[0], table[1]]))),
    case(
        "gradient of segments",
        ops.SegmentRepeat,
        lambda F, g: F.exp(ops.SegmentRepeat(np.array([0, 2, 2]), 5)(g)),
        (3, 2),
    ).like(lambda np, g: np.exp(np.stack([g[0], g[0], g[2], g[2], g[2]]))),
]
