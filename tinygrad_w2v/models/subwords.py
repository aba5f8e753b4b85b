r"""Words as means of their parts: the word itself and its n-grams of characters.

Bojanowski, Grave, Joulin, Mikolov 2017, "Enriching word vectors with subword information", as
fastText has it: with the parts :math:`P` of a word or of all contexts,

.. math:: h = \frac{1}{|P|} \sum_{p \in P} x_p

and each part is given the gradient of `h` whole, where the chain rule gives each its share.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_w2v.functions as F
from tinygrad_w2v._base.cache_lines import columns, in_lines, new_storage
from tinygrad_w2v.models.embedding_model import EmbeddingModel
from tinygrad_w2v.models.objectives import Objective
from tinygrad_w2v.nn import Parameter

_ROWS_AT_ONCE = 1 << 14
_ROOM = 2048  # rows behind a table, for what threads have copies of; untouched they take no memory


class SubwordModel(EmbeddingModel):
    """Base of both: ``w_in (V + buckets, dim)`` holds words and n-grams, ``w_out`` words.

    `w_in` starts evenly in ``(-1, 1) / dim``, as in fastText, `w_out` at zero.

    Parameters
    ----------
    rows, dim : int
        Of `w_in`.
    objective, compat, rng, negative
        As in `EmbeddingModel`.
    predicted : int, optional
        Rows of `w_out`; as many as of `w_in` by default.
    """

    def __init__(
        self,
        rows: int,
        dim: int,
        objective: str | Objective = "negative_sampling",
        compat: str | None = None,
        rng: np.random.Generator | None = None,
        negative: int = 5,
        predicted: int | None = None,
    ) -> None:
        # The tables are made here, where the large one is never held twice.
        super().__init__(1, dim, objective, compat, rng, negative)
        storage = new_storage(in_lines((rows + _ROOM, dim), 4), np.float32)
        storage[:rows, dim:] = 0
        start = columns(storage, (rows, dim))
        for first in range(0, rows, _ROWS_AT_ONCE):
            part = start[first : first + _ROWS_AT_ONCE]
            part[...] = self.rng.random(part.shape, dtype=np.float32)
            part -= np.float32(0.5)
            part *= np.float32(2 / dim)
        self.w_in = Parameter(start)
        self.w_out = Parameter(np.zeros((predicted or rows, dim), np.float32))

    def _mean(self, x: Any, size: Any) -> Any:
        """The mean of `x`, which is a sum of so many rows, whose gradient is that of the sum."""
        if self.compat is None:
            return x / size
        return x + F.stop_gradient(x / size - x)


class SubwordCBOW(SubwordModel):
    """The mean over all parts of all contexts predicts the centre.

    A batch holds the parts as ``pieces (..., S)``, see `Subwords`.

    Parameters
    ----------
    rows, dim, objective, compat, rng, negative, predicted
        As in `SubwordModel`.
    mean : bool
        False: their sum predicts it, and each part is given its share of the gradient, as in
        gensim; else a window of many parts would overshoot.
    """

    def __init__(self, *tables: Any, mean: bool = True, **options: Any) -> None:
        super().__init__(*tables, **options)
        self.mean = mean

    def loss(self, batch: Any) -> Any:
        """Return the sum over the windows of ``-log P(center | contexts)``."""
        x = self.w_in[batch.pieces]  # (..., S, dim)
        total = x.sum(axis=-2, keepdims=True)
        h = self._mean(total, x.shape[-2])
        if not self.mean:
            mean = total / x.shape[-2]
            h = mean + F.stop_gradient(total - mean)
        return self.objective(h, self.w_out, batch.targets, batch.labels)

    def predictions(self, batch: Any) -> int:
        """Return the number of windows: each predicts its centre once."""
        size: int = batch.center.size
        return size


class SubwordSkipGram(SubwordModel):
    r"""The mean of a word's parts and a word near it predict each other, pair by pair.

    With negative words, the parts of the centre predict each context, and its contexts share the
    K drawn words :math:`n`, which are told apart from a pair's true word alone:

    .. math:: L = -\sum_c \Bigl( \log \sigma(h \cdot w_c) + \sum_{n \ne c} \log \sigma(-h \cdot w_n)
        \Bigr)

    Where a batch has `owner` beside the pieces of its contexts, it is each context that predicts
    the centre: over a tree, and with negatives of its own for each pair. Both see the same pairs.

    Parameters
    ----------
    rows, dim, objective, compat, rng, negative, predicted
        As in `SubwordModel`.
    pairs : bool
        Whether each window of a batch is a pair, with negatives of its own: then all its pieces
        are of its one context, and nobody has to ask for their owner.
    """

    def __init__(self, *tables: Any, pairs: bool = False, **options: Any) -> None:
        super().__init__(*tables, **options)
        self.pairs = pairs

    def loss(self, batch: Any) -> Any:
        """Return the sum over the windows and their contexts of ``-log P``."""
        x = self.w_in[batch.pieces]  # (..., S, dim)
        if hasattr(batch, "owner") and not self.pairs:
            # (..., C, S): which parts are of a context
            places = np.arange(batch.contexts.shape[-1], like=batch.owner)
            own = (batch.owner[..., None, :] == places[:, None]).astype(np.float32)
            h = self._mean(own @ x, own.sum(axis=-1, keepdims=True))  # (..., C, dim)
            return self.objective(h, self.w_out, batch.targets, batch.labels)
        h = self._mean(x.sum(axis=-2, keepdims=True), x.shape[-2])  # (..., 1, dim)
        if self.pairs:
            return self.objective(h, self.w_out, batch.targets, batch.labels)
        drawn = batch.targets[..., 1:]
        true = h @ F.swapaxes(self.w_out[batch.contexts], -1, -2)  # (..., 1, C)
        false = h @ F.swapaxes(self.w_out[drawn], -1, -2)  # (..., 1, K)
        pairs = (drawn[..., :, None] != batch.contexts[..., None, :]).sum(axis=-1)  # (..., K)
        told_apart = (pairs[..., None, :] * F.log_sigmoid(-false)).sum()
        return -(F.log_sigmoid(true).sum() + told_apart)

    def predictions(self, batch: Any) -> int:
        """Return the number of pairs."""
        size: int = batch.contexts.size
        return size
