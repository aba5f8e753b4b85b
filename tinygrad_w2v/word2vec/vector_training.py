"""A training run: windows of a corpus are drawn, a model's loss is followed, vectors come out.

This is the one place where text, models and training meet.
"""

from __future__ import annotations

from contextlib import closing
from typing import NamedTuple

from tinygrad_w2v._base.progress import Progress
from tinygrad_w2v.models import EmbeddingModel
from tinygrad_w2v.text.corpus import Corpus
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.training.run import History
from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.word2vec.engine import EngineOptions, choose_engine
from tinygrad_w2v.word2vec.memory import check_memory
from tinygrad_w2v.word2vec.settings import TrainingSettings


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
    source = settings.windows(corpus, vocabulary)
    model = settings.new_model(len(vocabulary))
    chosen = choose_engine(asked, model, source)
    chosen.warn()
    total = settings.epochs * corpus.words
    with (
        closing(chosen),
        Progress(total, "words", "training", quiet=quiet) as progress,
    ):
        history = chosen.follow(settings, corpus.words, progress)
    vectors = WordVectors.sharing(vocabulary.words, model.w_in.data, vocabulary.counts)
    return Trained(vectors, model, history)
