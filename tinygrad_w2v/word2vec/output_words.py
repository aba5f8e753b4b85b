"""What a trained model expects between given words: the other end of its forward expression."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import FloatArray, IntArray
from tinygrad_w2v.sources.huffman import HuffmanTree
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.word2vec.settings import TrainingSettings


def ids_of(vocabulary: Vocabulary, words: Iterable[Any]) -> IntArray:
    """Return the ids of words that are given as such, or by their ids; unknown words are left out.

    Raises
    ------
    InputError
        For one string, whose letters would be taken as words; for what is no id of a word.

    Examples
    --------
    >>> ids_of(Vocabulary(["say", "you"], [2, 1]), ["you", "never", 0])
    array([1, 0])
    """
    if isinstance(words, (str, bytes)):
        raise InputError(f"give a list of words, not the string {words!r:.40}; split it")
    ids = []
    for word in words:
        if isinstance(word, str):
            ids.append(vocabulary.word_to_id.get(word, -1))
        elif _is_id(word) and 0 <= word < len(vocabulary):
            ids.append(int(word))
        else:
            raise InputError(
                f"{word!r:.60} is neither a word nor an id below {len(vocabulary)}; give words as "
                "str, or ids that count from 0"
            )
    return np.array([place for place in ids if place >= 0], dtype=np.intp)


def _is_id(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def output_probabilities(
    rows: FloatArray,
    w_out: FloatArray,
    counts: IntArray,
    settings: TrainingSettings,
) -> FloatArray:
    r"""Return the probability of every word between the context words, float64 ``(V,)``.

    With negative words it is ``softmax(w_out h)``, as in gensim, for a table that was trained to
    tell words apart; with hierarchical softmax alone it is the model's own
    :math:`P(w) = \prod_l \sigma((1 - 2 c_l) \, h \cdot w_l)`.

    Parameters
    ----------
    rows
        Of the words around; ``h`` is their mean, or their sum.
    w_out
        The model's other table.
    counts
        Of the vocabulary, shape (V,): they make the tree.
    settings
        What the model is.

    Returns
    -------
    FloatArray
        They add up to 1.

    Examples
    --------
    >>> rows, w_out = np.eye(1, 3), np.array([[0, 0, 0], [np.log(8), 0, 0], [0, 0, 0]])
    >>> settings = TrainingSettings(size=3)
    >>> output_probabilities(rows, w_out, np.ones(3, int), settings).round(2)
    array([0.1, 0.8, 0.1])
    """
    rows = rows.astype(np.float64)
    h = rows.mean(axis=0) if settings.cbow_mean else rows.sum(axis=0)
    if settings.negative:
        scores = w_out[: len(counts)] @ h
        weights = np.exp(scores - scores.max())
        return weights / weights.sum()
    tree = HuffmanTree.of(counts)
    signed_scores = (1 - 2 * tree.code) * (w_out @ h)[tree.nodes]
    log_sigmoid = np.minimum(signed_scores, 0) - np.log1p(np.exp(-np.abs(signed_scores)))
    probabilities: FloatArray = np.exp(np.add.reduceat(log_sigmoid, tree.starts[:-1]))
    return probabilities
