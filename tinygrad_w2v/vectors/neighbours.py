"""Which words lie nearest: one matrix-vector product, then the few best rows exactly.

For a query ``q`` of length 1 the cosine of row ``i`` is ``vectors[i] @ q / norms[i]``. The best
``k`` of ``n`` scores are found without sorting: at least ``k`` scores reach the ``k``-th largest
of the maxima of blocks, so all that stay below it are out. Equal scores come by rising row.
"""

import numbers
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.arguments import knowing
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import FloatArray, IntArray
from tinygrad_w2v.vectors.table import Table, is_key, is_row, unit

Neighbours = list[tuple[str, float]]

_WIDTH = 256  # scores a block whose maximum is taken
_BATCH = 1 << 23  # scores held at once in a batch of queries: 32 MB of float32


class NeighbourQueries:
    """Base of `WordVectors`: which words lie nearest, under the names of gensim's `KeyedVectors`.

    A query looks the table up once, so that it may run in another thread while the vectors are
    replaced.
    """

    _table: Table

    if not TYPE_CHECKING:  # a checker reports unknown attributes itself

        def __getattr__(self, name: str) -> Any:
            from tinygrad_w2v._base.unknown_names import attribute_of

            return attribute_of(self, name, "WordVectors")

    @knowing(top="topn", n="topn", k="topn")
    def most_similar(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
    ) -> Any:
        """Return the words whose cosine with the weighted mean of the given ones is largest.

        ``q = sum_i w_i x_i / |x_i|``, made unit. The analogy "a is to b as c is to ?" is
        ``positive=[b, c], negative=[a]`` (3CosAdd, Mikolov et al. 2013, "Linguistic Regularities
        in Continuous Space Word Representations").

        Parameters
        ----------
        positive, negative : word, vector, or list of words, vectors or (key, weight) pairs
            What to look near to and away from. Words count with their unit vectors; the words
            given are left out of the answer.
        topn : int or None
            How many; None for the cosines of all words as an array.
        clip_start, clip_end : int
            Look only at these rows.
        restrict_vocab : int, optional
            Look only at the first so many words.

        Returns
        -------
        list of (str, float)
            Words and cosines, the nearest first.

        Raises
        ------
        MissingWordError
            If a word has no vector.
        InputError
            If nothing is given.
        """
        table, start, stop = self._table, clip_start, clip_end
        if restrict_vocab:
            start, stop = 0, restricted(table, restrict_vocab)
        if _nothing_wanted(topn):
            return []
        for name, row in (("clip_start", start), ("clip_end", stop)):
            if row is not None and (not is_row(row) or row < 0):
                raise InputError(f"{name} is {row!r}; it is a row, counted from 0")
        keys, weights = _weighted(positive, negative)
        query, given = mean_direction(table, keys, weights)
        stop = min(stop or len(table.words), len(table.words))
        scores = table.vectors[start:stop] @ query.astype(table.vectors.dtype)
        scores /= table.norms[start:stop]
        return scores if topn is None else _named(table, scores, topn, given, start)

    def most_similar_batch(
        self, queries: Iterable[Any], topn: int = 10, restrict_vocab: int | None = None
    ) -> list[Neighbours]:
        """Return `most_similar` of each word or vector; many at once are far faster.

        They are one matrix product, a few megabytes of scores at a time.
        """
        table, asked = self._table, list(_as_list(queries))
        if _nothing_wanted(topn):
            return [[] for _ in asked]
        directions = [mean_direction(table, [key], [1.0]) for key in asked]
        matrix = np.array([query for query, _ in directions], dtype=table.vectors.dtype)
        cosines = cosines_of_batch(table, matrix, restrict_vocab)
        return [
            _named(table, scores, topn, given)
            for scores, (_, given) in zip(cosines, directions, strict=True)
        ]

    def most_similar_cosmul(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        restrict_vocab: int | None = None,
    ) -> Any:
        """Return the words with the largest product of cosines (3CosMul).

        ``prod_p (1 + cos(x, p)) / 2  /  (prod_n (1 + cos(x, n)) / 2 + 1e-6)``, equation (4) of
        Levy and Goldberg (2014), "Linguistic Regularities in Sparse and Explicit Word
        Representations".

        Raises
        ------
        InputError
            If no positive word is given.
        """
        table = self._table
        if _nothing_wanted(topn):
            return []
        positive, negative = _as_list(positive), _as_list(negative)
        if not positive:
            raise InputError("most_similar_cosmul needs at least one positive word or vector")
        stop = restricted(table, restrict_vocab)
        factors: list[FloatArray] = []
        for keys in (positive, negative):
            factor = np.ones(stop, dtype=table.vectors.dtype)
            for key in keys:
                query = table.direction(key).astype(table.vectors.dtype)
                factor *= (1 + table.vectors[:stop] @ query / table.norms[:stop]) / 2
            factors.append(factor)
        scores = factors[0] / (factors[1] + table.vectors.dtype.type(1e-6))
        found = [table.found(key)[0] for key in [*positive, *negative] if is_key(key)]
        given = [row for row in found if row is not None]
        return scores if topn is None else _named(table, scores, topn, given)

    def similar_by_word(
        self, word: str | int, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Any:
        """Return the words nearest to one word."""
        return self.most_similar([word], topn=topn, restrict_vocab=restrict_vocab)

    def similar_by_key(
        self, key: str | int, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Any:
        """Return the words nearest to one word; gensim's other name of `similar_by_word`."""
        return self.similar_by_word(key, topn, restrict_vocab)

    def similar_by_vector(
        self, vector: npt.ArrayLike, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Any:
        """Return the words nearest to a vector ``(dim,)``."""
        return self.most_similar([np.asarray(vector)], topn=topn, restrict_vocab=restrict_vocab)


def cosines_of_batch(
    table: Table, queries: FloatArray, restrict_vocab: int | None = None
) -> Iterable[FloatArray]:
    """Yield, for each unit query ``(dim,)`` of ``(batch, dim)``, its cosines with the rows.

    The array that is yielded is the caller's to write into, until the next one is taken.

    Examples
    --------
    >>> table = Table(["a", "b"], {"a": 0, "b": 1}, 2 * np.eye(2))
    >>> [list(map(float, cosines)) for cosines in cosines_of_batch(table, np.eye(2))]
    [[1.0, 0.0], [0.0, 1.0]]
    """
    stop = restricted(table, restrict_vocab)
    vectors, norms = table.vectors[:stop], table.norms[:stop]
    step = max(1, _BATCH // max(1, stop))
    for start in range(0, len(queries), step):
        scores = queries[start : start + step] @ vectors.T
        scores /= norms
        yield from scores


def mean_direction(
    table: Table, keys: Sequence[Any], weights: Sequence[float]
) -> tuple[FloatArray, list[int]]:
    """Return the unit weighted mean of `keys` in float64 ``(dim,)`` and the rows among them.

    Words count with their unit vectors, vectors as they are.

    Examples
    --------
    >>> table = Table(["a", "b"], {"a": 0, "b": 1}, np.array([[2.0, 0.0], [0.0, 4.0]]))
    >>> query, rows = mean_direction(table, ["a", "b"], [1.0, 1.0])
    >>> np.round(query, 4), rows
    (array([0.7071, 0.7071]), [0, 1])
    """
    total = np.zeros(table.vectors.shape[1])
    rows = []
    for key, weight in zip(keys, weights, strict=True):
        if is_key(key):
            row, vector = table.found(key)
            rows += [] if row is None else [row]
            total += weight * unit(vector)
        else:
            total += weight * table.query(key)
    if not np.isfinite(total).all():
        raise InputError("a weight is NaN, infinite or too large; weights are ordinary numbers")
    return unit(total), rows


def top_rows(scores: FloatArray, k: int) -> IntArray:
    """Return the rows of the `k` largest scores, the largest first, equal ones by rising row.

    Examples
    --------
    >>> top_rows(np.array([0.1, 0.9, 0.5, 0.9]), 3)
    array([1, 3, 2])
    """
    k = min(k, len(scores))
    if k <= 0:
        return np.empty(0, dtype=np.intp)
    blocks = len(scores) // _WIDTH
    if blocks >= k:
        maxima = scores[: blocks * _WIDTH].reshape(blocks, _WIDTH).max(axis=1)
        bar = np.partition(maxima, blocks - k)[blocks - k]
        candidates = np.flatnonzero(scores >= bar)
    elif k < len(scores):
        bar = np.partition(scores, len(scores) - k)[len(scores) - k]
        candidates = np.flatnonzero(scores >= bar)
    else:
        candidates = np.arange(len(scores))
    if len(candidates) < k:  # NaN compares with nothing: such rows come last
        return top_rows(np.where(np.isnan(scores), -np.inf, scores), k)
    best = np.argsort(-scores[candidates], kind="stable")[:k]
    return candidates[best]


def _named(
    table: Table, scores: FloatArray, topn: int, given: Sequence[int], start: int = 0
) -> Neighbours:
    """Name the best rows; writes into `scores` to leave the given ones out."""
    out = {row - start for row in given if 0 <= row - start < len(scores)}
    scores[list(out)] = -np.inf
    best = top_rows(scores, min(int(topn), len(scores) - len(out)))
    return [(table.words[row + start], float(scores[row])) for row in best.tolist()]


def _weighted(positive: Any, negative: Any) -> tuple[list[Any], list[float]]:
    """Split words and (word, weight) pairs into keys and weights."""
    keys, weights = [], []
    for items, default in ((_as_list(positive), 1.0), (_as_list(negative), -1.0)):
        for item in items:
            if isinstance(item, (tuple, list)) and len(item) == 2 and _is_term(item[0]):
                keys.append(item[0])
                weights.append(float(item[1]))
            else:
                keys.append(item)
                weights.append(default)
    if not keys:
        raise InputError("nothing to compare with: give at least one positive or negative word")
    return keys, weights


def _as_list(value: Any) -> list[Any]:
    """Let one word or one vector stand for a list of one."""
    if value is None:
        return []
    if is_key(value) or (isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype != "O"):
        if isinstance(value, np.ndarray) and value.dtype.kind == "U":
            return list(value)
        return [value]
    return list(value)


def _is_term(value: object) -> bool:
    return is_key(value) or isinstance(value, np.ndarray)


def _nothing_wanted(topn: object) -> bool:
    if topn is not None and not isinstance(topn, numbers.Integral):
        raise InputError(f"topn is {topn!r}; give a whole number, or None for all scores")
    return topn is not None and int(topn) < 1


def restricted(table: Table, restrict_vocab: int | None) -> int:
    """Return the number of rows that are looked at; None or 0 stands for all.

    Examples
    --------
    >>> restricted(Table(["a", "b"], {"a": 0, "b": 1}, np.eye(2)), 9)
    2
    """
    if not restrict_vocab:
        return len(table.words)
    if not is_row(restrict_vocab) or restrict_vocab < 0:
        raise InputError(f"restrict_vocab is {restrict_vocab!r}; it counts words from the first")
    return min(int(restrict_vocab), len(table.words))
