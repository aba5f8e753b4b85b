"""What `fit` tells in the report of a run: of any model, and of its words where it has some."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.language import Language
from tinygrad_w2v._base.version import versions
from tinygrad_w2v.nn import Module

if TYPE_CHECKING:
    from tinygrad_w2v.reports.contents import Report
    from tinygrad_w2v.training.history import History
    from tinygrad_w2v.training.run import Run
    from tinygrad_w2v.vectors import WordVectors


class About(NamedTuple):
    """What a history has to know of its run, to report on it.

    Attributes
    ----------
    run : Run
        With model, source and engine.
    examples
        What `fit` was given; of a text it has the vocabulary.
    settings : dict
        What was asked of `fit`.
    """

    run: Run
    examples: Any
    settings: Mapping[str, Any]


def report_of(about: About, history: History) -> Report:
    """Return the contents of the report of a history."""
    from tinygrad_w2v.reports.contents import Kernel, Losses, Report, ending
    from tinygrad_w2v.vectors.sample_words import sample_words

    run = about.run
    model, source, engine = run.model, run.source, run.engine
    table, vectors = vectors_of(model, about.examples)
    name, examples = type(model).__name__, type(about.examples).__name__
    shapes = {
        f"parameter {each}": " × ".join(map(str, parameter.shape)) or "1"
        for each, parameter in model.named_parameters()
    }
    return Report(
        title=f"{name}, {examples}",
        facts={
            "settings": {"model": name} | dict(about.settings),
            "examples": {
                "source": examples,
                "units": source.units,
                "fields": sorted(_names(source.example())),
            }
            | ({"vectors of the words": table} if table else {})
            | shapes,
            "engine": engine_facts(engine),
            "versions": versions(),
        },
        losses=Losses(history.records, history.losses, history.heldout_losses, units="examples"),
        vectors=vectors,
        samples=[] if vectors is None else sample_words(vectors),
        graph=lambda lang: _graph(model, source, lang),
        kernel=Kernel.of(engine.compiled),
        seconds=history.seconds,
        ended=ending(history.interrupted, history.stopped_early),
    )


def engine_facts(engine: Any) -> dict[str, Any]:
    """Return what a report says of an engine."""
    return {
        "engine": engine.name,
        "why": engine.why,
        "threads": engine.workers,
        "same bytes again": engine.reproducible,
    }


def vectors_of(model: Module, source: Any) -> tuple[str, WordVectors | None]:
    """Return the words of a source with the rows of the model's first table that has one for each.

    The table's name goes before them, as another may have as many rows. "" and None, where the
    source has no vocabulary, or no table fits.
    """
    from tinygrad_w2v.vectors import WordVectors

    vocabulary = getattr(source, "vocabulary", None)
    words = getattr(vocabulary, "words", None)
    if not words:
        return "", None
    for name, parameter in sorted(model.named_parameters(), key=lambda named: named[0] != "w_in"):
        if parameter.ndim == 2 and parameter.shape[0] == len(words):
            if np.isfinite(parameter.data).all():
                counts = getattr(vocabulary, "counts", None)
                return name, WordVectors(words, parameter.data, counts)
            return "", None
    return "", None


def _names(example: Any) -> list[str]:
    return list(example) if isinstance(example, Mapping) else list(example._fields)


def _graph(model: Any, source: Any, lang: Language) -> str:
    """The page of the loss of two examples."""
    from tinygrad_w2v.drawing import graph

    batch = next(iter(source.batches(0)))[0]
    fields = batch if isinstance(batch, Mapping) else batch._asdict()
    few = {name: array[:2] for name, array in fields.items()}
    example: Any = few if isinstance(batch, Mapping) else type(batch)(**few)
    loss = model.loss(example)
    loss.name = loss.name or "loss"
    return graph(loss, lang=lang).html()
