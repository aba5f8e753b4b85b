"""The benchmark of vector files runs, on small ones."""

import importlib.util
import json
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "vector_files.py"


def test_the_benchmark_runs(capsys):
    pytest.importorskip("gensim")
    specification = importlib.util.spec_from_file_location("files_benchmark", BENCHMARK)
    benchmark = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(benchmark)
    arguments = ["--words", "50", "--dim", "4", "--queries", "3", "--rounds", "1"]
    benchmark.main([*arguments, "--json"])
    found = json.loads(capsys.readouterr().out)
    assert {"save text", "load binary", "3 queries, a batch"} < set(found)
    assert all(min(each["seconds"]) > 0 for each in found.values())
    benchmark.main(arguments)
    assert "save text, float64" in capsys.readouterr().out
