"""What a `Word2Vec` tells in its report."""

from __future__ import annotations

import inspect
import math
from typing import TYPE_CHECKING, Any

from tinygrad_w2v._base.language import Language
from tinygrad_w2v._base.version import versions
from tinygrad_w2v.training.reporting import engine_facts
from tinygrad_w2v.word2vec.kept_model import keywords_of
from tinygrad_w2v.word2vec.settings import TrainingSettings

# Most programs make no report, and need nothing to draw.
if TYPE_CHECKING:
    from tinygrad_w2v.reports.contents import Report


def report_of(model: Any) -> Report:
    """Return the contents of the report of a `Word2Vec` with a vocabulary.

    Parameters
    ----------
    model
        Trained in this process or read from a file; of the latter the losses of epochs are known.
    """
    from tinygrad_w2v.reports.contents import Kernel, Losses, Report, ending
    from tinygrad_w2v.vectors.sample_words import sample_words
    from tinygrad_w2v.vectors.scores import installed_test_sets, scores_of

    run, keywords = model._run, keywords_of(model) | model._watched
    history = None if run is None else run.state.history
    # Else it was trained before, too.
    once = len(model.losses) <= (model.epochs if history is None else len(history.losses))
    own = model._given_model is not None
    name = type(model.model).__name__
    engine = {} if run is None else engine_facts(run.engine)
    usual = inspect.signature(type(model).__init__).parameters
    given = [
        f"    {each}={value!r},"
        for each, value in keywords.items()
        if each not in usual or usual[each].default != value
    ]
    lines = ["    sentences,", *given, *(["    model=...,  # yours"] if own else [])]
    if model.heldout_losses and not model._watched:  # a file does not tell of how many
        lines.append("    heldout=...,")
    called = "\n".join([f"model = tw.{type(model).__name__}(", *lines, ")"])
    return Report(
        title=f"{name}, {model.corpus_total_words:,} words",
        facts={
            "settings": {"model": name} | keywords | {"alpha": model.alpha},
            "text": {
                "words": model.corpus_total_words,
                "sentences": model.corpus_count,
                "vocabulary": len(model.vocabulary),
            },
            "engine": engine,
            "versions": versions(),
        },
        losses=Losses(
            records=history.records if history is not None and once else (),
            epochs=model.losses,
            heldout=_heldout(model, history),
            unigram=model.unigram_loss,
        ),
        vectors=model.wv,
        samples=sample_words(model.wv),
        scores=scores_of(model.wv, installed_test_sets()),
        graph=lambda lang: graph_page(model.model, model.settings(), model.wv.index_to_key, lang),
        kernel=None if run is None else Kernel.of(run.engine.compiled),
        repeat=f"import tinygrad_w2v as tw\n\n{called}" if once else "",
        seconds=model.total_train_time,
        ended=ending(model.interrupted, model.stopped_early),
    )


def _heldout(model: Any, history: Any) -> list[float]:
    """The held-out losses by epoch; of trainings before the last they may be of other sentences."""
    losses = model.heldout_losses
    if history is None:
        return losses if len(losses) == len(model.losses) else []
    before = len(model.losses) - len(history.losses)
    return [math.nan] * before + history.heldout_losses if history.heldout_losses else []


def graph_page(model: Any, settings: TrainingSettings, words: list[str], lang: Language) -> str:
    """Return the page of a model's graph, on two windows.

    Tables with a row a word show the words.
    """
    from tinygrad_w2v.drawing import graph

    loss = model.loss(settings.small_batch(len(words)))
    loss.name = loss.name or "loss"
    fitting = {
        name: words
        for name, parameter in model.named_parameters()
        if parameter.ndim == 2 and parameter.shape[0] == len(words) and "." not in name
    }
    return graph(loss, labels=fitting, lang=lang).html()
