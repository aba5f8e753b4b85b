"""A table as a plain ``.npy``, its words in a text file beside it: ``v.npy``, ``v.words.tsv``.

Every numerical program reads the table, and it can be mapped into memory. The word of row i
stands in line i (see `word_lines`), with its count after a tab where counts are known.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.npy_header import (
    ArrayHeader,
    array_header,
    little_endian,
    read_array_header,
)
from tinygrad_w2v._base.npz import as_bytes
from tinygrad_w2v._base.types import AnyArray, FloatArray
from tinygrad_w2v.vectors.blocks import (
    DEFAULTS,
    Block,
    Collected,
    Contents,
    Options,
    checked,
)
from tinygrad_w2v.vectors.columns import RowReader, Rows
from tinygrad_w2v.vectors.pairs import open_pair
from tinygrad_w2v.vectors.source import Source, malformed, refuse_compression
from tinygrad_w2v.vectors.word_lines import WordLines, open_with_words, word_lines


def words_path(path: PathLike) -> Path:
    """Return the path of the words that belong to a table.

    Examples
    --------
    >>> words_path("v.npy").name
    'v.words.tsv'
    """
    path = Path(path)
    return path.with_name(path.stem + ".words.tsv")


class NpyReader(RowReader):
    """Reads a table and the file of its words; made by `open_npy`."""

    def __init__(
        self, source: Source, header: ArrayHeader, words: WordLines, limit: int | None
    ) -> None:
        def take(rows: int) -> AnyArray:
            data = source.stream.read(rows * self.dim * header.dtype.itemsize)
            if len(data) != rows * self.dim * header.dtype.itemsize:
                malformed(source.path, "the table is cut off")
            return np.frombuffer(data, header.dtype).reshape(rows, self.dim)

        super().__init__(Rows(source.path, header.shape, header.dtype, take), limit)
        self._words = words
        self.counted = words.counted

    def __iter__(self) -> Iterator[Block]:
        yield from super().__iter__()
        if self.count == self._rows:
            self._words.finish()

    def _block(self, start: int, stop: int, rows: FloatArray) -> Block:
        words, counts, places = self._words.take(stop - start)
        return Block(words, rows, places.__getitem__, counts)


@contextmanager
def open_npy(path: PathLike, options: Options = DEFAULTS) -> Iterator[NpyReader]:
    """Open a ``.npy`` table (float16, float32 or float64) and its words for reading in blocks.

    Raises
    ------
    InputError
        If either file is missing or malformed, with its place.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "v.npy")
    ...     write_npy(path, Contents(1, 2, np.dtype(np.float32)), [Block(["you"], np.ones((1, 2)))])
    ...     with open_npy(path) as reader:
    ...         [(block.words, block.vectors.tolist()) for block in reader]
    [(['you'], [[1.0, 1.0]])]
    """
    with open_with_words(path, words_path(path), True, options.unicode_errors) as (source, words):
        header = _header(source)
        if header.fortran:
            raise InputError(
                f"{path}: the table is in Fortran order; save it with np.ascontiguousarray"
            )
        yield NpyReader(source, header, words, options.limit)


def map_npy(path: PathLike, unicode_errors: str = "strict") -> Collected:
    """Return the words and the table, which stays in its file and is read where it is used.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "v.npy")
    ...     write_npy(path, Contents(1, 2, np.dtype(np.float32)), [Block(["you"], np.ones((1, 2)))])
    ...     map_npy(path).words
    ['you']
    """
    with open_with_words(path, words_path(path), True, unicode_errors) as (source, lines):
        header = _header(source)
        if header.dtype not in (np.float32, np.float64) or header.fortran:
            raise InputError(
                f"{path}: only float32 and float64 in C order of this machine are mapped into "
                f"memory, not {header.dtype.str}; load it without mmap"
            )
        words, counts, _ = lines.take(header.shape[0])
        lines.finish()
    if header.size == 0:
        return Collected(words, np.empty(header.shape, header.dtype), counts)
    mapped: Any = np.memmap(source.path, header.dtype, "r", header.start, header.shape)
    return Collected(words, np.asarray(mapped), counts)


def write_npy(path: PathLike, contents: Contents, blocks: Iterable[Block]) -> None:
    r"""Write a table and its words; both appear, or none (see `pairs`).

    Parameters
    ----------
    path : path
        Of the table.
    contents : Contents
        What the blocks hold together.
    blocks : iterable of Block
        Words, rows and counts.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "v.npy")
    ...     write_npy(path, Contents(1, 2, np.dtype(np.float32)), [Block(["you"], np.ones((1, 2)))])
    ...     np.load(path).tolist(), words_path(path).read_text(encoding="utf-8")
    ([[1.0, 1.0]], 'you\n')
    """
    refuse_compression(path, "npy")
    dtype = little_endian(contents.dtype)
    with open_pair(path, words_path(path)) as (table, words):
        table.write(array_header((contents.count, contents.dim), dtype))
        row = 0
        for block in checked(blocks, contents.count, path):
            words.write(word_lines(block, contents.counted, row))
            table.write(as_bytes(block.vectors, dtype))
            row += len(block.words)


def _header(source: Source) -> ArrayHeader:
    if source.size is None:
        raise InputError(f"{source.path}: is compressed; a table is read as it is, unpack it first")
    try:
        header = read_array_header(source.stream, "the table", source.size, 2, "f")
    except InputError as error:
        malformed(source.path, str(error), byte=0)
    if header.shape[1] < 1 or header.dtype.itemsize > 8:
        malformed(source.path, f"the table has shape {header.shape} of {header.dtype}", byte=0)
    if header.start + header.size != source.size:
        malformed(source.path, "the file goes on after its table", byte=header.start + header.size)
    return header
