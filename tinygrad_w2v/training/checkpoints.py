"""Checkpoints: tables and place of a run, so that it goes on byte for byte after any end.

A checkpoint appears whole or not at all, and the one before it stays until then, so that at every
moment there is one to go on from, even if the newest turns out damaged. All draws are hashes of
their place, hence tables and place are the whole state.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import InputError, NonFiniteError, WriteError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.json_object import json_object
from tinygrad_w2v._base.npz import read_arrays, write_arrays
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.training.history import RunState

KEPT = 2
FORMAT = 1
_NAME = re.compile(r"checkpoint-(\d+)\.npz")
_PLACE = "run"
_TABLE = "table."


class Checkpoint(NamedTuple):
    """What was kept of a run.

    Attributes
    ----------
    path : Path
        Its file.
    state : RunState
        The place.
    tables : dict
        Arrays by name, as they were.
    about : dict
        What the run was of: digests, settings.
    """

    path: Path
    state: RunState
    tables: dict[str, AnyArray]
    about: dict[str, Any]


class Checkpoints:
    """Writes a checkpoint every so many minutes and keeps the last two.

    A checkpoint that cannot be written is said once and does not stop the run.

    Parameters
    ----------
    folder
        Where to write; exists.
    tables
        ``tables()`` returns the arrays to keep, by name.
    about
        What the run is of, for whoever goes on with it to compare; JSON.
    minutes
        The time between two; 0 writes none but those that are asked for.
    say
        Is told, in a line, of a checkpoint that could not be written.
    clock
        Returns seconds.

    Examples
    --------
    >>> import tempfile
    >>> table = np.arange(4.0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     checkpoints = Checkpoints(folder, lambda: {"w_in": table}, {"seed": 1})
    ...     path = checkpoints.save(RunState(epoch=2, batch=5))
    ...     kept = newest_checkpoint(folder)
    >>> path.name, kept.state.epoch, kept.tables, kept.about
    ('checkpoint-1.npz', 2, {'w_in': array([0., 1., 2., 3.])}, {'seed': 1})
    """

    def __init__(
        self,
        folder: PathLike,
        tables: Callable[[], Mapping[str, AnyArray]],
        about: Mapping[str, Any],
        minutes: float = 5.0,
        say: Callable[[str], None] = print,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = Path(folder)
        self._tables = tables
        self._about = dict(about)
        self._seconds = 60 * minutes
        self._say = say
        self._said: set[str] = set()
        self._clock = clock
        self._last = clock()
        self._written: tuple[tuple[int, int], Path] | None = None
        self._number = max((number for number, _ in _numbered(self.folder)), default=0)

    def is_due(self) -> bool:
        """Whether the last one is old enough for another."""
        return bool(self._seconds) and self._clock() - self._last >= self._seconds

    def save_when_due(self, state: RunState) -> Path | None:
        """Write a checkpoint when the last is old enough, and return its path if it was written."""
        if not self.is_due():
            return None
        path = self.save(state)
        # Counted from its end, so that a slow disk never takes all the time.
        self._last = self._clock()
        return path

    def save(self, state: RunState) -> Path | None:
        """Write a checkpoint now and return its path; None when it could not be written."""
        try:
            return self.write(state)
        except (OSError, InputError, NonFiniteError) as error:
            # Said once, though the free space is another one every time.
            kind = str(error).partition(" ")[0]
            if kind not in self._said:
                self._said.add(kind)
                self._say(f"note: no checkpoint was written to {self.folder}: {error}")
            return None

    def write(self, state: RunState, folder: PathLike | None = None) -> Path:
        """Write a checkpoint now and return its path.

        Where the disk lacks the room, the older of two checkpoints is given up for it.

        Parameters
        ----------
        state
            The place.
        folder
            Another one than that of the others.

        Raises
        ------
        InputError, WriteError
            When it cannot be written.
        NonFiniteError
            When a table holds numbers that are not finite.
        """
        target = self.folder if folder is None else Path(folder)
        tables = self._tables()
        for name, table in tables.items():
            if not np.isfinite(table).all():
                raise NonFiniteError(f"{name} holds numbers that are not finite")
        about = {"format": FORMAT, "state": state.to_json(), "about": self._about}
        stored: dict[str, AnyArray] = {f"{_TABLE}{name}": table for name, table in tables.items()}
        stored[_PLACE] = np.frombuffer(json.dumps(about).encode("ascii"), dtype=np.uint8)
        path = target / f"checkpoint-{self._number + 1}.npz"
        try:
            _check_room(size_of(stored), target)
            write_arrays(path, stored)
        except WriteError:
            older = [path for _, path in _numbered(target)[:-1]]
            if not older:
                raise
            older[0].unlink()
            _check_room(size_of(stored), target)
            write_arrays(path, stored)
        if folder is None:
            self._number += 1
            self._written = (state.epoch, state.batch), path
            for _, old in _numbered(target)[:-KEPT]:
                old.unlink(missing_ok=True)
        return path

    def of(self, state: RunState) -> Path | None:
        """Return the last checkpoint that was written, if it is of this place."""
        place, path = self._written or (None, None)
        return path if place == (state.epoch, state.batch) else None


def newest_checkpoint(folder: PathLike, say: Callable[[str], None] = print) -> Checkpoint | None:
    """Return the newest checkpoint that can be read, or None when there is none at all.

    Parameters
    ----------
    folder
        Where `Checkpoints` wrote.
    say
        Is told of a damaged one.

    Raises
    ------
    InputError
        When there are some, and none can be read.

    Examples
    --------
    >>> newest_checkpoint("no/such/folder") is None
    True
    """
    numbered = _numbered(Path(folder))
    problem = ""
    for _, path in reversed(numbered):
        try:
            return _read(path)
        except InputError as error:
            problem = str(error)
            if path != numbered[0][1]:
                say(f"note: {problem}; taking the checkpoint before it")
    if numbered:
        raise InputError(f"{problem}; there is no other to go on from")
    return None


def remove_checkpoints(folder: PathLike) -> None:
    """Remove the checkpoints of a folder, and what a kill has left of half-written ones.

    Examples
    --------
    >>> remove_checkpoints("no/such/folder")
    """
    for _, path in _numbered(Path(folder)):
        path.unlink(missing_ok=True)
    remove_half_written(folder)


def remove_half_written(folder: PathLike) -> None:
    """Remove the unfinished checkpoint of a process that was killed.

    Examples
    --------
    >>> remove_half_written("no/such/folder")
    """
    for path in Path(folder).glob(".checkpoint-*.part"):
        path.unlink(missing_ok=True)


def size_of(tables: Mapping[str, AnyArray]) -> int:
    """Return the bytes of a checkpoint of these tables, somewhat rounded up.

    Examples
    --------
    >>> size_of({"w_in": np.zeros((1000, 100), np.float32)}) // 1000
    465
    """
    return sum(table.nbytes for table in tables.values()) + (1 << 16)


def _check_room(needed: int, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise WriteError(f"it needs {needed / 1e6:,.1f} MB, the disk has {free / 1e6:,.1f}")


def _read(path: Path) -> Checkpoint:
    arrays = read_arrays(path)
    try:
        place = json_object(arrays.pop(_PLACE).tobytes())
        if place["format"] != FORMAT:
            raise InputError(f"{path}: was written by another version of this library")
        state = RunState.from_json(place["state"])
        about = dict(place["about"])
    except InputError:
        raise
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: is not a checkpoint of a run") from error
    tables = {name.removeprefix(_TABLE): table for name, table in arrays.items()}
    return Checkpoint(path, state, tables, about)


def _numbered(folder: Path) -> list[tuple[int, Path]]:
    """The checkpoints of a folder, the oldest first."""
    if not folder.is_dir():
        return []
    matches = ((_NAME.fullmatch(path.name), path) for path in folder.iterdir())
    return sorted((int(match[1]), path) for match, path in matches if match)
