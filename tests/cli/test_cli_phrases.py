"""``phrases``, and ``train --phrases``: what is joined stays with the run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tinygrad_w2v._cli.run_folder import RunFolder
from tinygrad_w2v.text.phrase_rounds import PhraseRounds
from tinygrad_w2v.text.phrases import Phraser, Phrases
from tinygrad_w2v.text.sentences import LineSentence
from tinygrad_w2v.vectors import WordVectors

SMALL = ("--size", 4, "--epochs", 1, "--engine", "numpy", "--sample", 0, "--quiet")
FOUND = ("--phrases-threshold", 0.5, "--phrases-min-count", 3)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """Sentences with two phrases of two words and one of three."""
    places = ["new york", "san juan", "new york times"]
    rest = [f"{verb} {word}" for verb in ("is", "was", "has") for word in ("big", "old", "red")]
    lines = [f"{place} {words}" for place in places for words in rest]
    path = tmp_path / "text.txt"
    path.write_text("\n".join([*lines, *["a new san day is it"] * 5]) + "\n", encoding="utf-8")
    return path


def settings_of(folder: Path) -> dict:
    return json.loads((folder / "settings.json").read_text(encoding="utf-8"))


def killed(run, *argv: object) -> None:
    """Run a command line that ends when the files of the run are whole, beside their places."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunFolder, "publish", lambda folder: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(*argv)


def words_of(folder: Path) -> set[str]:
    return set(WordVectors.load(folder / "model.npz").index_to_key)


def test_phrases_are_found_and_written(run, text, tmp_path) -> None:
    path = tmp_path / "phrases.json"
    done = run("phrases", text, "--threshold", 0.5, "--min-count", 3, "--output", path)
    expected = Phrases(LineSentence(text), min_count=3, threshold=0.5).export_phrases()
    assert done.status == 0
    assert Phraser.load(path).phrasegrams == expected
    best = max(expected, key=lambda phrase: expected[phrase])
    assert done.out.splitlines()[0].split() == [best, f"{expected[best]:.6g}"]
    assert f"wrote {path}: {len(expected)} phrases; train with them: tinygrad-w2v" in done.err
    again = run("phrases", text, "--output", path)
    assert again.status == 2
    assert "is there already; replace it with --overwrite" in again.err
    options = ("--rounds", 2, "--threshold", 0.5, "--min-count", 3, "--overwrite", "--json")
    told = json.loads(run("phrases", text, "--output", path, *options).out)
    assert told["phrases"] == len(PhraseRounds.load(path).scores()) == sum(told["rounds"])
    assert "new_york_times" in dict(told["best"])


def test_a_run_keeps_its_phrases(run, text, tmp_path) -> None:
    out, again, more = (tmp_path / name for name in ("out", "again", "more"))
    done = run("train", text, "--phrases", *FOUND, "--phrases-rounds", 2, *SMALL, "--output", out)
    assert done.status == 0
    assert {"new_york", "new_york_times", "san_juan"} <= words_of(out)
    facts = settings_of(out)["phrases"]
    kept = PhraseRounds.load(out / "phrases.json")
    assert facts["sha256"] == kept.digest()
    assert (facts["file"], facts["rounds"]) == (None, 2)
    assert 0 < facts["known_phrases"] <= facts["phrases"] == len(kept.scores())
    # Found again in the same text.
    repeat = ("--settings", out / "settings.json", "--output", again)
    done = run("train", *repeat)
    assert "are those of" in done.err
    assert "of the words are phrases" in done.err
    assert (again / "phrases.json").read_bytes() == (out / "phrases.json").read_bytes()
    # Another text is joined by the phrases of the first, though it has none of its own.
    other = tmp_path / "other.txt"
    other.write_text("it is a new york times day\n" * 5, encoding="utf-8")
    for place in (out, out / "model.npz"):
        options = ("--update", place, "--epochs", 1, "--overwrite", "--output", more)
        assert run("train", other, *options).status == 0
        assert "day" in words_of(more)
        assert not words_of(more) & {"york", "times"}
        assert settings_of(more)["phrases"]["sha256"] == facts["sha256"]
    changed = run(
        "train", other, "--overwrite", "--update", out, "--phrases-rounds", 1, "--output", again
    )
    assert "--phrases-rounds cannot change with --update" in changed.err


