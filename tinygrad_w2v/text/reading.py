"""Lines out of whatever a user calls a corpus: files, compressed files, folders, standard input.

Text is UTF-8. It is read a line at a time, so that its size does not matter, and whatever is
wrong with it is told with the file, the line and the remedy.
"""

import bz2
import gzip
import lzma
import os
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Literal, cast

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike

# A line that is longer than this many bytes is handed on in parts that end between words.
LONGEST_PIECE = 1 << 20

_BOM = b"\xef\xbb\xbf"
_OPENERS: dict[str, Callable[[PathLike], object]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}


def read_lines(
    sources: PathLike | Sequence[PathLike], errors: Literal["strict", "replace"] = "strict"
) -> Iterator[str]:
    r"""Yield the lines of a corpus, without their line ends.

    Parameters
    ----------
    sources
        A file (plain, or compressed with the suffix ``.gz``, ``.bz2`` or ``.xz``), a folder (all
        files in it and below it, in the order of their names, hidden ones left out), ``"-"`` for
        standard input, or a list of these. A byte order mark and CRLF line ends are dropped.
    errors
        What to do with bytes that are not UTF-8: ``"strict"`` raises, ``"replace"`` reads each
        as the replacement character.

    Yields
    ------
    str
        One line. A line beyond 1 MiB comes in parts.

    Raises
    ------
    InputError
        When a source is missing, empty, binary, damaged, or not UTF-8.

    Examples
    --------
    >>> import gzip, pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "say.txt.gz")
    ...     _ = path.write_bytes(gzip.compress(b"You say goodbye\r\nand I say hello.\r\n"))
    ...     list(read_lines(path))
    ['You say goodbye', 'and I say hello.']
    """
    if errors not in ("strict", "replace"):
        raise InputError(f"errors must be 'strict' or 'replace', not {errors!r}")
    for source in [sources] if isinstance(sources, (str, os.PathLike)) else sources:
        empty = True
        for path in _files_of(source):
            for line in _read_file(path, errors):
                empty = empty and not line.strip()
                yield line
        if empty:
            raise InputError(f"{_name(source)} is empty: there is no text in it")


def _name(source: PathLike) -> str:
    return "standard input" if source == "-" else os.fspath(source)


def _files_of(source: PathLike) -> list[PathLike]:
    if source == "-" or not Path(source).is_dir():
        return [source]
    files: list[PathLike] = []
    for folder, subfolders, names in os.walk(source, onerror=_raise_unreadable):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        files += [Path(folder, name) for name in names if not name.startswith(".")]
    if not files:
        raise InputError(f"the folder {source} holds no files (hidden ones are left out)")
    return sorted(files, key=lambda path: Path(path).parts)


def _raise_unreadable(error: OSError) -> None:
    raise InputError(f"cannot read the folder {error.filename}: {error.strerror}") from error


def _read_file(path: PathLike, errors: str) -> Iterator[str]:
    name = _name(path)
    suffix = Path(path).suffix.lower()
    try:
        if path == "-":
            yield from _decode_lines(sys.stdin.buffer, name, errors)
            return
        opener = _OPENERS.get(suffix)
        opened = opener(path) if opener else Path(path).open("rb")
        with cast(BinaryIO, opened) as file:
            yield from _decode_lines(file, name, errors)
    except FileNotFoundError as error:
        raise InputError(f"{name} does not exist (any more); check the path") from error
    except PermissionError as error:
        raise InputError(f"{name} may not be read: permission denied") from error
    except (gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError) as error:
        raise InputError(_damaged(name, suffix, error)) from error
    except OSError as error:
        # bz2 has no error class of its own: what comes from the system has a number.
        if suffix == ".bz2" and error.errno is None:
            raise InputError(_damaged(name, suffix, error)) from error
        raise InputError(f"{name} cannot be read: {error.strerror or error}") from error


def _damaged(name: str, suffix: str, error: Exception) -> str:
    return f"{name} is damaged or not a {suffix} file: {str(error).rstrip('.')}; make it again"


def _decode_lines(file: BinaryIO, name: str, errors: str) -> Iterator[str]:
    line_number, offset = 1, 0
    rest = b""
    while piece := file.readline(LONGEST_PIECE):
        ended = piece.endswith(b"\n")
        raw = rest + piece
        rest = b""
        if not ended and len(piece) == LONGEST_PIECE:
            cut = raw.rfind(b" ") + 1 or _character_start(raw)
            raw, rest = raw[:cut], raw[cut:]
        if offset == 0 and raw.startswith(_BOM):
            raw = raw[len(_BOM) :]
            offset = len(_BOM)
        yield _decode(raw, name, line_number, offset, errors).rstrip("\r\n")
        offset += len(raw)
        line_number += ended
    if rest:
        yield _decode(rest, name, line_number, offset, errors)


def _character_start(raw: bytes) -> int:
    """Where the last UTF-8 character of `raw` begins, so that a cut does not split it."""
    start = len(raw) - 1
    while start > len(raw) - 4 and raw[start] & 0xC0 == 0x80:
        start -= 1
    return max(start, 1)


def _decode(raw: bytes, name: str, line_number: int, offset: int, errors: str) -> str:
    if b"\x00" in raw:
        if offset == 0 and raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise InputError(f"{name} is UTF-16 text; convert it: iconv -f UTF-16 -t UTF-8")
        raise InputError(
            f"{name} is a binary file, not text: it has a NUL byte in line {line_number}"
        )
    try:
        return raw.decode("utf-8", errors)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name} is not UTF-8 in line {line_number}: byte 0x{raw[error.start]:02x} at byte "
            f"offset {offset + error.start}; convert the file, or go on with --errors replace"
        ) from error
