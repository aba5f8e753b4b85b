"""Wrong uses of `tw.compile` and of what it returns: each is named, with what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from plainly import plainly

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import CompileError, InputError, NonFiniteError

WINDOW = {
    "c": np.array([1, 2, 0, 3]),
    "x": np.array([0.5, 1.0, 2.0, -1.0]),
    "k": np.array(4),
    "mask": np.array([True, False, True, True]),
}
AXES = {"c": ("C",), "x": ("C",), "mask": ("C",)}


class Model(tw.Module):
    def __init__(self, expression: Callable[[Any, Any], Any] | None = None) -> None:
        self.w = tw.Parameter(np.arange(21.0).reshape(7, 3))
        self.expression = expression or (lambda w, b: w[b["c"]].sum())

    def loss(self, batch: Any) -> Any:
        return self.expression(self.w, batch)


def n(batch: Any) -> Any:
    return batch["x"].shape[-1]


# ---------------------------------------------------------------------- in the expression
@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (lambda w, b: w[b["c"][..., : n(b) // 2]].sum(), r"a slice whose ends are values.*where"),
        (lambda w, b: w[b["c"]][: n(b) // 2].sum(), r"write rows\[\.\.\., :"),
        (lambda w, b: w[b["c"]][: n(b) // 2, :].sum(), r"write rows\[\.\.\., :"),
        (
            lambda w, b: w[b["c"][..., : b["k"]]].sum(),
            r"a slice whose ends are values of an example",
        ),
        (lambda w, b: sum(w[i].sum() for i in range(n(b) // 2)), r"computed of a size is known"),
        (lambda w, b: w[np.where(b["x"] > 0)[0]].sum(), r"np.where of a condition alone.*, x, 0\)"),
        (lambda w, b: w[np.nonzero(b["x"])[0]].sum(), r"np\.nonzero cannot.*has a place for each"),
        (lambda w, b: w[np.unique(b["c"])].sum(), r"np\.unique cannot be compiled: how long it is"),
        (lambda w, b: w[np.sign(b["x"])].sum(), r"numbers that are no integers.*astype\(np.int64"),
        (lambda w, b: w[b["mask"]].sum(), r"an index of w by a mask.*np\.where\(mask, x, 0\)"),
        (
            lambda w, b: w[b["c"], :2].sum(),
            r"an index \[c, :2\] of an integer array beside.*\[ids\]",
        ),
        (lambda w, b: w[b["c"], b["c"]].sum(), r"several integer arrays.*x\[i \* n \+ j\]"),
        (lambda w, b: (w[b["c"]].T * np.arange(n(b))).sum(), r"np\.arange\(n, like=x\)"),
        (lambda w, b: w[b["x"].nonzero()[0]].sum(), r"`\.nonzero` of x cannot be compiled"),
        (lambda w, b: w[b["c"].foo].sum(), r"`\.foo` of c cannot be compiled.*NumPy's functions"),
        (lambda w, b: b["x"].__setitem__(0, 1), r"writing into x cannot.*np.where\(mask, new, old"),
        (lambda w, b: b["x"].__iadd__(1), r"writing into x cannot.*make a new array, `x = x \+ 1`"),
        (lambda w, b: f"{b['k']:.2f}", r"the value of k is known only when an example comes"),
        (lambda w, b: w[b["zz"]].sum(), r"the example has no field 'zz'; it has \['c', 'x', 'k'"),
        (lambda w, b: w[b.c].sum(), r"this example is a dict: write `batch\['c'\]`"),
        (lambda w, b: np.sort(w[b["c"]], -1).sum(), r"np\.argsort cannot.*a kernel orders nothing"),
        (lambda w, b: w[b["c"][..., ::2]].sum(), r"a step along a dynamic axis.*two fields"),
        (lambda w, b: np.einsum("i,i->", b["c"], b["c"]) * w.sum(), r"astype\(np\.float64\)"),
        (lambda w, b: w[b["c"].astype(str)].sum(), r"a conversion to <U0 cannot be compiled"),
        (lambda w, b: (w[b["c"]] * b["x"]).sum(), r"axes of lengths 3 and C do not broadcast"),
    ],
)
def test_an_expression_that_no_kernel_has(expression: Any, message: str) -> None:
    with pytest.raises((CompileError, ValueError), match=f"(?s){message}") as caught:
        tw.compile(Model(expression), WINDOW, AXES)
    assert f"applied at {__file__}:" in str(caught.value)
    assert "lambda w, b" in str(caught.value)


@pytest.mark.parametrize(
    "expression",
    [
        lambda w, b: (w[b["c"]] * b["x"].max()).sum() + w[b["c"].argmax()].sum(),
        lambda w, b: w[b["c"].copy().ravel()].sum() * b["x"].std() + b["x"].cumsum()[..., 0],
        lambda w, b: w[b["c"].clip(1, 2)].sum() * b["mask"].any() + b["x"].round(1).sum(),
        lambda w, b: w[np.sign(b["c"])].sum() * (n(b) % 2) + w.sum() * (n(b) // 2),
    ],
)
def test_methods_of_arrays_are_taken(expression: Any) -> None:
    model = Model(expression)
    expected = float(model.loss(WINDOW))
    compiled = plainly(tw.compile(model, WINDOW, AXES, dtype=np.float64))
    assert compiled.step(WINDOW, 0.0) == pytest.approx(expected)


def assigned(w: Any, b: Any) -> Any:
    w.data = w.data * 2
    return w.sum()


def walked(w: Any, b: Any) -> Any:
    w.sum().backward()
    return w.sum()


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (lambda w, b: None, r"Model.loss returned None: end it with `return`"),
        (lambda w, b: (w.sum(), w.sum()), r"returned a tuple, not a Variable: return one number"),
        (lambda w, b: w.data.sum(), r"returned an array, .* \(not of their `.data`\)"),
        (lambda w, b: b["x"].sum(), r"returned an array, not a Variable"),
        (lambda w, b: w[b["c"]], r"has the shape \(C, 3\); it must be one number"),
        (assigned, r"Model.loss assigns to w.data, which a kernel would leave out"),
        (walked, r"Model.loss calls `backward`, which a kernel would leave out"),
    ],
)
def test_a_loss_that_is_none(expression: Any, message: str) -> None:
    model = Model(expression)
    data = model.w.data
    with pytest.raises(CompileError, match=message) as caught:
        tw.compile(model, WINDOW, AXES)
    assert f"defined at {__file__}:" in str(caught.value)
    assert model.w.data is data
    assert model.w.grad is None


OUTSIDE = tw.Parameter(np.ones((7, 3)))


class Beside(Model):
    """It reads a table that is no Parameter of it."""

    def __init__(self, table: Any) -> None:
        super().__init__()
        self.tables = {"first": [table]}

    def loss(self, batch: Any) -> Any:
        return (self.tables["first"][0][batch["c"]] * self.w[batch["c"]]).sum()


class Outside(Model):
    def loss(self, batch: Any) -> Any:
        return (OUTSIDE[batch["c"]] * self.w[batch["c"]]).sum()


def test_a_variable_is_no_table() -> None:
    table = tw.Variable(np.ones((7, 3)))
    for optimizer in (None, tw.optim.Adam()):
        with pytest.raises(
            CompileError, match=r"reads self\.tables\.first\.0, a tw\.Variable .*tw\.Parameter\("
        ) as caught:
            tw.compile(Beside(table), WINDOW, AXES, optimizer)
        assert f"applied at {__file__}:" in str(caught.value)
    with pytest.raises(CompileError, match=r"a tw\.Parameter that is no Parameter of the model"):
        tw.compile(Outside(), WINDOW, AXES)
    tw.compile(Beside(tw.Parameter(np.ones((7, 3)))), WINDOW, AXES)


def test_what_an_optimizer_holds_beside_the_model_is_no_constant() -> None:
    """Eagerly it is learned; a kernel would have held it."""
    scale = tw.Variable(np.ones(3))
    model = Model(lambda w, b: (w[b["c"]] * scale).sum())
    tw.compile(model, WINDOW, AXES)  # a constant, as nobody learns it
    with pytest.raises(CompileError, match="that is no Parameter of the model, and no attribute"):
        tw.compile(model, WINDOW, AXES, tw.optim.SGD([model.w, scale]))


# ---------------------------------------------------------------------- the arguments
@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({"c": ("C", "D")}, r"the axis C with the bound 'D': the most that it can be is a whole"),
        ({"c": -1}, r'axes gives c -1: give a tuple .* such as `\("C",\)`'),
        ({"c": (-1,)}, r"the length -1; the example has 4: name an axis that changes"),
        ({"c": ("C", 0)}, r'with the bound 0: .* such as `\("C", 10\)`'),
        ({"c": ("C", -3)}, r"with the bound -3"),
        ({"c": ("C", 2.5)}, r"with the bound 2\.5"),
        ({"c": ("C", True)}, r"with the bound True"),
        ({"c": ("C", None)}, r"with the bound None"),
        ({"c": ("C", 2)}, r"axes lets C be at most 2, but it is 4 in c of the example"),
        ({"c": ("C", 5), "x": ("C", 9)}, r"axes gives C two bounds, 5 and 9: give one"),
        ({"c": (("C", 2, 3),)}, r"the axis \('C', 2, 3\): an axis is a length, a name"),
        ({"c": ((3, "C"),)}, r"the axis \(3, 'C'\): an axis is a length, a name"),
        ({"c": None}, r"axes gives c None: give a tuple"),
        ({"c": (4.0,)}, r"the axis 4\.0: an axis is a length"),
        ({"c": (None,)}, r"the axis None: an axis is"),
        ({"k": ("K",)}, r"axes gives k 1 axes, .*shape \(\)"),
        ({3: ("C",)}, r"axes names 3, which the example lacks"),
        ([("c", "C")], r"axes is \[\('c', 'C'\)\]: give a dict"),
        ("C", r"axes is 'C': give a dict"),
    ],
)
def test_axes(axes: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        tw.compile(Model(), WINDOW, axes)


def test_equal_names_are_equal_lengths() -> None:
    with pytest.raises(InputError, match="two lengths C: 4 in c and 3 in x of the example"):
        tw.compile(Model(), {**WINDOW, "x": np.ones(3)}, AXES)


@pytest.mark.parametrize("axes", [{"c": "C"}, {"c": "ctx"}, {"c": ["C"]}, {"c": [["C", 10]]}])
def test_ways_to_name_an_axis(axes: Any) -> None:
    compiled = tw.compile(Model(), {"c": WINDOW["c"]}, axes)
    assert [repr(field.shape[0]) for field in compiled.fields] in (["C"], ["ctx"])


@pytest.mark.parametrize(
    ("window", "message"),
    [
        (None, "an example is a dict of arrays or a NamedTuple"),
        ({"c": tw.Variable([1.0])}, r"c of an example is a Variable: give its array, `c\.data`"),
        ({"c": [[1], [2, 3]]}, r"c of an example is no array of numbers .*F\.segment_sum"),
        ({0: np.array([1])}, "an example has an array under 0: name it by a word"),
        ({"c": np.array(["a"])}, "c of an example holds <U1, not numbers"),
    ],
)
def test_windows(window: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        tw.compile(Model(), window)
    compiled = tw.compile(Model(), {"c": WINDOW["c"]})
    with pytest.raises(InputError, match=message):
        compiled.step(window, 0.1)


class NoParameter(tw.Module):
    def loss(self, batch: Any) -> Any:
        return batch["x"].sum()


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (NoParameter(), r"NoParameter has no Parameter, .* assign `tw\.Parameter\(array\)`"),
        (tw.nn.Linear(2, 1), r"Linear has no method `loss\(batch\)`: write one"),
        (Model, r"a class was given, Model: give an object of it, `Model\(\.\.\.\)`"),
        (None, r"the model is a NoneType: give a tw\.Module"),
        (lambda batch: 1, r"the model is a function: give a tw\.Module"),
    ],
)
def test_models(model: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        tw.compile(model, WINDOW, AXES)


@pytest.mark.parametrize("dtype", [np.float16, int, "abc", None, np.longdouble, ">f4"])
def test_dtypes(dtype: Any) -> None:
    with pytest.raises(InputError, match="a kernel computes in float32 or float64"):
        tw.compile(Model(), WINDOW, AXES, dtype=dtype)


@pytest.mark.parametrize("optimizer", [tw.optim.Adam, "adam", 0.1])
def test_optimizers(optimizer: Any) -> None:
    with pytest.raises(
        InputError, match=r"the optimizer is .*: give one, such as `tw\.optim\.Adam"
    ):
        tw.compile(Model(), WINDOW, AXES, optimizer)


# ---------------------------------------------------------------------- tables
@pytest.mark.parametrize("dtype", ["float16", "longdouble", ">f8", "int64"])
def test_a_parameter_that_no_kernel_reads(dtype: str) -> None:
    model = Model()
    model.w.data = model.w.data.astype(dtype)
    with pytest.raises(InputError, match=r"w of Model holds .*w\.data\.astype\(np\.float32\)`"):
        tw.compile(model, WINDOW, AXES)


def test_a_parameter_that_may_not_be_written_into() -> None:
    model = Model()
    compiled = tw.compile(model, WINDOW, AXES)
    model.w.data.flags.writeable = False
    for run in (lambda: compiled.step(WINDOW, 0.1), lambda: compiled.run([WINDOW], 0.1)):
        with pytest.raises(InputError, match=r"w may not be written into.*w\.data\.copy\(\)`"):
            run()
    assert compiled.gradients(WINDOW)["w"][1, 0] == 1.0  # it is only read there


def test_a_frozen_parameter_may_be_read_only() -> None:
    """A table that is mapped from a file, say."""
    model = Model(lambda w, b: (w[b["c"]] * model.u[b["c"]]).sum())
    model.u = tw.Parameter(np.ones((7, 3)))  # type: ignore[attr-defined]
    model.u.data.flags.writeable = False  # type: ignore[attr-defined]
    compiled = tw.compile(model, WINDOW, AXES, tw.optim.SGD([model.w]))
    compiled.step(WINDOW, 0.5)
    assert model.w.data[1, 0] == 2.5


# ---------------------------------------------------------------------- running
@pytest.fixture(scope="module")
def kernel() -> Any:
    model = Model(lambda w, b: (w[b["c"]] * F.expand_dims(b["x"], -1)).sum())
    return tw.compile(model, WINDOW, AXES)


BAD_RATES = (
    float("nan"),
    float("inf"),
    -0.1,
    None,
    "0.1",
    True,
    [0.1],
    np.ones(2),
    tw.Variable(0.1),
)


@pytest.mark.parametrize("lr", BAD_RATES)
def test_learning_rates(compiled: Any, lr: Any) -> None:
    before = compiled.model.w.data.copy()
    for run in (lambda: compiled.step(WINDOW, lr), lambda: compiled.run([WINDOW], lr)):
        with pytest.raises(InputError, match=r"lr is .*: a learning rate is a number that is not"):
            run()
    np.testing.assert_array_equal(compiled.model.w.data, before)


@pytest.mark.parametrize("lr", [0, 0.0, 1, np.float32(0.5), np.array(0.25), np.int64(1)])
def test_numbers_of_any_kind_are_rates(compiled: Any, lr: Any) -> None:
    model = compiled.model
    before = model.w.data[1, 0]
    compiled.step(WINDOW, lr)
    assert model.w.data[1, 0] == pytest.approx(before - float(lr) * 0.5)


def test_what_run_takes(compiled: Any) -> None:
    with pytest.raises(InputError, match="run takes examples, and this is one: give a list of it"):
        compiled.run(WINDOW, 0.1)
    with pytest.raises(InputError, match="run takes examples, such as a list of them, not 3"):
        compiled.run(3, 0.1)
    assert compiled.run([], 0.1) == 0.0


def test_a_loss_that_is_not_finite_names_the_table(compiled: Any) -> None:
    with pytest.raises(NonFiniteError, match="x of example 0 holds numbers that are not finite"):
        compiled.step({**WINDOW, "x": np.array([np.nan, 1.0, 1.0, 1.0])}, 0.0)
    compiled.model.w.data[:] = 1.0
    compiled.model.w.data[3] = 1e38
    with pytest.raises(NonFiniteError, match="w holds numbers that are not finite by now: use a s"):
        compiled.step({**WINDOW, "x": np.array([1.0, 1.0, 1.0, -1e38])}, 1e5)
