"""The pair of files of the Embedding Projector: ``vectors.tsv`` and ``metadata.tsv``.

A line of the first holds the numbers of a row, with tabs between; the same line of the second its
word. Metadata of one column has no line of names; where counts are known there are two columns,
``word`` and ``count``, and such a line. gensim's script names the pair ``*_tensor.tsv`` and
``*_metadata.tsv``, which is understood as well.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.compressed import SUFFIXES
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.types import FloatArray
from tinygrad_w2v.vectors.blocks import Block, Contents, check_datatype, checked
from tinygrad_w2v.vectors.number_lines import (
    LONGEST_FIRST,
    Lines,
    LineTooLongError,
    NumberError,
    offset_of_field,
    parse_fields,
    parse_together,
)
from tinygrad_w2v.vectors.number_text import number_lines
from tinygrad_w2v.vectors.pairs import found_pair, open_pair
from tinygrad_w2v.vectors.source import Source, malformed, open_source
from tinygrad_w2v.vectors.word_lines import WordLines, metadata_lines

_CHUNK = 1 << 22


def metadata_path(path: PathLike) -> Path:
    """Return the path of the metadata that belong to a file of vectors.

    Examples
    --------
    >>> [metadata_path(name).name for name in ("vectors.tsv", "my_tensor.tsv", "w2v.tsv.gz")]
    ['metadata.tsv', 'my_metadata.tsv', 'w2v.metadata.tsv.gz']
    """
    path = Path(path)
    name, packed = path.name, ""
    if path.suffix.lower() in SUFFIXES:
        name, packed = path.stem, path.suffix
    stem, suffix = Path(name).stem, Path(name).suffix
    for ending in ("vectors", "tensors", "tensor"):
        if stem.lower().endswith(ending):
            return path.with_name(stem[: len(stem) - len(ending)] + "metadata" + suffix + packed)
    return path.with_name(f"{stem}.metadata{suffix}{packed}")


class ProjectorReader:
    """Reads the pair, a block at a time; made by `stream_projector`."""

    count = None  # only the end of the files tells
    plausible = False

    def __init__(
        self,
        source: Source,
        words: WordLines,
        limit: int | None = None,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        self._source = source
        self._words = words
        self._lines = Lines(source.stream, _CHUNK)
        self._line, self._byte = 1, 0  # of the next line that is not yet parsed
        self.dtype = np.dtype(dtype)
        try:
            self.dim = len(self._lines.first().split())
        except LineTooLongError:
            self._fail(f"a first line of more than {LONGEST_FIRST:,} bytes")
        if self.dim < 1:
            self._fail("the first line has no numbers")
        self._byte = self._lines.skipped
        self._limit = limit
        self.counted = words.counted

    def __iter__(self) -> Iterator[Block]:
        done, ended = 0, False
        for lines in self._chunks():
            wanted = lines if self._limit is None else lines[: self._limit - done]
            last = len(wanted)
            while last and not wanted[last - 1].strip():
                last -= 1
            if last and ended:
                self._fail("a blank line where a row should be")
            ended = ended or last < len(wanted)
            rows = self._rows(wanted[:last])
            words, counts, places = self._words.take(len(rows))
            if len(rows):
                yield Block(words, rows, places.__getitem__, counts)
            done += len(rows)
            if done == self._limit:
                return
        self._words.finish()

    def _chunks(self) -> Iterator[list[bytes]]:
        longest = max(_CHUNK, 64 * self.dim)
        try:
            yield from self._lines.chunks(longest)
        except LineTooLongError:
            self._fail(f"a line of more than {longest} bytes")

    def _rows(self, lines: list[bytes]) -> FloatArray:
        stripped = [line.rstrip(b"\r") for line in lines]
        rows = parse_together(stripped, self.dim, self.dtype, b"\t")
        if rows is None:
            parsed = [self._row(line) for line in lines]
            return np.array(parsed, self.dtype).reshape(len(lines), self.dim)
        self._line += len(lines)
        self._byte += sum(map(len, lines)) + len(lines)
        return rows

    def _row(self, line: bytes) -> FloatArray:
        fields = line.split()
        if not fields:
            self._fail("a blank line where a row should be")
        if len(fields) != self.dim:
            self._fail(f"the line has {len(fields)} numbers, not {self.dim} as the first")
        try:
            row = parse_fields(fields, self.dtype)
        except NumberError as error:
            self._fail(str(error), offset_of_field(line, error.place))
        self._line += 1
        self._byte += len(line) + 1
        return row

    def _fail(self, problem: str, offset: int = 0) -> NoReturn:
        malformed(self._source.path, problem, line=self._line, byte=self._byte + offset)


@contextmanager
def stream_projector(
    path: PathLike,
    limit: int | None = None,
    unicode_errors: str = "strict",
    datatype: npt.DTypeLike = np.float32,
) -> Iterator[ProjectorReader]:
    """Open a pair of files and give a reader of their blocks.

    Parameters
    ----------
    path : path
        Of the vectors; the metadata are found beside it.
    limit : int, optional
        Read the first so many words only.
    unicode_errors : str
        For words that are not UTF-8.
    datatype : dtype
        float32 or float64, of the rows.

    Raises
    ------
    InputError
        If either file is missing or malformed, with line and byte.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path, contents = Path(folder, "vectors.tsv"), Contents(1, 2, np.dtype(np.float32))
    ...     write_projector(path, contents, [Block(["new york"], np.ones((1, 2)))])
    ...     with stream_projector(path) as reader:
    ...         [(block.words, block.vectors.tolist()) for block in reader]
    [(['new york'], [[1.0, 1.0]])]
    """
    dtype = check_datatype(datatype)
    vectors, metadata = found_pair(path, metadata_path(path))
    if not metadata.exists():
        raise InputError(
            f"{path}: its words are looked for in {metadata}, which is not there; write one word "
            "a line into it, in the order of the rows"
        )
    with open_source(vectors) as source, open_source(metadata) as words:
        yield ProjectorReader(source, WordLines(words, False, unicode_errors), limit, dtype)


def write_projector(path: PathLike, contents: Contents, blocks: Iterable[Block]) -> None:
    r"""Write a pair of files; both appear, or none (see `pairs`).

    Parameters
    ----------
    path : path
        Of the vectors; the metadata come beside it, see `metadata_path`.
    contents : Contents
        What the blocks hold together.
    blocks : iterable of Block
        Words, rows and counts.

    Raises
    ------
    InputError
        If metadata cannot hold a word.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path, contents = Path(folder, "vectors.tsv"), Contents(1, 2, np.dtype(np.float32))
    ...     write_projector(path, contents, [Block(["new york"], np.ones((1, 2)))])
    ...     path.read_bytes(), metadata_path(path).read_bytes()
    (b'1\t1\n', b'new york\n')
    """
    with open_pair(path, metadata_path(path)) as (table, words):
        lined = metadata_lines(checked(blocks, contents.count, path), contents.counted)
        for block, lines in lined:
            words.write(lines)
            for line in number_lines(block.vectors.astype(contents.dtype, copy=False), b"\t"):
                table.write(line + b"\n")
