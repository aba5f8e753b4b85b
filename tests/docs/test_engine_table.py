"""The table of targets: rows of several rounds, from a file that a run goes on with."""

from __future__ import annotations

import importlib
import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
SPEEDS = {("ours", 1): 2.0, ("ours", 2): 3.0, ("gensim", 1): 0.5, ("gensim", 2): 1.0}


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(BENCHMARKS)
    module = importlib.import_module("engine_table")
    monkeypatch.setattr(module, "machine", lambda: "a machine")
    monkeypatch.setattr(module.importlib.metadata, "version", lambda name: "1.0")
    return module


@pytest.fixture
def jobs(benchmark: Any, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Of what was asked for, in order; nothing is run."""
    asked: list[dict[str, Any]] = []

    def measured(order: dict[str, Any]) -> dict[str, Any]:
        asked.append(order)
        speed = SPEEDS[order["system"], order["workers"]]
        busy = 0.5 if order.get("busy") else 1.0
        found = speed * busy * (1e6 + len(asked))
        return {"words/s": found, "words/s, all": found / 2, "loss": 3.0}

    monkeypatch.setattr(benchmark, "in_own_process", measured)
    return asked


def run(benchmark: Any, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr("sys.argv", ["engine_table.py", "text.txt", *arguments])
    benchmark.main()


@pytest.fixture(autouse=True)
def text() -> Path:
    path = Path("text.txt")
    path.write_text("you say goodbye\n", encoding="utf-8")
    return path


def test_a_run_goes_on_where_it_was_stopped(
    benchmark: Any,
    jobs: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(benchmark, monkeypatch, "--rounds", "1", "--only", "threads")
    assert len(jobs) == 8
    run(benchmark, monkeypatch, "--rounds", "2", "--only", "threads,gensim-one")
    assert len(jobs) == 8 + 1 + 9, "one thread of ours is there already, in the first round"
    capsys.readouterr()
    run(benchmark, monkeypatch, "--report", "--only", "threads,gensim-one")
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert len(lines) == 2 + 5
    assert "two threads, x one | 1.75 | 1.9 | 1.5 | 1.5 to 1.5 | 2 | missed |" in lines[2]
    assert "| 9 | 11 | 4 | 4 to 4 | 2 | missed |" in lines[-1]
    assert len(jobs) == 18


def test_what_is_compared_runs_close_together(
    benchmark: Any, jobs: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(benchmark, monkeypatch, "--rounds", "1", "--only", "threads,busy,gensim")
    kinds = [order["kind"] for order in jobs]
    assert kinds == sorted(kinds, key=kinds.index)
    assert len(jobs) == len({json.dumps(order) for order in jobs}) == 4 * 5


def test_results_of_other_settings_are_not_mixed(
    benchmark: Any, jobs: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, text: Path
) -> None:
    run(benchmark, monkeypatch, "--rounds", "1", "--only", "gensim-one")
    with pytest.raises(SystemExit, match="with other epochs: give another --output"):
        run(benchmark, monkeypatch, "--epochs", "1", "--only", "gensim-one")
    text.write_text("another text\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="with other text"):
        run(benchmark, monkeypatch, "--only", "gensim-one")
    assert len(jobs) == 2


def test_unknown_rows_are_refused(
    benchmark: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(benchmark, monkeypatch, "--only", "speed")
    assert "no rows are called 'speed'; there are threads, busy, gensim" in capsys.readouterr().err


@pytest.mark.parametrize(
    "smaller, value, found",
    [
        (False, 1.9, "aim met"),
        (False, 1.8, "met"),
        (False, 1.7, "missed"),
        (True, 1.7, "aim met"),
        (True, 1.76, "missed"),
    ],
)
def test_verdicts(benchmark: Any, smaller: bool, value: float, found: str) -> None:
    aim = 1.7 if smaller else 1.9
    row = Namespace(least=1.75, aim=aim, smaller=smaller)
    assert benchmark.verdict(row, value) == found
    assert benchmark.verdict(Namespace(least=None, aim=None, smaller=smaller), value) == ""
