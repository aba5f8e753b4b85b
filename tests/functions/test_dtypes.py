"""Every function on small integers, bools and float16 computes what it computes in float64.

The rows are those of the case table, so a new function is asked, too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v.checking.case import Case
from tinygrad_w2v.checking.cases import CASES

INTEGERS = (np.uint8, np.int8, np.int16, np.int64, np.bool_)
# Their constants are made in the dtype of the arrays, which has no fractions and no infinity.
OF_FLOATS_ONLY = {
    "logaddexp with a constant",
    "logsumexp with -inf",
    "softmax with -inf",
    "cross_entropy with respect to the distribution",
    "sigmoid_cross_entropy of large scores",
    "nan_to_num",
    "fmax of NaN",
    "fmin of NaN",
    "min of some",
    "gradient at places, second order at the edges",
}
# 1000 + x has no digit after the point in float16.
TOO_COARSE = {"logsumexp of large numbers", "cross_entropy of large scores"}
# What NumPy refuses, and says why: the difference, sign, negative and rounding of truth values, an
# integer to a negative power, a negative number beside unsigned ones.
REFUSED = (
    "boolean",
    "BoolDType",
    "to dtype('bool')",
    "negative integer powers",
    "out of bounds for uint8",
)


def _cases(without: set[str]) -> list[Case]:
    assert without <= {case.name for case in CASES}
    return [case for case in CASES if case.name not in without]


def _of(case: Case, dtype: Any) -> list[Any]:
    """The case's arrays in `dtype`: whole numbers of both signs, where it has any."""
    kind = np.dtype(dtype).kind
    arrays = []
    for drawn in case.draw(np.random.default_rng(0)):
        if kind == "f":
            arrays.append(np.asarray(drawn).astype(dtype))
        else:
            probabilities = drawn.size and drawn.min() >= 0 and drawn.max() <= 1
            whole = np.rint(drawn if probabilities else np.clip(3 * drawn, -9, 9))
            arrays.append(np.asarray(np.abs(whole) if kind == "u" else whole).astype(dtype))
    return arrays


def _data(y: Any) -> Any:
    return np.asarray(y.data if isinstance(y, tw.Variable) else y)


@pytest.mark.parametrize("case", _cases(OF_FLOATS_ONLY), ids=lambda case: case.name)
def test_of_integers(case: Case) -> None:
    for dtype in INTEGERS:
        arrays = _of(case, dtype)
        with np.errstate(all="ignore"):
            expected = _data(case.function(*[x.astype(np.float64) for x in arrays]))
            _compare(case, arrays, expected)
            _compare(case, [tw.Variable(x) for x in arrays], expected)


def _compare(case: Case, arrays: list[Any], expected: Any) -> None:
    dtype = arrays[0].dtype
    try:
        ours = _data(case.function(*arrays))
    except (TypeError, ValueError, OverflowError) as error:
        assert any(word in str(error) for word in REFUSED), dtype
        return
    if ours.dtype == np.bool_:
        expected = expected != 0  # the sum and product of truth values are `or` and `and`
    np.testing.assert_allclose(ours, expected, rtol=1e-12, atol=1e-14, err_msg=str(dtype))


@pytest.mark.parametrize("case", _cases(TOO_COARSE), ids=lambda case: case.name)
def test_of_float16(case: Case) -> None:
    arrays = _of(case, np.float16)
    with np.errstate(all="ignore"):
        ours, expected = (
            _value_and_gradients(case, [x.astype(dtype) for x in arrays])
            for dtype in (np.float16, np.float64)
        )
    for a, b in zip(ours, expected, strict=True):
        scale = float(np.max(np.abs(b), initial=1.0))
        np.testing.assert_allclose(a, b, rtol=2e-2, atol=4e-3 * scale)
    assert all(a.dtype == np.float16 for a in ours[1:])


