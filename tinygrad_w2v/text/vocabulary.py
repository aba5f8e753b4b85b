"""The words that are learned, numbered by falling frequency.

Frequent words come first, so that the rows most often used lie side by side in memory.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import IntArray


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
        When a word comes twice, or there are not as many counts as words.

    Examples
    --------
    >>> vocabulary = Vocabulary(["say", "you"], [2, 1])
    >>> len(vocabulary), "you" in vocabulary, vocabulary.encode(["you", "never", "say"])
    (2, True, array([1, 0], dtype=int32))
    """

    def __init__(self, words: Sequence[str], counts: Sequence[int] | IntArray) -> None:
        self.words = list(words)
        self.counts = np.asarray(counts, dtype=np.int64)
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
        cls, counts: Mapping[str, int], min_count: int = 5, max_size: int | None = None
    ) -> "Vocabulary":
        """Keep the words that occur often enough, by falling count, then as they are given.

        Parameters
        ----------
        counts
            How often each word occurs, in the order of first appearance.
        min_count
            Words with fewer occurrences are left out.
        max_size
            When more words than this are left, `min_count` is raised until it fits.

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
        numbers = np.fromiter(counts.values(), dtype=np.int64, count=len(words))
        kept = frequent_first(numbers, min_count, max_size)
        if len(kept) < 2:
            raise InputError(too_few_words(words, numbers, min_count, max_size))
        return cls([words[place] for place in kept], numbers[kept])

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
        raise InputError(f"min_count must be 0 or more, not {min_count}")
    if max_size is not None and max_size < 1:
        raise InputError(f"max_final_vocab must be 1 or more, not {max_size}")
    order = np.argsort(-counts, kind="stable")
    if max_size is not None and len(order) > max_size:
        min_count = max(min_count, int(counts[order[max_size]]) + 1)
    return order[counts[order] >= min_count]


def too_few_words(
    words: Sequence[str], counts: IntArray, min_count: int, max_size: int | None = None
) -> str:
    """Say why fewer than two words are left, and what to do.

    Examples
    --------
    >>> import numpy as np
    >>> too_few_words(["a", "b"], np.array([9, 3]), min_count=5)
    "min_count 5 leaves 1 of 2 words: the most frequent are 'a' (9), 'b' (3); use --min-count 3"
    """
    if len(words) == 0:
        return "the text has no words; give it a text with words in it"
    if len(words) == 1:
        return (
            f"the text has only one word, {words[0]!r} ({int(counts[0])} times); "
            "training needs two different words at least"
        )
    order = np.argsort(-counts, kind="stable")
    top = ", ".join(f"{words[place]!r} ({int(counts[place])})" for place in order[:3])
    second = int(counts[order[1]])
    if second >= min_count:
        return (
            f"max_final_vocab {max_size} leaves fewer than 2 of {len(words)} words, as all of one "
            f"count go together: the most frequent are {top}; use a larger --max-final-vocab"
        )
    left = int((counts >= min_count).sum())
    return (
        f"min_count {min_count} leaves {left} of {len(words)} words: the most frequent are {top}; "
        f"use --min-count {second}"
    )
