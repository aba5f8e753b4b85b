"""The library's own file: an npz archive that holds any word and can be mapped into memory.

It is a zip of plain ``.npy`` members, nothing compressed and nothing pickled, which `numpy.load`
reads as well: ``vectors (n, dim)``, ``words`` (UTF-8 bytes of all words, one after the other),
``offsets (n + 1,)`` (where each word begins and ends in them), and ``counts (n,)`` if known. The
vectors come first, at a byte that is a multiple of 64: so they can be mapped into memory as they
lie in the file, and processes that read the same file share its pages.
"""

import io
import os
import struct
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike, safe_write
from tinygrad_w2v._base.npy_header import (
    ArrayHeader,
    array_header,
    little_endian,
    read_array,
    read_array_header,
)
from tinygrad_w2v._base.npz import check_members
from tinygrad_w2v._base.types import AnyArray, FloatArray, IntArray
from tinygrad_w2v.vectors.blocks import Block, Collected, Contents, blocks_of, checked
from tinygrad_w2v.vectors.source import refuse_compression, refuse_pickle
from tinygrad_w2v.vectors.word_table import Column, Spooled, TableReader, WordSpool, row_bytes

_ALIGN = 64
_LOCAL_HEADER = 30  # bytes of a zip member's header before its name and extra field
_ZIP64_EXTRA = 20  # bytes that zipfile adds to the extra field under force_zip64
_PADDING_ID = 0xD935  # the extra field that Android's zipalign pads with


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
    contents = Contents(len(words), vectors.shape[1], vectors.dtype, counts is not None)
    write_archive_blocks(path, contents, blocks_of(words, vectors, counts), others)


def write_archive_blocks(
    path: PathLike,
    contents: Contents,
    blocks: Iterable[Block],
    others: Mapping[str, AnyArray] | None = None,
) -> None:
    """Write an archive from blocks, never holding more than one of them.

    Parameters
    ----------
    path : path
        The file, under exactly this name.
    contents : Contents
        What the blocks hold together.
    blocks : iterable of Block
        Words, rows and counts.
    others : mapping of str to array, optional
        More arrays to keep beside them.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "vectors.npz")
    ...     contents = Contents(2, 2, np.dtype(np.float32))
    ...     write_archive_blocks(path, contents, blocks_of(["a", "b"], np.eye(2)))
    ...     read_archive(path).words
    ['a', 'b']
    """
    refuse_compression(path, "npz")
    shape, dtype = (contents.count, contents.dim), little_endian(contents.dtype)
    with (
        WordSpool(contents.counted) as spool,
        safe_write(path, "wb") as stream,
        zipfile.ZipFile(stream, "w") as archive,
    ):
        rows = spool.rows(checked(blocks, contents.count, path))
        vectors = Spooled(shape, dtype, row_bytes(rows, dtype))
        _write_member(archive, stream, "vectors", vectors)
        for name, array in spool.arrays().items():
            _write_member(archive, stream, name, array)
        for name, other in (others or {}).items():
            whole = np.ascontiguousarray(other, dtype=little_endian(other.dtype))
            spooled = Spooled(whole.shape, whole.dtype, iter([whole.tobytes()]))
            _write_member(archive, stream, name, spooled)


def read_archive(path: PathLike, mmap: bool = False) -> Collected:
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
    with _opened(path) as (archive, stream), _faults(path):
        names = archive.namelist()
        raw, offsets = (
            _read_member(archive, name, 1, kinds)
            for name, kinds in (("words", "u"), ("offsets", "i"))
        )
        counts = _read_member(archive, "counts", 1, "iu") if "counts.npy" in names else None
        vectors = (
            _map_member(archive, stream, path) if mmap else _read_member(archive, "vectors", 2, "f")
        )
        # Words only: of the rows, reading which would read the whole map, no columns are taken.
        rows = _whole(vectors[:, :0])
        counted = None if counts is None else _whole(counts)
        reader = TableReader(path, rows, _whole(raw), _whole(offsets), counted)
        words = [word for block in reader for word in block.words]
        return Collected(words, vectors, counts)


@contextmanager
def stream_archive(path: PathLike, limit: int | None = None) -> Iterator[TableReader]:
    """Open an archive and give a reader of its blocks.

    Parameters
    ----------
    path : path
        The file.
    limit : int, optional
        Read the first so many words only.

    Raises
    ------
    InputError
        If the file is a pickle, damaged, or holds something else.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "vectors.npz")
    ...     write_archive(path, ["you", "say"], np.eye(2))
    ...     with stream_archive(path, limit=1) as reader:
    ...         [block.words for block in reader]
    [['you']]
    """
    path = Path(path)
    with ExitStack() as stack:
        archive, _ = stack.enter_context(_opened(path))

        @_faults(path)
        def column(name: str, ndim: int, kinds: str) -> Column:
            file = stack.enter_context(archive.open(_stored(archive, name)))
            header = _member_header(archive, name, file, ndim, kinds)
            return _sequential(path, file, header)

        names = archive.namelist()
        yield TableReader(
            path,
            column("vectors", 2, "f"),
            column("words", 1, "u"),
            column("offsets", 1, "i"),
            column("counts", 1, "iu") if "counts.npy" in names else None,
            limit,
        )


