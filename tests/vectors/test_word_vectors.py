"""What the class checks, holds and shows."""

import pickle
import threading

import numpy as np
import pytest

from tinygrad_w2v._base.errors import InputError, ShapeError
from tinygrad_w2v.vectors import KeyedVectors, MissingWordError, WordVectors, formats
from tinygrad_w2v.vectors.keys import nearest_spellings

WORDS = ["you", "say", "goodbye", "and", "i", "hello", "."]


@pytest.fixture
def wv():
    vectors = np.random.default_rng(0).normal(size=(7, 5)).astype(np.float32)
    return WordVectors(WORDS, vectors, counts=[1, 2, 3, 4, 5, 6, 7])


def test_holds_words_vectors_and_counts(wv):
    assert KeyedVectors is WordVectors
    assert len(wv) == 7 and wv.vector_size == 5
    assert wv.index_to_key == WORDS and wv.key_to_index == {w: i for i, w in enumerate(WORDS)}
    assert "say" in wv and 6 in wv and 7 not in wv and -1 not in wv and "nay" not in wv
    np.testing.assert_array_equal(wv["say"], wv.vectors[1])
    np.testing.assert_array_equal(wv[1], wv.vectors[1])
    np.testing.assert_array_equal(wv[["say", "."]], wv.vectors[[1, 6]])
    assert wv[[]].shape == (0, 5)
    assert wv.get_vecattr("goodbye", "count") == 3
    assert wv.get_index("i") == 4 and wv.get_index("nay", default=-1) == -1
    assert list(wv) == WORDS
    assert np.linalg.norm(wv.get_vector("you", norm=True)) == pytest.approx(1)


def test_the_books_id_to_word_in_any_order():
    wv = WordVectors({2: "c", 0: "a", 1: "b"}, np.eye(3))
    assert wv.index_to_key == ["a", "b", "c"]


def test_words_may_be_numpy_strings_and_counts_a_dict():
    wv = WordVectors(np.array(["a", "b"]), np.eye(2), counts={"b": 2, "a": 1})
    assert type(wv.index_to_key[0]) is str
    assert wv.get_vecattr("b", "count") == 2


@pytest.mark.parametrize(
    ("words", "vectors", "counts", "error", "message"),
    [
        (["a"], [1.0], None, ShapeError, r"shape \(1,\)"),
        (["a"], [[1.0], [2.0]], None, ShapeError, "2 rows for 1 words"),
        (["a", "b", "a"], np.eye(3), None, InputError, r"'a' occurs twice, as words\[0\]"),
        (["a", "b"], [[1.0], [np.nan]], None, InputError, r"vectors\[1\] holds NaN"),
        (["a", "b"], [[1.0], [np.inf]], None, InputError, r"vectors\[1\]"),
        (["a", 3], np.eye(2), None, InputError, r"words\[1\] is 3"),
        ("ab", np.eye(2), None, InputError, "one string"),
        ({"a": 0, "b": 1}, np.eye(2), None, InputError, "not word_to_id"),
        ({1: "a", 2: "b"}, np.eye(2), None, InputError, "without the id 0"),
        (["a"], [["x"]], None, InputError, "not numbers"),
        (["a"], [[1j]], None, InputError, "not numbers"),
        (["a"], [[1.0]], [1, 2], ShapeError, "counts has shape"),
        (["a"], [[1.0]], [1.5], InputError, "whole numbers"),
        (["a"], [[1.0]], {"b": 1}, InputError, "no count of the word 'a'"),
    ],
)
def test_refuses_what_does_not_fit(words, vectors, counts, error, message):
    with pytest.raises(error, match=message):
        WordVectors(words, vectors, counts)


def test_dtypes():
    for dtype, kept in ((np.float64, np.float64), (np.float32, np.float32), (int, np.float32)):
        given = np.eye(2, dtype=dtype)
        wv = WordVectors(["a", "b"], given)
        assert wv.vectors.dtype == kept
        assert not np.shares_memory(wv.vectors, given)
        given.flags.writeable = False  # then nobody can make its lengths wrong
        wv = WordVectors(["a", "b"], given)
        assert np.shares_memory(wv.vectors, given) == (dtype is not int)


