"""word2vec's files, whole: read into words and vectors, written from them.

`stream_word2vec_format` and `write_word2vec_format` hand blocks of entries on without holding
the table, so that a file larger than memory can be converted.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import safe_write
from tinygrad_w2v._base.types import FloatArray
from tinygrad_w2v.vectors.source import PathLike, malformed, open_source
from tinygrad_w2v.vectors.table import first_non_finite_row
from tinygrad_w2v.vectors.word2vec_binary import BinaryReader, write_binary
from tinygrad_w2v.vectors.word2vec_text import TextReader, write_text

_BLOCK = 1 << 18  # numbers written in one go


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
    if limit is not None and limit < 0:
        raise InputError(f"limit is {limit}; it counts words from the first")
    if np.dtype(datatype) not in (np.float32, np.float64):
        raise InputError(f"datatype is {datatype!r}; use float32 or float64")
    if binary and no_header:
        raise InputError("a binary file without a header cannot be read: its dimension is unknown")
    with open_source(path) as source:
        if binary:
            yield BinaryReader(source, limit, unicode_errors)
        else:
            yield TextReader(source, limit, no_header, unicode_errors, datatype)


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
    if duplicates not in ("error", "first"):
        raise InputError(f"duplicates is {duplicates!r}; use error or first")
    with stream_word2vec_format(path, binary, limit, no_header, unicode_errors, datatype) as reader:
        index: dict[str, int] = {}
        # A header that was not held against the file's size is not allocated for: room grows
        # with what was read.
        table = np.empty((reader.count or 0 if reader.plausible else 0, reader.dim), datatype)
        for block in reader:
            new = []
            for i, word in enumerate(block.words):
                known = len(index)
                if index.setdefault(word, known) == known:
                    new.append(i)
                elif duplicates == "error":
                    line, byte = block.place(i)
                    malformed(
                        path,
                        f"the word {word!r} occurs again, first as word {index[word] + 1} "
                        "(duplicates='first' keeps the first)",
                        line=line,
                        byte=byte,
                    )
            table = _with_room(table, len(index), reader.count)
            rows = block.vectors if len(new) == len(block.words) else block.vectors[new]
            table[len(index) - len(new) : len(index)] = rows
    vectors = table[: len(index)]
    return list(index), vectors if len(vectors) == len(table) else vectors.copy()


def write_word2vec_format(
    path: PathLike,
    blocks: Iterable[tuple[Sequence[str], FloatArray]],
    count: int,
    dim: int,
    binary: bool = False,
) -> None:
    """Write a word2vec file from blocks of words and rows; at no moment half a file is there.

    Parameters
    ----------
    path : path
        The file, replaced when all is written.
    blocks : iterable of (words, rows ``(len(words), dim)``)
        Together `count` words.
    count, dim : int
        For the header.
    binary : bool
        The binary format; else text.

    Raises
    ------
    InputError
        If the format cannot hold a word, a row holds NaN, or there are not `count` words.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "vectors.txt")
    ...     write_word2vec_format(path, [(["you"], np.ones((1, 2), np.float32))], 1, 2)
    ...     print(path.read_text(encoding="utf-8"))
    1 2
    you 1 1
    <BLANKLINE>
    """

    def checked() -> Iterator[tuple[Sequence[str], FloatArray]]:
        done = 0
        for words, vectors in blocks:
            bad = first_non_finite_row(vectors)
            if bad is not None:
                raise InputError(f"the vector of {words[bad]!r} holds NaN or infinity")
            done += len(words)
            yield words, vectors
        if done != count:
            raise InputError(f"{path}: {count} words were announced and {done} came")

    with safe_write(path, "wb") as stream:
        (write_binary if binary else write_text)(stream, checked(), f"{count} {dim}\n".encode())


def blocks_of(
    words: Sequence[str], vectors: FloatArray
) -> Iterator[tuple[Sequence[str], FloatArray]]:
    """Yield a table in blocks of a size to write in one go.

    Examples
    --------
    >>> [words for words, _ in blocks_of(["a", "b"], np.eye(2))]
    [['a', 'b']]
    """
    step = max(1, _BLOCK // max(1, vectors.shape[1]))
    for start in itertools.count(0, step):
        if start >= len(words):
            return
        yield words[start : start + step], vectors[start : start + step]


def _with_room(table: FloatArray, rows: int, promised: int | None) -> FloatArray:
    """Return `table` with room for `rows` rows: doubled, but not beyond what is promised."""
    if rows <= len(table):
        return table
    room = max(rows, 2 * len(table))
    if promised is not None:
        room = max(rows, min(room, promised))
    larger = np.empty((room, table.shape[1]), dtype=table.dtype)
    larger[: len(table)] = table
    return larger
