"""A training run that others look at: its losses are counted and its epochs announced.

gensim's callbacks are objects with some of the methods ``on_train_begin(model)``,
``on_epoch_begin(model)``, ``on_epoch_end(model)`` and ``on_train_end(model)``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.progress import Progress
from tinygrad_w2v._base.user_code import noting
from tinygrad_w2v.training.run import History, RunHooks, RunState
from tinygrad_w2v.word2vec.engine import Engine
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
            with noting("callback", method):
                method(model)


class WatchedRun(RunHooks):
    """A run of an engine that announces its epochs.

    Parameters
    ----------
    engine : Engine
        What computes, and over which batches.
    first : int
        The number of the epoch that is drawn first.
    begin, end : callable
        Called before the first and after the last batch of an epoch.
    hooks, state
        What else is done on the way, and where to go on: as in `run_epochs`.

    Attributes
    ----------
    state : RunState
        Where the run is; its history has the losses.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> from tinygrad_w2v.word2vec.engine import numpy_engine
    >>> from tinygrad_w2v.word2vec.settings import small_batch
    >>> batch = small_batch(9, TrainingSettings())
    >>> run = WatchedRun(numpy_engine(tw.CBOW(9, 4), lambda epoch: [(batch, 2)]))
    >>> with Progress(4, "words", "training", quiet=True) as progress:
    ...     history = run.follow(TrainingSettings(), epochs=2, words=2, progress=progress)
    >>> round(history.losses[0], 4), history.words  # 6 log 2: six even guesses
    (4.1589, 4)
    """

    def __init__(
        self,
        engine: Engine,
        first: int = 0,
        begin: Callable[[], None] = lambda: None,
        end: Callable[[], None] = lambda: None,
        hooks: RunHooks | None = None,
        state: RunState | None = None,
    ) -> None:
        self._engine = engine
        self._first = first
        self._begin = begin
        self._end = end
        self._hooks = RunHooks() if hooks is None else hooks
        self.state = RunState() if state is None else state

    def follow(
        self, settings: TrainingSettings, epochs: int, words: int, progress: Progress
    ) -> History:
        """Run all epochs; the learning rate falls with the words, `words` an epoch."""
        return self._engine.follow(
            settings,
            words,
            progress,
            epochs=epochs,
            batches=self._epoch,
            state=self.state,
            hooks=self,
        )

    def _epoch(self, epoch: int) -> Iterator[tuple[Any, int]]:
        self._begin()
        yield from self._engine.batches(self._first + epoch)

    def after_batch(self, state: RunState) -> None:
        """Let the other hooks look."""
        self._hooks.after_batch(state)

    def after_epoch(self, state: RunState) -> bool:
        """Announce the epoch, after the other hooks have seen it."""
        stop = self._hooks.after_epoch(state)
        self._end()
        return stop

    def interrupted(self, state: RunState) -> None:
        """Tell the other hooks."""
        self._hooks.interrupted(state)
