import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_w2v._base.errors import InputError, ShapeError
from tinygrad_w2v.text.book import convert_one_hot, create_contexts_target, preprocess


def test_the_books_example():
    corpus, word_to_id, id_to_word = preprocess("You say goodbye and I say hello.")
    np.testing.assert_array_equal(corpus, [0, 1, 2, 3, 4, 1, 5, 6])
    words = ["you", "say", "goodbye", "and", "i", "hello", "."]
    assert id_to_word == dict(enumerate(words))
    assert word_to_id == {word: id_ for id_, word in enumerate(words)}
    contexts, target = create_contexts_target(corpus, window_size=1)
    np.testing.assert_array_equal(contexts, [[0, 2], [1, 3], [2, 4], [3, 1], [4, 5], [1, 6]])
    np.testing.assert_array_equal(target, [1, 2, 3, 4, 1, 5])
    assert convert_one_hot(target, 7).shape == (6, 7)
    one_hot = convert_one_hot(contexts, 7)
    assert one_hot.shape == (6, 2, 7) and one_hot.dtype == np.float32
    np.testing.assert_array_equal(one_hot.sum(axis=-1), 1)
    np.testing.assert_array_equal(one_hot.argmax(axis=-1), contexts)


def books_contexts_target(corpus, window_size):
    """The book's own loop."""
    target = corpus[window_size:-window_size]
    contexts = []
    for idx in range(window_size, len(corpus) - window_size):
        cs = []
        for t in range(-window_size, window_size + 1):
            if t == 0:
                continue
            cs.append(corpus[idx + t])
        contexts.append(cs)
    return np.array(contexts), np.array(target)


@given(st.integers(1, 3), st.lists(st.integers(0, 9), min_size=7, max_size=20))
def test_contexts_equal_the_books_loop(window_size, ids):
    got = create_contexts_target(np.array(ids), window_size)
    for mine, books in zip(got, books_contexts_target(ids, window_size), strict=True):
        np.testing.assert_array_equal(mine, books)
        assert mine.flags.writeable


@given(st.text())
def test_preprocess_round_trip(text):
    corpus, _, id_to_word = preprocess(text)
    assert " ".join(id_to_word[id_] for id_ in corpus) == text.lower().replace(".", " .")


def test_wrong_input_is_named():
    with pytest.raises(InputError, match="one string, not list"):
        preprocess(["a"])
    with pytest.raises(ShapeError, match=r"\(2, 2\)"):
        create_contexts_target(np.zeros((2, 2), int))
    with pytest.raises(InputError, match="window_size must be 1 or more, not 0"):
        create_contexts_target(np.arange(5), 0)
    with pytest.raises(InputError, match="at least 7 words, but it has 5"):
        create_contexts_target(np.arange(5), 3)
    with pytest.raises(InputError, match="integer word ids, not float64"):
        create_contexts_target(np.ones(5))
    with pytest.raises(ShapeError, match=r"has shape \(\)"):
        convert_one_hot(np.array(3), 7)
    for wrong in (-1, 7):
        with pytest.raises(InputError, match=f"id {wrong} is not in 0 ... 6"):
            convert_one_hot(np.array([0, wrong]), 7)
    assert convert_one_hot([], 3).shape == (0, 3)
