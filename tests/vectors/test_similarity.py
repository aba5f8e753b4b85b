"""Similarities: gensim's numbers."""

import copy
import pickle

import numpy as np
import pytest

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.vectors import WordVectors


@pytest.fixture(scope="module")
def pair():
    gensim = pytest.importorskip("gensim.models")
    vectors = np.random.default_rng(5).normal(size=(60, 8)).astype(np.float32)
    words = [f"w{i}" for i in range(60)]
    theirs = gensim.KeyedVectors(8)
    theirs.add_vectors(words, vectors)
    return WordVectors(words, vectors), theirs


def test_pairs(pair):
    ours, theirs = pair
    for i in range(1, 20):
        a, b = f"w{i}", f"w{2 * i}"
        assert ours.similarity(a, b) == pytest.approx(theirs.similarity(a, b), abs=1e-6)
        assert ours.distance(a, b) == pytest.approx(theirs.distance(a, b), abs=1e-6)
        assert ours.rank(a, b) == theirs.rank(a, b)


def test_sets_of_words(pair):
    ours, theirs = pair
    sets = ["w1", "w2", "w3"], ["w4", "w5"]
    assert ours.n_similarity(*sets) == pytest.approx(theirs.n_similarity(*sets), abs=1e-6)
    for start in range(40):
        words = [f"w{i}" for i in range(start, start + 5)]
        assert ours.doesnt_match(words) == theirs.doesnt_match(words)


def test_words_nearer_than_another(pair):
    ours, theirs = pair
    for i in range(1, 20):
        a, b = f"w{i}", f"w{2 * i}"
        assert ours.closer_than(a, b) == theirs.closer_than(a, b)
        assert len(ours.closer_than(a, b)) == ours.rank(a, b) - 1
        some = [f"w{j}" for j in range(i + 1, i + 9)]
        assert ours.most_similar_to_given(a, some) == theirs.most_similar_to_given(a, some)
        assert ours.relative_cosine_similarity(a, b, topn=4) == pytest.approx(
            theirs.relative_cosine_similarity(a, b, topn=4), abs=1e-5
        )
    with pytest.raises(InputError, match="topn is 0; give 1 or more"):
        ours.relative_cosine_similarity("w1", "w2", topn=0)
    with pytest.raises(InputError, match="at least one word to choose from"):
        ours.most_similar_to_given("w1", [])


def test_means(pair):
    ours, theirs = pair
    vector = np.linspace(-1, 1, 8, dtype=np.float32)
    for options in (
        {},
        {"pre_normalize": False},
        {"post_normalize": True},
        {"weights": [0.5, -2.0, 1.0, 3.0]},
        {"weights": np.array([0.5, -2.0, 1.0, 3.0]), "pre_normalize": False},
    ):
        keys = ["w1", "w2", vector, "unknown"]
        mean, wanted = (
            ours.get_mean_vector(keys, **options),
            theirs.get_mean_vector(keys, **options),
        )
        np.testing.assert_allclose(mean, wanted, atol=1e-6)
        assert mean.dtype == np.float32
    assert not ours.get_mean_vector(["unknown"]).any()
    with pytest.raises(KeyError, match="'unknown' has no vector"):
        ours.get_mean_vector(["w1", "unknown"], ignore_missing=False)
    for wrong in ([], "w1"):
        with pytest.raises(InputError, match="a list of at least one word"):
            ours.get_mean_vector(wrong)
    for weights in ([1.0], [1.0, np.nan]):
        with pytest.raises(InputError, match="give 2 keys a number each"):
            ours.get_mean_vector(["w1", "w2"], weights)


@pytest.mark.parametrize("use_norm", [True, False])
def test_centrality(pair, use_norm):
    ours, theirs = pair
    for start in range(40):
        words = [f"w{i}" for i in range(start, start + 6)]
        found = ours.rank_by_centrality(words, use_norm)
        wanted = theirs.rank_by_centrality(words, use_norm)
        assert [word for _, word in found] == [word for _, word in wanted]
        np.testing.assert_allclose([c for c, _ in found], [c for c, _ in wanted], atol=1e-5)


def test_distances(pair):
    ours, theirs = pair
    np.testing.assert_allclose(ours.distances("w1"), theirs.distances("w1"), atol=1e-6)
    others = ["w4", "w5"]
    np.testing.assert_allclose(
        ours.distances(ours["w1"] * 3, others), theirs.distances("w1", others), atol=1e-6
    )


def test_all_pairs(pair):
    ours, _ = pair
    words = ["w3", "w1", "w4"]
    table = ours.similarities(words)
    assert table.shape == (3, 3)
    for i, a in enumerate(words):
        for j, b in enumerate(words):
            assert table[i, j] == pytest.approx(ours.similarity(a, b), abs=1e-6)
    everything = ours.similarities()
    assert everything.shape == (60, 60)
    assert everything[3, 1] == pytest.approx(table[0, 1], abs=1e-6)


def test_printed_table():
    wv = WordVectors(["猫", "cat", "dog"], [[1.0, 0.0], [1.0, 1e-5], [-1e-6, 1.0]])
    lines = wv.cosine_table(digits=2).splitlines()
    assert lines[0] == "       猫   cat   dog"
    assert lines[1] == "猫   1.00  1.00  0.00"
    assert lines[2] == "cat  1.00  1.00  0.00"
    assert wv.cosine_table([]) == ""


def test_a_table_is_a_text_that_shows_itself():
    wv = WordVectors(["<b>", "cat"], [[1.0, 0.0], [1.0, 1.0]])
    table = wv.cosine_table(digits=2)
    assert isinstance(table, str) and table == str(table)
    assert f"{table}" == "      <b>   cat\n<b>  1.00  0.71\ncat  0.71  1.00"
    assert repr(table) == str(table)
    assert "<tr><th>&lt;b&gt;</th><td>1.00</td><td>0.71</td></tr>" in table._repr_html_()
    assert pickle.loads(pickle.dumps(table)) == copy.deepcopy(table) == table
    assert wv.cosine_table([])._repr_html_().count("<td>") == 0


def test_a_large_table_shows_its_beginning_and_prints_all(rng):
    table = WordVectors([f"w{i}" for i in range(60)], rng.normal(size=(60, 3))).cosine_table()
    assert len(str(table).splitlines()) == 61
    shown = repr(table).splitlines()
    assert len(shown) == 42 and shown[-1] == "40 of 60 words; print it for all"
    assert shown[0].split()[-2:] == ["w39", "…"]
    assert shown[-1] in table._repr_html_() and table._repr_html_().count("<tr>") == 41


def test_what_cannot_be_asked(pair):
    ours, _ = pair
    with pytest.raises(InputError, match="empty"):
        ours.n_similarity([], ["w1"])
    with pytest.raises(InputError, match="at least one word"):
        ours.doesnt_match([])
    with pytest.raises(InputError, match="split"):
        ours.doesnt_match("w1 w2 w3")
