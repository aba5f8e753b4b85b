import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_w2v.text import word_table
from tinygrad_w2v.text.word_table import WordTable, split_lines


class Numbering(dict):
    def __missing__(self, word):
        self[word] = len(self)
        return self[word]


def assert_as_python(texts):
    numbering, expected = Numbering(), Numbering()
    table = WordTable(lambda words: map(numbering.__getitem__, words))
    for text in texts:
        words, ends = split_lines(text)
        numbers, found_ends = table.numbers(text)
        assert numbers.tolist() == [expected[word] for word in words]
        assert found_ends.tolist() == ends.tolist()
        assert numbers.dtype == np.int32
    # New words are met in the order of the text.
    assert list(numbering) == list(expected)


@given(st.lists(st.text(st.characters(), max_size=60), max_size=5))
def test_any_text(texts):
    assert_as_python(texts)


@given(
    st.lists(st.lists(st.text("ab", max_size=20), max_size=30).map(" ".join), max_size=4),
    st.integers(1, 4),
)
def test_crowded_tables_of_words_of_all_lengths(texts, bits):
    usual, word_table._BITS = word_table._BITS, bits
    try:
        assert_as_python(texts)
    finally:
        word_table._BITS = usual


@pytest.mark.parametrize("length", [1, 7, 8, 9, 15, 16, 17, 24, 40])
def test_words_that_differ_in_one_byte_only(length):
    words = [bytes(97 + (place == n) for place in range(length)).decode() for n in range(length)]
    text = " ".join([*words, *words, *(word + "a" for word in words), "a" * length])
    for before in range(9):
        assert_as_python([" " * before + text, text])


def test_every_blank_of_python():
    blanks = [chr(code) for code in range(0x110000) if chr(code).isspace()]
    assert_as_python(
        ["a" + "b".join(blanks) + "c", "".join(f"{n}{b}" for n, b in enumerate(blanks))]
    )


def test_words_are_asked_for_once_when_there_is_room():
    asked = []

    def numbers(words):
        asked.extend(words)
        return range(len(words))

    table = WordTable(numbers)
    table.numbers("you say goodbye and i say hello")
    before = len(asked)
    table.numbers("hello goodbye i say you and")
    assert len(asked) == before
