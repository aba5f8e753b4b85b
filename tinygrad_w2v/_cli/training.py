"""The training of ``train``: a model is driven with checkpoints and a held-out loss."""

from __future__ import annotations

import math
import sys
from contextlib import closing

from tinygrad_w2v._base.progress import Progress
from tinygrad_w2v._cli.console import note
from tinygrad_w2v.models import EmbeddingModel
from tinygrad_w2v.training.checkpoints import Checkpoints
from tinygrad_w2v.training.run import History, RunState
from tinygrad_w2v.word2vec.engine import Engine
from tinygrad_w2v.word2vec.heldout_loss import HeldoutLoss
from tinygrad_w2v.word2vec.run_hooks import Watch
from tinygrad_w2v.word2vec.settings import TrainingSettings


def train_model(
    model: EmbeddingModel,
    engine: Engine,
    words: int,
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
    engine
        What computes, over the windows of the text.
    words, settings
        The words of the text, and how to train.
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
    # A line would go through the bar of a terminal; that shows the numbers itself.
    beside_a_bar = sys.stderr is not None and sys.stderr.isatty()
    total, done = settings.epochs * words, state.history.words
    with (
        closing(engine),
        Progress(total, "words", "training", quiet=quiet, initial=done) as progress,
    ):

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
        return engine.follow(settings, words, progress, state=state, hooks=hooks)
