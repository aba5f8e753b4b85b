"""An optimizer in a kernel is the optimizer: what it holds, what its class changed, its numbers."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from plainly import plainly, rows

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import CompileError, InputError
from tinygrad_w2v.compiler.codegen.write import SEARCHES
from tinygrad_w2v.compiler.inspect.compare import compare
from tinygrad_w2v.compiler.trace.trace import fields_of, trace

Rng = np.random.Generator
KINDS = ("SGD", "Momentum", "Nesterov", "AdaGrad", "RMSprop", "Adam")
AXES = {"ids": (("C", 6),), "x": (("C", 6),)}
WINDOWS = [
    {"ids": np.array(ids), "x": np.array(x), "center": np.array(center)}
    for ids, x, center in (
        ([1, 1, 2], [0.5, -1.0, 2.0], 1),
        ([4, 0, 4, 4, 1, 0], [0.3, 0.1, -0.7, 1.1, -2.0, 0.2], 4),
        ([3], [-1.5], 0),
    )
]


class Model(tw.Module):
    """A table that is read twice, by rows that repeat; one that is read whole; a vector."""

    def __init__(self, rng: Rng) -> None:
        self.w = tw.Parameter(rng.normal(size=(5, 3)))
        self.dense = tw.Parameter(rng.normal(size=(3, 2)))
        self.bias = tw.Parameter(rng.normal(size=2))

    def loss(self, batch: Any) -> Any:
        h = self.w[batch["ids"]] @ self.dense + self.bias
        near = np.tanh(h).sum(axis=-1) * batch["x"]
        return (near * near).sum() + np.square(self.w[batch["center"]]).sum()


def tables(model: tw.Module, optimizer: tw.optim.Optimizer) -> list[Any]:
    return [*(p.data for p in model.parameters()), *(a for s in optimizer.state for a in s)]


def both_ways(
    make: Callable[[tw.Module], tw.optim.Optimizer], native: bool, lr: float = 0.05
) -> tuple[tw.Module, tw.Module]:
    """A model after all windows, by its optimizer and by a kernel, and that both are the same."""
    models = [Model(np.random.default_rng(5)) for _ in range(2)]
    rules = [make(model) for model in models]
    compiled = tw.compile(models[1], WINDOWS[0], AXES, rules[1], dtype=np.float64)
    compiled = compiled if native else plainly(compiled)
    rules[0].lr = lr
    for window in WINDOWS * 2:
        models[0].cleargrads()
        loss = models[0].loss(window)  # type: ignore[attr-defined]
        loss.backward()
        rules[0].step()
        assert compiled.step(window, lr) == pytest.approx(float(loss), rel=1e-9)
    for ours, right in zip(tables(models[1], rules[1]), tables(models[0], rules[0]), strict=True):
        np.testing.assert_allclose(ours, right, rtol=1e-9, atol=1e-12)
    assert rules[0].steps == rules[1].steps == 6
    return models[0], models[1]


# Each is native code in every run, too: Momentum below, the others in test_own_models.py.
@pytest.mark.parametrize(("kind", "native"), rows(KINDS))
def test_a_table_in_place_is_what_the_optimizer_makes_of_it(kind: str, native: bool) -> None:
    both_ways(lambda model: getattr(tw.optim, kind)(model.parameters()), native)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("held", ["w", "dense", "bias"])
def test_a_parameter_that_the_optimizer_does_not_hold_is_frozen(kind: str, held: str) -> None:
    model = Model(np.random.default_rng(0))
    before = {name: p.data.copy() for name, p in model.named_parameters()}
    rule = getattr(tw.optim, kind)([getattr(model, held)])
    program = trace(model, WINDOWS[0], fields_of(WINDOWS[0], AXES), rule, np.float64).program
    written = {step.inputs[0] for op in ("add_to", "put") for step in program.of_op(op)}
    written |= {step.inputs[0] for op in ("add_rows", "put_rows") for step in program.of_op(op)}
    assert {name.split("_")[0] for name in written} == {held}
    compare(model, WINDOWS, AXES, rule, native=False, lr=0.05)
    for name, parameter in model.named_parameters():
        assert np.array_equal(parameter.data, before[name])


@pytest.mark.parametrize(("kind", "native"), rows((tw.optim.SGD, tw.optim.Adam), (tw.optim.SGD,)))
def test_frozen_in_a_kernel(kind: Any, native: bool) -> None:
    """Plain descent has a way of its own, which once moved all of them."""
    fresh = Model(np.random.default_rng(5))
    for model in both_ways(lambda model: kind([model.w]), native):
        assert np.array_equal(model.dense.data, fresh.dense.data)
        assert not np.array_equal(model.w.data, fresh.w.data)


def test_gradients_are_those_of_frozen_parameters_too() -> None:
    model = Model(np.random.default_rng(0))
    compiled = tw.compile(model, WINDOWS[1], AXES, tw.optim.SGD([model.w]), dtype=np.float64)
    model.loss(WINDOWS[1]).backward()
    found = compiled.gradients(WINDOWS[1])
    np.testing.assert_allclose(found["dense"], model.dense.grad.data, rtol=1e-9)


class OnlyTheTable(Model):
    """What `parameters` leaves out is not learned by anybody."""

    def parameters(self) -> Any:
        return [self.w]


def test_parameters_that_the_model_does_not_name_are_frozen() -> None:
    model = OnlyTheTable(np.random.default_rng(0))
    before = model.dense.data.copy()
    compare(model, WINDOWS, AXES, native=False)
    program = trace(model, WINDOWS[0], fields_of(WINDOWS[0], AXES)).program
    assert {step.inputs[0] for step in program.of_op("add_rows")} == {"w"}
    assert not program.of_op("add_to")
    assert np.array_equal(model.dense.data, before)


def test_an_optimizer_of_another_model_is_refused() -> None:
    model, other = Model(np.random.default_rng(0)), Model(np.random.default_rng(1))
    for kind in KINDS:
        with pytest.raises(InputError, match=rf"parameters of {kind} are none of Model's"):
            tw.compile(model, WINDOWS[0], AXES, getattr(tw.optim, kind)(other.parameters()))


# ---------------------------------------------------------------------- frozen in part
ROWS = np.array([False, True, False, False, True])
FROZEN: dict[str, dict[str, Any]] = {
    "rows": {"w": ROWS, "dense": [True, False, False]},
    "parts": {
        "w": np.eye(5, 3, dtype=bool),
        "dense": np.eye(3, 2, dtype=bool),
        "bias": [True, False],
    },
    "whole": {"w": True, "bias": True},
}


def frozen(how: str) -> Model:
    model = Model(np.random.default_rng(5))
    for name, mask in FROZEN[how].items():
        getattr(model, name).frozen = mask
    return model


def train_both(
    models: list[Model], rules: list[tw.optim.Optimizer | None], native: bool
) -> tuple[list[Any], list[Any]]:
    """The tables of an eager model, and of the same by a kernel, after all windows."""
    eager = rules[0] or tw.optim.SGD(models[0].parameters())
    compiled = tw.compile(models[1], WINDOWS[0], AXES, rules[1], dtype=np.float64)
    compiled = compiled if native else plainly(compiled)
    for number, window in enumerate(WINDOWS * 2):
        eager.lr = lr = 0.05 / (1 + number)
        models[0].cleargrads()
        models[0].loss(window).backward()
        eager.step()
        compiled.step(window, lr)
    return tables(models[0], eager), tables(
        models[1], rules[1] or tw.optim.SGD(models[1].parameters())
    )


@pytest.mark.parametrize("how", FROZEN)
@pytest.mark.parametrize(
    ("kind", "native"), rows(("", "SGD", "Momentum", "Adam"), ("", "Momentum"))
)
def test_what_is_frozen_in_part_stays_in_a_kernel(how: str, kind: str, native: bool) -> None:
    """And its state, which momentum would move; each window reads rows that are frozen."""
    native = native and how == "parts" if kind else native and how == "rows"
    models, fresh = [frozen(how), frozen(how)], frozen(how)
    rules = [getattr(tw.optim, kind)(m.parameters()) if kind else None for m in models]
    for rule in rules:
        if rule is not None:
            rule.state = [tuple(np.full(x.shape, 0.5) for x in xs) for xs in rule.state]
    right, ours = train_both(models, rules, native)
    for one, two in zip(ours, right, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-12)
    for (name, before), after in zip(fresh.named_parameters(), ours, strict=False):
        mask = np.asarray(before.frozen)
        assert np.array_equal(after[mask], before.data[mask]), name
        assert mask.all() or not np.array_equal(after, before.data)
    if rules[1] is not None:
        for parameter, arrays in zip(models[1].parameters(), rules[1].state, strict=True):
            assert all((array[np.asarray(parameter.frozen)] == 0.5).all() for array in arrays)


@pytest.mark.parametrize("how", FROZEN)
@pytest.mark.parametrize(
    ("make", "native"),
    rows((lambda m: None, lambda m: tw.optim.Momentum(m.parameters()), lambda m: grouped(m)), ()),
)
def test_what_is_frozen_keeps_its_bits_where_a_kernel_has_others(
    how: str, make: Any, native: bool
) -> None:
    """In float32 a number of float64 cannot be read and written back."""
    model, fresh = frozen(how), frozen(how)
    rule = make(model)
    for arrays in [] if rule is None else rule.state:
        for array in arrays:
            array.fill(1 / 3)
    compiled = tw.compile(model, WINDOWS[0], AXES, rule, dtype=np.float32)
    compiled = compiled if native else plainly(compiled)
    for window in WINDOWS * 2:
        compiled.step(window, 0.05)
    for one, two in zip(model.parameters(), fresh.parameters(), strict=True):
        mask = np.asarray(two.frozen)
        assert one.data[mask].tobytes() == two.data[mask].tobytes()
        assert mask.all() or not np.array_equal(one.data, two.data)
    for parameter, arrays in [] if rule is None else zip(rule.parameters, rule.state, strict=True):
        for array in arrays:
            assert (array[np.asarray(parameter.frozen)] == 1 / 3).all()


def test_rows_that_are_frozen_are_not_written_and_what_is_frozen_is_not_computed() -> None:
    def written(model: Model, rule: Any) -> set[str]:
        program = trace(model, WINDOWS[0], fields_of(WINDOWS[0], AXES), rule, np.float64).program
        return {step.inputs[0] for step in program if step.op.partition("_")[0] in ("add", "put")}

    assert written(frozen("whole"), None) == {"dense"}
    model = frozen("whole")
    assert written(model, tw.optim.Adam(model.parameters())) == {"dense", "dense_m", "dense_v"}


def test_all_may_be_frozen() -> None:
    model = Model(np.random.default_rng(5))
    for parameter in model.parameters():
        parameter.frozen = True
    for rule in (None, tw.optim.Adam(model.parameters())):
        compiled = plainly(tw.compile(model, WINDOWS[0], AXES, rule, dtype=np.float64))
        assert compiled.step(WINDOWS[0], 0.1) == pytest.approx(float(model.loss(WINDOWS[0])))
    fresh = Model(np.random.default_rng(5))
    for one, two in zip(model.parameters(), fresh.parameters(), strict=True):
        assert np.array_equal(one.data, two.data)


def test_another_mask_than_that_of_the_kernel_is_refused() -> None:
    model = frozen("rows")
    compiled = plainly(tw.compile(model, WINDOWS[0], AXES))
    compiled.step(WINDOWS[0], 0.1)
    for mask in (False, True, ~ROWS):
        model.w.frozen = mask
        with pytest.raises(InputError, match="another part of w is frozen than when the kernel"):
            compiled.step(WINDOWS[0], 0.1)


def test_a_part_of_a_row_and_a_ball_are_refused() -> None:
    model = frozen("parts")
    with pytest.raises(InputError, match="parts of rows of w are frozen"):
        tw.compile(model, WINDOWS[0], AXES, tw.optim.SGD(model.parameters(), max_norm=1.0))


# ---------------------------------------------------------------------- held back, and several
LIMITS: dict[str, dict[str, float]] = {
    "decay": {"weight_decay": 0.3},
    "clip": {"clip": 0.2},
    "ball": {"max_norm": 0.7},
    "all": {"weight_decay": 0.3, "clip": 0.2, "max_norm": 0.7},
}


@pytest.mark.parametrize(("case", "native"), rows(product(LIMITS, KINDS), [("all", "Adam")], ()))
def test_what_holds_a_rule_back_holds_it_in_a_kernel(case: tuple[str, str], native: bool) -> None:
    limits, kind = LIMITS[case[0]], case[1]
    models = both_ways(lambda model: getattr(tw.optim, kind)(model.parameters(), **limits), native)
    apart = both_ways(lambda model: getattr(tw.optim, kind)(model.parameters()), False)
    assert not np.allclose(models[1].w.data, apart[1].w.data, rtol=1e-6)


class OwnRule(tw.optim.Optimizer):
    """A user's, with state and nothing known of what may hold it back."""

    state_names = ("h",)

    def update(self, x: Any, g: Any, *state: Any) -> None:
        (h,) = state
        h += np.abs(g)
        x -= self.lr * g / (1 + h)


