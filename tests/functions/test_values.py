"""Values are NumPy's, for Variables and for arrays; NumPy's own function is the same op."""

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v.autograd.function import Function

A = np.linspace(0.1, 0.9, 12).reshape(3, 4)
B = np.linspace(-0.85, 1.4, 12).reshape(3, 4)
SQUARE = np.linspace(-1.0, 2.0, 9).reshape(3, 3)
IDS = np.array([[2, 0], [1, 1]])

# The function's name here and in NumPy, the arrays, its other arguments.
LIKE_NUMPY = [
    *[
        (name, (A,), {})
        for name in (
            "negative abs square sqrt exp expm1 log log1p log2 sin cos tan tanh sinh cosh arctan"
        ).split()
    ],
    *[
        (name, (A, B), {})
        for name in "add subtract multiply divide maximum minimum logaddexp".split()
    ],
    ("power", (A, B), {}),
    ("power", (A,), {"x2": 3}),
    ("abs", (B,), {}),
    ("clip", (B,), {"a_min": -0.2, "a_max": 0.5}),
    ("clip", (B,), {"min": 0.0}),
    ("where", (B > 0, A, B), {}),
    *[
        (name, (B.reshape(2, 3, 2),), how)
        for name in ("sum", "mean", "var", "std", "max", "min", "prod")
        for how in ({}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (0, -1)})
    ],
    ("var", (A,), {"axis": 1, "ddof": 1}),
    ("std", (A,), {"axis": 1, "ddof": 1}),
    ("cumsum", (A,), {}),
    ("cumsum", (A,), {"axis": -1}),
    ("matmul", (A, B.T), {}),
    ("dot", (A, B.T), {}),
    ("dot", (A, B.reshape(3, 4, 1)), {}),
    ("dot", (A[0], B[0]), {}),
    ("inner", (A, B), {}),
    ("outer", (A, B), {}),
    ("tensordot", (A, B), {"axes": ((0, 1), (0, 1))}),
    ("tensordot", (A, B.T), {"axes": 1}),
    ("reshape", (A,), {"shape": (2, -1)}),
    ("transpose", (A,), {}),
    ("transpose", (A.reshape(3, 2, 2),), {"axes": (1, 2, 0)}),
    ("swapaxes", (A,), {"axis1": 0, "axis2": 1}),
    ("moveaxis", (A.reshape(3, 2, 2),), {"source": (0, 1), "destination": (-1, 0)}),
    ("expand_dims", (A,), {"axis": 1}),
    ("squeeze", (A[:1],), {}),
    ("broadcast_to", (A[0],), {"shape": (2, 4)}),
    ("flip", (A,), {"axis": 0}),
    ("repeat", (A,), {"repeats": 2, "axis": 1}),
    ("repeat", (A,), {"repeats": [1, 0, 2], "axis": 0}),
    ("repeat", (A,), {"repeats": [2]}),
    ("take", (A,), {"indices": IDS}),
    ("take", (A,), {"indices": IDS, "axis": 1}),
    ("take", (A,), {"indices": IDS, "axis": 0}),
    ("take", (A,), {"indices": [5, -7], "axis": 0, "mode": "wrap"}),
    ("take", (A,), {"indices": [5, -7], "axis": 1, "mode": "clip"}),
    ("take_along_axis", (A,), {"indices": np.array([[3], [0], [1]]), "axis": 1}),
]


def _name(row):
    name, arrays, how = row
    return f"{name}-{len(arrays)}-{'-'.join(how)}"


@pytest.mark.parametrize("row", LIKE_NUMPY, ids=_name)
def test_equals_numpy(row):
    name, arrays, how = row
    ours, numpys = getattr(F, name), getattr(np, name)
    expected = numpys(*arrays, *how.values()) if name == "power" else numpys(*arrays, **how)
    plain = ours(*arrays, **how)
    assert not isinstance(plain, tw.Variable)
    np.testing.assert_allclose(plain, expected, rtol=1e-13)
    differentiable = [tw.Variable(a) if a.dtype.kind == "f" else a for a in arrays]
    ours_on_variables = ours(*differentiable, **how)
    assert isinstance(ours_on_variables, tw.Variable)
    np.testing.assert_array_equal(ours_on_variables.data, plain)
    if "x2" in how:
        return
    through_numpy = numpys(*differentiable, **how)
    assert isinstance(through_numpy, tw.Variable)
    assert type(through_numpy.creator) is type(ours_on_variables.creator)
    np.testing.assert_array_equal(through_numpy.data, plain)


