"""Text from files, compressed files, folders and standard input.

Text is UTF-8. It is read a piece at a time, so that its size does not matter, and hashed as it is
read. Errors name the file, the line and the remedy.
"""

import hashlib
import io
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any, Literal, cast

from tinygrad_w2v._base.compressed import damage, decompressed
from tinygrad_w2v._base.errors import InputError, Setting
from tinygrad_w2v._base.files import PathLike, unchanged
from tinygrad_w2v._base.limits import LONGEST_WORD
from tinygrad_w2v.text.stores import Part, files_of_source, opened

# A line that is longer than this many bytes is yielded in parts that end between words.
LONGEST_PIECE = 1 << 20

# Text is read this many bytes at a time: what is made of them fits the processor's caches.
CHUNK_BYTES = 1 << 18

_BOM = b"\xef\xbb\xbf"
# What `str.split` cuts at, the most usual first.
_BLANKS = [b" ", b"\n", *(blank.encode() for blank in map(chr, range(0x3001)) if blank.isspace())]


def read_lines(
    sources: PathLike | Sequence[PathLike],
    errors: Literal["strict", "replace"] = "strict",
    digests: list[bytes] | None = None,
) -> Iterator[str]:
    r"""Yield the lines of a corpus, without their line ends.

    Parameters
    ----------
    sources
        A file (plain, or compressed by gzip, bzip2 or xz), a folder (all
        files in it and below it, in the order of their names, hidden ones left out), a pattern
        such as ``"part-*.txt"``, the URL of one of these on a store that fsspec knows
        (``"s3://..."``), ``"-"`` for standard input, or a list of these. A byte order mark and
        CRLF line ends are dropped.
    errors
        What to do with bytes that are not UTF-8: ``"strict"`` raises, ``"replace"`` reads each
        as the replacement character.
    digests
        The SHA-256 of each file, as it is on the disk, is appended when the file has been read.

    Yields
    ------
    str
        One line. A line beyond 1 MiB comes in parts.

    Raises
    ------
    InputError
        When a source is missing, empty, binary, damaged, or not UTF-8, or a file is changed while
        it is read.

    Examples
    --------
    >>> import gzip, pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "say.txt.gz")
    ...     _ = path.write_bytes(gzip.compress(b"You say goodbye\r\nand I say hello.\r\n"))
    ...     list(read_lines(path))
    ['You say goodbye', 'and I say hello.']
    """
    return _lines(_read_sources(sources, errors, digests, refuse_long=False))


def read_chunks(
    sources: PathLike | Sequence[PathLike],
    errors: Literal["strict", "replace"] = "strict",
    digests: list[bytes] | None = None,
) -> Iterator[str]:
    r"""Yield the text of a corpus in large pieces that end between words.

    This is the fast way to read text that is split at white space only: a line end is a
    ``"\n"`` in a piece, and a line that is longer than a piece continues in the next one.

    Parameters
    ----------
    sources, errors, digests
        As in :func:`read_lines`.

    Yields
    ------
    str
        About 256 KiB of text. The last piece of a file ends with ``"\n"``.

    Raises
    ------
    InputError
        As :func:`read_lines`, and after a word of more than 65,536 bytes, which is none.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "say.txt")
    ...     _ = path.write_bytes(b"You say goodbye\r\nand I say hello.\n")
    ...     list(read_chunks(path))
    ['You say goodbye\r\nand I say hello.\n']
    """
    return _read_sources(sources, errors, digests, refuse_long=True)


def files_of(sources: PathLike | Sequence[PathLike]) -> list[PathLike]:
    """Return the files that sources stand for, in the order in which they are read.

    Parameters
    ----------
    sources
        As in :func:`read_lines`.

    Returns
    -------
    list of path

    Raises
    ------
    InputError
        When a folder cannot be read or holds no files.

    Examples
    --------
    >>> files_of(["b.txt", "a.txt"])
    ['b.txt', 'a.txt']
    """
    given = [sources] if isinstance(sources, (str, os.PathLike)) else sources
    return [path for source in given for path in files_of_source(source)]


def unreadable(path: PathLike, error: OSError) -> InputError:
    """Return the error that says why a file cannot be read, and what to do.

    Examples
    --------
    >>> print(unreadable("say.txt", FileNotFoundError()))
    say.txt does not exist (any more); check the path
    """
    name = _name(path)
    if isinstance(error, FileNotFoundError):
        return InputError(f"{name} does not exist (any more); check the path")
    if isinstance(error, PermissionError):
        return InputError(f"{name} may not be read: permission denied")
    return InputError(f"{name} cannot be read: {error.strerror or error}")


def _read_sources(
    sources: PathLike | Sequence[PathLike],
    errors: str,
    digests: list[bytes] | None,
    refuse_long: bool,
) -> Iterator[str]:
    if errors not in ("strict", "replace"):
        raise InputError(f"must be 'strict' or 'replace', not {errors!r}", setting="errors")
    for source in [sources] if isinstance(sources, (str, os.PathLike)) else sources:
        empty = True
        for path in files_of_source(source):
            with _opened(path, digests) as file:
                begins = not isinstance(path, Part) or path.start == 0
                for piece in _decoded(file, _name(path), errors, refuse_long, begins):
                    empty = empty and piece.isspace()
                    yield piece
        if empty and not isinstance(source, Part):
            raise InputError(f"{_name(source)} is empty: there is no text in it")