@pytest.mark.parametrize("limits", LIMITS)
def test_a_rule_of_ones_own_is_held_back_too(limits: str) -> None:
    both_ways(lambda model: OwnRule(model.parameters(), **LIMITS[limits]), False)


def grouped(model: Any) -> tw.optim.Optimizer:
    return tw.optim.Groups(
        [
            ([model.w], tw.optim.SGD(lr=0.1)),
            ([model.bias], tw.optim.Adam(lr=0.01, clip=0.1)),
            ([model.dense], Warm(lr=0.3, weight_decay=0.1)),
        ]
    )


def plain_groups(model: Any) -> tw.optim.Optimizer:
    return tw.optim.Groups(
        [([model.w], tw.optim.SGD(lr=0.1)), ([model.dense], tw.optim.SGD(lr=0.4))]
    )


@pytest.mark.parametrize(("make", "native"), rows((grouped, plain_groups), (grouped,)))
def test_several_rules_in_one_kernel(make: Any, native: bool) -> None:
    both_ways(make, native)
    model = Model(np.random.default_rng(5))
    program = trace(model, WINDOWS[0], fields_of(WINDOWS[0], AXES), make(model), np.float64).program
    assert {step.inputs[0] for step in program.of_op("add_rows")} == {"w"}  # as of plain descent
    assert not program.of_op("put_rows")


