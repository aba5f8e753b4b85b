from __future__ import annotations

import json

import pytest

from tinygrad_w2v.checking import all_ops
from tinygrad_w2v.functions import arithmetic


@pytest.fixture
def few_cases(monkeypatch) -> None:
    """Two ops and no models, as all of them take a while and have tests of their own."""
    whole = all_ops.run_checks
    cases = [case for case in all_ops.CASES if arithmetic.Multiply in case.covers][:2]
    assert cases
    monkeypatch.setattr(all_ops, "run_checks", lambda: whole(cases, models=False))


@pytest.mark.usefixtures("few_cases")
def test_check_prints_a_table(run) -> None:
    done = run("check")
    assert done.status == 0
    assert "multiply" in done.out
    assert "ok" in done.out
    assert json.loads(run("check", "--json").out)


@pytest.mark.usefixtures("few_cases")
def test_check_fails_for_a_wrong_rule(run, monkeypatch) -> None:
    right = arithmetic.Multiply.backward

    def wrong(self, g):
        gx, gy = right(self, g)
        return (gx if gx is None else 1.001 * gx), gy

    monkeypatch.setattr(arithmetic.Multiply, "backward", wrong)
    done = run("check")
    assert done.status == 1
    assert "WRONG" in done.out
