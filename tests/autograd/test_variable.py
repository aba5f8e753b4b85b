"""`Variable`: construction, operators, NumPy's protocols, Python's protocols."""

from __future__ import annotations

import copy
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.autograd
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import MissingRuleError, NonDifferentiableError


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (3, np.float64),
        (True, np.float64),
        ([1, 2], np.float64),
        ([[1, 2], [3, 4]], np.float64),
        (np.float32(2), np.float32),
        (np.int64(2), np.float64),
        (np.arange(3), np.int64),
        (np.array([True]), np.bool_),
        (np.zeros(2, np.float32), np.float32),
        ([], np.float64),
    ],
)
def test_dtype_of_what_is_given(data: Any, dtype: Any) -> None:
    assert tw.Variable(data).dtype == dtype


@pytest.mark.parametrize("data", ["text", ["a"], 1j, np.array([object()])])
def test_data_without_derivatives_is_refused(data: Any) -> None:
    with pytest.raises(NonDifferentiableError, match="real numbers"):
        tw.Variable(data)


def test_a_variable_is_no_data() -> None:
    x = tw.Variable(1.0)
    with pytest.raises(TypeError, match=r"\.data"):
        tw.Variable(x)
    with pytest.raises(TypeError, match=r"\.data"):
        x.data = tw.Variable(2.0)


OPERATORS = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "power": lambda x, y: x**y,
}


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "other",
    [
        2,
        2.0,
        True,
        np.float64(2),
        np.int64(2),
        np.array(2.0),
        np.array([1, 2]),
        np.array([True] * 2),
    ],
    ids=lambda o: type(o).__name__ + str(getattr(o, "dtype", "")),
)
def test_operators_with_constants_on_both_sides(name: str, dtype: Any, other: Any) -> None:
    f = OPERATORS[name]
    data = np.array([[1.5, 2.5], [0.5, 3.0]], dtype)
    constant = np.asarray(other).astype(np.float64)
    x = tw.Variable(data)
    for y, expected in (
        (f(x, other), f(data.astype(float), constant)),
        (f(other, x), f(constant, data.astype(float))),
    ):
        assert y.dtype == dtype
        np.testing.assert_allclose(y.data, expected, rtol=1e-6)
        x.cleargrad()
        y.sum().backward()
        assert x.grad.data.dtype == dtype
        assert x.grad.shape == x.shape


def test_unary_operators_and_matmul() -> None:
    x = tw.Variable([[1.0, -2.0], [3.0, 4.0]])
    np.testing.assert_array_equal((-x).data, -x.data)
    np.testing.assert_array_equal(abs(x).data, np.abs(x.data))
    np.testing.assert_array_equal((+x).data, x.data)
    np.testing.assert_array_equal((x @ x).data, x.data @ x.data)
    np.testing.assert_array_equal((np.eye(2) @ x).data, x.data)
    np.testing.assert_array_equal((x.data + x).data, 2 * x.data)


def test_numpy_functions_are_the_same_ops() -> None:
    x = tw.Variable([1.0, 2.0])
    assert np.multiply(x, 2).creator.label == "multiply"
    assert np.sum(x, axis=0).creator.label == "sum"
    assert (np.float64(2) * x).creator.label == "multiply"
    assert (np.array([1.0, 2.0]) - x).creator.label == "subtract"


def test_numpy_functions_without_derivative_give_plain_arrays() -> None:
    x = tw.Variable([1.0, -2.0])
    for value in (
        np.sign(x),
        np.isfinite(x),
        np.argmax(x),
        np.ones_like(x),
        np.zeros_like(x),
        x > 0,
    ):
        assert not isinstance(value, tw.Variable)
    assert np.shape(x) == (2,)
    assert np.ndim(x) == 1
    assert np.size(x) == 2
    assert (x == x.data).all()
    assert (x != x.data).sum() == 0


def test_a_numpy_function_without_rule_is_named() -> None:
    x = tw.Variable(np.eye(2))
    with pytest.raises(MissingRuleError, match=r"np\.linalg\.svd"):
        np.linalg.svd(x)
    with pytest.raises(MissingRuleError, match=r"np\.add\.reduce"):
        np.add.reduce(x)
    with pytest.raises(MissingRuleError, match=r"np\.copysign"):
        np.copysign(x, x)
    with pytest.raises(MissingRuleError, match=r"np\.einsum.*casting"):
        np.einsum("ij", x, casting="safe")


