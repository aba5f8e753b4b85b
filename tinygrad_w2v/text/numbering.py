"""Words become numbers in one pass over the text: each new word gets the next number.

Numbers are written as the words come. When the text ends and it is known which words are frequent
enough, a second pass over the numbers, in blocks and in place, turns them into ids and drops the
words that are left out. So a text is split into words once, whatever its size.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain, repeat
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.memory import require_memory
from tinygrad_w2v._base.types import IntArray
from tinygrad_w2v._base.user_code import noting
from tinygrad_w2v.text.rows import CorpusRows
from tinygrad_w2v.text.rules import BoundedCounts, VocabularyRules
from tinygrad_w2v.text.vocabulary import Vocabulary, refuse_other_than_words
from tinygrad_w2v.text.word_table import WordTable, split_lines

# How many words are gathered before they are looked up.
CHUNK_WORDS = 1 << 18
# Measured: a word with its number and its entry in a table, while the table grows.
BYTES_A_TYPE = 170
# The memory that is left is checked each time this many new types have been met.
CHECK_EVERY = 1 << 20


class Words(NamedTuple):
    """Words that follow each other in a text.

    Attributes
    ----------
    words : list of str
        The words.
    ends : IntArray
        The position after each sentence's last word. Words after the last end are a sentence that
        continues in the next chunk.
    """

    words: list[str]
    ends: IntArray


# Part of a text: its words, or text to be split at white space, where each line that is not blank
# is a sentence.
Chunk = Words | str


def sentence_chunks(sentences: Iterable[Iterable[str]]) -> Iterator[Chunk]:
    """Gather sentences into chunks.

    Parameters
    ----------
    sentences
        Each a list of words. An object with a method `chunks`, such as
        :class:`~tinygrad_w2v.text.sentences.LineSentence`, is asked for chunks itself: it may
        have text that has not been split into words yet.

    Yields
    ------
    Words or str

    Raises
    ------
    InputError
        When a sentence is a string.

    Examples
    --------
    >>> [(chunk.words, chunk.ends.tolist()) for chunk in sentence_chunks([["a", "b"], ["c"]])]
    [(['a', 'b', 'c'], [2, 3])]
    """
    own = getattr(sentences, "chunks", None)
    if callable(own):
        chunks: Iterator[Chunk] = own()
        return chunks
    return gathered(sentences)


def gathered(sentences: Iterable[Iterable[str]]) -> Iterator[Words]:
    """Gather sentences into chunks, also of an object that has a method `chunks`.

    Examples
    --------
    >>> [chunk.words for chunk in gathered([["a"], ["b"]])]
    [['a', 'b']]
    """
    words: list[str] = []
    ends: list[int] = []
    with noting("sentences of class", sentences):
        for sentence in sentences:
            refuse_other_than_sentence(sentence)
            words.extend(sentence)
            ends.append(len(words))
            if len(words) + len(ends) >= CHUNK_WORDS:
                yield Words(words, np.array(ends))
                words, ends = [], []
    if ends:
        yield Words(words, np.array(ends))


def refuse_other_than_sentence(sentence: object) -> None:
    """Raise an InputError for what is no list of words.

    Examples
    --------
    >>> refuse_other_than_sentence(["you", "say"])
    """
    if not isinstance(sentence, str):
        if hasattr(sentence, "__iter__"):
            return
        raise InputError(f"a sentence must be a list of words, not {sentence!r:.60}")
    raise InputError(
        f"a sentence must be a list of words, not the string {sentence[:30]!r}: its letters would "
        "be taken as words; split it first"
    )


def number_words(
    read: Callable[[], Iterator[Chunk]],
    rows: CorpusRows,
    rules: VocabularyRules,
    once: bool = False,
) -> Vocabulary:
    r"""Write a text's ids into rows, and return the vocabulary that they are of.

    Parameters
    ----------
    read
        Begins to read the text; called a second time only when `max_vocab_size` was reached.
    rows
        Empty rows.
    rules
        Which words are learned.
    once
        The text cannot be read a second time.

    Returns
    -------
    Vocabulary

    Raises
    ------
    InputError
        When fewer than two words are left, a word is no string, there are more different words
        than memory holds, or the text would have to be read twice and cannot.

    Examples
    --------
    >>> rows = CorpusRows()
    >>> read = lambda: iter(["you say\nso you say\n"])
    >>> number_words(read, rows, VocabularyRules(min_count=2)).words
    ['you', 'say']
    >>> rows.ids.array(), rows.offsets.array(), rows.raw_words
    (array([0, 1, 0, 1], dtype=int32), array([0, 2, 4]), 5)
    """
    numbering = Numbering()
    look_up = LookUp(partial(map, numbering.__getitem__))
    limit, checked = rules.max_vocab_size, 0
    chunks = read()
    for chunk in chunks:
        before = len(numbering)
        numbers, ends = look_up(chunk)
        if limit is not None and len(numbering) > limit:
            if once:
                raise InputError(
                    f"max_vocab_size {limit} was reached, so the text must be read a second "
                    "time, but it can be read only once; give a list, a file, or an object "
                    "whose __iter__ begins anew"
                )
            seen = zip(numbering, rows.counts(before).tolist(), strict=False)
            bounded = BoundedCounts(limit, rules.trim_rule, seen)
            del numbering, look_up, seen
            return _counted_first(read, chain([chunk], chunks), bounded, rows, rules)
        rows.add(numbers, ends, drop_empty=isinstance(chunk, str))
        if len(numbering) >= checked + CHECK_EVERY:
            checked = len(numbering)
            # A full dictionary is copied into one of twice its size.
            require_memory(
                CHECK_EVERY * BYTES_A_TYPE + 2 * sys.getsizeof(numbering),
                f"more words than the {checked:,} different ones so far",
                "give max_vocab_size, which bounds them, or a text with fewer",
            )
    rows.end()
    words = list(numbering)
    del numbering, look_up
    counts = rows.counts(len(words))
    kept = rules.kept(words, counts)
    new = np.full(len(words), -1, np.int32)
    new[kept] = np.arange(len(kept), dtype=np.int32)
    rows.renumber(new)
    return Vocabulary([words[place] for place in kept], counts[kept])


def encode_words(chunks: Iterable[Chunk], rows: CorpusRows, vocabulary: Vocabulary) -> None:
    r"""Write the ids of a text for a vocabulary that exists.

    Parameters
    ----------
    chunks
        The text.
    rows
        Empty rows.
    vocabulary
        The words and their ids; other words are left out.

    Examples
    --------
    >>> rows = CorpusRows()
    >>> encode_words(["you say\n"], rows, Vocabulary(["a", "say"], [1, 1]))
    >>> rows.ids.array(), rows.raw_words
    (array([1], dtype=int32), 2)
    """
    known = vocabulary.word_to_id
    look_up = LookUp(lambda words: map(known.get, words, repeat(-1)))
    for chunk in chunks:
        rows.add(*look_up(chunk), drop_empty=isinstance(chunk, str))
    rows.end()


class LookUp:
    r"""Turns a chunk into the numbers of its words and the ends of its sentences.

    Parameters
    ----------
    numbers
        As in :class:`~tinygrad_w2v.text.word_table.WordTable`.

    Examples
    --------
    >>> LookUp(partial(map, Numbering().__getitem__))("you say\nso you say\n")
    (array([0, 1, 2, 0, 1], dtype=int32), array([2, 5]))
    """

    def __init__(self, numbers: Callable[[list[str]], Iterable[int]]) -> None:
        self._numbers = numbers
        self._table: WordTable | None = None

    def __call__(self, chunk: Chunk) -> tuple[IntArray, IntArray]:
        if isinstance(chunk, Words):
            words = chunk.words
            try:
                numbers = np.fromiter(self._numbers(words), np.int32, len(words))
            except TypeError:  # of what no dictionary holds
                refuse_other_than_words(words)
                raise
            return numbers, chunk.ends
        self._table = self._table or WordTable(self._numbers)
        return self._table.numbers(chunk)


class Numbering(dict[Any, int]):
    """Gives each new word the next number."""

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        return number


def _counted_first(
    read: Callable[[], Iterator[Chunk]],
    chunks: Iterable[Chunk],
    bounded: BoundedCounts,
    rows: CorpusRows,
    rules: VocabularyRules,
) -> Vocabulary:
    """Count the rest of a text within bounds, then read all of it again for its ids."""
    for chunk in chunks:
        bounded.add(*(split_lines(chunk, drop_empty=True) if isinstance(chunk, str) else chunk))
    words = list(bounded.counts)
    counts = np.fromiter(bounded.counts.values(), np.int64, len(words))
    vocabulary = Vocabulary.of_text(words, counts, rules)
    counted = rows.raw_words + bounded.words
    rows.clear()
    encode_words(read(), rows, vocabulary)
    if rows.raw_words != counted:
        raise InputError(
            f"the text had {counted:,} words when it was counted and {rows.raw_words:,} when it "
            "was read again; give one that stays as it is"
        )
    return vocabulary
