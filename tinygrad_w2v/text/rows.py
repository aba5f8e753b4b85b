"""The rows of a corpus while it is written: ids, and where each sentence ends.

A corpus is written once, from its first word to its last, and may be larger than memory: then its
rows are files that the system maps into memory page by page.
"""

from __future__ import annotations

import errno
import io
import mmap
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike, check_writable_folder
from tinygrad_w2v._base.types import AnyArray, BoolArray, IntArray

# How many words are worked on at a time: the arrays of a block take a few megabytes.
BLOCK = 1 << 18
# With a page that is read the system maps pages around it, also of what was released before.
AROUND = 1 << 20  # bytes


class GrowingRow:
    """Numbers of one dtype that grow at their end, in memory or in a file.

    Parameters
    ----------
    dtype
        Of the numbers.
    file
        An empty file, open for reading and writing, that holds them; memory when None.

    Raises
    ------
    InputError
        When the file cannot be written; a full disk is named as such.

    Examples
    --------
    >>> row = GrowingRow(np.int32)
    >>> row.append(np.array([1, 2])); row.append(np.array([3]))
    >>> row.array(), len(row)
    (array([1, 2, 3], dtype=int32), 3)
    """

    def __init__(self, dtype: npt.DTypeLike, file: IO[bytes] | None = None) -> None:
        self.dtype = np.dtype(dtype)
        self._file: IO[bytes] = io.BytesIO() if file is None else file
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def append(self, values: AnyArray) -> None:
        """Add numbers at the end; no array of the row may be in use.

        Examples
        --------
        >>> row = GrowingRow(np.int64)
        >>> row.append(np.arange(3))
        >>> len(row)
        3
        """
        values = np.ascontiguousarray(values, dtype=self.dtype)
        try:
            self._file.write(values.data)
        except OSError as error:
            raise unwritable(self._file.name, error) from error
        self._length += len(values)

    def array(self) -> AnyArray:
        """Return all numbers, to be read and written in place.

        Examples
        --------
        >>> GrowingRow(np.int32).array()
        array([], dtype=int32)
        """
        if isinstance(self._file, io.BytesIO) and self._length:
            return np.frombuffer(self._file.getbuffer(), self.dtype, self._length)
        try:
            self._file.flush()
        except OSError as error:
            raise unwritable(self._file.name, error) from error
        return map_row(self._file, self.dtype, self._length, "r+")

    def cut(self, length: int) -> None:
        """Drop all numbers from this position on; no array of the row may be in use.

        Examples
        --------
        >>> row = GrowingRow(np.int32)
        >>> row.append(np.arange(5)); row.cut(2)
        >>> row.array()
        array([0, 1], dtype=int32)
        """
        self._length = length
        self._file.flush()
        self._file.truncate(length * self.dtype.itemsize)
        self._file.seek(0, 2)


