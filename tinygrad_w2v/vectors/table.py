"""The words, their vectors and the lengths of the vectors, never changed once made.

Queries need unit vectors, but dividing a score by the length of its row gives the same numbers
without a second table: only the lengths, one number a row, are kept, and they are computed when
first asked for. A `Table` never changes: whoever replaces the vectors makes a new one, so that
a query that runs in another thread keeps vectors and lengths that belong together.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterable
from typing import Any, TypeGuard

import numpy as np

from tinygrad_w2v._base.errors import InputError, ShapeError
from tinygrad_w2v._base.notebook import html_table
from tinygrad_w2v._base.numbers import cast
from tinygrad_w2v._base.types import AnyArray, FloatArray, IntArray
from tinygrad_w2v.vectors.keys import MissingWordError, index_words

_BLOCK = 1 << 20  # numbers looked at in one go: a few megabytes

Unseen = Callable[[str], FloatArray | None]


class Table:
    """Words, the row of each, and their vectors ``(n, dim)``.

    Parameters
    ----------
    words : list of str
        The word of each row.
    index : dict of str to int
        The row of each word.
    vectors : array ``(n, dim)``
        Floating point; not copied.
    moving : bool
        Somebody writes into the vectors, so that their lengths are computed anew each time.
    unseen : function of a str, optional
        Returns the vector of a word that has no row, ``(dim,)``, or None where there is none.

    Examples
    --------
    >>> table = Table(["you", "say"], {"you": 0, "say": 1}, np.array([[3.0, 4.0], [0.0, 0.0]]))
    >>> table.norms
    array([5., 1.])
    """

    __slots__ = ("_moving", "_norms", "index", "shown", "unseen", "vectors", "words")

    def __init__(
        self,
        words: list[str],
        index: dict[str, int],
        vectors: FloatArray,
        moving: bool = False,
        unseen: Unseen | None = None,
    ) -> None:
        self.words = words
        self.index = index
        self.vectors = vectors
        # What is handed out: who could write into it would make the lengths wrong.
        self.shown = vectors.view()
        self.shown.flags.writeable = False
        self.unseen = unseen
        self._moving = moving
        self._norms: FloatArray | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.words, self.index, self.vectors, False, self.unseen)

    @property
    def norms(self) -> FloatArray:
        """Length of each row ``(n,)``; 1 for a row of zeros, whose cosines then are 0."""
        norms = self._norms
        if norms is None:
            # Two threads may both compute this; they compute the same.
            norms = row_norms(self.vectors)
            if not self._moving:
                self._norms = norms
        return norms

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, key: object) -> bool:
        if is_row(key):
            return 0 <= key < len(self.words)
        return key in self.index

    def row(self, key: object) -> int:
        """Return the row of a word, or of an int that is a row already."""
        if isinstance(key, str):
            row = self.index.get(key)
            if row is not None:
                return row
        elif is_row(key) and 0 <= key < len(self.words):
            return int(key)
        raise MissingWordError(key, self.index)

    def rows(self, keys: Iterable[object]) -> IntArray:
        """Return the rows of several words as an array ``(len(keys),)``."""
        return np.array([self.row(key) for key in keys], dtype=np.intp)

    def with_vectors(self, vectors: FloatArray, moving: bool = False) -> Table:
        """Return a table of the same words with other vectors."""
        return type(self)(self.words, self.index, vectors, moving, self.unseen)

    def has_vector(self, key: object) -> bool:
        """Return whether there is a vector of a key, in a row or not."""
        return key in self or (
            self.unseen is not None and isinstance(key, str) and self.unseen(key) is not None
        )

    def found(self, key: object) -> tuple[int | None, FloatArray]:
        """Return the row of a word and its vector ``(dim,)``; None for one that has no row."""
        if self.unseen is not None and isinstance(key, str) and key not in self.index:
            vector = self.unseen(key)
            if vector is not None:
                return None, vector
        row = self.row(key)
        return row, self.vectors[row]

    def vector(self, key: object) -> FloatArray:
        """Return the vector of a word, ``(dim,)``."""
        return self.found(key)[1]

    def chosen(self, keys: Iterable[object]) -> tuple[FloatArray, FloatArray]:
        """Return the vectors of several words ``(n, dim)``, and their lengths as in `norms`."""
        if self.unseen is None:
            rows = self.rows(keys)
            return self.vectors[rows], self.norms[rows]
        vectors = [self.vector(key) for key in keys]
        stacked = np.array(vectors, self.vectors.dtype).reshape(-1, self.vectors.shape[1])
        return stacked, row_norms(stacked)

    def name(self, key: Any) -> str:
        """Return the word of a key, which is itself or that of a row."""
        return key if isinstance(key, str) else self.words[self.row(key)]

    def extended(self, keys: list[str], rows: FloatArray, replace: bool) -> tuple[Table, list[int]]:
        """Return a table with new words appended, and which of `rows` were taken.

        Words that are there already get their row of `rows` only with `replace`.
        """
        new = [place for place, key in enumerate(keys) if key not in self.index]
        words = [*self.words, *(keys[place] for place in new)]
        index = index_words(words)
        taken = [*range(len(keys))] if replace else new
        vectors = np.empty((len(words), self.vectors.shape[1]), self.vectors.dtype)
        vectors[: len(self)] = self.vectors
        vectors[[index[keys[place]] for place in taken]] = rows[taken]
        return Table(words, index, vectors, unseen=self.unseen), taken

    def html(self, title: str) -> str:
        """Return the first words and numbers as a table of a page."""
        shown = self.vectors[:8, :6].tolist()
        more = ["…"] if self.vectors.shape[1] > 6 else []
        rows = [
            [str(word), *(f"{number:.4f}" for number in vector), *more]
            for word, vector in zip(self.words[:8], shown, strict=True)
        ]
        return html_table([*rows, ["…"]] if len(self) > 8 else rows, caption=title)

    def query(self, vector: Any) -> FloatArray:
        """Return a vector that was given in place of a word, checked, as float64 ``(dim,)``."""
        given = np.asarray(vector)
        dim = self.vectors.shape[1]
        if given.shape != (dim,):
            raise ShapeError(
                f"a query vector of shape {given.shape} does not fit words of ({dim},)"
            )
        if given.dtype.kind not in "fiu":
            raise InputError(f"a query vector holds {given.dtype}, not numbers")
        result = given.astype(np.float64)
        if not np.isfinite(result).all():
            raise InputError("a query vector holds NaN or infinity")
        return result

    def direction(self, key: object) -> FloatArray:
        """Return a word's vector, or one that is given, at length 1, in float64 ``(dim,)``."""
        return unit(self.vector(key) if is_key(key) else self.query(key))

    def unit(self, key: object) -> FloatArray:
        """Return the vector of a word at length 1, in float64 ``(dim,)``."""
        return unit(self.vector(key))


