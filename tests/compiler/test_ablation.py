"""What only makes a kernel faster changes no answer: each such step is left out in its turn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from own_models import EXAMPLES
from random_models import prove

import tinygrad_w2v as tw
from tinygrad_w2v.compiler.inspect.compare import compare
from tinygrad_w2v.compiler.passes import PASSES, algebra
from tinygrad_w2v.compiler.stages import OPTIONAL, build
from tinygrad_w2v.compiler.trace.trace import fields_of, trace

PROGRAMS, AT_LENGTH = 1, 20  # for each step


@pytest.mark.parametrize("step", OPTIONAL)
def test_random_programs_without_a_step(step: str) -> None:
    first = 500 + PROGRAMS * OPTIONAL.index(step)
    for seed in range(first, first + PROGRAMS):
        prove(seed, without=(step,))


@pytest.mark.parametrize("share", [10, pytest.param(3, marks=pytest.mark.proof)])
@pytest.mark.parametrize("step", OPTIONAL)
def test_own_models_without_a_step(step: str, share: int, rng: np.random.Generator) -> None:
    names = list(EXAMPLES)
    for name in names[OPTIONAL.index(step) % share :: share]:
        example = EXAMPLES[name]
        windows = example.windows(rng)
        compare(example.make(rng), windows, example.axes, native=False, without=(step,))


def test_nothing_but_what_has_to_be(rng: np.random.Generator) -> None:
    for seed in range(600, 603):
        prove(seed, without=OPTIONAL)
    for name in ("biases", "position weights", "pairs"):
        example = EXAMPLES[name]
        windows = example.windows(rng)
        compare(example.make(rng), windows, example.axes, native=False, without=OPTIONAL)


@pytest.mark.parametrize("rule", algebra.RULES, ids=lambda rule: rule.__name__)
def test_without_a_rule_of_algebra(rule: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    left = tuple(other for other in algebra.RULES if other is not rule)
    monkeypatch.setattr(algebra, "RULES", left)
    for seed in range(650, 652):
        prove(seed)


@pytest.mark.proof
@pytest.mark.parametrize("step", OPTIONAL)
def test_at_length(step: str) -> None:
    first = 30_000 + AT_LENGTH * OPTIONAL.index(step)
    for seed in range(first, first + AT_LENGTH):
        prove(seed, without=(step,))


def test_every_step_does_something(rng: np.random.Generator) -> None:
    """A step that is left out leaves another source, of some model."""
    assert {run_pass.__name__ for run_pass in PASSES} < set(OPTIONAL)
    changed = set()
    for name in ("biases", "cosine", "relation"):
        example = EXAMPLES[name]
        model, window = example.make(rng), example.windows(rng)[0]
        fields = fields_of(window, example.axes)
        program = trace(model, window, fields, tw.optim.Adam(model.parameters())).program
        whole = build(program, np.float32, "whole").source.text
        for step in [step for step in OPTIONAL if step not in changed]:
            if build(program, np.float32, "whole", (step,)).source.text != whole:
                changed.add(step)
    assert changed == set(OPTIONAL)
