"""Weight decay, clipping by rows and the ball: each rule against a step that is written out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError

KINDS = ["SGD", "Momentum", "Nesterov", "AdaGrad", "RMSprop", "Adam"]
LIMITS = {"weight_decay": 0.5, "clip": 1.5, "max_norm": 2.0}


def given(gradient: Any, **limits: Any) -> tuple[Any, Any]:
    """A table after one step of plain descent with a rate of 0.5, and as it was."""
    before = np.arange(1.0, 9.0).reshape(4, 2)
    table = tw.Parameter(before.copy())
    table.grad = tw.Variable(gradient)
    tw.optim.SGD([table], lr=0.5, **limits).step()
    return table.data, before


def rows(*numbers: int, values: Any) -> tw.RowGrad:
    return tw.RowGrad(np.array(numbers), np.array(values, float), (4, 2))


def test_weight_decay_is_beside_the_gradient_and_lazy() -> None:
    g = np.ones((4, 2))
    after, before = given(g, weight_decay=0.5)
    np.testing.assert_allclose(after, before - 0.5 * 0.5 * before - 0.5 * g)
    after, before = given(rows(2, 2, values=[[1, 1], [1, 0]]), weight_decay=0.5)
    np.testing.assert_allclose(after[2], 0.75 * before[2] - [1.0, 0.5])
    np.testing.assert_array_equal(after[[0, 1, 3]], before[[0, 1, 3]])


def test_clipping_is_of_each_row_where_there_are_rows_and_else_of_the_whole() -> None:
    # Row 1 is named twice, and its gradient of norm 5 is the sum.
    after, before = given(rows(1, 0, 1, values=[[1, 2], [0, 0.5], [2, 2]]), clip=1.0)
    np.testing.assert_allclose(
        after - before, -0.5 * np.array([[0, 0.5], [0.6, 0.8], [0, 0], [0, 0]])
    )
    g = np.full((4, 2), np.sqrt(2.0))  # of norm 4
    after, before = given(g, clip=1.0)
    np.testing.assert_allclose(after, before - 0.5 * g / 4)
    after, before = given(g, clip=4.5)
    np.testing.assert_allclose(after, before - 0.5 * g)


def test_rows_are_brought_back_into_the_ball() -> None:
    after, _ = given(rows(3, 0, values=[[0, 0], [1, 3]]), max_norm=2.0)
    np.testing.assert_allclose(after[0], [0.5, 0.5])  # it is inside
    np.testing.assert_allclose(after[3], 2 * np.array([7, 8]) / np.sqrt(113))
    np.testing.assert_array_equal(after[1:3], [[3, 4], [5, 6]])  # not touched
    after, before = given(np.zeros((4, 2)), max_norm=5.0)
    norms = np.linalg.norm(before, axis=1)
    np.testing.assert_allclose(np.linalg.norm(after, axis=1), np.minimum(norms, 5))


@pytest.mark.parametrize(("data", "expected"), [(3.0, 2.0), ([3.0, -4.0], [2.0, -2.0])])
def test_a_row_of_a_vector_is_a_number(data: Any, expected: Any) -> None:
    x = tw.Parameter(data)
    x.grad = tw.Variable(np.zeros(x.shape))
    tw.optim.SGD([x], max_norm=2.0).step()
    np.testing.assert_array_equal(x.data, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_every_rule_with_all_of_them(kind: str) -> None:
    """Against the rule alone, whose gradient and array are prepared outside."""
    rng = np.random.default_rng(0)
    start = rng.normal(size=(5, 3))
    one, two = tw.Parameter(start.copy()), tw.Parameter(start.copy())
    plain = getattr(tw.optim, kind)([one], lr=0.1)
    whole = getattr(tw.optim, kind)([two], lr=0.1, **LIMITS)
    for _ in range(5):
        g = rng.normal(size=(5, 3))
        norm = np.sqrt((g * g).sum())
        one.data *= 1 - 0.1 * 0.5
        one.grad = tw.Variable(g * min(1, 1.5 / norm))
        two.grad = tw.Variable(g)
        plain.step()
        whole.step()
        norms = np.linalg.norm(one.data, axis=1, keepdims=True)
        one.data *= np.minimum(1, 2.0 / norms)
        np.testing.assert_allclose(two.data, one.data, rtol=1e-12)


class Own(tw.optim.Optimizer):
    """A user's, that knows nothing of them."""

    def update(self, x: Any, g: Any, *state: Any) -> None:
        x -= self.lr * np.sign(g)


