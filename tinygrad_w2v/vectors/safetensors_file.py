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
from tinygrad_w2v._base.npz import Pieces, as_bytes
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.vectors.blocks import DEFAULTS, Block, Contents, Options, checked
from tinygrad_w2v.vectors.columns import ColumnReader, Rows, WordColumns
from tinygrad_w2v.vectors.source import malformed, refuse_compression, refuse_pickle

_HEADER = 1024 - 8  # bytes kept for the header, so that the numbers begin at a multiple of 64
_NAMES = {"<f2": "F16", "<f4": "F32", "<f8": "F64", "|u1": "U8", "<i8": "I64"}
_COLUMNS = ("words", "offsets", "counts")
_DTYPES = {name: np.dtype(code) for code, name in _NAMES.items()}


@contextmanager
def open_safetensors(path: PathLike, options: Options = DEFAULTS) -> Iterator[ColumnReader]:
    """Open a safetensors file and give a reader of its blocks.

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
    ...     with open_safetensors(path) as reader:
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
        slices = {name: tensors.get_slice(name) for name in tensors.keys()}
        kinds = {"vectors": "f", "words": "u", "offsets": "i"}
        for name, kind in (kinds | ({"counts": "i"} if "counts" in slices else {})).items():
            if name not in slices:
                held = ", ".join(sorted(slices)[:8])
                raise InputError(f"{path}: holds no tensor {name!r}, but: {held[:200] or 'none'}")
            shape, dtype = slices[name].get_shape(), _DTYPES.get(slices[name].get_dtype())
            fits = len(shape) == (2 if name == "vectors" else 1) and 0 not in shape[1:]
            if dtype is None or dtype.kind != kind or not fits:
                raise InputError(
                    f"{path}: the tensor {name!r} has shape {tuple(shape)} of "
                    f"{slices[name].get_dtype()}, which does not belong"
                )
        vectors = slices.pop("vectors")
        arrays = {name: tensors.get_tensor(name) for name in slices if name in _COLUMNS}
        done = 0

        def take(rows: int) -> AnyArray:
            nonlocal done
            done += rows
            taken: AnyArray = vectors[done - rows : done]
            return taken

        dtype = _DTYPES[vectors.get_dtype()]
        rows = Rows(path, tuple(vectors.get_shape()), dtype, take)
        yield ColumnReader(rows, arrays, options.limit)


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
    n = contents.count
    columns = WordColumns(contents.counted)
    # In the order of their alignment, without gaps, as the format wants it; so room is left for
    # what is known last.
    starts = {"offsets": 0, "counts": 8 * (n + 1)}
    starts["vectors"] = starts["counts"] + (8 * n if contents.counted else 0)
    starts["words"] = starts["vectors"] + n * contents.dim * contents.dtype.itemsize
    described: dict[str, Any] = {"__metadata__": {"format": "tinygrad_w2v"}}

    with safe_write(path, "wb") as stream:

        def write(name: str, array: Pieces) -> None:
            stream.seek(8 + _HEADER + starts[name])
            for piece in array.pieces:
                stream.write(as_bytes(piece, array.dtype))
            described[name] = {
                "dtype": _NAMES[little_endian(array.dtype).str],
                "shape": array.shape,
                "data_offsets": [starts[name], stream.tell() - 8 - _HEADER],
            }

        rows = columns.rows(checked(blocks, n, path))
        write("vectors", Pieces((n, contents.dim), contents.dtype, rows))
        for name, array in columns.arrays().items():
            write(name, Pieces(array.shape, array.dtype, [array]))
        # The format lets a header end in blanks.
        stream.seek(0)
        stream.write(_HEADER.to_bytes(8, "little"))
        stream.write(json.dumps(described, separators=(",", ":")).encode("ascii").ljust(_HEADER))
