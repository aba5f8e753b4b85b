"""``report.html``: at the end of a run, and while it goes on."""

from __future__ import annotations

import itertools
import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinygrad_w2v._base.errors import NonFiniteError
from tinygrad_w2v._cli import options, reporting
from tinygrad_w2v._cli.parsing import Parser
from tinygrad_w2v._cli.request import Request, requested
from tinygrad_w2v.reports import layouts
from tinygrad_w2v.training.engines.numpy import NumpyRun
from tinygrad_w2v.word2vec.settings import TrainingSettings
from tinygrad_w2v.word2vec.subword_settings import SubwordSettings

SMALL = ("--size", 8, "--epochs", 2, "--engine", "numpy", "--quiet")


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Where reports of runs that go on were written; it is always time for one."""
    clock = itertools.count(0, 100)
    monkeypatch.setattr(reporting.time, "monotonic", lambda: float(next(clock)))
    places: list[Path] = []
    write = reporting.write_report

    def written(report: Any, path: Path, *options: Any) -> None:
        assert report.refresh == 30 and report.losses.records
        write(report, path, *options)
        places.append(path)

    monkeypatch.setattr(reporting, "write_report", written)
    return places


def data_of(page: Path) -> dict[str, Any]:
    text = page.read_text(encoding="utf-8")
    *_, found = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text)
    data: dict[str, Any] = json.loads(found)
    return data


def test_a_report_says_what_was_run_and_how_to_repeat_it(run: Any, trained: Path) -> None:
    page = (trained / "report.html").read_text(encoding="utf-8")
    again = f"tinygrad-w2v train --settings {trained}/settings.json --output again"
    assert again in page and "--size 8 --epochs 2 --engine numpy --output again" in page
    assert "<dt><bdi>min_count</bdi></dt><dd>5</dd>" in page and "cbow, text.txt" in page
    data = data_of(trained / "report.html")
    assert sorted(data["vectors"]["words"][:8]) == sorted(
        ["cat", "dog", "cow", "hen", "red", "blue", "pink", "grey"]
    )
    records = (trained / "history.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(data["curves"]["loss"]) == len(records) and data["refresh"] is None
    # The line is a command that works, and does the same run.
    assert run(*again.split()[1:-1], trained.parent / "again", "--engine", "numpy").status == 0


@pytest.mark.parametrize(
    "asked",
    [
        Request(["a b.txt", "-x.txt"], phrases=True, heldout=0.1, early_stopping=2),
        Request(phrases="my phrases.json", trim_rule="mine:rule", tokenizer="mine:cut"),
        Request(settings=SubwordSettings(model="skipgram", bucket=50)),
        Request(settings=SubwordSettings(model="cbow", min_n=2)),
        Request(lower=False, settings=TrainingSettings(cbow_mean=False, shrink_windows=False)),
        Request(settings=TrainingSettings(model="skipgram", ns_exponent=-0.5, hs=True)),
    ],
)
def test_the_options_that_a_report_names_ask_for_the_same(asked: Request) -> None:
    _, line = reporting.repeat_lines(asked, "run", "numpy", {"deterministic": True}).split("\n\n")
    parser = Parser()
    options.add_options(parser)
    read = parser.parse_args(shlex.split(line)[2:])
    sources = [name.removeprefix("./") for name in read.sources]
    assert requested(vars(read) | {"sources": sources}) == asked
    assert read.engine == "numpy" and read.deterministic


def test_a_run_that_learned_on_is_done_again_by_its_file_alone() -> None:
    line = reporting.repeat_lines(Request(["more.txt"], update="old"), "run")
    assert line == "tinygrad-w2v train --settings run/settings.json --output again"


def test_the_report_is_written_while_the_run_goes_on(
    run: Any, text: Path, tmp_path: Path, seen: list[Path]
) -> None:
    folder = tmp_path / "run"
    call = ("train", text, *SMALL, "--report-every", 30, "--lang", "ja", "--output", folder)
    assert run(*call) == (0, "", "")
    assert set(seen) == {folder / "report.html"} and len(seen) > 2
    assert data_of(folder / "report.html")["refresh"] is None
    assert "学習は進んだか" in (folder / "report.html").read_text(encoding="utf-8")
    # A run that is replaced keeps its files, its report among them, until the new one is whole.
    seen.clear()
    assert run(*call, "--overwrite") == (0, "", "")
    assert set(seen) == {folder / "checkpoints" / "report.html"}
    assert not (folder / "checkpoints").exists()


def test_a_run_that_fails_leaves_no_report(
    run: Any, text: Path, tmp_path: Path, seen: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, step, left = tmp_path / "run", NumpyRun.step, [9]

    def diverging(self: Any, batch: Any, lr: float) -> float:
        left[0] -= 1
        if not left[0]:
            raise NonFiniteError("the loss is nan")
        return step(self, batch, lr)

    monkeypatch.setattr(NumpyRun, "step", diverging)
    done = run("train", text, *SMALL, "--report-every", 30, "--output", folder)
    assert done.status == 1 and "diverged" in done.err
    assert seen and not (folder / "report.html").exists()


def test_a_run_that_ended_before_its_last_epoch_says_so(
    run: Any, text: Path, tmp_path: Path, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, step, left = tmp_path / "ended", NumpyRun.step, [9]
    said = ("this is what it had learned by then", "did not fall any more")

    def interrupted(self: Any, batch: Any, lr: float) -> float:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        return step(self, batch, lr)

    rates = ("--alpha", 1, "--min-alpha", 1)
    watched = ("--heldout", 0.1, "--early-stopping", 1, "--epochs", 40, *rates)
    assert run("train", text, *SMALL, *watched, "--output", folder).status == 0
    page = (folder / "report.html").read_text(encoding="utf-8")
    early = json.loads((folder / "settings.json").read_text(encoding="utf-8"))["stopped_early"]
    assert early and (said[0] in page, said[1] in page) == (False, True)
    monkeypatch.setattr(NumpyRun, "step", interrupted)
    run("train", text, *SMALL, "--output", folder, "--overwrite")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert (said[0] in page, said[1] in page) == (True, False)
    page = (trained / "report.html").read_text(encoding="utf-8")
    assert not any(each in page for each in said)


def test_a_report_that_cannot_be_written_ends_no_run(
    run: Any, text: Path, tmp_path: Path, seen: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(reporting, "write_report", full)
    done = run("train", text, *SMALL, "--report-every", 30, "--output", tmp_path / "run")
    assert done.status == 0
    assert done.err == "note: the report of the run so far was not written: the disk is full\n"


def test_what_a_report_needs_is_asked_for_before_training(
    run: Any, text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layouts.importlib.util, "find_spec", lambda name: None)
    folder = tmp_path / "run"
    done = run("train", text, *SMALL, "--layout", "umap", "--output", folder)
    assert done.status == 1 and "pip install 'tinygrad_w2v[maps]'" in done.err
    done = run("train", text, *SMALL, "--report-every", 0, "--output", folder)
    assert done.status == 2 and "--report-every must be" in done.err
    assert not folder.exists()


def test_sample_words_of_japanese_are_no_particles(run: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    nouns = ["猫", "吾輩", "主人", "鼠", "書斎", "学校", "先生", "電話"]
    lines = [
        " ".join(f"{noun} を" if i % 2 else f"{noun} で は" for i, noun in enumerate(row))
        for row in rng.choice(nouns, size=(60, 8))
    ]
    text = tmp_path / "neko.txt"
    text.write_text("\n".join(lines), encoding="utf-8")
    call = ("train", text, "--tokenizer", "whitespace", "--size", 4, "--engine", "numpy")
    done = run(*call, "--output", tmp_path / "run")
    shown = [line.partition(":")[0].strip() for line in done.out.splitlines()]
    assert sorted(shown) == sorted(nouns)
    assert f"the report: {tmp_path / 'run' / 'report.html'}" in done.err
