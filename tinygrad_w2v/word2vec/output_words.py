"""What a trained model expects between given words: the other end of its forward expression."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import AnyArray, BoolArray, FloatArray, IntArray
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
    tree = settings.tree(counts)
    parts = _log_sigmoid((1 - 2 * tree.code) * (w_out @ h)[tree.nodes])
    probabilities: FloatArray = np.exp(np.add.reduceat(parts, tree.starts[:-1]))
    return probabilities


def log_probability(
    rows: FloatArray,
    sizes: IntArray,
    ids: IntArray,
    nodes: FloatArray,
    counts: IntArray,
    settings: TrainingSettings,
) -> float:
    r"""Return the log-probability of a sentence under hierarchical softmax.

    It is :math:`\sum_i \sum_l \log \sigma((1 - 2 c_{il}) \, h \cdot w_{il})`, where h is each of
    the words around word i in turn (skip-gram), or their mean or sum (CBOW). Where a word is made
    of parts, it is the mean of these, and CBOW's mean or sum is over all parts of all words.

    Parameters
    ----------
    rows, sizes
        The rows of the words' parts, ``(sum of sizes, dim)``, and how many each word has, ``(n,)``.
    ids
        Of the sentence's words, ``(n,)``.
    nodes
        The inner nodes of the tree, ``(V - 1, dim)``.
    counts, settings
        As in `output_probabilities`.

    Examples
    --------
    >>> settings = TrainingSettings("skipgram", size=2, hs=True, negative=0)
    >>> ids, nodes = np.array([0, 1]), np.zeros((1, 2))
    >>> words = np.eye(2), np.ones(2, int), ids
    >>> round(log_probability(*words, nodes, np.array([2, 1]), settings), 3)  # 2 log(1/2)
    -1.386
    """
    tree, words = settings.tree(counts), len(ids)
    window = min(settings.window, max(words - 1, 0))
    places = np.arange(words)[:, None] + np.r_[-window:0, 1 : window + 1]
    near = (places >= 0) & (places < words)
    target = np.nonzero(near)[0]
    sums = rows.astype(np.float64)
    if words:
        sums = np.add.reduceat(sums, np.cumsum(sizes) - sizes)
    if settings.model == "cbow":
        target = np.arange(words)
        h = _around(sums, places, near)
        if settings.cbow_mean:
            h /= np.maximum(_around(sizes[:, None], places, near), 1)
    else:
        h = (sums / sizes[:, None])[places[near]]
    lengths, starts = tree.lengths[ids[target]], tree.starts[ids[target]]
    first = np.repeat(starts - (np.cumsum(lengths) - lengths), lengths)
    path = first + np.arange(lengths.sum())
    scores = np.einsum("ld,ld->l", nodes[tree.nodes[path]], np.repeat(h, lengths, axis=0))
    return float(_log_sigmoid((1 - 2 * tree.code[path]) * scores).sum())


def _around(each: AnyArray, places: IntArray, near: BoolArray) -> FloatArray:
    """Return the sum over the words around each word, ``(n, ...)``; a word alone has zeros."""
    number = near.sum(axis=1)
    if not number.any():  # else every word has others around it
        return np.zeros(each.shape)
    sums: FloatArray = np.add.reduceat(each[places[near]], np.cumsum(number) - number)
    return sums


def _log_sigmoid(scores: FloatArray) -> FloatArray:
    result: FloatArray = np.minimum(scores, 0) - np.log1p(np.exp(-np.abs(scores)))
    return result
