"""Every case of the table: its gradients, its dtypes, and that nothing given is written to."""

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v.checking.cases import CASES
from tinygrad_w2v.checking.gradients import check_grads

by_name = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def _draw(case):
    return case.draw(np.random.default_rng(0))


@pytest.mark.grad
@by_name
def test_gradients_to_second_order(case):
    check_grads(case.function, *_draw(case), order=2, rng=np.random.default_rng(1))


@by_name
def test_arrays_in_arrays_out(case):
    arrays = _draw(case)
    plain = case.function(*arrays)
    assert isinstance(plain, np.ndarray | np.generic)
    of_variables = case.function(*[tw.Variable(a) for a in arrays])
    assert isinstance(of_variables, tw.Variable)
    np.testing.assert_array_equal(of_variables.data, plain)


@by_name
def test_float32_stays_float32(case):
    variables = [tw.Variable(a.astype(np.float32)) for a in _draw(case)]
    y = case.function(*variables)
    assert y.dtype == np.float32
    with np.errstate(all="ignore"):
        y.backward(np.ones(y.shape, np.float32))
    for v in variables:
        if v.grad is not None:
            assert v.grad.dtype == np.float32
            assert v.grad.shape == v.shape


@by_name
def test_float32_stays_float32_to_second_order(case):
    variables = [tw.Variable(a.astype(np.float32)) for a in _draw(case)]
    y = case.function(*variables)
    y.backward(np.ones(y.shape, np.float32), create_graph=True)
    first = [v.grad for v in variables if v.grad is not None]
    for v in variables:
        v.cleargrad()
    for g in first:
        g.backward(g.data if isinstance(g.data, tw.RowGrad) else np.ones(g.shape, np.float32))
    for v in variables:
        if v.grad is not None:
            assert v.grad.dtype == np.float32


@by_name
def test_nothing_given_is_written_to(case):
    arrays = _draw(case)
    before = [a.copy() for a in arrays]
    for a in arrays:
        a.flags.writeable = False
    with tw.debug():
        y = case.function(*[tw.Variable(a) for a in arrays])
        seed = np.ones(y.shape)
        seed.flags.writeable = False
        y.backward(seed)
    for a, b in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(a, b)
