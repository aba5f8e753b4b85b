"""Counts as surprise: how much more often two words meet than chance would have them."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.counting.sparse import as_csr, scipy_sparse

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def ppmi(
    counts: Any, smoothing: float = 0.75, shift: float = 1.0, base: float = math.e
) -> "csr_array":
    """Return the positive pointwise mutual information of words and contexts.

    ``M[i, j] = max(0, log(P(i, j) / (P(i) P_a(j))) - log k)`` with
    ``P(i, j) = C[i, j] / sum C``, ``P(i) = sum_j C[i, j] / sum C`` and
    ``P_a(j) = (sum_i C[i, j])^a / sum_j (sum_i C[i, j])^a``; 0 where C is 0.

    Parameters
    ----------
    counts
        C, of :func:`cooccurrence` or dense, shape (words, contexts).
    smoothing
        The power a: below 1 it takes from PMI its preference for rare contexts. 1 is plain PMI,
        and with ``base=2`` the book's ``ppmi``.
    shift
        k: with k > 1 the matrix is that which word2vec with k negative samples factorises (Levy
        and Goldberg 2014). Levy et al. (2015) found that it helps PPMI and harms its SVD.
    base
        Of the logarithm. Another base only scales the matrix.

    Returns
    -------
    csr_array
        M as float64, of the shape of `counts`; only positive entries are stored. A ``vocabulary``
        that `counts` has is handed on.

    Raises
    ------
    MissingDependencyError
        When SciPy is not installed.
    InputError
        When an option is out of its range, or a count is negative, NaN or infinite.
    ShapeError
        When `counts` has not two axes.

    References
    ----------
    K. Saitoh, *Deep Learning from Scratch 2*, 2.4.1. Levy, Goldberg, Dagan 2015, "Improving
    distributional similarity with lessons learned from word embeddings", 3.2.

    Examples
    --------
    >>> counts = [[0, 4, 1], [4, 0, 1], [1, 1, 0]]
    >>> ppmi(counts, smoothing=1, base=2).toarray().round(3)
    array([[0.   , 0.941, 0.263],
           [0.941, 0.   , 0.263],
           [0.263, 0.263, 0.   ]])
    >>> ppmi(counts, smoothing=1, shift=1.5, base=2).nnz
    2
    """
    if not 0 < smoothing <= 1:
        raise InputError(f"smoothing must lie above 0 and not above 1, not {smoothing}")
    if not (shift > 0 and math.isfinite(shift)):
        raise InputError(f"shift must be above 0, not {shift}; 1 shifts nothing")
    if not (base > 1 and math.isfinite(base)):
        raise InputError(f"base must be above 1, not {base}; math.e and 2 are usual")
    matrix = as_csr(counts, "counts")
    if matrix.data.min(initial=0) < 0:
        raise InputError(f"counts has the negative entry {matrix.data.min()}")
    of_words = np.asarray(matrix.sum(axis=1), dtype=np.float64)
    of_contexts = np.asarray(matrix.sum(axis=0), dtype=np.float64) ** smoothing
    with np.errstate(divide="ignore"):
        # log C - log(sum_j C) - log P_a; what is infinite belongs to no stored count.
        log_words = np.log(of_words)
        log_contexts = np.log(of_contexts) - (np.log(of_contexts.sum()) if matrix.nnz else 0)
        values = np.log(matrix.data, dtype=np.float64)
    values -= np.repeat(log_words + math.log(shift), np.diff(matrix.indptr))
    values -= log_contexts[matrix.indices]
    values /= math.log(base)
    positive = values > 0
    kept_before = np.concatenate([[0], np.cumsum(positive)])
    parts = values[positive], matrix.indices[positive], kept_before[matrix.indptr]
    associations = scipy_sparse().csr_array(parts, shape=matrix.shape)
    if hasattr(counts, "vocabulary"):
        associations.vocabulary = counts.vocabulary
    return associations
