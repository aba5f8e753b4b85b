"""Truncated SVD against the full one; the same bytes for the same input."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.counting import cooccurrence, count_vectors, ppmi, svd_vectors
from tinygrad_w2v.text import Vocabulary, build_corpus
from tinygrad_w2v.vectors import WordVectors

csr_array = pytest.importorskip("scipy.sparse").csr_array


def words(number: int) -> list[str]:
    return [f"w{id_}" for id_ in range(number)]


def sparse_matrix(rng, rows=40, columns=30):
    return csr_array(rng.random((rows, columns)) * (rng.random((rows, columns)) < 0.3))


@pytest.mark.parametrize("exponent", [0, 0.5, 1])
def test_equals_the_full_decomposition(rng, exponent) -> None:
    matrix = sparse_matrix(rng)
    u, s, _ = np.linalg.svd(matrix.toarray())
    found = svd_vectors(matrix, 5, exponent, words(40)).vectors
    expected = u[:, :5] * s[:5] ** exponent
    assert found.dtype == np.float32
    assert np.allclose(np.abs(found), np.abs(expected), atol=1e-5)
    assert np.allclose(found @ found.T, expected @ expected.T, atol=1e-5)


def test_the_entry_farthest_from_zero_is_positive(rng) -> None:
    vectors = svd_vectors(sparse_matrix(rng), 6, vocabulary=words(40)).vectors
    assert (vectors[np.abs(vectors).argmax(axis=0), np.arange(6)] > 0).all()


def test_the_start_changes_rounding_only(rng) -> None:
    matrix = sparse_matrix(rng)
    one, two = (
        svd_vectors(matrix, 6, vocabulary=words(40), rng=np.random.default_rng(seed)).vectors
        for seed in (1, 2)
    )
    assert np.allclose(one, two, atol=1e-5)


DIGEST = """
import hashlib
from tinygrad_w2v.counting import count_vectors
text = [[f"w{(7 * i * i + j * j) % 31}" for j in range(12)] for i in range(60)]
wv = count_vectors(text, dim=6, window=3, min_count=1, seed=4)
print(hashlib.sha256(wv.vectors.tobytes() + repr(wv.index_to_key).encode()).hexdigest())
"""


@pytest.mark.process
def test_the_same_bytes_in_every_process() -> None:
    text = [[f"w{(7 * i * i + j * j) % 31}" for j in range(12)] for i in range(60)]
    wv = count_vectors(text, dim=6, window=3, min_count=1, seed=4)
    here = hashlib.sha256(wv.vectors.tobytes() + repr(wv.index_to_key).encode()).hexdigest()
    there = subprocess.run(
        [sys.executable, "-c", DIGEST], capture_output=True, encoding="utf-8", check=True
    )
    assert there.stdout.strip() == here


def test_columns_beyond_the_rank_are_zero() -> None:
    matrix = np.outer([1.0, 2.0, 3.0, 4.0], [1.0, 0.0, 1.0, 2.0])
    for exponent in (0, 0.5):
        vectors = svd_vectors(matrix, 3, exponent, words(4)).vectors
        assert np.allclose(vectors[:, 0] / vectors[0, 0], [1, 2, 3, 4], atol=1e-5)
        assert not vectors[:, 1:].any()


def test_words_and_counts_come_from_the_matrix_or_from_the_caller() -> None:
    counts = cooccurrence([["a", "b", "c", "a"], ["c", "b"]], window=2)
    wv = svd_vectors(ppmi(counts), dim=2)
    assert isinstance(wv, WordVectors)
    assert wv.index_to_key == counts.vocabulary.words
    assert wv.get_vecattr("a", "count") == 2
    plain = csr_array(ppmi(counts).toarray())
    assert svd_vectors(plain, 2, vocabulary={0: "x", 1: "y", 2: "z"}).index_to_key == list("xyz")
    given = svd_vectors(ppmi(counts), 2, vocabulary=Vocabulary(["x", "y", "z"], [5, 4, 3]))
    assert given.get_vecattr("y", "count") == 4


@pytest.mark.parametrize(
    ("matrix", "options", "says"),
    [
        (np.eye(3), {"dim": 3}, "use at most 2"),
        (np.eye(3), {"dim": 0}, "dim must be 1"),
        (np.eye(3), {"eigenvalue_exponent": -1}, "eigenvalue_exponent"),
        (np.eye(3), {"vocabulary": None}, "words of the matrix are not known"),
        (np.eye(3), {"vocabulary": ["a", "b"]}, "3 rows, but the vocabulary 2"),
        (np.zeros((3, 3)), {}, "the matrix is zero"),
        (np.full((3, 3), np.inf), {}, "NaN or infinity"),
    ],
)
def test_what_cannot_be_decomposed_is_refused(matrix, options, says) -> None:
    with pytest.raises(InputError, match=says):
        svd_vectors(matrix, **{"dim": 2, "vocabulary": ["a", "b", "c"], **options})


def test_words_used_alike_come_near_each_other(rng) -> None:
    animals, foods = ["cat", "dog", "cow"], ["bread", "rice", "soup"]
    text = [["the", rng.choice(animals), "sleeps", "and", "runs"] for _ in range(100)]
    text += [["we", "cook", "and", "eat", rng.choice(foods)] for _ in range(100)]
    wv = count_vectors(text, dim=4, window=3)
    cosines = wv.similarities([*animals, *foods])
    assert cosines[:3, :3].min() > 0.9
    assert cosines[3:, 3:].min() > 0.9
    assert cosines[:3, 3:].max() < 0.1


def test_one_call_is_the_three_steps(rng) -> None:
    text = [[f"w{word}" for word in rng.integers(0, 12, 15)] for _ in range(50)]
    vocabulary, corpus = build_corpus(text, min_count=5)
    options = {"window": 2, "distance_weighting": "linear", "sample": 0.05}
    counts = cooccurrence(corpus, vocabulary, seed=3, **options)
    steps = svd_vectors(ppmi(counts, 0.8, 1.1), 3, 0.25, rng=np.random.default_rng(3))
    settings = {"smoothing": 0.8, "shift": 1.1, "eigenvalue_exponent": 0.25, "seed": 3}
    for source in (text, corpus):
        known = None if source is text else vocabulary
        wv = count_vectors(source, known, dim=3, **options, **settings)
        assert wv.vectors.tobytes() == steps.vectors.tobytes()
        assert wv.index_to_key == vocabulary.words
        assert np.array_equal(wv.counts, vocabulary.counts)


def test_a_corpus_needs_its_words() -> None:
    with pytest.raises(InputError, match="vocabulary="):
        count_vectors(build_corpus([["a", "b"]], min_count=1)[1])