@pytest.mark.parametrize("subscripts", ["ij,kj->ik", "ij,kj", "ij,kj->", "...j,...j->...", "ij,ij"])
def test_einsum_equals_numpy(subscripts):
    expected = np.einsum(subscripts, A, B)
    np.testing.assert_allclose(F.einsum(subscripts, A, B), expected)
    np.testing.assert_allclose(np.einsum(subscripts, tw.Variable(A), B).data, expected)


def test_joins_equal_numpy():
    for name in ("concatenate", "stack", "vstack", "hstack"):
        for arrays in ([A, B], [A[0], B[1]]):
            given = [tw.Variable(arrays[0]), arrays[1]]
            joined = getattr(np, name)(given)
            np.testing.assert_array_equal(joined.data, getattr(np, name)(arrays))
    np.testing.assert_array_equal(F.concatenate([A, B], axis=1), np.concatenate([A, B], axis=1))
    np.testing.assert_array_equal(F.stack([A, B], axis=-1), np.stack([A, B], axis=-1))


@pytest.mark.parametrize("how", [2, [1], [1, 3], [-1], [3, 1], [9]])
def test_split_equals_numpy(how):
    expected = np.split(B.T, how)
    for parts in (F.split(tw.Variable(B.T), how), np.split(tw.Variable(B.T), how)):
        assert isinstance(parts, list) and len(parts) == len(expected)
        for part, wanted in zip(parts, expected, strict=True):
            np.testing.assert_array_equal(part.data, wanted)
    assert all(type(part) is np.ndarray for part in F.split(B.T, how))


def test_ops_without_a_numpy_function():
    np.testing.assert_allclose(F.sigmoid(B), 1 / (1 + np.exp(-B)))
    np.testing.assert_allclose(F.log_sigmoid(B), -np.log(1 + np.exp(-B)))
    np.testing.assert_allclose(F.softplus(B), np.log(1 + np.exp(B)))
    np.testing.assert_array_equal(F.relu(B), np.where(B > 0, B, 0))
    np.testing.assert_array_equal(F.leaky_relu(B, 0.5), np.where(B > 0, B, 0.5 * B))
    np.testing.assert_allclose(F.logsumexp(B, axis=0), np.log(np.exp(B).sum(axis=0)))
    np.testing.assert_allclose(F.logsumexp(B, keepdims=True), np.log(np.exp(B).sum(keepdims=True)))
    p = np.exp(B) / np.exp(B).sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(F.softmax(B), p)
    np.testing.assert_allclose(F.log_softmax(B), np.log(p))
    np.testing.assert_allclose(F.softmax(B.T, axis=0), p.T)


def test_losses_equal_their_formulas():
    p = np.exp(B) / np.exp(B).sum(axis=-1, keepdims=True)
    ids = np.array([3, 0, 1])
    expected = -np.mean(np.log(p[np.arange(3), ids]))
    for targets in (ids, ids.astype(np.uint8), tw.Variable(ids), ids.tolist()):
        assert float(F.cross_entropy(tw.Variable(B), targets)) == pytest.approx(expected)
    assert float(F.cross_entropy(B, np.eye(4)[ids])) == pytest.approx(expected)
    assert float(F.cross_entropy(B[0], 3)) == pytest.approx(-np.log(p[0, 3]))
    windows = F.cross_entropy(np.stack([B, B]), np.stack([ids, ids]))
    assert windows == pytest.approx(expected)
    labels = (B > 0.3) * 1
    q = 1 / (1 + np.exp(-B))
    expected = -np.mean(labels * np.log(q) + (1 - labels) * np.log(1 - q))
    assert float(F.sigmoid_cross_entropy(tw.Variable(B), labels)) == pytest.approx(expected)
    cosine = (A * B).sum(-1) / (np.linalg.norm(A, axis=-1) * np.linalg.norm(B, axis=-1))
    np.testing.assert_allclose(F.cosine_similarity(A, tw.Variable(B)).data, cosine)


