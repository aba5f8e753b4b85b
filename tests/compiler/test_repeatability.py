"""What makes two runs of a loss differ is refused by name; attributes are constants."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from plainly import plainly

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import CompileError, InputError

WINDOW = {"x": np.arange(1.0, 9.0)}
HERE = np.random.default_rng(1)


class Model(tw.Module):
    """Its loss is a function of it and of x; what may be random is held in several ways."""

    shared = np.random.default_rng(4)
    total = 0

    def __init__(self, expression: Callable[[Any, Any], Any]) -> None:
        self.w = tw.Parameter(np.linspace(-1, 1, 8))
        self.expression = expression
        self.rng = np.random.default_rng(0)
        self.old = np.random.RandomState(0)
        self.parts = {"deep": [np.random.default_rng(2)]}
        self.calls = 0
        self.names = itertools.count()
        self.mask = np.ones(8)
        self.scale = 2.0
        self.seen: list[Any] = []

    def loss(self, batch: Any) -> Any:
        return (self.expression(self, batch["x"]) * self.w * batch["x"]).sum()


def counted(model: Model, x: Any) -> Any:
    model.calls += 1
    return model.calls % 100 + 1


def every_hundredth(model: Model, x: Any) -> Any:
    """The traces alone would not meet it."""
    model.calls += 1
    return 2.0 if model.calls == 100 else 1.0


def of_the_class(model: Model, x: Any) -> Any:
    Model.total += 1
    return 1.0


def worn(model: Model, x: Any) -> Any:
    model.mask *= 0.5
    return model.mask


def around(model: Model, x: Any) -> Any:
    return 1.0 if HERE.random() < 0.5 else 2.0


def nobodys(model: Model, x: Any) -> Any:
    """A coin, that nobody holds, for each of 8 elements."""
    return (np.random.default_rng().random(8) < 0.5) * 1.0


RANDOM: list[tuple[Callable[[Any, Any], Any], str]] = [
    (lambda m, x: F.dropout(m.w, 0.5, m.rng), "draws random numbers from self.rng"),
    (lambda m, x: m.rng.normal(size=8), "draws random numbers from self.rng"),
    (lambda m, x: m.rng.normal(), "draws random numbers from self.rng"),
    (lambda m, x: 1.0 if m.rng.random() < 0.5 else 2.0, "draws random numbers from self.rng"),
    (lambda m, x: m.rng.integers(2) * 0 + 1.0, "draws random numbers from self.rng"),
    (lambda m, x: m.shared.random(8), "draws random numbers from self.shared"),
    (lambda m, x: m.old.normal(size=8), "draws random numbers from self.old"),
    (lambda m, x: m.parts["deep"][0].random(8), r"from self.parts\['deep'\]\[0\]"),
    (lambda m, x: np.random.rand() < 0.5, "draws random numbers from numpy.random"),  # noqa: NPY002
    (lambda m, x: float(random.random() < 0.5), "draws random numbers from the module random"),
    (around, "draws random numbers from HERE"),
    (nobodys, r"brings along an array of the shape \(8,\) that is another one each time"),
    (lambda m, x: np.random.default_rng().normal(), "brings along a number that is another one"),
    (lambda m, x: time.perf_counter_ns() % 10**6 + 1.0, "brings along a number that is another"),
    (lambda m, x: float(next(m.names)), "brings along a number that is another one each time"),
    (lambda m, x: np.sin(x) if next(m.names) % 2 else np.cos(x), "first at map"),
    (counted, "brings along a number that is another one each time"),
    (every_hundredth, "changes self.calls each time"),
    (of_the_class, "changes self.total each time"),
    (worn, r"brings along an array of the shape \(8,\)"),
]


@pytest.mark.parametrize(("expression", "message"), RANDOM)
@pytest.mark.parametrize("optimizer", [None, tw.optim.Adam])
def test_what_makes_two_runs_differ_is_refused(
    expression: Any, message: str, optimizer: Any
) -> None:
    model = Model(expression)
    rule = None if optimizer is None else optimizer()
    with pytest.raises(CompileError, match=message) as caught:
        tw.compile(model, WINDOW, optimizer=rule)
    assert "Model.loss" in str(caught.value)
    assert "give them as an array of the example" in str(caught.value)
    assert f"{__file__}:" in str(caught.value)


def test_the_line_of_a_draw_is_shown() -> None:
    with pytest.raises(CompileError, match=r"applied at .*: F\.dropout|F\.dropout\(m\.w, 0\.5"):
        tw.compile(Model(RANDOM[0][0]), WINDOW)


def test_backward_may_not_draw_either() -> None:
    class Noisy(tw.Function):
        """y = x;  gx = g, and noise"""

        def forward(self, x: Any) -> Any:
            return 1.0 * x

        def backward(self, g: Any) -> Any:
            return g + np.random.default_rng().normal(size=8)

    with pytest.raises(CompileError, match="another one each time"):
        tw.compile(Model(lambda m, x: Noisy()(m.w)), WINDOW)


def test_after_a_refusal_the_model_is_as_it_was() -> None:
    model = Model(lambda m, x: F.dropout(m.w, 0.5, m.rng) * counted(m, x))
    drawn, kept = np.random.default_rng(0).random(), dict(vars(model))
    with pytest.raises(CompileError):
        tw.compile(model, WINDOW)
    assert model.rng.random() == drawn
    assert vars(model) == kept


def test_what_a_loss_leaves_in_its_model_is_taken_back() -> None:
    """Symbols are of no use to anybody, and a kernel leaves nothing."""

    def leaving(model: Model, x: Any) -> Any:
        model.last = np.sin(x)  # type: ignore[attr-defined]
        model.seen.append(model.last)  # type: ignore[attr-defined]
        model.parts["more"] = model.last  # type: ignore[attr-defined]
        return 2 * np.sin(x)

    model = Model(leaving)
    compiled = plainly(tw.compile(model, WINDOW, dtype=np.float64))
    assert not hasattr(model, "last")
    assert model.seen == []
    assert [*model.parts] == ["deep"]
    expected = (2 * np.sin(WINDOW["x"]) * model.w.data * WINDOW["x"]).sum()
    assert compiled.step(WINDOW, 0.0) == pytest.approx(expected)


def test_what_is_made_once_is_no_fault() -> None:
    """A cache that is filled by the first run, and a number that is the same each time."""

    def cached(model: Model, x: Any) -> Any:
        if not model.seen:
            model.seen.append(np.arange(8.0))
        model.calls = 8
        return model.seen[0]

    compiled = plainly(tw.compile(Model(cached), WINDOW, dtype=np.float64))
    expected = (np.arange(8) * np.linspace(-1, 1, 8) * WINDOW["x"]).sum()
    assert compiled.step(WINDOW, 0.0) == pytest.approx(expected)


def test_dropout_that_is_switched_off_compiles() -> None:
    class Layer(Model):
        def loss(self, batch: Any) -> Any:
            w = F.dropout(self.w, 0.5, self.rng) if self.training else self.w
            return (w * batch["x"]).sum()

    model = Layer(lambda m, x: x)
    with pytest.raises(CompileError, match=r"draws random numbers from self\.rng"):
        tw.compile(model, WINDOW)
    compiled = plainly(tw.compile(model.eval(), WINDOW, dtype=np.float64))
    assert compiled.step(WINDOW, 0.0) == pytest.approx((model.w.data * WINDOW["x"]).sum())


# ---------------------------------------------------------------------- constants
class Options:
    """Of a user's own, such as a dataclass is."""

    power = 2.0

    def __init__(self) -> None:
        self.rate = 3.0


