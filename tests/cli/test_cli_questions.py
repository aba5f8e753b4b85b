"""The commands that read a run: neighbors, analogy, graph; and doctor, help, version."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tinygrad_w2v._base.version import __version__
from tinygrad_w2v._cli import doctor
from tinygrad_w2v.cli import COMMANDS
from tinygrad_w2v.drawing.layout import fonts
from tinygrad_w2v.vectors import WordVectors


def test_neighbors(run, trained: Path) -> None:
    wv = WordVectors.load(trained / "model.npz")
    done = run("neighbors", "cat", "red", "--topn", 3, "--vectors", trained)
    assert done.status == 0
    rows = done.out.splitlines()
    assert rows[0] == "cat"
    assert rows[4] == "red"
    expected = [f"  {cosine:.3f}  {word}" for word, cosine in wv.most_similar("cat", topn=3)]
    assert rows[1:4] == expected


@pytest.mark.parametrize("name", ["", "model.npz", "vectors.txt"])
def test_neighbors_for_a_program(name, run, trained: Path) -> None:
    done = run("neighbors", "cat", "--json", "--vectors", trained / name)
    found = json.loads(done.out)
    assert list(found) == ["cat"]
    assert len(found["cat"]) == 7


def test_the_default_folder(run, trained: Path, monkeypatch) -> None:
    trained.rename(trained.parent / "w2v-out")
    monkeypatch.chdir(trained.parent)
    assert run("neighbors", "cat").status == 0
    assert run("graph").status == 0
    assert "<svg" in Path("graph.svg").read_text(encoding="utf-8")


def test_analogy(run, trained: Path) -> None:
    wv = WordVectors.load(trained / "model.npz")
    done = run("analogy", "cat", "dog", "red", "--json", "--vectors", trained)
    expected = wv.most_similar(positive=["dog", "red"], negative=["cat"])
    assert [word for word, _ in json.loads(done.out)] == [word for word, _ in expected]
    done = run("analogy", "cat", "dog", "red", "--topn", 1, "--vectors", trained)
    assert done.out.splitlines()[0] == "cat is to dog as red is to"
    assert expected[0][0] in done.out.splitlines()[1]


def test_graph_of_the_trained_model(run, trained: Path, tmp_path) -> None:
    done = run("graph", "--text", "--vectors", trained)
    assert done.status == 0
    assert "w_in" in done.out
    assert "(8, 8) float32" in done.out
    assert "backward" in done.out
    for name in ("g.svg", "g.dot", "g.txt", "g.html"):
        assert run("graph", "--vectors", trained, "--output", tmp_path / name).status == 0
        assert "w_out" in (tmp_path / name).read_text(encoding="utf-8")
    words = json.dumps(WordVectors.load(trained / "model.npz").index_to_key)
    page = (tmp_path / "g.html").read_text(encoding="utf-8")
    assert f'"first":{words.replace(", ", ",")}' in page  # the rows of the tables have their words
    done = run("graph", "--vectors", trained, "--output", tmp_path / "g.bmp")
    assert done.status == 2
    assert "end its name in" in done.err


def test_graph_of_an_untrained_model(run) -> None:
    done = run("graph", "--model", "skipgram", "--text")
    assert "SkipGram" in done.out
    assert "log_sigmoid" in done.out


def test_doctor(run, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("TINYGRAD_W2V_KERNELS", str(tmp_path / "kernels"))
    done = run("doctor", "--json")
    found = json.loads(done.out)
    assert done.status == 0
    assert found["gradients"] == "right"
    assert found["words per second"] > 0
    assert ("compiled" in found) == ("numba" in found["installed"])
    assert found.get("compiled", 1) > 0
    assert found["tinygrad_w2v"] == __version__
    if "numba" in found["installed"]:
        assert found["engines"] == "numpy, compiled"
        assert found["compiled engine"].startswith("numba ")
        assert found["compiled engine"].endswith(f"kernels in {tmp_path / 'kernels'}")
    assert "Japanese: " in found["fonts of pictures"]
    assert "cores" in run("doctor").out


def test_doctor_says_what_a_png_with_japanese_needs(monkeypatch) -> None:
    nothing = fonts.Coverage((), frozenset("語"))
    monkeypatch.setattr(doctor, "coverage", lambda characters: nothing)
    assert "Japanese: no installed font has 語; install Noto Sans CJK" in doctor._fonts()
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)
    assert "pip install 'tinygrad_w2v[png]'" in doctor._fonts()


def test_help_and_version(run) -> None:
    assert run("--version").out.strip() == f"tinygrad-w2v {__version__}"
    done = run("--help")
    assert done.status == 0
    for command in COMMANDS:
        assert command in done.out
        assert run(command, "--help").status == 0


@pytest.mark.process
def test_a_reader_that_has_enough(trained: Path) -> None:
    """``neighbors ... | head -1`` is no error that one has to read about."""
    command = [
        sys.executable,
        "-m",
        "tinygrad_w2v",
        "neighbors",
        *["cat"] * 1,
        "--vectors",
        trained,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        child.stdout.close()
        assert child.stderr.read() == b""
