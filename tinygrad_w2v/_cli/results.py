"""What a run leaves: its vectors, history, report, two pictures, and all that decided them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import WriteError
from tinygrad_w2v._base.files import safe_write
from tinygrad_w2v._base.language import Language, words_in
from tinygrad_w2v._base.version import versions
from tinygrad_w2v._cli.console import note
from tinygrad_w2v._cli.machine import processor
from tinygrad_w2v._cli.reporting import report_of
from tinygrad_w2v._cli.request import Request, json_text
from tinygrad_w2v.reports.contents import Report
from tinygrad_w2v.reports.page import write_report
from tinygrad_w2v.text.phrase_rounds import PhraseRounds
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.training.engines import Engine
from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.word2vec.file import write_model
from tinygrad_w2v.word2vec.kept_model import run_description
from tinygrad_w2v.word2vec.reporting import graph_page
from tinygrad_w2v.word2vec.settings import TrainingSettings
from tinygrad_w2v.word2vec.training import Trained

_MADE = {".html": "written"}
# Of the loss curve.
_WORDS = {
    "title": {"en": "mean loss of a prediction", "ja": "推測 1 回あたりの平均損失"},
    "words": {"en": "{:,} words each", "ja": "単語数 (x{:,})"},
}


class TextFacts(NamedTuple):
    """What a run was trained on."""

    sources: list[str]
    sha256: str | None
    corpus_sha256: str
    words: int
    known_words: int
    sentences: int


class PhraseFacts(NamedTuple):
    """What was joined: the digest of the phrases, and how many words of the text they are.

    `file` is the one that was given; None when they were found in the text.
    """

    file: str | None
    sha256: str
    rounds: int
    phrases: int
    known_phrases: int
    joined: int


class HeldoutFacts(NamedTuple):
    """The part of a text that was not trained on, and the loss there of words' counts alone."""

    share: float
    sentences: int
    words: int
    unigram_loss: float


class UpdateFacts(NamedTuple):
    """The run whose vectors were learned on from, and what its vocabulary became."""

    folder: str
    model_sha256: str
    old_words: int
    new_words: int
    rare_words: int


class Outcome(NamedTuple):
    """The results of a run.

    Attributes
    ----------
    trained : Trained
        Words, vectors, model, history.
    request : Request
        What was asked.
    engine : Engine
        What computed.
    text : TextFacts
        What was read.
    phrases : PhraseRounds, optional
        What was joined.
    phrase_facts : PhraseFacts, optional
        What is told of that.
    heldout : HeldoutFacts, optional
        The part that was not trained on.
    update : UpdateFacts, optional
        What it was continued from.
    run : dict
        The options of the run that do not decide its outcome.
    lang : {"en", "ja"}
        The language of the report and the loss curve.
    layout : str
        Of the report's map of words.
    output : str
        The folder of the run, as it was named.
    """

    trained: Trained
    request: Request
    engine: Engine
    text: TextFacts
    phrases: PhraseRounds | None
    phrase_facts: PhraseFacts | None
    heldout: HeldoutFacts | None
    update: UpdateFacts | None
    run: dict[str, Any]
    lang: Language
    layout: str
    output: str


def write_results(folder: Path, outcome: Outcome) -> dict[str, Any]:
    """Write all files of a run into an empty folder and return what ``settings.json`` says.

    A picture that fails is said and does not stop the others.
    """
    trained, settings = outcome.trained, outcome.request.settings
    vectors, history = trained.vectors, trained.history
    beside = settings.beside()
    write_model(
        folder / "model.npz",
        _vocabulary(vectors),
        trained.model.state_dict(),
        _about_the_model(outcome),
        vectors.vectors if beside else None,
        beside,
    )
    vectors.save_word2vec_format(folder / "vectors.txt")
    if outcome.phrases is not None:
        outcome.phrases.save(folder / "phrases.json")
    with safe_write(folder / "history.jsonl") as file:
        for record in history.records:
            file.write(json.dumps(record._asdict()) + "\n")
    _draw(folder / "loss.svg", lambda path: _draw_losses(outcome, path))
    _draw(folder / "graph.svg", lambda path: _draw_graph(trained, settings, path))
    description = describe(outcome)
    _draw(folder / "report.html", lambda path: _write_report(outcome, description, path))
    # Of files of two runs, which a process that is killed may leave, no two are taken for a pair.
    for name in ("vectors.txt", "model.npz"):
        description[f"{name.partition('.')[0]}_sha256"] = file_digest(folder / name)
    with safe_write(folder / "settings.json") as file:
        file.write(json_text(description) + "\n")
    return description


