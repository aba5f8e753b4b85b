"""``train``: a text in, word vectors out.

All that can be wrong without a look at the text is checked first: training takes long, and an
error should not wait for its end.
"""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import Any

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._cli.console import note, say
from tinygrad_w2v._cli.engine_options import (
    engine_asked,
    engine_repeated,
    given,
    say_that_it_compiles,
    tell,
)
from tinygrad_w2v._cli.machine import versions
from tinygrad_w2v._cli.neighbors import neighbor_lines, words_to_show
from tinygrad_w2v._cli.request import (
    Request,
    continued,
    named_after_options,
    read_json,
    repeated,
    requested,
)
from tinygrad_w2v._cli.results import (
    HeldoutFacts,
    Outcome,
    UpdateFacts,
    file_digest,
    read_description,
    request_of,
    write_results,
)
from tinygrad_w2v._cli.run_folder import RunFolder, is_finished
from tinygrad_w2v._cli.texts import Text, check_sources, read_text
from tinygrad_w2v._cli.train_options import DEFAULT_FOLDER, check_numbers
from tinygrad_w2v._cli.training import train_model
from tinygrad_w2v._cli.updating import Base, put_old_words, read_base
from tinygrad_w2v.text.splitting import split_sentences
from tinygrad_w2v.text.tokenizing import get_tokenizer, import_function
from tinygrad_w2v.training.checkpoints import Checkpoint, Checkpoints, newest_checkpoint
from tinygrad_w2v.training.run import History, RunState
from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.word2vec.duration import seconds_a_word
from tinygrad_w2v.word2vec.engine import GONE_ON, EngineOptions, choose_engine
from tinygrad_w2v.word2vec.heldout_loss import HeldoutLoss
from tinygrad_w2v.word2vec.options import told_of_alpha
from tinygrad_w2v.word2vec.run_hooks import naming_last_checkpoint
from tinygrad_w2v.word2vec.vector_training import Trained


def run(arguments: argparse.Namespace) -> int:
    """Train, write the files, print some neighbours."""
    quiet = arguments.quiet
    check_numbers(arguments)
    if arguments.resume and is_finished(arguments.output):
        note(f"the run in {arguments.output} is finished; there is nothing to resume", quiet)
        return 0
    with RunFolder(arguments.output, arguments.overwrite, arguments.resume) as folder:
        request, asked, about = _request(arguments, folder)
        get_tokenizer(request.tokenizer, request.lower)
        if request.trim_rule:
            import_function(request.trim_rule, "trim rule")
        check_sources(request.sources)
        base_file = Path(request.update) / "model.npz" if request.update else None
        if base_file is not None and not arguments.resume:
            read_base(base_file)
        folder.begin(request, about, base_file)
        base = read_base(folder.base_file) if base_file else None
        duration = seconds_a_word(request.settings, asked)
        text = read_text(request, base, folder.checkpoints, duration, quiet)
        kept = newest_checkpoint(folder.checkpoints, note) if arguments.resume else None
        _check_same_run(kept, request, text, arguments)
        told = told_of_alpha(request.settings)
        if told and "alpha" in arguments.given:
            note(f"note: {told}", quiet)
        outcome = _train(arguments, request, asked, text, base, kept, folder, about)
        _judge(outcome.trained.history, arguments.output)
        note(f"writing {arguments.output}", quiet)
        description = write_results(folder.path, outcome)
        if not outcome.trained.history.interrupted:
            folder.finish()
    if arguments.settings:
        _compare(arguments.settings, description, quiet)
    if not quiet:
        vectors = outcome.trained.vectors
        for line in neighbor_lines(vectors, words_to_show(vectors), topn=6):
            say(line)
        place = "" if arguments.output == DEFAULT_FOLDER else f" --vectors {arguments.output}"
        note(f"more: tinygrad-w2v neighbors WORD{place}")
    return 0


def _request(
    arguments: argparse.Namespace, folder: RunFolder
) -> tuple[Request, EngineOptions, dict[str, Any]]:
    """Return what is asked, by the options or by another run, and what to note beside it."""
    asked = None
    about: dict[str, Any] = {
        "versions": versions(),
        "checkpoint_minutes": arguments.checkpoint_minutes,
    }
    if arguments.resume:
        place = str(folder.request_file)
        stored = folder.stored()
        about = {name: value for name, value in stored.items() if name != "request"}
        if about.get("versions") != versions():
            note("note: other versions began this run: its end may differ in the last bits")
        minutes = about.get("checkpoint_minutes")
        if "checkpoint_minutes" not in arguments.given and isinstance(minutes, int | float):
            arguments.checkpoint_minutes = minutes
        request = Request.from_json(stored.get("request", {}), place)
        request = repeated(arguments, request, f"the run in {arguments.output}")
        return request, engine_asked(arguments, about.get("engine", {}), place), about
    if arguments.settings:
        path = Path(arguments.settings)
        found = read_json(path, "check the path")
        request = repeated(arguments, request_of(found, str(path)), str(path))
        asked = engine_repeated(arguments, found, str(path))
        if request.update:
            about["update_sha256"] = file_digest_of(Path(request.update) / "model.npz")
            if about["update_sha256"] != found["update"].get("model_sha256"):
                raise InputError(
                    f"the run in {request.update}, which the one of {path} learned on from, is "
                    "not the same any more"
                )
    elif arguments.update:
        place = arguments.update
        base = read_description(Path(place))
        if base.get("finished") is not True:
            raise InputError(f"the run in {place} is not finished; go on with it with --resume")
        about["update_sha256"] = file_digest_of(Path(place) / "model.npz")
        stored_request = request_of(base, str(Path(place) / "settings.json"))
        request = continued(arguments, stored_request, place)
    else:
        request = requested(arguments)
    asked = asked or engine_asked(arguments)
    about["engine"] = asked._asdict()
    return request, asked, about


