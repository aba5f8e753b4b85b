"""The end of a run: what was trained is kept first, whatever happens to the files."""

from __future__ import annotations

import errno
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import tinygrad_w2v.drawing
from tinygrad_w2v._base import files
from tinygrad_w2v._base.errors import WriteError
from tinygrad_w2v._cli import ending, results, run_folder
from tinygrad_w2v._cli.run_folder import FILES
from tinygrad_w2v.training.checkpoints import Checkpoints, newest_checkpoint
from tinygrad_w2v.training.engines.numpy import NumpyRun
from tinygrad_w2v.training.run import Run
from tinygrad_w2v.vectors import WordVectors

SMALL = ("--size", 16, "--epochs", 3, "--seed", 3, "--engine", "numpy")
SAME = ("vectors.txt", "model.npz", "loss.svg", "graph.svg")


@pytest.fixture
def whole(run, text, tmp_path) -> Path:
    """The run to which nothing happened."""
    folder = tmp_path / "whole"
    assert run("train", text, *SMALL, "--quiet", "--output", folder).status == 0
    return folder


@pytest.fixture
def no_training(monkeypatch) -> Callable[[], None]:
    """From its call on, nothing may be trained."""

    def forbid() -> None:
        monkeypatch.setattr(NumpyRun, "step", lambda *a: pytest.fail("it was trained again"))

    return forbid


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def same_run(ours: Path, theirs: Path) -> None:
    assert sorted(path.name for path in ours.iterdir()) == sorted(FILES)
    for name in SAME:
        assert (ours / name).read_bytes() == (theirs / name).read_bytes(), name
    assert json.loads((ours / "settings.json").read_text(encoding="utf-8"))["finished"]


def goes_on(run, done, folder: Path) -> None:
    """Paste the command that an error ends with."""
    line = done.err.splitlines()[-1]
    assert "write the files, without training again, with: tinygrad-w2v train --resume" in line
    words = shlex.split(line.rpartition("with: ")[2])
    assert words == ["tinygrad-w2v", "train", "--resume", "--output", str(folder)]
    assert run(*words[1:], "--quiet") == (0, "", "")


class Full:
    """A disk that is full when the n-th file, or a file of some name, is forced to it."""

    def __init__(self, name: str) -> None:
        self.name, self.real = name, files.Draft.finish

    def __call__(self, draft: files.Draft) -> None:
        if self.name in draft.target.name:
            raise files.failed(draft.path, OSError(errno.ENOSPC, "full"))
        self.real(draft)


# ---------------------------------------------------------------------- what fails
@pytest.mark.parametrize("name", FILES)
def test_a_disk_that_is_full_when_a_file_is_written(
    name, run, whole, text, tmp_path, monkeypatch, no_training
) -> None:
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        full = Full(name)
        patch.setattr(files.Draft, "finish", lambda draft: full(draft))
        done = run("train", text, *SMALL, "--output", out)
    assert done.status == 1
    last = done.err.splitlines()[-1]
    assert "Traceback" not in done.err
    assert f"{name}: the disk is full; free some space, or choose another place; " in last
    assert f"what was trained is kept in {newest_checkpoint(out / 'checkpoints').path}" in last
    assert [path.name for path in out.iterdir()] == ["checkpoints"]  # all files, or none
    no_training()
    goes_on(run, done, out)
    same_run(out, whole)


def test_a_run_that_is_to_be_replaced_stays_until_the_last_file_is_whole(
    run, whole, trained, text, monkeypatch, no_training
) -> None:
    before = contents(trained)
    with monkeypatch.context() as patch:
        full = Full("settings.json")
        patch.setattr(files.Draft, "finish", lambda draft: full(draft))
        done = run("train", text, *SMALL, "--overwrite", "--output", trained)
    assert done.status == 1
    assert contents(trained) == before
    no_training()
    goes_on(run, done, trained)
    same_run(trained, whole)


def test_a_disk_without_room_for_the_state_is_left_for_another(
    run, whole, text, tmp_path, monkeypatch, no_training
) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.mkdir()

    def no_room(needed: int, folder: Path) -> None:
        if folder.is_relative_to(out):
            raise WriteError("it needs 9.9 MB, the disk has 0.1")

    with monkeypatch.context() as patch:
        patch.setattr("tinygrad_w2v.training.checkpoints._check_room", no_room)
        patch.setattr("tempfile.tempdir", str(elsewhere))
        full = Full("model.npz")
        patch.setattr(files.Draft, "finish", lambda draft: full(draft))
        done = run("train", text, *SMALL, "--output", out)
    assert done.status == 1
    (kept,) = elsewhere.glob("w2v-run-*/checkpoint-1.npz")
    place = out / "checkpoints"
    assert f"kept in {kept}: move this file to {place}, and write the files" in done.err
    kept.rename(place / kept.name)
    no_training()
    goes_on(run, done, out)
    same_run(out, whole)


