"""Folders and files that nobody else could have written: for what is run later, or read on trust.

A cache is trusted when it is read, so it is used only where the user alone can have written it: the
folder and all above it belong to the user or the system, others may not write to them, and no link
of somebody else's leads there. What is found to be otherwise is refused, never repaired: whoever
could write there may have done so already.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tinygrad_w2v._base.errors import InputError

_POSIX = os.name == "posix"  # elsewhere permissions are another matter, and a home is private
_ROOT = 0
# A link is not followed, and a pipe that nobody writes to does not hold us up.
_OPEN_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def user_cache() -> Path | None:
    """Return the folder of all that this package keeps for the user; None where there is no home.

    ``$TINYGRAD_W2V_CACHE``, else ``$XDG_CACHE_HOME/tinygrad_w2v``, else ``~/.cache/tinygrad_w2v``.

    Examples
    --------
    >>> user_cache() is None or user_cache().name != ""
    True
    """
    if own := os.environ.get("TINYGRAD_W2V_CACHE"):
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    with suppress(RuntimeError):
        return (Path(base) if base else Path.home() / ".cache") / "tinygrad_w2v"
    return None


def private_folder(folder: Path) -> Path:
    """Return a folder that only the user can have written into; a missing one is made.

    Parameters
    ----------
    folder
        What is made is made for the user alone; what is there keeps its permissions.

    Raises
    ------
    InputError
        With the reason, when others may write to it or to a folder above it, when it is a link, or
        it belongs to somebody else, cannot be made or cannot be written.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as temporary:
    ...     private_folder(Path(temporary, "cache", "kernels")).is_dir()
    True
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 - `resolve` would follow links
    try:
        for path in _above(folder):
            _check(path, path.lstat(), own=False)
            if path.is_symlink():
                _check(path, path.stat(), own=False)
        for path in _above(Path(os.path.realpath(folder.parent)) / folder.name):
            _check(path, path.lstat(), own=False)
        _make(folder)
        status = folder.lstat()
    except OSError as error:
        raise InputError(f"{folder} cannot be used: {error.strerror or error}") from error
    if not stat.S_ISDIR(status.st_mode):
        raise InputError(f"{folder} is not a folder; a link is not followed")
    _check(folder, status)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{folder} cannot be written to")
    return folder


def check_contents(folder: Path) -> None:
    """Raise an InputError where a private folder holds what somebody else has left in it."""
    reached = _POSIX and bool(folder.stat().st_mode & 0o011)  # by others than its owner
    try:
        for path in _below(folder):
            _check(path, path.lstat(), reached=reached)
    except OSError as error:
        raise InputError(f"{folder} cannot be used: {error.strerror or error}") from error


def read_private(path: Path) -> bytes | None:
    """Return what a file of a private folder holds; None of what is missing or not the user's own.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_private(Path(folder, "cache"), b"text")
    ...     read_private(Path(folder, "cache")), read_private(Path(folder, "other"))
    (b'text', None)
    """
    with suppress(OSError):
        descriptor = os.open(path, _OPEN_FLAGS)
        try:
            status = os.fstat(descriptor)
            if stat.S_ISREG(status.st_mode) and _fault(status) is None:
                with os.fdopen(descriptor, "rb", closefd=False) as file:
                    return file.read()
        finally:
            os.close(descriptor)
    return None


def write_private(path: Path, data: bytes) -> None:
    """Write a file of a private folder, whole or not at all; a link of its name is replaced.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    descriptor, temporary = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise


def _make(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for the user alone."""
    missing = [path for path in (folder, *folder.parents) if not os.path.lexists(path)]
    for path in reversed(missing):
        with suppress(FileExistsError):  # another process was faster
            path.mkdir(mode=0o700)


def _above(folder: Path) -> Iterator[Path]:
    """The folders above that are there, from the outermost on."""
    return (path for path in reversed(folder.parents) if os.path.lexists(path))


def _below(folder: Path) -> Iterator[Path]:
    for name, folders, files in os.walk(folder):
        yield from (Path(name, part) for part in (*folders, *files))


def _check(path: Path, status: os.stat_result, own: bool = True, reached: bool = True) -> None:
    fault = _fault(status, own, reached)
    if fault is not None:
        raise InputError(f"{path} {fault}")


def _fault(status: os.stat_result, own: bool = True, reached: bool = True) -> str | None:
    """What speaks against a file or a folder.

    Parameters
    ----------
    status
        Its status.
    own
        Whether it has to be the user's own, and no link, or only leads to what is.
    reached
        Whether others come so far.
    """
    if not _POSIX:
        return None
    mode, link = stat.S_IMODE(status.st_mode), stat.S_ISLNK(status.st_mode)
    if own and link:
        return "is a link, which is not followed"
    if status.st_uid not in ((os.getuid(),) if own else (os.getuid(), _ROOT)):
        return "belongs to somebody else"
    others = mode & stat.S_IWOTH
    if mode & stat.S_IWGRP and not _is_own_group(status.st_gid):  # asks the system: not in vain
        others |= stat.S_IWGRP
    # Where everybody may put something, but only its owner may move it, nothing can be exchanged.
    shared = not own and bool(mode & stat.S_ISVTX)
    if reached and others and not link and not shared:
        return f"may be written by others (its mode is {mode:04o})"
    return None


def _is_own_group(group: int) -> bool:
    """Whether a group is the one that many systems make for each user alone."""
    import grp
    import pwd

    try:
        user, named = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(group)
    except KeyError:
        return False
    return named.gr_name == user and set(named.gr_mem) <= {user}
