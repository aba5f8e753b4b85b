"""Two runs in one folder: the second is told of the first, and changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tinygrad_w2v._base.locking import NAME, FolderLock
from tinygrad_w2v._cli.results import file_digest
from tinygrad_w2v._cli.run_folder import FILES
from tinygrad_w2v.training.engines.numpy import NumpyRun
from tinygrad_w2v.vectors import WordVectors

SMALL = ("--size", 8, "--epochs", 2, "--engine", "numpy")


def everything(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != NAME)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def in_use(done) -> None:
    assert done.status == 2
    assert len(done.err.splitlines()) == 1
    assert f"is in use by process {os.getpid()} on " in done.err
    assert "; wait for its end, or name another folder with --output" in done.err


@pytest.mark.parametrize("options", [(), ("--overwrite",), ("--resume",), ("--update",)], ids=str)
def test_a_live_run_is_left_alone(options, run, text, trained, tmp_path, monkeypatch) -> None:
    """Whatever is asked for, while another run trains there."""
    out = tmp_path / "out"
    if options == ("--update",):
        options = ("--update", trained, "--overwrite")
    real, seen = NumpyRun.step, []

    def step(self, batch, lr):
        if len(seen) == 5:
            monkeypatch.setattr(NumpyRun, "step", real)
            before = everything(out)
            seen.append(run("train", text, *SMALL, *options, "--output", out))
            assert everything(out) == before
        seen.append(None)
        return real(self, batch, lr)

    monkeypatch.setattr(NumpyRun, "step", step)
    minutes = ("--checkpoint-minutes", 1e-9)
    assert run("train", text, *SMALL, *minutes, "--quiet", "--output", out).status == 0
    (done,) = filter(None, seen)
    in_use(done)
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)


def test_a_finished_run_may_be_read_while_its_folder_is_held(run, trained, tmp_path) -> None:
    with FolderLock(trained):
        assert run("neighbors", "cat", "--vectors", trained).status == 0
        assert run("convert", trained, tmp_path / "v.npy").status == 0
        assert run("train", "--resume", "--output", trained).status == 0  # nothing to do
        settings = ("--settings", trained / "settings.json")
        assert run("train", *settings, "--quiet", "--output", tmp_path / "again").status == 0


def test_a_folder_that_is_held_is_not_begun_in(run, text, tmp_path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with FolderLock(out):
        in_use(run("train", text, *SMALL, "--output", out))
        assert [path.name for path in out.iterdir()] == [NAME]
    assert run("train", text, *SMALL, "--quiet", "--output", out).status == 0
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)


@pytest.mark.process
def test_of_many_simultaneous_starts_one_runs(text, tmp_path) -> None:
    out = tmp_path / "new" / "out"
    command = [sys.executable, "-m", "tinygrad_w2v", "train", text, *SMALL, "--output", out]
    processes = [
        subprocess.Popen([*map(str, command), "--seed", str(seed)], stderr=subprocess.PIPE)
        for seed in range(6)
    ]
    said = [process.communicate()[1].decode() for process in processes]
    statuses = [process.returncode for process in processes]
    assert sorted(statuses) == [0, 2, 2, 2, 2, 2], said
    refusals = ("is in use by process", "holds a run already", "holds an unfinished run")
    for status, text_said in zip(statuses, said, strict=True):
        assert status == 0 or any(refusal in text_said for refusal in refusals), text_said
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
    found = json.loads((out / "settings.json").read_text(encoding="utf-8"))
    assert found["settings"]["seed"] == statuses.index(0)
    assert found["vectors_sha256"] == file_digest(out / "vectors.txt")
    assert found["model_sha256"] == file_digest(out / "model.npz")
    archive, plain = (
        WordVectors.load(out / "model.npz"),
        WordVectors.load_word2vec_format(out / "vectors.txt"),
    )
    assert archive.vectors.tobytes() == plain.vectors.tobytes()


def test_files_of_two_runs_are_not_learned_on_from(run, text, trained, tmp_path) -> None:
    """As a kill between two renames leaves them."""
    other = tmp_path / "other"
    assert run("train", text, *SMALL, "--seed", 7, "--quiet", "--output", other).status == 0
    (trained / "model.npz").write_bytes((other / "model.npz").read_bytes())
    done = run("train", text, "--update", trained, "--output", tmp_path / "out")
    assert done.status == 2
    assert "model.npz is not the file that settings.json beside it tells of" in done.err
    assert not (tmp_path / "out").exists()
