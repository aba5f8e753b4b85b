"""Wrong input: one clear line, exit status 2, nothing written, and at once where possible."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from tinygrad_w2v.training.engines.numpy import NumpyRun
from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.vectors.archive import write_archive

SENTENCE = "you say goodbye and i say hello\n"


def refused(done, *parts: str) -> None:
    assert done.status == 2
    assert done.out == ""
    last = done.err.splitlines()[-1]
    assert last.startswith("tinygrad-w2v: ")
    assert "Traceback" not in done.err
    for part in parts:
        assert part in last


BAD_TEXTS = {
    "empty": (b"", "empty.txt is empty: there is no text in it"),
    "blank": (b" \n\n  \n", "blank.txt is empty: there is no text in it"),
    "signs": (b"- - -\n...\n", "the text has no words"),
    "one_word": (b"hello\n", "the text has only one word, 'hello'"),
    "binary": (b"\x7fELF\x00\x01\x02", "is a binary file, not text: it has a NUL byte in line 1"),
    "latin1": (
        SENTENCE.encode() + b"caf\xe9 au lait\n",
        "is not UTF-8 in line 2: byte 0xe9 at byte offset 35; convert the file, or go on with "
        "--errors replace",
    ),
    "short": (SENTENCE.encode() * 9, "--window 90 is larger than the text of 63 words"),
    "rare": (b"a a a a a a b c d\n", "--min-count 5 leaves 1 of 4 words"),
    "japanese": (
        "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\n".encode() * 9,
        "mecab -Owakati",
    ),
}


@pytest.mark.parametrize("kind", BAD_TEXTS)
def test_texts_that_cannot_be_learned_from(kind, run, tmp_path) -> None:
    content, message = BAD_TEXTS[kind]
    path = tmp_path / f"{kind}.txt"
    path.write_bytes(content)
    out = tmp_path / "new" / "out"
    done = run("train", path, "--window", 90, "--output", out)
    refused(done, message)
    assert len(done.err.splitlines()) == 1
    assert not (tmp_path / "new").exists()  # nothing is left behind, not even a folder
    assert sorted(p.name for p in tmp_path.iterdir()) == [path.name]


def test_a_folder_that_was_there_stays(run, tmp_path) -> None:
    (tmp_path / "empty.txt").touch()
    (tmp_path / "out").mkdir()
    refused(run("train", tmp_path / "empty.txt", "--output", tmp_path / "out"), "is empty")
    assert (tmp_path / "out").is_dir()


def test_invalid_utf8_is_replaced_on_request(run, tmp_path) -> None:
    path = tmp_path / "latin1.txt"
    path.write_bytes((b"caf\xe9 au lait and more of it\n") * 20)
    small = ("--size", 8, "--engine", "numpy")
    options = ("--errors", "replace", *small, "--quiet", "--output", tmp_path / "out")
    assert run("train", path, *options).status == 0


def test_a_file_that_is_not_there(run, tmp_path) -> None:
    refused(run("train", tmp_path / "no.txt"), "no.txt does not exist")


def test_a_file_that_vanishes(run, text, tmp_path, monkeypatch) -> None:
    def vanish(sources: list[str]) -> None:
        Path(sources[0]).unlink()

    monkeypatch.setattr("tinygrad_w2v._cli.train.check_sources", vanish)
    done = run("train", text, "--output", tmp_path / "out")
    refused(done, "text.txt does not exist")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("size", [0, 90_000])
def test_a_file_that_is_cut_short_while_it_is_read(size, run, tmp_path, monkeypatch) -> None:
    path = tmp_path / "text.txt"
    path.write_text(SENTENCE * 20_000, encoding="utf-8")
    (tmp_path / f"my_words_cutting_{size}.py").write_text(
        "import os\n"
        "def cut(line):\n"
        f"    os.truncate({str(path)!r}, {size})\n"
        "    return line.split()\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    done = run(
        "train", path, "--tokenizer", f"my_words_cutting_{size}:cut", "--output", tmp_path / "out"
    )
    refused(done, "text.txt was changed while it was read (it had 640,000 bytes, now")
    assert not (tmp_path / "out").exists()


def test_an_empty_folder_of_texts(run, tmp_path) -> None:
    (tmp_path / "texts").mkdir()
    refused(run("train", tmp_path / "texts", "--output", tmp_path / "out"), "holds no files")


@pytest.fixture
def no_reading(monkeypatch) -> None:
    """Whatever can be checked before the text is read must be."""

    def fail(*arguments: object) -> None:
        raise AssertionError("the text was read before the options were checked")

    monkeypatch.setattr("tinygrad_w2v._cli.texts.open_corpus", fail)
    monkeypatch.setattr("tinygrad_w2v._cli.texts.builtin_corpus_lines", fail)


@pytest.mark.usefixtures("no_reading")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--size 0", "--size must be 1 or more, not 0"),
        ("--size -5", "--size must be 1 or more, not -5"),
        ("--size ten", "argument --size/--vector-size: invalid int value: 'ten'"),
        ("--window 0", "--window must be 1 or more, not 0"),
        ("--window -1", "--window must be 1 or more, not -1"),
        ("--negative 0", "--negative must be 1 or more, not 0"),
        ("--negative -3", "--negative must be 1 or more, not -3"),
        ("--min-count -1", "--min-count must be 0 or more, not -1"),
        ("--epochs 0", "--epochs must be 1 or more, not 0"),
        ("--batch 0", "--batch must be 1 or more, not 0"),
        ("--max-vocab 0", "--max-vocab must be 1 or more, not 0"),
        ("--max-vocab-size 0", "--max-vocab-size must be 1 or more, not 0"),
        ("--workers 0", "--workers must be 1 or more, not 0"),
        ("--sample nan", "--sample must be 0 or more"),
        ("--sample -1", "--sample must be 0 or more"),
        ("--alpha nan", "--alpha must be a positive number (0.15 is usual), not nan"),
        ("--alpha 0", "--alpha must be a positive number"),
        ("--alpha -0.1", "--alpha must be a positive number"),
        ("--alpha inf", "--alpha must be a positive number"),
        ("--min-alpha nan", "--min-alpha must be from 0 to alpha"),
        ("--min-alpha 1", "--min-alpha must be from 0 to alpha (0.15), not 1.0"),
        ("--ns-exponent nan", "--ns-exponent must be a finite number"),
        ("--model glove", "invalid choice: 'glove'"),
        ("--engine gpu", "argument --engine: invalid choice: 'gpu'"),
        ("--tokenizer sentences", "there is no tokenizer 'sentences'"),
        ("--tokenizer no_such_module:cut", "cannot be imported"),
        ("--windw 3", "there is no option --windw, did you mean --window?"),
        ("--min_count 3", "there is no option --min_count, did you mean --min-count?"),
        ("--negatives=3", "there is no option --negatives, did you mean --negative?"),
        ("--xyzzy", "there is no option --xyzzy; see"),
        ("--siz 3", "there is no option --siz, did you mean --size?"),
        ("--size", "argument --size/--vector-size: expected one argument"),
    ],
)
def test_options_that_cannot_be(options, message, run, text, tmp_path) -> None:
    done = run("train", text, "--output", tmp_path / "out", *options.split())
    refused(done, message)
    assert len(done.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("no_reading")
def test_an_output_that_cannot_be_written(run, text, tmp_path) -> None:
    refused(run("train", text, "--output", text), "--output", "it is a file")
    refused(run("train", text, "--output", text / "below"), "--output", "is not a folder")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["text.txt"]


@pytest.mark.usefixtures("no_reading")
def test_an_output_file_that_is_a_folder(run, text, tmp_path) -> None:
    (tmp_path / "out" / "vectors.txt").mkdir(parents=True)
    done = run("train", text, "--overwrite", "--output", tmp_path / "out")
    refused(done, "vectors.txt is a folder")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ("", "give a command: train, neighbors"),
        ("trian", "there is no command 'trian', did you mean train?"),
        ("xyzzy", "there is no command 'xyzzy'; see"),
        ("--verzion", "there is no option --verzion, did you mean --version?"),
        ("neighbors", "the following arguments are required: WORD"),
        ("analogy a b c d", "'d' is one argument too many"),
        ("neighbors a --vectors nowhere", "there are no vectors in nowhere; make them with"),
        ("neighbors a --topn 0", "--topn must be 1 or more, not 0"),
        ("graph --vectors nowhere", "nowhere is not the folder of a run"),
        ("doctor --jsn", "there is no option --jsn, did you mean --json?"),
    ],
)
def test_command_lines_that_cannot_be_understood(argv, message, run, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*argv.split())
    refused(done, message)
    assert len(done.err.splitlines()) == 1


def test_words_and_files_that_are_not_there(run, trained, tmp_path) -> None:
    refused(run("neighbors", "catt", "--vectors", trained), "'catt'", "'cat'")
    refused(run("analogy", "cat", "dog", "owl", "--vectors", trained), "'owl'")
    broken = tmp_path / "broken.txt"
    broken.write_text("2 3\ncat 1 2\n", encoding="utf-8")
    refused(run("neighbors", "cat", "--vectors", broken), "broken.txt")
    (tmp_path / "nothing").mkdir()
    refused(run("neighbors", "cat", "--vectors", tmp_path / "nothing"), "holds no vectors")
    (trained / "settings.json").write_text("{}", encoding="utf-8")
    refused(run("graph", "--vectors", trained), "is not the settings of a run")
    (trained / "settings.json").unlink()
    refused(run("graph", "--vectors", trained), "settings.json cannot be read")


# ---------------------------------------------------------------------- words that no file can hold
UNHOLDABLE = {
    "blank": ("new york", "holds a space, tab or newline", "let the tokenizer give 'new_york'"),
    "blanks": (" a\t b\n", "holds a space, tab or newline", "let the tokenizer give 'a_b'"),
    "empty": ("", "is empty", "let the tokenizer give other words"),
    "space": (" ", "holds a space, tab or newline", "let the tokenizer give other words"),
    "half": ("a\ud800", "holds half a surrogate pair", "let the tokenizer give other words"),
    "long": ("a" * 65_537, "is longer than 65536 bytes", "let the tokenizer give other words"),
}


@pytest.fixture
def giving(tmp_path, monkeypatch):
    """Make a tokenizer that gives a word beside those of the line."""

    def give(word: str, kind: str) -> str:
        name = f"tokenizer_of_{kind}"
        (tmp_path / f"{name}.py").write_text(
            f"def cut(line):\n    return [*line.split(), {word!r}]\n",
            encoding="utf-8",
            errors="backslashreplace",
        )
        monkeypatch.chdir(tmp_path)
        return f"{name}:cut"

    return give


@pytest.mark.parametrize("kind", UNHOLDABLE)
def test_words_that_the_files_cannot_hold(kind, run, text, tmp_path, giving, monkeypatch) -> None:
    word, problem, remedy = UNHOLDABLE[kind]
    monkeypatch.setattr(NumpyRun, "step", lambda *a: pytest.fail("it was trained"))
    tokenizer = ("--tokenizer", giving(word, kind), "--engine", "numpy")
    done = run("train", text, *tokenizer, "--output", tmp_path / "out")
    refused(done, "the word ", problem, "vectors.txt, where a blank ends a word", remedy)
    assert len(done.err) < 600
    assert not (tmp_path / "out").exists()


def test_words_that_are_left_out_may_be_anything(run, text, tmp_path, giving) -> None:
    tokenizer = ("--tokenizer", giving("new york", "rare"), "--min-count", 70, "--quiet")
    small = ("--size", 8, "--engine", "numpy")
    assert run("train", text, *tokenizer, *small, "--output", tmp_path / "out").status == 0


def test_old_words_that_the_files_cannot_hold(run, trained, text, tmp_path) -> None:
    """A model's file may have any: it may have been written by another program."""
    with np.load(trained / "model.npz") as arrays:
        w_out = arrays["w_out"]
    vectors = WordVectors.load(trained / "model.npz")
    words = ["new york", *vectors.index_to_key[1:]]
    write_archive(trained / "model.npz", words, vectors.vectors, vectors.counts, {"w_out": w_out})
    settings = json.loads((trained / "settings.json").read_text(encoding="utf-8"))
    del settings["model_sha256"]  # as the versions before wrote it
    (trained / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    done = run("train", text, "--update", trained, "--output", tmp_path / "out")
    refused(done, "the word 'new york' holds a space, tab or newline")
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no such files")
@pytest.mark.usefixtures("no_reading")
def test_pipes_and_links_in_the_folder_are_not_replaced(run, text, tmp_path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    os.mkfifo(out / "vectors.txt")
    done = run("train", text, "--overwrite", "--output", out)
    refused(done, "vectors.txt: it is no file but a device, a pipe or a socket")
    (out / "vectors.txt").unlink()
    (out / "vectors.txt").symlink_to(tmp_path / "elsewhere")
    done = run("train", text, "--overwrite", "--output", out)
    refused(done, "vectors.txt: it is a link to")
    assert [path.name for path in out.iterdir()] == ["vectors.txt"]


def test_files_of_others_in_a_folder_named_checkpoints_stay(run, text, tmp_path) -> None:
    theirs = tmp_path / "project" / "checkpoints"
    (theirs / "best").mkdir(parents=True)
    for name in ("epoch-1.pt", "best/model.pt", "checkpoint-7.pt"):
        (theirs / name).write_bytes(b"theirs")
    options = ("--epochs", 1, "--size", 4, "--engine", "numpy", "--quiet")
    assert run("train", text, *options, "--output", theirs.parent).status == 0
    found = sorted(str(path.relative_to(theirs)) for path in theirs.rglob("*") if path.is_file())
    assert found == ["best/model.pt", "checkpoint-7.pt", "epoch-1.pt"]
    assert run("train", "--resume", "--output", theirs.parent).status == 0
    assert run("train", text, *options, "--overwrite", "--output", theirs.parent).status == 0
    found = sorted(str(path.relative_to(theirs)) for path in theirs.rglob("*") if path.is_file())
    assert found == ["best/model.pt", "checkpoint-7.pt", "epoch-1.pt"]


def test_a_run_is_not_replaced_by_one_whose_text_cannot_be_read(
    run, text, tmp_path, monkeypatch
) -> None:
    """An unfinished run can still be gone on with."""
    out, real, steps = tmp_path / "out", NumpyRun.step, [0]

    def step(self, batch, lr):
        steps[0] += 1
        if steps[0] == 50:
            raise SystemExit(9)
        return real(self, batch, lr)

    options = ("--epochs", 5, "--engine", "numpy", "--checkpoint-minutes", 1e-9)
    with monkeypatch.context() as patch:
        patch.setattr(NumpyRun, "step", step)
        run("train", text, *options, "--quiet", "--output", out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert any(path.name.startswith("checkpoint-") for path in before)
    empty = tmp_path / "empty.txt"
    empty.touch()
    refused(run("train", empty, "--overwrite", "--output", out), "is empty")
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    done = run("train", "--resume", "--output", out)
    assert (done.status, "going on after" in done.err) == (0, True)
