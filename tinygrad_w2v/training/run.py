"""A training run: a model follows the examples of a source, epoch by epoch, in an engine.

`prepare` is the one way to begin a run or to go on with it, and `Run.follow` the one way to its
end, whatever the model, the examples and the engine.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import Message, NonFiniteError, Setting
from tinygrad_w2v._base.memory import return_freed
from tinygrad_w2v._base.progress import Progress
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.optim.optimizer import Optimizer
from tinygrad_w2v.sources.source import Source
from tinygrad_w2v.training.checkpoints import Checkpoints
from tinygrad_w2v.training.engines import Engine, EngineOptions, choose_engine
from tinygrad_w2v.training.engines.engine import GONE_ON
from tinygrad_w2v.training.handing import Handing, Step, Stream, one_by_one
from tinygrad_w2v.training.heldout import HeldoutLoss
from tinygrad_w2v.training.history import History, Mean, Record, RunState
from tinygrad_w2v.training.hooks import RunHooks, Say, Watch
from tinygrad_w2v.training.interrupt import deferred_interrupt
from tinygrad_w2v.training.keeping import Keeping

Batches = Callable[[int], Iterable[tuple[Any, int]]]

# What to do when the loss is no longer a number.
SMALLER_STEPS: Message = ("use a smaller learning rate (", Setting("alpha"), ")")
SMALLER_BATCHES: Message = (SMALLER_STEPS, " or smaller batches (", Setting("batch"), ")")
# How many points the curve of the loss has.
RECORDS = 200
# What the names of an optimizer's arrays begin with in a checkpoint; no attribute is called so.
OPTIMIZER = "optimizer:"


class Schedule(NamedTuple):
    """How long a run is, and how its learning rate falls.

    Attributes
    ----------
    epochs : int
        How often all examples are read.
    alpha, min_alpha : float
        The first and the last learning rate.
    early_stopping : int, optional
        After how many epochs without a smaller held-out loss to stop.
    batch : int, optional
        The size of a batch, if the user set it.
    rate : callable, optional
        Returns the learning rate when a share of the run is done; an even fall by default.
    """

    epochs: int
    alpha: float
    min_alpha: float
    early_stopping: int | None = None
    batch: int | None = None
    rate: Callable[[float], float] | None = None

    def rate_at(self, share: float) -> float:
        """Return the learning rate when a share of the run is done.

        Examples
        --------
        >>> Schedule(1, alpha=0.5, min_alpha=0.25).rate_at(0.5)
        0.375
        """
        share = min(share, 1.0)
        if self.rate is not None:
            return self.rate(share)
        return self.alpha - (self.alpha - self.min_alpha) * share


class Voice(NamedTuple):
    """Who is told what of a run.

    Attributes
    ----------
    note, warn, epoch : callable
        Are given a line: on what is as it should be, on what is not, on an epoch.
    engine : callable
        Is given the engine that was chosen.
    """

    note: Say = lambda text: None
    warn: Say = print
    epoch: Say = lambda text: None
    engine: Callable[[Engine], None] = Engine.warn


SILENT = Voice()


@dataclass
class Run:
    """A run that is ready to begin, or to go on; `prepare` makes it.

    Attributes
    ----------
    model : Module
        With the tables of the place where it begins.
    source : Source
        What it is trained on.
    engine : Engine
        What computes.
    schedule : Schedule
    state : RunState
        Where it is; moves with the run.
    heldout : HeldoutLoss, optional
        What is looked at after each epoch.
    checkpoints : Checkpoints, optional
        Where it is kept on the way.
    first : int
        The number of the epoch that is drawn first.
    """

    model: Any
    source: Source
    engine: Engine
    schedule: Schedule
    state: RunState
    heldout: HeldoutLoss | None
    checkpoints: Checkpoints | None
    first: int
    voice: Voice

    def follow(self, progress: Progress, *hooks: RunHooks) -> History:
        """Run to the end, and let the engine's threads end.

        Parameters
        ----------
        progress
            Is told of every batch; open.
        *hooks
            What else is done on the way.
        """

        def look() -> float:
            assert self.heldout is not None
            loss = self.heldout.of(self.model, self.engine)
            progress.update(0, heldout=loss, unigram=self.heldout.unigram)
            return loss

        heldout, schedule, engine = self.heldout, self.schedule, self.engine
        watch = Watch(
            self.checkpoints,
            None if heldout is None else look,
            math.nan if heldout is None else heldout.unigram,
            schedule.early_stopping,
            self.voice.epoch,
        )
        shrinks = engine.name == "numpy" and schedule.batch is not None
        with closing(engine):
            return run_epochs(
                engine.step,
                lambda epoch: engine.batches(self.first + epoch),
                engine.predictions,
                epochs=schedule.epochs,
                words_per_epoch=self.source.units,
                alpha=schedule.alpha,
                min_alpha=schedule.min_alpha,
                progress=progress,
                state=self.state,
                hooks=[watch, *hooks],
                remedy=SMALLER_BATCHES if shrinks else SMALLER_STEPS,
                stream=engine.stream,
                rate=schedule.rate_at,
            )


def prepare(
    model: Any,
    source: Source,
    asked: EngineOptions,
    schedule: Schedule,
    *,
    heldout: HeldoutLoss | None = None,
    keeping: Keeping | None = None,
    first: int = 0,
    voice: Voice = SILENT,
    optimizer: Optimizer | None = None,
) -> Run:
    """Go to the place where a run begins or goes on, and choose what computes.

    Parameters
    ----------
    model : Module
        Is given the tables of the checkpoint that the run goes on from.
    source, asked, schedule
        What is trained on, by which engine, and how long.
    heldout
        The loss to look at after each epoch.
    keeping
        Where the run is kept, and where it goes on.
    first
        The number of the epoch that is drawn first: those before were drawn in other runs.
    voice
        Who is told of it.
    optimizer
        Whose rule is followed, and whose state is kept and gone on from, too.

    Raises
    ------
    InputError
        When the run that is to go on was another engine's.
    CompileError, MissingDependencyError
        When the compiled engine is asked for, and cannot be.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> from tinygrad_w2v.sources import WindowSource
    >>> from tinygrad_w2v.text.corpus import build_corpus
    >>> vocabulary, corpus = build_corpus([["you", "say", "hello"]] * 50)
    >>> source, schedule = WindowSource(corpus, vocabulary.counts), Schedule(2, 0.05, 0.0)
    >>> run = prepare(tw.CBOW(3, 4), source, EngineOptions("numpy"), schedule)
    >>> with Progress(300, "words", "training", quiet=True) as progress:
    ...     history = run.follow(progress)
    >>> len(history.losses), history.words
    (2, 300)
    """
    return_freed()  # by whoever has read the examples, before tables and kernels take more
    kept = None if keeping is None else keeping.begun
    if keeping is not None and kept is not None:
        state = kept.state
        where = f"after {state.history.words:,} words, in epoch {state.epoch + 1}"
        voice.note(f"going on {where} ({kept.path})")
        own = {n: t for n, t in kept.tables.items() if not n.startswith(OPTIMIZER)}
        model.load_state_dict(own)
        if optimizer is not None:
            optimizer.load_state_dict(
                {n.removeprefix(OPTIMIZER): kept.tables[n] for n in kept.tables.keys() - own}
            )
        asked = asked.going_on(kept, keeping.given)
    why = "asked for" if kept is None else "as the run began"
    engine = choose_engine(asked, model, source, why, optimizer)
    if keeping is not None:
        engine.check_goes_on(kept, keeping.remedy)
    voice.engine(engine)
    if kept is not None and not engine.reproducible:
        voice.note(GONE_ON)
    checkpoints = None
    if keeping is not None:
        about = {**keeping.about, "engine": dict(engine.about)}
        checkpoints = Checkpoints(
            keeping.folder, partial(_tables, model, optimizer), about, keeping.minutes, voice.warn
        )
    state = RunState() if kept is None else kept.state
    return Run(model, source, engine, schedule, state, heldout, checkpoints, first, voice)


def _tables(model: Any, optimizer: Optimizer | None) -> dict[str, AnyArray]:
    """All arrays that a run depends on, by name."""
    tables: dict[str, AnyArray] = dict(model.state_dict())
    if optimizer is not None:
        state = optimizer.state_dict()
        tables |= {f"{OPTIMIZER}{name}": array for name, array in state.items()}
    return tables


def run_epochs(
    step: Step,
    batches: Batches,
    count: Callable[[Any], int],
    *,
    epochs: int,
    words_per_epoch: int,
    alpha: float,
    min_alpha: float,
    progress: Progress,
    state: RunState | None = None,
    hooks: Sequence[RunHooks] = (),
    remedy: Message = SMALLER_STEPS,
    stream: Stream | None = None,
    rate: Callable[[float], float] | None = None,
) -> History:
    """Run all epochs; the learning rate falls evenly from `alpha` to `min_alpha` with the words.

    The rate of a batch is that of the words of the batches before it, even if one of these is not
    done yet. For a checkpoint, at Ctrl-C and at the end of an epoch all that were begun are done.

    Parameters
    ----------
    step
        ``step(batch, lr)`` follows the gradient once and returns the batch's summed loss.
    batches
        ``batches(epoch)`` yields pairs of a batch and the words that it stands for, always the
        same for an epoch.
    count
        How many predictions a batch's loss is a sum of.
    epochs, words_per_epoch
        The length of the run.
    alpha, min_alpha
        The first and the last learning rate.
    progress
        Is told of every batch; open.
    state
        Where to go on; the beginning by default. It moves with the run.
    hooks
        Checkpoints and the like.
    remedy
        What to do when the loss is no longer a number.
    stream
        Runs batches, several at once it may be, and yields each with its loss when it is done; one
        by one with `step` by default.
    rate
        Returns the learning rate when a share of the run is done; the even fall by default.

    Returns
    -------
    History
        Ctrl-C ends the run after the batches that were begun, with what was done until then.

    Raises
    ------
    NonFiniteError
        When the loss is no longer a number; it names the step and the op, and the remedy.

    Examples
    --------
    >>> from tinygrad_w2v._base.progress import Progress
    >>> rates = []
    >>> def step(batch, lr):
    ...     rates.append(round(lr, 3))
    ...     return 2.0 * len(batch)
    >>> with Progress(4, "words", "training", quiet=True) as progress:
    ...     history = run_epochs(
    ...         step, lambda epoch: [([0], 1), ([1], 1)], len, epochs=2, words_per_epoch=2,
    ...         alpha=0.1, min_alpha=0.02, progress=progress,
    ...     )
    >>> history.losses, rates
    ([2.0, 2.0], [0.1, 0.08, 0.06, 0.04])
    """
    state = RunState() if state is None else state
    history = state.history
    history.interrupted = history.torn = False
    total_words = max(epochs * words_per_epoch, 1)
    every = total_words / RECORDS
    start = time.perf_counter() - history.seconds
    stream = one_by_one(step) if stream is None else stream
    handing: Handing | None = None

    rate_at = rate or Schedule(epochs, alpha, min_alpha).rate_at

    def rate_after(words: float) -> float:
        return rate_at(words / total_words)

    def note(words: int, loss: float, predictions: int) -> None:
        state.alpha = rate_after(history.words)
        state.recent.add(loss, predictions)
        state.total += loss
        state.batch += 1
        history.words += words
        history.seconds = time.perf_counter() - start
        progress.update(words, loss=state.recent.value(), alpha=state.alpha)
        if history.words >= state.due:
            state.due += every
            _note(state)

    try:
        # Overflow is looked for in each loss; NumPy's warnings would only say less.
        with deferred_interrupt() as asked, np.errstate(over="ignore", invalid="ignore"):
            while state.epoch < epochs and not history.stopped_early:
                for each in hooks:
                    each.before_epoch(state)
                if not state.batch:
                    state.due = history.words + every
                handing = Handing(
                    batches(state.epoch), rate_after, state.batch, history.words, asked
                )
                while not (handing.over or asked()):
                    handing.go_on()
                    with closing(stream(handing)) as results:
                        for done, loss in results:
                            note(done.words, loss, count(done.batch))
                            for each in hooks:
                                each.after_batch(state)
                            if any(each.wants_rest(state) for each in hooks):
                                handing.stop()
                    for each in hooks:
                        each.at_rest(state)
                if asked():
                    history.interrupted = True
                    for each in hooks:
                        each.interrupted(state)
                    break
                # An epoch whose sampling left no window at all is over, too.
                left_out = max((state.epoch + 1) * words_per_epoch - history.words, 0)
                history.words += left_out
                progress.update(left_out)
                _end_epoch(state)
                stops = [each.after_epoch(state) for each in hooks]
                history.stopped_early = any(stops) and state.epoch < epochs
    except NonFiniteError as error:
        last = None if handing is None else handing.last
        place = f"at the beginning (alpha {alpha:.4g})"
        if last is not None:
            place = f"in epoch {state.epoch + 1} at batch {last.number + 1} (alpha {last.lr:.4g})"
        raise NonFiniteError(f"training diverged {place}: {error}", remedy=remedy) from error
    except KeyboardInterrupt:
        history.interrupted = history.torn = True
    history.seconds = time.perf_counter() - start
    if history.interrupted and state.recent.count:
        # The state stays as it was between two batches; what is returned tells of all batches.
        return dataclasses.replace(history, records=[*history.records, _record(state)])
    return history


def _end_epoch(state: RunState) -> None:
    if state.recent.count:
        _note(state)
    state.history.losses.append(state.mean.value())
    state.epoch += 1
    state.batch = 0
    state.mean = Mean()


def _note(state: RunState) -> None:
    state.history.records.append(_record(state))
    state.mean.add(state.recent.total, state.recent.count)
    state.recent = Mean()


def _record(state: RunState) -> Record:
    history, loss = state.history, state.recent.value()
    return Record(state.epoch + 1, history.words, loss, state.alpha, history.seconds)
