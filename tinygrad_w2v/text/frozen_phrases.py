"""Phrases without the counts that they were found by: small, and quick to ask."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v.text.phrase_file import read_phrases, write_phrases
from tinygrad_w2v.text.phrase_joining import PhraseModel
from tinygrad_w2v.text.phrase_scores import SCORERS


class FrozenPhrases(PhraseModel):
    """The phrases of a `Phrases`, without its counts; `Phraser` is another name of it.

    Parameters
    ----------
    phrases_model : Phrases
        What has found them.

    Attributes
    ----------
    phrasegrams : dict of str to float
        The phrases and their scores.
    min_count, threshold, delimiter, connector_words
        Those of the `Phrases`; `scoring` is None where a file named a function.

    Examples
    --------
    >>> from tinygrad_w2v import Phrases
    >>> text = [["a", "new", "york", "day"], ["new", "york", "is", "new"]]
    >>> Phraser(Phrases(text, min_count=1, threshold=1))[["in", "new", "york"]]
    ['in', 'new_york']
    """

    def __init__(self, phrases_model: Any) -> None:
        if not hasattr(phrases_model, "export_phrases"):
            raise TypeError(
                f"Phraser is made of a Phrases, not of {type(phrases_model).__name__}: "
                "Phraser(Phrases(sentences)), or Phraser.load(path)"
            )
        self._take(phrases_model.settings(), phrases_model.export_phrases())
        self.scoring = phrases_model.scoring

    def _take(self, settings: Mapping[str, Any], phrases: Mapping[str, float]) -> None:
        self.min_count, self.threshold = settings["min_count"], settings["threshold"]
        self.delimiter = settings["delimiter"]
        self.connector_words = frozenset(settings["connector_words"])
        self._scoring_name = settings["scoring"]
        self.scoring = SCORERS.get(self._scoring_name)
        self.phrasegrams = dict(phrases)

    @classmethod
    def of(cls, settings: Mapping[str, Any], phrases: Mapping[str, float]) -> Self:
        """Make it of the settings that a file has, and phrases with their scores.

        Examples
        --------
        >>> from tinygrad_w2v import Phrases
        >>> settings = Phrases().freeze().settings()
        >>> Phraser.of(settings, {"new_york": 12.5})[["new", "york"]]
        ['new_york']
        """
        made = cls.__new__(cls)
        made._take(settings, phrases)
        return made

    def __str__(self) -> str:
        return (
            f"FrozenPhrases<{len(self.phrasegrams):,} phrases, min_count={self.min_count}, "
            f"threshold={self.threshold}>"
        )

    def _tokens(self) -> Iterable[str]:
        return self.phrasegrams

    def score_candidate(
        self, word_a: str, word_b: str, in_between: Sequence[str]
    ) -> tuple[str, float] | tuple[None, None]:
        """Return the phrase that words make up and its score, or ``(None, None)`` if they do not.

        Examples
        --------
        >>> from tinygrad_w2v import Phrases
        >>> phraser = Phrases([["new", "york"]] * 3, min_count=1, threshold=0.5).freeze()
        >>> phraser.score_candidate("new", "jersey", [])
        (None, None)
        """
        phrase = self.delimiter.join([word_a, *in_between, word_b])
        score = self.phrasegrams.get(phrase, -math.inf)
        return (phrase, score) if score > self.threshold else (None, None)

    def save(self, path: PathLike) -> None:
        """Write the phrases and settings as JSON.

        Raises
        ------
        InputError, WriteError
            When it cannot be written.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> from tinygrad_w2v import Phrases
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "phrases.json")
        ...     Phrases([["new", "york"]] * 3, min_count=1, threshold=0.5).freeze().save(path)
        ...     Phraser.load(path)[["new", "york"]]
        ['new_york']
        """
        write_phrases(path, "Phraser", self.settings() | {"phrases": self.phrasegrams})

    @classmethod
    def load(cls, path: PathLike) -> Self:
        """Read what :meth:`save` wrote.

        Raises
        ------
        InputError
            When the file is missing, damaged, or something else.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> from tinygrad_w2v import Phrases
        >>> text = [["a", "new", "york", "day"], ["new", "york", "is", "new"]]
        >>> phraser = Phrases(text, min_count=1, threshold=1).freeze()
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     phraser.save(pathlib.Path(folder, "phraser.json"))
        ...     again = Phraser.load(pathlib.Path(folder, "phraser.json"))
        >>> again[["new", "york"]]
        ['new_york']
        """
        content = read_phrases(path, "Phraser")
        return cls.of(content, content["phrases"])


Phraser = FrozenPhrases
