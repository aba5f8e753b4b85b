"""Which words are used otherwise in another text: vectors of two trainings, laid over each other.

The axes of a training have no meaning of their own, so the vectors of the second are first rotated
onto those of the first (Schoenemann 1966; for words Hamilton, Leskovec, Jurafsky 2016).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tinygrad_w2v._base.types import FloatArray
from tinygrad_w2v.vectors import WordVectors

LEAST_COUNT = 20  # in both texts; rarer words have hardly learned their place
MOST_WORDS = 20_000
FEWEST = 8  # words that a rotation can be judged by
KEPT = 0.8  # share of the words that the second rotation is fitted to


class Drift(NamedTuple):
    """How far words are from where they were.

    Attributes
    ----------
    words : list of str
        Common words, those that drifted most first.
    distances : list of float
        One minus the cosine of a word's two vectors after the rotation.
    """

    words: list[str]
    distances: list[float]

    @property
    def median(self) -> float:
        """The drift of an ordinary word."""
        return float(np.median(self.distances))


def rotation(rows: FloatArray, onto: FloatArray) -> FloatArray:
    """Return the orthogonal Q for which ``rows @ Q`` is nearest to `onto` (Procrustes).

    Of the singular value decomposition ``rows.T @ onto = U S V.T`` it is ``U @ V.T``.

    Examples
    --------
    >>> turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    >>> rows = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]])
    >>> bool(np.allclose(rotation(rows, rows @ turn), turn))
    True
    """
    left, _, right = np.linalg.svd(rows.T @ onto)
    return np.asarray(left @ right)


def drift(first: WordVectors, second: WordVectors, least: int = LEAST_COUNT) -> Drift | None:
    """Return how far the common words of two trainings drifted, or None of too few words.

    The rotation is fitted twice, the second time without the fifth of the words that then are
    farthest, so that those that drifted do not turn the others.

    Parameters
    ----------
    first, second
        Vectors of any two sizes.
    least
        How often a word has to occur in each text; where counts are not known, any will do.
    """
    common = [
        word
        for word in first.index_to_key
        if word in second and min(_count(first, word), _count(second, word)) >= least
    ][:MOST_WORDS]
    if len(common) < FEWEST:
        return None
    size = max(first.vector_size, second.vector_size)
    here, there = (_rows(vectors, common, size) for vectors in (first, second))
    distances = 1 - np.sum(here * (there @ rotation(there, here)), axis=1)
    near = np.argsort(distances, kind="stable")[: max(int(KEPT * len(common)), FEWEST)]
    distances = 1 - np.sum(here * (there @ rotation(there[near], here[near])), axis=1)
    order = np.argsort(-distances, kind="stable").tolist()
    return Drift([common[row] for row in order], distances[order].round(6).tolist())


def _count(vectors: WordVectors, word: str) -> float:
    counts = vectors.counts
    return np.inf if counts is None else float(counts[vectors.key_to_index[word]])


def _rows(vectors: WordVectors, words: list[str], size: int) -> FloatArray:
    """The rows of words around their mean, of length 1, filled up with zeros."""
    rows = np.asarray(vectors[words], np.float64)
    rows -= rows.mean(axis=0)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return np.pad(rows, ((0, 0), (0, size - rows.shape[1])))
