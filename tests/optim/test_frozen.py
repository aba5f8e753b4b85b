"""What is frozen does not change, whoever trains; nor does the state that belongs to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.training.engines.numpy import descend

KINDS = ["SGD", "Momentum", "Nesterov", "AdaGrad", "RMSprop", "Adam"]
ROWS = np.array([False, True, False, True, False])
PARTS = np.eye(5, 2, dtype=bool)
GRADIENTS: dict[str, Callable[[Any], Any]] = {
    "rows": lambda rng: tw.RowGrad(rng.integers(5, size=6), rng.normal(size=(6, 2)), (5, 2)),
    "some": lambda rng: tw.RowGrad(np.array([1, 3]), rng.normal(size=(2, 2)), (5, 2)),
    "whole": lambda rng: rng.normal(size=(5, 2)),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("gradient", GRADIENTS)
@pytest.mark.parametrize("mask", [ROWS, PARTS, True], ids=["rows", "parts", "all"])
def test_frozen_elements_and_their_state_stay(kind: str, gradient: str, mask: Any) -> None:
    """The others move as if the gradient of these had been 0 and they alone were looked at."""
    rng = np.random.default_rng(0)
    start = rng.normal(size=(5, 2))
    frozen, free = tw.Parameter(start.copy(), frozen=mask), tw.Parameter(start.copy())
    rules = [getattr(tw.optim, kind)([p], lr=0.1, weight_decay=0.3) for p in (frozen, free)]
    where = np.broadcast_to(mask if np.ndim(mask) != 1 else mask[:, None], (5, 2))
    for rule in rules:
        rule.state = [tuple(np.full((5, 2), 0.5) for _ in arrays) for arrays in rule.state]
    for seed in range(4):
        for rule in rules:
            rule.parameters[0].grad = tw.Variable(GRADIENTS[gradient](np.random.default_rng(seed)))
            rule.step()
    for ours, theirs, before in [
        (frozen.data, free.data, start),
        *zip(rules[0].state[0], rules[1].state[0], [np.full((5, 2), 0.5)] * 2, strict=False),
    ]:
        assert ours[where].tobytes() == np.broadcast_to(before, (5, 2))[where].tobytes()
        np.testing.assert_allclose(ours[~where], theirs[~where], rtol=1e-12)
    assert not np.array_equal(free.data[where], frozen.data[where])


@pytest.mark.parametrize("gradient", GRADIENTS)
def test_the_norm_that_is_clipped_is_of_what_is_learned(gradient: str) -> None:
    g = GRADIENTS[gradient](np.random.default_rng(1))
    dense = g.to_dense() if isinstance(g, tw.RowGrad) else g
    w = tw.Parameter(np.zeros((5, 2)), frozen=ROWS)
    w.grad = tw.Variable(g)
    norm = np.sqrt((dense[~ROWS] ** 2).sum())
    other = tw.Parameter(np.zeros(2), frozen=True)
    other.grad = tw.Variable(np.full(2, 1e6))
    assert tw.optim.clip_grads([w, other], 0.5) == pytest.approx(norm)
    if gradient == "whole":
        w.grad = tw.Variable(g)
        tw.optim.SGD([w], lr=1.0, clip=0.5).step()
        np.testing.assert_allclose(np.sqrt((w.data**2).sum()), 0.5)


class Line(tw.Module):
    """A table that is read by rows, one that is read whole, a number."""

    def __init__(self) -> None:
        self.w = tw.Parameter(np.ones((5, 2)), frozen=ROWS)
        self.v = tw.Parameter(np.ones((2, 2)), frozen=np.eye(2, dtype=bool))
        self.c = tw.Parameter(1.0, frozen=True)

    def loss(self, batch: Any) -> Any:
        return ((self.w[batch[0]] @ self.v * self.c) ** 2).sum()

    def forward(self, x: Any, t: Any) -> Any:
        return self.loss((x, t)) / len(x)


def check(line: Line) -> None:
    np.testing.assert_array_equal(line.w.data[ROWS], 1.0)
    np.testing.assert_array_equal(np.diag(line.v.data), 1.0)
    assert float(line.c) == 1.0
    assert (line.w.data[~ROWS] != 1.0).all()
    assert line.v.data[0, 1] != 1.0


def test_plain_descent_leaves_it() -> None:
    line, batch = Line(), (np.arange(5), None)
    losses = [descend(line, batch, 0.01) for _ in range(3)]
    check(line)
    assert losses == sorted(losses, reverse=True)


def test_a_trainer_leaves_it() -> None:
    line = Line()
    x = np.arange(5)
    tw.Trainer(line, tw.optim.Adam(lr=0.01)).fit(x, x, 2, 2, max_grad=1.0, quiet=True)
    check(line)
    assert len(line.parameters()) == 3


def test_it_may_be_changed_and_a_gradient_is_that_of_all() -> None:
    w = tw.Parameter(np.ones(2), frozen=True)
    w.sum().backward()
    assert w.grad is not None
    np.testing.assert_array_equal(w.grad.data, 1.0)
    rule = tw.optim.SGD([w], lr=0.5)
    rule.step()
    w.frozen = [False, True]
    rule.step()
    w.frozen = False
    rule.step()
    np.testing.assert_array_equal(w.data, [0.0, 0.5])


def test_a_part_of_a_row_and_a_ball() -> None:
    w = tw.Parameter(np.ones((5, 2)), name="w", frozen=PARTS)
    w.sum().backward()
    with pytest.raises(InputError, match=r"parts of rows of w are frozen, .* freeze whole rows"):
        tw.optim.SGD([w], max_norm=1.0).step()
    w.frozen = ROWS
    tw.optim.SGD([w], lr=0.1, max_norm=1.0).step()
    norms = np.linalg.norm(w.data, axis=1)
    np.testing.assert_allclose(norms[~ROWS], 1.0)
    np.testing.assert_array_equal(w.data[ROWS], 1.0)
