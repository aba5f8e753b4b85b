"""What is asked of a run: all that decides its outcome, but for the text itself.

It comes from the command line, or from the file of a run that is repeated, resumed or continued;
an option that says something else than such a file is refused.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinygrad_w2v._base.errors import InputError, Setting
from tinygrad_w2v._base.terminal import option
from tinygrad_w2v.text.rules import check_limit
from tinygrad_w2v.word2vec.run_hooks import check_watch
from tinygrad_w2v.word2vec.settings import TrainingSettings

SETTINGS = tuple(TrainingSettings.__dataclass_fields__)
# The flags whose names are not the setting's.
FLAGS = {
    "max_final_vocab": "--max-vocab",
    "vector_size": "--size",
    "sg": "--model",
    "shrink_windows": "--no-shrink-windows",
    "shared_negatives": "--negatives-per-pair",
}
# What has to stay, for learned vectors to be of use.
FIXED_BY_UPDATE = ("model", "size", "hs")


@dataclass(frozen=True)
class Request:
    """How a text is read and trained on.

    Examples
    --------
    >>> request = Request(sources=["novel.txt"], heldout=0.1)
    >>> Request.from_json(request.to_json(), "run.json") == request
    True
    """

    sources: list[str] = field(default_factory=list)
    tokenizer: str = "words"
    lower: bool = True
    errors: str = "strict"
    max_vocab_size: int | None = None
    trim_rule: str | None = None
    heldout: float | None = None
    early_stopping: int | None = None
    update: str | None = None
    settings: TrainingSettings = field(default_factory=TrainingSettings)

    def __post_init__(self) -> None:
        check_watch(self.heldout, self.early_stopping)
        check_limit(self.max_vocab_size)
        for path in [*self.sources, *([] if self.update is None else [self.update])]:
            _check_path(path)
        if self.errors not in ("strict", "replace"):
            raise InputError(f"must be strict or replace, not {self.errors!r}", setting="errors")

    def to_json(self) -> dict[str, Any]:
        """Return it as what JSON holds."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], place: str) -> Request:
        """Return what `to_json` gave, checked.

        Raises
        ------
        InputError
            When something is missing, unknown, or of another kind.
        """
        try:
            parts = dict(stored)
            settings = parts.pop("settings")
            if not isinstance(settings, dict):
                raise InputError(f"settings must be an object, not {settings!r}")
            _check_kinds(TrainingSettings, settings)
            _check_kinds(cls, parts)
            return cls(**parts, settings=TrainingSettings(**settings))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"{place} is not the settings of a run: {error}") from error

    def without_text(self) -> dict[str, Any]:
        """Return what must be equal for a run to go on; where the text lies may change."""
        return {name: value for name, value in self.to_json().items() if name != "sources"}


def _check_path(path: str) -> None:
    """Refuse what is no name of a file on any system, or would mean this folder."""
    try:
        known = bool(path) and "\0" not in path and os.fsencode(path)
    except UnicodeEncodeError:
        known = False
    if not known:
        raise InputError(f"{path!r:.80} is no path")


def _check_kinds(kind: type, values: Mapping[str, Any]) -> None:
    for declared in dataclasses.fields(kind):
        if declared.name in values:
            value, wanted = values[declared.name], str(declared.type)
            if not any(_is(value, part) for part in wanted.split(" | ")):
                raise InputError(f"{declared.name} must be {wanted}, not {value!r}")


def _is(value: object, kind: str) -> bool:
    if kind == "float":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "list[str]":
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    known = {"int": int, "str": str, "bool": bool, "None": type(None)}
    return kind not in known or type(value) is known[kind]


def requested(arguments: argparse.Namespace) -> Request:
    """Return what the options ask for, checked."""
    names = [name for name in SETTINGS if hasattr(arguments, name)]
    settings = TrainingSettings(**{name: getattr(arguments, name) for name in names})
    return Request(
        sources=arguments.corpus,
        tokenizer=arguments.tokenizer,
        lower=arguments.lower,
        errors=arguments.errors,
        max_vocab_size=arguments.max_vocab_size,
        trim_rule=arguments.trim_rule,
        heldout=arguments.heldout,
        early_stopping=arguments.early_stopping,
        update=arguments.update,
        settings=settings,
    )


