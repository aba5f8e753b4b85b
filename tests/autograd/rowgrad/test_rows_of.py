"""Rows of a table are read alike from a block of memory and from some columns of a wider one."""

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v.autograd.rowgrad.row_sums import rows_of

IDS = np.array([[3, -1], [0, 3]])


@pytest.mark.parametrize("ids", [IDS, IDS % 5, (IDS % 5).astype(np.uint64)])
def test_of_a_block_and_of_a_view(ids):
    wide = np.arange(40, dtype=np.float32).reshape(5, 8)
    view = wide[:, :3]
    for table in (view, view.copy()):
        assert np.array_equal(rows_of(table, ids), view[ids])


def test_a_step_on_a_view_changes_its_columns_only():
    wide = np.ones((5, 8), np.float32)
    dense = tw.Variable(np.ones((5, 3), np.float32))
    table = tw.Variable(wide[:, :3])
    for x in (table, dense):
        (x[IDS] * 2).sum().backward()
        x.data -= 0.25 * x.grad.data
    assert np.array_equal(table.data, dense.data)
    assert np.array_equal(table.data, wide[:, :3])
    assert (wide[:, 3:] == 1).all()
    assert table.data[3, 0] == 0.0


@pytest.mark.parametrize("n", [1, 2])
def test_the_gradient_of_many_products_is_that_of_blas(n):
    rng = np.random.default_rng(0)
    x = tw.Variable(rng.normal(size=(7, n, 4)))
    y = tw.Variable(rng.normal(size=(7, 4, 3)))
    g = rng.normal(size=(7, n, 3))
    F.matmul(x, y).backward(g)
    np.testing.assert_array_equal(y.grad.data, np.matmul(x.data.swapaxes(-1, -2), g))
