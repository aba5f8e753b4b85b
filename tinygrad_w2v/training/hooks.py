"""What is done on the way of a run: checkpoints, the held-out loss, an early stop, callbacks.

gensim's callbacks are objects with some of the methods ``on_train_begin(model)``,
``on_epoch_begin(model)``, ``on_epoch_end(model)`` and ``on_train_end(model)``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tinygrad_w2v._base.errors import InputError, NonFiniteError
from tinygrad_w2v._base.user_code import noting
from tinygrad_w2v.training.checkpoints import Checkpoints, newest_checkpoint
from tinygrad_w2v.training.heldout import no_longer_falls
from tinygrad_w2v.training.history import RunState

Say = Callable[[str], None]
CALLBACK_METHODS = ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end")


class RunHooks:
    """What is done on the way; this one does nothing."""

    def before_epoch(self, state: RunState) -> None:
        """Look at the run before an epoch, or what is left of it, is drawn."""

    def after_batch(self, state: RunState) -> None:
        """Look at the run when a batch is done; threads may be at work on others."""

    def wants_rest(self, state: RunState) -> bool:
        """Whether `at_rest` has something to do, so that no more batches are to be begun."""
        return False

    def at_rest(self, state: RunState) -> None:
        """Look at the run between two batches, with all that were begun done."""

    def after_epoch(self, state: RunState) -> bool:
        """Look at the run after an epoch; return whether to stop."""
        return False

    def interrupted(self, state: RunState) -> None:
        """Ctrl-C has ended the run, between two batches."""


class Watch(RunHooks):
    """Checkpoints when they are due, the held-out loss after each epoch.

    Parameters
    ----------
    checkpoints
        Where the run is kept on the way, if it is.
    heldout
        Returns the held-out loss of now, if there is one.
    unigram
        What to compare it with.
    patience
        After how many epochs without a gain to stop.
    say
        Is told of each epoch with a held-out loss, and why the run is stopped.

    Examples
    --------
    >>> watch = Watch(heldout=iter([2.0, 2.5]).__next__, unigram=3.0, patience=1, say=print)
    >>> state = RunState()
    >>> for epoch, loss in enumerate([1.5, 1.0], start=1):
    ...     state.epoch = epoch
    ...     state.history.losses.append(loss)
    ...     stop = watch.after_epoch(state)
    epoch 1: loss 1.5000, held out 2.0000 (unigram 3.0000)
    epoch 2: loss 1.0000, held out 2.5000 (unigram 3.0000)
    stopped: the held-out loss has not fallen for 1 epochs
    >>> stop, state.history.heldout_losses
    (True, [2.0, 2.5])
    """

    def __init__(
        self,
        checkpoints: Checkpoints | None = None,
        heldout: Callable[[], float] | None = None,
        unigram: float = math.nan,
        patience: int | None = None,
        say: Say = print,
    ) -> None:
        self._checkpoints = checkpoints
        self._heldout = heldout
        self._unigram = unigram
        self._patience = patience
        self._say = say

    def wants_rest(self, state: RunState) -> bool:
        """Whether it is time for a checkpoint."""
        return self._checkpoints is not None and self._checkpoints.is_due()

    def at_rest(self, state: RunState) -> None:
        """Write a checkpoint when it is time."""
        if self._checkpoints is not None:
            self._checkpoints.save_when_due(state)

    def after_epoch(self, state: RunState) -> bool:
        """Look at the held-out text; stop when its loss falls no more."""
        if self._heldout is None:
            return False
        history, loss = state.history, self._heldout()
        history.heldout_losses.append(loss)
        if history.records:
            history.records[-1] = history.records[-1]._replace(heldout_loss=loss)
        self._say(
            f"epoch {state.epoch}: loss {history.losses[-1]:.4f}, held out {loss:.4f} "
            f"(unigram {self._unigram:.4f})"
        )
        stop = self._patience is not None and no_longer_falls(
            history.heldout_losses, self._patience
        )
        if stop:
            self._say(f"stopped: the held-out loss has not fallen for {self._patience} epochs")
        return stop

    def interrupted(self, state: RunState) -> None:
        """Keep the place that Ctrl-C was pressed at."""
        if self._checkpoints is not None:
            self._checkpoints.save(state)


class Callbacks(RunHooks):
    """A user's objects, which are called with a model.

    Parameters
    ----------
    callbacks
        As `check_callbacks` returns them.
    model
        What they are called with.
    seen
        Is given the state after an epoch, before they are.

    Examples
    --------
    >>> class Look:
    ...     def on_epoch_end(self, model):
    ...         print("an epoch of", model)
    >>> Callbacks([Look()], "the model").after_epoch(RunState())
    an epoch of the model
    False
    """

    def __init__(
        self,
        callbacks: Iterable[Any],
        model: Any,
        seen: Callable[[RunState], None] = lambda state: None,
    ) -> None:
        self._callbacks, self._model, self._seen = callbacks, model, seen

    def call(self, name: str) -> None:
        """Call a method of all callbacks that have it."""
        for callback in self._callbacks:
            method = getattr(callback, name, None)
            if method is not None:
                with noting("callback", method):
                    method(self._model)

    def before_epoch(self, state: RunState) -> None:
        """Call ``on_epoch_begin``."""
        self.call("on_epoch_begin")

    def after_epoch(self, state: RunState) -> bool:
        """Call ``on_epoch_end``."""
        self._seen(state)
        self.call("on_epoch_end")
        return False


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


@contextmanager
def naming_last_checkpoint(folder: Path | None, say: Say) -> Iterator[None]:
    """Let the error of a run that lost its numbers name the last good checkpoint, if any.

    Examples
    --------
    >>> with naming_last_checkpoint(None, print):
    ...     pass
    """
    try:
        yield
    except NonFiniteError as error:
        last = None if folder is None else newest_checkpoint(folder, say)
        if last is None:
            raise
        state = last.state
        raise NonFiniteError(
            [error],
            remedy=f"the last good checkpoint is {last.path}, of epoch {state.epoch + 1} after "
            f"{state.batch} batches",
        ) from error
