"""Vectors of words as means of rows: a word's own row, and those of its n-grams of characters.

::

    v(w) = (x_w + sum_g x_{V + hash(g) mod buckets}) / (1 + number of g)

A word that was never seen has no row of its own, and its vector is the mean of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tinygrad_w2v._base.types import FloatArray
from tinygrad_w2v.text.ngrams import bucket_of, ngrams_of
from tinygrad_w2v.vectors.blocks import rows_in_block

_AT_ONCE = 1 << 22  # numbers of rows that are added up in one go


class NgramRows(NamedTuple):
    """The rows of n-grams, which give a word that was never seen its vector.

    Attributes
    ----------
    rows : array ``(buckets, dim)``
        A row each bucket.
    min_n, max_n : int
        The characters of an n-gram, marks included.

    Examples
    --------
    >>> ngrams = NgramRows(np.arange(6.0).reshape(3, 2), min_n=3, max_n=3)
    >>> ngrams.vector("you").round(2), ngrams.vector("")  # rows 1, 2, 2
    (array([3.33, 4.33]), None)
    """

    rows: FloatArray
    min_n: int
    max_n: int

    def vector(self, word: str) -> FloatArray | None:
        """Return the mean of the rows of a word's n-grams, None for a word that has none."""
        if not len(self.rows) or not self.max_n:
            return None
        buckets = bucket_of(word, self.min_n, self.max_n, len(self.rows))
        if not len(buckets):
            return None
        share = self.rows.dtype.type(1 / len(buckets))
        mean: FloatArray = self.rows[buckets].sum(axis=0) * share
        return mean


def end_of_block(words: Sequence[str], first: int, dim: int, max_n: int) -> int:
    """Return where a block of words from `first` on ends, whose n-grams take some room at most.

    Examples
    --------
    >>> end_of_block(["you", "say"], 0, dim=100, max_n=6)
    2
    """
    room = _AT_ONCE
    for last in range(first, min(len(words), first + rows_in_block(dim))):
        room -= (len(words[last]) + 2) * max_n
        if room < 0:
            break
    return last + 1


@np.errstate(over="ignore", invalid="ignore")  # who takes them refuses what is not finite
def word_means(
    words: Sequence[str], rows: FloatArray, min_n: int, max_n: int, first: int = 0, last: int = -1
) -> FloatArray:
    """Return the vectors of the words from `first` to `last` (-1: of all), float32.

    One row after the other, and times one over their number, they have fastText's last bits.

    Parameters
    ----------
    words
        All V words, in the order of their rows.
    rows
        ``(V + buckets, dim)``: a row each word, then one each bucket.
    min_n, max_n
        The characters of an n-gram; ``max_n=0``: no n-grams.

    Examples
    --------
    >>> rows = np.array([[1], [4]], np.float32)
    >>> word_means(["you"], rows, 3, 3).tolist()  # you, <yo, you, ou>
    [[3.25]]
    """
    number, dim = len(words), rows.shape[1]
    last = number if last < 0 else last
    if not max_n or len(rows) == number:
        return np.array(rows[first:last], np.float32)
    means: FloatArray = np.zeros((last - first, dim), np.float32)
    step, at = max(1, _AT_ONCE // dim), 0
    buckets = np.uint32(len(rows) - number)
    for hashes, counts in ngrams_of(words[first:last], min_n, max_n):
        own = np.arange(first + at, first + at + len(counts))
        grams = number + (hashes % buckets).astype(np.int64)
        parts = np.insert(grams, np.cumsum(counts) - counts, own)
        ends = np.cumsum(counts + 1)
        # `reduceat` would add in another order.
        for start, end in zip((ends - counts - 1).tolist(), ends.tolist(), strict=True):
            mean = means[at]
            for begin in range(start, end, step):
                mean += rows[parts[begin : min(begin + step, end)]].sum(axis=0)
            mean *= np.float32(1 / (end - start))
            at += 1
    return means
