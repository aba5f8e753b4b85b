"""What a report tells of a run, whoever made the run: the command, `Word2Vec`, `fit`.

A part that a run does not have is left empty, and the page leaves it out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from tinygrad_w2v._base.language import Language
from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.vectors.scores import Score


class RecordLike(Protocol):
    """What was seen since the record before, as a run's history has it."""

    @property
    def epoch(self) -> int:
        """From 1."""

    @property
    def words(self) -> int:
        """Units read so far."""

    @property
    def loss(self) -> float:
        """Mean loss of a prediction."""

    @property
    def alpha(self) -> float:
        """The learning rate."""

    @property
    def seconds(self) -> float:
        """Since the run began."""

    @property
    def heldout_loss(self) -> float | None:
        """At an epoch's end."""


class Seen(NamedTuple):
    """A record of a run, as it is read from a file."""

    epoch: int
    words: int
    loss: float
    alpha: float
    seconds: float
    heldout_loss: float | None = None


class Kernel(NamedTuple):
    """What the compiled engine ran: its instructions for an example, and the source of it."""

    instructions: str
    source: str

    @classmethod
    def of(cls, compiled: Any) -> Kernel | None:
        """Return what there is of a compiled model, or None of none."""
        return None if compiled is None else cls(str(compiled.instructions), compiled.source)


@dataclass(frozen=True)
class Losses:
    """The losses of a run on its way.

    Attributes
    ----------
    records : sequence
        Records in their order.
    epochs, heldout : sequence of float
        The mean loss of each epoch, on what is trained on and on what is held out.
    unigram : float, optional
        The held-out loss of the best model that does not look at contexts.
    units : {"words", "examples"}
        What the records count.
    """

    records: Sequence[RecordLike] = ()
    epochs: Sequence[float] = ()
    heldout: Sequence[float] = ()
    unigram: float | None = None
    units: str = "words"

    def as_data(self) -> dict[str, Any]:
        """Return the curves for a page; without records the epochs are their points.

        Examples
        --------
        >>> losses = Losses([Seen(1, 100, 2.0, 0.1, 0.5), Seen(1, 200, 1.5, 0.05, 1.0, 1.75)])
        >>> data = losses.as_data()
        >>> data["loss"], data["heldout"], data["speed"]
        ([[100, 2.0], [200, 1.5]], [[200, 1.75]], [[100, 200], [200, 200]])
        """
        if not self.records:
            points = [[number, _shown(loss)] for number, loss in enumerate(self.epochs, 1)]
            heldout = [[number, _shown(loss)] for number, loss in enumerate(self.heldout, 1)]
            parts = {"loss": points, "heldout": heldout, "alpha": [], "speed": []}
            return parts | {"unigram": self._unigram(), "units": "epochs"}
        records = self.records
        return {
            "loss": [[r.words, _shown(r.loss)] for r in records],
            "heldout": [
                [r.words, _shown(r.heldout_loss)] for r in records if r.heldout_loss is not None
            ],
            "alpha": [[r.words, _shown(r.alpha)] for r in records],
            "speed": _speeds(records),
            "unigram": self._unigram(),
            "units": self.units,
        }

    def _unigram(self) -> float | None:
        return None if self.unigram is None else _shown(self.unigram)


def numbers(stored: Sequence[float | None]) -> list[float]:
    """Losses as JSON has them, null for what is no number; each stays that of its epoch.

    Examples
    --------
    >>> numbers([2.5, None, 2.25])
    [2.5, nan, 2.25]
    """
    return [math.nan if loss is None else loss for loss in stored]


def _shown(value: float) -> float | None:
    """A number of five digits, which is seen; None for one that is none."""
    return float(f"{value:.5g}") if math.isfinite(value) else None


# A speed is that of so many records together: one alone is as long as a clock's tick.
_TOGETHER = 10


def _speeds(records: Sequence[RecordLike]) -> list[list[float]]:
    speeds: list[list[float]] = []
    places = [(0, 0.0), *[(r.words, r.seconds) for r in records]]
    for last, (words, seconds) in enumerate(places[1:], 1):
        words_before, before = places[max(last - _TOGETHER, 0)]
        if seconds > before:
            speeds.append([words, round((words - words_before) / (seconds - before))])
    return speeds


@dataclass(frozen=True)
class Report:
    """What a run's page tells.

    Attributes
    ----------
    title : str
        Which model, on what.
    facts : dict of dict
        Tables of names and values by the key of their heading: ``settings``, ``engine``, ``text``,
        ``versions``.
    losses : Losses
    vectors : WordVectors, optional
        The words, for the map, the neighbours and analogies.
    samples : sequence of str
        Words of which the neighbours stand in the page's text.
    scores : sequence of Score
        On test sets.
    graph : callable, optional
        Returns the page of the model's graph in a language.
    kernel : Kernel, optional
    repeat : str
        The command, or lines of Python, that do the run again.
    seconds : float
        That the run took.
    refresh : float, optional
        The run goes on, and the page is made anew after so many seconds.
    ended : {"", "interrupted", "stopped_early"}
        Why it has ended before its last epoch, if it has.
    """

    title: str
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    losses: Losses = field(default_factory=Losses)
    vectors: WordVectors | None = None
    samples: Sequence[str] = ()
    scores: Sequence[Score] = ()
    graph: Callable[[Language], str] | None = None
    kernel: Kernel | None = None
    repeat: str = ""
    seconds: float = 0.0
    refresh: float | None = None
    ended: str = ""


def ending(interrupted: bool, stopped_early: bool) -> str:
    """Return why a run has ended, as a report has it.

    Examples
    --------
    >>> ending(False, True), ending(False, False)
    ('stopped_early', '')
    """
    return "interrupted" if interrupted else "stopped_early" if stopped_early else ""
