"""Every row of the table is right to second order, and would notice a rule that is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.checking.case import Case
from tinygrad_w2v.checking.cases import CASES

pytestmark = pytest.mark.grad
WITH_TEETH = [case for case in CASES if not case.toothless]


def every(cases: list[Case]) -> Any:
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)


def check(case: Case, order: int) -> None:
    tw.check_grads(case.function, *case.draw(np.random.default_rng(0)), order=order)


def scaled(gradients: Any, factor: float) -> Any:
    if isinstance(gradients, tuple):
        return tuple(None if g is None else g * factor for g in gradients)
    return gradients * factor


@every(CASES)
def test_first_and_second_derivatives(case: Case) -> None:
    check(case, order=2)


@every(WITH_TEETH)
def test_a_rule_wrong_by_one_in_a_thousand_is_noticed(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    for op in case.covers:
        right: Any = op.backward

        def wrong(self: Function, *g: Any, right: Any = right) -> Any:
            return scaled(right(self, *g), 1.001)

        with monkeypatch.context() as patched:
            patched.setattr(op, "backward", wrong)
            with pytest.raises(tw.GradientError, match="wrong at"):
                check(case, order=2)


def test_every_op_of_the_table_has_a_row_with_teeth_or_no_gradient() -> None:
    toothless = {op for case in CASES for op in case.covers}
    toothless -= {op for case in WITH_TEETH for op in case.covers}
    assert {op.__name__ for op in toothless} <= {"Sign", "StopGradient"}


def test_names_are_unique() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names)), sorted({n for n in names if names.count(n) > 1})


def concrete_ops() -> set[type[Function]]:
    """All ops of the package; a base class of others is none."""
    found: set[type[Function]] = set()
    waiting: list[type[Function]] = [Function]
    while waiting:
        for op in waiting.pop().__subclasses__():
            waiting.append(op)
            if op.__module__.startswith("tinygrad_w2v.") and not op.__subclasses__():
                found.add(op)
    return found


def test_no_op_is_missing() -> None:
    missing = concrete_ops() - {op for case in CASES for op in case.covers}
    assert not missing, f"no row in tinygrad_w2v/checking/cases for {missing}"
