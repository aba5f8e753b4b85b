"""Scores of vectors on files of word pairs and analogies, each with the interval that it means.

A score on a few hundred pairs is uncertain by some hundredths; to be read, it needs that beside it.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v.vectors.correlation import spearman
from tinygrad_w2v.vectors.source import BOM, open_source
from tinygrad_w2v.vectors.word_vectors import WordVectors

# What an installed gensim brings along.
GENSIM_FILES = {
    "WordSim-353": "wordsim353.tsv",
    "SimLex-999": "simlex999.txt",
    "Google analogies": "questions-words.txt",
}
SMALLEST = 200  # words; a smaller vocabulary is not worth reading the sets for
FEWEST = 20  # questions with known words, of which a score says anything
MOST_ANALOGIES = 2000  # that are asked, so that a report does not take longer than a training
NORMAL = 1.96  # 95% of a normal distribution lie within so many standard deviations
_LONGEST = 1 << 20  # bytes of a line


class Score(NamedTuple):
    """A score on a test set, with its 95% interval.

    Attributes
    ----------
    name : str
        Of the set.
    kind : {"spearman", "accuracy"}
        A rank correlation with people's judgements, or the share of right answers.
    value, low, high : float
    known, asked : int
        Questions whose words all have vectors, and all.
    """

    name: str
    kind: str
    value: float
    low: float
    high: float
    known: int
    asked: int


def installed_test_sets() -> dict[str, Path]:
    """Return the files that an installed gensim brings, by the names of the sets."""
    spec = importlib.util.find_spec("gensim")
    places = list(spec.submodule_search_locations or []) if spec else []
    if not places:
        return {}
    folder = Path(places[0], "test", "test_data")
    files = {name: folder / file for name, file in GENSIM_FILES.items()}
    return {name: path for name, path in files.items() if path.exists()}


def holds_analogies(path: Path) -> bool:
    """Whether a file holds analogies: the first line that says anything is ``: name``.

    Raises
    ------
    InputError
        When it cannot be read.
    """
    if path.is_dir():
        raise InputError(f"{path} cannot be read: it is a folder")
    try:
        with open_source(path) as source:
            first = source.stream.readline(_LONGEST).removeprefix(BOM).decode("utf-8")
            while first and (first.isspace() or first.startswith("#")):
                first = source.stream.readline(_LONGEST).decode("utf-8")
            return first.startswith(":")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: {error.reason}") from error


def scores_of(
    vectors: WordVectors, files: Mapping[str, PathLike], restrict_vocab: int = 20_000
) -> list[Score]:
    """Return the scores on those sets of which at least `FEWEST` questions have known words.

    Parameters
    ----------
    vectors
        Are asked.
    files
        The sets by name.
    restrict_vocab
        Only the first so many words count as known and as answers.
    """
    scores = []
    for name, path in files.items() if len(vectors) >= SMALLEST else ():
        if holds_analogies(Path(path)):
            answers = vectors.answer_word_analogies(path, restrict_vocab, most=MOST_ANALOGIES)
            right = [answer.right for answer in answers if answer.right is not None]
            if len(right) >= FEWEST:
                share = sum(right) / len(right)
                interval = wilson(share, len(right))
                scores.append(Score(name, "accuracy", share, *interval, len(right), len(answers)))
            continue
        judged = vectors.judge_word_pairs(path, restrict_vocab)
        known = [(pair.judgement, pair.cosine) for pair in judged if pair.cosine is not None]
        if len(known) >= FEWEST:
            gold, cosines = zip(*known, strict=True)
            value = float(spearman(list(gold), list(cosines))[0])
            if math.isfinite(value):
                interval = fisher(value, len(known))
                scores.append(Score(name, "spearman", value, *interval, len(known), len(judged)))
    return scores


def wilson(share: float, number: int) -> tuple[float, float]:
    """Return Wilson's 95% interval of a share (Wilson 1927).

    Examples
    --------
    >>> [round(end, 3) for end in wilson(0.5, 100)]
    [0.404, 0.596]
    """
    z = NORMAL**2 / number
    middle = (share + z / 2) / (1 + z)
    half = NORMAL * math.sqrt(share * (1 - share) / number + z / (4 * number)) / (1 + z)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def fisher(correlation: float, number: int) -> tuple[float, float]:
    """Return the 95% interval of a rank correlation.

    It is ``tanh(artanh r +- 1.96 sqrt(1.06 / (n - 3)))``; the factor for ranks is that of
    Fieller, Hartley and Pearson 1957.

    Examples
    --------
    >>> [round(end, 3) for end in fisher(0.5, 103)]
    [0.334, 0.636]
    """
    if abs(correlation) >= 1:
        return correlation, correlation
    middle, half = math.atanh(correlation), NORMAL * math.sqrt(1.06 / (number - 3))
    return math.tanh(middle - half), math.tanh(middle + half)
