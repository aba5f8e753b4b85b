"""CBOW: the words of a context together predict the word in its middle.

Mikolov, Chen, Corrado, Dean 2013, "Efficient estimation of word representations in vector space".
"""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_w2v.functions as F
from tinygrad_w2v._base.arguments import knowing
from tinygrad_w2v._base.batch import Batch
from tinygrad_w2v.models.embedding_model import EmbeddingModel
from tinygrad_w2v.models.objectives import Objective


class CBOW(EmbeddingModel):
    """The mean of the contexts' vectors predicts the centre: ``-log P(center | contexts)``.

    With ``compat="word2vec"`` the value is the same, and every context is given the gradient of
    the mean whole, where the chain rule gives each its share 1 / C: word2vec.c's update.

    Parameters
    ----------
    vocab_size, dim, objective, compat, rng, negative, counts
        As in `EmbeddingModel`.
    mean : bool
        False: the sum of the contexts' vectors predicts the centre, and `compat` changes nothing,
        as each context's gradient is whole then.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> from tinygrad_w2v.models import CBOW
    >>> model = CBOW(vocab_size=7, dim=5, objective="softmax")
    >>> loss = model(contexts=np.array([[0, 2], [1, 3]]), target=np.array([1, 2]))
    >>> print(f"{loss:.3f}")  # log 7: w_out starts at zero, so all words are alike
    1.946
    >>> loss.backward()
    >>> model.w_in.grad.shape
    (7, 5)
    >>> batch = model.batch_of(np.array([[0, 2], [1, 3]]), np.array([1, 2]))
    >>> model.predictions(batch), model.with_negatives(np.array([1, 2])).shape
    (2, (2, 1))
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
        mean: bool = True,
    ) -> None:
        super().__init__(vocab_size, dim, objective, compat, rng, negative, counts)
        self.mean = mean

    def loss(self, batch: Batch) -> Any:
        """Return the sum over the windows of ``-log P(center | contexts)``."""
        x = self.w_in[batch.contexts]  # (..., C, dim)
        if not self.mean:
            h = x.sum(axis=-2, keepdims=True)
        elif self.compat == "word2vec":
            total = x.sum(axis=-2, keepdims=True)
            h = total + F.stop_gradient(x.mean(axis=-2, keepdims=True) - total)
        else:
            h = x.mean(axis=-2, keepdims=True)  # (..., 1, dim)
        return self.objective(h, self.w_out, batch.targets, batch.labels)

    def predictions(self, batch: Batch) -> int:
        """Return the number of windows: each predicts its centre once."""
        return batch.center.size
