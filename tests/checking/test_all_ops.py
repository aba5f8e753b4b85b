"""The table of ``tinygrad-w2v check``: complete, readable, and red when a rule is wrong."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from tinygrad_w2v.checking import all_ops
from tinygrad_w2v.checking.cases import CASES
from tinygrad_w2v.functions import lookup
from tinygrad_w2v.functions.arithmetic import Multiply
from tinygrad_w2v.functions.elementwise import Exp

pytestmark = pytest.mark.grad


@pytest.fixture(scope="module")
def results() -> list[all_ops.Result]:
    return all_ops.run_checks()


def test_all_ops_and_models_are_there_and_right(results: list[all_ops.Result]) -> None:
    ops = {op for case in CASES for op in case.covers}
    models = [r.op for r in results if r.family == "models"]
    assert len(results) == len(ops) + len(models)
    assert len(models) == 8
    assert {name.split()[0].rstrip(",") for name in models} == {"CBOW", "SkipGram"}
    assert [r.failures for r in results if not r.passed] == []
    assert all(r.first_order < 1e-5 and r.second_order < 1e-5 for r in results if r.op != "cast")
    # The models do have gradients of both orders.
    assert all(r.first_order > 0 and r.second_order > 0 for r in results if r.family == "models")


def test_the_table_is_aligned_and_says_the_outcome(results: list[all_ops.Result]) -> None:
    text = all_ops.as_table(results)
    lines = text.splitlines()
    assert lines[0].split() == "family op or model variants 1st order 2nd order status".split()
    column = lines[0].index("status")
    body = lines[2 : 2 + len(results)]
    assert all(line[column:] == "ok" for line in body)
    assert "agree with finite differences" in lines[-1]
    assert max(map(len, lines)) < 120


def test_json(results: list[all_ops.Result]) -> None:
    document = json.loads(all_ops.as_json(results))
    assert document["passed"] is True
    assert len(document["results"]) == len(results)
    assert set(document["results"][0]) >= {"family", "op", "variants", "passed", "failures"}


def run(cases: list[Any]) -> list[all_ops.Result]:
    return all_ops.run_checks(cases, models=False)


def few(names: set[str]) -> list[Any]:
    return [case for case in CASES if case.name in names]


def test_a_wrong_rule_makes_the_table_red(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Exp, "backward", lambda self, g: g * self.saved[0] * 1.001)
    outcomes = run(few({"exp", "log", "multiply"}))
    monkeypatch.setattr(all_ops, "run_checks", lambda: outcomes)
    assert {r.op: r.passed for r in outcomes} == {"multiply": True, "exp": False, "log": True}
    stream = io.StringIO()
    assert all_ops.main_table(stream) is False
    text = stream.getvalue()
    assert "1 WRONG" in text
    assert "exp: check_grads: the gradient of exp is wrong" in text
    assert "1 case(s) differ" in text
    stream = io.StringIO()
    assert all_ops.main_table(stream, json=True) is False
    assert json.loads(stream.getvalue())["passed"] is False


def test_a_rule_that_raises_is_a_failure_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Any, g: Any) -> Any:
        raise KeyError("oops")

    monkeypatch.setattr(Multiply, "backward", broken)
    (result,) = run(few({"multiply"}))
    assert not result.passed
    assert "KeyError" in result.failures[0]
    assert json.loads(all_ops.as_json([result]))["results"][0]["first_order"] is None


def test_models_notice_a_wrong_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    right = lookup.Rows.backward
    monkeypatch.setattr(lookup.Rows, "backward", lambda self, g: right(self, g) * 1.001)
    outcomes = all_ops.run_checks([], models=True)
    assert len(outcomes) == 8
    assert not any(result.passed for result in outcomes)
    assert "w_in[" in outcomes[0].failures[0] or "w_out[" in outcomes[0].failures[0]
