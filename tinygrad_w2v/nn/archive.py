"""Named arrays in one file: an npz without pickle, the same bytes for the same arrays."""

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
from tinygrad_w2v._base.npy_header import read_array, read_array_header
from tinygrad_w2v._base.npz import check_members
from tinygrad_w2v._base.types import AnyArray

# RuntimeError: of zips that Python cannot read.
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, OSError, ValueError, KeyError, OverflowError, RuntimeError),
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


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[str, AnyArray]:
    """Read one array whole; no room is made for what its header promises beyond what is there."""
    name, suffix = member.filename[:-4], member.filename[-4:]
    if suffix != ".npy":
        raise InputError(f"holds {member.filename!r:.80}, which is no array")
    with archive.open(member) as stream:
        header = read_array_header(stream, f"the array {name!r:.80}", member.file_size)
        return name, read_array(stream, f"the array {name!r:.80}", member.file_size, header)
