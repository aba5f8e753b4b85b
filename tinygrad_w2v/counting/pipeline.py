"""From sentences to count-based vectors in one call."""

from collections.abc import Iterable

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.counting.association import ppmi
from tinygrad_w2v.counting.decomposition import svd_vectors
from tinygrad_w2v.counting.neighbour_counts import DistanceWeighting, cooccurrence
from tinygrad_w2v.counting.sparse import scipy_sparse
from tinygrad_w2v.text.corpus import Corpus, build_corpus
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.vectors import WordVectors


def count_vectors(
    corpus: Corpus | Iterable[Iterable[str]],
    vocabulary: Vocabulary | None = None,
    dim: int = 100,
    window: int = 5,
    min_count: int = 5,
    distance_weighting: DistanceWeighting = None,
    sample: float = 0.0,
    smoothing: float = 0.75,
    shift: float = 1.0,
    eigenvalue_exponent: float = 0.5,
    seed: int = 1,
) -> WordVectors:
    """Count, take PPMI, decompose: the count-based counterpart of training.

    Parameters
    ----------
    corpus
        Sentences, each a list of words; or a :class:`~tinygrad_w2v.text.Corpus`, with its
        vocabulary.
    vocabulary
        The words. None: those of the sentences that occur `min_count` times.
    dim, eigenvalue_exponent
        As in :func:`svd_vectors`.
    window, distance_weighting, sample
        As in :func:`cooccurrence`.
    min_count
        Rarer words are left out; without meaning when `vocabulary` is given.
    smoothing, shift
        As in :func:`ppmi`.
    seed
        Of the subsampling and of the vector that the decomposition starts from.

    Returns
    -------
    WordVectors
        With the counts of the words.

    Raises
    ------
    MissingDependencyError
        When SciPy is not installed.
    InputError
        When the text or an option cannot be used, or a `Corpus` comes without its vocabulary.

    Examples
    --------
    >>> text = ["you say goodbye and i say hello".split()] * 5
    >>> wv = count_vectors(text, dim=2, window=1)
    >>> wv, wv.get_vecattr("say", "count")
    (WordVectors(6 words, 2 dimensions, float32), 10)
    """
    scipy_sparse()  # where it is missing, that is said before a long text is read
    if vocabulary is None:
        if isinstance(corpus, Corpus):
            raise InputError("a Corpus holds ids only: give its vocabulary= too")
        vocabulary, corpus = build_corpus(corpus, min_count=min_count)
    counts = cooccurrence(
        corpus,
        vocabulary,
        window=window,
        distance_weighting=distance_weighting,
        sample=sample,
        seed=seed,
    )
    associations = ppmi(counts, smoothing=smoothing, shift=shift)
    del counts
    return svd_vectors(
        associations, dim, eigenvalue_exponent, vocabulary, np.random.default_rng(seed % 2**64)
    )
