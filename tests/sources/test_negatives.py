import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_w2v._base import hashing
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.sources.negatives import AliasTable


@given(
    st.lists(st.integers(0, 10**9), min_size=1, max_size=50).filter(any),
    st.sampled_from([0.75, 1.0, 0.5]),
)
def test_probabilities_are_exact(counts, exponent):
    table = AliasTable.from_counts(np.array(counts), exponent)
    weights = np.array(counts, dtype=float) ** exponent
    np.testing.assert_allclose(table.probabilities(), weights / weights.sum(), atol=2**-32)


def test_draws_follow_the_probabilities():
    counts = np.array([10_000, 3_000, 700, 700, 50, 3, 1])
    table = AliasTable.from_counts(counts)
    key = hashing.stream_key(1, 0, hashing.NEGATIVES)
    places = np.arange(100_000, dtype=np.uint64)[:, None]
    words = table.words(hashing.draw(key, np.uint64(0), places, np.arange(5, dtype=np.uint64)))
    assert words.shape == (100_000, 5)
    expected = counts**0.75 / (counts**0.75).sum() * words.size
    statistic = ((np.bincount(words.ravel(), minlength=7) - expected) ** 2 / expected).sum()
    assert statistic < 22.5  # the 99.9 % quantile for six degrees of freedom


def test_a_word_without_count_is_never_drawn():
    table = AliasTable.from_counts(np.array([3, 0, 1]))
    bits = hashing.mix(np.arange(10_000, dtype=np.uint64))
    assert set(table.words(bits).tolist()) == {0, 2}


@pytest.mark.parametrize(
    ("counts", "exponent"), [([], 0.75), ([0, 0], 0.75), ([1, 2], float("nan")), ([0, 1], -1.0)]
)
def test_nothing_to_draw_from(counts, exponent):
    with pytest.raises(InputError, match="ns_exponent"):
        AliasTable.from_counts(np.array(counts), exponent)
