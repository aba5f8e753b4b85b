"""One sentence as training sees it: its windows, and the loss of each."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.batch import Batch
from tinygrad_w2v.autograd import no_grad
from tinygrad_w2v.text.corpus import encode_corpus
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.word2vec.settings import TrainingSettings


class SentenceWindow(NamedTuple):
    """A window of a sentence.

    Attributes
    ----------
    center : str
    contexts : list of str
        From left to right.
    negatives : list of str
        Words that the true one is told from; none of a tree.
    loss : float
        The mean of its predictions.
    batch : Batch
        It alone, as the model is given it.
    """

    center: str
    contexts: list[str]
    negatives: list[str]
    loss: float
    batch: Batch


def sentence_windows(
    model: Any, settings: TrainingSettings, vocabulary: Vocabulary, sentence: Sequence[str]
) -> list[SentenceWindow]:
    """Return the windows of a sentence and their losses.

    Every window is whole and no word is thinned out; negative words are those of the first epoch.
    Words that are not in the vocabulary are left out.

    Parameters
    ----------
    model, settings, vocabulary
        What was trained, and how.
    sentence
        Words.

    Examples
    --------
    >>> vocabulary, settings = Vocabulary(["say", "you", "hi"], [3, 2, 1]), TrainingSettings(size=2)
    >>> windows = sentence_windows(settings.new_model(3), settings, vocabulary, ["you", "say", "x"])
    >>> [(window.center, window.contexts, round(window.loss, 3)) for window in windows]
    [('you', ['say'], 4.159), ('say', ['you'], 4.159)]
    """
    known = [word for word in sentence if word in vocabulary]
    if len(known) < 2:
        return []
    whole = dataclasses.replace(settings, batch=1, sample=0.0, shrink_windows=False)
    source = whole.source(encode_corpus([known], vocabulary), vocabulary)
    windows = []
    for batch, _ in source.batches(0):
        with no_grad():
            loss = float(np.asarray(model.loss(batch).data)) / max(model.predictions(batch), 1)
        negatives = [] if settings.hs else batch.targets[batch.labels == 0].ravel().tolist()
        windows.append(
            SentenceWindow(
                center=vocabulary.words[int(batch.center[0])],
                contexts=[vocabulary.words[row] for row in batch.contexts[0].tolist()],
                negatives=[vocabulary.words[row] for row in dict.fromkeys(negatives)],
                loss=loss,
                batch=batch,
            )
        )
    return windows
