"""A row of integers that grows at its end, in memory or in a file.

A corpus is written once, from its first word to its last, and may be larger than memory: then
its rows are files that the system maps into memory page by page.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import AnyArray


class GrowingRow:
    """Numbers of one dtype; what is appended follows what is there.

    Parameters
    ----------
    dtype
        Of the numbers.
    file
        An empty file, open to be read and written, that holds them; memory when None.

    Raises
    ------
    InputError
        When the file cannot be written; a full disk is named so.

    Examples
    --------
    >>> row = GrowingRow(np.int32)
    >>> row.append(np.array([1, 2])); row.append(np.array([3]))
    >>> row.array(), len(row)
    (array([1, 2, 3], dtype=int32), 3)
    """

    def __init__(self, dtype: npt.DTypeLike, file: IO[bytes] | None = None) -> None:
        self.dtype = np.dtype(dtype)
        self._file = file
        self._length = 0
        self._memory: AnyArray = np.empty(0, self.dtype)

    def __len__(self) -> int:
        return self._length

    def append(self, values: AnyArray) -> None:
        """Add numbers at the end.

        Examples
        --------
        >>> row = GrowingRow(np.int64)
        >>> row.append(np.arange(3))
        >>> len(row)
        3
        """
        values = np.ascontiguousarray(values, dtype=self.dtype)
        end = self._length + len(values)
        if self._file is not None:
            try:
                self._file.write(values.data)
            except OSError as error:
                raise unwritable(self._file.name, error) from error
        else:
            if end > len(self._memory):
                # Grown in place where the system can: two copies of a long row are rare.
                self._memory.resize(max(end, len(self._memory) * 3 // 2), refcheck=False)
            self._memory[self._length : end] = values
        self._length = end

    def array(self) -> AnyArray:
        """Return all numbers, to be read and written in place; appending ends its validity.

        Examples
        --------
        >>> GrowingRow(np.int32).array()
        array([], dtype=int32)
        """
        if self._file is None:
            return self._memory[: self._length]
        try:
            self._file.flush()
        except OSError as error:
            raise unwritable(self._file.name, error) from error
        return map_row(self._file, self.dtype, self._length, "r+")

    def cut(self, length: int) -> None:
        """Drop all numbers from this place on; no array of them may be in use.

        Examples
        --------
        >>> row = GrowingRow(np.int32)
        >>> row.append(np.arange(5)); row.cut(2)
        >>> row.array()
        array([0, 1], dtype=int32)
        """
        self._length = length
        if self._file is not None:
            self._file.flush()
            self._file.truncate(length * self.dtype.itemsize)
            self._file.seek(0, 2)
        else:
            self._memory.resize(length, refcheck=False)

    def close(self) -> None:
        """Close the file, if there is one; what is mapped stays mapped.

        Examples
        --------
        >>> GrowingRow(np.int32).close()
        """
        if self._file is not None:
            self._file.close()


def map_row(file: IO[bytes] | Path, dtype: npt.DTypeLike, length: int, mode: Any = "r") -> AnyArray:
    """Return the numbers of a file as an array whose pages are read when they are needed.

    Parameters
    ----------
    file
        An open file or a path.
    dtype, length
        Of the row; a file of another size is the caller's to refuse.
    mode
        ``"r"`` or ``"r+"``.

    Returns
    -------
    AnyArray
        Shape (length,).

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "row")
    ...     _ = path.write_bytes(np.arange(3, dtype=np.int32).tobytes())
    ...     map_row(path, np.int32, 3).tolist()
    [0, 1, 2]
    """
    if length == 0:
        return np.empty(0, dtype)  # an empty file cannot be mapped
    return np.asarray(np.memmap(file, dtype=dtype, mode=mode, shape=(length,)))


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