def held_model(expression: Callable[[Any, Any], Any]) -> Any:
    model = Model(expression)
    model.act = np.sin  # type: ignore[attr-defined]
    model.options, model.table = Options(), {"k": [1.0, 2.0]}  # type: ignore[attr-defined]
    model.name, model.none, model.part = "x", None, Model(expression)  # type: ignore[attr-defined]
    return model


CONSTANTS: list[tuple[Callable[[Any, Any], Any], Callable[[Any], Any], str]] = [
    (
        lambda m, x: m.scale,
        lambda m: setattr(m, "scale", 5.0),
        r"self\.scale is now 5\.0, not 2\.0",
    ),
    (lambda m, x: m.scale, lambda m: setattr(m, "scale", 2), r"self\.scale is now 2, not 2\.0 as"),
    (
        lambda m, x: m.total + 2,
        lambda m: setattr(m, "total", -1),
        r"self\.total is now -1, not \d+",
    ),
    (lambda m, x: m.mask, lambda m: m.mask.fill(7.0), r"self\.mask is another one .*frozen=True"),
    (lambda m, x: m.mask, lambda m: setattr(m, "mask", 2 * m.mask), r"self\.mask is another one"),
    (lambda m, x: m.table["k"][1], lambda m: m.table["k"].append(3.0), r"self\.table\['k'\] is"),
    (
        lambda m, x: m.table["k"][1],
        lambda m: m.table["k"].__setitem__(1, 3.0),
        r"self\.table\['k'\]\[1\] is now 3\.0, not 2\.0",
    ),
    (
        lambda m, x: m.options.rate,
        lambda m: setattr(m.options, "rate", 1.0),
        r"self\.options\['rate'\] is now 1\.0, not 3\.0",
    ),
    (
        lambda m, x: 1.0 if m.training else 2.0,
        lambda m: m.eval(),
        r"self\.training is now False, not True",
    ),
    (
        lambda m, x: len(m.name),
        lambda m: setattr(m, "name", "y"),
        r"self\.name is now 'y', not 'x'",
    ),
    (
        lambda m, x: 1.0 if m.none is None else 2.0,
        lambda m: setattr(m, "none", 1),
        r"self\.none is now 1, not None",
    ),
    (lambda m, x: m.act(x), lambda m: setattr(m, "act", np.cos), r"self\.act is now <ufunc 'cos'>"),
    (
        lambda m, x: m.part.scale,
        lambda m: setattr(m.part, "scale", 1.0),
        r"self\.part\.scale is now 1\.0, not 2\.0",
    ),
]


