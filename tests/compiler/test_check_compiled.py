"""`tw.check_compiled`: what is right passes, a kernel that is wrong is said to be, by name."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from own_models import EXAMPLES

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.compiler.inspect import check
from tinygrad_w2v.compiler.inspect.compare import compare
from tinygrad_w2v.compiler.loops import dependence, unroll, unroll_and_jam
from tinygrad_w2v.compiler.trace.trace import fields_of


@pytest.fixture
def plainly(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Without the native kernel, which takes seconds; the windows that were drawn."""
    seen: list[Any] = []

    def without_kernel(model: Any, windows: Any, *arguments: Any, **options: Any) -> Any:
        seen.extend(windows)
        return compare(model, windows, *arguments, **options, native=False)

    monkeypatch.setattr(check, "compare", without_kernel)
    return seen


class Classes(tw.Module):
    """Softmax regression: a row of scores for each example, and the class of each."""

    def __init__(self) -> None:
        self.w = tw.Parameter(np.ones((9, 16)))

    def loss(self, batch: Any) -> Any:
        return F.cross_entropy(batch["x"] @ self.w, batch["y"])


CLASSES = {"x": np.eye(9)[:3], "y": np.array([0, 5, 9])}
CLASS_AXES = {"x": ("B", 9), "y": ("B",)}


def test_a_kernel_that_is_right() -> None:
    model = Classes()
    before = model.w.data.copy()
    assert tw.check_compiled(model, CLASSES, CLASS_AXES) is None
    assert np.array_equal(model.w.data, before)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.proof] if number % 2 else [])
        for number, name in enumerate(EXAMPLES)
    ],
)
def test_models_of_all_kinds(name: str, plainly: list[Any], rng: np.random.Generator) -> None:
    example = EXAMPLES[name]
    window = example.windows(rng)[0]
    rule = tw.optim.Adam() if len(name) % 2 else None
    tw.check_compiled(example.make(rng), window, example.axes, rule, rng=rng)
    assert plainly[0] is window
    assert len(plainly) > 5
    if example.axes:
        fields = fields_of(window, example.axes)
        field = next(f for f in fields if f.name in example.axes)
        sizes = {np.asarray(drawn[field.name]).shape for drawn in plainly}
        assert len(sizes) > 3
        assert max(max(shape) for shape in sizes) > 5


def test_windows_that_are_drawn_are_windows(plainly: list[Any]) -> None:
    """Ids are within their tables, starts are starts, numbers come from the example."""

    class Model(tw.Module):
        def __init__(self) -> None:
            self.w = tw.Parameter(np.random.default_rng(0).normal(size=(5, 3)))

        def loss(self, batch: Any) -> Any:
            sums = F.segment_sum(self.w[batch["ids"]], batch["starts"])
            picked = np.take_along_axis(self.w[batch["ids"]], batch["y"][..., None], axis=-1)
            return sums.sum() * np.log(batch["count"]).sum() + (picked[..., 0] * batch["on"]).sum()

    window = {
        "ids": np.array([4, 0, 2]),
        "y": np.array([0, 2, 1]),
        "starts": np.array([0, 2]),
        "count": np.array([0.5, 7.0]),
        "on": np.array([True, False, True]),
    }
    axes = {**dict.fromkeys(("ids", "y", "on"), ("C",)), "starts": (("S", 4),), "count": ("N",)}
    tw.check_compiled(Model(), window, axes)
    drawn = plainly[1:]
    ids = np.concatenate([w["ids"] for w in drawn])
    assert set(ids) == {0, 1, 2, 3, 4}
    assert set(np.concatenate([w["y"] for w in drawn])) == {0, 1, 2}
    for w in drawn:
        assert w["starts"][:1].sum() == 0
        assert np.all(np.diff(w["starts"]) >= 0)
        assert (w["count"] > 0).all()
        assert w["on"].dtype == np.bool_


@pytest.mark.parametrize("rule", ["SGD", "Momentum", "Adam"])
def test_an_optimizer_goes_on_where_it_was(rule: str, plainly: list[Any]) -> None:
    model = Classes()
    optimizer = getattr(tw.optim, rule)(model.parameters())
    for _ in range(3):
        model.cleargrads()
        model.loss(CLASSES).backward()
        optimizer.step()
    tw.check_compiled(model, CLASSES, CLASS_AXES, optimizer)
    assert optimizer.steps == 3


