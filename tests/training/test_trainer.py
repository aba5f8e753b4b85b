"""The Trainer: what it learns, counts, reports and refuses; memory over many steps."""

from __future__ import annotations

import gc
import tracemalloc
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v import text
from tinygrad_w2v._base.errors import InputError, NonFiniteError

TEXT = "You say goodbye and I say hello."


class TinyCBOW(tw.Module):
    """P(word | contexts) = softmax(mean of the contexts' rows, times the output table)."""

    def __init__(self, vocab_size: int, dim: int) -> None:
        rng = np.random.default_rng(1)
        self.w_in = tw.Parameter((0.01 * rng.normal(size=(vocab_size, dim))).astype("f"))
        self.w_out = tw.Parameter((0.01 * rng.normal(size=(dim, vocab_size))).astype("f"))

    def forward(self, contexts: Any, target: Any) -> Any:
        h = self.w_in[contexts].mean(axis=-2)
        return F.cross_entropy(h @ self.w_out, target)


def book_data() -> tuple[Any, Any, int]:
    corpus, word_to_id, _ = text.preprocess(TEXT)
    contexts, target = text.create_contexts_target(corpus)
    return contexts, target, len(word_to_id)


class MeanOf(tw.Module):
    """The loss is the mean of x, whatever is learned: what is reported can be known exactly."""

    def __init__(self) -> None:
        self.w = tw.Parameter(0.0)
        self.batches: list[Any] = []

    def forward(self, x: Any, t: Any) -> Any:
        assert (x == t).all(), "x and t are shuffled together"
        self.batches.append(x)
        return self.w * 0.0 + x.mean()


@pytest.mark.parametrize("kind", ["SGD", "Momentum", "Nesterov", "AdaGrad", "RMSprop", "Adam"])
def test_the_toy_cbow_is_learned(kind: str) -> None:
    contexts, target, vocab_size = book_data()
    model = TinyCBOW(vocab_size, 5)
    lr = {"SGD": 2.0, "Momentum": 0.5, "Nesterov": 0.5, "AdaGrad": 0.3}.get(kind, 0.05)
    assert float(model(contexts, target)) == pytest.approx(np.log(vocab_size), abs=0.01)
    trainer = tw.Trainer(model, getattr(tw.optim, kind)(lr=lr))
    trainer.fit(contexts, target, max_epoch=150, batch_size=3, quiet=True)
    # Of the words that stand between the same neighbours one can only know that it is either.
    assert len(trainer.losses) == 15
    assert trainer.losses[-1] < 0.7 < trainer.losses[0]
    assert model.w_in.dtype == np.float32


def test_losses_are_the_true_mean_over_samples() -> None:
    model = MeanOf()
    x = np.arange(7.0) ** 2
    trainer = tw.Trainer(model, tw.optim.SGD())
    trainer.fit(x, x, max_epoch=2, batch_size=3, eval_interval=3, quiet=True)
    assert [len(batch) for batch in model.batches] == [3, 3, 1, 3, 3, 1]
    assert trainer.losses == pytest.approx([x.mean(), x.mean()])
    first, second = (np.concatenate(model.batches[i : i + 3]) for i in (0, 3))
    assert sorted(first) == sorted(second) == list(x)
    assert first.tolist() != second.tolist(), "each epoch is shuffled anew"


def test_intervals_are_counted_over_epochs_and_the_last_may_be_short() -> None:
    model = MeanOf()
    x = np.arange(5.0)
    trainer = tw.Trainer(model, tw.optim.SGD())
    trainer.fit(x, x, max_epoch=3, batch_size=2, eval_interval=4, quiet=True)
    # 3 epochs of 3 batches: intervals of 4, 4 and 1 iterations.
    values = [np.concatenate(model.batches[i:j]).mean() for i, j in [(0, 4), (4, 8), (8, 9)]]
    assert trainer.losses == pytest.approx(values)
    assert [(h.epoch, h.iteration) for h in trainer.history] == [(2, 4), (3, 8), (3, 9)]
    seconds = [h.seconds for h in trainer.history]
    assert seconds == sorted(seconds)
    trainer.fit(x, x, max_epoch=1, batch_size=2, eval_interval=None, quiet=True)
    assert trainer.history[-1][:2] == (4, 12), "a second fit goes on"
    assert trainer.losses[-1] == pytest.approx(2.0)


def test_shuffling_is_the_generators() -> None:
    x = np.arange(8.0)
    batches = []
    for rng in (None, np.random.default_rng(0), np.random.default_rng(5)):
        model = MeanOf()
        tw.Trainer(model, tw.optim.SGD()).fit(x, x, 1, 8, rng=rng, quiet=True)
        batches.append(model.batches[0].tolist())
    assert batches[0] == batches[1] != batches[2]


