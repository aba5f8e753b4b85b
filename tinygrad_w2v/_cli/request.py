"""What is asked of a run: all that decides its outcome, but for the text itself.

It stands, as it was asked, in the files of a run, by which that is repeated, resumed or continued.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from tinygrad_w2v._base.errors import InputError, Setting
from tinygrad_w2v._base.json_object import json_object
from tinygrad_w2v.text.phrase_rounds import PhraseSettings
from tinygrad_w2v.text.phrase_scores import connector_words
from tinygrad_w2v.text.rules import check_limit
from tinygrad_w2v.training.keeping import check_watch
from tinygrad_w2v.word2vec.settings import TrainingSettings
from tinygrad_w2v.word2vec.subword_settings import SubwordSettings

BUILTIN = "built-in corpus"
FASTTEXT = "fasttext"  # as a model; cbow or skipgram is its architecture


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
    phrases: str | bool | None = None
    phrases_rounds: int = 1
    phrases_min_count: float = 5
    phrases_threshold: float = 10
    phrases_scoring: str = "default"
    phrases_connector_words: str | None = None
    heldout: float | None = None
    early_stopping: int | None = None
    update: str | None = None
    settings: TrainingSettings = field(default_factory=TrainingSettings)

    def __post_init__(self) -> None:
        check_watch(self.heldout, self.early_stopping)
        check_limit(self.max_vocab_size)
        self.phrase_settings()
        if self.phrases is False:
            raise InputError("must be a file, or true, not false", setting="phrases")
        for path in [*self.sources, self.phrases, self.update]:
            if isinstance(path, str):
                _check_path(path)
        if self.errors not in ("strict", "replace"):
            raise InputError(f"must be strict or replace, not {self.errors!r}", setting="errors")

    def phrase_settings(self) -> PhraseSettings:
        """Return how phrases are found, checked.

        Examples
        --------
        >>> Request(phrases_rounds=2).phrase_settings().rounds
        2
        """
        try:
            return PhraseSettings(
                rounds=self.phrases_rounds,
                min_count=self.phrases_min_count,
                threshold=self.phrases_threshold,
                scoring=self.phrases_scoring,
                connector_words=connector_words(self.phrases_connector_words),
            )
        except InputError as error:
            first, *rest = error.parts
            if not isinstance(first, Setting):
                raise
            raise InputError((Setting(f"phrases_{first.name}", first.value), *rest)) from None

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
            stored = BEFORE_PHRASES | dict(stored)
            parts = dict(stored)
            settings = parts.pop("settings")
            if not isinstance(settings, dict):
                raise InputError(f"settings must be an object, not {settings!r}")
            kind = SubwordSettings if "bucket" in settings else TrainingSettings
            _check_kinds(kind, settings)
            _check_kinds(cls, parts)
            if missing := [each.name for each in fields(cls) if each.name not in stored]:
                raise InputError(f"it lacks {missing[0]!r}")
            return cls(**parts, settings=kind(**settings))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"{place} is not the settings of a run: {error}") from error

    def flat(self) -> dict[str, Any]:
        """Return all settings by name, those of the training among them."""
        parts = {each.name: getattr(self, each.name) for each in fields(self)}
        known = parts | dataclasses.asdict(parts.pop("settings"))
        known["architecture"] = known["model"]
        return known | ({"model": FASTTEXT} if "bucket" in known else {})

    def functions(self) -> dict[str, str]:
        """Return the functions that it names, by the setting that names them.

        Examples
        --------
        >>> Request(tokenizer="my_words:cut").functions(), Request().functions()
        ({'tokenizer': 'my_words:cut'}, {})
        """
        named = {"trim_rule": self.trim_rule}
        if ":" in self.tokenizer:
            named["tokenizer"] = self.tokenizer
        return {setting: name for setting, name in named.items() if name}

    def without_text(self) -> dict[str, Any]:
        """Return what must be equal for a run to go on; where the text lies may change.

        What says nothing of phrases is left out, as runs of version 0.1 do not have it.
        """
        usual = BEFORE_PHRASES | {"sources": self.sources}
        return {
            name: value
            for name, value in self.to_json().items()
            if name not in usual or value != usual[name]
        }

    @property
    def phrases_file(self) -> str | None:
        """The file of the phrases; None where there are none, or they are found in the text."""
        return self.phrases if isinstance(self.phrases, str) else None


# What files of version 0.1 lack.
BEFORE_PHRASES: dict[str, Any] = {
    each.name: each.default for each in fields(Request) if each.name.startswith("phrases")
}


def _check_path(path: str) -> None:
    """Refuse what is no name of a file on any system, or would mean this folder."""
    try:
        known = bool(path) and "\0" not in path and os.fsencode(path)
    except UnicodeEncodeError:
        known = False
    if not known:
        raise InputError(f"{path!r:.80} is no path")


def _check_kinds(kind: type, values: Mapping[str, Any]) -> None:
    if unknown := set(values) - {each.name for each in fields(kind)}:
        raise InputError(f"there is no setting {min(unknown)!r} here")
    for declared in fields(kind):
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


def requested(values: Mapping[str, Any]) -> Request:
    """Return the request of settings by name, checked; names of something else are left alone.

    Examples
    --------
    >>> request = requested({"sources": ["novel.txt"], "epochs": 9, "quiet": True})
    >>> request.settings.epochs, requested(request.flat()) == request
    (9, True)
    """
    subwords = values.get("model") == FASTTEXT
    kind = SubwordSettings if subwords else TrainingSettings
    settings, parts = (
        {each.name: values[each.name] for each in fields(every) if each.name in values}
        for every in (kind, Request)
    )
    if subwords or "architecture" in values:
        settings["model"] = values.get("architecture", kind.model)
    return Request(**parts, settings=kind(**settings))


def request_of(description: Mapping[str, Any], place: str) -> Request:
    """Return what was asked of the run that a ``settings.json`` describes, checked.

    Raises
    ------
    InputError
        When it is not one of ours.
    """
    if "request" in description:
        return Request.from_json(description["request"], place)
    return Request.from_json(_request_of_0_1(description, place), place)


def _request_of_0_1(description: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return the request of a run of version 0.1, which told what had come of it alone."""
    try:
        text, heldout, update = (description[name] for name in ("text", "heldout", "update"))
        return {
            "sources": [] if text["sources"] == [BUILTIN] else text["sources"],
            **{name: text[name] for name in ("tokenizer", "lower", "errors", "max_vocab_size")},
            "trim_rule": text.get("trim_rule"),
            "heldout": heldout and heldout["share"],
            "early_stopping": description["early_stopping"],
            "update": update and update["folder"],
            "settings": description["settings"],
        }
    except (KeyError, TypeError) as error:
        raise InputError(f"{place} is not the settings of a run: it lacks {error}") from error


def read_description(folder: Path) -> dict[str, Any]:
    """Return a folder's ``settings.json``.

    Raises
    ------
    InputError
        When it is not there or not one of ours.
    """
    path = folder / "settings.json"
    description = read_json(path, "run train first")
    request_of(description, str(path))
    return description


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
        return json_object(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}; {remedy}") from error
    except ValueError as error:
        raise InputError(f"{path} is not the settings of a run: {error}") from error