class CorpusRows:
    """The two rows of a corpus that is being written.

    Parameters
    ----------
    ids, offsets
        Empty rows of int32 and int64, in memory by default.

    Attributes
    ----------
    raw_words : int
        The number of words so far, unknown ones included.

    Examples
    --------
    >>> rows = CorpusRows()
    >>> rows.add(np.array([3, -1, 5]), np.array([2, 3]))
    >>> rows.ids.array(), rows.offsets.array(), rows.raw_words
    (array([3, 5], dtype=int32), array([0, 1, 2]), 3)
    """

    def __init__(self, ids: GrowingRow | None = None, offsets: GrowingRow | None = None) -> None:
        self.ids = GrowingRow(np.int32) if ids is None else ids
        self.offsets = GrowingRow(np.int64) if offsets is None else offsets
        self.clear()

    def clear(self) -> None:
        """Drop all that was written.

        Examples
        --------
        >>> rows = CorpusRows()
        >>> rows.clear()
        >>> rows.offsets.array()
        array([0])
        """
        self.ids.cut(0)
        self.offsets.cut(0)
        self.offsets.append(np.zeros(1, np.int64))
        self.raw_words = 0
        self._raw_end = 0

    def add(self, numbers: IntArray, ends: IntArray, drop_empty: bool = False) -> None:
        """Write numbers that follow each other; those below 0 are unknown words and left out.

        Parameters
        ----------
        numbers
            One a word.
        ends
            The position after each sentence's last word.
        drop_empty
            Leave out sentences without words.

        Examples
        --------
        >>> rows = CorpusRows()
        >>> rows.add(np.array([3, 5]), np.array([1, 1, 2]), drop_empty=True)
        >>> rows.ids.array(), rows.offsets.array()
        (array([3, 5], dtype=int32), array([0, 1, 2]))
        """
        if drop_empty:
            ends = ends[np.diff(ends, prepend=self._raw_end - self.raw_words) > 0]
        if len(ends):
            self._raw_end = self.raw_words + int(ends[-1])
        self.raw_words += len(numbers)
        known = numbers >= 0
        if not known.all():
            ends, numbers = _kept_before(known).take(ends), numbers[known]
        self.offsets.append(len(self.ids) + ends)
        self.ids.append(numbers)

    def extend(self, ids: IntArray, offsets: IntArray, raw_words: int) -> None:
        """Write a part of a text that has rows of its own.

        Parameters
        ----------
        ids, offsets
            Its rows.
        raw_words
            The number of its words.

        Examples
        --------
        >>> rows = CorpusRows()
        >>> rows.extend(np.array([3, 5]), np.array([0, 2]), raw_words=2)
        >>> rows.extend(np.array([4]), np.array([0, 1]), raw_words=1)
        >>> rows.ids.array(), rows.offsets.array()
        (array([3, 5, 4], dtype=int32), array([0, 2, 3]))
        """
        self.offsets.append(len(self.ids) + offsets[1:])
        self.ids.append(ids)
        self.raw_words += raw_words
        self._raw_end = self.raw_words

    def end(self) -> None:
        """End a sentence that the end of the text leaves open.

        Examples
        --------
        >>> rows = CorpusRows()
        >>> rows.add(np.array([3, 5]), np.array([], int)); rows.end()
        >>> rows.offsets.array()
        array([0, 2])
        """
        if self._raw_end < self.raw_words:
            self.offsets.append(np.array([len(self.ids)]))
            self._raw_end = self.raw_words

    def counts(self, numbers: int) -> IntArray:
        """Return how often each number below `numbers` was written.

        Examples
        --------
        >>> rows = CorpusRows()
        >>> rows.add(np.array([2, 0, 2]), np.array([3]))
        >>> rows.counts(3)
        array([1, 0, 2])
        """
        row = self.ids.array()
        total = np.zeros(numbers, np.int64)
        block = max(BLOCK, numbers)  # or adding up the counts would take longer than counting
        for start in range(0, len(row), block):
            total += np.bincount(row[start : start + block], minlength=numbers)
            release_pages(row)
        return total

    def renumber(self, new: AnyArray) -> None:
        """Replace each number by its new one, in place; words whose new number is -1 are dropped.

        Parameters
        ----------
        new
            int32, the new number of each old one.

        Examples
        --------
        >>> rows = CorpusRows()
        >>> rows.add(np.array([0, 1, 2]), np.array([2, 3]))
        >>> rows.renumber(np.array([-1, 1, 0], np.int32))
        >>> rows.ids.array(), rows.offsets.array()
        (array([1, 0], dtype=int32), array([0, 1, 2]))
        """
        row, ends = self.ids.array(), self.offsets.array()
        written = first = 0
        for start in range(0, len(row), BLOCK):
            block = new.take(row[start : start + BLOCK])
            known = block >= 0
            last = int(np.searchsorted(ends, start + len(block), side="right"))
            # What was renumbered has moved towards the beginning, so the ends stay in order.
            ends[first:last] = written + _kept_before(known).take(ends[first:last] - start)
            block = block[known]
            row[written : written + len(block)] = block
            written, first = written + len(block), last
            release_pages(row)
            release_pages(ends)
        del row, ends
        self.ids.cut(written)


