"""The words that are learned, numbered by falling frequency.

Frequent words come first, so that the rows most often used lie side by side in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike, safe_write
from tinygrad_w2v._base.numbers import whole_counts
from tinygrad_w2v._base.types import IntArray
from tinygrad_w2v.text.rules import TrimRule, VocabularyRules

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
        When a word comes twice or is no string, there are not as many counts as words, or one is
        no count.

    Examples
    --------
    >>> vocabulary = Vocabulary(["say", "you"], [2, 1])
    >>> len(vocabulary), "you" in vocabulary, vocabulary.encode(["you", "never", "say"])
    (2, True, array([1, 0], dtype=int32))
    >>> vocabulary.id_to_word
    {0: 'say', 1: 'you'}
    """

    def __init__(self, words: Sequence[str], counts: Sequence[int] | IntArray) -> None:
        self.words = list(words)
        refuse_other_than_words(self.words)
        self.counts = whole_counts(counts)
        self.word_to_id = {word: id_ for id_, word in enumerate(self.words)}
        if len(self.word_to_id) != len(self.words):
            twice = next(word for id_, word in enumerate(words) if self.word_to_id[word] != id_)
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
    ) -> Vocabulary:
        """Keep the words that occur often enough, by falling count, ties in the given order.

        Parameters
        ----------
        counts
            How often each word occurs, in the order of first appearance.
        min_count, max_size, trim_rule
            As in :class:`~tinygrad_w2v.text.rules.VocabularyRules`, where `max_size` is
            ``max_final_vocab``.

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
        rules = VocabularyRules(min_count, max_size, trim_rule=trim_rule)
        return cls.of_text(list(counts), whole_counts(counts.values()), rules)

    @classmethod
    def of_text(cls, words: Sequence[str], counts: IntArray, rules: VocabularyRules) -> Vocabulary:
        """Make the vocabulary of a text's words in the order of first appearance.

        Examples
        --------
        >>> Vocabulary.of_text(["a", "b"], np.array([1, 2]), VocabularyRules(1)).words
        ['b', 'a']
        """
        kept = rules.kept(words, counts)
        return cls([words[place] for place in kept], counts[kept])

    @classmethod
    def load(cls, path: PathLike) -> Vocabulary:
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

    def grown(
        self,
        more: Vocabulary,
        min_count: int = 5,
        max_size: int | None = None,
        by_count: bool = False,
    ) -> Grown:
        """Add the words and counts of a second text; none that is known is dropped.

        Parameters
        ----------
        more
            All words of the second text, by falling count.
        min_count
            A new word is added when it occurs at least so often in the second text.
        max_size
            No more new words are added when the vocabulary has so many words.
        by_count
            Sort all words by falling count; else the known ones keep their ids, and new ones
            follow.

        Returns
        -------
        Grown

        Examples
        --------
        >>> old = Vocabulary(["say", "you"], [5, 2])
        >>> grown = old.grown(Vocabulary(["you", "he", "she"], [7, 3, 1]), min_count=2)
        >>> grown.vocabulary.words, grown.vocabulary.counts.tolist(), grown.added, grown.rare
        (['say', 'you', 'he'], [5, 9, 3], 1, 1)
        """
        ids = np.array([self.word_to_id.get(word, -1) for word in more.words], dtype=np.int64)
        counts, unknown = self.counts.copy(), np.flatnonzero(ids < 0)
        counts[ids[ids >= 0]] += more.counts[ids >= 0]
        room = len(more) if max_size is None else max(max_size - len(self), 0)
        new = unknown[more.counts[unknown] >= min_count][:room]
        words = self.words + [more.words[place] for place in new]
        counts = np.concatenate([counts, more.counts[new]])
        order = np.argsort(-counts, kind="stable") if by_count else np.arange(len(words))
        vocabulary = Vocabulary([words[place] for place in order], counts[order])
        old_ids = np.argsort(order)[: len(self)]
        return Grown(vocabulary, old_ids, len(new), len(unknown) - len(new))


class Grown(NamedTuple):
    """A vocabulary with the words of a second text.

    Attributes
    ----------
    vocabulary : Vocabulary
        The words of both.
    old_ids : IntArray
        The ids in it of the old words, in their old order.
    added, rare : int
        How many words of the second text are new, and how many were too rare to be added.
    """

    vocabulary: Vocabulary
    old_ids: IntArray
    added: int
    rare: int


def refuse_other_than_words(words: Iterable[object]) -> None:
    """Raise an InputError for what is no string.

    Examples
    --------
    >>> refuse_other_than_words(["say"])
    """
    for word in words:
        if not isinstance(word, str):
            raise InputError(
                f"a word must be a string, but {word!r:.60} is {type(word).__name__}; use str(word)"
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
