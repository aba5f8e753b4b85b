"""Names of gensim's that few know: counts that are set, vectors of a file for known words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tinygrad_w2v._base.errors import InputError, ShapeError
from tinygrad_w2v.vectors import KeyedVectors, WordVectors
from tinygrad_w2v.word2vec import Word2Vec


def test_counts_are_set() -> None:
    wv = WordVectors(["you", "say"], np.eye(2), counts=[5, 3])
    wv.set_vecattr("say", "count", 9)
    assert wv.get_vecattr("say", "count") == 9
    bare = WordVectors(["a", "b"], np.eye(2))
    bare.set_vecattr("b", "count", 4)
    assert bare.counts is not None
    assert bare.counts.tolist() == [0, 4]
    for attr, value, told in (("kind", 1, "only 'count'"), ("count", -1, "val holds -1")):
        with pytest.raises(InputError, match=told):
            bare.set_vecattr("a", attr, value)
    wv.fill_norms(force=True)
    for empty in (KeyedVectors(vector_size=3, count=2), KeyedVectors(3, 2)):
        assert empty.vectors.shape == (0, 3)


@pytest.mark.parametrize("binary", [False, True])
def test_known_words_are_given_the_vectors_of_a_file(tmp_path: Path, binary: bool) -> None:
    wv = WordVectors(["you", "say", "hello"], np.zeros((3, 2), np.float32))
    others = WordVectors(["hm", "hello", "you"], [[9, 9], [3, 4], [1, 2]])
    others.save_word2vec_format(tmp_path / "v", binary=binary)
    wv.intersect_word2vec_format(tmp_path / "v", binary=binary, encoding="utf-8")
    assert wv.vectors.tolist() == [[1, 2], [0, 0], [3, 4]]
    assert wv.vectors_lockf.tolist() == [0, 1, 0]
    wv.intersect_word2vec_format(tmp_path / "v", 1.0, binary)
    assert wv.vectors_lockf.tolist() == [1, 1, 1]
    assert wv.locked() is None


def test_a_file_that_does_not_fit_changes_nothing(tmp_path: Path) -> None:
    wv, path = WordVectors(["you", "say"], np.zeros((2, 2), np.float32)), tmp_path / "v.txt"
    for text, error, told in (
        ("2 2\nyou 1 2\nsay 1\n", InputError, "line 3"),
        ("1 3\nyou 1 2 3\n", ShapeError, "vectors of 3 numbers, not of 2"),
        ("2 2\nyou 1 2\nyou 1 2\n", InputError, "'you' occurs twice"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(error, match=told):
            wv.intersect_word2vec_format(path)
    refused = (({"lockf": 0.5}, "lockf must be 0 or 1"), ({"encoding": "cp932"}, "encoding"))
    for wrong, told in refused:
        with pytest.raises(InputError, match=told):
            wv.intersect_word2vec_format(path, **wrong)
    assert not wv.vectors.any()
    assert (wv.vectors_lockf == 1).all()
    with pytest.raises(InputError, match="encoding must be 'utf8', not 'cp932'"):
        WordVectors.load_word2vec_format(path, encoding="cp932")


def test_a_model_begins_with_the_vectors_of_a_file(tmp_path: Path) -> None:
    text = [["you", "say", "hello"], ["i", "say", "goodbye"]] * 20
    WordVectors(["say", "hm"], np.ones((2, 4))).save_word2vec_format(tmp_path / "v.txt")
    model = Word2Vec(vector_size=4, min_count=1, sample=0, engine="numpy")
    model.build_vocab(text)
    model.wv.intersect_word2vec_format(tmp_path / "v.txt")
    before = model.wv.vectors.copy()
    model.train(text, total_examples=40, epochs=1)
    kept = (before == model.wv.vectors).all(axis=1)
    assert [word for word, same in zip(model.wv, kept, strict=True) if same] == ["say"]
    assert model.wv["say"].tolist() == [1, 1, 1, 1]


def test_cosines_with_many(rng: np.random.Generator) -> None:
    gensim = pytest.importorskip("gensim.models")
    one, many = rng.normal(size=4), rng.normal(size=(3, 4))
    np.testing.assert_allclose(
        WordVectors.cosine_similarities(one, many),
        gensim.KeyedVectors.cosine_similarities(one, many),
        rtol=1e-12,
    )


def test_names_that_are_not_there_are_answered(tmp_path: Path) -> None:
    wv, model = WordVectors(["a"], [[1.0]]), Word2Vec()
    for owner, name, told in (
        (wv, "norms", "np.linalg.norm"),
        (wv, "sort_by_descending_frequency", "nothing is to be prepared"),
        (model, "estimate_memory", "refused before it is trained"),
        (model, "layer1_size", "write `vector_size`"),
        (model, "init_sims", "nothing is to be prepared"),
    ):
        with pytest.raises(AttributeError, match=told):
            getattr(owner, name)
    with pytest.raises(TypeError, match="no argument 'fname': write `path=`"):
        wv.save_word2vec_format(fname=tmp_path / "v.txt")  # type: ignore[call-arg]
    with pytest.raises(InputError, match=r"binary must be True or False, .* fvocab="):
        wv.save_word2vec_format(tmp_path / "v.txt", "vocabulary.txt")  # type: ignore[arg-type]
