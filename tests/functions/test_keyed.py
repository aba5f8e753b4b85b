"""Random numbers by keys: a function of key, draw and element, and distributed as they say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import InputError, ShapeError

KEYS = np.arange(2000) * 3 + 1


def of(key: Any) -> tw.KeyedGenerator:
    return tw.KeyedGenerator(np.asarray(key))


def test_a_batch_draws_what_its_examples_draw() -> None:
    def drawn(rng: tw.KeyedGenerator, lead: tuple[int, ...]) -> list[Any]:
        x = np.ones((*lead, 3, 4))
        random, normal = rng.random((3, 4)), rng.standard_normal(4)
        return [random, normal, rng.integers(9, 5), rng.keys(), F.dropout(x, 0.4, rng)]

    together = drawn(of(KEYS[:6].reshape(2, 3)), (2, 3))
    for place in np.ndindex(2, 3):
        alone = drawn(of(KEYS[:6].reshape(2, 3)[place]), ())
        for one, all_of_them in zip(alone, together, strict=True):
            np.testing.assert_array_equal(one, all_of_them[place])


def test_another_key_draw_or_element_is_another_number() -> None:
    rng = of(KEYS)
    bits = np.concatenate([rng.keys(3).ravel(), rng.keys((2, 2)).ravel(), rng.keys()])
    assert len(np.unique(bits)) == bits.size == 8 * len(KEYS)
    assert bits.min() >= 0
    for first, second in ((rng.random(1)[:, 0], rng.random()), (rng.random(), KEYS)):
        assert abs(np.corrcoef(first, second)[0, 1]) < 0.1
    neighbours = of(KEYS).random(2)
    assert abs(np.corrcoef(neighbours.T)[0, 1]) < 0.1


def test_numbers_are_distributed_as_they_say() -> None:
    u, z = of(KEYS).random(50), of(KEYS).standard_normal(50)
    counts = np.histogram(u, bins=20, range=(0, 1))[0]
    assert np.abs(counts / u.size * 20 - 1).max() < 0.05
    assert 0 <= u.min() and u.max() < 1
    assert np.array_equal(u, u.astype(np.float32))
    for power, moment in ((1, 0), (2, 1), (3, 0), (4, 3)):
        assert np.mean(z**power) == pytest.approx(moment, abs=0.1)
    ids = of(KEYS).integers(7, 50)
    assert np.abs(np.bincount(ids.ravel(), minlength=7) / ids.size * 7 - 1).max() < 0.05
    assert (
        of(KEYS).random(3, np.float32).dtype == of(KEYS).standard_normal(dtype="f4").dtype == "f4"
    )


@pytest.mark.parametrize("p", [0.0, 0.3, 0.9])
def test_dropout_keeps_the_mean_and_has_its_gradient(p: float) -> None:
    x = tw.Variable(np.ones((len(KEYS), 20), np.float32))
    y = F.dropout(x, p, of(KEYS))
    assert y.dtype == np.float32
    assert np.mean(y.data == 0) == pytest.approx(p, abs=0.01)
    assert y.data.mean() == pytest.approx(1, abs=0.04)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.data, y.data)


def test_a_model_that_draws_passes_the_gradient_check() -> None:
    class Noisy(tw.Module):
        def __init__(self) -> None:
            self.w = tw.Parameter(np.linspace(-1, 1, 4))
            self.drop = tw.nn.Dropout(0.5)

        def loss(self, example: Any) -> Any:
            rng = tw.KeyedGenerator(example["key"])
            x = np.tanh(self.w * example["x"]) + 0.1 * rng.standard_normal(4)
            return (self.drop(x, rng) ** 2).sum()

    batch = {"x": np.ones((5, 4)), "key": KEYS[:5]}
    model = Noisy()
    assert tw.check_grads(model, batch)
    assert float(model.loss(batch)) == float(model.loss(batch))


WRONG = [0.5, np.ones(3), None, "key", tw.Variable(np.array(3)), np.random.default_rng(0), True]


@pytest.mark.parametrize("key", WRONG, ids=str)
def test_what_is_no_key_is_refused(key: Any) -> None:
    with pytest.raises(InputError, match="made of keys, whole numbers such as the field `key`"):
        tw.KeyedGenerator(key)


def test_what_has_no_axis_for_the_examples_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(3, 4\).*keys of the shape \(5,\)"):
        F.dropout(np.ones((3, 4)), 0.5, of(KEYS[:5]))
