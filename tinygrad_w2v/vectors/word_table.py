"""Words and rows as arrays, a block at a time: what npz and safetensors files hold.

All words are kept as one array of UTF-8 bytes and one of offsets, so that any word is possible:
with blanks, newlines, unpaired surrogates, or empty.
"""

import itertools
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple, Self, cast

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.npy_header import little_endian
from tinygrad_w2v._base.numbers import whole_counts
from tinygrad_w2v._base.types import AnyArray, FloatArray, IntArray
from tinygrad_w2v.vectors.blocks import Block, rows_in_block

_IN_MEMORY = 1 << 25  # bytes of words that are kept in memory while vectors are written
_COPIED = 1 << 22

Take = Callable[[int, int], AnyArray]


class Column(NamedTuple):
    """An array in a file, read in parts: ``take(start, stop)`` with rising bounds."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    take: Take


class TableReader:
    """Reads a table of columns, a block of rows at a time.

    Parameters
    ----------
    path : Path
        For messages.
    vectors : Column
        Shape ``(n, dim)``.
    words : Column
        Bytes of all words, uint8.
    offsets : Column
        Where each word begins and ends in them ``(n + 1,)``.
    counts : Column or None
        Shape ``(n,)``.
    limit : int or None
        Read the first so many rows only.

    Raises
    ------
    InputError
        If the shapes do not fit each other.

    Examples
    --------
    >>> column = lambda x: Column(x.shape, x.dtype, lambda start, stop: x[start:stop])
    >>> words, offsets = np.frombuffer(b"yousay", np.uint8), np.array([0, 3, 6])
    >>> reader = TableReader(Path("v.npz"), column(np.eye(2)), column(words), column(offsets))
    >>> [block.words for block in reader]
    [['you', 'say']]
    """

    plausible = True

    def __init__(
        self,
        path: Path,
        vectors: Column,
        words: Column,
        offsets: Column,
        counts: Column | None = None,
        limit: int | None = None,
    ) -> None:
        rows = vectors.shape[0]
        if offsets.shape[0] == 0:
            raise InputError(f"{path}: the offsets of its words do not rise from 0")
        if offsets.shape[0] != rows + 1:
            raise InputError(f"{path}: holds {rows} vectors for {offsets.shape[0] - 1} words")
        if counts is not None and counts.shape[0] != rows:
            raise InputError(f"{path}: holds {counts.shape[0]} counts for {rows} words")
        if vectors.dtype.itemsize > 8:
            raise InputError(
                f"{path}: its vectors are {vectors.dtype}; float64 is the longest read"
            )
        if words.dtype != np.uint8:
            raise InputError(f"{path}: its words are {words.dtype}, not bytes")
        self._path = path
        self._vectors, self._words, self._offsets = vectors, words, offsets
        self._counts = counts
        self._rows = rows
        self.dim = vectors.shape[1]
        self.dtype = np.dtype(np.float64 if vectors.dtype.itemsize == 8 else np.float32)
        self.count = rows if limit is None else min(rows, limit)
        self.counted = counts is not None

    def __iter__(self) -> Iterator[Block]:
        end = int(self._offsets.take(0, 1)[0])
        if end != 0:
            self._bad_offsets(0)
        step = rows_in_block(self.dim)
        for start in range(0, self.count, step):
            stop = min(start + step, self.count)
            steps = self._offsets.take(start + 1, stop + 1)
            bounds = np.concatenate([np.array([end]), steps]).astype(np.int64)
            # Compared, as the difference of two of them may be too large for an int64.
            if (bounds[1:] < bounds[:-1]).any() or bounds[-1] > self._words.shape[0]:
                self._bad_offsets(start)
            raw = self._words.take(end, int(bounds[-1])).tobytes()
            words = cut_words(raw, bounds - end, self._path)
            end = int(bounds[-1])
            rows = self._vectors.take(start, stop).astype(self.dtype, copy=False)
            counts = None
            if self._counts is not None:
                counts = whole_counts(self._counts.take(start, stop), f"{self._path}: counts")
            yield Block(words, rows, counts=counts)
        if self.count == self._rows and end != self._words.shape[0]:
            raise InputError(
                f"{self._path}: the offsets of its words do not span their bytes: they end at "
                f"{end} of {self._words.shape[0]}"
            )

    def _bad_offsets(self, row: int) -> None:
        raise InputError(
            f"{self._path}: the offsets of its words do not rise from 0 and span their bytes, "
            f"row {row}"
        )


def cut_words(raw: bytes, offsets: IntArray, path: Path) -> list[str]:
    """Cut the bytes of words into words.

    Examples
    --------
    >>> cut_words(b"yousay", np.array([0, 3, 6]), Path("v.npz"))
    ['you', 'say']
    """
    try:
        return [
            raw[start:end].decode("utf-8", "surrogatepass")
            for start, end in itertools.pairwise(offsets.tolist())
        ]
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: a word in it is not UTF-8: {error}") from error


class Spooled(NamedTuple):
    """An array that is ready to be written: shape, dtype and its bytes in parts."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    parts: Iterator[bytes]


