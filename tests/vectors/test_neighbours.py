"""Neighbours: gensim's answers, exact ties, batches."""

import numpy as np
import pytest

from tinygrad_w2v._base.errors import InputError, ShapeError
from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.vectors.neighbours import top_rows

N, DIM = 3000, 20


@pytest.fixture(scope="module")
def pair():
    """The same vectors here and in gensim."""
    gensim = pytest.importorskip("gensim.models")
    vectors = np.random.default_rng(3).normal(size=(N, DIM)).astype(np.float32)
    words = [f"w{i}" for i in range(N)]
    theirs = gensim.KeyedVectors(DIM)
    theirs.add_vectors(words, vectors)
    return WordVectors(words, vectors), theirs


def same(ours, theirs):
    assert [word for word, _ in ours] == [word for word, _ in theirs]
    np.testing.assert_allclose([c for _, c in ours], [c for _, c in theirs], atol=2e-6)


QUERIES = [
    {"positive": "w5"},
    {"positive": ["w5"], "negative": ["w7"]},
    {"positive": ["w5", "w9"], "negative": "w7", "topn": 3},
    {"positive": [("w5", 0.5), ("w9", 2.0)], "negative": [("w7", -0.3)]},
    {"negative": ["w1"]},
    {"positive": ["w5"], "restrict_vocab": 100},
    {"positive": ["w500"], "restrict_vocab": 100, "topn": 200},
    {"positive": ["w50"], "restrict_vocab": 100, "topn": 200},
    {"positive": ["w5"], "clip_start": 100, "clip_end": 300},
    {"positive": [5, "w6"]},
    {"positive": np.arange(DIM, dtype=np.float32)},
    {"positive": [np.arange(DIM, dtype=np.float32), "w2"], "negative": ["w3"]},
    {"positive": [(np.arange(DIM, dtype=np.float32), 0.1), "w2"]},
    {"positive": np.eye(DIM, dtype=np.float32)[:2]},
    {"positive": ["w5"], "topn": 2999},
    {"positive": ["w5"], "topn": 5000},
    {"positive": ["w5"], "topn": 0},
]


@pytest.mark.parametrize("query", QUERIES, ids=lambda q: ",".join(q))
def test_most_similar_is_gensims(pair, query):
    ours, theirs = pair
    same(ours.most_similar(**query), theirs.most_similar(**query))


def test_all_scores_are_gensims(pair):
    ours, theirs = pair
    for restrict in (None, 50):
        np.testing.assert_allclose(
            ours.most_similar(["w1"], topn=None, restrict_vocab=restrict),
            theirs.most_similar(["w1"], topn=None, restrict_vocab=restrict),
            atol=2e-6,
        )


@pytest.mark.parametrize(
    "query",
    [
        {"positive": "w5"},
        {"positive": ["w5", "w9"], "negative": ["w7"]},
        {"positive": ["w5"], "negative": "w7", "topn": 3},
    ],
    ids=str,
)
def test_cosmul_is_gensims(pair, query):
    ours, theirs = pair
    mine, other = ours.most_similar_cosmul(**query), theirs.most_similar_cosmul(**query)
    assert [word for word, _ in mine] == [word for word, _ in other]
    np.testing.assert_allclose([c for _, c in mine], [c for _, c in other], rtol=1e-4)


def test_cosmul_keeps_to_restricted_words(pair):
    found = pair[0].most_similar_cosmul("w500", topn=1000, restrict_vocab=100)
    assert len(found) == 100 and all(int(word[1:]) < 100 for word, _ in found)
    assert pair[0].most_similar_cosmul("w5", topn=None, restrict_vocab=100).shape == (100,)


def test_similar_by_word_and_vector_are_gensims(pair):
    ours, theirs = pair
    same(ours.similar_by_word("w8", topn=4), theirs.similar_by_word("w8", topn=4))
    same(ours.similar_by_key("w8", 4, 90), theirs.similar_by_key("w8", 4, 90))
    vector = np.linspace(-1, 1, DIM, dtype=np.float32)
    same(ours.similar_by_vector(vector), theirs.similar_by_vector(vector))
    # A vector is not a word: the word that it belongs to is not left out.
    assert ours.similar_by_vector(ours["w8"], topn=1)[0][0] == "w8"


def test_batch_answers_as_single_queries_do(pair):
    ours, _ = pair
    queries = ["w1", 2, ours.vectors[3] * 7, "w4"]
    for restrict in (None, 40):
        batch = ours.most_similar_batch(queries, topn=6, restrict_vocab=restrict)
        for query, found in zip(queries, batch, strict=True):
            same(found, ours.most_similar([query], topn=6, restrict_vocab=restrict))
    same(ours.most_similar_batch(ours.vectors[:1])[0], ours.similar_by_vector(ours.vectors[0]))
    assert ours.most_similar_batch([]) == []
    assert ours.most_similar_batch(["w1", "w2"], topn=0) == [[], []]