def test_a_rule_of_ones_own_has_them() -> None:
    w = tw.Parameter([3.0, 1.0])
    w.grad = tw.Variable([1.0, -1.0])
    rule = Own([w], lr=0.5, weight_decay=1.0, max_norm=0.75)
    rule.step()
    np.testing.assert_array_equal(w.data, [0.75, 0.75])
    assert repr(rule) == "Own(lr=0.5, weight_decay=1, max_norm=0.75) of 1 parameter(s)"


class OwnRows(Own):
    """It has a way of its own with rows."""

    def update_rows(self, x: Any, g: Any, *state: Any) -> None:
        g.add_to(x, -self.lr)


def test_a_way_with_rows_of_ones_own_is_held_back_too() -> None:
    g = rows(1, 0, 1, values=[[1, 2], [0, 0.5], [2, 2]])
    tables = [tw.Parameter(np.arange(1.0, 9.0).reshape(4, 2)) for _ in range(2)]
    for kind, table in zip((OwnRows, tw.optim.SGD), tables, strict=True):
        table.grad = tw.Variable(g)
        kind([table], lr=0.5, **LIMITS).step()  # type: ignore[arg-type]
    np.testing.assert_array_equal(tables[0].data, tables[1].data)
    assert np.linalg.norm(tables[0].data[1]) == pytest.approx(2.0)


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf"), "1", True, [1.0]])
def test_numbers_that_are_none(name: str, wrong: Any) -> None:
    rule = tw.optim.Adam(clip=1.0)
    with pytest.raises(InputError, match=rf"Adam: {name} is .*; give a positive number"):
        setattr(rule, name, wrong)
    with pytest.raises(InputError, match=rf"SGD: {name} is"):
        tw.optim.SGD(**{name: wrong})
    assert (rule.weight_decay, rule.clip, rule.max_norm) == (0.0, 1.0, None)


def test_0_is_no_bound_and_none_no_decay() -> None:
    for name, wrong in (("clip", 0), ("max_norm", 0), ("weight_decay", None)):
        with pytest.raises(InputError, match=name):
            tw.optim.SGD(**{name: wrong})
    assert tw.optim.SGD(weight_decay=0, clip=None, max_norm=None).numbers() == {}


def test_a_class_may_not_call_something_else_so() -> None:
    with pytest.raises(InputError, match=r"Mine: clip is a number that every Optimizer has"):
        type("Mine", (tw.optim.SGD,), {"clip": 3.0})
    with pytest.raises(InputError, match=r"Mine: weight_decay is a number"):
        type("Mine", (tw.optim.SGD,), {"settings": ("weight_decay",)})


def test_they_go_round() -> None:
    first = tw.optim.Momentum([tw.Parameter([1.0])], **LIMITS)  # type: ignore[arg-type]
    state = first.state_dict()
    assert list(state) == ["steps", "lr", "momentum", *LIMITS, "0.v"]
    second = tw.optim.Momentum([tw.Parameter([1.0])], clip=9.0)
    second.load_state_dict(state)
    assert second.numbers() == first.numbers() == {"momentum": 0.9, **LIMITS}
    second.load_state_dict(tw.optim.Momentum([tw.Parameter([1.0])]).state_dict())
    assert second.numbers() == {"momentum": 0.9}
    with pytest.raises(InputError, match="clip is -1"):
        second.load_state_dict({**state, "clip": -1.0, "momentum": 0.5})
    assert second.numbers() == {"momentum": 0.9}
