"""A Parameter is changed through its data: what would only rename a result is refused."""

from __future__ import annotations

import copy
import operator
import pickle
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError

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


# ---------------------------------------------------------------------- frozen
def test_a_mask_is_of_rows_or_of_all_and_says_as_little_as_it_can() -> None:
    rows = np.array([True, False, True])
    for given, kept in [
        (True, True),
        (np.bool_(False), False),
        (np.array(True), True),
        (rows, rows),
        (rows.tolist(), rows),
        (np.stack([rows, rows], axis=1), rows),
        (np.ones(3, bool), True),
        (np.zeros((3, 2), bool), False),
        (np.eye(3, 2, dtype=bool), np.eye(3, 2, dtype=bool)),
    ]:
        frozen = tw.Parameter(np.zeros((3, 2)), frozen=given).frozen
        assert type(frozen) is type(kept)
        np.testing.assert_array_equal(frozen, kept)


@pytest.mark.parametrize(
    ("shape", "wrong", "message"),
    [
        ((3, 2), np.ones(2, bool), r"an array of bool, shape \(2,\): give True or False, or an"),
        ((3, 2), np.ones((2, 3), bool), r"of shape \(3,\), a bool for each row, or one of shape"),
        ((3, 2), [0, 1, 2], r"an array of int64, shape \(3,\)"),
        ((3, 2), 1, "frozen of w is 1: give True or False"),
        ((3, 2), "all", "frozen of w is 'all'"),
        ((3, 2), None, "frozen of w is None"),
        ((), np.ones(1, bool), r"shape \(1,\): give True or False$"),
    ],
)
def test_masks_that_are_none(shape: Any, wrong: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        tw.Parameter(np.zeros(shape), "w", frozen=wrong)


def test_a_mask_is_ones_own_copy_and_goes_with_the_parameter() -> None:
    mask = np.array([True, False, True])
    w = tw.Parameter(np.zeros((3, 2)), frozen=mask)
    mask[:] = False
    for copied in (w, copy.copy(w), copy.deepcopy(w), pickle.loads(pickle.dumps(w))):
        np.testing.assert_array_equal(copied.frozen, [True, False, True])
        with pytest.raises(ValueError, match="read-only"):
            copied.frozen[0] = False
    assert copy.deepcopy(tw.Parameter(1.0, frozen=True)).frozen is True


def test_a_file_does_not_hold_it_and_loading_replaces_what_is_frozen() -> None:
    layer = tw.nn.Linear(2, 1)
    layer.weight.frozen = True
    assert list(layer.state_dict()) == ["weight", "bias"]
    layer.load_state_dict({"weight": [[1.0], [2.0]], "bias": [3.0]})
    assert layer.weight.data.tolist() == [[1.0], [2.0]]
    assert layer.weight.frozen is True
    assert layer.parameters() == [layer.weight, layer.bias]


def test_data_of_another_shape_than_the_mask() -> None:
    w = tw.Parameter(np.zeros((3, 2)), "w", frozen=[True, False, False])
    w.data = np.zeros((4, 2))
    w.sum().backward()
    with pytest.raises(InputError, match=r"frozen of w is an array of bool, shape \(3,\)"):
        tw.optim.SGD([w]).step()


def test_frozen_data_are_not_copied_as_nobody_writes_them() -> None:
    data = np.zeros((3, 2))
    data.flags.writeable = False
    w = tw.Parameter(data, frozen=True)
    assert w.data is data
    w.frozen = [True, False, False]
    w.data[1] = 1.0
    assert data[1, 0] == 0.0


def test_a_number_that_is_assigned_keeps_the_dtype() -> None:
    w = tw.Parameter(np.float32(1.0), frozen=True)
    w.data = 0.25
    assert w.data.dtype == np.float32
    w.data = 2
    assert (w.data.dtype, float(w)) == (np.float32, 2.0)
    w.data = np.float64(0.5)  # whoever says which gets it
    assert w.data.dtype == np.float64


def test_a_module_says_what_of_it_is_frozen() -> None:
    layer = tw.nn.Linear(2, 1)
    layer.weight.frozen, layer.bias.frozen = [True, False], True
    assert repr(layer).splitlines()[1:] == [
        "  weight: Parameter (2, 1) float32, frozen in part",
        "  bias: Parameter (1,) float32, frozen",
    ]
