"""``train``: a text in, word vectors out.

All that can be wrong without a look at the text is checked first: training takes long, and an
error should not wait for its end.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.terminal import option
from tinygrad_w2v._cli.console import note, say
from tinygrad_w2v._cli.ending import end_run, resume_line, what_was_kept
from tinygrad_w2v._cli.engine_options import engine_asked, engine_repeated
from tinygrad_w2v._cli.machine import versions
from tinygrad_w2v._cli.neighbors import neighbor_lines, words_to_show
from tinygrad_w2v._cli.preparing import Run, base_of, digest_of, prepare
from tinygrad_w2v._cli.request import (
    Request,
    continued,
    read_json,
    repeated,
    requested,
)
from tinygrad_w2v._cli.results import Outcome, read_description, request_of
from tinygrad_w2v._cli.run_folder import RunFolder
from tinygrad_w2v._cli.texts import Text, check_builtin, check_sources, read_text
from tinygrad_w2v._cli.train_options import DEFAULT_FOLDER, check_numbers
from tinygrad_w2v._cli.training import train_model
from tinygrad_w2v._cli.updating import read_base
from tinygrad_w2v.text.tokenizing import get_tokenizer, import_function
from tinygrad_w2v.training.interrupt import Deferred, deferred_interrupt
from tinygrad_w2v.training.run import History
from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.word2vec.duration import seconds_a_word
from tinygrad_w2v.word2vec.engine import EngineOptions
from tinygrad_w2v.word2vec.memory import check_memory
from tinygrad_w2v.word2vec.run_hooks import naming_last_checkpoint
from tinygrad_w2v.word2vec.vector_training import Trained


def run(arguments: argparse.Namespace) -> int:
    """Train, write the files, print some neighbours."""
    check_numbers(arguments)
    done = _train(arguments)
    if done is None:
        return 0
    outcome, description, ending = done
    ending.pass_on()
    if arguments.settings:
        _compare(arguments.settings, description, arguments.quiet)
    if not arguments.quiet:
        vectors = outcome.trained.vectors
        for line in neighbor_lines(vectors, words_to_show(vectors), topn=6):
            say(line)
        output = arguments.output
        place = "" if output == DEFAULT_FOLDER else f" {option('--vectors', output)}"
        note(f"more: tinygrad-w2v neighbors WORD{place}")
    return 0


def _train(
    arguments: argparse.Namespace,
) -> tuple[Outcome, dict[str, Any], Deferred] | None:
    """Do the run and write its files; None if it was done already."""
    quiet = arguments.quiet
    with RunFolder(arguments.output, arguments.overwrite, arguments.resume) as folder:
        if folder.finished:
            note(f"the run in {folder.path} is finished; there is nothing to resume", quiet)
            return None
        request, asked, about = _request(arguments, folder)
        asked.check()
        check_memory(request.settings, asked)
        resume = resume_line(arguments.output, request)
        get_tokenizer(request.tokenizer, request.lower)
        if request.trim_rule:
            import_function(request.trim_rule, "trim rule")
        check_sources(request.sources)
        try:
            base_file, base = base_of(request, folder, about)
            duration = seconds_a_word(request.settings, asked)
            text = read_text(request, base, folder.checkpoints, duration, quiet)
            folder.begin(request, about, base_file, text.ids)
            run = prepare(arguments, request, asked, text, base, folder, about)
            with (
                deferred_interrupt(ending=True) as ending,
                naming_last_checkpoint(folder.checkpoints, note),
            ):
                outcome = _followed(arguments, request, text, run)
                description = end_run(
                    folder, run.checkpoints, run.state, outcome, ending, resume, quiet
                )
            _judge(outcome.trained.history, folder, resume, bool(ending()))
            return outcome, description, ending
        except KeyboardInterrupt as error:
            if str(error):
                raise
            kept = what_was_kept(folder, resume) if folder.begun else ""
            raise KeyboardInterrupt(f"interrupted; {kept or 'nothing was written'}") from None


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
        check_builtin(request, about.get("versions"), f"the run in {arguments.output}")
        return request, engine_asked(arguments, about.get("engine", {}), place), about
    if arguments.settings:
        path = Path(arguments.settings)
        found = read_json(path, "check the path")
        request = repeated(arguments, request_of(found, str(path)), str(path))
        check_builtin(request, found.get("versions"), f"the run of {path}")
        asked = engine_repeated(arguments, found, str(path))
        if request.update:
            about["update_sha256"] = digest_of(Path(request.update) / "model.npz")
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
        model_file = Path(place) / "model.npz"
        about["update_sha256"] = digest_of(model_file)
        read_base(model_file)
        if base.get("model_sha256") not in (None, about["update_sha256"]):
            raise InputError(
                f"{model_file} is not the file that settings.json beside it tells of: another run "
                "is writing there, or was broken off; finish that with --resume"
            )
        stored_request = request_of(base, str(Path(place) / "settings.json"))
        request = continued(arguments, stored_request, place)
    else:
        request = requested(arguments)
    asked = asked or engine_asked(arguments)
    about["engine"] = asked._asdict()
    return request, asked, about


def _followed(arguments: argparse.Namespace, request: Request, text: Text, run: Run) -> Outcome:
    """Train, and return what has come of it."""
    history = train_model(
        run.model,
        run.engine,
        run.words,
        request.settings,
        checkpoints=run.checkpoints,
        state=run.state,
        heldout=run.heldout,
        patience=request.early_stopping,
        quiet=arguments.quiet,
    )
    if history.interrupted and not history.words:
        raise KeyboardInterrupt
    vocabulary = text.vocabulary
    vectors = WordVectors.sharing(vocabulary.words, run.model.w_in.data, vocabulary.counts)
    trained = Trained(vectors, run.model, history)
    return Outcome(
        *(trained, request, run.engine, text.facts),
        *(run.heldout_facts, run.update_facts, run.about),
    )


def _judge(history: History, folder: RunFolder, resume: str, ending: bool) -> None:
    """Say what a person should know of the run, even a quiet one."""
    if history.interrupted:
        kept = any(folder.checkpoints.glob("checkpoint-*.npz"))
        how = "go on with" if kept else "no place was kept to go on from, begin anew with"
        note(
            f"interrupted after {history.words:,} words; what was learned is kept in "
            f"{folder.path}; {how}: {resume}"
        )
    elif ending:
        note("note: training was over when it was interrupted; all files are written")
    if history.losses and all(map(math.isnan, history.losses)):
        note(
            "note: nothing was learned: subsampling left no two words beside each other; for so "
            "small a text use --sample 0"
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
