"""`Word2VecVectorizer` in scikit-learn's hands: pipelines, clones, searches, pickles."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.sklearn import Word2VecVectorizer
from tinygrad_w2v.vectors.formats import save

SMALL: dict[str, Any] = {
    "vector_size": 8,
    "window": 4,
    "min_count": 1,
    "sample": 0,
    "sg": 1,
    "alpha": 0.1,
    "engine": "numpy",
}


def pipeline(**keywords: Any) -> Pipeline:
    return make_pipeline(Word2VecVectorizer(**SMALL | keywords), LogisticRegression(C=100))


@pytest.mark.parametrize("weighting", ["mean", "tfidf", "sif"])
def test_a_pipeline_learns_kinds_of_texts(task: Any, weighting: str) -> None:
    texts, kinds = task
    learned = pipeline(weighting=weighting).fit(texts[:120], kinds[:120])
    chance = DummyClassifier().fit(texts[:120], kinds[:120])
    assert chance.score(texts[120:], kinds[120:]) < 0.6
    assert learned.score(texts[120:], kinds[120:]) > 0.9


def test_vectors_that_were_learned_help_where_there_are_few_labels(task: Any) -> None:
    """Eight labels do with them, and hardly do with vectors that say nothing of the words."""
    texts, kinds = task
    wv = tw.Word2Vec([text.split() for text in texts], **SMALL, epochs=20).wv
    random = tw.WordVectors(wv.index_to_key, np.random.default_rng(0).normal(size=wv.vectors.shape))

    def score(vectors: tw.WordVectors) -> float:
        few = make_pipeline(Word2VecVectorizer(vectors), LogisticRegression(C=100))
        return few.fit(texts[:8], kinds[:8]).score(texts[8:], kinds[8:])

    assert score(wv) > 0.95
    assert score(random) < 0.8


def test_cross_validation_and_search(task: Any) -> None:
    texts, kinds = task
    assert cross_val_score(pipeline(), texts, kinds, cv=2).mean() > 0.9
    space = {
        "word2vecvectorizer__vector_size": [2, 8],
        "word2vecvectorizer__window": [1, 4],
        "word2vecvectorizer__weighting": ["mean", "sif"],
    }
    found = GridSearchCV(pipeline(epochs=1), space, cv=2).fit(texts[:40], kinds[:40])
    assert len(found.cv_results_["params"]) == 8
    best = found.best_params_["word2vecvectorizer__vector_size"]
    assert found.best_estimator_[0].transform(texts[:3]).shape == (3, best)


def test_parameters_are_stored_as_they_are_and_cloned() -> None:
    weird = [None, "x", 1e400, object]
    for name in Word2VecVectorizer().get_params():
        for value in weird:
            assert Word2VecVectorizer().set_params(**{name: value}).get_params()[name] is value
    vectorizer = Word2VecVectorizer(window=3, weighting="sif")
    assert clone(vectorizer).get_params() == vectorizer.get_params()
    with pytest.raises(TypeError, match=r"no argument 'seed': write `random_state=`"):
        Word2VecVectorizer(seed=1)
    with pytest.raises(InputError, match="window must be 1 or more, not 0"):
        Word2VecVectorizer(window=0).fit([["you", "say"]] * 9)


def test_a_clone_shares_vectors_and_is_not_fitted() -> None:
    wv = tw.WordVectors(["cat", "red"], np.eye(2))
    fitted = Word2VecVectorizer(wv).fit(["cat", "red"])
    cloned = clone(fitted)
    assert cloned.vectors is wv
    with pytest.raises(NotFittedError):
        cloned.transform(["cat"])
    with pytest.raises(NotFittedError):
        _ = cloned.vectors_


def test_fitting_and_transforming_at_once_is_the_same(task: Any) -> None:
    for weighting in ("mean", "tfidf", "sif"):
        vectorizer, texts = Word2VecVectorizer(**SMALL, weighting=weighting), task.texts[:40]
        at_once = vectorizer.fit_transform(iter(texts))
        assert np.array_equal(at_once, vectorizer.transform(texts))
        assert np.array_equal(at_once, clone(vectorizer).fit(texts).transform(texts))
        assert at_once.dtype == np.float32


def test_a_random_state_is_a_seed_or_draws_one(task: Any) -> None:
    def vectors(random_state: Any) -> np.ndarray:
        return Word2VecVectorizer(**SMALL, random_state=random_state).fit_transform(task.texts[:40])

    words = [text.split() for text in task.texts[:40]]
    model = tw.Word2Vec(words, seed=3, workers=1, **SMALL)
    vectorizer = Word2VecVectorizer(**SMALL, random_state=3).fit(words)
    assert np.array_equal(vectorizer.vectors_.vectors, model.wv.vectors)
    assert not np.array_equal(vectors(3), vectors(4))
    drawn = [vectors(np.random.RandomState(seed)) for seed in (0, 0, 1)]
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
    np.random.seed(0)  # noqa: NPY002
    assert np.array_equal(vectors(None), drawn[0])
    assert not np.array_equal(vectors(None), drawn[0])


def test_n_jobs_are_scikit_learns() -> None:
    cores = joblib.cpu_count()
    for n_jobs, workers in ((None, 1), (2, 2), (-1, cores)):
        assert Word2VecVectorizer(n_jobs=n_jobs).threads_and_seed()["workers"] == workers
    with pytest.raises(ValueError, match="n_jobs"):
        Word2VecVectorizer(n_jobs=0).fit([["you", "say"]] * 9)


def test_columns_have_names_and_rows_their_index(task: Any) -> None:
    frame = pd.DataFrame({"text": task.texts[:9], "n": range(9)}, index=list("abcdefghi"))
    vectorizer = Word2VecVectorizer(**SMALL).set_output(transform="pandas")
    table = vectorizer.fit_transform(frame["text"])
    assert table.columns.tolist() == [f"word2vecvectorizer{place}" for place in range(8)]
    assert vectorizer.get_feature_names_out().tolist() == table.columns.tolist()
    assert table.index.tolist() == frame.index.tolist()
    assert (vectorizer.transform(frame["text"]) == table).all(axis=None)
    columns = ColumnTransformer([("text", Word2VecVectorizer(**SMALL), "text")], remainder="drop")
    assert np.array_equal(columns.fit_transform(frame), table.to_numpy())
    with pytest.raises(InputError, match="its name without a list around it"):
        ColumnTransformer([("text", Word2VecVectorizer(**SMALL), ["text"])]).fit(frame)


def test_a_pickled_pipeline_gives_the_same(task: Any, tmp_path: Path) -> None:
    for weighting in ("tfidf", "sif"):
        fitted = pipeline(weighting=weighting, epochs=1).fit(*task)
        joblib.dump(fitted, tmp_path / "pipeline.joblib")
        for again in (
            joblib.load(tmp_path / "pipeline.joblib"),
            pickle.loads(pickle.dumps(fitted)),
        ):
            assert np.array_equal(again[0].transform(task.texts), fitted[0].transform(task.texts))
            assert np.array_equal(again.predict(task.texts), fitted.predict(task.texts))


def test_vectors_may_be_given_in_many_ways(tmp_path: Path) -> None:
    text = [["cat", "dog", "cow"], ["red", "blue", "pink"]] * 10
    model = tw.Word2Vec(text, **SMALL)
    save(model.wv, tmp_path / "v.txt")
    model.save(tmp_path / "model.npz")
    of_gensim = pytest.importorskip("gensim").models.KeyedVectors(8)
    of_gensim.add_vectors(model.wv.index_to_key, model.wv.vectors)
    documents = ["Cat, dog.", ["red", "unknown", "red"]]
    expected = np.stack([model.wv[words].mean(axis=0) for words in (["cat", "dog"], ["red"])])
    ways = [model, model.wv, tmp_path / "v.txt", str(tmp_path / "model.npz"), of_gensim]
    fitted = [Word2VecVectorizer(vectors).fit(documents) for vectors in ways]
    for vectorizer in fitted:
        np.testing.assert_allclose(vectorizer.transform(documents), expected, rtol=1e-6)
        again = pickle.loads(pickle.dumps(vectorizer))
        assert np.array_equal(again.transform(documents), vectorizer.transform(documents))
    model.train(text, epochs=3, total_examples=20)
    np.testing.assert_allclose(fitted[0].transform(documents), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("vectors", "told"),
    [
        ("no.txt", "no.txt does not exist|no.txt cannot be read"),
        (".", r"vectors is the folder \.; name a file"),
        (np.eye(2), "vectors must be WordVectors, a Word2Vec or the path of a file, not array"),
        (tw.WordVectors(["cat"], [[1.0]]), "no word of these documents has a vector"),
    ],
)
def test_vectors_that_are_none_are_refused(vectors: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        Word2VecVectorizer(vectors).fit(["you say"])


def test_documents_of_unknown_words_are_zeros_and_counted() -> None:
    vectorizer = Word2VecVectorizer(tw.WordVectors(["cat", "red"], np.eye(2)), weighting="sif")
    with pytest.warns(UserWarning, match="2 of 3 documents hold no word that has a vector") as told:
        vectors = vectorizer.fit_transform(["cat", "", "unknown"])
    assert len(told) == 1
    assert vectors[1:].tolist() == [[0, 0], [0, 0]]
    assert vectorizer.transform([]).shape == (0, 2)
    with pytest.raises(NotFittedError):
        Word2VecVectorizer().transform(["cat"])
    with pytest.raises(ValueError, match="the text has no words"):
        Word2VecVectorizer().fit([])
