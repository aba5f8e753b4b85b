"""A run that is taken up from a state is the run that was never left."""

from __future__ import annotations

import copy
import signal
import threading

import numpy as np
import pytest

from tinygrad_w2v._base.progress import Progress
from tinygrad_w2v.training.heldout import no_longer_falls
from tinygrad_w2v.training.history import RunState
from tinygrad_w2v.training.hooks import RunHooks
from tinygrad_w2v.training.interrupt import deferred_interrupt
from tinygrad_w2v.training.run import run_epochs

EPOCHS, BATCHES = 3, 7


class Work:
    """A step whose outcome depends on all that came before."""

    def __init__(self) -> None:
        self.table = np.ones(3)

    def step(self, batch, lr: float) -> float:
        self.table += lr * np.sin(self.table * batch[0] + 1)
        return float(self.table.sum())


def batches(epoch: int):
    for number in range(BATCHES):
        yield [epoch * 10 + number], number % 3


class Keep(RunHooks):
    def __init__(self, work: Work) -> None:
        self.work, self.kept, self.epochs = work, [], 0

    def after_batch(self, state: RunState) -> None:
        self.kept.append((copy.deepcopy(state.to_json()), self.work.table.copy()))

    def after_epoch(self, state: RunState) -> bool:
        self.epochs += 1
        state.history.heldout_losses.append(float(self.work.table[0]))
        return False


def run(work: Work, state: RunState | None = None, hooks: RunHooks | None = None):
    with Progress(1, "words", "training", quiet=True) as progress:
        return run_epochs(
            work.step,
            batches,
            len,
            epochs=EPOCHS,
            words_per_epoch=6,
            alpha=0.1,
            min_alpha=0.01,
            progress=progress,
            state=state,
            hooks=[] if hooks is None else [hooks],
        )


def comparable(history) -> tuple:
    records = [record._replace(seconds=0) for record in history.records]
    return records, history.losses, history.heldout_losses, history.words


def test_it_goes_on_the_same_from_after_every_batch() -> None:
    work = Work()
    keep = Keep(work)
    whole = run(work, hooks=keep)
    assert len(keep.kept) == EPOCHS * BATCHES
    assert keep.epochs == EPOCHS
    for stored, table in keep.kept:
        again = Work()
        again.table = table.copy()
        history = run(again, RunState.from_json(stored), Keep(again))
        np.testing.assert_array_equal(again.table, work.table)
        assert comparable(history) == comparable(whole)


def test_a_state_that_is_at_its_end_does_nothing() -> None:
    work = Work()
    state = RunState()
    run(work, state)
    before = work.table.copy()
    history = run(work, state)
    np.testing.assert_array_equal(work.table, before)
    assert len(history.losses) == EPOCHS


def test_a_hook_may_stop_the_run() -> None:
    class Stop(RunHooks):
        def after_epoch(self, state: RunState) -> bool:
            return state.epoch == 2

    history = run(Work(), hooks=Stop())
    assert history.stopped_early
    assert len(history.losses) == 2


def test_ctrl_c_lets_the_batch_end_and_the_place_be_kept() -> None:
    work, places = Work(), []

    class Hooks(RunHooks):
        def interrupted(self, state: RunState) -> None:
            places.append((state.epoch, state.batch))

    state, real = RunState(), work.step

    def step(batch, lr):
        if batch == [12]:
            signal.raise_signal(signal.SIGINT)
        return real(batch, lr)

    work.step = step  # type: ignore[method-assign]
    history = run(work, state, Hooks())
    assert history.interrupted
    assert places == [(1, 3)]
    assert history.records[-1].words == history.words == 9  # no batch is left untold
    assert history.records[-1].epoch == 2
    work.step = real  # type: ignore[method-assign]
    ended = run(work, state)
    assert not ended.interrupted
    other = Work()
    assert comparable(run(other)) == comparable(ended)
    np.testing.assert_array_equal(work.table, other.table)


def test_the_second_ctrl_c_raises() -> None:
    with deferred_interrupt() as asked:
        signal.raise_signal(signal.SIGINT)
        assert asked()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_the_user_is_left_alone() -> None:
    calls = []
    before = signal.signal(signal.SIGINT, lambda *arguments: calls.append(arguments))
    try:
        with deferred_interrupt() as asked:
            signal.raise_signal(signal.SIGINT)
            assert not asked()
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(calls) == 1


def test_other_threads_change_no_handler() -> None:
    seen = []

    def work() -> None:
        with deferred_interrupt():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]


@pytest.mark.parametrize(
    ("losses", "patience", "stops"),
    [
        ([], 1, False),
        ([1.0], 1, False),
        ([1.0, 1.0], 1, True),
        ([1.0, 0.9], 1, False),
        ([3.0, 1.0, 2.0, 0.9], 2, False),
        ([3.0, 1.0, 2.0, 1.0], 2, True),
    ],
)
def test_when_losses_no_longer_fall(losses, patience, stops) -> None:
    assert no_longer_falls(losses, patience) is stops
