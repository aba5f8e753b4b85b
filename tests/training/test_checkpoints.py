from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tinygrad_w2v._base.errors import InputError, WriteError
from tinygrad_w2v._base.npz import write_arrays
from tinygrad_w2v.training import checkpoints as checkpoints_module
from tinygrad_w2v.training.checkpoints import Checkpoints, newest_checkpoint
from tinygrad_w2v.training.history import History, Mean, Record, RunState


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def make(folder: Path, table, said: list[str] | None = None, **options) -> Checkpoints:
    said = [] if said is None else said
    return Checkpoints(folder, lambda: {"w": table}, {"seed": 1}, say=said.append, **options)


def test_one_is_written_when_it_is_time_and_two_are_kept(tmp_path) -> None:
    clock = Clock()
    checkpoints = make(tmp_path, np.zeros(3), minutes=1, clock=clock)
    written = []
    for seconds in range(0, 300, 20):
        clock.now = 100.0 + seconds
        written.append(checkpoints.save_when_due(RunState(batch=seconds)))
    assert [path.name for path in written if path] == [f"checkpoint-{i}.npz" for i in range(1, 5)]
    assert names(tmp_path) == ["checkpoint-3.npz", "checkpoint-4.npz"]
    assert newest_checkpoint(tmp_path).state.batch == 240


def test_the_numbers_go_on_from_those_that_are_there(tmp_path) -> None:
    for batch in range(11):
        make(tmp_path, np.zeros(3)).save(RunState(batch=batch))
    assert names(tmp_path) == ["checkpoint-10.npz", "checkpoint-11.npz"]
    assert newest_checkpoint(tmp_path).state.batch == 10  # not the tenth, as text is sorted


def test_every_bit_comes_back(tmp_path, rng) -> None:
    table = rng.normal(size=(4, 3)).astype(np.float32)
    records = [Record(1, 10, 0.1 + 0.2, 1 / 3, 1e-17), Record(2, 20, float("nan"), 0.1, 2.0, 0.7)]
    history = History(records, [0.1], [0.3], words=20, seconds=1 / 7)
    state = RunState(2, 5, 1e10 / 3, 0.1, Mean(0.1 + 0.7, 3), Mean(1e-300, 1), history)
    make(tmp_path, table).save(state)
    found = newest_checkpoint(tmp_path)
    assert repr(found.state) == repr(state)
    assert found.tables["w"].dtype == np.float32
    np.testing.assert_array_equal(found.tables["w"], table)
    assert found.about == {"seed": 1}


def test_tables_that_are_not_finite_are_never_kept(tmp_path) -> None:
    said: list[str] = []
    table = np.zeros(3)
    checkpoints = make(tmp_path, table, said)
    table[1] = np.inf
    assert checkpoints.save(RunState()) is None
    assert checkpoints.save(RunState()) is None
    assert names(tmp_path) == []
    assert len(said) == 1
    assert "w holds numbers that are not finite" in said[0]


def test_room_is_looked_for_before(tmp_path, monkeypatch) -> None:
    said: list[str] = []
    checkpoints = make(tmp_path, np.zeros(1_000_000), said)
    first = checkpoints.save(RunState())

    class Usage:
        free = 5_000_000

    monkeypatch.setattr("tinygrad_w2v.training.checkpoints.shutil.disk_usage", lambda _: Usage)
    assert checkpoints.save(RunState()) is None
    assert names(tmp_path) == [first.name]
    assert "it needs 8.1 MB, the disk has 5.0" in said[0]


def test_the_older_of_two_is_given_up_for_a_new_one(tmp_path, monkeypatch) -> None:
    """One is there at every moment, and the newest in the end."""
    said: list[str] = []
    checkpoints = make(tmp_path, np.zeros(3), said)
    for batch in (1, 2):
        checkpoints.save(RunState(batch=batch))
    real, seen = checkpoints_module.write_arrays, []

    def full(path, arrays):
        seen.append(names(tmp_path))
        if len(seen[-1]) == 2:
            raise WriteError("the disk is full")
        real(path, arrays)

    monkeypatch.setattr(checkpoints_module, "write_arrays", full)
    assert checkpoints.save(RunState(batch=3)) == tmp_path / "checkpoint-3.npz"
    assert seen == [["checkpoint-1.npz", "checkpoint-2.npz"], ["checkpoint-2.npz"]]
    assert names(tmp_path) == ["checkpoint-2.npz", "checkpoint-3.npz"]
    assert said == []


def test_a_folder_that_has_gone_is_said(tmp_path) -> None:
    said: list[str] = []
    checkpoints = make(tmp_path / "gone", np.zeros(3), said)
    assert checkpoints.save(RunState()) is None
    assert "no checkpoint was written" in said[0]


@pytest.mark.parametrize("kind", ["cut", "other", "newer", "empty"])
def test_what_is_no_checkpoint_is_passed_over(kind, tmp_path) -> None:
    said: list[str] = []
    checkpoints = make(tmp_path, np.zeros(300))
    checkpoints.save(RunState(batch=1))
    newest = checkpoints.save(RunState(batch=2))
    if kind == "cut":
        newest.write_bytes(newest.read_bytes()[:1000])
    elif kind == "empty":
        newest.write_bytes(b"")
    elif kind == "other":
        write_arrays(newest, {"w": np.zeros(3)})
    else:
        text = b'{"format": 99}'
        write_arrays(newest, {"run": np.frombuffer(text, np.uint8)})
    assert newest_checkpoint(tmp_path, said.append).state.batch == 1
    assert len(said) == 1
    (tmp_path / "checkpoint-1.npz").unlink()
    with pytest.raises(InputError, match=r"checkpoint-2\.npz"):
        newest_checkpoint(tmp_path, said.append)
