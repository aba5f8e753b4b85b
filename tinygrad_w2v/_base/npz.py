"""Named arrays in one file: an npz without pickle, the same bytes for the same arrays.

It is a zip of plain ``.npy`` members, nothing compressed and nothing pickled, which `numpy.load`
reads as well. The numbers of each array begin at a multiple of 64 bytes, so that they can be mapped
into memory as they lie in the file.

What the members of a file come to is looked at before one of them is read. A zip of six megabytes
can unpack to six gigabytes: by compression, or by members that share the same bytes. Numbers that
were learned hardly shrink, so a file whose members together are many times as large as the file
itself was made to do harm.
"""

from __future__ import annotations

import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, Self

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike, safe_write
from tinygrad_w2v._base.memory import in_bytes
from tinygrad_w2v._base.npy_header import (
    ArrayHeader,
    array_header,
    little_endian,
    read_array,
    read_array_header,
)
from tinygrad_w2v._base.types import AnyArray

LARGEST_RATIO = 20
"""How many times the file's size its members may have together."""
ALWAYS = 1 << 26
"""Members that have fewer bytes together are read in any case: tables of zeros shrink well."""

_LOCAL_HEADER = 30  # bytes of a zip member's header before its name and extra field
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    KeyError,
    OverflowError,
    RuntimeError,  # of zips that Python cannot read
)


