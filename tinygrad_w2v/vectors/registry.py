"""Every format of files of vectors: its name, its suffixes, how it is read and written.

A reader yields blocks and a writer takes them, so that `convert` turns any format into any other
with one block in memory. A file that is read is recognised by its suffix and, where that tells too
little, by how it begins; a file that is written takes the format of its suffix.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.compressed import SUFFIXES, open_write
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.npy_header import MAGIC
from tinygrad_w2v.vectors.archive import open_archive, write_archive_blocks
from tinygrad_w2v.vectors.blocks import (
    Block,
    Contents,
    Options,
    Reader,
    checked,
    count_lines,
    options,
)
from tinygrad_w2v.vectors.fasttext_words import open_fasttext_binary, refuse_to_write
from tinygrad_w2v.vectors.npy import open_npy, write_npy
from tinygrad_w2v.vectors.projector import open_projector, write_projector
from tinygrad_w2v.vectors.safetensors_file import open_safetensors, write_safetensors
from tinygrad_w2v.vectors.source import FASTTEXT, open_source
from tinygrad_w2v.vectors.word2vec_binary import BinaryReader, write_binary
from tinygrad_w2v.vectors.word2vec_header import looks_like_header
from tinygrad_w2v.vectors.word2vec_text import TextReader, write_text


class Format(NamedTuple):
    """One format of vectors.

    Attributes
    ----------
    name : str
        By which it is asked for.
    suffixes : tuple of str
        Of the files that are taken for it.
    about : str
        One line for a help text.
    open : callable
        ``(path, options)`` to a context manager of a reader.
    write : callable
        ``(path, contents, blocks)``.
    """

    name: str
    suffixes: tuple[str, ...]
    about: str
    open: Callable[[PathLike, Options], AbstractContextManager[Reader]]
    write: Callable[[PathLike, Contents, Iterable[Block]], None]


@contextmanager
def _open_text(path: PathLike, options: Options, no_header: bool = False) -> Iterator[TextReader]:
    with open_source(path) as source:
        yield TextReader(source, options, no_header)


@contextmanager
def _open_binary(path: PathLike, options: Options) -> Iterator[BinaryReader]:
    with open_source(path) as source:
        yield BinaryReader(source, options)


def write_word2vec(
    path: PathLike,
    contents: Contents,
    blocks: Iterable[Block],
    binary: bool = False,
    header: bool = True,
    file: IO[bytes] | None = None,
) -> None:
    r"""Write one of word2vec's formats.

    Parameters
    ----------
    path : path
        The target; compressed if its name says so.
    contents : Contents
        What the blocks hold together.
    blocks : iterable of Block
        Words and rows.
    binary : bool
        The binary format; else text.
    header : bool
        False: begin with the first word, as GloVe's text does.
    file : file, optional
        The target, if it is open already.

    Raises
    ------
    InputError
        If the format cannot hold a word, a row holds NaN, or there are more or fewer words.

    Examples
    --------
    >>> import io
    >>> file, contents = io.BytesIO(), Contents(1, 2, np.dtype(np.float32))
    >>> block = Block(["you"], np.ones((1, 2), np.float32))
    >>> write_word2vec("v.txt", contents, [block], file=file)
    >>> file.getvalue()
    b'1 2\nyou 1 1\n'
    """
    rows = ((block.words, block.vectors) for block in checked(blocks, contents.count, path))
    first = f"{contents.count} {contents.dim}\n".encode() if header else b""
    with open_write(path) if file is None else nullcontext(file) as stream:
        (write_binary if binary else write_text)(stream, rows, first)


FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format(
            "word2vec",
            (".txt",),
            "word2vec's text: a header, then a word and its numbers a line",
            _open_text,
            write_word2vec,
        ),
        Format(
            "word2vec-binary",
            (".bin",),
            "word2vec's binary format, float32",
            _open_binary,
            partial(write_word2vec, binary=True),
        ),
        Format(
            "glove",
            (".glove",),
            "GloVe's text: word2vec's without the header",
            partial(_open_text, no_header=True),
            partial(write_word2vec, header=False),
        ),
        Format("fasttext", (".vec",), "fastText's text", _open_text, write_word2vec),
        Format(
            "npz",
            (".npz",),
            "the library's own archive: any word, counts, memory mapping",
            open_archive,
            write_archive_blocks,
        ),
        Format(
            "npy",
            (".npy",),
            "a NumPy table, with its words in NAME.words.tsv; memory mapping",
            open_npy,
            write_npy,
        ),
        Format(
            "projector",
            (".tsv",),
            "the Embedding Projector's vectors.tsv, with metadata.tsv beside it",
            open_projector,
            write_projector,
        ),
        Format(
            "safetensors",
            (".safetensors",),
            "safetensors, with the words as tensors (reading needs the extra 'files')",
            open_safetensors,
            write_safetensors,
        ),
    )
}
READ_ONLY: dict[str, Format] = {
    "fasttext-binary": Format(
        "fasttext-binary",
        (),  # a .bin that is to be written is word2vec's
        "the vectors of the words of fastText's binary model",
        open_fasttext_binary,
        refuse_to_write,
    )
}


@contextmanager
def stream(
    path: PathLike,
    format: str | None = None,
    limit: int | None = None,
    datatype: npt.DTypeLike = np.float32,
    unicode_errors: str = "strict",
) -> Iterator[Reader]:
    r"""Open a file of vectors and give a reader: ``count``, ``dim``, and blocks when iterated.

    Parameters
    ----------
    path : path
        The file.
    format : str, optional
        A name in `FORMATS` or `READ_ONLY`; else `recognise` decides.
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
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "v.txt")
    ...     _ = path.write_text("1 2\nyou 1 2\n", encoding="utf-8")
    ...     with stream(path) as reader:
    ...         reader.count, reader.dim, [block.words for block in reader]
    (1, 2, [['you']])
    """
    told = options(limit, datatype, unicode_errors)
    chosen = format_named(format) if format is not None else recognise(path)
    with chosen.open(path, told) as reader:
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
        Names as for `format_named`; else the source is recognised and the target's suffix decides.
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


def recognise(path: PathLike) -> Format:
    """Return the format of a file: by its suffix, and by how it begins where that is not enough.

    Raises
    ------
    InputError
        If it is a pickle, or nothing that is known.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "vectors.txt")
    ...     _ = path.write_text("you 1 2", encoding="utf-8")
    ...     recognise(path).name
    'glove'
    """
    named = _by_suffix(path)
    if named is not None and named.name == "safetensors":
        return named  # whose first bytes are a length: any bytes
    with open_source(path) as source:
        start = source.stream.read(1 << 12)
    if start.startswith(FASTTEXT):
        return READ_ONLY["fasttext-binary"]
    if start.startswith(b"PK"):
        return FORMATS["npz"]
    if start.startswith(MAGIC):
        return FORMATS["npy"]
    if named is None or named.name in ("word2vec", "glove", "fasttext"):
        return _by_first_line(path, start, named)
    return named


def format_of_target(path: PathLike) -> Format:
    """Return the format that a name asks for; its suffix decides.

    Raises
    ------
    InputError
        If the suffix is not known.

    Examples
    --------
    >>> format_of_target("vectors.txt.gz").name
    'word2vec'
    """
    named = _by_suffix(path)
    if named is None:
        known = ", ".join(suffix for each in FORMATS.values() for suffix in each.suffixes)
        raise InputError(
            f"{path}: the suffix tells no format; use one of {known}, or name the format: "
            + ", ".join(FORMATS)
        )
    return named


def format_named(name: str) -> Format:
    """Return the format of a name in `FORMATS` or `READ_ONLY`.

    Examples
    --------
    >>> format_named("npz").suffixes
    ('.npz',)
    """
    known = FORMATS | READ_ONLY
    if name not in known:
        raise InputError(f"there is no format {name!r}; known are: {', '.join(known)}")
    return known[name]


def _by_suffix(path: PathLike) -> Format | None:
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in SUFFIXES:
        suffix = Path(path.stem).suffix.lower()
    return next((each for each in FORMATS.values() if suffix in each.suffixes), None)


def _by_first_line(path: PathLike, start: bytes, named: Format | None) -> Format:
    """Tell word2vec's formats and GloVe's text apart."""
    first, _, rest = start.partition(b"\n")
    if looks_like_header(first):
        second = rest.split(b"\n", 1)[0]
        try:
            second.decode("utf-8")
        except UnicodeDecodeError as error:
            cut = error.end >= len(second) and b"\n" not in rest
            if not cut and named is None:
                return FORMATS["word2vec-binary"]
        return FORMATS["fasttext" if named is not None and named.name == "fasttext" else "word2vec"]
    fields = first.split()
    if len(fields) > 1 and all(0x20 <= byte or byte in b"\t\r" for byte in first):
        return FORMATS["glove"]
    if named is not None:
        return named
    raise InputError(
        f"{os.fspath(path)}: is no file of vectors that is known here; name its format if it is: "
        + ", ".join(FORMATS)
    )
