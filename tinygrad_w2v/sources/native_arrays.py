"""Rows of columns in a drawn order, and ids that they are told from, as native code draws them.

The same draws as those that `arrays` makes with NumPy, where numba is missing.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from tinygrad_w2v._base import hashing
from tinygrad_w2v._base.errors import MissingDependencyError
from tinygrad_w2v._base.hashing import WEYL_DRAW, WEYL_POSITION, mix
from tinygrad_w2v.sources.native_windows import negative_word
from tinygrad_w2v.sources.negatives import REDRAWS
from tinygrad_w2v.sources.permutation import permuted


# Not typed, as Numba types it by what it is given.
def draw_order(order, first, last, rows):
    """Write which rows stand at the places from `first` to `last`."""
    n, mask, fold, keys = order
    for place in range(first, last):
        rows[np.uint64(place - first)] = permuted(np.uint64(place), n, mask, fold, keys)


def copy_ragged(flat, offsets, rows, count, padded, lengths):
    """Copy rows of different lengths, and note these."""
    for at in range(count):
        start = offsets[rows[at]]
        length = offsets[rows[at] + 1] - start
        lengths[at] = length
        for j in range(length):
            padded[at, j] = flat[start + j]


def draw_wrong(first, count, key, table, true, wrong):
    """Give each of `count` rows ids that are none of its true ones.

    Parameters
    ----------
    first
        The place of the first row in the epoch.
    key
        Of the column that is drawn.
    table
        A packed alias table.
    true, wrong
        Ids ``(rows, true ones)``, and those that are written ``(rows, drawn ones)``.
    """
    ids, number = np.uint64(len(table)), wrong.shape[1]
    for at in range(count):
        place = key + np.uint64(first + at) * WEYL_POSITION
        for k in range(number):
            state = place + np.uint64(k) * WEYL_DRAW
            word = negative_word(mix(state), ids, table)
            if is_among(word, true, at):
                for _ in range(REDRAWS):
                    state += np.uint64(number) * WEYL_DRAW
                    word = negative_word(mix(state), ids, table)
                    if not is_among(word, true, at):
                        break
                while is_among(word, true, at):
                    word = np.int64((word + 1) % len(table))
            wrong[at, k] = word


def is_among(word, true, at):
    """Whether an id is a true one of a row."""
    for j in range(true.shape[1]):
        if true[at, j] == word:
            return True
    return False


@cache
def native() -> dict[str, Any] | None:
    """Return these functions compiled, by name; None where numba is missing."""
    # Here, as who draws nothing natively needs no compiler.
    from tinygrad_w2v.compiler.codegen import kernel_cache

    helpers = (hashing.mix, hashing.bounded, negative_word, permuted, is_among)
    try:
        return kernel_cache.jitted([draw_order, copy_ragged, draw_wrong], helpers)
    except MissingDependencyError:
        return None
