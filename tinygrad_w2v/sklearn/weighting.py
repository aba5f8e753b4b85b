r"""A document's vector is a weighted mean of the vectors of its words.

With the words w of a document d that have a vector x_w, each as often as it occurs::

    mean    v_d = 1/|d| sum_w x_w
    tfidf   v_d = sum_w idf(w) x_w / sum_w idf(w)       idf(w) = ln((1 + n) / (1 + df(w))) + 1
    sif     v_d = 1/|d| sum_w a / (a + p(w)) x_w,  then  v_d - u u' v_d

where df(w) of n documents hold w, p(w) is its share of all their words, and u is the first right
singular vector of all v_d; all three are of the documents that were learned from. A word that none
of them holds has df = 0 and p = 0. A document without any word that has a vector is zeros.

References
----------
Arora, Liang, Ma 2017, "A simple but tough-to-beat baseline for sentence embeddings" (sif); its
published code takes u of vectors that are not centred, as is done here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from tinygrad_w2v._base.checks import real_number
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import FloatArray, IntArray
from tinygrad_w2v.sklearn.documents import Sentences

WEIGHTINGS = ("mean", "tfidf", "sif")


class KnownWords(NamedTuple):
    """The words of documents that have a vector, each document in the order of its text.

    Attributes
    ----------
    words : list of str
        Each word once.
    places : array ``(sum of lengths,)``
        Of the words of all documents in `words`.
    starts : array ``(n + 1,)``
        Where each document begins in `places`; the last number is the end.
    rows : array ``(len(words), dim)``
        The vector of each of `words`.
    """

    words: list[str]
    places: IntArray
    starts: IntArray
    rows: FloatArray


def known_words(documents: Iterable[Sentences], vectors: Any) -> KnownWords:
    """Return the words of documents that `vectors` has; it is asked once for each word.

    Examples
    --------
    >>> from tinygrad_w2v import WordVectors
    >>> known_words([[["you", "say"]], [["hm"]]], WordVectors(["say"], [[1.0]])).starts
    array([0, 1, 1])
    """
    place_of: dict[str, int | None] = {}
    words: list[str] = []
    places: list[list[int]] = []
    for document in documents:
        found: list[int] = []
        for word in chain.from_iterable(document):
            if word not in place_of:
                place_of[word] = len(words) if word in vectors else None
                words += [word] * (word in vectors)
            place = place_of[word]
            if place is not None:
                found.append(place)
        places.append(found)
    starts = np.array([0, *accumulate(map(len, places))])
    rows = np.asarray(vectors[words]) if words else np.zeros((0, vectors.vector_size), np.float32)
    return KnownWords(words, np.array([*chain.from_iterable(places)], np.intp), starts, rows)


@dataclass(frozen=True)
class Weighting:
    """How words are weighed, as it was learned from documents.

    Attributes
    ----------
    kind : {"mean", "tfidf", "sif"}
        Of the equations above.
    weights : dict of str to float
        The weight of each word of the documents.
    unseen : float
        That of any other word.
    component : array ``(dim,)``, optional
        u, for ``"sif"``.
    """

    kind: str
    weights: dict[str, float]
    unseen: float = 1.0
    component: FloatArray | None = None

    def mean(self, known: KnownWords) -> FloatArray:
        """Return the vector of each document ``(n, dim)`` in the dtype of the words' vectors."""
        of_words = [self.weights.get(word, self.unseen) for word in known.words]
        shape = len(known.starts) - 1, len(known.words)
        given = np.array(of_words)[known.places] if of_words else np.zeros(0)
        # Words of a document are added up in its order, so that no other document changes a bit.
        weights = csr_array((given, known.places, known.starts), shape=shape)
        totals = weights.sum(axis=1) if self.kind == "tfidf" else np.diff(known.starts)
        vectors = weights @ known.rows / np.where(totals == 0, 1, totals)[:, None]
        if self.component is not None:
            vectors -= np.outer(vectors @ self.component, self.component)
        return np.asarray(vectors, dtype=known.rows.dtype)


def learn_weighting(kind: str, a: float, known: KnownWords) -> Weighting:
    """Return a weighting that is learned from documents.

    Parameters
    ----------
    kind, a
        As in the equations above; `a` is for ``"sif"``.
    known
        The words of the documents.

    Raises
    ------
    InputError
        When there is no such kind, or `a` is not larger than 0.

    Examples
    --------
    >>> from tinygrad_w2v import WordVectors
    >>> known = known_words([[["you", "say"]], [["say"]]], WordVectors(["say"], [[1.0]]))
    >>> learn_weighting("tfidf", 1e-3, known).weights
    {'say': 1.0}
    """
    check_weighting(kind, a)
    if kind == "mean":
        return Weighting(kind, {})
    if kind == "tfidf":
        n = len(known.starts) - 1
        held = np.stack([np.repeat(np.arange(n), np.diff(known.starts)), known.places])
        df = np.bincount(np.unique(held, axis=1)[1], minlength=len(known.words))
        idf = np.log((1 + n) / (1 + df)) + 1
        weights = dict(zip(known.words, idf.tolist(), strict=True))
        return Weighting(kind, weights, math.log(1 + n) + 1)
    counts = np.bincount(known.places, minlength=len(known.words))
    weights = dict(zip(known.words, (a / (a + counts / counts.sum())).tolist(), strict=True))
    vectors = Weighting(kind, weights).mean(known).astype(np.float64)
    _, directions = np.linalg.eigh(vectors.T @ vectors)
    return Weighting(kind, weights, component=directions[:, -1])


def check_weighting(kind: str, a: float) -> None:
    """Refuse a weighting that there is not, before anything is read.

    Raises
    ------
    InputError
        As `learn_weighting`.
    """
    if kind not in WEIGHTINGS:
        raise InputError(
            f"must be {', '.join(map(repr, WEIGHTINGS[:-1]))} or {WEIGHTINGS[-1]!r}, not {kind!r}",
            setting="weighting",
        )
    if not 0 < real_number("a", a) < math.inf:
        raise InputError(f"must be a finite number above 0, not {a}", setting="a")
