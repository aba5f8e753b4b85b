"""The words that a user gives for rows and columns of named arrays (`labels=`), looked at first.

A wrong word is worse than none: an array that is not there, a missing word or one too many is
refused before anything is drawn or measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import Shape

_AXES = ("rows", "columns")


class AxisWords(NamedTuple):
    """The words of the first and of the second axis of an array; None where there are none."""

    rows: tuple[str, ...] | None
    columns: tuple[str, ...] | None = None


def axis_words(labels: Any, shapes: Mapping[str, Shape]) -> dict[str, AxisWords]:
    """The words that `labels` gives for each array that it names.

    Parameters
    ----------
    labels : mapping or None
        By the name of an array the words of its rows, or a pair: those of its rows and those of
        its columns, of which one may be None. Words are a sequence of str, or `id_to_word`.
    shapes : mapping
        Of all arrays that may be named.

    Raises
    ------
    InputError
        The message names the array, and says how many words it needs.

    Examples
    --------
    >>> axis_words({"w": ["you", "say"]}, {"w": (2, 5), "b": (5,)})
    {'w': AxisWords(rows=('you', 'say'), columns=None)}
    >>> axis_words({"w": ["you"]}, {"w": (2, 5)})
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: labels give 1 word for the 2 rows of 'w'
    """
    if labels is None:
        return {}
    if not isinstance(labels, Mapping):
        raise InputError(
            f"must be a dict of the names of arrays and their words, not {labels!r:.60}",
            setting="labels",
        )
    found = {}
    for name, given in labels.items():
        if name not in shapes:
            there = ", ".join(map(repr, list(shapes)[:12])) or "none that has a name"
            raise InputError(f"name {name!r:.60}, but the arrays are {there}", setting="labels")
        pair = isinstance(given, tuple) and len(given) == 2 and not any(_is_text(x) for x in given)
        parts = given if pair else (given, None)
        found[name] = AxisWords(*[_words(name, part, i, shapes) for i, part in enumerate(parts)])
    return found


def _is_text(value: Any) -> bool:
    return isinstance(value, str | bytes)


def _words(name: str, given: Any, axis: int, shapes: Mapping[str, Shape]) -> tuple[str, ...] | None:
    if given is None:
        return None
    shape, what = shapes[name], _AXES[axis]
    if len(shape) <= axis:
        raise InputError(f"give words for the {what} of {name!r}, which has none", setting="labels")
    count = shape[axis]
    if isinstance(given, Mapping):
        if set(given) != set(range(count)):
            need = f"need a word for each id from 0 to {count - 1}" if count else "need no words"
            raise InputError(f"{need}, for the {what} of {name!r}", setting="labels")
        given = [given[i] for i in range(count)]
    words = tuple(given) if isinstance(given, Iterable) and not _is_text(given) else None
    if words is None or not all(isinstance(word, str) for word in words):
        raise InputError(
            f"of the {what} of {name!r} must be a sequence of words, not {given!r:.60}",
            setting="labels",
        )
    if len(words) != count:
        noun = "word" if len(words) == 1 else "words"
        raise InputError(
            f"give {len(words)} {noun} for the {count} {what} of {name!r}", setting="labels"
        )
    return words
