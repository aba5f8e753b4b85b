"""A run is one thing for every source and engine: with checkpoints, a held-out loss, resume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ragged import Bag, Ragged

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.progress import Progress
from tinygrad_w2v.training.engines import EngineOptions
from tinygrad_w2v.training.heldout import HeldoutLoss
from tinygrad_w2v.training.history import History, RunState
from tinygrad_w2v.training.hooks import RunHooks
from tinygrad_w2v.training.keeping import Keeping, checkpoint_of
from tinygrad_w2v.training.run import Run, Schedule, Voice, prepare

ENGINES = {
    "numpy": EngineOptions("numpy"),
    "compiled": EngineOptions("compiled"),
    "deterministic": EngineOptions("compiled", 2, True),
}
SCHEDULE = Schedule(epochs=3, alpha=0.05, min_alpha=0.01)


@pytest.mark.parametrize("options", [{}, {"workers": 2}, {"workers": 2, "deterministic": True}])
def test_a_source_without_a_native_sampler_runs_compiled(options: dict[str, Any]) -> None:
    pytest.importorskip("numba")
    from tinygrad_w2v.training.engines.compiled import CompiledRun

    run = CompiledRun(Bag(), Ragged(2000), **options)
    losses = [sum(run.step(part, 0.05) for part, _ in run.batches(epoch)) for epoch in range(4)]
    assert losses[3] < 0.9 * losses[0]
    assert run.units_used() == 4 * 2000
    run.close()


def followed(run: Run, *hooks: RunHooks) -> History:
    with Progress(1, "units", "training", quiet=True) as progress:
        return run.follow(progress, *hooks)


class Killed(BaseException):
    pass


class Kill(RunHooks):
    def after_batch(self, state: RunState) -> None:
        if (state.epoch, state.batch) == (1, 3):
            raise Killed


@pytest.mark.parametrize("name", ENGINES)
def test_it_goes_on_from_a_checkpoint_byte_for_byte(name: str, tmp_path: Path) -> None:
    if name != "numpy":
        pytest.importorskip("numba")
    said: list[str] = []
    quiet = Voice(said.append, pytest.fail, said.append, lambda engine: None)
    heldout, about = HeldoutLoss(Ragged(50)), {"examples": Ragged(2000).digest()}

    def a_run(begun: Any = None) -> Run:
        keeping = Keeping(tmp_path, about, minutes=1e-9, begun=begun)
        asked = ENGINES[name]
        source = Ragged(2000)
        return prepare(
            Bag(), source, asked, SCHEDULE, heldout=heldout, keeping=keeping, voice=quiet
        )

    whole = a_run()
    history = followed(whole)
    assert history.losses[-1] < history.losses[0]
    assert len(history.heldout_losses) == SCHEDULE.epochs
    for path in tmp_path.iterdir():
        path.unlink()
    with pytest.raises(Killed):
        followed(a_run(), Kill())
    kept = checkpoint_of(tmp_path, about, pytest.fail, "begin anew")
    assert kept is not None
    again = a_run(kept)
    assert followed(again).losses == history.losses
    np.testing.assert_array_equal(again.model.w.data, whole.model.w.data)
    assert any(line.startswith("going on after") for line in said)
    with pytest.raises(InputError, match=r"other keywords \(examples\); give the same, or begin"):
        checkpoint_of(tmp_path, {"examples": "others"}, pytest.fail, "begin anew")