def test_gradients_are_clipped() -> None:
    class Steep(tw.Module):
        def __init__(self) -> None:
            self.w = tw.Parameter([0.0, 0.0])

        def forward(self, x: Any, t: Any) -> Any:
            return (self.w * [300.0, 400.0]).sum()

    model = Steep()
    tw.Trainer(model, tw.optim.SGD(lr=1.0)).fit([0.0], [0.0], 1, max_grad=1.0, quiet=True)
    np.testing.assert_allclose(model.w.data, [-0.6, -0.8], rtol=1e-6)


def test_old_gradients_do_not_count() -> None:
    model = TinyCBOW(3, 2)
    twin = TinyCBOW(3, 2)
    x, t = np.array([[0, 1]]), np.array([2])
    model(x, t).backward()
    for m in (model, twin):
        tw.Trainer(m, tw.optim.SGD()).fit(x, t, 1, quiet=True)
    np.testing.assert_array_equal(model.w_in.data, twin.w_in.data)


def test_training_mode_is_switched_on() -> None:
    model = MeanOf().eval()
    tw.Trainer(model, tw.optim.SGD()).fit([1.0], [1.0], 1, quiet=True)
    assert model.training


def test_progress_is_one_plain_line_off_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    x = np.arange(4.0)
    trainer = tw.Trainer(MeanOf(), tw.optim.SGD())
    trainer.fit(x, x, max_epoch=2, batch_size=2, eval_interval=2)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("training: 100% of 8 samples, loss 1.5, epoch 2, ")
    assert shown.err.count("\n") == 1
    trainer.fit(x, x, quiet=True)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"t": np.ones(3)}, "x has 4 samples and t has 3"),
        ({"x": np.ones(0), "t": np.ones(0)}, "no samples"),
        ({"x": 1.0}, "x is one number"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"batch_size": 2.5}, "batch_size is 2.5"),
        ({"max_epoch": 0}, "max_epoch is 0"),
        ({"max_epoch": -1}, "max_epoch is -1"),
        ({"eval_interval": 0}, "eval_interval is 0"),
        ({"max_grad": 0.0}, "max_grad is 0"),
        ({"max_grad": float("nan")}, "max_grad is nan"),
    ],
)
def test_input_that_cannot_be_used(arguments: dict[str, Any], message: str) -> None:
    model = MeanOf()
    trainer = tw.Trainer(model, tw.optim.SGD())
    with pytest.raises(InputError, match=message):
        trainer.fit(**({"x": np.ones(4), "t": np.ones(4), "quiet": True} | arguments))
    assert not model.batches


def test_models_and_optimizers_that_cannot_be_used() -> None:
    with pytest.raises(InputError, match="list of parameters is empty"):
        tw.Trainer(tw.Module(), tw.optim.SGD())
    with pytest.raises(InputError, match=r"give a tw\.Module"):
        tw.Trainer(lambda x, t: x, tw.optim.SGD())  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"tw\.optim\.Adam\(\)"):
        tw.Trainer(MeanOf(), "adam")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="none of MeanOf's"):
        tw.Trainer(MeanOf(), tw.optim.SGD(MeanOf().parameters()))
    model = MeanOf()
    optimizer = tw.optim.SGD(model.parameters())
    assert tw.Trainer(model, optimizer).optimizer.parameters == [model.w]


@pytest.mark.parametrize("result", [1.0, None, np.ones(1), tw.Variable([1.0, 2.0])])
def test_a_model_that_returns_no_loss(result: Any) -> None:
    class Wrong(tw.Module):
        def __init__(self) -> None:
            self.w = tw.Parameter(0.0)

        def forward(self, x: Any, t: Any) -> Any:
            return result

    with pytest.raises(InputError, match=r"Wrong\(x, t\) returned a .*mean loss"):
        tw.Trainer(Wrong(), tw.optim.SGD()).fit([1.0], [1.0], quiet=True)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_stops(bad: float) -> None:
    class Breaks(tw.Module):
        def __init__(self) -> None:
            self.w = tw.Parameter(1.0)
            self.calls = 0

        def forward(self, x: Any, t: Any) -> Any:
            self.calls += 1
            return self.w + (bad if self.calls == 6 else 0.0)

    model = Breaks()
    trainer = tw.Trainer(model, tw.optim.SGD(lr=0.125))
    with pytest.raises(NonFiniteError, match=r"iteration 6 \(epoch 3, lr 0.125\).*tw\.debug"):
        trainer.fit(np.ones(4), np.ones(4), batch_size=2, quiet=True)
    assert float(model.w) == 1.0 - 5 * 0.125, "the parameters are those of the step before"
    assert len(trainer.losses) == 1


def test_ctrl_c_keeps_what_was_learned(capsys: pytest.CaptureFixture[str]) -> None:
    class Interrupted(tw.Module):
        def __init__(self) -> None:
            self.w = tw.Parameter(1.0)
            self.calls = 0

        def forward(self, x: Any, t: Any) -> Any:
            self.calls += 1
            if self.calls == 4:
                raise KeyboardInterrupt
            return self.w * 1.0

    model = Interrupted()
    trainer = tw.Trainer(model, tw.optim.SGD(lr=0.25))
    trainer.fit([1.0], [1.0])
    assert trainer.interrupted
    assert float(model.w) == 0.25
    assert trainer.losses == pytest.approx([(1.0 + 0.75 + 0.5) / 3])
    assert "stopped" in capsys.readouterr().err
    trainer.fit([1.0], [1.0], max_epoch=1, quiet=True)
    assert not trainer.interrupted


