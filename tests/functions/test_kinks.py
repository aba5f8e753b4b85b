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


def test_clip_between_variables():
    at, low, high = [-2.0, -1.0, 0.0, 1.0, 2.0], -1.0, 1.0
    assert _slopes(F.clip, at, low, high) == [[0, 0, 1, 0, 0], 2.0, 2.0]
    assert _slopes(F.clip, [0.0], 2.0, 1.0) == [[0], 0.0, 1.0]  # low above high: high, as in NumPy


def test_fmax_and_fmin_share_and_pass_nan_by():
    nan = np.nan
    assert _slopes(F.fmax, [1.0, 2.0, 3.0], [2.0, 2.0, 2.0]) == [[0, 0.5, 1], [1, 0.5, 0]]
    assert _slopes(F.fmin, [1.0, nan, 3.0], [2.0, 2.0, nan]) == [[1, 0, 1], [0, 1, 0]]


def test_the_initial_number_has_its_share():
    assert _slopes(lambda x: F.max(x, initial=3.0), [3.0, 1.0, 3.0]) == [[1 / 3, 0, 1 / 3]]
    assert _slopes(lambda x: F.max(x, initial=9.0), [3.0, 1.0]) == [[0, 0]]
    only = np.array([False, True, True])
    assert _slopes(lambda x: F.min(x, initial=5.0, where=only), [1.0, 2.0, 2.0]) == [[0, 0.5, 0.5]]
    assert _slopes(lambda x: F.min(x, initial=5.0, where=~only & only), [1.0, 2.0, 2.0]) == [
        [0] * 3
    ]


def test_at_the_origin():
    assert _slopes(F.hypot, [0.0, 3.0], [0.0, 4.0]) == [[0, 0.6], [0, 0.8]]
    assert _slopes(F.arctan2, [0.0, 0.0], [0.0, 2.0]) == [[0, 0.5], [0, 0]]
    assert _slopes(F.norm, [0.0, 0.0]) == [[0, 0]]
    for order in (1, np.inf, -np.inf):
        assert _slopes(lambda x, order=order: F.norm(x, order), [0.0, 0.0]) == [[0, 0]]
    assert _slopes(F.sinc, [0.0]) == [[0]]
    assert _slopes(lambda x: F.norm(x, axis=-1), [[3.0, 4.0], [0.0, 0.0]]) == [[[0.6, 0.8], [0, 0]]]


def test_equal_largest_columns_share():
    assert _slopes(lambda x: F.norm(x, 1), [[1.0, -1.0]]) == [[[0.5, -0.5]]]
    assert _slopes(lambda x: F.norm(x, np.inf), [2.0, -2.0, 1.0]) == [[0.5, -0.5, 0]]


def test_quotients_are_flat_and_remainders_fall_by_them():
    assert _slopes(F.floor_divide, [-7.0, 4.0], 2.0) == [[0, 0], 0]
    assert _slopes(lambda x: x // 2 + 3 // x, [4.5]) == [[0]]
    assert _slopes(F.mod, [-7.0, 4.0], [2.0, 2.0]) == [[1, 1], [4, -2]]
    assert _slopes(F.fmod, [-7.0, 4.0], [2.0, 2.0]) == [[1, 1], [3, -2]]
    assert _slopes(lambda x: 7.0 % x, [2.0]) == [[-3]]
    assert _slopes(lambda x: sum(divmod(x, 2)), [5.5]) == [[1]]
    assert _slopes(F.round, [0.5, 1.2]) == [[0, 0]]
    assert _slopes(lambda x: x * round(x), [2.4]) == [[2]]


def test_the_quotient_is_that_of_the_remainder():
    # The float 0.1 is above 1/10, so that it goes 4 times into 0.5; their quotient rounds to 5.
    for remainder in (F.mod, F.fmod):
        assert float(remainder(0.5, 0.1)) == pytest.approx(0.1)
        assert _slopes(remainder, [0.5], [0.1]) == [[1], [-4]]
    assert _slopes(F.mod, [1.0, -1.0], [np.inf, np.inf]) == [[1, 1], [0, 1]]
    assert _slopes(F.fmod, [1.0, -1.0], [np.inf, np.inf]) == [[1, 1], [0, 0]]


def test_of_equal_elements_each_has_its_own_place():
    weights = np.array([1.0, 2.0, 3.0, 4.0])
    assert _slopes(lambda x: F.sort(x) * weights, [2.0, 1.0, 2.0, 1.0]) == [[3, 1, 4, 2]]
    assert _slopes(F.median, [2.0, 2.0, 2.0]) == [[0, 1, 0]]
    assert _slopes(F.median, [1.0, 2.0, 3.0, 4.0]) == [[0, 0.5, 0.5, 0]]
    assert sum(_slopes(lambda x: F.partition(x, 1)[0], [1.0, 1.0, 2.0])[0]) == 1


def test_cumprod_with_zeros():
    assert _slopes(F.cumprod, [2.0, 0.0, 3.0]) == [[1, 8, 0]]
    assert _slopes(F.cumprod, [0.0, 0.0]) == [[1, 0]]


def test_std_of_some_that_are_equal():
    which = np.array([True, True, False])
    assert _slopes(lambda x: F.std(x, where=which), [2.0, 2.0, 5.0]) == [[0, 0, 0]]


def test_nothing_goes_to_what_replaces_nan():
    x = [1.0, np.nan, np.inf, -np.inf]
    assert _slopes(F.nan_to_num, x) == [[1, 0, 0, 0]]


def test_reciprocals_and_roots_at_zero_are_steep():
    with np.errstate(divide="ignore"):
        assert _slopes(F.cbrt, [0.0, 8.0]) == [[np.inf, 1 / 12]]
        assert _slopes(F.reciprocal, [0.0, 2.0]) == [[-np.inf, -0.25]]
        for inverse, ends in ((F.arcsin, np.inf), (F.arccos, -np.inf), (F.arctanh, np.inf)):
            with np.errstate(all="ignore"):
                assert _slopes(inverse, [-1.0, 1.0]) == [[ends, ends]]
        assert _slopes(F.arccosh, [1.0]) == [[np.inf]]


def test_gradients_of_a_repeated_edge_add_up():
    assert _slopes(lambda x: F.pad(x, (2, 1), "edge"), [1.0, 2.0]) == [[3, 2]]
    assert _slopes(lambda x: F.tile(x, (2, 2)), [1.0, 2.0]) == [[4, 4]]
