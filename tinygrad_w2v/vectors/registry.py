"""Every format of vectors under one roof: its name, its suffixes, how it is read and written.

A file that is read is recognised by its suffix and, where that tells too little, by how it
begins; a file that is written takes the format of its suffix.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_w2v._base.compressed import SUFFIXES, open_write
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.npy_header import MAGIC
from tinygrad_w2v.vectors.archive import stream_archive, write_archive_blocks
from tinygrad_w2v.vectors.blocks import Block, Contents, Reader, checked
from tinygrad_w2v.vectors.npy import stream_npy, write_npy
from tinygrad_w2v.vectors.projector import stream_projector, write_projector
from tinygrad_w2v.vectors.safetensors_file import stream_safetensors, write_safetensors
from tinygrad_w2v.vectors.source import open_source
from tinygrad_w2v.vectors.word2vec_binary import write_binary
from tinygrad_w2v.vectors.word2vec_format import stream_word2vec_format
from tinygrad_w2v.vectors.word2vec_header import looks_like_header
from tinygrad_w2v.vectors.word2vec_text import write_text

_FLOAT32 = np.dtype(np.float32)
_FASTTEXT_MODEL = (793712314).to_bytes(4, "little")


@dataclass(frozen=True)
class Options:
    """What a reader may be told; each format heeds what concerns it."""

    limit: int | None = None
    datatype: np.dtype[Any] = _FLOAT32
    unicode_errors: str = "strict"


Stream = Callable[[PathLike, Options], AbstractContextManager[Reader]]
Write = Callable[[PathLike, Contents, Iterable[Block]], None]


@dataclass(frozen=True)
class Format:
    """One format of vectors.

    Parameters
    ----------
    name : str
        By which it is asked for.
    suffixes : tuple of str
        Of the files that are taken for it.
    about : str
        One line for a help text.
    stream : callable
        ``(path, options)`` to a context manager of a reader.
    write : callable
        ``(path, contents, blocks)``.
    """

    name: str
    suffixes: tuple[str, ...]
    about: str
    stream: Stream
    write: Write


def _word2vec(
    binary: bool = False, no_header: bool = False
) -> Callable[[PathLike, Options], AbstractContextManager[Reader]]:
    def stream(path: PathLike, options: Options) -> AbstractContextManager[Reader]:
        return stream_word2vec_format(
            path, binary, options.limit, no_header, options.unicode_errors, options.datatype
        )

    return stream


def _word2vec_writer(binary: bool = False, header: bool = True) -> Write:
    def write(path: PathLike, contents: Contents, blocks: Iterable[Block]) -> None:
        rows = ((b.words, b.vectors) for b in checked(blocks, contents.count, path))
        first = f"{contents.count} {contents.dim}\n".encode() if header else b""
        with open_write(path) as stream:
            (write_binary if binary else write_text)(stream, rows, first)

    return write


FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format(
            "word2vec",
            (".txt",),
            "word2vec's text: a header, then a word and its numbers a line",
            _word2vec(),
            _word2vec_writer(),
        ),
        Format(
            "word2vec-binary",
            (".bin",),
            "word2vec's binary format, float32",
            _word2vec(binary=True),
            _word2vec_writer(binary=True),
        ),
        Format(
            "glove",
            (".glove",),
            "GloVe's text: word2vec's without the header",
            _word2vec(no_header=True),
            _word2vec_writer(header=False),
        ),
        Format("fasttext", (".vec",), "fastText's text", _word2vec(), _word2vec_writer()),
        Format(
            "npz",
            (".npz",),
            "the library's own archive: any word, counts, memory mapping",
            lambda path, options: stream_archive(path, options.limit),
            write_archive_blocks,
        ),
        Format(
            "npy",
            (".npy",),
            "a NumPy table, with its words in NAME.words.tsv; memory mapping",
            lambda path, options: stream_npy(path, options.limit, options.unicode_errors),
            write_npy,
        ),
        Format(
            "projector",
            (".tsv",),
            "the Embedding Projector's vectors.tsv, with metadata.tsv beside it",
            lambda path, options: stream_projector(
                path, options.limit, options.unicode_errors, options.datatype
            ),
            write_projector,
        ),
        Format(
            "safetensors",
            (".safetensors",),
            "safetensors, with the words as tensors (reading needs the extra 'files')",
            lambda path, options: stream_safetensors(path, options.limit),
            write_safetensors,
        ),
    )
}


def recognise(path: PathLike) -> Format:
    """Return the format of a file: by its suffix, and by how it begins where that is not enough.

    Raises
    ------
    InputError
        If it is a pickle, fastText's binary model, or nothing that is known.

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
    if start.startswith(_FASTTEXT_MODEL):
        raise InputError(
            f"{path}: is a model of fastText, with its subwords; export the words' vectors with "
            "fastText, or use the .vec file that it wrote beside the .bin"
        )
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
    """Return the format of a name in `FORMATS`.

    Examples
    --------
    >>> format_named("npz").suffixes
    ('.npz',)
    """
    try:
        return FORMATS[name]
    except KeyError:
        raise InputError(f"there is no format {name!r}; known are: {', '.join(FORMATS)}") from None


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
