"""The training run: it learns, it is stable at its defaults, it repeats itself bit by bit."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from tinygrad_w2v._base.errors import InputError, NonFiniteError
from tinygrad_w2v.text.builtin import builtin_corpus_lines
from tinygrad_w2v.text.corpus import Corpus, build_corpus
from tinygrad_w2v.text.tokenizing import tokenize
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.word2vec import TrainingSettings, train_vectors, windows_in_batch


@pytest.fixture(scope="module")
def english() -> tuple[Vocabulary, Corpus]:
    return build_corpus(tokenize(builtin_corpus_lines()[:6000]))


def two_topics(rng: np.random.Generator, sentences: int = 600) -> list[list[str]]:
    """Sentences of one topic each: words of one topic never meet those of the other."""
    topics = [["cat", "dog", "cow", "hen"], ["red", "blue", "pink", "grey"]]
    return [list(rng.choice(topics[i % 2], size=8)) for i in range(sentences)]


@pytest.mark.parametrize("model", ["cbow", "skipgram"])
@pytest.mark.parametrize("compat", [None, "word2vec"])
def test_words_of_one_topic_become_neighbours(model, compat, rng) -> None:
    vocabulary, corpus = build_corpus(two_topics(rng))
    settings = TrainingSettings(model, size=16, sample=0, compat=compat, epochs=3)
    vectors = train_vectors(vocabulary, corpus, settings).vectors
    assert {word for word, _ in vectors.most_similar("cat", topn=3)} == {"dog", "cow", "hen"}
    assert {word for word, _ in vectors.most_similar("red", topn=3)} == {"blue", "pink", "grey"}


@pytest.mark.parametrize("model", ["cbow", "skipgram"])
def test_stable_at_the_defaults(model, english) -> None:
    """A summed loss over larger batches would diverge at these rates; 256 windows do not."""
    trained = train_vectors(*english, TrainingSettings(model, epochs=3))
    losses = trained.history.losses
    assert 200 < windows_in_batch(TrainingSettings(model), english[0].counts) <= 256
    assert losses[0] < 6 * np.log(2)  # what guessing costs: K + 1 even decisions
    assert losses[0] > losses[1] > losses[2]
    assert np.isfinite(trained.vectors.vectors).all()
    assert np.linalg.norm(trained.vectors.vectors, axis=1).max() < 20


@pytest.mark.parametrize("model", ["cbow", "skipgram"])
@pytest.mark.parametrize("sample", [0, 1e-3])
@pytest.mark.parametrize("words", [6, 50, pytest.param(400, marks=pytest.mark.proof)])
def test_stable_at_the_defaults_with_few_words(model, sample, words, rng) -> None:
    """Each of few words is read often, so that a batch of 256 windows would overshoot."""
    share = 1 / np.arange(1, words + 1) ** 1.3
    ids = rng.choice(words, size=(600, 10), p=share / share.sum())
    vocabulary, corpus = build_corpus([[f"w{i}" for i in row] for row in ids.tolist()])
    trained = train_vectors(vocabulary, corpus, TrainingSettings(model, sample=sample, epochs=2))
    assert trained.history.losses[1] <= trained.history.losses[0] < 6 * np.log(2)
    assert np.linalg.norm(trained.vectors.vectors, axis=1).max() < 20


def test_a_rate_that_is_too_large_is_said(english) -> None:
    settings = TrainingSettings("skipgram", alpha=1e20, epochs=1, batch=256)
    with pytest.raises(
        NonFiniteError, match=r"training diverged in epoch 1 at batch .*rate \(alpha\)"
    ):
        train_vectors(*english, settings)


def test_the_seed_is_all_that_is_random(rng) -> None:
    vocabulary, corpus = build_corpus(two_topics(rng))

    def vectors(seed: int) -> bytes:
        settings = TrainingSettings(size=8, epochs=1, seed=seed)
        return train_vectors(vocabulary, corpus, settings).vectors.vectors.tobytes()

    assert vectors(1) == vectors(1)
    assert vectors(1) != vectors(2)
    assert vectors(-1) != vectors(1)  # any integer will do


def test_negatives_a_pair_change_skipgram_and_leave_cbow_as_it_is(rng) -> None:
    vocabulary, corpus = build_corpus(two_topics(rng, 300))

    def trained(model: str, shared: bool):
        settings = TrainingSettings(model, size=8, epochs=2, sample=0, shared_negatives=shared)
        return train_vectors(vocabulary, corpus, settings)

    shared, pairs = trained("skipgram", True), trained("skipgram", False)
    assert shared.vectors.vectors.tobytes() != pairs.vectors.vectors.tobytes()
    # As many questions, asked of other words: the loss is nearly the same.
    np.testing.assert_allclose(shared.history.losses, pairs.history.losses, rtol=0.02)
    cbow = [trained("cbow", shared).vectors.vectors.tobytes() for shared in (True, False)]
    assert cbow[0] == cbow[1]


PROGRAM = """
import hashlib
from tinygrad_w2v.text.corpus import build_corpus
from tinygrad_w2v.word2vec import TrainingSettings, train_vectors
words = "you say goodbye and i say hello to all of them".split()
vocabulary, corpus = build_corpus([words[i % 5 :] for i in range(200)])
trained = train_vectors(vocabulary, corpus, TrainingSettings(size=8, epochs=2))
print(hashlib.sha256(trained.vectors.vectors.tobytes()).hexdigest(), vocabulary.words)
"""


@pytest.mark.process
def test_same_bytes_whatever_the_hash_seed() -> None:
    outputs = set()
    for hash_seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", PROGRAM]
        done = subprocess.run(command, env=environment, capture_output=True, check=True)
        outputs.add(done.stdout)
    assert len(outputs) == 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"model": "glove"}, "model must be one of cbow, skipgram, not 'glove'"),
        ({"compat": "gensim"}, "compat must be None or 'word2vec'"),
        ({"size": 0}, "size must be 1 or more, not 0"),
        ({"window": -2}, "window must be 1 or more, not -2"),
        ({"negative": 0}, "negative must be 1 or more, not 0"),
        ({"epochs": 0}, "epochs must be 1 or more, not 0"),
        ({"batch": 0}, "batch must be 1 or more, not 0"),
        ({"min_count": -1}, "min_count must be 0 or more, not -1"),
        ({"max_vocab": 0}, "max_vocab must be 1 or more, not 0"),
        ({"sample": float("nan")}, "sample must be 0 or more .* not nan"),
        ({"sample": -1e-3}, "sample must be 0 or more"),
        ({"ns_exponent": float("inf")}, "ns_exponent must be a finite number"),
        ({"alpha": float("nan")}, "alpha must be a positive number .*0.025 is usual.*, not nan"),
        ({"alpha": 0.0}, "alpha must be a positive number"),
        ({"alpha": float("inf")}, "alpha must be a positive number"),
        ({"min_alpha": float("nan")}, "min_alpha must be from 0 to alpha"),
        ({"min_alpha": 0.5}, r"min_alpha must be from 0 to alpha \(0.025\), not 0.5"),
    ],
)
def test_wrong_settings_are_named_before_any_text_is_read(wrong, message) -> None:
    with pytest.raises(InputError, match=message):
        TrainingSettings(**({"model": "skipgram"} | wrong))


def test_a_window_larger_than_the_text_is_said() -> None:
    vocabulary, corpus = build_corpus([["you", "say", "you"]], min_count=1)
    with pytest.raises(InputError, match="window 5 is larger than the text of 3"):
        train_vectors(vocabulary, corpus)
