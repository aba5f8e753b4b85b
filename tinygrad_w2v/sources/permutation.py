"""An order of n things that is computed place by place: shuffling without a list.

A bijection of k bits, where 2^k is the first power of two that is not below n, is made of steps
that can each be undone: add a key, multiply by an odd number, fold the upper bits onto the lower
ones. What it sends beyond n is sent on until it lands below (cycle walking; Black, Rogaway 2002,
"Ciphers with arbitrary finite domains"), which takes less than two turns on average.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.hashing import ROW_ORDER, WEYL_DRAW, UInt64Array, mix, stream_key
from tinygrad_w2v._base.types import IntArray

ROUNDS = 5
ONE = np.uint64(1)


class Permutation(NamedTuple):
    """An order of the numbers 0 to n - 1.

    Attributes
    ----------
    n, mask, fold : uint64
        How many there are, 2^k - 1, and by how many bits the upper ones are moved onto the lower.
    keys : UInt64Array
        What each round adds, and the odd number by which it multiplies, shape (rounds, 2).

    Examples
    --------
    >>> from tinygrad_w2v._base.hashing import BATCH_ORDER, stream_key
    >>> order = Permutation.of(6, stream_key(seed=1, epoch=0, stream=BATCH_ORDER))
    >>> order.at(np.arange(6)).tolist()
    [4, 0, 2, 1, 3, 5]
    >>> order.at(np.array([2, 3])).tolist()  # any part of it, by anyone
    [2, 1]
    """

    n: np.uint64
    mask: np.uint64
    fold: np.uint64
    keys: UInt64Array

    @classmethod
    def of(cls, n: int, key: UInt64Array) -> Permutation:
        """Return the order of n numbers for a key, as of `hashing.stream_key`.

        Raises
        ------
        InputError
            When there is nothing to put in order, or more than 2^62.
        """
        if not 0 < n <= 2**62:
            raise InputError(f"an order is of 1 to 2^62 things, not of {n}")
        bits = max((n - 1).bit_length(), 1)
        keys = mix(key + np.arange(2 * ROUNDS, dtype=np.uint64) * WEYL_DRAW).reshape(ROUNDS, 2)
        keys[:, 1] |= ONE
        mask, fold = np.uint64(2**bits - 1), np.uint64((bits + 1) // 2)
        return cls(np.uint64(n), mask, fold, keys)

    def at(self, places: IntArray) -> IntArray:
        """Return which numbers stand at places; native code has `permuted`.

        Parameters
        ----------
        places
            Of 0 to n - 1, any shape.
        """
        n, mask, fold, keys = self

        def once(x: UInt64Array) -> UInt64Array:
            for add, times in keys:
                x = ((x + add) * times) & mask
                x = x ^ (x >> fold)
            return x

        x = once(np.reshape(places, -1).astype(np.uint64))
        beyond = np.flatnonzero(x >= n)
        while beyond.size:
            x[beyond] = once(x[beyond])
            beyond = beyond[x[beyond] >= n]
        return x.astype(np.int64).reshape(np.shape(places))


@lru_cache(maxsize=64)
def row_order(n: int, seed: int, epoch: int) -> Permutation:
    """Return the order of an epoch's rows, made once for all stretches.

    Examples
    --------
    >>> row_order(6, seed=1, epoch=0) is row_order(6, seed=1, epoch=0)
    True
    """
    return Permutation.of(n, stream_key(seed, epoch, ROW_ORDER))


# Numba types it by what it is given: uint64 numbers.
def permuted(place: Any, n: Any, mask: Any, fold: Any, keys: Any) -> Any:
    """Return which number stands at a place, all uint64; the fields of a `Permutation`."""
    x = place
    while True:
        for r in range(len(keys)):
            x = ((x + keys[r, 0]) * keys[r, 1]) & mask
            x ^= x >> fold
        if x < n:
            return x