@contextmanager
def _opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, IO[bytes]]]:
    """Open an archive that holds what belongs into one; say what is wrong with it."""
    with path.open("rb") as stream, ExitStack() as stack:
        start = stream.read(16)
        refuse_pickle(path, start)
        if not start.startswith(b"PK"):
            raise InputError(
                f"{path}: is not a file that save(path) wrote; "
                "word2vec's formats are read with load_word2vec_format(path, binary=...)"
            )
        with _faults(path):
            archive = stack.enter_context(zipfile.ZipFile(stream))
            check_members(archive, os.fstat(stream.fileno()).st_size)
            names = archive.namelist()
            for name in ("vectors", "words", "offsets"):
                if f"{name}.npy" not in names:
                    raise InputError(
                        f"holds no array {name!r}; it was not written by WordVectors.save"
                    )
        yield archive, stream


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    """Turn what zipfile raises about a damaged archive into one clear line."""
    try:
        yield
    except InputError as error:
        text = str(error)
        if text.startswith(str(path)):
            raise
        raise InputError(f"{path}: {text}") from error.__cause__
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, KeyError, struct.error) as error:
        raise InputError(f"{path}: the archive is damaged or cut off: {error}") from error
    except (NotImplementedError, RuntimeError) as error:
        raise InputError(f"{path}: a kind of zip that is not read here: {error}") from error


def _write_member(archive: zipfile.ZipFile, stream: IO[bytes], name: str, array: Spooled) -> None:
    """Write one array, its numbers at a multiple of 64 bytes from the file's beginning."""
    header = array_header(array.shape, array.dtype)
    # A fixed date: the same vectors make the same bytes.
    member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
    member.external_attr = 0o644 << 16
    used = stream.tell() + _LOCAL_HEADER + len(member.filename) + _ZIP64_EXTRA + 4 + len(header)
    padding = -used % _ALIGN
    member.extra = struct.pack("<HH", _PADDING_ID, padding) + bytes(padding)
    with archive.open(member, "w", force_zip64=True) as file:
        file.write(header)
        for part in array.parts:
            file.write(part)


def _whole(array: AnyArray) -> Column:
    return Column(array.shape, array.dtype, lambda start, stop: array[start:stop])


def _sequential(path: Path, file: IO[bytes], header: ArrayHeader) -> Column:
    """Return an array of the archive that is read from its first row on."""
    row = header.size // header.shape[0] if header.shape[0] else 0

    def take(start: int, stop: int) -> AnyArray:
        with _faults(path):
            data = file.read((stop - start) * row)
            if len(data) != (stop - start) * row:
                raise InputError("the archive is cut off")
            if stop == header.shape[0] and file.read(1):  # which also compares the checksum
                raise InputError("an array has another size than its header says")
        shape = (stop - start, *header.shape[1:])
        return np.frombuffer(data, dtype=header.dtype).reshape(shape)

    return Column(header.shape, header.dtype, take)


def _read_member(archive: zipfile.ZipFile, name: str, ndim: int, kinds: str) -> AnyArray:
    """Read one array; what is allocated is what the file holds, whatever its header says."""
    member = _stored(archive, name)
    with archive.open(member) as file:
        header = _member_header(archive, name, file, ndim, kinds)
        return read_array(file, f"the array {name!r}", member.file_size, header)


def _map_member(archive: zipfile.ZipFile, stream: IO[bytes], path: Path) -> FloatArray:
    """Map the vectors where they lie in the file."""
    member = _stored(archive, "vectors")
    with archive.open(member) as file:
        header = _member_header(archive, "vectors", file, 2, "f")
    dtype, shape, size = header.dtype, header.shape, header.size
    if header.start + size != member.file_size:
        raise InputError("the array 'vectors' has another size than its header says")
    stream.seek(member.header_offset)
    local = stream.read(_LOCAL_HEADER)
    name, extra = struct.unpack("<HH", local[26:30])
    offset = member.header_offset + _LOCAL_HEADER + name + extra + header.start
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


def _member_header(
    archive: zipfile.ZipFile, name: str, file: IO[bytes], ndim: int, kinds: str
) -> ArrayHeader:
    available = archive.getinfo(f"{name}.npy").file_size
    header = read_array_header(file, f"the array {name!r}", available, ndim, kinds)
    if header.fortran:
        raise InputError(f"the array {name!r} is in Fortran order, which is not read here")
    return header
