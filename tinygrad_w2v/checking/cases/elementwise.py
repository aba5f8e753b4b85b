"""Powers, roots, exponentials and logarithms."""

from __future__ import annotations

from tinygrad_w2v.checking.case import Case, away_from_zero, elementwise, normal, within
from tinygrad_w2v.functions import elementwise as ops

_positive = within(0.3, 3.0)

CASES: list[Case] = [
    *elementwise("square", ops.Square, normal),
    *elementwise("sqrt", ops.Sqrt, _positive),
    *elementwise("cbrt", ops.Cbrt, away_from_zero, lambda np, x: np.sign(x) * np.abs(x) ** (1 / 3)),
    *elementwise("reciprocal", ops.Reciprocal, away_from_zero),
    *elementwise("exp", ops.Exp, normal),
    *elementwise("exp2", ops.Exp2, normal),
    *elementwise("expm1", ops.Expm1, normal),
    *elementwise("log", ops.Log, _positive),
    *elementwise("log2", ops.Log2, _positive),
    *elementwise("log10", ops.Log10, _positive),
    *elementwise("log1p", ops.Log1p, within(-0.6, 2.0)),
]