def _value_and_gradients(case: Case, arrays: list[Any]) -> list[Any]:
    leaves = [tw.Variable(x) for x in arrays]
    y = case.function(*leaves)
    y.backward(np.ones(y.shape))
    gradients = [F.to_dense(x.grad) for x in leaves if x.grad is not None]
    return [_data(y), *map(_data, gradients)]


# ---------------------------------------------------------------------- the cases that were found
def test_small_integers_as_scores() -> None:
    x = np.array([1, 2, 0], np.uint8)
    np.testing.assert_allclose(F.sigmoid(x), 1 / (1 + np.exp(-x.astype(float))))
    p = np.exp(x.astype(float)) / np.exp(x.astype(float)).sum()
    np.testing.assert_allclose(F.softmax(x), p)
    assert float(F.cross_entropy(x, 1)) == pytest.approx(-np.log(p[1]))
    a, b = np.array([100, 100], np.int8), np.array([100, 50], np.int8)
    assert float(F.cosine_similarity(a, b)) == pytest.approx(150 / np.sqrt(2 * 12500))
    assert F.sigmoid(np.array([True, False])).tolist() == [1 / (1 + np.exp(-1)), 0.5]
    assert F.exp(np.array([20], np.uint8))[0] == np.exp(20.0)
    assert F.square(np.array([20], np.uint8)).tolist() == [400]


def test_integers_do_not_wrap_around() -> None:
    x, y = np.array([1, 200], np.uint8), np.array([2, 200], np.uint8)
    for given in ((x, y), (tw.Variable(x), y), (x, tw.Variable(y)), (tw.Variable(x),) * 2):
        a, b = (np.asarray(_data(v), np.int64) for v in given)
        assert _data(F.subtract(*given)).tolist() == (a - b).tolist()
        assert _data(F.multiply(*given)).tolist() == (a * b).tolist()
        assert _data(F.inner(*given)) == a @ b
        assert _data(F.einsum("i,i->", *given)) == a @ b
    assert _data(F.negative(x)).tolist() == [-1, -200]
    assert _data(F.abs(np.array([-128], np.int8))).tolist() == [128]
    assert _data(tw.Variable(y) ** 2).tolist() == [4, 40000]
    # They stay integers, so that they may index.
    assert (tw.Variable(x) - 1).dtype == np.int64


@pytest.mark.parametrize("watched", [tw.no_grad, tw.debug])
def test_nor_do_they_in_another_mode(watched: Any) -> None:
    with watched():
        y = tw.Variable(np.array([1], np.uint8)) - tw.Variable(np.array([2], np.uint8))
        z = tw.Variable(np.ones(1, np.float32)) * tw.Variable(np.array([3]))
    assert y.data.tolist() == [-1]
    assert z.dtype == np.float32


OF_TWO = {
    "add": lambda v, w: v + w,
    "multiply": lambda v, w: w * v,
    "maximum": np.maximum,
    "where": lambda v, w: np.where(np.array([True, False]), v, w),
    "concatenate": lambda v, w: np.concatenate([v, w]),
    "matmul": lambda v, w: v @ w,
    "logaddexp": np.logaddexp,
    "sigmoid_cross_entropy": F.sigmoid_cross_entropy,
    "cross_entropy": F.cross_entropy,
}


@pytest.mark.parametrize("name", OF_TWO)
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_integer_variables_take_the_floats_dtype(name: str, dtype: Any) -> None:
    for integers in (np.array([1, 0]), np.array([1, 0], np.uint8), np.array([True, False])):
        v = tw.Variable(np.array([0.5, 2.0], dtype))
        y = OF_TWO[name](v, tw.Variable(integers))
        y.backward(np.ones(y.shape), create_graph=True)
        assert y.dtype == v.grad.dtype == dtype
        expected = OF_TWO[name](tw.Variable([0.5, 2.0]), tw.Variable(integers.astype(float)))
        np.testing.assert_allclose(y.data, expected.data, rtol=2e-3)


