"""A Parameter is changed through its data: what would only rename a result is refused."""

from __future__ import annotations

import operator

import numpy as np
import pytest

import tinygrad_w2v as tw

IN_PLACE = "iadd isub imul itruediv ifloordiv imod ipow imatmul".split()


@pytest.mark.parametrize("name", IN_PLACE)
def test_operators_in_place_are_refused(name: str) -> None:
    w = tw.Parameter(np.eye(2), name="w")
    with pytest.raises(TypeError, match=r"`w\.data -= lr \* w\.grad\.data`") as caught:
        getattr(operator, name)(w, 2.0)
    assert "test_parameter.py" in str(caught.value)
    np.testing.assert_array_equal(w.data, np.eye(2))


def test_a_loop_over_parameters_does_not_go_by_in_silence() -> None:
    first, second = tw.Parameter([1.0, 2.0]), tw.Parameter([3.0])
    (first.sum() * second).sum().backward()
    with pytest.raises(TypeError, match="would stay as it is"):
        for p in (first, second):
            p -= 0.5 * p.grad
    for p in (first, second):
        p.data -= 0.5 * p.grad.data
    assert first.data.tolist() == [-0.5, 0.5] and second.data.tolist() == [1.5]


def test_new_values_are_computed_as_ever() -> None:
    w = tw.Parameter([1.0, 2.0])
    y = w - 1.0
    y -= w  # a Variable that is no Parameter gets a new value
    assert y.data.tolist() == [-1.0, -1.0]
