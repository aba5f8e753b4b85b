"""Sums of ragged rows, and what is handed back to them."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_w2v.functions as F
from tinygrad_w2v.checking.case import EMPTY, Case, normal
from tinygrad_w2v.functions.segments import SegmentRepeat, SegmentSum


def _sums(np: Any, starts: list[int], n: int) -> Any:
    ends = [*starts[1:], n]
    return lambda x: np.exp(
        np.stack([np.sum(x[i:j], axis=0) for i, j in zip(starts, ends, strict=True)])
    )


def _segments(name: str, starts: list[int], shape: Any, **changes: Any) -> Case:
    return Case(
        name,
        lambda x: F.exp(F.segment_sum(x, starts)),
        normal(shape),
        (SegmentSum,),
        lambda np: _sums(np, starts, shape[0]),
        **changes,
    )


CASES: list[Case] = [
    _segments("segment_sum", [0, 1, 3], (6, 2)),
    _segments("segment_sum of one segment", [0], (3, 2)),
    _segments("segment_sum with empty segments", [0, 0, 2, 2, 5], (5, 2)),
    _segments("segment_sum of numbers", [0, 3], (4,)),
    _segments("segment_sum of matrices", [0, 1], (3, 2, 2)),
    _segments("segment_sum", [0, 2], (4, 3)).laid_out_apart(),
    _segments("segment_sum of no rows", [0, 0], (0, 2), toothless=EMPTY),
    Case(
        "segment_sum of looked-up rows",
        lambda table: F.exp(F.segment_sum(table[np.array([2, 0, 2, 1])], [0, 3])),
        normal((3, 2)),
        (SegmentSum,),
        lambda np: lambda table: np.exp(np.stack([2 * table[2] + table[0], table[1]])),
    ),
    Case(
        "gradient of segments",
        lambda g: F.exp(SegmentRepeat(np.array([0, 2, 2]), 5)(g)),
        normal((3, 2)),
        (SegmentRepeat,),
        lambda np: lambda g: np.exp(np.stack([g[0], g[0], g[2], g[2], g[2]])),
    ),
]