def file_digest_of(path: Path) -> str:
    """Return the SHA-256 of a file that has to be there."""
    try:
        return file_digest(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error


def _check_same_run(
    kept: Checkpoint | None, request: Request, text: Text, arguments: argparse.Namespace
) -> None:
    if kept is None:
        if arguments.resume:
            note("no checkpoint had been written yet: beginning anew", arguments.quiet)
        return
    if kept.about.get("request") != request.without_text():
        raise InputError(
            f"{kept.path} is of a run with other settings; begin anew with --overwrite"
        )
    if kept.about.get("corpus_sha256") != text.facts.corpus_sha256:
        raise InputError(
            f"the text is not the one that {kept.path} was trained on, so that run cannot go on; "
            "give the same text, or begin anew with --overwrite"
        )
    state = kept.state
    words = state.history.words
    where = f"after {words:,} words, in epoch {state.epoch + 1}"
    note(f"going on {where} ({kept.path})", arguments.quiet)


def _train(
    arguments: argparse.Namespace,
    request: Request,
    asked: EngineOptions,
    text: Text,
    base: Base | None,
    kept: Checkpoint | None,
    folder: RunFolder,
    about: dict[str, Any],
) -> Outcome:
    settings, vocabulary, corpus = request.settings, text.vocabulary, text.corpus
    heldout = heldout_facts = update_facts = None
    if request.heldout is not None:
        with named_after_options():
            place = folder.checkpoints if request.sources else None
            corpus, part = split_sentences(corpus, request.heldout, settings.seed, place)
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
    asked_here = asked.going_on(kept, given(arguments))
    say_that_it_compiles(asked_here, arguments.quiet)
    engine = choose_engine(
        *(asked_here, model, source),
        why="asked for" if kept is None else "as the run began",
    )
    engine.check_goes_on(kept, "begin anew with --overwrite")
    tell(arguments, engine)
    if kept is not None and not engine.reproducible:
        note(GONE_ON, arguments.quiet)
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
    with naming_last_checkpoint(folder.checkpoints, note):
        history = train_model(
            model,
            engine,
            corpus.words,
            settings,
            checkpoints=checkpoints,
            state=RunState() if kept is None else kept.state,
            heldout=heldout,
            patience=request.early_stopping,
            quiet=arguments.quiet,
        )
    vectors = WordVectors(vocabulary.words, model.w_in.data, vocabulary.counts)
    trained = Trained(vectors, model, history)
    run = {
        "engine": asked.engine,
        "deterministic": asked.deterministic,
        "checkpoint_minutes": arguments.checkpoint_minutes,
    }
    return Outcome(trained, request, engine, text.facts, heldout_facts, update_facts, run)


def _judge(history: History, output: str) -> None:
    """Say what a person should know of the run, even a quiet one."""
    if history.interrupted:
        if not history.words:
            raise KeyboardInterrupt
        where = "" if output == DEFAULT_FOLDER else f" --output {shlex.quote(output)}"
        note(
            f"interrupted after {history.words:,} words; what was learned is kept in {output}; go "
            f"on with: tinygrad-w2v train --resume{where}"
        )
    records = history.records
    if len(records) > 1 and records[-1].loss > records[0].loss:
        note(
            f"note: the loss rose from {records[0].loss:.3g} to {records[-1].loss:.3g}, so that "
            "the vectors are hardly of use: use a smaller --alpha or --batch"
        )


def _compare(place: str, description: dict[str, Any], quiet: bool) -> None:
    """Say whether a repeated run gave the same vectors."""
    found = read_json(Path(place), "check the path")
    if found.get("vectors_sha256") == description["vectors_sha256"]:
        note(f"the vectors are those of {place}, byte for byte", quiet)
        return
    reason = "the processor or a thread count may differ"
    if not description["engine"]["reproducible"]:
        reason = "threads that do not wait for each other give other bytes each time"
    if found["text"].get("corpus_sha256") != description["text"]["corpus_sha256"]:
        reason = "the text is another one"
    elif found.get("versions") != description["versions"]:
        reason = "the versions differ"
    elif found.get("finished") is not True:
        reason = "that run was ended early"
    note(f"note: the vectors are not those of {place}: {reason}", quiet)
