"""What a run has seen, and where it is.

Where a run is, is one value, its `RunState`: kept beside the tables, it lets a run go on as if it
had never stopped.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.language import Language

if TYPE_CHECKING:
    from tinygrad_w2v.reports.contents import Report


class Record(NamedTuple):
    """What was seen since the record before.

    Attributes
    ----------
    epoch : int
        From 1.
    words : int
        Words read so far, in all epochs.
    loss : float
        Mean loss of a prediction.
    alpha : float
        The learning rate at the end.
    seconds : float
        Time since the run began.
    heldout_loss : float, optional
        At an epoch's end: the mean loss of a prediction on text that is not trained on.
    """

    epoch: int
    words: int
    loss: float
    alpha: float
    seconds: float
    heldout_loss: float | None = None


@dataclass(repr=False)
class History:
    """What a run left: its records, each epoch's mean loss, and whether it came to its end.

    `torn` says that the run was broken off within a batch, so that its tables are at no place
    that it could go on from.

    Examples
    --------
    >>> History(losses=[2.1, 1.6], words=40_000, seconds=0.5)
    History(2 epochs, 40,000 words, 0.5 s, loss 2.1 at first, 1.6 at last)
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> class Line(tw.Module):
    ...     def __init__(self):
    ...         self.slope = tw.Parameter(0.0)
    ...     def loss(self, example):
    ...         return ((self.slope * example["x"] - example["y"]) ** 2).sum()
    >>> x = np.linspace(-1, 1, 10)
    >>> data = {"x": x, "y": 2 * x}
    >>> history = tw.fit(Line(), data, engine="numpy", epochs=3, heldout=0.2, progress=False)
    >>> history.examples, len(history.losses), [*history.heldout_by_record()]
    (24, 3, [0, 1, 2])
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = history.plot(f"{folder}/loss.svg")
    """

    records: list[Record] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    heldout_losses: list[float] = field(default_factory=list)
    words: int = 0
    seconds: float = 0.0
    interrupted: bool = False
    stopped_early: bool = False
    torn: bool = False

    def __post_init__(self) -> None:
        # What there is to report, where more is known than losses; no part of where the run is.
        self._reported: Callable[[History], Report] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_reported": None}  # a pickle has the numbers

    @property
    def examples(self) -> int:
        """Units that were read so far; of a text these are words."""
        return self.words

    def plot(self, path: PathLike | None = None, ylim: tuple[float, float] | None = None) -> Any:
        """Draw the losses on the way, into a file (svg, png, pdf, jpg) or on the screen.

        Those on what is held out are drawn beside them, one an epoch.

        Parameters
        ----------
        path
            The picture to write; needs no display.
        ylim
            Lower and upper end of the axis of the loss.

        Returns
        -------
        matplotlib.figure.Figure
            The figure.

        Raises
        ------
        InputError
            If there is no loss yet, or the file cannot be written.
        """
        from tinygrad_w2v.drawing.curves.loss_curve import plot_losses

        losses = [record.loss for record in self.records]
        label, heldout = "parts of the run", self.heldout_by_record()
        return plot_losses(losses, path, ylim, xlabel=label, heldout=heldout)

    def heldout_by_record(self) -> dict[int, float]:
        """Return the losses on what is held out, each by its place among the records."""
        found = ((place, record.heldout_loss) for place, record in enumerate(self.records))
        return {place: loss for place, loss in found if loss is not None}

    def report(self, path: PathLike, *, lang: Language = "en", layout: str = "pca") -> None:
        """Write a page on the run: one file, which a browser opens and which loads nothing.

        It shows what there is: settings, versions, the engine and why it was taken, the losses,
        the learning rate and the speed on the way, the model's graph step by step, the kernel's
        listing, and, where the examples have a vocabulary of which a table has a row for each word,
        a map of the words, their neighbours and analogies. Of a pickled history only the losses
        are left.

        Parameters
        ----------
        path
            The file, such as ``report.html``.
        lang : {"en", "ja"}
            The language of the page.
        layout : {"pca", "umap", "pacmap"}
            How the map is made; the latter two need the extra ``maps``.

        Raises
        ------
        InputError
            For an unknown language or layout, or a place that cannot be written.
        MissingDependencyError
            When the library of the layout is not installed.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "report.html")
        ...     History(losses=[2.1, 1.6]).report(path)
        ...     path.read_text(encoding="utf-8")[:15]
        '<!DOCTYPE html>'
        """
        from tinygrad_w2v.reports.contents import Losses, Report
        from tinygrad_w2v.reports.page import write_report

        if self._reported is not None:
            contents = self._reported(self)
        else:
            losses = Losses(self.records, self.losses, self.heldout_losses)
            contents = Report("History", losses=losses, seconds=self.seconds)
        write_report(contents, path, lang, layout)

    def __repr__(self) -> str:
        seen = [f"{self.words:,} words", f"{self.seconds:.3g} s"]
        if self.losses:
            losses = f"loss {self.losses[0]:.4g} at first, {self.losses[-1]:.4g} at last"
            seen = [f"{len(self.losses)} epochs", *seen, losses]
        flags = ("interrupted", "stopped_early", "torn")
        seen += [name.replace("_", " ") for name in flags if getattr(self, name)]
        return f"History({', '.join(seen)})"


@dataclass
class Mean:
    """A mean in float64, whatever the losses are in.

    Examples
    --------
    >>> mean = Mean()
    >>> mean.add(6.0, 3)
    >>> mean.value()
    2.0
    """

    total: float = 0.0
    count: int = 0

    def add(self, total: float, count: int) -> None:
        """Take in a sum of `count` losses."""
        self.total += total
        self.count += count

    def value(self) -> float:
        """Return the mean so far; NaN of nothing."""
        return self.total / self.count if self.count else math.nan


@dataclass
class RunState:
    """Where a run is, between two batches.

    Attributes
    ----------
    epoch : int
        The epoch that is being read, from 0.
    batch : int
        How many batches of it are done.
    due : float
        The number of words at which the next record is made.
    alpha : float
        The last learning rate.
    mean, recent : Mean
        The losses of this epoch up to its last record, and since.
    history : History
        What was seen.
    total : float
        All losses of the run added up.

    Examples
    --------
    >>> state = RunState(epoch=1, batch=7, recent=Mean(0.1, 3))
    >>> RunState.from_json(state.to_json()) == state
    True
    """

    epoch: int = 0
    batch: int = 0
    due: float = 0.0
    alpha: float = 0.0
    mean: Mean = field(default_factory=Mean)
    recent: Mean = field(default_factory=Mean)
    history: History = field(default_factory=History)
    total: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return it as numbers, lists and dicts; every float as it is, to the last bit."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> RunState:
        """Return the state that `to_json` gave, as it was read from a file."""
        history = dict(stored["history"])
        records = [Record(*record) for record in history.pop("records")]
        means = {name: Mean(**stored[name]) for name in ("mean", "recent")}
        return cls(**{**stored, **means, "history": History(records=records, **history)})