def test_the_curve_is_written_without_a_display(tmp_path: Path) -> None:
    trainer = tw.Trainer(MeanOf(), tw.optim.SGD())
    with pytest.raises(InputError, match="no losses"):
        trainer.plot(tmp_path / "loss.svg")
    x = np.arange(4.0)
    trainer.fit(x, x, eval_interval=5, quiet=True)
    figure = trainer.plot(tmp_path / "loss.svg", ylim=(0.0, 3.0))
    (axes,) = figure.axes
    assert axes.get_ylim() == (0.0, 3.0)
    assert axes.get_xlabel() == "iterations (x5)"
    assert (tmp_path / "loss.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_the_curve_in_japanese_with_the_lowest_loss(tmp_path: Path) -> None:
    trainer = tw.Trainer(MeanOf(), tw.optim.SGD())
    trainer.fit(np.arange(4.0), np.arange(4.0), eval_interval=5, quiet=True)
    options: dict[str, Any] = {"title": "学習", "floor": 0.25, "floor_label": "下限", "lang": "ja"}
    (axes,) = trainer.plot(tmp_path / "loss.svg", **options).axes
    texts = (axes.get_title(), axes.get_xlabel(), axes.get_ylabel(), axes.texts[0].get_text())
    assert texts == ("学習", "反復回数 (x5)", "損失", "下限")


# ---------------------------------------------------------------------- memory
def test_a_thousand_steps_leave_nothing_behind() -> None:
    contexts, target, vocab_size = book_data()
    model = TinyCBOW(vocab_size, 5)
    trainer = tw.Trainer(model, tw.optim.Adam())
    fit: dict[str, Any] = {"batch_size": 3, "eval_interval": 10_000, "max_grad": 1.0}
    trainer.fit(contexts, target, max_epoch=5, quiet=True, **fit)
    while gc.collect():  # what goes may let go of more
        pass
    gc.disable()
    try:
        tracemalloc.start()
        trainer.fit(contexts, target, max_epoch=20, quiet=True, **fit)
        before, _ = tracemalloc.get_traced_memory()
        objects = len(gc.get_objects())
        trainer.fit(contexts, target, max_epoch=500, quiet=True, **fit)
        after, _ = tracemalloc.get_traced_memory()
        assert after - before < 20_000
        assert len(gc.get_objects()) - objects < 50
    finally:
        tracemalloc.stop()
        gc.enable()
    assert gc.collect() == 0, "no reference cycles"


def test_a_graph_does_not_hold_its_module() -> None:
    model = TinyCBOW(3, 2)
    loss = model(np.array([[0, 1]]), np.array([2]))
    gone = weakref.ref(model)
    gc.disable()
    try:
        del model
        assert gone() is None
    finally:
        gc.enable()
    loss.backward()


class TwoLines(tw.Module):
    """t = w x + b"""

    def __init__(self) -> None:
        self.w, self.b = tw.Parameter(0.0), tw.Parameter(0.0)

    def forward(self, x: Any, t: Any) -> Any:
        return ((self.w * x + self.b - t) ** 2).mean()


@pytest.mark.parametrize("kind", ["SGD", "Momentum", "Nesterov", "AdaGrad", "RMSprop", "Adam"])
def test_a_parameter_that_the_optimizer_does_not_hold_is_frozen(kind: str) -> None:
    model, x = TwoLines(), np.linspace(-1, 1, 8)
    trainer = tw.Trainer(model, getattr(tw.optim, kind)([model.w], lr=0.1))
    trainer.fit(x, 2 * x + 1, max_epoch=2, batch_size=4, quiet=True)
    assert float(model.b) == 0.0
    assert float(model.w) != 0.0


def test_a_frozen_gradient_has_no_part_in_the_norm_that_is_clipped() -> None:
    """The frozen parameter's is a hundred times as large."""
    model, x = TwoLines(), np.full(4, 0.01)
    trainer = tw.Trainer(model, tw.optim.SGD([model.w], lr=1.0))
    trainer.fit(x, x + 1, max_epoch=1, batch_size=4, max_grad=0.01, quiet=True)
    assert float(model.w) == pytest.approx(0.01, rel=1e-3)


def test_gradients_of_a_parameter_that_only_the_optimizer_holds_are_of_one_step() -> None:
    """They were never cleared, so each step added to those before."""
    outside = tw.Parameter(0.0)

    class Beside(TwoLines):
        def forward(self, x: Any, t: Any) -> Any:
            return super().forward(x, t) + outside

    model, x = Beside(), np.zeros(4)
    trainer = tw.Trainer(model, tw.optim.SGD([model.w, outside], lr=1.0))
    trainer.fit(x, x, max_epoch=3, batch_size=4, quiet=True)
    assert float(outside) == -3.0
