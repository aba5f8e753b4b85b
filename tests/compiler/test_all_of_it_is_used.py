"""Over all programs of the tests, every instruction, pass and rule does something."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from own_models import EXAMPLES
from random_models import RandomModel, window_of
from random_ops import BINARY, UNARY

import tinygrad_w2v as tw
from tinygrad_w2v.compiler.functions import FUNCTIONS
from tinygrad_w2v.compiler.instructions import OPS, REDUCTIONS, Program
from tinygrad_w2v.compiler.passes import PASSES, algebra, optimized
from tinygrad_w2v.compiler.tracing import fields_of, trace

RANDOM = 250


def programs() -> Iterator[Program]:
    rng = np.random.default_rng(0)
    for example in EXAMPLES.values():
        model, window = example.make(rng), example.windows(rng)[0]
        fields = fields_of(window, example.axes)
        for rule in (None, tw.optim.Adam(model.parameters())):
            yield trace(model, window, fields, rule, np.float64).program
    for seed in range(RANDOM):
        (window, *_), axes = window_of(seed)
        fields = fields_of(window, axes)
        yield trace(RandomModel(seed), window, fields, None, np.float64).program


@pytest.fixture(scope="module")
def traced() -> list[Program]:
    return list(programs())


def test_every_instruction_is_met(traced: list[Program]) -> None:
    assert {step.op for program in traced for step in program} == OPS
    steps = [step for program in traced for step in program]
    assert {s["function"] for s in steps if s.op == "reduce"} == set(REDUCTIONS)


def test_every_scalar_function_is_met(traced: list[Program]) -> None:
    met = {step["function"] for program in traced for step in program if step.op == "map"}
    assert met == set(FUNCTIONS)


def test_every_op_of_the_random_models_is_met() -> None:
    used = set().union(*(RandomModel(seed).used for seed in range(RANDOM)))
    assert set(UNARY) | set(BINARY) <= used


def test_every_rule_of_algebra_fires(
    traced: list[Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    fired: set[str] = set()

    def noting(rule):
        def noted(step, new):
            found = rule(step, new)
            if found is not None:
                fired.add(rule.__name__)
            return found

        return noted

    names = {rule.__name__ for rule in algebra.RULES}
    monkeypatch.setattr(algebra, "RULES", tuple(noting(rule) for rule in algebra.RULES))
    for program in traced:
        optimized(program)
    assert fired == names


def test_every_pass_changes_something(traced: list[Program]) -> None:
    changed = set()
    for program in traced:
        for run_pass in PASSES:
            result = run_pass(program)
            if result.instructions != program.instructions:
                changed.add(run_pass)
            program = result
    assert changed == set(PASSES)
