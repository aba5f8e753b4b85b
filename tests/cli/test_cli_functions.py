"""A file runs nobody's code: a function that it names has to be named on the command line, too."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from tinygrad_w2v.training.engines.numpy import NumpyRun

SMALL = ("--size", 8, "--epochs", 2, "--min-count", 1, "--engine", "numpy")
TRACE = "trace.txt"


@pytest.fixture
def functions(tmp_path, monkeypatch) -> str:
    """A module of one's own in the current folder, which leaves a trace when it is imported."""
    monkeypatch.chdir(tmp_path)
    name = f"own_functions_{abs(hash(str(tmp_path)))}"
    Path(f"{name}.py").write_text(
        f"open({TRACE!r}, 'a', encoding='utf-8').close()\n"
        "def cut(line):\n    return line.split()\n"
        "def rule(word, count, min_count):\n    return 0\n",
        encoding="utf-8",
    )
    return name


def refused(done, name: str, *places: str) -> None:
    assert done.status == 2
    assert len(done.err.splitlines()) == 1
    assert f"names a function of its own, {name!r}, which would be run" in done.err
    for place in places:
        assert place in done.err
    assert not Path(TRACE).exists()


def change(path: Path, place: str, name: str) -> None:
    found = json.loads(path.read_text(encoding="utf-8"))
    found["request"][place] = name
    path.write_text(json.dumps(found), encoding="utf-8")


@pytest.mark.parametrize(
    ("place", "flag"), [("tokenizer", "--tokenizer"), ("trim_rule", "--trim-rule")]
)
def test_settings_of_a_stranger(place, flag, run, trained, text, tmp_path, functions) -> None:
    settings = trained / "settings.json"
    name = f"{functions}:{'cut' if place == 'tokenizer' else 'rule'}"
    for function in (name, "os:system"):
        change(settings, place, function)
        for option in (("--settings", settings), ("--update", trained, text)):
            done = run("train", *option, "--output", tmp_path / "out")
            refused(done, function, f"name it as well: {flag} {function}")
            assert not (tmp_path / "out").exists()
    change(settings, place, name)
    again = ("train", "--settings", settings, flag, name, "--quiet", "--output", tmp_path / "out")
    assert run(*again).status == 0
    assert Path(TRACE).exists()


def test_another_function_beside_an_update_is_taken_and_the_files_is_not(
    run, trained, text, tmp_path, functions
) -> None:
    change(trained / "settings.json", "tokenizer", f"{functions}:cut")
    options = ("--update", trained, "--tokenizer", "words", "--engine", "numpy", "--quiet")
    options += ("--output", tmp_path / "out")
    assert run("train", text, *options).status == 0
    assert not Path(TRACE).exists()


def test_a_name_of_a_stranger_is_quoted(run, trained, tmp_path) -> None:
    name = "x:y; touch $(echo owned)"
    change(trained / "settings.json", "tokenizer", name)
    done = run("train", "--settings", trained / "settings.json", "--output", tmp_path / "out")
    assert done.status == 2
    line = done.err.rstrip("\n").rpartition("name it as well: ")[2]
    assert shlex.split(line) == ["--tokenizer", name]


def test_a_folder_of_a_stranger_is_not_gone_on_with(
    run, text, tmp_path, functions, monkeypatch
) -> None:
    """The line that goes on with one's own run names the function, so that it can be pasted."""
    out, steps, real = Path("out"), [0], NumpyRun.step

    def step(self, batch, lr):
        steps[0] += 1
        if steps[0] == 5:
            raise KeyboardInterrupt
        return real(self, batch, lr)

    options = ("--tokenizer", f"{functions}:cut", "--trim-rule", f"{functions}:rule")
    with monkeypatch.context() as patch:
        patch.setattr(NumpyRun, "step", step)
        done = run("train", text, *SMALL, *options, "--output", out)
    line = done.err.rpartition("with: ")[2].splitlines()[0]
    assert line == (
        f"tinygrad-w2v train --resume --output out --trim-rule {functions}:rule "
        f"--tokenizer {functions}:cut"
    )
    Path(TRACE).unlink()
    refused(run("train", "--resume", "--output", out), f"{functions}:rule", "the run in out")
    assert run(*shlex.split(line)[1:], "--quiet") == (0, "", "")
