"""A process whose file operations are counted, and disturbed at one of them."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

from tinygrad_w2v._base import files
from tinygrad_w2v._base.errors import TinygradError
from tinygrad_w2v.text.rows import GrowingRow
from tinygrad_w2v.training.engines.numpy import NumpyRun

HOWS = ("kill", "full", "interrupt", "twice")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NEEDS_ROOM = ("open", "write", "fsync", "os.mkdir")
_CALLS = ("write", "writelines", "flush", "truncate", "close")
_CHANGES = tuple(f"os.{name}" for name in "rename remove mkdir rmdir truncate link symlink".split())


class Operations:
    """Counts what this process does to files below a folder, and lets something happen at one."""

    def __init__(self, root: Path, at: int | None, how: str) -> None:
        self.root, self.at, self.how = str(root), at, how
        self.names: list[str] = []
        self._inside = False

    def install(self) -> None:
        """Begin to count; for the rest of the process."""
        sys.addaudithook(self._audited)
        sys.setprofile(self._called)
        # What no audit event tells of. To force files to the disk is of no use here.
        self._wrap(files._Raw, "write", lambda file: str(file._path))
        self._wrap(GrowingRow, "append", lambda row: getattr(row._file, "name", ""))
        self._wrap(GrowingRow, "cut", lambda row: getattr(row._file, "name", ""))
        os.fsync = self._forced  # type: ignore[assignment]

    def _wrap(self, kind: type, name: str, path_of: Callable[[Any], object]) -> None:
        real = getattr(kind, name)

        def wrapped(*arguments: Any) -> Any:
            if str(path := path_of(arguments[0])).startswith(self.root):
                try:
                    self.happened("write", str(path).removeprefix(self.root))
                except OSError as error:
                    raise files.failed(str(path), error) from error
            return real(*arguments)

        setattr(kind, name, wrapped)

    def _forced(self, descriptor: int) -> None:
        place = Path(f"/proc/self/fd/{descriptor}")
        path = str(place.readlink()) if place.exists() else self.root
        if path.startswith(self.root):
            self.happened("fsync", path.removeprefix(self.root))

    def _audited(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, str | os.PathLike) and flags & _WRITING:
                self._below(event, os.fspath(path))
        elif event in _CHANGES:
            path = arguments[0]
            if isinstance(path, str | bytes | os.PathLike):
                self._below(event, os.fsdecode(path))

    def _called(self, frame: object, event: str, called: Any) -> None:
        # What is written without the library's own writer: such a file is seen half written.
        if event == "c_call" and called.__name__ in _CALLS:
            file = getattr(called, "__self__", None)
            if isinstance(file, io.IOBase) and isinstance(name := getattr(file, "name", None), str):
                if name.startswith(self.root):
                    self.happened(f"call {called.__name__}", name.removeprefix(self.root))

    def _below(self, event: str, path: str) -> None:
        # `shutil.rmtree` names files relative to their folder.
        if path.startswith(self.root) or not path.startswith("/"):
            self.happened(event, path.removeprefix(self.root))

    def happened(self, event: str, path: str) -> None:
        """Take note of an operation that is about to be done."""
        if self._inside:
            return
        self.names.append(f"{event} {path}".strip())
        number = len(self.names) - 1
        if self.at is None or number < self.at:
            return
        self._inside = True
        try:
            if self.how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            elif self.how == "full" and event in _NEEDS_ROOM:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            elif self.how in ("interrupt", "twice") and number <= self.at + (self.how == "twice"):
                signal.raise_signal(signal.SIGINT)
        finally:
            self._inside = False


class Ended(NamedTuple):
    """How a child ended: its exit status (negative: a signal), what it said, what it did."""

    status: int
    said: str
    operations: list[str]
    trained: int


def in_child(act: Callable[[], int], root: Path, at: int | None = None, how: str = "kill") -> Ended:
    """Do something in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        said, done = Path(folder, "said"), Path(folder, "done")
        if not (child := os.fork()):
            _child(act, Operations(root, at, how), said, done)
        _, status = os.waitpid(child, 0)
        lines = done.read_text(encoding="utf-8").split("\n") if done.exists() else ["0"]
        code = os.waitstatus_to_exitcode(status)
        return Ended(code, said.read_text(encoding="utf-8"), lines[1:], int(lines[0]))


def _child(act: Callable[[], int], operations: Operations, said: Path, done: Path) -> None:
    status, steps, real = 70, [0], NumpyRun.step

    def step(self: NumpyRun, batch: Any, lr: float) -> float:
        steps[0] += 1
        return real(self, batch, lr)

    NumpyRun.step = step  # type: ignore[method-assign]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with said.open("w", encoding="utf-8") as out, redirect_stdout(out), redirect_stderr(out):
        operations.install()
        try:
            status = act()
        except KeyboardInterrupt:
            status = 1
        except (TinygradError, OSError) as error:
            status = 1
            out.write(f"{type(error).__name__}: {error}\n")
        except BaseException:
            traceback.print_exc()
        operations._inside = True
        out.flush()
        text = "\n".join([str(steps[0]), *operations.names])
        done.write_text(text, encoding="utf-8")
        os._exit(status)


class Lost(Exception):
    """Something good is not there any more."""


class Scenario:
    """Something that writes files: `prepare`, `act`, and what must be true afterwards."""

    undisturbed: Ended

    def prepare(self, root: Path) -> None:
        """Make what is there before."""

    def act(self, root: Path) -> int:
        """Do it; return the exit status."""
        raise NotImplementedError

    def learn(self, root: Path) -> None:
        """Look at what it gives when nothing happens."""

    def check(self, root: Path, ended: Ended, how: str) -> None:
        """Raise `Lost` when something good was lost."""
        raise NotImplementedError
