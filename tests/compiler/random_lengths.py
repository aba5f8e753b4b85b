"""Lengths of random programs, and windows to run them on.

A length is ``c C + t T + s S + k`` for the dynamic sizes C, T and S of a window, and what slices
have left of such lengths. So axes are cut, put together and multiplied as the compiler must follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

ROWS = 7


class Length(NamedTuple):
    """``c C + t T + s S + k``, and so many times the smaller one of a length and a number."""

    c: int = 0
    t: int = 0
    s: int = 0
    k: int = 0
    cut: tuple[tuple[tuple[Length, int], int], ...] = ()

    def plus(self, other: Length, times: int = 1) -> Length:
        """Return this length and `times` another one."""
        cut = dict(self.cut)
        for term, n in other.cut:
            cut[term] = cut.get(term, 0) + n * times
        kept = tuple(sorted((term, n) for term, n in cut.items() if n))
        sums = (a + times * b for a, b in zip(self[:4], other[:4], strict=True))
        return Length(*sums, kept)

    def times(self, n: int) -> Length:
        """Return this length so many times."""
        return Length().plus(self, n)

    def parts(self) -> list[int]:
        """Return the numbers that it is made of."""
        return [*self[:4], *(n for _, n in self.cut)]

    def over(self, n: int) -> Length:
        """Return one of n equal parts."""
        return Length(*(m // n for m in self[:4]), tuple((term, m // n) for term, m in self.cut))

    def first(self, n: int) -> Length:
        """Return what ``[:n]`` leaves."""
        if is_number(self):
            return number(min(self.k, n))
        return ONE if n == 1 else Length(cut=(((self, n), 1),))

    def rest(self, n: int) -> Length:
        """Return what ``[n:]`` leaves."""
        if is_number(self):
            return number(max(self.k - n, 0))
        return self.plus(Length(cut=(((self, n), 1),)), -1)


Shape = tuple[Length, ...]
C, T, S = Length(c=1), Length(t=1), Length(s=1)


def number(n: int) -> Length:
    return Length(k=n)


ONE = number(1)


def is_number(n: Length) -> bool:
    return n == number(n.k)


def broadcast(x: Shape, y: Shape) -> Shape | None:
    """The shape that both stretch to; None where they do not."""
    rank = max(len(x), len(y))
    a, b = ((ONE,) * (rank - len(s)) + s for s in (x, y))
    lengths = []
    for m, n in zip(a, b, strict=True):
        if m != n and ONE not in (m, n):
            return None
        lengths.append(n if m == ONE else m)
    return tuple(lengths)


AXES: dict[str, Any] = {
    **dict.fromkeys(("contexts", "x", "classes", "within", "mask", "small", "wide"), ("C",)),
    **dict.fromkeys(("targets", "picks", "among", "signed"), (("T", 6),)),
    "pairs": ("C", ("T", 6)),
    "y": ("C", ("T", 6)),
    "starts": (("S", 5),),
}
SIZES = (((3, 2), (1, 1), (5, 4)), ((1, 4), (2, 1), (4, 3)), ((2, 2), (6, 1), (1, 3)))


def windows(seed: int) -> Iterator[dict[str, Any]]:
    """Windows of several sizes; words repeat."""
    rng = np.random.default_rng([9, seed])
    for c, t in SIZES[seed % len(SIZES)]:
        contexts, targets = rng.integers(0, ROWS, c), rng.integers(0, ROWS, t)
        targets[0] = contexts[0]
        starts = np.sort(rng.integers(0, c + 1, int(rng.integers(1, 4))))
        starts[0] = 0
        yield {
            "center": np.array(rng.integers(ROWS)),
            "contexts": contexts,
            "targets": targets,
            "picks": rng.integers(0, 3, t),
            "pairs": rng.integers(0, ROWS, (c, t)),
            "x": rng.normal(size=c),
            "y": rng.normal(size=(c, t)),
            "one": np.array(rng.integers(3)),
            "classes": rng.integers(0, 41, c),
            "among": rng.integers(0, c, t),
            "within": rng.integers(0, t, c),
            "starts": starts,
            "mask": rng.random(c) < 0.5,
            "flag": np.array(rng.random() < 0.5),
            "small": rng.integers(0, 256, c).astype(np.uint8),
            "signed": rng.integers(-128, 128, t).astype(np.int8),
            "wide": rng.integers(-(2**31), 2**31, c).astype(np.int32),
        }
