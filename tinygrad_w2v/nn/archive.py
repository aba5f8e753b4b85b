"""Named arrays in one file: an npz without pickle, the same bytes for the same arrays."""

from __future__ import annotations

import math
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike, safe_write
from tinygrad_w2v._base.types import AnyArray

_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, KeyError, struct.error)


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
            stream.seek(0)
            with np.load(stream, allow_pickle=False) as archive:
                for member in archive.zip.infolist():
                    _check_size(archive.zip, member)
                return {name: archive[name] for name in archive.files}
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except (*_DAMAGE, RuntimeError) as error:  # a RuntimeError: of zips that Python cannot read
        raise InputError(f"{path}: cannot be read as an npz file: {error}") from error


def _check_size(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Refuse an array whose header promises more than is there, before room is made for it."""
    with archive.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        else:
            shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
    if math.prod(shape) * dtype.itemsize > member.file_size:
        raise ValueError(f"{member.filename} is shorter than its header says")
