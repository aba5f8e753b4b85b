"""Where text lies: in files and folders of this machine, or on a store, by a URL that fsspec knows.

A file may be cut into parts that begin and end between lines, so that several processes read it.
"""

from __future__ import annotations

import glob
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from tinygrad_w2v._base.compressed import decompressed
from tinygrad_w2v._base.errors import InputError, MissingDependencyError
from tinygrad_w2v._base.files import PathLike

_MAGIC = "*?["


@dataclass(frozen=True)
class Part:
    """The lines of a file that begin in some of its bytes.

    Attributes
    ----------
    path : str
        A file, or a URL.
    start, stop : int
        From which byte to which.
    size : int
        Of the whole file.
    """

    path: str
    start: int
    stop: int
    size: int

    def __fspath__(self) -> str:
        return self.path


def is_url(path: PathLike) -> bool:
    """Whether a path is the URL of something on a store.

    Examples
    --------
    >>> is_url("s3://texts/say.txt"), is_url("texts/say.txt")
    (True, False)
    """
    return "://" in os.fspath(path)


def files_of_source(source: PathLike | Part) -> list[PathLike]:
    """Return the files that a source stands for, in the order in which they are read.

    Parameters
    ----------
    source
        A file; a folder, which is all files in it and below it but for hidden ones; or a pattern,
        where no file has its name. A URL may be each of these.

    Raises
    ------
    InputError
        When a folder cannot be read or holds no files, or a pattern matches none.
    MissingDependencyError
        When a URL is given and fsspec, or what it needs for this store, is not installed.

    Examples
    --------
    >>> files_of_source("say.txt")
    ['say.txt']
    """
    if isinstance(source, Part) or source == "-":
        return [source]
    if is_url(source):
        return _files_of_url(os.fspath(source))
    if Path(source).is_dir():
        return _files_below(source)
    pattern = os.fspath(source)
    if not any(sign in pattern for sign in _MAGIC) or Path(source).exists():
        return [source]
    names = glob.glob(pattern, recursive=True)  # noqa: PTH207  # of patterns that are absolute, too
    found = [Path(name) for name in names if Path(name).is_file()]
    return _in_order(found, f"{pattern} matches no file: check the path")


def _files_below(source: PathLike) -> list[PathLike]:
    files: list[Path] = []
    for folder, subfolders, names in os.walk(source, onerror=_raise_unreadable):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        files += [Path(folder, name) for name in names if not name.startswith(".")]
    return _in_order(files, f"the folder {source} holds no files (hidden ones are left out)")


def _raise_unreadable(error: OSError) -> None:
    raise InputError(f"cannot read the folder {error.filename}: {error.strerror}") from error


def _in_order(files: Sequence[Path], nothing: str) -> list[PathLike]:
    if not files:
        raise InputError(nothing)
    return [*sorted(files, key=_parts_of)]


def _parts_of(path: Path) -> tuple[str, ...]:
    return path.parts


def _files_of_url(url: str) -> list[PathLike]:
    store, path = _store_of(url)
    try:
        if store.isdir(path):
            names = [
                name
                for name in store.find(path)
                if not any(p.startswith(".") for p in name[len(path) :].strip("/").split("/"))
            ]
            nothing = f"the folder {url} holds no files (hidden ones are left out)"
        elif any(sign in path for sign in _MAGIC) and not store.exists(path):
            names = [name for name in store.glob(path) if store.isfile(name)]
            nothing = f"{url} matches no file: check the path"
        else:
            return [url]
    except OSError as error:
        raise InputError(f"{url} cannot be read: {error}") from error
    if not names:
        raise InputError(nothing)
    return [store.unstrip_protocol(name) for name in sorted(names, key=lambda n: n.split("/"))]


def _store_of(url: str) -> tuple[Any, str]:
    """The store of a URL, and the path on it."""
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise MissingDependencyError(
            f"{url}: a text on a store is read with fsspec: pip install 'tinygrad_w2v[ray]'"
        ) from error
    try:
        store, path = url_to_fs(url)
    except ImportError as error:
        raise MissingDependencyError(f"{url}: {error}") from error
    except ValueError as error:
        raise InputError(f"{url} is no URL of a store that fsspec knows: {error}") from error
    return store, path


