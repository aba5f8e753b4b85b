"""The loss on text that is not trained on: what training is stopped by and compared with.

The windows and the negative words are the same at every look (frozen), so that two epochs, two
engines or two numbers of workers are compared on the same questions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tinygrad_w2v.autograd import no_grad
from tinygrad_w2v.training.run import Mean


def mean_loss(
    loss: Callable[[Any], Any], count: Callable[[Any], int], batches: Iterable[tuple[Any, int]]
) -> float:
    """Return the mean loss of a prediction over batches, added up in float64.

    Parameters
    ----------
    loss
        ``loss(batch)`` is the sum over the batch, a Variable.
    count
        How many predictions it is a sum of.
    batches
        Pairs of a batch and its words.

    Returns
    -------
    float
        NaN where there are no batches.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> batches = [(tw.Variable(np.ones(3)), 3), (tw.Variable(np.full(1, 5.0)), 1)]
    >>> mean_loss(lambda batch: batch.sum(), len, batches)
    2.0
    """
    mean = Mean()
    with no_grad():
        for batch, _ in batches:
            mean.add(float(loss(batch).item()), count(batch))
    return mean.value()


def no_longer_falls(losses: Sequence[float], patience: int) -> bool:
    """Whether the last `patience` losses are all no smaller than the smallest before them.

    Examples
    --------
    >>> no_longer_falls([3.0, 2.0, 2.1, 2.2], patience=2)
    True
    >>> no_longer_falls([3.0, 2.0, 2.1], patience=2)
    False
    """
    if len(losses) <= patience:
        return False
    return not min(losses[-patience:]) < min(losses[:-patience], default=math.inf)
