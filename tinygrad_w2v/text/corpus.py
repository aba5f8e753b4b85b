"""A text as one row of word ids, cut into sentences.

Words are numbered once, as they are read; everything after this works on arrays.
"""

from array import array
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import AnyArray, IntArray
from tinygrad_w2v.text.vocabulary import Vocabulary, frequent_first, too_few_words


class Corpus(NamedTuple):
    """The ids of all words of a text, in order, and where each sentence begins.

    Sentence ``s`` is ``ids[offsets[s]:offsets[s + 1]]``. Words that are not in the vocabulary
    are not in the corpus either: their neighbours move together, as in word2vec.

    Attributes
    ----------
    ids : IntArray
        int32, shape (number of words,).
    offsets : IntArray
        int64, shape (number of sentences + 1,), from 0 to the number of words.
    raw_words : int
        The number of words of the text, unknown ones included.

    Examples
    --------
    >>> vocabulary = Vocabulary(["say", "you"], [2, 1])
    >>> corpus = encode_corpus([["you", "say"], ["i", "say"]], vocabulary)
    >>> corpus.ids, corpus.offsets, corpus.raw_words
    (array([1, 0, 0], dtype=int32), array([0, 2, 3]), 4)
    """

    ids: IntArray
    offsets: IntArray
    raw_words: int

    @property
    def words(self) -> int:
        """The number of words in the vocabulary that the corpus holds."""
        return len(self.ids)

    @property
    def sentences(self) -> int:
        """The number of sentences, those without a known word included."""
        return len(self.offsets) - 1

    def sentence(self, number: int) -> IntArray:
        """Return the ids of one sentence.

        Examples
        --------
        >>> _, corpus = build_corpus([["a", "b"], ["b"]], min_count=1)
        >>> corpus.sentence(1)
        array([0], dtype=int32)
        """
        return self.ids[self.offsets[number] : self.offsets[number + 1]]

    def longest_sentence(self) -> int:
        """Return the number of words of the longest sentence.

        Examples
        --------
        >>> _, corpus = build_corpus([["a", "b"], ["b"]], min_count=1)
        >>> corpus.longest_sentence()
        2
        """
        return int(np.diff(self.offsets).max(initial=0))

    def check_context(self) -> None:
        """Raise an InputError when no word has a neighbour."""
        if self.longest_sentence() < 2:
            raise InputError(
                "no sentence has two words of the vocabulary, so there is no context to learn "
                "from; use a smaller --min-count or a longer text"
            )

    def check_window(self, window: int) -> None:
        """Raise an InputError when `window` is not positive or no sentence is that long.

        A window that is cut at both ends of every sentence does no harm, but whoever asks for it
        has most likely given the wrong text.
        """
        if window < 1:
            raise InputError(f"window must be 1 or more, not {window}")
        self.check_context()
        longest = self.longest_sentence()
        if window > longest:
            raise InputError(
                f"window {window} is larger than the longest sentence of {longest} words; "
                f"use --window {longest - 1} or less"
            )


class _Numbering(dict[str, int]):
    """Gives each new word the next number."""

    def __missing__(self, word: str) -> int:
        number = self[word] = len(self)
        return number


def build_corpus(
    sentences: Iterable[Iterable[str]], min_count: int = 5, max_size: int | None = None
) -> tuple[Vocabulary, Corpus]:
    """Make the vocabulary and the corpus of a text in one reading.

    Parameters
    ----------
    sentences
        Each a list of words.
    min_count, max_size
        As in :meth:`Vocabulary.from_counts`.

    Returns
    -------
    vocabulary : Vocabulary
    corpus : Corpus

    Raises
    ------
    InputError
        When a sentence is a string, or when fewer than two words are left.

    Examples
    --------
    >>> text = [["you", "say", "goodbye"], ["i", "say", "hello"]]
    >>> vocabulary, corpus = build_corpus(text, min_count=1)
    >>> vocabulary.words, corpus.ids
    (['say', 'you', 'goodbye', 'i', 'hello'], array([1, 0, 2, 3, 0, 4], dtype=int32))
    """
    numbering = _Numbering()
    numbers, lengths = array("i"), array("q")
    for sentence in sentences:
        _refuse_string(sentence)
        before = len(numbers)
        numbers.extend(map(numbering.__getitem__, sentence))
        lengths.append(len(numbers) - before)
    words = list(numbering)
    read = np.frombuffer(numbers, dtype=np.intc) if numbers else np.zeros(0, np.intc)
    counts = np.bincount(read, minlength=len(words))
    kept = frequent_first(counts, min_count, max_size)
    if len(kept) < 2:
        raise InputError(too_few_words(words, counts, min_count, max_size))
    ids = np.full(len(words), -1, dtype=np.int32)
    ids[kept] = np.arange(len(kept), dtype=np.int32)
    vocabulary = Vocabulary([words[number] for number in kept], counts[kept])
    return vocabulary, _without_unknown(ids[read], np.array(lengths, dtype=np.int64))


def encode_corpus(sentences: Iterable[Iterable[str]], vocabulary: Vocabulary) -> Corpus:
    """Make the corpus of a text for a vocabulary that exists.

    Parameters
    ----------
    sentences
        Each a list of words; those not in the vocabulary are dropped.
    vocabulary
        The words and their ids.

    Returns
    -------
    Corpus

    Raises
    ------
    InputError
        When a sentence is a string.

    Examples
    --------
    >>> encode_corpus([["say", "what"]], Vocabulary(["say", "you"], [2, 1])).words
    1
    """
    known = vocabulary.word_to_id
    ids, lengths = array("i"), array("q")
    for sentence in sentences:
        _refuse_string(sentence)
        before = len(ids)
        ids.extend([known.get(word, -1) for word in sentence])
        lengths.append(len(ids) - before)
    return _without_unknown(np.array(ids, dtype=np.int32), np.array(lengths, dtype=np.int64))


def _without_unknown(ids: AnyArray, lengths: AnyArray) -> Corpus:
    """Drop the ids -1 and count the sentences' lengths anew."""
    known = ids >= 0
    ends = np.cumsum(lengths)
    kept_before = np.concatenate([[0], np.cumsum(known, dtype=np.int64)])
    offsets = np.concatenate([[0], kept_before[ends]]).astype(np.int64)
    return Corpus(np.ascontiguousarray(ids[known]), offsets, raw_words=len(ids))


def _refuse_string(sentence: Iterable[str]) -> None:
    if isinstance(sentence, str):
        raise InputError(
            f"a sentence must be a list of words, not the string {sentence[:30]!r}: its letters "
            "would be taken as words; split it first"
        )