@contextmanager
def new_rows(folder: PathLike | None) -> Iterator[CorpusRows]:
    """Give rows in memory, or in unnamed files that vanish when they are no longer used.

    Examples
    --------
    >>> with new_rows(tempfile.gettempdir()) as rows:
    ...     rows.add(np.array([3, 5]), np.array([2]))
    ...     ids = rows.ids.array()
    >>> ids.tolist()
    [3, 5]
    """
    if folder is None:
        yield CorpusRows()
        return
    check_writable_folder(folder)
    with tempfile.TemporaryFile(dir=folder) as ids, tempfile.TemporaryFile(dir=folder) as offsets:
        yield CorpusRows(GrowingRow(np.int32, ids), GrowingRow(np.int64, offsets))


def map_row(file: IO[bytes] | Path, dtype: npt.DTypeLike, length: int, mode: Any = "r") -> AnyArray:
    """Return the numbers of a file as an array whose pages are read when they are needed.

    Parameters
    ----------
    file
        An open file or a path.
    dtype, length
        Of the row; the caller refuses a file of another size.
    mode
        ``"r"`` or ``"r+"``.

    Returns
    -------
    AnyArray
        Shape (length,).

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "row")
    ...     _ = path.write_bytes(np.arange(3, dtype=np.int32).tobytes())
    ...     map_row(path, np.int32, 3).tolist()
    [0, 1, 2]
    """
    if length == 0:
        return np.empty(0, dtype)  # an empty file cannot be mapped
    return np.asarray(np.memmap(file, dtype=dtype, mode=mode, shape=(length,)))


def release_pages(row: AnyArray, first: int = 0, last: int | None = None) -> None:
    """Give back the memory in which a part of a row was read from its file; its numbers stay.

    A file that is read from end to end would take as much memory as it is long. Numbers that are
    read again come from the system's own cache. An array that is no file's stays as it is.

    Parameters
    ----------
    row
        Mapped by `map_row`, from its file's beginning on.
    first, last
        Which of its numbers; all by default.

    Examples
    --------
    >>> with tempfile.TemporaryFile() as file:
    ...     row = GrowingRow(np.int32, file)
    ...     row.append(np.arange(3))
    ...     numbers = row.array()
    ...     numbers[1] = 7
    ...     release_pages(numbers)
    ...     numbers.tolist()
    [0, 7, 2]
    """
    file: Any = row
    while isinstance(file, np.ndarray) and not isinstance(file, np.memmap):
        file = file.base
    base = getattr(file, "base", None)
    # What was written into a private copy (mode "c") is in no file, and would be lost.
    if not isinstance(base, mmap.mmap) or file.mode == "c" or not hasattr(mmap, "MADV_DONTNEED"):
        return
    start = max(first * row.itemsize - AROUND, 0) // mmap.PAGESIZE * mmap.PAGESIZE
    stop = len(base) if last is None else min(last * row.itemsize, len(base))
    if start < stop:
        base.madvise(mmap.MADV_DONTNEED, start, stop - start)


def unwritable(place: object, error: OSError) -> InputError:
    """Return the error that says why a corpus's file cannot be written, and what to do.

    Examples
    --------
    >>> print(unwritable("/data/ids", OSError(errno.ENOSPC, "No space left on device")))
    the disk is full: /data/ids could not be written; free some space or choose another folder
    """
    name = place if isinstance(place, (str, Path)) else "the corpus's temporary file"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return InputError(
            f"the disk is full: {name} could not be written; free some space or choose another "
            "folder"
        )
    return InputError(f"{name} cannot be written: {error.strerror or error}; choose another folder")


def _kept_before(known: BoolArray) -> IntArray:
    """Return how many of `known` are true before each position, and before the end."""
    before = np.zeros(len(known) + 1, np.int64)
    np.cumsum(known, out=before[1:])
    return before
