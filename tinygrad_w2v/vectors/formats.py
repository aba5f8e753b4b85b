"""Files of vectors in any format: read, written, and converted.

The formats are listed in `registry`, which this module hands on.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v.vectors.blocks import collect, contents_of
from tinygrad_w2v.vectors.npy import map_npy
from tinygrad_w2v.vectors.registry import (
    FORMATS,
    READ_ONLY,
    Format,
    convert,
    format_named,
    format_of_target,
    recognise,
    stream,
)
from tinygrad_w2v.vectors.subword_vectors import SubwordVectors, holds_ngrams
from tinygrad_w2v.vectors.word_vectors import WordVectors

__all__ = [
    "FORMATS",
    "READ_ONLY",
    "Format",
    "convert",
    "format_named",
    "format_of_target",
    "load",
    "recognise",
    "save",
    "stream",
]


def load(
    path: PathLike,
    format: str | None = None,
    limit: int | None = None,
    mmap: bool = False,
    datatype: npt.DTypeLike = np.float32,
    unicode_errors: str = "strict",
    duplicates: Literal["error", "first"] = "error",
) -> WordVectors:
    """Return the vectors of a file of any format.

    Parameters
    ----------
    path : path
        The file; for a format of two, the one of the vectors.
    format : str, optional
        A name in `FORMATS` or `READ_ONLY`; else `recognise` decides.
    limit : int, optional
        Read the first so many words only.
    mmap : bool
        Map the table of an npz or npy into memory instead of reading it.
    datatype : dtype
        float32 or float64, of rows that stand in the file as text.
    unicode_errors : str
        ``"strict"``, ``"replace"`` or ``"ignore"``, for words that are not UTF-8.
    duplicates : str
        ``"first"`` keeps the first vector of a word that occurs again; ``"error"`` refuses it.

    Raises
    ------
    InputError
        If the file is malformed, with its place.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(WordVectors(["new york"], [[1, 2]]), pathlib.Path(folder, "v.npy"))
    ...     load(pathlib.Path(folder, "v.npy"), mmap=True)
    WordVectors(1 words, 2 dimensions, float32)
    """
    if mmap:
        chosen = format_named(format) if format is not None else recognise(path)
        if chosen.name not in ("npz", "npy"):
            raise InputError(f"{path}: {chosen.name} cannot be mapped into memory; npz and npy can")
        if limit is not None:
            raise InputError("a limit and mmap do not go together; nothing is read beforehand")
        if chosen.name == "npz":
            return WordVectors.load(path, mmap=True)
        mapped = map_npy(path, unicode_errors)
        try:
            return WordVectors.from_mapped(*mapped)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error
    if limit is None and (format or recognise(path).name) == "npz" and holds_ngrams(path):
        return SubwordVectors.load(path)
    with stream(path, format, limit, datatype, unicode_errors) as reader:
        words, vectors, counts = collect(reader, path, duplicates)
    return WordVectors(words, vectors, counts)


def save(vectors: WordVectors, path: PathLike, format: str | None = None) -> None:
    r"""Write vectors to a file; its suffix decides the format where none is named.

    Raises
    ------
    InputError
        If the format cannot hold a word.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(WordVectors(["you"], [[1, 2]]), pathlib.Path(folder, "v.vec"))
    ...     pathlib.Path(folder, "v.vec").read_text(encoding="utf-8")
    '1 2\nyou 1 2\n'
    """
    chosen = format_named(format) if format is not None else format_of_target(path)
    chosen.write(path, *contents_of(vectors.index_to_key, vectors.vectors, vectors.counts))
