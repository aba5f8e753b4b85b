"""The loss on held-out text, beside that of the best model that does not look at contexts."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from tinygrad_w2v._base.errors import InputError, Setting
from tinygrad_w2v.models import EmbeddingModel
from tinygrad_w2v.sources.negatives import negative_shares
from tinygrad_w2v.sources.subsampling import keep_probability
from tinygrad_w2v.text.corpus import Corpus
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.training.heldout import HeldoutLoss
from tinygrad_w2v.word2vec.settings import TrainingSettings

# So many words are looked at, where so many draws of the held-out part have them.
ENOUGH_WORDS, MOST_DRAWS = 20_000, 20


def heldout_loss(vocabulary: Vocabulary, corpus: Corpus, settings: TrainingSettings) -> HeldoutLoss:
    """Return the loss on held-out sentences, for a model and for the words' counts alone.

    Of a small part windows are drawn several times, so that subsampling leaves some.

    Parameters
    ----------
    vocabulary, corpus, settings
        The words, the held-out sentences, and how windows are drawn, as in training.

    Raises
    ------
    InputError
        When there is nothing to predict.

    Examples
    --------
    >>> from tinygrad_w2v.text.corpus import build_corpus
    >>> vocabulary, corpus = build_corpus([["you", "say", "hello"]] * 9)
    >>> settings = TrainingSettings(size=4, sample=0)
    >>> heldout = heldout_loss(vocabulary, corpus, settings)
    >>> guessing = heldout.of(settings.new_model(vocab_size=3))
    >>> round(guessing, 4), heldout.unigram < guessing  # 6 log 2: six even guesses
    (4.1589, True)
    """
    draws = min(max(ENOUGH_WORDS // corpus.words, 1), MOST_DRAWS)
    baseline = unigram_model(vocabulary, settings)
    heldout = HeldoutLoss(settings.source(corpus, vocabulary), draws, baseline)
    if math.isnan(heldout.unigram):
        raise InputError(
            (
                Setting("heldout"),
                f": subsampling leaves no window in the {corpus.sentences} held-out sentences",
            ),
            remedy="hold out a larger share",
        )
    return heldout


def unigram_model(vocabulary: Vocabulary, settings: TrainingSettings) -> EmbeddingModel:
    """Return the best model that does not look at the context, as one of the same kind.

    Its vectors have one number: 1 for every context word, and for a word to predict the log odds
    that it is the true one, ``log(P(w) / (K P_n(w)))`` (for an inner node of a tree, those of
    code 0). A model that is no better has learned nothing from the contexts.

    Examples
    --------
    >>> from tinygrad_w2v.text.vocabulary import Vocabulary
    >>> vocabulary = Vocabulary(["a", "b"], [3, 1])
    >>> settings = TrainingSettings(negative=1, ns_exponent=0.0, sample=0)
    >>> np.exp(unigram_model(vocabulary, settings).w_out.data).round(4).tolist()
    [[1.5], [0.5]]
    """
    counts = vocabulary.counts
    kept = counts * keep_probability(counts, settings.sample)
    share = kept / kept.sum()
    noise = settings.negative * negative_shares(counts, settings.ns_exponent)
    with np.errstate(divide="ignore"):
        odds = np.log(share) - np.log(noise) if settings.negative else np.zeros(0)
        if settings.hs:
            tree = settings.tree(counts)
            spread = np.repeat(share, tree.lengths) * tree.code
            ones = np.bincount(tree.nodes, weights=spread, minlength=len(counts) - 1)
            nodes = np.log(tree.passing(share) - ones) - np.log(ones)
            odds = np.concatenate([odds, nodes])
    small = dataclasses.replace(settings, size=1, cbow_mean=True)
    model = small.new_model(len(vocabulary))
    model.w_in.data = np.ones_like(model.w_in.data)
    model.w_out.data = odds.clip(-60, 60).astype(np.float32)[:, None]
    return model
