"""Words and vectors are changed as gensim's are, and never in place."""

from __future__ import annotations

import numpy as np
import pytest
from gensim.models import KeyedVectors as Theirs

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError, ShapeError
from tinygrad_w2v.vectors import KeyedVectors, WordVectors

WORDS = ["you", "say", "goodbye", "and"]


@pytest.fixture
def wv() -> WordVectors:
    return WordVectors(WORDS, np.arange(12.0).reshape(4, 3), counts=[9, 7, 5, 3])


@pytest.mark.parametrize("make", [Theirs, KeyedVectors])
def test_words_are_added_to_none(make) -> None:
    for empty in (make(3), make(vector_size=3), make(3, dtype=np.float64)):
        assert (len(empty), empty.vector_size) == (0, 3)
    wv = make(3)
    wv.add_vectors(["you", "say"], np.eye(2, 3))
    wv["hello"] = np.array([1, 1, 0])
    assert wv.index_to_key == ["you", "say", "hello"]
    assert wv.vectors.dtype == np.float32
    assert wv.similarity("you", "hello") == pytest.approx(0.5**0.5)


@pytest.mark.parametrize("size", [0, -1, True, 2.0, "three", None])
def test_what_is_no_size(size) -> None:
    with pytest.raises(InputError, match="the size of vectors that will be added"):
        KeyedVectors(size)
    with pytest.raises(InputError, match="either words and vectors, or vector_size"):
        KeyedVectors(["you"], [[1, 2]], vector_size=2)


def test_vectors_are_assigned(wv) -> None:
    before = wv.vectors
    norms = wv.get_normed_vectors()
    wv["say"] = [0, 3, 4]
    assert before[1, 0] == 3
    assert wv.get_vector("say", norm=True).tolist() == pytest.approx([0, 0.6, 0.8])
    assert (wv.get_normed_vectors()[[0, 2, 3]] == norms[[0, 2, 3]]).all()
    assert wv.get_vecattr("say", "count") == 7
    wv[["and", "hello"]] = [[1, 0, 0], [0, 1, 0]]
    assert wv.index_to_key == [*WORDS, "hello"]
    assert wv[["and", "hello"]].tolist() == [[1, 0, 0], [0, 1, 0]]
    wv[0] = [5, 5, 5]
    assert wv["you"].tolist() == [5, 5, 5]
    for key, value, error in (
        ("say", [1, 2], ShapeError),
        (["say", "you"], [[1, 2, 3]], ShapeError),
        ("say", [1, 2, np.nan], InputError),
        (99, [1, 2, 3], KeyError),
    ):
        vectors = wv.vectors
        with pytest.raises(error):
            wv[key] = value
        assert wv.vectors is vectors


def test_all_are_scaled(wv) -> None:
    theirs = Theirs(3)
    theirs.add_vectors(wv.index_to_key, wv.vectors)
    wv.add_vectors(["nothing"], [[0, 0, 0]])
    for each in (wv, theirs):
        each.unit_normalize_all()
    np.testing.assert_allclose(wv.vectors[:4], theirs.vectors[:4], rtol=1e-6)
    assert wv["nothing"].tolist() == [0, 0, 0]


def test_some_words_are_taken(wv) -> None:
    some = wv.vectors_for_all(["and", "never", "you", "and"], copy_vecattrs=True)
    assert some.index_to_key == ["and", "you"]
    assert (some.vectors == wv[["and", "you"]]).all()
    assert some.get_vecattr("and", "count") == 3
    without = wv.vectors_for_all(iter(["you"]), allow_inference=False)
    with pytest.raises(KeyError, match="counts of these words are not known"):
        without.get_vecattr("you", "count")
    assert wv.vectors_for_all([]).vectors.shape == (0, 3)
    with pytest.raises(InputError, match="split it"):
        wv.vectors_for_all("you")


def test_locks(wv) -> None:
    assert wv.vectors_lockf.tolist() == [1]
    assert wv.locked() is None
    wv.vectors_lockf = np.ones(4, np.float32)
    wv.vectors_lockf[1] = 0
    wv["new"] = wv.vectors[0]  # which a training may change
    assert wv.vectors_lockf.tolist() == [1, 0, 1, 1, 1]
    wv = WordVectors(wv.index_to_key[:4], wv.vectors[:4])
    wv.vectors_lockf = np.ones(4, np.float32)
    wv.vectors_lockf[1] = 0
    assert wv.locked().tolist() == [False, True, False, False]
    wv.vectors_lockf[2] = 0.5
    with pytest.raises(InputError, match=r"holds 0.5: a word is trained \(1\) or kept"):
        wv.locked()
    for wrong in (np.ones(3), np.array(["a"] * 4), 1):
        with pytest.raises(InputError, match="one number for each of 4 words"):
            wv.vectors_lockf = wrong
    wv.vectors_lockf = [0]
    assert wv.locked().all()
    assert tw.KeyedVectors is WordVectors
