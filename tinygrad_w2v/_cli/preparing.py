"""A run of ``train``, ready to begin or to go on: its model, its engine, its place."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

from tinygrad_w2v._base.errors import Message, Setting, written
from tinygrad_w2v._cli.console import note
from tinygrad_w2v._cli.ending import tell_of_space
from tinygrad_w2v._cli.options import in_flags
from tinygrad_w2v._cli.order import Order
from tinygrad_w2v._cli.results import HeldoutFacts, UpdateFacts
from tinygrad_w2v._cli.run_folder import RunFolder
from tinygrad_w2v._cli.texts import Text
from tinygrad_w2v.training.engines import Engine, EngineOptions, has_numba
from tinygrad_w2v.training.keeping import Keeping, checkpoint_of
from tinygrad_w2v.training.run import Run, Voice
from tinygrad_w2v.word2vec.memory import check_memory, told_of_tables
from tinygrad_w2v.word2vec.options import keyword_of, told_of_alpha
from tinygrad_w2v.word2vec.training import prepare_text


class Prepared(NamedTuple):
    """A run that is ready, and what to note of it beside what it comes to."""

    run: Run
    heldout: HeldoutFacts | None
    update: UpdateFacts | None
    about: dict[str, Any]


def prepare(order: Order, text: Text, folder: RunFolder) -> Prepared:
    """Make the model and choose what computes; go on where the run was."""
    request, base, settings = order.request, order.base, order.request.settings
    vocabulary, quiet = text.vocabulary, order.quiet
    keeping = _keeping(order, text, folder)
    told = told_of_alpha(settings)
    if told and "alpha" in order.given:
        note(f"note: {told}", quiet)
    asked = order.engine.going_on(keeping.begun, order.given)
    check_memory(
        *(settings, asked, vocabulary.counts, text.corpus.words),
        heldout=request.heldout is not None,
    )
    tables = told_of_tables(settings, asked, len(vocabulary))
    if tables is not None:
        note(written(tables, in_flags), quiet)
    update = None
    if base is not None and text.grown is not None and request.update is not None:
        grown = text.grown
        model = settings.enlarged_model(base.model.tables, grown.old_ids, len(vocabulary))
        update = UpdateFacts(
            folder=request.update,
            model_sha256=base.sha256,
            old_words=len(grown.old_ids),
            new_words=grown.added,
            rare_words=grown.rare,
        )
    else:
        model = settings.new_model(len(vocabulary))
    _say_that_it_compiles(asked, quiet)
    # A line would go through the bar of a terminal; that shows the numbers itself.
    beside_a_bar = sys.stderr is not None and sys.stderr.isatty()
    run, _, part = prepare_text(
        *(model, vocabulary, text.corpus, settings, order.engine),
        share=request.heldout,
        early_stopping=request.early_stopping,
        folder=folder.checkpoints if request.sources else None,
        keeping=keeping,
        voice=Voice(
            note=lambda text: note(text, quiet),
            warn=note,
            epoch=lambda text: note(text, quiet or beside_a_bar),
            engine=lambda engine: _tell(order, engine),
        ),
    )
    tell_of_space(folder.path, model)
    heldout = None
    if request.heldout is not None and part is not None and run.heldout is not None:
        unigram = run.heldout.unigram
        heldout = HeldoutFacts(request.heldout, part.sentences, part.words, unigram)
    about = {
        "engine": order.engine.engine,
        "deterministic": order.engine.deterministic,
        "checkpoint_minutes": order.checkpoint_minutes,
    }
    if order.engine.shards is not None:
        about["shards"] = order.engine.shards
    return Prepared(run, heldout, update, about)


def _say_that_it_compiles(asked: EngineOptions, quiet: bool) -> None:
    """Tell who watches why nothing moves: the first kernel of a model takes some seconds."""
    watched = sys.stderr is not None and sys.stderr.isatty()
    if watched and asked.engine != "numpy" and has_numba():
        note("compiling the model, if it was not compiled before ...", quiet)


def _tell(order: Order, engine: Engine) -> None:
    """Say which engine runs, and which options are of no use to it."""
    quiet = order.quiet
    # A slow run is said in any case.
    note(written(engine.description(), in_flags), quiet and not engine.fell_back)
    workers = order.engine.workers if "workers" in order.given else 1
    if engine.name == "numpy" and workers > 1:
        note(f"note: the NumPy engine uses one core, so --workers {workers} changes nothing", quiet)
    if engine.name in ("compiled", "ray") and order.request.settings.batch is not None:
        note(
            f"note: the {engine.name} engine learns from one window after another, so --batch "
            "changes nothing",
            quiet,
        )


def _keeping(order: Order, text: Text, folder: RunFolder) -> Keeping:
    """Return where the run is kept, and where it goes on if it does."""
    about = {
        "request": order.request.without_text(),
        "corpus_sha256": text.facts.corpus_sha256,
    }
    remedy: Message = ("begin anew with ", Setting("overwrite", True))
    kept = None
    if order.resume:
        kept = checkpoint_of(folder.checkpoints, about, note, remedy, keyword_of)
        if kept is None:
            note("no checkpoint had been written yet: beginning anew", order.quiet)
    minutes = order.checkpoint_minutes
    return Keeping(folder.checkpoints, about, minutes, kept, order.given, remedy)
