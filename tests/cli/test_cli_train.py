"""``train``: what it reads, what it leaves, what it says."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tinygrad_w2v._base.errors import MissingDependencyError
from tinygrad_w2v._cli.run_folder import FILES
from tinygrad_w2v.training.engines.numpy import NumpyRun
from tinygrad_w2v.vectors import WordVectors

SMALL = ("--size", 8, "--epochs", 1, "--min-count", 1, "--engine", "numpy")


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_run_leaves_its_files(trained: Path) -> None:
    assert files(trained) == sorted(FILES)
    settings = json.loads((trained / "settings.json").read_text(encoding="utf-8"))
    assert settings["finished"] is True
    assert settings["settings"] | {"batch": 0} == {
        "model": "cbow",
        "size": 8,
        "window": 5,
        "min_count": 5,
        "max_vocab": None,
        "negative": 5,
        "ns_exponent": 0.75,
        "sample": 0.001,
        "shrink_windows": True,
        "epochs": 2,
        "alpha": 0.15,
        "min_alpha": 0.0001,
        "batch": 0,
        "compat": None,
        "seed": 1,
        "hs": False,
        "cbow_mean": True,
        "shared_negatives": True,
    }
    assert 1 <= settings["settings"]["batch"] <= 256
    assert settings["engine"]["name"] == "numpy"
    assert settings["engine"]["why"]
    assert settings["text"]["words"] == 720
    assert len(settings["text"]["sha256"]) == len(settings["vectors_sha256"]) == 64
    assert set(settings["versions"]) == {"tinygrad_w2v", "python", "numpy", "platform"}
    assert len(settings["losses"]) == 2
    lines = (trained / "history.jsonl").read_text(encoding="utf-8").splitlines()
    last = json.loads(lines[-1])
    assert last["epoch"] == 2
    assert last["words"] == 1440
    assert last["loss"] > 0
    for name in ("loss.svg", "graph.svg"):
        assert "<svg" in (trained / name).read_text(encoding="utf-8")
    assert "w_in" in (trained / "graph.svg").read_text(encoding="utf-8")


def test_text_and_archive_hold_the_same_vectors(trained: Path) -> None:
    archive = WordVectors.load(trained / "model.npz")
    text = WordVectors.load_word2vec_format(trained / "vectors.txt")
    assert text.index_to_key == archive.index_to_key
    np.testing.assert_array_equal(text.vectors, archive.vectors)
    assert archive.get_vecattr("cat", "count") > 50
    with np.load(trained / "model.npz") as arrays:
        assert arrays["w_out"].shape == (8, 8)
        assert arrays["w_out"].any()


def test_gensim_loads_the_vectors(trained: Path) -> None:
    gensim = pytest.importorskip("gensim.models", reason="gensim is not installed")
    theirs = gensim.KeyedVectors.load_word2vec_format(str(trained / "vectors.txt"))
    ours = WordVectors.load(trained / "model.npz")
    assert list(theirs.index_to_key) == ours.index_to_key
    np.testing.assert_array_equal(theirs.vectors, ours.vectors)


def test_it_says_what_it_does_and_prints_neighbours(run, text, tmp_path) -> None:
    done = run("train", text, *SMALL, "--model", "skipgram", "--output", tmp_path / "out")
    assert done.status == 0
    assert f"{text}: 720 words, 8 different ones" in done.err
    assert "; skipgram\n" in done.err
    assert "engine numpy (asked for), 1 thread: the same seed gives the same bytes" in done.err
    assert "training: 100% of 720 words, loss " in done.err
    assert " words/s" in done.err
    rows = done.out.splitlines()
    assert len(rows) == 8
    assert any(row.strip().startswith("cat: ") for row in rows)


def test_without_a_text_the_builtin_corpus_is_read(run, tmp_path, monkeypatch) -> None:
    lines = ["a list and a tuple are sequences and a string is one too"] * 50
    monkeypatch.setattr("tinygrad_w2v._cli.texts.builtin_corpus_lines", lambda: lines)
    monkeypatch.chdir(tmp_path)
    done = run("train", "--size", 4)
    assert done.status == 0
    assert "reading the built-in corpus ..." in done.err
    assert files(tmp_path / "w2v-out") == sorted(FILES)


def test_the_same_seed_makes_the_same_files(run, text, tmp_path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run("train", text, *SMALL, "--seed", seed, "--quiet", "--output", tmp_path / name)
    for name in ("vectors.txt", "model.npz", "loss.svg", "graph.svg"):
        a, b, c = ((tmp_path / folder / name).read_bytes() for folder in "abc")
        assert a == b, name
        assert name == "graph.svg" or a != c


def test_many_sources_and_kinds(run, text, tmp_path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "one.txt").write_bytes(b"\xef\xbb\xbf" + text.read_bytes().replace(b"\n", b"\r\n"))
    packed = tmp_path / "two.txt.gz"
    packed.write_bytes(gzip.compress(text.read_bytes()))
    out = tmp_path / "out"
    assert run("train", folder, packed, *SMALL, "--quiet", "--output", out).status == 0
    settings = json.loads((out / "settings.json").read_text(encoding="utf-8"))
    assert settings["text"]["words"] == 1440
    assert settings["vocabulary"] == 8  # neither a byte order mark nor a carriage return
    assert settings["text"]["sources"] == [str(folder), str(packed)]


def test_standard_input(run, text, tmp_path, monkeypatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(text.read_bytes()), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", stream)
    assert run("train", "-", *SMALL, "--quiet", "--output", tmp_path / "out").status == 0


def test_options_reach_the_training(run, text, tmp_path) -> None:
    out = tmp_path / "out"
    options = "--model skipgram --size 6 --window 2 --negative 3 --sample 0 --alpha 0.05 --batch 7"
    more = "--min-alpha 0.01 --ns-exponent 0.5 --max-vocab 6 --seed 9 --no-shrink-windows"
    tokens = "--tokenizer whitespace --no-lower --compat word2vec --min-count 2 --epochs 2"
    more += " --negatives-per-pair"
    words = f"{options} {more} {tokens}".split()
    assert run("train", text, *words, "--quiet", "--output", out).status == 0
    settings = json.loads((out / "settings.json").read_text(encoding="utf-8"))
    assert settings["settings"] == {
        "model": "skipgram",
        "size": 6,
        "window": 2,
        "min_count": 2,
        "max_vocab": 6,
        "negative": 3,
        "ns_exponent": 0.5,
        "sample": 0.0,
        "shrink_windows": False,
        "epochs": 2,
        "alpha": 0.05,
        "min_alpha": 0.01,
        "batch": 7,
        "compat": "word2vec",
        "seed": 9,
        "hs": False,
        "cbow_mean": True,
        "shared_negatives": False,
    }
    assert settings["request"]["tokenizer"] == "whitespace"
    assert settings["request"]["lower"] is False
    assert settings["vocabulary"] == 6


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--alpha 0.05", True),
        ("", False),
        ("--alpha 0.05 --compat word2vec", False),
        ("--alpha 0.05 --model skipgram", False),
        ("--alpha 0.02 --no-cbow-mean", False),
    ],
)
def test_a_rate_of_gensims_is_translated(options, told, run, text, tmp_path) -> None:
    out = tmp_path / "out"
    small = ("--epochs", 1, "--size", 8, "--engine", "numpy")
    done = run("train", text, *options.split(), *small, "--output", out)
    assert done.status == 0
    assert (
        "under the true gradient alpha 0.05 is a shorter step than in gensim" in done.err
    ) == told


def test_a_finished_run_is_not_replaced_unasked(run, trained, text) -> None:
    before = (trained / "vectors.txt").read_bytes()
    again = ("train", text, *SMALL, "--quiet", "--output", trained)
    done = run(*again)
    assert done.status == 2
    assert "holds a run already" in done.err
    assert "--overwrite" in done.err
    assert (trained / "vectors.txt").read_bytes() == before
    assert run(*again, "--overwrite").status == 0
    assert (trained / "vectors.txt").read_bytes() != before
    assert files(trained) == sorted(FILES)


def test_an_interrupt_keeps_what_was_learned(run, text, tmp_path, monkeypatch) -> None:
    steps = []
    whole = NumpyRun.step

    def step(self, batch, lr):
        steps.append(lr)
        if len(steps) == 200:
            raise KeyboardInterrupt
        return whole(self, batch, lr)

    monkeypatch.setattr(NumpyRun, "step", step)
    out = tmp_path / "out"
    done = run("train", text, *SMALL, "--epochs", 50, "--output", out)
    assert done.status == 0
    assert "interrupted after" in done.err
    assert "what was learned is kept" in done.err
    assert files(out) == sorted([*FILES, "checkpoints"])
    settings = json.loads((out / "settings.json").read_text(encoding="utf-8"))
    assert settings["finished"] is False


def test_an_interrupt_before_training_writes_nothing(run, text, tmp_path, monkeypatch) -> None:
    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tinygrad_w2v._cli.texts.open_corpus", interrupted)
    done = run("train", text, "--output", tmp_path / "out")
    assert done.status == 1
    assert "interrupted; nothing was written" in done.err
    assert not (tmp_path / "out").exists()


def test_a_picture_that_fails_loses_nothing(run, text, tmp_path, monkeypatch) -> None:
    def no_renderer(*arguments: object, **options: object) -> None:
        raise MissingDependencyError("install graphviz-pure")

    monkeypatch.setattr("tinygrad_w2v.drawing.graph", no_renderer)
    out = tmp_path / "out"
    done = run("train", text, *SMALL, "--quiet", "--output", out)
    assert done.status == 0
    assert "graph.svg was not drawn: install graphviz-pure" in done.err
    assert files(out) == sorted(set(FILES) - {"graph.svg"})


def test_divergence_fails_with_a_remedy_and_writes_nothing(run, text, tmp_path) -> None:
    out = tmp_path / "out"
    done = run("train", text, "--alpha", "1e30", "--batch", 256, "--quiet", "--output", out)
    assert done.status == 1
    assert done.err.startswith("tinygrad-w2v: training diverged in epoch 1 at batch ")
    assert "--alpha" in done.err
    assert len(done.err.splitlines()) == 1
    assert not out.exists()


# ---------------------------------------------------------------------- real processes
def process(*argv: object, **options: object) -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | options.pop("environment", {})  # type: ignore[operator]
    flags = options.pop("flags", ())
    command = [sys.executable, *flags, "-m", "tinygrad_w2v", *map(str, argv)]  # type: ignore[misc]
    return subprocess.run(command, env=environment, capture_output=True, check=False, timeout=120)


@pytest.mark.process
def test_any_console_encoding_will_do(tmp_path) -> None:
    """A Japanese console cannot print every word; no file is opened in its encoding either."""
    text = tmp_path / "text.txt"
    text.write_text("猫 が 走る 한국 naïve café Ελλάδα\n" * 30, encoding="utf-8")
    done = process(
        *("train", text, *SMALL, "--output", tmp_path / "out"),
        flags=["-X", "warn_default_encoding", "-W", "error::EncodingWarning"],
        environment={"PYTHONIOENCODING": "cp932", "PYTHONUTF8": "0"},
    )
    assert done.returncode == 0, done.stderr
    shown = done.stdout.decode("cp932")
    assert "猫" in shown
    assert "\\ud55c\\uad6d" in shown
    words = WordVectors.load_word2vec_format(tmp_path / "out" / "vectors.txt").index_to_key
    assert set(words) == {"猫", "が", "走る", "한국", "naïve", "café", "ελλάδα"}


@pytest.mark.process
def test_same_files_whatever_the_hash_seed(text, tmp_path) -> None:
    for seed in "12":
        out = tmp_path / f"out{seed}"
        arguments = ("train", text, *SMALL, "--quiet", "--output", out)
        assert process(*arguments, environment={"PYTHONHASHSEED": seed}).returncode == 0
    for name in ("vectors.txt", "model.npz"):
        assert (tmp_path / "out1" / name).read_bytes() == (tmp_path / "out2" / name).read_bytes()


def test_the_curve_speaks_the_language_that_is_asked_for(run, text: Path, tmp_path: Path) -> None:
    options = ("--size", 4, "--epochs", 1, "--engine", "numpy", "--quiet")
    done = run("train", text, *options, "--output", tmp_path / "ja", "--lang", "ja")
    assert done.status == 0
    curve = (tmp_path / "ja" / "loss.svg").read_text(encoding="utf-8")
    for words in ("損失", "cbow: 推測 1 回あたりの平均損失", "単語数 (x"):
        assert f"<!-- {words}" in curve
    done = run("train", text, *options, "--output", tmp_path / "de", "--lang", "de")
    assert done.status == 2
    assert "--lang" in done.err
    assert "'ja'" in done.err
