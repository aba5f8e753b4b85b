"""A model of a user's whose loss is no sum over windows is refused before it is trained."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import CompileError, InputError
from tinygrad_w2v.training.model_checks import check_example, check_sum
from tinygrad_w2v.word2vec.settings import TrainingSettings, small_batch

ROOT = Path(__file__).resolve().parents[2]
TEXT = [["cat", "dog", "cow", "hen"], ["red", "blue", "pink", "grey"]] * 60
SMALL = {"vector_size": 8, "sample": 0.0, "epochs": 1, "min_count": 1, "workers": 1}


class Own(tw.Module):
    """The mean of the contexts tells the true word from drawn ones; `w_out` begins at 0."""

    def __init__(self, vocab_size: int, dim: int) -> None:
        rng = np.random.default_rng(0)
        self.w_in = tw.Parameter((rng.random((vocab_size, dim), np.float32) - 0.5) / dim)
        self.w_out = tw.Parameter(np.zeros((vocab_size, dim), np.float32))
        self.rng = np.random.default_rng(0)

    def losses(self, batch: Any) -> Any:
        h = np.expand_dims(self.w_in[batch.contexts].mean(axis=-2), -2)
        scores = (h * self.w_out[batch.targets]).sum(axis=-1)
        return -F.log_sigmoid((2 * batch.labels - 1) * scores)

    def loss(self, batch: Any) -> Any:
        return self.losses(batch).sum()


class Mean(Own):
    def loss(self, batch: Any) -> Any:
        return self.losses(batch).mean()


class MeanOfWindows(Own):
    """What averages over the windows alone is still a mean of the batch."""

    def loss(self, batch: Any) -> Any:
        return self.losses(batch).sum() / batch.center.size


class Averaging(Own):
    """A function that averages over leading axes."""

    def loss(self, batch: Any) -> Any:
        h = self.w_in[batch.contexts].mean(axis=-2)
        return F.cross_entropy(h @ self.w_out.T, batch.center)


class Regularized(Own):
    """What is added once a batch is added for each window by a kernel."""

    def loss(self, batch: Any) -> Any:
        return self.losses(batch).sum() + 0.1 * (self.w_in * self.w_in).sum()


class Squared(Own):
    def loss(self, batch: Any) -> Any:
        return self.losses(batch).sum() ** 2


class ZeroAtFirst(Own):
    """The mean of what is 0 before anything is learned."""

    def loss(self, batch: Any) -> Any:
        return (self.w_out[batch.targets] ** 2).mean()


class DroppedMean(Own):
    def loss(self, batch: Any) -> Any:
        return F.dropout(self.losses(batch), 0.3, self.rng).mean()


class Trailing(Own):
    """A mean over trailing axes is a sum over windows."""

    def loss(self, batch: Any) -> Any:
        return self.losses(batch).mean(axis=-1).sum()


class TimesSize(Own):
    def loss(self, batch: Any) -> Any:
        h = self.w_in[batch.contexts].mean(axis=-2)
        return F.cross_entropy(h @ self.w_out.T, batch.center) * batch.center.size


class Dropped(Own):
    def loss(self, batch: Any) -> Any:
        return F.dropout(self.losses(batch), 0.3, self.rng).sum()


class Leading(Own):
    """Right for a batch: the second axis is that of the contexts. For one window it is another."""

    def losses(self, batch: Any) -> Any:
        h = self.w_in[batch.contexts].mean(axis=1, keepdims=True)
        scores = (h * self.w_out[batch.targets]).sum(axis=-1)
        return -F.log_sigmoid((2 * batch.labels - 1) * scores)


def batch(windows: int = 3) -> Any:
    return small_batch(9, TrainingSettings(window=2, negative=3), windows)


def one_window() -> Any:
    windows = batch()
    return type(windows)(*[array[1] for array in windows])


NO_SUMS = (Mean, MeanOfWindows, Averaging, Regularized, Squared, ZeroAtFirst, DroppedMean)


@pytest.mark.parametrize("own", NO_SUMS)
@pytest.mark.parametrize("engine", ["auto", "numpy", "compiled"])
def test_a_loss_that_is_no_sum_is_refused_in_every_engine(own: Any, engine: str) -> None:
    with pytest.raises(InputError, match=rf"times as large, not twice: {own.__name__}\.loss") as e:
        tw.Word2Vec(TEXT, model=own, engine=engine, **SMALL)
    assert "end it with `.sum()`" in str(e.value)
    assert "batch.center.size" in str(e.value)


@pytest.mark.parametrize("own", [Own, Trailing, TimesSize, Dropped, Leading])
def test_a_sum_is_taken(own: Any) -> None:
    check_sum(own(9, 4), batch())
    model = tw.Word2Vec(TEXT, model=own, engine="numpy", **SMALL)
    assert model.losses[0] > 0


def test_a_check_leaves_no_trace() -> None:
    model = Dropped(9, 4)
    kept = model.w_in.data, model.w_in.data.copy()
    check_sum(model, batch())
    check_example(model, one_window())
    assert model.w_in.data is kept[0]
    np.testing.assert_array_equal(*kept)
    assert not model.w_out.data.any()
    assert model.w_in.grad is None
    assert model.rng.random() == np.random.default_rng(0).random()


def test_a_refused_model_is_as_it_was() -> None:
    model = Mean(8, 8)
    before = model.w_in.data.copy()
    with pytest.raises(InputError):
        tw.Word2Vec(TEXT, model=model, **SMALL)
    np.testing.assert_array_equal(model.w_in.data, before)


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (lambda self, b: None, "returned a NoneType: return one number"),
        (lambda self, b: 3.0, "returned a float: return one number"),
        (lambda self, b: self.losses(b), r"returned a Variable of the shape \(2, 6\)"),
    ],
)
def test_a_loss_that_is_no_number_is_said(returned: Any, message: str) -> None:
    own = type("Other", (Own,), {"loss": returned})
    with pytest.raises(InputError, match=rf"Other.loss\(batch\) {message}"):
        tw.Word2Vec(TEXT, model=own, engine="numpy", **SMALL)


def test_axes_from_the_front_are_of_another_window_in_a_kernel() -> None:
    """The engines would learn different models; the sizes happen to fit."""
    pytest.importorskip("numba", reason="numba is not installed")
    message = r"Leading.loss is given one window, .* counted from the end, such as `axis=-1`"
    with pytest.raises(CompileError, match=message):
        tw.Word2Vec(TEXT, model=Leading, engine="compiled", **SMALL)
    with pytest.warns(tw.EngineWarning, match=message):
        tw.Word2Vec(TEXT, model=Leading, **SMALL)
    for own in (Own, Trailing, TimesSize):
        check_example(own(9, 4), one_window())


SCRIPT = """
import sys
sys.modules["numba"] = None
import tinygrad_w2v as tw
for _ in range(2):
    tw.Word2Vec([["you", "say"], ["i", "say"]] * 9, vector_size=4, sample=0.0, epochs=1)
"""


@pytest.mark.process
def test_a_script_without_a_log_says_it_once(tmp_path: Path) -> None:
    environment = dict(os.environ, PYTHONPATH=str(ROOT))
    environment.pop("PYTHONWARNINGS", None)
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "script.py"],
        capture_output=True,
        encoding="utf-8",
        env=environment,
        cwd=tmp_path,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("EngineWarning") == 1
    assert "script.py:6: EngineWarning: training runs on the NumPy engine" in done.stderr
    assert "pip install 'tinygrad_w2v[fast]'" in done.stderr
