from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.batch import Batch
from tinygrad_w2v._base.errors import NonFiniteError
from tinygrad_w2v.autograd import RowGrad
from tinygrad_w2v.models import CBOW, SkipGram
from tinygrad_w2v.training.engines.numpy import descend


def draw(rng: np.random.Generator, vocab_size: int, windows: int = 8) -> Batch:
    targets = rng.integers(vocab_size, size=(windows, 4))
    labels = np.zeros(targets.shape, np.float32)
    labels[:, 0] = 1
    contexts = rng.integers(vocab_size, size=(windows, 3))
    return Batch(targets[:, 0], contexts, contexts, targets, labels)


@pytest.mark.parametrize("objective", ["negative_sampling", "softmax"])
def test_a_step_subtracts_lr_times_the_gradient(objective, rng) -> None:
    model = SkipGram(20, 4, objective, rng=rng)
    model.w_out.data = rng.normal(size=(20, 4)).astype(np.float32)
    batch = draw(rng, 20)
    before = [p.data.copy() for p in model.parameters()]
    loss = model.loss(batch)
    loss.backward()
    expected = []
    for start, p in zip(before, model.parameters(), strict=True):
        g = p.grad.data
        expected.append(start - 0.1 * (g.to_dense() if isinstance(g, RowGrad) else g))
    model.cleargrads()
    assert descend(model, batch, 0.1) == loss.item()
    for p, wanted in zip(model.parameters(), expected, strict=True):
        np.testing.assert_allclose(p.data, wanted, rtol=1e-5, atol=1e-7)
        assert p.grad is None


def test_rows_that_were_not_read_are_not_touched(rng) -> None:
    model = CBOW(1000, 4, rng=rng)
    table = model.w_in.data
    before = table.copy()
    batch = draw(rng, 1000)
    descend(model, batch, 0.5)
    descend(model, batch, 0.5)
    changed = np.flatnonzero((table != before).any(axis=1))
    assert set(changed) <= set(batch.contexts.ravel())
    assert model.w_in.data is table  # in place: the table is not copied


def test_repeated_steps_lower_the_loss(rng) -> None:
    model, batch = CBOW(20, 8, rng=rng), draw(rng, 20)
    step = partial(descend, model)
    losses = [step(batch, 0.5) for _ in range(30)]
    assert losses[-1] < 0.5 * losses[0]


def test_the_op_that_lost_the_numbers_is_named(rng) -> None:
    model, batch = SkipGram(20, 4, rng=rng), draw(rng, 20)
    for p in model.parameters():
        p.data = np.full((20, 4), 1e30, np.float32)
    with np.errstate(all="ignore"), pytest.raises(NonFiniteError, match="matmul"):
        descend(model, batch, 0.1)


def test_a_table_that_is_not_finite_is_named(rng) -> None:
    model, batch = SkipGram(20, 4, rng=rng), draw(rng, 20)
    model.w_out.data = np.full((20, 4), np.nan, np.float32)
    with pytest.raises(NonFiniteError, match=r"w_out holds .* not finite: the update w_out -= lr"):
        descend(model, batch, 0.1)


class TwoParameters(tw.Module):
    def __init__(self) -> None:
        self.w, self.b = tw.Parameter(np.ones(2)), tw.Parameter(np.ones(2))

    def parameters(self) -> Any:
        return [self.w]

    def loss(self, batch: Any) -> Any:
        return (self.w * self.b).sum()


def test_only_what_the_model_calls_its_parameters_is_learned() -> None:
    model = TwoParameters()
    step = partial(descend, model)
    for _ in range(2):
        step(None, 0.5)
    assert model.w.data.tolist() == [0.0, 0.0]
    assert model.b.data.tolist() == [1.0, 1.0]


def test_a_gradient_from_before_is_not_of_the_first_batch() -> None:
    model = TwoParameters()
    model.loss(None).backward()
    descend(model, None, 0.25)
    assert model.w.data.tolist() == [0.75, 0.75]
