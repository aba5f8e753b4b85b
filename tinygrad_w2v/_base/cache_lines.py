"""Arrays in whole cache lines: each row begins at one and fills its last one.

A processor reads memory, and takes it from another core, a line of 64 bytes at a time. Rows of 100
float32 are 400 bytes long, so packed rows share lines with their neighbours: a row is spread over
one line more than it needs, and a core that writes it takes the neighbour's, too. Here the last
axis has room for some numbers more, and the array is shown without them.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_w2v._base.types import AnyArray, Shape

LINE = 64  # bytes
MOST_PADDING = 1 / 3  # of a row's own bytes


class _Memory(np.ndarray[Any, Any]):
    """Memory for arrays in whole lines; they are known by it.

    Attributes
    ----------
    last : weakref
        Of the last array that was found to be the columns of all its rows.
    """

    last: Callable[[], Any] = staticmethod(lambda: None)


def in_lines(shape: Shape, itemsize: int) -> Shape:
    """Return the shape whose rows, entries along the first axis, are whole cache lines.

    The last axis is the longer one. Where that would take too much memory, and where there are no
    rows, the shape stays as it is.

    Examples
    --------
    >>> in_lines((5000, 100), 4), in_lines((5000, 2, 100), 4), in_lines((5000, 3), 4)
    ((5000, 112), (5000, 2, 104), (5000, 3))
    """
    if len(shape) < 2 or not math.prod(shape[1:]):
        return shape
    unit = LINE // math.gcd(LINE, itemsize * math.prod(shape[1:-1]))
    longer = -(-shape[-1] // unit) * unit
    return (*shape[:-1], longer) if longer <= (1 + MOST_PADDING) * shape[-1] else shape


def fills_lines(shape: Shape, itemsize: int) -> bool:
    """Whether rows of this shape are whole lines.

    Examples
    --------
    >>> fills_lines((5000, 112), 4), fills_lines((5000, 100), 4), fills_lines((16,), 4)
    (True, False, False)
    """
    return len(shape) > 1 and math.prod(shape[1:]) * itemsize % LINE == 0


def new_storage(shape: Shape, dtype: Any) -> AnyArray:
    """Return an array that begins at a cache line; what stands in it is anything.

    Examples
    --------
    >>> new_storage((3, 112), np.float32).ctypes.data % 64
    0
    """
    dtype = np.dtype(dtype)
    memory = _Memory((math.prod(shape) * dtype.itemsize + LINE,), np.uint8)
    storage: AnyArray = np.ndarray(shape, dtype, memory, offset=-memory.ctypes.data % LINE)
    return storage


def columns(storage: AnyArray, shape: Shape) -> AnyArray:
    """Return the part of a storage that an array of this shape is: the first rows and columns.

    Examples
    --------
    >>> columns(np.zeros((9, 16)), (5, 10)).shape
    (5, 10)
    """
    rows = storage[: shape[0]] if shape else storage
    return rows[..., : shape[-1]] if len(shape) > 1 else rows


def put(array: AnyArray, storage: AnyArray) -> AnyArray:
    """Copy an array into the first rows of a storage, zeros behind; return them without these.

    Examples
    --------
    >>> rows = put(np.ones((3, 100), np.float32), new_storage((9, 112), np.float32))
    >>> rows.shape, rows.strides, with_padding(rows)[0, 99:102].tolist()
    ((3, 100), (448, 4), [1.0, 0.0, 0.0])
    """
    rows = columns(storage, array.shape)
    rows[...] = array
    if array.ndim > 1:
        storage[: len(array), ..., array.shape[-1] :] = 0
    return rows


def room_behind(array: AnyArray, rows: int) -> AnyArray | None:
    """Return the storage that an array is the first rows of, if it has so many rows, else None.

    Examples
    --------
    >>> storage = new_storage((9, 112), np.float32)
    >>> array = put(np.ones((3, 100), np.float32), storage)
    >>> room_behind(array, 9) is storage, room_behind(array, 10), room_behind(array[1:], 3)
    (True, None, None)
    """
    storage: Any = array.base
    if storage is None or type(getattr(storage, "base", None)) is not _Memory:
        return None
    begins = array.ctypes.data == storage.ctypes.data and array.strides == storage.strides
    return storage if begins and len(storage) >= rows else None


def with_padding(array: AnyArray) -> AnyArray:
    """Return the rows in whole lines that an array is the columns of; any other array as it is.

    Examples
    --------
    >>> array = np.zeros((3, 100), np.float32)
    >>> with_padding(array) is array
    True
    """
    storage: Any = array.base
    if storage is None or type(memory := getattr(storage, "base", None)) is not _Memory:
        return array
    if memory.last() is array:
        return storage
    if array.strides != storage.strides or array.shape[1:-1] != storage.shape[1:-1]:
        return array
    row, rest = divmod(array.ctypes.data - storage.ctypes.data, storage.strides[0])
    if rest or not array.size:  # columns from the middle on
        return array
    if len(array) < len(storage):
        return storage[row : row + len(array)]
    memory.last = weakref.ref(array)
    return storage
