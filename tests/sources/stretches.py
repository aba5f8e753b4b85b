"""The examples of a source, drawn in one stretch or in many, as tuples that are compared."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np


def rows_of(source: Any, cuts: list[int] | None = None, epoch: int = 1) -> tuple[list[Any], int]:
    """The examples of all stretches between cuts, each cut to its lengths, and the units used."""
    found, used, axes = [], 0, source.axes()
    room = source.new_room(source.units)  # Used again, so that what is left in it is seen.
    cuts = sorted(min(cut, source.units) for cut in cuts or [])
    for first, last in pairwise([0, *cuts, source.units]):
        drawn = source.draw(epoch, first, last, room)
        used += drawn.used
        fields = {name: np.array(drawn.arrays[name]) for name in drawn.arrays}
        for row in range(drawn.count):
            each = []
            for name, array in fields.items():
                lengths = [slice(int(drawn.sizes[axis][row])) for axis, _ in axes.get(name, ())]
                value = array[row][tuple(lengths)]
                least, most = source.ranges().get(name, (-np.inf, np.inf))
                assert np.all((value >= least) & (value <= most)), name
                each.append((name, tuple(value.tolist()) if value.ndim else value.item()))
            found.append(dict(each))
    return found, used
