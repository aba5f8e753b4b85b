"""What is done on the way of a run: checkpoints, the held-out loss, an early stop.

The command and `Word2Vec` drive their runs with the same hooks, and name the same last checkpoint
when numbers are lost.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tinygrad_w2v._base.errors import InputError, NonFiniteError, Setting
from tinygrad_w2v.training.checkpoints import Checkpoints, newest_checkpoint
from tinygrad_w2v.training.heldout import no_longer_falls
from tinygrad_w2v.training.run import RunHooks, RunState
from tinygrad_w2v.word2vec.checks import require_number, require_range, shown

Say = Callable[[str], None]


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

    def after_batch(self, state: RunState) -> None:
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


def check_watch(heldout: float | None, early_stopping: int | None) -> None:
    """Check what is to be held out, and when to stop.

    Raises
    ------
    InputError
        When a number is out of its range, or there is nothing to stop by.

    Examples
    --------
    >>> check_watch(heldout=2, early_stopping=None)
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: heldout must be a share between 0 and 1, not 2
    """
    if heldout is not None:
        require_number("heldout", heldout)
        if not 0 < heldout < 1:
            raise InputError(
                f"must be a share between 0 and 1, not {shown(heldout)}", setting="heldout"
            )
    if early_stopping is not None:
        require_number("early_stopping", early_stopping, whole=True)
        require_range("early_stopping", early_stopping, 1, math.inf)
        if heldout is None:
            raise InputError(
                ("looks at the held-out loss: give ", Setting("heldout"), ", too"),
                setting="early_stopping",
            )


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
