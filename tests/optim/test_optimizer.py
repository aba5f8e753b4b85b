"""What all optimizers share: what they refuse, state, rates that change, clipping."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError, NonFiniteError

KINDS = [
    tw.optim.SGD,
    tw.optim.Momentum,
    tw.optim.Nesterov,
    tw.optim.AdaGrad,
    tw.optim.RMSprop,
    tw.optim.Adam,
]


@pytest.mark.parametrize("rate", [0.0, -0.1, float("nan"), float("inf"), "0.1", True, [0.1]])
def test_rates_that_are_none(rate: Any) -> None:
    with pytest.raises(InputError, match="Adam: lr is"):
        tw.optim.Adam(lr=rate)
    optimizer = tw.optim.Adam()
    with pytest.raises(InputError, match="Adam: lr is"):
        optimizer.lr = rate
    assert optimizer.lr == 0.001


@pytest.mark.parametrize(
    "make",
    [
        lambda: tw.optim.Momentum(momentum=1.0),
        lambda: tw.optim.Nesterov(momentum=-0.1),
        lambda: tw.optim.RMSprop(decay_rate=float("nan")),
        lambda: tw.optim.Adam(beta1=1.5),
        lambda: tw.optim.Adam(beta2=1.0),
    ],
)
def test_shares_that_are_none(make: Any) -> None:
    with pytest.raises(InputError, match="from 0 to below 1"):
        make()


def test_parameters_that_are_none() -> None:
    w = tw.Parameter([1.0], name="w")
    for wrong, message in [
        ([], "is empty"),
        ([w * 2.0], "parameter 0 is the result of multiply: only leaves"),
        ([w, tw.Parameter(1.0), w], r"parameter 2 \(w\) came before as parameter 0"),
        ([np.ones(2)], "parameter 0 is of type ndarray"),
        ([tw.Variable(np.arange(2))], "int64, which has no gradients"),
        (0.1, r"0\.1; give a list of them, and a rate as `lr=0\.01`"),
        (w, "a single Variable was given"),
        (tw.nn.Linear(2, 1), r"give `model\.parameters\(\)`"),
    ]:
        with pytest.raises(InputError, match=message):
            tw.optim.SGD(wrong)  # type: ignore[arg-type]
    assert tw.optim.SGD(p for p in [w]).parameters == [w]


def test_steps_that_cannot_be_done() -> None:
    with pytest.raises(InputError, match="there are no parameters"):
        tw.optim.SGD().step()
    w = tw.Parameter([1.0, 2.0], name="w")
    optimizer = tw.optim.Adam([w])
    with pytest.raises(InputError, match="no parameter has a gradient"):
        optimizer.step()
    w.data = np.ones(3)
    w.sum().backward()
    with pytest.raises(InputError, match=r"parameter 0 \(w\) has now the shape \(3,\)"):
        optimizer.step()
    optimizer.bind([w])
    optimizer.step()


def test_parameters_without_gradient_rest_and_zero_grad_forgets() -> None:
    v, w = tw.Parameter(1.0), tw.Parameter(1.0)
    optimizer = tw.optim.Momentum([v, w])
    v.backward()
    optimizer.step()
    assert float(w) == 1.0
    assert float(v) == 0.99
    optimizer.zero_grad()
    assert v.grad is None


@pytest.mark.parametrize("kind", KINDS)
def test_state_goes_round(kind: Any, rng: np.random.Generator) -> None:
    def run(optimizer: Any, gradients: Any) -> None:
        for g in gradients:
            for parameter in optimizer.parameters:
                parameter.grad = tw.Variable(g)
            optimizer.step()

    gradients = rng.normal(size=(6, 3))
    whole = [tw.Parameter(np.ones(3)), tw.Parameter(np.zeros(3))]
    first = kind(whole, lr=0.05)
    run(first, gradients[:3])
    second_half = [tw.Parameter(p.data.copy()) for p in whole]
    second = kind(second_half)
    second.load_state_dict(first.state_dict())
    assert (second.lr, second.steps) == (0.05, 3)
    run(first, gradients[3:])
    run(second, gradients[3:])
    for a, b in zip(whole, second_half, strict=True):
        assert a.data.tobytes() == b.data.tobytes()


def test_state_that_does_not_fit_changes_nothing() -> None:
    optimizer = tw.optim.Adam([tw.Parameter([1.0, 2.0])])
    state = optimizer.state_dict()
    assert list(state) == ["steps", "lr", "beta1", "beta2", "0.m", "0.v"]
    state["0.m"][:] = 5.0
    assert optimizer.state[0][0][0] == 0.0, "a copy"
    wrong = {**state, "0.v": np.zeros(3), "1.m": np.zeros(2)}
    del wrong["beta1"]
    with pytest.raises(InputError) as caught:
        optimizer.load_state_dict(wrong)
    for fault in ("missing: beta1", "unknown: 1.m", "0.v has shape (3,), not (2,)"):
        assert fault in str(caught.value)
    with pytest.raises(InputError, match="lr is nan"):
        optimizer.load_state_dict({**state, "lr": np.nan})
    assert optimizer.state[0][0][0] == 0.0
    with pytest.raises(InputError, match="Adam"):
        optimizer.load_state_dict(tw.optim.SGD([tw.Parameter(1.0)]).state_dict())


def test_linear_decay_and_other_schedules() -> None:
    w = tw.Parameter(0.0)
    optimizer = tw.optim.SGD([w], lr=tw.optim.LinearDecay(1.0, 0.5, steps=2))
    places = []
    for _ in range(4):
        optimizer.zero_grad()
        w.backward()
        optimizer.step()
        places.append(float(w))
    assert places == [-1.0, -1.75, -2.25, -2.75]
    assert optimizer.lr == 0.5
    optimizer.lr = 0.25
    assert optimizer.schedule is None
    with pytest.raises(InputError, match="end is 0"):
        tw.optim.LinearDecay(1.0, 0.0, 5)
    with pytest.raises(InputError, match="lr is -1"):
        tw.optim.SGD([w], lr=lambda step: -1.0)


def test_a_schedule_goes_on_after_loading() -> None:
    schedule = tw.optim.LinearDecay(1.0, 0.5, steps=2)
    w = tw.Parameter(0.0)
    w.backward()
    first = tw.optim.SGD([w], lr=schedule)
    first.step()
    second = tw.optim.SGD([w], lr=schedule)
    second.load_state_dict(first.state_dict())
    second.step()
    assert second.lr == 0.75


def test_an_optimizer_shows_itself() -> None:
    text = repr(tw.optim.Adam([tw.Parameter(1.0)]))
    assert text == "Adam(lr=0.001, beta1=0.9, beta2=0.999) of 1 parameter(s)"


# ---------------------------------------------------------------------- clipping
def test_clipping_is_by_the_norm_of_all_gradients() -> None:
    a, b, idle = tw.Parameter([0.0, 0.0]), tw.Parameter(np.zeros((3, 1))), tw.Parameter(1.0)
    given = np.array([1.0, 2.0])
    a.grad = tw.Variable(given)
    # Row 1 was read twice: its gradient is 4, not two of 1 and 3.
    b.grad = tw.Variable(tw.RowGrad(np.array([1, 1, 0]), np.array([[1.0], [3.0], [2.0]]), (3, 1)))
    parameters = [a, b, idle]
    norm = tw.optim.clip_grads(parameters, 2.5)
    assert norm == 5.0  # 1 + 4 + 16 + 4 = 25
    assert a.grad is not None
    assert b.grad is not None
    np.testing.assert_allclose(a.grad.data, [0.5, 1.0], rtol=1e-6)
    assert isinstance(b.grad.data, tw.RowGrad)
    np.testing.assert_allclose(b.grad.data.to_dense(), [[1.0], [2.0], [0.0]], rtol=1e-6)
    np.testing.assert_array_equal(given, [1.0, 2.0])
    assert tw.optim.clip_grads(parameters, 2.5) == pytest.approx(2.5)


def test_small_gradients_are_left_alone() -> None:
    w = tw.Parameter(np.zeros(2, np.float32))
    w.grad = grad = tw.Variable(np.array([3.0, 4.0], np.float32))
    assert tw.optim.clip_grads([w], 6.0) == 5.0
    assert w.grad is grad
    tw.optim.clip_grads([w], 1.0)
    assert w.grad.dtype == np.float32
    assert tw.optim.clip_grads([tw.Parameter(1.0)], 1.0) == 0.0


def test_clipping_refuses() -> None:
    w = tw.Parameter([0.0, 0.0], name="w")
    for wrong in (0.0, -1.0, float("nan")):
        with pytest.raises(InputError, match="max_norm"):
            tw.optim.clip_grads([w], wrong)
    for bad in (np.nan, np.inf):
        w.grad = tw.Variable([1.0, bad])
        with pytest.raises(NonFiniteError, match=r"gradient of w .* tw\.debug"):
            tw.optim.clip_grads([w], 1.0)
