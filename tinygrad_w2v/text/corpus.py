"""A text as one row of word ids, divided into sentences.

Words are numbered once, as they are read; everything after this works on arrays, a block at a
time, because the rows may be mapped from files larger than memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from tinygrad_w2v._base import hashing
from tinygrad_w2v._base.errors import InputError, Setting
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.types import BoolArray, IntArray
from tinygrad_w2v.text.numbering import encode_words, number_words, sentence_chunks
from tinygrad_w2v.text.resources import check_free_space
from tinygrad_w2v.text.rows import BLOCK, CorpusRows, new_rows
from tinygrad_w2v.text.rules import TrimRule, VocabularyRules
from tinygrad_w2v.text.vocabulary import Vocabulary

# The stream of draws that no window uses.
_STREAM = np.uint64(16)


class Corpus(NamedTuple):
    """The ids of all words of a text, in order, and where each sentence begins.

    Sentence ``s`` is ``ids[offsets[s]:offsets[s + 1]]``. Words that are not in the vocabulary
    are not in the corpus either: their neighbours move together, as in word2vec. Both rows may
    be mapped from files.

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
    >>> corpus.words, corpus.sentences
    (3, 2)
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
        return max((int(lengths.max()) for lengths in self._lengths()), default=0)

    def sentences_of(self, words: int) -> int:
        """Return how many sentences have exactly so many words.

        Examples
        --------
        >>> _, corpus = build_corpus([["a", "b"], ["b"]], min_count=1)
        >>> corpus.sentences_of(1)
        1
        """
        return sum(int(np.count_nonzero(lengths == words)) for lengths in self._lengths())

    def _lengths(self) -> Iterator[IntArray]:
        """Yield the lengths of all sentences, in parts: offsets may be a large file."""
        for start in range(0, self.sentences, BLOCK):
            yield np.diff(self.offsets[start : start + BLOCK + 1])

    def blocks(self) -> Iterator[tuple[int, IntArray, IntArray]]:
        """Yield all ids in blocks of bounded size.

        Yields
        ------
        first : int
            The number of the sentence to which the first id belongs.
        ids : IntArray
            The ids of a block.
        ends : IntArray
            The positions in `ids` after the last words of `first` and the sentences after it, as
            far as they end here; the block's last sentence may continue in the next block.

        Examples
        --------
        >>> _, corpus = build_corpus([["a", "b"], ["b"]], min_count=1)
        >>> [(first, ids.tolist(), ends.tolist()) for first, ids, ends in corpus.blocks()]
        [(0, [1, 0, 0], [2, 3])]
        """
        first = 0
        for start in range(0, max(self.words, 1), BLOCK):
            ids = self.ids[start : start + BLOCK]
            ended = int(np.searchsorted(self.offsets, start + len(ids), side="right")) - 1
            yield first, ids, self.offsets[first + 1 : ended + 1] - start
            first = ended

    def renumbered(self, new: IntArray, folder: PathLike | None = None) -> Corpus:
        """Return the text by other ids; words whose new id is below 0 are left out.

        Parameters
        ----------
        new
            int32, the new id of each old one.
        folder
            As in :func:`build_corpus`.

        Examples
        --------
        >>> _, corpus = build_corpus([["a", "b"], ["b"]], min_count=1)
        >>> corpus.renumbered(np.array([5, -1], np.int32)).ids
        array([5, 5], dtype=int32)
        """
        self._check_space(folder)
        with new_rows(folder) as rows:
            for _, ids, ends in self.blocks():
                rows.add(new.take(ids), ends)
            rows.raw_words = self.raw_words
            return corpus_of(rows)

    def split(
        self, share: float, seed: int, folder: PathLike | None = None
    ) -> tuple[Corpus, Corpus]:
        """Divide the sentences at random, always the same for a seed.

        Parameters
        ----------
        share
            The share of the sentences in the second part, between 0 and 1.
        seed
            Of the draw.
        folder
            As in :func:`build_corpus`, for both parts.

        Returns
        -------
        larger, smaller : Corpus
            Both with the sentences in their order.

        Raises
        ------
        InputError
            When a part has no sentence of two words, in which there is nothing to predict, or
            when the folder has too little space or cannot be written.

        Examples
        --------
        >>> _, corpus = build_corpus([["you", "say"], ["i", "say"]] * 50, min_count=1)
        >>> training, heldout = corpus.split(0.1, seed=1)
        >>> training.sentences, heldout.sentences
        (92, 8)
        """
        if not 0 < share < 1:
            raise InputError(f"must be a share between 0 and 1, not {share}", setting="heldout")
        self._check_space(folder)
        with new_rows(folder) as larger_rows, new_rows(folder) as smaller_rows:
            for first, ids, ends in self.blocks():
                lengths = np.diff(ends, prepend=0, append=len(ids))
                held_out = _held_out(first, len(lengths), share, seed)
                for rows, chosen in ((smaller_rows, held_out), (larger_rows, ~held_out)):
                    rows.add(np.where(np.repeat(chosen, lengths), ids, -1), ends[chosen[:-1]])
            smaller_rows.raw_words = round(self.raw_words * share)
            larger_rows.raw_words = self.raw_words - smaller_rows.raw_words
            larger, smaller = corpus_of(larger_rows), corpus_of(smaller_rows)
        for part, name in ((smaller, "held-out part"), (larger, "part to train on")):
            if part.longest_sentence() < 2:
                raise InputError(
                    f"{share} leaves no sentence of two words in the {name} of "
                    f"{self.sentences} sentences; use another share, or a longer text",
                    setting="heldout",
                )
        return larger, smaller

    def digest(self, vocabulary: Vocabulary) -> str:
        """Return the SHA-256 of the text and its vocabulary: all that training sees of a text.

        Examples
        --------
        >>> vocabulary, corpus = build_corpus([["you", "say"]], min_count=1)
        >>> corpus.digest(vocabulary)[:8]
        'f335bdb3'
        """
        digest = hashlib.sha256()
        for word, count in zip(vocabulary.words, vocabulary.counts.tolist(), strict=True):
            digest.update(word.encode("utf-8", "surrogatepass") + b"\0%d\0" % count)
        for numbers in (self.offsets, self.ids):
            digest.update(np.ascontiguousarray(numbers).data)
        return digest.hexdigest()

    def _check_space(self, folder: PathLike | None) -> None:
        if folder is not None:
            check_free_space(self.ids.nbytes + self.offsets.nbytes, folder)

    def check_context(self) -> None:
        """Raise an InputError when no word has a neighbour."""
        if self.longest_sentence() < 2:
            raise InputError(
                "no sentence has two words of the vocabulary, so there is no context to learn from",
                remedy=("use a smaller ", Setting("min_count"), " or a longer text"),
            )

    def check_window(self, window: int) -> None:
        """Raise an InputError when `window` is not positive, or larger than the whole text.

        Windows are cut at the ends of sentences, so that one larger than every sentence does no
        harm; but whoever asks for one larger than the text has most likely given the wrong text.
        """
        if window < 1:
            raise InputError(f"must be 1 or more, not {window}", setting="window")
        self.check_context()
        if window > len(self.ids):
            raise InputError(
                f"{window} is larger than the text of {len(self.ids)} words",
                setting="window",
                remedy=("use ", Setting("window", self.longest_sentence() - 1), " or less"),
            )


