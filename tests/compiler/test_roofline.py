"""The work of an example is counted from its instructions."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v.compiler.passes import optimized
from tinygrad_w2v.compiler.trace.trace import fields_of, trace

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "roofline.py"


@pytest.fixture(scope="module")
def roofline() -> dict[str, Any]:
    return runpy.run_path(str(BENCHMARK))


class Scores(tw.Module):
    """Products of rows: C times K scores of D numbers."""

    def __init__(self) -> None:
        self.rows = tw.Parameter(np.ones((9, 8), np.float32))
        self.others = tw.Parameter(np.ones((9, 8), np.float32))

    def loss(self, batch: Any) -> Any:
        scores = self.rows[batch["ids"]] @ self.others[batch["columns"]].swapaxes(-1, -2)
        return np.exp(scores).sum()


def test_operations_and_bytes_follow_from_the_lengths(roofline: dict[str, Any]) -> None:
    example = {"ids": np.array([1, 2]), "columns": np.array([3, 4, 5])}
    model = Scores()
    program = trace(model, example, fields_of(example, {"ids": (("C", 4),)})).program
    lengths = np.array([1, 2, 4])
    work = roofline["work_of"](optimized(program), {"C": lengths})
    products = 3 * (2 * lengths * 3 * 8)  # scores, and the gradients of both tables
    exponentials, added, rates = lengths * 3, lengths * 3, lengths * 3
    updates = (lengths + 3) * 8
    expected = products + exponentials + added + rates + updates
    # Over one context there is nothing to be added for the gradient of `others`.
    assert work["operations"].tolist() == (expected - [24, 0, 0]).tolist()
    assert work["functions"].tolist() == exponentials.tolist()
    assert work["bytes"].tolist() == (2 * 4 * 8 * (lengths + 3)).tolist()


def test_loops_over_time_are_refused(roofline: dict[str, Any]) -> None:
    class Recurrent(tw.Module):
        def __init__(self) -> None:
            self.w = tw.Parameter(np.ones(3, np.float32))

        def loss(self, batch: Any) -> Any:
            return tw.functions.scan(lambda h, x: h * self.w + x, self.w, batch["x"]).sum()

    example = {"x": np.ones((4, 3), np.float32)}
    program = trace(Recurrent(), example, fields_of(example, None)).program
    with pytest.raises(NotImplementedError, match="loops over time"):
        roofline["work_of"](program, {})


def test_numbers_begin_with_a_cache_line(roofline: dict[str, Any]) -> None:
    assert roofline["whole_lines"](100).ctypes.data % 64 == 0
