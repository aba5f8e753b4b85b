"""The words that are learned, numbered by falling frequency.

Frequent words come first, so that the rows most often used lie side by side in memory.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError, Setting
from tinygrad_w2v._base.files import PathLike, safe_write
from tinygrad_w2v._base.numbers import whole_counts
from tinygrad_w2v._base.types import IntArray
from tinygrad_w2v._base.user_code import calling

# A trim rule is asked for each word with its count and the `min_count` of the moment, and answers
# with one of gensim's three numbers; anything else counts as the first.
RULE_DEFAULT, RULE_DISCARD, RULE_KEEP = 0, 1, 2
TrimRule = Callable[[str, int, int], int | None]

_FORMAT = "tinygrad_w2v vocabulary"


class Vocabulary:
    """Words, their ids and their counts.

    Parameters
    ----------
    words
        The words, each once; a word's place is its id.
    counts
        How often each occurs.

    Attributes
    ----------
    words : list of str
        The words by id.
    counts : IntArray
        int64, shape (V,).
    word_to_id : dict
        The id of each word.

    Raises
    ------
    InputError
        When a word comes twice, there are not as many counts as words, or one is no count.

    Examples
    --------
    >>> vocabulary = Vocabulary(["say", "you"], [2, 1])
    >>> len(vocabulary), "you" in vocabulary, vocabulary.encode(["you", "never", "say"])
    (2, True, array([1, 0], dtype=int32))
    """

    def __init__(self, words: Sequence[str], counts: Sequence[int] | IntArray) -> None:
        self.words = list(words)
        self.counts = whole_counts(counts)
        self.word_to_id = {word: id_ for id_, word in enumerate(self.words)}
        if len(self.word_to_id) != len(self.words):
            twice = next(
                word for id_, word in enumerate(self.words) if self.word_to_id[word] != id_
            )
            raise InputError(f"the vocabulary has the word {twice!r} twice")
        if self.counts.shape != (len(self.words),):
            raise InputError(
                f"a vocabulary needs one count a word: {len(self.words)} words, "
                f"counts of shape {self.counts.shape}"
            )

    @classmethod
    def from_counts(
        cls,
        counts: Mapping[str, int],
        min_count: int = 5,
        max_size: int | None = None,
        trim_rule: TrimRule | None = None,
    ) -> "Vocabulary":
        """Keep the words that occur often enough, by falling count, then as they are given.

        Parameters
        ----------
        counts
            How often each word occurs, in the order of first appearance.
        min_count
            Words with fewer occurrences are left out.
        max_size
            When more words than this are left, `min_count` is raised until it fits (gensim's
            ``max_final_vocab``).
        trim_rule
            Called as ``trim_rule(word, count, min_count)``: ``RULE_KEEP`` keeps the word whatever
            its count, ``RULE_DISCARD`` drops it, ``RULE_DEFAULT`` leaves it to `min_count`.

        Returns
        -------
        Vocabulary

        Raises
        ------
        InputError
            When fewer than two words are left; it says which `min_count` would do.

        Examples
        --------
        >>> Vocabulary.from_counts({"you": 1, "say": 2, "i": 1}, min_count=1).words
        ['say', 'you', 'i']
        """
        words = list(counts)
        numbers = whole_counts(counts.values())
        kept = kept_places(words, numbers, min_count, max_size, trim_rule)
        return cls([words[place] for place in kept], numbers[kept])

    @classmethod
    def load(cls, path: PathLike) -> "Vocabulary":
        """Read what :meth:`save` wrote.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        Vocabulary

        Raises
        ------
        InputError
            When the file is missing, damaged, or not a vocabulary.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "vocabulary.json")
        ...     Vocabulary(["say", "you"], [2, 1]).save(path)
        ...     Vocabulary.load(path)
        Vocabulary of 2 words, 3 occurrences
        """
        try:
            text = Path(path).read_bytes().decode("utf-8", "surrogatepass")
            content = json.loads(text.removeprefix("\ufeff"))
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path} is damaged or not a vocabulary: {error}") from error
        words, counts = _checked_content(content, path)
        try:
            return cls(words, np.array(counts, dtype=np.int64))
        except InputError as error:
            raise InputError(f"{path}: {error}") from error

    def save(self, path: PathLike) -> None:
        r"""Write the words and counts as JSON, which can hold any word.

        Parameters
        ----------
        path
            The file; an old one is replaced.

        Raises
        ------
        InputError
            When it cannot be written.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "vocabulary.json")
        ...     Vocabulary(["say", "a\tb"], [2, 1]).save(path)
        ...     print(path.read_text(encoding="utf-8"), end="")
        {"format": "tinygrad_w2v vocabulary",
         "words": ["say", "a\tb"],
         "counts": [2, 1]}
        """
        parts = {
            "format": json.dumps(_FORMAT),
            "words": json.dumps(self.words, ensure_ascii=False),
            "counts": json.dumps(self.counts.tolist()),
        }
        text = ",\n ".join(f'"{name}": {value}' for name, value in parts.items())
        with safe_write(path, "wb") as file:
            file.write(f"{{{text}}}\n".encode("utf-8", "surrogatepass"))

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.word_to_id

    def __repr__(self) -> str:
        return f"Vocabulary of {len(self):,} words, {int(self.counts.sum()):,} occurrences"

    @cached_property
    def id_to_word(self) -> dict[int, str]:
        """The word of each id."""
        return dict(enumerate(self.words))

    def encode(self, words: Iterable[str]) -> IntArray:
        """Return the ids of words as int32; unknown words are left out.

        Examples
        --------
        >>> Vocabulary(["say", "you"], [2, 1]).encode(["you", "never", "say"])
        array([1, 0], dtype=int32)
        """
        known = self.word_to_id
        return np.array([known[word] for word in words if word in known], dtype=np.int32)


def frequent_first(counts: IntArray, min_count: int = 1, max_size: int | None = None) -> IntArray:
    """Return the places of the counts that are kept, by falling count, ties as they stand.

    Parameters
    ----------
    counts
        Shape (words,).
    min_count, max_size
        As in :meth:`Vocabulary.from_counts`.

    Returns
    -------
    IntArray
        Places in `counts`.

    Raises
    ------
    InputError
        When `min_count` or `max_size` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> frequent_first(np.array([1, 3, 2, 3]), min_count=2)
    array([1, 3, 2])
    """
    if min_count < 0:
        raise InputError(f"must be 0 or more, not {min_count}", setting="min_count")
    if max_size is not None and max_size < 1:
        raise InputError(f"must be 1 or more, not {max_size}", setting="max_final_vocab")
    order = np.argsort(-counts, kind="stable")
    if max_size is not None and len(order) > max_size:
        min_count = max(min_count, int(counts[order[max_size]]) + 1)
    return order[counts[order] >= min_count]


def keeps(word: str, count: int, min_count: int, trim_rule: TrimRule | None) -> bool:
    """Return whether a word stays, as gensim decides it.

    Examples
    --------
    >>> keeps("say", 2, 5, None)
    False
    >>> keeps("say", 2, 5, lambda word, count, min_count: RULE_KEEP)
    True
    """
    ruling = trim_rule(word, count, min_count) if trim_rule else RULE_DEFAULT
    if ruling in (RULE_KEEP, RULE_DISCARD):
        return ruling == RULE_KEEP
    return count >= min_count


def check_rule(trim_rule: Any) -> None:
    """Raise an InputError when a trim rule cannot be called.

    Examples
    --------
    >>> check_rule(None)
    """
    if trim_rule is not None and not callable(trim_rule):
        raise InputError(
            f"must be a function of word, count and min_count, not {trim_rule!r:.60}",
            setting="trim_rule",
        )


def kept_places(
    words: Sequence[str],
    counts: IntArray,
    min_count: int = 5,
    max_size: int | None = None,
    trim_rule: TrimRule | None = None,
) -> IntArray:
    """Return the places of the words that are learned, by falling count, ties as they stand.

    Parameters
    ----------
    words, counts
        Of the text, in the order of first appearance.
    min_count, max_size, trim_rule
        As in :meth:`Vocabulary.from_counts`.

    Returns
    -------
    IntArray
        Places in `words`, two at least.

    Raises
    ------
    InputError
        When fewer than two words are left, or `trim_rule` cannot be called.

    Examples
    --------
    >>> import numpy as np
    >>> rule = lambda word, count, min_count: RULE_DISCARD if word == "the" else RULE_DEFAULT
    >>> kept_places(["a", "the", "say"], np.array([2, 9, 3]), min_count=2, trim_rule=rule)
    array([2, 0])
    """
    check_rule(trim_rule)
    kept = frequent_first(counts, min_count, max_size)
    if trim_rule is not None:
        if max_size is not None:
            # What the rule is given, as in gensim: 1 at least.
            over = int(np.sort(counts)[-max_size - 1]) if len(counts) > max_size else 0
            min_count = max(min_count, over + 1)
        order = np.argsort(-counts, kind="stable")
        with calling("trim rule", trim_rule):
            ruled = [
                keeps(words[place], int(counts[place]), min_count, trim_rule) for place in order
            ]
        kept = order[ruled]
    if len(kept) < 2:
        if trim_rule is not None and len(words) > 1:
            raise InputError(
                (
                    *(Setting("trim_rule"), " and ", Setting("min_count")),
                    f" {min_count} leave {len(kept)} of {len(words)} words",
                )
            )
        raise too_few_words(words, counts, min_count, max_size)
    return kept


def too_few_words(
    words: Sequence[str], counts: IntArray, min_count: int, max_size: int | None = None
) -> InputError:
    """Return an error that says why fewer than two words are left, and what to do.

    Examples
    --------
    >>> import numpy as np
    >>> str(too_few_words(["a", "b"], np.array([9, 3]), min_count=5))
    "min_count 5 leaves 1 of 2 words: the most frequent are 'a' (9), 'b' (3); use min_count=3"
    """
    if len(words) == 0:
        return InputError("the text has no words; give it a text with words in it")
    if len(words) == 1:
        return InputError(
            f"the text has only one word, {words[0]!r} ({int(counts[0])} times); "
            "training needs two different words at least"
        )
    order = np.argsort(-counts, kind="stable")
    top = ", ".join(f"{words[place]!r} ({int(counts[place])})" for place in order[:3])
    second = int(counts[order[1]])
    if second >= min_count:
        return InputError(
            f"{max_size} leaves fewer than 2 of {len(words)} words, as all of one count go "
            f"together: the most frequent are {top}",
            setting="max_final_vocab",
            remedy=("use a larger ", Setting("max_final_vocab")),
        )
    left = int((counts >= min_count).sum())
    return InputError(
        f"{min_count} leaves {left} of {len(words)} words: the most frequent are {top}",
        setting="min_count",
        remedy=("use ", Setting("min_count", second)),
    )


def _checked_content(content: Any, path: PathLike) -> tuple[list[str], list[int]]:
    """Return the words and counts of a file that was read, or say what is wrong with it."""
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise InputError(f"{path} is not a vocabulary: it was not written by Vocabulary.save")
    words, counts = content.get("words"), content.get("counts")
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise InputError(f"{path} is damaged: its words are not a list of words")
    # A bool is an int in Python, but no count.
    if not isinstance(counts, list) or not all(
        type(count) is int and 0 <= count < 2**63 for count in counts
    ):
        raise InputError(f"{path} is damaged: its counts are not a list of whole numbers")
    return words, counts
