"""Iterations of a loop that put things at ids of their own: classes, next words, margins."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v.compiler.inspect.compare import compare
from tinygrad_w2v.compiler.loops.nest import Nest
from tinygrad_w2v.compiler.stages import build
from tinygrad_w2v.compiler.trace.trace import fields_of, trace

LENGTHS = (8, 11, 12, 16, 40)


class Classes(tw.Module):
    """Softmax regression."""

    def __init__(self, width: int) -> None:
        self.w = tw.Parameter(np.ones((9, width)))

    def loss(self, batch: Any) -> Any:
        return F.cross_entropy(batch["x"] @ self.w, batch["y"])


class NextWord(tw.Module):
    """A language model's head: all words are scored at each place of a text."""

    def __init__(self, width: int) -> None:
        rng = np.random.default_rng(0)
        self.w = tw.Parameter(rng.normal(size=(width, 5)))
        self.out, self.bias = (tw.Parameter(rng.normal(size=s)) for s in ((5, width), width))

    def loss(self, batch: Any) -> Any:
        logits = np.tanh(self.w[batch["y"]]) @ self.out + self.bias
        return F.cross_entropy(logits, batch["next"]) * batch["y"].shape[-1]


class Margin(tw.Module):
    """The score of the class is to be larger than any other one's, by 1."""

    def __init__(self, width: int) -> None:
        self.w = tw.Parameter(np.random.default_rng(0).normal(size=(9, width)))

    def loss(self, batch: Any) -> Any:
        scores = batch["x"] @ self.w
        right = np.take_along_axis(scores, np.expand_dims(batch["y"], -1), axis=-1)
        return np.sum(np.maximum(1 + scores - right, 0)) - np.sum(right)


class Gathered(tw.Module):
    """Columns of each row at the ids of all rows, weighted by what stands at their own."""

    def __init__(self, width: int) -> None:
        self.w = tw.Parameter(np.random.default_rng(0).normal(size=(9, width)))

    def loss(self, batch: Any) -> Any:
        h = np.tanh(batch["x"] @ self.w)
        own = np.take_along_axis(h, np.expand_dims(batch["y"], -1), axis=-1)
        return np.sum(F.take(h, batch["y"], axis=-1) * own) + np.sum(np.exp(h) * own)


KINDS: dict[str, Any] = {k.__name__: k for k in (Classes, NextWord, Margin, Gathered)}
AXES = {"x": ("B", 9), "y": ("B",), "next": ("B",)}


def windows(width: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(2)
    found = []
    for n in (3, 1, 2, 6):
        x, y = rng.normal(size=(n, 9)), rng.integers(0, min(width, 9), n)
        y[-1] = y[0]
        found.append({"x": x, "y": y, "next": rng.integers(0, width, n)})
    return found


@pytest.mark.parametrize("width", LENGTHS)
@pytest.mark.parametrize("kind", KINDS)
def test_rules_and_kernel_agree(kind: str, width: int) -> None:
    given = windows(width)
    compare(KINDS[kind](width), given, AXES, native=False, lr=0.1)
    compare(KINDS[kind](width), given, AXES, tw.optim.Adam(), native=False, lr=0.01)


def test_the_gradient_of_softmax_regression() -> None:
    model = Classes(16)
    window = {"x": np.eye(9)[:3], "y": np.array([0, 5, 9])}
    model.loss(window).backward()
    expected = model.w.grad.data
    axes = {"x": ("B", 9), "y": ("B",)}
    found = tw.compile(model, window, axes).gradients(window)["w"]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_iterations_are_still_run_by_two() -> None:
    """Each with a buffer of its own for what it puts at its id."""
    model, window = Classes(16), windows(16)[0]
    program = trace(model, window, fields_of(window, AXES)).program
    built = build(program, np.float32, "classes")
    steps = [node.loop.step for node in built.code.body if isinstance(node, Nest)]
    assert 2 in steps
    assert {name for name in built.source.own if name.startswith("scatter")} == {
        "scatter_along",
        "scatter_along_next",
    }


SOURCES = """
import sys
from pathlib import Path
sys.path.insert(0, {folder!r})
import hashlib
import numpy as np
from own_models import EXAMPLES
from tinygrad_w2v.compiler.stages import build
from tinygrad_w2v.compiler.trace.trace import fields_of, trace
for name in ("margin", "squared hinge", "attention"):
    example, rng = EXAMPLES[name], np.random.default_rng(0)
    window = example.windows(rng)[0]
    program = trace(example.make(rng), window, fields_of(window, example.axes)).program
    text = build(program, np.float32, name).source.text
    sys.stdout.write(hashlib.sha256(text.encode()).hexdigest())
"""


@pytest.mark.process
def test_the_text_of_a_kernel_does_not_hang_on_the_order_of_sets() -> None:
    """Else each process would compile it anew."""
    found = set()
    for seed in "123":
        done = subprocess.run(
            [sys.executable, "-c", SOURCES.format(folder=str(Path(__file__).parent))],
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONHASHSEED": seed},
            timeout=120,
            check=True,
        )
        found.add(done.stdout)
    assert len(found) == 1
