"""The hyperbolic functions and their inverses."""

from __future__ import annotations

from tinygrad_w2v.checking.case import Case, constant, elementwise, named, normal, within
from tinygrad_w2v.functions import hyperbolic as ops

CASES: list[Case] = [
    *elementwise("sinh", ops.Sinh, normal),
    *elementwise("cosh", ops.Cosh, normal),
    *elementwise("tanh", ops.Tanh, normal),
    *elementwise("arcsinh", ops.Arcsinh, normal),
    *elementwise("arccosh", ops.Arccosh, within(1.4, 3.0)),
    *elementwise("arctanh", ops.Arctanh, within(-0.8, 0.8)),
    named("arcsinh far out", ops.Arcsinh, constant([-30.0, 50.0])),
]
