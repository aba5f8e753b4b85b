"""``explore``: what it answers of a run; it writes nothing, and Ctrl-C ends it well."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._cli import exploring
from tinygrad_w2v._cli.exploring import Look
from tinygrad_w2v._cli.stored_run import read_run


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_questions_to_a_run(trained: Path) -> None:
    before = files(trained)
    look = Look(read_run(str(trained)), "en")
    vectors = look.stored.vectors
    assert look.neighbours({"word": "cat"})["near"] == vectors.most_similar("cat", topn=12)
    assert look.analogy({"a": "cat", "b": "dog", "c": "red"})["words"] == ["cat", "dog", "red"]
    odd = look.odd({"words": "cat, dog cow red"})
    assert odd["odd"] == vectors.doesnt_match(["cat", "dog", "cow", "red"])
    assert len(odd["closeness"]) == 4
    asked = {"text": "Cat dog zebra hen"}
    answer = look.sentence(asked)
    assert answer["left_out"] == ["zebra"]
    assert [(w["center"], w["contexts"]) for w in answer["windows"]] == [
        ("cat", ["dog", "hen"]),
        ("dog", ["cat", "hen"]),
        ("hen", ["cat", "dog"]),
    ]
    assert all(len(window["negatives"]) <= 5 for window in answer["windows"])
    page = look.step(asked | {"at": "1"})
    assert page.startswith("<!DOCTYPE html>") and "cat" in page
    assert look.report({}) == before["report.html"].decode("utf-8")
    (trained / "report.html").unlink()
    assert "cbow, text.txt" in look.report({})  # made of the other files
    assert files(trained) == {name: b for name, b in before.items() if name != "report.html"}


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("neighbours", {}),
        ("analogy", {"a": "cat", "b": " ", "c": "dog"}),
        ("odd", {"words": "cat dog"}),
        ("step", {"text": "cat dog", "at": "2"}),
        ("step", {"text": "cat dog", "at": "-1"}),
        ("step", {"text": "cat dog", "at": "9" * 5000}),
    ],
)
def test_questions_without_an_answer(trained: Path, name: str, query: dict[str, str]) -> None:
    look = Look(read_run(str(trained)), "en")
    with pytest.raises(InputError):
        getattr(look, name)(query)
    assert look.sentence({"text": "zebra cat"})["windows"] == []


def test_a_function_that_a_file_names_is_not_run(run: Any, trained: Path) -> None:
    settings = trained / "settings.json"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('"words"', '"antigravity:fly"'), encoding="utf-8")
    look = Look(read_run(str(trained)), "en")
    assert len(look.sentence({"text": "cat dog"})["windows"]) == 2
    assert "antigravity" not in sys.modules


def test_a_browser_that_is_not_left_is_answered(
    run: Any, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def reading(url: str) -> None:  # as one in the terminal
        with urllib.request.urlopen(url, timeout=60) as response:
            seen.append(response.status)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(exploring.webbrowser, "open", reading)
    done = run("explore", trained)
    assert (done.status, seen) == (0, [200]) and done.err.endswith("ended\n")


def test_a_run_without_its_model_is_named(run: Any, trained: Path) -> None:
    (trained / "model.npz").unlink()
    done = run("explore", trained, "--no-browser")
    assert done.status == 2 and "has no model.npz" in done.err and done.err.count("\n") == 1


def test_wrong_calls(run: Any, trained: Path) -> None:
    done = run("explore", trained, "--port", 70000)
    assert done.status == 2 and "--port must be" in done.err
    done = run("explore", trained.parent / "nowhere")
    assert done.status == 2 and "is not the folder of a run" in done.err


@pytest.mark.process
def test_ctrl_c_ends_it(trained: Path) -> None:
    before = files(trained)
    command = [sys.executable, "-m", "tinygrad_w2v", "explore", str(trained), "--no-browser"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=dict(os.environ, PYTHONUNBUFFERED="1"),
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with urllib.request.urlopen(f"{url}report", timeout=60) as response:
            assert response.read() == before["report.html"]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, out) == (0, "") and err.endswith("ended\n")
    assert "Traceback" not in err
    assert files(trained) == before
