"""The pair of files of the Embedding Projector: ``vectors.tsv`` and ``metadata.tsv``.

A line of the first holds the numbers of a row, with tabs between; the same line of the second its
word. Metadata of one column has no line of names; where counts are known there are two columns,
``word`` and ``count``, and such a line. gensim's script names the pair ``*_tensor.tsv`` and
``*_metadata.tsv``, which is understood as well.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tinygrad_w2v._base.compressed import SUFFIXES
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.types import FloatArray
from tinygrad_w2v.vectors.blocks import DEFAULTS, Block, Contents, Options, checked
from tinygrad_w2v.vectors.number_lines import parse_together
from tinygrad_w2v.vectors.number_text import number_lines
from tinygrad_w2v.vectors.pairs import open_pair
from tinygrad_w2v.vectors.source import Source
from tinygrad_w2v.vectors.word2vec_text import TextReader
from tinygrad_w2v.vectors.word_lines import WordLines, metadata_lines, open_with_words


def metadata_path(path: PathLike) -> Path:
    """Return the path of the metadata that belong to a file of vectors.

    Examples
    --------
    >>> [metadata_path(name).name for name in ("vectors.tsv", "my_tensor.tsv", "w2v.tsv.gz")]
    ['metadata.tsv', 'my_metadata.tsv', 'w2v.metadata.tsv.gz']
    """
    path = Path(path)
    name, packed = path.name, ""
    if path.suffix.lower() in SUFFIXES:
        name, packed = path.stem, path.suffix
    stem, suffix = Path(name).stem, Path(name).suffix
    for ending in ("vectors", "tensors", "tensor"):
        if stem.lower().endswith(ending):
            return path.with_name(stem[: len(stem) - len(ending)] + "metadata" + suffix + packed)
    return path.with_name(f"{stem}.metadata{suffix}{packed}")


class ProjectorReader(TextReader):
    """Reads the pair, a block at a time: numbers like `TextReader`, words from the other file."""

    def __init__(self, source: Source, words: WordLines, options: Options) -> None:
        super().__init__(source, options, no_header=True)
        self._words = words
        self.counted = words.counted

    def _block(self, lines: list[bytes]) -> Block:
        rows = super()._block(lines).vectors
        words, counts, places = self._words.take(len(rows))
        return Block(words, rows, places.__getitem__, counts)

    def _parse_together(self, lines: list[bytes]) -> tuple[list[str], FloatArray] | None:
        return parse_together(lines, self.dim, self.dtype, "\t", words=False)

    def _first_number(self, line: bytes, fields: list[bytes]) -> int:
        if len(fields) != self.dim:
            self._fail(f"the line has {len(fields)} numbers, not {self.dim} as the first")
        return 0

    def _word(self, line: bytes, fields: list[bytes], first: int) -> str:
        return ""

    def _finish(self, rest: bytes) -> None:
        super()._finish(rest)
        self._words.finish()

    def _dimension(self, fields: list[bytes]) -> int:
        if not fields:
            self._fail("the first line has no numbers")
        return len(fields)


@contextmanager
def open_projector(path: PathLike, options: Options = DEFAULTS) -> Iterator[ProjectorReader]:
    """Open a pair of files, named by that of the vectors, for reading in blocks.

    Raises
    ------
    InputError
        If either file is missing or malformed, with line and byte.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path, contents = Path(folder, "vectors.tsv"), Contents(1, 2, np.dtype(np.float32))
    ...     write_projector(path, contents, [Block(["new york"], np.ones((1, 2)))])
    ...     with open_projector(path) as reader:
    ...         [(block.words, block.vectors.tolist()) for block in reader]
    [(['new york'], [[1.0, 1.0]])]
    """
    beside = metadata_path(path)
    with open_with_words(path, beside, False, options.unicode_errors) as (source, words):
        yield ProjectorReader(source, words, options)


def write_projector(path: PathLike, contents: Contents, blocks: Iterable[Block]) -> None:
    r"""Write a pair of files; both appear, or none (see `pairs`).

    Parameters
    ----------
    path : path
        Of the vectors; the metadata come beside it, see `metadata_path`.
    contents : Contents
        What the blocks hold together.
    blocks : iterable of Block
        Words, rows and counts.

    Raises
    ------
    InputError
        If metadata cannot hold a word.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path, contents = Path(folder, "vectors.tsv"), Contents(1, 2, np.dtype(np.float32))
    ...     write_projector(path, contents, [Block(["new york"], np.ones((1, 2)))])
    ...     path.read_bytes(), metadata_path(path).read_bytes()
    (b'1\t1\n', b'new york\n')
    """
    with open_pair(path, metadata_path(path)) as (table, words):
        row = 0
        for block in checked(blocks, contents.count, path):
            words.write(metadata_lines(block, contents.counted, row))
            for line in number_lines(block.vectors.astype(contents.dtype, copy=False), "\t"):
                table.write(line + b"\n")
            row += len(block.words)
