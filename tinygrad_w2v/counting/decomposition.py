"""A wide sparse matrix in few dimensions: the nearest matrix of low rank gives the vectors."""

import math
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.randomness import generator
from tinygrad_w2v._base.types import FloatArray
from tinygrad_w2v.counting.sources import WordList
from tinygrad_w2v.counting.sparse import as_csr, scipy_sparse
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.vectors import WordVectors


def svd_vectors(
    matrix: Any,
    dim: int = 100,
    eigenvalue_exponent: float = 0.5,
    vocabulary: WordList | None = None,
    rng: np.random.Generator | None = None,
) -> WordVectors:
    """Return the words' vectors in the truncated singular value decomposition of a matrix.

    ``M ~ U S V^T`` with the `dim` largest singular values; the vectors are ``W = U S^p``, the
    columns by falling singular value.

    Parameters
    ----------
    matrix
        M, as of :func:`ppmi`, shape (words, contexts).
    dim
        The number of dimensions, below that of words and of contexts.
    eigenvalue_exponent
        The power p: 0.5 and 0 are best for similarity; never 1, which is the decomposition by the
        book (Levy et al. 2015, section 6.2 and table 6).
    vocabulary
        The word of each row: a :class:`~tinygrad_w2v.text.Vocabulary`, a list of words, or the
        book's ``id_to_word``. None: the ``vocabulary`` that `matrix` has.
    rng
        Draws the vector that the iteration starts from; ``default_rng(0)`` by default. Where no
        two singular values are equal, the result depends on it by rounding only.

    Returns
    -------
    WordVectors
        float32, with the counts of the vocabulary where it has them. In each column the entry
        that is farthest from zero (the first of several) is positive, and columns beyond the
        rank of M are zero, so that the same input gives the same bytes.

    Raises
    ------
    MissingDependencyError
        When SciPy is not installed.
    InputError
        When `dim` or `eigenvalue_exponent` is out of its range, the words are not known or are
        not as many as rows, M is zero or holds NaN, or the iteration does not converge.
    ShapeError
        When M has not two axes.

    References
    ----------
    Levy, Goldberg, Dagan 2015, "Improving distributional similarity with lessons learned from
    word embeddings", 2.2 and 3.3. Lehoucq, Sorensen, Yang 1998, *ARPACK users' guide*.

    Examples
    --------
    >>> words = ["you", "say", "i"]
    >>> wv = svd_vectors([[0, 2, 0], [2, 0, 2], [0, 2, 0]], dim=2, vocabulary=words)
    >>> wv
    WordVectors(3 words, 2 dimensions, float32)
    >>> round(wv.similarity("you", "i"), 3), abs(round(wv.similarity("you", "say"), 3))
    (1.0, 0.0)
    """
    given = getattr(matrix, "vocabulary", None) if vocabulary is None else vocabulary
    csr = as_csr(matrix, "matrix")
    least = min(csr.shape)
    if not 0 < dim < least:
        raise InputError(
            f"dim must be 1 or more and below the size of the matrix, but is {dim} for "
            f"{csr.shape[0]} words and {csr.shape[1]} contexts; use at most {least - 1}"
        )
    if not (eigenvalue_exponent >= 0 and math.isfinite(eigenvalue_exponent)):
        raise InputError(
            f"eigenvalue_exponent must be 0 or more, not {eigenvalue_exponent}; 0.5 is usual"
        )
    if given is None:
        raise InputError(
            "the words of the matrix are not known: give vocabulary=, a Vocabulary, a list of "
            "words or id_to_word"
        )
    if len(given) != csr.shape[0]:
        raise InputError(
            f"the matrix has {csr.shape[0]} rows, but the vocabulary {len(given)} words"
        )
    if csr.nnz == 0:
        raise InputError(
            "the matrix is zero, so there is nothing to decompose; use a longer text, a wider "
            "window or a smaller shift"
        )
    u, s = _largest(csr, dim, generator(rng))
    vectors = (u * s**eigenvalue_exponent).astype(np.float32)
    vectors.flags.writeable = False
    if isinstance(given, Vocabulary):
        return WordVectors(given.words, vectors, given.counts)
    return WordVectors(given, vectors)


def _largest(matrix: Any, dim: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return the left singular vectors (words, dim) and values (dim,), largest first."""
    linalg = scipy_sparse().linalg
    start = rng.standard_normal(min(matrix.shape))
    try:
        u, s, _ = linalg.svds(matrix.astype(np.float64), k=dim, v0=start, solver="arpack")
    except linalg.ArpackError as error:
        raise InputError(
            f"the singular value decomposition did not converge ({error}); use a smaller dim"
        ) from error
    u, s = u[:, ::-1], s[::-1]
    # A singular value comes out of its square: what lies below the root of the rounding error
    # is no more than noise.
    s = np.where(s > s[0] * math.sqrt(np.finfo(np.float64).eps * max(matrix.shape)), s, 0)
    # Of entries that differ by rounding the first decides.
    far = np.abs(u) >= (1 - 1e-6) * np.abs(u).max(axis=0)
    signs = np.sign(u[far.argmax(axis=0), np.arange(dim)])
    return np.where(s > 0, u * signs, 0), s
