"""Over all programs of the tests, every instruction, pass and rule does something."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
from own_models import EXAMPLES, NATIVE, NATIVE_RULES
from random_models import RandomModel, window_of
from random_ops import BINARY, UNARY

import tinygrad_w2v as tw
from tinygrad_w2v.compiler.ir.ops import OPS
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.ir.scalar_functions import FUNCTIONS
from tinygrad_w2v.compiler.passes import PASSES, algebra, optimized
from tinygrad_w2v.compiler.trace.trace import fields_of, trace

RANDOM = 250


@cache
def own(name: str, optimizer: str = "", dtype: type = np.float64) -> Program:
    example, rng = EXAMPLES[name], np.random.default_rng(0)
    model, window = example.make(rng), example.windows(rng)[0]
    rule = getattr(tw.optim, optimizer)(model.parameters()) if optimizer else None
    return trace(model, window, fields_of(window, example.axes), rule, dtype).program


@cache
def drawn(seed: int) -> Program:
    (window, *_), axes = window_of(seed)
    return trace(RandomModel(seed), window, fields_of(window, axes), None, np.float64).program


def programs() -> Iterator[Program]:
    """One after the other: who has met all that there is need not wait for the rest."""
    for name in EXAMPLES:
        for optimizer in ("", "Adam"):
            yield own(name, optimizer)
    for seed in range(RANDOM):
        yield drawn(seed)


def ops_of(program: Program) -> set[str]:
    """The instructions that there are, those in the bodies of loops included."""
    bodies = [step["body"] for step in program.of_op("scan")]
    return {step.op for step in program}.union(*map(ops_of, bodies))


def met(program: Program, op: str) -> set[str]:
    """The functions that the instructions of a kind compute."""
    return {step["function"] for step in program if step.op == op}


def test_every_instruction_is_met() -> None:
    ops: set[str] = set()
    reductions: set[str] = set()
    for program in programs():
        ops |= ops_of(program)
        reductions |= met(program, "reduce")
        if (ops, reductions) == (set(OPS), set(OPS["reduce"].functions)):
            break
    assert ops == set(OPS)
    assert reductions == set(OPS["reduce"].functions)


def test_every_scalar_function_is_met() -> None:
    functions: set[str] = set()
    for program in programs():
        functions |= met(program, "map")
        if functions == set(FUNCTIONS):
            break
    assert functions == set(FUNCTIONS)


def test_native_code_has_what_any_model_of_a_users_has() -> None:
    """Not all of them are compiled in every run: those that are leave nothing out."""
    native = [optimized(own(name, "", dtype)) for dtype in NATIVE for name in NATIVE[dtype]]
    native += [optimized(own(name, rule)) for name, rule in NATIVE_RULES]
    every = [optimized(own(name, optimizer)) for name in EXAMPLES for optimizer in ("", "Adam")]
    for kind in ("map", "reduce"):
        assert set().union(*(met(p, kind) for p in native)) >= set().union(
            *(met(p, kind) for p in every)
        )
    assert {step.op for p in native for step in p} >= {step.op for p in every for step in p}


def test_every_op_of_the_random_models_is_met() -> None:
    used: set[str] = set()
    for seed in range(RANDOM):
        used |= RandomModel(seed).used
        if set(UNARY) | set(BINARY) <= used:
            break
    assert set(UNARY) | set(BINARY) <= used


def test_every_rule_of_algebra_fires(monkeypatch: pytest.MonkeyPatch) -> None:
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
    for program in programs():
        optimized(program)
        if fired == names:
            break
    assert fired == names


def test_every_pass_changes_something() -> None:
    changed = set()
    for program in programs():
        if changed == set(PASSES):
            break
        for run_pass in PASSES:
            result = run_pass(program)
            if result.instructions != program.instructions:
                changed.add(run_pass)
            program = result
    assert changed == set(PASSES)