@pytest.mark.parametrize(("expression", "change", "message"), CONSTANTS)
def test_what_a_kernel_holds_and_that_has_changed_is_refused(
    expression: Any, change: Any, message: str
) -> None:
    """Plain numbers and arrays, in the step and in the gradients, which are compiled later."""
    model = held_model(expression)
    compiled = plainly(tw.compile(model, WINDOW, dtype=np.float64))
    before = float(model.loss(WINDOW))
    model.seen.append("what nobody reads")
    model.calls = 17
    assert compiled.step(WINDOW, 0.0) == pytest.approx(before)
    change(model)
    for run in (compiled.step, lambda window, lr: compiled.gradients(window)):
        with pytest.raises(InputError, match=message):
            run(WINDOW, 0.1)
    np.testing.assert_array_equal(model.w.data, np.linspace(-1, 1, 8))


def test_what_is_as_it_was_again_is_taken() -> None:
    model = Model(lambda m, x: m.scale * m.mask)
    compiled = plainly(tw.compile(model, WINDOW, dtype=np.float64))
    before = compiled.step(WINDOW, 0.0)
    model.scale, model.mask = 3.0, np.zeros(8)
    with pytest.raises(InputError, match="compile the model again"):
        compiled.step(WINDOW, 0.0)
    model.scale, model.mask = 2.0, np.ones(8)
    assert compiled.step(WINDOW, 0.0) == before


def test_a_result_may_be_left_in_a_model() -> None:
    def leaving(model: Any, x: Any) -> Any:
        model.hidden = np.sin(model.w * x)
        return model.hidden * 2.0

    model: Any = Model(leaving)
    model.hidden = None
    compiled = plainly(tw.compile(model, WINDOW, dtype=np.float64))
    losses = [compiled.step(WINDOW, 0.0), float(model.loss(WINDOW)), compiled.step(WINDOW, 0.0)]
    assert losses == pytest.approx([losses[0]] * 3)


