"""Words, paths and names of others in what the commands print: shown, and never obeyed."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tinygrad_w2v import WordVectors
from tinygrad_w2v._cli.parsing import Parser
from tinygrad_w2v.cli import COMMANDS

ESCAPE = "\x1b[2J\x1b]0;owned\x07"
WORDS = [f"cat{ESCAPE}", f"dog\u202e{ESCAPE}", "two\nlines", "half\ud800", "plain"]
SAFE = re.compile(
    "[^\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff]*"
)


@pytest.fixture
def vectors(tmp_path) -> Path:
    path = tmp_path / "v.npz"
    rows = np.random.default_rng(0).normal(size=(len(WORDS), 4))
    WordVectors(WORDS, rows, [9, 8, 7, 6, 5]).save(path)
    return path


def assert_safe(done) -> None:
    assert SAFE.fullmatch(done.out), ascii(done.out)
    assert SAFE.fullmatch(done.err), ascii(done.err)


def test_answers_with_hostile_words(run, vectors) -> None:
    done = run("neighbors", "plain", WORDS[0], "--vectors", vectors)
    assert done.status == 0
    assert_safe(done)
    assert "cat\\x1b[2J\\x1b]0;owned\\x07" in done.out
    assert "two\\nlines" in done.out
    assert len(done.out.splitlines()) == 2 * len(WORDS)
    done = run("analogy", *WORDS[:3], "--vectors", vectors)
    assert done.status == 0
    assert_safe(done)
    assert len(done.out.splitlines()) == 1 + len(WORDS) - 3


def test_errors_with_hostile_words(run, vectors) -> None:
    done = run("neighbors", f"cat{ESCAPE[:-1]}", "--vectors", vectors)
    assert done.status == 2
    assert_safe(done)
    assert "nearest spellings" in done.err
    done = run("neighbors", "cat", "--vectors", f"no{ESCAPE}thing")
    assert done.status == 2
    assert_safe(done)
    done = run(f"comm{ESCAPE}and")
    assert done.status == 2
    assert_safe(done)
    done = run("train", f"--opt{ESCAPE}ion")
    assert done.status == 2
    assert_safe(done)


def test_evaluation_of_a_hostile_file(run, vectors, tmp_path) -> None:
    path = tmp_path / "analogies.txt"
    path.write_text(f": sec{ESCAPE}tion\nplain plain plain plain\n", encoding="utf-8")
    done = run("eval", path, "--vectors", vectors)
    assert done.status == 0
    assert_safe(done)
    assert "sec\\x1b[2J" in done.out


def test_training_on_hostile_words(run, tmp_path) -> None:
    words = ["a\x1b[2J", "b\u202e", "c\x9b", "dull"]
    rng = np.random.default_rng(0)
    text = tmp_path / "text.txt"
    text.write_text(
        "\n".join(" ".join(rng.choice(words, size=8)) for _ in range(40)), encoding="utf-8"
    )
    options = ("--tokenizer", "whitespace", "--size", 4, "--epochs", 1, "--engine", "numpy")
    done = run("train", text, *options, "--output", tmp_path / f"out{ESCAPE}")
    assert done.status == 0
    assert_safe(done)
    assert "a\\x1b[2j" in done.out


def test_a_picture_of_hostile_names_as_text(run, trained, tmp_path) -> None:
    done = run("graph", "--text", "--vectors", trained)
    assert done.status == 0
    assert len(done.out.splitlines()) > 5  # several lines, as before
    assert_safe(done)


def test_a_line_to_be_pasted_runs_nothing(run, text, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    output = "out $(touch owned) `touch owned`"
    options = ("--size", 4, "--epochs", 1, "--engine", "numpy", "--output", output)
    done = run("train", "-train", text, *options)
    assert done.status == 0
    more = next(line for line in done.err.splitlines() if line.startswith("more: "))
    assert shlex.split(more)[1:] == ["tinygrad-w2v", "neighbors", "WORD", "--vectors", output]
    read_as = next(line for line in done.err.splitlines() if "read as: " in line)
    assert shlex.split(read_as.partition("read as: ")[2])[-1] == output
    done = run("train", "--update", output)
    assert shlex.split(done.err.partition("more text: ")[2])[-1] == output


def test_the_way_out_of_a_pickle_runs_nothing(run, tmp_path) -> None:
    path = tmp_path / "$(touch owned)`touch owned`!!.model"
    path.write_bytes(b"\x80\x04\x95gensim")
    done = run("neighbors", "cat", "--vectors", path)
    assert done.status == 2
    code = re.search(r'python -c "(.*)"', done.err)[1]
    assert not set(code) & set('$`!"')


# Paths


def paths() -> list[tuple[str, list[str]]]:
    """Every option and argument that is a path, as a command line with an empty one."""
    found = []
    for command, (_, add_options, _) in COMMANDS.items():
        parser = Parser(prog=command)
        add_options(parser)
        for action in parser._actions:
            if action.metavar in ("DIR", "FILE", "PATH", "CORPUS", "SOURCE", "TARGET"):
                others = ["x"] if command == "neighbors" else ["x"] * 3 * (command == "analogy")
                empty = [action.option_strings[0], ""] if action.option_strings else [""]
                if action.metavar == "SOURCE":
                    empty = ["", "v.txt"]
                elif action.metavar == "TARGET":
                    empty = ["v.txt", ""]
                found.append((f"{command} {action.metavar}", [command, *others, *empty]))
    return found


def test_all_paths_are_known() -> None:
    assert len(paths()) >= 11


@pytest.mark.parametrize("argv", [argv for _, argv in paths()], ids=[name for name, _ in paths()])
def test_an_empty_path_is_refused(argv, run, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*argv)
    assert done.status == 2
    assert "the name is empty" in done.err
    assert len(done.err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", ["", "a\0b", "\ud800", "x" * 300 + "\0"])
@pytest.mark.parametrize("place", ["sources", "update"])
def test_a_path_in_settings_that_is_none(place, path, run, trained, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    description = json.loads((trained / "settings.json").read_text(encoding="utf-8"))
    if place == "sources":
        description["request"]["sources"] = [path]
    else:
        description["request"]["update"] = path
    (tmp_path / "s.json").write_text(json.dumps(description), encoding="utf-8")
    done = run("train", "--settings", "s.json", "--output", tmp_path / "out")
    assert done.status == 2
    assert "is no path" in done.err
    assert len(done.err.splitlines()) == 1
    assert_safe(done)
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="names that are not UTF-8 are Linux's")
def test_names_that_are_not_utf8(run, text, tmp_path) -> None:
    source = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))
    output = Path(os.fsdecode(os.fsencode(tmp_path) + b"/out\xe9"))
    source.write_bytes(text.read_bytes())
    options = ("--size", 4, "--epochs", 1, "--engine", "numpy")
    done = run("train", source, *options, "--output", output)
    assert done.status == 0
    assert_safe(done)
    written = json.loads((output / "settings.json").read_text(encoding="utf-8"))
    assert written["text"]["sources"] == [str(source)]
    again = run("train", "--settings", output / "settings.json", "--output", tmp_path / "again")
    assert again.status == 0
    assert "byte for byte" in again.err
    assert_safe(again)
    more = run("train", source, "--update", output, "--output", tmp_path / "more", "--epochs", 1)
    assert more.status == 0
    assert run("neighbors", "cat", "--vectors", output).status == 0
    assert run("graph", "--text", "--vectors", output).status == 0
    target = Path(os.fsdecode(os.fsencode(tmp_path) + b"/v\xe9.npz"))
    assert run("convert", output, target).status == 0
    assert run("convert", target, target.with_suffix(".tsv")).status == 0


@pytest.mark.process
def test_a_pipe_takes_what_it_can_hold(vectors) -> None:
    """A stream in ASCII is given escapes, too."""
    code = "import sys; from tinygrad_w2v.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "neighbors", "plain", "--vectors", str(vectors)],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        check=True,
    )
    assert b"\x1b" not in done.stdout
    assert b"half\\ud800" in done.stdout
