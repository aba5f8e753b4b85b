"""The vectors of the words of a model of fastText, as a format of vectors that is read.

A word's vector is the mean of the rows of its parts, which are the word itself and its n-grams::

    v(w) = (x_w + sum_g x_{V + hash(g) mod buckets}) / (1 + number of g)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v.vectors.blocks import DEFAULTS, Block, Contents, Options
from tinygrad_w2v.vectors.fasttext_binary import FastTextFile, read_fasttext_binary
from tinygrad_w2v.vectors.fasttext_file import encode
from tinygrad_w2v.vectors.ngram_rows import end_of_block, word_means


class FastTextWords:
    """Reads the vectors of a model's words, a block at a time.

    Parameters
    ----------
    path : path
        For messages.
    file : FastTextFile
        The model.
    options : Options
        Limit, and what is done with words that are not UTF-8.

    Examples
    --------
    >>> from tinygrad_w2v.vectors.fasttext_binary import FastTextSettingsOfFile
    >>> settings = FastTextSettingsOfFile(1, 5, 5, 1, 5, 1, "ns", "cbow", 1, 3, 3, 100, 1e-4)
    >>> rows = np.array([[1], [4]], np.float32)
    >>> file = FastTextFile(settings, ["you"], np.array([7]), 9, rows, rows[:1])
    >>> [block.vectors.tolist() for block in FastTextWords("m.bin", file)]  # you, <yo, you, ou>
    [[[3.25]]]
    """

    dtype: np.dtype[Any] = np.dtype(np.float32)
    counted = True
    plausible = True

    def __init__(self, path: PathLike, file: FastTextFile, options: Options = DEFAULTS) -> None:
        self._path, self._file, self._errors = path, file, options.unicode_errors
        self.dim = file.settings.dim
        words = len(file.words)
        self.count: int | None = words if options.limit is None else min(words, options.limit)

    def __iter__(self) -> Iterator[Block]:
        file, first = self._file, 0
        settings = file.settings
        while first < (self.count or 0):
            last = end_of_block(file.words, first, self.dim, file.longest_ngram)
            last = min(last, self.count or 0)
            words = [self._decoded(word) for word in file.words[first:last]]
            vectors = word_means(
                file.words, file.input, settings.min_n, file.longest_ngram, first, last
            )
            yield Block(words, vectors, counts=file.counts[first:last])
            first = last

    def _decoded(self, word: str) -> str:
        raw = encode(word)
        try:
            return raw.decode("utf-8", self._errors)
        except UnicodeDecodeError:
            raise InputError(
                f"{self._path}: the word {raw[:40]!r} is not UTF-8 (unicode_errors='replace' reads "
                "it none the less)"
            ) from None


@contextmanager
def open_fasttext_binary(path: PathLike, options: Options = DEFAULTS) -> Iterator[FastTextWords]:
    """Open a model of fastText and give a reader of its words' vectors; its table is mapped.

    Raises
    ------
    InputError
        As `read_fasttext_binary`.
    """
    yield FastTextWords(path, read_fasttext_binary(path, mmap=True), options)


def refuse_to_write(path: PathLike, contents: Contents, blocks: object) -> None:
    """Raise: vectors alone are no model.

    Examples
    --------
    >>> refuse_to_write("v.bin", Contents(1, 2, np.dtype(np.float32)), ())
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: v.bin: a model of fastText is more than vectors of \
words; write fastText's text (.vec), which it takes as pretrained vectors
    """
    raise InputError(
        f"{path}: a model of fastText is more than vectors of words; write fastText's text (.vec), "
        "which it takes as pretrained vectors"
    )