# ---------------------------------------------------------------------- kernels that are wrong
def test_iterations_that_share_a_buffer(
    plainly: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = dependence.private_arrays

    def without_scatters(*given: Any) -> Any:
        own = real(*given)
        return own and {name for name in own if not name.startswith("scatter")}

    monkeypatch.setattr(unroll_and_jam, "private_arrays", without_scatters)
    with pytest.raises(tw.CompileError, match=r"the kernel of Classes is wrong: .*w\[\d, \d+\]"):
        tw.check_compiled(Classes(), CLASSES, CLASS_AXES)


def test_what_is_not_set_whole(plainly: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    class Same(tw.Module):
        def __init__(self) -> None:
            self.w = tw.Parameter(np.random.default_rng(0).normal(size=(9, 16)))

        def loss(self, batch: Any) -> Any:
            again = np.broadcast_to(batch["y"], (3,))
            return np.square(F.take(np.tanh(self.w[batch["c"]]), again, axis=-2)).sum()

    window, axes = {"c": np.array([1, 2, 3]), "y": np.array(1)}, {"c": ("C",)}
    tw.check_compiled(Same(), window, axes)
    monkeypatch.setattr(unroll, "sets_all", lambda *_: True)
    with pytest.raises(tw.CompileError, match=r"the kernel of Same is wrong: .*before it is set"):
        tw.check_compiled(Same(), window, axes)


# ---------------------------------------------------------------------- what cannot be checked
def test_what_cannot_be_compiled_or_drawn(plainly: list[Any]) -> None:
    class Model(tw.Module):
        def __init__(self, loss: Any) -> None:
            self.w = tw.Parameter(np.ones(4))
            self.expression = loss

        def loss(self, batch: Any) -> Any:
            return self.expression(self.w, batch["x"])

    window = {"x": np.array([1.0, 2.0])}
    with pytest.raises(tw.CompileError, match=r"np\.sort(.|\n)*lambda w, x"):
        tw.check_compiled(Model(lambda w, x: (w * np.sort(x)[..., 0]).sum()), window, {"x": ("n",)})
    with pytest.raises(InputError, match="axes names 'y', which the example lacks"):
        tw.check_compiled(Model(lambda w, x: (w * x.sum()).sum()), window, {"y": ("n",)})
    with pytest.raises(InputError, match="nothing could be drawn after the example"):
        tw.check_compiled(
            Model(lambda w, x: (w * np.log(x - x).sum()).sum()), {"x": np.array([1.0])}
        )


def test_an_index_that_the_graph_refuses_and_the_kernel_takes(plainly: list[Any]) -> None:
    class Model(tw.Module):
        def __init__(self) -> None:
            self.w = tw.Parameter(np.ones(4))

        def loss(self, batch: Any) -> Any:
            if isinstance(batch["x"], np.ndarray) and len(batch["x"]) != 3:
                raise IndexError("no such element")
            return (self.w * batch["x"].sum()).sum()

    with pytest.raises(
        tw.CompileError, match=r"the graph refuses an example \(n=1\) that the kernel"
    ):
        tw.check_compiled(Model(), {"x": np.ones(3)}, {"x": ("n",)})


def test_what_would_take_minutes_as_python_is_left_to_the_other_forms(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runs: list[tuple[int, bool, bool]] = []

    def noted(model: Any, windows: Any, *_: Any, **options: Any) -> Any:
        runs.append((len(windows), options.get("source", True), options.get("native", True)))

    monkeypatch.setattr(check, "compare", noted)
    for patience, expected in (
        (10**9, [(9, True, True)]),
        (20_000, [(9, False, True), (2, True, False)]),
        (10, [(9, False, True)]),
    ):
        monkeypatch.setattr(check, "PATIENCE", patience)
        runs.clear()
        tw.check_compiled(Classes(), CLASSES, CLASS_AXES)
        assert len(runs) == len(expected)
        for (count, *how), (wanted, *right) in zip(runs, expected, strict=True):
            assert how == right
            assert count == wanted or 0 < count < 9


def test_it_is_drawn_from_the_generator(plainly: list[Any], rng: np.random.Generator) -> None:
    check = partial(tw.check_compiled, Classes(), CLASSES, CLASS_AXES)
    check()
    check()
    half = len(plainly) // 2
    for one, other in zip(plainly[:half], plainly[half:], strict=True):
        assert np.array_equal(one["x"], other["x"])
    check(rng=np.random.default_rng(1))
    assert any(
        one["y"].shape != other["y"].shape or not np.array_equal(one["y"], other["y"])
        for one, other in zip(plainly[:half], plainly[2 * half :], strict=False)
    )
