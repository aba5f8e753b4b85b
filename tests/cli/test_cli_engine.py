"""``train --engine``: which engine runs is said, written down, and kept with an unfinished run."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tinygrad_w2v.text.resources import cores
from tinygrad_w2v.training.checkpoints import newest_checkpoint
from tinygrad_w2v.training.engines.compiled import CompiledRun

SMALL = ("--size", 8, "--epochs", 20, "--seed", 3)


@pytest.fixture(autouse=True)
def _numba(request: pytest.FixtureRequest) -> None:
    if "no_numba" not in request.fixturenames:
        pytest.importorskip("numba", reason="numba is not installed")


@pytest.fixture
def no_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)


def description(folder: Path) -> dict:
    return json.loads((folder / "settings.json").read_text(encoding="utf-8"))


def said_of_the_engine(errors: str) -> str:
    (line,) = [line for line in errors.splitlines() if line.startswith("engine ")]
    return line


class Killed(BaseException):
    """Ends a run as hard as one process can end itself."""


def broken_off(run, text, out, monkeypatch, *options) -> None:
    """Train until a checkpoint was written, and end there as hard as a process can be ended."""
    real, checkpoints = CompiledRun.step, out / "checkpoints"

    def step(self, part, lr):
        if list(checkpoints.glob("checkpoint-*.npz")):
            raise Killed
        return real(self, part, lr)

    with monkeypatch.context() as patch:
        patch.setattr(CompiledRun, "step", step)
        with pytest.raises(Killed):
            minutes = ("--checkpoint-minutes", 1e-9)
            run("train", text, *SMALL, *options, *minutes, "--quiet", "--output", out)
    assert newest_checkpoint(checkpoints) is not None


def test_the_engine_is_said_and_written_down(run, text, tmp_path) -> None:
    done = run("train", text, *SMALL, "--workers", 2, "--output", tmp_path / "out")
    assert done.status == 0
    assert said_of_the_engine(done.err) == (
        "engine compiled (numba is installed and the model compiles), 2 threads: the bytes may "
        "differ from run to run; --workers 1 or --deterministic makes them equal"
    )
    found = description(tmp_path / "out")
    assert found["engine"] == {
        "name": "compiled",
        "why": "numba is installed and the model compiles",
        "reproducible": False,
    }
    assert found["workers"] == 2
    assert found["settings"]["batch"] is None
    assert found["run"]["engine"] == "auto"
    assert found["losses"][-1] < found["losses"][0]


def test_as_many_threads_as_cores(run, text, tmp_path) -> None:
    done = run("train", text, *SMALL, "--quiet", "--output", tmp_path / "out")
    assert done == (0, "", "")
    assert description(tmp_path / "out")["workers"] == cores()


def test_without_numba(no_numba, run, text, tmp_path) -> None:
    done = run("train", text, *SMALL, "--output", tmp_path / "out")
    assert done.status == 0
    line = said_of_the_engine(done.err)
    assert line.startswith("engine numpy (numba is not installed: pip install 'tinygrad_w2v[fast]'")
    done = run("train", text, *SMALL, "--engine", "compiled", "--output", tmp_path / "other")
    assert done.status != 0
    assert "the compiled engine needs numba: pip install 'tinygrad_w2v[fast]'" in done.err
    assert not (tmp_path / "other").exists()


def test_a_slow_run_is_said_even_where_all_else_is_quiet(no_numba, run, text, tmp_path) -> None:
    done = run("train", text, *SMALL, "--quiet", "--output", tmp_path / "out")
    assert done.status == 0
    assert said_of_the_engine(done.err) == done.err.strip()
    asked = ("--engine", "numpy", "--quiet", "--output", tmp_path / "other")
    assert run("train", text, *SMALL, *asked) == (0, "", "")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--engine numpy --workers 3", "uses one core, so --workers 3 changes nothing"),
        ("--engine compiled --batch 9", "one window after another, so --batch changes nothing"),
        (
            "--engine compiled --deterministic --workers 2",
            "2 threads: the same seed gives",
        ),
    ],
)
def test_what_an_engine_does_not_use_is_said(options, told, run, text, tmp_path) -> None:
    done = run("train", text, *SMALL, *options.split(), "--output", tmp_path / "out")
    assert done.status == 0
    assert told in done.err


def test_deterministic_for_any_number_of_workers(run, text, tmp_path) -> None:
    for workers in (1, 3):
        options = ("--deterministic", "--workers", workers, "--quiet")
        run("train", text, *SMALL, *options, "--output", tmp_path / str(workers))
    one, three = ((tmp_path / name / "model.npz").read_bytes() for name in ("1", "3"))
    assert one == three


def test_a_run_of_many_threads_goes_on_as_it_began(run, text, tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"
    broken_off(run, text, out, monkeypatch, "--workers", 2)
    monkeypatch.setattr("tinygrad_w2v._cli.order.cores", lambda: 7)
    done = run("train", "--resume", "--output", out)
    assert done.status == 0
    assert "engine compiled (as the run began), 2 threads" in done.err
    assert "the bytes may differ from those of a run that never stopped" in done.err
    assert description(out)["workers"] == 2
    assert description(out)["finished"] is True


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--workers 3", "with --engine compiled --workers 2, whose place is counted in other"),
        ("--engine numpy", "than that of --engine numpy; give those, or begin anew"),
        ("--deterministic", "than that of --engine compiled --deterministic; give those"),
    ],
)
def test_another_engine_is_refused(options, message, run, text, tmp_path, monkeypatch) -> None:
    out = tmp_path / "out"
    broken_off(run, text, out, monkeypatch, "--workers", 2)
    done = run("train", "--resume", *options.split(), "--output", out)
    assert done.status == 2
    assert message in done.err.splitlines()[-1]
    assert run("train", "--resume", "--quiet", "--output", out).status == 0


def test_a_run_of_many_threads_is_repeated_as_well_as_can_be(run, text, tmp_path) -> None:
    first = tmp_path / "first"
    run("train", text, *SMALL, "--workers", 2, "--quiet", "--output", first)
    settings = ("--settings", first / "settings.json")
    done = run("train", *settings, "--output", tmp_path / "again")
    assert "engine compiled (asked for), 2 threads" in done.err
    told = "threads that do not wait for each other give other bytes each time"
    assert told in done.err or "byte for byte" in done.err
    done = run("train", *settings, "--workers", 3, "--output", tmp_path / "other")
    assert done.status == 2
    assert "--workers gives 3, and" in done.err


def test_settings_without_an_engine_are_refused(run, trained, tmp_path) -> None:
    path = trained / "settings.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    for engine, told in (({}, "it lacks 'name'"), ({"name": "jax"}, "engine must be 'auto'")):
        path.write_text(json.dumps(found | {"engine": engine}), encoding="utf-8")
        done = run("train", "--settings", path, "--output", tmp_path / "out")
        assert done.status == 2
        assert told in done.err


class Loud(CompiledRun):
    """Prints what Ray does when a machine is lost: at any time, from a thread of its own."""

    def __init__(self, model, source, options, optimizer=None, dtype="float32") -> None:
        super().__init__(model, source, 1, optimizer, dtype, deterministic=True)

    def prepare(self) -> None:
        super().prepare()
        sys.stdout.write("(raylet) lost\n")

    def close(self) -> None:
        super().close()
        sys.stdout.write("(raylet) lost\n")


def test_what_ray_prints_is_no_result(run, text, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("tinygrad_w2v.distributed.engine.RayRun", Loud)
    asked = "--engine", "ray", "--output", tmp_path / "out"
    for options in (asked, (*asked, "--probe")):
        done = run("train", text, *SMALL, *options)
        assert done.status == 0
        assert "(raylet) lost" in done.err
        assert done.out
        assert "raylet" not in done.out
