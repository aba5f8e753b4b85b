"""Values in another dtype."""

from __future__ import annotations

from tinygrad_w2v.checking.case import Case, case
from tinygrad_w2v.functions import casting as ops

CASES: list[Case] = [
    case("cast", ops.Cast, lambda F, x: ops.cast(x, x.dtype), (2, 3)).like(lambda np, x: 1.0 * x),
    case("astype", ops.Cast, lambda F, x: F.astype(x * x, x.dtype), (2, 3)).like(
        lambda np, x: np.square(x)
    ),
]
