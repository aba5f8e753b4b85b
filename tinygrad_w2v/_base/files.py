"""Files are replaced whole or not at all.

What is written goes to a temporary file beside the target, is forced to the disk, and then
takes the target's name in one step, so that a crash, a full disk or Ctrl-C leaves the old file.
Only files are replaced: what goes to a pipe or a device is written into it, once it is whole.
"""

from __future__ import annotations

import errno
import io
import os
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Literal

from tinygrad_w2v._base.errors import InputError, WriteError

PathLike = str | os.PathLike[str]
Mode = Literal["w", "wb"]

_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def safe_write(
    path: PathLike, mode: Mode = "w", encoding: str = "utf-8", newline: str = "\n"
) -> Iterator[IO[Any]]:
    r"""Open a file for writing that appears under its name only when all of it is written.

    When the body raises, the temporary file is removed and an old file of that name stays as it
    was. A symbolic link to a file is written through; an old file's permissions are kept. A pipe,
    a terminal, ``/dev/null`` or ``/dev/stdout`` stays what it is: it is given all, or nothing.

    Parameters
    ----------
    path
        The target; its folder must exist.
    mode
        ``"w"`` for text, ``"wb"`` for bytes.
    encoding, newline
        For text: as in :func:`open`.

    Yields
    ------
    file
        The open temporary file.

    Raises
    ------
    InputError
        When there can be no such file, see `check_target`, or it may not be written.
    WriteError
        When writing fails, as on a full disk.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with safe_write(pathlib.Path(folder, "words.txt")) as file:
    ...         _ = file.write("say\nhello\n")
    ...     pathlib.Path(folder, "words.txt").read_bytes()
    b'say\nhello\n'
    """
    if mode not in ("w", "wb"):
        raise ValueError(f"mode must be 'w' or 'wb', not {mode!r}")
    text = None if mode == "wb" else (encoding, newline)
    if _is_stream(path):
        with tempfile.TemporaryFile() as whole:
            file: IO[Any] = whole
            if text is not None:
                file = io.TextIOWrapper(whole, encoding, newline=newline)
            yield file
            file.flush()
            _hand_on(whole, path)
        return
    with Draft(path, text) as draft:
        yield draft.file
        draft.finish()
        draft.publish()


class Draft:
    """A file that is written beside its target, and takes the target's name when it is told to.

    Left without `publish`, it is removed. `safe_write` is this for one file; to replace several
    together, finish all of them before the first is published.

    Parameters
    ----------
    path
        The target.
    text : (str, str), optional
        Encoding and line ends; bytes are written without.

    Attributes
    ----------
    target, temporary : Path
        The file that links lead to, and the one that is written.
    file
        The latter, open.
    kept : bool
        Set it to let the temporary file outlive an error.

    Raises
    ------
    InputError, WriteError
        As `safe_write`.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Draft(Path(folder, "a")) as draft:
    ...         _ = draft.file.write(b"you say")
    ...         draft.finish()
    ...         before = draft.target.exists()
    ...         draft.publish()
    ...     before, draft.target.read_bytes()
    (False, b'you say')
    """

    def __init__(self, path: PathLike, text: tuple[str, str] | None = None) -> None:
        self.path = path
        self.target = check_target(path)
        self.kept = False
        descriptor, self.temporary = _new_beside(self.target, path)
        raw = _Raw(descriptor, path)
        self.file: IO[Any] = io.BufferedWriter(raw)
        if text is not None:
            self.file = io.TextIOWrapper(self.file, text[0], newline=text[1])

    def __enter__(self) -> Draft:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            with suppress(Exception):
                self.file.close()
        finally:
            if not self.kept:
                _remove(self.temporary)

    def finish(self) -> None:
        """Force all that was written to the disk, and close it."""
        self.file.flush()
        try:
            os.fsync(self.file.fileno())
            self.file.close()
        except OSError as error:
            raise failed(self.path, error) from error

    def publish(self) -> None:
        """Give it the target's name."""
        replace(self.temporary, self.target, self.path)


class _Raw(io.FileIO):
    """An open file whose errors name the file that it will be."""

    def __init__(self, descriptor: int, path: PathLike) -> None:
        super().__init__(descriptor, "wb")
        self._path = path

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            raise failed(self._path, error) from error


