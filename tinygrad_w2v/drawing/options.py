"""How a graph is shown: the options of `tw.graph`, checked before anything is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.language import Language, check_language
from tinygrad_w2v._base.types import Shape

Detail = Literal["ops", "book"]
Notation = Literal["gh", "dh", "dL/dh"]


class Labels(NamedTuple):
    """The words of an array's rows and of its columns; empty where there are none."""

    rows: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Options:
    """What is shown of a graph and how it is written; `tw.graph` explains each."""

    values: bool = False
    gradients: bool = False
    collapse: tuple[str, ...] = ()
    group: bool = True
    detail: Detail = "ops"
    notation: Notation = "gh"
    symbols: bool = False
    labels: Mapping[str, Labels] = field(default_factory=dict)
    lang: Language = "en"

    def __post_init__(self) -> None:
        for name, kinds in (("detail", Detail), ("notation", Notation)):
            given = getattr(self, name)
            if given not in get_args(kinds):
                allowed = " or ".join(map(repr, get_args(kinds)))
                raise InputError(f"{name} must be {allowed}, not {given!r}")
        check_language(self.lang)


def labels_of(given: Any) -> dict[str, Labels]:
    """The option `labels` as words of rows and columns, by the name of a value.

    Raises
    ------
    InputError
        If it is not a dict of words, or of pairs of words.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InputError(
            f"labels must be a dict from names of Variables to words, not {type(given).__name__}: "
            'write, for example, `labels={"w_in": words}`'
        )
    return {str(name): _labels(str(name), words) for name, words in given.items()}


def _labels(name: str, given: Any) -> Labels:
    if isinstance(given, tuple) and len(given) == 2 and not all(isinstance(w, str) for w in given):
        return Labels(*(() if words is None else _words(name, words) for words in given))
    return Labels(_words(name, given))


def _words(name: str, given: Any) -> tuple[str, ...]:
    """A list of words, or an ``id_to_word``."""
    if isinstance(given, Mapping) and set(given) == set(range(len(given))):
        given = [given[number] for number in range(len(given))]
    if isinstance(given, str | Mapping) or not isinstance(given, Sequence):
        given = given.tolist() if hasattr(given, "tolist") else None
    if not isinstance(given, Sequence) or not all(isinstance(word, str) for word in given):
        raise InputError(
            f"labels[{name!r}] must be the words of the rows, as a list or an id_to_word, or a "
            "pair (words of the rows, words of the columns)"
        )
    return tuple(given)


def check_labels(
    labels: Mapping[str, Labels], shapes: Mapping[str, Shape], owner: str = "the graph"
) -> None:
    """Refuse words for what `owner` does not have, or for another number of rows.

    Raises
    ------
    InputError
        The message says which names there are, or how long the list must be.
    """
    for name, words in labels.items():
        if name not in shapes:
            there = ", ".join(shapes)
            raise InputError(f"labels: {owner} has no value {name!r}; it has {there}")
        shape = shapes[name]
        if len(shape) not in (1, 2):
            raise InputError(
                f"labels[{name!r}]: a value of shape {shape} has no rows and columns to label; "
                "label vectors and matrices"
            )
        for axis, (what, given) in enumerate(zip(("row", "column"), words, strict=True)):
            length = shape[axis] if axis < len(shape) else 0
            if given and len(given) != length:
                raise InputError(
                    f"labels[{name!r}] names {len(given)} {what}s, but the value of shape {shape} "
                    f"has {length}"
                )
