"""Errors name the op, the shapes, the remedy, and the line where the op was applied."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import (
    InPlaceError,
    MissingRuleError,
    NonDifferentiableError,
    NonFiniteError,
    NonScalarError,
    ShapeError,
)
from tinygrad_w2v.autograd.dispatch import RULES


def test_shape_mismatch_names_op_shapes_and_line() -> None:
    a, b = tw.Variable(np.ones((2, 3))), tw.Variable(np.ones((4, 3)))
    with pytest.raises(ShapeError, match=r"matmul.*\(2, 3\).*\(4, 3\)") as caught:
        a @ b
    assert "test_errors.py" in str(caught.value)
    with pytest.raises(ShapeError, match="add"):
        a + b
    with pytest.raises(ShapeError, match="reshape"):
        a.reshape(4, 4)


def test_out_of_range_look_up() -> None:
    w = tw.Variable(np.ones((4, 2)))
    with pytest.raises(IndexError, match=r"rows.*4"):
        w[np.array([0, 4])]


class NoBackward(tw.Function):
    def forward(self, x: Any) -> Any:
        return x * 2


class WrongShape(NoBackward):
    def backward(self, g: Any) -> Any:
        return np.ones((7, 7))


class TooMany(NoBackward):
    def backward(self, g: Any) -> Any:
        return g, g


class Raises(NoBackward):
    def backward(self, g: Any) -> Any:
        raise KeyError("inside")


class Writes(NoBackward):
    def backward(self, g: Any) -> Any:
        g *= 2
        return g


class SavesSomethingElse(tw.Function):
    def forward(self, x: Any) -> Any:
        self.save(x + 1)
        return x * 2


def test_missing_rule() -> None:
    y = NoBackward()(tw.Variable(1.0))
    with pytest.raises(MissingRuleError, match=r"no_backward.*stop_gradient"):
        y.backward()


def test_backward_that_returns_nonsense_is_named() -> None:
    x = tw.Variable(np.ones(3))
    with pytest.raises(ShapeError, match=r"wrong_shape.*\(7, 7\).*\(3,\)"):
        WrongShape()(x).sum().backward()
    with pytest.raises(ShapeError, match="too_many returned 2"):
        TooMany()(x).sum().backward()


def test_the_line_is_known_under_debug_and_the_way_there_is_said_otherwise() -> None:
    x = tw.Variable(np.ones(3))
    with pytest.raises(ShapeError, match=r"tw\.debug"):
        WrongShape()(x).sum().backward()
    with tw.debug(), pytest.raises(ShapeError, match=r"test_errors\.py"):
        WrongShape()(x).sum().backward()
    with pytest.raises(KeyError) as caught:
        Raises()(x).sum().backward()
    assert "raises" in caught.value.__notes__[0]


def test_save_takes_only_inputs_and_outputs() -> None:
    with pytest.raises(TypeError, match=r"saves_something_else.*neither an input nor an output"):
        SavesSomethingElse()(tw.Variable([1.0, 2.0]))


def test_an_op_is_one_node() -> None:
    op = NoBackward()
    op(tw.Variable(1.0))
    with pytest.raises(RuntimeError, match=r"NoBackward\(\.\.\.\)"):
        op(tw.Variable(1.0))


def test_writing_between_forward_and_backward_is_found() -> None:
    with tw.debug():
        x = tw.Variable([1.0, 2.0], name="x")
        y = (x * x).sum()
        x.data[0] = 9.0
        with pytest.raises(InPlaceError, match=r"multiply.*`x\.data`"):
            y.backward()
        # An op that saved nothing does not mind.
        z = (x + 1).sum()
        x.data[0] = 3.0
        z.backward()


def test_backward_that_writes_is_found() -> None:
    with tw.debug(), pytest.raises(InPlaceError, match="writes"):
        Writes()(tw.Variable(np.ones(3))).sum().backward()


def test_first_op_that_is_not_finite_is_named_forward() -> None:
    x = tw.Variable([1.0, 0.0], name="x")
    with np.errstate(all="ignore"), tw.debug(), pytest.raises(NonFiniteError) as caught:
        y = 1 / x
        np.exp(y - y)
    message = str(caught.value)
    assert "divide" in message and "min 0" in message and "test_errors.py" in message


def test_first_op_that_is_not_finite_is_named_backward() -> None:
    x = tw.Variable([4.0, 0.0], name="x")
    with np.errstate(all="ignore"), tw.debug(), pytest.raises(NonFiniteError) as caught:
        (x**0.5).sum().backward()
    message = str(caught.value)
    assert "backward of power_of_number" in message and "test_errors.py" in message
    with np.errstate(all="ignore"):
        (x**0.5).sum().backward()  # without debug mode it goes through, as in NumPy


def test_errors_in_a_users_op_name_it() -> None:
    class Halve(tw.Function):
        def forward(self, x: Any) -> Any:
            raise OSError("no disk")

    with pytest.raises(OSError, match="no disk") as caught:
        Halve()(tw.Variable(np.ones((2, 2))))
    assert "halve((2, 2) float64)" in caught.value.__notes__[0]


def test_writing_is_found_when_only_forward_was_watched() -> None:
    x = tw.Variable([1.0, 2.0], name="x")
    with tw.debug():
        y = x * x
    x.data[0] = 3.0
    with pytest.raises(InPlaceError, match=r"backward of multiply: `x\.data`, input 0"):
        y.backward(np.ones(2))


def test_writing_into_a_constant_is_found() -> None:
    x, mask = tw.Variable([1.0, 2.0]), np.ones(2)
    with tw.debug():
        y = (x * mask).sum()
        mask[0] = 0.0
        with pytest.raises(InPlaceError, match="the array that is input 1"):
            y.backward()


def test_backward_that_cannot_start_names_op_and_line() -> None:
    x = tw.Variable(np.ones(3))
    with pytest.raises(NonScalarError, match=r"\(3,\), made by multiply.*(?s:.)*tw\.debug"):
        (x * 2).backward()
    with tw.debug():
        y, n = x * 2, F.reshape(tw.Variable(np.array([1, 2])), 2)
    with pytest.raises(NonScalarError, match=r"applied at .*test_errors\.py"):
        y.backward()
    with pytest.raises(ShapeError, match=r"made by multiply(?s:.)*applied at"):
        y.backward(np.ones(4))
    with pytest.raises(NonDifferentiableError, match=r"int64, made by reshape(?s:.)*applied at"):
        n.backward()


@pytest.mark.parametrize("constant", [None, "a", 1j, {}, [None]])
def test_a_constant_that_is_no_number_is_refused(constant: Any) -> None:
    x = tw.Variable([1.0, 2.0])
    for op in (lambda: x + constant, lambda: constant * x, lambda: np.maximum(x, constant)):
        with pytest.raises(NonDifferentiableError, match=r"input \d is (?s:.)*test_errors\.py"):
            op()


def test_numpy_function_without_rule_says_shapes_and_line() -> None:
    x = tw.Variable(np.ones((2, 3)))
    with pytest.raises(MissingRuleError, match=r"np\.nanmax(?s:.)*\(2, 3\)(?s:.)*test_errors\.py"):
        np.nanmax(x)
    with pytest.raises(MissingRuleError, match=r"\[\(2, 3\) float64, \(2, 3\) float64\]"):
        np.block([x, x])


def test_forward_that_returns_no_array_is_named() -> None:
    class Returns(tw.Function):
        def __init__(self, what: Any) -> None:
            self.what = what

        def forward(self, x: Any) -> Any:
            return self.what

        def backward(self, g: Any) -> Any:
            return [g * 3.0]  # a list will do

    x = tw.Variable(2.0)
    for what in (None, [np.ones(2)], tw.Variable(1.0)):
        with pytest.raises(TypeError, match=r"forward of returns returned a \w+"):
            Returns(what)(x)
    y = Returns(5)(x)
    y.backward()
    assert y.dtype == np.float64 and float(x.grad) == 3.0


# ---------------------------------------------------------------------- arguments that do not fit
def test_a_class_among_the_arguments_is_described() -> None:
    x = tw.Variable([1.0, 2.0])
    with pytest.raises(MissingRuleError, match=r"np\.nancumsum(?s:.)*<class 'numpy\.float32'>"):
        np.nancumsum(x, 0, np.float32)


def test_whether_arguments_fit_is_decided_by_the_signature(monkeypatch: Any) -> None:
    x = tw.Variable([1.0, 2.0])

    def rule(a: Any, axis: Any = None) -> Any:
        raise TypeError("inner() takes 2 positional arguments but 3 were given")

    monkeypatch.setitem(RULES, np.sum, rule)
    with pytest.raises(TypeError, match="inner") as caught:
        np.sum(x)
    assert not isinstance(caught.value, MissingRuleError), "a fault of the op itself was hidden"
    for call in (lambda: np.sum(x, dtype=float), lambda: np.sum(x, 0, float, None, True, 1.0)):
        with pytest.raises(MissingRuleError, match=r"np\.sum of a Variable does not take these"):
            call()
    monkeypatch.setitem(RULES, np.exp, lambda x: np.exp(x.data, nothing=1))
    with pytest.raises(TypeError, match="nothing") as caught:
        np.exp(x)
    assert not isinstance(caught.value, MissingRuleError)


def test_an_op_that_calls_wrongly_says_so() -> None:
    class Wrong(tw.Function):
        def forward(self, x: Any) -> Any:
            return self.helper(x, 1, 2)

        def helper(self, x: Any) -> Any:
            return x

    with pytest.raises(TypeError, match=r"wrong: .*helper\(\) takes 2 positional arguments"):
        Wrong()(tw.Variable(1.0))
