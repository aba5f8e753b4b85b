"""Threads take the next stretch when they are done with one; each is run once, whatever happens."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from some_text import a_text

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError, NonFiniteError
from tinygrad_w2v._base.progress import Progress
from tinygrad_w2v.sources.windows import WindowSettings, WindowSource
from tinygrad_w2v.text.corpus import build_corpus
from tinygrad_w2v.training.checkpoints import Checkpoint
from tinygrad_w2v.training.engines.compiled import CompiledRun, Round
from tinygrad_w2v.training.engines.threads import AHEAD
from tinygrad_w2v.training.handing import Handing
from tinygrad_w2v.training.history import History, RunState
from tinygrad_w2v.training.hooks import RunHooks
from tinygrad_w2v.training.run import run_epochs

pytest.importorskip("numba")
EPOCHS = 2


class Watched(CompiledRun):
    """Notes which stretch was run at what rate, and may do more before it."""

    def __init__(self, workers: int, **options: Any) -> None:
        rng = np.random.default_rng(1)
        vocabulary, corpus = build_corpus(a_text(rng, 6000), min_count=1)
        source = WindowSource(corpus, vocabulary.counts, WindowSettings(sample=0))
        model = tw.CBOW(len(vocabulary), 8, rng=np.random.default_rng(5))
        super().__init__(model, source, workers, **options)
        self.seen: list[tuple[int, int]] = []
        self.at: dict[tuple[int, int], float] = {}
        self.before: Any = lambda part: None

    def step(self, part: Round, lr: float) -> float:
        self.before(part)
        place = (part.epoch, part.number)
        self.seen.append(place)
        self.at[place] = lr
        return super().step(part, lr)


def numbers(run: CompiledRun) -> list[tuple[int, int]]:
    return [(epoch, part.number) for epoch in range(EPOCHS) for part, _ in run.batches(epoch)]


def follow(run: CompiledRun, *hooks: RunHooks, state: RunState | None = None) -> History:
    try:
        with Progress(1, "words", "training", quiet=True) as progress:
            return run_epochs(
                run.step,
                run.batches,
                run.predictions,
                epochs=EPOCHS,
                words_per_epoch=run.source.units,
                alpha=0.05,
                min_alpha=0.001,
                progress=progress,
                state=state,
                hooks=hooks,
                stream=run.stream,
            )
    finally:
        run.close()


def test_nobody_waits_for_a_slow_thread() -> None:
    """One stretch ends only after all others of its epoch: with fixed shares none would end."""
    run, others = Watched(workers=3), threading.Semaphore(0)
    epoch = len(numbers(run)) // EPOCHS

    def before(part: Round) -> None:
        if part.number == 1:
            for _ in range(epoch - 1):
                assert others.acquire(timeout=60)
        else:
            others.release()

    run.before = before
    history = follow(run)
    assert sorted(run.seen) == numbers(run)
    assert [seen for seen in run.seen if seen[1] == 1] == [run.seen[epoch - 1], run.seen[-1]]
    assert history.words == EPOCHS * run.source.units
    assert history.losses[1] < history.losses[0]


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_stretches_are_of_parts_in_turn(workers: int) -> None:
    run = Watched(workers)
    units = run.source.units
    stretches = [part.stretches[0] for part, _ in run.batches(0)]
    covered = np.concatenate([np.arange(*each) for each in stretches])
    np.testing.assert_array_equal(np.sort(covered), np.arange(units))
    firsts = [start for start, _ in stretches[:workers]]
    assert firsts == [units * part // workers for part in range(workers)]
    assert stretches[workers][0] == stretches[0][1]
    run.close()


def test_the_rate_is_a_function_of_the_number() -> None:
    slow = threading.Event()
    found = []
    for delays in ((), (1, 4, 30)):
        run = Watched(workers=3)
        run.before = lambda part, late=delays: part.number in late and slow.wait(0.05)
        follow(run)
        found.append(run.at)
        words = 0
        for epoch in range(EPOCHS):
            for part, units in run.batches(epoch):
                share = words / (EPOCHS * run.source.units)
                assert run.at[epoch, part.number] == pytest.approx(0.05 - 0.049 * share, rel=1e-12)
                words += units
    assert found[0] == found[1]


class Rest(RunHooks):
    """Wants rest now and then, and notes what is done by then."""

    def __init__(self, run: Watched) -> None:
        self.run, self.places = run, list[RunState]()

    def wants_rest(self, state: RunState) -> bool:
        return state.batch % 10 == 7

    def at_rest(self, state: RunState) -> None:
        before = [(epoch, n) for epoch, n in numbers(self.run) if epoch < state.epoch]
        begun = [(state.epoch, number) for number in range(state.batch)]
        assert sorted(self.run.seen) == [*before, *begun]
        self.places.append(RunState.from_json(state.to_json()))


def test_at_rest_what_is_done_are_the_first_and_the_rest_is_done_once() -> None:
    run = Watched(workers=3)
    rest = Rest(run)
    follow(run, rest)
    assert sorted(run.seen) == numbers(run)
    middle = next(place for place in rest.places if place.epoch == 1 and 7 <= place.batch < 30)
    again = Watched(workers=3)
    state = RunState.from_json(middle.to_json())
    history = follow(again, state=state)
    assert sorted(again.seen) == [each for each in numbers(again) if each >= (1, middle.batch)]
    assert again.at == {place: run.at[place] for place in again.seen}
    assert history.words == EPOCHS * run.source.units


def test_ctrl_c_ends_when_what_was_begun_is_done() -> None:
    run, state = Watched(workers=3), RunState()
    places = []

    class Hooks(RunHooks):
        def interrupted(self, state: RunState) -> None:
            places.append((state.epoch, state.batch))

    def before(part: Round) -> None:
        if (part.epoch, part.number) == (1, 9):
            signal.raise_signal(signal.SIGINT)

    run.before = before
    history = follow(run, Hooks(), state=state)
    assert history.interrupted
    assert not history.torn
    (place,) = places
    assert place[0] == 1
    assert 10 <= place[1] < len(numbers(run)) // EPOCHS
    assert sorted(run.seen) == [each for each in numbers(run) if each < place]
    again = Watched(workers=3)
    assert not follow(again, state=state).interrupted
    assert sorted([*run.seen, *again.seen]) == numbers(run)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, MemoryError, NonFiniteError])
def test_what_one_thread_raises_stops_all(kind: type[BaseException]) -> None:
    run, state = Watched(workers=3), RunState()

    def before(part: Round) -> None:
        if part.number == 20:
            raise kind("here")

    run.before = before
    if kind is KeyboardInterrupt:
        assert follow(run, state=state).torn
    else:
        named = r"epoch 1 at batch 21 \(alpha 0.0\d+\): here" if kind is NonFiniteError else "here"
        with pytest.raises(kind, match=named):
            follow(run, state=state)
    assert len(run.seen) == len(set(run.seen)) < len(numbers(run)) // EPOCHS


def test_who_tells_is_not_left_behind() -> None:
    """Threads stop for a while when nobody looks at what they have done."""
    run = Watched(workers=2)
    handing = Handing(run.batches(0), lambda words: 0.01)
    stream = run.stream(handing)
    next(stream)
    for _ in range(100):
        threading.Event().wait(0.001)
        assert len(run.seen) <= AHEAD * 2 + 1
    stream.close()
    assert not handing.over
    run.close()


def test_an_error_of_who_is_told_ends_the_threads() -> None:
    class Fails(RunHooks):
        def after_batch(self, state: RunState) -> None:
            raise ZeroDivisionError

    run = Watched(workers=3)
    with pytest.raises(ZeroDivisionError):
        follow(run, Fails())
    assert len(run.seen) <= AHEAD * 3 + 1


def test_one_thread_has_the_bytes_of_stretches_in_order() -> None:
    run, by_hand = Watched(workers=1), Watched(workers=1)
    history = follow(run)
    assert run.seen == numbers(run)
    total, words = EPOCHS * by_hand.source.units, 0
    losses, counts = [0.0] * EPOCHS, [0] * EPOCHS
    kernel, size = by_hand.compiled.kernel, by_hand.stretch
    for epoch in range(EPOCHS):
        for first in range(0, by_hand.source.units, size):
            last = min(first + size, by_hand.source.units)
            packed, _ = by_hand.draw(epoch, first, last)
            lr = 0.05 - (0.05 - 0.001) * min(words / total, 1.0)
            losses[epoch] += kernel.run(packed, kernel.arrays(), np.full(packed.count, lr), 1)
            counts[epoch] += by_hand.compiled.total_predictions(packed)
            words += last - first
    for parameter, wanted in zip(
        run.compiled.model.parameters(), by_hand.compiled.model.parameters(), strict=True
    ):
        assert parameter.data.tobytes() == wanted.data.tobytes()
    np.testing.assert_allclose(history.losses, np.divide(losses, counts), rtol=1e-12)


@pytest.mark.parametrize("workers", [1, 3])
def test_steps_of_an_optimizer_are_counted_once(workers: int) -> None:
    run = Watched(workers, optimizer=tw.optim.Adam())
    steps = []
    counted = run._counted_steps
    run._counted_steps = lambda part: steps.append(counted(part)) or steps[-1]  # type: ignore[method-assign,func-returns-value]
    follow(run)
    optimizer = run.compiled.optimizer
    assert optimizer is not None
    assert optimizer.steps == EPOCHS * run.source.units
    assert steps[0] == 1
    assert len(set(steps)) == len(numbers(run))


def test_a_place_that_was_counted_in_rounds_is_refused() -> None:
    for workers, refused in ((2, True), (1, False)):
        run = Watched(workers)
        about = {name: value for name, value in run.about.items() if name != "place"}
        kept = Checkpoint(Path("checkpoint-1.npz"), RunState(), {}, {"engine": about})
        if refused:
            with pytest.raises(InputError, match=r"workers=2 whose place was counted in other"):
                run.check_goes_on(kept, "begin anew")
        else:
            run.check_goes_on(kept, "begin anew")
        run.close()
