"""A text as one row of word ids, cut into sentences.

Words are numbered once, as they are read; everything after this works on arrays.
"""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import InputError, Setting
from tinygrad_w2v._base.files import PathLike, check_writable_folder
from tinygrad_w2v._base.types import IntArray
from tinygrad_w2v.text.numbering import (
    CorpusRows,
    VocabularyRules,
    encode_words,
    number_words,
    sentence_chunks,
)
from tinygrad_w2v.text.rows import GrowingRow
from tinygrad_w2v.text.vocabulary import TrimRule, Vocabulary

_PART = 1 << 20


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
        for start in range(0, self.sentences, _PART):
            yield np.diff(self.offsets[start : start + _PART + 1])

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
        :class:`~tinygrad_w2v.text.bounded.BoundedCounts` says; the text is then read twice.
    folder
        Hold the corpus in a temporary file in this folder and not in memory; it goes away with
        the corpus.

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
    >>> from tinygrad_w2v.text.rows import GrowingRow
    >>> corpus_of(CorpusRows(GrowingRow(np.int32), GrowingRow(np.int64))).sentences
    0
    """
    return Corpus(rows.ids.array(), rows.offsets.array(), rows.raw_words)


@contextmanager
def new_rows(folder: PathLike | None) -> Iterator[CorpusRows]:
    """Give rows in memory, or in files without a name that end with the last use of them.

    Examples
    --------
    >>> with new_rows(tempfile.gettempdir()) as rows:
    ...     rows.add(np.array([3, 5]), np.array([2]))
    ...     corpus = corpus_of(rows)
    >>> corpus.ids.tolist(), corpus.offsets.tolist()
    ([3, 5], [0, 2])
    """
    if folder is None:
        yield CorpusRows(GrowingRow(np.int32), GrowingRow(np.int64))
        return
    check_writable_folder(folder)
    with tempfile.TemporaryFile(dir=folder) as ids, tempfile.TemporaryFile(dir=folder) as offsets:
        yield CorpusRows(GrowingRow(np.int32, ids), GrowingRow(np.int64, offsets))
