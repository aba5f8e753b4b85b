"""PPMI against the formula on dense matrices, and against the book's function."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tinygrad_w2v._base.errors import InputError, ShapeError
from tinygrad_w2v.counting import cooccurrence, ppmi
from tinygrad_w2v.text import preprocess

sparse = pytest.importorskip("scipy.sparse")


def dense_ppmi(counts, smoothing, shift):
    total = counts.sum()
    joint = counts / total
    of_words = joint.sum(axis=1, keepdims=True)
    of_contexts = counts.sum(axis=0) ** smoothing
    of_contexts = of_contexts / of_contexts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        pmi = np.log(joint / (of_words * of_contexts)) - np.log(shift)
    return np.where(counts > 0, np.maximum(pmi, 0), 0)


def book_ppmi(counts, eps=1e-8):
    result = np.zeros(counts.shape)
    total, sums = np.sum(counts), np.sum(counts, axis=0)
    for i in range(len(counts)):
        for j in range(len(counts)):
            pmi = np.log2(counts[i, j] * total / (sums[j] * sums[i]) + eps)
            result[i, j] = max(0, pmi)
    return result


matrices = arrays.arrays(
    np.int64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(0, 9)
).filter(lambda counts: counts.sum() > 0)


@given(matrices, st.floats(0.1, 1), st.sampled_from([0.5, 1.0, 2.0, 5.0]))
def test_equals_the_dense_formula(counts, smoothing, shift) -> None:
    found = ppmi(sparse.csr_array(counts), smoothing, shift)
    assert np.allclose(found.toarray(), dense_ppmi(counts, smoothing, shift), atol=1e-12)
    assert found.has_canonical_format
    assert found.nnz == 0 or found.data.min() > 0
    assert np.array_equal(ppmi(counts, smoothing, shift).toarray(), found.toarray())


def test_equals_the_books_function() -> None:
    ids, _, _ = preprocess("You say goodbye and I say hello.")
    counts = cooccurrence(ids, window=1)
    expected = book_ppmi(counts.toarray())
    assert np.allclose(ppmi(counts, smoothing=1, base=2).toarray(), expected, atol=1e-7)
    natural = ppmi(counts, smoothing=1).toarray()
    assert np.allclose(natural, expected * np.log(2), atol=1e-7)


def test_smoothing_takes_from_rare_contexts() -> None:
    counts = np.array([[20, 1], [20, 0]])
    assert ppmi(counts, 0.75)[0, 1] < ppmi(counts, 1.0)[0, 1]


def test_what_is_given_stays_as_it_is() -> None:
    given_matrices = [
        # Entries in no order, one twice, and a stored zero.
        sparse.csr_array(([3, 1, 2, 1, 0], [2, 0, 1, 1, 0], [0, 2, 4, 5]), shape=(3, 3)),
        sparse.coo_array(([1, 2, 3], ([0, 0, 1], [1, 1, 2])), shape=(3, 3)),
        sparse.csc_array(np.array([[0, 2, 1], [2, 0, 1], [1, 1, 0]])),
    ]
    for counts in given_matrices:
        before = counts.copy()
        data, dense = counts.data.copy(), counts.toarray()
        found = ppmi(counts)
        assert np.array_equal(counts.data, data)
        assert counts.nnz == before.nnz
        assert np.allclose(found.toarray(), dense_ppmi(dense, 0.75, 1), atol=1e-12)
        found.data[:] = 7
        assert np.array_equal(counts.data, data)


def test_the_vocabulary_is_handed_on() -> None:
    counts = cooccurrence([["a", "b"], ["b", "c"]])
    assert ppmi(counts).vocabulary is counts.vocabulary


def test_nothing_counted_is_nothing_associated() -> None:
    assert ppmi(np.zeros((2, 3), dtype=int)).shape == (2, 3)
    assert ppmi(np.zeros((2, 3), dtype=int)).nnz == 0


@pytest.mark.parametrize(
    ("counts", "options", "says"),
    [
        ([[1]], {"smoothing": 0}, "smoothing"),
        ([[1]], {"smoothing": 1.5}, "smoothing"),
        ([[1]], {"shift": 0}, "shift"),
        ([[1]], {"shift": float("nan")}, "shift"),
        ([[1]], {"base": 1}, "base"),
        ([[-1, 2]], {}, "negative entry -1"),
        ([[float("nan")]], {}, "NaN"),
        ([["a"]], {}, "must hold numbers"),
    ],
)
def test_what_cannot_be_associated_is_refused(counts, options, says) -> None:
    with pytest.raises(InputError, match=says):
        ppmi(counts, **options)


def test_counts_have_two_axes() -> None:
    with pytest.raises(ShapeError, match=r"\(3,\)"):
        ppmi([1, 2, 3])
