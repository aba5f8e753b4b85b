"""Files of vectors in any format: read, written, and turned into each other.

A reader yields blocks and a writer takes them, so that `convert` turns any format into any other
with one block in memory. The formats themselves are listed in `registry`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v.vectors.blocks import (
    Contents,
    Reader,
    blocks_of,
    check_datatype,
    check_limit,
    checked,
    collect,
    count_lines,
)
from tinygrad_w2v.vectors.npy import map_npy
from tinygrad_w2v.vectors.registry import (
    FORMATS,
    Format,
    Options,
    format_named,
    format_of_target,
    recognise,
)
from tinygrad_w2v.vectors.word_vectors import WordVectors

__all__ = [
    "FORMATS",
    "Format",
    "convert",
    "format_named",
    "format_of_target",
    "load",
    "recognise",
    "save",
    "stream",
]


@contextmanager
def stream(
    path: PathLike,
    format: str | None = None,
    limit: int | None = None,
    datatype: npt.DTypeLike = np.float32,
    unicode_errors: str = "strict",
) -> Iterator[Reader]:
    """Open a file of vectors and give a reader: ``count``, ``dim``, and blocks when iterated.

    Parameters
    ----------
    path : path
        The file.
    format : str, optional
        A name in `FORMATS`; else `recognise` decides.
    limit : int, optional
        Read the first so many words only.
    datatype : dtype
        float32 or float64, of rows that stand in the file as text.
    unicode_errors : str
        ``"strict"``, ``"replace"`` or ``"ignore"``, for words that are not UTF-8.

    Raises
    ------
    InputError
        If the file is malformed, with its place.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(WordVectors(["you"], [[1, 2]]), pathlib.Path(folder, "v.npz"))
    ...     with stream(pathlib.Path(folder, "v.npz")) as reader:
    ...         reader.count, reader.dim, [block.words for block in reader]
    (1, 2, [['you']])
    """
    check_limit(limit)
    options = Options(limit, check_datatype(datatype), unicode_errors)
    if unicode_errors not in ("strict", "replace", "ignore"):
        raise InputError(f"unicode_errors is {unicode_errors!r}; use strict, replace or ignore")
    chosen = format_named(format) if format is not None else recognise(path)
    with chosen.stream(path, options) as reader:
        yield reader


def convert(
    source: PathLike,
    target: PathLike,
    source_format: str | None = None,
    target_format: str | None = None,
    limit: int | None = None,
    datatype: npt.DTypeLike = np.float32,
    unicode_errors: str = "strict",
) -> int:
    r"""Turn a file of vectors into another format, a block at a time; return the number of words.

    The order is kept, and the counts where both formats have them. Words that occur twice are
    not looked for, since that takes all of them in memory: loading the result does.

    Parameters
    ----------
    source, target : path
        The files. A format of two files is named by the one of the vectors.
    source_format, target_format : str, optional
        Names in `FORMATS`; else the source is recognised and the target's suffix decides.
    limit : int, optional
        Take the first so many words only.
    datatype : dtype
        float32 or float64, of rows that stand in the source as text.
    unicode_errors : str
        ``"strict"``, ``"replace"`` or ``"ignore"``, for words that are not UTF-8.

    Raises
    ------
    InputError
        If the source is malformed, with its place, or the target's format cannot hold a word.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     source, target = pathlib.Path(folder, "v.txt"), pathlib.Path(folder, "v.tsv")
    ...     _ = source.write_text("you 1 2\nsay 3 4\n", encoding="utf-8")
    ...     convert(source, target)
    ...     target.read_text(encoding="utf-8")
    2
    '1\t2\n3\t4\n'
    """
    chosen = format_named(target_format) if target_format is not None else format_of_target(target)
    with stream(source, source_format, limit, datatype, unicode_errors) as reader:
        count = reader.count
        if count is None:  # only the end of the file tells: it is read twice
            lines = count_lines(source)
            count = lines if limit is None else min(lines, limit)
        contents = Contents(count, reader.dim, reader.dtype, reader.counted)
        chosen.write(target, contents, checked(reader, count, source, source))
    return count


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
        A name in `FORMATS`; else `recognise` decides.
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
    table, counts = vectors.vectors, vectors.counts
    contents = Contents(len(vectors), vectors.vector_size, table.dtype, counts is not None)
    chosen.write(path, contents, blocks_of(vectors.index_to_key, table, counts))
