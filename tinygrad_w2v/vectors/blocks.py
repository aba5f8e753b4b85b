"""What every format of vectors is read into and written from: blocks of words and rows.

A reader says what it holds and yields blocks; a writer is told what will come and takes blocks.
So any format is converted into any other without the whole table in memory.
"""

import itertools
import numbers
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, NoReturn, Protocol

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.memory import require_memory
from tinygrad_w2v._base.types import FloatArray, IntArray
from tinygrad_w2v.vectors.source import malformed, open_source
from tinygrad_w2v.vectors.table import first_non_finite_row

_BLOCK = 1 << 16  # numbers in a block: those of the text being made take the most

Place = tuple[int | None, int | None]


def _nowhere(_: int) -> Place:
    return None, None


@dataclass(frozen=True)
class Block:
    """Some consecutive entries: words, rows ``(len(words), dim)`` and counts where known.

    ``place(i)`` is the line (None in binary files) and byte of entry i in its file.
    """

    words: Sequence[str]
    vectors: FloatArray
    place: Callable[[int], Place] = _nowhere
    counts: IntArray | None = None


@dataclass(frozen=True)
class Contents:
    """What a writer is told before the first block: ``count`` words of dimension ``dim``.

    ``dtype`` is that of the rows, ``counted`` says whether each block has counts.
    """

    count: int
    dim: int
    dtype: np.dtype[Any]
    counted: bool = False


class Options(NamedTuple):
    """What a reader may be told, see `options`; each format heeds what concerns it."""

    limit: int | None = None
    dtype: np.dtype[Any] = np.dtype(np.float32)
    unicode_errors: str = "strict"


DEFAULTS = Options()


def options(
    limit: Any = None,
    datatype: npt.DTypeLike = np.float32,
    unicode_errors: str = "strict",
) -> Options:
    """Return options that are checked.

    Parameters
    ----------
    limit : int, optional
        Read the first so many words only.
    datatype : dtype
        float32 or float64, of rows that stand in the file as text.
    unicode_errors : str
        ``"strict"``, ``"replace"`` or ``"ignore"``, for words that are not UTF-8.

    Raises
    ------
    InputError
        If one is anything else.

    Examples
    --------
    >>> options(limit=2).dtype
    dtype('float32')
    """
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, numbers.Integral)):
        raise InputError(f"limit is {limit!r:.60}; it counts words: name arguments, as binary=True")
    if limit is not None and limit < 0:
        raise InputError(f"limit is {limit}; it counts words from the first")
    dtype = np.dtype(datatype)
    if dtype not in (np.float32, np.float64):
        raise InputError(f"datatype is {datatype!r}; use float32 or float64")
    if unicode_errors not in ("strict", "replace", "ignore"):
        raise InputError(f"unicode_errors is {unicode_errors!r}; use strict, replace or ignore")
    return Options(None if limit is None else int(limit), dtype, unicode_errors)


class Reader(Protocol):
    """Blocks of a file, and what is known of them beforehand.

    ``count`` is None where only the end of the file tells it; ``plausible`` says that the file
    is large enough for `count` words, so that room may be made for them.
    """

    dim: int
    dtype: np.dtype[Any]
    count: int | None
    counted: bool
    plausible: bool

    def __iter__(self) -> Iterator[Block]: ...


class Collected(NamedTuple):
    """All blocks of a file as one table."""

    words: list[str]
    vectors: FloatArray
    counts: IntArray | None


def blocks_of(
    words: Sequence[str], vectors: FloatArray, counts: IntArray | None = None
) -> Iterator[Block]:
    """Yield a table in blocks of a size to write in one go.

    Examples
    --------
    >>> [block.words for block in blocks_of(["a", "b"], np.eye(2))]
    [['a', 'b']]
    """
    step = rows_in_block(vectors.shape[1])
    for start in itertools.count(0, step):
        if start >= len(words):
            return
        part = slice(start, start + step)
        yield Block(words[part], vectors[part], counts=None if counts is None else counts[part])


def contents_of(
    words: Sequence[str], vectors: FloatArray, counts: IntArray | None = None
) -> tuple[Contents, Iterator[Block]]:
    """Return what a writer of a table is given: what will come, and its blocks.

    Examples
    --------
    >>> contents_of(["a", "b"], np.eye(2))[0].count
    2
    """
    contents = Contents(len(words), vectors.shape[1], vectors.dtype, counts is not None)
    return contents, blocks_of(words, vectors, counts)