def test_batch_larger_than_one_piece_of_scores(pair, monkeypatch):
    ours, _ = pair
    whole = ours.most_similar_batch([f"w{i}" for i in range(7)], topn=2)
    monkeypatch.setattr("tinygrad_w2v.vectors.neighbours._BATCH", 2 * N)
    pieces = ours.most_similar_batch([f"w{i}" for i in range(7)], topn=2)
    for one, other in zip(whole, pieces, strict=True):
        same(one, other)


@pytest.mark.parametrize("n", [10, 300, 5000, 100_001])
def test_ties_come_in_the_order_of_rows(n):
    vectors = np.zeros((n, 2), dtype=np.float32)
    vectors[:, 1] = 1
    vectors[0] = 1, 1
    vectors[n // 2 :, 1] = 2  # longer, but of the same direction
    found = WordVectors([str(i) for i in range(n)], vectors).most_similar("0", topn=8)
    assert [word for word, _ in found] == [str(i) for i in range(1, 9)]


@pytest.mark.parametrize("n", [1, 5, 255, 256, 257, 5000])
@pytest.mark.parametrize("k", [1, 3, 20, 400])
def test_top_rows_is_a_stable_sort(n, k):
    scores = np.random.default_rng(n * k).integers(0, 50, n).astype(np.float32)
    np.testing.assert_array_equal(top_rows(scores, k), np.argsort(-scores, kind="stable")[:k])


def test_top_rows_puts_nan_last():
    scores = np.arange(3000, dtype=np.float64)
    scores[2990:] = np.nan
    assert top_rows(scores, 2).tolist() == [2989, 2988]
    assert top_rows(np.array([np.nan, 1.0, np.nan]), 2).tolist() == [1, 0]


def test_a_row_of_zeros_is_near_to_nothing():
    wv = WordVectors(["a", "b", "zero"], [[1, 0], [-1, 0], [0, 0]])
    assert wv.most_similar("a") == [("zero", 0.0), ("b", -1.0)]
    assert wv.most_similar("zero") == [("a", 0.0), ("b", 0.0)]
    assert wv.similarity("a", "zero") == 0
    assert wv.similarities()[2].tolist() == [0, 0, 0]


def test_extreme_lengths_do_not_overflow():
    big = np.array([[1e30, 0], [1e30, 1e30], [1e-30, 1e-30], [0, 1e-38]], dtype=np.float32)
    wv = WordVectors(["a", "b", "c", "d"], big)
    np.testing.assert_allclose(
        [c for _, c in wv.most_similar("b")], [1, 0.5**0.5, 0.5**0.5], rtol=1e-6
    )
    assert wv.similarity("a", "c") == pytest.approx(0.5**0.5)
    huge = WordVectors(["a", "b"], np.array([[1e200, 0], [1e-200, 1e-200]]))
    assert huge.most_similar("a") == [("b", pytest.approx(0.5**0.5))]


def test_what_cannot_be_asked(pair):
    ours, _ = pair
    with pytest.raises(InputError, match="at least one"):
        ours.most_similar()
    with pytest.raises(InputError, match="positive"):
        ours.most_similar_cosmul(negative=["w1"])
    with pytest.raises(ShapeError, match=r"\(3,\)"):
        ours.most_similar([np.ones(3)])
    with pytest.raises(InputError, match="NaN"):
        ours.similar_by_vector(np.full(DIM, np.nan))
    with pytest.raises(InputError, match="weight is NaN"):
        ours.most_similar([("w1", np.nan)])
    with pytest.raises(InputError, match=r"topn is 2\.5"):
        ours.most_similar("w1", topn=2.5)
    for restrict in (-1, "5", 2.5):
        for ask in (ours.most_similar, ours.most_similar_cosmul, ours.similar_by_word):
            with pytest.raises(InputError, match=r"restrict_vocab is .*; it counts words"):
                ask("w1", restrict_vocab=restrict)
        with pytest.raises(InputError, match="restrict_vocab is"):
            ours.most_similar_batch(["w1"], restrict_vocab=restrict)
    for clip in ({"clip_start": -5}, {"clip_end": -1}, {"clip_end": "9"}):
        name = next(iter(clip))
        with pytest.raises(InputError, match=f"{name} is .*; it is a row, counted from 0"):
            ours.most_similar("w1", **clip)
