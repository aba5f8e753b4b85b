from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.text.vocabulary import Vocabulary


@given(st.dictionaries(st.text(), st.integers(1, 9), min_size=2), st.integers(0, 9))
def test_falling_count_then_first_seen(counts, min_count):
    expected = sorted(
        (word for word in counts if counts[word] >= min_count), key=lambda word: -counts[word]
    )
    if len(expected) < 2:
        with pytest.raises(InputError):
            Vocabulary.from_counts(counts, min_count)
        return
    vocabulary = Vocabulary.from_counts(counts, min_count)
    assert vocabulary.words == expected
    assert vocabulary.counts.tolist() == [counts[word] for word in expected]
    assert vocabulary.id_to_word == dict(enumerate(expected))
    ids = vocabulary.encode(list(counts))
    assert [vocabulary.words[id_] for id_ in ids] == [word for word in counts if word in expected]


def test_max_size_raises_min_count():
    counts = {"a": 9, "b": 5, "c": 5, "d": 1}
    assert Vocabulary.from_counts(counts, 1, max_size=3).words == ["a", "b", "c"]
    with pytest.raises(InputError, match="max_final_vocab 2 leaves fewer than 2 of 4"):
        Vocabulary.from_counts(counts, 1, max_size=2)


def test_messages_name_the_remedy():
    cases = [
        ({}, 1, "no words"),
        ({"one": 7}, 1, r"only one word, 'one' \(7 times\)"),
        (Counter("aaabbc"), 4, r"min_count 4 leaves 0 of 3 words.*'a' \(3\).*use --min-count 2"),
        (Counter("aaabbc"), 3, "leaves 1 of 3 words.*use --min-count 2"),
        (Counter("aaabbc"), -1, "min_count must be 0 or more"),
    ]
    for counts, min_count, message in cases:
        with pytest.raises(InputError, match=message):
            Vocabulary.from_counts(counts, min_count)
    with pytest.raises(InputError, match="'a' twice"):
        Vocabulary(["a", "b", "a"], [1, 2, 3])
    with pytest.raises(InputError, match="one count a word"):
        Vocabulary(["a", "b"], [1])
    with pytest.raises(InputError, match="max_final_vocab must be"):
        Vocabulary.from_counts({"a": 1}, 1, max_size=0)


def test_encode_nothing():
    ids = Vocabulary(["a", "b"], [1, 1]).encode([])
    assert ids.dtype == np.int32 and ids.shape == (0,)
