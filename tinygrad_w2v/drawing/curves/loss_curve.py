"""The curve of a training's loss, with or without a display."""

from __future__ import annotations

import io
import unicodedata
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_w2v._base.checks import real_number
from tinygrad_w2v._base.errors import InputError, MissingDependencyError
from tinygrad_w2v._base.files import PathLike, safe_write
from tinygrad_w2v._base.language import Language, words_in
from tinygrad_w2v._base.notebook import current_cell, in_notebook
from tinygrad_w2v.drawing.layout.fonts import advice, characters_in, coverage, visible
from tinygrad_w2v.drawing.layout.render import user_stacklevel

_WORDS = {
    "loss": {"en": "loss", "ja": "損失"},
    "x": {"en": "iterations", "ja": "反復回数"},
    "heldout": {"en": "held out", "ja": "学習に使わないデータ"},
    "floor": {"en": "lowest possible: {:.4g}", "ja": "損失の下限: {:.4g}"},
}
SUFFIXES = (".svg", ".png", ".pdf", ".jpg", ".jpeg")


def plot_losses(
    losses: Sequence[float],
    path: PathLike | None = None,
    ylim: tuple[float, float] | None = None,
    *,
    eval_interval: int | None = None,
    smoothing: float = 0.0,
    title: str = "",
    xlabel: str = "",
    floor: float | None = None,
    floor_label: str | None = None,
    heldout: Mapping[int, float] | None = None,
    lang: Language = "en",
) -> Any:
    """Draw losses over iterations, into a file or on the screen.

    Parameters
    ----------
    losses : sequence of float
        One number an interval.
    path : str or path, optional
        The picture to write (svg, png, pdf or jpg by its suffix); this needs no display. Without
        it the curve is shown: in a window, or once by the cell of a notebook.
    ylim : (float, float), optional
        Lower and upper end of the axis of the loss.
    eval_interval : int, optional
        Iterations of one interval, for the label: ``iterations (x20)``.
    smoothing : float
        Between 0 (none) and 1: how much of its past the exponential mean drawn over the losses
        keeps. The losses themselves stay visible.
    title : str
        A heading.
    xlabel : str
        The label of the axis, where it is not iterations.
    floor : float, optional
        The lowest loss that is possible, drawn as a line.
    floor_label : str, optional
        What the line is called; its number if not given.
    heldout : mapping of int to float, optional
        Losses on what is not trained on, by the place in `losses` after which they were measured.
    lang : {"en", "ja"}
        The language of the labels. Where matplotlib's font lacks characters, the first installed
        font that has them is taken; a warning says which none has.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    InputError
        For no losses, a smoothing outside of [0, 1), a floor that is no finite number, an unknown
        language or suffix, or a place that cannot be written.
    MissingDependencyError
        Without matplotlib.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     figure = plot_losses([1.9, 1.2, 0.8], Path(folder, "loss.svg"), eval_interval=20)
    ...     Path(folder, "loss.svg").exists(), figure.axes[0].get_xlabel()
    (True, 'iterations (x20)')
    """
    numbers = np.asarray(losses, dtype=np.float64)
    if numbers.ndim != 1 or numbers.size == 0:
        raise InputError("there are no losses to plot yet: train first")
    if not 0 <= smoothing < 1:
        raise InputError(f"smoothing must be at least 0 and below 1, not {smoothing}")
    if path is not None and Path(path).suffix.lower() not in SUFFIXES:
        known = " ".join(SUFFIXES)
        raise InputError(f"cannot tell how to plot {Path(path).name!r}: end its name in {known}")
    words = words_in(lang, _WORDS)
    if floor is not None:
        floor = real_number("floor", floor)
        if not np.isfinite(floor):
            raise InputError(f"must be a finite number, not {floor}", setting="floor")
        words["floor"] = words["floor"].format(floor) if floor_label is None else floor_label
    elif floor_label is not None:
        raise InputError("names the line of `floor`, which is not given", setting="floor_label")
    words["title"] = f"{title}"
    words["x"] = xlabel or (f"{words['x']} (x{eval_interval})" if eval_interval else words["x"])
    figure = _figure(shown=path is None)
    from matplotlib import rc_context

    families, missing = _fonts_of("".join(words.values()))
    with rc_context({"font.family": families}):
        axes = figure.add_subplot()
        _draw(axes, numbers, smoothing, words)
        if heldout:
            places, values = zip(*sorted(heldout.items()), strict=True)
            axes.plot(places, values, "o-", color="#b4491a", ms=3.5, lw=1, label=words["heldout"])
            axes.legend(frameon=False)
        if floor is not None:
            _draw_floor(axes, floor, words["floor"])
    if ylim is not None:
        axes.set_ylim(*ylim)
    axes.grid(color="#dfe4ec", linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if path is None:
        _show(figure)
        return figure
    content = _picture(figure, Path(path).suffix.lower()[1:], missing)
    with safe_write(path, "wb") as file:
        file.write(content)
    return figure


def _draw(
    axes: Any, losses: np.ndarray[Any, Any], smoothing: float, words: Mapping[str, str]
) -> None:
    places = np.arange(losses.size)
    marker = "o" if losses.size == 1 else None
    if smoothing:
        axes.plot(places, losses, color="#3d78b4", alpha=0.3, linewidth=1, marker=marker)
        axes.plot(places, smoothed(losses, smoothing), color="#1f4e79", linewidth=1.6)
    else:
        axes.plot(places, losses, color="#3d78b4", linewidth=1.4, marker=marker)
    axes.set_xlabel(words["x"])
    axes.set_ylabel(words["loss"])
    if words["title"]:
        axes.set_title(words["title"])


def _draw_floor(axes: Any, floor: float, label: str) -> None:
    """A dashed line, and its label below it at the right, where a curve comes from above."""
    axes.axhline(floor, color="#b4491a", linewidth=1, linestyle=(0, (4, 3)))
    axes.margins(y=0.09)  # room for the label
    axes.annotate(
        label,
        (1, floor),
        (-4, -3),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        horizontalalignment="right",
        verticalalignment="top",
        fontsize=9,
        color="#8a3d1b",
        annotation_clip=True,
    )


def smoothed(losses: np.ndarray[Any, Any], keep: float) -> np.ndarray[Any, Any]:
    """Exponential mean, m_t = keep m_(t-1) + (1 - keep) x_t, unbiased at the start.

    A value that is not finite is skipped.

    Examples
    --------
    >>> smoothed(np.array([4.0, 2.0]), 0.5).round(3).tolist()
    [4.0, 2.667]
    """
    means = np.empty_like(losses)
    mean = weight = 0.0
    for i, value in enumerate(losses):
        if np.isfinite(value):
            mean, weight = keep * mean + (1 - keep) * value, keep * weight + (1 - keep)
        means[i] = mean / weight if weight else np.nan
    return means


def _picture(figure: Any, suffix: str, missing: bool) -> bytes:
    """The bytes of a file, the same for the same losses: without a date or random ids.

    Characters that are `missing` have been told; matplotlib would tell them once more, one by one.
    """
    from matplotlib import rc_context

    content = io.BytesIO()
    undated: Any = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(suffix)
    with rc_context({"svg.hashsalt": "tinygrad_w2v"}), warnings.catch_warnings():
        if missing:
            warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        figure.savefig(content, format=suffix, dpi=144, metadata=undated)
    return content.getvalue()


def _figure(shown: bool) -> Any:
    try:
        with warnings.catch_warnings():
            # At its first use matplotlib writes its list of fonts in the default encoding.
            warnings.simplefilter("ignore", EncodingWarning)
            if not (shown or _inline()):
                from matplotlib.figure import Figure

                return Figure(figsize=(7, 4.2), layout="constrained")
            import matplotlib.pyplot as plt
    except ImportError as error:
        raise MissingDependencyError(
            "plotting needs matplotlib: `pip install matplotlib`"
        ) from error
    figure = plt.figure(figsize=(7, 4.2), layout="constrained")
    if _inline():
        plt.close(figure)  # else the end of the cell shows it once more
    return figure


# ---------------------------------------------------------------------- on the screen
def _show(figure: Any) -> None:
    if _inline():
        from IPython.display import display

        display(figure)
        figure._ipython_display_ = _ShownBy(current_cell())
    else:
        import matplotlib.pyplot as plt

        plt.show()


def _inline() -> bool:
    """Whether a figure is a picture in a cell's output, and not a window or a widget."""
    if not in_notebook():
        return False
    from matplotlib import get_backend

    return get_backend().lower().endswith("inline")


class _ShownBy:
    """Why a figure is not shown again as the value of the cell that has shown it."""

    def __init__(self, cell: int) -> None:
        self.cell = cell

    def __call__(self) -> None:
        if current_cell() != self.cell:
            raise NotImplementedError  # tells IPython to show it as any other figure


# ---------------------------------------------------------------------- letters
def _fonts_of(words: str) -> tuple[list[str], bool]:
    """The families for these words, the usual one first, and whether characters are missing.

    A warning says what will not look as it should.
    """
    import matplotlib
    from matplotlib import font_manager

    usual = font_manager.findfont(font_manager.FontProperties())
    characters = visible(words)
    found = coverage(characters - characters_in(usual, characters), coloured=False)
    problems = [advice(found.missing, coloured=False)] if found.missing else []
    if matplotlib.__version_info__ < (3, 11) and any(
        unicodedata.bidirectional(c) in ("R", "AL") for c in characters
    ):
        problems.append("matplotlib writes from right to left since 3.11: upgrade it")
    if problems:
        warnings.warn(
            f"the text of the curve is not right: {'; '.join(problems)}",
            UserWarning,
            stacklevel=user_stacklevel(),
        )
    families = [family.name for family in found.families]
    return [*matplotlib.rcParams["font.family"], *families], bool(found.missing)
