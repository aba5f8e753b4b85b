"""Models of a user's own: the graph, the instructions, the source and the kernel agree.

Some are native code in every run, which between them have all that any has; in float64 all are in
the proofs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from own_models import EXAMPLES, NATIVE, NATIVE_RULES
from plainly import rows

import tinygrad_w2v as tw
from tinygrad_w2v.compiler.inspect.compare import compare

OPTIMIZERS = ("SGD", "Momentum", "Nesterov", "AdaGrad", "RMSprop", "Adam")


@pytest.mark.parametrize(("name", "native"), rows(EXAMPLES, NATIVE[np.float64]))
def test_float64(name: str, native: bool, rng: np.random.Generator) -> None:
    example = EXAMPLES[name]
    found = compare(example.make(rng), example.windows(rng), example.axes, native=native)
    assert list(found) == ["traced", "instructions", "source", *["native"] * native]


@pytest.mark.parametrize(
    ("name", "native"),
    rows(EXAMPLES, NATIVE[np.float32], ("weighted mean", "biases", "pairs", "subwords")),
)
def test_float32(name: str, native: bool, rng: np.random.Generator) -> None:
    example = EXAMPLES[name]
    windows = example.windows(rng)
    compare(example.make(rng), windows, example.axes, dtype=np.float32, native=native)


def with_optimizers() -> list[Any]:
    """Every model with a rule, which changes from model to model; with all as a proof."""
    found = []
    for number, name in enumerate(EXAMPLES):
        for which, optimizer in enumerate(OPTIMIZERS):
            now = (which - number) % 6 == 0 or (name, optimizer) in NATIVE_RULES
            found.append(pytest.param(name, optimizer, marks=[] if now else pytest.mark.proof))
    return found


@pytest.mark.parametrize(("name", "optimizer"), with_optimizers())
def test_several_steps_of_an_optimizer(name: str, optimizer: str, rng: np.random.Generator) -> None:
    example = EXAMPLES[name]
    rule = getattr(tw.optim, optimizer)()
    native = (name, optimizer) in NATIVE_RULES
    compare(example.make(rng), example.windows(rng), example.axes, rule, native=native, lr=0.05)


def test_tables_of_another_dtype_than_the_kernels(rng: np.random.Generator) -> None:
    """Parameters keep their dtype: float64 tables in a float32 kernel, and the reverse."""
    example = EXAMPLES["GloVe"]
    window = example.windows(rng)[0]
    for kept, computed in ((np.float64, np.float32), (np.float32, np.float64)):
        model = example.make(rng)
        for parameter in model.parameters():
            parameter.data = parameter.data.astype(kept)
        model.cleargrads()
        model.loss(window).backward()
        before = {name: p.data.copy() for name, p in model.named_parameters()}
        tw.compile(model, window, example.axes, dtype=computed).step(window, 0.5)
        for name, parameter in model.named_parameters():
            assert parameter.dtype == kept
            change = 0.5 * parameter.grad.data.to_dense()
            np.testing.assert_allclose(before[name] - parameter.data, change, atol=2e-6)


@pytest.mark.parametrize("name", ["GloVe, many", pytest.param("biases", marks=pytest.mark.proof)])
def test_gradients_leave_the_parameters(name: str, rng: np.random.Generator) -> None:
    example = EXAMPLES[name]
    model = example.make(rng)
    window = example.windows(rng)[0]
    before = {name: p.data.copy() for name, p in model.named_parameters()}
    found = tw.compile(model, window, example.axes, dtype=np.float64).gradients(window)
    model.loss(window).backward()
    for name, parameter in model.named_parameters():
        expected = parameter.grad.data.to_dense()
        np.testing.assert_allclose(found[name], expected, atol=1e-12)
        assert np.array_equal(parameter.data, before[name])


def test_a_loss_is_of_before_the_update(rng: np.random.Generator) -> None:
    """Even where the loss is read straight off a table."""

    class Straight(tw.Module):
        def __init__(self) -> None:
            self.bias = tw.Parameter(np.arange(4.0))

        def loss(self, batch):
            return self.bias[batch["word"]]

    window = {"word": np.array(3)}
    found = compare(Straight(), [window, window])
    assert max(found.values()) == 0


def test_tables_that_are_each_others_gradients() -> None:
    """Each is read before the other is written."""

    class Product(tw.Module):
        def __init__(self) -> None:
            self.x, self.y = tw.Parameter(np.array([1.0, 2.0])), tw.Parameter(np.array([3.0, 5.0]))
            self.rows = tw.Parameter(np.arange(6.0).reshape(3, 2))

        def loss(self, batch):
            rows = self.rows[batch["words"]]
            return (self.x * self.y).sum() + np.square(rows[..., 0]).sum() + (rows @ self.x).sum()

    window = {"words": np.array([1, 2, 1, 1])}
    compare(Product(), [window, window], {"words": ("n",)})


@pytest.mark.parametrize("native", [False, pytest.param(True, marks=pytest.mark.proof)])
def test_names_that_python_or_a_kernel_uses_itself(native: bool, rng: np.random.Generator) -> None:
    class Layer(tw.Module):
        def __init__(self) -> None:
            self.softplus = tw.Parameter(rng.normal(size=3))
            self.exp = tw.Parameter(rng.normal(size=3))

    class Named(tw.Module):
        def __init__(self) -> None:
            self.layers = [Layer(), Layer()]
            self.at = tw.Parameter(rng.normal(size=3))
            self.loss_ = tw.Parameter(rng.normal(size=3))
            self.n = tw.Parameter(rng.normal(size=3))

        def loss(self, batch):
            total = self.at * batch["lr"] + self.n * batch["class"] + self.loss_ * batch["step"]
            for layer in self.layers:
                total = total + tw.functions.softplus(layer.softplus * total) + np.exp(layer.exp)
            return (total * batch["n"].sum()).sum() + batch["first"]

    window = {
        **{name: np.array(0.5) for name in ("lr", "class", "step", "first")},
        "n": np.array([1.0, 2.0]),
    }
    windows = [window, {**window, "n": np.array([3.0])}]
    compare(Named(), windows, {"n": ("n",)}, tw.optim.Adam(), native=native)
    found = tw.compile(Named(), window, {"n": ("n",)}).gradients(window)
    assert list(found) == [name for name, _ in Named().named_parameters()]
