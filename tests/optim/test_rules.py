"""Each optimizer against its published formula, on arrays and on rows."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw

Array = np.ndarray[Any, Any]


# The book's formulas, one step after the other, for an array that does not change in place.
def sgd(x: Array, gradients: list[Array], lr: float = 0.01) -> Iterator[Array]:
    for g in gradients:
        x = x - lr * g
        yield x


def momentum(x: Array, gradients: list[Array], lr: float = 0.01) -> Iterator[Array]:
    v = np.zeros_like(x)
    for g in gradients:
        v = 0.9 * v - lr * g
        x = x + v
        yield x


def nesterov(x: Array, gradients: list[Array], lr: float = 0.01) -> Iterator[Array]:
    v = np.zeros_like(x)
    for g in gradients:
        v = 0.9 * v - lr * g
        x = x + 0.9 * 0.9 * v - (1 + 0.9) * lr * g
        yield x


def adagrad(x: Array, gradients: list[Array], lr: float = 0.01) -> Iterator[Array]:
    h = np.zeros_like(x)
    for g in gradients:
        h = h + g * g
        x = x - lr * g / (np.sqrt(h) + 1e-7)
        yield x


def rmsprop(x: Array, gradients: list[Array], lr: float = 0.01) -> Iterator[Array]:
    h = np.zeros_like(x)
    for g in gradients:
        h = 0.99 * h + (1 - 0.99) * g * g
        x = x - lr * g / (np.sqrt(h) + 1e-7)
        yield x


def adam(x: Array, gradients: list[Array], lr: float = 0.001) -> Iterator[Array]:
    m, v = np.zeros_like(x), np.zeros_like(x)
    for t, g in enumerate(gradients, start=1):
        m = m + (1 - 0.9) * (g - m)
        v = v + (1 - 0.999) * (g**2 - v)
        lr_t = lr * math.sqrt(1.0 - 0.999**t) / (1.0 - 0.9**t)
        x = x - lr_t * m / (np.sqrt(v) + 1e-7)
        yield x


RULES: list[tuple[type[tw.optim.Optimizer], Callable[..., Iterator[Array]]]] = [
    (tw.optim.SGD, sgd),
    (tw.optim.Momentum, momentum),
    (tw.optim.Nesterov, nesterov),
    (tw.optim.AdaGrad, adagrad),
    (tw.optim.RMSprop, rmsprop),
    (tw.optim.Adam, adam),
]
each_rule = pytest.mark.parametrize(("kind", "formula"), RULES, ids=lambda r: r.__name__)
each_kind = pytest.mark.parametrize("kind", [kind for kind, _ in RULES])


@each_rule
def test_dense_steps_are_the_formula(kind: Any, formula: Any, rng: np.random.Generator) -> None:
    start = rng.normal(size=(3, 2))
    gradients = [rng.normal(size=(3, 2)) for _ in range(5)]
    parameter = tw.Parameter(start.copy())
    optimizer = kind([parameter])
    for g, expected in zip(gradients, formula(start, gradients), strict=True):
        parameter.grad = tw.Variable(g)
        optimizer.step()
        np.testing.assert_allclose(parameter.data, expected, rtol=1e-13)
    assert optimizer.steps == 5


@each_rule
def test_the_rate_is_a_factor_of_the_formula(
    kind: Any, formula: Any, rng: np.random.Generator
) -> None:
    start, gradients = rng.normal(size=4), [rng.normal(size=4) for _ in range(3)]
    parameter = tw.Parameter(start.copy())
    optimizer = kind([parameter], lr=0.3)
    for g in gradients:
        parameter.grad = tw.Variable(g)
        optimizer.step()
    np.testing.assert_allclose(parameter.data, list(formula(start, gradients, 0.3))[-1])


@each_rule
def test_rows_equal_dense_when_all_rows_are_touched(
    kind: Any, formula: Any, rng: np.random.Generator
) -> None:
    start = rng.normal(size=(4, 3))
    by_rows, dense = tw.Parameter(start.copy()), tw.Parameter(start.copy())
    optimizers = kind([by_rows]), kind([dense])
    for _ in range(4):
        ids = np.concatenate([rng.permutation(4), rng.integers(-4, 4, 3)])  # some repeat
        grad = tw.RowGrad(ids, rng.normal(size=(7, 3)), (4, 3))
        by_rows.grad, dense.grad = tw.Variable(grad), tw.Variable(grad.to_dense())
        for optimizer in optimizers:
            optimizer.step()
        np.testing.assert_allclose(by_rows.data, dense.data, rtol=1e-12)
    for rows, arrays in zip(*(o.state for o in optimizers), strict=True):
        for a, b in zip(rows, arrays, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)


@each_rule
def test_untouched_rows_stay_bit_for_bit(kind: Any, formula: Any, rng: np.random.Generator) -> None:
    start = rng.normal(size=(6, 2)).astype(np.float32)
    parameter = tw.Parameter(start.copy())
    optimizer = kind([parameter])
    parameter.grad = tw.Variable(rng.normal(size=(6, 2)).astype(np.float32))
    optimizer.step()  # every row has state now
    before = [parameter.data.copy(), *(array.copy() for array in optimizer.state[0])]
    for _ in range(3):
        values = rng.normal(size=(3, 2)).astype(np.float32)
        parameter.grad = tw.Variable(tw.RowGrad(np.array([4, 1, 4]), values, (6, 2)))
        optimizer.step()
    for array, old in zip((parameter.data, *optimizer.state[0]), before, strict=True):
        assert array.dtype == np.float32
        assert array[[0, 2, 3, 5]].tobytes() == old[[0, 2, 3, 5]].tobytes()
        assert (array[[1, 4]] != old[[1, 4]]).all()


@each_rule
def test_repeated_rows_are_added_up_before_they_are_squared(kind: Any, formula: Any) -> None:
    parameter = tw.Parameter(np.ones((3, 1)))
    grad = tw.RowGrad(np.array([1, 1]), np.array([[3.0], [-1.0]]), (3, 1))
    parameter.grad = tw.Variable(grad)
    kind([parameter]).step()
    (expected,) = formula(np.ones(1), [np.array([2.0])])
    np.testing.assert_allclose(parameter.data[:, 0], [1.0, expected[0], 1.0])


@each_kind
@pytest.mark.parametrize("shape", [(), (3,), (2, 3, 2), (0, 2)])
def test_float32_stays_float32_in_any_shape(kind: Any, shape: tuple[int, ...]) -> None:
    parameter = tw.Parameter(np.ones(shape, np.float32))
    data = parameter.data
    optimizer = kind([parameter], lr=np.float64(0.1))
    (parameter * parameter).sum().backward()
    optimizer.step()
    assert parameter.data is data, "updated in place"
    assert parameter.dtype == np.float32
    assert (data < 1).all()
    assert all(array.dtype == np.float32 for array in optimizer.state[0])


@each_kind
def test_rows_of_vectors_and_of_blocks(kind: Any) -> None:
    for shape in [(4,), (4, 2, 2)]:
        parameter = tw.Parameter(np.ones(shape))
        optimizer = kind([parameter])
        parameter[np.array([2, 2])].sum().backward()
        optimizer.step()
        assert (parameter.data[2] < 1).all()
        assert (parameter.data[[0, 1, 3]] == 1).all()


@each_kind
def test_no_rows_at_all(kind: Any) -> None:
    parameter = tw.Parameter(np.ones((3, 2)))
    parameter[np.array([], np.intp)].sum().backward()
    kind([parameter]).step()
    assert (parameter.data == 1).all()


@each_kind
def test_a_step_on_rows_costs_what_the_rows_cost(kind: Any) -> None:
    parameter = tw.Parameter(np.zeros((200_000, 8), np.float32))
    optimizer = kind([parameter])
    loss = (parameter[np.array([5, 7, 7, 199_999])] * 2.0).sum()
    tracemalloc.start()
    loss.backward()
    optimizer.step()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000


@each_kind
def test_gradients_are_not_written_into(kind: Any, rng: np.random.Generator) -> None:
    parameter = tw.Parameter(rng.normal(size=(3, 2)))
    g = rng.normal(size=(3, 2))
    rows = tw.RowGrad(np.array([0, 2]), g[:2].copy(), (3, 2))
    for grad in (g, rows):
        before = grad.copy() if isinstance(grad, np.ndarray) else grad.to_dense()
        parameter.grad = tw.Variable(grad)
        kind([parameter]).step()
        after = grad if isinstance(grad, np.ndarray) else grad.to_dense()
        np.testing.assert_array_equal(after, before)


@each_kind
def test_default_rates_are_the_books(kind: Any) -> None:
    optimizer = kind()
    assert optimizer.lr == (0.001 if kind is tw.optim.Adam else 0.01)
    expected = {
        "Momentum": {"momentum": 0.9},
        "Nesterov": {"momentum": 0.9},
        "RMSprop": {"decay_rate": 0.99},
        "Adam": {"beta1": 0.9, "beta2": 0.999},
    }
    settings = {name: getattr(optimizer, name) for name in optimizer.settings}
    assert settings == expected.get(kind.__name__, {})


def test_a_row_that_rests_goes_on_from_where_it_was() -> None:
    """Lazy momentum: three rests change nothing; with dense gradients the row would drift."""
    parameter = tw.Parameter(np.zeros((2, 1)))
    optimizer = tw.optim.Momentum([parameter], lr=1.0, momentum=0.5)
    for row in (0, 1, 1, 1, 0):
        parameter.grad = tw.Variable(tw.RowGrad(np.array([row]), np.array([[1.0]]), (2, 1)))
        optimizer.step()
    # v: -1, then 0.5 * -1 - 1 = -1.5
    assert parameter.data[0, 0] == -2.5


@each_kind
def test_what_a_subclass_overrides_counts_on_rows_as_on_arrays(
    kind: Any, rng: np.random.Generator
) -> None:
    """`update`, `begin_step` and `lr` of a class of one's own, whatever it is made from."""

    class Own(kind):  # type: ignore[misc]
        factor = 0.0

        @property
        def lr(self) -> float:
            return 2 * self._lr

        @lr.setter
        def lr(self, rate: Any) -> None:
            kind.lr.fset(self, rate)

        def begin_step(self) -> None:
            super().begin_step()
            self.factor += 1.0

        def update(self, x: Any, g: Any, *state: Any) -> None:
            x -= self.lr * self.factor * np.sign(g)

    start, g = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    order = np.array([2, 0, 3, 1])
    for grad in (g, tw.RowGrad(order, g[order], (4, 3))):
        parameter = tw.Parameter(start.copy())
        optimizer = Own([parameter], lr=0.25)
        for step in (1, 2):
            before = parameter.data.copy()
            parameter.grad = tw.Variable(grad)
            optimizer.step()
            np.testing.assert_allclose(parameter.data, before - 0.5 * step * np.sign(g))


@each_kind
def test_only_a_property_is_overridden(kind: Any) -> None:
    """A way of its own for rows must ask for the rate where `update` asks for it."""

    class Twice(kind):  # type: ignore[misc]
        @property
        def lr(self) -> float:
            return 2 * self._lr

        @lr.setter
        def lr(self, rate: Any) -> None:
            kind.lr.fset(self, rate)

    updated = []
    for rule, rate in ((Twice, 0.25), (kind, 0.5)):
        parameter = tw.Parameter(np.ones((3, 2)))
        grad = tw.RowGrad(np.array([1, 1]), np.ones((2, 2)), (3, 2))
        parameter.grad = tw.Variable(grad)
        rule([parameter], lr=rate).step()
        updated.append(parameter.data)
    np.testing.assert_array_equal(*updated)
