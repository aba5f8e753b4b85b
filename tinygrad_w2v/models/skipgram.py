"""Skip-gram: one word and one word near it predict each other, pair by pair.

Mikolov, Chen, Corrado, Dean 2013, "Efficient estimation of word representations in vector space".
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.arguments import knowing
from tinygrad_w2v._base.batch import Batch
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.models.embedding_model import EmbeddingModel
from tinygrad_w2v.models.objectives import Objective, needs_of


class SkipGram(EmbeddingModel):
    """Pairs of a centre and a context, read in one of two ways.

    Over full windows both see the same pairs, since "near" is mutual: if b stands in a's window,
    a stands in b's.

    Parameters
    ----------
    vocab_size, dim, objective, compat, rng, negative, counts
        As in `EmbeddingModel`. `compat` changes nothing: word2vec.c follows the gradient here.
    predict : {"contexts", "center"}, optional
        ``"contexts"``: the centre predicts each context, ``-sum log P(context | center)``, as in
        the paper and the book. ``"center"``: each context predicts the centre, ``-sum
        log P(center | context)``, as in word2vec.c; a window's contexts then share its negatives.
        By default ``"contexts"`` with softmax, else ``"center"``.

    Raises
    ------
    InputError
        When `predict` is unknown, or asks for contexts with hierarchical softmax, whose batch
        holds the centre's path alone.

    Examples
    --------
    >>> import numpy as np
    >>> from tinygrad_w2v.models import SkipGram
    >>> model = SkipGram(vocab_size=7, dim=5, objective="softmax")
    >>> loss = model(contexts=np.array([[0, 2], [1, 3]]), target=np.array([1, 2]))
    >>> print(f"{loss:.3f}")  # 2 log 7: a mean for the left contexts, one for the right ones
    3.892
    >>> batch = model.batch_of(np.array([[0, 2], [1, 3]]), np.array([1, 2]))
    >>> model.predictions(batch), model.with_negatives(np.array([1, 2])).shape
    (4, (2, 1))
    >>> np.array_equal(model.targets_of(batch.contexts, batch.center), batch.targets)
    True
    """

    @knowing(hidden_size="dim", vector_size="dim", size="dim", corpus="counts")
    def __init__(
        self,
        vocab_size: int,
        dim: int,
        objective: str | Objective = "negative_sampling",
        compat: str | None = None,
        rng: np.random.Generator | None = None,
        negative: int = 5,
        counts: Any = None,
        predict: str | None = None,
    ) -> None:
        super().__init__(vocab_size, dim, objective, compat, rng, negative, counts)
        if predict is None:
            predict = "contexts" if needs_of(self.objective) == "word" else "center"
        if predict not in ("contexts", "center"):
            raise InputError(f"predict must be 'contexts' or 'center', not {predict!r}")
        if predict == "contexts" and needs_of(self.objective) == "path":
            raise InputError(
                "hierarchical softmax knows the path to the centre alone: use predict='center'"
            )
        self.predict = predict

    def loss(self, batch: Batch) -> Any:
        """Return the sum over the windows and their contexts of ``-log P``."""
        if self.predict == "center":
            h = self.w_in[batch.contexts]  # (..., C, dim): each predicts the centre
            return self.objective(h, self.w_out, batch.targets, batch.labels)
        h = self.w_in[batch.center[..., None, None]]  # (..., 1, 1, dim): it predicts each context
        targets, labels = _for_each_context(batch)
        return self.objective(h, self.w_out, targets, labels)

    def predictions(self, batch: Batch) -> int:
        """Return the number of pairs."""
        return batch.contexts.size

    def targets_of(self, contexts: AnyArray, center: AnyArray) -> AnyArray:
        """Return what is predicted: the centres ``(..., 1 + K)``, or ``(..., C, 1 + K)``."""
        return self.with_negatives(center if self.predict == "center" else contexts)


def _for_each_context(batch: Batch) -> tuple[AnyArray, AnyArray]:
    """Targets and labels ``(..., C, 1 + K)``: each context, with negatives.

    A batch that holds one row of targets a window shares its negatives among the contexts.
    """
    targets, labels = batch.targets, batch.labels
    if targets.ndim > batch.contexts.ndim:
        return targets, labels
    true = batch.contexts[..., None]
    shape = (*batch.contexts.shape, targets.shape[-1] - 1)
    shared = np.broadcast_to(targets[..., None, 1:], shape)
    return np.concatenate([true, shared], axis=-1), labels[..., None, :]
