"""``--update``: learning on from a finished run with more text."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tinygrad_w2v._cli.run_folder import RunFolder
from tinygrad_w2v.vectors import WordVectors


@pytest.fixture
def more(tmp_path: Path) -> Path:
    path = tmp_path / "more.txt"
    lines = ["cat goat sheep cow goat sheep dog rare"] * 3 + ["goat sheep goat cat hen"] * 20
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def description(folder: Path) -> dict:
    return json.loads((folder / "settings.json").read_text(encoding="utf-8"))


def test_old_words_go_on_and_new_ones_are_added(run, trained, more, tmp_path) -> None:
    out = tmp_path / "out"
    # A rate of nearly nothing: what was learned must still be there.
    rate = ("--alpha", "1e-12", "--min-alpha", 0)
    done = run("train", more, "--update", trained, *rate, "--output", out)
    assert done.status == 0
    assert "8 words known before, 2 new ones" in done.err
    assert "1 new words come fewer than 5 times (or are too many) and were left out" in done.err
    old, new = (WordVectors.load(folder / "model.npz") for folder in (trained, out))
    assert set(new.index_to_key) == {*old.index_to_key, "goat", "sheep"}
    for word in old.index_to_key:
        np.testing.assert_allclose(new[word], old[word], atol=1e-8)
    assert new.get_vecattr("cat", "count") == old.get_vecattr("cat", "count") + 23
    assert new.get_vecattr("red", "count") == old.get_vecattr("red", "count")
    assert new.get_vecattr("goat", "count") == 46
    counts = [new.get_vecattr(word, "count") for word in new.index_to_key]
    assert counts == sorted(counts, reverse=True)
    with np.load(trained / "model.npz") as before, np.load(out / "model.npz") as after:
        rows = [new.key_to_index[word] for word in old.index_to_key]
        np.testing.assert_allclose(after["w_out"][rows], before["w_out"], atol=1e-8)
    update = description(out)["update"]
    assert (update["old_words"], update["new_words"], update["rare_words"]) == (8, 2, 1)
    assert description(out)["settings"]["size"] == 8
    assert description(out)["settings"]["epochs"] == 2


def test_new_words_are_learned(run, text, more, tmp_path) -> None:
    first, out = tmp_path / "first", tmp_path / "out"
    run("train", text, "--size", 8, "--epochs", 40, "--quiet", "--output", first)
    options = ("--epochs", 40, "--quiet", "--output", out)
    assert run("train", more, "--update", first, *options).status == 0
    wv = WordVectors.load(out / "model.npz")
    animals = {"cat", "dog", "cow", "hen", "sheep"}
    assert {word for word, _ in wv.most_similar("goat", topn=3)} <= animals


@pytest.mark.parametrize("options", ["--hs", "--hs --negative 0"])
def test_the_tree_starts_anew(options, run, text, more, tmp_path) -> None:
    first, out = tmp_path / "first", tmp_path / "out"
    numpy = ("--engine", "numpy")
    run("train", text, "--size", 8, *options.split(), *numpy, "--quiet", "--output", first)
    done = run("train", more, "--update", first, *numpy, "--output", out)
    assert done.status == 0
    assert "its inner nodes start anew" in done.err


def test_the_run_itself_may_be_replaced_and_resumed(run, trained, more, monkeypatch) -> None:
    """The vectors to begin with are kept until the end, whatever is replaced before it."""
    parent = trained.parent
    run("train", more, "--update", trained, "--workers", 1, "--quiet", "--output", parent / "apart")
    real = RunFolder.publish

    def die_after(folder: RunFolder) -> None:
        real(folder)
        raise SystemExit(9)

    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "publish", die_after)
        patch.setattr(RunFolder, "_tidy", lambda *a: None)
        options = ("--overwrite", "--workers", 1, "--quiet", "--output", trained)
        assert run("train", more, "--update", trained, *options).status == 9
    assert run("train", "--resume", "--quiet", "--output", trained) == (0, "", "")
    apart = (parent / "apart" / "vectors.txt").read_bytes()
    assert (trained / "vectors.txt").read_bytes() == apart


def test_an_update_is_repeated_while_its_base_is_there(run, trained, more, tmp_path) -> None:
    out, again = tmp_path / "out", tmp_path / "again"
    run("train", more, "--update", trained, "--workers", 1, "--quiet", "--output", out)
    done = run("train", "--settings", out / "settings.json", "--output", again)
    assert done.status == 0
    assert "byte for byte" in done.err
    (trained / "model.npz").write_bytes((out / "model.npz").read_bytes())
    done = run("train", "--settings", out / "settings.json", "--output", tmp_path / "third")
    assert done.status == 2
    assert "is not the same any more" in done.err
    assert not (tmp_path / "third").exists()


def test_max_vocab_bounds_the_new_words(run, trained, more, tmp_path) -> None:
    out = tmp_path / "out"
    options = ("--max-vocab", 9, "--quiet", "--output", out)
    assert run("train", more, "--update", trained, *options).status == 0
    assert description(out)["vocabulary"] == 9


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--size 9", "--size cannot change with --update"),
        ("--model skipgram", "--model cannot change with --update"),
        ("--hs", "--hs cannot change with --update"),
        ("--epochs 0", "--epochs must be 1 or more, not 0"),
    ],
)
def test_options_that_cannot_change(options, message, run, trained, more, tmp_path) -> None:
    out = tmp_path / "out"
    done = run("train", more, "--update", trained, *options.split(), "--output", out)
    assert done.status == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1
    assert not out.exists()


def test_folders_that_cannot_be_learned_on_from(run, trained, more, tmp_path) -> None:
    def refused(message: str, *words: object) -> None:
        done = run("train", *words, "--output", tmp_path / "out")
        assert done.status == 2
        assert message in done.err
        assert len(done.err.splitlines()) == 1
        assert not (tmp_path / "out").exists()

    refused("settings.json cannot be read", more, "--update", tmp_path / "no")
    refused("--update needs more text", "--update", trained)
    found = description(trained)
    (trained / "settings.json").write_text(json.dumps(found | {"finished": False}), "utf-8")
    refused("is not finished; go on with it with --resume", more, "--update", trained)
    (trained / "settings.json").write_text(json.dumps(found), "utf-8")
    WordVectors.load(trained / "model.npz").save(trained / "model.npz")
    refused("holds no counts or no w_out", more, "--update", trained)
    (trained / "model.npz").unlink()
    refused("model.npz cannot be read", more, "--update", trained)
