"""The loss on text that is not trained on: what training is stopped by and compared with.

The windows and the negative words are the same at every look (frozen), so that two epochs, two
engines or two numbers of workers are compared on the same questions.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

from tinygrad_w2v.autograd import no_grad
from tinygrad_w2v.sources.source import Source
from tinygrad_w2v.training.engines.engine import Engine
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

    def of(self, model: Any, engine: Engine | None = None) -> float:
        """Return the loss of a model, with its dropout and the like switched off meanwhile.

        The machines of an engine that has some look at a part of the batches each. These are added
        up in their order in any case, so the loss is the same.
        """
        mean, parts = Mean(), None
        if engine is not None:
            parts = engine.losses_elsewhere(model, self._source, self._draws)
        if parts is None:
            parts = [losses_of(model, self._source, self._draws)]
        for batches in itertools.zip_longest(*parts):
            for loss in filter(None, batches):
                mean.add(*loss)
        return mean.value()


def losses_of(
    model: Any, source: Source, draws: int = 1, part: int = 0, parts: int = 1
) -> list[tuple[float, int]]:
    """Return the sum of the losses, and of how many predictions, of every `parts`-th batch.

    Parameters
    ----------
    model, source, draws
        As of `HeldoutLoss`.
    part
        The number of the first batch.
    parts
        Into how many parts the batches are divided.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> examples = tw.examples.Arrays({"x": np.arange(4.0)}, batch_size=2)
    >>> class Line(tw.Module):
    ...     def __init__(self):
    ...         self.w = tw.Parameter(2.0)
    ...     def loss(self, example):
    ...         return (self.w * example["x"]).sum()
    >>> len(losses_of(Line(), examples)), len(losses_of(Line(), examples, part=1, parts=2))
    (2, 1)
    """
    engine, training = NumpyRun(model, source), model.training
    model.eval()
    found = []
    try:
        with no_grad():
            batches = (batch for epoch in range(draws) for batch, _ in source.batches(epoch))
            for batch in itertools.islice(batches, part, None, parts):
                found.append((float(model.loss(batch).item()), engine.predictions(batch)))
    finally:
        if training:
            model.train()
    return found


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
