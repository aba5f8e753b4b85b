"""word2vec's files, whole: read into words and vectors, written from them.

`stream_word2vec_format` and `write_word2vec_format` hand blocks of entries on without holding
the table, so that a file larger than memory can be converted.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Literal

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.types import FloatArray
from tinygrad_w2v.vectors.blocks import Block, check_datatype, check_limit, checked, collect
from tinygrad_w2v.vectors.source import open_source
from tinygrad_w2v.vectors.word2vec_binary import BinaryReader, write_binary
from tinygrad_w2v.vectors.word2vec_text import TextReader, write_text


@contextmanager
def stream_word2vec_format(
    path: PathLike,
    binary: bool = False,
    limit: int | None = None,
    no_header: bool = False,
    unicode_errors: str = "strict",
    datatype: npt.DTypeLike = np.float32,
) -> Iterator[TextReader | BinaryReader]:
    r"""Open a word2vec file and give a reader: ``count``, ``dim``, and blocks when iterated.

    Parameters
    ----------
    path : path
        Plain, or compressed with gzip, bzip2 or xz.
    binary : bool
        The binary format; else text.
    limit : int, optional
        Read the first so many words only.
    no_header : bool
        Text that begins with its first word (GloVe).
    unicode_errors : str
        ``"strict"``, ``"replace"`` or ``"ignore"``, for words that are not UTF-8.
    datatype : dtype
        float32 or float64, of the rows.

    Raises
    ------
    InputError
        If the file is malformed, with line and byte. Duplicate words are not looked for here.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "vectors.txt")
    ...     _ = path.write_text("1 2\nyou 1 2\n", encoding="utf-8")
    ...     with stream_word2vec_format(path) as reader:
    ...         print(reader.count, reader.dim, [block.words for block in reader])
    1 2 [['you']]
    """
    if unicode_errors not in ("strict", "replace", "ignore"):
        raise InputError(f"unicode_errors is {unicode_errors!r}; use strict, replace or ignore")
    check_limit(limit)
    dtype = check_datatype(datatype)
    if binary and no_header:
        raise InputError("a binary file without a header cannot be read: its dimension is unknown")
    with open_source(path) as source:
        if binary:
            yield BinaryReader(source, limit, unicode_errors)
        else:
            yield TextReader(source, limit, no_header, unicode_errors, dtype)


def read_word2vec_format(
    path: PathLike,
    binary: bool = False,
    limit: int | None = None,
    no_header: bool = False,
    unicode_errors: str = "strict",
    datatype: npt.DTypeLike = np.float32,
    duplicates: Literal["error", "first"] = "error",
) -> tuple[list[str], FloatArray]:
    r"""Return the words and vectors ``(n, dim)`` of a word2vec file.

    The parameters are those of `stream_word2vec_format`, and ``duplicates="first"``, which
    keeps the first vector of a word that occurs again instead of refusing the file.

    Raises
    ------
    InputError
        If the file is malformed or a word occurs twice, with line and byte.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "vectors.txt")
    ...     _ = path.write_text("1 2\nyou 1 2\n", encoding="utf-8")
    ...     words, vectors = read_word2vec_format(path)
    >>> words, vectors.tolist()
    (['you'], [[1.0, 2.0]])
    """
    with stream_word2vec_format(path, binary, limit, no_header, unicode_errors, datatype) as reader:
        words, vectors, _ = collect(reader, path, duplicates)
    return words, vectors


def write_word2vec_format(
    stream: IO[bytes],
    path: PathLike,
    blocks: Iterable[tuple[Sequence[str], FloatArray]],
    count: int,
    dim: int,
    binary: bool = False,
    write_header: bool = True,
) -> None:
    r"""Write a word2vec file from blocks of words and rows.

    Parameters
    ----------
    stream : file
        Open to write bytes to.
    path : path
        How errors call it.
    blocks : iterable of (words, rows ``(len(words), dim)``)
        Together `count` words.
    count, dim : int
        For the header.
    binary : bool
        The binary format; else text.
    write_header : bool
        False: begin with the first word, as GloVe's text does.

    Raises
    ------
    InputError
        If the format cannot hold a word, a row holds NaN, or there are not `count` words.

    Examples
    --------
    >>> import io
    >>> stream, row = io.BytesIO(), np.ones((1, 2), np.float32)
    >>> write_word2vec_format(stream, "vectors.txt", [(["you"], row)], 1, 2)
    >>> stream.getvalue()
    b'1 2\nyou 1 1\n'
    """
    rows = (Block(words, vectors) for words, vectors in blocks)
    pairs = ((block.words, block.vectors) for block in checked(rows, count, path))
    first = f"{count} {dim}\n".encode() if write_header else b""
    (write_binary if binary else write_text)(stream, pairs, first)