def test_lists_are_taken_for_arrays():
    np.testing.assert_array_equal(F.exp([0, 1]), np.exp([0, 1]))
    np.testing.assert_array_equal(F.sum([[1, 2], [3, 4]], axis=0), [4, 6])
    np.testing.assert_allclose(F.softmax([1, 1]), [0.5, 0.5])
    np.testing.assert_allclose(F.logsumexp([0, 0]), np.log(2))
    np.testing.assert_array_equal(F.maximum([1, 5], [2, 3]), [2, 5])
    np.testing.assert_array_equal(F.embedding([[1.0], [2.0]], [1, 1]), [[2.0], [2.0]])
    np.testing.assert_array_equal(F.concatenate([[1], [2.5]]), [1, 2.5])
    np.testing.assert_array_equal(F.where([True, False], [1.0, 2.0], 0.0), [1.0, 0.0])
    np.testing.assert_array_equal(F.clip([1.0, 5.0], [2.0, 2.0], [3.0, 3.0]), [2.0, 3.0])


def test_sign_stays_in_the_graph_and_numpys_does_not():
    v = tw.Variable(B)
    assert isinstance(F.sign(v), tw.Variable)
    assert type(np.sign(v)) is np.ndarray
    F.sign(v).sum().backward()
    np.testing.assert_array_equal(v.grad.data, np.zeros_like(B))


def test_numpys_sibling_names():
    v = tw.Variable(B)
    np.testing.assert_array_equal(np.amax(v).data, B.max())
    np.testing.assert_array_equal(np.fabs(v).data, np.fabs(B))
    np.testing.assert_array_equal(np.true_divide(v, 2).data, B / 2)
    np.testing.assert_array_equal(np.permute_dims(v, (1, 0)).data, B.T)


def test_dropout_keeps_the_expected_value():
    rng = np.random.default_rng(0)
    y = F.dropout(tw.Variable(np.ones(20_000)), 0.25, rng).data
    assert set(np.unique(y)) == {0.0, 1 / 0.75}
    assert y.mean() == pytest.approx(1.0, abs=0.02)
    np.testing.assert_array_equal(F.dropout(A, 0.0, rng), A)


def test_stop_gradient_stops():
    x = tw.Variable(A)
    (F.stop_gradient(x * x) * x).sum().backward()
    np.testing.assert_allclose(x.grad.data, A * A)


def test_to_dense():
    table = tw.Variable(A)
    F.sum(F.embedding(table, IDS)).backward()
    assert isinstance(table.grad.data, tw.RowGrad)
    dense = F.to_dense(table.grad)
    np.testing.assert_array_equal(dense.data, [[1.0] * 4, [2.0] * 4, [1.0] * 4])
    assert F.to_dense(A) is A


def test_segment_sum_equals_sums_of_parts():
    rng = np.random.default_rng(0)
    for n, starts in [(7, [0, 2, 2, 6]), (3, [0, 3, 3]), (4, [0, 0, 0]), (0, [0]), (0, [])]:
        x = rng.normal(size=(n, 2))
        ends = [*starts[1:], n]
        parts = [x[start : ends[s]].sum(axis=0) for s, start in enumerate(starts)]
        expected = np.array(parts).reshape(len(starts), 2)
        for given in (starts, np.array(starts, np.int32), tw.Variable(np.array(starts, int))):
            np.testing.assert_allclose(F.segment_sum(x, given), expected)
            np.testing.assert_allclose(F.segment_sum(tw.Variable(x), given).data, expected)
    assert F.segment_sum([[1], [2], [4]], [0, 1]).tolist() == [[1], [6]]
    assert F.segment_sum([True, True, True], [0, 1]).tolist() == [1, 2]


def test_an_embedding_makes_nothing_of_the_tables_size():
    table = tw.Variable(np.zeros((7, 2)))
    F.take(table, tw.Variable(IDS), axis=0).sum().backward()
    assert table.grad.data.values.shape == (4, 2)
    np.testing.assert_array_equal(table.grad.data.rows, IDS.ravel())


def test_labels_are_the_public_names():
    assert F.log_sigmoid(tw.Variable(A)).creator.label == "log_sigmoid"
    assert F.take_along_axis(tw.Variable(A), IDS[:, :1], 0).creator.label == "take_along_axis"
    assert isinstance(F.exp(tw.Variable(A)).creator, Function)