class Pieces(NamedTuple):
    """An array to be written that is not in memory as a whole: its rows come in pieces."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    pieces: Iterable[AnyArray]


def write_arrays(
    path: PathLike, arrays: Mapping[str, AnyArray] | Iterable[tuple[str, AnyArray | Pieces]]
) -> None:
    """Write named arrays into an npz file under exactly this name, whole or not at all.

    Parameters
    ----------
    path : path
        The target; its folder must exist.
    arrays : mapping of str to array, or iterable of (str, array or Pieces)
        Numbers; any names. Each is taken when the ones before it are written.

    Raises
    ------
    InputError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "state.npz")
    ...     write_arrays(path, {"layers.0.weight": np.eye(2)})
    ...     read_arrays(path)
    {'layers.0.weight': array([[1., 0.],
           [0., 1.]])}
    """
    named = arrays.items() if isinstance(arrays, Mapping) else arrays
    with safe_write(path, "wb") as stream, zipfile.ZipFile(stream, "w") as archive:
        for name, array in named:
            whole = None if isinstance(array, Pieces) else np.asarray(array)
            shape, dtype, pieces = array if whole is None else (whole.shape, whole.dtype, [whole])
            # A ZipInfo without a time: equal arrays make equal files.
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                # The member's own header is written by now: the array's begins here.
                member.write(array_header(shape, little_endian(dtype), stream.tell()))
                for piece in pieces:
                    member.write(as_bytes(piece, dtype))


def as_bytes(array: AnyArray, dtype: np.dtype[Any]) -> memoryview:
    r"""Return an array's numbers as little-endian bytes of a dtype, copied only where needed.

    Examples
    --------
    >>> bytes(as_bytes(np.ones(1), np.dtype("<f4")))
    b'\x00\x00\x80?'
    """
    return np.ascontiguousarray(array, little_endian(dtype)).reshape(-1).view(np.uint8).data


def read_arrays(path: PathLike, skip: Collection[str] = ()) -> dict[str, AnyArray]:
    """Read what `write_arrays` (or `numpy.savez`) wrote; a pickle is refused.

    Parameters
    ----------
    path : path
        The file.
    skip : collection of str, optional
        Names of arrays that are not read.

    Raises
    ------
    InputError
        If the file is missing, damaged, or something else.
    """
    try:
        with NpzFile(path) as file:
            return {name: file.read(name) for name in file.names if name not in skip}
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read as an npz file: {error}") from error


class NpzFile:
    """An open npz file, whose arrays are read one by one, in parts, or mapped into memory.

    Parameters
    ----------
    path : path
        The file.

    Attributes
    ----------
    names : list of str
        Of its arrays.

    Raises
    ------
    InputError
        If it is damaged or something else; the methods raise it as well.
    OSError
        If it cannot be opened.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "state.npz")
    ...     write_arrays(path, {"x": np.eye(2), "y": np.zeros(3)})
    ...     with NpzFile(path) as file:
    ...         file.names, file.read("y"), file.map("x").shape
    (['x', 'y'], array([0., 0., 0.]), (2, 2))
    """

    def __init__(self, path: PathLike) -> None:
        self._path = Path(path)
        self._stream = self._path.open("rb")
        try:
            with self._faults():
                start = self._stream.read(2)
            if start != b"PK":
                raise InputError(f"{path}: is not an npz file; give one that `save` wrote")
            with self._faults():
                self._archive = zipfile.ZipFile(self._stream)
                self._size = os.fstat(self._stream.fileno()).st_size
                _check_members(self._archive, self._size)
                names = self._archive.namelist()
                for name in names:
                    if not name.endswith(".npy"):
                        raise InputError(f"holds {name!r:.80}, which is no array")
        except BaseException:
            self._stream.close()
            raise
        self.names = [name.removesuffix(".npy") for name in names]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()
        self._stream.close()

    def read(
        self, name: str, ndim: int | None = None, kinds: str = "", stored: bool = False
    ) -> AnyArray:
        """Return one array; no room is made for what its header promises beyond what is there.

        Parameters
        ----------
        name : str
            Of the array.
        ndim, kinds
            What it must be, see `read_array_header`.
        stored : bool
            Refuse one that is compressed or in Fortran order, as `rows` and `map` do.
        """
        with self._faults(), self._member(name, ndim, kinds, stored) as (file, header):
            return read_array(file, f"the array {name!r:.80}", header.start + header.size, header)

    @contextmanager
    def rows(
        self, name: str, ndim: int | None = None, kinds: str = ""
    ) -> Iterator[tuple[ArrayHeader, Callable[[int], AnyArray]]]:
        """Give the header of an array, and a function that returns its next so many rows."""
        with ExitStack() as stack:
            with self._faults():
                file, header = stack.enter_context(self._member(name, ndim, kinds, stored=True))
            left = header.size

            def take(rows: int) -> AnyArray:
                nonlocal left
                size = rows * (header.size // header.shape[0])
                with self._faults():
                    data = file.read(size)
                    left -= len(data)
                    # At the end one byte more is asked for, so that the checksum is compared.
                    if len(data) != size or (left == 0 and file.read(1)):
                        raise InputError("the archive is cut off")
                return np.frombuffer(data, header.dtype).reshape(rows, *header.shape[1:])

            yield header, take

    def map(self, name: str, ndim: int | None = None, kinds: str = "") -> AnyArray:
        """Return one array, read-only, that stays in the file and is read where it is used."""
        with self._faults():
            with self._member(name, ndim, kinds, stored=True) as (_, header):
                dtype, shape, size = header.dtype, header.shape, header.size
            start = self._archive.getinfo(f"{name}.npy").header_offset
            self._stream.seek(start)
            lengths = struct.unpack("<HH", self._stream.read(_LOCAL_HEADER)[26:])
            place = start + _LOCAL_HEADER + sum(lengths) + header.start
            if place % dtype.itemsize or dtype != dtype.newbyteorder("="):
                raise InputError(
                    f"its {name} do not lie so that they can be mapped into memory; "
                    "load it without mmap and save it again"
                )
            if place + size > self._size:
                raise InputError("the archive is cut off")
            if size == 0:
                return np.empty(shape, dtype)
            mapped: Any = np.memmap(self._path, dtype, "r", place, shape)
            return np.asarray(mapped)

    @contextmanager
    def _member(
        self, name: str, ndim: int | None, kinds: str, stored: bool = False
    ) -> Iterator[tuple[IO[bytes], ArrayHeader]]:
        """Open an array; it lies in the file row by row, as it is, if it must be `stored`."""
        member = self._archive.getinfo(f"{name}.npy")
        if stored and member.compress_type != zipfile.ZIP_STORED:
            raise InputError(
                f"the array {name!r} is compressed; save it with np.savez or save(path)"
            )
        with self._archive.open(member) as file:
            shown = f"the array {name!r:.80}"
            header = read_array_header(file, shown, member.file_size, ndim, kinds)
            if header.start + header.size != member.file_size:
                raise InputError(f"{shown} has another size than its header says")
            if stored and header.fortran:
                raise InputError(f"{shown} is in Fortran order, which is not read here")
            yield file, header

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Name the file in whatever is raised about it."""
        try:
            yield
        except _DAMAGE as error:  # an InputError among them
            about = "" if isinstance(error, InputError) else " (damaged or cut off?)"
            raise InputError(
                f"{self._path}: cannot be read as an npz file{about}: {error}"
            ) from error


def _check_members(archive: zipfile.ZipFile, size: int) -> int:
    """Return how many bytes the members of an archive have together, unpacked.

    Parameters
    ----------
    archive : ZipFile
        Of which only the directory is looked at.
    size : int
        Bytes of the file.

    Raises
    ------
    InputError
        When they are far more than the file has, or one has a size that cannot be.

    Examples
    --------
    >>> import io
    >>> stream = io.BytesIO()
    >>> with zipfile.ZipFile(stream, "w") as archive:
    ...     archive.writestr("x.npy", bytes(100))
    >>> _check_members(archive, len(stream.getvalue()))
    100
    """
    total = sum(member.file_size for member in archive.infolist())
    if total > max(ALWAYS, LARGEST_RATIO * size):
        raise InputError(
            f"unpacks to {in_bytes(total)} from {in_bytes(size)}, as no file of numbers does; if "
            "it is one, save it anew without compression (np.savez)"
        )
    return total
