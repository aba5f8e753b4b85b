"""Numbers that another dtype cannot hold are refused wherever they are stored."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v import Word2Vec, WordVectors
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.numbers import cast, whole_counts
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.vectors import formats

TEXT = [["you", "say", "goodbye"], ["i", "say", "hello"]] * 9
SMALL = {"vector_size": 2, "sample": 0.0, "epochs": 1, "engine": "numpy", "min_count": 1}
HUGE = np.array([[1.0, 1e300]])


@pytest.mark.parametrize(
    ("array", "dtype", "shown"),
    [
        (np.array([1.0, -1e39]), np.float32, "-1e\\+39"),
        (np.array([1.0, 1e5], np.float32), np.float16, "100000"),
        (np.array([2**64 - 1], np.uint64), np.int64, "18446744073709551615"),
        (np.array([-1]), np.uint8, "-1"),
        (np.array([1.5]), np.int64, "1.5"),
        (np.array([np.nan]), np.int64, "nan"),
    ],
)
def test_what_a_dtype_cannot_hold(array, dtype, shown) -> None:
    with pytest.raises(
        InputError, match=rf"x holds {shown}.*, which {np.dtype(dtype)} cannot hold"
    ):
        cast(array, dtype, "x")


def test_what_it_can_hold_stays() -> None:
    same = np.array([1.0, np.inf, np.nan])
    assert cast(same, np.float64, "x") is same
    np.testing.assert_array_equal(cast(same, np.float32, "x"), same.astype(np.float32))
    assert cast(np.array([True]), np.float32, "x").tolist() == [1.0]
    for wrong in (np.array([1j]), np.array(["1"]), np.array([None])):
        with pytest.raises(InputError, match=r"x holds .*, not numbers"):
            cast(wrong, np.float32, "x")


BAD_COUNTS = [
    [-1, 2],
    np.array([2**64 - 1, 1], np.uint64),
    [2**63, 1],
    [2**64, 1],
    [1.5, 2],
    [np.nan, 1],
    [np.inf, 1],
    [1e300, 1],
    [None, 1],
    ["1", "2"],
    [True, False],
    [1j, 2],
]
COUNTED = {
    "WordVectors": lambda counts: WordVectors(["a", "b"], np.eye(2), counts),
    "WordVectors by name": lambda counts: WordVectors(
        ["a", "b"], np.eye(2), dict(zip("ab", counts, strict=True))
    ),
    "add_vectors": lambda counts: WordVectors(["c"], np.ones((1, 2))).add_vectors(
        ["a", "b"], np.eye(2), {"count": counts}
    ),
    "Vocabulary": lambda counts: Vocabulary(["a", "b"], counts),
    "from_counts": lambda counts: Vocabulary.from_counts(
        dict(zip("ab", counts, strict=True)), min_count=0
    ),
    "build_vocab_from_freq": lambda counts: Word2Vec(**SMALL).build_vocab_from_freq(
        dict(zip("ab", counts, strict=True))
    ),
}


@pytest.mark.parametrize("counted", COUNTED)
@pytest.mark.parametrize("counts", BAD_COUNTS, ids=str)
def test_what_is_no_count(counted, counts) -> None:
    with pytest.raises(InputError, match=r"counts? .*whole numbers"):
        COUNTED[counted](counts)


def test_counts() -> None:
    for good in ([2, 1], (2, 1), np.array([2, 1], np.uint8), np.array([2.0, 1.0]), {2: 0, 1: 0}):
        found = whole_counts(good)
        assert found.dtype == np.int64
        assert found.tolist() == [2, 1]
    assert whole_counts([2**63 - 1, 0]).tolist() == [2**63 - 1, 0]
    for empty in ([], np.empty(0), np.empty(0, np.uint64)):
        assert whole_counts(empty).shape == (0,)


@pytest.mark.parametrize("name", ["v.npz"])
def test_counts_in_a_file(name, tmp_path) -> None:
    path = tmp_path / name
    arrays = {
        "vectors": np.eye(2, dtype=np.float32),
        "words": np.frombuffer(b"ab", np.uint8),
        "offsets": np.arange(3),
    }
    np.savez(path, **arrays, counts=np.array([1, 2**64 - 1], np.uint64))
    for load in (formats.load, WordVectors.load):
        with pytest.raises(InputError, match=r"v\.npz: counts holds 18446744073709551615"):
            load(path)
    np.savez(path, **arrays, counts=np.array([1, 2], np.uint64))
    assert formats.load(path).counts.tolist() == [1, 2]
    arrays["vectors"] = np.eye(2, dtype=np.longdouble)
    np.savez(path, **arrays)
    if arrays["vectors"].dtype.itemsize > 8:
        with pytest.raises(InputError, match="its vectors are float128; float64 is the longest"):
            formats.load(path)


def test_vectors_that_float32_cannot_hold() -> None:
    wv = WordVectors(["a", "b"], np.eye(2, dtype=np.float32))
    before = wv.vectors
    for replace in (False, True):
        with pytest.raises(InputError, match="holds 1e\\+300, which float32 cannot hold"):
            wv.add_vectors(["a", "c"], np.concatenate([HUGE, HUGE]), replace=replace)
    with pytest.raises(InputError, match="cannot hold"):
        wv.add_vector("c", [1e39, 0])
    assert wv.vectors is before
    assert "c" not in wv
    wide = WordVectors(["a"], HUGE)  # which is kept as it is
    wide.add_vectors(["b"], [[1e301, 0]])
    assert wide["b"][0] == 1e301
    assert wide.most_similar("a", topn=1)[0][0] == "b"


def test_vectors_of_a_model_that_float32_cannot_hold() -> None:
    model = Word2Vec(TEXT, **SMALL)
    before = model.model.w_in.data.copy()
    model.wv.vectors = np.full(before.shape, 1e300)
    with pytest.raises(InputError, match=r"wv\.vectors holds 1e\+300, which float32 cannot hold"):
        model.train(TEXT, epochs=1)
    assert (model.model.w_in.data == before).all()


def test_states_that_float32_cannot_hold(tmp_path) -> None:
    layer = tw.nn.Linear(1, 2)
    before = layer.weight.data.copy()
    with pytest.raises(InputError, match="weight holds 1e\\+300"):
        layer.load_state_dict({"bias": np.ones(2), "weight": HUGE})
    assert (layer.bias.data == 0).all()
    assert (layer.weight.data == before).all()
    given = {"bias": np.ones(2, np.float32), "weight": np.ones((1, 2))}
    layer.load_state_dict(given)
    given["bias"][0] = 7
    assert (layer.bias.data == 1).all()  # a copy
    optimizer = tw.optim.Momentum([layer.weight], lr=0.1)
    state = optimizer.state_dict()
    name = next(name for name in state if name.startswith("0."))
    with pytest.raises(InputError, match=rf"{name} holds 1e\+300"):
        optimizer.load_state_dict(state | {name: HUGE})