def report_so_far(outcome: Outcome, refresh: float) -> Report:
    """Return the report of a run that goes on."""
    return _report(outcome, describe(outcome), refresh)


def _write_report(outcome: Outcome, description: dict[str, Any], path: Path) -> None:
    write_report(_report(outcome, description), path, outcome.lang, outcome.layout)


def _report(outcome: Outcome, description: dict[str, Any], refresh: float | None = None) -> Report:
    trained, settings = outcome.trained, outcome.request.settings
    words = list(trained.vectors.index_to_key)
    return report_of(
        description,
        list(trained.history.records),
        trained.vectors,
        outcome.request,
        output=outcome.output,
        graph=lambda lang: graph_page(trained.model, settings, words, lang),
        compiled=outcome.engine.compiled,
        refresh=refresh,
    )


def _about_the_model(outcome: Outcome) -> dict[str, Any]:
    """What `Word2Vec` is to know of the model that it loads, as if it had trained it."""
    history, text, heldout = outcome.trained.history, outcome.text, outcome.heldout
    counted = {
        "corpus_count": text.sentences,
        "corpus_total_words": text.words,
        "losses": history.losses,
        "heldout_losses": history.heldout_losses,
        "unigram_loss": None if heldout is None else heldout.unigram_loss,
        "_epochs_drawn": len(history.losses),
    }
    more = {"max_vocab_size": outcome.request.max_vocab_size}
    phrases = None if outcome.phrases is None else outcome.phrases.to_json()
    about = run_description(outcome.request.settings, more, counted)
    return about if phrases is None else about | {"phrases": phrases}


def _draw(path: Path, draw: Callable[[Path], object]) -> None:
    try:
        draw(path)
    except WriteError:
        raise
    except Exception as error:  # whatever a picture fails for, what was trained is worth more
        note(f"note: {path.name} was not {_MADE.get(path.suffix, 'drawn')}: {error}")


def describe(outcome: Outcome) -> dict[str, Any]:
    """Return all that decides the outcome of a run, and its results in numbers."""
    trained, request, engine = outcome.trained, outcome.request, outcome.engine
    settings, history = request.settings, trained.history
    resolved = dataclasses.asdict(settings)
    resolved["alpha"] = settings.first_alpha
    if engine.name == "numpy":
        resolved["batch"] = settings.batch_size(_vocabulary(trained.vectors))
    update = None if outcome.update is None else outcome.update._asdict()
    heldout = None
    if outcome.heldout is not None:
        losses = _finite(history.heldout_losses)
        heldout = outcome.heldout._asdict() | {"losses": losses}
    return {
        "finished": not history.interrupted,
        "request": request.to_json(),
        "settings": resolved,
        "engine": {
            "name": engine.name,
            "why": engine.why,
            "reproducible": engine.reproducible,
        },
        "text": outcome.text._asdict(),
        "phrases": None if outcome.phrase_facts is None else outcome.phrase_facts._asdict(),
        "heldout": heldout,
        "early_stopping": request.early_stopping,
        "stopped_early": history.stopped_early,
        "update": update,
        "workers": engine.workers,
        "run": outcome.run,
        "vocabulary": len(trained.vectors),
        "losses": _finite(history.losses),
        "words_trained": history.words,
        "seconds": round(history.seconds, 3),
        "words_per_second": round(history.words / max(history.seconds, 1e-9)),
        "versions": versions(),
        "cpu": processor(),
    }


def _vocabulary(vectors: WordVectors) -> Vocabulary:
    return Vocabulary(vectors.index_to_key, np.asarray(vectors.counts))


def _finite(losses: list[float]) -> list[float | None]:
    return [None if math.isnan(loss) else loss for loss in losses]


def _draw_losses(outcome: Outcome, path: Path) -> None:
    history, lang = outcome.trained.history, outcome.lang
    count = history.words // max(len(history.records), 1)
    losses = [record.loss for record in history.records]
    words = words_in(lang, _WORDS)
    title = f"{outcome.request.settings.name}: {words['title']}"
    xlabel = words["words"].format(count)
    from tinygrad_w2v.drawing import plot_losses

    about: dict[str, Any] = {"title": title, "xlabel": xlabel, "lang": lang}
    plot_losses(losses, path, smoothing=0.8, heldout=history.heldout_by_record(), **about)


def _draw_graph(trained: Trained, settings: TrainingSettings, path: Path) -> None:
    batch = settings.small_batch(len(trained.vectors))
    from tinygrad_w2v.drawing import graph

    graph(trained.model.loss(batch)).save(path)


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
