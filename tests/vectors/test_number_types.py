"""Questions to words whose vectors came as small integers or halves have the answers of floats."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw

WORDS = list("abcd")
VECTORS = np.array([[100, 100, 27], [120, 3, 5], [1, 90, 100], [0, 0, 1]])


def _answers(wv: Any, query: Any) -> list[Any]:
    return [
        wv.similarities(),
        wv.similarity("a", "c"),
        wv.n_similarity(["a", "b"], ["c"]),
        [score for _, score in wv.most_similar("a")],
        [score for _, score in wv.similar_by_vector(query, topn=4)],
        [score for _, score in wv.most_similar_cosmul("a")],
        wv.distances(query),
        wv.get_mean_vector(["a", query]),
        [score for score, _ in wv.rank_by_centrality(WORDS)],
    ]


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, np.float16, np.float32])
def test_small_numbers(dtype: Any) -> None:
    vectors = VECTORS.astype(dtype)
    found = _answers(tw.WordVectors(WORDS, vectors), vectors[1])
    expected = _answers(tw.WordVectors(WORDS, VECTORS.astype(float)), VECTORS[1].astype(float))
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize(
    ("scale", "dtype"), [(1e20, np.float32), (1e-25, np.float32), (1e200, float), (1e-200, float)]
)
def test_long_and_short_vectors(scale: float, dtype: Any) -> None:
    vectors = (VECTORS * scale).astype(dtype)
    wv = tw.WordVectors(WORDS, vectors)
    expected = _answers(tw.WordVectors(WORDS, VECTORS.astype(float)), VECTORS[1].astype(float))
    np.testing.assert_allclose(wv.similarities(), expected[0], atol=1e-6)
    np.testing.assert_allclose([s for _, s in wv.most_similar("a")], expected[3], atol=1e-6)
    np.testing.assert_allclose(wv.n_similarity(["a", "b"], ["c"]), expected[2], atol=1e-6)
