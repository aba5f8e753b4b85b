"""The training of ``train``: a model is driven with checkpoints and a held-out loss."""

from __future__ import annotations

import math
import sys

from tinygrad_w2v._base.progress import Progress
from tinygrad_w2v._cli.console import note
from tinygrad_w2v.models import EmbeddingModel
from tinygrad_w2v.text.corpus import Corpus
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.training.checkpoints import Checkpoints
from tinygrad_w2v.training.eager import EagerStep
from tinygrad_w2v.training.run import History, RunState, run_epochs
from tinygrad_w2v.word2vec.heldout_loss import HeldoutLoss
from tinygrad_w2v.word2vec.run_hooks import Watch
from tinygrad_w2v.word2vec.settings import TrainingSettings


def train_model(
    model: EmbeddingModel,
    vocabulary: Vocabulary,
    corpus: Corpus,
    settings: TrainingSettings,
    *,
    checkpoints: Checkpoints,
    state: RunState,
    heldout: HeldoutLoss | None = None,
    patience: int | None = None,
    quiet: bool = True,
) -> History:
    """Train a model in place, from a state on.

    Parameters
    ----------
    model
        Its tables are as they were in that state.
    vocabulary, corpus, settings
        The words, the text to train on, and how.
    checkpoints
        Where the run is kept on the way.
    state
        Where to begin.
    heldout, patience
        What is looked at after each epoch, and after how many without a gain to stop.
    quiet
        Show no progress.

    Returns
    -------
    History
    """
    source = settings.windows(corpus, vocabulary)
    # A line would go through the bar of a terminal; that shows the numbers itself.
    beside_a_bar = sys.stderr is not None and sys.stderr.isatty()
    total, done = settings.epochs * corpus.words, state.history.words
    with Progress(total, "words", "training", quiet=quiet, initial=done) as progress:

        def look() -> float:
            assert heldout is not None
            loss = heldout.of(model)
            progress.update(0, heldout=loss, unigram=heldout.unigram)
            return loss

        hooks = Watch(
            checkpoints,
            None if heldout is None else look,
            math.nan if heldout is None else heldout.unigram,
            patience,
            lambda text: note(text, quiet or beside_a_bar),
        )
        return run_epochs(
            EagerStep(model).step,
            source.batches,
            model.predictions,
            epochs=settings.epochs,
            words_per_epoch=corpus.words,
            alpha=settings.first_alpha,
            min_alpha=settings.min_alpha,
            progress=progress,
            state=state,
            hooks=hooks,
        )
