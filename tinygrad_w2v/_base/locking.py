"""One writer a folder: a lock that the system holds, and lets go of when its process ends.

It is a lock on the file ``.lock``, which names the holder to others. A killed process leaves the
file, but not the lock. Readers need none, as files appear whole.
"""

from __future__ import annotations

import errno
import json
import os
import platform
import stat
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike

NAME = ".lock"

_UNKNOWN = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL)
_TAKEN = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
_FLAGS = (
    os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
)  # a link or a pipe of that name is not ours

# The system's locks are a process's: what its threads hold is known here.
_held: dict[tuple[int, int], str] = {}
_guard = threading.Lock()


class InUseError(InputError):
    """A folder that another run is writing into."""


class FolderLock:
    """Holds a folder until `release`; a context manager.

    Parameters
    ----------
    folder
        Exists.
    say
        Is told, in a line, of a file system that has no locks (some network file systems): then
        nothing keeps two writers apart.

    Raises
    ------
    InUseError
        When somebody holds it; it says who, and since when.
    InputError
        When the lock's file cannot be made.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, FolderLock(folder):
    ...     try:
    ...         FolderLock(folder)
    ...     except InUseError as error:
    ...         print(str(error).startswith(f"{folder} is in use by process {os.getpid()} on "))
    True
    """

    def __init__(self, folder: PathLike, say: Callable[[str], None] | None = None) -> None:
        self._folder = folder
        self._path = Path(folder) / NAME
        self._process = os.getpid()
        self._key: tuple[int, int] | None = None
        self._descriptor = -1
        self._locked = False
        with _guard:
            while not self._acquired():
                pass
        if not self._locked and say is not None:
            say(
                f"note: the file system of {folder} has no locks: make sure that nobody else "
                "writes into it at the same time"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Let the folder go, and remove the lock's file; a second time does nothing."""
        # A fork has a copy of this object, and no lock.
        if self._key is None or self._process != os.getpid():
            return
        with _guard:
            if os.name == "posix":  # while it is locked, so that nobody takes a file that goes
                self._unlink()
            os.close(self._descriptor)
            del _held[self._key]
            self._key = None
            if os.name != "posix":  # where an open file cannot be removed
                self._unlink()

    def _unlink(self) -> None:
        with suppress(OSError):
            self._path.unlink()

    def _acquired(self) -> bool:
        """Take the lock; False when the file was removed meanwhile, so that it was for nothing."""
        with suppress(OSError):
            # Not opened: when it is closed again, this process's lock would be gone.
            holder = _held.get(_identity(self._path.lstat()))
            if holder is not None:
                raise self._in_use(holder)
        try:
            descriptor = os.open(self._path, _FLAGS, 0o644)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise self._unlockable(error, "; remove it if no run is going on there") from error
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise InputError(f"{self._path} is no file; remove it")
            self._lock(descriptor)
            with suppress(OSError):
                if _identity(self._path.lstat()) == _identity(status):
                    holder = self._sign(descriptor)
                    self._key, self._descriptor = _identity(status), descriptor
                    _held[self._key] = holder
                    descriptor = -1
                    return True
            return False
        finally:
            if descriptor >= 0:
                os.close(descriptor)

    def _lock(self, descriptor: int) -> None:
        try:
            _lock(descriptor)
            self._locked = True
        except OSError as error:
            if error.errno in _TAKEN:
                raise self._in_use(_read(descriptor)) from None
            if error.errno not in _UNKNOWN:
                raise self._unlockable(error) from error

    def _sign(self, descriptor: int) -> str:
        """Write down who holds it, and return that."""
        since = datetime.now().astimezone().isoformat(timespec="seconds")
        about = {"process": os.getpid(), "host": platform.node(), "since": since}
        text = json.dumps(about) + "\n"
        # No more than a help for others: on a full disk it is left out.
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, text.encode("ascii"))
        return text

    def _unlockable(self, error: OSError, remedy: str = "") -> InputError:
        return InputError(f"{self._path} cannot be locked: {error.strerror or error}{remedy}")

    def _in_use(self, holder: str) -> InUseError:
        return InUseError(f"{self._folder} is in use by {_told(holder)}")


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _read(descriptor: int) -> str:
    with suppress(OSError, ValueError):
        os.lseek(descriptor, 0, os.SEEK_SET)
        return os.read(descriptor, 1000).decode("ascii")
    return ""


def _told(holder: str) -> str:
    """Who it is; what stands in the file may be anybody's."""
    with suppress(ValueError, KeyError, TypeError):
        about: dict[str, Any] = json.loads(holder)
        host, since = (ascii(str(about[name]))[1:-1][:80] for name in ("host", "since"))
        return f"process {int(about['process'])} on {host}, since {since}"
    return "another process"


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        # Far beyond the text, as others cannot read what is locked.
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        # Locks of records, which network file systems know, and a fork does not inherit.
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
