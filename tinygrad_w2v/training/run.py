"""A training run: epochs of batches under a falling learning rate, with its history.

It takes any *step* from a batch and a learning rate to a loss, so it serves every engine. Where a
run is, is one value, its `RunState`: kept beside the tables, it lets a run go on as if it had
never stopped.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import Message, NonFiniteError, Setting
from tinygrad_w2v._base.progress import Progress
from tinygrad_w2v.training.interrupt import Asked, deferred_interrupt

Step = Callable[[Any, float], float]
Batches = Callable[[int], Iterable[tuple[Any, int]]]

# What to do when the loss is no longer a number.
SMALLER_STEPS: Message = ("use a smaller learning rate (", Setting("alpha"), ")")
# How many points the curve of the loss has.
RECORDS = 200


class Record(NamedTuple):
    """What was seen since the record before.

    Attributes
    ----------
    epoch : int
        From 1.
    words : int
        Words read so far, in all epochs.
    loss : float
        Mean loss of a prediction.
    alpha : float
        The learning rate at the end.
    seconds : float
        Time since the run began.
    heldout_loss : float, optional
        At an epoch's end: the mean loss of a prediction on text that is not trained on.
    """

    epoch: int
    words: int
    loss: float
    alpha: float
    seconds: float
    heldout_loss: float | None = None


@dataclass
class History:
    """What a run left: its records, each epoch's mean loss, and whether it came to its end.

    `torn` says that the run was broken off within a batch, so that its tables are at no place
    that it could go on from.
    """

    records: list[Record] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    heldout_losses: list[float] = field(default_factory=list)
    words: int = 0
    seconds: float = 0.0
    interrupted: bool = False
    stopped_early: bool = False
    torn: bool = False


@dataclass
class Mean:
    """A mean in float64, whatever the losses are in.

    Examples
    --------
    >>> mean = Mean()
    >>> mean.add(6.0, 3)
    >>> mean.value()
    2.0
    """

    total: float = 0.0
    count: int = 0

    def add(self, total: float, count: int) -> None:
        """Take in a sum of `count` losses."""
        self.total += total
        self.count += count

    def value(self) -> float:
        """Return the mean so far; NaN of nothing."""
        return self.total / self.count if self.count else math.nan


@dataclass
class RunState:
    """Where a run is, between two batches.

    Attributes
    ----------
    epoch : int
        The epoch that is being read, from 0.
    batch : int
        How many batches of it are done.
    due : float
        The number of words at which the next record is made.
    alpha : float
        The last learning rate.
    mean, recent : Mean
        The losses of this epoch up to its last record, and since.
    history : History
        What was seen.
    total : float
        All losses of the run added up.

    Examples
    --------
    >>> state = RunState(epoch=1, batch=7, recent=Mean(0.1, 3))
    >>> RunState.from_json(state.to_json()) == state
    True
    """

    epoch: int = 0
    batch: int = 0
    due: float = 0.0
    alpha: float = 0.0
    mean: Mean = field(default_factory=Mean)
    recent: Mean = field(default_factory=Mean)
    history: History = field(default_factory=History)
    total: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return it as numbers, lists and dicts; every float as it is, to the last bit."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> RunState:
        """Return what `to_json` gave, after a way through a file."""
        history = dict(stored["history"])
        records = [Record(*record) for record in history.pop("records")]
        means = {name: Mean(**stored[name]) for name in ("mean", "recent")}
        return cls(**{**stored, **means, "history": History(records=records, **history)})


class RunHooks:
    """What is done on the way; this one does nothing."""

    def after_batch(self, state: RunState) -> None:
        """Look at the run between two batches."""

    def after_epoch(self, state: RunState) -> bool:
        """Look at the run after an epoch; return whether to stop."""
        return False

    def interrupted(self, state: RunState) -> None:
        """Ctrl-C has ended the run, between two batches."""


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
    hooks: RunHooks | None = None,
    remedy: Message = SMALLER_STEPS,
) -> History:
    """Run all epochs; the learning rate falls evenly from `alpha` to `min_alpha` with the words.

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

    Returns
    -------
    History
        Ctrl-C ends the run after the batch, with what was done until then.

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
    hooks = RunHooks() if hooks is None else hooks
    history = state.history
    history.interrupted = history.torn = False
    total_words = max(epochs * words_per_epoch, 1)
    every = total_words / RECORDS
    start = time.perf_counter() - history.seconds
    place = f"at the beginning (alpha {alpha:.4g})"
    try:
        # Overflow is looked for in each loss; NumPy's warnings would only say less.
        with deferred_interrupt() as asked, np.errstate(over="ignore", invalid="ignore"):
            while state.epoch < epochs and not history.stopped_early:
                if not state.batch:
                    state.due = history.words + every
                for batch, words in _not_done(batches(state.epoch), state.batch, asked):
                    share = min(history.words / total_words, 1.0)
                    lr = state.alpha = alpha - (alpha - min_alpha) * share
                    place = (
                        f"in epoch {state.epoch + 1} at batch {state.batch + 1} (alpha {lr:.4g})"
                    )
                    loss = step(batch, lr)
                    state.recent.add(loss, count(batch))
                    state.total += loss
                    state.batch += 1
                    history.words += words
                    history.seconds = time.perf_counter() - start
                    progress.update(words, loss=state.recent.value(), alpha=lr)
                    if history.words >= state.due:
                        state.due += every
                        _note(state)
                    hooks.after_batch(state)
                    if asked():
                        break
                if asked():
                    history.interrupted = True
                    hooks.interrupted(state)
                    break
                # An epoch whose sampling left no window at all is over, too.
                left_out = max((state.epoch + 1) * words_per_epoch - history.words, 0)
                history.words += left_out
                progress.update(left_out)
                _end_epoch(state)
                history.stopped_early = hooks.after_epoch(state) and state.epoch < epochs
    except NonFiniteError as error:
        raise NonFiniteError(f"training diverged {place}: {error}", remedy=remedy) from error
    except KeyboardInterrupt:
        history.interrupted = history.torn = True
    history.seconds = time.perf_counter() - start
    if history.interrupted and state.recent.count:
        # The state stays as it was between two batches; what is returned tells of all batches.
        return dataclasses.replace(history, records=[*history.records, _record(state)])
    return history


def _not_done(
    batches: Iterable[tuple[Any, int]], done: int, asked: Asked
) -> Iterator[tuple[Any, int]]:
    """Yield the batches after those that are done; what is drawn does not depend on them."""
    for number, pair in enumerate(batches):
        if number >= done:
            yield pair
        elif asked():
            return


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
