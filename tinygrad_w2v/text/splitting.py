"""A corpus in two parts: one to train on, and one that is held out to look at the loss on."""

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.text import hashing
from tinygrad_w2v.text.corpus import Corpus

# The stream of draws that no window uses.
_STREAM = np.uint64(16)


def split_sentences(corpus: Corpus, share: float, seed: int) -> tuple[Corpus, Corpus]:
    """Divide the sentences of a corpus by chance, always the same for a seed.

    Parameters
    ----------
    corpus
        What to divide.
    share
        The share of the sentences in the second part, between 0 and 1.
    seed
        Of the draw.

    Returns
    -------
    larger, smaller : Corpus
        Both with the sentences in their order.

    Raises
    ------
    InputError
        When a part has no sentence of two words, in which there is nothing to predict.

    Examples
    --------
    >>> from tinygrad_w2v.text.corpus import build_corpus
    >>> _, corpus = build_corpus([["you", "say"], ["i", "say"]] * 50, min_count=1)
    >>> training, heldout = split_sentences(corpus, 0.1, seed=1)
    >>> training.sentences, heldout.sentences
    (92, 8)
    """
    if not 0 < share < 1:
        raise InputError(f"heldout must be a share between 0 and 1, not {share}")
    numbers = np.arange(corpus.sentences, dtype=np.uint64)
    key = hashing.stream_key(seed, 0, _STREAM)
    nothing = np.zeros(1, dtype=np.uint64)
    chosen = hashing.uniform(hashing.draw(key, numbers, nothing, nothing)) < share
    smaller = _part(corpus, chosen, round(corpus.raw_words * share))
    larger = _part(corpus, ~chosen, corpus.raw_words - smaller.raw_words)
    for part, name in ((smaller, "held-out part"), (larger, "part to train on")):
        if part.longest_sentence() < 2:
            raise InputError(
                f"heldout {share} leaves no sentence of two words in the {name} of "
                f"{corpus.sentences} sentences; use another share, or a longer text"
            )
    return larger, smaller


def _part(corpus: Corpus, chosen: AnyArray, raw_words: int) -> Corpus:
    lengths = np.diff(corpus.offsets)
    ids = np.asarray(corpus.ids)[np.repeat(chosen, lengths)]
    offsets = np.concatenate([[0], np.cumsum(lengths[chosen])]).astype(np.int64)
    return Corpus(ids, offsets, raw_words)
