"""Row gradients: the addition law, what they refuse, look-ups of every kind."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_w2v as tw
from tinygrad_w2v.autograd.rowgrad.row_sums import sum_by_row


def random_grad(rng: np.random.Generator, n: int, shape: tuple[int, ...]) -> tw.RowGrad:
    rows = rng.integers(-shape[0], shape[0], n)
    return tw.RowGrad(rows, rng.normal(size=(n, *shape[1:])), shape)


def dense_of(grad: tw.RowGrad) -> Any:
    out = np.zeros(grad.shape)
    np.add.at(out, grad.rows, grad.values)
    return out


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 6), min_size=1, max_size=5))
def test_sums_are_the_sums_of_the_dense_arrays(seed: int, sizes: list[int]) -> None:
    rng = np.random.default_rng(seed)
    shape = [(4,), (4, 3), (4, 2, 2)][seed % 3]
    parts = [random_grad(rng, n, shape) for n in sizes]
    expected = sum(dense_of(p) for p in parts)
    total = parts[0]
    for p in parts[1:]:
        total = total + p
    np.testing.assert_allclose(total.to_dense(), expected, atol=1e-12)
    unique = total.coalesced()
    assert (np.diff(unique.rows) > 0).all()
    assert (unique.rows >= 0).all()
    np.testing.assert_allclose(unique.to_dense(), expected, atol=1e-12)
    np.testing.assert_allclose((-(total * 2.0)).to_dense(), -2 * expected, atol=1e-12)
    table = rng.normal(size=shape)
    moved = table.copy()
    moved -= 0.5 * total
    np.testing.assert_allclose(moved, table - 0.5 * expected, atol=1e-12)
    moved += 0.5 * total
    np.testing.assert_allclose(moved, table, atol=1e-12)
    np.testing.assert_allclose(table + total, table + expected, atol=1e-12)
    np.testing.assert_allclose(total + table, table + expected, atol=1e-12)


@given(st.integers(0, 2**32 - 1), st.integers(0, 400), st.sampled_from([3, 70_000, 2**33]))
def test_sum_by_row_at_every_size_of_key(seed: int, n: int, largest: int) -> None:
    rng = np.random.default_rng(seed)
    rows = np.minimum(rng.geometric(0.1, n) * (largest // 3), largest)
    values = rng.normal(size=(n, 2))
    expected_rows, group = np.unique(rows, return_inverse=True)
    expected = np.zeros((len(expected_rows), 2))
    np.add.at(expected, group, values)
    for rising in (True, False):
        unique, total = sum_by_row(rows, values, rising)
        order = np.argsort(unique)
        assert not rising or (order == np.arange(len(unique))).all()
        np.testing.assert_array_equal(unique[order], expected_rows)
        np.testing.assert_allclose(total[order], expected, atol=1e-12)


@pytest.mark.parametrize("rows", [[0, 2, 0], [0, 2, 1]], ids=["repeated", "once each"])
@pytest.mark.parametrize("coalesced", [False, True])
def test_adding_to_a_table_leaves_the_values_as_they_were(rows: list[int], coalesced: bool) -> None:
    given = np.arange(6.0).reshape(3, 2)
    grad = tw.RowGrad(np.array(rows), given, (3, 2))
    grad = grad.coalesced() if coalesced else grad
    tables = np.zeros((2, 3, 2))
    for table in tables:
        table -= 0.5 * grad
    assert np.array_equal(given, np.arange(6.0).reshape(3, 2))
    assert np.array_equal(tables[0], tables[1])
    assert np.array_equal(tables[0], -0.5 * grad.to_dense())


def test_adding_many_is_not_quadratic() -> None:
    part = tw.RowGrad(np.array([1]), np.ones((1, 2)), (3, 2))
    total = part
    for _ in range(20_000):
        total = total + part
    assert len(total.rows) == 20_001
    assert total.to_dense()[1, 0] == 20_001


@pytest.mark.parametrize(
    "use",
    [
        lambda g: g * np.ones(3),
        lambda g: np.exp(g),
        lambda g: np.asarray(g),
        lambda g: np.ones((4, 2)) * g,
        lambda g: np.add.reduce(g),
        lambda g: g.mean,
        lambda g: np.subtract(g, g),
    ],
)
def test_anything_else_names_to_dense(use: Any) -> None:
    g = tw.RowGrad(np.array([0]), np.ones((1, 2)), (4, 2))
    with pytest.raises((TypeError, AttributeError), match="to_dense"):
        use(g)


def test_attributes() -> None:
    g = tw.RowGrad(np.array([0, -1]), np.ones((2, 3), np.float32), (4, 3))
    assert (g.shape, g.ndim, g.size, g.dtype) == ((4, 3), 2, 12, np.float32)
    assert g.rows.tolist() == [0, 3]
    assert "2 rows" in repr(g)
    assert "2 rows" in g._repr_html_()
    with pytest.raises(ValueError, match="read-only"):
        g.values[0] = 1.0
    with pytest.raises(ValueError, match="fit"):
        g.add_to(np.zeros((3, 3)))


@pytest.mark.parametrize(
    "ids",
    [
        np.array([0, 2, 2]),
        np.array([[0, -1], [3, 3]]),
        np.array(2),
        np.array([], int),
        [0, 2],
        np.array([1, 3], np.int32),
        2,
        -1,
        np.int64(3),
        np.uint8(3),
        tw.Variable(np.array(2)),
    ],
)
def test_integers_and_arrays_of_them_give_row_gradients(ids: Any, rng: np.random.Generator) -> None:
    table = tw.Variable(rng.normal(size=(4, 3)))
    y = table[ids]
    ids = ids.data if isinstance(ids, tw.Variable) else ids
    np.testing.assert_array_equal(y.data, table.data[ids])
    weights = rng.normal(size=y.shape)
    (y * weights).sum().backward()
    assert isinstance(table.grad.data, tw.RowGrad)
    expected = np.zeros((4, 3))
    np.add.at(expected, np.asarray(ids, int), weights)
    np.testing.assert_allclose(table.grad.data.to_dense(), expected)


@pytest.mark.parametrize(
    "index",
    [
        True,
        np.s_[0, :],
        np.s_[1:],
        np.s_[..., 0],
        np.s_[:, None, 1],
        np.s_[::-1, ::2],
        np.s_[np.array([0, 0]), np.array([1, 1])],
        np.s_[:, np.array([1, 1, 0])],
        np.array([True, False, True, False]),
        np.s_[np.array([True, False, True, False]), 1],
    ],
)
def test_other_indices_give_dense_gradients(index: Any, rng: np.random.Generator) -> None:
    x = tw.Variable(rng.normal(size=(4, 3)))
    y = x[index]
    np.testing.assert_array_equal(y.data, x.data[index])
    weights = rng.normal(size=y.shape)
    (y * weights).sum().backward()
    expected = np.zeros((4, 3))
    np.add.at(expected, index, weights)
    np.testing.assert_allclose(x.grad.data, expected)


def test_an_integer_beyond_the_table_or_of_a_number_is_an_error() -> None:
    with pytest.raises(IndexError, match="out of bounds"):
        tw.Variable(np.ones((4, 3)))[4]
    with pytest.raises(IndexError, match=r"too many indices|invalid index"):
        tw.Variable(2.0)[0]


def test_rows_of_a_loop_add_up() -> None:
    x = tw.Variable(np.arange(6.0).reshape(3, 2))
    sum((row * row).sum() for row in x).backward()
    np.testing.assert_array_equal(x.grad.data.to_dense(), 2 * x.data)


def test_only_leaves_keep_rows() -> None:
    w = tw.Variable(np.arange(6.0).reshape(3, 2))
    ids = np.array([0, 0, 2])
    ((w * 3)[ids] * 2).sum().backward()
    np.testing.assert_array_equal(w.grad.data, [[12, 12], [0, 0], [6, 6]])
    w.cleargrad()
    (w[ids].sum() + (w * w).sum()).backward()
    assert isinstance(w.grad.data, np.ndarray), "dense + rows is dense"
    np.testing.assert_array_equal(w.grad.data, 2 * w.data + [[2, 2], [0, 0], [1, 1]])


def test_nothing_of_the_size_of_the_table_is_made() -> None:
    table = tw.Variable(np.zeros((200_000, 10), np.float32))
    ids = np.array([5, 7, 7, 199_999])
    tracemalloc.start()
    (table[ids] * 2).sum().backward()
    table.data -= 0.1 * table.grad.data
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200_000


def test_row_gradients_add_up_over_backward_calls() -> None:
    w = tw.Variable(np.ones((3, 2)))
    for _ in range(2):
        w[np.array([1])].sum().backward()
    np.testing.assert_array_equal(w.grad.data.to_dense(), [[0, 0], [2, 2], [0, 0]])


def test_what_is_no_law_of_rows_raises_and_names_to_dense(rng: np.random.Generator) -> None:
    g = random_grad(rng, 3, (4, 2))
    refused: list[Callable[[], Any]] = [
        lambda: g - g,
        lambda: g + 1,
        lambda: 1 / g,
        lambda: g**2,
        lambda: g @ g,
        lambda: abs(g),
        lambda: g[0],
        lambda: len(g),
        lambda: list(g),
        lambda: float(g),
        lambda: bool(g),
        lambda: g == 0,
        lambda: g > 0,
    ]
    for operation in refused:
        with pytest.raises(TypeError, match="to_dense"):
            operation()
    assert g in {g}


@pytest.mark.parametrize(
    "use",
    [
        lambda g: g - np.arange(3.0),
        lambda g: np.arange(3.0) - g,
        lambda g: 2 * g - 1,
        lambda g: g + 1,
        lambda g: 1 / (g + 3),
        lambda g: g**2,
        lambda g: g @ [1, 2, 3],
        lambda g: abs(-g),
        lambda g: g[0],
        lambda g: g[1:],
        lambda g: [len(g), *list(g)],
        lambda g: g == 0,
        lambda g: g > 0,
        lambda g: np.exp(g),
        lambda g: np.exp(g, out=np.empty(3)),
        lambda g: np.where(g > 0, g, 7),
        lambda g: np.concatenate([g, g]),
        lambda g: np.add.reduce(g),
        lambda g: np.add(g, g, where=[True, False, True], out=np.zeros(3)),
        lambda g: np.linalg.norm(g),
        lambda g: np.array(g, np.float32),
        lambda g: g.tolist(),
        lambda g: g.max(),
    ],
)
def test_the_gradient_of_a_vector_is_taken_as_an_array(use: Any) -> None:
    x = tw.Variable(np.array([3.0, 2.0, 1.0]))
    (x[0] * x[0] + x[-1]).backward()
    with np.errstate(divide="ignore"):
        given, expected = use(x.grad.data), use(np.array([6.0, 0.0, 1.0]))
    given = given.to_dense() if isinstance(given, tw.RowGrad) else given
    np.testing.assert_array_equal(given, expected)


def test_what_would_be_lost_in_a_copy_of_a_vector_is_refused() -> None:
    g = tw.RowGrad([0], [1.0], (3,))
    with pytest.raises(TypeError, match="to_dense"):
        g[0] = 2.0
    with pytest.raises(TypeError, match="to_dense"):
        np.exp(np.zeros(3), out=g)
    for lost in (lambda: g.fill(0), lambda: np.put(g, 0, 5.0), lambda: g[:2].sort()):
        with pytest.raises(ValueError, match="read-only"):
            lost()
    with pytest.raises(ValueError, match="shared"):
        np.asarray(g, copy=False)
    ours = np.asarray(g)
    ours[0] = 7.0
    assert g.tolist() == [1, 0, 0]
    with pytest.raises(AttributeError, match="to_dense"):
        g.nonsense  # noqa: B018
    with pytest.raises(TypeError, match="to_dense"):
        np.concatenate([g, tw.RowGrad([0], [[1.0]], (3, 1))])


def test_the_caller_may_reuse_his_ids_and_his_seed() -> None:
    w = tw.Variable(np.ones((5, 2)))
    ids, seed = np.array([0, 1]), np.ones((2, 2))
    y = w[ids]
    ids[:] = [2, 3]
    y.backward(seed)
    seed[:] = 50.0
    z = w[ids]
    ids[:] = 4
    z.sum().backward()
    np.testing.assert_array_equal(w.grad.data.to_dense()[:, 0], [1, 1, 1, 1, 0])


def test_lists_make_a_row_gradient() -> None:
    g = tw.RowGrad([2, 0, 2], [[1, 2], [3, 4], [5, 6]], (4, 2))
    assert g.dtype == np.float64
    np.testing.assert_array_equal(g.to_dense(), [[3, 4], [0, 0], [6, 8], [0, 0]])
