"""Frequent words are left out at random: they say little about their neighbours."""

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import FloatArray, IntArray


def keep_probability(counts: IntArray, sample: float = 1e-3) -> FloatArray:
    """Return with which probability an occurrence of each word is kept.

    ``p(w) = min(1, sqrt(t / f) + t / f)``, where ``f`` is the word's share of the corpus and
    ``t`` is `sample`. It is word2vec.c's formula, and gensim's; the paper (Mikolov et al. 2013,
    "Distributed representations of words and phrases", section 2.3) has the first term only.

    Parameters
    ----------
    counts
        Occurrences of each word, shape (V,).
    sample
        The threshold t; 0 keeps every word. From 1 on it is a count of words, as in gensim.

    Returns
    -------
    FloatArray
        float64, shape (V,).

    Raises
    ------
    InputError
        When `sample` is negative or NaN.

    Examples
    --------
    >>> import numpy as np
    >>> keep_probability(np.array([9000, 900, 100]), sample=0.01)
    array([0.11652037, 0.44444444, 1.        ])
    """
    if not sample >= 0:
        raise InputError(f"must be 0 or more, not {sample}; 0.001 is usual", setting="sample")
    frequencies = np.asarray(counts, dtype=np.float64)
    if sample == 0:
        return np.ones(len(frequencies))
    threshold = sample * frequencies.sum() if sample < 1 else sample
    ratio = np.divide(
        threshold, frequencies, out=np.full(len(frequencies), np.inf), where=frequencies > 0
    )
    kept: FloatArray = np.minimum(1.0, np.sqrt(ratio) + ratio)
    return kept