def rows_in_block(dim: int) -> int:
    """Return how many rows make a block of a size to read or write in one go.

    Examples
    --------
    >>> rows_in_block(100)
    655
    """
    return max(1, _BLOCK // max(1, dim))


def checked(
    blocks: Iterable[Block], count: int | None, target: PathLike, source: PathLike | None = None
) -> Iterator[Block]:
    """Yield blocks as they are; raise where one holds NaN or there are not `count` words.

    Raises
    ------
    InputError
        With the word, and with its place where it was read from a file.

    Examples
    --------
    >>> [block.words for block in checked([Block(["a"], np.ones((1, 2)))], 1, "vectors.txt")]
    [['a']]
    """
    done = 0
    for block in blocks:
        bad = first_non_finite_row(block.vectors)
        if bad is not None:
            problem = f"the vector of {shown(block.words[bad])} holds NaN or infinity"
            problem += f" (row {done + bad})"
            if source is None:
                raise InputError(problem)
            fault(source, block, bad, problem)
        done += len(block.words)
        yield block
    if count is not None and done != count:
        raise InputError(f"{target}: {count} words were announced and {done} came")


def collect(
    reader: Reader, path: PathLike, duplicates: Literal["error", "first"] = "error"
) -> Collected:
    """Return all that a reader yields as one table.

    Parameters
    ----------
    reader : Reader
        What is read.
    path : path
        For messages.
    duplicates : str
        ``"first"`` keeps the first vector of a word that occurs again; ``"error"`` refuses it.

    Raises
    ------
    InputError
        If a word occurs twice or a row holds NaN, with line and byte where there are such.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> class Two(SimpleNamespace):
    ...     def __iter__(self):
    ...         return blocks_of(["you", "say"], np.eye(2))
    >>> two = Two(dim=2, dtype=np.dtype(float), count=2, counted=False, plausible=True)
    >>> collect(two, "v.txt").words
    ['you', 'say']
    """
    if duplicates not in ("error", "first"):
        raise InputError(f"duplicates is {duplicates!r}; use error or first")
    index: dict[str, int] = {}
    counts: list[IntArray] = [np.empty(0, np.int64)]
    table = np.empty((0, reader.dim), reader.dtype)
    # For a header that was not held against the file's size no room is made: it grows with what
    # is read.
    if reader.plausible and reader.count is not None:
        table = _larger(table, reader.count, path)
    for block in checked(reader, reader.count, path, path):
        new = []
        for i, word in enumerate(block.words):
            known = len(index)
            if index.setdefault(word, known) == known:
                new.append(i)
            elif duplicates == "error":
                problem = f"the word {shown(word)} occurs again, first as word {index[word] + 1}"
                fault(path, block, i, f"{problem} (duplicates='first' keeps the first)")
        n = len(index)
        if n > len(table):
            room = 2 * len(table) if reader.count is None else min(2 * len(table), reader.count)
            table = _larger(table, max(n, room), path)
        kept: Any = slice(None) if len(new) == len(block.words) else new
        table[n - len(new) : n] = block.vectors[kept]
        if block.counts is not None:
            counts.append(block.counts[kept])
    vectors = table if len(index) == len(table) else table[: len(index)].copy()
    vectors.flags.writeable = False  # nobody else has it, so that it need not be copied again
    return Collected(list(index), vectors, np.concatenate(counts) if reader.counted else None)


def fault(path: PathLike, block: Block, i: int, problem: str) -> NoReturn:
    """Raise the error about entry `i` of a block.

    Examples
    --------
    >>> fault("v.npy", Block(["a"], np.ones((1, 1)), lambda i: (i + 1, 0)), 0, "is odd")
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: v.npy, line 1, byte 0: is odd
    """
    line, byte = block.place(i)
    malformed(path, problem, line=line, byte=byte)


def shown(word: str) -> str:
    """Return a word for a message: quoted, and cut where it is very long.

    Examples
    --------
    >>> shown("naïve")
    "'naïve'"
    """
    return repr(word if len(word) < 80 else word[:77] + "...")


def count_lines(path: PathLike) -> int:
    r"""Return the number of a file's lines, but for blank ones at its end.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "v.txt")
    ...     _ = path.write_bytes(b"a 1\nb 2\n\n")
    ...     count_lines(path)
    2
    """
    lines = seen = 0
    with open_source(path) as source:
        while chunk := source.stream.read(1 << 20):
            body = chunk.rstrip()
            if body:
                lines = seen + body.count(b"\n") + 1
            seen += chunk.count(b"\n")
    return lines


def _larger(table: FloatArray, rows: int, path: PathLike) -> FloatArray:
    """Return a table with room for more rows, if there is memory for it."""
    dim = table.shape[1]
    what = f"{path}: {rows:,} vectors of {dim:,} numbers"
    remedy = "read fewer with a limit, or convert it to npz and map that with mmap=True"
    require_memory(rows * dim * table.itemsize, what, remedy)
    larger = np.empty((rows, dim), table.dtype)
    larger[: len(table)] = table
    return larger
