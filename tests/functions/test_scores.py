"""Losses are given scores and targets, in this order, and in shapes that fit."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import InputError, ShapeError

X = np.array([[0.5, -1.0, 2.0], [0.1, 0.2, -0.3]])
IDS, ONE_HOT = np.array([2, 0]), np.eye(3)[[2, 0]]

# ---------------------------------------------------------------------- probabilities as scores
MADE = {
    "softmax": F.softmax,
    "sigmoid": F.sigmoid,
    "softmax along another axis": lambda x: F.softmax(x.T, axis=0).T,
    "reshaped": lambda x: F.softmax(x).reshape(3, 2).reshape(2, 3),
    "indexed": lambda x: F.softmax(F.concatenate([x, x]))[:2],
    "rows": lambda x: F.stack([F.softmax(x[0]), F.softmax(x[1])]),
    "expanded": lambda x: np.squeeze(np.expand_dims(F.softmax(x), 0), 0),
}


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("targets", [IDS, ONE_HOT], ids=["ids", "one-hot"])
def test_probabilities_are_warned_of(name: str, targets: Any) -> None:
    with pytest.warns(tw.LogitsWarning, match="applies softmax itself") as caught:
        F.cross_entropy(MADE[name](tw.Variable(X)), targets)
    assert [w.filename for w in caught] == [__file__]


def test_probabilities_in_the_binary_loss() -> None:
    with pytest.warns(tw.LogitsWarning, match="made by sigmoid, but .* sigmoid itself"):
        F.sigmoid_cross_entropy(F.sigmoid(tw.Variable(X)), ONE_HOT)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_plain_array_of_probabilities(dtype: Any) -> None:
    with pytest.warns(tw.LogitsWarning, match="look like probabilities"):
        F.cross_entropy(F.softmax(X.astype(dtype)), IDS)


def test_the_warning_comes_once_a_line_and_can_be_filtered() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            F.cross_entropy(F.softmax(tw.Variable(X)), IDS)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tw.LogitsWarning)
        F.cross_entropy(F.softmax(tw.Variable(X)), IDS)


class Model(tw.Module):
    def forward(self, x: Any) -> Any:
        return F.softmax(x)


def test_a_model_that_returns_probabilities() -> None:
    with pytest.warns(tw.LogitsWarning) as caught:
        F.cross_entropy(Model()(tw.Variable(X)), IDS)
    assert [w.filename for w in caught] == [__file__]


@pytest.mark.parametrize(
    "scores",
    [
        tw.Variable(X),
        F.log_softmax(tw.Variable(X)),
        np.log(F.softmax(tw.Variable(X))),
        10 * F.softmax(tw.Variable(X)),
        F.tanh(tw.Variable(X)),
        X,
        np.eye(3)[:2],
        np.zeros((2, 3)),
        np.full((2, 3), 0.5),
        np.array([[1, 0, 0], [0, 1, 0]]),
    ],
    ids=str,
)
def test_scores_are_not_warned_of(scores: Any) -> None:
    F.cross_entropy(scores, IDS)


def test_one_class_and_no_rows_are_no_probabilities() -> None:
    assert F.cross_entropy(np.full((2, 1), 1.0), [0, 0]) == 0.0
    with np.errstate(invalid="ignore"):
        assert np.isnan(F.cross_entropy(np.zeros((0, 3)), np.zeros(0, int)))


# ---------------------------------------------------------------------- swapped arguments
def test_swapped_class_ids() -> None:
    for ids in (IDS, IDS.tolist(), tw.Variable(IDS)):
        with pytest.raises(ShapeError, match=r"swapped(?s:.)*test_scores\.py"):
            F.cross_entropy(ids, tw.Variable(X))


def test_swapped_distributions() -> None:
    small = tw.Variable(X * 1e-3) * 1.0  # as a new model's scores are
    for targets in (ONE_HOT, ONE_HOT.astype(int), F.softmax(X)):
        for scores in (tw.Variable(X) * 1.0, small, X):
            with pytest.raises(InputError, match=r"swapped(?s:.)*test_scores\.py"):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", tw.LogitsWarning)
                    F.cross_entropy(targets, scores)
    # Scores that happen to be positive.
    with pytest.raises(InputError, match="one-hot rows"):
        F.cross_entropy(ONE_HOT, F.exp(tw.Variable(X)))
    with pytest.raises(InputError, match="one-hot rows"):
        F.cross_entropy(ONE_HOT, tw.Variable(np.abs(X)))


def test_swapped_labels() -> None:
    for scores in (tw.Variable(X) + 0.0, X):
        with pytest.raises(InputError, match=r"from -1 to 2.*swapped(?s:.)*test_scores\.py"):
            F.sigmoid_cross_entropy(ONE_HOT, scores)


def test_labels_of_minus_1_and_1() -> None:
    with pytest.raises(InputError, match=r"\(labels \+ 1\) / 2"):
        F.sigmoid_cross_entropy(tw.Variable([0.5, 1.0]), np.array([-1, 1]))


def test_what_may_be_given() -> None:
    F.cross_entropy(tw.Variable(X), tw.Variable(F.softmax(X)))  # a distribution with a gradient
    F.cross_entropy(X, F.softmax(tw.Variable(X)))
    F.cross_entropy(ONE_HOT, ONE_HOT)
    for labels in (1, 0.5, True, [1, 0, 1], np.array([[True], [False]]), np.uint8([[1, 0, 1]])):
        F.sigmoid_cross_entropy(tw.Variable(X), labels)
    # A check varies targets that are leaves, also across 0 and 1.
    tw.check_grads(F.cross_entropy, X, ONE_HOT)
    tw.check_grads(F.sigmoid_cross_entropy, X, ONE_HOT)


# ---------------------------------------------------------------------- shapes
@pytest.mark.parametrize(
    ("logits", "labels"),
    [((3, 1), (3,)), ((3,), (3, 1)), ((3,), (1, 3)), ((), (1,)), ((2, 3), (2,)), ((1, 3), (2, 3))],
)
def test_labels_do_not_stretch_the_scores(logits: Any, labels: Any) -> None:
    for x in (np.zeros(logits), tw.Variable(np.zeros(logits))):
        with pytest.raises(ShapeError, match=r"sigmoid_cross_entropy: labels of shape .*reshape"):
            F.sigmoid_cross_entropy(x, np.zeros(labels))


@pytest.mark.parametrize("labels", [(), (3,), (1, 3), (2, 1), (2, 3)])
def test_labels_that_are_stretched(labels: Any) -> None:
    t = np.random.default_rng(0).random(labels)
    expected = F.sigmoid_cross_entropy(X, np.broadcast_to(t, X.shape).copy())
    x, v = tw.Variable(X), tw.Variable(t)
    y = F.sigmoid_cross_entropy(x, v)
    assert float(y) == pytest.approx(float(expected))
    y.backward()
    assert v.grad.shape == labels and x.grad.shape == X.shape


@pytest.mark.parametrize(
    ("a", "b", "axis"),
    [
        ((3, 1), (3,), -1),
        ((1,), (3,), -1),
        ((3,), (2, 3), 0),
        ((2, 3), (3, 3), (0, 1)),
        ((), (2,), 0),
    ],
)
def test_only_vectors_of_one_length_have_a_cosine(a: Any, b: Any, axis: Any) -> None:
    for first, second in ((a, b), (b, a)):
        with pytest.raises(ShapeError, match="cosine_similarity: vectors of lengths"):
            F.cosine_similarity(np.ones(first), np.ones(second), axis=axis)


@pytest.mark.parametrize(
    ("a", "b", "axis", "shape"),
    [
        ((4,), (4,), -1, ()),
        ((4,), (3, 4), -1, (3,)),
        ((2, 1, 4), (3, 4), -1, (2, 3)),
        ((4, 1), (4, 5), 0, (5,)),
        ((2, 4), (2, 4), None, ()),
        ((2, 3, 4), (2, 3, 4), (0, -1), (3,)),
        ((2, 3, 4), (3, 4), (1, 2), (2,)),
    ],
)
def test_cosines_of_broadcast_vectors(a: Any, b: Any, axis: Any, shape: Any) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=a), rng.normal(size=b)
    ours = F.cosine_similarity(x, y, axis=axis)
    wide_x, wide_y = np.broadcast_arrays(x, y)
    expected = np.sum(wide_x * wide_y, axis=axis) / np.sqrt(
        np.sum(wide_x**2, axis=axis) * np.sum(wide_y**2, axis=axis)
    )
    assert ours.shape == shape
    np.testing.assert_allclose(ours, expected)
