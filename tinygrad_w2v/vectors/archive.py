"""The library's own file: an npz archive that holds any word and can be mapped into memory.

It is a zip of plain ``.npy`` members, nothing compressed and nothing pickled, which `numpy.load`
reads as well: ``vectors (n, dim)``, ``words`` (UTF-8 bytes of all words, one after the other),
``offsets (n + 1,)`` (where each word begins and ends in them), and ``counts (n,)`` if known. The
vectors come first, at a byte that is a multiple of 64: so they can be mapped into memory as they
lie in the file, and processes that read the same file share its pages.
"""

import io
import itertools
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import safe_write
from tinygrad_w2v._base.types import AnyArray, FloatArray, IntArray
from tinygrad_w2v.vectors.source import PathLike, refuse_pickle

_ALIGN = 64
_LOCAL_HEADER = 30  # bytes of a zip member's header before its name and extra field
_ZIP64_EXTRA = 20  # bytes that zipfile adds to the extra field under force_zip64
_PADDING_ID = 0xD935  # the extra field that Android's zipalign pads with


class Contents(NamedTuple):
    """What an archive holds."""

    words: list[str]
    vectors: FloatArray
    counts: IntArray | None


def write_archive(
    path: PathLike,
    words: list[str],
    vectors: FloatArray,
    counts: IntArray | None = None,
    others: Mapping[str, AnyArray] | None = None,
) -> None:
    """Write words, vectors and counts; at no moment half a file is there.

    Parameters
    ----------
    path : path
        The file, under exactly this name.
    words : list of str
        Any Unicode: spaces, newlines, unpaired surrogates.
    vectors : array ``(n, dim)``
        float32 or float64.
    counts : array ``(n,)``, optional
        How often each word occurred.
    others : mapping of str to array, optional
        More arrays to keep beside them, such as a model's second table.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "vectors.npz")
    ...     write_archive(path, ["new york", ""], np.array([[1.0], [2.0]]))
    ...     contents = read_archive(path)
    >>> contents.words, contents.vectors.tolist(), contents.counts
    (['new york', ''], [[1.0], [2.0]], None)
    """
    encoded = [word.encode("utf-8", "surrogatepass") for word in words]
    offsets = np.zeros(len(words) + 1, dtype="<i8")
    np.cumsum([len(raw) for raw in encoded], out=offsets[1:])
    members: dict[str, AnyArray] = {
        "vectors": vectors,
        "words": np.frombuffer(b"".join(encoded), dtype=np.uint8),
        "offsets": offsets,
    }
    if counts is not None:
        members["counts"] = counts.astype("<i8")
    members |= others or {}
    with safe_write(path, "wb") as stream, zipfile.ZipFile(stream, "w") as archive:
        for name, array in members.items():
            _write_member(archive, stream, f"{name}.npy", array)


def read_archive(path: PathLike, mmap: bool = False) -> Contents:
    """Read what `write_archive` wrote, or any uncompressed npz of the same members.

    Parameters
    ----------
    path : path
        The file.
    mmap : bool
        Map the vectors, read-only, instead of reading them.

    Raises
    ------
    InputError
        If the file is a pickle, damaged, or holds something else.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "vectors.npz")
    ...     write_archive(path, ["you"], np.array([[1.0]]), np.array([3]))
    ...     read_archive(path, mmap=True).counts
    array([3])
    """
    path = Path(path)
    with path.open("rb") as stream:
        start = stream.read(16)
        refuse_pickle(path, start)
        if not start.startswith(b"PK"):
            raise InputError(
                f"{path}: is not a file that save(path) wrote; "
                "word2vec's formats are read with load_word2vec_format(path, binary=...)"
            )
        try:
            with zipfile.ZipFile(stream) as archive:
                return _contents(archive, stream, path, mmap)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error.__cause__
        except (zipfile.BadZipFile, EOFError, OSError, ValueError, KeyError, struct.error) as error:
            raise InputError(f"{path}: the archive is damaged or cut off: {error}") from error
        except (NotImplementedError, RuntimeError) as error:
            raise InputError(f"{path}: a kind of zip that is not read here: {error}") from error


def _contents(archive: zipfile.ZipFile, stream: IO[bytes], path: Path, mmap: bool) -> Contents:
    names = archive.namelist()
    for name in ("vectors", "words", "offsets"):
        if f"{name}.npy" not in names:
            raise InputError(f"holds no array {name!r}; it was not written by WordVectors.save")
    words = _words(_read_member(archive, "words", 1, "u"), _read_member(archive, "offsets", 1, "i"))
    counts = _read_member(archive, "counts", 1, "iu") if "counts.npy" in names else None
    if counts is not None and len(counts) != len(words):
        raise InputError(f"holds {len(counts)} counts for {len(words)} words")
    if mmap:
        vectors = _map_member(archive, stream, path)
    else:
        vectors = _read_member(archive, "vectors", 2, "f")
    if len(vectors) != len(words):
        raise InputError(f"holds {len(vectors)} vectors for {len(words)} words")
    return Contents(words, vectors, counts)


