"""The first line of word2vec's formats, ``count dim``, and what reader and writer share.

A header is a promise that need not be kept: it is checked against the size of the file before
anything of the promised size is allocated.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.limits import LONGEST_WORD
from tinygrad_w2v.vectors.blocks import shown
from tinygrad_w2v.vectors.source import Source, malformed, refuse_fasttext

MAX_WORD = LONGEST_WORD  # in bytes; a longer "word" means that this is another format
_MAX_HEADER = 256
_HEADER = re.compile(rb"(?:\xef\xbb\xbf)?[ \t]*(\d{1,18})[ \t]+(\d{1,18})[ \t\r]*\n?")
_SPACE = re.compile(r"[ \t\n\r\v\f]")


@dataclass(frozen=True)
class Header:
    """What the file promises, and where its first entry begins."""

    count: int
    dim: int
    end: int


def read_header(source: Source, bytes_an_entry: Callable[[int], int], limit: int | None) -> Header:
    """Read the first line; refuse it if the file is too small for what it promises.

    Parameters
    ----------
    source : Source
        The open file.
    bytes_an_entry : callable
        Fewest bytes that an entry of a given dimension can take.
    limit : int or None
        Number of entries that will be read.

    Raises
    ------
    InputError
        If it is no header or promises more than the file can hold.

    Examples
    --------
    >>> import io
    >>> from pathlib import Path
    >>> read_header(Source(io.BytesIO(b"2 3 "), Path("v.txt"), None), lambda dim: 2 * dim, None)
    Header(count=2, dim=3, end=4)
    """
    line = source.stream.readline(_MAX_HEADER)
    match = _HEADER.fullmatch(line)
    if match is None:
        refuse_fasttext(source.path, line)
        if line.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            malformed(source.path, "is a zip or npz archive; use WordVectors.load", byte=0)
        malformed(
            source.path,
            f"{_shown(line)} is not the header 'number-of-words dimension'; "
            "for a file without it (GloVe) give no_header=True",
            line=1,
            byte=0,
        )
    count, dim = int(match[1]), int(match[2])
    if dim < 1:
        malformed(source.path, f"the header says dimension {dim}", line=1, byte=0)
    wanted = count if limit is None else min(count, limit)
    needed = wanted * bytes_an_entry(dim)
    if source.size is not None and needed > source.size - len(line) + 1:
        malformed(
            source.path,
            f"the header promises {count} words of dimension {dim}, at least {needed} bytes; "
            f"the file goes on for {source.size - len(line)} "
            "(cut off, or text and binary taken for each other?)",
            line=1,
            byte=0,
        )
    return Header(count, dim, len(line))


def looks_like_header(line: bytes) -> bool:
    """Say whether a line is ``count dim`` and nothing else.

    Examples
    --------
    >>> looks_like_header(b"200000 100"), looks_like_header(b"the 0.1 0.2")
    (True, False)
    """
    return _HEADER.fullmatch(line) is not None


def encode_word(word: str, row: int) -> bytes:
    r"""Return the bytes of a word for a format in which a space ends a word.

    Raises
    ------
    InputError
        If the word is empty, holds a blank, or cannot be written in UTF-8.

    Examples
    --------
    >>> encode_word("naïve", 0)
    b'na\xc3\xafve'
    """
    problem = what_is_wrong(word)
    if problem is not None:
        raise InputError(
            f"the word {shown(word)} (row {row}) {problem}: this format ends a word at a blank and "
            "cannot hold it; rename it, or use save(path), whose npz holds any word"
        )
    return word.encode("utf-8")


def what_is_wrong(word: str) -> str | None:
    """Return why a format in which a space ends a word cannot hold a word; None if it can.

    Examples
    --------
    >>> what_is_wrong("new york"), what_is_wrong("new_york")
    ('holds a space, tab or newline', None)
    """
    if not word:
        return "is empty"
    if _SPACE.search(word) is not None:
        return "holds a space, tab or newline"
    try:
        raw = word.encode("utf-8")
    except UnicodeEncodeError:
        return "holds half a surrogate pair, which UTF-8 cannot write"
    return f"is longer than {MAX_WORD} bytes" if len(raw) > MAX_WORD else None


def nothing_follows(
    source: Source, rest: bytes, header: Header, line: int | None, byte: int
) -> None:
    """Raise if the file goes on, with more than blanks, after the promised entries.

    Examples
    --------
    >>> import io
    >>> from pathlib import Path
    >>> source = Source(io.BytesIO(b" "), Path("v.txt"), None)
    >>> nothing_follows(source, b"", Header(2, 3, 4), None, 40)
    """
    while True:
        body = rest.lstrip()
        if body:
            malformed(
                source.path,
                f"the header promises {header.count} words, but the file goes on with "
                f"{_shown(body[:40])}",
                line=None if line is None else line + rest[: len(rest) - len(body)].count(b"\n"),
                byte=byte + len(rest) - len(body),
            )
        byte += len(rest)
        if line is not None:
            line += rest.count(b"\n")
        rest = source.stream.read(1 << 16)
        if not rest:
            return


def _shown(line: bytes) -> str:
    text = line[:60].decode("utf-8", "backslashreplace").rstrip("\n")
    return repr(text + ("..." if len(line) > 60 else ""))
