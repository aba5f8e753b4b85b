"""The benchmark of counting runs, on a small text and small files."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

pytest.importorskip("scipy.sparse")

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "counting.py"


def test_the_benchmark_runs(tmp_path, rng, capsys) -> None:
    words = ["man", "king", "woman", "queen", "cat", "dog"]
    lines = [" ".join(rng.choice(words, 8)) for _ in range(200)]
    (tmp_path / "text.txt").write_text("\n".join(lines), encoding="utf-8")
    for name in ("wordsim353.tsv", "simlex999.txt"):
        pairs = "man\tking\t5\nman\twoman\t8\ncat\tdog\t9\ncat\tqueen\t1\ncat\tcow\t7\n"
        (tmp_path / name).write_text(pairs, encoding="utf-8")
    questions = ": royal\nman king woman queen\nman king woman cow\n"
    (tmp_path / "questions-words.txt").write_text(questions, encoding="utf-8")
    specification = importlib.util.spec_from_file_location("counting_benchmark", BENCHMARK)
    assert specification is not None
    assert specification.loader is not None
    benchmark = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(benchmark)
    arguments = [str(tmp_path / "text.txt"), "--data", str(tmp_path), "--dim", "3"]
    benchmark.main([*arguments, "--json"])
    report = json.loads(capsys.readouterr().out)
    assert report["steps"]["read"]["words"] == 1600
    assert report["steps"]["cooccurrence"]["entries"] <= 36
    assert report["scores"]["WordSim-353"]["unknown %"] == 20
    assert report["scores"]["analogies, most_similar"]["asked"] == 1
    benchmark.main(arguments)
    assert "counting, PPMI and SVD: " in capsys.readouterr().out
