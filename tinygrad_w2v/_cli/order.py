"""A call of ``train``, once and for all: what is asked for, of which engine, and how it is run.

It is made of the options, or of the file of a run that is repeated, resumed or learned on from; an
option that says something else than such a file is refused.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tinygrad_w2v._base.checks import require_range
from tinygrad_w2v._base.errors import InputError, Setting
from tinygrad_w2v._base.language import Language
from tinygrad_w2v._base.terminal import option
from tinygrad_w2v._base.version import versions
from tinygrad_w2v._cli.console import note
from tinygrad_w2v._cli.options import WITHOUT_EFFECT, flag_of
from tinygrad_w2v._cli.request import (
    BEFORE_PHRASES,
    FASTTEXT,
    Request,
    read_description,
    read_json,
    request_of,
    requested,
)
from tinygrad_w2v._cli.results import file_digest
from tinygrad_w2v._cli.run_folder import RunFolder
from tinygrad_w2v._cli.texts import check_builtin
from tinygrad_w2v.reports.layouts import check_layout
from tinygrad_w2v.text.phrase_rounds import PhraseRounds
from tinygrad_w2v.text.resources import cores
from tinygrad_w2v.training.engines import MOST_WORKERS, EngineOptions
from tinygrad_w2v.training.keeping import LONGEST_MINUTES
from tinygrad_w2v.word2vec.fasttext import FastText
from tinygrad_w2v.word2vec.file import SavedModel, read_model
from tinygrad_w2v.word2vec.kept_model import settings_of
from tinygrad_w2v.word2vec.subword_settings import SubwordSettings
from tinygrad_w2v.word2vec.word2vec import Word2Vec

# What has to stay, for learned vectors to be of use.
FIXED_BY_UPDATE = (
    *("model", "architecture", "size", "hs", "min_n", "max_n", "bucket"),
    *BEFORE_PHRASES,
)
# What models of one kind alone have.
OF_SUBWORDS, OF_WORDS = ("min_n", "max_n", "bucket"), ("compat",)
CLASSES: dict[str, type[Word2Vec]] = {"Word2Vec": Word2Vec, "FastText": FastText}


class Base(NamedTuple):
    """The model that a run learns on from, and the digest of its file."""

    path: Path
    model: SavedModel
    sha256: str


@dataclass(frozen=True)
class Order:
    """What a call asks for.

    Attributes
    ----------
    request, engine : Request, EngineOptions
        What decides what is learned, and what computes it.
    given : dict of str to str
        The settings that the command line names, with the flags that it names them by.
    begun_with : dict
        What is known of the run beside its request, where it began or begins.
    base : Base or None
        What it learns on from.
    phrases : PhraseRounds or None
        What is joined in its text, if that is known before it is read.
    output, overwrite, resume, lang, quiet, checkpoint_minutes, repeat, report_every, layout
        The options of these names.
    """

    request: Request
    engine: EngineOptions
    given: Mapping[str, str]
    begun_with: Mapping[str, Any]
    base: Base | None
    phrases: PhraseRounds | None
    output: str
    resume: bool
    lang: Language
    quiet: bool
    checkpoint_minutes: float
    repeat: str | None
    report_every: float | None
    layout: str


def check_call(arguments: argparse.Namespace) -> None:
    """Check the options that are no settings, and say which of them change nothing.

    Raises
    ------
    InputError
        It names the option.
    """
    if arguments.workers is not None:
        require_range("workers", arguments.workers, 1, MOST_WORKERS)
    require_range("checkpoint_minutes", arguments.checkpoint_minutes, 0, LONGEST_MINUTES)
    if arguments.report_every is not None:
        require_range("report_every", arguments.report_every, 1, LONGEST_MINUTES)
    check_layout(arguments.layout)
    given = arguments.given
    if ignored := [given[name] for name in WITHOUT_EFFECT if name in given]:
        which = ", ".join(ignored)
        note(f"note: {which}: accepted as in gensim, without effect", arguments.quiet)
    for pair in (("resume", "overwrite"), ("resume", "repeat"), ("repeat", "update")):
        if all(name in given for name in pair):
            one, other = map(flag_of, pair)
            raise InputError(f"{one} and {other} exclude each other; leave out one")


def order_of(arguments: argparse.Namespace, folder: RunFolder) -> Order:
    """Return what the options, and the run that they name, ask for.

    Raises
    ------
    InputError
        When a file cannot be used, or an option says something else than it.
    """
    begun_with: dict[str, Any] = {"versions": versions()}
    minutes, base, phrases = arguments.checkpoint_minutes, None, None
    if arguments.resume:
        place, stored = str(folder.request_file), folder.stored()
        request = Request.from_json(stored.get("request", {}), place)
        request = _repeated(arguments, request, f"the run in {arguments.output}")
        check_builtin(request, stored.get("versions"), f"the run in {arguments.output}")
        engine = _engine(arguments, stored.get("engine", {}), place)
        begun_with = {name: value for name, value in stored.items() if name != "request"}
        if begun_with.get("versions") != versions():
            note("note: other versions began this run: its end may differ in the last bits")
        before = begun_with.get("checkpoint_minutes")
        if "checkpoint_minutes" not in arguments.given and isinstance(before, int | float):
            minutes = before
        if request.update:
            base = read_base(folder.base_file)
            if base.sha256 != begun_with.get("update_sha256"):
                raise InputError(f"{base.path} is not the file that the run began with")
        if "phrases_sha256" in begun_with:
            phrases = _phrases_of(begun_with["phrases_sha256"], folder.phrases_file)
    elif arguments.repeat:
        place, stored = arguments.repeat, read_json(Path(arguments.repeat), "check the path")
        request = _repeated(arguments, request_of(stored, place), place)
        check_builtin(request, stored.get("versions"), f"the run of {place}")
        engine = _engine_repeated(arguments, stored, place)
        if request.update:
            base = read_base(_model_in(request.update))
            facts = stored.get("update")
            if not isinstance(facts, dict) or base.sha256 != facts.get("model_sha256"):
                raise InputError(
                    f"the run in {request.update}, which the one of {place} learned on from, is "
                    "not the same any more"
                )
        elif request.phrases_file:
            facts = stored.get("phrases")
            digest = facts.get("sha256") if isinstance(facts, dict) else None
            beside = Path(place).parent / "phrases.json"
            phrases = _phrases_of(digest, Path(request.phrases_file), beside)
    elif arguments.update:
        base, request = _continued(arguments)
        engine = _engine(arguments)
    else:
        asked = vars(arguments)
        if arguments.model == FASTTEXT:  # which has negatives of each pair in any case
            asked = asked | {"shared_negatives": False}
        request, engine = requested(asked), _engine(arguments)
        if request.phrases_file:
            phrases = _phrases_in(Path(request.phrases_file))
    _refuse_of_other_model(arguments, request)
    engine.check()
    _check_of_use(arguments, request)
    if base is not None and not arguments.resume and "phrases" in base.model.description:
        phrases = PhraseRounds.from_json(base.model.description["phrases"], base.path)
    if not arguments.resume:
        begun_with |= {"checkpoint_minutes": minutes, "engine": engine._asdict()}
        if base is not None:
            begun_with["update_sha256"] = base.sha256
    return Order(
        request=request,
        engine=engine,
        given=arguments.given,
        begun_with=begun_with,
        base=base,
        phrases=phrases,
        output=arguments.output,
        resume=arguments.resume,
        lang=arguments.lang,
        quiet=arguments.quiet,
        checkpoint_minutes=minutes,
        repeat=arguments.repeat,
        report_every=arguments.report_every,
        layout=arguments.layout,
    )


# Requests of other runs


def _repeated(arguments: argparse.Namespace, stored: Request, place: str) -> Request:
    """Return a stored request; an option beside it may only say the same."""
    known = stored.flat() | {"sources": arguments.sources}
    _refuse_changes(arguments, known, place)
    _refuse_functions(arguments, stored, place)
    return dataclasses.replace(stored, sources=arguments.sources or stored.sources)


def _continued(arguments: argparse.Namespace) -> tuple[Base, Request]:
    """Return the model to learn on from, and the request: its own, but for what options say."""
    place = arguments.update
    file = _model_in(place)
    if file == Path(place):
        base = read_base(file)
        if base.model.kind not in CLASSES:
            raise InputError(f"{file} holds a model of {base.model.kind!s:.40}, not of words alone")
        phrases = True if "phrases" in base.model.description else None
        settings = settings_of(CLASSES[base.model.kind], file, base.model)
        stored = Request(phrases=phrases, settings=settings)
    else:
        description = read_description(Path(place))
        if description.get("finished") is not True:
            raise InputError(f"the run in {place} is not finished; go on with it with --resume")
        base = read_base(file)
        if description.get("model_sha256") not in (None, base.sha256):
            raise InputError(
                f"{file} is not the file that settings.json beside it tells of: another run is "
                "writing there, or was broken off; finish that with --resume"
            )
        stored = request_of(description, str(Path(place, "settings.json")))
    known = stored.flat()
    for name, flag in arguments.given.items():
        if name in FIXED_BY_UPDATE and name in known and getattr(arguments, name) != known[name]:
            raise InputError(
                f"{flag} cannot change with --update: the vectors of {place} were made with "
                f"{json.dumps(known[name])}; leave out {flag}"
            )
    _refuse_functions(arguments, stored, place)
    if not arguments.sources:
        update = option("--update", place)
        raise InputError(f"--update needs more text: tinygrad-w2v train CORPUS {update}")
    said = {name: getattr(arguments, name) for name in arguments.given}
    return base, requested(known | {"sources": arguments.sources} | said)


def _check_of_use(arguments: argparse.Namespace, request: Request) -> None:
    """Refuse what says how phrases are found where none are."""
    for name in BEFORE_PHRASES:
        flag = arguments.given.get(name)
        if name == "phrases" or flag is None or request.phrases is True:
            continue
        if request.phrases is None:
            raise InputError(f"{flag} says how phrases are found; add --phrases, or leave it out")
        raise InputError(
            f"{flag} says how phrases are found, and those of {request.phrases} are found already; "
            f"leave out {flag}"
        )


def _phrases_in(path: Path) -> PhraseRounds:
    """Return the phrases of a file, to be joined in a text.

    Raises
    ------
    InputError
        When it holds none, or such as no file of vectors can hold.
    """
    try:
        phrases = PhraseRounds.load(path)
    except InputError as error:
        raise InputError(
            (
                *(error, "; ", Setting("phrases"), " takes a file that `tinygrad-w2v phrases` "),
                *("wrote; to find phrases in a text, name that before ", Setting("phrases")),
            )
        ) from error
    for each in phrases.rounds:
        if each.delimiter.split() != [each.delimiter]:
            raise InputError(
                f"{path} joins words by {each.delimiter!r}, and a blank ends a word in "
                "vectors.txt; find the phrases with --delimiter _"
            )
    return phrases


def _phrases_of(digest: object, *places: Path) -> PhraseRounds:
    """Return the phrases that a run was made with, from the first place where they are."""
    for place in places:
        with suppress(InputError):
            phrases = PhraseRounds.load(place)
            if phrases.digest() == digest:
                return phrases
    names = " or ".join(map(str, places))
    raise InputError(f"the phrases that the run was made with are no longer in {names}")


def _model_in(place: str) -> Path:
    path = Path(place)
    return path if path.is_file() else path / "model.npz"


def read_base(path: Path) -> Base:
    """Return the model of a file, to learn on from.

    Raises
    ------
    InputError
        When it is missing or something else.
    """
    try:
        base = Base(path, read_model(path), file_digest(path))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    if "w_out" not in base.model.tables and base.model.description.get("own_model") is None:
        raise InputError(f"{path} holds no w_out; --update takes what `train` or Word2Vec wrote")
    return base


def _refuse_functions(arguments: argparse.Namespace, stored: Request, place: str) -> None:
    """Raise an InputError for a function that a file names and the command line does not.

    To import and call it is to run what somebody wrote; a file of settings may be anybody's.
    """
    for setting, name in stored.functions().items():
        if setting not in arguments.given:
            raise InputError(
                f"{place} names a function of its own, {name!r:.80}, which would be run: where you "
                f"trust it, name it as well: {option(flag_of(setting), name)}"
            )


def _refuse_changes(arguments: argparse.Namespace, known: Mapping[str, Any], place: str) -> None:
    """Raise an InputError for an option that says something else than what is known."""
    for name, flag in arguments.given.items():
        value = getattr(arguments, name)
        if name in known and value != known[name]:
            raise InputError(
                f"{flag} gives {json.dumps(value)}, and {place} says {json.dumps(known[name])}; "
                f"leave out {flag}"
            )


def _refuse_of_other_model(arguments: argparse.Namespace, request: Request) -> None:
    """Raise an InputError for an option that the model does not have."""
    subwords = isinstance(request.settings, SubwordSettings)
    for name in OF_WORDS if subwords else OF_SUBWORDS:
        if name in arguments.given:
            flag, of = arguments.given[name], "cbow or skipgram" if subwords else "fasttext"
            raise InputError(f"{flag} is of --model {of}; leave out {flag}")
    model = request.settings.model
    if (
        not subwords
        and {"model", "architecture"} <= set(arguments.given)
        and (arguments.model != model)
    ):
        raise InputError(f"--sg says {model}, and --model {arguments.model}; leave out one")


# The engine, which decides the speed, and whether the bytes are the same again


def _engine(
    arguments: argparse.Namespace, stored: Mapping[str, Any] | None = None, place: str = ""
) -> EngineOptions:
    """Return the engine's options: those of the command line, else those of a file."""
    if stored is None:
        workers = cores() if arguments.workers is None else arguments.workers
        given = arguments.deterministic, arguments.shards, arguments.ray_address
        return EngineOptions(arguments.engine, workers, *given, arguments.ids_folder)
    try:
        options = EngineOptions(**stored)
        options.check()
    except (TypeError, InputError) as error:
        raise InputError(f"{place} is not the settings of a run: {error}") from error
    said = [name for name in EngineOptions._fields if name in arguments.given]
    return options._replace(**{name: getattr(arguments, name) for name in said})


def _engine_repeated(
    arguments: argparse.Namespace, description: Mapping[str, Any], place: str
) -> EngineOptions:
    """Return the engine of the run that a ``settings.json`` describes."""
    try:
        stored = {
            "engine": description["engine"]["name"],
            "workers": description["workers"],
            "deterministic": description["run"]["deterministic"],
            "shards": description["run"].get("shards"),
        }
    except (KeyError, TypeError) as error:
        raise InputError(f"{place} is not the settings of a run: it lacks {error}") from error
    _refuse_changes(arguments, stored, place)
    return _engine(arguments, stored, place)
