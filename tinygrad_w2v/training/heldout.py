"""The loss on text that is not trained on: what training is stopped by and compared with.

The windows and the negative words are the same at every look (frozen), so that two epochs, two
engines or two numbers of workers are compared on the same questions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from tinygrad_w2v.autograd import no_grad
from tinygrad_w2v.sources.source import Source
from tinygrad_w2v.training.engines.numpy import NumpyRun
from tinygrad_w2v.training.history import Mean


class HeldoutLoss:
    """The mean loss of a prediction on held-out examples.

    Parameters
    ----------
    source
        The examples; they are the same at every look.
    draws
        How many epochs of them are looked at, so that chance counts less.
    baseline
        The model to compare with.

    Attributes
    ----------
    unigram : float
        The loss of the baseline; NaN without one.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> from tinygrad_w2v.sources import WindowSource
    >>> from tinygrad_w2v.text.corpus import build_corpus
    >>> vocabulary, corpus = build_corpus([["you", "say", "hello"]] * 9)
    >>> heldout = HeldoutLoss(WindowSource(corpus, vocabulary.counts), draws=9)
    >>> round(heldout.of(tw.CBOW(3, 4)), 4)  # 6 log 2: six even guesses
    4.1589
    """

    def __init__(self, source: Source, draws: int = 1, baseline: Any = None) -> None:
        self._source, self._draws = source, draws
        self.unigram = math.nan if baseline is None else self.of(baseline)

    def of(self, model: Any) -> float:
        """Return the loss of a model, with its dropout and the like switched off meanwhile."""
        engine, mean, training = NumpyRun(model, self._source), Mean(), model.training
        model.eval()
        try:
            with no_grad():
                for epoch in range(self._draws):
                    for batch, _ in self._source.batches(epoch):
                        mean.add(float(model.loss(batch).item()), engine.predictions(batch))
        finally:
            if training:
                model.train()
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
