"""Random arithmetic on ids: what is let through is in range, and what is in range passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from random_lengths import AXES, ROWS, windows
from random_numbers import whole_numbers

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.compiler.bounds import Places
from tinygrad_w2v.compiler.packing import pack
from tinygrad_w2v.compiler.passes import optimized
from tinygrad_w2v.compiler.tracing import fields_of, trace

# Some keep ids in range, some nearly, some hardly ever.
ENDS: tuple[Callable[[Any], Any], ...] = (
    lambda n: n,
    lambda n: n % ROWS,
    lambda n: n % (ROWS + 1),
    lambda n: abs(n),
    lambda n: np.clip(n, 0, ROWS - 1),
    lambda n: np.minimum(n, ROWS - 1),
    lambda n: np.maximum(n, 0) // 40,
    lambda n: np.where(n > 20, 0, n),
    lambda n: n * 2**40,
    lambda n: n * 2**62 * 2,
    lambda n: np.minimum(abs(n % 100) * 2**57, ROWS - 1),
    lambda n: np.maximum(-(abs(n) + 2**62) - (abs(n) + 2**62), 0),
    lambda n: (n - 3) // 37,
    lambda n: -n // -1,
    lambda n: np.square(n) % ROWS,
)


class Lookup(tw.Module):
    """Rows at ids that are computed."""

    def __init__(self, ids: Callable[[Any], Any]) -> None:
        self.w, self.ids = tw.Parameter(np.ones((ROWS, 2))), ids

    def loss(self, batch: Any) -> Any:
        return np.sum(self.w[self.ids(batch)])


def made(seed: int) -> Callable[[Any], Any]:
    rng = np.random.default_rng([3, seed])
    _, numbers = whole_numbers(rng)
    end = ENDS[seed % len(ENDS)]

    def ids(batch: Any) -> Any:
        with np.errstate(all="ignore"):
            return end(numbers(batch).astype(np.int64))

    return ids


@pytest.mark.parametrize("tens", range(15))
def test_ids_are_let_through_where_they_are_in_range(tens: int) -> None:
    for seed in range(10 * tens, 10 * tens + 10):
        ids, batches = made(seed), list(windows(seed))
        fields = fields_of(batches[0], AXES)
        program = optimized(trace(Lookup(ids), batches[0], fields).program)
        packed = next(pack(batches, fields, len(batches)))
        found = [ids(batch) for batch in batches]
        right = all(((one >= 0) & (one < ROWS)).all() for one in found)
        if right:
            Places(program).check(packed)
            continue
        with pytest.raises(InputError, match="holds ids from"):
            Places(program).check(packed)


def test_both_happen() -> None:
    right = 0
    for seed in range(150):
        found = [made(seed)(batch) for batch in windows(seed)]
        right += all(((one >= 0) & (one < ROWS)).all() for one in found)
    assert 30 < right < 120
