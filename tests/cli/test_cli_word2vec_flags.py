"""The options of word2vec.c are understood, and ours are named."""

from __future__ import annotations

import json

import pytest


def test_a_command_line_of_word2vec(run, text, tmp_path) -> None:
    out = tmp_path / "out"
    words = (
        f"-train {text} -output {out} -size 6 -window 2 -sample 1e-4 -negative 3 -hs 0 "
        "-cbow 0 -iter 2 -min-count 1 -alpha 0.02 -threads 1 -binary 0 -classes 0 -debug 2"
    )
    done = run("train", *words.split())
    assert done.status == 0
    assert "note: read as: tinygrad-w2v train " in done.err
    assert "--model skipgram --epochs 2 --min-count 1 --alpha 0.02 --workers 1" in done.err
    settings = json.loads((out / "settings.json").read_text(encoding="utf-8"))["settings"]
    expected = {"model": "skipgram", "size": 6, "window": 2, "sample": 1e-4, "negative": 3}
    expected |= {"epochs": 2, "min_count": 1, "alpha": 0.02, "hs": False}
    assert settings | expected == settings


def test_hierarchical_softmax(run, text, tmp_path) -> None:
    out = tmp_path / "out"
    words = f"-train {text} -output {out} -size 6 -cbow 1 -hs 1 -negative 0 -iter 1"
    assert run("train", *words.split(), "--quiet", "--engine", "numpy").status == 0
    settings = json.loads((out / "settings.json").read_text(encoding="utf-8"))["settings"]
    assert (settings["hs"], settings["negative"], settings["model"]) == (True, 0, "cbow")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("-iter", "-iter of word2vec.c needs a value"),
        ("-cbow 2", "-cbow of word2vec.c is 0 or 1, not 2"),
        ("-hs yes", "-hs of word2vec.c is 0 or 1, not yes"),
        ("-binary 1", "-binary 1 of word2vec.c has no counterpart: vectors.txt is text"),
        ("-classes 500", "-classes 500 of word2vec.c has no counterpart"),
        ("-save-vocab v.txt", "-save-vocab v.txt of word2vec.c has no counterpart"),
        ("-iter three", "argument --epochs: invalid int value: 'three'"),
        ("-iter 0", "--epochs must be 1 or more, not 0"),
        ("-train nothing.txt", "nothing.txt does not exist"),
        ("-itr 3", "there is no option -itr"),
    ],
)
def test_values_that_cannot_be(words, message, run, text, tmp_path) -> None:
    done = run("train", text, "--quiet", "--output", tmp_path / "out", *words.split())
    assert done.status == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()
