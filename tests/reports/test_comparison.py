from __future__ import annotations

import numpy as np

import tinygrad_w2v as tw
from tinygrad_w2v.reports.drift import drift, rotation


def test_a_rotation_is_undone_and_only_what_moved_has_drifted(rng: np.random.Generator) -> None:
    words = [f"w{k}" for k in range(200)]
    table = rng.normal(size=(200, 16))
    turn, _ = np.linalg.qr(rng.normal(size=(16, 16)))
    other = table @ turn
    other[[3, 9]] = other[[9, 3]]
    counts = np.full(200, 50)
    found = drift(tw.WordVectors(words, table, counts), tw.WordVectors(words, other, counts))
    assert found is not None and set(found.words[:2]) == {"w3", "w9"}
    assert found.distances[1] > 0.3 and found.median < 1e-3
    assert np.allclose(rotation(table, table @ turn), turn)


def test_sizes_may_differ_and_rare_words_are_left_out(rng: np.random.Generator) -> None:
    words = [f"w{k}" for k in range(40)]
    table = rng.normal(size=(40, 6))
    counts = np.arange(40, 0, -1)
    wide = np.pad(table, ((0, 0), (0, 3)))[:, ::-1]
    found = drift(tw.WordVectors(words, table, counts), tw.WordVectors(words, wide, counts))
    assert found is not None and len(found.words) == 21 and max(found.distances) < 1e-6
    assert drift(tw.WordVectors(words[:5], table[:5]), tw.WordVectors(words, wide)) is None
