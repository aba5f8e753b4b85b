"""Words that come together more often than by chance are one word: ``new_york``.

`Phrases` counts words and pairs of words, and knows which pairs score above a threshold; `Phraser`
keeps those alone. Classes, keywords and scores are gensim's; files are JSON, not pickles.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Self

from tinygrad_w2v._base.arguments import knowing
from tinygrad_w2v._base.checks import real_number, require_number, require_range
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v.text.frozen_phrases import FrozenPhrases, Phraser
from tinygrad_w2v.text.pair_counts import PairCounter, Tally
from tinygrad_w2v.text.phrase_file import read_phrases, write_phrases
from tinygrad_w2v.text.phrase_joining import PhraseModel
from tinygrad_w2v.text.phrase_scores import (
    ENGLISH_CONNECTOR_WORDS,
    SCORERS,
    Scorer,
    check_threshold,
    npmi_scorer,
    original_scorer,
    scorer_of,
)
from tinygrad_w2v.text.rules import keeps

__all__ = [
    "ENGLISH_CONNECTOR_WORDS",
    "FrozenPhrases",
    "Phraser",
    "Phrases",
    "npmi_scorer",
    "original_scorer",
]


class Phrases(PhraseModel):
    """Finds phrases in a text: pairs of words that come together more often than by chance.

    Parameters
    ----------
    sentences : iterable of lists of str, optional
        The text, read once; more of it may follow with :meth:`add_vocab`.
    min_count : float
        Rarer pairs are no phrases.
    threshold : float
        A pair is a phrase when its score is above this: higher, fewer phrases.
    max_vocab_size : int
        When more different words and pairs than this have been met, the rare ones are forgotten, as
        in gensim: those below a count that rises by one each time.
    delimiter : str
        What is put between the words of a phrase.
    progress_per : int
        Taken as in gensim; nothing is printed.
    scoring : {"default", "npmi"} or callable
        The score, or a function of `worda_count`, `wordb_count`, `bigram_count`, `len_vocab`,
        `min_count` and `corpus_word_count`, called with these names.
    connector_words : iterable of str
        Words that may stand inside a phrase, and never begin or end one, such as
        ``ENGLISH_CONNECTOR_WORDS``.

    Attributes
    ----------
    vocab : dict of str to int
        How often each word and each pair came; connector words are not in it.
    corpus_word_count : int
        The number of words of the text.

    Raises
    ------
    InputError
        When a setting is out of its range, or a sentence is no list of words.

    Examples
    --------
    >>> text = [["the", "bank", "of", "america"], ["the", "bank", "of", "america", "said"]]
    >>> phrases = Phrases(text, min_count=1, threshold=1, connector_words=ENGLISH_CONNECTOR_WORDS)
    >>> phrases[["bank", "of", "america", "said"]], phrases.vocab["bank_of_america"]
    (['bank_of_america', 'said'], 2)
    """

    @knowing(common_terms="connector_words")
    def __init__(
        self,
        sentences: Iterable[Iterable[str]] | None = None,
        min_count: float = 5.0,
        threshold: float = 10.0,
        max_vocab_size: int = 40_000_000,
        delimiter: str = "_",
        progress_per: int = 10000,
        scoring: str | Scorer = "default",
        connector_words: Iterable[str] = frozenset(),
    ) -> None:
        self.scoring: Scorer = scorer_of(scoring)
        self.min_count = _number("min_count", min_count)
        if not min_count > 0:
            raise InputError(f"must be a number above 0, not {min_count}", setting="min_count")
        self.threshold = _number("threshold", threshold)
        check_threshold(self.threshold, self.scoring)
        require_number("max_vocab_size", max_vocab_size, whole=True)
        require_range("max_vocab_size", max_vocab_size, 1, math.inf)
        if not isinstance(delimiter, str) or not delimiter:
            raise InputError(
                f"must be a text of one sign or more, not {delimiter!r:.60}", setting="delimiter"
            )
        if isinstance(connector_words, str) or not isinstance(connector_words, Iterable):
            raise InputError(
                f"must be a set of words, such as {{'of', 'the'}}, not {connector_words!r:.60}",
                setting="connector_words",
            )
        self.max_vocab_size = int(max_vocab_size)
        self.delimiter = delimiter
        self.progress_per = progress_per
        self.connector_words = frozenset(connector_words)
        self.corpus_word_count = 0
        self.min_reduce = 1
        self._counter = PairCounter(delimiter, self.connector_words, self.max_vocab_size)
        self._tally = Tally.of([])
        # The counts as strings. They are all that is left where some were forgotten.
        self._vocab: dict[str, int] | None = None
        self._tallied = True
        # What is computed of them when it is needed.
        self._is_unambiguous: bool | None = None
        self._frequent: tuple[int, dict[str, int], dict[str, int], int] | None = None
        if sentences is not None:
            self.add_vocab(sentences)

    def __str__(self) -> str:
        return (
            f"Phrases<{self._different():,} words and pairs, min_count={self.min_count}, "
            f"threshold={self.threshold}, max_vocab_size={self.max_vocab_size}>"
        )

    @property
    def vocab(self) -> dict[str, int]:
        """How often each word and each pair came."""
        if self._vocab is None:
            self._vocab = self._counter.strings(self._tally)
        return self._vocab

    def add_vocab(self, sentences: Iterable[Iterable[str]]) -> None:
        """Count the words and pairs of more text.

        Parameters
        ----------
        sentences
            Each a list of words; read once, from files a piece at a time.

        Raises
        ------
        InputError
            When a sentence is a string, or a word is none.

        Examples
        --------
        >>> phrases = Phrases()
        >>> phrases.add_vocab([["new", "york"]])
        >>> phrases.vocab
        {'new_york': 1, 'new': 1, 'york': 1}
        """
        if isinstance(sentences, (str, bytes)) or not hasattr(sentences, "__iter__"):
            raise InputError(
                f"sentences is {sentences!r:.60}; give an iterable of lists of words, such as "
                "LineSentence(path)"
            )
        counted = self._counter.count(sentences)
        self.corpus_word_count += counted.words
        self._forget_frequent()
        if self._tallied and counted.tally is not None:
            tally = self._tally.merged(counted.tally)
            if len(tally.keys) <= self.max_vocab_size:
                self._tally, self._vocab = tally, None
                return
        added = counted.strings
        if counted.tally is not None:
            added = self._counter.strings(counted.tally)
        vocab = self.vocab
        if not vocab:
            vocab = added
        else:
            self.min_reduce = max(self.min_reduce, counted.threshold)
            for token, count in added.items():
                vocab[token] = vocab.get(token, 0) + count
            if len(vocab) > self.max_vocab_size:
                kept = partial(keeps, min_count=self.min_reduce, trim_rule=None)
                vocab = {token: count for token, count in vocab.items() if kept(token, count)}
                self.min_reduce += 1
        self._vocab, self._tallied, self._tally = vocab, False, Tally.of([])

    def _different(self) -> int:
        """Return the number of different words and pairs."""
        if self._tallied and self._unambiguous():
            return len(self._tally.keys)
        return len(self.vocab)

    def _unambiguous(self) -> bool:
        if self._is_unambiguous is None:
            self._is_unambiguous = self._counter.unambiguous()
        return self._is_unambiguous

    def _forget_frequent(self) -> None:
        self._is_unambiguous = self._frequent = None

    def _enough(self) -> tuple[dict[str, int], dict[str, int], int]:
        """Return what may be a phrase by its count, all counts it needs, and how many there are."""
        # A score of a smaller count is not above the threshold.
        sure = self.scoring is npmi_scorer or (
            self.scoring is original_scorer and self.threshold >= 0
        )
        least = max(math.ceil(self.min_count), 1) if sure else 1
        if self._frequent is None or self._frequent[0] != least:
            counts: dict[str, int]
            if self._tallied and self._unambiguous():
                # The words of a pair are as frequent as the pair.
                counts = enough = self._counter.strings(self._tally, least)
            else:
                counts = self.vocab
                enough = {token: count for token, count in counts.items() if count >= least}
            self._frequent = least, enough, counts, self._different()
        return self._frequent[1:]

    def _tokens(self) -> Iterable[str]:
        return self._enough()[0]

    def score_candidate(
        self, word_a: str, word_b: str, in_between: Sequence[str]
    ) -> tuple[str, float] | tuple[None, None]:
        """Return the phrase that words make up and its score, or ``(None, None)`` if they do not.

        Examples
        --------
        >>> phrases = Phrases([["new", "york"]] * 3, min_count=1, threshold=0.5)
        >>> phrases.score_candidate("new", "york", [])
        ('new_york', 0.6666666666666666)
        """
        enough, counts, different = self._enough()
        phrase = self.delimiter.join([word_a, *in_between, word_b])
        both = enough.get(phrase, 0)
        first, second = counts.get(word_a, 0), counts.get(word_b, 0)
        if not (both and first and second):
            return None, None
        score = self.scoring(
            worda_count=first,
            wordb_count=second,
            bigram_count=both,
            len_vocab=different,
            min_count=self.min_count,
            corpus_word_count=self.corpus_word_count,
        )
        return (phrase, score) if score > self.threshold else (None, None)

    def export_phrases(self) -> dict[str, float]:
        """Return all phrases of the text and their scores.

        As in gensim, a string is read as its first part, its last and those between, so that of
        words that have the delimiter in them already (``new_york`` in a second round) some phrases
        are missing here which ``phrases[sentences]`` finds; :meth:`all_phrases` has them.

        Examples
        --------
        >>> Phrases([["new", "york"]] * 3, min_count=1, threshold=0.5).export_phrases()
        {'new_york': 0.6666666666666666}
        """
        found = {}
        for token in self._tokens():
            parts = token.split(self.delimiter)
            if len(parts) > 1:
                phrase, score = self.score_candidate(parts[0], parts[-1], parts[1:-1])
                if phrase is not None and score is not None:
                    found[phrase] = score
        return found

    def all_phrases(self) -> dict[str, float]:
        """Return all phrases and their scores, those of words that are phrases already among them.

        A string that may be made of several pairs has the highest of their scores; a pair that
        would come more often than one of its words is none.

        Examples
        --------
        >>> text = [["new_york", "city"]] * 3
        >>> phrases = Phrases(text, min_count=1, threshold=0.5)
        >>> phrases.all_phrases(), phrases.export_phrases()
        ({'new_york_city': 0.6666666666666666}, {})
        """
        found: dict[str, float] = {}
        enough, counts, _ = self._enough()
        for token, count in enough.items():
            for head, between, tail in self._readings(token):
                if count > min(counts.get(head, 0), counts.get(tail, 0)):
                    continue
                phrase, score = self.score_candidate(head, tail, between)
                if phrase is not None and score is not None:
                    found[phrase] = max(score, found.get(phrase, score))
        return found

    def _readings(self, token: str) -> Iterator[tuple[str, list[str], str]]:
        """Yield the ways in which a string may be two words and connector words between them."""
        width = len(self.delimiter)
        places = [at for at in range(len(token)) if token.startswith(self.delimiter, at)]
        for number, first in enumerate(places):
            yield token[:first], [], token[first + width :]
            for last in places[number + 1 :]:
                between = token[first + width : last].split(self.delimiter)
                if last >= first + width and self.connector_words.issuperset(between):
                    yield token[:first], between, token[last + width :]

    def freeze(self) -> FrozenPhrases:
        """Return the phrases alone: smaller and quicker, for texts to be joined.

        Examples
        --------
        >>> Phrases([["new", "york"]] * 3, min_count=1, threshold=0.5).freeze().phrasegrams
        {'new_york': 0.6666666666666666}
        """
        return FrozenPhrases(self)

    def save(self, path: PathLike) -> None:
        """Write the counts and settings as JSON; a function of a score by its name alone.

        Raises
        ------
        InputError, WriteError
            When it cannot be written.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "phrases.json")
        ...     Phrases([["new", "york"]]).save(path)
        ...     Phrases.load(path).vocab
        {'new_york': 1, 'new': 1, 'york': 1}
        """
        counts = {
            "max_vocab_size": self.max_vocab_size,
            "corpus_word_count": self.corpus_word_count,
            "min_reduce": self.min_reduce,
            "vocab": self.vocab,
        }
        write_phrases(path, "Phrases", self.settings() | counts)

    @classmethod
    def load(cls, path: PathLike, scoring: Scorer | None = None) -> Self:
        """Read what :meth:`save` wrote.

        Parameters
        ----------
        path
            The file.
        scoring
            The function of the score, where it was one of your own: a file holds its name alone.

        Raises
        ------
        InputError
            When the file is missing, damaged, something else, or needs `scoring`.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> phrases = Phrases([["new", "york", "is", "new"]] * 9, min_count=1, threshold=0.1)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     phrases.save(pathlib.Path(folder, "phrases.json"))
        ...     again = Phrases.load(pathlib.Path(folder, "phrases.json"))
        >>> again.vocab == phrases.vocab
        True
        """
        content = read_phrases(path, "Phrases")
        named = content["scoring"]
        if named not in SCORERS and scoring is None:
            raise InputError(
                f"{path} was made with a score of its own, {named!r:.80}; give the function: "
                f"Phrases.load(path, scoring={named.rpartition(':')[2]:.60})"
            )
        names = ("min_count", "threshold", "max_vocab_size", "delimiter", "connector_words")
        settings = {name: content[name] for name in names}
        try:
            loaded = cls(**settings, scoring=scoring or named)
        except InputError as error:
            raise InputError(f"{path} is damaged: {error}") from error
        loaded._vocab, loaded._tallied = content["vocab"], False
        loaded.corpus_word_count = content["corpus_word_count"]
        loaded.min_reduce = content["min_reduce"]
        return loaded


def _number(name: str, value: Any) -> float:
    """Return a number as Python's own, whole ones whole: scores are made of them."""
    number = real_number(name, value)
    if math.isnan(number) or number == math.inf:
        raise InputError(f"must be a finite number, not {number}", setting=name)
    return int(value) if isinstance(value, numbers.Integral) else number