class WordSpool:
    """Keeps words and counts aside, on disk where they are many, while rows are written.

    Examples
    --------
    >>> with WordSpool(counted=False) as spool:
    ...     for rows in spool.rows([Block(["a", "bc"], np.eye(2))]):
    ...         pass
    ...     arrays = spool.arrays()
    ...     list(arrays), arrays["words"].shape, next(arrays["words"].parts)
    (['words', 'offsets'], (3,), b'abc')
    """

    def __init__(self, counted: bool) -> None:
        self._counted = counted
        self._files: dict[str, IO[bytes]] = {}
        self._bytes = 0
        self._done = 0
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        for name in ("words", "offsets", "counts"):
            file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)
            self._files[name] = cast("IO[bytes]", self._stack.enter_context(file))
        self._files["offsets"].write(np.zeros(1, "<i8").tobytes())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def rows(self, blocks: Iterable[Block]) -> Iterator[FloatArray]:
        """Keep each block's words and counts; yield its rows."""
        for block in blocks:
            encoded = [word.encode("utf-8", "surrogatepass") for word in block.words]
            ends = self._bytes + np.cumsum([len(raw) for raw in encoded], dtype="<i8")
            self._files["words"].write(b"".join(encoded))
            self._files["offsets"].write(ends.tobytes())
            if self._counted and block.counts is not None:
                self._files["counts"].write(block.counts.astype("<i8").tobytes())
            self._bytes += sum(map(len, encoded))
            self._done += len(encoded)
            yield block.vectors

    def arrays(self) -> dict[str, Spooled]:
        """Return the arrays ``words``, ``offsets`` and, where there are counts, ``counts``."""
        integer = np.dtype("<i8")
        arrays = {
            "words": Spooled((self._bytes,), np.dtype(np.uint8), self._parts("words")),
            "offsets": Spooled((self._done + 1,), integer, self._parts("offsets")),
        }
        if self._counted:
            arrays["counts"] = Spooled((self._done,), integer, self._parts("counts"))
        return arrays

    def _parts(self, name: str) -> Iterator[bytes]:
        file = self._files[name]
        file.seek(0)
        while part := file.read(_COPIED):
            yield part


def row_bytes(rows: Iterable[FloatArray], dtype: np.dtype[Any]) -> Iterator[bytes]:
    r"""Yield rows as little-endian bytes, some megabytes at a time.

    Examples
    --------
    >>> next(row_bytes([np.ones((1, 1))], np.dtype(np.float32)))
    b'\x00\x00\x80?'
    """
    for block in rows:
        for start in range(0, len(block), step := rows_in_block(block.shape[1])):
            part = np.ascontiguousarray(block[start : start + step], dtype=little_endian(dtype))
            yield part.tobytes()
