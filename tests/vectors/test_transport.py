"""The word mover's distance against the best of all ways that there are."""

from __future__ import annotations

import itertools
import math
import sys

import numpy as np
import pytest

from tinygrad_w2v._base.errors import InputError, MissingDependencyError
from tinygrad_w2v.vectors import WordVectors


@pytest.fixture
def wv(rng: np.random.Generator) -> WordVectors:
    return WordVectors([f"w{n}" for n in range(12)], rng.normal(size=(12, 5)))


@pytest.mark.parametrize("norm", [False, True])
def test_documents_of_equal_length_are_moved_word_to_word(wv: WordVectors, norm: bool) -> None:
    for first in range(4):
        a, b = ([f"w{(first + n) % 12}" for n in place] for place in ((0, 1, 2, 2), (5, 2, 7, 8)))
        rows = [np.array([wv.get_vector(word, norm=norm) for word in words]) for words in (a, b)]
        ways = [
            np.linalg.norm(rows[0] - rows[1][list(order)], axis=1).mean()
            for order in itertools.permutations(range(4))
        ]
        assert wv.wmdistance([*a, "hm"], b, norm=norm) == pytest.approx(min(ways), rel=1e-9)


def test_one_is_moved_to_many(wv: WordVectors) -> None:
    apart = [np.linalg.norm(wv["w0"] - wv[word]) for word in ("w1", "w2")]
    expected = 0.75 * apart[0] + 0.25 * apart[1]
    got = wv.wmdistance(["w0"], ["w1", "w2", "w1", "w1"], norm=False)
    assert got == pytest.approx(expected, rel=1e-9)
    assert wv.wmdistance(["w3", "w3"], ["w3"]) == pytest.approx(0, abs=1e-9)


def test_ends(wv: WordVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    assert wv.wmdistance(["hm"], ["w1"]) == math.inf
    with pytest.raises(InputError, match="give two lists of words, not the string 'w1 w2'"):
        wv.wmdistance("w1 w2", ["w1"])
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'tinygrad_w2v\[count\]'"):
        wv.wmdistance(["w2"], ["w1"])
