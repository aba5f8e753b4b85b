from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v.vectors import scores
from tinygrad_w2v.vectors.sample_words import sample_words
from tinygrad_w2v.vectors.scores import fisher, scores_of, wilson


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_wilsons_interval_covers_nineteen_of_twenty(share: float, rng: np.random.Generator) -> None:
    drawn = rng.binomial(200, share, size=2000) / 200
    inside = [low <= share <= high for low, high in (wilson(s, 200) for s in drawn.tolist())]
    assert 0.93 < np.mean(inside) < 0.97


def test_fishers_interval_covers_nineteen_of_twenty(rng: np.random.Generator) -> None:
    pairs = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=(600, 80))
    ranks = pairs.argsort(axis=1).argsort(axis=1)
    found = [float(np.corrcoef(r.T)[0, 1]) for r in ranks]
    truth = 6 / np.pi * np.arcsin(0.5 / 2)  # of the ranks of two normal numbers
    inside = [low <= truth <= high for low, high in (fisher(r, 80) for r in found)]
    assert 0.92 < np.mean(inside) < 0.98


def test_only_sets_of_which_enough_is_known_are_scored(tmp_path: Path) -> None:
    words = [f"w{k}" for k in range(200)]
    turns = np.linspace(0, 3, 200)
    vectors = tw.WordVectors(words, np.stack([np.cos(turns), np.sin(turns)], axis=1))
    pairs, few, analogies = (tmp_path / name for name in ("pairs", "few", "analogies"))
    lines = [f"w0\tw{k}\t{30 - k}" for k in range(1, 30)]
    pairs.write_text("\n".join([*lines, "w0\tnobody\t3"]), encoding="utf-8")
    few.write_text("\n".join(lines[:5]), encoding="utf-8")
    asked = "\n".join(f"w{k} w{k + 1} w{k + 2} w{k + 3}" for k in range(25))
    analogies.write_text(f": next\n{asked}\n", encoding="utf-8")
    assert scores_of(tw.WordVectors(words[:150], np.eye(150)), {"p": pairs}) == []
    pair, analogy = scores_of(vectors, {"p": pairs, "f": few, "a": analogies})
    assert (pair.name, pair.known, pair.asked) == ("p", 29, 30)
    assert pair.value == pytest.approx(1.0)
    assert analogy.kind == "accuracy" and analogy.known == 25 and analogy.value > 0.9


def test_no_more_analogies_are_asked_than_is_said(tmp_path: Path, monkeypatch: object) -> None:
    words = [f"w{k}" for k in range(40)]
    vectors = tw.WordVectors(words, np.eye(40))
    path = tmp_path / "analogies"
    asked = "\n".join(f"w{k} w{k + 1} w{k + 2} w{k + 3}" for k in range(36))
    path.write_text(f": next\n{asked}\n", encoding="utf-8")
    answers = vectors.answer_word_analogies(path, most=10)
    which = [place for place, answer in enumerate(answers) if answer.right is not None]
    assert which == [3 * k + 3 * k // 5 for k in range(10)] and len(answers) == 36


def test_sample_words_are_no_function_words() -> None:
    words = "the of which from whales ships で を こと 猫 走る 捕鯨".split()
    counts = [9000, 8000, 5, 5, 40, 30, 4000, 3000, 20, 9, 9, 8]
    vectors = tw.WordVectors(words, np.eye(len(words)), counts=counts)
    assert set(sample_words(vectors, 4)) == {"whales", "ships", "猫", "捕鯨"}
    assert sample_words(tw.WordVectors(["the"], [[1.0]])) == ["the"]
    assert scores.FEWEST > 10
