"""Wrong input: one clear line, exit status 2, nothing written, and at once where possible."""

from __future__ import annotations

from pathlib import Path

import pytest

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
    options = ("--errors", "replace", "--quiet", "--output", tmp_path / "out")
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
