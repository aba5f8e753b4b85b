"""Opening a file of vectors, and saying where in it something is wrong.

A pickle, which runs whatever its author wrote into it, is recognised by its first bytes and never
loaded.
"""

import io
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple, NoReturn, cast

from tinygrad_w2v._base.compressed import SUFFIXES, open_read
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.terminal import literal

BOM = b"\xef\xbb\xbf"
"""A byte order mark, with which some editors begin a text: a reader leaves one out."""

FASTTEXT = (793712314).to_bytes(4, "little")
"""The first bytes of a binary model of fastText."""

_LONGEST = 1 << 20  # bytes of a line
_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"ccopy_reg", b"cgensim")


class Source(NamedTuple):
    """An open file: its bytes, its path for messages, its size where that is known."""

    stream: IO[bytes]
    path: Path
    size: int | None


@contextmanager
def open_source(path: PathLike) -> Iterator[Source]:
    """Open a file of vectors, plain or compressed, for reading bytes.

    Raises
    ------
    InputError
        If it is a pickle, a folder, or damaged compressed data, or is changed while it is read.

    Examples
    --------
    >>> import gzip, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "vectors.txt.gz")
    ...     _ = path.write_bytes(gzip.compress(b"1 2"))
    ...     with open_source(path) as source:
    ...         print(source.stream.read(), source.size)
    b'1 2' None
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give the path of a file of vectors")
    with open_read(path) as stream:
        refuse_pickle(path, stream.peek(16))
        plain = isinstance(stream, io.BufferedReader)
        size = os.fstat(stream.fileno()).st_size if plain else None
        yield Source(cast("IO[bytes]", stream), path, size)


class Line(NamedTuple):
    """A line of text without its end, its number (from 1), and its bytes in the file."""

    number: int
    byte: int
    end: int
    text: str


def text_lines(
    source: Source, encoding: str | None = None, unicode_errors: str = "strict"
) -> Iterator[Line]:
    r"""Yield the lines of a text, without a byte order mark at its beginning.

    Raises
    ------
    InputError
        If a line has no end within a megabyte, or is not of that encoding.

    Examples
    --------
    >>> import io
    >>> [line.text for line in text_lines(Source(io.BytesIO(b"you\r\nsay"), Path("w"), None))]
    ['you', 'say']
    """
    byte = 0
    for number in itertools.count(1):
        raw = source.stream.readline(_LONGEST)
        if not raw:
            return
        if len(raw) == _LONGEST:
            malformed(source.path, f"a line of more than {_LONGEST} bytes", line=number, byte=byte)
        try:
            text = raw.decode(encoding or "utf-8", unicode_errors)
        except UnicodeDecodeError as error:
            problem = "the line is not UTF-8 (unicode_errors='replace' reads it none the less)"
            problem = f"is not {encoding}" if encoding else problem
            malformed(source.path, problem, line=number, byte=byte + error.start)
        text = text.removeprefix("\ufeff" if number == 1 else "")
        yield Line(number, byte, byte + len(raw), text.removesuffix("\n").removesuffix("\r"))
        byte += len(raw)


def refuse_pickle(path: PathLike, start: bytes) -> None:
    """Raise if a file begins as a pickle does; the message is the way out through gensim.

    Raises
    ------
    InputError
        If `start` are the first bytes of a pickle.

    Examples
    --------
    >>> refuse_pickle("vectors.txt", b"5 3")
    """
    if start.startswith(_PICKLES):
        raise InputError(
            f"{path}: is a Python pickle, as gensim's save() writes it; it is never loaded here, "
            "since a pickle can run any code. Where gensim is installed, export it with: "
            f'python -c "import gensim.utils as u; m = u.SaveLoad.load({literal(str(path))}); '
            "getattr(m, 'wv', m).save_word2vec_format('vectors.txt')\""
        )


def refuse_fasttext(path: PathLike, start: bytes) -> None:
    """Raise if a file begins as fastText's binary model does.

    Raises
    ------
    InputError
        If `start` are the first bytes of one; the message says what reads it.

    Examples
    --------
    >>> refuse_fasttext("vectors.bin", b"5 3")
    """
    if start.startswith(FASTTEXT):
        raise InputError(
            f"{path}: is a model of fastText; FastText.load_facebook_model(path) reads it with its "
            "n-grams, tinygrad_w2v.vectors.formats.load(path) the vectors of its words"
        )


def marked(first: bytes) -> bytes:
    """Return the bytes that a text begins with, so that they are read as they are.

    A first word that begins with U+FEFF has the bytes of a byte order mark, one of which is left
    out when the text is read: so it is given another one.

    Examples
    --------
    >>> marked(b"you 1"), marked("\ufeff 1".encode()) == 2 * BOM + b" 1"
    (b'you 1', True)
    """
    return BOM + first if first.startswith(BOM) else first


def malformed(
    path: PathLike, problem: str, *, line: int | None = None, byte: int | None = None
) -> NoReturn:
    """Raise the error that names a file and, where they are known, line (from 1) and byte (from 0).

    Examples
    --------
    >>> malformed("v.txt", "is empty", line=1, byte=0)
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: v.txt, line 1, byte 0: is empty
    """
    place = f", line {line}" if line is not None else ""
    place += f", byte {byte}" if byte is not None else ""
    raise InputError(f"{path}{place}: {problem}")


def refuse_compression(path: PathLike, name: str) -> None:
    """Raise if the name of a file asks for compression that its format does not have.

    Examples
    --------
    >>> refuse_compression("vectors.npz", "npz")
    """
    if Path(path).suffix.lower() in SUFFIXES:
        raise InputError(
            f"{path}: {name} is not written compressed, so that it can be mapped into memory; "
            f"leave {Path(path).suffix} away"
        )
