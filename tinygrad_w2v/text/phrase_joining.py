"""Phrases in a text are found and joined, from left to right: ``new york`` becomes ``new_york``.

A sentence is looked at word by word, as gensim does it. A text is looked at in large pieces: most
words are no part of any phrase, and of those nothing but that has to be known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, repeat
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import AnyArray, BoolArray, FloatArray, IntArray
from tinygrad_w2v.text.numbering import (
    Chunk,
    LookUp,
    Numbering,
    Words,
    refuse_other_than_sentence,
    sentence_chunks,
)
from tinygrad_w2v.text.phrase_scores import Scorer, scorer_name
from tinygrad_w2v.text.vocabulary import refuse_other_than_words

# What a word may be in a phrase; a sum of these.
_BEGINS, _ENDS, _CONNECTS = 1, 2, 4


class Found(NamedTuple):
    """Phrases in a row of words: where each begins and ends, its one word, its score."""

    first: IntArray
    last: IntArray
    phrases: AnyArray
    scores: FloatArray


class PhraseModel:
    """Base of `Phrases` and `Phraser`: the phrases in sentences are found and joined.

    Attributes
    ----------
    delimiter, connector_words, min_count, threshold, scoring
        The keywords of :class:`Phrases`; `scoring` is the function.
    """

    delimiter: str
    connector_words: frozenset[str]
    min_count: float
    threshold: float
    scoring: Scorer | None
    _scoring_name = ""  # of a function that a file named

    def score_candidate(
        self, word_a: str, word_b: str, in_between: Sequence[str]
    ) -> tuple[str, float] | tuple[None, None]:
        """Return the phrase that words make up and its score, or ``(None, None)`` if they do not.

        Parameters
        ----------
        word_a, word_b
            Its first word and its last.
        in_between
            The connector words between them.
        """
        raise NotImplementedError

    def _tokens(self) -> Iterable[str]:
        """Return all strings that may be phrases."""
        raise NotImplementedError

    def settings(self) -> dict[str, Any]:
        """Return the settings as a file has them, a function of a score by its name.

        Examples
        --------
        >>> from tinygrad_w2v.text.phrases import Phrases
        >>> Phrases().settings()["scoring"]
        'default'
        """
        return {
            "min_count": self.min_count,
            "threshold": self.threshold,
            "delimiter": self.delimiter,
            "scoring": scorer_name(self.scoring) if self.scoring else self._scoring_name,
            "connector_words": sorted(self.connector_words),
        }

    def analyze_sentence(self, sentence: Iterable[str]) -> Iterator[tuple[str, float | None]]:
        """Yield the words of a sentence, with the score of those that are phrases.

        Phrases do not overlap; of two that do, the one that begins first is taken.

        Parameters
        ----------
        sentence
            Its words.

        Yields
        ------
        (str, float or None)
            A word, and None; or several that were joined, and their score.

        Examples
        --------
        >>> from tinygrad_w2v.text.phrases import Phrases
        >>> text = [["a", "new", "york", "day"], ["new", "york", "is", "new"]]
        >>> phrases = Phrases(text, min_count=1, threshold=1)
        >>> list(phrases.analyze_sentence(["new", "york", "is"]))
        [('new_york', 1.6666666666666665), ('is', None)]
        """
        refuse_other_than_sentence(sentence)
        words = list(sentence)
        refuse_other_than_words(words)
        held: list[str] = []
        for word in words:
            if word in self.connector_words:
                if held:
                    held.append(word)
                else:
                    yield word, None
                continue
            if held:
                phrase, score = self.score_candidate(held[0], word, held[1:])
                if phrase is not None:
                    yield phrase, score
                    held = []
                    continue
                for before in held:
                    yield before, None
            held = [word]
            if not word:  # an empty word begins no phrase
                yield word, None
                held = []
        for word in held:
            yield word, None

    def __getitem__(self, sentence: Any) -> Any:
        """Return a sentence with its phrases joined; of sentences, an iterable of such sentences.

        Parameters
        ----------
        sentence
            Words, or sentences. What can be read again gives what can be read again:
            ``Word2Vec(phrases[LineSentence("novel.txt")])`` trains on phrases.

        Raises
        ------
        InputError
            For a string, whose letters would be taken as words.

        Examples
        --------
        >>> from tinygrad_w2v.text.phrases import Phrases
        >>> text = [["a", "new", "york", "day"], ["new", "york", "is", "new"]]
        >>> phrases = Phrases(text, min_count=1, threshold=1)
        >>> phrases[["new", "york"]], list(phrases[[["new", "york"], ["new"]]])
        (['new_york'], [['new_york'], ['new']])
        """
        if isinstance(sentence, (str, bytes)):
            raise InputError(
                f"{sentence!r:.60} is one string, whose letters would be taken as words; split it"
            )
        if not isinstance(sentence, Iterable):
            raise InputError(f"give a list of words, or such lists, not {sentence!r:.60}")
        once = iter(sentence)
        beginning = list(islice(once, 1))
        whole = chain(beginning, once)
        if not beginning or isinstance(beginning[0], str):
            return [word for word, _ in self.analyze_sentence(whole)]
        if once is sentence:
            return (self._joined(words) for words in whole)
        return PhrasedSentences(self, sentence)

    def _joined(self, sentence: Iterable[str]) -> list[str]:
        return [word for word, _ in self.analyze_sentence(sentence)]

    def find_phrases(self, sentences: Iterable[Iterable[str]]) -> dict[str, float]:
        """Return the phrases that sentences hold, and their scores.

        Parameters
        ----------
        sentences
            Each a list of words.

        Examples
        --------
        >>> from tinygrad_w2v.text.phrases import Phrases
        >>> text = [["a", "new", "york", "day"], ["new", "york", "is", "new"]]
        >>> Phrases(text, min_count=1, threshold=1).find_phrases([["new", "york"]])
        {'new_york': 1.6666666666666665}
        """
        pieces = _searched(self, sentence_chunks(sentences))
        return {
            phrase: score
            for *_, found in pieces
            for phrase, score in zip(found.phrases, found.scores.tolist(), strict=True)
        }


class PhraseFinder:
    r"""A quick way to the phrases in a text, for as long as the model is not changed.

    It looks only at words that may begin a phrase and have one that may end it behind them.

    Parameters
    ----------
    model
        What knows the phrases.

    Examples
    --------
    >>> from tinygrad_w2v.text.phrases import Phrases
    >>> text = [["a", "new", "york", "day"], ["new", "york", "is", "new"]]
    >>> finder = PhraseFinder(Phrases(text, min_count=1, threshold=1))
    >>> numbers, ends = finder.look_up("a new york\n")
    >>> found = finder.find(["a", "new", "york"], numbers, ends)
    >>> found.first, found.last, found.phrases
    (array([1]), array([2]), array(['new_york'], dtype=object))
    """

    def __init__(self, model: PhraseModel) -> None:
        self._score = model.score_candidate
        roles: dict[str, int] = {}
        numbers = Numbering()
        beside, apart = [], []
        delimiter, width = model.delimiter, len(model.delimiter)
        for token in model._tokens():
            heads: list[int] = []
            at = token.find(delimiter, 1)  # an empty word begins no phrase
            while at >= 0:
                head, tail = token[:at], token[at + width :]
                roles[head] = roles.get(head, 0) | _BEGINS
                roles[tail] = roles.get(tail, 0) | _ENDS
                apart += [number << 32 | numbers[tail] for number in heads]
                heads.append(numbers[head])
                beside.append(heads[-1] << 32 | numbers[tail])
                at = token.find(delimiter, at + 1)
        for word in model.connector_words:
            roles[word] = _CONNECTS
            numbers[word]
        # All other words have one number, and no role.
        self._roles: AnyArray = np.array([*map(roles.__getitem__, numbers), 0], np.int8)
        # Those that follow each other in a phrase, and those with others between them.
        self._pairs: IntArray = np.unique(np.array(beside, np.int64))
        self._apart: IntArray = np.unique(np.array(apart, np.int64))
        # Of each pair, once it was scored: its phrase, or None, and the score.
        self._scored = np.zeros(len(self._pairs), np.bool_)
        self._phrases: AnyArray = np.full(len(self._pairs), None, object)
        self._scores = np.zeros(len(self._pairs))
        other = len(numbers)
        self.look_up = LookUp(lambda words: map(numbers.get, words, repeat(other)))

    def find(self, words: list[str], numbers: IntArray, ends: IntArray) -> Found:
        """Return the phrases in words that follow each other, by the numbers of `look_up`."""
        role = self._roles.take(numbers)
        places = np.flatnonzero(role != _CONNECTS)
        role = role[places]
        may = np.flatnonzero((role[:-1] & _BEGINS).astype(bool) & (role[1:] & _ENDS).astype(bool))
        first, last = places[may], places[may + 1]
        keys = numbers[first].astype(np.int64) << 32 | numbers[last]
        pair = np.searchsorted(self._pairs, keys)
        right = _holds(self._pairs, pair, keys)
        apart = last - first > 1  # with connector words between them
        right[apart] = _holds(self._apart, np.searchsorted(self._apart, keys[apart]), keys[apart])
        right &= np.searchsorted(ends, first, "right") == np.searchsorted(ends, last, "right")
        first, last, pair, apart = first[right], last[right], pair[right], apart[right]
        beside = np.flatnonzero(~apart)
        for place in beside[~self._scored[pair[beside]]].tolist():
            phrase, score = self._score(words[first[place]], words[last[place]], [])
            self._phrases[pair[place]], self._scores[pair[place]] = phrase, score or 0.0
            self._scored[pair[place]] = True
        phrases, scores = np.full(len(first), None, object), np.zeros(len(first))
        phrases[beside], scores[beside] = self._phrases[pair[beside]], self._scores[pair[beside]]
        for place in np.flatnonzero(apart).tolist():
            begin, end = int(first[place]), int(last[place])
            phrase, score = self._score(words[begin], words[end], words[begin + 1 : end])
            phrases[place], scores[place] = phrase, score or 0.0
        taken = _apart(first, last, np.flatnonzero(phrases.astype(bool)))
        return Found(first[taken], last[taken], phrases[taken], scores[taken])


def _holds(row: IntArray, places: IntArray, keys: IntArray) -> BoolArray:
    """Whether keys stand in an ordered row, at the places where they would."""
    if not len(row):
        return np.zeros(len(keys), np.bool_)
    there: BoolArray = row.take(places, mode="clip") == keys
    return there


def _apart(first: IntArray, last: IntArray, phrases: IntArray) -> IntArray:
    """Of phrases, of which one may begin with the word that ends the one before, each other one."""
    number = np.arange(len(phrases))
    alone = np.ones(len(phrases), np.bool_)
    alone[1:] = first[phrases[1:]] != last[phrases[:-1]]
    begun = np.maximum.accumulate(np.where(alone, number, 0))
    taken: IntArray = phrases[(number - begun) % 2 == 0]
    return taken


class PhrasedSentences:
    """Sentences whose phrases are joined as they are read, from the beginning each time.

    Parameters
    ----------
    phrases
        What knows the phrases.
    sentences
        An iterable of sentences that can be read again.

    Examples
    --------
    >>> from tinygrad_w2v.text.phrases import Phrases
    >>> text = [["a", "new", "york", "day"], ["new", "york", "is", "new"]]
    >>> joined = PhrasedSentences(Phrases(text, min_count=1, threshold=1), text)
    >>> list(joined) == list(joined), len(joined)
    (True, 2)
    """

    def __init__(self, phrases: PhraseModel, sentences: Iterable[Iterable[str]]) -> None:
        self.phrases = phrases
        self.sentences = sentences

    def __iter__(self) -> Iterator[list[str]]:
        for sentence in self.sentences:
            yield self.phrases._joined(sentence)

    def __len__(self) -> int:
        length: Any = self.sentences
        return len(length)

    def chunks(self) -> Iterator[Words]:
        """Yield the same sentences many at a time.

        Yields
        ------
        Words

        Examples
        --------
        >>> from tinygrad_w2v.text.phrases import Phrases
        >>> text = [["a", "new", "york", "day"], ["new", "york", "is", "new"]]
        >>> joined = PhrasedSentences(Phrases(text, min_count=1, threshold=1), text)
        >>> [chunk.words for chunk in joined.chunks()]
        [['a', 'new_york', 'day', 'new_york', 'is', 'new']]
        """
        return joined_chunks(self.phrases, sentence_chunks(self.sentences))


def joined_chunks(phrases: PhraseModel, chunks: Iterable[Chunk]) -> Iterator[Words]:
    r"""Join the phrases in chunks of a text.

    Parameters
    ----------
    phrases
        What knows the phrases.
    chunks
        As of :func:`~tinygrad_w2v.text.numbering.sentence_chunks`.

    Yields
    ------
    Words
        A sentence without words is left out where it was a line of text.

    Examples
    --------
    >>> from tinygrad_w2v.text.phrases import Phrases
    >>> text = [["a", "new", "york", "day"], ["new", "york", "is", "new"]]
    >>> phrases = Phrases(text, min_count=1, threshold=1)
    >>> [(chunk.words, chunk.ends.tolist()) for chunk in joined_chunks(phrases, ["new york\nis\n"])]
    [(['new_york', 'is'], [1, 2])]
    """
    for words, ends, found in _searched(phrases, chunks):
        row = np.array(words, object)
        row[found.first] = found.phrases
        change = np.zeros(len(words) + 1, np.int8)
        change[found.first + 1] += 1
        change[found.last + 1] -= 1
        kept = np.cumsum(change[:-1]) == 0
        before = np.concatenate([[0], np.cumsum(kept)])
        yield Words(row[kept].tolist(), before[ends])


def _searched(
    phrases: PhraseModel, chunks: Iterable[Chunk]
) -> Iterator[tuple[list[str], IntArray, Found]]:
    """Yield the words of a text, the ends of its sentences and the phrases, a piece at a time.

    A word that the next piece may make a phrase of, with all behind it, waits for that.
    """
    finder = PhraseFinder(phrases)
    rest: list[str] = []
    rest_numbers: IntArray = np.zeros(0, np.int32)
    before = 0  # words of the sentence that goes on, yielded already
    for chunk in chunks:
        numbers, ends = finder.look_up(chunk)
        words = chunk.split() if isinstance(chunk, str) else chunk.words
        words, ends = rest + words, ends + len(rest)
        numbers = np.concatenate([rest_numbers, numbers])
        if isinstance(chunk, str):
            ends = ends[np.diff(ends, prepend=-before) > 0]
        found = finder.find(words, numbers, ends)
        opened = int(ends[-1]) if len(ends) else 0
        free = max(opened, int(found.last[-1]) + 1 if len(found.last) else 0)
        held = len(words)
        while held > free and words[held - 1] in phrases.connector_words:
            held -= 1
        held = held - 1 if held > free else len(words)
        rest, rest_numbers = words[held:], numbers[held:]
        before = held - opened if len(ends) else before + held
        yield words[:held], ends, found
    if rest:
        nothing = np.zeros(0, np.int64)
        yield rest, nothing, Found(nothing, nothing, nothing.astype(object), nothing.astype(float))
