"""Words and rows as named arrays, a block at a time: what npz and safetensors files hold.

``vectors (n, dim)``, ``words`` (UTF-8 bytes of all words, end to end), ``offsets (n + 1,)`` (where
each word begins and ends in them), and ``counts (n,)`` if known. So any word is possible: with
blanks, newlines, unpaired surrogates, or empty. Only the vectors are read and written in pieces;
words, which take a fraction of their room, are in memory.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.numbers import whole_counts
from tinygrad_w2v._base.types import AnyArray, FloatArray, IntArray
from tinygrad_w2v.vectors.blocks import Block, rows_in_block


class Rows(NamedTuple):
    """The vectors of an open file: ``take(n)`` returns the next n rows."""

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    take: Callable[[int], AnyArray]


class RowReader:
    """Reads rows of one size, a block at a time; subclasses add the words."""

    plausible = True
    counted = False

    def __init__(self, rows: Rows, limit: int | None = None) -> None:
        self._rows, self.dim = rows.shape
        if rows.dtype.itemsize > 8:
            raise InputError(
                f"{rows.path}: its vectors are {rows.dtype}; float64 is the longest read"
            )
        self._path, self._take = rows.path, rows.take
        self.dtype = np.dtype(np.float64 if rows.dtype.itemsize == 8 else np.float32)
        self.count: int | None = self._rows if limit is None else min(self._rows, limit)

    def __iter__(self) -> Iterator[Block]:
        step, count = rows_in_block(self.dim), self.count or 0
        for start in range(0, count, step):
            stop = min(start + step, count)
            yield self._block(start, stop, self._take(stop - start).astype(self.dtype, copy=False))

    def _block(self, start: int, stop: int, rows: FloatArray) -> Block:
        """Return some rows with their words."""
        raise NotImplementedError


class ColumnReader(RowReader):
    """Reads a table and the columns of its words.

    Parameters
    ----------
    rows : Rows
        The table.
    arrays : mapping of str to array
        ``words``, ``offsets`` and perhaps ``counts``.
    limit : int, optional
        Read the first so many rows only.

    Raises
    ------
    InputError
        If they do not fit each other.

    Examples
    --------
    >>> words = {"words": np.frombuffer(b"yousay", np.uint8), "offsets": np.array([0, 3, 6])}
    >>> reader = ColumnReader(Rows(Path("v.npz"), (2, 2), np.dtype(float), np.eye), words)
    >>> [block.words for block in reader]
    [['you', 'say']]
    """

    def __init__(
        self, rows: Rows, arrays: Mapping[str, AnyArray], limit: int | None = None
    ) -> None:
        super().__init__(rows, limit)
        path = rows.path
        self._words, self._offsets = arrays["words"], arrays["offsets"]
        self._counts = arrays.get("counts")
        self.counted = self._counts is not None
        if len(self._offsets) not in (0, self._rows + 1):
            words = len(self._offsets) - 1
            raise InputError(f"{path}: holds {self._rows} vectors for {words} words")
        if self._counts is not None and len(self._counts) != self._rows:
            raise InputError(f"{path}: holds {len(self._counts)} counts for {self._rows} words")
        if self._words.dtype != np.uint8:
            raise InputError(f"{path}: its words are {self._words.dtype}, not bytes")
        ends = (0, len(self._words))
        rising = (self._offsets[:-1] <= self._offsets[1:]).all()
        if not rising or (*self._offsets[:1], *self._offsets[-1:]) != ends:
            raise InputError(
                f"{path}: the offsets of its words do not rise from 0 and span their {ends[1]} "
                "bytes"
            )

    def _block(self, start: int, stop: int, rows: FloatArray) -> Block:
        return Block(self.words(start, stop), rows, counts=self.counts(start, stop))

    def words(self, start: int, stop: int) -> list[str]:
        """Return the words of some rows."""
        bounds = self._offsets[start : stop + 1].tolist()
        raw = self._words[bounds[0] : bounds[-1]].tobytes()
        first = bounds[0]
        try:
            return [
                raw[begin - first : end - first].decode("utf-8", "surrogatepass")
                for begin, end in itertools.pairwise(bounds)
            ]
        except UnicodeDecodeError as error:
            raise InputError(f"{self._path}: a word in it is not UTF-8: {error}") from error

    def counts(self, start: int, stop: int) -> IntArray | None:
        """Return the counts of some rows, None where they are not known."""
        if self._counts is None:
            return None
        return whole_counts(self._counts[start:stop], f"{self._path}: counts")


class WordColumns:
    """Gathers words and counts of blocks while their rows are written.

    Examples
    --------
    >>> columns = WordColumns(counted=False)
    >>> for rows in columns.rows([Block(["a", "bc"], np.eye(2))]):
    ...     pass
    >>> {name: array.tolist() for name, array in columns.arrays().items()}
    {'words': [97, 98, 99], 'offsets': [0, 1, 3]}
    """

    def __init__(self, counted: bool) -> None:
        self._words: list[bytes] = []
        self._lengths: list[IntArray] = [np.zeros(1, np.int64)]
        self._counts: list[IntArray] | None = [np.empty(0, np.int64)] if counted else None

    def rows(self, blocks: Iterable[Block]) -> Iterator[FloatArray]:
        """Keep each block's words and counts; yield its rows, a few megabytes at a time."""
        for block in blocks:
            encoded = [word.encode("utf-8", "surrogatepass") for word in block.words]
            self._words.append(b"".join(encoded))
            self._lengths.append(np.fromiter(map(len, encoded), np.int64, len(encoded)))
            if self._counts is not None and block.counts is not None:
                self._counts.append(block.counts)
            step = rows_in_block(block.vectors.shape[1])
            for start in range(0, len(block.words), step):
                yield block.vectors[start : start + step]

    def arrays(self) -> dict[str, AnyArray]:
        """Return the arrays ``words``, ``offsets`` and, where there are counts, ``counts``."""
        arrays: dict[str, AnyArray] = {
            "words": np.frombuffer(b"".join(self._words), np.uint8),
            "offsets": np.cumsum(np.concatenate(self._lengths)),
        }
        if self._counts is not None:
            arrays["counts"] = np.concatenate(self._counts).astype(np.int64)
        return arrays


def packed_words(words: list[str]) -> dict[str, AnyArray]:
    """Return the arrays ``words`` and ``offsets`` that hold these words.

    Examples
    --------
    >>> {name: array.tolist() for name, array in packed_words(["a", "bc"]).items()}
    {'words': [97, 98, 99], 'offsets': [0, 1, 3]}
    """
    columns = WordColumns(counted=False)
    for _ in columns.rows([Block(words, np.zeros((len(words), 1)))]):
        pass
    return columns.arrays()
