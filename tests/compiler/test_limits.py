"""Scores that rule a class out are in a kernel what they are in the graph: limits, and no NaN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v.compiler.inspect.compare import compare

inf = np.inf
LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "logsumexp": lambda x, b: F.logsumexp(x + b["x"], axis=-1),
    "softmax": lambda x, b: (F.softmax(x + b["x"]) * b["t"]).sum(),
    "cross_entropy by id": lambda x, b: F.cross_entropy(x + b["x"], b["id"]),
    "cross_entropy": lambda x, b: F.cross_entropy(x + b["x"], b["t"]),
    "sigmoid_cross_entropy": lambda x, b: F.sigmoid_cross_entropy(x + b["x"], b["t"]),
    "logaddexp": lambda x, b: F.sigmoid(F.logaddexp(x + b["x"], b["x"])).sum(),
    "relu": lambda x, b: np.tanh(F.relu(x + b["x"])).sum(),
    "clip": lambda x, b: F.clip(x + b["x"], -0.5, 0.5).sum(),
    "maximum": lambda x, b: np.maximum(x + b["x"], -1.0).sum(),
    "max": lambda x, b: np.tanh(np.max(x + b["x"], axis=-1)),
    "arctan": lambda x, b: F.arctan(x + b["x"]).sum(),
    "power": lambda x, b: F.power(x + 2.0, b["t"]).sum(),
    "cosine_similarity": lambda x, b: F.cosine_similarity(1e3 * x, b["t"] + x),
}
SCORES = [[0.0, 1.0, 2.0, 3.0], [-inf, 0.0, -inf, 1.0], [-inf, -inf, -inf, 1.0]]


class Model(tw.Module):
    def __init__(self, *losses: Callable[[Any, Any], Any]) -> None:
        self.w = tw.Parameter(np.linspace(-1, 1, 12).reshape(3, 4))
        self.losses = losses

    def loss(self, b: Any) -> Any:
        row = self.w[b["row"]]
        return sum((loss(row, b) for loss in self.losses), 0.0)


def _windows() -> list[dict[str, Any]]:
    return [
        {"row": np.array(1), "x": np.array(x), "t": np.eye(4)[3], "id": np.array(3)} for x in SCORES
    ]


@pytest.mark.parametrize("name", LOSSES)
def test_instructions_and_source(name: str) -> None:
    with np.errstate(all="ignore"):  # of a choice both sides are computed here
        errors = compare(Model(LOSSES[name]), _windows(), native=False)
    assert np.isfinite(list(errors.values())).all()


def test_the_kernel() -> None:
    with np.errstate(all="ignore"):
        errors = compare(Model(*LOSSES.values()), _windows(), dtype=np.float32)
    assert np.isfinite(list(errors.values())).all()
