"""The keywords of gensim's Word2Vec as options of ``train``."""

from __future__ import annotations

import inspect
import json

import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._cli.options import add_options
from tinygrad_w2v._cli.parsing import Parser

SMALL = ("--size", 8, "--epochs", 1, "--min-count", 1, "--engine", "numpy")


def test_each_keyword_of_word2vec_has_a_flag() -> None:
    parser = Parser(prog="train")
    add_options(parser)
    known = {flag.removeprefix("--").replace("-", "_") for flag in parser.flags}
    known |= {action.dest for action in parser._actions}
    keywords = set(inspect.signature(tw.Word2Vec).parameters)
    assert keywords - known <= {
        *("sentences", "corpus_file", "corpus_iterable"),  # CORPUS
        *("callbacks", "checkpoint"),  # objects of a program; a folder of the run
    }


def test_names_of_gensim(run, text, tmp_path, monkeypatch) -> None:
    (tmp_path / "my_rules.py").write_text(
        "def rule(word, count, min_count):\n    return 1 if word == 'cat' else 0\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    words = "--sg 0 --cbow-mean 0 --shrink-windows 0 --trim-rule my_rules:rule --compute-loss"
    quiet = ("--quiet", "--output", tmp_path / "out")
    assert run("train", text, *SMALL, *words.split(), *quiet) == (0, "", "")
    found = json.loads((tmp_path / "out" / "settings.json").read_text(encoding="utf-8"))
    expected = {"model": "cbow", "cbow_mean": False, "shrink_windows": False}
    assert found["settings"] | expected == found["settings"]
    assert found["request"]["trim_rule"] == "my_rules:rule"
    assert "cat" not in tw.WordVectors.load(tmp_path / "out" / "model.npz")
    again = ("train", "--settings", "out/settings.json", "--output", tmp_path / "again")
    done = run(*again, "--trim-rule", "my_rules:rule")
    assert "the vectors are those of out/settings.json, byte for byte" in done.err
    done = run("train", text, *SMALL, "--batch-words=9", "--comment", "hi", "--output", "third")
    assert "note: --batch-words, --comment: accepted as in gensim, without effect" in done.err
    done = run("train", "--settings", "out/settings.json", "--sg", 1, "--output", "other")
    assert done.status == 2
    assert '--sg gives "skipgram", and out/settings.json says "cbow"; leave out --sg' in done.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--sg 2", "argument --sg: '2' is neither 0 nor 1"),
        ("--cbow-mean yes", "argument --cbow-mean: 'yes' is neither 0 nor 1"),
        ("--trim-rule no_such_module:rule", "trim rule 'no_such_module:rule' cannot be imported"),
        ("--trim-rule json:decoder", "trim rule 'json:decoder' is no function but module"),
        ("--compat gensim", "argument --compat: 'gensim' is neither word2vec nor gradient"),
    ],
)
def test_names_of_gensim_with_other_values(words, message, run, text, tmp_path) -> None:
    done = run("train", text, "--output", tmp_path / "out", *words.split())
    assert done.status == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()
