"""Each weighting against numbers that are computed by hand."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from tinygrad_w2v import WordVectors
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.sklearn import Word2VecVectorizer

WORDS = ["you", "say", "goodbye", "i", "hello", "never"]
TEXTS = ["you say goodbye", "i say hello hello", "you you say what", "hello i", "what"]


@pytest.fixture
def wv(rng: np.random.Generator) -> WordVectors:
    return WordVectors(WORDS, rng.normal(size=(len(WORDS), 4)))


def known(text: str) -> list[str]:
    return [word for word in text.split() if word in WORDS]


def fitted(wv: WordVectors, weighting: str, **others: float) -> Word2VecVectorizer:
    return Word2VecVectorizer(wv, weighting=weighting, **others).fit(TEXTS)


NO_WORDS = pytest.mark.filterwarnings("ignore:1 of .* hold no word")


@NO_WORDS
def test_the_mean(wv: WordVectors) -> None:
    expected = [wv[known(text)].mean(axis=0) for text in TEXTS[:-1]] + [np.zeros(4)]
    np.testing.assert_allclose(fitted(wv, "mean").transform(TEXTS), expected, rtol=1e-12)


@NO_WORDS
def test_tfidf_by_hand(wv: WordVectors) -> None:
    df = Counter(word for text in TEXTS for word in set(text.split()))
    idf = {word: math.log((1 + len(TEXTS)) / (1 + df[word])) + 1 for word in WORDS}
    # `never` is in no document that was learned from.
    for text in [*TEXTS[:-1], "you never say never"]:
        weights = np.array([idf[word] for word in known(text)])
        expected = weights @ wv[known(text)] / weights.sum()
        np.testing.assert_allclose(fitted(wv, "tfidf").transform([text])[0], expected, rtol=1e-12)


@NO_WORDS
def test_tfidf_is_that_of_scikit_learn(wv: WordVectors) -> None:
    plain = TfidfVectorizer(vocabulary=WORDS, token_pattern=r"\w+", norm="l1")
    expected = plain.fit_transform(TEXTS) @ wv.vectors
    np.testing.assert_allclose(fitted(wv, "tfidf").transform(TEXTS), expected, rtol=1e-12)


@NO_WORDS
@pytest.mark.parametrize("a", [1e-3, 0.5])
def test_sif_by_hand(wv: WordVectors, a: float) -> None:
    counts = Counter(word for text in TEXTS for word in known(text))
    p = {word: counts[word] / counts.total() for word in WORDS}

    def before(text: str) -> np.ndarray:
        vectors = [a / (a + p[word]) * wv[word] for word in known(text)]
        return sum(vectors) / len(vectors) if vectors else np.zeros(4)

    u = np.linalg.svd([before(text) for text in TEXTS])[2][0]
    vectorizer = fitted(wv, "sif", a=a)
    for text in [*TEXTS, "you never say never"]:
        expected = before(text) - u * (u @ before(text))
        got = vectorizer.transform([text])[0]
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12)


@NO_WORDS
@pytest.mark.parametrize("weighting", ["mean", "tfidf", "sif"])
def test_a_document_has_the_same_bytes_in_any_company(wv: WordVectors, weighting: str) -> None:
    vectorizer = fitted(wv, weighting)
    together = vectorizer.transform(TEXTS)
    alone = np.concatenate([vectorizer.transform([text]) for text in reversed(TEXTS)])
    assert np.array_equal(together, alone[::-1])


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"weighting": "idf"}, "weighting must be 'mean', 'tfidf' or 'sif', not 'idf'"),
        ({"weighting": None}, "weighting must be .*, not None"),
        ({"weighting": "sif", "a": 0}, "a must be a finite number above 0, not 0"),
        ({"weighting": "sif", "a": "x"}, "a must be a number, not 'x'"),
        ({"weighting": "sif", "a": float("nan")}, "a must be"),
        ({"weighting": "sif", "a": float("inf")}, "a must be a finite number above 0, not inf"),
    ],
)
def test_a_weighting_that_is_none_is_refused(wrong: dict, told: str, wv: WordVectors) -> None:
    with pytest.raises(InputError, match=told):
        Word2VecVectorizer(wv, **wrong).fit(TEXTS)