def test_updates_in_place_say_how_to_write_them() -> None:
    w = tw.Variable([1.0, 2.0])
    (w * w).sum().backward()
    w.data -= 0.5 * w.grad.data
    np.testing.assert_array_equal(w.data, [0.0, 0.0])
    with pytest.raises(TypeError, match=r"\.grad\.data"):
        w.data -= 0.5 * w.grad
    with pytest.raises(TypeError, match=r"np\.where"):
        w[0] = 1.0
    with pytest.raises(TypeError, match=r"\.data"):
        np.asarray(w)
    with pytest.raises(ValueError, match=r"\.data"):
        bool(w)


def test_python_protocols() -> None:
    x = tw.Variable([[1.25, 2.0]], name="x")
    assert len(x) == 1
    assert [row.shape for row in x] == [(2,)]
    assert float(tw.Variable(2.5)) == 2.5
    assert int(tw.Variable([2.0])) == 2
    assert f"{tw.Variable(2.0):.3f}" == "2.000"
    assert f"{x:.1f}" == "[[1.2 2.0]]"
    assert f"{x}" == repr(x)
    assert "name='x'" in repr(x) and "shape=(1, 2)" in repr(x)
    assert "<table>" in x._repr_html_()
    assert bool(tw.Variable(1.0)) and not bool(tw.Variable([0.0]))
    assert len({x, tw.Variable(1.0)}) == 2
    assert 2.0 in x
    assert x.item if x.size == 1 else True
    for wrong in (float, int):
        with pytest.raises(TypeError, match="only one element"):
            wrong(x)
    with pytest.raises(TypeError, match="without axes"):
        len(tw.Variable(1.0))


def test_an_op_shows_what_it_was_applied_to() -> None:
    x, w = tw.Variable(np.ones((1, 3)), name="x"), tw.Variable(np.ones((3, 2)))
    assert repr((x @ w).creator) == "<op matmul of x (1, 3), (3, 2)>"
    assert repr((x * 2).creator) == "<op multiply of x (1, 3), ()>"

    class Own(tw.Function):
        """y = x;  gx = g"""

    assert repr(Own()) == "<op own, not applied yet>"


def test_names_are_escaped_in_html() -> None:
    assert "<script>" not in tw.Variable(1.0, name="<script>")._repr_html_()


def test_methods_and_properties() -> None:
    x = tw.Variable(np.arange(6.0).reshape(2, 3))
    assert x.T.shape == (3, 2)
    assert x.reshape(3, 2).shape == x.reshape((3, 2)).shape == x.reshape(-1, 2).shape == (3, 2)
    assert x.transpose(1, 0).shape == x.transpose().shape == x.transpose((1, 0)).shape == (3, 2)
    assert x.swapaxes(0, 1).shape == (3, 2)
    assert float(x.max()) == 5 and float(x.min()) == 0
    assert x.mean(axis=-1).shape == (2,)
    assert x.sum(axis=0, keepdims=True).shape == (1, 3)
    assert x.sum().item() == 15
    assert x.ndim == 2 and x.size == 6
    d = (x * 2).detach()
    assert d.creator is None


def test_a_method_is_the_public_function_of_its_op() -> None:
    for name in "astype clip cumsum max mean min prod round squeeze std sum take trace var".split():
        assert getattr(tw.Variable, name) is getattr(F, name)
    assert tw.Variable.__add__ is F.add and tw.Variable.__neg__ is F.negative
    assert tw.Variable([1.0]).to_dense().data == [1.0]


@pytest.mark.process
def test_the_engine_alone_gives_variables_that_compute() -> None:
    program = (
        "from tinygrad_w2v.autograd import Variable, check_grads\n"
        "x = Variable([1.0, 2.0]); (x * x).sum().backward(); print(x.grad.data)\n"
        "check_grads(lambda x: x * x, x)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, encoding="utf-8"
    )
    assert (done.stdout, done.stderr) == ("[2. 4.]\n", "")


def test_a_package_names_what_it_lacks() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'check_gradients'"):
        tinygrad_w2v.autograd.check_gradients  # noqa: B018


def test_deepcopy_makes_a_leaf_of_its_own() -> None:
    x = tw.Variable([1.0], name="x")
    y = copy.deepcopy(x)
    y.data[0] = 5.0
    assert x.data[0] == 1.0 and y.name == "x"


def test_the_value_of_a_result_without_axes_cannot_be_written_into() -> None:
    y = tw.Variable([1.0, 2.0]).sum()
    assert isinstance(y.data, np.ndarray)
    with pytest.raises(ValueError, match="read-only"):
        y.data[...] = 0.0


def test_results_under_no_grad_are_leaves_that_can_be_updated() -> None:
    with tw.no_grad():
        x = tw.Variable(2.0) * 3
    x.data -= 1.0
    assert float(x) == 5.0


def test_large_integers_are_exact() -> None:
    n = 2**60 + 1
    assert int(tw.Variable(np.array(n))) == n
    assert tw.Variable(np.array(n)).item() == n
