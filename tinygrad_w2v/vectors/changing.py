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
from tinygrad_w2v._base.types import AnyArray, BoolArray, FloatArray, IntArray
from tinygrad_w2v.vectors.evaluation import EvaluationQueries
from tinygrad_w2v.vectors.keys import clean_counts, clean_words, index_words
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
