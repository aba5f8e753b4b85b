"""Opening a file of vectors, and saying where in it something is wrong.

Compression is recognised by a file's first bytes, not by its name. A pickle, which runs whatever
its author wrote into it, is recognised likewise and never loaded.
"""

import bz2
import gzip
import lzma
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple, NoReturn, cast

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import unchanged
from tinygrad_w2v._base.terminal import literal

PathLike = str | os.PathLike[str]

BOM = b"\xef\xbb\xbf"
"""A byte order mark, with which some editors begin a text: a reader leaves one out."""

_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"ccopy_reg", b"cgensim")
_DAMAGED = (EOFError, OSError, zlib.error, lzma.LZMAError)


class Source(NamedTuple):
    """An open file: its bytes, its path for messages, its size where that is known."""

    stream: IO[bytes]
    path: Path
    size: int | None


@contextmanager
def open_source(path: PathLike) -> Iterator[Source]:
    """Open a plain, gzip, bzip2 or xz file for reading bytes.

    Raises
    ------
    InputError
        If it is a pickle, a folder, or damaged compressed data, or is changed while it is read.

    Examples
    --------
    >>> import tempfile
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
    with path.open("rb") as plain, unchanged(plain, str(path)):
        start = plain.read(16)
        plain.seek(0)
        refuse_pickle(path, start)
        opened = _decompressed(plain, start)
        if opened is None:
            yield Source(plain, path, os.fstat(plain.fileno()).st_size)
            return
        with opened:
            yield Source(cast("IO[bytes]", _Decompressed(opened, path)), path, None)


class _Decompressed:
    """A stream that is decompressed as it is read, and says so where that fails."""

    def __init__(self, stream: IO[bytes], path: Path) -> None:
        self._stream = stream
        self._path = path

    def read(self, size: int = -1) -> bytes:
        with self._faults():
            return self._stream.read(size)

    def readline(self, size: int = -1) -> bytes:
        with self._faults():
            return self._stream.readline(size)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except _DAMAGED as error:
            raise InputError(
                f"{self._path}: the compressed data is damaged or cut off: {error}"
            ) from error


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


def _decompressed(plain: IO[bytes], start: bytes) -> IO[bytes] | None:
    if start.startswith(b"\x1f\x8b"):
        return cast("IO[bytes]", gzip.open(plain, "rb"))
    if start.startswith(b"BZh"):
        return bz2.open(plain, "rb")
    if start.startswith(b"\xfd7zXZ\x00"):
        return lzma.open(plain, "rb")
    return None
