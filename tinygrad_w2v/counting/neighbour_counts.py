"""How often words stand near each other, counted block by block.

A pair of words a distance apart is one integer; a block of the text gives a sorted run of them,
and runs are added as sparse matrices of like size. So memory holds one block and the counts, and
never the pairs of the text.
"""

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tinygrad_w2v._base import hashing
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import AnyArray, FloatArray
from tinygrad_w2v.counting.sources import Block, TextLike, WordList, open_text
from tinygrad_w2v.counting.sparse import scipy_sparse
from tinygrad_w2v.sources.subsampling import keep_probability
from tinygrad_w2v.text.vocabulary import Vocabulary

if TYPE_CHECKING:
    from scipy.sparse import csr_array

DistanceWeighting = Literal["harmonic", "linear"] | None


def cooccurrence(
    corpus: TextLike,
    vocabulary: WordList | int | None = None,
    window: int = 5,
    distance_weighting: DistanceWeighting = None,
    symmetric: bool = True,
    sample: float = 0.0,
    seed: int = 1,
    block_pairs: int = 1 << 23,
) -> "csr_array":
    """Count how often each word stands within `window` words of each other word.

    ``C[i, j] = sum of weight(d)`` over all places where word j stands d words from word i, with
    1 <= d <= window and both in one sentence.

    Parameters
    ----------
    corpus
        A :class:`~tinygrad_w2v.text.Corpus`; or word ids, shape (number of words,), as of
        :func:`~tinygrad_w2v.text.preprocess`, which are one sentence; or sentences, each a list of
        words. Sentences are read once, and need not fit in memory if a `Vocabulary` is given.
    vocabulary
        The words by id: a :class:`~tinygrad_w2v.text.Vocabulary`, a list of words, or the book's
        ``id_to_word``; for ids the number of words V is enough. Words that are not in it are
        dropped from their sentences. None: all words of the sentences, by falling count; for ids
        V is the largest of them and 1.
    window
        The largest distance between two words.
    distance_weighting
        None: every distance weighs 1. ``"harmonic"``: 1 / d, as in GloVe. ``"linear"``:
        (window - d + 1) / window, which is how often word2vec's shrunk window reaches a word at
        distance d.
    symmetric
        Count neighbours on both sides. False counts those that follow: j after i.
    sample
        Leave out frequent words at random before windows are formed, with the threshold of
        :func:`~tinygrad_w2v.sources.subsampling.keep_probability`; 0 keeps all.
    seed
        Of that draw, which is the one that training makes in its first epoch.
    block_pairs
        How many pairs are held at a time; 8 bytes each, and as much again to sort them.

    Returns
    -------
    csr_array
        Shape (V, V): int64, or float64 with a weighting. Where the words are known its attribute
        ``vocabulary`` is a `Vocabulary`, which :func:`ppmi` hands on to :func:`svd_vectors`.

    Raises
    ------
    MissingDependencyError
        When SciPy is not installed.
    InputError
        When an option is out of its range, the corpus is a string, or an id is not below V.
    ShapeError
        When ids have more than one axis.

    References
    ----------
    K. Saitoh, *Deep Learning from Scratch 2*, 2.3 (``create_co_matrix``). Levy, Goldberg, Dagan
    2015, "Improving distributional similarity with lessons learned from word embeddings", 3.1.

    Examples
    --------
    >>> from tinygrad_w2v.text import preprocess
    >>> ids, word_to_id, id_to_word = preprocess("You say goodbye and I say hello.")
    >>> cooccurrence(ids, id_to_word, window=1).toarray()[:2]
    array([[0, 1, 0, 0, 0, 0, 0],
           [1, 0, 1, 0, 1, 1, 0]])
    >>> counts = cooccurrence([["to", "be", "or", "not"], ["to", "be"]], window=2)
    >>> counts.vocabulary.words, int(counts[0, 1]), int(counts[1, 0])
    (['to', 'be', 'or', 'not'], 2, 2)
    """
    sparse = scipy_sparse()
    for name, value in (("window", window), ("block_pairs", block_pairs)):
        if value < 1:
            raise InputError(f"{name} must be 1 or more, not {value}")
    weights, unit = _weights(distance_weighting, window)
    block_words = max(1, block_pairs // window)
    text = open_text(corpus, vocabulary, block_words)
    blocks = text.blocks(block_words)
    if sample != 0:
        blocks = _subsampled(blocks, keep_probability(text.counts, sample), seed)
    size = len(text.counts)
    runs: list[Any] = []
    for keys in _pair_keys(blocks, size, window, keep_distance=weights is not None):
        runs.append(_count_run(keys, size, weights))
        # Runs of like size are added, so that a count is added a few times and not once a block.
        while len(runs) > 1 and runs[-2].nnz < 2 * runs[-1].nnz:
            runs.append(runs.pop() + runs.pop())
    while len(runs) > 1:
        runs.append(runs.pop() + runs.pop())
    counts = runs.pop() if runs else sparse.csr_array((size, size), dtype=np.int64)
    if symmetric:
        counts = (counts + counts.T).tocsr()
    if weights is not None:
        counts = counts / unit
    counts.sort_indices()
    if text.words is not None:
        counts.vocabulary = Vocabulary(text.words, text.counts)
    return counts


def _weights(kind: DistanceWeighting, window: int) -> tuple[AnyArray | None, int]:
    """Return the weight of the distances 1 ... window, in whole numbers of 1 / unit if possible.

    Whole numbers make the sums exact, so that they do not depend on where blocks end.
    """
    if kind is None:
        return None, 1
    distance = np.arange(1, window + 1)
    if kind == "linear":
        return window + 1 - distance, window
    if kind == "harmonic":
        unit = math.lcm(*range(1, window + 1))
        return (unit // distance, unit) if unit < 2**32 else (1 / distance, 1)
    raise InputError(f"distance_weighting is {kind!r}; use 'harmonic', 'linear' or None")


def _subsampled(blocks: Iterable[Block], keep: FloatArray, seed: int) -> Iterator[Block]:
    """Leave out words with the draws that training makes in its first epoch."""
    key = hashing.stream_key(seed, 0, hashing.SUBSAMPLING)
    no_counter = np.zeros(1, dtype=np.uint64)
    for block in blocks:
        bits = hashing.draw(key, block.sentence, block.position, no_counter)
        kept = hashing.uniform(bits) < keep[block.ids]
        yield Block(block.ids[kept], block.sentence[kept], block.position[kept])


def _pair_keys(
    blocks: Iterable[Block], size: int, window: int, keep_distance: bool
) -> Iterator[AnyArray]:
    """Yield for each block its pairs (i before j), each as one integer.

    The integer is ``i V + j``, and ``(i V + j) window + d - 1`` with `keep_distance`. A pair
    belongs to the block that its second word is in.
    """
    ids = np.zeros(0, dtype=np.int64)
    sentence = np.zeros(0, dtype=np.uint64)
    for block in blocks:
        ids, sentence = ids[-window:], sentence[-window:]
        old = len(ids)
        ids = np.concatenate([ids, block.ids.astype(np.int64)])
        sentence = np.concatenate([sentence, block.sentence])
        row = ids * size
        parts = []
        for distance in range(1, min(window, len(ids) - 1) + 1):
            second = max(old, distance)
            pairs = row[second - distance : len(ids) - distance] + ids[second:]
            together = sentence[second - distance : len(ids) - distance] == sentence[second:]
            pairs = pairs[together]
            parts.append(pairs * window + (distance - 1) if keep_distance else pairs)
        keys = np.concatenate(parts) if parts else ids[:0]
        if len(keys):
            yield keys


def _count_run(keys: AnyArray, size: int, weights: AnyArray | None) -> "csr_array":
    """Return the (weighted) number of times that each pair occurs."""
    keys, counts = np.unique(keys, return_counts=True)
    if weights is not None:
        keys, distance = np.divmod(keys, len(weights))
        counts = counts * weights[distance]
    counted = scipy_sparse().coo_array((counts, np.divmod(keys, size)), shape=(size, size))
    return counted.tocsr()  # where distances of one pair are added
