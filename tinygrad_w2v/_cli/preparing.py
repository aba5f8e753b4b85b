"""A run of ``train``, ready to begin or to go on: its model, its engine, its place."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NamedTuple

from tinygrad_w2v._base.errors import InputError, Setting
from tinygrad_w2v._cli.console import note
from tinygrad_w2v._cli.ending import tell_of_space
from tinygrad_w2v._cli.engine_options import given, say_that_it_compiles, tell
from tinygrad_w2v._cli.request import Request
from tinygrad_w2v._cli.results import HeldoutFacts, UpdateFacts, file_digest
from tinygrad_w2v._cli.run_folder import RunFolder
from tinygrad_w2v._cli.texts import Text
from tinygrad_w2v._cli.updating import Base, put_old_words, read_base
from tinygrad_w2v.models import EmbeddingModel
from tinygrad_w2v.training.checkpoints import Checkpoint, Checkpoints, newest_checkpoint
from tinygrad_w2v.training.run import RunState
from tinygrad_w2v.word2vec.engine import GONE_ON, Engine, EngineOptions, choose_engine
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


def prepare(
    arguments: argparse.Namespace,
    request: Request,
    asked: EngineOptions,
    text: Text,
    base: Base | None,
    folder: RunFolder,
    about: dict[str, Any],
) -> Run:
    """Make the model and choose what computes; go on where the run was."""
    settings, vocabulary, corpus = request.settings, text.vocabulary, text.corpus
    kept = _kept(arguments, request, text, folder)
    told = told_of_alpha(settings)
    if told and "alpha" in arguments.given:
        note(f"note: {told}", arguments.quiet)
    asked_here = asked.going_on(kept, given(arguments))
    check_memory(
        *(settings, asked_here, vocabulary.counts, corpus.words),
        heldout=request.heldout is not None,
    )
    heldout = heldout_facts = update_facts = None
    if request.heldout is not None:
        place = folder.checkpoints if request.sources else None
        corpus, part = corpus.split(request.heldout, settings.seed, place)
        heldout = HeldoutLoss(vocabulary, part, settings)
        heldout_facts = HeldoutFacts(request.heldout, part.sentences, part.words, heldout.unigram)
    model = settings.new_model(len(vocabulary))
    if base is not None and text.extended is not None and request.update is not None:
        put_old_words(model, base, text.extended.old_ids, settings)
        update_facts = UpdateFacts(
            folder=request.update,
            model_sha256=str(about.get("update_sha256")),
            old_words=len(base.words),
            new_words=text.extended.new_words,
            rare_words=text.extended.rare_words,
        )
    if kept is not None:
        model.load_state_dict(kept.tables)
    source = settings.windows(corpus, vocabulary)
    say_that_it_compiles(asked_here, arguments.quiet)
    engine = choose_engine(
        *(asked_here, model, source),
        why="asked for" if kept is None else "as the run began",
    )
    engine.check_goes_on(kept, ("begin anew with ", Setting("overwrite", True)))
    tell(arguments, engine)
    if kept is not None and not engine.reproducible:
        note(GONE_ON, arguments.quiet)
    tell_of_space(folder.path, model)
    checkpoints = Checkpoints(
        folder.checkpoints,
        model.state_dict,
        {
            "request": request.without_text(),
            "corpus_sha256": text.facts.corpus_sha256,
            "engine": dict(engine.about),
        },
        arguments.checkpoint_minutes,
        note,
    )
    state = RunState() if kept is None else kept.state
    run = {
        "engine": asked.engine,
        "deterministic": asked.deterministic,
        "checkpoint_minutes": arguments.checkpoint_minutes,
    }
    return Run(
        *(model, engine, corpus.words, checkpoints, state),
        *(heldout, heldout_facts, update_facts, run),
    )


def base_of(
    request: Request, folder: RunFolder, about: dict[str, Any]
) -> tuple[Path | None, Base | None]:
    """Return the file of the model that a run learns on from, and what it holds.

    Raises
    ------
    InputError
        When it is not the one that was asked for.
    """
    if not request.update:
        return None, None
    file = folder.base_file if folder.resumed else Path(request.update) / "model.npz"
    base = read_base(file)
    if digest_of(file) != about.get("update_sha256"):
        raise InputError(f"{file} was changed while it was read; begin anew")
    return file, base


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file that has to be there."""
    try:
        return file_digest(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error


def _kept(
    arguments: argparse.Namespace, request: Request, text: Text, folder: RunFolder
) -> Checkpoint | None:
    """Return where a run goes on; None where it begins."""
    if not arguments.resume:
        return None
    try:
        kept = newest_checkpoint(folder.checkpoints, note)
    except InputError as error:
        raise InputError(f"{error}; begin anew with --overwrite") from error
    if kept is None:
        note("no checkpoint had been written yet: beginning anew", arguments.quiet)
        return None
    if kept.about.get("request") != request.without_text():
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
    note(f"going on {where} ({kept.path})", arguments.quiet)
    return kept
