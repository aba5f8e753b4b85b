"""At infinity every function that has a limit has it, and so have its slopes: no NaN, no warning.

(Invalid operations are errors in all tests: nowhere is 0 times infinity computed and thrown away.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F

inf, nan = np.inf, np.nan
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])

# The value and the slope at -inf, and at inf; None where there is no limit.
OF_ONE: dict[str, tuple[Callable[[Any], Any], Any, Any]] = {
    "sigmoid": (F.sigmoid, (0, 0), (1, 0)),
    "log_sigmoid": (F.log_sigmoid, (-inf, 1), (0, 0)),
    "softplus": (F.softplus, (0, 0), (inf, 1)),
    "tanh": (F.tanh, (-1, 0), (1, 0)),
    "arctan": (F.arctan, (-np.pi / 2, 0), (np.pi / 2, 0)),
    "exp": (F.exp, (0, 0), None),
    "expm1": (F.expm1, (-1, 0), None),
    "log": (F.log, None, (inf, 0)),
    "log1p": (F.log1p, None, (inf, 0)),
    "log2": (F.log2, None, (inf, 0)),
    "sqrt": (F.sqrt, None, (inf, 0)),
    "relu": (F.relu, (0, 0), (inf, 1)),
    "leaky_relu": (F.leaky_relu, (-inf, 0.01), (inf, 1)),
    "leaky_relu without a slope": (lambda x: F.leaky_relu(x, 0.0), (0, 0), (inf, 1)),
    "abs": (F.abs, (inf, -1), (inf, 1)),
    "negative": (F.negative, (inf, -1), (-inf, -1)),
    "sign": (F.sign, (-1, 0), (1, 0)),
    "clip": (lambda x: F.clip(x, -1, 1), (-1, 0), (1, 0)),
    "maximum": (lambda x: F.maximum(x, 0.0), (0, 0), (inf, 1)),
    "minimum": (lambda x: F.minimum(x, 0.0), (-inf, 1), (0, 0)),
    "where": (lambda x: F.where(np.isfinite(x), x, 0.0), (0, 0), (0, 0)),
    "reciprocal": (lambda x: 1 / x, (0, 0), (0, 0)),
    "power -1": (lambda x: x**-1, (0, 0), (0, 0)),
    "power 0": (lambda x: x**0, (1, 0), (1, 0)),
    "power 0.0 of an array": (lambda x: F.power(x, np.zeros(1)), (1, 0), (1, 0)),
    "power -2.0 of an array": (lambda x: F.power(x, np.full(1, -2.0)), (0, 0), (0, 0)),
    "power 1": (lambda x: x**1, (-inf, 1), (inf, 1)),
    "power 0.5": (lambda x: x**0.5, None, (inf, 0)),
    "2 to the power": (lambda x: F.power(2.0, x), (0, 0), None),
    "logaddexp": (lambda x: F.logaddexp(x, 0.5), (0.5, 0), (inf, 1)),
    "logaddexp the other way": (lambda x: F.logaddexp(0.5, x), (0.5, 0), (inf, 1)),
    "sigmoid_cross_entropy of 1": (lambda x: F.sigmoid_cross_entropy(x, [1]), (inf, -1), (0, 0)),
    "sigmoid_cross_entropy of 0": (lambda x: F.sigmoid_cross_entropy(x, [0]), (0, 0), (inf, 1)),
    "sum": (lambda x: F.sum(x), (-inf, 1), (inf, 1)),
    "mean": (lambda x: F.mean(x), (-inf, 1), (inf, 1)),
    "max": (lambda x: F.max(F.concatenate([x, [1.0]])), (1, 0), (inf, 1)),
    "min": (lambda x: F.min(F.concatenate([x, [1.0]])), (-inf, 1), (1, 0)),
    "cumsum": (lambda x: F.cumsum(x), (-inf, 1), (inf, 1)),
}
ROWS = [
    (name, at, limit)
    for name, (_, low, high) in OF_ONE.items()
    for at, limit in ((-inf, low), (inf, high))
    if limit is not None
]


@DTYPES
@pytest.mark.parametrize(("name", "at", "limit"), ROWS, ids=lambda part: str(part))
def test_of_one_number(name: str, at: float, limit: Any, dtype: Any) -> None:
    function = OF_ONE[name][0]
    value, slope = limit
    x = tw.Variable(np.array([at], dtype))
    y = function(x).sum()
    y.backward()
    rounding = 4 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(y.data, value, rtol=rounding)
    np.testing.assert_allclose(x.grad.data, [slope], rtol=rounding)
    # Again with its graph. The second derivative is 0: all of them become straight lines.
    x.cleargrad()
    y.backward(create_graph=True)
    first = x.grad
    np.testing.assert_allclose(first.data, [slope], rtol=rounding)
    x.cleargrad()
    first.sum().backward()
    assert x.grad is None or x.grad.data.tolist() == [0]
    np.testing.assert_allclose(function(x.data).sum(), value, rtol=rounding)


def _loss_by(kind: str, targets: list[int]) -> Callable[[Any], Any]:
    ids = np.array(targets)
    if kind == "ids":
        return lambda x: F.cross_entropy(x, ids)
    one_hot = np.eye(3)[ids]
    if kind == "one-hot":
        return lambda x: F.cross_entropy(x, one_hot)
    if kind == "integer one-hot":
        return lambda x: F.cross_entropy(x, one_hot.astype(np.uint8))
    if kind == "a Variable":
        return lambda x: F.cross_entropy(x, tw.Variable(one_hot))
    return lambda x: -np.mean(np.take_along_axis(F.log_softmax(x), ids[:, None], -1))


# Scores, class, loss, gradient.
SCORES = [
    ([-inf, 1, 2], 1, np.log1p(np.e), [0, -np.e / (1 + np.e), np.e / (1 + np.e)]),
    ([-inf, -inf, 2], 2, 0, [0, 0, 0]),
    ([-inf, 0, 0], 0, inf, [-1, 0.5, 0.5]),
    ([inf, 1, 2], 0, 0, [0, 0, 0]),
    ([inf, 1, 2], 1, inf, [1, -1, 0]),
    ([inf, -inf, 2], 0, 0, [0, 0, 0]),
    ([inf, inf, 2], 0, np.log(2), [-0.5, 0.5, 0]),  # equal ones share, as equal maxima do
]
KINDS = ["ids", "one-hot", "integer one-hot", "a Variable", "log_softmax"]


@DTYPES
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("scores", "target", "loss", "gradient"), SCORES, ids=str)
def test_cross_entropy(
    kind: str, scores: Any, target: int, loss: float, gradient: Any, dtype: Any
) -> None:
    x = tw.Variable(np.array([scores], dtype))
    y = _loss_by(kind, [target])(x)
    rounding = 4 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(y.data, loss, rtol=rounding)
    for create_graph in (False, True):
        x.cleargrad()
        y.backward(create_graph=create_graph)
        np.testing.assert_allclose(x.grad.data, [gradient], atol=rounding)
    first = x.grad
    x.cleargrad()
    first.backward(np.array([[1.0, 2.0, 4.0]], dtype))
    assert np.isfinite(x.grad.data).all()


@pytest.mark.parametrize("count", [1, 100])
def test_many_rows_of_which_one_is_infinite(count: int) -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(count + 1, 3))
    finite = F.cross_entropy(scores[:count], np.zeros(count, int))
    scores[count] = [inf, 0, 0]
    x = tw.Variable(scores)
    y = F.cross_entropy(x, np.zeros(count + 1, int))
    np.testing.assert_allclose(y.data, finite * count / (count + 1))
    y.backward()
    assert x.grad.data[count].tolist() == [0, 0, 0]


@DTYPES
def test_softmax_and_its_kin(dtype: Any) -> None:
    x = np.array([[-inf, 0, 0], [inf, 0, -inf], [inf, inf, 0]], dtype)
    shares = [[0, 0.5, 0.5], [1, 0, 0], [0.5, 0.5, 0]]
    np.testing.assert_array_equal(F.softmax(x), np.array(shares, dtype))
    logarithms = [[-inf, -np.log(2), -np.log(2)], [0, -inf, -inf], [-np.log(2), -np.log(2), -inf]]
    np.testing.assert_array_equal(F.log_softmax(x), np.array(logarithms, dtype))
    np.testing.assert_allclose(F.logsumexp(x, axis=-1), [np.log(2), inf, inf], rtol=1e-3)
    for create_graph in (False, True):
        v = tw.Variable(x)
        F.logsumexp(v, axis=-1).sum().backward(create_graph=create_graph)
        np.testing.assert_array_equal(v.grad.data, np.array(shares, dtype))
        for function, slopes in ((F.softmax, 0), (F.log_softmax, 1 - 3 * np.array(shares))):
            v = tw.Variable(x)
            function(v).backward(np.ones(x.shape, dtype), create_graph=create_graph)
            np.testing.assert_allclose(v.grad.data, slopes)


def test_sums_of_nothing_have_no_slope() -> None:
    for function in (
        lambda x: F.logsumexp(x),
        lambda x: F.logaddexp(x[0], x[1]),
    ):
        x = tw.Variable(np.array([-inf, -inf]))
        y = function(x)
        assert float(y) == -inf
        for create_graph in (False, True):
            x.cleargrad()
            y.backward(create_graph=create_graph)
            assert x.grad.data.tolist() == [0, 0]
        first = x.grad
        x.cleargrad()
        first.sum().backward()
        assert x.grad is None or x.grad.data.tolist() == [0, 0]


def test_equal_infinite_ones_share() -> None:
    x, y = tw.Variable(inf), tw.Variable(inf)
    F.logaddexp(x, y).backward()
    assert (float(x.grad), float(y.grad)) == (0.5, 0.5)


@DTYPES
def test_labels_between_0_and_1_of_infinite_scores(dtype: Any) -> None:
    x = tw.Variable(np.array([inf, -inf, inf], dtype))
    labels = np.array([1, 0, 0.25], dtype)
    y = F.sigmoid_cross_entropy(x, labels)
    assert float(y) == inf
    y.backward()
    np.testing.assert_allclose(x.grad.data, [0, 0, 0.25], rtol=1e-3)


def test_an_infinite_gradient_does_not_reach_what_was_not_chosen() -> None:
    # The slope of a root at 0 is infinite; what the root is taken of does not move here.
    for function in (
        F.relu,
        lambda x: F.maximum(x, 0.0),
        lambda x: F.clip(x, 0.0, 1.0),
        lambda x: F.where(x > 0, x, 0.0),
        lambda x: F.max(F.stack([x, 0.0 * x.data]), axis=0),
        lambda x: -F.minimum(-x, 0.0),
    ):
        x = tw.Variable([-1.0, 4.0])
        with np.errstate(divide="ignore"):
            F.sqrt(function(x)).sum().backward()
        assert x.grad.data.tolist()[0] == 0


def test_what_is_dropped_is_0_whatever_it_was() -> None:
    rng = np.random.default_rng(0)
    x = tw.Variable(np.full(20, -inf))
    y = F.dropout(x, 0.5, rng)
    assert set(y.data.tolist()) == {0.0, -inf}
    y.backward(np.ones(20))
    assert set(x.grad.data.tolist()) == {0.0, 2.0}


def test_nan_stays_nan() -> None:
    x = np.array([[nan, 0.0]])
    for function in (F.softmax, F.log_softmax, F.logsumexp, F.sigmoid, F.softplus):
        assert np.isnan(function(x)).any()
    assert np.isnan(F.cross_entropy(x, [0])) and np.isnan(F.cross_entropy(x, [[0, 1]]))
    assert np.isnan(F.sigmoid_cross_entropy(x, [[1, 0]]))
