import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_w2v._base import hashing
from tinygrad_w2v._base.hashing import bounded, draw, mix, stream_key, uniform

MASK = 2**64 - 1


def plain_mix(z: int) -> int:
    """Steele, Lea and Flood's finaliser in Python integers."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


@given(st.lists(st.integers(0, MASK), min_size=1))
def test_mix_is_splitmix64(states):
    got = mix(np.array(states, dtype=np.uint64))
    assert got.dtype == np.uint64
    assert got.tolist() == [plain_mix(state) for state in states]


@given(*[st.integers(0, MASK)] * 4)
def test_draw_is_the_formula(key, sentence, position, k):
    parts = [np.array([part], dtype=np.uint64) for part in (key, sentence, position, k)]
    weyl = (1, 0x9E3779B97F4A7C15, 0xD1B54A32D192ED03, 0xABC98388FB8FAC03)
    state = sum(a * b for a, b in zip((key, sentence, position, k), weyl, strict=True)) & MASK
    assert draw(*parts).tolist() == [plain_mix(state)]


def test_no_two_places_share_a_draw():
    axes = np.ix_(*[np.arange(n, dtype=np.uint64) for n in (60, 300, 20)])
    bits = draw(stream_key(1, 0, hashing.NEGATIVES), *axes)
    assert len(np.unique(bits)) == bits.size


def test_keys_differ_by_seed_epoch_and_stream():
    keys = {
        int(stream_key(seed, epoch, np.uint64(stream))[0])
        for seed, epoch, stream in itertools.product((-1, 0, 1, 2, 2**63), range(5), range(4))
    }
    assert len(keys) == 5 * 5 * 4


def chi_square(observed, expected) -> float:
    """Return the statistic in standard deviations above its mean."""
    freedom = len(observed) - 1
    statistic = ((observed - expected) ** 2 / expected).sum()
    return float((statistic - freedom) / np.sqrt(2 * freedom))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_uniform_and_independent_along_each_counter(axis):
    shape = [1, 1, 1]
    shape[axis] = 200_000
    counters = [np.arange(n, dtype=np.uint64) for n in shape]
    bits = draw(stream_key(3, 1, hashing.SUBSAMPLING), *counters)
    values = uniform(bits)
    assert values.min() >= 0 and values.max() < 1
    cells = (values * 100).astype(int)
    assert chi_square(np.bincount(cells, minlength=100), 2000.0) < 5
    pairs = cells[:-1] // 10 * 10 + cells[1:] // 10
    assert chi_square(np.bincount(pairs, minlength=100), len(pairs) / 100) < 5
    ones = ((bits[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)).sum(axis=0)
    assert np.abs(ones / 200_000 - 0.5).max() < 0.006


def test_streams_are_independent():
    places = np.arange(100_000, dtype=np.uint64)
    zero = np.zeros(1, dtype=np.uint64)
    values = [
        uniform(draw(stream_key(seed, epoch, np.uint64(stream)), zero, places, zero))
        for seed, epoch, stream in itertools.product((1, 2), (0, 1), (0, 1, 2))
    ]
    correlation = np.corrcoef(values) - np.eye(len(values))
    assert np.abs(correlation).max() < 0.02


def test_bounded():
    places = [np.arange(n, dtype=np.uint64) for n in (1, 100_000, 1)]
    bits = draw(stream_key(1, 0, hashing.WINDOW_WIDTH), *places)
    for bound in (1, 2, 5, 7, 1000):
        values = bounded(bits, np.uint64(bound))
        assert values.max() == bound - 1
        if bound > 1:
            counts = np.bincount(values.astype(int), minlength=bound)
            assert chi_square(counts, 100_000 / bound) < 5


def test_the_same_functions_run_under_numba():
    numba = pytest.importorskip("numba", reason="the compiler's extra is not installed")
    numba.extending.register_jitable(mix)
    scalar_draw, scalar_uniform, scalar_bounded = map(numba.njit, (draw, uniform, bounded))
    key = stream_key(1, 2, hashing.NEGATIVES)
    counters = np.array([0, 1, 2**63, MASK], dtype=np.uint64)
    bits = draw(key, counters, counters[::-1], counters)
    again = [scalar_draw(key[0], *c) for c in zip(counters, counters[::-1], counters, strict=True)]
    assert [int(value) for value in again] == bits.tolist()
    assert [scalar_uniform(value) for value in bits] == uniform(bits).tolist()
    bound = np.uint64(1000)
    assert [int(scalar_bounded(value, bound)) for value in bits] == bounded(bits, bound).tolist()
