"""Files are replaced whole or not at all.

What is written goes to a temporary file beside the target, is forced to the disk, and then
takes the target's name in one step, so that a crash, a full disk or Ctrl-C leaves the old file.
"""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Literal

from tinygrad_w2v._base.errors import InputError

PathLike = str | os.PathLike[str]


@contextmanager
def safe_write(
    path: PathLike,
    mode: Literal["w", "wb"] = "w",
    encoding: str = "utf-8",
    newline: str = "\n",
) -> Iterator[IO[Any]]:
    r"""Open a file for writing that appears under its name only when all of it is written.

    When the body raises, the temporary file is removed and an old file of that name stays as it
    was. A symbolic link is written through; an old file's permissions are kept.

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
        When the target is a folder, its folder is missing, or either may not be written.

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
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise InputError(f"cannot write {path}: it is a folder, a file name is needed")
    try:
        descriptor, name = tempfile.mkstemp(
            prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent
        )
    except OSError as error:
        raise InputError(f"cannot write {path}: {_reason(error, target.parent)}") from error
    temporary = Path(name)
    try:
        text: dict[str, str] = {} if mode == "wb" else {"encoding": encoding, "newline": newline}
        with os.fdopen(descriptor, mode, **text) as file:  # type: ignore[call-overload]
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(_permissions(target))
        _replace(temporary, target, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


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


def _replace(temporary: Path, target: Path, path: PathLike) -> None:
    try:
        temporary.replace(target)
    except OSError as error:
        raise InputError(f"cannot replace {path}: {_reason(error, target)}") from error


def _permissions(target: Path) -> int:
    """Those of the file that is replaced, else those of a file that `open` would make."""
    with suppress(OSError):
        return stat.S_IMODE(target.stat().st_mode)
    # The umask can only be read by setting it.
    umask = os.umask(0o077)
    os.umask(umask)
    return 0o666 & ~umask


def _sync_folder(folder: Path) -> None:
    """Force the new name to the disk, where the system allows that (Windows does not)."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _reason(error: OSError, folder: Path) -> str:
    if isinstance(error, FileNotFoundError):
        return f"the folder {folder} does not exist; create it first"
    if isinstance(error, NotADirectoryError):
        return f"{folder} is not a folder; name another place"
    if isinstance(error, PermissionError):
        return f"no permission to write to {folder}; choose a place that you may write to"
    return f"{error.strerror or error}; choose another place"
