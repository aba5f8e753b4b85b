"""``train``: a text in, word vectors out.

All that can be wrong without a look at the text is checked first: training takes long, and an
error should not wait for its end.
"""

from __future__ import annotations

import argparse
import hashlib
import shlex
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tinygrad_w2v._base.errors import InputError, NonFiniteError
from tinygrad_w2v._cli.console import note, say
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
    BUILTIN,
    HeldoutFacts,
    Outcome,
    TextFacts,
    UpdateFacts,
    file_digest,
    read_description,
    request_of,
    write_results,
)
from tinygrad_w2v._cli.run_folder import RunFolder, is_finished
from tinygrad_w2v._cli.train_options import DEFAULT_FOLDER, check_numbers
from tinygrad_w2v._cli.training import HeldoutLoss, corpus_digest, train_model
from tinygrad_w2v._cli.updating import Base, Extended, extend, put_old_words, read_base
from tinygrad_w2v.text.builtin import builtin_corpus_lines
from tinygrad_w2v.text.corpus import Corpus, build_corpus
from tinygrad_w2v.text.reading import read_lines
from tinygrad_w2v.text.splitting import split_sentences
from tinygrad_w2v.text.tokenizing import get_tokenizer, tokenize
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.training.checkpoints import Checkpoint, Checkpoints, newest_checkpoint
from tinygrad_w2v.training.run import History, RunState
from tinygrad_w2v.vector_training import Trained
from tinygrad_w2v.vectors import WordVectors

ENGINE = "numpy", "it is the only engine of this version"


class Text(NamedTuple):
    """A text that was read: its vocabulary, its ids, and what is to be told of it."""

    vocabulary: Vocabulary
    corpus: Corpus
    facts: TextFacts
    extended: Extended | None


def run(arguments: argparse.Namespace) -> int:
    """Train, write the files, print some neighbours."""
    quiet = arguments.quiet
    check_numbers(arguments)
    if arguments.resume and is_finished(arguments.output):
        note(f"the run in {arguments.output} is finished; there is nothing to resume", quiet)
        return 0
    with RunFolder(arguments.output, arguments.overwrite, arguments.resume) as folder:
        request, about = _request(arguments, folder)
        get_tokenizer(request.tokenizer, request.lower)
        _check_sources(request.sources)
        base_file = Path(request.update) / "model.npz" if request.update else None
        if base_file is not None and not arguments.resume:
            read_base(base_file)
        folder.begin(request, about, base_file)
        base = read_base(folder.base_file) if base_file else None
        text = _read(request, base, quiet)
        kept = newest_checkpoint(folder.checkpoints, note) if arguments.resume else None
        _check_same_run(kept, request, text, arguments)
        outcome = _train(arguments, request, text, base, kept, folder, about)
        _judge(outcome.trained.history, arguments.output)
        note(f"writing {arguments.output}", quiet)
        description = write_results(folder.path, outcome, ENGINE)
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


def _request(arguments: argparse.Namespace, folder: RunFolder) -> tuple[Request, dict[str, Any]]:
    """Return what is asked, by the options or by another run, and what to note beside it."""
    about: dict[str, Any] = {"versions": versions()}
    if arguments.resume:
        place = str(folder.request_file)
        stored = folder.stored()
        about = {name: value for name, value in stored.items() if name != "request"}
        if about.get("versions") != versions():
            note("note: other versions began this run: its end may differ in the last bits")
        asked = Request.from_json(stored.get("request", {}), place)
        return repeated(arguments, asked, f"the run in {arguments.output}"), about
    if arguments.settings:
        path = Path(arguments.settings)
        found = read_json(path, "check the path")
        request = repeated(arguments, request_of(found, str(path)), str(path))
        if request.update:
            about["update_sha256"] = file_digest_of(Path(request.update) / "model.npz")
            if about["update_sha256"] != found["update"].get("model_sha256"):
                raise InputError(
                    f"the run in {request.update}, which the one of {path} learned on from, is "
                    "not the same any more"
                )
        return request, about
    if arguments.update:
        place = arguments.update
        base = read_description(Path(place))
        if base.get("finished") is not True:
            raise InputError(f"the run in {place} is not finished; go on with it with --resume")
        about["update_sha256"] = file_digest_of(Path(place) / "model.npz")
        stored_request = request_of(base, str(Path(place) / "settings.json"))
        return continued(arguments, stored_request, place), about
    return requested(arguments), about