def failed(path: PathLike, error: OSError) -> WriteError:
    """Return the error that says why a file could not be written, and what to do.

    Examples
    --------
    >>> print(failed("w2v-out/model.npz", OSError(errno.ENOSPC, "No space left on device")))
    cannot write w2v-out/model.npz: the disk is full; free some space, or choose another place
    """
    return WriteError(f"cannot write {path}: {_reason(error, Path(path).parent)}")


def replace(old: Path, new: Path, path: PathLike | None = None) -> None:
    """Give a file that is on the disk another name, in place of what had it, for good.

    Raises
    ------
    WriteError
        When it cannot be done; `path` is how the error calls the target.
    """
    try:
        old.replace(new)
    except OSError as error:
        raise WriteError(f"cannot replace {path or new}: {_reason(error, new.parent)}") from error
    sync_folder(new.parent)


def move_into_place(whole: Path, path: Path) -> None:
    """Give a file that is whole and on the disk its name, in place of the one that has it.

    Links and permissions are kept, as by `safe_write`.

    Raises
    ------
    InputError, WriteError
        As `safe_write`; then both files stay as they are.
    """
    target = check_target(path)
    with suppress(OSError):
        whole.chmod(stat.S_IMODE(target.stat().st_mode))
    if whole.stat().st_dev == target.parent.stat().st_dev:
        replace(whole, target, path)
        return
    with whole.open("rb") as file, safe_write(path, "wb") as copy:
        shutil.copyfileobj(file, copy)
    whole.unlink()


def check_target(path: PathLike) -> Path:
    """Return the place of a file that is to be written; refuse what must not be replaced.

    Parameters
    ----------
    path
        A file, one that is to be, or a symbolic link to a file.

    Returns
    -------
    Path
        Where it will stand, all links followed.

    Raises
    ------
    InputError
        For a folder, a device, a pipe, a link to nothing, and a file that is protected.

    Examples
    --------
    >>> check_target("/")
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: cannot write /: it is a folder, a file name is needed
    """
    target = Path(os.path.realpath(path))
    try:
        status = Path(path).stat()
    except FileNotFoundError:
        if not Path(path).is_symlink():
            return target
        problem = (
            f"it is a link to {target}, which is not there; remove the link, or name another file"
        )
    except OSError as error:
        problem = _reason(error, target.parent)
    else:
        kind = stat.S_IFMT(status.st_mode)
        if kind == stat.S_IFREG and os.access(target, os.W_OK):
            return target
        problem = {
            stat.S_IFREG: "the file is write-protected; allow writing, or name another",
            stat.S_IFDIR: "it is a folder, a file name is needed",
        }.get(kind, "it is no file but a device, a pipe or a socket; name a file")
    raise InputError(f"cannot write {path}: {problem}")


def check_writable_folder(path: PathLike) -> Path:
    """Make sure, before long work starts, that files can be written into a folder.

    The folder is created with its parents when it is missing.

    Parameters
    ----------
    path
        The folder.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        With the reason, when it cannot be created or written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     check_writable_folder(folder + "/run/1").is_dir()
    True
    """
    if not os.fspath(path):
        raise InputError("the name of the folder is empty; name one, or . for the current folder")
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise InputError(f"cannot use {path} as a folder: it is a file; name another") from error
    except OSError as error:
        raise InputError(f"cannot create the folder {path}: {_reason(error, folder)}") from error
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = _reason(error, folder)
        raise InputError(f"cannot write into the folder {path}: {reason}") from error
    return folder


def half_written(target: Path) -> list[Path]:
    """Return what killed processes have left of files that would have become `target`."""
    start, end = _affixes(target)
    names = (entry.name for entry in os.scandir(target.parent)) if target.parent.is_dir() else ()
    return [target.parent / name for name in names if name.startswith(start) and name.endswith(end)]


