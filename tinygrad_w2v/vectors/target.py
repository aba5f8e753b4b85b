"""Opening a file of vectors to write: it appears whole, and compressed where its name says so."""

import bz2
import gzip
import lzma
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import safe_write
from tinygrad_w2v.vectors.source import PathLike

COMPRESSIONS = (".gz", ".bz2", ".xz")


@contextmanager
def open_target(path: PathLike) -> Iterator[IO[bytes]]:
    """Open a file to write bytes to; ``.gz``, ``.bz2`` and ``.xz`` are compressed.

    At no moment half a file stands under its name. The same bytes make the same file: no time
    or name is stored in it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "vectors.txt.gz")
    ...     with open_target(path) as stream:
    ...         _ = stream.write(b"1 2")
    ...     gzip.decompress(path.read_bytes())
    b'1 2'
    """
    with safe_write(path, "wb") as plain, packed(plain, path) as stream:
        yield stream


@contextmanager
def packed(plain: IO[bytes], path: PathLike) -> Iterator[IO[bytes]]:
    """Give a stream that compresses into an open file, if its name says so, else the file itself.

    Examples
    --------
    >>> import io
    >>> plain = io.BytesIO()
    >>> with packed(plain, "vectors.txt") as stream:
    ...     _ = stream.write(b"1 2")
    >>> plain.getvalue()
    b'1 2'
    """
    suffix = Path(path).suffix.lower()
    if suffix not in COMPRESSIONS:
        yield plain
        return
    stream: IO[bytes]
    if suffix == ".gz":
        # Level 6, as the gzip program: the highest takes far longer for one per cent.
        gz = gzip.GzipFile(fileobj=plain, mode="wb", filename="", mtime=0, compresslevel=6)
        stream = cast("IO[bytes]", gz)
    else:
        stream = bz2.open(plain, "wb") if suffix == ".bz2" else lzma.open(plain, "wb")
    with stream:
        yield stream


def refuse_compression(path: PathLike, name: str) -> None:
    """Raise if the name of a file asks for compression that its format does not have.

    Examples
    --------
    >>> refuse_compression("vectors.npz", "npz")
    """
    if Path(path).suffix.lower() in COMPRESSIONS:
        raise InputError(
            f"{path}: {name} is not written compressed, so that it can be mapped into memory; "
            f"leave {Path(path).suffix} away"
        )
