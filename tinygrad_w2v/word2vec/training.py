"""Training on a text: a part is held out, windows are drawn, a model follows them.

This is the one place where text, models and training meet; `Word2Vec`, the command and
`train_vectors` come through it.
"""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tinygrad_w2v._base.errors import InputError, Setting
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.progress import Progress
from tinygrad_w2v.models import EmbeddingModel
from tinygrad_w2v.sources.source import Source
from tinygrad_w2v.text.corpus import Corpus
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.training.checkpoints import remove_half_written
from tinygrad_w2v.training.engines import EngineOptions
from tinygrad_w2v.training.history import History
from tinygrad_w2v.training.keeping import Keeping, RunOptions, checkpoint_of
from tinygrad_w2v.training.run import SILENT, Run, Schedule, Voice, prepare
from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.word2vec.file import plain
from tinygrad_w2v.word2vec.heldout_loss import heldout_loss
from tinygrad_w2v.word2vec.memory import check_memory
from tinygrad_w2v.word2vec.options import keyword_of
from tinygrad_w2v.word2vec.settings import MODELS, TrainingSettings

logger = logging.getLogger("tinygrad_w2v.word2vec")


class TextRun(NamedTuple):
    """A run over a text.

    Attributes
    ----------
    run : Run
        Ready to begin, or to go on.
    corpus, part : Corpus
        What is trained on, and what is held out, if anything is.
    """

    run: Run
    corpus: Corpus
    part: Corpus | None


def prepare_text(
    model: Any,
    vocabulary: Vocabulary,
    corpus: Corpus,
    settings: TrainingSettings,
    asked: EngineOptions,
    *,
    epochs: int | None = None,
    share: float | None = None,
    early_stopping: int | None = None,
    folder: PathLike | None = None,
    keeping: Keeping | None = None,
    first: int = 0,
    voice: Voice = SILENT,
    source: Callable[[Corpus], Source] | None = None,
) -> TextRun:
    """Hold out a part of a text and make a run over the rest.

    Parameters
    ----------
    model
        What is trained; its tables are there.
    vocabulary, corpus, settings, asked
        What it is trained on, how, and by which engine.
    epochs
        If other than in the settings.
    share, early_stopping
        How much is held out, and when to stop by it.
    folder
        Where the parts of the text are held, if not in memory.
    keeping, first, voice
        As in :func:`~tinygrad_w2v.training.run.prepare`.
    source
        What makes examples of the text, in place of the settings' own source.

    Raises
    ------
    InputError
        When it takes more memory than is left, or goes on with another run.
    CompileError, MissingDependencyError
        When the compiled engine is asked for, and cannot be.

    Examples
    --------
    >>> from tinygrad_w2v.text.corpus import build_corpus
    >>> vocabulary, corpus = build_corpus([["you", "say"]] * 99)
    >>> settings = TrainingSettings(size=4, sample=0)
    >>> model, engine = settings.new_model(vocab_size=2), EngineOptions("numpy")
    >>> prepared = prepare_text(model, vocabulary, corpus, settings, engine, share=0.2)
    >>> prepared.corpus.sentences + prepared.part.sentences, prepared.run.state.epoch
    (99, 0)
    """
    if keeping is not None:
        asked = asked.going_on(keeping.begun, keeping.given)
    check_memory(
        settings,
        asked,
        vocabulary.counts,
        corpus.words,
        heldout=share is not None,
        tables=False,
    )
    heldout = part = None
    if share is not None:
        corpus, part = corpus.split(share, settings.seed, folder)
        heldout = heldout_loss(vocabulary, part, settings)
    schedule = Schedule(
        settings.epochs if epochs is None else epochs,
        settings.first_alpha,
        settings.min_alpha,
        early_stopping,
        settings.batch,
    )
    run = prepare(
        model,
        settings.source(corpus, vocabulary) if source is None else source(corpus),
        asked,
        schedule,
        heldout=heldout,
        keeping=keeping,
        first=first,
        voice=voice,
    )
    return TextRun(run, corpus, part)