@pytest.mark.parametrize("how", FROZEN)
def test_several_rules_and_what_is_frozen(how: str) -> None:
    models = [frozen(how), frozen(how)]
    for make in (grouped, plain_groups):
        right, ours = train_both(models, [make(model) for model in models], False)
        for one, two in zip(ours, right, strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-12)


def test_numbers_that_changed_since_a_kernel_was_made_are_refused() -> None:
    model = Model(np.random.default_rng(0))
    rule: Any = grouped(model)
    compiled = plainly(tw.compile(model, WINDOWS[0], AXES, rule))
    compiled.step(WINDOWS[0], 0.01)
    adam = rule.rules()[1][0]
    for name, value, text in (
        ("beta1", 0.5, r"groups\.1\.beta1 of Groups is now 0\.5, .* made for 0\.9"),
        ("max_norm", 2.0, r"groups\.1\.max_norm of Groups is now 2\.0, .* made for None"),
        ("clip", None, r"groups\.1\.clip of Groups is now None, .* made for 0\.1"),
        ("lr", 0.5, "Groups: the rate or the parameters of Adam, group 1, were changed"),
    ):
        before = getattr(adam, name)
        setattr(adam, name, value)
        with pytest.raises(InputError, match=text):
            compiled.step(WINDOWS[0], 0.01)
        setattr(adam, name, before)
    compiled.step(WINDOWS[0], 0.01)
    assert rule.steps == 2


