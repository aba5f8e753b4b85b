"""Where a run is kept on its way, and whether it may go on from there.

Such a run goes on by the same call: the model is made as before, the tables and the place are those
of the newest checkpoint, and what is drawn from there on is what would have been drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tinygrad_w2v._base.checks import require_number, require_range, shown
from tinygrad_w2v._base.errors import InputError, Message, Setting
from tinygrad_w2v._base.files import PathLike, check_writable_folder
from tinygrad_w2v._base.locking import FolderLock, InUseError
from tinygrad_w2v.training.checkpoints import Checkpoint, newest_checkpoint
from tinygrad_w2v.training.interrupt import deferred_interrupt

# Between two checkpoints: two years.
LONGEST_MINUTES = 1_000_000


class RunOptions(NamedTuple):
    """Our own options of a training, as `Word2Vec` describes them."""

    heldout: float | None = None
    early_stopping: int | None = None
    checkpoint: PathLike | None = None
    checkpoint_minutes: float = 5.0
    resume: bool = False

    def check(self) -> None:
        """Raise an InputError for one that cannot be.

        Examples
        --------
        >>> RunOptions(resume=True).check()
        Traceback (most recent call last):
        tinygrad_w2v._base.errors.InputError: resume needs the folder of the checkpoints: give \
checkpoint, too
        """
        check_watch(self.heldout, self.early_stopping)
        require_number("checkpoint_minutes", self.checkpoint_minutes)
        require_range("checkpoint_minutes", self.checkpoint_minutes, 0, LONGEST_MINUTES)
        if self.resume and self.checkpoint is None:
            raise InputError("resume needs the folder of the checkpoints: give checkpoint, too")


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


class Keeping(NamedTuple):
    """Where a run is kept, and what it is of.

    Attributes
    ----------
    folder : Path
        Of the checkpoints.
    about : dict
        What has to be the same for a run to go on, as JSON.
    minutes : float
        Between two checkpoints.
    begun : Checkpoint, optional
        Where the run goes on.
    given : names
        What is asked of the engine in any case; the rest is as the run began.
    remedy : Message
        What else can be done than to go on.
    """

    folder: Path
    about: Mapping[str, Any]
    minutes: float = 5.0
    begun: Checkpoint | None = None
    given: Collection[str] = ()
    remedy: Message = "name another folder"


def checkpoint_of(
    folder: Path,
    about: Mapping[str, Any],
    say: Callable[[str], None],
    remedy: Message,
    named: Callable[[str], str] = str,
) -> Checkpoint | None:
    """Return where a run goes on; None where its folder has no checkpoint.

    Parameters
    ----------
    folder, about, remedy
        As in `Keeping`.
    say
        Is told of a damaged checkpoint.
    named
        Returns the keyword for a name in `about`.

    Raises
    ------
    InputError
        When the folder holds another run, one of another text, or nothing that can be read.

    Examples
    --------
    >>> checkpoint_of(Path("no/such/folder"), {}, print, "begin anew") is None
    True
    """
    try:
        kept = newest_checkpoint(folder, say)
    except InputError as error:
        raise InputError([error], remedy=remedy) from error
    if kept is None:
        return None
    ours, theirs = _flat(about), _flat(kept.about)
    changed = sorted(named(name) for name in ours if theirs.get(name) != ours[name])
    if changed == ["examples_sha256"]:
        raise InputError(
            f"the examples are not those that {kept.path} was trained on, so that training cannot "
            "go on",
            remedy=("give the same examples, or ", remedy),
        )
    if changed == ["corpus_sha256"]:
        raise InputError(
            f"the text is not the one that {kept.path} was trained on, so that training cannot go "
            "on",
            remedy=("give the same text, or ", remedy),
        )
    if changed:
        names = [part for name in changed for part in (", ", Setting(name))][1:]
        raise InputError(
            (f"{kept.path} is of a training with other keywords (", *names, ")"),
            remedy=("give the same, or ", remedy),
        )
    return kept


def _flat(about: Mapping[str, Any]) -> dict[str, Any]:
    """The settings and what else a run is of, without the groups that they stand in."""
    flat: dict[str, Any] = {}
    for name, value in about.items():
        flat |= _flat(value) if isinstance(value, Mapping) else {name: value}
    return flat


@contextmanager
def held_folder(checkpoint: PathLike | None, say: Callable[[str], None]) -> Iterator[None]:
    """Keep other trainings out of the folder of this one's checkpoints.

    A signal that is to end the process lets the batch end and the place be kept, as Ctrl-C does,
    and then ends it.

    Raises
    ------
    InputError
        When another training is in it.

    Examples
    --------
    >>> with held_folder(None, print):
    ...     pass
    """
    if checkpoint is None:
        yield
        return
    folder = check_writable_folder(checkpoint)
    with deferred_interrupt(ending=True) as asked:
        try:
            lock = FolderLock(folder, say)
        except InUseError as error:
            raise InputError(
                f"{error}; wait for its end, or give another folder as checkpoint"
            ) from None
        with lock:
            yield
    asked.pass_on()
