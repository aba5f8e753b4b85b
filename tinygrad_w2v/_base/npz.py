"""Named arrays in one file: an npz without pickle, the same bytes for the same arrays.

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
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike, safe_write
from tinygrad_w2v._base.memory import in_bytes
from tinygrad_w2v._base.npy_header import read_array, read_array_header
from tinygrad_w2v._base.types import AnyArray

LARGEST_RATIO = 20
"""How many times the file's size its members may have together."""
ALWAYS = 1 << 26
"""Members that have fewer bytes together are read in any case: tables of zeros shrink well."""

# RuntimeError: of zips that Python cannot read.
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
    RuntimeError,
)


def write_arrays(path: PathLike, arrays: Mapping[str, AnyArray]) -> None:
    """Write named arrays into an npz file under exactly this name, whole or not at all.

    Parameters
    ----------
    path : path
        The target; its folder must exist.
    arrays : mapping of str to array
        Numbers; any names.

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
    with safe_write(path, "wb") as stream, zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            # A ZipInfo without a time: equal arrays make equal files.
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)


def read_arrays(path: PathLike) -> dict[str, AnyArray]:
    """Read what `write_arrays` (or `numpy.savez`) wrote; a pickle is refused.

    Raises
    ------
    InputError
        If the file is missing, damaged, or something else.
    """
    try:
        with Path(path).open("rb") as stream:
            if stream.read(2) != b"PK":
                raise InputError(f"{path}: is not an npz file; give one that `save` wrote")
            with zipfile.ZipFile(stream) as archive:
                check_members(archive, os.fstat(stream.fileno()).st_size)
                return dict(_read_member(archive, member) for member in archive.infolist())
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except _DAMAGE as error:  # an InputError among them
        if str(error).startswith(f"{path}: "):
            raise
        raise InputError(f"{path}: cannot be read as an npz file: {error}") from error


def check_members(archive: zipfile.ZipFile, size: int) -> int:
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
    >>> check_members(archive, len(stream.getvalue()))
    100
    """
    total = sum(member.file_size for member in archive.infolist())
    if total > max(ALWAYS, LARGEST_RATIO * size):
        raise InputError(
            f"unpacks to {in_bytes(total)} from {in_bytes(size)}, as no file of numbers does; if "
            "it is one, save it anew without compression (np.savez)"
        )
    return total


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[str, AnyArray]:
    """Read one array whole; no room is made for what its header promises beyond what is there."""
    name, suffix = member.filename[:-4], member.filename[-4:]
    if suffix != ".npy":
        raise InputError(f"holds {member.filename!r:.80}, which is no array")
    with archive.open(member) as stream:
        header = read_array_header(stream, f"the array {name!r:.80}", member.file_size)
        return name, read_array(stream, f"the array {name!r:.80}", member.file_size, header)
