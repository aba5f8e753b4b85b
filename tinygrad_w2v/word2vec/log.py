"""What `Word2Vec` says while it works: lines of a log at INFO, or a bar for who watches."""

from __future__ import annotations

import logging
import math
import sys
from pathlib import Path
from typing import TextIO, cast

from tinygrad_w2v._base.notebook import in_notebook
from tinygrad_w2v._base.progress import Progress
from tinygrad_w2v.training.engines import Engine
from tinygrad_w2v.word2vec.options import told_of_alpha
from tinygrad_w2v.word2vec.settings import TrainingSettings

logger = logging.getLogger("tinygrad_w2v.word2vec")


def log_training(
    settings: TrainingSettings,
    epochs: int,
    compat: str | None,
    engine: Engine,
    own_model: str | None = None,
) -> None:
    """Log how it is trained, and what was decided without being asked for.

    Parameters
    ----------
    settings, epochs
        What will be done.
    compat
        What the user gave, or None.
    engine
        What computes.
    own_model
        The name of a model of the user's; what CBOW does is not told of it then.
    """
    logger.info(
        "training %s: vector_size %d, window %d, negative %d, hs %d, alpha %g to %g, %d epochs",
        own_model or settings.name,
        settings.size,
        settings.window,
        settings.negative,
        settings.hs,
        settings.first_alpha,
        settings.min_alpha,
        epochs,
    )
    logger.info("%s", engine)
    if settings.hs and settings.negative:
        logger.warning(
            "hierarchical softmax and negative sampling are both learned, as hs and negative are "
            "both set; negative=0 leaves the tree alone"
        )
    if own_model is not None:
        return
    mean_of_contexts = settings.model == "cbow" and settings.cbow_mean
    if mean_of_contexts and compat is None and settings.compat:
        logger.info(
            "%s follows the update rule of word2vec.c and gensim (compat='word2vec'), as "
            "compat is not given; compat='gradient' follows the true gradient",
            "CBOW" if settings.name == "cbow" else settings.name,
        )
    if told := told_of_alpha(settings):
        logger.warning("%s", told)


def log_epoch(number: int, loss: float) -> None:
    """Log an epoch's mean loss, and loudly that there is none, as no window was left."""
    logger.info("epoch %d: loss %.4f", number, loss)
    if math.isnan(loss):
        logger.warning(
            "epoch %d taught nothing: subsampling left no two words beside each other; for so "
            "small a text use sample=0",
            number,
        )


def log_interrupt(words: int, checkpoints: Path | None) -> None:
    """Log that Ctrl-C was pressed, and how to go on, where there is a checkpoint."""
    kept = checkpoints is not None and any(checkpoints.glob("checkpoint-*.npz"))
    logger.warning(
        "interrupted after %s words; what was learned is kept%s",
        words,
        "; the same call with resume=True goes on" if kept else "",
    )


def progress_of(total: int, report_delay: float, done: int = 0) -> Progress:
    """Return lines in the log where it is read, else a bar where someone watches, else nothing."""
    if logger.isEnabledFor(logging.INFO):
        stream = cast(TextIO, LogLines(logger))
        return Progress(
            total, "words", "training", stream=stream, interval=report_delay, initial=done
        )
    watched = in_notebook() or (sys.stderr is not None and sys.stderr.isatty())
    return Progress(total, "words", "training", quiet=not watched, initial=done)


class LogLines:
    """A stream that writes each line as a message of a logger, for `Progress`.

    Examples
    --------
    >>> print("50% done", file=LogLines(logging.getLogger("quiet")))
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def write(self, text: str) -> None:
        """Log a line."""
        if text.strip():
            self._logger.info("%s", text.rstrip())

    def flush(self) -> None:
        """Do nothing: a message is out at once."""

    def isatty(self) -> bool:
        """Return False: a log wants lines, no bar."""
        return False