def file_digest_of(path: Path) -> str:
    """Return the SHA-256 of a file that has to be there."""
    try:
        return file_digest(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error


def _check_sources(sources: list[str]) -> None:
    for source in sources:
        if source != "-" and not Path(source).exists():
            raise InputError(f"{source} does not exist; check the path")


def _read(request: Request, base: Base | None, quiet: bool) -> Text:
    settings, extended = request.settings, None
    digest = hashlib.sha256()
    names = ["standard input" if name == "-" else name for name in request.sources]
    name = ", ".join(names) or BUILTIN
    if not request.sources or (sys.stderr and sys.stderr.isatty()):
        note(f"reading {'' if request.sources else 'the '}{name} ...", quiet)
    with named_after_options():
        lines = _hashed(_lines(request), digest)
        sentences = tokenize(lines, request.tokenizer, request.lower)
        if base is None:
            vocabulary, corpus = build_corpus(sentences, settings.min_count, settings.max_vocab)
        else:
            extended = extend(base, sentences, settings.min_count, settings.max_vocab)
            vocabulary, corpus = extended.vocabulary, extended.corpus
        corpus.check_window(settings.window)
    facts = TextFacts(
        sources=request.sources or [BUILTIN],
        sha256=digest.hexdigest(),
        corpus_sha256=corpus_digest(vocabulary, corpus),
        words=corpus.raw_words,
        known_words=corpus.words,
        sentences=corpus.sentences,
        tokenizer=request.tokenizer,
        lower=request.lower,
        errors=request.errors,
    )
    how = f"{settings.model}, engine {ENGINE[0]} ({ENGINE[1]})"
    if extended is None:
        kept = f"{len(vocabulary):,} different ones at least {settings.min_count} times"
    else:
        old = len(extended.old_ids)
        kept = f"{old:,} words known before, {extended.new_words:,} new ones"
    note(f"{name}: {corpus.raw_words:,} words, {kept}; {how}", quiet)
    if extended is not None and extended.rare_words:
        note(
            f"{extended.rare_words:,} new words come fewer than {settings.min_count} times (or are "
            "too many) and were left out; lower --min-count to learn them",
            quiet,
        )
    if extended is not None and settings.hs:
        note("the tree of hierarchical softmax is another one: its inner nodes start anew", quiet)
    return Text(vocabulary, corpus, facts, extended)


def _lines(request: Request) -> Iterable[str]:
    if not request.sources:
        return builtin_corpus_lines()
    return read_lines(request.sources, "replace" if request.errors == "replace" else "strict")


def _hashed(lines: Iterable[str], digest: hashlib._Hash) -> Iterator[str]:
    for line in lines:
        digest.update(line.encode("utf-8", "surrogatepass") + b"\n")
        yield line


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
            corpus, part = split_sentences(corpus, request.heldout, settings.seed)
        heldout = HeldoutLoss(vocabulary, part, settings)
        heldout_facts = HeldoutFacts(request.heldout, part.sentences, part.words, heldout.unigram)
    model = settings.new_model(len(vocabulary))
    if base is not None and text.extended is not None and request.update is not None:
        put_old_words(model, base, text.extended.old_ids, settings)
        update_facts = UpdateFacts(
            folder=request.update,
            model_sha256=about["update_sha256"],
            old_words=len(base.words),
            new_words=text.extended.new_words,
            rare_words=text.extended.rare_words,
        )
    if kept is not None:
        model.load_state_dict(kept.tables)
    checkpoints = Checkpoints(
        folder.checkpoints,
        model.state_dict,
        {"request": request.without_text(), "corpus_sha256": text.facts.corpus_sha256},
        arguments.checkpoint_minutes,
        note,
    )
    try:
        history = train_model(
            model,
            vocabulary,
            corpus,
            settings,
            checkpoints=checkpoints,
            state=RunState() if kept is None else kept.state,
            heldout=heldout,
            patience=request.early_stopping,
            quiet=arguments.quiet,
        )
    except NonFiniteError as error:
        last = newest_checkpoint(folder.checkpoints, note)
        if last is None:
            raise
        state = last.state
        raise NonFiniteError(
            f"{error}; the last good checkpoint is {last.path}, of epoch {state.epoch + 1} after "
            f"{state.batch} batches"
        ) from error
    vectors = WordVectors(vocabulary.words, model.w_in.data, vocabulary.counts)
    trained = Trained(vectors, model, history)
    return Outcome(trained, request, text.facts, heldout_facts, update_facts)


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
    if found["text"].get("corpus_sha256") != description["text"]["corpus_sha256"]:
        reason = "the text is another one"
    elif found.get("versions") != description["versions"]:
        reason = "the versions differ"
    elif found.get("finished") is not True:
        reason = "that run was ended early"
    note(f"note: the vectors are not those of {place}: {reason}", quiet)
