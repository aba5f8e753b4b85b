"""Words become numbers in one reading: each new word takes the next number.

Numbers are written as they come. When the text ends and it is known which words are frequent
enough, the row is gone through once more, in blocks and in place: numbers become ids, the words
that are left out go. So a text is cut into words once, whatever its size.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, repeat
from typing import NamedTuple, NoReturn

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.memory import require_memory
from tinygrad_w2v._base.types import AnyArray, IntArray
from tinygrad_w2v._base.user_code import noting
from tinygrad_w2v.text.bounded import BoundedCounts, check_limit
from tinygrad_w2v.text.rows import GrowingRow
from tinygrad_w2v.text.vocabulary import TrimRule, Vocabulary, check_rule, kept_places
from tinygrad_w2v.text.word_table import WordTable

# How many words are worked on at a time: read as strings, and as numbers.
CHUNK_WORDS = 1 << 18
BLOCK = 1 << 22
# By measurement: a word with its number and its place in a table, while the table grows.
BYTES_A_TYPE = 170
# After so many more different words, what is left of the memory is looked at.
LOOKED_AT = 1 << 20


@dataclass(frozen=True)
class VocabularyRules:
    """Which words of a text are learned; names and defaults are gensim's.

    Attributes
    ----------
    min_count : int
        Rarer words are left out.
    max_final_vocab : int, optional
        When more words than this are left, `min_count` is raised until it fits.
    max_vocab_size : int, optional
        When more types than this have been met, the rare ones are forgotten
        (:class:`~tinygrad_w2v.text.bounded.BoundedCounts`); the text is then read twice.
    trim_rule : callable, optional
        As in :meth:`Vocabulary.from_counts`.

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
        check_rule(self.trim_rule)

    def kept(self, words: list[str], counts: IntArray) -> IntArray:
        """Return the places of the words that are learned, most frequent first.

        Examples
        --------
        >>> VocabularyRules(min_count=2).kept(["a", "b", "c"], np.array([2, 1, 3]))
        array([2, 0])
        """
        return kept_places(words, counts, self.min_count, self.max_final_vocab, self.trim_rule)


class Words(NamedTuple):
    """Words that follow each other in a text.

    Attributes
    ----------
    words : list of str
        The words.
    ends : IntArray
        The place after each sentence's last word. Words after the last end are a sentence that
        goes on in the next chunk.
    """

    words: list[str]
    ends: IntArray


# Part of a text: its words, or text that is to be cut at white space, where a line is a sentence
# unless it is blank.
Chunk = Words | str


