"""The benchmark of the optional steps runs, on a small model."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numba", reason="numba is not installed")

from tinygrad_w2v.compiler.codegen.kernel_cache import FOLDER_VARIABLE

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "ablation.py"
SMALL = ("--rounds", "1", "--examples", "20", "--rows", "30", "--dim", "4")


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv(FOLDER_VARIABLE, os.environ.get(FOLDER_VARIABLE, ""))
    specification = importlib.util.spec_from_file_location("ablation_benchmark", BENCHMARK)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_benchmark_runs(benchmark: Any, capsys: pytest.CaptureFixture[str]) -> None:
    benchmark.main([*SMALL, "--models", "matrix factorization", "--steps", "fuse", "--json"])
    (times,) = json.loads(capsys.readouterr().out).values()
    assert [*times] == ["default", "fuse"]
    assert all(time["ns"] > 0 for time in times.values())


def test_its_models_and_its_table(benchmark: Any) -> None:
    settings = benchmark.settings(5, 30, 4)
    for setting in settings.values():
        model = setting.make()
        assert float(model.loss(setting.examples[0])) > 0
    found = {
        model: {"default": {"ns": 200.0}, "jam": {"ns": 240.0}, "fuse": {"ns": 190.0}}
        for model in settings
    }
    del found["CBOW"]["jam"]
    lines = benchmark.table(found, ["jam", "fuse"]).splitlines()
    jam = dict.fromkeys(settings, "1.20") | {"CBOW": "same kernel"}
    assert lines[0] == (
        "| left out | skip-gram | skip-gram, d 112 | skip-gram, d 128 | CBOW "
        "| matrix factorization | tanh encoder | GloVe triples |"
    )
    assert lines[1] == "|" + " --- |" * 8
    assert lines[3:] == [
        "| `jam` | " + " | ".join(jam.values()) + " |",
        "| `fuse` |" + " 0.95 |" * 7,
    ]


@pytest.mark.parametrize("model", ["tanh encoder", "GloVe triples"])
def test_users_models_are_compiled(
    benchmark: Any, capsys: pytest.CaptureFixture[str], model: str
) -> None:
    benchmark.main([*SMALL, "--models", model, "--steps", "fuse", "--json"])
    (times,) = json.loads(capsys.readouterr().out).values()
    assert times["default"]["ns"] > 0
