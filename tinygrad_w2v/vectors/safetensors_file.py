"""Vectors as a safetensors file: the arrays of our npz under the same names.

``vectors (n, dim)``, ``words`` (UTF-8 bytes), ``offsets (n + 1,)`` and ``counts (n,)`` if known.
Reading needs the ``safetensors`` package, whose parser is made for files of strangers; writing,
a block at a time, does not.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError, MissingDependencyError
from tinygrad_w2v._base.files import PathLike, safe_write
from tinygrad_w2v._base.npy_header import little_endian
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.vectors.blocks import Block, Contents, checked
from tinygrad_w2v.vectors.source import malformed, refuse_compression, refuse_pickle
from tinygrad_w2v.vectors.word_table import Column, Spooled, TableReader, WordSpool, row_bytes

_HEADER = 1024 - 8  # bytes kept for the header, so that the numbers begin at a multiple of 64
_NAMES = {"<f2": "F16", "<f4": "F32", "<f8": "F64", "|u1": "U8", "<i8": "I64"}
_DTYPES = {name: np.dtype(code) for code, name in _NAMES.items()}


@contextmanager
def stream_safetensors(path: PathLike, limit: int | None = None) -> Iterator[TableReader]:
    """Open a safetensors file and give a reader of its blocks.

    Parameters
    ----------
    path : path
        The file.
    limit : int, optional
        Read the first so many words only.

    Raises
    ------
    InputError
        If it is damaged or holds other tensors.
    MissingDependencyError
        If the package is not installed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path, contents = Path(folder, "v.safetensors"), Contents(1, 2, np.dtype(np.float32))
    ...     write_safetensors(path, contents, [Block(["new york"], np.ones((1, 2)))])
    ...     with stream_safetensors(path) as reader:
    ...         [(block.words, block.vectors.tolist()) for block in reader]
    [(['new york'], [[1.0, 1.0]])]
    """
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise MissingDependencyError(
            f"{path}: to read safetensors, install the extra: pip install 'tinygrad_w2v[files]'"
        ) from error
    path = Path(path)
    with path.open("rb") as stream:  # its errors about a missing file or a folder are the usual
        refuse_pickle(path, stream.read(16))
    try:
        opened = safe_open(str(path), framework="numpy")
    except SafetensorError as error:
        malformed(path, f"is not a safetensors file, damaged or cut off: {error}", byte=0)
    with opened as tensors:
        names = set(tensors.keys())

        def column(name: str, ndim: int, kinds: str) -> Column:
            if name not in names:
                held = ", ".join(sorted(names)[:8])
                raise InputError(f"{path}: holds no tensor {name!r}, but: {held[:200] or 'none'}")
            part = tensors.get_slice(name)
            shape, dtype = tuple(part.get_shape()), _DTYPES.get(part.get_dtype())
            if dtype is None or dtype.kind not in kinds or len(shape) != ndim:
                raise InputError(
                    f"{path}: the tensor {name!r} has shape {shape} of {part.get_dtype()}, which "
                    "does not belong"
                )

            def take(start: int, stop: int) -> AnyArray:
                if start == stop:
                    return np.empty((0, *shape[1:]), dtype)
                rows: AnyArray = part[start:stop]
                return rows

            return Column(shape, dtype, take)

        counts = column("counts", 1, "i") if "counts" in names else None
        vectors = column("vectors", 2, "f")
        if vectors.shape[1] < 1:
            raise InputError(f"{path}: its vectors have shape {vectors.shape}")
        yield TableReader(
            path, vectors, column("words", 1, "u"), column("offsets", 1, "i"), counts, limit
        )


def write_safetensors(path: PathLike, contents: Contents, blocks: Iterable[Block]) -> None:
    """Write a safetensors file from blocks; at no moment half a file is there.

    Parameters
    ----------
    path : path
        The file.
    contents : Contents
        What the blocks hold together.
    blocks : iterable of Block
        Words, rows and counts.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path, contents = Path(folder, "v.safetensors"), Contents(1, 2, np.dtype(np.float32))
    ...     write_safetensors(path, contents, [Block(["new york"], np.ones((1, 2)))])
    ...     path.stat().st_size
    1056
    """
    refuse_compression(path, "safetensors")
    dtype, n = little_endian(contents.dtype), contents.count
    with WordSpool(contents.counted) as spool, safe_write(path, "wb") as stream:
        rows = spool.rows(checked(blocks, n, path))
        # In the order of their alignment, without gaps, as the format wants it; so room is left
        # for what is known last.
        starts = {"offsets": 0, "counts": 8 * (n + 1)}
        starts["vectors"] = starts["counts"] + (8 * n if contents.counted else 0)
        starts["words"] = starts["vectors"] + n * contents.dim * dtype.itemsize
        described: dict[str, Any] = {"__metadata__": {"format": "tinygrad_w2v"}}

        def write(name: str, array: Spooled) -> None:
            stream.seek(8 + _HEADER + starts[name])
            for part in array.parts:
                stream.write(part)
            described[name] = {
                "dtype": _NAMES[array.dtype.str],
                "shape": array.shape,
                "data_offsets": [starts[name], stream.tell() - 8 - _HEADER],
            }

        write("vectors", Spooled((n, contents.dim), dtype, row_bytes(rows, dtype)))
        for name, array in spool.arrays().items():
            write(name, array)
        # The format lets a header end in blanks.
        stream.seek(0)
        stream.write(_HEADER.to_bytes(8, "little"))
        stream.write(json.dumps(described, separators=(",", ":")).encode("ascii").ljust(_HEADER))
