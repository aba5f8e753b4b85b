"""Elements in rising order."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v.checking.case import Case, case, distinct, named
from tinygrad_w2v.functions.lookup import TakeAlongAxis


def in_order(x: Any, axis: int) -> Any:
    """The elements in rising order; the order is a constant to HIPS autograd."""
    places = np.argsort(getattr(x, "_value", x), axis)
    beside = np.ix_(*[range(n) for n in x.shape])
    return x[(*beside[:axis], places, *beside[axis + 1 :])]


_sort = named("sort", TakeAlongAxis, distinct((3, 4)), axis=1).like(lambda np, x: in_order(x, 1))
CASES: list[Case] = [
    *_sort.and_strided(),
    _sort.of_nothing((2, 0)),
    named("sort along the first axis", TakeAlongAxis, distinct((3, 4)), axis=-2).like(
        lambda np, x: in_order(x, 0)
    ),
    named("sort of all", TakeAlongAxis, distinct((3, 2)), axis=None).like(
        lambda np, x: in_order(np.ravel(x), 0)
    ),
    case("partition", TakeAlongAxis, lambda np, x: np.partition(x, 2)[2], distinct((5,))),
]
