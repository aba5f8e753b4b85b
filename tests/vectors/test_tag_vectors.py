"""Vectors of tags: whole numbers stay numbers in all answers, names are as words."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.vectors.tag_vectors import MissingTagError, TagVectors


@pytest.fixture
def rows(rng: np.random.Generator) -> Any:
    return rng.normal(size=(7, 3)).astype(np.float32)


def test_numbers_ask_and_answer(rows: Any) -> None:
    dv, names = TagVectors(range(7), rows), WordVectors([f"d{n}" for n in range(7)], rows)
    asked = [
        lambda wv, k: wv.most_similar(k(2), topn=4),
        lambda wv, k: wv.most_similar([k(2), rows[3]], [k(1)], topn=2),
        lambda wv, k: wv.most_similar_cosmul([k(2)], [k(1)], topn=2),
        lambda wv, k: wv.similar_by_vector(rows[4], topn=3),
        lambda wv, k: wv.most_similar_batch([k(0), k(5)], topn=2)[1],
        lambda wv, k: wv.rank_by_centrality([k(1), k(2), k(3)]),
    ]
    for ask in asked:
        found, expected = ask(dv, int), ask(names, "d{}".format)
        assert next(tuple(map(type, pair)) for pair in found) in ((int, float), (float, int))
        assert [str(pair).replace("d", "").replace("'", "") for pair in expected] == [
            str(pair) for pair in found
        ]
    assert dv.doesnt_match([0, 1, 2]) in (0, 1, 2)
    assert dv.closer_than(0, 1) == [int(n[1:]) for n in names.closer_than("d0", "d1")]
    assert (dv[3] == rows[3]).all() and (dv[[1, np.int64(2)]] == rows[1:3]).all()
    assert (3 in dv, 7 in dv, "d3" in dv, len(dv), list(dv)) == (True, False, False, 7, [*range(7)])
    assert dv.index_to_key == [*range(7)] and dv.key_to_index == {}
    assert "0" in str(dv.cosine_table([0, 1])) and "7 tags" in dv._repr_html_()


def test_a_table_of_some_tags_has_names(rows: Any) -> None:
    with pytest.raises(InputError, match=r"use dv\.as_words\(\)\.vectors_for_all"):
        TagVectors(range(7), rows).vectors_for_all([1, 2])
    some = TagVectors(list("abcdefg"), rows).vectors_for_all(["c", "a"])
    assert some.index_to_key == ["c", "a"] and (some.vectors == rows[[2, 0]]).all()


def test_names_are_as_words(rows: Any) -> None:
    dv = TagVectors([f"d{n}" for n in range(7)], rows, counts=[*range(7)])
    assert dv.most_similar("d2", topn=1)[0][0] in dv
    assert (dv.get_vecattr("d5", "doc_count"), dv.get_vecattr(5, "count")) == (5, 5)
    assert (dv[2] == dv["d2"]).all()
    assert repr(dv) == "TagVectors(7 tags, 3 dimensions, float32)"


def test_tags_that_there_are_not(rows: Any) -> None:
    with pytest.raises(MissingTagError, match=r"no document has the tag 9; .* numbers 0 to 6"):
        TagVectors(range(7), rows)[9]
    dv = TagVectors([*"abcdef", "beatles"], rows)
    with pytest.raises(KeyError, match=r"no document has the tag 'beatle'; near.*'beatles'"):
        dv["beatle"]
    with pytest.raises(KeyError, match="no document has the tag 9; a key is a tag, or a row"):
        dv.most_similar(9)
    with pytest.raises(InputError, match="tags get vectors by training"):
        dv.add_vectors(["g"], rows[:1])


def test_files_and_copies(rows: Any, tmp_path: Path) -> None:
    dv = TagVectors(range(7), rows, counts=[*range(7)])
    dv.save(tmp_path / "dv.npz")
    dv.save_word2vec_format(tmp_path / "dv.txt")
    for read in (
        WordVectors.load(tmp_path / "dv.npz"),
        WordVectors.load_word2vec_format(tmp_path / "dv.txt"),
    ):
        assert read.index_to_key == [str(n) for n in range(7)]
        assert (read.vectors == rows).all()
    again = pickle.loads(pickle.dumps(dv))
    assert type(again) is TagVectors and again.most_similar(0) == dv.most_similar(0)
    again.vectors = 2 * again.vectors
    assert (again[1] == 2 * rows[1]).all() and again.index_to_key == dv.index_to_key
