"""A training run: epochs of batches under a falling learning rate, with its history.

It takes any *step* from a batch and a learning rate to a loss, so it serves every engine.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import NonFiniteError
from tinygrad_w2v._base.progress import Progress

Step = Callable[[Any, float], float]
Batches = Callable[[int], Iterable[tuple[Any, int]]]

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
    """

    epoch: int
    words: int
    loss: float
    alpha: float
    seconds: float


@dataclass
class History:
    """What a run left: its records, each epoch's mean loss, and whether it came to its end."""

    records: list[Record] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    words: int = 0
    seconds: float = 0.0
    interrupted: bool = False


class _Mean:
    """A mean in float64, whatever the losses are in."""

    def __init__(self) -> None:
        self.total, self.count = 0.0, 0

    def add(self, total: float, count: int) -> None:
        self.total += total
        self.count += count

    def value(self) -> float:
        return self.total / self.count if self.count else math.nan


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
) -> History:
    """Run all epochs; the learning rate falls evenly from `alpha` to `min_alpha` with the words.

    Parameters
    ----------
    step
        ``step(batch, lr)`` follows the gradient once and returns the batch's summed loss.
    batches
        ``batches(epoch)`` yields pairs of a batch and the words that it stands for.
    count
        How many predictions a batch's loss is a sum of.
    epochs, words_per_epoch
        The length of the run.
    alpha, min_alpha
        The first and the last learning rate.
    progress
        Is told of every batch; open.

    Returns
    -------
    History
        Ctrl-C ends the run early with what was done until then.

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
    history = History()
    total_words = max(epochs * words_per_epoch, 1)
    every = total_words / RECORDS
    start = time.perf_counter()
    place = f"at the beginning (alpha {alpha:.4g})"
    try:
        # Overflow is looked for in each loss; NumPy's warnings would only say less.
        with np.errstate(over="ignore", invalid="ignore"):
            for epoch in range(epochs):
                mean, recent = _Mean(), _Mean()
                due = history.words + every
                for number, (batch, words) in enumerate(batches(epoch)):
                    lr = alpha - (alpha - min_alpha) * min(history.words / total_words, 1.0)
                    place = f"in epoch {epoch + 1} at batch {number + 1} (alpha {lr:.4g})"
                    recent.add(step(batch, lr), count(batch))
                    history.words += words
                    progress.update(words, loss=recent.value(), alpha=lr)
                    if history.words >= due:
                        due += every
                        _note(history, epoch, mean, recent, lr, start)
                        recent = _Mean()
                # An epoch whose sampling left no window at all is over, too.
                left_out = max((epoch + 1) * words_per_epoch - history.words, 0)
                history.words += left_out
                progress.update(left_out)
                if recent.count:
                    _note(history, epoch, mean, recent, lr, start)
                history.losses.append(mean.value())
    except NonFiniteError as error:
        raise NonFiniteError(
            f"training diverged {place}: {error}; use a smaller learning rate (--alpha) or "
            "smaller batches (--batch)"
        ) from error
    except KeyboardInterrupt:
        history.interrupted = True
    history.seconds = time.perf_counter() - start
    return history


def _note(
    history: History, epoch: int, mean: _Mean, recent: _Mean, lr: float, start: float
) -> None:
    mean.add(recent.total, recent.count)
    seconds = time.perf_counter() - start
    history.records.append(Record(epoch + 1, history.words, recent.value(), lr, seconds))