def keeping_of(
    model: Any,
    vocabulary: Vocabulary,
    corpus: Corpus,
    settings: TrainingSettings,
    options: RunOptions,
    begun_after: int,
    asked: EngineOptions,
    more: Mapping[str, Any] | None = None,
) -> Keeping | None:
    """Return where a training of `Word2Vec` is kept and goes on, if it is kept.

    Parameters
    ----------
    model, vocabulary, corpus, settings, options
        What is trained, on what, and how.
    begun_after
        How many epochs were drawn before this training.
    asked
        Of the engine.
    more
        What else has to be the same for it to go on.

    Raises
    ------
    InputError
        When the folder holds a run that was not asked for, or another run, or one of another text.
    """
    if options.checkpoint is None:
        return None
    folder = Path(options.checkpoint)
    remove_half_written(folder)
    known = (*MODELS.values(), *settings.MODELS.values())
    of_run = {
        "settings": dataclasses.asdict(settings),
        "own_model": None if type(model) in known else type(model).__name__,
        "begun_after": begun_after,
        "heldout": options.heldout,
        "early_stopping": options.early_stopping,
        "corpus_sha256": corpus.digest(vocabulary),
    }
    about = json.loads(json.dumps(of_run | dict(more or {}), default=plain))
    remedy = "name another folder"
    kept = checkpoint_of(folder, about, logger.warning, remedy, keyword_of)
    if kept is None and options.resume:
        logger.info("%s holds no checkpoint: the training begins", folder)
    if kept is not None and not options.resume:
        raise InputError(
            (
                f"{folder} holds an unfinished training; go on with it by ",
                Setting("resume", True),
                ", or remove its checkpoints, or ",
                remedy,
            )
        )
    return Keeping(folder, about, options.checkpoint_minutes, kept, asked.given(), remedy)


class Trained(NamedTuple):
    """What training gives.

    Attributes
    ----------
    vectors : WordVectors
        The words and their vectors, `model.w_in`.
    model : EmbeddingModel
        With both tables, to go on from.
    history : History
        The loss on the way.
    """

    vectors: WordVectors
    model: EmbeddingModel
    history: History


def train_vectors(
    vocabulary: Vocabulary,
    corpus: Corpus,
    settings: TrainingSettings | None = None,
    *,
    engine: str = "numpy",
    workers: int = 1,
    quiet: bool = True,
) -> Trained:
    """Train word vectors on a corpus.

    The same corpus, settings and seed give the same vectors, bit by bit, on one machine, unless
    the compiled engine has more than one worker. Ctrl-C ends the training; what was learned until
    then is returned.

    Parameters
    ----------
    vocabulary, corpus
        Of `build_corpus`.
    settings
        How to train.
    engine : {"numpy", "compiled", "auto"}
        What computes; ``"compiled"`` is many times as fast, needs numba, and trains on one window
        after another in place of batches.
    workers
        Threads of the compiled engine.
    quiet
        Show no progress.

    Returns
    -------
    Trained

    Raises
    ------
    InputError
        When the corpus has no sentence for the window.
    CompileError, MissingDependencyError
        When the compiled engine is asked for, and cannot be.
    NonFiniteError
        When the loss is no longer a number: the learning rate is too large.

    Examples
    --------
    >>> from tinygrad_w2v.text.corpus import build_corpus
    >>> text = [["you", "say", "goodbye"], ["i", "say", "hello"]] * 50
    >>> vocabulary, corpus = build_corpus(text)
    >>> settings = TrainingSettings(size=8, window=1, sample=0, epochs=3)
    >>> trained = train_vectors(vocabulary, corpus, settings)
    >>> trained.vectors, len(trained.history.losses)
    (WordVectors(5 words, 8 dimensions, float32), 3)
    """
    settings = settings or TrainingSettings()
    corpus.check_window(settings.window)
    asked = EngineOptions(engine, workers)
    asked.check()
    check_memory(settings, asked, vocabulary.counts, corpus.words)
    model = settings.new_model(len(vocabulary))
    run = prepare_text(model, vocabulary, corpus, settings, asked).run
    total = settings.epochs * corpus.words
    with Progress(total, "words", "training", quiet=quiet) as progress:
        history = run.follow(progress)
    return Trained(settings.vectors(vocabulary, model), model, history)
