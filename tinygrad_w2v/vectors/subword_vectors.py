"""Words whose vectors are made of the rows of their n-grams, so that unseen words have one, too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.errors import InputError, ShapeError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.limits import LONGEST_NGRAM
from tinygrad_w2v._base.npz import NpzFile, read_arrays
from tinygrad_w2v._base.types import AnyArray, FloatArray
from tinygrad_w2v.vectors.archive import write_archive
from tinygrad_w2v.vectors.fasttext_binary import read_fasttext_binary
from tinygrad_w2v.vectors.keys import clean_words
from tinygrad_w2v.vectors.ngram_rows import NgramRows, word_means
from tinygrad_w2v.vectors.table import Table, clean_vectors
from tinygrad_w2v.vectors.word_vectors import WordVectors

# What a file holds beside `WordVectors`: the characters of n-grams, and the rows of these, or the
# table that they end.
SETTINGS, NGRAMS, WHOLE = "subwords", "ngrams", "w_in"


class SubwordVectors(WordVectors):
    """Vectors of words and of their n-grams (gensim's `FastTextKeyedVectors`).

    A known word has a row as in `WordVectors`; the vector of any other is the mean of the rows of
    its n-grams. So ``word in wv`` says whether there is a vector, and `key_to_index` has the known
    words alone. A word that is unknown and has no n-gram, as it is too short, is a KeyError. All
    queries take unseen words; what they answer is known words.

    Parameters
    ----------
    words : list of str
        The V known words.
    rows : array ``(V + buckets, dim)``
        fastText's input table: a row each word, then one each bucket of n-grams. It is not copied.
    counts : array ``(V,)`` or dict of str to int, optional
        How often each word occurred.
    min_n, max_n : int
        The characters of an n-gram, the marks ``<`` and ``>`` at a word's ends included;
        ``max_n=0``: no n-grams.

    Raises
    ------
    ShapeError, InputError
        As of `WordVectors`.

    Examples
    --------
    >>> rows = np.array([[0, 3], [5, 0], [1, 0], [0, 1]], np.float32)  # two words, two buckets
    >>> wv = SubwordVectors(["cat", "dog"], rows, min_n=3, max_n=3)
    >>> wv["cat"].round(2), wv["cats"].round(2)  # <ca, cat, at>; <ca, cat, ats, ts>
    (array([0.25, 1.25], dtype=float32), array([0.25, 0.75], dtype=float32))
    >>> "cats" in wv, "cats" in wv.key_to_index, wv.most_similar("cats", topn=1)[0][0]
    (True, False, 'cat')
    """

    def __init__(
        self,
        words: Sequence[str],
        rows: npt.ArrayLike,
        counts: Any = None,
        *,
        min_n: int = 3,
        max_n: int = 6,
    ) -> None:
        listed = clean_words(words)
        table = np.asarray(rows)
        if table.ndim != 2 or len(table) < len(listed):
            raise ShapeError(
                f"rows has shape {table.shape}; a row each of the {len(listed)} words is needed, "
                "and one each bucket of n-grams"
            )
        if not _are_ngrams(min_n, max_n):
            raise InputError(
                f"n-grams have 1 to {LONGEST_NGRAM} characters, not {min_n} to {max_n}; "
                "max_n=0 is none"
            )
        table = clean_vectors(table, len(table))
        vectors = word_means(listed, table, min_n, max_n)
        super().__init__(listed, vectors, counts)
        self._follow(NgramRows(table[len(listed) :], min_n, max_n))

    def _follow(self, ngrams: NgramRows) -> None:
        """Answer of unseen words by these rows."""
        self._ngrams, table = ngrams, self._table
        self._made = table.vectors
        self._table = Table(table.words, table.index, table.vectors, unseen=ngrams.vector)

    @property
    def min_n(self) -> int:
        """The fewest characters of an n-gram."""
        return self._ngrams.min_n

    @property
    def max_n(self) -> int:
        """The most characters of an n-gram; 0 where there are none."""
        return self._ngrams.max_n

    @property
    def bucket(self) -> int:
        """How many rows n-grams share."""
        return len(self._ngrams.rows)

    @property
    def vectors_ngrams(self) -> FloatArray:
        """The rows of n-grams, ``(bucket, dim)``, read-only."""
        rows = self._ngrams.rows.view()
        rows.flags.writeable = False
        return rows

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute, but for gensim's locks, which would keep nothing here."""
        if name in ("vectors_vocab_lockf", "vectors_ngrams_lockf"):
            raise InputError(f"{name} is not honoured: all rows of words and n-grams are trained")
        super().__setattr__(name, value)

    # Files

    def save(self, path: PathLike) -> None:
        """Write words, vectors, counts and n-grams to one npz file."""
        others = {NGRAMS: self._ngrams.rows, SETTINGS: ngram_settings(self.min_n, self.max_n)}
        write_archive(path, self._table.words, self._table.vectors, self._counts, others)

    @classmethod
    def load(cls, path: PathLike, mmap: bool | str | None = False) -> Self:
        """Read what `save` wrote, or the vectors of a model that `FastText.save` wrote.

        Parameters
        ----------
        path
            The file.
        mmap
            Map the words' vectors into memory; the rows of n-grams are read.

        Raises
        ------
        InputError
            When there are no n-grams in it, or it is damaged.
        """
        plain = WordVectors.load(path, mmap)
        skip = ("vectors", "words", "offsets", "counts", "w_out", "word2vec")
        arrays = read_arrays(path, skip=skip)
        ngrams = _ngrams_of(path, arrays, plain)
        self = cls.__new__(cls)
        vars(self).update(vars(plain))
        self._follow(ngrams)
        return self

    @classmethod
    def load_facebook_vectors(cls, path: PathLike, encoding: str = "utf-8") -> Self:
        r"""Read the vectors of a ``.bin`` of fastText, those of n-grams with them.

        A byte of a word that is not UTF-8 is what Python's ``surrogateescape`` makes of it,
        ``"na\udcefve"``: so each word stays another one, and has its n-grams.

        Raises
        ------
        InputError
            When the file is damaged or quantised.
        """
        require_utf8(encoding)
        file = read_fasttext_binary(path)
        ngrams = {"min_n": file.shortest_ngram, "max_n": file.longest_ngram}
        try:
            return cls(file.words, file.input, file.counts, **ngrams)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error

    # Sharing a table with a model

    def share(self, vectors: FloatArray, moving: bool = False) -> None:
        """Make the words' vectors of a table ``(V + buckets, dim)`` as it is now; keep its n-grams.

        Those of unseen words are of the table whenever they are asked for.
        """
        table, ngrams = self._table, self._ngrams
        means = word_means(table.words, vectors, ngrams.min_n, ngrams.max_n)
        self._table = Table(table.words, table.index, means)
        self._follow(ngrams._replace(rows=vectors[len(table.words) :]))

    def shares(self, vectors: FloatArray) -> bool:
        """Return whether the words' vectors are those that a table gave."""
        return self._table.vectors is self._made

    def let_go(self) -> None:
        """Forget a shared table's rows, so that it may be moved; `share` follows."""
        self._follow(self._ngrams._replace(rows=np.zeros((0, self.vector_size), np.float32)))


def holds_ngrams(path: PathLike) -> bool:
    """Return whether a file of vectors, an npz archive, holds the rows of n-grams, too.

    Raises
    ------
    InputError
        When it is damaged.
    """
    with Path(path).open("rb") as stream:
        if stream.read(2) != b"PK":  # what it is instead is told by who reads it
            return False
    with NpzFile(path) as file:
        return SETTINGS in file.names


def ngram_settings(min_n: int, max_n: int) -> AnyArray:
    """Return what stands in a file under `SETTINGS`.

    Examples
    --------
    >>> ngram_settings(3, 6)
    array([3, 6])
    """
    return np.array([min_n, max_n], np.int64)


def _are_ngrams(min_n: int, max_n: int) -> bool:
    return max_n == 0 or 1 <= min_n <= max_n <= LONGEST_NGRAM


def _ngrams_of(path: PathLike, arrays: dict[str, AnyArray], plain: WordVectors) -> NgramRows:
    """The n-grams of a file, checked."""
    settings, words = arrays.get(SETTINGS), len(plain)
    rows = arrays[NGRAMS] if NGRAMS in arrays else arrays.get(WHOLE, np.zeros(0))[words:]
    if settings is None or (NGRAMS not in arrays and WHOLE not in arrays):
        raise InputError(f"{path}: holds no n-grams; read it by WordVectors.load")
    if settings.shape != (2,) or settings.dtype.kind not in "iu":
        raise InputError(f"{path} is damaged: {SETTINGS} are {settings.dtype} {settings.shape}")
    min_n, max_n = settings.tolist()
    if not _are_ngrams(min_n, max_n):
        raise InputError(f"{path} is damaged: n-grams of {min_n} to {max_n} characters")
    if rows.ndim != 2 or rows.shape[1] != plain.vector_size or rows.dtype.kind != "f":
        raise InputError(f"{path} is damaged: its n-grams are {rows.dtype} of shape {rows.shape}")
    try:
        return NgramRows(clean_vectors(rows, len(rows)), min_n, max_n)
    except InputError as error:
        raise InputError(f"{path}: its n-grams: {error}") from error


def require_utf8(encoding: str) -> None:
    """Refuse another encoding of a model's words: fastText's n-grams are those of UTF-8.

    Examples
    --------
    >>> require_utf8("UTF-8")
    """
    if encoding.lower().replace("_", "-") not in ("utf-8", "utf8"):
        raise InputError(f"encoding is {encoding!r}; fastText takes n-grams of UTF-8 alone")


FastTextKeyedVectors = SubwordVectors
