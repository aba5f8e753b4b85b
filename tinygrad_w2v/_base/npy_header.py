"""The header of a ``.npy`` array: read without trust, written as NumPy writes it."""

import io
import math
import struct
from typing import IO, Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.memory import require_memory
from tinygrad_w2v._base.types import AnyArray

MAGIC = b"\x93NUMPY"

_PART = 1 << 24


class ArrayHeader(NamedTuple):
    """What follows: an array of this shape and dtype, `size` bytes after `start` of header."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    start: int
    size: int


def read_array_header(
    file: IO[bytes], name: str, available: int, ndim: int | None = None, kinds: str = ""
) -> ArrayHeader:
    """Read a header and hold what it says against what the file has room for.

    Parameters
    ----------
    file : file
        At the header's first byte.
    name : str
        Of the array, for messages.
    available : int
        Bytes of header and array together.
    ndim : int, optional
        Number of axes that the array must have, if that is known.
    kinds : str
        Kinds of dtype that it may have: ``"f"``, ``"i"``, ``"u"``; all that hold no objects by
        default.

    Raises
    ------
    InputError
        If it is damaged, of another kind, or promises more bytes than there are.

    Examples
    --------
    >>> stream = io.BytesIO(array_header((2, 3), np.dtype("<f4")) + bytes(24))
    >>> read_array_header(stream, "x", len(stream.getvalue()), 2, "f")[:3]
    ((2, 3), dtype('float32'), False)
    """
    begin = file.tell()
    try:
        version = np.lib.format.read_magic(file)
        if version == (1, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
        elif version == (2, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_2_0(file)
        else:
            raise InputError(f"{name} is of npy version {version}, which is not read here")
    except InputError:
        raise
    except Exception as error:  # NumPy evaluates it: anything can come
        raise InputError(f"{name} has a damaged npy header: {_first_line(error)}") from error
    fits = (not kinds or dtype.kind in kinds) and (ndim is None or len(shape) == ndim)
    if dtype.hasobject:
        raise InputError(f"{name} holds a pickle of Python objects, which does not belong")
    if not fits:
        raise InputError(f"{name} has shape {shape} of {dtype}, which does not belong")
    start = file.tell() - begin
    size = dtype.itemsize * math.prod(int(length) for length in shape)
    if min(shape, default=0) < 0 or size > available - start:
        raise InputError(
            f"{name} has another size than its header says: {shape} of {dtype} are {size} bytes, "
            f"there are {max(0, available - start)}"
        )
    return ArrayHeader(shape, dtype, fortran and len(shape) > 1, start, size)


def read_array(file: IO[bytes], name: str, available: int, header: ArrayHeader) -> AnyArray:
    """Read the numbers that follow a header to the last byte, where a zip compares its checksum.

    Parameters
    ----------
    file : file
        After the header.
    name, available
        As in `read_array_header`.
    header : ArrayHeader
        What that returned.

    Raises
    ------
    InputError
        If there are more or fewer bytes than the header says, or too little memory for them.

    Examples
    --------
    >>> stream = io.BytesIO(array_header((2,), np.dtype("<f4")) + bytes(8))
    >>> header = read_array_header(stream, "x", len(stream.getvalue()))
    >>> read_array(stream, "x", len(stream.getvalue()), header)
    array([0., 0.], dtype=float32)
    """
    require_memory(header.size, f"the numbers of {name}", "map vectors with mmap=True")
    flat = np.empty(header.size, np.uint8)
    done = 0
    while part := file.read(min(_PART, max(header.size - done, 1))):
        if done + len(part) > header.size:
            break
        flat[done : done + len(part)] = np.frombuffer(part, np.uint8)
        done += len(part)
    if done != header.size or header.start + header.size != available or part:
        raise InputError(f"{name} has another size than its header says")
    array = flat.view(header.dtype).reshape(header.shape, order="F" if header.fortran else "C")
    return array.astype(header.dtype.newbyteorder("="), copy=False)


def array_header(shape: tuple[int, ...], dtype: np.dtype[Any], place: int = 0) -> bytes:
    r"""Return the header of an array in C order.

    Parameters
    ----------
    shape, dtype
        Of the array.
    place : int
        Of the header's first byte in its file. The numbers that follow begin at a multiple of 64
        bytes, so that they can be mapped into memory.

    Examples
    --------
    >>> array_header((2, 3), np.dtype("<f4"))[:8], len(array_header((2, 3), np.dtype("<f4"), 50))
    (b'\x93NUMPY\x02\x00', 78)
    """
    header = io.BytesIO()
    described = {
        "descr": np.lib.format.dtype_to_descr(dtype),
        "fortran_order": False,
        "shape": shape,
    }
    np.lib.format.write_array_header_2_0(header, described)
    start, text = header.getvalue()[:8], header.getvalue()[12:].rstrip()
    text += b" " * (-(place + len(start) + 4 + len(text) + 1) % 64) + b"\n"
    return start + struct.pack("<I", len(text)) + text


def little_endian(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return a dtype as it is written: little-endian on every machine.

    Examples
    --------
    >>> little_endian(np.dtype(">f4")).str
    '<f4'
    """
    return dtype.newbyteorder("<")


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
