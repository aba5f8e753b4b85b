"""What CBOW and skip-gram share: two tables of vectors, an objective, and batches made of ids.

A model is its `loss`, a forward expression of a batch; there is nothing of a backward pass here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.batch import Batch
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.randomness import generator
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.models.objectives import Objective, get_objective, needs_of
from tinygrad_w2v.nn import Module, Parameter


class EmbeddingModel(Module):
    """Base of the models: ``w_in (V, dim)`` holds the word vectors, ``w_out (V, dim)`` the others.

    Both are float32. `w_in` starts evenly in ``(-0.5, 0.5) / dim``, `w_out` at zero, as in
    word2vec.c.

    Parameters
    ----------
    vocab_size : int
        V, the number of words.
    dim : int
        Numbers in a word vector.
    objective : str or callable
        ``"softmax"``, ``"negative_sampling"``, ``"hierarchical_softmax"``, or a function of
        ``(h, w_out, targets, labels)``; see `objectives`.
    compat : {None, "word2vec"}
        ``"word2vec"`` updates as word2vec.c does where that is not the gradient (CBOW).
    rng : numpy.random.Generator, optional
        Makes the first vectors, and draws the negatives of ``model(contexts, target)``.
    negative : int
        K, how many negatives ``model(contexts, target)`` draws.
    counts : array ``(V,)``, optional
        How often each word occurs: these negatives are drawn in proportion to ``counts**0.75``
        then, otherwise evenly.

    Raises
    ------
    InputError
        When a size is not positive, or the objective or `compat` is unknown.
    """

    def __init__(
        self,
        vocab_size: int,
        dim: int,
        objective: str | Objective = "negative_sampling",
        compat: str | None = None,
        rng: np.random.Generator | None = None,
        negative: int = 5,
        counts: Any = None,
    ) -> None:
        sizes: dict[str, Any] = {"vocab_size": vocab_size, "dim": dim, "negative": negative}
        for name, value in sizes.items():
            if not isinstance(value, int | np.integer):
                how = "; it is the number of words, `len(word_to_id)`" * (name == "vocab_size")
                raise InputError(f"{name} must be a whole number, not {value!r:.40}{how}")
            if value < 1:
                raise InputError(f"{name} must be 1 or more, not {value}")
        if compat not in (None, "word2vec"):
            raise InputError(f"compat must be None or 'word2vec', not {compat!r}")
        self.objective = get_objective(objective)
        self.compat = compat
        self.negative = negative
        self.rng = generator(rng)
        start = self.rng.random((vocab_size, dim), dtype=np.float32)
        start -= np.float32(0.5)
        start /= np.float32(dim)
        self.w_in = Parameter(start)
        self.w_out = Parameter(np.zeros((vocab_size, dim), np.float32))
        self._cumulative = _cumulative(vocab_size, counts)

    def loss(self, batch: Batch) -> Any:
        """Return the loss of a batch: the sum over its windows."""
        raise NotImplementedError(f"{type(self).__name__} has no loss: write `loss(self, batch)`")

    def predictions(self, batch: Batch) -> int:
        """Return how many times a batch predicts a word: what a mean loss is divided by."""
        raise NotImplementedError(f"{type(self).__name__} does not count its predictions")

    def forward(self, contexts: Any, target: Any) -> Any:
        """Return the mean loss of windows given by ids.

        Parameters
        ----------
        contexts : int array ``(..., C)``
            Ids of the words around, from left to right.
        target : int array ``(...,)``
            Ids of the words in the middle.

        Returns
        -------
        Variable
            The mean over the windows; where each context is predicted on its own (skip-gram), the
            sum of these means over the contexts.
        """
        batch = self.batch_of(_ids(contexts, "contexts"), _ids(target, "target"))
        return self.loss(batch) / max(batch.center.size, 1)

    def batch_of(self, contexts: AnyArray, center: AnyArray) -> Batch:
        """Make a batch of ids, with negatives drawn where the objective needs them."""
        if contexts.shape[:-1] != center.shape:
            raise InputError(
                f"contexts of shape {contexts.shape} need targets of shape {contexts.shape[:-1]}, "
                f"not {center.shape}: for N windows of C words they are (N, C) and (N,)"
            )
        if needs_of(self.objective) == "path":
            raise InputError(
                "hierarchical softmax needs each word's path in a tree: give `loss` a Batch whose "
                "targets are the inner nodes and whose labels are the code"
            )
        left = contexts.shape[-1] // 2
        steps = np.arange(contexts.shape[-1])
        offsets = np.broadcast_to(steps - left + (steps >= left), contexts.shape)
        targets = self.targets_of(contexts, center)
        labels = np.zeros(targets.shape, np.float32)
        labels[..., 0] = 1
        return Batch(center, contexts, offsets, targets, labels)

    def targets_of(self, contexts: AnyArray, center: AnyArray) -> AnyArray:
        """Return what the windows predict, the true word first: ``(..., 1 + K)``."""
        return self.with_negatives(center)

    def with_negatives(self, true: AnyArray) -> AnyArray:
        """Return each true word with K other words, where the objective needs them, else alone."""
        if needs_of(self.objective) == "word":
            return true[..., None]
        if len(self._cumulative) < 2:
            raise InputError("a vocabulary of one word has no negatives; use softmax")
        drawn = self._draw((*true.shape, self.negative))
        while np.any(same := drawn == true[..., None]):
            drawn[same] = self._draw((int(np.count_nonzero(same)),))
        return np.concatenate([true[..., None], drawn], axis=-1)

    def _draw(self, shape: tuple[int, ...]) -> AnyArray:
        return np.searchsorted(self._cumulative, self.rng.random(shape), side="right")


def _cumulative(vocab_size: int, counts: Any) -> AnyArray:
    """Cumulative probabilities of the negatives; a draw is a search in them."""
    weights = np.ones(vocab_size) if counts is None else np.asarray(counts, float) ** 0.75
    if weights.shape != (vocab_size,):
        raise InputError(f"counts has shape {weights.shape} for {vocab_size} words")
    if np.count_nonzero(weights) < 2 <= vocab_size or not np.all(np.isfinite(weights)):
        raise InputError("negatives need at least two words with a count above 0")
    cumulative = np.cumsum(weights)
    return cumulative / cumulative[-1]


def _ids(words: Any, name: str) -> AnyArray:
    ids = np.asarray(words)
    if ids.dtype.kind not in "iu":
        remedy = "of one-hot vectors take `.argmax(axis=-1)`"
        if ids.dtype.kind in "US":
            remedy = "number the words first, with `tw.text.preprocess(text)`"
        raise InputError(f"{name} must be ids (integers), not {ids.dtype}; {remedy}")
    return ids
