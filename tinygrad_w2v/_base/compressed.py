"""Files that may be compressed: gzip, bzip2 and xz, read and written as if they were not.

What is read is recognised by its first bytes, not by its name; what is written is compressed if
its name says so.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from tinygrad_w2v._base.errors import InputError, TinygradError
from tinygrad_w2v._base.files import PathLike, safe_write, unchanged

ReadStream = io.BufferedReader | gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile

SUFFIXES = (".gz", ".bz2", ".xz")

_BZIP2 = (b"1AY&SY", b"\x17rE8P\x90")  # after "BZh" and a digit: with contents, and empty


@contextmanager
def open_read(path: PathLike) -> Iterator[ReadStream]:
    """Open a file for reading bytes, decompressed if its first bytes say that it is compressed.

    Yields
    ------
    stream
        A plain file's is an `io.BufferedReader`.

    Raises
    ------
    InputError
        If the compressed data is damaged, or the file is changed while it is read.
    OSError
        If it cannot be opened.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "vectors")
    ...     _ = path.write_bytes(gzip.compress(b"1 2"))
    ...     with open_read(path) as stream:
    ...         stream.read()
    b'1 2'
    """
    with Path(path).open("rb") as plain, unchanged(plain, str(path)):
        stream = decompressed(plain)
        if stream is plain:
            yield plain
            return
        with damage(path), stream:
            yield stream


def decompressed(plain: io.BufferedReader) -> ReadStream:
    """Return a stream that decompresses an open file, or the file itself if it is not compressed.

    Examples
    --------
    >>> decompressed(io.BufferedReader(io.BytesIO(bz2.compress(b"1 2")))).read()
    b'1 2'
    """
    start = plain.peek(10)
    if start.startswith(b"\x1f\x8b"):
        return gzip.open(plain, "rb")
    if start.startswith(b"\xfd7zXZ\x00"):
        return lzma.open(plain, "rb")
    if start.startswith(b"BZh") and start[4:10] in _BZIP2:
        return bz2.open(plain, "rb")
    return plain


@contextmanager
def damage(path: PathLike) -> Iterator[None]:
    """Turn what a decompressor raises into one line that names the file.

    Examples
    --------
    >>> with damage("say.txt.gz"):
    ...     gzip.decompress(b"you say")
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: say.txt.gz: the compressed data is damaged or cut off: \
Not a gzipped file (b'yo'); make it again
    """
    try:
        yield
    except TinygradError:
        raise
    except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # the system's, as of a disk
            raise
        raise InputError(
            f"{path}: the compressed data is damaged or cut off: {error}; make it again"
        ) from error


@contextmanager
def open_write(path: PathLike) -> Iterator[IO[bytes]]:
    """Open a file for writing bytes that appears whole; compressed if its name says so.

    The same bytes make the same file: no time and no name is stored in it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "vectors.txt.gz")
    ...     with open_write(path) as stream:
    ...         _ = stream.write(b"1 2")
    ...     gzip.decompress(path.read_bytes())
    b'1 2'
    """
    with safe_write(path, "wb") as plain, compressed(plain, path) as stream:
        yield stream


@contextmanager
def compressed(plain: IO[bytes], path: PathLike) -> Iterator[IO[bytes]]:
    """Give a stream that compresses into an open file if its name says so, else the file itself.

    Examples
    --------
    >>> plain = io.BytesIO()
    >>> with compressed(plain, "vectors.txt") as stream:
    ...     _ = stream.write(b"1 2")
    >>> plain.getvalue()
    b'1 2'
    """
    suffix = Path(path).suffix.lower()
    stream: IO[bytes]
    if suffix == ".gz":
        # Level 6, as the gzip program: the highest takes far longer for one per cent.
        gz = gzip.GzipFile(fileobj=plain, mode="wb", filename="", mtime=0, compresslevel=6)
        stream = cast("IO[bytes]", gz)
    elif suffix in SUFFIXES:
        stream = bz2.open(plain, "wb") if suffix == ".bz2" else lzma.open(plain, "wb")
    else:
        yield plain
        return
    with stream:
        yield stream
