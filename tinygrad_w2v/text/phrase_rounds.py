"""Phrases of more than two words, in rounds: what one round has joined is a word in the next.

Two rounds find ``new_york_times``; a round more, longer ones. The text is read once in each.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tinygrad_w2v._base.checks import require_number, require_range
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike, safe_write
from tinygrad_w2v.text.numbering import Chunk
from tinygrad_w2v.text.phrase_file import bytes_of, check_fields, read_phrases
from tinygrad_w2v.text.phrase_joining import joined_chunks
from tinygrad_w2v.text.phrases import Phraser, Phrases
from tinygrad_w2v.text.word_table import split_lines

MOST_ROUNDS = 10


@dataclass(frozen=True)
class PhraseSettings:
    """How the phrases of a text are found; see :class:`~tinygrad_w2v.text.phrases.Phrases`.

    Attributes
    ----------
    rounds : int
        How often phrases are joined: n rounds make phrases of up to 2 ** n words.

    Examples
    --------
    >>> PhraseSettings(rounds=2).threshold
    10.0
    """

    rounds: int = 1
    min_count: float = 5.0
    threshold: float = 10.0
    scoring: str = "default"
    delimiter: str = "_"
    connector_words: frozenset[str] = field(default_factory=frozenset)
    max_vocab_size: int = 40_000_000

    def __post_init__(self) -> None:
        require_number("rounds", self.rounds, whole=True)
        require_range("rounds", self.rounds, 1, MOST_ROUNDS)
        self.phrases()

    def phrases(self) -> Phrases:
        """Return a `Phrases` without a text.

        Raises
        ------
        InputError
            When a setting is out of its range.
        """
        return Phrases(
            min_count=self.min_count,
            threshold=self.threshold,
            max_vocab_size=self.max_vocab_size,
            delimiter=self.delimiter,
            scoring=self.scoring,
            connector_words=self.connector_words,
        )


class PhraseRounds:
    r"""The phrases of one round or more, to be joined one round after the other.

    Parameters
    ----------
    rounds
        The phrases of each.

    Examples
    --------
    >>> settings = Phrases().freeze().settings()
    >>> made = [Phraser.of(settings, {word: 11.0}) for word in ("new_york", "new_york_times")]
    >>> [chunk.words for chunk in PhraseRounds(made).chunks(["the new york times\n"])]
    [['the', 'new_york_times']]
    """

    def __init__(self, rounds: Iterable[Phraser]) -> None:
        self.rounds = list(rounds)

    def chunks(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """Join the phrases in chunks of a text."""
        for phrases in self.rounds:
            chunks = joined_chunks(phrases, chunks)
        return iter(chunks)

    def scores(self) -> dict[str, float]:
        """Return the phrases of all rounds and their scores, the highest first."""
        found = {
            phrase: score for each in self.rounds for phrase, score in each.phrasegrams.items()
        }
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def to_json(self) -> dict[str, Any]:
        """Return them as what JSON holds.

        Examples
        --------
        >>> rounds = PhraseRounds([Phrases().freeze()])
        >>> PhraseRounds.from_json(rounds.to_json(), "phrases.json").digest() == rounds.digest()
        True
        """
        of_each = [
            {"kind": "Phraser", **each.settings(), "phrases": each.phrasegrams}
            for each in self.rounds
        ]
        return of_each[0] if len(of_each) == 1 else {"kind": "rounds", "rounds": of_each}

    @classmethod
    def from_json(cls, content: Any, place: PathLike) -> PhraseRounds:
        """Return what `to_json` gave, checked.

        Raises
        ------
        InputError
            It names the place, and what is wrong.
        """
        check_fields(content, place)
        rounds = content["rounds"] if content["kind"] == "rounds" else [content]
        for each in rounds:
            check_fields(each, place)
            if each["kind"] != "Phraser":
                raise InputError(f"{place} is damaged: a round of it is {each['kind']}")
        return cls(Phraser.of(each, each["phrases"]) for each in rounds)

    def to_bytes(self) -> bytes:
        """Return the bytes of their file; those of one round alone are `Phraser.save`'s."""
        content = self.to_json()
        return bytes_of(content.pop("kind"), content)

    def save(self, path: PathLike) -> None:
        """Write them.

        Raises
        ------
        InputError, WriteError
            When it cannot be written.
        """
        with safe_write(path, "wb") as file:
            file.write(self.to_bytes())

    @classmethod
    def load(cls, path: PathLike) -> PhraseRounds:
        """Read what `save`, or `Phraser.save`, wrote.

        Raises
        ------
        InputError
            When the file is missing, damaged, or something else.
        """
        return cls.from_json(read_phrases(path, "Phraser", "rounds"), path)

    def digest(self) -> str:
        """Return the SHA-256 of their file."""
        return hashlib.sha256(self.to_bytes()).hexdigest()


def find_rounds(read: Callable[[], Iterator[Chunk]], settings: PhraseSettings) -> PhraseRounds:
    r"""Find the phrases of a text.

    Parameters
    ----------
    read
        Begins to read the text; called once in each round.
    settings
        How they are found.

    Returns
    -------
    PhraseRounds

    Examples
    --------
    >>> read = lambda: iter(["a b c\n" * 9 + "a\nb\nc\n" * 2])
    >>> rounds = find_rounds(read, PhraseSettings(rounds=2, min_count=1, threshold=0.3))
    >>> rounds.scores()
    {'a_b_c': 0.4040404040404041, 'a_b': 0.3305785123966942, 'b_c': 0.3305785123966942}
    """
    found = PhraseRounds([])
    for _ in range(settings.rounds):
        phrases, known = settings.phrases(), found.scores()
        phrases.add_vocab(JoinedText(found, read))
        # What was joined before is a word now, and only looks like a pair.
        new = {token: n for token, n in phrases.all_phrases().items() if token not in known}
        found = PhraseRounds([*found.rounds, Phraser.of(phrases.settings(), new)])
    return found


class JoinedText:
    r"""A text with its phrases joined, as sentences or many of them at a time.

    Parameters
    ----------
    phrases
        What is joined.
    read
        Begins to read the text.

    Examples
    --------
    >>> phrases = PhraseRounds([Phraser.of(Phrases().settings(), {"new_york": 11.0})])
    >>> list(JoinedText(phrases, lambda: iter(["new york\nis\nnew"])))
    [['new_york'], ['is'], ['new']]
    """

    def __init__(self, phrases: PhraseRounds, read: Callable[[], Iterator[Chunk]]) -> None:
        self.phrases, self.read = phrases, read

    def chunks(self) -> Iterator[Chunk]:
        """Yield many sentences at a time."""
        return self.phrases.chunks(self.read())

    def __iter__(self) -> Iterator[list[str]]:
        opened: list[str] = []
        for chunk in self.chunks():
            words, ends = split_lines(chunk, True) if isinstance(chunk, str) else chunk
            start = 0
            for end in ends.tolist():
                yield opened + words[start:end]
                opened, start = [], end
            opened += words[start:]
        if opened:
            yield opened