def test_a_rule_of_a_group_that_a_kernel_would_not_run_is_refused() -> None:
    model = Model(np.random.default_rng(0))
    rule = tw.optim.Groups([([model.w], tw.optim.SGD()), ([model.bias], Loud())])
    with pytest.raises(CompileError, match="Loud has a `step` of its own"):
        tw.compile(model, WINDOWS[0], AXES, rule)


# ---------------------------------------------------------------------- rows or the whole
INDEXED: list[Callable[[Any, Any], Any]] = [
    lambda w, b: w[3],
    lambda w, b: w[-2],
    lambda w, b: w[np.int64(3)],
    lambda w, b: w[np.array(3)],
    lambda w, b: w[[3, 1, 3]],
    lambda w, b: w[np.array([-1, 4])],
    lambda w, b: w[3, :],
    lambda w, b: w[3, ...],
    lambda w, b: w[3, 1],
    lambda w, b: w[3:4],
    lambda w, b: w[..., 1],
    lambda w, b: w[:, np.array([2, 0])],
    lambda w, b: w[b["center"]],
    lambda w, b: w[b["center"], :],
    lambda w, b: w[b["ids"]],
    lambda w, b: w[b["ids"], :],
    lambda w, b: F.take(w, 3, axis=0),
    lambda w, b: F.take(w, b["center"], axis=0),
    lambda w, b: F.take(w, b["ids"], axis=0),
    lambda w, b: F.take(w, 1, axis=1),
    lambda w, b: F.embedding(w, b["ids"]),
    lambda w, b: F.embedding(w, 3),
    lambda w, b: np.take(w, b["ids"], axis=0),
    lambda w, b: w[3] * w,
    lambda w, b: w[b["ids"]].sum() * w[3],
]


