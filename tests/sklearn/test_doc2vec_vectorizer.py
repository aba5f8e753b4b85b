"""`Doc2VecVectorizer`: rows that are inferred, in scikit-learn's hands."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.sklearn import Doc2VecVectorizer

SMALL: dict[str, Any] = {
    "vector_size": 8,
    "min_count": 1,
    "sample": 0,
    "dm": 0,
    "alpha": 0.3,
    "engine": "numpy",
}


@pytest.fixture(scope="module")
def fitted(task: Any) -> Any:
    pipeline = make_pipeline(Doc2VecVectorizer(**SMALL), LogisticRegression(C=100))
    return pipeline.fit(task.texts[:80], task.kinds[:80])


def test_a_pipeline_learns_kinds_of_texts(task: Any, fitted: Any) -> None:
    assert fitted.score(task.texts[80:160], task.kinds[80:160]) > 0.9
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again[0].transform(task.texts[:9]), fitted[0].transform(task.texts[:9]))
    assert np.array_equal(again.predict(task.texts[:9]), fitted.predict(task.texts[:9]))


def test_a_document_has_the_same_bytes_in_any_company(task: Any, fitted: Any) -> None:
    vectorizer, texts = fitted[0], task.texts[:4]
    together = vectorizer.transform(texts)
    alone = [vectorizer.transform([text])[0] for text in reversed(texts)]
    assert np.array_equal(together, alone[::-1])
    assert np.array_equal(together[0], vectorizer.model_.infer_vector(texts[0].split()))
    longer = clone(vectorizer).set_params(model=vectorizer.model_, infer_epochs=20)
    assert not np.array_equal(together, longer.fit_transform(texts))


def test_it_trains_the_model_that_its_keywords_say(task: Any) -> None:
    texts = task.texts[:9]
    documents = [tw.TaggedDocument(text.split(), [n]) for n, text in enumerate(texts)]
    for others in ({}, {"dm": 1, "dm_concat": 1, "window": 2}, {"dbow_words": 1, "epochs": 2}):
        model = tw.Doc2Vec(documents, seed=5, workers=1, **SMALL | others)
        vectorizer = Doc2VecVectorizer(**SMALL | others, random_state=5)
        at_once = vectorizer.fit_transform(texts)
        assert np.array_equal(vectorizer.model_.dv.vectors, model.dv.vectors)
        assert np.array_equal(at_once, vectorizer.transform(texts))
        assert np.array_equal(at_once, model.infer_vectors([text.split() for text in texts]))
        given = Doc2VecVectorizer(model).fit(["cat"])
        assert given.model_ is model
        assert np.array_equal(given.transform(texts), at_once)


def test_names_frames_zeros_and_refusals(task: Any, fitted: Any) -> None:
    vectorizer = Doc2VecVectorizer(fitted[0].model_).set_output(transform="pandas")
    with pytest.warns(UserWarning, match="2 of 3 documents hold no word that has a vector"):
        table = vectorizer.fit_transform(["cat", "", "unknown"])
    assert table.columns.tolist() == [f"doc2vecvectorizer{place}" for place in range(8)]
    assert not table.to_numpy()[1:].any()
    with pytest.raises(NotFittedError):
        clone(vectorizer).transform(["cat"])
    with pytest.raises(InputError, match="model is not trained"):
        Doc2VecVectorizer(tw.Doc2Vec()).fit(["cat"])
    with pytest.raises(InputError, match="random_state must be a whole number, a RandomState or"):
        Doc2VecVectorizer(random_state=np.random.default_rng(1)).fit(["cat dog"])
    with pytest.raises(InputError, match="tokenizer must be the name of a tokenizer or a function"):
        Doc2VecVectorizer(tokenizer=None).fit(["cat dog"])
    with pytest.raises(InputError, match="model must be a Doc2Vec, not 3"):
        Doc2VecVectorizer(3).fit(["cat"])
    with pytest.raises(InputError, match="window must be 1 or more, not 0"):
        Doc2VecVectorizer(window=0).fit(["cat dog"])
    with pytest.raises(TypeError, match="no argument 'workers': write `n_jobs=`"):
        Doc2VecVectorizer(workers=1)


def test_empty_documents_are_zeros_and_teach_nothing(task: Any) -> None:
    texts = ["", *task.texts[:4], "", " ... ", *task.texts[4:9], ""]
    with pytest.warns(UserWarning, match="4 of 13 documents hold no word that has a vector"):
        vectors = (vectorizer := Doc2VecVectorizer(**SMALL)).fit_transform(texts)
    assert np.flatnonzero(~vectors.any(axis=1)).tolist() == [0, 5, 6, 12]
    assert vectorizer.model_.corpus_count == 9
    with pytest.raises(InputError, match="document 0 has no words"):
        Doc2VecVectorizer(**SMALL).fit(["", "..."])
