"""The questions that one asks of words and vectors, under the names of gensim's `KeyedVectors`.

Each is a function of `neighbours` or `similarity` of a table; here they become methods.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import FloatArray
from tinygrad_w2v.vectors import neighbours, similarity
from tinygrad_w2v.vectors.neighbours import Neighbours
from tinygrad_w2v.vectors.table import Table


class Questions:
    """Base of `WordVectors`: all that can be asked of its table, and nothing that changes it.

    A question looks the table up once, so that it may run in another thread while the vectors are
    replaced.
    """

    _table: Table

    # Neighbours

    def most_similar(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
    ) -> Any:
        """Return the words nearest to the mean of the positive less the negative ones.

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
        """
        if restrict_vocab:
            clip_start, clip_end = 0, neighbours.restricted(self._table, restrict_vocab)
        end = clip_end or None
        return neighbours.most_similar(self._table, positive, negative, topn, clip_start, end)

    def most_similar_batch(
        self, queries: Iterable[Any], topn: int = 10, restrict_vocab: int | None = None
    ) -> list[Neighbours]:
        """Return `most_similar` of each word or vector; many at once are far faster."""
        return neighbours.most_similar_batch(self._table, queries, topn, restrict_vocab)

    def most_similar_cosmul(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        restrict_vocab: int | None = None,
    ) -> Any:
        """Return the nearest words by the product of cosines (3CosMul, Levy and Goldberg 2014)."""
        return neighbours.most_similar_cosmul(self._table, positive, negative, topn, restrict_vocab)

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

    # Similarity

    def similarity(self, w1: str | int, w2: str | int) -> float:
        """Return the cosine of two words."""
        return similarity.similarity(self._table, w1, w2)

    def distance(self, w1: str | int, w2: str | int) -> float:
        """Return 1 less the cosine of two words."""
        return 1 - similarity.similarity(self._table, w1, w2)

    def distances(self, word_or_vector: Any, other_words: Iterable[str | int] = ()) -> FloatArray:
        """Return 1 less the cosines of a word or vector with others (none given: with all)."""
        return similarity.distances(self._table, word_or_vector, other_words)

    def similarities(self, words: Iterable[str | int] | None = None) -> FloatArray:
        """Return the cosines of all pairs of `words` (None: all words), shape ``(n, n)``."""
        return similarity.similarities(self._table, words)

    def cosine_table(self, words: Iterable[str | int] | None = None, digits: int = 3) -> str:
        """Return the cosines of all pairs of `words` as a table to print."""
        return similarity.cosine_table(self._table, words, digits)

    def n_similarity(self, ws1: Sequence[str | int], ws2: Sequence[str | int]) -> float:
        """Return the cosine of the means of two sets of words."""
        return similarity.n_similarity(self._table, ws1, ws2)

    def rank(self, key1: str | int, key2: str | int) -> int:
        """Return the place of `key2` among the neighbours of `key1`, 1 for the nearest."""
        return similarity.rank(self._table, key1, key2)

    def closer_than(self, key1: str | int, key2: str | int) -> list[str]:
        """Return the words that are nearer to `key1` than `key2` is, in the order of their rows."""
        return similarity.closer_than(self._table, key1, key2)

    def most_similar_to_given(self, key1: str | int, keys_list: Sequence[str | int]) -> str | int:
        """Return the key of `keys_list` that is nearest to `key1`."""
        return similarity.most_similar_to_given(self._table, key1, keys_list)

    def relative_cosine_similarity(self, wa: str | int, wb: str | int, topn: int = 10) -> float:
        """Return the cosine of two words over the sum of those of `wa`'s `topn` neighbours.

        Above ``1 / topn``, `wb` is nearer than a usual neighbour (Leeuwenberg et al. 2016).
        """
        near = neighbours.most_similar(self._table, [wa], topn=topn)
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
        """Return the weighted mean of words and vectors ``(dim,)``.

        Parameters
        ----------
        keys : list of words and vectors
            What to average; vectors count as they are.
        weights : array ``(len(keys),)``, optional
            One each, else all alike; the sum is divided by that of their absolute values.
        pre_normalize, post_normalize : bool
            Bring the vectors of words, and the mean, to length 1.
        ignore_missing : bool
            Leave unknown words out; else they are a KeyError.
        """
        return similarity.mean_vector(
            self._table, keys, weights, pre_normalize, post_normalize, ignore_missing
        )

    def rank_by_centrality(
        self, words: Iterable[str | int], use_norm: bool = True
    ) -> list[tuple[float, str]]:
        """Return (cosine with the mean of all, word), the most central word first."""
        return similarity.rank_by_centrality(self._table, words, use_norm)

    def doesnt_match(self, words: Iterable[str | int]) -> str:
        """Return the word that is farthest from the mean of all."""
        return similarity.doesnt_match(self._table, words)
