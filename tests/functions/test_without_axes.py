"""Numbers without axes: an axis of theirs is what it is for NumPy and SciPy, which are asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import ShapeError

special = pytest.importorskip("scipy.special")
AXES = [0, -1, None, 1, -2, (), (0,)]
FUNCTIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    **{
        name: (getattr(F, name), getattr(np, name))
        for name in "sum mean var std max min prod cumsum flip squeeze".split()
    },
    "sum, keeping": (
        lambda x, axis: F.sum(x, axis, keepdims=True),
        lambda x, axis: np.sum(x, axis, keepdims=True),
    ),
    "repeat": (lambda x, axis: F.repeat(x, 2, axis), lambda x, axis: np.repeat(x, 2, axis)),
    "take": (lambda x, axis: F.take(x, 0, axis), lambda x, axis: np.take(x, 0, axis)),
    "take several": (
        lambda x, axis: F.take(x, [0, 0], axis),
        lambda x, axis: np.take(x, [0, 0], axis),
    ),
    "softmax": (F.softmax, special.softmax),
    "log_softmax": (F.log_softmax, special.log_softmax),
    "logsumexp": (F.logsumexp, special.logsumexp),
}
ONLY_ONE_AXIS = ("cumsum", "repeat", "take", "take several")


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("axis", AXES)
def test_an_axis_of_a_number(name: str, axis: Any) -> None:
    # (SciPy's logsumexp makes an array of one of a number, and goes on from there.)
    if isinstance(axis, tuple) and name in (*ONLY_ONE_AXIS, "logsumexp"):
        return
    ours, theirs = FUNCTIONS[name]
    try:
        expected = np.asarray(theirs(np.array(3.0), axis=axis))
    except (IndexError, ValueError, TypeError):
        for x in (np.array(3.0), tw.Variable(3.0)):
            with pytest.raises((ShapeError, IndexError, ValueError)):
                ours(x, axis=axis)
        return
    for x in (np.array(3.0), 3.0, np.float64(3.0)):
        np.testing.assert_array_equal(np.asarray(ours(x, axis=axis)), expected, strict=True)
    v = tw.Variable(3.0)
    y = ours(v, axis=axis)
    np.testing.assert_array_equal(y.data, expected, strict=True)
    y.backward(np.ones(y.shape), create_graph=True)
    assert v.grad.shape == ()
    if "softmax" not in name:
        assert float(v.grad) == (0.0 if name in ("var", "std") else y.size)


def test_joins_of_numbers() -> None:
    a, b, row = np.array(1.0), np.array(2.0), np.array([3.0, 4.0])
    for name in ("hstack", "vstack", "stack"):
        join = getattr(np, name)
        for arrays in ([a, b], [a], [row, row], [row[:1], b] if name != "stack" else [a]):
            leaves = [tw.Variable(x) for x in arrays]
            y = join(leaves)
            np.testing.assert_array_equal(y.data, join(arrays), strict=True)
            y.sum().backward()
            assert all(np.all(leaf.grad.data == 1) for leaf in leaves)
    np.testing.assert_array_equal(np.hstack([tw.Variable(a), row]).data, [1, 3, 4])
    np.testing.assert_array_equal(np.hstack([1.0, tw.Variable(2.0)]).data, [1, 2])