class Indexed(tw.Module):
    def __init__(self, index: Callable[[Any, Any], Any]) -> None:
        self.w = tw.Parameter(np.random.default_rng(0).normal(size=(5, 3)))
        self.index = index

    def loss(self, batch: Any) -> Any:
        return np.square(self.index(self.w, batch)).sum()


@pytest.mark.parametrize("index", INDEXED)
@pytest.mark.parametrize(
    "center",
    [
        3,
        np.int64(3),
        pytest.param(np.array(3), marks=pytest.mark.proof),
        pytest.param(np.int32(3), marks=pytest.mark.proof),
    ],
)
def test_a_gradient_is_of_rows_in_both_or_in_neither(index: Any, center: Any) -> None:
    """Else Adam's momentum moves all other rows in the one and not in the other."""
    model = Indexed(index)
    windows = [{"ids": np.array(ids), "center": center} for ids in ([0, 0, 4], [2])]
    for kind in (tw.optim.SGD, tw.optim.Momentum, tw.optim.Adam):
        found = compare(model, windows, {"ids": ("C",)}, kind(), native=False, lr=0.1)
        assert max(found.values()) < 1e-9
    model.loss(windows[0]).backward()
    fields = fields_of(windows[0], {"ids": ("C",)})
    program = trace(model, windows[0], fields, tw.optim.Adam(model.parameters())).program
    assert bool(program.of_op("put_rows")) == isinstance(model.w.grad.data, tw.RowGrad)


# ---------------------------------------------------------------------- classes of a user's own
class Sign(tw.optim.SGD):
    """By the sign of the gradient alone."""

    def update(self, x: Any, g: Any, *state: Any) -> None:
        x -= self.lr * np.sign(g)


class Falling(tw.optim.SGD):
    """Its rate falls with the steps, by a property."""

    @property
    def lr(self) -> Any:
        return self._lr / (1 + self.steps)

    @lr.setter
    def lr(self, rate: Any) -> None:
        tw.optim.SGD.lr.fset(self, rate)


class Decaying(tw.optim.Adam):
    """Adam with weight decay, and with gradients that are clipped."""

    decay = 0.1

    def update(self, x: Any, g: Any, *state: Any) -> None:
        super().update(x, np.clip(g, -0.5, 0.5) + self.decay * x, *state)


class ByRow(tw.optim.AdaGrad):
    """Each row's gradient has at most the norm 1."""

    def update(self, x: Any, g: Any, *state: Any) -> None:
        norm = np.sqrt((g * g).sum(axis=-1, keepdims=True) + 1e-12)
        super().update(x, g * np.minimum(1, 1 / norm), *state)


class Warm(tw.optim.SGD):
    """The rate of a step is computed once, of `steps`."""

    def begin_step(self) -> None:
        self.rate = self.lr * np.minimum(1.0, self.steps / 4)

    def update(self, x: Any, g: Any, *state: Any) -> None:
        x -= self.rate * g


OWN = (Sign, Falling, Decaying, ByRow, Warm)


@pytest.mark.parametrize(("kind", "native"), rows(OWN, (Warm,)))
def test_what_a_subclass_changes_counts_in_a_kernel(kind: Any, native: bool) -> None:
    both_ways(lambda model: kind(model.parameters(), lr=0.05), native)


class Loud(tw.optim.Adam):
    def step(self) -> None:
        super().step()


class Lazy(tw.optim.Momentum):
    def update_rows(self, x: Any, g: Any, *state: Any) -> None:
        super().update_rows(x, g, *state)


