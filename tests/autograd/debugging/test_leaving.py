"""Nothing leaves the graph unnoticed while derivatives are taken."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import GradientError, NonDifferentiableError, NonScalarError

X = np.array([1.0, 2.0])
TRANSFORMS: dict[str, Callable[[Any], Any]] = {
    "grad": lambda f: tw.grad(f)(X),
    "value_and_grad": lambda f: tw.value_and_grad(f)(X),
    "vjp": lambda f: tw.vjp(f, X),
    "jvp": lambda f: tw.jvp(f, X, X),
    "jacobian": lambda f: tw.jacobian(f)(X),
    "hessian": lambda f: tw.hessian(f)(X),
    "hvp": lambda f: tw.hvp(f, X, X),
    "check_grads": lambda f: tw.check_grads(f, X),
}


def _without_return(p: Any) -> Any:
    (p * p).sum()


NOTHING = {
    "a number": (lambda p: float((p * p).sum()), "a float"),
    "an int": (lambda p: int((p * p).sum()), "a int"),
    "no return": (_without_return, r"None.*`return`"),
    "a constant": (lambda p: 3.0, "a float"),
    "the data": (lambda p: (p * p).sum().data, "an array of float64"),
    "a NumPy number": (lambda p: np.float64((p * p).sum().item()), "a float64"),
    "integers": (lambda p: tw.Variable(np.arange(1)), "a Variable of int64"),
    "text": (lambda p: f"{p.sum()}", "a str"),
}


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("what", NOTHING)
def test_a_result_without_a_variable_is_refused(name: str, what: str) -> None:
    f, said = NOTHING[what]
    # Also where warnings are errors, as they are in these tests, it is this error that is raised.
    with pytest.raises(NonDifferentiableError, match=rf"returned {said}"):
        TRANSFORMS[name](f)


def test_the_error_notes_where_the_value_left() -> None:
    def loss(p: Any) -> float:
        return float((p * p).sum())  # the line

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(NonDifferentiableError, match="loss: it returned a float") as error:
            tw.grad(loss)(X)
    assert (
        "test_leaving.py" in error.value.__notes__[0] and "# the line" in error.value.__notes__[0]
    )
    assert [w.category for w in caught] == [tw.GraphWarning]


def test_one_value_is_wanted_of_grad() -> None:
    with pytest.raises(NonScalarError, match="type tuple"):
        tw.grad(lambda p: (p.sum(), p.sum()))(X)
    with pytest.raises(NonScalarError, match=r"shape \(2,\)"):
        tw.grad(lambda p: p * 2)(X)


def test_a_variable_beside_plain_numbers_is_enough() -> None:
    value, tangent = tw.jvp(lambda p: {"loss": p.sum(), "count": 2}, X, X)
    assert (float(value["loss"]), tangent["count"]) == (3.0, 0)


# ---------------------------------------------------------------------- exits
def _written(x: Any) -> Any:
    z = np.zeros(2)
    z[0] = x
    return x * z[0]


EXITS: dict[str, Callable[[Any], Any]] = {
    "float": lambda x: x * float(x),
    "int": lambda x: x * int(x),
    "item": lambda x: x * x.item(),
    "math": lambda x: x * math.exp(x),
    "floor": lambda x: x * math.floor(x),
    "an array's element": _written,
    "a NumPy number": lambda x: x * np.float64(x),
    "fromiter": lambda x: x * np.fromiter([x], float)[0],
    "complex": lambda x: x * complex(x).real,
    "an intermediate": lambda x: x * float(np.sin(x) + 1),
}
USES: dict[str, Callable[[Any], Any]] = {
    "grad": lambda f: tw.grad(f)(1.5),
    "value_and_grad": lambda f: tw.value_and_grad(f)(1.5),
    "vjp": lambda f: tw.vjp(f, 1.5),
    "jvp": lambda f: tw.jvp(f, (1.5,), (1.0,)),
    "jacobian": lambda f: tw.jacobian(f)(1.5),
    "hessian": lambda f: tw.hessian(f)(1.5),
    "hvp": lambda f: tw.hvp(f, (1.5,), (1.0,)),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("exit_", EXITS)
def test_a_value_that_leaves_is_warned_of_once(exit_: str, use: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        USES[use](EXITS[exit_])
    assert [w.category for w in caught] == [tw.GraphWarning]
    assert caught[0].filename == __file__
    line = EXITS[exit_].__code__.co_firstlineno
    assert line <= caught[0].lineno <= line + 2
    assert "`.data`" in str(caught[0].message)


@pytest.mark.parametrize("exit_", EXITS)
def test_check_grads_warns_once_though_it_evaluates_often(exit_: str) -> None:
    flat = exit_ in ("int", "floor")  # then the derivative is right, but for the kinks
    wrong = contextlib.nullcontext() if flat else pytest.raises(GradientError, match="wrong")
    with pytest.warns(tw.GraphWarning) as caught, wrong:
        tw.check_grads(EXITS[exit_], np.array(1.5))
    assert len(caught) == 1


def test_each_line_is_told() -> None:
    def f(x: Any) -> Any:
        a = float(x)
        b = float(x) + float(x)
        return x * a * b

    with pytest.warns(tw.GraphWarning) as caught:
        tw.grad(f)(1.0)
    first = f.__code__.co_firstlineno
    assert [w.lineno for w in caught] == [first + 1, first + 2]


def test_python_tells_a_line_once_by_its_usual_filter() -> None:
    def f(x: Any) -> Any:
        return x * float(x)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            tw.grad(f)(1.0)
    assert len(caught) == 1


def test_the_line_in_a_model() -> None:
    class Model(tw.Module):
        def __init__(self) -> None:
            self.w = tw.Parameter([1.0, 2.0])

        def loss(self) -> Any:
            return (self.w * float(self.w.sum())).sum()

    with pytest.warns(tw.GraphWarning, match="float") as caught, pytest.raises(GradientError):
        tw.check_grads(Model())
    assert [w.filename for w in caught] == [__file__]


def test_an_error_in_the_function_is_the_one_that_is_raised() -> None:
    def f(x: Any) -> Any:
        return float(x).sum()  # type: ignore[attr-defined]

    with pytest.raises(AttributeError, match="sum") as caught:
        tw.grad(f)(1.0)
    assert "float() at" in caught.value.__notes__[0]
    assert float(tw.Variable(1.0)) == 1.0  # and nothing is watched any more


# ---------------------------------------------------------------------- what is no exit
def _branches(x: Any) -> Any:
    if x > 1 and bool(x) and x.sum() != 3 and x in [x]:
        return x * x * np.sign(x)
    return x


SILENT: dict[str, Callable[[Any], Any]] = {
    "data": lambda x: x * x.data,
    "detach": lambda x: x * x.detach(),
    "stop_gradient": lambda x: x * F.stop_gradient(x),
    "a branch": _branches,
    "text": lambda x: x * len(f"{x:.3f} {x!r}"),
    "the shape": lambda x: x * (x.size + x.ndim + len(x.shape)),
    "a plain array's number": lambda x: x * float(np.ones(())),
    "another Variable": lambda x: x * float(tw.Variable(2.0)),
    "an integer Variable": lambda x: x * int(tw.Variable(np.array(2))),
    "a flat function": lambda x: x * np.floor(x) * np.argmax(x.reshape(1)),
    "a printed loss": lambda x: x * len(str(x)),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("name", SILENT)
def test_what_says_so_or_chooses_is_silent(name: str, use: str) -> None:
    USES[use](SILENT[name])  # a warning would be an error


def test_outside_of_transforms_numbers_are_made_silently() -> None:
    x = tw.Variable(2.0)
    z = np.zeros(1)
    z[0] = x
    assert (float(x), int(x), x.item(), math.exp(x), z[0]) == (2.0, 2, 2.0, math.exp(2.0), 2.0)
    tw.grad(lambda y: y * y)(1.0)
    assert float(x) == 2.0


def test_only_what_is_differentiated_counts_inside_another_transform() -> None:
    def outer(x: Any) -> Any:
        scale = float(tw.grad(lambda y: y**3)(2.0))  # of a number: a constant
        return x * scale

    assert float(tw.grad(outer)(1.0)) == 12.0
    with pytest.warns(tw.GraphWarning):
        tw.grad(lambda x: x * float(tw.grad(lambda y: y**3)(x)))(2.0)
