"""How words and vectors are changed: added, replaced, scaled, locked, chosen.

A table is never written into: a change makes a new one, so that a query in another thread keeps
what it began with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.errors import InputError, ShapeError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.numbers import whole_counts
from tinygrad_w2v._base.types import AnyArray, BoolArray, FloatArray, IntArray
from tinygrad_w2v.vectors.evaluation import EvaluationQueries
from tinygrad_w2v.vectors.keys import clean_counts, clean_words, index_words
from tinygrad_w2v.vectors.registry import stream
from tinygrad_w2v.vectors.table import Table, clean_vectors, is_row


class ChangingVectors(EvaluationQueries):
    """Base of `WordVectors`: what changes them."""

    _table: Table
    _counts: IntArray | None
    _lockf: AnyArray | None = None

    def add_vector(self, key: str, vector: npt.ArrayLike) -> int:
        """Add one word and its vector ``(dim,)`` and return its row; see `add_vectors`."""
        self.add_vectors([key], np.asarray(vector)[None])
        return self._table.row(key)

    def add_vectors(
        self,
        keys: Sequence[str],
        weights: npt.ArrayLike,
        extras: Mapping[str, npt.ArrayLike] | None = None,
        replace: bool = False,
    ) -> None:
        """Append words; each call copies the table once.

        Parameters
        ----------
        keys : list of str
            The words. Those that are there already keep their vectors, unless `replace` is set.
        weights : array ``(len(keys), dim)``
            A vector each.
        extras : dict, optional
            ``{"count": ...}``: how often each word occurred, else 0 where counts are known.
        replace : bool
            Give words that are there already the new vectors and counts.

        Raises
        ------
        ShapeError, InputError
            As for new `WordVectors`; nothing is changed then.

        Examples
        --------
        >>> from tinygrad_w2v import WordVectors
        >>> wv = WordVectors(["you"], [[1, 2]], counts=[7])
        >>> wv.add_vectors(["say", "hello"], [[3, 4], [5, 6]])
        >>> wv.index_to_key, wv.get_vecattr("say", "count")
        (['you', 'say', 'hello'], 0)
        """
        keys = [keys] if isinstance(keys, str) else list(keys)
        unknown = next((name for name in extras or {} if name != "count"), None)
        if unknown is not None:
            raise InputError(f"words have no attribute {unknown!r}; there is only 'count'")
        table = self._table
        weights = np.atleast_2d(np.asarray(weights))
        rows = clean_vectors(weights, len(keys), table.vectors.dtype)
        if rows.shape[1] != table.vectors.shape[1]:
            raise ShapeError(
                f"the new vectors have {rows.shape[1]} numbers, those that are there "
                f"{table.vectors.shape[1]}"
            )
        given = clean_counts((extras or {}).get("count"), keys)
        index_words(clean_words(keys))
        larger, taken = table.extended(keys, rows, replace)
        counts = None if self._counts is None and given is None else np.zeros(len(larger), np.int64)
        if counts is not None and self._counts is not None:
            counts[: len(table)] = self._counts
        if counts is not None and given is not None:
            counts[larger.rows([keys[place] for place in taken])] = given[taken]
        if self._lockf is not None and len(self._lockf) > 1:
            more = np.ones(len(larger) - len(table), self._lockf.dtype)
            self._lockf = np.append(self._lockf, more)
        self._table, self._counts = larger, counts

    def __setitem__(self, key: Any, vector: npt.ArrayLike) -> None:
        """Give a word, new or known, a vector; or a list of words a list of vectors."""
        several = isinstance(key, Iterable) and not isinstance(key, str)
        words = self._table.words
        keys = [words[self._table.row(one)] if is_row(one) else one for one in _listed(key)]
        given = np.asarray(vector)
        if not several:
            given = given[None]
        self.add_vectors(keys, given, replace=True)

    def set_vecattr(self, key: str | int, attr: str, val: int) -> None:
        """Say how often a word occurred (`attr` is ``"count"``); 0 where that is not known.

        Examples
        --------
        >>> from tinygrad_w2v import WordVectors
        >>> wv = WordVectors(["you", "say"], [[1.0], [2.0]])
        >>> wv.set_vecattr("say", "count", 7)
        >>> wv.get_vecattr("say", "count"), wv.get_vecattr("you", "count")
        (7, 0)
        """
        row = self._table.row(key)
        if attr != "count":
            raise InputError(f"words have no attribute {attr!r}; there is only 'count'")
        count = whole_counts(np.asarray(val), "val")
        if self._counts is None:
            self._counts = np.zeros(len(self._table), np.int64)
        self._counts[row] = count

    def fill_norms(self, force: bool = False) -> None:
        """Do nothing: lengths are computed when they are needed.

        Examples
        --------
        >>> from tinygrad_w2v import WordVectors
        >>> WordVectors(["you"], [[3.0, 4.0]]).fill_norms()
        """

    def intersect_word2vec_format(
        self,
        path: PathLike,
        lockf: float = 0.0,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
    ) -> None:
        """Give words that are here the vectors that they have in a file; no word is added.

        Parameters
        ----------
        path, binary, encoding, unicode_errors
            As in `WordVectors.load_word2vec_format`.
        lockf : float
            Their `vectors_lockf`: by 0 a model that these are of keeps them as they are in further
            trainings, by 1 it goes on from them.

        Raises
        ------
        InputError
            With line and byte, if the file is malformed; nothing is changed then.

        Examples
        --------
        >>> import tempfile
        >>> from tinygrad_w2v import WordVectors
        >>> wv = WordVectors(["you", "say"], [[1, 2], [3, 4]])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     WordVectors(["say", "hm"], [[7, 8], [9, 9]]).save_word2vec_format(f"{folder}/v.txt")
        ...     wv.intersect_word2vec_format(f"{folder}/v.txt")
        >>> wv.vectors.tolist(), wv.vectors_lockf.tolist()
        ([[1.0, 2.0], [7.0, 8.0]], [1.0, 0.0])
        """
        check_encoding(encoding)
        if lockf not in (0, 1):
            raise InputError(f"must be 0 or 1, not {lockf!r:.60}", setting="lockf")
        index, dim = self._table.index, self._table.vectors.shape[1]
        words: list[str] = []
        rows = [np.zeros((0, dim), self._table.vectors.dtype)]
        format = "word2vec-binary" if binary else "word2vec"
        with stream(path, format, None, rows[0].dtype, unicode_errors) as reader:
            if reader.dim != dim:
                raise ShapeError(f"{path} has vectors of {reader.dim} numbers, not of {dim}")
            for block in reader:
                known = [n for n, word in enumerate(block.words) if word in index]
                words += [block.words[n] for n in known]
                rows.append(block.vectors[known])
        self.add_vectors(words, np.concatenate(rows), replace=True)
        factors = np.array(np.broadcast_to(self.vectors_lockf, (len(self._table),)))
        factors[self._table.rows(words)] = lockf
        self.vectors_lockf = factors

    @property
    def vectors_lockf(self) -> AnyArray:
        """Which vectors a training changes: one factor a word, 0 to keep it and 1 to train it.

        One number stands for all words. It may be written into (``wv.vectors_lockf[3] = 0``) where
        there is one a word: ``wv.vectors_lockf = np.ones(len(wv), np.float32)``. No file holds it.
        """
        if self._lockf is None:
            self._lockf = np.ones(1, np.float32)
        return self._lockf

    @vectors_lockf.setter
    def vectors_lockf(self, factors: npt.ArrayLike) -> None:
        given = np.asarray(factors)
        if given.shape not in ((1,), (len(self._table),)) or given.dtype.kind not in "fiub":
            raise InputError(
                f"vectors_lockf is one number for each of {len(self._table)} words, or an array of "
                f"one for all, not {given.dtype} of shape {given.shape}"
            )
        self._lockf = given
        self.locked()

    def locked(self) -> BoolArray | None:
        """Return which words a training keeps as they are ``(n,)``; None when it keeps none.

        Raises
        ------
        InputError
            For a factor other than 0 and 1.
        """
        factors = self._lockf
        if factors is None or (factors == 1).all():
            return None
        other = factors[(factors != 0) & (factors != 1)]
        if len(other):
            raise InputError(
                f"vectors_lockf holds {other[0]}: a word is trained (1) or kept as it is (0), and "
                "there is nothing between"
            )
        return np.broadcast_to(factors == 0, (len(self._table),)).copy()


def check_encoding(encoding: str) -> None:
    """Refuse an encoding other than UTF-8, which all files of vectors have here.

    Examples
    --------
    >>> check_encoding("utf8")
    >>> check_encoding("latin-1")
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: encoding must be 'utf8', not 'latin-1'; convert the file
    """
    if encoding.lower().replace("-", "") != "utf8":
        raise InputError(f"must be 'utf8', not {encoding!r}; convert the file", setting="encoding")


def no_words(vector_size: Any, dtype: npt.DTypeLike) -> tuple[list[str], FloatArray]:
    """Return no words and a table of so many numbers in a row.

    Raises
    ------
    InputError
        When it is no number of numbers.

    Examples
    --------
    >>> no_words(3, np.float32)[1].shape
    (0, 3)
    """
    if not is_row(vector_size) or vector_size < 1:
        raise InputError(
            f"give words and vectors, or the size of vectors that will be added, not "
            f"{vector_size!r:.60}"
        )
    return [], np.zeros((0, int(vector_size)), dtype)


def _listed(key: Any) -> list[Any]:
    return list(key) if isinstance(key, Iterable) and not isinstance(key, str) else [key]
