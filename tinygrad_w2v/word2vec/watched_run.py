"""A training run that others look at: its losses are counted and its epochs announced.

gensim's callbacks are objects with some of the methods ``on_train_begin(model)``,
``on_epoch_begin(model)``, ``on_epoch_end(model)`` and ``on_train_end(model)``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.progress import Progress
from tinygrad_w2v.training.eager import EagerStep
from tinygrad_w2v.training.run import Batches, History, run_epochs
from tinygrad_w2v.word2vec.settings import TrainingSettings

CALLBACK_METHODS = ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end")


def check_callbacks(callbacks: Iterable[Any]) -> tuple[Any, ...]:
    """Return callbacks as a tuple; one that would never be called is refused.

    Raises
    ------
    InputError
        When something has none of the four methods.

    Examples
    --------
    >>> check_callbacks([print])
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: the callback <built-in function print> has none of the \
methods on_train_begin, on_epoch_begin, on_epoch_end, on_train_end
    """
    if not isinstance(callbacks, Iterable):
        raise InputError(f"callbacks is {callbacks!r:.80}; give a list of them")
    given = tuple(callbacks)
    for callback in given:
        if not any(hasattr(callback, name) for name in CALLBACK_METHODS):
            raise InputError(
                f"the callback {callback!r} has none of the methods {', '.join(CALLBACK_METHODS)}"
            )
    return given


def call(callbacks: Iterable[Any], name: str, model: Any) -> None:
    """Call a method of all callbacks that have it."""
    for callback in callbacks:
        method = getattr(callback, name, None)
        if method is not None:
            method(model)


class WatchedRun:
    """A run of a model over windows that keeps its losses and announces its epochs.

    Parameters
    ----------
    model : Module
        With ``loss(batch)``, and perhaps ``predictions(batch)``; else a window is a prediction.
    batches : callable
        ``batches(epoch)`` yields pairs of a batch and the words that it stands for.
    begin, end : callable
        Called before the first and after the last batch of an epoch.

    Attributes
    ----------
    losses : list of float
        Mean loss of a prediction, in float64, one an epoch.
    total : float
        All losses of the run added up.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> from tinygrad_w2v.word2vec.settings import small_batch
    >>> batch = small_batch(9, TrainingSettings())
    >>> run = WatchedRun(tw.CBOW(9, 4), lambda epoch: [(batch, 2)])
    >>> with Progress(4, "words", "training", quiet=True) as progress:
    ...     history = run.follow(TrainingSettings(), epochs=2, words=2, progress=progress)
    >>> round(run.losses[0], 4), history.words  # 6 log 2: six even guesses
    (4.1589, 4)
    """

    def __init__(
        self,
        model: Any,
        batches: Batches,
        begin: Callable[[], None] = lambda: None,
        end: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = EagerStep(model)
        self._count = getattr(model, "predictions", lambda batch: batch.center.size)
        self._batches = batches
        self._begin = begin
        self._end = end
        self._predictions = 0
        self.losses: list[float] = []
        self.total = 0.0

    def follow(
        self, settings: TrainingSettings, epochs: int, words: int, progress: Progress
    ) -> History:
        """Run all epochs; the learning rate falls with the words, `words` an epoch."""
        return run_epochs(
            self._step,
            self._epoch,
            self._count,
            epochs=epochs,
            words_per_epoch=words,
            alpha=settings.first_alpha,
            min_alpha=settings.min_alpha,
            progress=progress,
        )

    def _step(self, batch: Any, lr: float) -> float:
        value = self._engine.step(batch, lr)
        self.total += value
        self._predictions += self._count(batch)
        return value

    def _epoch(self, epoch: int) -> Iterator[tuple[Any, int]]:
        self._begin()
        before, self._predictions = self.total, 0
        yield from self._batches(epoch)
        seen = self._predictions
        self.losses.append((self.total - before) / seen if seen else math.nan)
        self._end()