def is_row(key: object) -> TypeGuard[int]:
    """Say whether `key` is an integer (and not a bool)."""
    return isinstance(key, numbers.Integral) and not isinstance(key, bool)


def is_key(key: object) -> bool:
    """Say whether `key` is a word or a row, not a vector."""
    return isinstance(key, str) or is_row(key)


def unit(vector: FloatArray) -> FloatArray:
    """Return ``x / |x|`` in float64; a vector of zeros stays as it is.

    Examples
    --------
    >>> unit(np.array([3.0, 4.0]))
    array([0.6, 0.8])
    """
    x = np.asarray(vector, dtype=np.float64)
    # Scaled first, so that squares of very large or small numbers stay in range.
    largest = np.abs(x).max(initial=0.0)
    if largest == 0:
        return x
    x = x / largest
    return x / np.sqrt(x @ x)


def row_norms(vectors: FloatArray) -> FloatArray:
    """Return the Euclidean length of each row, 1 for a row of zeros, in the table's dtype.

    Summed in float64, a block of rows at a time: a memory-mapped table is read once and
    never copied whole.

    Examples
    --------
    >>> row_norms(np.array([[3.0, 4.0], [0.0, 0.0]], dtype=np.float32))
    array([5., 1.], dtype=float32)
    """
    n, dim = vectors.shape
    norms = np.empty(n, dtype=vectors.dtype)
    step = max(1, _BLOCK // max(1, dim))
    for start in range(0, n, step):
        block = vectors[start : start + step].astype(np.float64)
        if vectors.dtype == np.float32:  # whose squares float64 always holds
            norms[start : start + step] = np.sqrt(np.einsum("ij,ij->i", block, block))
        else:
            largest = np.abs(block).max(axis=1, initial=0)
            block /= np.where(largest == 0, 1, largest)[:, None]
            norms[start : start + step] = largest * np.sqrt(np.einsum("ij,ij->i", block, block))
    norms[norms == 0] = 1
    return norms


def clean_vectors(vectors: Any, words: int, dtype: np.dtype[Any] | None = None) -> FloatArray:
    """Return `vectors` as a floating-point array ``(words, dim)``, not copied if it is one.

    float32 and float64 stay as they are; all else (lists, integers, float16) becomes float32;
    with `dtype`, all become that.

    Raises
    ------
    ShapeError
        If it is not one row a word.
    InputError
        If it holds no numbers, too large ones, NaN or infinity; the message names the row.

    Examples
    --------
    >>> clean_vectors([[1, 2], [3, 4]], 2).dtype
    dtype('float32')
    """
    given: AnyArray = np.asarray(vectors)
    if given.ndim != 2:
        raise ShapeError(f"vectors has shape {given.shape}; one row a word is needed, (n, dim)")
    if given.shape[0] != words:
        raise ShapeError(f"vectors has {given.shape[0]} rows for {words} words; one each is needed")
    if given.dtype.kind not in "fiu":
        raise InputError(f"vectors holds {given.dtype}, not numbers")
    kept = given.dtype in (np.float32, np.float64) and dtype is None
    given = cast(given, given.dtype if kept else dtype or np.float32, "vectors")
    bad = first_non_finite_row(given)
    if bad is not None:
        raise InputError(f"vectors[{bad}] holds NaN or infinity")
    return given


def own_vectors(vectors: Any, words: int) -> FloatArray:
    """Return vectors that nobody else can write into, checked by `clean_vectors`.

    Examples
    --------
    >>> rows = np.eye(2)
    >>> np.shares_memory(own_vectors(rows, 2), rows)
    False
    """
    clean = clean_vectors(vectors, words)
    return clean.copy() if clean.flags.writeable and np.may_share_memory(clean, vectors) else clean


def first_non_finite_row(vectors: FloatArray) -> int | None:
    """Return the first row that holds NaN or infinity, None if there is none.

    Examples
    --------
    >>> first_non_finite_row(np.array([[1.0], [np.nan]]))
    1
    """
    step = max(1, _BLOCK // max(1, vectors.shape[1]))
    for start in range(0, len(vectors), step):
        finite = np.isfinite(vectors[start : start + step])
        if not finite.all():
            return start + int(np.argmin(finite.all(axis=1)))
    return None