def build_corpus(
    sentences: Iterable[Iterable[str]],
    min_count: int = 5,
    max_size: int | None = None,
    *,
    max_vocab_size: int | None = None,
    trim_rule: TrimRule | None = None,
    folder: PathLike | None = None,
) -> tuple[Vocabulary, Corpus]:
    """Make the vocabulary and the corpus of a text in one reading.

    Parameters
    ----------
    sentences
        Each a list of words.
    min_count, max_size, trim_rule
        As in :meth:`Vocabulary.from_counts`.
    max_vocab_size
        When more types than this have been met, the rare ones are forgotten, as
        :class:`~tinygrad_w2v.text.rules.BoundedCounts` says; the text is then read twice.
    folder
        Hold the corpus in a temporary file in this folder and not in memory; the file vanishes
        with the corpus.

    Returns
    -------
    vocabulary : Vocabulary
    corpus : Corpus

    Raises
    ------
    InputError
        When a sentence is a string, when fewer than two words are left, when a text that must
        be read twice cannot, or when the folder cannot be written.

    Examples
    --------
    >>> text = [["you", "say", "goodbye"], ["i", "say", "hello"]]
    >>> vocabulary, corpus = build_corpus(text, min_count=1)
    >>> vocabulary.words, corpus.ids
    (['say', 'you', 'goodbye', 'i', 'hello'], array([1, 0, 2, 3, 0, 4], dtype=int32))
    """
    rules = VocabularyRules(min_count, max_size, max_vocab_size, trim_rule)
    once = iter(sentences) is sentences
    with new_rows(folder) as rows:
        vocabulary = number_words(lambda: sentence_chunks(sentences), rows, rules, once)
        return vocabulary, corpus_of(rows)


def encode_corpus(
    sentences: Iterable[Iterable[str]], vocabulary: Vocabulary, *, folder: PathLike | None = None
) -> Corpus:
    """Make the corpus of a text for a vocabulary that exists.

    Parameters
    ----------
    sentences
        Each a list of words; those not in the vocabulary are dropped.
    vocabulary
        The words and their ids.
    folder
        As in :func:`build_corpus`.

    Returns
    -------
    Corpus

    Raises
    ------
    InputError
        When a sentence is a string, or the folder cannot be written.

    Examples
    --------
    >>> encode_corpus([["say", "what"]], Vocabulary(["say", "you"], [2, 1])).words
    1
    """
    with new_rows(folder) as rows:
        encode_words(sentence_chunks(sentences), rows, vocabulary)
        return corpus_of(rows)


def corpus_of(rows: CorpusRows) -> Corpus:
    """Return the corpus whose rows have been written.

    Examples
    --------
    >>> corpus_of(CorpusRows()).sentences
    0
    """
    return Corpus(rows.ids.array(), rows.offsets.array(), rows.raw_words)


def _held_out(first: int, sentences: int, share: float, seed: int) -> BoolArray:
    """Whether each of the sentences from `first` on is held out."""
    numbers = np.arange(first, first + sentences, dtype=np.uint64)
    nothing = np.zeros(1, dtype=np.uint64)
    key = hashing.stream_key(seed, 0, _STREAM)
    return hashing.uniform(hashing.draw(key, numbers, nothing, nothing)) < share
