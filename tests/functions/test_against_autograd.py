"""Values and gradients are those of HIPS autograd, an independent implementation."""

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v.checking.cases import CASES


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.reference is not None], ids=lambda case: case.name
)
def test_equals_autograd(case):
    arrays = case.draw(np.random.default_rng(2))
    reference = case.reference(anp)
    variables = [tw.Variable(a) for a in arrays]
    y = case.function(*variables)
    np.testing.assert_allclose(y.data, reference(*arrays), rtol=1e-9, atol=1e-12)
    weights = np.random.default_rng(3).normal(size=y.shape)
    y.backward(weights)
    theirs = autograd.grad(lambda args: anp.sum(weights * reference(*args)))(tuple(arrays))
    for v, expected in zip(variables, theirs, strict=True):
        ours = np.zeros(v.shape) if v.grad is None else F.to_dense(v.grad.data)
        np.testing.assert_allclose(ours, expected, rtol=1e-8, atol=1e-10)


def test_most_cases_have_a_reference():
    without = [case for case in CASES if case.reference is None]
    assert all(case.without_reference for case in without)
    assert len(without) < 0.25 * len(CASES)
