"""Which words of a text are learned, and how words are counted when there are too many of them.

The text of a web crawl has tens of millions of types, most of which occur once. A table of all
of them would fill the memory long before a vocabulary of the frequent ones is chosen, so the
number of types in the table can be bounded.
"""

from __future__ import annotations

import numbers
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError, Setting
from tinygrad_w2v._base.types import IntArray
from tinygrad_w2v._base.user_code import calling

# A trim rule is called with each word, its count and the current `min_count`, and returns one of
# gensim's three numbers; any other value counts as RULE_DEFAULT.
RULE_DEFAULT, RULE_DISCARD, RULE_KEEP = 0, 1, 2
TrimRule = Callable[[str, int, int], int | None]


@dataclass(frozen=True)
class VocabularyRules:
    """Which words of a text are learned; names and defaults are gensim's.

    Attributes
    ----------
    min_count : int
        Words with fewer occurrences are left out.
    max_final_vocab : int, optional
        When more words than this remain, `min_count` is raised until they fit.
    max_vocab_size : int, optional
        When more types than this have been met, the rare ones are forgotten
        (:class:`~tinygrad_w2v.text.rules.BoundedCounts`); the text is then read twice.
    trim_rule : callable, optional
        Called as ``trim_rule(word, count, min_count)``: ``RULE_KEEP`` keeps the word whatever its
        count, ``RULE_DISCARD`` drops it, ``RULE_DEFAULT`` leaves it to `min_count`.

    Raises
    ------
    InputError
        When `max_vocab_size` is not positive, or `trim_rule` cannot be called.

    Examples
    --------
    >>> VocabularyRules(min_count=2).max_vocab_size is None
    True
    """

    min_count: int = 5
    max_final_vocab: int | None = None
    max_vocab_size: int | None = None
    trim_rule: TrimRule | None = None

    def __post_init__(self) -> None:
        check_limit(self.max_vocab_size)
        if self.trim_rule is not None and not callable(self.trim_rule):
            raise InputError(
                f"must be a function of word, count and min_count, not {self.trim_rule!r:.60}",
                setting="trim_rule",
            )

    def kept(self, words: Sequence[str], counts: IntArray) -> IntArray:
        """Return the positions of the words that are learned: by falling count, ties in order.

        Parameters
        ----------
        words, counts
            Those of the text, in the order of first appearance.

        Returns
        -------
        IntArray
            Positions in `words`, two at least.

        Raises
        ------
        InputError
            When fewer than two words remain, or a limit is out of range.

        Examples
        --------
        >>> VocabularyRules(min_count=2).kept(["a", "b", "c"], np.array([2, 1, 3]))
        array([2, 0])
        >>> rule = lambda word, count, min_count: RULE_DISCARD if word == "c" else RULE_DEFAULT
        >>> VocabularyRules(1, trim_rule=rule).kept(["a", "b", "c"], np.array([2, 1, 3]))
        array([0, 1])
        """
        min_count, limit = self.min_count, self.max_final_vocab
        if min_count < 0:
            raise InputError(f"must be 0 or more, not {min_count}", setting="min_count")
        order = np.argsort(-counts, kind="stable")
        if limit is not None:
            if limit < 1:
                raise InputError(f"must be 1 or more, not {limit}", setting="max_final_vocab")
            # As in gensim, 1 at least.
            first_left_out = int(counts[order[limit]]) if len(order) > limit else 0
            min_count = max(min_count, first_left_out + 1)
        if self.trim_rule is None:
            kept = order[counts[order] >= min_count]
        else:
            with calling("trim rule", self.trim_rule):
                stays = [
                    keeps(words[place], int(counts[place]), min_count, self.trim_rule)
                    for place in order
                ]
            kept = order[stays]
        if len(kept) < 2:
            raise self._too_few(words, counts, order, min_count, len(kept))
        return kept

    def _too_few(
        self, words: Sequence[str], counts: IntArray, order: IntArray, min_count: int, left: int
    ) -> InputError:
        """Return the error that says why fewer than two words are left, and what to do."""
        if len(words) == 0:
            return InputError("the text has no words; give it a text with words in it")
        if len(words) == 1:
            return InputError(
                f"the text has only one word, {words[0]!r} ({int(counts[0])} times); "
                "training needs two different words at least"
            )
        if self.trim_rule is not None:
            names = Setting("trim_rule"), " and ", Setting("min_count")
            return InputError((*names, f" {min_count} leave {left} of {len(words)} words"))
        top = ", ".join(f"{words[place]!r} ({int(counts[place])})" for place in order[:3])
        second = int(counts[order[1]])
        if second >= self.min_count:
            return InputError(
                f"{self.max_final_vocab} leaves fewer than 2 of {len(words)} words, as all of one "
                f"count go together: the most frequent are {top}",
                setting="max_final_vocab",
                remedy=("use a larger ", Setting("max_final_vocab")),
            )
        return InputError(
            f"{self.min_count} leaves {left} of {len(words)} words: the most frequent are {top}",
            setting="min_count",
            remedy=("use ", Setting("min_count", second)),
        )


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


class BoundedCounts:
    """Counts of words, pruned as gensim does it.

    After every sentence that leaves more than `limit` words in the table, those with a count
    below a threshold are forgotten together with their counts, and the threshold rises by one; it
    starts at 1, so the first pruning drops nothing. For a word that was forgotten once, the count
    is therefore a lower bound.

    Parameters
    ----------
    limit
        gensim's ``max_vocab_size``.
    trim_rule
        As in :class:`VocabularyRules`; it is given the threshold as `min_count`.
    counts
        What has been counted already, in the order of first appearance.

    Attributes
    ----------
    counts : Counter
        The words in the table.
    threshold : int
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
    >>> counted.counts, counted.threshold
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
        self.counts: Counter[str] = Counter(dict(counts))
        self.threshold = 1
        self.words = 0

    def add(self, words: Sequence[str], ends: Sequence[int] | IntArray) -> None:
        """Count words that follow each other.

        Parameters
        ----------
        words
            Some sentences, without their boundaries.
        ends
            The position after each sentence's last word. Words after the last of these count as a
            sentence too, so that a text in one line is bounded as well.

        Examples
        --------
        >>> counted = BoundedCounts(9)
        >>> counted.add(["a", "b", "a"], [2])
        >>> counted.counts["a"]
        2
        """
        self.words += len(words)
        room = self.limit - len(self.counts)
        if len(words) <= room or len(set(words).difference(self.counts)) <= room:
            self.counts.update(words)
            return
        start = 0
        unended = (ends[-1] if len(ends) else 0) < len(words)
        for end in [*ends, len(words)] if unended else ends:
            self.counts.update(words[start:end])
            start = int(end)
            if len(self.counts) > self.limit:
                self._prune()

    def _prune(self) -> None:
        with calling("trim rule", self.trim_rule):
            self.counts = Counter(
                {
                    word: count
                    for word, count in self.counts.items()
                    if keeps(word, count, self.threshold, self.trim_rule)
                }
            )
        self.threshold += 1


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
