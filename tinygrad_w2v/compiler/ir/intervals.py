"""How small and how large whole numbers can be: interval arithmetic in Python's own integers.

Numbers of a kernel are int64, so what nothing is known of may be any of these, and what may leave
them wraps around and may be any of them, too. No float takes part: infinity times 0 is no bound.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Interval = tuple[int, int]
_INT64 = np.iinfo(np.int64)
ANY: Interval = (int(_INT64.min), int(_INT64.max))
BOOL: Interval = (0, 1)


def within_int64(interval: Interval) -> Interval:
    """Return an interval if no number in it wraps around, else `ANY`.

    Examples
    --------
    >>> within_int64((0, 5)), within_int64((0, 2**63)) == ANY
    ((0, 5), True)
    """
    low, high = interval
    return interval if ANY[0] <= low and high <= ANY[1] else ANY


def hull(*parts: Interval) -> Interval:
    """Return the smallest interval that holds all of some."""
    return min(low for low, _ in parts), max(high for _, high in parts)


def corners(function: Callable[[int, int], int]) -> Callable[[Interval, Interval], Interval]:
    """Return the rule of a function whose extremes are at ends of both intervals.

    Examples
    --------
    >>> corners(lambda x, y: x * y)((-3, 2), (0, 5))
    (-15, 10)
    """

    def rule(x: Interval, y: Interval) -> Interval:
        ends = [function(a, b) for a in x for b in y]
        return min(ends), max(ends)

    return rule


def floor_divide(x: Interval, y: Interval) -> Interval:
    """Of ``x // y``, which is 0 where y is 0; between 0 and an end of y it is monotone."""
    divisors = [d for d in (*y, -1, 1) if d and y[0] <= d <= y[1]]
    ends = [n // d for n in x for d in divisors]
    ends += [0] if y[0] <= 0 <= y[1] else []
    return min(ends), max(ends)


def remainder(x: Interval, y: Interval) -> Interval:
    """Of ``x % y``, which has the sign of y, and is 0 where y is 0."""
    low, high = min(y[0] + 1, 0), max(y[1] - 1, 0)
    return low, min(high, x[1]) if x[0] >= 0 and y[0] > 0 else high


def absolute(x: Interval) -> Interval:
    """Of ``abs(x)``."""
    ends = [abs(n) for n in x]
    return 0 if x[0] <= 0 <= x[1] else min(ends), max(ends)


def square(x: Interval) -> Interval:
    """Of ``x * x``."""
    low, high = absolute(x)
    return low * low, high * high


def narrowed(dtype: str) -> Callable[[Interval], Interval]:
    """Return the rule of a conversion to a small type, in which numbers wrap around."""
    about = np.iinfo(dtype)

    def rule(x: Interval) -> Interval:
        inside = about.min <= x[0] and x[1] <= about.max
        return x if inside else (int(about.min), int(about.max))

    return rule
