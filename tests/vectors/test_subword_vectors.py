"""Vectors of unseen words: by their n-grams, in every query, and out of files."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from tinygrad_w2v._base.errors import InputError, ShapeError
from tinygrad_w2v._base.npz import write_arrays
from tinygrad_w2v.text.ngrams import bucket_of
from tinygrad_w2v.vectors import WordVectors, formats
from tinygrad_w2v.vectors.subword_vectors import SubwordVectors

FIXTURES = Path(__file__).parent.parent / "fixtures" / "fasttext"
WORDS, BUCKETS, DIM = ["cat", "dog", "été", "猫"], 50, 6


@pytest.fixture
def wv(rng) -> SubwordVectors:
    rows = rng.normal(size=(len(WORDS) + BUCKETS, DIM)).astype(np.float32)
    return SubwordVectors(WORDS, rows, [4, 3, 2, 1], min_n=3, max_n=5)


def test_known_words_are_means_of_their_row_and_their_ngrams(rng) -> None:
    rows = rng.normal(size=(len(WORDS) + BUCKETS, DIM)).astype(np.float32)
    wv = SubwordVectors(WORDS, rows, min_n=3, max_n=5)
    for number, word in enumerate(WORDS):
        parts = [number, *(len(WORDS) + bucket_of(word, 3, 5, BUCKETS))]
        np.testing.assert_allclose(wv[word], rows[parts].mean(axis=0), rtol=1e-5, atol=1e-7)
    unseen = len(WORDS) + bucket_of("cats", 3, 5, BUCKETS)
    np.testing.assert_allclose(wv["cats"], rows[unseen].mean(axis=0), rtol=1e-5, atol=1e-7)


def test_what_has_no_vector_is_a_key_error(wv) -> None:
    assert "cats" in wv and "cats" not in wv.key_to_index and not wv.has_index_for("cats")
    assert "" not in wv and "</s>" not in wv  # no n-gram of three characters
    with pytest.raises(KeyError, match="has no vector"):
        wv[""]
    plain = SubwordVectors(["cat"], np.ones((1, 2)), max_n=0)
    assert "cats" not in plain and plain["cat"].tolist() == [1, 1]
    with pytest.raises(KeyError, match="'cats' has no vector; nearest spellings: 'cat'"):
        plain.most_similar("cats")
    with pytest.raises(KeyError):  # a row is no word
        wv[99]


def test_queries_take_unseen_words_as_they_take_vectors(wv) -> None:
    x = wv["cats"]
    assert wv.most_similar("cats", topn=4) == wv.similar_by_vector(x, topn=4)
    assert len(wv.most_similar_cosmul(["cats"], ["dog"], topn=9)) == 3  # a given row is left out
    cosine = x @ wv["dog"] / np.linalg.norm(x) / np.linalg.norm(wv["dog"])
    assert wv.similarity("cats", "dog") == pytest.approx(cosine, rel=1e-5)
    assert wv.distances("cats", ["dog"])[0] == pytest.approx(1 - cosine, rel=1e-4)
    assert wv.similarities(["cats", "dog"])[0, 1] == pytest.approx(cosine, rel=1e-5)
    assert "cats" in wv.cosine_table(["cats", 0])
    assert wv.doesnt_match(["cats", "cat", "dog"]) in ("cats", "cat", "dog")
    assert wv.n_similarity(["cats"], ["dog"]) == pytest.approx(cosine, rel=1e-5)
    np.testing.assert_allclose(wv.get_mean_vector(["cats"], pre_normalize=False), x)
    assert np.linalg.norm(wv.get_vector("cats", norm=True)) == pytest.approx(1, rel=1e-5)
    order = [word for word, _ in wv.most_similar("cats", topn=4)]
    assert [wv.rank("cats", word) for word in order] == [1, 2, 3, 4]
    assert wv.closer_than("cats", order[1]) == order[:1]
    assert wv.rank("cat", "cats") >= 1
    assert wv[["cats", "dog"]].shape == (2, DIM)


def test_files_keep_the_ngrams(wv, tmp_path) -> None:
    wv.save(tmp_path / "v.npz")
    for again in (
        SubwordVectors.load(tmp_path / "v.npz"),
        SubwordVectors.load(tmp_path / "v.npz", mmap=True),
        formats.load(tmp_path / "v.npz"),
        pickle.loads(pickle.dumps(wv)),
    ):
        for word in ("cat", "cats", "日本"):
            assert (again[word] == wv[word]).all()
        assert (again.min_n, again.max_n, again.bucket) == (3, 5, BUCKETS)
        assert again.get_vecattr("cat", "count") == 4
    assert type(WordVectors.load(tmp_path / "v.npz")) is WordVectors
    wv.save_word2vec_format(tmp_path / "v.vec")
    plain = WordVectors.load_word2vec_format(tmp_path / "v.vec")
    assert (plain["猫"] == wv["猫"]).all() and "cats" not in plain


def test_vectors_of_a_binary_are_fasttexts(tmp_path) -> None:
    for name in ("cbow-ns", "skipgram-hs", "skipgram-softmax", "cbow-words", "supervised-softmax"):
        wv = SubwordVectors.load_facebook_vectors(FIXTURES / f"{name}.bin")
        told = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
        known = 0
        for latin, vector in told.items():
            word = latin.encode("latin-1").decode("utf-8", "surrogateescape")
            if any(vector):
                np.testing.assert_allclose(wv[word], vector, rtol=0, atol=1e-6)
                known += word in wv.key_to_index
            else:
                assert word not in wv
        assert 0 < known <= len(told)
    assert "na\udcefve" in SubwordVectors.load_facebook_vectors(FIXTURES / "bytes.bin")
    with pytest.raises(InputError, match="n-grams of UTF-8 alone"):
        SubwordVectors.load_facebook_vectors(FIXTURES / "cbow-ns.bin", encoding="latin-1")


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"subwords": np.array([3])}, "is damaged: subwords are"),
        ({"subwords": np.array([5, 4])}, "n-grams of 5 to 4 characters"),
        ({"subwords": np.array([3, 4000])}, "n-grams of 3 to 4000 characters"),
        ({"ngrams": np.zeros((2, 3), np.float32)}, "n-grams are float32 of shape"),
        ({"ngrams": np.full((2, DIM), np.nan, np.float32)}, "its n-grams: .* NaN"),
        ({"ngrams": None}, "holds no n-grams; read it by WordVectors.load"),
    ],
)
def test_damaged_files_are_refused(changed, problem, wv, tmp_path) -> None:
    wv.save(tmp_path / "v.npz")
    with np.load(tmp_path / "v.npz") as file:
        arrays = {**file, **changed}
    arrays = {name: array for name, array in arrays.items() if array is not None}
    write_arrays(tmp_path / "v.npz", arrays.items())
    with pytest.raises(InputError, match=problem):
        SubwordVectors.load(tmp_path / "v.npz")


def test_rows_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ShapeError, match="a row each of the 2 words"):
        SubwordVectors(["a", "b"], np.ones((1, 2)))
    with pytest.raises(InputError, match="NaN"):
        SubwordVectors(["a"], [[np.nan]])