def test_missing_word_names_the_nearest(wv):
    with pytest.raises(KeyError, match="nearest spellings: 'goodbye'"):
        wv["godbye"]
    with pytest.raises(MissingWordError, match="min_count"):
        wv.most_similar("xylophone")
    with pytest.raises(KeyError, match="'Hello' has no vector; nearest spellings: 'hello'"):
        wv.similarity("you", "Hello")
    for key in (7, -1, 1.5, None, slice(0, 2)):
        with pytest.raises(KeyError, match="row below 7"):
            wv[key]
    with pytest.raises(KeyError, match="row below 7"):
        wv[["you", 2.5]]
    with pytest.raises(KeyError):
        wv.n_similarity(["you"], ["nay"])


def test_missing_word_error_survives_another_process(wv):
    with pytest.raises(KeyError) as caught:
        wv["godbye"]
    sent = pickle.loads(pickle.dumps(caught.value))
    assert str(sent) == str(caught.value)
    assert sent.words == ["goodbye"]


def test_nearest_spellings_is_selective():
    words = [f"word{i}" for i in range(5000)]
    assert nearest_spellings("word49999", words)[0] == "word4999"
    assert nearest_spellings("", words) == []


def test_vectors_given_out_are_read_only(wv):
    with pytest.raises(ValueError, match="read-only"):
        wv["you"][0] = 1.0


def test_replaced_vectors_get_new_lengths(wv):
    before = wv.most_similar("you")
    wv.vectors = wv.vectors * np.arange(1, 8, dtype=np.float32)[:, None]
    after = wv.most_similar("you")
    assert [word for word, _ in before] == [word for word, _ in after]
    np.testing.assert_allclose([c for _, c in before], [c for _, c in after], atol=1e-6)
    wv.vectors = wv.vectors + 1
    np.testing.assert_allclose(np.linalg.norm(wv.get_vector("you", norm=True)), 1, rtol=1e-6)
    with pytest.raises(ShapeError):
        wv.vectors = np.eye(3)


def test_queries_run_while_vectors_are_replaced():
    # Were lengths and vectors taken apart, some cosine would be off by the factor of 1000.
    base = np.random.default_rng(1).normal(size=(500, 8)).astype(np.float32)
    words = [f"w{i}" for i in range(500)]
    wv = WordVectors(words, base)
    expected = wv.most_similar("w0", topn=None).copy()
    problems = []
    done = threading.Event()

    def ask():
        while not done.is_set():
            if np.abs(wv.most_similar("w0", topn=None) - expected).max() > 1e-4:
                problems.append("vectors and lengths do not belong together")

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for i in range(100):
        wv.vectors = base * (1000.0 if i % 2 else 1.0)
    done.set()
    for thread in threads:
        thread.join()
    assert not problems


def test_shows_itself(wv):
    assert repr(wv) == "WordVectors(7 words, 5 dimensions, float32)"
    shown = WordVectors(["<b>", *map(str, range(20))], np.ones((21, 9)))._repr_html_()
    assert "&lt;b&gt;" in shown and "<b>" not in shown and "…" in shown


def test_counts_unknown_or_other_attributes(wv):
    with pytest.raises(KeyError, match="sample_int"):
        wv.get_vecattr("you", "sample_int")
    with pytest.raises(KeyError, match="not known"):
        WordVectors(["a"], [[1.0]]).get_vecattr("a", "count")


def test_no_words_at_all():
    wv = WordVectors([], np.empty((0, 4), dtype=np.float32))
    assert len(wv) == 0 and wv.most_similar([np.ones(4)]) == []
    assert wv.similarities().shape == (0, 0)


