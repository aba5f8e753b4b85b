from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_w2v._base import hashing
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.sources.permutation import Permutation, permuted


def order_of(n: int, seed: int = 1, epoch: int = 0) -> Permutation:
    return Permutation.of(n, hashing.stream_key(seed, epoch, hashing.ROW_ORDER))


@given(st.integers(1, 3000), st.integers(0, 2**40))
def test_every_number_stands_at_one_place(n: int, seed: int) -> None:
    assert np.array_equal(np.sort(order_of(n, seed).at(np.arange(n))), np.arange(n))


@given(st.integers(1, 2**62), st.integers(0, 2**62), st.integers(0, 9))
def test_one_place_is_as_in_the_whole_and_in_native_code(n: int, place: int, seed: int) -> None:
    order, place = order_of(n, seed), place % n
    found = int(order.at(np.array([place]))[0])
    assert 0 <= found < n
    with np.errstate(over="ignore"):
        assert int(permuted(np.uint64(place), *order)) == found


def test_all_orders_of_four_come_about_as_often() -> None:
    seeds = 24 * 200
    orders = [tuple(order_of(4, seed).at(np.arange(4)).tolist()) for seed in range(seeds)]
    _, counts = np.unique(orders, axis=0, return_counts=True)
    assert len(counts) == 24
    chi_square = ((counts - 200) ** 2 / 200).sum()
    assert chi_square < 23 + 5 * np.sqrt(2 * 23)


@pytest.mark.parametrize("n", [100, 1000, 2**10, 2**10 + 1])
def test_a_number_is_anywhere_and_its_neighbour_is_not_near(n: int) -> None:
    rounds = 300
    found = np.array([order_of(n, seed).at(np.arange(n)) for seed in range(rounds)])
    for place in (0, n // 2, n - 1):
        counts = np.bincount(found[:, place] * 10 // n, minlength=10)
        assert ((counts - rounds / 10) ** 2 / (rounds / 10)).sum() < 9 + 5 * np.sqrt(18)
    steps = np.abs(np.diff(found, axis=1)).mean()
    assert abs(steps / (n / 3) - 1) < 0.03  # of two random places: a third of the length


def test_another_epoch_is_another_order() -> None:
    one, other = (order_of(1000, epoch=epoch).at(np.arange(1000)) for epoch in (0, 1))
    assert (one == other).mean() < 0.02


@pytest.mark.parametrize("n", [0, -1, 2**62 + 1])
def test_nothing_cannot_be_put_in_order(n: int) -> None:
    with pytest.raises(InputError, match="1 to 2"):
        order_of(n)
