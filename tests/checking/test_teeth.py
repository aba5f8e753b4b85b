"""Every row of the table would notice a rule that is wrong by one in a thousand."""

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


def scaled(gradients: Any, factor: float) -> Any:
    if isinstance(gradients, tuple):
        return tuple(None if g is None else g * factor for g in gradients)
    return gradients * factor


def rows() -> list[Any]:
    """Every op by its first case; by all others, too, as a proof."""
    parameters, seen = [], set()
    for case in WITH_TEETH:
        marks = [] if set(case.covers) - seen else [pytest.mark.proof]
        parameters.append(pytest.param(case, marks=marks, id=case.name))
        seen |= set(case.covers)
    return parameters


@pytest.mark.parametrize("case", rows())
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
                tw.check_grads(case.function, *case.draw(np.random.default_rng(0)), order=2)


def test_names_are_unique() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names)), sorted({n for n in names if names.count(n) > 1})
