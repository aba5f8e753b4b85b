"""The table of cases, a family a file: every op in its variants."""

from tinygrad_w2v.checking.case import Case
from tinygrad_w2v.checking.cases import (
    arithmetic,
    elementwise,
    linear,
    lookups,
    losses,
    ordering,
    products,
    rearranging,
    reductions,
    segments,
    selection,
    shaping,
)

CASES: list[Case] = [
    *arithmetic.CASES,
    *elementwise.CASES,
    *selection.CASES,
    *reductions.CASES,
    *products.CASES,
    *linear.CASES,
    *shaping.CASES,
    *rearranging.CASES,
    *ordering.CASES,
    *lookups.CASES,
    *segments.CASES,
    *losses.CASES,
]

__all__ = ["CASES"]
