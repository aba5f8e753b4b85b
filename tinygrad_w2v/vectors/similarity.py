"""How near words are to each other: cosines of pairs, of sets, and all against all.

``cos(x, y) = x . y / (|x| |y|)``, computed in float64 from the two rows; 0 where one of them is
a row of zeros. The distance is ``1 - cos``.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.memory import require_memory
from tinygrad_w2v._base.types import BoolArray, FloatArray
from tinygrad_w2v.vectors.cosine_table import CosineTable
from tinygrad_w2v.vectors.neighbours import NeighbourQueries
from tinygrad_w2v.vectors.table import Table, is_key, unit
from tinygrad_w2v.vectors.transport import cheapest_transport


class SimilarityQueries(NeighbourQueries):
    """Base of `WordVectors`: how near words are to each other, under gensim's names."""

    def similarity(self, w1: str | int, w2: str | int) -> float:
        """Return the cosine of two words."""
        table = self._table
        return float(table.unit(w1) @ table.unit(w2))

    def distance(self, w1: str | int, w2: str | int) -> float:
        """Return 1 less the cosine of two words."""
        return 1 - self.similarity(w1, w2)

    def distances(self, word_or_vector: Any, other_words: Iterable[str | int] = ()) -> FloatArray:
        """Return 1 less the cosines of a word or vector with others (none given: with all)."""
        return _distances(self._table, word_or_vector, other_words)

    def similarities(self, words: Iterable[str | int] | None = None) -> FloatArray:
        """Return the cosines of all pairs of `words` (None: all words), shape ``(n, n)``."""
        table = self._table
        listed = None if words is None else list(words)
        n = len(table.words if listed is None else listed)
        size = n * n * table.vectors.dtype.itemsize
        require_memory(size, f"the cosines of {n:,} words with each other", "give fewer words")
        if listed is None:
            vectors, norms = table.vectors, table.norms
        else:
            vectors, norms = table.chosen(listed)
        units = vectors / norms[:, None]
        return units @ units.T

    def cosine_table(
        self, words: Iterable[str | int] | None = None, digits: int = 3
    ) -> CosineTable:
        """Return the cosines of all pairs of `words` as a table: a str, to print or to be shown.

        Words of East Asian letters, twice as wide on a terminal, stay in their columns.
        """
        table = self._table
        listed = range(len(table.words)) if words is None else list(words)
        cosines = self.similarities(listed).tolist()
        return CosineTable([str(table.name(key)) for key in listed], cosines, digits)

    def n_similarity(self, ws1: Sequence[str | int], ws2: Sequence[str | int]) -> float:
        """Return the cosine of the means of two sets of words."""
        if len(ws1) == 0 or len(ws2) == 0:
            raise InputError("n_similarity compares two lists of words; one of them is empty")
        table = self._table
        means = [table.chosen(ws)[0].astype(np.float64).mean(axis=0) for ws in (ws1, ws2)]
        return float(unit(means[0]) @ unit(means[1]))

    def wmdistance(
        self, document1: Iterable[str], document2: Iterable[str], norm: bool = True
    ) -> float:
        """Return the word mover's distance of two lists of words; unknown words are left out.

        It is the least that it takes to move the words of one, each as often as it occurs, to those
        of the other, by the Euclidean distances of their vectors, at length 1 with `norm`
        (Kusner et al. 2015). Infinity, if one of them has no known word.

        Raises
        ------
        MissingDependencyError
            When SciPy is not installed (extra ``count``).

        Examples
        --------
        >>> from tinygrad_w2v import WordVectors
        >>> wv = WordVectors(["you", "i", "say"], [[3, 4], [4, 3], [0, 1]])
        >>> round(wv.wmdistance(["you", "say"], ["say", "i"]), 4)
        0.1414
        """
        for document in (document1, document2):
            if isinstance(document, str):
                raise InputError(f"give two lists of words, not the string {document!r:.40}")
        table = self._table
        both = [[word for word in words if word in table] for words in (document1, document2)]
        if not all(both):
            return math.inf
        (rows1, n1), (rows2, n2) = (
            np.unique(table.rows(words), return_counts=True) for words in both
        )
        a, b = (table.vectors[rows].astype(np.float64) for rows in (rows1, rows2))
        if norm:
            a, b = (np.array([unit(vector) for vector in each]) for each in (a, b))
        costs = np.sqrt(((a[:, None] - b[None]) ** 2).sum(axis=-1))
        return cheapest_transport(n1 / n1.sum(), n2 / n2.sum(), costs)

    @staticmethod
    def cosine_similarities(vector_1: npt.ArrayLike, vectors_all: npt.ArrayLike) -> FloatArray:
        """Return the cosines of one vector ``(dim,)`` with others ``(n, dim)``.

        Examples
        --------
        >>> from tinygrad_w2v import WordVectors
        >>> WordVectors.cosine_similarities([1, 0], [[2, 0], [0, 3], [-1, 0]]).tolist()
        [1.0, 0.0, -1.0]
        """
        others = np.asarray(vectors_all, np.float64)
        return np.array([unit(other) @ unit(np.asarray(vector_1)) for other in others])

    def rank(self, key1: str | int, key2: str | int) -> int:
        """Return the place of `key2` among the neighbours of `key1`, 1 for the nearest."""
        return int(np.count_nonzero(_nearer(self._table, key1, key2))) + 1

    def closer_than(self, key1: str | int, key2: str | int) -> list[str]:
        """Return the words that are nearer to `key1` than `key2` is, in the order of their rows."""
        table = self._table
        return [table.words[row] for row in np.flatnonzero(_nearer(table, key1, key2)).tolist()]

    def most_similar_to_given(self, key1: str | int, keys_list: Sequence[str | int]) -> str | int:
        """Return the key of `keys_list` that is nearest to `key1`, the first of equal ones."""
        if len(keys_list) == 0:
            raise InputError("most_similar_to_given needs at least one word to choose from")
        table = self._table
        return max(keys_list, key=lambda other: float(table.unit(key1) @ table.unit(other)))

    def relative_cosine_similarity(self, wa: str | int, wb: str | int, topn: int = 10) -> float:
        """Return the cosine of two words over the sum of those of `wa`'s `topn` neighbours.

        Above ``1 / topn``, `wb` is nearer than a usual neighbour (Leeuwenberg et al. 2016).
        """
        near = self.most_similar([wa], topn=topn)
        if len(near) == 0:
            raise InputError(f"topn is {topn}; give 1 or more neighbours of {wa!r} to compare with")
        return self.similarity(wa, wb) / sum(cosine for _, cosine in near)

    def get_mean_vector(
        self,
        keys: Sequence[Any],
        weights: npt.ArrayLike | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> FloatArray:
        """Return ``sum_i w_i x_i / sum_i |w_i|`` of words and vectors, in the vectors' dtype.

        Parameters
        ----------
        keys : list of words and vectors
            What to average; vectors count as they are.
        weights : array ``(len(keys),)``, optional
            One each, else all alike.
        pre_normalize, post_normalize : bool
            Bring the vectors of words, and the mean, to length 1.
        ignore_missing : bool
            Leave unknown words out; else they are a KeyError.

        Raises
        ------
        InputError
            If there are no keys, or not one weight each.
        """
        if isinstance(keys, str) or len(keys) == 0:
            raise InputError("a mean needs a list of at least one word or vector")
        shares = np.ones(len(keys)) if weights is None else np.asarray(weights, np.float64)
        if shares.shape != (len(keys),) or not np.isfinite(shares).all():
            raise InputError(
                f"weights has shape {shares.shape}; give {len(keys)} keys a number each"
            )
        table = self._table
        total, weight = np.zeros(table.vectors.shape[1]), 0.0
        for key, share in zip(keys, shares.tolist(), strict=True):
            if not is_key(key):
                total += share * table.query(key)
            elif table.has_vector(key) or not ignore_missing:
                word = table.unit(key) if pre_normalize else table.vector(key)
                total += share * word
            else:
                continue
            weight += abs(share)
        mean = total / weight if weight else total
        return np.asarray(unit(mean) if post_normalize else mean, dtype=table.vectors.dtype)

    def rank_by_centrality(
        self, words: Iterable[str | int], use_norm: bool = True
    ) -> list[tuple[float, str]]:
        """Return each word with ``x @ m / |m|``, ``m`` the mean of all; the largest first.

        With `use_norm` vectors count at length 1, so that it is the cosine.
        """
        if isinstance(words, str):
            raise InputError(f"give a list of words, not the string {words!r}; split it")
        table = self._table
        listed = list(words)
        if not listed:
            raise InputError("give at least one word to choose from")
        chosen = table.chosen(listed)[0].astype(np.float64)
        vectors = np.array([unit(vector) for vector in chosen]) if use_norm else chosen
        cosines = vectors @ unit(vectors.mean(axis=0))
        # Equal cosines are settled by spelling, as gensim does.
        named = zip(cosines.tolist(), map(table.name, listed), strict=True)
        return sorted(named, reverse=True)

    def doesnt_match(self, words: Iterable[str | int]) -> str:
        """Return the word whose cosine with the mean of the unit vectors of all is smallest."""
        return self.rank_by_centrality(words)[-1][1]


def _distances(table: Table, key: Any, others: Iterable[object] = ()) -> FloatArray:
    query = table.direction(key).astype(table.vectors.dtype)
    vectors, norms = table.chosen(others)
    if not len(vectors):
        vectors, norms = table.vectors, table.norms
    return np.asarray(1 - vectors @ query / norms)


def _nearer(table: Table, w1: object, w2: object) -> BoolArray:
    """Say of each row whether it is nearer to `w1` than `w2` is."""
    row1, row2 = table.found(w1)[0], table.found(w2)[0]
    away = _distances(table, w1)
    nearer: BoolArray = away < (_distances(table, w1, [w2]) if row2 is None else away[row2])
    if row1 is not None:
        nearer[row1] = False
    return nearer
