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


def test_angles_and_lengths_far_out():
    far, inf = [1e300, -1e300, np.inf, -np.inf], np.inf
    y, slope = _with_slope(F.arcsinh, far)
    assert np.isfinite(y[:2]).all()
    np.testing.assert_allclose(slope, [1e-300, 1e-300, 0, 0])
    y, slope = _with_slope(lambda x: F.hypot(x, 1e300), far)
    np.testing.assert_allclose(y, [np.sqrt(2) * 1e300] * 2 + [inf] * 2)
    np.testing.assert_allclose(slope, [np.sqrt(0.5), -np.sqrt(0.5), 1, -1])
    _, slope = _with_slope(lambda x: F.hypot(1.0, x), [1e-320, 0.0])
    np.testing.assert_allclose(slope, [1e-320, 0.0])
    _, slope = _with_slope(lambda x: F.hypot(inf, x), [3.0])
    assert slope.tolist() == [0]
    _, slope = _with_slope(lambda x: F.arctan2(x, 1.0), [*far, 1e200])
    np.testing.assert_allclose(slope, [0, 0, 0, 0, 0])
    _, slope = _with_slope(lambda x: F.arctan2(1e-200, x), [1e-200, -1e-200, 0.0])
    np.testing.assert_allclose(slope, [-5e199, -5e199, -1e200])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_lengths_whose_squares_leave_the_dtype(dtype):
    limits = np.finfo(dtype)
    for unit in (limits.max / 8, limits.tiny, limits.smallest_subnormal * 4, dtype(1)):
        x = tw.Variable(np.array([[3.0, -4.0], [0.0, 0.0]], dtype) * unit)
        y = F.norm(x, axis=1)
        y.backward(np.ones(2, dtype))
        assert y.dtype == dtype
        np.testing.assert_array_equal(y.data, np.array([5 * unit, 0.0], dtype))
        np.testing.assert_allclose(x.grad.data, [[0.6, -0.8], [0, 0]], rtol=1e-3)


def test_lengths_of_infinite_vectors():
    y, slope = _with_slope(F.norm, [1.0, -np.inf])
    assert y == np.inf and slope.tolist() == [0, -1]
    assert np.isnan(F.norm(np.array([1.0, np.nan])))


def test_sinc_has_all_its_slopes_at_zero():
    x = tw.Variable([0.0, 1e-9, 1e-4])
    y = F.sinc(x)
    slopes = []
    for _ in range(4):
        x.cleargrad()
        y.backward(np.ones(3), create_graph=True)
        y = x.grad
        slopes.append(y.data)
    second, fourth = -(np.pi**2) / 3, np.pi**4 / 5
    np.testing.assert_allclose(slopes[0], second * x.data, rtol=1e-7)
    np.testing.assert_allclose(slopes[1], [second] * 3, rtol=1e-7)
    np.testing.assert_allclose(slopes[2], fourth * x.data, rtol=1e-6)
    np.testing.assert_allclose(slopes[3], [fourth] * 3, rtol=1e-6)


def test_logaddexp2_far_out():
    y, slope = _with_slope(lambda x: F.logaddexp2(x, 1e4), [1e4, -np.inf, 2e4])
    assert y.tolist() == [1e4 + 1, 1e4, 2e4]
    assert slope.tolist() == [0.5, 0, 1]
    _, slope = _with_slope(lambda x: F.logaddexp2(x, -np.inf), [-np.inf, 3.0])
    assert slope.tolist() == [0, 1]


def test_a_mean_of_more_than_float16_can_count():
    x = tw.Variable(np.ones(140_000, np.float16))
    which = np.arange(140_000) % 2 == 0
    for reduce, expected in ((F.mean, 1), (F.var, 0), (F.std, 0)):
        x.cleargrad()
        y = reduce(x, where=which)
        y.backward()
        assert y.dtype == x.grad.dtype == np.float16
        assert float(y) == expected
    x.cleargrad()
    F.mean(x, where=which).backward()
    np.testing.assert_allclose(x.grad.data[:2], [1 / 70_000, 0], rtol=5e-3)
