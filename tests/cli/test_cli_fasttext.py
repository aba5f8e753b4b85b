"""``train --model fasttext``: runs of words in parts, repeated, learned on from, asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tinygrad_w2v.cli import main
from tinygrad_w2v.vectors.subword_vectors import SubwordVectors
from tinygrad_w2v.word2vec import FastText

SENTENCES = ["walked talked walking talking", "reddish bluish greenish", "été 日本語 猫"]
SMALL = ["--size", "6", "--sample", "0", "--epochs", "2", "--bucket", "80", "--engine", "numpy"]
SMALL += ["--model", "fasttext", "--tokenizer", "whitespace", "--quiet"]


@pytest.fixture
def text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "text.txt"
    path.write_text("\n".join(SENTENCES * 20), encoding="utf-8")
    return str(path)


def test_a_run_answers_of_unseen_words_and_is_repeated_and_learned_on_from(text, capsys) -> None:
    assert main(["train", text, *SMALL, "--sg", "1", "--min-n", "2", "--output", "a"]) == 0
    told = json.loads(Path("a/settings.json").read_text(encoding="utf-8"))
    asked = told["request"]["settings"]
    assert (asked["model"], asked["bucket"], asked["min_n"]) == ("skipgram", 80, 2)
    model, vectors = FastText.load("a/model.npz"), SubwordVectors.load("a/model.npz")
    assert (model.sg, model.min_n) == (1, 2)
    assert (model.wv["walker"] == vectors["walker"]).all()
    capsys.readouterr()
    assert main(["neighbors", "walker", "--vectors", "a", "--topn", "2", "--json"]) == 0
    nearest = json.loads(capsys.readouterr().out)["walker"]
    assert [word for word, _ in nearest] == [w for w, _ in vectors.most_similar("walker", topn=2)]
    assert main(["train", "--settings", "a/settings.json", "--output", "b", "--quiet"]) == 0
    assert Path("a/model.npz").read_bytes() == Path("b/model.npz").read_bytes()
    more = ["--update", "a", "--output", "c", "--min-count", "1", "--quiet"]
    Path("more.txt").write_text("walked walker walking\n" * 9, encoding="utf-8")
    assert main(["train", "more.txt", *more]) == 0
    assert "walker" in FastText.load("c/model.npz").wv.key_to_index
    model.save("kept.npz")
    more[1], more[3] = "kept.npz", "d"
    assert main(["train", "more.txt", *more, "--tokenizer", "whitespace"]) == 0
    assert FastText.load("d/model.npz").bucket == 80


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (["--model", "cbow", "--min-n", "2"], "--min-n is of --model fasttext; leave out --min-n"),
        (["--bucket", "9"], "--bucket is of --model fasttext; leave out --bucket"),
        (
            ["--model", "fasttext", "--compat", "gradient"],
            "--compat is of --model cbow or skipgram",
        ),
        (["--model", "fasttext", "--max-n", "2"], "--max-n is 2, below --min-n 3; use --max-n 0"),
        (
            ["--model", "skipgram", "--sg", "0"],
            "--sg says cbow, and --model skipgram; leave out one",
        ),
        (["--model", "fasttext", "--bucket", "1000000000"], "use a smaller --bucket or --size"),
    ],
)
def test_options_of_another_model_are_refused(given, problem, text, capsys) -> None:
    assert main(["train", text, *given]) == 2
    assert problem in capsys.readouterr().err


def test_what_vectors_are_made_of_stays(text, capsys) -> None:
    assert main(["train", text, *SMALL, "--output", "a"]) == 0
    for given in (["--bucket", "81"], ["--sg", "1"], ["--model", "cbow"], ["--max-n", "5"]):
        assert main(["train", text, "--update", "a", "--output", "b", *given]) == 2
        assert f"{given[0]} cannot change with --update" in capsys.readouterr().err


def test_the_tables_are_told_before_the_training(text, capsys) -> None:
    given = [word for word in SMALL if word != "--quiet"]
    assert main(["train", text, *given]) == 0
    said = capsys.readouterr().err
    assert "10 words and 80 buckets of n-grams with 6 numbers each take" in said
    assert said.index("a smaller --bucket takes less") < said.index("engine numpy")
    assert "fasttext cbow" in said