def opened(path: PathLike | Part) -> IO[bytes]:
    r"""Open a file, one on a store, or the lines of a part of one, for reading bytes.

    Raises
    ------
    InputError
        When a part's file has another size than when it was cut.
    OSError
        When it cannot be opened.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "say.txt")
    ...     _ = path.write_bytes(b"you say\nand i say\nhello\n")
    ...     parts = cut([path], size=9)
    ...     [opened(part).read() for part in parts]
    [b'you say\nand i say\n', b'', b'hello\n']
    """
    if isinstance(path, Part):
        return cast(IO[bytes], _Lines(path))
    if is_url(path):
        store, name = _store_of(os.fspath(path))
        return cast(IO[bytes], store.open(name, "rb"))
    return cast(IO[bytes], Path(path).open("rb", buffering=0))


def is_there(path: PathLike) -> bool:
    """Whether there is such a file.

    Examples
    --------
    >>> is_there("nowhere/say.txt")
    False
    """
    if not is_url(path):
        return Path(path).exists()
    store, name = _store_of(os.fspath(path))
    try:
        return bool(store.exists(name))
    except OSError as error:
        raise InputError(f"{os.fspath(path)} cannot be reached: {error}") from error


def size_of(path: PathLike) -> int:
    """Return the bytes of a file, as they are stored.

    Raises
    ------
    OSError
        When it is not there.
    """
    if is_url(path):
        store, name = _store_of(os.fspath(path))
        return int(store.info(name)["size"] or 0)
    return Path(path).stat().st_size


def state_of(path: PathLike) -> tuple[Any, ...]:
    """Return what tells a file from others, and from what it was before it was changed.

    Raises
    ------
    OSError
        When it is not there.
    """
    if is_url(path):
        store, name = _store_of(os.fspath(path))
        return str(path), size_of(path), store.ukey(name)
    state = Path(path).stat()
    dates = state.st_mtime_ns, state.st_ctime_ns
    return str(Path(path).resolve()), state.st_ino, state.st_size, *dates


def cut(files: Sequence[PathLike], size: int) -> list[Part]:
    r"""Return parts of about so many bytes, all lines of all files in order.

    A compressed file is one part.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "say.txt")
    ...     _ = path.write_bytes(b"you say\n" * 5)
    ...     [(part.start, part.stop) for part in cut([path], size=16)]
    [(0, 16), (16, 32), (32, 40)]
    """
    parts: list[Part] = []
    for path in files:
        name, whole = os.fspath(path), size_of(path)
        with opened(path) as file:
            plain = io.BufferedReader(cast(Any, file), 1 << 10)
            step = size if decompressed(plain) is plain else max(whole, 1)
        starts = range(0, max(whole, 1), step)
        parts += [Part(name, start, min(start + step, whole), whole) for start in starts]
    return parts


class _Lines(io.RawIOBase):
    """The bytes of the lines that begin in a part of a file."""

    def __init__(self, part: Part) -> None:
        if (size := size_of(part.path)) != part.size:
            raise InputError(
                f"{part.path} has {size:,} bytes and had {part.size:,} when the text was divided: "
                "it must be the same file on all machines, and nobody may write to it"
            )
        self._file = opened(part.path)
        self._place = self._line_from(part.start, part.size)
        self._end = self._line_from(part.stop, part.size)
        self._file.seek(self._place)

    def _line_from(self, byte: int, size: int) -> int:
        """Where the first line begins that begins at a byte or behind it."""
        if byte in (0, size):
            return byte
        place = byte - 1
        self._file.seek(place)
        while piece := self._file.read(1 << 16):
            if (found := piece.find(b"\n")) >= 0:
                return place + found + 1
            place += len(piece)
        return size

    def readable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return that of the file, where it has one."""
        return self._file.fileno()

    def readinto(self, buffer: Any) -> int:
        """Read what fits and is left of the part."""
        wanted = min(len(buffer), self._end - self._place)
        piece = self._file.read(wanted) if wanted else b""
        buffer[: len(piece)] = piece
        self._place += len(piece)
        return len(piece)

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            self._file.close()
        super().close()
