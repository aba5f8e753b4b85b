"""Loss curves."""

import numpy as np
import pytest

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.drawing import plot_losses
from tinygrad_w2v.drawing.loss_curve import smoothed


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_a_picture_is_written_without_a_display(tmp_path, monkeypatch, suffix):
    monkeypatch.delenv("DISPLAY", raising=False)
    path = tmp_path / f"loss.{suffix}"
    figure = plot_losses([2.0, 1.5, 1.2], path, (0.0, 3.0), eval_interval=20)
    assert path.stat().st_size > 1000
    (axes,) = figure.axes
    assert axes.get_xlabel() == "iterations (x20)"
    assert axes.get_ylabel() == "loss"
    assert axes.get_ylim() == (0.0, 3.0)
    assert axes.lines[0].get_ydata().tolist() == [2.0, 1.5, 1.2]


def test_smoothing_draws_a_second_line(tmp_path):
    figure = plot_losses([4.0, 2.0, 3.0], tmp_path / "loss.svg", smoothing=0.5)
    assert len(figure.axes[0].lines) == 2
    np.testing.assert_allclose(smoothed(np.array([1.0, np.nan, 1.0]), 0.9), [1.0, 1.0, 1.0])


def test_the_curve_is_shown_without_a_path(monkeypatch):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    shown = []
    monkeypatch.setattr(plt, "show", lambda: shown.append(plt.get_fignums()))
    plot_losses([1.0, 0.5])
    assert len(shown[0]) == 1
    plt.close("all")


def test_what_cannot_be_plotted(tmp_path):
    with pytest.raises(InputError, match="train first"):
        plot_losses([])
    with pytest.raises(InputError, match=r"'loss\.txt'.*\.svg \.png"):
        plot_losses([1.0], tmp_path / "loss.txt")
    with pytest.raises(InputError, match="smoothing"):
        plot_losses([1.0], tmp_path / "loss.svg", smoothing=1.0)
    with pytest.raises(InputError, match="does not exist"):
        plot_losses([1.0], tmp_path / "missing" / "loss.svg")