def repeated(arguments: argparse.Namespace, stored: Request, place: str) -> Request:
    """Return a stored request; an option beside it may only say the same.

    Raises
    ------
    InputError
        When an option says something else; it is named.
    """
    refuse_changes(arguments, _flat(stored), place)
    refuse_functions(arguments, stored, place)
    sources = arguments.corpus or stored.sources
    return dataclasses.replace(stored, sources=sources)


def functions_of(request: Request) -> dict[str, str]:
    """Return the functions that a request names, by the option that names them.

    Examples
    --------
    >>> functions_of(Request(tokenizer="my_words:cut")), functions_of(Request())
    ({'--tokenizer': 'my_words:cut'}, {})
    """
    named = {"--trim-rule": request.trim_rule}
    if ":" in request.tokenizer:
        named["--tokenizer"] = request.tokenizer
    return {flag: name for flag, name in named.items() if name}


def refuse_functions(arguments: argparse.Namespace, stored: Request, place: str) -> None:
    """Raise an InputError for a function that a file names and the command line does not.

    To import and call it is to run what somebody wrote; a file of settings may be anybody's.
    """
    for flag, name in functions_of(stored).items():
        if flag not in arguments.given.values():
            raise InputError(
                f"{place} names a function of its own, {name!r:.80}, which would be run: where you "
                f"trust it, name it as well: {option(flag, name)}"
            )


def refuse_changes(arguments: argparse.Namespace, known: Mapping[str, Any], place: str) -> None:
    """Raise an InputError for an option that says something else than what is known."""
    for name, flag in arguments.given.items():
        value = getattr(arguments, name)
        if name in known and value != known[name]:
            raise InputError(
                f"{flag} gives {_shown(value)}, and {place} says {_shown(known[name])}; leave out "
                f"{flag}"
            )


def continued(arguments: argparse.Namespace, stored: Request, place: str) -> Request:
    """Return the request of a run that learns on from another's vectors.

    What the options do not say is taken from that run.

    Raises
    ------
    InputError
        When an option would make its vectors useless; it is named.
    """
    known = _flat(stored)
    for name, flag in arguments.given.items():
        if name in FIXED_BY_UPDATE and getattr(arguments, name) != known.get(name):
            raise InputError(
                f"{flag} cannot change with --update: the vectors of {place} were made with "
                f"{_shown(known.get(name))}; leave out {flag}"
            )
    refuse_functions(arguments, stored, place)
    if not arguments.corpus:
        update = option("--update", place)
        raise InputError(f"--update needs more text: tinygrad-w2v train CORPUS {update}")
    for name, value in known.items():
        if name not in arguments.given:
            setattr(arguments, name, value)
    return requested(arguments)


def _flat(request: Request) -> dict[str, Any]:
    parts = request.without_text()
    settings = parts.pop("settings")
    return settings | parts


def _shown(value: object) -> str:
    return json.dumps(value)


def json_text(value: object) -> str:
    r"""Return JSON to be read by people, whatever bytes the names of files in it stand for.

    A name that is not UTF-8 has halves of surrogate pairs in it, which no file can hold but as
    escapes; read again, they are the same name.

    Examples
    --------
    >>> print(json_text("猫"), json_text("caf\udce9.txt"))
    "猫" "caf\udce9.txt"
    """
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text)


def read_json(path: Path, remedy: str) -> dict[str, Any]:
    """Return the object in a JSON file.

    Raises
    ------
    InputError
        When there is none.
    """
    try:
        # A byte order mark is what some editors put before the text.
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}; {remedy}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not the settings of a run: {error}") from error
    if not isinstance(found, dict):
        raise InputError(f"{path} is not the settings of a run: it holds no object")
    return found


def flag_of(name: str) -> str:
    """Return how a setting is written on the command line.

    Examples
    --------
    >>> flag_of("min_count")
    '--min-count'
    """
    return FLAGS.get(name, "--" + name.replace("_", "-"))


def in_flags(setting: Setting) -> str:
    """Return how a setting of a message, and its value, are written on the command line.

    Examples
    --------
    >>> in_flags(Setting("vector_size", 3)), in_flags(Setting("deterministic", True))
    ('--size 3', '--deterministic')
    """
    flag = flag_of(setting.name)
    bare = setting.value is None or setting.value is True
    return flag if bare else option(flag, str(setting.value))