def test_a_cache_may_be_filled_and_emptied() -> None:
    def cached(model: Any, x: Any) -> Any:
        if model.cache is None:
            model.cache = np.arange(8.0)
        return model.cache

    model: Any = Model(cached)
    model.cache = None
    compiled = plainly(tw.compile(model, WINDOW, dtype=np.float64))
    assert model.cache is None
    losses = [compiled.step(WINDOW, 0.0), float(model.loss(WINDOW)), compiled.step(WINDOW, 0.0)]
    assert losses == pytest.approx([losses[0]] * 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("native", [False, pytest.param(True, marks=pytest.mark.proof)])
def test_a_frozen_number_is_read_each_time(dtype: Any, native: bool) -> None:
    """A temperature that falls while the model is trained, without compiling again."""

    class Tempered(tw.Module):
        def __init__(self) -> None:
            self.w = tw.Parameter(np.linspace(-1, 1, 8).astype(dtype))
            self.heat = tw.Parameter(dtype(2.0), frozen=True)

        def loss(self, batch: Any) -> Any:
            return np.tanh(self.w * batch["x"].astype(dtype) / self.heat).sum()

    model, eager = Tempered(), Tempered()
    compiled = tw.compile(model, WINDOW, optimizer=tw.optim.Adam(), dtype=dtype)
    compiled, kernel = compiled if native else plainly(compiled), compiled.kernel
    rule = tw.optim.Adam(eager.parameters(), lr=0.1)
    for heat in (2.0, 0.5, 3):
        for each in (model, eager):
            each.heat.data = heat
            assert each.heat.dtype == dtype
        loss = eager.loss(WINDOW)
        eager.cleargrads()
        loss.backward()
        rule.step()
        assert compiled.step(WINDOW, 0.1) == pytest.approx(float(loss), rel=1e-4)
    np.testing.assert_allclose(model.w.data, eager.w.data, rtol=1e-4)
    assert float(model.heat) == float(eager.heat) == 3.0
    assert compiled.kernel is kernel


def test_ids_that_are_constants_stay_in_their_table() -> None:
    """What was looked at when it was compiled cannot be changed behind the kernel's back."""
    model: Any = Model(lambda m, x: m.w[m.ids])
    model.ids = np.arange(8)
    compiled = plainly(tw.compile(model, WINDOW, dtype=np.float64))
    model.ids[:] = 10**6
    with pytest.raises(InputError, match=r"self\.ids is another one than when the kernel was made"):
        compiled.step(WINDOW, 0.0)


@pytest.mark.parametrize("step", [1, 2])
def test_a_large_array_is_looked_at_now_and_then(step: int) -> None:
    """Not in each step: that would take longer than the step."""
    model: Any = Model(lambda m, x: m.w[m.ids[:8]])
    model.ids = (np.arange(2 * 10**5) % 8)[::step]
    compiled = plainly(tw.compile(model, WINDOW, dtype=np.float64))
    for _ in range(3):
        compiled.step(WINDOW, 0.0)
        time.sleep(0.01)
    model.ids[7] = 10**6
    with pytest.raises(InputError, match=r"self\.ids is another one than when the kernel was made"):
        for _ in range(1000):
            compiled.step(WINDOW, 0.0)
            time.sleep(0.01)
    with pytest.raises(InputError, match=r"self\.ids is another one"):
        compiled.step(WINDOW, 0.0)
    model.ids = model.ids.copy()
    with pytest.raises(InputError, match=r"self\.ids is another one"):
        compiled.step(WINDOW, 0.0)


def test_another_parameter_in_the_place_of_one_is_said() -> None:
    class Deep(tw.Module):
        def __init__(self) -> None:
            self.layers = [{"first": tw.nn.Linear(8, 1)}]
            self.other: Any = []

        def loss(self, batch: Any) -> Any:
            return self.layers[0]["first"](batch["x"]).sum()

    changes: list[tuple[str, Callable[[Any], Any]]] = [
        ("layers.0.first.weight", lambda m: set_weight(m.layers[0]["first"])),
        ("layers.0.first", lambda m: m.layers[0].update(first=tw.nn.Linear(8, 1))),
        ("layers.0", lambda m: m.layers.clear()),
        ("layers", lambda m: setattr(m, "layers", [{"first": tw.nn.Linear(8, 1)}])),
    ]

    def set_weight(layer: Any) -> None:
        layer.weight = tw.Parameter(np.ones((8, 1), np.float32))

    for name, change in changes:
        model = Deep()
        compiled = plainly(tw.compile(model, WINDOW))
        compiled.step(WINDOW, 0.01)
        model.other = [1, 2]  # which holds no Parameter
        compiled.step(WINDOW, 0.01)
        change(model)
        for run in (
            lambda c=compiled: c.step(WINDOW, 0.01),
            lambda c=compiled: c.gradients(WINDOW),
        ):
            with pytest.raises(InputError, match=rf"^{name} of the model is not the one that"):
                run()


def test_settings_of_the_optimizer_are_those_of_the_time_of_compiling() -> None:
    model = Model(lambda m, x: np.sin(x))
    rule = tw.optim.Momentum(model.parameters(), momentum=0.5)
    compiled = plainly(tw.compile(model, WINDOW, optimizer=rule))
    compiled.step(WINDOW, 0.01)
    rule.momentum = 0.9
    with pytest.raises(InputError, match=r"momentum of Momentum is now 0\.9, but the kernel was"):
        compiled.step(WINDOW, 0.01)
    rule.momentum = 0.5
    compiled.step(WINDOW, 0.01)
    rule.bind(model.parameters())
    with pytest.raises(InputError, match="Momentum holds other parameters than when"):
        compiled.step(WINDOW, 0.01)
    assert rule.steps == 0
