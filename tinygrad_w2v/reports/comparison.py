"""Several runs side by side: what differs in how they were made, and in what came of them.

Runs that differ in their seed alone are a group: what they disagree in is chance, and a difference
between groups is judged by it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v.reports.contents import Losses
from tinygrad_w2v.reports.drift import Drift, drift
from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.vectors.sample_words import sample_words
from tinygrad_w2v.vectors.scores import NORMAL, Score

# What may differ within a group.
CHANCE = ("seed", "threads")
# The 97.5% quantiles of Student's t, by degrees of freedom from 1.
_T = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179),
    *(2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
)
SHOWN, NEIGHBOURS, DRIFTED = 8, 6, 15


class ComparedRun(NamedTuple):
    """A run that is compared.

    Attributes
    ----------
    name : str
        How it is called: its folder.
    settings : dict
        All that decided it, but the text.
    text : str
        The digest of its text.
    losses : Losses
    vectors : WordVectors
    scores : sequence of Score
    words_per_second : float
    """

    name: str
    settings: Mapping[str, Any]
    text: str
    losses: Losses
    vectors: WordVectors
    scores: Sequence[Score]
    words_per_second: float


class Estimate(NamedTuple):
    """A number of a group of runs.

    Attributes
    ----------
    name, kind : str
        What it is: ``"loss"``, ``"heldout"``, or the name and kind of a test set.
    group : int
    runs : int
    value : float
        The mean over the runs.
    error : float, optional
        The standard error of the mean; None of one run.
    low, high : float, optional
        The 95% interval: of the mean by Student's t; of one run's score by its questions.
    """

    name: str
    kind: str
    group: int
    runs: int
    value: float
    error: float | None
    low: float | None
    high: float | None


class Drifted(NamedTuple):
    """The drift between two runs, by name; None where too few words are common."""

    first: str
    second: str
    same_group: bool
    drift: Drift | None


@dataclass(frozen=True)
class Comparison:
    """What comes of comparing runs.

    Attributes
    ----------
    runs : list of ComparedRun
    groups : list of int
        The number of each run's group, from 0.
    differing : dict
        A setting that differs to its value in each run.
    estimates : list of Estimate
    words : list of str
        Whose neighbours are shown.
    neighbours : dict
        A word to its nearest words in each run; None where it is not in a vocabulary.
    drifts : list of Drifted
    """

    runs: list[ComparedRun]
    groups: list[int]
    differing: dict[str, list[Any]]
    estimates: list[Estimate]
    words: list[str]
    neighbours: dict[str, list[list[tuple[str, float]] | None]]
    drifts: list[Drifted]

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values for a program."""
        return {
            "runs": [
                {
                    "name": run.name,
                    "group": group,
                    "losses": _finite(run.losses.epochs),
                    "heldout_losses": _finite(run.losses.heldout),
                    "unigram_loss": run.losses.unigram,
                    "words": len(run.vectors),
                    "words_per_second": run.words_per_second,
                    "scores": [score._asdict() for score in run.scores],
                }
                for run, group in zip(self.runs, self.groups, strict=True)
            ],
            "differing": self.differing,
            "estimates": [each._asdict() for each in self.estimates],
            "neighbours": self.neighbours,
            "drift": [
                {"first": each.first, "second": each.second, "same_group": each.same_group}
                | (
                    {}
                    if each.drift is None
                    else {
                        "median": each.drift.median,
                        "words": list(zip(*each.drift, strict=True))[:100],
                    }
                )
                for each in self.drifts
            ],
        }


def compare(runs: Sequence[ComparedRun], words: Sequence[str] = ()) -> Comparison:
    """Compare runs.

    Parameters
    ----------
    runs
        Two or more.
    words
        Whose neighbours are shown; by default some that all runs have.
    """
    groups = _groups(runs)
    names = dict.fromkeys(name for run in runs for name in run.settings)
    values = {name: [run.settings.get(name) for run in runs] for name in names}
    values["text"] = [run.text for run in runs]
    differing = {name: row for name, row in values.items() if len(set(map(_key, row))) > 1}
    chosen = list(words) or _common_words(runs)
    return Comparison(
        runs=list(runs),
        groups=groups,
        differing=differing,
        estimates=_estimates(runs, groups),
        words=chosen,
        neighbours={
            word: [
                run.vectors.most_similar(word, topn=NEIGHBOURS) if word in run.vectors else None
                for run in runs
            ]
            for word in chosen
        },
        drifts=_drifts(runs, groups),
    )