def _words(raw: AnyArray, offsets: IntArray) -> list[str]:
    """Cut the bytes of all words into words."""
    steps_back = bool((np.diff(offsets) < 0).any())
    if raw.dtype != np.uint8 or len(offsets) == 0 or steps_back:
        raise InputError("the offsets of its words do not rise")
    if offsets[0] != 0 or offsets[-1] != len(raw):
        raise InputError("the offsets of its words do not span their bytes")
    data, bounds = raw.tobytes(), offsets.tolist()
    try:
        return [
            data[start:end].decode("utf-8", "surrogatepass")
            for start, end in itertools.pairwise(bounds)
        ]
    except UnicodeDecodeError as error:
        raise InputError(f"a word in it is not UTF-8: {error}") from error


def _write_member(archive: zipfile.ZipFile, stream: IO[bytes], name: str, array: AnyArray) -> None:
    """Write one array, its numbers at a multiple of 64 bytes from the file's beginning."""
    header = io.BytesIO()
    array = np.ascontiguousarray(array)
    if array.dtype.byteorder == ">" or (array.dtype.byteorder == "=" and not _little_endian()):
        array = array.astype(array.dtype.newbyteorder("<"))
    np.lib.format.write_array_header_2_0(header, np.lib.format.header_data_from_array_1_0(array))
    # A fixed date: the same vectors make the same bytes.
    member = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    member.external_attr = 0o644 << 16
    used = stream.tell() + _LOCAL_HEADER + len(name) + _ZIP64_EXTRA + 4 + len(header.getvalue())
    padding = -used % _ALIGN
    member.extra = struct.pack("<HH", _PADDING_ID, padding) + bytes(padding)
    with archive.open(member, "w", force_zip64=True) as file:
        file.write(header.getvalue())
        flat = array.reshape(-1)
        for start in range(0, len(flat), 1 << 22):
            file.write(flat[start : start + (1 << 22)].tobytes())


def _read_member(archive: zipfile.ZipFile, name: str, ndim: int, kinds: str) -> AnyArray:
    """Read one array; what is allocated is what the file holds, whatever its header says."""
    with archive.open(_stored(archive, name)) as file:
        shape, dtype, size = _array_header(archive, name, file, ndim, kinds)
        data = bytearray(file.read(size))
        if len(data) != size or file.read(1):
            raise InputError(f"the array {name!r} has another size than its header says")
    return (
        np.frombuffer(data, dtype=dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)
    )


def _map_member(archive: zipfile.ZipFile, stream: IO[bytes], path: Path) -> FloatArray:
    """Map the vectors where they lie in the file."""
    member = _stored(archive, "vectors")
    with archive.open(member) as file:
        shape, dtype, size = _array_header(archive, "vectors", file, 2, "f")
        header = member.file_size - size
    stream.seek(member.header_offset)
    local = stream.read(_LOCAL_HEADER)
    name, extra = struct.unpack("<HH", local[26:30])
    offset = member.header_offset + _LOCAL_HEADER + name + extra + header
    if offset % dtype.itemsize or dtype != dtype.newbyteorder("="):
        raise InputError(
            "its vectors do not lie so that they can be mapped into memory; "
            "load it without mmap and save it again"
        )
    stream.seek(0, io.SEEK_END)
    if offset + size > stream.tell():
        raise InputError("the archive is cut off")
    if size == 0:
        return np.empty(shape, dtype=dtype)
    mapped: Any = np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=shape)
    return np.asarray(mapped)


def _stored(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    member = archive.getinfo(f"{name}.npy")
    if member.compress_type != zipfile.ZIP_STORED:
        raise InputError(f"the array {name!r} is compressed; save it with np.savez or save(path)")
    return member


def _array_header(
    archive: zipfile.ZipFile, name: str, file: IO[bytes], ndim: int, kinds: str
) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Return shape, dtype and bytes of an array, held against the size of its member."""
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    elif version == (2, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_2_0(file)
    else:
        raise InputError(f"the array {name!r} is of npy version {version}, which is not read here")
    if dtype.kind not in kinds or dtype.hasobject or len(shape) != ndim or (fortran and ndim > 1):
        raise InputError(f"the array {name!r} has shape {shape} of {dtype}, which does not belong")
    size = dtype.itemsize
    for length in shape:
        size *= int(length)
    if size < 0 or size > archive.getinfo(f"{name}.npy").file_size:
        raise InputError(f"the array {name!r} has another size than its header says")
    return shape, dtype, size


def _little_endian() -> bool:
    return np.dtype("=i4") == np.dtype("<i4")
