"""What cannot be compiled is said in a sentence, with the user's line and what to write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import CompileError, InputError, MissingRuleError, NonFiniteError
from tinygrad_w2v.compiler.trace.trace import fields_of, trace

WINDOW = {"contexts": np.array([1, 2, 0]), "x": np.array([0.5, 1.0, 2.0]), "center": np.array(4)}
AXES = {"contexts": ("C",), "x": ("C",)}


class Model(tw.Module):
    """Its loss is a function that it is given."""

    def __init__(self, expression: Callable[[Any, Any], Any]) -> None:
        self.w = tw.Parameter(np.arange(21.0).reshape(7, 3))
        self.expression = expression

    def loss(self, batch: Any) -> Any:
        return self.expression(self.w, batch)


def attempt(expression: Callable[[Any, Any], Any], **options: Any) -> Any:
    fields = fields_of(WINDOW, AXES)
    return trace(Model(expression), WINDOW, fields, **options)


def test_an_index_from_the_first_axis_shows_the_trailing_form() -> None:
    with pytest.raises(CompileError) as caught:
        attempt(lambda w, b: np.sum(w[b["contexts"]][:, 0]))
    message = str(caught.value)
    assert "of one example has the shape (C, 3)" in message
    assert "[..., 0]" in message
    assert f"{__file__}:" in message
    assert "lambda w, b: np.sum(w[b" in message
    for first in (lambda x: x[0], lambda x: x[1:], lambda x: x[0, ...], lambda x: x[None]):
        with pytest.raises(CompileError, match=r"write x\[\.\.\., "):
            attempt(lambda w, b, first=first: np.sum(first(b["x"]) * w))


def test_trailing_indices_and_those_of_parameters_are_fine() -> None:
    attempt(lambda w, b: np.sum(w[b["contexts"]][..., 0, :]) + np.sum(w[:, 0]) + np.sum(w[2:]))


@pytest.mark.parametrize(
    "expression",
    [
        lambda w, b: np.sum(w) if b["x"].shape[-1] > 2 else np.sum(w * w),
        lambda w, b: np.sum(w) * int(b["x"].shape[-1]),
        lambda w, b: sum(np.sum(w[i]) for i in range(b["x"].shape[-1])),
        lambda w, b: np.sum(w) if b["x"].shape[-1] else np.sum(w * w),
    ],
)
def test_a_size_is_no_number(expression: Any) -> None:
    with pytest.raises(CompileError, match=r"the size C is known only(.|\n)*applied at .*lambda"):
        attempt(expression)


@pytest.mark.parametrize(
    "expression",
    [
        lambda w, b: np.sum(w) if b["center"] > 2 else np.sum(w * w),
        lambda w, b: np.sum(w) * int(b["center"]),
        lambda w, b: np.sum(w) * float(b["center"]),
        lambda w, b: sum(np.sum(w[i]) for i in b["contexts"]),
        lambda w, b: np.sum(w) * b["center"].item(),
        lambda w, b: np.sum(w) * np.asarray(b["x"])[0],
    ],
)
def test_a_value_is_no_number(expression: Any) -> None:
    with pytest.raises(
        CompileError, match=r"is known only when an example(.|\n)*applied at .*lambda"
    ):
        attempt(expression)


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        (lambda w, b: np.sum(w * np.sort(b["x"])[..., 0]), "np.sort"),
        (lambda w, b: np.sum(w * np.linalg.det(b["x"])), "np.linalg.det"),
        (lambda w, b: np.sum(w * np.fft.fft(b["x"])[..., 0]), "np.fft.fft"),
        (lambda w, b: np.sum(w) * b["x"][..., b["x"] > 0].sum(), "by a mask"),
        (lambda w, b: np.sum(w) * np.unique(b["x"]), "np.unique"),
        (lambda w, b: np.sum(w) * np.median(b["x"]), "np.median"),
        (lambda w, b: np.sum(w) * np.spacing(np.max(b["x"])), "np.spacing"),
        (lambda w, b: np.sum(w) * np.add.reduce(b["x"]), "np.add.reduce"),
        (lambda w, b: np.sum(w[b["contexts"]][..., b["contexts"], 0]), "integer array"),
    ],
)
def test_an_op_without_an_instruction_is_named_with_its_line(expression: Any, name: str) -> None:
    with pytest.raises(CompileError) as caught:
        attempt(expression)
    assert name in str(caught.value)
    assert "applied at" in str(caught.value)
    assert f"{__file__}:" in str(caught.value)
    assert "lambda w, b" in str(caught.value)


def test_an_op_that_backward_alone_needs_is_named_where_it_was_applied() -> None:
    class OnlyForward(tw.Function):
        """y = x;  gx = g in order"""

        def forward(self, x: Any) -> Any:
            return 2 * x

        def backward(self, g: Any) -> Any:
            return np.sort(g, axis=-1)

    with pytest.raises(CompileError) as caught:
        attempt(lambda w, b: np.sum(OnlyForward()(w[b["contexts"]])))
    assert "backward of" in str(caught.value)
    assert "np.sort" in str(caught.value)
    assert "lambda w, b: np.sum(OnlyForward()" in str(caught.value)


def test_parameters_are_arrays_again_after_an_error() -> None:
    model = Model(lambda w, b: np.sum(w * np.sort(b["x"])[..., 0]))
    with pytest.raises(CompileError):
        trace(model, WINDOW, fields_of(WINDOW, AXES))
    assert isinstance(model.w.data, np.ndarray)


def test_a_function_without_any_rule_is_still_the_graphs_error() -> None:
    with pytest.raises((MissingRuleError, CompileError), match=r"np\.sort"):
        attempt(lambda w, b: np.sum(np.sort(w)))


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (lambda w, b: w[b["contexts"]], r"has the shape \(C, 3\); it must be one number"),
        (lambda w, b: 3.0, "returned a float, not a Variable"),
        (lambda w, b: tw.Variable(2.0) * 3, "does not depend on the example"),
        (lambda w, b: np.sum(np.reshape(w[b["contexts"]], (-1, 2))), "not 2 equal parts"),
        (lambda w, b: np.sum(np.reshape(w[b["contexts"]], (3, 3))), "the lengths do not fit"),
        (lambda w, b: np.sum(np.split(w[b["contexts"]], 2, axis=-2)[0]), "np.split of an axis"),
        (lambda w, b: np.sum(w[b["contexts"]][..., ::2, :]), "a step along a dynamic axis"),
        (lambda w, b: np.sum(w * "a"), r"cannot|could not|not defined|convert|DType|str"),
    ],
)
def test_losses_that_are_none(expression: Any, message: str) -> None:
    with pytest.raises((CompileError, TypeError, ValueError), match=message):
        attempt(expression)


def test_axes_that_do_not_fit() -> None:
    for axes, message in (
        ({"words": ("C",)}, "axes names 'words', which the example lacks"),
        ({"contexts": ("C", "T", "S")}, "3 axes"),
        ({"contexts": (4,)}, "the length 4; the example has 3"),
        ({"contexts": ("step",)}, "calls a size 'step', which a kernel cannot"),
        ({"contexts": ("two words",)}, "calls a size 'two words'"),
    ):
        with pytest.raises(InputError, match=message):
            fields_of(WINDOW, axes)
    with pytest.raises(InputError, match="an example is a dict of arrays or a NamedTuple"):
        fields_of(3, None)
    with pytest.raises(InputError, match="x of an example holds <U1, not numbers"):
        fields_of({"x": np.array("a")}, None)


# ---------------------------------------------------------------------- when windows come
@pytest.fixture(scope="module")
def kernel() -> Any:
    model = Model(lambda w, b: np.sum(w[b["contexts"] + 1] * np.expand_dims(b["x"], -1)))
    return tw.compile(model, WINDOW, {"contexts": (("C", 5),), "x": (("C", 5),)})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"contexts": np.arange(6), "x": np.ones(6)}, r'6 long, but C is at most 5.*\("C", 6\)'),
        ({"x": np.ones(4)}, "C is 3 in one array and 4 in x"),
        ({"x": np.ones((2, 3))}, r"x of example 0 has the shape \(2, 3\), but one example's has 1"),
        ({"contexts": np.array([1.0, 2.0, 0.0])}, "contexts of example 0 is float64, not int"),
        ({"contexts": np.array([1, 6, 0])}, "computed from contexts of example 0 holds ids from 1"),
        ({"contexts": np.array([1, -2, 0])}, "holds ids from -1 to 2"),
        ({"center": np.array([1, 2])}, r"center of example 0 has the shape \(2,\)"),
        ({"x": None}, "example 0 has no x"),
    ],
)
def test_windows_that_do_not_fit(compiled: Any, changes: Any, message: str) -> None:
    before = compiled.model.w.data.copy()
    with pytest.raises(InputError, match=message):
        compiled.step({**WINDOW, **changes}, 0.1)
    assert np.array_equal(compiled.model.w.data, before)


def test_a_table_must_lie_in_one_piece(compiled: Any) -> None:
    data = compiled.model.w.data
    compiled.model.w.data = np.asfortranarray(data)
    with pytest.raises(InputError, match="not contiguous"):
        compiled.step(WINDOW, 0.1)
    compiled.model.w.data = data


def test_a_table_of_another_shape_or_dtype_is_refused(compiled: Any) -> None:
    """A kernel was made for one shape: with another it would write beside the table."""
    data = compiled.model.w.data
    for other in (data[:5].copy(), data[:, :2].copy(), data.astype(np.float32)):
        compiled.model.w.data = other
        with pytest.raises(InputError, match="compile the model again"):
            compiled.step(WINDOW, 0.1)
    compiled.model.w.data = data


def test_a_loss_that_is_not_finite_is_said(compiled: Any) -> None:
    with pytest.raises(NonFiniteError, match="x of example 0 holds numbers that are not"):
        compiled.step({**WINDOW, "x": np.array([np.nan, 1.0, 1.0])}, 0.0)


def test_dtypes_of_kernels() -> None:
    with pytest.raises(InputError, match="float16"):
        tw.compile(Model(lambda w, b: np.sum(w)), WINDOW, AXES, dtype=np.float16)


def test_leaky_and_friends_are_not_errors() -> None:
    attempt(lambda w, b: np.sum(F.leaky_relu(w) + F.softplus(w)))
