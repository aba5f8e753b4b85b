"""Where there is no slope, the one that was agreed on."""

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F


def _slopes(function, *arrays):
    variables = [tw.Variable(np.array(a, float)) for a in arrays]
    function(*variables).sum().backward()
    return [v.grad.data.tolist() for v in variables]


def test_equal_maxima_and_minima_share():
    assert _slopes(F.max, [3.0, 1.0, 3.0, 3.0]) == [[1 / 3, 0, 1 / 3, 1 / 3]]
    assert _slopes(F.min, [1.0, 1.0, 2.0]) == [[0.5, 0.5, 0]]
    assert _slopes(lambda x: F.max(x, axis=1), [[1.0, 1.0], [0.0, 2.0]]) == [[[0.5, 0.5], [0, 1]]]
    assert _slopes(F.maximum, [1.0, 2.0, 3.0], [2.0, 2.0, 2.0]) == [[0, 0.5, 1], [1, 0.5, 0]]
    assert _slopes(F.minimum, [1.0, 2.0, 3.0], [2.0, 2.0, 2.0]) == [[1, 0.5, 0], [0, 0.5, 1]]
    assert _slopes(lambda x: F.maximum(x, x), [1.0, 2.0]) == [[1, 1]]


def test_at_zero():
    assert _slopes(F.relu, [-1.0, 0.0, 1.0]) == [[0, 0, 1]]
    assert _slopes(F.abs, [-1.0, 0.0, 1.0]) == [[-1, 0, 1]]
    assert _slopes(F.leaky_relu, [-1.0, 0.0, 1.0]) == [[0.01, 0.01, 1]]
    assert _slopes(F.softplus, [0.0]) == [[0.5]]
    assert _slopes(F.log_sigmoid, [0.0]) == [[0.5]]
    assert _slopes(F.sign, [-1.0, 0.0, 1.0]) == [[0, 0, 0]]


def test_clip_inside_on_and_beyond_the_edge():
    at = [-2.0, -1.0, 0.0, 1.0, 2.0]
    assert _slopes(lambda x: F.clip(x, -1.0, 1.0), at) == [[0, 0, 1, 0, 0]]
    assert _slopes(lambda x: F.clip(x, None, 1.0), at) == [[1, 1, 1, 0, 0]]


def test_std_of_equal_numbers():
    assert _slopes(F.std, [2.0, 2.0]) == [[0, 0]]
    assert _slopes(F.std, 2.0) == [0]


def test_prod_with_zeros():
    assert _slopes(F.prod, [2.0, 0.0, 3.0]) == [[0, 6, 0]]
    assert _slopes(F.prod, [2.0, 0.0, 0.0]) == [[0, 0, 0]]


def test_prod_with_two_zeros_to_second_order():
    x = tw.Variable([0.0, 5.0, 0.0])
    F.prod(x).backward(create_graph=True)
    g = x.grad
    x.cleargrad()
    g.backward(np.array([1.0, 0.0, 0.0]))
    assert x.grad.data.tolist() == [0.0, 0.0, 5.0]


def test_power_at_zero():
    x, y = tw.Variable([0.0, 0.0, 2.0]), tw.Variable([2.0, 0.0, 3.0])
    F.power(x, y).sum().backward()
    np.testing.assert_allclose(x.grad.data, [0, 0, 12])
    np.testing.assert_allclose(y.grad.data, [0, 0, 8 * np.log(2)])


def test_a_zero_vector_has_no_direction():
    a, b = tw.Variable([0.0, 0.0]), tw.Variable([3.0, 4.0])
    y = F.cosine_similarity(a, b)
    y.backward()
    assert float(y) == 0.0
    assert np.isfinite(a.grad.data).all() and b.grad.data.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("axis", [0, 1, (0, 1), None])
def test_ties_share_to_second_order(axis):
    x = tw.Variable(np.ones((2, 2)))
    y = F.max(x * x, axis=axis)
    y.sum().backward(create_graph=True)
    total = x.grad.sum()
    x.cleargrad()
    total.backward()
    n = 4 if axis in (None, (0, 1)) else 2
    np.testing.assert_allclose(x.grad.data, np.full((2, 2), 2 / n))
