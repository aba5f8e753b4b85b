"""What ops are given besides their Variables: numbers, masks, ids, labels with a name."""

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F


def test_numpy_numbers_as_parameters_keep_the_dtype():
    x = tw.Variable(np.ones(3, np.float32))
    half = np.float64(0.5)
    rng = np.random.default_rng(0)
    for y in (F.leaky_relu(-x, half), F.clip(x, half, None), F.dropout(x, half, rng)):
        assert y.dtype == np.float32


@pytest.mark.parametrize("loss", [F.cross_entropy, F.sigmoid_cross_entropy])
def test_named_integer_labels_keep_the_dtype(loss):
    scores = tw.Variable(np.ones((2, 3), np.float32))
    labels = np.array([[0, 1, 0], [1, 0, 0]])
    named = tw.Variable(labels, name="labels")
    y = loss(scores, named)
    y.backward()
    assert y.dtype == scores.grad.dtype == np.float32 and named.grad is None
    np.testing.assert_allclose(float(y), float(loss(scores, labels)))


def test_the_caller_may_reuse_masks_indices_and_bounds():
    x = tw.Variable(np.arange(6.0).reshape(2, 3))
    mask, places, bound = np.array([True, False, True]), np.array([0, 1]), np.array([1.0, 9.0, 3.0])
    ys = [x[:, mask], x[places, places], F.where(mask, x, 0.0), F.clip(x, None, bound)]
    before = [y.data.sum() for y in ys]
    mask[:], places[:], bound[:] = False, 0, -1.0
    expected = [[[1, 0, 1]] * 2, [[1, 0, 0], [0, 1, 0]], [[1, 0, 1]] * 2, [[1, 1, 1], [0, 1, 0]]]
    for y, total, gradient in zip(ys, before, expected, strict=True):
        x.cleargrad()
        y.sum().backward()
        np.testing.assert_array_equal(x.grad.data, gradient)
        assert y.data.sum() == total
