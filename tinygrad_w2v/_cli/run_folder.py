"""The folder of a run: its files at the end, its checkpoints on the way.

Of the files nothing is written before training is over, and each appears whole; ``settings.json``
comes last. While a run is on its way, ``checkpoints/run.json`` says what was asked of it: where
that file is, there is a run to go on with.
"""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import check_writable_folder, safe_write
from tinygrad_w2v._cli.request import Request, read_json
from tinygrad_w2v.training.checkpoints import remove_half_written

FILES = ("vectors.txt", "model.npz", "history.jsonl", "loss.svg", "graph.svg", "settings.json")
CHECKPOINTS = "checkpoints"


class RunFolder:
    """The folder that a run will be written into; it is checked, and made, before the run.

    Where the run comes to nothing, a folder that was made for it goes again.

    Raises
    ------
    InputError
        When it cannot be written, holds a run already, or, to resume, holds none to go on with.
    """

    def __init__(self, path: str, overwrite: bool = False, resume: bool = False) -> None:
        self.path = Path(path)
        self.checkpoints = self.path / CHECKPOINTS
        self.request_file = self.checkpoints / "run.json"
        self.base_file = self.checkpoints / "base.npz"
        self._resumed = resume
        self._ids_before = set(self._ids())
        if resume and not self.request_file.exists():
            raise InputError(
                f"{path} holds no run to go on with; leave out --resume to begin one, or name its "
                "folder with --output"
            )
        if not resume and not overwrite:
            self._refuse_a_run()
        for name in FILES:
            if (self.path / name).is_dir():
                raise InputError(f"{self.path / name} is a folder; name another --output")
        candidates = [self.path, *self.path.parents]
        self._made = [folder for folder in candidates if not folder.exists()]
        try:
            check_writable_folder(path)
        except InputError as error:
            self._remove_if_empty()
            raise InputError(f"--output: {error}") from error

    def _refuse_a_run(self) -> None:
        if self.request_file.exists():
            raise InputError(
                f"{self.path} holds an unfinished run; go on with it with --resume, replace it "
                "with --overwrite, or name another folder with --output"
            )
        found = [name for name in FILES if (self.path / name).exists()]
        if found:
            raise InputError(
                f"{self.path} holds a run already ({', '.join(found)}); replace it with "
                "--overwrite, or name another folder with --output"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            return
        if isinstance(error, InputError):
            # The ids of a text that is not this run's.
            for path in set(self._ids()) - self._ids_before:
                shutil.rmtree(path, ignore_errors=True)
        if not self._resumed and not any(self.checkpoints.glob("checkpoint-*.npz")):
            self._remove_checkpoints()
        self._remove_if_empty()

    def begin(self, request: Request, about: dict[str, Any], base: Path | None = None) -> None:
        """Note what is asked, so that the run can be gone on with from any moment on.

        A run that was here keeps its files until this one is finished, but not its checkpoints.
        """
        self._remove_leftovers()
        if self._resumed:
            return
        self._remove_checkpoints()
        self.checkpoints.mkdir(exist_ok=True)
        if base is not None:
            # A copy, as the run that is continued may be the one that is replaced.
            shutil.copyfile(base, self.base_file)
        with safe_write(self.request_file) as file:
            file.write(json.dumps({"request": request.to_json()} | about, indent=2) + "\n")

    def finish(self) -> None:
        """The run has come to its end: what it was to go on from is not needed any more."""
        self._remove_checkpoints()

    def stored(self) -> dict[str, Any]:
        """Return what `begin` noted."""
        return read_json(self.request_file, "begin anew with --overwrite")

    def _ids(self) -> list[Path]:
        return list(self.checkpoints.glob("w2v-corpus-*"))

    def _remove_checkpoints(self) -> None:
        # First the file that says that there is a run to go on with.
        self.request_file.unlink(missing_ok=True)
        if self.checkpoints.is_dir():
            # Where a system does not remove files that are mapped, they stay until the next run.
            shutil.rmtree(self.checkpoints, ignore_errors=True)

    def _remove_leftovers(self) -> None:
        """Remove the unfinished files of a process that was killed."""
        for name in FILES:
            for path in self.path.glob(f".{name}.*.part"):
                path.unlink(missing_ok=True)
        remove_half_written(self.checkpoints)
        for path in self.checkpoints.glob("w2v-corpus-*.part"):
            shutil.rmtree(path, ignore_errors=True)

    def _remove_if_empty(self) -> None:
        with suppress(OSError):
            for folder in self._made:
                folder.rmdir()


def is_finished(path: str) -> bool:
    """Whether a folder holds a run that came to its end, and none to go on with.

    What a kill in the last moment has left of its checkpoints is removed.
    """
    folder = Path(path)
    if (folder / CHECKPOINTS / "run.json").exists() or not (folder / "settings.json").exists():
        return False
    finished = read_json(folder / "settings.json", "").get("finished") is True
    if finished:
        shutil.rmtree(folder / CHECKPOINTS, ignore_errors=True)
    return finished