def test_a_run_with_a_file_of_phrases(run, text, tmp_path) -> None:
    path, out, again = (tmp_path / name for name in ("mine.json", "out", "again"))
    made = Phraser.of(Phrases().settings(), {"san_juan": 11.0})
    made.save(path)
    assert run("train", text, "--phrases", path, *SMALL, "--output", out).status == 0
    assert "san_juan" in words_of(out)
    assert "new_york" not in words_of(out)
    assert settings_of(out)["phrases"]["file"] == str(path)
    # The file is another one now; the run has kept its own.
    Phraser.of(Phrases().settings(), {"new_york": 11.0}).save(path)
    repeat = ("--settings", out / "settings.json", "--output", again)
    assert "are those of" in run("train", *repeat).err
    (out / "phrases.json").unlink()
    done = run("train", *repeat, "--overwrite")
    assert done.status == 2
    assert "the phrases that the run was made with are no longer in" in done.err
    assert (again / "phrases.json").exists()


def test_a_run_without_phrases_replaces_one_with_them(run, text, tmp_path) -> None:
    out = tmp_path / "out"
    assert run("train", text, "--phrases", *FOUND, *SMALL, "--output", out).status == 0
    assert run("train", text, *SMALL, "--output", out, "--overwrite").status == 0
    assert not (out / "phrases.json").exists()
    assert settings_of(out)["phrases"] is None


def test_a_run_that_was_killed_goes_on_with_its_phrases(run, text, tmp_path) -> None:
    out, whole = tmp_path / "out", tmp_path / "whole"
    asked = ("train", text, "--phrases", *FOUND, *SMALL)
    assert run(*asked, "--output", whole).status == 0

    killed(run, *asked, "--output", out)
    assert (out / "checkpoints" / "phrases.json").exists()
    assert run("train", "--resume", "--output", out, "--quiet").status == 0
    for name in ("phrases.json", "vectors.txt", "model.npz"):
        assert (out / name).read_bytes() == (whole / name).read_bytes(), name
    assert not (out / "checkpoints").exists()


def test_the_phrases_of_a_killed_run_may_not_be_changed(run, text, tmp_path) -> None:
    out = tmp_path / "out"
    killed(run, "train", text, "--phrases", *FOUND, *SMALL, "--output", out)
    Phraser.of(Phrases().settings(), {"new_york": 11.0}).save(out / "checkpoints" / "phrases.json")
    done = run("train", "--resume", "--output", out)
    assert done.status == 2
    assert "the phrases that the run was made with are no longer in" in done.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--phrases-rounds", "2"], "--phrases-rounds says how phrases are found; add --phrases"),
        (["--phrases", "--phrases-rounds", "0"], "--phrases-rounds must be 1 or more, not 0"),
        (["--phrases", "--phrases-threshold", "0"], "--phrases-threshold must be above 0"),
        (["--phrases", "TEXT"], "no file of phrases"),
        (["--phrases", "none.json"], "none.json cannot be read: No such file or directory"),
        (["--phrases", "OWN", "--phrases-rounds", "2"], "are found already; leave out"),
        (["--phrases", "BLANK"], "joins words by ' ', and a blank ends a word"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_read(
    options, message, run, text, tmp_path
) -> None:
    for name, delimiter in (("OWN", "_"), ("BLANK", " ")):
        Phrases(delimiter=delimiter).freeze().save(tmp_path / name)
    places = {"TEXT": text, "OWN": tmp_path / "OWN", "BLANK": tmp_path / "BLANK"}
    out = tmp_path / "out"
    done = run("train", text, *(places.get(word, word) for word in options), "--output", out)
    assert done.status == 2
    assert message in done.err.splitlines()[-1]
    assert not out.exists()


@pytest.mark.parametrize("command", ["train", "phrases"])
def test_standard_input_cannot_be_read_twice(command, run, tmp_path) -> None:
    out = tmp_path / "out"
    options = ("--phrases",) if command == "train" else ()
    done = run(command, "-", *options, "--output", out)
    assert done.status == 2
    assert "standard input can be read only once; give a file" in done.err
    assert not out.exists()


def test_phrases_that_no_file_of_vectors_holds_are_refused(run, text, tmp_path) -> None:
    done = run("phrases", text, "--delimiter", " ", "--output", tmp_path / "p.json")
    assert done.status == 2
    assert "--delimiter ' ' would make words" in done.err
    assert not (tmp_path / "p.json").exists()
