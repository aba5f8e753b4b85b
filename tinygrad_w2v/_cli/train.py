"""``train``: a text in, word vectors out.

All that can be wrong without a look at the text is checked first: training takes long, and an
error should not wait for its end.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from tinygrad_w2v._base.errors import InputError, written
from tinygrad_w2v._base.progress import Progress
from tinygrad_w2v._cli.console import note, prints_as_notes, say
from tinygrad_w2v._cli.ending import end_run, resume_line, what_was_kept
from tinygrad_w2v._cli.neighbors import neighbor_lines
from tinygrad_w2v._cli.options import in_flags
from tinygrad_w2v._cli.order import Order, check_call, order_of
from tinygrad_w2v._cli.preparing import Prepared, prepare
from tinygrad_w2v._cli.reporting import LiveReport, where_it_stands, words_to_show
from tinygrad_w2v._cli.request import read_json
from tinygrad_w2v._cli.results import Outcome, report_so_far
from tinygrad_w2v._cli.run_folder import RunFolder
from tinygrad_w2v._cli.texts import Text, check_sources, read_text
from tinygrad_w2v.text.tokenizing import get_tokenizer, import_function
from tinygrad_w2v.training.history import History
from tinygrad_w2v.training.hooks import naming_last_checkpoint
from tinygrad_w2v.training.interrupt import Deferred, deferred_interrupt
from tinygrad_w2v.word2vec.duration import seconds_a_word
from tinygrad_w2v.word2vec.memory import check_memory
from tinygrad_w2v.word2vec.training import Trained


def run(arguments: argparse.Namespace) -> int:
    """Train, write the files, print some neighbours."""
    check_call(arguments)
    if arguments.probe:
        return _probe(arguments)
    with RunFolder(arguments.output, arguments.overwrite, arguments.resume) as folder:
        if folder.finished:
            finished = f"the run in {folder.path} is finished; there is nothing to resume"
            note(finished, arguments.quiet)
            return 0
        order = order_of(arguments, folder)
        with prints_as_notes() if order.engine.engine == "ray" else nullcontext():
            outcome, description, ending = _train(order, folder)
    ending.pass_on()
    if order.repeat:
        _compare(order.repeat, description, order.quiet)
    if not order.quiet:
        vectors = outcome.trained.vectors
        for line in neighbor_lines(vectors, words_to_show(vectors, order.request.sources), topn=6):
            say(line)
        if (folder.path / "report.html").exists():
            note(f"the report: {folder.path / 'report.html'}")
        note(f"more: tinygrad-w2v neighbors WORD{where_it_stands(order.output)}")
    return 0


def _train(order: Order, folder: RunFolder) -> tuple[Outcome, dict[str, Any], Deferred]:
    """Do the run and write its files."""
    request, quiet = order.request, order.quiet
    check_memory(request.settings, order.engine)
    resume = resume_line(order.output, request)
    get_tokenizer(request.tokenizer, request.lower)
    if request.trim_rule:
        import_function(request.trim_rule, "trim rule")
    check_sources(request.sources)
    try:
        base = order.base
        duration = seconds_a_word(request.settings, order.engine)
        known = None if base is None else base.model.vocabulary
        given = request, known, folder.checkpoints, duration, quiet, order.phrases
        text = read_text(*given, order.engine)
        about = order.begun_with
        if text.phrases is not None:
            about = {**about, "phrases_sha256": text.phrases.digest()}
        path = None if base is None else base.path
        folder.begin(request, about, path, text.ids, text.phrases)
        prepared = prepare(order, text, folder)
        run = prepared.run
        assert run.checkpoints is not None
        with (
            deferred_interrupt(ending=True) as ending,
            naming_last_checkpoint(folder.checkpoints, note),
        ):
            outcome = _followed(order, text, prepared, folder.live_report)
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


def _probe(arguments: argparse.Namespace) -> int:
    """Say what a round costs on a cluster; nothing is kept."""
    if arguments.engine != "ray":
        raise InputError("--probe looks at the machines of a Ray cluster: give --engine ray, too")
    with tempfile.TemporaryDirectory() as place:
        arguments.output = str(Path(place) / "probe")
        with RunFolder(arguments.output, False, False) as folder:
            order = order_of(arguments, folder)
            request = order.request
            get_tokenizer(request.tokenizer, request.lower)
            check_sources(request.sources)
            duration = seconds_a_word(request.settings, order.engine)
            text = read_text(
                *(request, None, folder.checkpoints, duration, order.quiet, order.phrases),
                order.engine,
            )
            folder.begin(request, order.begun_with, None, text.ids)
            with prints_as_notes():
                engine = prepare(dataclasses.replace(order, quiet=True), text, folder).run.engine
                engine.close()
            for line in (written(engine.description(), in_flags)).split("; "):
                say(line)
    return 0


def _followed(order: Order, text: Text, prepared: Prepared, report: Path) -> Outcome:
    """Train, and return what has come of it."""
    run = prepared.run
    total, done = run.schedule.epochs * run.source.units, run.state.history.words
    vocabulary = text.vocabulary

    def outcome(history: History) -> Outcome:
        vectors = order.request.settings.vectors(vocabulary, run.model)
        return Outcome(
            trained=Trained(vectors, run.model, history),
            request=order.request,
            engine=run.engine,
            text=text.facts,
            phrases=text.phrases,
            phrase_facts=text.phrase_facts,
            heldout=prepared.heldout,
            update=prepared.update,
            run=prepared.about,
            lang=order.lang,
            layout=order.layout,
            output=order.output,
        )

    hooks = []
    if (every := order.report_every) is not None:
        note(f"the report of the run so far: {report}", order.quiet)
        hooks = [LiveReport(report, every, lambda h: report_so_far(outcome(h), every), order.lang)]
    with Progress(total, "words", "training", quiet=order.quiet, initial=done) as progress:
        history = run.follow(progress, *hooks)
    if history.interrupted and not history.words:
        raise KeyboardInterrupt
    return outcome(history)


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
    before = read_json(Path(place), "check the path")
    if before.get("vectors_sha256") == description["vectors_sha256"]:
        note(f"the vectors are those of {place}, byte for byte", quiet)
        return
    reason = "the processor or a thread count may differ"
    if not description["engine"]["reproducible"]:
        reason = "threads that do not wait for each other give other bytes each time"
    text = before.get("text")
    digest = text.get("corpus_sha256") if isinstance(text, dict) else None
    if digest not in (None, description["text"]["corpus_sha256"]):
        reason = "the text is another one"
    elif before.get("versions") != description["versions"]:
        reason = "the versions differ"
    elif before.get("finished") is not True:
        reason = "that run was ended early"
    note(f"note: the vectors are not those of {place}: {reason}", quiet)
