"""The folder of a run: its files at the end, its checkpoints on the way.

It belongs to one run at a time, which holds its lock. Of its files nothing is touched before
training is over; then all of them are written beside the old ones, and only when the last is whole
they take their places, ``settings.json`` at the end. While a run is on its way,
``checkpoints/run.json`` says what was asked of it: where it is, there is a run to go on with.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import (
    Draft,
    check_target,
    check_writable_folder,
    failed,
    half_written,
    move_into_place,
)
from tinygrad_w2v._base.locking import NAME as LOCK
from tinygrad_w2v._base.locking import FolderLock, InUseError
from tinygrad_w2v._cli.console import note
from tinygrad_w2v._cli.request import Request, read_json
from tinygrad_w2v.text.phrase_rounds import PhraseRounds
from tinygrad_w2v.training.checkpoints import remove_checkpoints, remove_half_written

FILES = (
    *("vectors.txt", "model.npz", "history.jsonl", "loss.svg", "graph.svg", "report.html"),
    "settings.json",
)
# What only some runs leave; it takes its place before the others.
MORE_FILES = ("phrases.json",)
CHECKPOINTS = "checkpoints"


class RunFolder:
    """The folder that a run will be written into; it is checked, made and locked before the run.

    If the run fails before it trains, a folder that was made for it is removed again, and what was
    there before stays: a run is replaced only by one whose text could be read.

    Attributes
    ----------
    path, checkpoints, request_file, base_file, phrases_file : Path
        The folder, that of the checkpoints, and in it what was asked of the run, the model that
        it learns on from, and the phrases that are joined in its text.
    resumed, finished, begun : bool
        A run is to be gone on with; it has come to its end already; there is something to go on
        with, now or from before.
    keeps : bool
        Set it when what is to go on stands elsewhere, so that it can be put here.

    Raises
    ------
    InputError
        When it cannot be written, another run is in it, it holds a run already, or, to resume,
        holds none to go on with.
    """

    def __init__(self, path: str, overwrite: bool = False, resume: bool = False) -> None:
        self.path = Path(path)
        self.checkpoints = self.path / CHECKPOINTS
        self.request_file = self.checkpoints / "run.json"
        self.base_file = self.checkpoints / "base.npz"
        self.phrases_file = self.checkpoints / "phrases.json"
        self.keeps = False
        self._staged = self.path / ".files.part"
        self.resumed = self.begun = resume
        self._replaces = overwrite or resume
        self._lock: FolderLock | None = None
        self._made: list[Path] = []
        self._ids_before: set[Path] = set()
        # Once before anything is made, and once more when nobody else can change it.
        self._check()
        if self.finished and not self._left_over():
            return
        self._made = [place for place in (self.path, *self.path.parents) if not place.exists()]
        try:
            self._lock = self._locked()
            if self._lock is not None:
                self._check()
                self._remove_leftovers()
        except BaseException:
            self._leave()
            raise
        self._ids_before = set(self._ids())

    @property
    def live_report(self) -> Path:
        """Where the report stands while the run goes on; that of a run that is replaced stays."""
        replaces = (self.path / "settings.json").exists()
        return (self.checkpoints if replaces else self.path) / "report.html"

    def _locked(self) -> FolderLock | None:
        while True:
            try:
                check_writable_folder(self.path)
                return FolderLock(self.path, note)
            except FileNotFoundError:
                continue  # a run that came to nothing has just removed it
            except InUseError as error:
                if self.finished:  # and somebody else tidies up
                    return None
                raise InputError(
                    f"{error}; wait for its end, or name another folder with --output"
                ) from None
            except InputError as error:
                raise InputError(f"--output: {error}") from error

    def _check(self) -> None:
        """Look whether it is finished; refuse what cannot be resumed or may not be replaced."""
        self.finished = self.resumed and is_finished(self.path)
        if self.finished:
            return
        if self.resumed and not self.request_file.exists():
            raise InputError(
                f"{self.path} holds no run to go on with; leave out --resume to begin one, or name "
                "its folder with --output"
            )
        unfinished = self.request_file.exists()
        if unfinished and not self._replaces and self._lock is not None:  # nobody is at it
            raise InputError(
                f"{self.path} holds an unfinished run; go on with it with --resume, replace it "
                "with --overwrite, or name another folder with --output"
            )
        present = [name for name in (*MORE_FILES, *FILES) if (self.path / name).exists()]
        if present and not unfinished and not self._replaces:
            raise InputError(
                f"{self.path} holds a run already ({', '.join(present)}); replace it with "
                "--overwrite, or name another folder with --output"
            )
        if self.path.is_dir():
            for name in (*MORE_FILES, *FILES):
                if (self.path / name).is_dir():
                    raise InputError(f"{self.path / name} is a folder; name another --output")
                check_target(self.path / name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._tidy(isinstance(error, InputError) or not self.begun)
        self._leave()

    def _tidy(self, ids: bool) -> None:
        """Remove what a run that came to nothing has made."""
        if ids:  # of a text that is not this run's
            for path in set(self._ids()) - self._ids_before:
                shutil.rmtree(path, ignore_errors=True)
        gone_on = self.resumed or self.keeps
        if self.begun and not gone_on and not any(self.checkpoints.glob("checkpoint-*.npz")):
            self.live_report.unlink(missing_ok=True)
            self._remove_checkpoints()
        with suppress(OSError):
            self.checkpoints.rmdir()

    def _leave(self) -> None:
        if self._lock is not None:
            self._lock.release()
        with suppress(OSError):
            for folder in self._made:
                folder.rmdir()

    def begin(
        self,
        request: Request,
        about: Mapping[str, Any],
        base: Path | None = None,
        ids: Path | None = None,
        phrases: PhraseRounds | None = None,
    ) -> None:
        """Note what is asked, so that the run can be gone on with from any moment on.

        A run that was here keeps its files until this one is finished, but not its checkpoints.

        Parameters
        ----------
        request, about
            What is asked, and what is to be known beside it.
        base
            The model that is learned on from; a copy is kept.
        ids
            Where the ids of the text stand, if here.
        phrases
            What is joined in the text; a copy is kept.
        """
        if self.resumed:
            return
        self.checkpoints.mkdir(exist_ok=True)
        text = json.dumps({"request": request.to_json(), **about}, indent=2) + "\n"
        with ExitStack() as stack:
            note_of_it = stack.enter_context(Draft(self.request_file, ("utf-8", "\n")))
            drafts = [note_of_it]
            note_of_it.file.write(text)
            if base is not None:
                # A copy, as the run that is continued may be the one that is replaced.
                drafts.insert(0, stack.enter_context(Draft(self.base_file)))
                with base.open("rb") as file:
                    shutil.copyfileobj(file, drafts[0].file)
            if phrases is not None:
                drafts.insert(0, stack.enter_context(Draft(self.phrases_file)))
                drafts[0].file.write(phrases.to_bytes())
            for draft in drafts:
                draft.finish()
            # There was room for it; now the run that was here may go.
            self._remove_checkpoints(besides=ids)
            self.begun = True
            for draft in drafts:
                draft.publish()

    @contextmanager
    def staged(self) -> Iterator[Path]:
        """Give a folder to write the run's files into, for `publish`; it goes with the body."""
        shutil.rmtree(self._staged, ignore_errors=True)
        try:
            self._staged.mkdir()
        except OSError as error:
            raise failed(self._staged, error) from error
        try:
            yield self._staged
        finally:
            shutil.rmtree(self._staged, ignore_errors=True)

    def publish(self) -> None:
        """Let the staged files take their places, ``settings.json`` at the end.

        A kill in the midst of it leaves none of that name, and the run one to go on with.
        """
        (self.path / FILES[-1]).unlink(missing_ok=True)
        for name in (*MORE_FILES, *FILES):
            if (self._staged / name).exists():
                move_into_place(self._staged / name, self.path / name)
            else:  # what could not be drawn; an old picture would be of another run
                (self.path / name).unlink(missing_ok=True)
        shutil.rmtree(self._staged, ignore_errors=True)

    def finish(self) -> None:
        """Remove what a finished run would have been resumed from."""
        self._remove_checkpoints()

    def stored(self) -> dict[str, Any]:
        """Return what `begin` noted."""
        return read_json(self.request_file, "begin anew with --overwrite")

    def _ids(self) -> list[Path]:
        return list(self.checkpoints.glob("w2v-corpus-*"))

    def _remove_checkpoints(self, besides: Path | None = None) -> None:
        """Remove what runs keep there, and nothing else: the folder may have been there before."""
        # First the file that says that there is a run to go on with.
        self.request_file.unlink(missing_ok=True)
        self.base_file.unlink(missing_ok=True)
        self.phrases_file.unlink(missing_ok=True)
        (self.checkpoints / "report.html").unlink(missing_ok=True)
        remove_checkpoints(self.checkpoints)
        for path in self._ids():
            if path != besides:
                # Where files that are mapped cannot be removed, they stay until the next run.
                shutil.rmtree(path, ignore_errors=True)
        with suppress(OSError):
            self.checkpoints.rmdir()

    def _left_over(self) -> bool:
        """Whether a process that was killed at its very end has left anything but its files."""
        return any(path.exists() for path in (self.checkpoints, self._staged, self.path / LOCK))

    def _remove_leftovers(self) -> None:
        """Remove what a process that was killed has left unfinished."""
        if self.finished:
            self._remove_checkpoints()
        shutil.rmtree(self._staged, ignore_errors=True)
        kept = self.request_file, self.base_file, self.phrases_file
        for whole in (*(self.path / name for name in (*MORE_FILES, *FILES)), *kept):
            for path in half_written(whole):
                path.unlink(missing_ok=True)
        remove_half_written(self.checkpoints)
        for path in self.checkpoints.glob("w2v-corpus-*.part"):
            shutil.rmtree(path, ignore_errors=True)


def is_finished(folder: Path) -> bool:
    """Whether a folder holds a run that came to its end, and none to go on with."""
    if (folder / CHECKPOINTS / "run.json").exists() or not (folder / "settings.json").exists():
        return False
    return read_json(folder / "settings.json", "").get("finished") is True
