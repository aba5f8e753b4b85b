"""What commands say of the compiled engine: `check --compiled`, `graph --compiled`, `doctor`."""

from __future__ import annotations

import importlib.util
import json
from itertools import islice
from pathlib import Path

import pytest

from tinygrad_w2v._cli import compiled
from tinygrad_w2v.compiler.inspect import compare


@pytest.fixture
def no_numba(monkeypatch) -> None:
    """As if numba were not installed."""
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "numba" else find(name, *a)
    )


@pytest.fixture
def one_model(monkeypatch) -> None:
    """A model is enough: all of them are compared in the compiler's own tests."""
    whole = compiled.models
    monkeypatch.setattr(compiled, "models", lambda: islice(whole(), 1))


@pytest.mark.usefixtures("one_model")
def test_check_compiled_prints_a_table(run) -> None:
    pytest.importorskip("numba")
    done = run("check", "--compiled")
    assert done.status == 0
    assert "CBOW, negative sampling" in done.out
    assert "native kernel" in done.out
    assert "all 1 models agree with the graph" in done.out
    (row,) = json.loads(run("check", "--compiled", "--json").out)
    assert set(row["errors"]) == set(compiled.STAGES)
    assert max(row["errors"].values()) < 1e-10


def test_the_models_are_all_there_are() -> None:
    names = [name for name, *_ in compiled.models()]
    assert len(set(names)) == 6
    for _, _, windows, axes in compiled.models():
        assert {len(window.contexts) for window in windows} == {1, 4, 5}
        assert set(axes) >= {"contexts", "offsets"}


@pytest.mark.usefixtures("no_numba")
def test_check_compiled_without_numba(run) -> None:
    done = run("check", "--compiled")
    assert done.status == 0
    assert "all 6 models agree with the graph" in done.out
    last = done.out.splitlines()[-1]
    assert last == "no native kernel: it needs numba, pip install 'tinygrad_w2v[fast]'"


@pytest.mark.usefixtures("one_model", "no_numba")
def test_check_compiled_names_what_is_wrong(run, monkeypatch) -> None:
    right = compare.interpret

    def wrong(program, window, tables, *rest):
        loss = right(program, window, tables, *rest)
        tables["w_out"] *= 1.001
        return loss

    monkeypatch.setattr(compare, "interpret", wrong)
    done = run("check", "--compiled")
    assert done.status == 1
    assert "WRONG" in done.out
    assert "CBOW, negative sampling: the engine `traced` differs" in done.out
    assert "1 of 1 models differ" in done.out


def test_graph_compiled(run, trained: Path, tmp_path) -> None:
    done = run("graph", "--compiled", "--text", "--vectors", trained)
    assert done.status == 0
    assert done.out.startswith("one example\n")
    assert "1. for " in done.out
    assert "(8, 8)" in done.out
    target = tmp_path / "window.dot"
    options = ["--compiled", "--vectors", trained, "--direction", "LR", "--output", target]
    assert run("graph", *options).status == 0
    assert "add_rows" in target.read_text(encoding="utf-8")


@pytest.mark.parametrize("model", ["cbow", "skipgram"])
def test_graph_compiled_of_an_untrained_model(run, model) -> None:
    done = run("graph", "--compiled", "--text", "--model", model)
    assert "(C,) int" in done.out
    assert done.out.count("add_rows(") == 2


def test_graph_compiled_of_a_tree(run, text: Path, tmp_path) -> None:
    folder = tmp_path / "tree"
    options = ["--hs", "--size", 8, "--epochs", 1, "--quiet"]
    assert run("train", text, *options, "--output", folder).status == 0
    done = run("graph", "--compiled", "--text", "--vectors", folder)
    assert "targets" in done.out and "(L,) int" in done.out


@pytest.mark.parametrize("option", ["--values", "--backward"])
def test_graph_compiled_refuses_what_it_has_not(run, option) -> None:
    done = run("graph", "--compiled", option, "--model", "cbow", "--text")
    assert done.status == 2
    assert f"leave out {option}" in done.err


@pytest.mark.usefixtures("no_numba")
def test_doctor_without_numba(run) -> None:
    found = json.loads(run("doctor", "--json").out)
    assert found["engines"] == "numpy"
    assert found["compiled engine"] == "no numba: pip install 'tinygrad_w2v[fast]'"
