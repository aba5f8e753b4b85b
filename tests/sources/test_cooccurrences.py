"""The entries of a matrix of counts as examples."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from stretches import rows_of

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.counting import cooccurrence
from tinygrad_w2v.sources.cooccurrences import Cooccurrences
from tinygrad_w2v.training.engines.compiled import CompiledRun
from tinygrad_w2v.training.engines.numpy import NumpyRun

TEXT = [["you", "say", "goodbye"], ["i", "say", "hello", "you"]] * 20


@given(cuts=st.lists(st.integers(0, 12), max_size=4))
def test_every_entry_is_drawn_once_an_epoch_in_an_order_of_its_own(cuts):
    counts = cooccurrence(TEXT, distance_weighting="harmonic")
    source = Cooccurrences(counts)
    found, used = rows_of(source, cuts)
    assert (found, used) == rows_of(source)
    assert used == source.units == counts.nnz
    dense = np.zeros(counts.shape)
    for entry in found:
        assert entry["count"] > 0
        dense[entry["row"], entry["column"]] += entry["count"]
    np.testing.assert_array_equal(dense, counts.toarray())
    assert rows_of(source, epoch=2)[0] != found
    assert rows_of(source.seeded(5))[0] != found


def test_entries_of_one_place_add_up_and_zeros_are_none():
    matrix = scipy.sparse.coo_matrix(([1, 2, 0, 4], ([0, 0, 1, 2], [1, 1, 1, 0])), (3, 3))
    for given_as in (matrix, matrix.tocsc(), scipy.sparse.csr_array(matrix)):
        source = Cooccurrences(given_as)
        found = sorted(tuple(entry.values()) for entry in rows_of(source)[0])
        assert found == [(0, 1, 3.0), (2, 0, 4.0)]
    assert source.shape == (3, 3)
    assert matrix.nnz == 4  # as it was


class GloVe(tw.Module):
    def __init__(self, words):
        rng = np.random.default_rng(0)
        self.w, self.c = (tw.Parameter(rng.uniform(-0.5, 0.5, (words, 3))) for _ in range(2))
        self.bias_w, self.bias_c = (tw.Parameter(np.zeros(words)) for _ in range(2))

    def loss(self, entry):
        i, j, x = entry["row"], entry["column"], entry["count"]
        score = (self.w[i] * self.c[j]).sum(axis=-1) + self.bias_w[i] + self.bias_c[j]
        return (np.minimum((x / 100) ** 0.75, 1) * (score - np.log(x)) ** 2).sum()


@pytest.mark.parametrize("engine", [CompiledRun, NumpyRun])
def test_glove_fits_the_counts(engine):
    counts = cooccurrence(TEXT)
    model = GloVe(counts.shape[0])
    run = engine(model, Cooccurrences(counts, batch_size=1))
    for epoch in range(300):
        for part, _ in run.batches(epoch):
            run.step(part, lr=0.1)
    i, j = counts.nonzero()
    fitted = (model.w.data[i] * model.c.data[j]).sum(axis=1)
    fitted += model.bias_w.data[i] + model.bias_c.data[j]
    np.testing.assert_allclose(fitted, np.log(counts.tocoo().data), atol=0.05)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (np.eye(3), "counts must be a SciPy sparse matrix"),
        (scipy.sparse.csr_array((3, 3)), "counts has no entries"),
        (scipy.sparse.csr_array([[1.0, -2.0]]), "counts holds -2.0 in row 0, column 1"),
        (scipy.sparse.csr_array([[1.0, np.nan]]), "column 'count' holds nan in row 1"),
    ],
)
def test_what_is_no_count_is_refused(counts, message):
    with pytest.raises(InputError, match=message):
        Cooccurrences(counts)
