"""A hash table over whole arrays: most words of a text are numbered without becoming strings.

The blanks of a piece of text give the boundaries of its words, the first sixteen bytes of each word
are two integers, and these are looked up in a table that has two slots for each key. A word that is
not in the table, or is longer, becomes a string and is looked up in a dictionary; then it is put
into the table if one of its two slots is free. As words that are met early are mostly the frequent
ones, few words of a long text reach the dictionary. Measured by ``benchmarks/read_text.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain

import numpy as np

from tinygrad_w2v._base.hashing import UInt64Array
from tinygrad_w2v._base.types import AnyArray, IntArray

# The blanks at which `str.split` cuts: below 128, and the others.
_BLANK = np.zeros(256, dtype=bool)
_BLANK[[*range(9, 14), *range(28, 33)]] = True
_WIDE_BLANKS = [blank for blank in map(chr, range(128, 0x3001)) if blank.isspace()]

# The lower `length` bytes of an integer, by length.
_LOWER = np.array([256**length - 1 for length in range(9)], dtype=np.uint64)
_LONGEST = 16
_LINE_END = 10
_PAD = b" " * 32

_BITS = 20
_FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
_SIX, _THREE, _ONE = np.uint64(63), np.uint64(3), np.uint64(1)


def split_lines(text: str, drop_empty: bool = False) -> tuple[list[str], IntArray]:
    r"""Return the words of a text, and the position after each line's last word.

    Examples
    --------
    >>> split_lines("you say\n\nsay")
    (['you', 'say', 'say'], array([2, 2]))
    >>> split_lines("you say\n\nsay", drop_empty=True)
    (['you', 'say', 'say'], array([2]))
    """
    lines = [line.split() for line in text.split("\n")]
    ends = np.cumsum([*map(len, lines)], dtype=np.intp)[:-1]
    if drop_empty:
        ends = ends[np.diff(ends, prepend=0) > 0]
    return [*chain.from_iterable(lines)], ends


class WordTable:
    r"""Numbers the words of text; a line is a sentence.

    Parameters
    ----------
    numbers_of
        Returns the number of each word of a list. It is called in the order of the text, and
        always for a new word, so that it may give each new word the next number. The number of a
        word must not change.

    Examples
    --------
    >>> table = WordTable(lambda words: map({"you": 1, "say": 2}.get, words))
    >>> table.numbers("you say\nsay")
    (array([1, 2, 2], dtype=int32), array([2]))
    """

    def __init__(self, numbers_of: Callable[[list[str]], Iterable[int]]) -> None:
        self._numbers_of = numbers_of
        self._head = np.zeros(1 << _BITS, np.uint64)
        self._tail = np.zeros(1 << _BITS, np.uint64)
        self._value = np.zeros(1 << _BITS, np.int32)

    def numbers(self, text: str) -> tuple[IntArray, IntArray]:
        r"""Return the number of each word, and the place after each line's last word.

        Parameters
        ----------
        text
            Lines, divided between words; the last one may continue in the next text.

        Returns
        -------
        numbers : IntArray
            int32, shape (words,).
        ends : IntArray
            One for each line end: the number of words before it.

        Examples
        --------
        >>> WordTable(lambda words: map(len, words)).numbers("a bc\n\ndef g")
        (array([1, 2, 3, 1], dtype=int32), array([2, 2]))
        """
        if "\0" in text:
            # In the table, NUL means that there is no byte.
            words, ends = split_lines(text)
            return np.fromiter(self._numbers_of(words), np.int32, len(words)), ends
        if not text.isascii():
            for blank in _WIDE_BLANKS:
                if blank in text:
                    text = text.replace(blank, " ")
        # Padded with blanks on both sides, so that whole integers can be read at every word.
        data = b"".join([b" ", text.encode("utf-8", "surrogatepass"), _PAD])
        data = data[: len(data) // 8 * 8]
        row = np.frombuffer(data, np.uint8)
        blank_at = _BLANK.take(row)
        edges = np.flatnonzero(blank_at[1:] != blank_at[:-1]) + 1
        start, stop = edges[0::2], edges[1::2]
        head, tail, longer = _keys(row.view("<u8"), start, stop - start)
        numbers, missing = self._look_up(head, tail)
        if len(missing):
            bounds = zip(start[missing].tolist(), stop[missing].tolist(), strict=True)
            words = [data[a:b].decode("utf-8", "surrogatepass") for a, b in bounds]
            numbers[missing] = looked_up = np.fromiter(
                self._numbers_of(words), np.int32, len(words)
            )
            short = ~longer[missing]
            self._insert(head[missing[short]], tail[missing[short]], looked_up[short])
        return numbers, np.searchsorted(start, np.flatnonzero(row == _LINE_END))

    def _look_up(self, head: UInt64Array, tail: UInt64Array) -> tuple[AnyArray, IntArray]:
        """Return the numbers of the words in the table, and the positions of the others."""
        place = _place(head, tail, _FIRST)
        numbers = self._value.take(place)
        equal = (self._head.take(place) == head) & (self._tail.take(place) == tail)
        missing = np.flatnonzero(~equal)
        head, tail = head.take(missing), tail.take(missing)
        place = _place(head, tail, _SECOND)
        equal = (self._head.take(place) == head) & (self._tail.take(place) == tail)
        numbers[missing] = self._value.take(place)
        return numbers, missing[~equal]

    def _insert(self, head: UInt64Array, tail: UInt64Array, value: AnyArray) -> None:
        """Put each word into one of its two slots if it is free; the first word wins."""
        for factor in (_FIRST, _SECOND):
            place, first = np.unique(_place(head, tail, factor), return_index=True)
            free = self._head.take(place) == 0
            place, first = place[free], first[free]
            self._head[place], self._tail[place] = head[first], tail[first]
            self._value[place] = value[first]
            there = _place(head, tail, factor)
            left = (self._head.take(there) != head) | (self._tail.take(there) != tail)
            head, tail, value = head[left], tail[left], value[left]


def _keys(
    row: UInt64Array, start: IntArray, length: IntArray
) -> tuple[UInt64Array, UInt64Array, AnyArray]:
    """Return the first eight bytes of each word, the next eight, and which words are longer.

    The bytes from any position on are combined from the two aligned integers that contain them. A
    longer word gets 0 as its first eight bytes, which no word in the table has.
    """
    word = start >> 3
    shift = ((start & 7) << 3).astype(np.uint64)
    back = _SIX - shift
    middle = row.take(word + 1)
    head = (row.take(word) >> shift) | ((middle << back) << _ONE)
    tail = (middle >> shift) | ((row.take(word + 2) << back) << _ONE)
    head &= _LOWER.take(np.minimum(length, 8))
    tail &= _LOWER.take((length - 8).clip(0, 8))
    longer = length > _LONGEST
    head[longer] = 0
    return head, tail, longer


def _place(head: UInt64Array, tail: UInt64Array, factor: np.uint64) -> IntArray:
    mixed = (head ^ (tail * _SECOND)) * factor
    mixed ^= mixed >> np.uint64(29)
    mixed *= _FIRST
    place: IntArray = (mixed >> np.uint64(64 - _BITS)).astype(np.intp)
    return place
