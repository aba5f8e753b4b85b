"""Runs that version 0.1 left: they are read, gone on with, repeated and learned on from."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tinygrad_w2v._base.version import versions
from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.word2vec import Word2Vec

FILES = Path(__file__).parents[1] / "fixtures" / "0.1"
needs_numba = pytest.mark.skipif(
    importlib.util.find_spec("numba") is None, reason="numba is not installed"
)
ENGINES = ["numpy", pytest.param("compiled", marks=needs_numba)]


@pytest.fixture(params=ENGINES)
def engine(request) -> str:
    return request.param


def processor_here() -> str:
    """Which processor this is, by all that decides how it rounds; its name alone does not."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0].splitlines()
    except OSError:
        return ""
    kept = ("vendor_id", "cpu family", "model", "flags")
    return "".join(f"{line}\n" for line in lines if line.partition("\t")[0].strip() in kept)


def same_vectors(found: Path, whole: Path) -> None:
    """The same vectors; of kernels the same bytes, too, on the machine that made them.

    The NumPy engine adds up in another order than version 0.1 did, so its last bits are others.
    """
    ours, theirs = (WordVectors.load(folder / "model.npz") for folder in (found, whole))
    assert ours.index_to_key == theirs.index_to_key
    np.testing.assert_allclose(ours.vectors, theirs.vectors, rtol=1e-4, atol=1e-6)
    made = json.loads((whole / "settings.json").read_text(encoding="utf-8"))
    processor = (FILES / "processor.txt").read_text(encoding="utf-8")
    if made["engine"]["name"] == "numpy":
        return
    if versions() == made["versions"] and processor_here() == processor:
        assert ours.vectors.tobytes() == theirs.vectors.tobytes()
        texts = [(folder / "vectors.txt").read_bytes() for folder in (found, whole)]
        assert texts[0] == texts[1]


def test_a_killed_run_goes_on_to_the_vectors_of_one_that_was_never_killed(
    run, engine, tmp_path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(FILES / f"interrupted-{engine}", out)
    done = run("train", FILES / "text.txt", "--resume", "--output", out)
    assert done.status == 0
    assert "going on after" in done.err
    same_vectors(out, FILES / f"run-{engine}")


def test_a_run_is_repeated(run, engine, tmp_path) -> None:
    settings = FILES / f"run-{engine}" / "settings.json"
    out = tmp_path / "out"
    done = run("train", FILES / "text.txt", "--settings", settings, "--output", out)
    assert done.status == 0
    same_vectors(out, FILES / f"run-{engine}")


def test_a_run_is_learned_on_from(run, tmp_path) -> None:
    more, out = tmp_path / "more.txt", tmp_path / "out"
    more.write_text("w1 w2 newcomer w3\n" * 9, encoding="utf-8")
    done = run("train", more, "--update", FILES / "run-numpy", "--output", out, "--epochs", 1)
    assert done.status == 0
    words = WordVectors.load(out / "model.npz")
    assert len(words) == 31 and "newcomer" in words
    assert words.get_vecattr("w1", "count") > 9


def test_a_run_is_asked_and_drawn(run, tmp_path) -> None:
    folder = FILES / "run-numpy"
    assert run("neighbors", "w1", "--vectors", folder).out.startswith("w1\n")
    assert run("graph", "--vectors", folder, "--text").status == 0


def test_the_class_trains_on_a_model_of_the_command(engine) -> None:
    model = Word2Vec.load(FILES / f"run-{engine}" / "model.npz")
    vectors = WordVectors.load(FILES / f"run-{engine}" / "model.npz")
    assert model.wv.index_to_key == vectors.index_to_key
    assert model.wv.vectors.tobytes() == vectors.vectors.tobytes()
