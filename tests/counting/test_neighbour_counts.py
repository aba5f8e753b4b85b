"""Co-occurrence counts against a loop, whatever holds the text and wherever blocks end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_w2v._base.errors import InputError, ShapeError
from tinygrad_w2v.counting import cooccurrence
from tinygrad_w2v.sources import keep_probability
from tinygrad_w2v.sources.windows import WindowSettings, WindowSource
from tinygrad_w2v.text import Corpus, Vocabulary, build_corpus, preprocess

pytest.importorskip("scipy.sparse")

BOOK = "You say goodbye and I say hello."
WEIGHT = {
    None: lambda distance, window: 1,
    "harmonic": lambda distance, window: 1 / distance,
    "linear": lambda distance, window: (window - distance + 1) / window,
}


def count_by_loop(sentences, size, window, weighting=None, symmetric=True):
    counts = np.zeros((size, size))
    for sentence in sentences:
        for place, word in enumerate(sentence):
            for other in range(place + 1, min(place + window + 1, len(sentence))):
                weight = WEIGHT[weighting](other - place, window)
                counts[word, sentence[other]] += weight
                if symmetric:
                    counts[sentence[other], word] += weight
    return counts


def as_corpus(sentences) -> Corpus:
    ids = np.array([word for sentence in sentences for word in sentence], dtype=np.int32)
    offsets = np.cumsum([0, *map(len, sentences)]).astype(np.int64)
    return Corpus(ids, offsets, len(ids))


texts = st.lists(st.lists(st.integers(0, 6), max_size=12), max_size=8)


@given(
    texts,
    st.integers(1, 6),
    st.sampled_from([None, "harmonic", "linear"]),
    st.booleans(),
    st.integers(1, 40),
)
def test_equals_a_loop(sentences, window, weighting, symmetric, block_pairs) -> None:
    counts = cooccurrence(
        as_corpus(sentences), 7, window, weighting, symmetric, block_pairs=block_pairs
    )
    expected = count_by_loop(sentences, 7, window, weighting, symmetric)
    if weighting is None:
        assert counts.dtype == np.int64
        assert np.array_equal(counts.toarray(), expected)
    else:
        assert np.allclose(counts.toarray(), expected, rtol=1e-13, atol=0)
    assert counts.nnz == np.count_nonzero(expected)
    assert counts.has_canonical_format


@given(texts, st.sampled_from([None, "harmonic", "linear"]))
def test_where_blocks_end_changes_no_bit(sentences, weighting) -> None:
    small, large = (
        cooccurrence(as_corpus(sentences), 7, 5, weighting, block_pairs=size) for size in (7, 10**6)
    )
    assert np.array_equal(small.toarray(), large.toarray())
    assert np.array_equal(small.toarray(), small.toarray().T)


def test_harmonic_weights_of_a_window_too_wide_for_whole_numbers(rng) -> None:
    sentences = [rng.integers(0, 5, 60).tolist()]
    counts = cooccurrence(as_corpus(sentences), 5, 40, "harmonic", block_pairs=100)
    assert np.allclose(counts.toarray(), count_by_loop(sentences, 5, 40, "harmonic"), rtol=1e-12)


def test_the_books_matrix() -> None:
    ids, _, id_to_word = preprocess(BOOK)
    expected = [
        [0, 1, 0, 0, 0, 0, 0],
        [1, 0, 1, 0, 1, 1, 0],
        [0, 1, 0, 1, 0, 0, 0],
        [0, 0, 1, 0, 1, 0, 0],
        [0, 1, 0, 1, 0, 0, 0],
        [0, 1, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 1, 0],
    ]
    for vocabulary in (None, 7, id_to_word, list(id_to_word.values())):
        assert cooccurrence(ids, vocabulary, window=1).toarray().tolist() == expected
    for kind in (np.uint64, np.int16):
        assert cooccurrence(ids.astype(kind), window=1).toarray().tolist() == expected
    assert cooccurrence(ids.tolist(), window=1).toarray().tolist() == expected
    known = cooccurrence(ids, id_to_word, window=1).vocabulary
    assert known.words == list(id_to_word.values())
    assert known.counts.tolist() == [1, 2, 1, 1, 1, 1, 1]


def test_sentences_are_counted_alike_read_whole_or_streamed(rng) -> None:
    letters = [str(letter) for letter in "abcdefgh"]
    text = [list(rng.choice(letters, size)) for size in rng.integers(0, 20, 40)]
    vocabulary, corpus = build_corpus(text, min_count=1)
    expected = cooccurrence(corpus, vocabulary, window=3).toarray()
    streamed = cooccurrence((words for words in text), vocabulary, window=3, block_pairs=30)
    assert np.array_equal(streamed.toarray(), expected)
    assert streamed.vocabulary.words == vocabulary.words
    without = cooccurrence(text, window=3)
    assert without.vocabulary.words == vocabulary.words
    assert np.array_equal(without.vocabulary.counts, vocabulary.counts)
    assert np.array_equal(without.toarray(), expected)
    listed = cooccurrence(text, vocabulary.words, window=3)
    assert np.array_equal(listed.toarray(), expected)
    assert np.array_equal(listed.vocabulary.counts, vocabulary.counts)


def test_unknown_words_leave_their_sentence() -> None:
    counts = cooccurrence([["a", "zzz", "b"]], ["a", "b"], window=1)
    assert counts.toarray().tolist() == [[0, 1], [1, 0]]


def test_subsampling_keeps_the_words_that_training_keeps(rng) -> None:
    ids = rng.zipf(1.5, 3000).clip(max=20).astype(np.int32) - 1
    corpus = Corpus(ids, np.arange(0, 3001, 30), 3000)
    vocabulary = Vocabulary([f"w{id_}" for id_ in range(20)], np.bincount(ids, minlength=20))
    expected = np.zeros((20, 20))
    settings = WindowSettings(window=2, shrink_windows=False, sample=0.05, negative=0, seed=3)
    for batch, _ in WindowSource(corpus, vocabulary.counts, settings).batches(epoch=0):
        np.add.at(expected, (batch.center[:, None], batch.contexts), 1)
    options = {"window": 2, "sample": 0.05, "seed": 3}
    counts = cooccurrence(corpus, vocabulary, **options)
    assert np.array_equal(counts.toarray(), expected)
    assert np.array_equal(
        cooccurrence(corpus, vocabulary, **options, block_pairs=50).toarray(), expected
    )
    streamed = ([f"w{id_}" for id_ in corpus.sentence(s)] for s in range(corpus.sentences))
    again = cooccurrence(streamed, vocabulary, **options, block_pairs=500)
    assert np.array_equal(again.toarray(), expected)
    assert keep_probability(vocabulary.counts, 0.05).min() < 0.5


def test_linear_weights_are_the_mean_of_shrunk_windows(rng) -> None:
    ids = rng.integers(0, 4, 2000).astype(np.int32)
    corpus = Corpus(ids, np.array([0, 2000]), 2000)
    drawn = np.zeros((4, 4))
    epochs = 30
    source = WindowSource(corpus, np.bincount(ids), WindowSettings(window=4, sample=0, negative=0))
    for epoch in range(epochs):
        for batch, _ in source.batches(epoch):
            np.add.at(drawn, (batch.center[:, None], batch.contexts), 1 / epochs)
    assert np.allclose(cooccurrence(corpus, 4, 4, "linear").toarray(), drawn, rtol=0.02)


def test_a_text_without_pairs_counts_nothing() -> None:
    assert cooccurrence([["a"], [], ["b"]], ["a", "b"]).nnz == 0
    assert cooccurrence(np.array([0]), 3).shape == (3, 3)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("you say goodbye",), "one string"),
        ((["you say", "goodbye"],), "sentence 0 is the string 'you say'"),
        (([[1, 2], [3]],), "no word"),
        (([["a"], ["b"]], 2), "goes with word ids"),
        ((3,), "type int"),
        ((np.array([0.5, 1.0]),), "whole numbers"),
        ((np.array([0, 5]), 3), "the id 5"),
        ((np.array([0, -1]), 3), "the id -1"),
        ((np.array([], dtype=int),), "no words to count"),
        ((np.array([0, 1]), {"you": 0, "say": 1}), "id_to_word"),
        ((np.array([0, 1]), None, 0), "window must be 1"),
        ((np.array([0, 1]), None, 2, "cosine"), "distance_weighting is 'cosine'"),
    ],
)
def test_what_cannot_be_counted_is_refused(arguments, says) -> None:
    with pytest.raises(InputError, match=says):
        cooccurrence(*arguments)


def test_ids_are_one_row() -> None:
    with pytest.raises(ShapeError, match=r"\(2, 2\)"):
        cooccurrence(np.zeros((2, 2), dtype=int))
