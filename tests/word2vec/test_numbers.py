"""Every number that a class takes: one outside its range is named, before anything is read."""

from __future__ import annotations

import inspect
import math

import numpy as np
import pytest

from tinygrad_w2v import LineSentence, Word2Vec
from tinygrad_w2v._base.errors import InputError, NonFiniteError
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.sources.negatives import negative_shares

TEXT = [["you", "say", "goodbye", "and", "i", "say", "hello"][i % 3 :] for i in range(40)]
SMALL = {"vector_size": 3, "sample": 0.0, "epochs": 1, "engine": "numpy"}

WHOLE = [
    *("vector_size", "window", "min_count", "max_vocab_size", "seed", "workers", "negative"),
    *("epochs", "max_final_vocab", "early_stopping"),
]
REAL = ["alpha", "sample", "min_alpha", "ns_exponent", "heldout", "checkpoint_minutes"]
SWITCHES = ["sg", "hs", "cbow_mean", "shrink_windows", "deterministic", "shared_negatives"]
MAY_BE_NONE = {
    *("max_vocab_size", "alpha", "max_final_vocab", "heldout", "early_stopping", "corpus_iterable"),
}
NO_NUMBERS = ["5", [5], np.array([5, 5]), {}, math.nan, 5j, object()]
EXTREMES = [
    *(-1, 0, 1, 2**31, 2**63 - 1, 2**63, 2**64, 10**20, -(10**20), 10**400, 10**5000),
    *(
        -0.0,
        5e-324,
        1e-30,
        0.5,
        1e6,
        1e300,
        math.inf,
        -math.inf,
        np.float32(3e38),
        np.uint64(2**63),
    ),
]


class NeverRead:
    """A text that must not be needed to find out."""

    def __iter__(self):
        raise AssertionError("the text was read before the keywords were checked")


def tried(**keywords: object) -> Word2Vec | str:
    """Make a model, or return the one line that refuses it."""
    if "early_stopping" in keywords:
        keywords = {"heldout": 0.3} | keywords
    try:
        return Word2Vec(TEXT, **(SMALL | keywords))
    except NonFiniteError as error:
        return f"alpha {error}"
    except InputError as error:
        assert "\n" not in str(error)
        assert len(str(error)) < 200
        return str(error)


def test_every_number_is_here() -> None:
    """A keyword with a number as its default, or a switch, belongs into a list above."""
    parameters = inspect.signature(Word2Vec).parameters.values()
    numbers = {p.name for p in parameters if isinstance(p.default, (int, float))}
    ignored = {"null_word", "sorted_vocab", "batch_words", "compute_loss", "resume"}
    assert numbers - ignored <= {*WHOLE, *REAL, *SWITCHES}


@pytest.mark.parametrize("name", [*WHOLE, *REAL, *SWITCHES])
@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: type(value).__name__)
def test_what_is_no_number_is_named(name, value) -> None:
    told = tried(**{name: value})
    assert isinstance(told, str), name
    assert told.startswith(f"{name} "), told


@pytest.mark.parametrize("name", [*WHOLE, *REAL, *SWITCHES])
def test_extremes_are_refused_or_of_use(name) -> None:
    for value in EXTREMES:
        whole = isinstance(value, int)
        if name == "epochs" and whole and 1 <= value < 2**31:
            continue
        told = tried(**{name: value})
        if isinstance(told, Word2Vec):
            assert np.isfinite(told.wv.vectors).all(), (name, value)
        else:
            assert told.split()[0] in (name, "alpha", "min_alpha"), (name, value, told)
            assert "diverged" not in told or name == "alpha"


@pytest.mark.parametrize("name", [*WHOLE, *REAL])
def test_none_is_no_number_either(name) -> None:
    told = tried(**{name: None})
    assert isinstance(told, Word2Vec) == (name in MAY_BE_NONE), told


def test_they_are_looked_at_first() -> None:
    for keywords in ({"ns_exponent": 400}, {"vector_size": 10**20}, {"max_vocab_size": 0}):
        with pytest.raises(InputError, match=next(iter(keywords))):
            Word2Vec(NeverRead(), **keywords)


def test_the_line_says_the_range() -> None:
    assert tried(ns_exponent=400) == "ns_exponent must be -10.0 or more and 10.0 or less, not 400"
    told = tried(vector_size=10**5000)
    assert told == "vector_size must be 1 or more and 1,048,576 or less, not about 1e5000"
    assert tried(sg="no") == "sg must be 0 or 1, False or True, not 'no'"
    assert tried(hs=0.5) == "hs must be 0 or 1, False or True, not 0.5"


@pytest.mark.parametrize("exponent", [-10.0, -1.0, 0.0, 0.75, 10.0])
@pytest.mark.parametrize("counts", [[1, 2], [2**62, 1, 3], [1] * 1000 + [2**62]])
def test_negative_shares_at_the_ends_of_the_range(exponent, counts) -> None:
    shares: AnyArray = negative_shares(np.array(counts, np.int64), exponent)
    assert np.isfinite(shares).all()
    assert abs(shares.sum() - 1) < 1e-12


def test_numbers_of_a_training(tmp_path) -> None:
    model = Word2Vec(TEXT, **SMALL)
    for name, value in (
        ("epochs", 2**31),
        ("epochs", 10**5000),
        ("start_alpha", 1e300),
        ("start_alpha", "fast"),
        ("end_alpha", math.nan),
        ("heldout", "0.1"),
        ("early_stopping", "3"),
        ("checkpoint_minutes", "5"),
        ("checkpoint_minutes", 1e300),
    ):
        with pytest.raises(InputError):
            model.train(TEXT, **({"epochs": 1} | {name: value}))
    model.train(TEXT, epochs=1)  # nothing of that was kept


def test_a_limit_of_lines() -> None:
    for limit in (-1, 2.5, "3"):
        with pytest.raises(InputError, match="limit must be"):
            LineSentence("text.txt", limit=limit)


def test_alpha_is_a_number_and_may_be_changed(tmp_path) -> None:
    assert Word2Vec().alpha == 0.05
    assert Word2Vec(sg=1).alpha == 0.025
    assert Word2Vec(compat="gradient").alpha == 0.15
    assert Word2Vec(cbow_mean=0).alpha == 0.025
    assert Word2Vec(alpha=0.5).alpha == 0.5
    model = Word2Vec(TEXT, **SMALL)
    model.sg = 1
    assert model.alpha == 0.025  # what is not set fits what is
    model.sg = 0
    model.save(tmp_path / "model")
    again = Word2Vec.load(tmp_path / "model")
    assert again.alpha == 0.05
    assert again.settings().alpha is None
    # As scripts for gensim let it fall by hand.
    model.alpha -= 0.01
    model.min_alpha = model.alpha
    model.train(TEXT, epochs=1)
    assert model.settings().first_alpha == model.settings().min_alpha == 0.05 - 0.01
