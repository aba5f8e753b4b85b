"""Ids that are computed at random, of windows with extreme numbers: right, or refused.

A bound that is wrong lets an id beyond the table through to the kernel, whose source, run with
every place checked, would find it; a bound that is too wide refuses what the graph computes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from plainly import plainly
from random_lengths import AXES, windows
from random_numbers import FIELDS, whole_numbers

import tinygrad_w2v as tw

PROGRAMS, AT_LENGTH = 70, 300
MOST_ROWS = 2000
# Those whose bounds are arithmetic; others are bounded by what they are.
OPS = ("add", "subtract", "multiply", "floor_divide", "remainder", "maximum", "minimum", "negative")
OPS += ("absolute", "square", "sign", "where", "int64")
# What keeps ids below a bound is where a wrong one does not show.
ENDS: tuple[Callable[[Any, Any], Any], ...] = (
    lambda ids, _: ids,
    lambda ids, _: np.minimum(ids, 5),
    lambda ids, _: np.minimum(abs(ids), 5),
    lambda ids, batch: np.minimum(ids // 2, 5) * batch["mask"],
    lambda ids, batch: np.minimum(ids, 5) * np.where(batch["mask"], 1, 0),
)
EXTREME = (-(2**63), 2**63 - 1, -(2**31), -(10**12), 10**12, -1, 0, 1)


class LookUp(tw.Module):
    """Rows of a table at computed ids."""

    def __init__(self, ids: Any, rows: int) -> None:
        self.ids = ids
        self.w = tw.Parameter(np.arange(2.0 * rows).reshape(rows, 2) + 1)

    def loss(self, batch: Any) -> Any:
        return self.w[self.ids(batch)].sum()


def changed(window: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """A window with some of its whole numbers as large or as small as can be."""
    found = dict(window)
    for name in FIELDS:
        array = np.array(window[name])
        if array.dtype.kind in "iu" and rng.random() < 0.6:
            limits = np.iinfo(array.dtype)
            for place in np.ndindex(array.shape):
                if rng.random() < 0.5:
                    array[place] = np.clip(int(rng.choice(EXTREME)), limits.min, limits.max)
            found[name] = array
    return found


def try_ids(seed: int) -> tuple[int, int]:
    """Compare a program with the graph; return how many windows were taken and refused."""
    rng = np.random.default_rng([11, seed])
    _, numbers = whole_numbers(rng, OPS)
    end = ENDS[int(rng.integers(len(ENDS)))]

    def ids(batch: Any) -> Any:
        return end(numbers(batch), batch)

    usual = list(windows(seed))
    with np.errstate(all="ignore"):
        found = [ids(window).astype(np.int64) for window in usual]
    highest = max(int(places.max()) for places in found)
    if ids(usual[0]).dtype == np.bool_ or found[0].min() < 0 or highest >= MOST_ROWS:
        return 0, 0
    model = LookUp(ids, highest + 1)
    compiled = plainly(tw.compile(model, usual[0], AXES, dtype=np.float64))
    taken = refused = 0
    for window in (*usual, *(changed(window, rng) for window in usual for _ in range(6))):
        places = ids(window)
        # Ids of a window do not count from the table's end, in a kernel.
        if ((places >= 0) & (places <= highest)).all():
            assert compiled.step(window, 0.0) == pytest.approx(float(model.loss(window))), seed
            taken += 1
        else:
            with pytest.raises(IndexError):
                compiled.step(window, 0.0)
            refused += 1
    return taken, refused


@pytest.mark.parametrize("tens", range(PROGRAMS // 10))
def test_ids_are_right_or_refused(tens: int) -> None:
    found = np.array([try_ids(seed) for seed in range(10 * tens, 10 * tens + 10)])
    assert found.sum(axis=0).min() > 0


@pytest.mark.proof
def test_at_length() -> None:
    found = np.array([try_ids(seed) for seed in range(PROGRAMS, PROGRAMS + AT_LENGTH)])
    assert found.sum(axis=0).min() > AT_LENGTH
