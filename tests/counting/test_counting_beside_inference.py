"""The comparison of counting and inference runs in small, goes on where it stopped, and reports."""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import json
import os
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy.sparse")

ROOT = Path(__file__).parents[2]
SUBJECTS = [["cat", "dog", "horse", "cow", "sheep"], ["red", "blue", "green", "pink", "grey"]]


@pytest.fixture
def comparison(monkeypatch):
    """The script as a module; the processes that it starts find this package."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    place = ROOT / "benchmarks" / "counting_beside_inference.py"
    specification = importlib.util.spec_from_file_location("comparison", place)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def data(tmp_path):
    """Pairs of the same subject are alike, others are not; and a pair with an unknown word."""
    first, second = SUBJECTS
    pairs = [(a, b, 9) for words in SUBJECTS for a, b in itertools.pairwise(words)]
    pairs += [(a, b, 1) for a, b in zip(first, second, strict=True)] + [("cat", "unicorn", 5)]
    text = "".join(f"{a}\t{b}\t{judgement}\n" for a, b, judgement in pairs)
    for name in ("wordsim353.tsv", "simlex999.txt"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    questions = "".join(
        f"{a} {b} {c} {d}\n"
        for a, b, c, d in [
            ("cat", "dog", "red", "blue"),
            ("cat", "dog", "cow", "sheep"),
            ("red", "blue", "cat", "dog"),
            ("cow", "sheep", "pink", "grey"),
            ("cow", "sheep", "pink", "unicorn"),
        ]
    )
    (tmp_path / "questions-words.txt").write_text(": some\n" + questions, encoding="utf-8")
    return tmp_path


@pytest.mark.process
def test_it_runs_goes_on_and_reports(comparison, data, rng, capsys) -> None:
    shares = [[0.3, 0.25, 0.2, 0.15, 0.1], [0.35, 0.2, 0.2, 0.15, 0.1]]  # no two alike
    lines = [" ".join(rng.choice(SUBJECTS[i % 2], 8, p=shares[i % 2])) for i in range(400)]
    text = data / "text.txt"
    text.write_text("\n".join(lines), encoding="utf-8")
    output = data / "rows.jsonl"
    arguments = f"{text} --data {data} --output {output} --dim 4 --epochs 8 --resamples 50".split()
    arguments += ["--neighbors", "cat", "--engine", "numpy"]
    comparison.main([*arguments, "--systems", "PPMI + SVD", "--seeds", "1"])
    alone = capsys.readouterr().out
    assert "13 of 14 pairs |" in alone
    assert "3 groups" in alone, "the groups of the questions that are known"
    both = [*arguments, "--systems", "PPMI + SVD;skip-gram", "--seeds", "1,2"]
    comparison.main(both)
    printed = capsys.readouterr()
    rows = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    found = [(row["job"], row["system"], row["seed"]) for row in rows]
    assert found == [
        ("vectors", "PPMI + SVD", 1),
        ("vectors", "skip-gram", 1),
        ("vectors", "PPMI + SVD", 2),
        ("vectors", "skip-gram", 2),
    ]
    assert printed.err.count("vectors") == 3, "what stood in the file was not run again"
    assert [row["engine"] for row in rows] == ["SciPy", "numpy"] * 2
    assert all(row["peak bytes"] > 1e7 and row["vocabulary"] == 10 for row in rows)
    assert rows[0]["pairs"] == rows[2]["pairs"], "the start of the iteration decides nothing"
    assert rows[1]["pairs"] != rows[3]["pairs"]
    assert [len(answers) for answers in rows[0]["analogies"]] == [2, 1, 2]
    assert "".join(rows[0]["analogies"]).count("?") == 1
    for row in rows:
        assert len(row["neighbors"]["cat"]) == 5
    table = [line for line in printed.out.splitlines() if line.startswith("| PPMI + SVD - skip")]
    assert len(table) == 1
    assert table[0].count(" to ") == 3, "a difference for each test"
    assert "| *cat* |" in printed.out
    comparison.main(both)
    again = capsys.readouterr()
    assert (again.out, again.err) == (printed.out, "")
    comparison.main([*both, "--window", "2", "--systems", "PPMI + SVD", "--seeds", "1"])
    other = json.loads(output.read_text(encoding="utf-8").splitlines()[-1])
    assert other["setting"]["window"] == 2, "runs of other settings are not mixed in"


@pytest.mark.process
def test_a_beginning_of_the_built_in_corpus(comparison, data, capsys) -> None:
    """The small mode, with a word that is added later."""
    arguments = f"--words 30000 --data {data} --output {data / 'rows.jsonl'} --dim 8".split()
    # Of the size that most tests of Word2Vec have, so that the kernel is there already.
    arguments += "--epochs 1 --seeds 3 --resamples 20 --new-word function".split()
    comparison.main([*arguments, "--systems", "PPMI + SVD;CBOW"])
    lines = (data / "rows.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["job"] for row in rows] == ["vectors"] * 2 + ["new word"] * 2
    for row in rows[2:]:
        assert row["word"] == "function"
        assert row["added"] >= 1
        assert min(row["sentences"]) > 5
        assert len(row["updated"]) == len(row["anew"]) == 10
        assert 0 < row["old neighbours kept"] < 1
        assert row["other seed"] != row["updated"]
    counted, learned = rows[2:]
    assert counted["kept by another seed"] == 1, "counts have no seed"
    assert learned["kept by another seed"] < 1
    printed = capsys.readouterr().out
    assert "too few known" in printed
    assert "adding *function*" in printed


@pytest.fixture
def tables(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module("comparison_tables")


def test_scores_are_of_what_all_know(tables) -> None:
    def row(system, cosines, answers):
        pairs = {"P": [[float(i), cosine] for i, cosine in enumerate(cosines)]}
        return {"system": system, "pairs": pairs, "analogies": answers}

    rows = {
        "one": [row("one", [0.1, None, 0.3, 0.4, 0.9], ["rw", "?r"])],
        "two": [
            row("two", [0.5, 0.4, 0.3, None, 0.1], ["rr", "rw"]),
            row("two", [0.1, 0.4, 0.3, 0.1, 0.9], ["rw", "rr"]),
        ],
    }
    pairs = tables.of_pairs(rows, "P")
    assert (len(pairs.groups), pairs.coverage) == (3, "3 of 5 pairs")
    np.testing.assert_allclose(pairs.scores(np.arange(3))[0], [1])
    np.testing.assert_allclose(pairs.scores(np.arange(3))[1], [-1, 1])
    analogies = tables.of_analogies(rows)
    assert analogies.groups.tolist() == [0, 0, 1]
    assert analogies.coverage == "3 of 4 questions, in 2 groups"
    assert analogies.scores(np.array([0, 1, 2])) == [[2 / 3], [2 / 3, 2 / 3]]
    assert analogies.scores(np.array([0, 0, 1])) == [[2 / 3], [1.0, 2 / 3]]


def test_a_score_comes_with_both_doubts(tables) -> None:
    """The second system is right where the first is, and once more in every group."""
    right = [np.tile([True, False, False], 20), np.tile([True, True, False], 20)]
    test = tables.Test(
        lambda items: [[float(row[items].mean())] * 2 for row in right],
        np.repeat(np.arange(20), 3),
        "all",
    )
    cells = tables.scored(test, 2, [(0, 1)], np.random.default_rng(0), 50)
    assert cells == [
        "0.333 ± 0.000 (0.333 to 0.333)",
        "0.667 ± 0.000 (0.667 to 0.667)",
        "**-0.333 ± 0.000 (-0.333 to -0.333)**",
    ]
    few = tables.Test(test.scores, np.array([4, 4, 5]), "few")
    assert tables.scored(few, 2, [(0, 1)], np.random.default_rng(0), 9) == ["too few known"] * 3


def test_an_unknown_system_is_refused(comparison, data, capsys) -> None:
    with pytest.raises(SystemExit):
        comparison.main(["--systems", "GloVe", "--data", str(data)])
    assert "unknown systems ['GloVe']; there are PPMI + SVD; " in capsys.readouterr().err
