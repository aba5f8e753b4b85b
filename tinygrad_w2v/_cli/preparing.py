"""A run of ``train``, ready to begin or to go on: its model, its engine, its place."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

from tinygrad_w2v._base.errors import InputError, Setting, written
from tinygrad_w2v._cli.console import note
from tinygrad_w2v._cli.ending import tell_of_space
from tinygrad_w2v._cli.options import in_flags
from tinygrad_w2v._cli.order import Order
from tinygrad_w2v._cli.results import HeldoutFacts, UpdateFacts
from tinygrad_w2v._cli.run_folder import RunFolder
from tinygrad_w2v._cli.texts import Text
from tinygrad_w2v.models import EmbeddingModel
from tinygrad_w2v.training.checkpoints import Checkpoint, Checkpoints, newest_checkpoint
from tinygrad_w2v.training.run import RunState
from tinygrad_w2v.word2vec.engine import (
    GONE_ON,
    Engine,
    EngineOptions,
    choose_engine,
    has_numba,
)
from tinygrad_w2v.word2vec.heldout_loss import HeldoutLoss
from tinygrad_w2v.word2vec.memory import check_memory
from tinygrad_w2v.word2vec.options import told_of_alpha


class Run(NamedTuple):
    """A run that is ready to begin, or to go on."""

    model: EmbeddingModel
    engine: Engine
    words: int
    checkpoints: Checkpoints
    state: RunState
    heldout: HeldoutLoss | None
    heldout_facts: HeldoutFacts | None
    update_facts: UpdateFacts | None
    about: dict[str, Any]


def prepare(order: Order, text: Text, folder: RunFolder) -> Run:
    """Make the model and choose what computes; go on where the run was."""
    request, base, settings = order.request, order.base, order.request.settings
    vocabulary, corpus = text.vocabulary, text.corpus
    kept = _kept(order, text, folder)
    told = told_of_alpha(settings)
    if told and "alpha" in order.given:
        note(f"note: {told}", order.quiet)
    asked = order.engine.going_on(kept, order.given)
    check_memory(
        *(settings, asked, vocabulary.counts, corpus.words),
        heldout=request.heldout is not None,
    )
    heldout = heldout_facts = update_facts = None
    if request.heldout is not None:
        place = folder.checkpoints if request.sources else None
        corpus, part = corpus.split(request.heldout, settings.seed, place)
        heldout = HeldoutLoss(vocabulary, part, settings)
        heldout_facts = HeldoutFacts(request.heldout, part.sentences, part.words, heldout.unigram)
    if base is not None and text.grown is not None and request.update is not None:
        grown = text.grown
        tables, old_ids = base.model.tables, grown.old_ids
        model = settings.enlarged_model(tables, old_ids, len(vocabulary))
        update_facts = UpdateFacts(
            folder=request.update,
            model_sha256=base.sha256,
            old_words=len(old_ids),
            new_words=grown.added,
            rare_words=grown.rare,
        )
    else:
        model = settings.new_model(len(vocabulary))
    if kept is not None:
        model.load_state_dict(kept.tables)
    source = settings.windows(corpus, vocabulary)
    _say_that_it_compiles(asked, order.quiet)
    engine = choose_engine(
        *(asked, model, source),
        why="asked for" if kept is None else "as the run began",
    )
    engine.check_goes_on(kept, ("begin anew with ", Setting("overwrite", True)))
    _tell(order, engine)
    if kept is not None and not engine.reproducible:
        note(GONE_ON, order.quiet)
    tell_of_space(folder.path, model)
    checkpoints = Checkpoints(
        folder.checkpoints,
        model.state_dict,
        {
            "request": request.without_text(),
            "corpus_sha256": text.facts.corpus_sha256,
            "engine": dict(engine.about),
        },
        order.checkpoint_minutes,
        note,
    )
    state = RunState() if kept is None else kept.state
    run = {
        "engine": order.engine.engine,
        "deterministic": order.engine.deterministic,
        "checkpoint_minutes": order.checkpoint_minutes,
    }
    return Run(
        *(model, engine, corpus.words, checkpoints, state),
        *(heldout, heldout_facts, update_facts, run),
    )


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
    if engine.name == "compiled" and order.request.settings.batch is not None:
        note(
            "note: the compiled engine learns from one window after another, so --batch changes "
            "nothing",
            quiet,
        )


def _kept(order: Order, text: Text, folder: RunFolder) -> Checkpoint | None:
    """Return where a run goes on; None where it begins."""
    if not order.resume:
        return None
    try:
        kept = newest_checkpoint(folder.checkpoints, note)
    except InputError as error:
        raise InputError(f"{error}; begin anew with --overwrite") from error
    if kept is None:
        note("no checkpoint had been written yet: beginning anew", order.quiet)
        return None
    if kept.about.get("request") != order.request.without_text():
        raise InputError(
            f"{kept.path} is of a run with other settings; begin anew with --overwrite"
        )
    if kept.about.get("corpus_sha256") != text.facts.corpus_sha256:
        raise InputError(
            f"the text is not the one that {kept.path} was trained on, so that run cannot go on; "
            "give the same text, or begin anew with --overwrite"
        )
    words = kept.state.history.words
    where = f"after {words:,} words, in epoch {kept.state.epoch + 1}"
    note(f"going on {where} ({kept.path})", order.quiet)
    return kept
