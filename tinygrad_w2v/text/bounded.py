"""Words are counted within bounds: rare ones are forgotten whenever there are too many.

The text of a web crawl has tens of millions of types, most of them met once; a table of them
all would fill the memory long before a vocabulary of the frequent ones is chosen.
"""

from __future__ import annotations

import numbers
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import IntArray
from tinygrad_w2v._base.user_code import calling
from tinygrad_w2v.text.vocabulary import TrimRule, keeps
from tinygrad_w2v.text.word_table import split_lines


class BoundedCounts:
    """Counts of words, pruned as gensim does it.

    After every sentence that leaves more than `limit` words, those with a count below a bar are
    forgotten, with their counts, and the bar rises by one; it starts at 1, so that the first
    pruning drops nothing. A count is therefore a lower bound for a word that was forgotten
    once.

    Parameters
    ----------
    limit
        gensim's ``max_vocab_size``.
    trim_rule
        As in :meth:`Vocabulary.from_counts`; it is given the bar as `min_count`.
    counts
        What has been counted already, in the order of first appearance.

    Attributes
    ----------
    counts : Counter
        The words that are remembered.
    bar : int
        The count below which the next pruning forgets a word.
    words : int
        How many words were counted here, all together.

    Raises
    ------
    InputError
        When `limit` is not positive.

    Examples
    --------
    >>> counted = BoundedCounts(2)
    >>> for sentence in (["a", "a", "b", "c"], ["d"], ["e"]):
    ...     counted.add(sentence, [len(sentence)])
    >>> counted.counts, counted.bar
    (Counter({'a': 2, 'e': 1}), 3)
    """

    def __init__(
        self,
        limit: int,
        trim_rule: TrimRule | None = None,
        counts: Iterable[tuple[str, int]] = (),
    ) -> None:
        check_limit(limit)
        self.limit = limit
        self.trim_rule = trim_rule
        self.counts: Counter[str] = Counter()
        self.counts.update(dict(counts))
        self.bar = 1
        self.words = 0

    def add(self, words: Sequence[str], ends: Sequence[int] | IntArray) -> None:
        """Count words that follow each other.

        Parameters
        ----------
        words
            Some sentences without their borders.
        ends
            The place after each sentence's last word. Words after the last place count as a
            sentence too, so that a text in one line is bounded as well.

        Examples
        --------
        >>> counted = BoundedCounts(9)
        >>> counted.add(["a", "b", "a"], [2])
        >>> counted.counts["a"]
        2
        """
        self.words += len(words)
        if self._fit(words):
            self.counts.update(words)
            return
        start = 0
        unended = (ends[-1] if len(ends) else 0) < len(words)
        for end in [*ends, len(words)] if unended else ends:
            self.counts.update(words[start:end])
            start = int(end)
            if len(self.counts) > self.limit:
                self._prune()

    def add_text(self, text: str) -> None:
        r"""Count the words of lines; each line is a sentence unless it is blank.

        Parameters
        ----------
        text
            As :func:`~tinygrad_w2v.text.word_table.split_lines` takes it.

        Examples
        --------
        >>> counted = BoundedCounts(9)
        >>> counted.add_text("you say\nsay\n")
        >>> counted.counts["say"]
        2
        """
        words = text.split()
        if self._fit(words):
            self.words += len(words)
            self.counts.update(words)
        else:
            words, ends = split_lines(text)
            self.add(words, ends[np.diff(ends, prepend=0) > 0])

    def _fit(self, words: Sequence[str]) -> bool:
        """Whether there is room for all words, so that no sentence among them leads to pruning."""
        room = self.limit - len(self.counts)
        return len(words) <= room or len(set(words).difference(self.counts)) <= room

    def _prune(self) -> None:
        with calling("trim rule", self.trim_rule):
            self.counts = Counter(
                {
                    word: count
                    for word, count in self.counts.items()
                    if keeps(word, count, self.bar, self.trim_rule)
                }
            )
        self.bar += 1


def check_limit(limit: Any) -> None:
    """Raise an InputError when `max_vocab_size` is no positive whole number.

    Examples
    --------
    >>> check_limit(None)
    """
    if limit is None:
        return
    if not isinstance(limit, numbers.Integral):
        raise InputError(f"must be a whole number, not {limit!r:.60}", setting="max_vocab_size")
    if limit < 1:
        raise InputError(f"must be 1 or more, not {limit}", setting="max_vocab_size")
