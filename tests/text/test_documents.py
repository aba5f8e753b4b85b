"""Documents with tags: which row each tag has, and what is refused before anything is learned."""

from __future__ import annotations

import gzip
import io
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.text.documents import (
    TaggedDocument,
    TaggedLineDocument,
    TaggedText,
    TagRows,
    check_documents,
    checked_words,
)


def test_a_tagged_document_is_gensims() -> None:
    document = TaggedDocument(["you", "say"], [3])
    assert document == (["you", "say"], [3])
    assert document._fields == ("words", "tags")
    assert str(document) == "TaggedDocument<['you', 'say'], [3]>"
    assert TaggedDocument(words=["a"], tags=["b"]).tags == ["b"]


@given(st.lists(st.lists(st.text(min_size=1), min_size=1, max_size=4, unique=True), max_size=9))
def test_names_have_rows_in_the_order_they_are_met_in(tags: list[list[str]]) -> None:
    text = TaggedText([TaggedDocument(["w"], names) for names in tags])
    assert list(text) == [["w"]] * len(tags)
    keys = list(dict.fromkeys(name for names in tags for name in names))
    assert list(text.tags.index_to_key()) == keys
    flat, offsets = text.rows_of_documents()
    back = [[keys[row] for row in flat[a:b]] for a, b in itertools.pairwise(offsets)]
    assert back == tags
    assert text.counts().tolist() == [sum(key in names for names in tags) for key in keys]
    again = TaggedText(text.documents, text.tags, grow=False)
    assert list(again) == list(text)
    assert list(again.tags.index_to_key()) == keys


def test_whole_numbers_are_rows() -> None:
    text = TaggedText([TaggedDocument(["w"], [2]), TaggedDocument(["w"], [np.int64(0), 1])])
    list(text)
    assert text.tags.index_to_key() == range(3)
    assert [numbers.tolist() for numbers in text.rows_of_documents()] == [[2, 0, 1], [0, 1, 3]]
    assert text.check_holes() is None


def test_holes_are_told_and_refused_when_they_are_most_of_the_table() -> None:
    text = TaggedText([TaggedDocument(["w"], [tag]) for tag in (0, 5)])
    list(text)
    told = text.check_holes()
    assert told is not None and "rows, 0 to 5, and 4 of these rows are of no document" in told
    text = TaggedText([TaggedDocument(["w"], [tag]) for tag in (7, 2**60)])
    list(text)
    with pytest.raises(InputError, match=r"0 to 1,152,921,504,606,846,976, .*str\(num"):
        text.check_holes()
    more = TaggedText([TaggedDocument(["w"], [2])], TagRows(range(2)))
    list(more)
    assert more.check_holes() is None  # rows that were there are not of this text


def test_lines_are_documents_by_their_number(tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    path.write_text("\ufeffyou say\n\nhello\r\ngoodbye", encoding="utf-8")
    expected = [(["you", "say"], [0]), ([], [1]), (["hello"], [2]), (["goodbye"], [3])]
    lines = TaggedLineDocument(path)
    assert list(lines) == list(lines) == expected
    packed = tmp_path / "text.txt.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert list(TaggedLineDocument(packed)) == expected
    for file in (io.StringIO("a b\nc\n"), io.BytesIO(b"a b\nc\n")):
        open_file = TaggedLineDocument(file)
        assert list(open_file) == list(open_file) == [(["a", "b"], [0]), (["c"], [1])]


def test_a_document_may_be_longer_than_a_piece_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    long = [f"word{number}" for number in range(300_000)]
    path.write_text("first one\n" + " ".join(long) + "\nlast\n", encoding="utf-8")
    documents = list(TaggedLineDocument(path))
    assert [len(document.words) for document in documents] == [2, 300_000, 1]
    assert documents[1].words == long


def text_of(*documents: Any) -> Any:
    return lambda: list(TaggedText(list(documents)))


GOOD = TaggedDocument(["a"], ["x"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (text_of(["you", "say"]), r"document 0 is a list, and has no words and tags: give Tagged"),
        (text_of(GOOD, ["you"]), r"document 1 is a list"),
        (text_of(("you", ["x"])), r"document 0 is a tuple"),
        (text_of(TaggedDocument(["a"], "abc")), r"document 0: tags is the string 'abc', whose "
         r"letters would be 3 tags; give a list, tags=\['abc'\]"),
        (text_of(GOOD, TaggedDocument(["a"], 7)), r"document 1: tags is 7; give.*tags=\[7\]"),
        (text_of(GOOD, TaggedDocument(["a"], None)), r"document 1: tags is None; give.*\[tag\]"),
        (text_of(GOOD, TaggedDocument(["a"], [])), r"document 1 has no tag; give it one"),
        (text_of(TaggedDocument(["a"], [""])), r"document 0 has the tag ''; a tag is a str that"),
        (text_of(TaggedDocument(["a"], [-1])), r"document 0 has the tag -1; a tag is a str"),
        (text_of(TaggedDocument(["a"], [10**30])), r"document 0 has the tag 10{30}; a tag is"),
        (text_of(TaggedDocument(["a"], [True])), r"document 0 has the tag True; a tag"),
        (text_of(TaggedDocument(["a"], [1.5])), r"document 0 has the tag 1.5; a tag"),
        (text_of(TaggedDocument(["a"], ["x", "x"])), r"document 0 has the tag 'x' twice"),
        (text_of(GOOD, TaggedDocument(["a"], [5])), r"document 1 has the tag 5, and others before "
         r"it are str: .*give one kind, as by str\(number\)"),
        (text_of(TaggedDocument(["a"], [5, "x"])), r"the tag 'x', and others before it are whole"),
        (text_of(GOOD, TaggedDocument([], ["y"])), r"document 1 has no words; leave it out"),
        (text_of(TaggedDocument("you say", ["y"])), r"the words of document 0 are the string"),
        (text_of(TaggedDocument(["you", 3], ["y"])), r"document 0 holds 3, which is no word"),
        (text_of(TaggedDocument(None, ["y"])), r"the words of document 0 are None; give a list"),
        (lambda: check_documents("text.txt"), r"documents is 'text.txt'; give Tagged"),
        (lambda: check_documents(iter([GOOD])), r"a list_iterator, which can be read only once"),
        (lambda: check_documents(5), r"documents is 5; give an iterable of TaggedDocuments"),
        (lambda: check_documents([["a"]]), r"document 0 is a list"),
        (lambda: checked_words("you say", "the document"), r"the words of the document are the"),
        (lambda: list(TaggedText([GOOD], TagRows(["y"]), grow=False)), r"document 0 has the tag "
         r"'x', which this model does not know; build_vocab\(documents, update=True\) adds it"),
    ],
)  # fmt: skip
def test_what_would_be_misread_is_refused_in_one_line(call: Any, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
