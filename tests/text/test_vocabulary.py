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
        (Counter("aaabbc"), 4, r"min_count 4 leaves 0 of 3 words.*'a' \(3\).*use min_count=2"),
        (Counter("aaabbc"), 3, "leaves 1 of 3 words.*use min_count=2"),
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


@given(st.dictionaries(st.text(st.characters()), st.integers(0, 2**63 - 1), max_size=9))
def test_saved_words_come_back(tmp_path_factory, counts):
    path = tmp_path_factory.mktemp("vocabulary") / "v.json"
    saved = Vocabulary(list(counts), list(counts.values()))
    saved.save(path)
    loaded = Vocabulary.load(path)
    assert loaded.words == saved.words
    np.testing.assert_array_equal(loaded.counts, saved.counts)


def test_halves_of_characters_come_back(tmp_path):
    words = ["\ud83d", "\ude42", "\ud83d\ude42", "🙂", "a\tb\nc", "\0", ""]
    Vocabulary(words, range(7)).save(tmp_path / "v.json")
    assert Vocabulary.load(tmp_path / "v.json").words == words


def test_wrong_vocabulary_files_are_named(tmp_path):
    path = tmp_path / "v.json"
    form = '{"format": "tinygrad_w2v vocabulary", '
    cases = [
        ("", "damaged or not a vocabulary"),
        ("[" * 100_000, "damaged or not a vocabulary"),
        ("[1]", "is not a vocabulary"),
        ('{"words": ["a"], "counts": [1]}', "is not a vocabulary"),
        (form + '"words": "ab", "counts": [1, 2]}', "words are not a list"),
        (form + '"words": [1], "counts": [1]}', "words are not a list"),
        (form + '"words": ["a"], "counts": [-1]}', "counts are not a list of whole numbers"),
        (form + '"words": ["a"], "counts": [true]}', "counts are not a list of whole numbers"),
        (form + '"words": ["a"], "counts": [1e3]}', "counts are not a list of whole numbers"),
        (form + f'"words": ["a"], "counts": [{2**63}]}}', "counts are not a list"),
        (form + '"words": ["a"], "counts": []}', "one count a word"),
        (form + '"words": ["a", "a"], "counts": [1, 1]}', "'a' twice"),
    ]
    for text, message in cases:
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=message) as caught:
            Vocabulary.load(path)
        assert "v.json" in str(caught.value)
    path.write_bytes(b"\xff")
    with pytest.raises(InputError, match="damaged"):
        Vocabulary.load(path)
    with pytest.raises(InputError, match="cannot be read"):
        Vocabulary.load(tmp_path / "none.json")
