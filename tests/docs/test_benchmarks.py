"""Benchmarks are not run by the tests, but none of them can lose what it imports."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = sorted((ROOT / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.stem)
def test_a_benchmark_can_be_imported(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    assert runpy.run_path(str(path), run_name="benchmark")["__doc__"]


@pytest.mark.process
def test_two_trees_are_compared() -> None:
    benchmark = runpy.run_path(str(ROOT / "benchmarks" / "against_commit.py"))
    program = "print(0.5)\nprint('digest', 1)"
    same = benchmark["compare"](program, ROOT, ROOT / "benchmarks", repeat=1)
    assert same == {"before": 0.5, "now": 0.5, "now / before": 1.0, "same bytes": True}
    other = "import os\nprint(1.0)\nprint('digest', os.environ['PYTHONPATH'])"
    assert not benchmark["compare"](other, ROOT, ROOT / "benchmarks", repeat=1)["same bytes"]
