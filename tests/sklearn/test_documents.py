"""What documents may be, how they are cut, and what is refused."""

from __future__ import annotations

import re
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.sklearn.documents import sentences_of_each


def test_texts_are_cut_into_sentences_of_words() -> None:
    texts = ["You say. I DON'T!", "", "3.14"]
    assert sentences_of_each(texts) == [[["you", "say"], ["i", "don't"]], [], [["3.14"]]]
    assert sentences_of_each(texts, "whitespace", lowercase=False)[0] == [
        ["You", "say.", "I", "DON'T!"]
    ]


def test_words_are_left_as_they_are() -> None:
    cut = [["You", "say"], ("I",), np.array(["A", "B"]), [["a", "b"], ["c"]], [], (w for w in "xy")]
    expected = [[["You", "say"]], [["I"]], [["A", "B"]], [["a", "b"], ["c"]], [], [["x", "y"]]]
    assert sentences_of_each(cut) == expected


@pytest.mark.parametrize("kind", [list, tuple, iter, np.array, pd.Series])
def test_any_iterable_of_texts_will_do(kind: Any) -> None:
    assert sentences_of_each(kind(["you say", "I say"])) == [[["you", "say"]], [["i", "say"]]]


def test_a_function_cuts_as_in_scikit_learn() -> None:
    assert sentences_of_each(["A-B c"], lambda text: text.split("-")) == [[["a", "b c"]]]
    assert sentences_of_each(["A-B c"], re.compile(r"\w").findall, lowercase=False) == [
        [["A", "B", "c"]]
    ]
    assert sentences_of_each(
        ["a b.c"], lambda text: [part.split() for part in text.split(".")]
    ) == [[["a", "b"], ["c"]]]


@pytest.mark.parametrize(
    ("X", "told"),
    [
        ("you say", "X must be an iterable of documents, not the str 'you say'"),
        (3, "not the int 3"),
        (pd.DataFrame({"text": ["you say"]}), r"table of shape \(1, 1\); give the column"),
        (np.array([["you say"]]), r"table of shape \(1, 1\)"),
        (["you say", None], "document 1 is the NoneType None; give a text"),
        (pd.Series(["you say", float("nan")], dtype=object), "document 1 is the float nan"),
        ([b"you say"], "document 0 is the bytes"),
        ([{"you", "say"}], "document 0 is the set"),
        ([{"you": 1}], "document 0 is the dict"),
        ([["you", 3]], r"document 0 is the list \['you', 3\]"),
        ([[["you"], "say"]], "document 0 is the list"),
        ([[1.5, 2.5]], "document 0 is the list"),
    ],
)
def test_what_is_no_document_is_refused_by_its_place(X: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        sentences_of_each(X)


def test_tokenizers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="there is no tokenizer 'char'"):
        sentences_of_each(["you"], "char")
    with pytest.raises(InputError, match="the tokenizer must return a list of words, not 'you'"):
        sentences_of_each(["you"], lambda text: text)
    with pytest.raises(InputError, match=r"raised ZeroDivisionError at .*test_documents.py"):
        sentences_of_each(["you"], lambda text: 1 / 0)
    with pytest.raises(InputError, match="seems to be Japanese"):
        sentences_of_each(["吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"])


WORD = st.text("abAB'1 .あ", max_size=6)


@given(st.lists(st.one_of(WORD, st.lists(WORD), st.lists(st.lists(WORD)))))
def test_there_is_one_answer_a_document(documents: list[Any]) -> None:
    found = sentences_of_each(documents, "whitespace")
    assert len(found) == len(documents)
    for document, sentences in zip(documents, found, strict=True):
        assert all(sentences)
        if isinstance(document, str):
            assert [*chain.from_iterable(sentences)] == document.lower().split()
