"""Stacks of matrices: computed by another way than NumPy's own, and how they lie in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F


def numbers(*shape: int, dtype: Any = np.float32) -> Any:
    return np.random.default_rng(3).normal(size=shape).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(4, 1, 3), (5, 7, 2), (2, 3, 40, 9), (3, 2, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("name", ["sum", "mean"])
def test_rows_of_a_stack_are_added_up_as_numpy_does(
    name: str, keepdims: bool, shape: tuple[int, ...], dtype: Any
) -> None:
    x = numbers(*shape, dtype=dtype)
    ours = getattr(F, name)(tw.Variable(x), axis=-2, keepdims=keepdims).data
    theirs = getattr(np, name)(x, axis=-2, keepdims=keepdims)
    assert ours.dtype == theirs.dtype
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, atol=20 * np.finfo(dtype).eps * shape[-2])


def test_one_row_that_is_infinite_changes_its_own_column_and_matrix_only() -> None:
    x = np.ones((2, 3, 2), np.float32)
    x[0, 1, 0] = np.inf
    assert F.sum(tw.Variable(x), axis=1).data.tolist() == [[np.inf, 3], [3, 3]]
    assert F.mean(tw.Variable(x), axis=1).data.tolist() == [[np.inf, 1], [1, 1]]


@pytest.mark.parametrize("rows", [1, 3])
def test_the_gradient_of_transposed_rows_lies_in_memory_as_they_do(rows: int) -> None:
    h, w = tw.Variable(numbers(4, rows, 5)), tw.Variable(numbers(4, 6, 5))
    g = numbers(4, rows, 6)
    (g * (h @ F.swapaxes(w, -1, -2))).sum().backward()
    assert w.grad.data.flags.c_contiguous
    np.testing.assert_allclose(w.grad.data, np.einsum("brk,brd->bkd", g, h.data), rtol=1e-4)
    np.testing.assert_allclose(h.grad.data, np.einsum("brk,bkd->brd", g, w.data), rtol=1e-4)
