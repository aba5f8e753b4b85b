"""Numbers far out, infinities, empty arrays: finite wherever a finite result is possible."""

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F

FAR = np.array([-1e300, -1000.0, -40.0, 0.0, 40.0, 1000.0, 1e300])


def _with_slope(function, x):
    v = tw.Variable(np.asarray(x, float))
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        y = function(v)
        y.backward(np.ones(y.shape))
    return y.data, v.grad.data


def test_the_logistic_family():
    y, slope = _with_slope(F.sigmoid, FAR)
    np.testing.assert_allclose(y, [0, 0, 4.248354255291589e-18, 0.5, 1, 1, 1], rtol=1e-12)
    assert (slope >= 0).all()
    y, slope = _with_slope(F.log_sigmoid, FAR)
    np.testing.assert_allclose(y[:4], [-1e300, -1000, -40, -np.log(2)])
    np.testing.assert_allclose(slope[[0, 1, 3, 5]], [1, 1, 0.5, 0])
    y, slope = _with_slope(F.softplus, FAR)
    np.testing.assert_allclose(y[3:], [np.log(2), 40, 1000, 1e300])
    np.testing.assert_allclose(slope[[0, 1, 3, 5]], [0, 0, 0.5, 1])


def test_infinities_of_the_logistic_family():
    ends = np.array([-np.inf, np.inf])
    assert F.sigmoid(ends).tolist() == [0, 1]
    assert F.softplus(ends).tolist() == [0, np.inf]
    assert F.log_sigmoid(ends).tolist() == [-np.inf, 0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_of_large_numbers(dtype):
    x = np.array([[1e4, 1e4 - 1.0, -1e4], [-1e4, -1e4, -1e4]], dtype)
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        p, logp = F.softmax(x), F.log_softmax(x)
    assert p.dtype == logp.dtype == dtype
    np.testing.assert_allclose(p.sum(axis=-1), 1, rtol=1e-6)
    assert np.isfinite(logp).all()


def test_minus_infinity_counts_for_nothing():
    x = np.array([0.0, -np.inf, 0.0])
    y, slope = _with_slope(F.logsumexp, x)
    assert y == np.log(2)
    assert slope.tolist() == [0.5, 0, 0.5]
    y, slope = _with_slope(F.softmax, x)
    assert y.tolist() == [0.5, 0, 0.5]
    y, slope = _with_slope(F.log_softmax, x)
    assert y.tolist() == [-np.log(2), -np.inf, -np.log(2)]
    assert np.isfinite(slope).all()


def test_logsumexp_of_nothing():
    y, slope = _with_slope(F.logsumexp, [-np.inf, -np.inf])
    assert y == -np.inf
    assert slope.tolist() == [0, 0]
    assert F.logsumexp(np.zeros((2, 0)), axis=1).tolist() == [-np.inf, -np.inf]
    assert F.logsumexp(np.array([np.inf, 0.0])) == np.inf


def test_logaddexp_far_out():
    assert F.logaddexp(np.array([1e4, -np.inf]), np.array([1e4, 2.0])).tolist() == [
        1e4 + np.log(2),
        2.0,
    ]


def test_cross_entropy_of_large_logits():
    for targets in (np.array([0, 1]), np.eye(3)[:2]):
        logits = tw.Variable(np.array([[1e5, 0.0, -1e5], [1e5, 0.0, -1e5]]))
        with np.errstate(divide="raise", over="raise", invalid="raise"):
            loss = F.cross_entropy(logits, targets)
            loss.backward()
        assert float(loss) == 5e4
        assert logits.grad.data.tolist() == [[0, 0, 0], [0.5, -0.5, 0]]


def test_cross_entropy_with_a_class_ruled_out():
    logits = tw.Variable(np.array([[0.0, 0.0, -np.inf]]))
    loss = F.cross_entropy(logits, np.array([1]))
    loss.backward()
    assert float(loss) == np.log(2)
    assert logits.grad.data.tolist() == [[0.5, -0.5, 0]]


def test_sigmoid_cross_entropy_of_large_logits():
    y, slope = _with_slope(
        lambda x: F.sigmoid_cross_entropy(x, np.array([1, 0, 1, 0])), [1e5, -1e5, -1e5, 1e5]
    )
    assert y == 5e4
    assert slope.tolist() == [0, 0, -0.25, 0.25]


def test_rows_of_nothing():
    for function in (F.softmax, F.log_softmax, F.cumsum):
        assert function(np.zeros((2, 0)), axis=-1).shape == (2, 0)
    y, slope = _with_slope(lambda x: F.prod(x, axis=1), np.zeros((2, 0)))
    assert y.tolist() == [1, 1] and slope.shape == (2, 0)
