"""The end of a run, in an order in which nothing that was trained can be lost.

1. The last state is kept among the checkpoints; nothing interrupts that.
2. The files are written beside the old ones; who asks the process to end waits, but not twice.
3. They take their places, and only then the checkpoints go.

What fails or is killed between two steps goes on from the state that was kept, without training.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from tinygrad_w2v._base.errors import (
    InputError,
    NonFiniteError,
    Setting,
    TinygradError,
    WriteError,
)
from tinygrad_w2v._base.memory import in_bytes
from tinygrad_w2v._base.terminal import option
from tinygrad_w2v._cli.console import note
from tinygrad_w2v._cli.options import DEFAULT_FOLDER, flag_of
from tinygrad_w2v._cli.request import Request
from tinygrad_w2v._cli.results import Outcome, write_results
from tinygrad_w2v._cli.run_folder import RunFolder
from tinygrad_w2v.models import EmbeddingModel
from tinygrad_w2v.text.resources import free_space
from tinygrad_w2v.training.checkpoints import Checkpoints, newest_checkpoint, size_of
from tinygrad_w2v.training.history import RunState
from tinygrad_w2v.training.interrupt import Deferred

# Of a number in text, about.
_DIGITS = 12


def tell_of_space(folder: Path, model: EmbeddingModel) -> None:
    """Warn, before a run, of a disk that its files will most likely not fit on."""
    tables = size_of(model.state_dict())
    needed = 2 * tables + _DIGITS * model.w_in.data.size
    free = free_space(folder)
    if needed > free:
        note(
            f"warning: the files of this run need about {in_bytes(needed)}, and {folder} has "
            f"{in_bytes(free)} free: make room before it ends"
        )


def end_run(
    folder: RunFolder,
    checkpoints: Checkpoints,
    state: RunState,
    outcome: Outcome,
    asked: Deferred,
    resume: str,
    quiet: bool,
) -> dict[str, Any]:
    """Keep a run's last state, write its files, and let its checkpoints go if it is finished.

    Parameters
    ----------
    folder, checkpoints
        Where files and state are kept.
    state, outcome
        The state of the run, and its results.
    asked
        Tells whether the process was asked to end.
    resume
        The command that resumes the run.
    quiet
        Say nothing.

    Returns
    -------
    dict
        What ``settings.json`` says.

    Raises
    ------
    NonFiniteError
        When the tables hold numbers that are not finite.
    WriteError, KeyboardInterrupt
        When writing failed or was interrupted; the text says where the state is, and what to do.
    """
    history = outcome.trained.history
    kept: Path | None = None
    done = False
    try:
        with asked.shielded():
            kept = None if history.torn else _kept(checkpoints, state)
        note(f"writing {folder.path}", quiet)
        with folder.staged() as place:
            description = write_results(place, outcome)
            with asked.shielded():
                folder.publish()
                if not history.interrupted:
                    folder.finish()
                done = True
    except NonFiniteError as error:
        raise NonFiniteError(
            f"training diverged: {error}",
            remedy=("use a smaller learning rate (", Setting("alpha"), ")"),
        ) from error
    except BaseException as error:
        if done:
            stands = f"all files are written in {folder.path}"
        else:
            with asked.shielded():
                stands = _what_stands(folder, checkpoints, state, kept, history.torn, resume)
        if isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt(f"interrupted at the end of the run; {stands}") from None
        if isinstance(error, TinygradError | OSError):
            what = error if isinstance(error, TinygradError) else str(error)
            raise WriteError((what, "; ", stands)) from error
        note(stands)
        raise
    return description


def what_was_kept(folder: RunFolder, resume: str) -> str:
    """Return where an interrupted run can be resumed, and how; "" if nowhere."""
    try:
        last = newest_checkpoint(folder.checkpoints, note)
    except InputError:
        return ""
    return "" if last is None else f"its last place is kept in {last.path}; go on with: {resume}"


def resume_line(output: str, request: Request) -> str:
    """Return the command that resumes a run.

    Examples
    --------
    >>> resume_line("my run", Request(["a.txt"], tokenizer="my_words:cut"))
    "tinygrad-w2v train --resume --output 'my run' --tokenizer my_words:cut"
    """
    named = {} if output == DEFAULT_FOLDER else {"output": output}
    given = (named | request.functions()).items()
    options = [option(flag_of(setting), value) for setting, value in given]
    line = " ".join(["tinygrad-w2v train --resume", *options])
    return f"{line} (with the same text on standard input)" if "-" in request.sources else line


def _kept(checkpoints: Checkpoints, state: RunState) -> Path | None:
    try:
        return checkpoints.of(state) or checkpoints.write(state)
    except (OSError, InputError):
        # The files of the run may fit all the same; else it is tried elsewhere.
        return None


def _what_stands(
    folder: RunFolder,
    checkpoints: Checkpoints,
    state: RunState,
    kept: Path | None,
    torn: bool,
    resume: str,
) -> str:
    """Say where what was trained is; keep it elsewhere if it is nowhere yet."""
    if kept is not None:
        return (
            f"what was trained is kept in {kept}; write the files, without training again, with: "
            f"{resume}"
        )
    before = what_was_kept(folder, resume)
    if torn:
        return before or "what was trained is not kept"
    try:
        elsewhere = Path(tempfile.mkdtemp(prefix="w2v-run-"))
        try:
            place = checkpoints.write(state, elsewhere)
        except BaseException:
            elsewhere.rmdir()
            raise
    except (OSError, InputError) as error:
        return f"what was trained could be kept nowhere ({error})" + (before and f"; {before}")
    folder.keeps = True
    return (
        f"what was trained is kept in {place}: move this file to {folder.checkpoints}, and write "
        f"the files, without training again, with: {resume}"
    )