class Counting(tw.optim.SGD):
    """It counts its steps itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.count = 0
        super().__init__(*args, **kwargs)

    def begin_step(self) -> None:
        self.count += 1

    def update(self, x: Any, g: Any, *state: Any) -> None:
        x -= self.lr / self.count * g


class Averaging(tw.optim.SGD):
    """Its rate is an average over the steps."""

    average = 0.0

    def begin_step(self) -> None:
        self.average = 0.9 * self.average + 0.1 * self.lr

    def update(self, x: Any, g: Any, *state: Any) -> None:
        x -= self.average * g


class Normed(tw.optim.SGD):
    """By the norm of all rows that were read."""

    def update(self, x: Any, g: Any, *state: Any) -> None:
        x -= self.lr * g / np.sqrt((g * g).sum())


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Loud, "Loud has a `step` of its own"),
        (Lazy, "Lazy has a `update_rows` of its own"),
        (Counting, "Counting keeps count from one step to the next"),
        (Averaging, "Averaging keeps average from one step to the next"),
        (Normed, "Normed.update mixes the rows of a table"),
    ],
)
def test_what_a_kernel_would_leave_out_of_a_subclass_is_refused(kind: Any, message: str) -> None:
    model = Model(np.random.default_rng(0))
    with pytest.raises(CompileError, match=message) as caught:
        tw.compile(model, WINDOWS[0], AXES, kind(model.parameters()))
    assert f"defined at {__file__}:" in str(caught.value)


def test_a_rule_that_was_put_on_one_object_is_refused() -> None:
    model = Model(np.random.default_rng(0))
    rule = tw.optim.SGD(model.parameters())
    rule.update = lambda x, g, *state: None  # type: ignore[method-assign]
    with pytest.raises(CompileError, match=r"`update` was assigned to an object of SGD"):
        tw.compile(model, WINDOWS[0], AXES, rule)


@pytest.mark.parametrize("native", [False, pytest.param(True, marks=pytest.mark.proof)])
def test_tables_of_another_dtype_than_the_kernels(native: bool) -> None:
    """State is of the parameters' dtype; a kernel reads and writes it in its own."""
    models = [Model(np.random.default_rng(5)) for _ in range(2)]
    rules = [tw.optim.Adam(model.parameters(), lr=0.05) for model in models]
    compiled = tw.compile(models[1], WINDOWS[0], AXES, rules[1], dtype=np.float32)
    compiled = compiled if native else plainly(compiled)
    for window in WINDOWS:
        models[0].cleargrads()
        models[0].loss(window).backward()
        rules[0].step()
        compiled.step(window, 0.05)
    for ours, right in zip(tables(models[1], rules[1]), tables(models[0], rules[0]), strict=True):
        assert ours.dtype == np.float64
        np.testing.assert_allclose(ours, right, atol=1e-5)


# ---------------------------------------------------------------------- rows that repeat, of many
class Pairs(tw.Module):
    def __init__(self, rows: int) -> None:
        rng = np.random.default_rng(0)
        self.w = tw.Parameter(rng.normal(size=(rows, 2)))
        self.u = tw.Parameter(rng.normal(size=(rows, 2)))

    def loss(self, batch: Any) -> Any:
        near = (self.w[batch["ids"]] * self.u[batch["others"]].sum(axis=-2)).sum(axis=-1)
        return np.square(near - batch["x"]).sum()


def many(rng: Rng, n: int, rows: int, step: int) -> Any:
    """Ids that repeat, and that lie apart by a power of two, as hashes like them least."""
    ids, others = (step * rng.integers(rows // step, size=size) for size in (n, (n, 3)))
    return {"ids": ids, "others": others, "x": rng.normal(size=n)}


@pytest.mark.parametrize(("kind", "native"), rows(("Momentum", "Adam"), ("Momentum",)))
def test_repeated_rows_of_large_windows(kind: str, native: bool) -> None:
    """Where they are found by a table of places, and where one after the other."""
    rng = np.random.default_rng(0)
    axes = {"ids": (("B", 90),), "others": (("B", 90), 3), "x": (("B", 90),)}
    windows = [many(rng, n, 4096, step) for n, step in ((80, 1024), (90, 1), (1, 1), (33, 64))]
    compare(Pairs(4096), windows, axes, getattr(tw.optim, kind)(), native=native, lr=0.05)


class Looked(list):
    """A list that counts how often it is read."""

    reads = 0

    def __getitem__(self, place: Any) -> Any:
        self.reads += 1
        return super().__getitem__(place)


@pytest.mark.parametrize("step", [1, 64, 2**16])
@pytest.mark.parametrize("different", [1, 50, 20_000])
def test_the_first_of_many_is_found_in_a_few_looks(step: int, different: int) -> None:
    n, bits, scope = 20_000, 16, {}
    exec(SEARCHES["first_among"], scope)
    rng = np.random.default_rng(0)
    ids = Looked((rng.integers(different, size=n) * step).tolist())
    slots = Looked([-1] * 2**bits)
    found = [scope["first_among"](ids, i, slots, 32 - bits, 2**bits - 1) for i in range(n)]
    _, first, place = np.unique(np.array(list(ids)), return_index=True, return_inverse=True)
    assert found == first[place].tolist()
    assert ids.reads + slots.reads < 15 * n