def test_counts_that_float16_does_not_hold() -> None:
    n = 70_000
    x = np.ones(n, np.float16)
    for function, value, slope in (
        (F.mean, 1.0, 1 / n),
        (F.var, 0.0, 0.0),
        (lambda x: F.sigmoid_cross_entropy(x, np.ones(n)), 0.3133, -0.2689 / n),
        (lambda x: F.cross_entropy(np.stack([x, -x], axis=-1), np.zeros(n, int)), 0.1269, 0),
        (lambda x: F.cross_entropy(np.stack([x, 0 * x], -1), np.full((n, 2), 0.5)), 0.8133, 0),
        (F.logsumexp, 1 + np.log(n), 1 / n),
        (lambda x: F.sum(F.softmax(x)[:7]), 7 / n, 0),
        (lambda x: F.log_softmax(x)[0], -np.log(n), 0),
        (F.max, 1.0, 1 / n),
    ):
        v = tw.Variable(x)
        y = function(v)
        y.backward()
        assert y.dtype == v.grad.dtype == np.float16
        np.testing.assert_allclose(float(y), value, rtol=2e-3, atol=1e-6)
        if slope:
            np.testing.assert_allclose(v.grad.data.astype(float), slope, rtol=2e-2)
    v = tw.Variable(np.tile(np.array([0.0, 2.0], np.float16), n))
    for function, value in ((F.var, 1.0), (F.std, 1.0)):
        v.cleargrad()
        y = function(v)
        y.backward()
        assert float(y) == value
        np.testing.assert_allclose(v.grad.data[:2].astype(float), [-1 / n, 1 / n], rtol=0.51)


def test_the_gradient_of_logsumexp_far_from_zero() -> None:
    for function in (F.logsumexp, lambda x: F.logaddexp(x[0], x[1])):
        x = tw.Variable(np.array([1e7, 1e7], np.float32))
        function(x).backward()
        assert x.grad.data.tolist() == [0.5, 0.5]
        y = tw.Variable(np.array([1e7, 1e7 + 1], np.float32))
        function(y).backward(create_graph=True)
        np.testing.assert_allclose(y.grad.data, [0.26894, 0.73106], rtol=1e-4)


@pytest.mark.parametrize("size", [1e20, 1e38, 1e4])
def test_the_cosine_of_long_vectors(size: float) -> None:
    dtype = np.float32 if size > 1e5 else np.float16
    a = tw.Variable(np.array([[3 * size, 0], [0, size]], dtype))
    b = np.array([size, size], dtype)
    y = F.cosine_similarity(a, b)
    np.testing.assert_allclose(y.data, [0.5**0.5, 0.5**0.5], rtol=1e-3)
    y.sum().backward()
    assert y.dtype == dtype
    # The cosine changes by 1 / length, across the vector.
    expected = np.array([[0, 0.5**0.5 / 3], [0.5**0.5, 0]])
    np.testing.assert_allclose(a.grad.data.astype(float) * size, expected, atol=1e-2)


def test_a_power_of_zero_to_second_order() -> None:
    # d2/dx dy of x^y is (1 + y log x) x^(y-1): 1/2 at x = 2, y = 0.
    x, y = tw.Variable(2.0), tw.Variable(0.0)
    F.power(x, y).backward(create_graph=True)
    slope = x.grad
    y.cleargrad()
    slope.backward()
    assert float(y.grad) == 0.5


def test_dropout_of_integers() -> None:
    assert F.dropout(np.array([4, 4], np.uint8), 0.5, np.random.default_rng(0)).dtype == float


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("f", [F.power, F.arctan2, F.divide], ids=lambda f: f.__name__)
def test_an_integer_variable_beside_a_float_is_cast_on_either_side(f: Any, order: int) -> None:
    # In uint8, backward's logarithm would be one of float16, and its products would wrap around.
    small = np.array([40, 60, 3], np.uint8)
    gradients = []
    for integers in (small, small.astype(np.float32)):
        x = tw.Variable(np.array([1.5, 2.5, 0.5], np.float32))
        f(*[tw.Variable(integers), x][::order]).sum().backward()
        gradients.append(x.grad.data)
    np.testing.assert_array_equal(*gradients)