def sentence_chunks(sentences: Iterable[Iterable[str]]) -> Iterator[Chunk]:
    """Gather sentences into chunks.

    Parameters
    ----------
    sentences
        Each a list of words. An object with a method `chunks`, as
        :class:`~tinygrad_w2v.text.sentences.LineSentence` is, is asked for chunks itself: it may
        have text that has not been cut into words yet.

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
    """Gather sentences into chunks, whatever else the object that yields them can do.

    Examples
    --------
    >>> [chunk.words for chunk in gathered([["a"], ["b"]])]
    [['a', 'b']]
    """
    words: list[str] = []
    ends: list[int] = []
    with noting("sentences of class", sentences):
        for sentence in sentences:
            if isinstance(sentence, str) or not hasattr(sentence, "__iter__"):
                _refuse_sentence(sentence)
            words.extend(sentence)
            ends.append(len(words))
            if len(words) + len(ends) >= CHUNK_WORDS:
                yield Words(words, np.array(ends))
                words, ends = [], []
    if ends:
        yield Words(words, np.array(ends))


def _refuse_sentence(sentence: object) -> NoReturn:
    if not isinstance(sentence, str):
        raise InputError(f"a sentence must be a list of words, not {sentence!r:.60}")
    raise InputError(
        f"a sentence must be a list of words, not the string {sentence[:30]!r}: its letters would "
        "be taken as words; split it first"
    )


class CorpusRows:
    """The rows of a corpus while it is written: ids, and where each sentence ends.

    Parameters
    ----------
    ids, offsets
        Empty rows of int32 and int64, in memory or in files.

    Attributes
    ----------
    raw_words : int
        The number of words so far, unknown ones included.

    Examples
    --------
    >>> rows = CorpusRows(GrowingRow(np.int32), GrowingRow(np.int64))
    >>> rows.add(np.array([3, -1, 5]), np.array([2, 3]))
    >>> rows.ids.array(), rows.offsets.array(), rows.raw_words
    (array([3, 5], dtype=int32), array([0, 1, 2]), 3)
    """

    def __init__(self, ids: GrowingRow, offsets: GrowingRow) -> None:
        self.ids, self.offsets = ids, offsets
        self.clear()

    def clear(self) -> None:
        """Forget all that was written.

        Examples
        --------
        >>> rows = CorpusRows(GrowingRow(np.int32), GrowingRow(np.int64))
        >>> rows.clear()
        >>> rows.offsets.array()
        array([0])
        """
        self.ids.cut(0)
        self.offsets.cut(0)
        self.offsets.append(np.zeros(1, np.int64))
        self.raw_words = 0
        self._raw_end = 0

    def add(self, numbers: IntArray, ends: IntArray, drop_empty: bool = False) -> None:
        """Write numbers that follow each other; those below 0 are unknown words and left out.

        Parameters
        ----------
        numbers
            One a word.
        ends
            The place after each sentence's last word.
        drop_empty
            Leave out sentences without words.

        Examples
        --------
        >>> rows = CorpusRows(GrowingRow(np.int32), GrowingRow(np.int64))
        >>> rows.add(np.array([3, 5]), np.array([1, 1, 2]), drop_empty=True)
        >>> rows.ids.array(), rows.offsets.array()
        (array([3, 5], dtype=int32), array([0, 1, 2]))
        """
        if drop_empty:
            ends = ends[np.diff(ends, prepend=self._raw_end - self.raw_words) > 0]
        if len(ends):
            self._raw_end = self.raw_words + int(ends[-1])
        self.raw_words += len(numbers)
        known = numbers >= 0
        if not known.all():
            ends = _running(known).take(ends)
            numbers = numbers[known]
        self.offsets.append(len(self.ids) + ends)
        self.ids.append(numbers)

    def end(self) -> None:
        """Close a sentence that the text's end leaves open; nothing is written after this.

        Examples
        --------
        >>> rows = CorpusRows(GrowingRow(np.int32), GrowingRow(np.int64))
        >>> rows.add(np.array([3, 5]), np.array([], int)); rows.end()
        >>> rows.offsets.array()
        array([0, 2])
        """
        if self._raw_end < self.raw_words:
            self.offsets.append(np.array([len(self.ids)]))
            self._raw_end = self.raw_words
        self.ids.cut(len(self.ids))
        self.offsets.cut(len(self.offsets))

    def counts(self, numbers: int) -> IntArray:
        """Return how often each number below `numbers` was written.

        Examples
        --------
        >>> rows = CorpusRows(GrowingRow(np.int32), GrowingRow(np.int64))
        >>> rows.add(np.array([2, 0, 2]), np.array([3]))
        >>> rows.counts(3)
        array([1, 0, 2])
        """
        row = self.ids.array()
        total = np.zeros(numbers, np.int64)
        for start in range(0, len(row), BLOCK):
            total += np.bincount(row[start : start + BLOCK], minlength=numbers)
        return total

    def renumber(self, new: AnyArray) -> None:
        """Replace each number by its new one, in place; words whose new number is -1 go.

        Parameters
        ----------
        new
            int32, the new number of each old one.

        Examples
        --------
        >>> rows = CorpusRows(GrowingRow(np.int32), GrowingRow(np.int64))
        >>> rows.add(np.array([0, 1, 2]), np.array([2, 3]))
        >>> rows.renumber(np.array([-1, 1, 0], np.int32))
        >>> rows.ids.array(), rows.offsets.array()
        (array([1, 0], dtype=int32), array([0, 1, 2]))
        """
        row, ends = self.ids.array(), self.offsets.array()
        written = first = 0
        for start in range(0, len(row), BLOCK):
            block = new.take(row[start : start + BLOCK])
            known = block >= 0
            last = int(np.searchsorted(ends, start + len(block), side="right"))
            # What was renumbered has moved towards the beginning, so the ends stay in order.
            ends[first:last] = written + _running(known).take(ends[first:last] - start)
            block = block[known]
            row[written : written + len(block)] = block
            written, first = written + len(block), last
        del row, ends
        self.ids.cut(written)


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
    >>> rows = CorpusRows(GrowingRow(np.int32), GrowingRow(np.int64))
    >>> read = lambda: iter(["you say\nso you say\n"])
    >>> number_words(read, rows, VocabularyRules(min_count=2)).words
    ['you', 'say']
    >>> rows.ids.array(), rows.offsets.array(), rows.raw_words
    (array([0, 1, 0, 1], dtype=int32), array([0, 2, 4]), 5)
    """
    numbering = _Numbering()
    look_up = _LookUp(partial(map, numbering.__getitem__))
    limit, looked_at = rules.max_vocab_size, 0
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
        if len(numbering) >= looked_at + LOOKED_AT:
            looked_at = len(numbering)
            # A table that is full is copied into one of twice its size.
            require_memory(
                LOOKED_AT * BYTES_A_TYPE + 2 * sys.getsizeof(numbering),
                f"more words than the {looked_at:,} different ones so far",
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
    return _vocabulary(words, counts, kept)


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
    >>> rows = CorpusRows(GrowingRow(np.int32), GrowingRow(np.int64))
    >>> encode_words(["you say\n"], rows, Vocabulary(["a", "say"], [1, 1]))
    >>> rows.ids.array(), rows.raw_words
    (array([1], dtype=int32), 2)
    """
    known = vocabulary.word_to_id
    look_up = _LookUp(lambda words: map(known.get, words, repeat(-1)))
    for chunk in chunks:
        rows.add(*look_up(chunk), drop_empty=isinstance(chunk, str))
    rows.end()


class _LookUp:
    """Turns a chunk into the numbers of its words and the ends of its sentences."""

    def __init__(self, numbers: Callable[[list[str]], Iterable[int]]) -> None:
        self._numbers = numbers
        self._table: WordTable | None = None

    def __call__(self, chunk: Chunk) -> tuple[IntArray, IntArray]:
        if isinstance(chunk, Words):
            words = chunk.words
            try:
                numbers = np.fromiter(self._numbers(words), np.int32, len(words))
            except TypeError:  # of what no dictionary holds
                _refuse_others(words)
                raise
            return numbers, chunk.ends
        self._table = self._table or WordTable(self._numbers)
        return self._table.numbers(chunk)


class _Numbering(dict[str, int]):
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
        if isinstance(chunk, str):
            bounded.add_text(chunk)
        else:
            bounded.add(*chunk)
    words = list(bounded.counts)
    counts = np.fromiter(bounded.counts.values(), np.int64, len(words))
    vocabulary = _vocabulary(words, counts, rules.kept(words, counts))
    counted = rows.raw_words + bounded.words
    rows.clear()
    encode_words(read(), rows, vocabulary)
    if rows.raw_words != counted:
        raise InputError(
            f"the text had {counted:,} words when it was counted and {rows.raw_words:,} when it "
            "was read again; give one that stays as it is"
        )
    return vocabulary


def _vocabulary(words: list[str], counts: IntArray, kept: IntArray) -> Vocabulary:
    chosen = [words[place] for place in kept]
    _refuse_others(chosen)
    return Vocabulary(chosen, counts[kept])


def _refuse_others(words: Iterable[object]) -> None:
    """Refuse what is no word."""
    for word in words:
        if not isinstance(word, str):
            raise InputError(
                f"a word must be a string, but {word!r:.60} is {type(word).__name__}; use str(word)"
            )


def _running(known: AnyArray) -> IntArray:
    """Return how many of `known` are true before each place, and before the end."""
    before = np.zeros(len(known) + 1, np.int64)
    np.cumsum(known, out=before[1:])
    return before