def _name(source: PathLike) -> str:
    return "standard input" if source == "-" else os.fspath(source)


@contextmanager
def _opened(path: PathLike, digests: list[bytes] | None) -> Iterator[IO[bytes]]:
    """Open a file, a part of one, or standard input for one reading, decompressed."""
    name = _name(path)
    if path == "-":
        with unchanged(sys.stdin.buffer, name):
            yield sys.stdin.buffer
        return
    try:
        with opened(path) as raw, unchanged(raw, name):
            hashed = _Hashed(raw, sha256=digests is not None)
            plain: Any = io.BufferedReader(hashed, CHUNK_BYTES)
            with damage(name):
                yield cast(IO[bytes], decompressed(plain))
            while plain.read(CHUNK_BYTES):  # what a decompressor leaves
                pass
            if digests is not None and hashed.sha256 is not None:
                digests.append(hashed.sha256.digest())
    except OSError as error:
        raise unreadable(path, error) from error


class _Hashed(io.RawIOBase):
    """A file that is hashed as it is read, if that is wanted."""

    def __init__(self, raw: IO[bytes], sha256: bool) -> None:
        self.raw: Any = raw
        self.sha256 = hashlib.sha256() if sha256 else None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self.raw.readinto(buffer) or 0
        if self.sha256 is not None:
            self.sha256.update(memoryview(buffer)[:count])
        return count


def _decoded(
    file: IO[bytes], name: str, errors: str, refuse_long: bool, begins: bool = True
) -> Iterator[str]:
    """Yield a file's text in pieces that end between words; the last one ends its line."""
    line_number, offset = 1, 0
    rest = b""
    ended = True
    while piece := file.read(CHUNK_BYTES):
        raw = rest + piece
        cut = raw.rfind(b"\n") + 1 or raw.rfind(b" ") + 1
        if not cut and len(raw) >= CHUNK_BYTES:
            cut = _after_last_blank(raw, 0, len(raw)) or _character_start(raw)
        raw, rest = raw[:cut], raw[cut:]
        if offset == 0 and begins and raw.startswith(_BOM):
            raw = raw[len(_BOM) :]
            offset = len(_BOM)
        if raw:
            yield _decode(raw, name, line_number, offset, errors)
            ended = raw.endswith(b"\n")
            if refuse_long:
                # After the piece: whoever looks at it may see that the text has no blanks at all.
                _refuse_long_words(raw, name, line_number)
        offset += len(raw)
        line_number += raw.count(b"\n")
    if rest and offset == 0 and begins:
        rest = rest.removeprefix(_BOM)
    if rest:
        yield _decode(rest, name, line_number, offset, errors) + "\n"
        if refuse_long:
            _refuse_long_words(rest, name, line_number)
    elif not ended:
        yield "\n"


def _lines(pieces: Iterator[str]) -> Iterator[str]:
    """Yield the lines of text in pieces; a line that is too long comes in parts."""
    rest = ""
    for piece in pieces:
        head, *others = piece.split("\n")
        if rest and len((rest + head).encode()) > LONGEST_PIECE:
            yield rest
            rest = ""
        *lines, rest = [rest + head, *others]
        for line in lines:
            yield line.rstrip("\r")


def _after_last_blank(raw: bytes, start: int, stop: int) -> int:
    """Where a word may begin behind the last blank of a part of `raw`; 0 if there is none."""
    for usual in _BLANKS[:2]:
        if (place := raw.rfind(usual, start, stop)) >= 0:
            return place + 1
    place, length = max((raw.rfind(blank, start, stop), len(blank)) for blank in _BLANKS)
    return place + length if place >= 0 else 0


def _refuse_long_words(raw: bytes, name: str, line_number: int) -> None:
    """Refuse a word that is longer than any word is; `raw` begins and ends between words."""
    start = 0
    while len(raw) - start > LONGEST_WORD:
        following = _after_last_blank(raw, start, start + LONGEST_WORD + 3)
        if not following:
            line_number += raw.count(b"\n", 0, start)
            raise InputError(
                f"{name} has a word of more than {LONGEST_WORD:,} bytes in line {line_number}, "
                f"{raw[start : start + 20].decode('utf-8', 'replace')!r}...: that is none; cut the "
                "text into words first"
            )
        start = following


def refuse_long_words(words: Iterable[str], place: str = "the text") -> None:
    """Raise an InputError for a word that is longer than any word is.

    Examples
    --------
    >>> refuse_long_words(["you", "say"])
    """
    for word in words:
        if len(word) > LONGEST_WORD // 4 and len(word.encode("utf-8", "replace")) > LONGEST_WORD:
            raise InputError(
                f"{place} has a word of more than {LONGEST_WORD:,} bytes, "
                f"{word[:20]!r}...: that is none; cut the text into words first"
            )


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
        line_number += raw.count(b"\n", 0, raw.index(b"\x00"))
        raise InputError(
            f"{name} is a binary file, not text: it has a NUL byte in line {line_number}"
        )
    try:
        return raw.decode("utf-8", errors)
    except UnicodeDecodeError as error:
        line_number += raw.count(b"\n", 0, error.start)
        raise InputError(
            f"{name} is not UTF-8 in line {line_number}: byte 0x{raw[error.start]:02x} at byte "
            f"offset {offset + error.start}",
            remedy=("convert the file, or go on with ", Setting("errors", "replace")),
        ) from error
