"""Negative words are drawn from the unigram distribution to the power 3/4, in constant time."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np

from tinygrad_w2v._base.errors import InputError, Setting
from tinygrad_w2v._base.hashing import LOW_32, SHIFT_32, UInt64Array, bounded
from tinygrad_w2v._base.types import FloatArray, IntArray

# A negative word that is the true word is drawn again this often, then replaced by its neighbour.
REDRAWS = 8


def negative_shares(counts: IntArray | FloatArray, exponent: float = 0.75) -> FloatArray:
    """Return the probability of each word as a negative one, ``count ** exponent`` over their sum.

    Parameters
    ----------
    counts
        Occurrences of each word, shape (V,).
    exponent
        3/4 in the paper; 1 is the unigram distribution, 0 the uniform one.

    Returns
    -------
    FloatArray
        float64, shape (V,).

    Raises
    ------
    InputError
        When no word has a weight that can be drawn from.

    Examples
    --------
    >>> negative_shares(np.array([16, 1]))
    array([0.88888889, 0.11111111])
    """
    with np.errstate(divide="ignore", over="ignore", under="ignore", invalid="ignore"):
        weights = np.asarray(counts, dtype=np.float64) ** exponent
        total = weights.sum()
    if not (weights.size and np.isfinite(total) and total > 0):
        raise InputError(
            (
                *("negative words cannot be drawn with ", Setting("ns_exponent")),
                f" {exponent}: counts to that power must be finite and not all 0; 0.75 is usual",
            )
        )
    shares: FloatArray = weights / total
    return shares


class AliasTable(NamedTuple):
    """Words with their probabilities, as V equal columns that two words share at most.

    A column is chosen evenly; its own word is taken below the column's threshold, its alias
    above (Walker 1977; built in O(V) as Vose 1991). The probabilities are exact to 2^-32.

    Attributes
    ----------
    threshold : UInt64Array
        The own word's share of each column, times 2^32, shape (V,).
    alias : IntArray
        The other word of each column, shape (V,).

    Examples
    --------
    >>> import numpy as np
    >>> table = AliasTable.from_counts(np.array([16, 1]), exponent=0.75)
    >>> table.probabilities()
    array([0.88888889, 0.11111111])
    """

    threshold: UInt64Array
    alias: IntArray

    @classmethod
    def from_counts(cls, counts: IntArray | FloatArray, exponent: float = 0.75) -> Self:
        """Make the table of ``p(w)`` in proportion to ``count(w) ** exponent``.

        Parameters
        ----------
        counts
            Occurrences of each word, shape (V,).
        exponent
            3/4 in the paper; 1 is the unigram distribution, 0 the uniform one.

        Returns
        -------
        AliasTable

        Raises
        ------
        InputError
            When no word has a weight that can be drawn from.

        Examples
        --------
        >>> import numpy as np
        >>> AliasTable.from_counts(np.array([3, 1]), exponent=1).probabilities()
        array([0.75, 0.25])
        """
        share = negative_shares(counts, exponent) * len(counts)
        alias = np.arange(len(share))
        small = np.flatnonzero(share < 1).tolist()
        large = np.flatnonzero(share >= 1).tolist()
        values = share.tolist()
        while small and large:
            low, high = small.pop(), large[-1]
            alias[low] = high
            values[high] -= 1.0 - values[low]
            if values[high] < 1:
                small.append(large.pop())
        # What is left over differs from 1 by rounding only.
        for column in small + large:
            values[column] = 1.0
        threshold = np.round(np.array(values) * 2.0**32).astype(np.uint64)
        return cls(threshold, alias)

    def words(self, bits: UInt64Array) -> IntArray:
        """Return one word for each 64 random bits: upper half the column, lower half the word.

        Parameters
        ----------
        bits
            uint64, any shape.

        Returns
        -------
        IntArray
            Ids, of the same shape.

        Examples
        --------
        >>> import numpy as np
        >>> table = AliasTable.from_counts(np.array([3, 1]), exponent=1)
        >>> table.words(np.array([0, 2**63, 2**64 - 1], dtype=np.uint64))
        array([0, 1, 0])
        """
        column = bounded(bits, np.uint64(len(self.alias))).astype(np.intp)
        own = (bits & LOW_32) < self.threshold.take(column)
        return np.where(own, column, self.alias.take(column))

    def packed(self) -> UInt64Array:
        """Return both in one number a column: the threshold's 32 bits above, the alias below.

        A draw then reads one number, which native code does without a jump. A column that is all
        its own word's has that word as its alias too, so that 32 bits are enough.

        Examples
        --------
        >>> import numpy as np
        >>> table = AliasTable.from_counts(np.array([3, 1]), exponent=1)
        >>> [divmod(int(number), 2**32) for number in table.packed()]
        [(4294967295, 0), (2147483648, 0)]
        """
        whole = self.threshold >= LOW_32
        alias = np.where(whole, np.arange(len(self.alias)), self.alias).astype(np.uint64)
        return (np.minimum(self.threshold, LOW_32) << SHIFT_32) | alias

    def probabilities(self) -> FloatArray:
        """Return the probability of each word, shape (V,).

        Examples
        --------
        >>> import numpy as np
        >>> AliasTable.from_counts(np.array([1, 1]), exponent=0.75).probabilities()
        array([0.5, 0.5])
        """
        own = self.threshold / 2.0**32
        given = np.bincount(self.alias, weights=1.0 - own, minlength=len(own))
        return (own + given) / len(own)


def negative_counter(k: int, attempt: int, offsets: IntArray | int, number: int) -> UInt64Array:
    """Return the counter of the k-th of K negative words of a pair, or of a window.

    It is ``(side * (REDRAWS + 1) + attempt) * K + k``. The side of a window is 0; that of a pair
    tells its context's offset, -1, 1, -2, 2, ..., as 1, 2, 3, 4, ..., whatever the window's width.

    Parameters
    ----------
    k, attempt
        Which of the words, and how often it was the true one before.
    offsets
        Of the context from the centre, any shape; 0 for what a window's contexts share.
    number
        K.

    Returns
    -------
    UInt64Array
        Of the shape of `offsets`.

    Examples
    --------
    >>> negative_counter(2, 1, np.array([0, -1, 1, -2]), number=5).tolist()
    [7, 52, 97, 142]
    """
    distance = np.abs(offsets)
    side = 2 * distance - (np.asarray(offsets) < 0)
    counter: UInt64Array = ((side * (REDRAWS + 1) + attempt) * number + k).astype(np.uint64)
    return counter