@contextmanager
def unchanged(file: Any, name: str) -> Iterator[None]:
    """Raise when a file that was read here is not any more what it was at the beginning.

    A file that is cut short while it is read would end early without a word. Only of files can
    this be told: the end of a pipe is the end.

    Parameters
    ----------
    file
        Open.
    name
        How the error calls it.

    Raises
    ------
    InputError
        When its size or its date is another one at the end of the body.

    Examples
    --------
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     with unchanged(file, "say.txt"):
    ...         _ = file.write(b"you"), file.flush()
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: say.txt was changed while it was read (it had 0 bytes, \
now 3); start again when nobody writes to it
    """
    before = _state(file)
    yield
    after = _state(file)
    if before is not None and after is not None and before != after:
        raise InputError(
            f"{name} was changed while it was read (it had {before[0]:,} bytes, now "
            f"{after[0]:,}); start again when nobody writes to it"
        )


def _state(file: Any) -> tuple[int, int] | None:
    """Size and date of an open file; None for what is no file."""
    try:
        status = os.fstat(file.fileno())
    except (OSError, AttributeError, ValueError):  # a stream in memory has no number
        return None
    return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def sync_folder(folder: Path) -> None:
    """Force new names in a folder to the disk, where the system allows that (Windows does not)."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _affixes(target: Path) -> tuple[str, str]:
    # A name of a file has 255 bytes at most, and a character up to four.
    return f".{target.name[:40]}.", ".part"


def _new_beside(target: Path, path: PathLike) -> tuple[int, Path]:
    """Make an empty file in the target's folder, with the permissions that it is to have."""
    start, end = _affixes(target)
    try:
        try:
            permissions = stat.S_IMODE(target.stat().st_mode)
        except FileNotFoundError:
            permissions = None
        while True:
            temporary = target.with_name(f"{start}{secrets.token_hex(4)}{end}")
            with suppress(FileExistsError):
                # The umask, which is the whole process's, is left to the system.
                descriptor = os.open(temporary, _NEW, 0o666 if permissions is None else 0o600)
                break
    except OSError as error:
        kind = WriteError if error.errno in _FULL else InputError
        raise kind(f"cannot write {path}: {_reason(error, target.parent)}") from error
    if permissions is not None:
        with suppress(OSError):
            temporary.chmod(permissions)
    return descriptor, temporary


def _remove(temporary: Path) -> None:
    """Remove an unfinished file, also when Ctrl-C comes a second time."""
    try:
        temporary.unlink(missing_ok=True)
    except OSError:
        pass
    except KeyboardInterrupt:
        temporary.unlink(missing_ok=True)
        raise


def _is_stream(path: PathLike) -> bool:
    """Whether bytes are handed on there rather than kept: a pipe, a terminal, /dev/null."""
    if _descriptor(path) is not None:
        return True
    with suppress(OSError):
        return stat.S_IFMT(Path(path).stat().st_mode) in (stat.S_IFIFO, stat.S_IFCHR)
    return False


def _descriptor(path: PathLike) -> int | None:
    """The number of an open file that a path such as /dev/stdout or /dev/fd/3 stands for."""
    place = Path(path).absolute()
    own = {os.path.realpath(folder) for folder in ("/dev/fd", "/proc/self/fd")}
    for _ in range(8):
        if place.name.isdecimal() and os.path.realpath(place.parent) in own:
            return int(place.name)
        try:
            place = place.parent / place.readlink()
        except OSError:
            break
    return None


def _hand_on(whole: IO[bytes], path: PathLike) -> None:
    """Write what is whole into a pipe or a device."""
    descriptor = _descriptor(path)
    try:
        if descriptor is None:
            descriptor = os.open(path, os.O_WRONLY | getattr(os, "O_NOCTTY", 0))
        else:
            if sys.stdout is not None:
                sys.stdout.flush()
            # Itself: opened anew by its name, a file would be written from its beginning.
            descriptor = os.dup(descriptor)
        whole.seek(0)
        with os.fdopen(descriptor, "wb") as stream:
            shutil.copyfileobj(whole, stream)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise failed(path, error) from error


def _reason(error: OSError, folder: Path) -> str:
    if isinstance(error, FileNotFoundError):
        return f"the folder {folder} does not exist; create it first"
    if isinstance(error, NotADirectoryError):
        return f"{folder} is not a folder; name another place"
    if isinstance(error, PermissionError):
        return f"no permission to write to {folder}; choose a place that you may write to"
    if error.errno in _FULL:
        return "the disk is full; free some space, or choose another place"
    return f"{error.strerror or error}; choose another place"
