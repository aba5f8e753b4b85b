"""Counts of any dtype are the same counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw

sparse = pytest.importorskip("scipy.sparse")
COUNTS = np.array([[0, 120, 3], [120, 0, 1], [3, 1, 0]])
DTYPES = [np.uint8, np.int8, np.int64, np.bool_, np.float16, np.float32]


@pytest.mark.parametrize("dtype", DTYPES)
def test_counts_of_any_dtype(dtype: Any) -> None:
    counts = COUNTS.astype(dtype)
    floats = counts.astype(float)
    given = [counts] if dtype == np.float16 else [counts, sparse.csr_array(counts)]
    for matrix in given:
        ppmi = tw.counting.ppmi(matrix)
        assert ppmi.dtype == np.float64
        np.testing.assert_allclose(ppmi.toarray(), tw.counting.ppmi(floats).toarray())
        found, expected = (
            tw.counting.svd_vectors(m, dim=2, vocabulary=list("abc")) for m in (matrix, floats)
        )
        np.testing.assert_allclose(found.vectors, expected.vectors, atol=1e-6)