def test_words_are_added_and_every_file_takes_them(wv, tmp_path):
    first = wv.most_similar("you", topn=6)
    assert wv.add_vector("new", np.ones(5)) == 7
    wv.add_vectors(["old", "say"], np.full((2, 5), 2), {"count": [9, 9]})
    assert wv.index_to_key == [*WORDS, "new", "old"]
    assert len(wv) == 9 and wv.has_index_for("old") and not wv.has_index_for("older")
    assert (wv.get_vecattr("new", "count"), wv.get_vecattr("old", "count")) == (0, 9)
    assert wv.get_vecattr("say", "count") == 2 and not (wv["say"] == 2).all()
    assert wv.similarity("new", "old") == pytest.approx(1)
    assert [pair for pair in wv.most_similar("you") if pair[0] in WORDS] == first
    wv.add_vectors(["say"], [[2] * 5], {"count": [8]}, replace=True)
    assert (wv["say"] == 2).all() and wv.get_vecattr("say", "count") == 8
    np.testing.assert_allclose(np.linalg.norm(wv.get_normed_vectors(), axis=1), 1, rtol=1e-6)
    wv.save_word2vec_format(tmp_path / "v.txt")
    wv.save(tmp_path / "v.npz")
    for again in (
        WordVectors.load_word2vec_format(tmp_path / "v.txt"),
        WordVectors.load(tmp_path / "v.npz"),
    ):
        assert again.index_to_key == wv.index_to_key
        np.testing.assert_array_equal(again.vectors, wv.vectors)


def test_an_empty_table_is_filled():
    wv = WordVectors([], np.empty((0, 3), np.float32))
    wv.add_vectors(["a", "b"], np.eye(3)[:2], {"count": [4, 5]})
    assert wv.index_to_key == ["a", "b"] and wv.get_vecattr("b", "count") == 5
    assert wv.vectors.dtype == np.float32


@pytest.mark.parametrize(
    ("keys", "weights", "extras", "error", "message"),
    [
        (["a"], np.ones((1, 4)), None, ShapeError, "new vectors have 4 numbers, those .* 5"),
        (["a", "b"], np.ones((1, 5)), None, ShapeError, "1 rows for 2 words"),
        (["a", "a"], np.ones((2, 5)), None, InputError, "'a' occurs twice"),
        (["a"], np.full((1, 5), np.nan), None, InputError, "NaN"),
        ([3], np.ones((1, 5)), None, InputError, "is 3"),
        (["a"], np.ones((1, 5)), {"tag": [1]}, InputError, "no attribute 'tag'"),
        (["a"], np.ones((1, 5)), {"count": [1, 2]}, ShapeError, "counts has shape"),
    ],
)
def test_words_that_cannot_be_added(wv, keys, weights, extras, error, message):
    before = wv.vectors
    with pytest.raises(error, match=message):
        wv.add_vectors(keys, weights, extras)
    assert wv.vectors is before and len(wv) == 7


def test_nobody_can_make_the_lengths_wrong():
    given = np.eye(3, dtype=np.float32)
    wv = WordVectors(["a", "b", "c"], given)
    before = wv.most_similar("a", topn=None)
    for taken in (wv.vectors, wv["a"], wv.get_vector("a"), wv.vectors.T, wv.vectors[1]):
        with pytest.raises(ValueError, match="read-only"):
            taken[0] = 5
    given[1] = 5  # a copy was taken
    np.testing.assert_array_equal(wv.most_similar("a", topn=None), before)
    wv.vectors = given
    given[:] = 1000
    cosines = wv.most_similar("a", topn=None)
    assert np.abs(cosines).max() <= 1
    with pytest.raises(ValueError, match="read-only"):
        wv.vectors += 1
    # The two ways that the docstring names.
    wv.vectors = 2 * wv.vectors
    wv.add_vectors(["b"], [[0, 3, 4]], replace=True)
    assert wv.get_vector("b", norm=True).tolist() == pytest.approx([0, 0.6, 0.8])
    again = pickle.loads(pickle.dumps(wv))
    np.testing.assert_array_equal(again.vectors, wv.vectors)
    with pytest.raises(ValueError, match="read-only"):
        again.vectors[0] = 5
    assert len(pickle.dumps(wv)) < 600  # the vectors once


def test_loaded_vectors_are_not_copied_again(tmp_path, wv):
    for name in ("v.npz", "v.txt", "v.bin", "v.npy"):
        formats.save(wv, tmp_path / name)
        table = formats.load(tmp_path / name)._table
        assert table.vectors.flags.writeable is False
        assert np.shares_memory(table.vectors, table.shown)
