"""Which word sits in which row: checked once, with its count; a missing word meets its neighbours.

The nearest spellings are looked for only when the message is read: code that catches the
`KeyError` of a missing word in a loop pays nothing for them.
"""

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.errors import InputError, ShapeError, TinygradError
from tinygrad_w2v._base.numbers import whole_counts
from tinygrad_w2v._base.types import IntArray


class MissingWordError(TinygradError, KeyError):
    """A word that the vectors do not hold; the message names the nearest spellings.

    Parameters
    ----------
    word : object
        What was asked for.
    words : collection of str
        What there is.

    Examples
    --------
    >>> print(MissingWordError("helo", ["hello", "you"]))
    the word 'helo' has no vector; nearest spellings: 'hello'
    """

    def __init__(self, word: object, words: Collection[str] = ()) -> None:
        KeyError.__init__(self, word)
        self.word = word
        self.words = words

    def __str__(self) -> str:
        if not isinstance(self.word, str):
            return (
                f"{self.word!r} is neither a word nor a row below {len(self.words)}; "
                "a key is a str, or an int that counts from 0"
            )
        near = nearest_spellings(self.word, self.words)
        if near:
            hint = "nearest spellings: " + ", ".join(map(repr, near))
        else:
            hint = "no word is spelled like it; rare words are dropped in training (min_count)"
        return f"the word {self.word!r} has no vector; {hint}"

    def __reduce__(self) -> tuple[Any, ...]:
        # Sent to another process, the error takes the few words that it would name, not all.
        near = nearest_spellings(self.word, self.words) if isinstance(self.word, str) else []
        return type(self), (self.word, near)


def nearest_spellings(word: str, words: Iterable[str], n: int = 3) -> list[str]:
    """Return up to `n` of `words` that are spelled nearly like `word`, the nearest first.

    Only words of nearly the same length that share two letters in place are compared in
    full, so that a vocabulary of a million words is answered in the time a person waits.

    Examples
    --------
    >>> nearest_spellings("goodby", ["you", "say", "goodbye", "good"])
    ['goodbye', 'good']
    """
    folded = word.casefold()
    slack = 1 + len(folded) // 3
    ends = {folded[:1], folded[-1:]}
    near: dict[str, list[str]] = {}
    for other in words:
        if abs(len(other) - len(word)) <= slack:
            key = other.casefold()
            if key[:1] in ends or key[-1:] in ends:
                near.setdefault(key, []).append(other)
    close = difflib.get_close_matches(folded, near, n=n, cutoff=0.6)
    return [other for key in close for other in near[key]][:n]


def clean_words(words: Sequence[str] | Mapping[int, str] | Iterable[str]) -> list[str]:
    """Return `words` as a list in the order of their rows.

    Parameters
    ----------
    words : iterable of str, or mapping of int to str
        A list, or the book's ``id_to_word``, whose keys are 0 to n - 1.

    Raises
    ------
    InputError
        If `words` is one string, has ids that are not 0 to n - 1, or a word that is no text.

    Examples
    --------
    >>> clean_words({1: "say", 0: "you"})
    ['you', 'say']
    """
    if isinstance(words, (str, bytes)):
        raise InputError(
            f"words is one string, {words[:20]!r}; give a list of words or a dict of id to word"
        )
    if isinstance(words, Mapping):
        missing = next((i for i in range(len(words)) if i not in words), None)
        if missing is not None:
            raise InputError(
                f"words is a dict of {len(words)} words without the id {missing}; "
                "its keys must be the ids 0 to n - 1 (id_to_word, not word_to_id)"
            )
        listed = [words[i] for i in range(len(words))]
    else:
        listed = list(words)
    for row, word in enumerate(listed):
        if type(word) is not str:
            if not isinstance(word, str):
                raise InputError(f"words[{row}] is {word!r}, not a str")
            listed[row] = str(word)  # np.str_ and other subclasses
    return listed


def index_words(words: list[str]) -> dict[str, int]:
    """Return the row of each word.

    Raises
    ------
    InputError
        If a word occurs twice.

    Examples
    --------
    >>> index_words(["you", "say"])
    {'you': 0, 'say': 1}
    """
    index = {word: row for row, word in enumerate(words)}
    if len(index) < len(words):
        row = next(row for row, word in enumerate(words) if index[word] != row)
        raise InputError(
            f"the word {words[row]!r} occurs twice, as words[{row}] and "
            f"words[{index[words[row]]}]; each word has one vector"
        )
    return index


def clean_counts(
    counts: npt.ArrayLike | Mapping[str, int] | None, words: list[str]
) -> IntArray | None:
    """Return counts as int64 ``(n,)``, one a word; None where they are not known.

    Raises
    ------
    ShapeError
        If there is not one a word.
    InputError
        If a word has none, or they are no whole numbers from 0 on.

    Examples
    --------
    >>> clean_counts({"say": 2, "you": 1}, ["you", "say"])
    array([1, 2])
    """
    if counts is None:
        return None
    if isinstance(counts, Mapping):
        missing = next((word for word in words if word not in counts), None)
        if missing is not None:
            raise InputError(f"counts has no count of the word {missing!r}")
        counts = [counts[word] for word in words]
    shape = np.shape(counts)
    if shape != (len(words),):
        raise ShapeError(f"counts has shape {shape} for {len(words)} words; one each is needed")
    return whole_counts(counts)
