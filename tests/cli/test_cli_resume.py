"""Runs that end early: whatever ends them, they go on as if nothing had happened."""

from __future__ import annotations

import importlib.util
import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tinygrad_w2v._cli.run_folder import FILES
from tinygrad_w2v.training.checkpoints import Checkpoints, newest_checkpoint
from tinygrad_w2v.training.engines.compiled import CompiledRun
from tinygrad_w2v.training.engines.numpy import NumpyRun

LONG = ("--size", 8, "--epochs", 40, "--heldout", "0.1", "--seed", 3, "--engine", "numpy")
NO_NUMBA = importlib.util.find_spec("numba") is None


def description(folder: Path) -> dict:
    return json.loads((folder / "settings.json").read_text(encoding="utf-8"))


def history(folder: Path) -> list[dict]:
    lines = (folder / "history.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    for record in records:
        del record["seconds"]
    return records


def same_run(ours: Path, theirs: Path) -> None:
    for name in ("vectors.txt", "model.npz"):
        assert (ours / name).read_bytes() == (theirs / name).read_bytes(), name
    assert history(ours) == history(theirs)
    both = [description(folder) for folder in (ours, theirs)]
    for name in ("losses", "heldout", "finished", "words_trained"):
        assert both[0][name] == both[1][name]
    # The same words, wherever they lie.
    texts = [{**one["text"], "sources": len(one["text"]["sources"])} for one in both]
    assert texts[0] == texts[1]


@pytest.fixture(
    params=[
        pytest.param((), id="numpy"),
        pytest.param(
            ("--engine", "compiled", "--workers", 1),
            id="compiled",
            marks=pytest.mark.skipif(NO_NUMBA, reason="numba is not installed"),
        ),
    ]
)
def engine(request) -> tuple[object, ...]:
    """The options of an engine that gives the same bytes again."""
    return request.param


@pytest.fixture(scope="session")
def wholes() -> dict[object, Path]:
    """The runs that were never interrupted, by their options."""
    return {}


@pytest.fixture
def whole(run, text, tmp_path_factory, wholes, engine) -> Path:
    """The run that was never interrupted; nothing is changed in it."""
    if engine not in wholes:
        folder = tmp_path_factory.mktemp("whole") / "run"
        assert run("train", text, *LONG, *engine, "--quiet", "--output", folder).status == 0
        wholes[engine] = folder
    return wholes[engine]


class Killed(BaseException):
    """Ends a run as hard as one process can end itself."""


def stop_at(monkeypatch: pytest.MonkeyPatch, steps: int, error: type[BaseException]) -> None:
    """Let training fail at a step, once."""
    left = [steps]

    def stopping(real):
        def step(self, batch, lr):
            left[0] -= 1
            if left[0] == 0:
                raise error
            return real(self, batch, lr)

        return step

    for kind in (NumpyRun, CompiledRun):
        monkeypatch.setattr(kind, "step", stopping(kind.step))


def broken_off(run, text, out, monkeypatch, steps=170, *options) -> None:
    with monkeypatch.context() as patch:
        stop_at(patch, steps, Killed)
        minutes = ("--checkpoint-minutes", 1e-4)
        with pytest.raises(Killed):
            run("train", text, *LONG, *options, *minutes, "--quiet", "--output", out)


# ---------------------------------------------------------------------- real processes
def child(*argv: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tinygrad_w2v", *map(str, argv)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


@pytest.mark.process
@pytest.mark.proof
def test_killed_at_random_moments_and_resumed_it_ends_with_the_same_bytes(
    run, engine, text, tmp_path, rng
) -> None:
    options = (*LONG, "--epochs", 120, *engine)
    whole, out = tmp_path / "whole", tmp_path / "killed"
    assert run("train", text, *options, "--quiet", "--output", whole).status == 0
    new = ("train", text, *options, "--output", out, "--checkpoint-minutes", 2e-4)
    again = ("train", "--resume", "--output", out, "--checkpoint-minutes", 2e-4)
    kills, places = 0, set()
    for attempt in range(40):
        begun = (out / "checkpoints" / "run.json").exists()
        with child(*(again if begun else new)) as process:
            if kills < 6:
                # First a kill on the way to the training, then some in it.
                wait_for_work(out, process, begun) if attempt else None
                time.sleep(rng.uniform(0, 0.25))
                process.kill()  # SIGKILL, where there is one
                kills += 1
            problem = process.stderr.read()
        if process.returncode == 0:
            break
        assert b"tinygrad-w2v: " not in problem, problem
        assert b"Traceback" not in problem, problem
        kept = newest_checkpoint(out / "checkpoints")
        places.add(None if kept is None else (kept.state.epoch, kept.state.batch))
    assert process.returncode == 0
    assert len(places) > 2, "the kills did not hit the training"
    same_run(out, whole)
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)


def wait_for_work(out: Path, process: subprocess.Popen[bytes], begun: bool) -> None:
    """Wait until a process has written a checkpoint of its own, or has ended."""
    folder = out / "checkpoints"
    before = {path.name for path in folder.glob("checkpoint-*.npz")} if begun else set()
    while process.poll() is None:
        if {path.name for path in folder.glob("checkpoint-*.npz")} - before:
            return
        time.sleep(0.01)


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_keeps_what_was_learned_and_says_how_to_go_on(
    run, whole, engine, text, tmp_path
) -> None:
    out = tmp_path / "out"
    with child(
        "train", text, *LONG, *engine, "--output", out, "--checkpoint-minutes", 1e-4
    ) as process:
        wait_for_work(out, process, begun=False)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read().decode()
    assert process.returncode == 0, said
    assert "what was learned is kept" in said
    assert f"go on with: tinygrad-w2v train --resume --output {out}" in said
    assert set(FILES) < {path.name for path in out.iterdir()}
    assert description(out)["finished"] is False
    done = run("train", "--resume", "--output", out)
    assert done.status == 0
    assert "going on after" in done.err
    same_run(out, whole)


# ---------------------------------------------------------------------- in this process
def test_a_run_that_was_broken_off_goes_on_without_a_word_about_it(
    run, whole, engine, text, tmp_path, monkeypatch
) -> None:
    out = tmp_path / "out"
    broken_off(run, text, out, monkeypatch, 170, *engine)
    assert len(list((out / "checkpoints").glob("checkpoint-*.npz"))) == 2
    assert run("train", "--resume", "--quiet", "--output", out) == (0, "", "")
    same_run(out, whole)


def test_a_damaged_checkpoint_is_said_and_the_one_before_is_taken(
    run, whole, engine, text, tmp_path, monkeypatch
) -> None:
    out = tmp_path / "out"
    broken_off(run, text, out, monkeypatch, 170, *engine)
    newest = newest_checkpoint(out / "checkpoints").path
    newest.write_bytes(newest.read_bytes()[:-300])
    done = run("train", "--resume", "--output", out)
    assert done.status == 0
    assert "taking the checkpoint before it" in done.err
    same_run(out, whole)


def test_no_checkpoint_that_can_be_read(run, text, tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"
    broken_off(run, text, out, monkeypatch)
    for path in (out / "checkpoints").glob("checkpoint-*.npz"):
        path.write_bytes(b"PK nothing")
    done = run("train", "--resume", "--output", out)
    assert done.status == 2
    assert "cannot be read as an npz file" in done.err.splitlines()[-1]


def test_without_a_checkpoint_yet_it_begins_anew(
    run, whole, engine, text, tmp_path, monkeypatch
) -> None:
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        stop_at(patch, 100, Killed)
        # As after a kill: nothing is tidied up.
        patch.setattr("tinygrad_w2v._cli.run_folder.RunFolder._tidy", lambda *a: None)
        with pytest.raises(Killed):
            run("train", text, *LONG, *engine, "--quiet", "--output", out)
    done = run("train", "--resume", "--output", out)
    assert "no checkpoint had been written yet: beginning anew" in done.err
    same_run(out, whole)


def test_the_text_is_not_cut_into_words_again(
    run, whole, engine, text, tmp_path, monkeypatch
) -> None:
    out = tmp_path / "out"
    broken_off(run, text, out, monkeypatch, 170, *engine)
    monkeypatch.setattr(
        "tinygrad_w2v.text.stored.number_words", lambda *a, **o: pytest.fail("the text was cut")
    )
    done = run("train", "--resume", "--output", out)
    assert "the text was cut into words before; going on with that" in done.err
    same_run(out, whole)
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)


def test_a_text_on_standard_input_goes_on_too(
    run, whole, engine, text, tmp_path, monkeypatch
) -> None:
    def give(content: bytes) -> None:
        stream = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8")
        monkeypatch.setattr(sys, "stdin", stream)

    out = tmp_path / "out"
    give(text.read_bytes())
    broken_off(run, "-", out, monkeypatch, 170, *engine)
    give(text.read_bytes() * 2)
    done = run("train", "--resume", "--output", out)
    assert done.status == 2
    assert "the text is not the one that" in done.err
    give(text.read_bytes())
    assert run("train", "--resume", "--output", out).status == 0
    assert (out / "vectors.txt").read_bytes() == (whole / "vectors.txt").read_bytes()


def test_another_text_is_refused(run, text, tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"
    broken_off(run, text, out, monkeypatch)
    before = sorted(path.name for path in (out / "checkpoints").iterdir())
    text.write_text(text.read_text(encoding="utf-8") + "cat dog cow hen\n", encoding="utf-8")
    done = run("train", "--resume", "--output", out)
    assert done.status == 2
    assert "the text is not the one that" in done.err.splitlines()[-1]
    assert sorted(path.name for path in (out / "checkpoints").iterdir()) == before


def test_the_same_text_may_lie_elsewhere(run, whole, engine, text, tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"
    broken_off(run, text, out, monkeypatch, 170, *engine)
    moved = text.rename(tmp_path / "moved.txt")
    done = run("train", "--resume", "--output", out)
    assert done.status == 2
    assert "does not exist" in done.err
    assert run("train", moved, "--resume", "--output", out).status == 0
    assert (out / "vectors.txt").read_bytes() == (whole / "vectors.txt").read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--epochs 3", "--epochs gives 3, and the run in"),
        ("--size 5", "--size gives 5, and the run in"),
        ("--no-lower", "--no-lower gives false, and the run in"),
        ("--heldout 0.2", "--heldout gives 0.2, and the run in"),
        ("--overwrite", "--resume and --overwrite exclude each other"),
        ("--settings x.json", "--resume and --settings exclude each other"),
    ],
)
def test_other_settings_are_refused(options, message, run, text, tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"
    broken_off(run, text, out, monkeypatch, 50)
    done = run("train", "--resume", "--output", out, *options.split())
    assert done.status == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1


def test_the_same_option_may_be_said_again(run, whole, engine, text, tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"
    broken_off(run, text, out, monkeypatch, 170, *engine)
    done = run("train", text, *LONG, *engine, "--resume", "--quiet", "--output", out)
    assert done == (0, "", "")
    same_run(out, whole)


def test_an_unfinished_run_is_not_replaced_unasked(run, text, tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"
    broken_off(run, text, out, monkeypatch, 50)
    done = run("train", text, "--output", out)
    assert done.status == 2
    assert "holds an unfinished run; go on with it with --resume" in done.err
    again = ("--epochs", 1, "--engine", "numpy", "--overwrite", "--output", out)
    assert run("train", text, *again).status == 0
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)


def test_nothing_to_resume(run, trained, tmp_path) -> None:
    done = run("train", "--resume", "--output", tmp_path / "nowhere")
    assert done.status == 2
    assert "holds no run to go on with" in done.err
    assert not (tmp_path / "nowhere").exists()
    done = run("train", "--resume", "--output", trained)
    assert done.status == 0
    assert "is finished; there is nothing to resume" in done.err


def test_what_a_kill_in_the_last_moment_left_is_removed(run, trained) -> None:
    (trained / "checkpoints").mkdir()
    (trained / "checkpoints" / "checkpoint-7.npz").write_bytes(b"")
    done = run("train", "--resume", "--output", trained)
    assert done.status == 0
    assert sorted(path.name for path in trained.iterdir()) == sorted(FILES)


def test_a_kill_while_the_files_are_written(
    run, whole, engine, text, tmp_path, monkeypatch
) -> None:
    out = tmp_path / "out"
    broken_off(run, text, out, monkeypatch, 170, *engine)
    for name in ("vectors.txt", "settings.json"):
        (out / name).write_text("half", encoding="utf-8")
    (out / ".model.npz.abc.part").write_bytes(b"half")
    (out / "checkpoints" / ".checkpoint-9.npz.abc.part").write_bytes(b"half")
    assert run("train", "--resume", "--quiet", "--output", out) == (0, "", "")
    same_run(out, whole)
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)


def test_a_finished_run_stays_until_the_next_one_is_finished(
    run, trained, text, monkeypatch
) -> None:
    before = (trained / "vectors.txt").read_bytes()
    broken_off(run, text, trained, monkeypatch, 100, "--overwrite")
    assert (trained / "vectors.txt").read_bytes() == before
    assert run("train", "--resume", "--output", trained).status == 0
    assert (trained / "vectors.txt").read_bytes() != before
    assert description(trained)["settings"]["epochs"] == 40


@pytest.mark.parametrize("content", ["", "[]", "{", '{"request": 1}', '{"request": {}}'])
def test_a_damaged_note_of_the_run(content, run, text, tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"
    broken_off(run, text, out, monkeypatch, 50)
    (out / "checkpoints" / "run.json").write_text(content, encoding="utf-8")
    done = run("train", "--resume", "--output", out)
    assert done.status == 2
    assert "run.json is not the settings of a run" in done.err.splitlines()[-1]


def test_a_full_disk_does_not_stop_the_run(run, text, tmp_path, monkeypatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tinygrad_w2v.training.checkpoints.write_arrays", full)
    out = tmp_path / "out"
    options = ("--epochs", 5, "--checkpoint-minutes", 1e-4, "--engine", "numpy", "--output", out)
    done = run("train", text, *options)
    assert done.status == 0
    assert done.err.count("no checkpoint was written") == 1
    assert "No space left on device" in done.err
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)


def test_divergence_names_the_last_good_checkpoint(run, text, tmp_path, monkeypatch) -> None:
    real, steps = NumpyRun.step, [0]

    def step(self, batch, lr):
        steps[0] += 1
        if steps[0] == 150:
            self.model.w_out.data[0, 0] = np.nan
        return real(self, batch, lr)

    monkeypatch.setattr(NumpyRun, "step", step)
    out = tmp_path / "out"
    done = run("train", text, *LONG, "--checkpoint-minutes", 1e-4, "--output", out)
    assert done.status == 1
    last = done.err.splitlines()[-1]
    assert "training diverged in epoch" in last
    found = newest_checkpoint(out / "checkpoints")
    assert f"the last good checkpoint is {found.path}" in last
    assert all(np.isfinite(table).all() for table in found.tables.values())


@pytest.mark.parametrize("minutes", ["-1", "nan", "inf"])
def test_minutes_that_cannot_be(minutes, run, text, tmp_path) -> None:
    out = tmp_path / "out"
    done = run("train", text, "--checkpoint-minutes", minutes, "--output", out)
    assert done.status == 2
    assert done.err.startswith("tinygrad-w2v: --checkpoint-minutes must be 0 or more")
    assert not out.exists()


def test_zero_minutes_write_no_checkpoint(run, text, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(Checkpoints, "save", lambda *a: pytest.fail("a checkpoint was written"))
    options = ("--epochs", 1, "--size", 8, "--engine", "numpy", "--checkpoint-minutes", 0)
    options += ("--output", tmp_path / "out")
    assert run("train", text, *options).status == 0
