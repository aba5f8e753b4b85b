"""How often words, and pairs of words that follow each other, occur in a text.

Words become numbers, a pair is the two numbers in one integer, and integers are counted by sorting
a few million of them at a time. So a pair takes sixteen bytes and no string, until strings are
asked for: of the frequent pairs, which are few.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple

import numpy as np

from tinygrad_w2v._base.hashing import UInt64Array
from tinygrad_w2v._base.types import IntArray
from tinygrad_w2v.text.numbering import Chunk, LookUp, Numbering, sentence_chunks
from tinygrad_w2v.text.rules import BoundedCounts
from tinygrad_w2v.text.vocabulary import refuse_other_than_words
from tinygrad_w2v.text.word_table import split_lines

# Integers are sorted when so many have come together.
PENDING = 1 << 20
# The upper half of an integer: a word that begins a pair, or more words than one do, or a word that
# is counted for itself.
_SEVERAL, _ALONE = 1 << 31, (1 << 32) - 1
_HALF = np.uint64(32)


class Tally(NamedTuple):
    """Different integers in order, and how often each came."""

    keys: UInt64Array
    counts: IntArray

    @classmethod
    def of(cls, parts: Sequence[UInt64Array]) -> Tally:
        """Count integers.

        Examples
        --------
        >>> Tally.of([np.array([7, 5, 7], np.uint64)]).counts
        array([1, 2])
        """
        if not parts:
            return cls(np.zeros(0, np.uint64), np.zeros(0, np.int64))
        return cls(*np.unique(np.concatenate(parts), return_counts=True))

    def merged(self, other: Tally) -> Tally:
        """Add two counts up; quickest where the other is the shorter.

        Examples
        --------
        >>> one = Tally.of([np.array([5, 7], np.uint64)])
        >>> one.merged(one).counts
        array([2, 2])
        """
        if not len(self.keys) or not len(other.keys):
            return self if len(self.keys) else other
        place = np.searchsorted(self.keys, other.keys)
        known = self.keys.take(place, mode="clip") == other.keys
        counts = self.counts.copy()
        counts[place[known]] += other.counts[known]
        new = ~known
        return Tally(
            np.insert(self.keys, place[new], other.keys[new]),
            np.insert(counts, place[new], other.counts[new]),
        )


class Counted(NamedTuple):
    """What a text holds: a tally or, when there was too much, strings with their counts.

    Attributes
    ----------
    words : int
        The number of words of the text.
    tally : Tally or None
        None when rare strings were forgotten.
    strings : dict of str to int
        Empty unless that is so.
    threshold : int
        The count below which the next string would be forgotten.
    """

    words: int
    tally: Tally | None
    strings: dict[str, int]
    threshold: int


class PairCounter:
    """Counts words and pairs of words, those with connector words between them among the pairs.

    Parameters
    ----------
    delimiter
        What stands between the words of a pair that is made a string.
    connector_words
        Words that neither begin nor end a pair, and are not counted.
    limit
        When there are more different strings than this after a sentence, the rare ones are
        forgotten, as :class:`~tinygrad_w2v.text.rules.BoundedCounts` says.

    Examples
    --------
    >>> counter = PairCounter("_", frozenset(["of"]), 100)
    >>> counted = counter.count([["bank", "of", "america"], ["the", "bank"]])
    >>> counted.words, counter.strings(counted.tally)
    (5, {'the_bank': 1, 'bank_of_america': 1, 'bank': 2, 'america': 1, 'the': 1})
    """

    def __init__(self, delimiter: str, connector_words: frozenset[str], limit: int) -> None:
        self.delimiter, self.limit = delimiter, limit
        self._connectors = connector_words
        # Connector words have the first numbers.
        self._numbers = Numbering({word: at for at, word in enumerate(sorted(connector_words))})
        # Several words that begin a pair, as bytes of their numbers.
        self._beginnings = Numbering()
        self._look_up = LookUp(partial(map, self._numbers.__getitem__))

    def count(self, sentences: Iterable[Iterable[str]]) -> Counted:
        """Count a text.

        Parameters
        ----------
        sentences
            As in :func:`~tinygrad_w2v.text.numbering.sentence_chunks`; read once.

        Returns
        -------
        Counted

        Raises
        ------
        InputError
            When a sentence is a string, or a word is none.
        """
        tally, waiting, words = Tally.of([]), 0, 0
        pending: list[UInt64Array] = []
        rest: IntArray = np.zeros(0, np.int32)
        chunks = iter(sentence_chunks(sentences))
        for chunk in chunks:
            numbers, ends = self._look_up(chunk)
            keys, following = self._keys(rest, numbers, ends)
            if len(tally.keys) + waiting + len(keys) > self.limit:
                tally, pending, waiting = tally.merged(Tally.of(pending)), [], 0
                larger = tally.merged(Tally.of([keys]))
                if len(larger.keys) > self.limit:
                    return self._bounded(tally, words, rest, chain([chunk], chunks))
                tally = larger
            else:
                pending.append(keys)
                waiting += len(keys)
                if waiting > max(PENDING, len(tally.keys)):
                    tally, pending, waiting = tally.merged(Tally.of(pending)), [], 0
            words += len(numbers)
            rest = following
        refuse_other_than_words(self._numbers)
        return Counted(words, tally.merged(Tally.of(pending)), {}, 1)

    def _keys(
        self, rest: IntArray, numbers: IntArray, ends: IntArray
    ) -> tuple[UInt64Array, IntArray]:
        """Return a chunk's words and pairs as integers, and where a pair may go on after it.

        `rest` is the end of the chunk before, if its last sentence goes on in this one.
        """
        alone = numbers[numbers >= len(self._connectors)]
        numbers, ends = np.concatenate([rest, numbers]), ends + len(rest)
        places = np.flatnonzero(numbers >= len(self._connectors))
        sentence = np.searchsorted(ends, places, side="right")
        pairs = np.flatnonzero(sentence[1:] == sentence[:-1])
        first, second = places[pairs], places[pairs + 1]
        heads = numbers[first].astype(np.uint64)
        apart = np.flatnonzero(second - first > 1)
        if len(apart):
            data, bounds = numbers.tobytes(), numbers.itemsize * np.stack([first, second])[:, apart]
            several = [data[begin:end] for begin, end in bounds.T.tolist()]
            between = map(self._beginnings.__getitem__, several)
            heads[apart] = _SEVERAL + np.fromiter(between, np.uint64, len(apart))
        pair_keys = (heads << _HALF) | numbers[second].astype(np.uint64)
        word_keys = (np.uint64(_ALONE) << _HALF) | alone.astype(np.uint64)
        open_from = int(ends[-1]) if len(ends) else 0
        last = int(places[-1]) if len(places) else -1
        rest = numbers[last:] if last >= open_from else numbers[:0]
        return np.concatenate([word_keys, pair_keys]), rest

    def _bounded(
        self, tally: Tally, words: int, rest: IntArray, chunks: Iterable[Chunk]
    ) -> Counted:
        """Count the rest of a text sentence by sentence."""
        refuse_other_than_words(self._numbers)
        bounded = BoundedCounts(self.limit, counts=self.strings(tally).items())
        names = list(self._numbers)
        opened = [names[number] for number in rest]
        for chunk in chunks:
            text, ends = split_lines(chunk) if isinstance(chunk, str) else chunk
            refuse_other_than_words(text)
            words += len(text)
            tokens: list[str] = []
            token_ends: list[int] = []
            start = 0
            for end in [*ends, len(text)]:
                opened = self._add_tokens(opened, text[start:end], tokens)
                start = end
                if len(token_ends) < len(ends):
                    token_ends.append(len(tokens))
                    opened = []
            bounded.add(tokens, token_ends)
        return Counted(words, None, dict(bounded.counts), bounded.threshold)

    def _add_tokens(self, opened: list[str], words: list[str], tokens: list[str]) -> list[str]:
        """Append a sentence's words and pairs; return where a pair may go on after it."""
        for word in words:
            if word not in self._connectors:
                tokens.append(word)
                if opened:
                    tokens.append(self.delimiter.join([*opened, word]))
                opened = [word]
            elif opened:
                opened.append(word)
        return opened

    def strings(self, tally: Tally, least: int = 1) -> dict[str, int]:
        """Return the words and pairs that came so often, as strings.

        Pairs that are the same string are counted together, but only those that came so often.
        """
        kept = tally.counts >= least
        keys, counts = tally.keys[kept], tally.counts[kept]
        names, several = list(self._numbers), list(self._beginnings)
        found: dict[str, int] = {}
        heads, seconds = (keys >> _HALF).tolist(), keys.astype(np.uint32).tolist()
        for head, second, count in zip(heads, seconds, counts.tolist(), strict=True):
            token = names[second]
            if head < _SEVERAL:
                token = f"{names[head]}{self.delimiter}{token}"
            elif head < _ALONE:
                row = np.frombuffer(several[head - _SEVERAL], np.int32).tolist()
                token = self.delimiter.join([*(names[number] for number in row), token])
            found[token] = found.get(token, 0) + count
        return found

    def unambiguous(self) -> bool:
        """Whether different words and pairs are different strings: no word has the delimiter in it.

        Nor has one a part of it, as two could make up a delimiter where they meet.
        """
        marks = set(self.delimiter)
        if len(marks) == 1:
            return not any(self.delimiter[0] in word for word in self._numbers)
        return all(marks.isdisjoint(word) for word in self._numbers)
