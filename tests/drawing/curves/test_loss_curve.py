"""Loss curves."""

import matplotlib
import numpy as np
import pytest

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.drawing import plot_losses
from tinygrad_w2v.drawing.curves import loss_curve
from tinygrad_w2v.drawing.curves.loss_curve import smoothed
from tinygrad_w2v.drawing.layout import fonts
from tinygrad_w2v.drawing.layout.fonts import Coverage, coverage, visible


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
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    shown = []
    plt.close("all")  # what other tests have opened is not this one's
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


def written(figure):
    (axes,) = figure.axes
    return (
        axes.get_title(),
        axes.get_xlabel(),
        axes.get_ylabel(),
        *[t.get_text() for t in axes.texts],
    )


def test_labels_in_japanese_have_a_font(tmp_path):
    """A glyph that was missing would be a warning, and warnings are errors."""
    figure = plot_losses(
        [2.0, 1.0], tmp_path / "loss.png", title="分散表現", eval_interval=20, floor=0.25, lang="ja"
    )
    assert written(figure) == ("分散表現", "反復回数 (x20)", "損失", "損失の下限: 0.25")
    title = figure.axes[0].title
    assert coverage(visible("分散表現")).families[0].name in title.get_fontfamily()


def test_fonts_are_not_looked_for_where_matplotlibs_own_will_do(tmp_path, monkeypatch):
    monkeypatch.setattr(fonts, "_installed", lambda: [].pop())
    plot_losses([2.0, 1.0], tmp_path / "loss.png", title="loss of CBOW")


def test_a_figure_with_japanese_keeps_its_fonts_when_it_is_drawn_again(tmp_path):
    figure = plot_losses([2.0, 1.0], tmp_path / "loss.png", title="損失")
    figure.savefig(tmp_path / "again.svg")


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_equal_curves_are_equal_files(tmp_path, suffix):
    paths = [tmp_path / f"{name}.{suffix}" for name in "ab"]
    for path in paths:
        plot_losses([2.0, 1.0], path, title="損失", floor=0.5, lang="ja")
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_what_no_font_has_is_told_once(tmp_path, monkeypatch):
    monkeypatch.setattr(
        loss_curve, "coverage", lambda characters, coloured: Coverage((), characters)
    )
    with pytest.warns(
        UserWarning, match="no installed font has 失損; install Noto Sans CJK"
    ) as seen:
        plot_losses([2.0, 1.0], tmp_path / "loss.png", title="損失")
    assert [warning.filename for warning in seen] == [__file__]


def test_text_from_right_to_left_needs_a_new_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setattr("matplotlib.__version_info__", (3, 11, 0))
    plot_losses([2.0, 1.0], tmp_path / "loss.png", title="שלום")
    monkeypatch.setattr("matplotlib.__version_info__", (3, 10, 8))
    with pytest.warns(UserWarning, match="since 3.11"):
        plot_losses([2.0, 1.0], tmp_path / "loss.png", title="שלום")


def test_a_users_own_font_stays_the_first(tmp_path):
    with matplotlib.rc_context({"font.family": ["DejaVu Serif"]}):
        figure = plot_losses([2.0, 1.0], tmp_path / "loss.png", title="損失")
        assert matplotlib.rcParams["font.family"] == ["DejaVu Serif"]
    assert figure.axes[0].title.get_fontfamily()[0] == "DejaVu Serif"


def test_the_floor_is_a_line_with_a_name(tmp_path):
    figure = plot_losses([2.0, 1.0], tmp_path / "loss.svg", floor=np.float32(0.25))
    (axes,) = figure.axes
    assert axes.lines[-1].get_ydata() == [0.25, 0.25]
    assert axes.get_ylim()[0] < 0.25
    assert written(figure)[-1] == "lowest possible: 0.25"
    figure = plot_losses([2.0, 1.0], tmp_path / "loss.svg", floor=0.25, floor_label="log 2")
    assert written(figure)[-1] == "log 2"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"floor": "low"}, "floor must be a number, not 'low'"),
        ({"floor": np.nan}, "floor must be a finite number"),
        ({"floor_label": "low"}, "floor_label names the line of `floor`"),
        ({"lang": "de"}, "lang must be 'en' or 'ja', not 'de'"),
    ],
)
def test_wrong_options_are_named(tmp_path, options, told):
    with pytest.raises(InputError, match=told):
        plot_losses([1.0], tmp_path / "loss.svg", **options)


def test_what_is_held_out_is_drawn_beside(tmp_path):
    axes = plot_losses([3, 2, 1.5, 1], tmp_path / "loss.svg", heldout={3: 1.2, 1: 2.2}).axes[0]
    assert axes.lines[1].get_xydata().tolist() == [[1, 2.2], [3, 1.2]]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["held out"]
    assert plot_losses([3, 2], tmp_path / "loss.svg", heldout={}).axes[0].get_legend() is None
