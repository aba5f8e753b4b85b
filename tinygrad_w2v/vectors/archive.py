"""The library's own file: an npz archive that holds any word and can be mapped into memory.

It holds the arrays of `columns`. The vectors come first, so that they can be written before all
words are known; see `npz` in `_base` for how they lie in the file.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.npz import NpzFile, Pieces, write_arrays
from tinygrad_w2v._base.types import AnyArray, FloatArray, IntArray
from tinygrad_w2v.vectors.blocks import (
    DEFAULTS,
    Block,
    Collected,
    Contents,
    Options,
    checked,
    contents_of,
)
from tinygrad_w2v.vectors.columns import ColumnReader, Rows, WordColumns
from tinygrad_w2v.vectors.source import refuse_compression, refuse_fasttext, refuse_pickle


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
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "vectors.npz")
    ...     write_archive(path, ["new york", ""], np.array([[1.0], [2.0]]))
    ...     contents = read_archive(path)
    >>> contents.words, contents.vectors.tolist(), contents.counts
    (['new york', ''], [[1.0], [2.0]], None)
    """
    write_archive_blocks(path, *contents_of(words, vectors, counts), others)


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
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "vectors.npz")
    ...     contents = Contents(2, 2, np.dtype(np.float32))
    ...     write_archive_blocks(path, contents, [Block(["a", "b"], np.eye(2))])
    ...     read_archive(path).words
    ['a', 'b']
    """
    refuse_compression(path, "npz")
    columns = WordColumns(contents.counted)

    def arrays() -> Iterator[tuple[str, AnyArray | Pieces]]:
        rows = columns.rows(checked(blocks, contents.count, path))
        yield "vectors", Pieces((contents.count, contents.dim), contents.dtype, rows)
        yield from columns.arrays().items()
        yield from (others or {}).items()

    write_arrays(path, arrays())


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
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "vectors.npz")
    ...     write_archive(path, ["you"], np.array([[1.0]]), np.array([3]))
    ...     read_archive(path, mmap=True).counts
    array([3])
    """
    with _opened(path) as (file, arrays):
        if mmap:
            vectors = file.map("vectors", 2, "f")
        else:
            vectors = file.read("vectors", 2, "f", stored=True)
        rows = Rows(Path(path), vectors.shape, vectors.dtype, lambda n: vectors[:n])
        reader = ColumnReader(rows, arrays)
        n = len(vectors)
        return Collected(reader.words(0, n), vectors, reader.counts(0, n))


@contextmanager
def open_archive(path: PathLike, options: Options = DEFAULTS) -> Iterator[ColumnReader]:
    """Open an archive and give a reader of its blocks.

    Raises
    ------
    InputError
        If the file is a pickle, damaged, or holds something else.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "vectors.npz")
    ...     write_archive(path, ["you", "say"], np.eye(2))
    ...     with open_archive(path, Options(limit=1)) as reader:
    ...         [block.words for block in reader]
    [['you']]
    """
    with _opened(path) as (file, arrays), file.rows("vectors", 2, "f") as (header, take):
        rows = Rows(Path(path), header.shape, header.dtype, take)
        yield ColumnReader(rows, arrays, options.limit)


@contextmanager
def _opened(path: PathLike) -> Iterator[tuple[NpzFile, dict[str, AnyArray]]]:
    """Open an archive that holds what belongs into one, and read all but its vectors."""
    with Path(path).open("rb") as stream:
        start = stream.read(16)
    refuse_pickle(path, start)
    refuse_fasttext(path, start)
    if not start.startswith(b"PK"):
        raise InputError(
            f"{path}: is not a file that save(path) wrote; "
            "word2vec's formats are read with load_word2vec_format(path, binary=...)"
        )
    with NpzFile(path) as file:
        for name in ("vectors", "words", "offsets"):
            if name not in file.names:
                raise InputError(
                    f"{path}: holds no array {name!r}; it was not written by WordVectors.save"
                )
        kinds = {"words": "u", "offsets": "i", "counts": "iu"}
        yield (
            file,
            {name: file.read(name, 1, kind) for name, kind in kinds.items() if name in file.names},
        )
