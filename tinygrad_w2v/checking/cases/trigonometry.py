"""Angles: the circular functions and their inverses, lengths, degrees."""

from __future__ import annotations

from tinygrad_w2v.checking.case import (
    Case,
    away_from_zero,
    constant,
    elementwise,
    elementwise_pairs,
    named,
    normal,
    within,
)
from tinygrad_w2v.functions import trigonometry as ops

_inside = within(-0.8, 0.8)

CASES: list[Case] = [
    *elementwise("sin", ops.Sin, normal),
    *elementwise("cos", ops.Cos, normal),
    *elementwise("tan", ops.Tan, within(-1.0, 1.0)),
    *elementwise("arcsin", ops.Arcsin, _inside),
    *elementwise("arccos", ops.Arccos, _inside),
    *elementwise("arctan", ops.Arctan, normal),
    *elementwise_pairs("arctan2", ops.Arctan2, away_from_zero),
    *elementwise_pairs("hypot", ops.Hypot, away_from_zero),
    *elementwise("deg2rad", ops.Deg2rad, normal),
    *elementwise("rad2deg", ops.Rad2deg, normal),
    *elementwise("sinc", ops.Sinc, within(0.2, 2.3)),
    named("sinc near 0", ops.Sinc, constant([0.0, 1e-9, -1e-3, 0.05, 0.31])).alone(
        "HIPS autograd's second derivative cancels near 0"
    ),
]