def _groups(runs: Sequence[ComparedRun]) -> list[int]:
    numbers: dict[str, int] = {}
    return [
        numbers.setdefault(
            _key([run.text, {n: v for n, v in run.settings.items() if n not in CHANCE}]),
            len(numbers),
        )
        for run in runs
    ]


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _common_words(runs: Sequence[ComparedRun]) -> list[str]:
    samples = sample_words(runs[0].vectors, 5 * SHOWN)
    return [word for word in samples if all(word in run.vectors for run in runs)][:SHOWN]


def _estimates(runs: Sequence[ComparedRun], groups: list[int]) -> list[Estimate]:
    places = _independent(runs, groups)
    runs, groups = [runs[place] for place in places], [groups[place] for place in places]
    estimates = []
    for kind in ("loss", "heldout"):
        for group in range(max(groups) + 1):
            members = [run.losses for run, own in zip(runs, groups, strict=True) if own == group]
            series = [each.epochs if kind == "loss" else each.heldout for each in members]
            last = [losses[-1] for losses in series if losses and math.isfinite(losses[-1])]
            if last:
                estimates.append(estimate(kind, kind, group, last))
    for name in dict.fromkeys(score.name for run in runs for score in run.scores):
        for group in range(max(groups) + 1):
            scores = [
                score
                for run, own in zip(runs, groups, strict=True)
                for score in run.scores
                if own == group and score.name == name
            ]
            if scores:
                made = estimate(name, scores[0].kind, group, [score.value for score in scores])
                if len(scores) == 1:
                    made = made._replace(low=scores[0].low, high=scores[0].high)
                estimates.append(made)
    return estimates


def _independent(runs: Sequence[ComparedRun], groups: list[int]) -> list[int]:
    """The places of the runs, without those whose vectors another of the group has already.

    A copy, or the same seed again, tells nothing of chance.
    """
    seen: dict[tuple[int, bytes], int] = {}
    for place, (run, group) in enumerate(zip(runs, groups, strict=True)):
        table = np.ascontiguousarray(run.vectors.vectors)
        seen.setdefault((group, hashlib.sha256(table.data).digest()), place)
    return sorted(seen.values())


def estimate(name: str, kind: str, group: int, values: Sequence[float]) -> Estimate:
    """Return the mean of a group's values with its standard error and 95% interval.

    Examples
    --------
    >>> found = estimate("loss", "loss", 0, [1.0, 2.0, 3.0])
    >>> found.value, round(found.error, 4), round(found.low, 3), round(found.high, 3)
    (2.0, 0.5774, -0.484, 4.484)
    """
    number = len(values)
    mean = math.fsum(values) / number
    if number == 1:
        return Estimate(name, kind, group, 1, mean, None, None, None)
    variance = math.fsum((value - mean) ** 2 for value in values) / (number - 1)
    error = math.sqrt(variance / number)
    half = error * (_T[number - 2] if number - 2 < len(_T) else NORMAL + 2.5 / (number - 1))
    return Estimate(name, kind, group, number, mean, error, mean - half, mean + half)


def _drifts(runs: Sequence[ComparedRun], groups: list[int]) -> list[Drifted]:
    """From the first run to the first of each group, and to the next of its own: that is chance."""
    firsts = [groups.index(group) for group in range(1, max(groups) + 1)]
    others = [place for place in _independent(runs, groups)[1:] if groups[place] == groups[0]][:1]
    first = runs[0]
    return [
        Drifted(
            first.name,
            runs[place].name,
            groups[place] == groups[0],
            drift(first.vectors, runs[place].vectors),
        )
        for place in [*firsts, *others]
    ]


def _finite(losses: Sequence[float]) -> list[float | None]:
    return [loss if math.isfinite(loss) else None for loss in losses]
