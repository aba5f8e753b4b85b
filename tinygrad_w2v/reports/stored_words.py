"""Words and vectors as a page stores them: a byte a number, as text.

A vector is stored by its direction, which is all that similarities need: its largest number becomes
127. A cosine that is computed of such vectors is off by less than a hundredth.
"""

from __future__ import annotations

import base64
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.types import AnyArray, FloatArray
from tinygrad_w2v.reports.layouts import plane_of
from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.vectors.sample_words import means_something

MOST_WORDS, MOST_ON_MAP = 20_000, 10_000
MOST_BYTES = 7_000_000  # of all vectors; as text they take a third more


class StoredWords(NamedTuple):
    """The words of a page.

    Attributes
    ----------
    words : list of str
        The most frequent ones, the more frequent first.
    directions : array of int8
        ``(n, dim)``.
    points : array of int16
        ``(m, 2)``, the places of the first m words on the map.
    counts : list of int, optional
    of : int
        How many words there are, stored or not.
    """

    words: list[str]
    directions: AnyArray
    points: AnyArray
    counts: list[int] | None
    of: int

    def as_data(self) -> dict[str, Any]:
        """Return it for a page; arrays are bytes in base64, little end first."""
        return {
            "words": self.words,
            "dim": self.directions.shape[1],
            "directions": base64.b64encode(self.directions.tobytes()).decode("ascii"),
            "points": base64.b64encode(self.points.astype("<i2").tobytes()).decode("ascii"),
            "counts": self.counts,
            "of": self.of,
            # Labels of the others come first.
            "function_words": [
                row
                for row, word in enumerate(self.words[: len(self.points)])
                if not means_something(word)
            ],
        }


def store(vectors: WordVectors, layout: str = "pca") -> StoredWords:
    """Return the words of a page.

    Parameters
    ----------
    vectors
        All words.
    layout
        Of the map, as in `plane_of`.

    Examples
    --------
    >>> stored = store(WordVectors(["say", "you"], [[1.0, 0.5], [0.0, -2.0]], counts=[1, 9]))
    >>> stored.words, stored.directions.tolist(), stored.counts
    (['you', 'say'], [[0, -127], [127, 64]], [9, 1])
    """
    dim = max(vectors.vector_size, 1)
    most = min(MOST_WORDS, MOST_BYTES // dim, len(vectors))
    counts = None if vectors.counts is None else np.asarray(vectors.counts)
    order = np.arange(len(vectors)) if counts is None else np.argsort(-counts, kind="stable")
    chosen = order[:most]
    rows = np.asarray(vectors.vectors)[chosen].astype(np.float32)
    return StoredWords(
        words=[vectors.index_to_key[row] for row in chosen.tolist()],
        directions=directions_of(rows),
        points=np.rint(32767 * plane_of(_unit(rows[:MOST_ON_MAP]), layout)).astype(np.int16),
        counts=None if counts is None else counts[chosen].tolist(),
        of=len(vectors),
    )


def directions_of(rows: FloatArray) -> AnyArray:
    """Return rows with 127 or -127 as their largest number, int8."""
    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0)
    return np.rint(127 * rows / np.where(largest > 0, largest, 1)).astype(np.int8)


def _unit(rows: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)
