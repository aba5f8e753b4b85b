"""``eval`` and ``convert``."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.vectors.formats import load


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.tsv"
    lines = [
        "# people say",
        "cat\tdog\t9",
        "cat\tred\t1",
        "blue\tpink\t8",
        "hen\tgrey\t2",
        "x\ty\t5",
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def analogies(tmp_path: Path) -> Path:
    path = tmp_path / "analogies.txt"
    text = ": animals\ncat dog cow hen\ncat dog cow fox\n: colours\nred blue pink grey\n"
    path.write_text(text, encoding="utf-8")
    return path


def test_pairs_and_analogies(run, trained, pairs, analogies) -> None:
    done = run("eval", pairs, analogies, "--vectors", trained)
    assert done.status == 0
    wv = WordVectors.load(trained / "model.npz")
    pearson, spearman, unknown = wv.evaluate_word_pairs(pairs)
    assert unknown == 20.0
    rows = done.out.splitlines()
    assert rows[0] == (
        f"{pairs}: Spearman {spearman[0]:.3f}, Pearson {pearson[0]:.3f}, 80.0% of the pairs known"
    )
    score, sections = wv.evaluate_word_analogies(analogies)
    right = len(sections[-1]["correct"])
    assert rows[1] == f"{analogies}: {score:.1%} right, {right} of 2"
    assert [row.split(":")[0] for row in rows[2:]] == ["  animals", "  colours"]


def test_for_a_program(run, trained, pairs, analogies) -> None:
    options = ("--json", "--cosmul", "--restrict-vocab", 8, "--vectors", trained)
    found = json.loads(run("eval", pairs, analogies, *options).out)
    assert found[str(pairs)]["kind"] == "pairs"
    assert -1 <= found[str(pairs)]["spearman"] <= 1
    assert found[str(analogies)]["asked"] == 2
    names = [row["section"] for row in found[str(analogies)]["sections"]]
    assert names == ["animals", "colours"]


def test_the_sets_of_an_installed_gensim(run, trained, tmp_path, monkeypatch) -> None:
    data = tmp_path / "gensim" / "test" / "test_data"
    data.mkdir(parents=True)
    (data / "wordsim353.tsv").write_text("cat\tdog\t9\ncat\tred\t1\nhen\tcow\t8\n", "utf-8")
    (data / "questions-words.txt").write_text(": a\ncat dog cow hen\n", "utf-8")

    class Spec:
        submodule_search_locations = (str(tmp_path / "gensim"),)

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: Spec)
    done = run("eval", "--vectors", trained)
    assert done.status == 0
    assert done.out.startswith("WordSim-353: Spearman ")
    assert "Google analogies: " in done.out


def test_what_gensim_brings_along_is_understood(run, trained) -> None:
    gensim = importlib.util.find_spec("gensim")
    if gensim is None:
        pytest.skip("gensim is not installed")
    done = run("eval", "--vectors", trained)
    # Two kinds of words for eight vectors: too few pairs to compare, and it says so.
    assert done.status == 2
    assert "pairs can be compared" in done.err


def test_without_gensim_a_path_is_asked_for(run, trained, monkeypatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    done = run("eval", "--vectors", trained)
    assert done.status == 2
    assert "name files: tinygrad-w2v eval wordsim353.tsv" in done.err


def test_files_that_cannot_be_evaluated_on(run, trained, tmp_path) -> None:
    def refused(message: str, *words: object) -> None:
        done = run("eval", *words)
        assert done.status == 2
        assert message in done.err
        assert len(done.err.splitlines()) == 1

    path = tmp_path / "x.txt"
    refused("x.txt cannot be read", path, "--vectors", trained)
    refused("cannot be read", tmp_path, "--vectors", trained)
    path.write_bytes(b"")
    refused("0 pairs can be compared", path, "--vectors", trained)
    path.write_bytes(b"caf\xe9\tcat\t3\n")
    refused("is not UTF-8 text", path, "--vectors", trained)
    path.write_bytes(b": a\nowl fox owl fox\n")
    refused("every analogy has a word without a vector", path, "--vectors", trained)
    path.write_bytes(b": a\nowl fox\n")
    refused("x.txt", path, "--vectors", trained)
    refused("there are no vectors in", path, "--vectors", tmp_path / "none")
    refused("--restrict-vocab must be 1 or more", path, "--restrict-vocab", 0)


# ---------------------------------------------------------------------- convert
@pytest.mark.parametrize("name", ["v.txt", "v.bin", "v.glove", "v.vec", "v.npz", "v.npy", "v.tsv"])
def test_every_format_there_and_back(name, run, trained, tmp_path) -> None:
    there, back = tmp_path / name, tmp_path / "back.npz"
    done = run("convert", trained, there)
    assert (done.status, done.out) == (0, "")
    assert f"wrote {there}: 8 words, npz to " in done.err
    assert run("convert", there, back).status == 0
    ours, theirs = load(trained / "model.npz"), load(back)
    assert ours.index_to_key == theirs.index_to_key
    np.testing.assert_array_equal(ours.vectors, theirs.vectors)
    assert run("neighbors", "cat", "--vectors", there).status == 0


def test_convert_for_a_program_and_in_parts(run, trained, tmp_path) -> None:
    out = tmp_path / "some.data"
    options = ("--to", "word2vec", "--from", "word2vec", "--limit", 3, "--float64", "--json")
    done = run("convert", trained / "vectors.txt", out, *options)
    assert json.loads(done.out) == {"words": 3, "from": "word2vec", "to": "word2vec"}
    assert out.read_text(encoding="utf-8").startswith("3 8\n")


def test_what_cannot_be_converted(run, trained, tmp_path) -> None:
    before = (trained / "vectors.txt").read_bytes()

    def refused(message: str, *words: object) -> None:
        done = run("convert", *words)
        assert done.status == 2
        assert message in done.err
        assert len(done.err.splitlines()) == 1
        assert not (tmp_path / "v.bin").exists()

    vectors, target = trained / "vectors.txt", tmp_path / "v.bin"
    refused("the suffix tells no format", vectors, tmp_path / "v.xyz")
    refused("there is no format 'xyz'", vectors, target, "--to", "xyz")
    refused("there is no format 'xyz'", vectors, target, "--from", "xyz")
    refused("--limit must be 1 or more", vectors, target, "--limit", 0)
    refused("there are no vectors in", tmp_path / "none.txt", target)
    refused("is the source itself", vectors, vectors)
    refused("required: TARGET", vectors)
    refused("does not exist", vectors, tmp_path / "no" / "v.bin")
    broken = tmp_path / "broken.txt"
    broken.write_text("2 3\ncat 1 2\n", encoding="utf-8")
    refused("broken.txt", broken, target)
    assert (trained / "vectors.txt").read_bytes() == before