def test_where_it_can_be_kept_nowhere_that_is_said(run, text, tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"

    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Checkpoints, "write", full)
    monkeypatch.setattr(ending, "write_results", full)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    done = run("train", text, *SMALL, "--output", out)
    assert done.status == 1
    assert "could be kept nowhere ([Errno 28] No space left on device)" in done.err
    assert not out.exists()
    assert not list(tmp_path.glob("w2v-run-*"))


def test_the_files_may_fit_where_the_state_does_not(run, whole, text, tmp_path, monkeypatch):
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Checkpoints, "write", full)
    out = tmp_path / "out"
    assert run("train", text, *SMALL, "--quiet", "--output", out) == (0, "", "")
    same_run(out, whole)


def test_an_error_that_nobody_thought_of_loses_nothing(
    run, whole, text, tmp_path, monkeypatch, no_training, capsys
) -> None:
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(results, "describe", lambda outcome: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run("train", text, *SMALL, "--output", out)
    assert "what was trained is kept in" in capsys.readouterr().err.splitlines()[-1]
    no_training()
    assert run("train", "--resume", "--quiet", "--output", out) == (0, "", "")
    same_run(out, whole)


def test_a_picture_may_fail_for_any_reason(run, text, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tinygrad_w2v.drawing, "plot_losses", lambda *a, **o: [].pop())
    out = tmp_path / "out"
    done = run("train", text, *SMALL, "--quiet", "--output", out)
    assert done.status == 0
    assert done.err == "note: loss.svg was not drawn: pop from empty list\n"
    assert sorted(path.name for path in out.iterdir()) == sorted({*FILES} - {"loss.svg"})


def test_numbers_that_are_lost_at_the_very_end(run, text, tmp_path, monkeypatch) -> None:
    """The last step may leave what no later one could find."""
    real = Run.follow

    def lost(self, *arguments, **options):
        history = real(self, *arguments, **options)
        self.model.w_out.data[0, 0] = np.inf
        return history

    out = tmp_path / "out"
    monkeypatch.setattr(Run, "follow", lost)
    done = run("train", text, *SMALL, "--output", out)
    assert done.status == 1
    assert "training diverged: w_out holds numbers that are not finite; use a" in done.err
    assert not out.exists()


def test_little_room_is_said_before_the_run(run, text, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(ending, "free_space", lambda folder: 5_000)
    done = run("train", text, *SMALL, "--quiet", "--output", tmp_path / "out")
    assert done.status == 0
    assert done.err.startswith("warning: the files of this run need about ")
    assert "has 5.0 kB free: make room before it ends" in done.err


# ---------------------------------------------------------------------- who interrupts
def interrupting(monkeypatch, times: int, real=WordVectors.save_word2vec_format) -> None:
    """Press Ctrl-C so often while the vectors are written."""

    def save(self, path, **options):
        for _ in range(times):
            signal.raise_signal(signal.SIGINT)
        real(self, path, **options)

    monkeypatch.setattr(WordVectors, "save_word2vec_format", save)


def test_ctrl_c_while_the_vectors_are_written_waits(run, whole, text, tmp_path, monkeypatch):
    out = tmp_path / "out"
    interrupting(monkeypatch, 1)
    done = run("train", text, *SMALL, "--quiet", "--output", out)
    assert done.status == 0
    assert done.err == "note: training was over when it was interrupted; all files are written\n"
    same_run(out, whole)


def test_the_second_ctrl_c_says_what_stands(
    run, whole, text, tmp_path, monkeypatch, no_training
) -> None:
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        interrupting(patch, 2)
        done = run("train", text, *SMALL, "--output", out)
    assert done.status == 1
    assert done.err.splitlines()[-1].startswith(
        f"interrupted at the end of the run; what was trained is kept in {out / 'checkpoints'}"
    )
    assert [path.name for path in out.iterdir()] == ["checkpoints"]
    no_training()
    goes_on(run, done, out)
    same_run(out, whole)


def test_no_number_of_presses_interrupts_the_keeping_of_the_state(
    run, whole, text, tmp_path, monkeypatch, no_training
) -> None:
    out, real = tmp_path / "out", Checkpoints.write

    def write(self, state, folder=None):
        for _ in range(5):
            signal.raise_signal(signal.SIGINT)
        return real(self, state, folder)

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "write", write)
        done = run("train", text, *SMALL, "--output", out)
    assert done.status == 1
    no_training()
    goes_on(run, done, out)
    same_run(out, whole)


def test_presses_while_the_files_take_their_places_change_nothing(
    run, whole, text, tmp_path, monkeypatch
) -> None:
    out, real = tmp_path / "out", files.move_into_place

    def move(*arguments):
        signal.raise_signal(signal.SIGINT)
        real(*arguments)

    monkeypatch.setattr(run_folder, "move_into_place", move)
    done = run("train", text, *SMALL, "--output", out)
    assert done.status == 1
    assert "interrupted at the end of the run; all files are written in" in done.err
    same_run(out, whole)


def test_a_batch_that_is_torn_is_no_place_to_go_on_from(
    run, whole, text, tmp_path, monkeypatch
) -> None:
    """Ctrl-C twice within a batch: what was learned is written, and kept as no place."""
    out, real, steps = tmp_path / "out", NumpyRun.step, [0]

    def step(self, batch, lr):
        steps[0] += 1
        if steps[0] == 9:
            self.model.w_in.data += 1  # half of an update
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
        return real(self, batch, lr)

    with monkeypatch.context() as patch:
        patch.setattr(NumpyRun, "step", step)
        done = run("train", text, *SMALL, "--quiet", "--output", out)
    assert done.status == 0
    assert "what was learned is kept in" in done.err
    assert "no place was kept to go on from, begin anew with: tinygrad-w2v train --re" in done.err
    assert not list((out / "checkpoints").glob("checkpoint-*"))
    assert run("train", "--resume", "--quiet", "--output", out).status == 0
    same_run(out, whole)


# ---------------------------------------------------------------------- real processes
LONG = ("--size", 16, "--epochs", 30, "--seed", 3, "--engine", "numpy")


def child(*argv: object, **options: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tinygrad_w2v", *map(str, argv)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8", **options)


def wait_for_training(process: subprocess.Popen[str], out: Path) -> None:
    while process.poll() is None and not list((out / "checkpoints").glob("checkpoint-*.npz")):
        time.sleep(0.01)


@pytest.mark.process
@pytest.mark.skipif(os.name != "posix", reason="the system has no such signals")
def test_a_process_that_is_ended_keeps_its_place_and_ends_so(run, text, tmp_path) -> None:
    whole = tmp_path / "whole"
    assert run("train", text, *LONG, "--quiet", "--output", whole).status == 0
    for number in (signal.SIGTERM, signal.SIGHUP):
        out = tmp_path / number.name
        arguments = ("train", text, *LONG, "--checkpoint-minutes", 1e-4, "--output", out)
        usual = partial(signal.signal, number, signal.SIG_DFL)
        with child(*arguments, preexec_fn=usual) as process:
            wait_for_training(process, out)
            process.send_signal(number)
            said = process.stderr.read()
        assert process.returncode == -number, said
        assert f"go on with: tinygrad-w2v train --resume --output {out}" in said
        assert set(FILES) < {path.name for path in out.iterdir()}
        assert not (out / ".lock").exists()
        assert run("train", "--resume", "--quiet", "--output", out) == (0, "", "")
        same_run(out, whole)


@pytest.mark.process
@pytest.mark.skipif(os.name != "posix", reason="the system has no such limits")
def test_a_limit_between_the_state_and_the_vectors(
    run, text, tmp_path, monkeypatch, no_training
) -> None:
    """The text of the vectors is longer than both tables in binary."""
    import resource

    whole, out = tmp_path / "whole", tmp_path / "out"
    options = ("--size", 500, "--epochs", 1, "--seed", 3, "--engine", "numpy")
    assert run("train", text, *options, "--quiet", "--output", whole).status == 0
    limit = ((whole / "model.npz").stat().st_size + (whole / "vectors.txt").stat().st_size) // 2
    assert (whole / "model.npz").stat().st_size + 3000 < limit

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    with child("train", text, *options, "--output", out, preexec_fn=limited) as process:
        said = process.stderr.read()
    assert process.returncode == 1, said
    assert "vectors.txt: File too large" in said.splitlines()[-1]
    no_training()
    assert run("train", "--resume", "--quiet", "--output", out) == (0, "", "")
    same_run(out, whole)
