"""Whatever holds a text, as blocks of word ids: a corpus, the book's row of ids, sentences.

A block may end in the middle of a sentence; each word carries the number of its sentence.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.errors import InputError, ShapeError
from tinygrad_w2v._base.hashing import UInt64Array
from tinygrad_w2v._base.types import AnyArray, IntArray
from tinygrad_w2v.text.corpus import Corpus, build_corpus, encode_corpus
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.vectors.keys import clean_words

TextLike = Corpus | npt.ArrayLike | Iterable[Iterable[str]]
WordList = Vocabulary | Sequence[str] | Mapping[int, str]


class Block(NamedTuple):
    """Words that follow each other in a text; arrays of one length.

    Attributes
    ----------
    ids : IntArray
        The words.
    sentence : UInt64Array
        The number of each word's sentence.
    position : UInt64Array
        The number of each word in its sentence.
    """

    ids: IntArray
    sentence: UInt64Array
    position: UInt64Array


class Text(NamedTuple):
    """A text that can be read once, and what is known of its words.

    Attributes
    ----------
    words : list of str, or None
        The words by id, if they are known.
    counts : IntArray
        Occurrences of each word, shape (V,).
    corpora : iterable of Corpus
        The text, whole or in parts that end with a sentence.
    """

    words: list[str] | None
    counts: IntArray
    corpora: Iterable[Corpus]

    def blocks(self, block_words: int) -> Iterator[Block]:
        """Yield the text `block_words` words at a time.

        Examples
        --------
        >>> text = open_text([["a", "b", "a"], ["b"]], None, block_words=2)
        >>> [(block.ids.tolist(), block.sentence.tolist()) for block in text.blocks(2)]
        [([0, 1], [0, 0]), ([0, 1], [0, 1])]
        """
        sentences_before = 0
        for corpus in self.corpora:
            for start in range(0, corpus.words, block_words):
                stop = min(start + block_words, corpus.words)
                yield _block(corpus, start, stop, sentences_before)
            sentences_before += corpus.sentences


def open_text(corpus: TextLike, vocabulary: WordList | int | None, block_words: int) -> Text:
    """Bring a text and its vocabulary into one form.

    Parameters
    ----------
    corpus, vocabulary
        As in :func:`~tinygrad_w2v.counting.cooccurrence`.
    block_words
        Sentences are encoded about so many words at a time, if their vocabulary is given.

    Returns
    -------
    Text

    Raises
    ------
    InputError
        When the corpus is a string or holds something else than words or ids, when an id is not
        below V, or when the vocabulary does not go with the corpus.
    ShapeError
        When ids have not one axis.

    Examples
    --------
    >>> open_text(np.array([0, 1, 0]), 3, block_words=2).counts
    array([2, 1, 0])
    """
    if isinstance(corpus, (str, bytes)):
        raise InputError(
            f"the corpus is one string, {corpus[:30]!r}; split it into sentences, each a list of "
            "words, or number its words with text.preprocess"
        )
    if not isinstance(corpus, Corpus):
        if not (hasattr(corpus, "dtype") or _is_row_of_ids(corpus)):
            return _of_sentences(corpus, vocabulary, block_words)
        corpus = _as_one_sentence(corpus)
    return _of_ids(corpus, vocabulary)


def _of_sentences(sentences: Any, vocabulary: WordList | int | None, block_words: int) -> Text:
    if isinstance(vocabulary, (int, np.integer)):
        raise InputError(
            f"vocabulary={vocabulary} goes with word ids; with sentences of words give the words, "
            "or nothing"
        )
    if isinstance(vocabulary, Vocabulary):
        parts = _encoded_parts(sentences, vocabulary, block_words)
        return Text(vocabulary.words, vocabulary.counts, parts)
    if vocabulary is None:
        made, corpus = build_corpus(_checked(sentences), min_count=1)
        return Text(made.words, made.counts, [corpus])
    words = clean_words(vocabulary)
    uncounted = Vocabulary(words, np.zeros(len(words), dtype=np.int64))
    return _of_ids(encode_corpus(_checked(sentences), uncounted), uncounted.words)


def _of_ids(corpus: Corpus, vocabulary: WordList | int | None) -> Text:
    words: list[str] | None = None
    if isinstance(vocabulary, (int, np.integer)):
        size = int(vocabulary)
    elif isinstance(vocabulary, Vocabulary):
        words, size = vocabulary.words, len(vocabulary)
    elif vocabulary is not None:
        words = clean_words(vocabulary)
        size = len(words)
    else:
        size = int(corpus.ids.max()) + 1 if corpus.words else 0
    if size < 1:
        raise InputError("there are no words to count: the corpus or the vocabulary is empty")
    if corpus.words and not (0 <= corpus.ids.min() and corpus.ids.max() < size):
        wrong = corpus.ids.min() if corpus.ids.min() < 0 else corpus.ids.max()
        raise InputError(f"the corpus has the id {wrong}, but the vocabulary has {size} words")
    counts = vocabulary.counts if isinstance(vocabulary, Vocabulary) else _count(corpus.ids, size)
    return Text(words, counts, [corpus])


def _encoded_parts(
    sentences: Iterable[Iterable[str]], vocabulary: Vocabulary, block_words: int
) -> Iterator[Corpus]:
    """Encode sentences as they come, about `block_words` words together."""
    waiting: list[list[str]] = []
    words = 0
    for sentence in _checked(sentences):
        waiting.append(sentence)
        words += len(sentence)
        if words >= block_words:
            yield encode_corpus(waiting, vocabulary)
            waiting, words = [], 0
    if waiting:
        yield encode_corpus(waiting, vocabulary)


def _checked(sentences: Iterable[Iterable[str]]) -> Iterator[list[str]]:
    try:
        numbered = enumerate(sentences)
    except TypeError:
        raise InputError(
            f"the corpus is of type {type(sentences).__name__}; give a Corpus, a row of word ids, "
            "or sentences, each a list of words"
        ) from None
    for number, sentence in numbered:
        if isinstance(sentence, (str, bytes)):
            raise InputError(
                f"sentence {number} is the string {sentence[:30]!r}: its letters would be taken "
                "as words; split it first"
            )
        words = list(sentence)
        if words and not isinstance(words[0], str):
            raise InputError(
                f"sentence {number} holds {words[0]!r}, which is no word; ids are given as one "
                "row, or as a Corpus with the sentences' offsets"
            )
        yield words


def _is_row_of_ids(corpus: Any) -> bool:
    """Say whether a list holds numbers, by its first item."""
    return isinstance(corpus, Sequence) and len(corpus) > 0 and isinstance(corpus[0], Real)


def _as_one_sentence(values: Any) -> Corpus:
    ids = np.asarray(values)
    if ids.ndim != 1:
        raise ShapeError(f"the corpus must be one row of word ids, but has shape {ids.shape}")
    if ids.dtype.kind not in "iu":
        raise InputError(f"the corpus must hold whole numbers (word ids), not {ids.dtype}")
    return Corpus(ids, np.array([0, len(ids)], dtype=np.int64), raw_words=len(ids))


def _count(ids: IntArray, size: int, block: int = 1 << 22) -> AnyArray:
    """Count each id; the ids may be a file in memory that is larger than memory."""
    counts = np.zeros(size, dtype=np.int64)
    for start in range(0, len(ids), block):
        counts += np.bincount(ids[start : start + block].astype(np.int64), minlength=size)
    return counts


def _block(corpus: Corpus, start: int, stop: int, sentences_before: int) -> Block:
    offsets = corpus.offsets
    first = int(np.searchsorted(offsets, start, side="right")) - 1
    last = int(np.searchsorted(offsets, stop, side="left"))
    begins = offsets[first:last]
    lengths = np.diff(np.append(begins, stop).clip(min=start))
    numbers = np.arange(first + sentences_before, last + sentences_before, dtype=np.uint64)
    position = (np.arange(start, stop) - np.repeat(begins, lengths)).astype(np.uint64)
    return Block(corpus.ids[start:stop], np.repeat(numbers, lengths), position)
