"""Similarities: gensim's numbers."""

import numpy as np
import pytest

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.vectors import WordVectors


@pytest.fixture(scope="module")
def pair():
    gensim = pytest.importorskip("gensim.models")
    vectors = np.random.default_rng(5).normal(size=(60, 8)).astype(np.float32)
    words = [f"w{i}" for i in range(60)]
    theirs = gensim.KeyedVectors(8)
    theirs.add_vectors(words, vectors)
    return WordVectors(words, vectors), theirs


def test_pairs(pair):
    ours, theirs = pair
    for i in range(1, 20):
        a, b = f"w{i}", f"w{2 * i}"
        assert ours.similarity(a, b) == pytest.approx(theirs.similarity(a, b), abs=1e-6)
        assert ours.distance(a, b) == pytest.approx(theirs.distance(a, b), abs=1e-6)
        assert ours.rank(a, b) == theirs.rank(a, b)


def test_sets_of_words(pair):
    ours, theirs = pair
    sets = ["w1", "w2", "w3"], ["w4", "w5"]
    assert ours.n_similarity(*sets) == pytest.approx(theirs.n_similarity(*sets), abs=1e-6)
    for start in range(40):
        words = [f"w{i}" for i in range(start, start + 5)]
        assert ours.doesnt_match(words) == theirs.doesnt_match(words)


def test_distances(pair):
    ours, theirs = pair
    np.testing.assert_allclose(ours.distances("w1"), theirs.distances("w1"), atol=1e-6)
    others = ["w4", "w5"]
    np.testing.assert_allclose(
        ours.distances(ours["w1"] * 3, others), theirs.distances("w1", others), atol=1e-6
    )


def test_all_pairs(pair):
    ours, _ = pair
    words = ["w3", "w1", "w4"]
    table = ours.similarities(words)
    assert table.shape == (3, 3)
    for i, a in enumerate(words):
        for j, b in enumerate(words):
            assert table[i, j] == pytest.approx(ours.similarity(a, b), abs=1e-6)
    everything = ours.similarities()
    assert everything.shape == (60, 60)
    assert everything[3, 1] == pytest.approx(table[0, 1], abs=1e-6)


def test_printed_table():
    wv = WordVectors(["猫", "cat", "dog"], [[1.0, 0.0], [1.0, 1e-5], [-1e-6, 1.0]])
    lines = wv.cosine_table(digits=2).splitlines()
    assert lines[0] == "       猫   cat   dog"
    assert lines[1] == "猫   1.00  1.00  0.00"
    assert lines[2] == "cat  1.00  1.00  0.00"
    assert wv.cosine_table([]) == ""


def test_what_cannot_be_asked(pair):
    ours, _ = pair
    with pytest.raises(InputError, match="empty"):
        ours.n_similarity([], ["w1"])
    with pytest.raises(InputError, match="at least one word"):
        ours.doesnt_match([])
    with pytest.raises(InputError, match="split"):
        ours.doesnt_match("w1 w2 w3")
