"""Pearson's and Spearman's correlation with the chance that unrelated numbers reach it.

``r = sum (x - mx)(y - my) / sqrt(sum (x - mx)^2 sum (y - my)^2)``; Spearman's is Pearson's of the
ranks, tied numbers sharing the mean of their places. With ``n - 2`` degrees of freedom
``t = r sqrt((n - 2) / (1 - r^2))`` follows Student's t, and the two-sided chance is the
regularised incomplete beta function ``I_{1 - r^2}((n - 2) / 2, 1 / 2)``.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import FloatArray


class Correlation(NamedTuple):
    """A correlation coefficient and its two-sided p-value."""

    statistic: float
    pvalue: float


def pearson(x: npt.ArrayLike, y: npt.ArrayLike) -> Correlation:
    """Return Pearson's correlation of two lists of numbers; NaN where one is constant.

    Examples
    --------
    >>> r, p = pearson([1, 2, 3, 4], [1, 3, 2, 4])
    >>> round(r, 6), round(p, 6)
    (0.8, 0.2)
    """
    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1 or len(a) < 2:
        raise InputError(
            f"correlation needs two lists of at least 2 numbers, not {a.shape}, {b.shape}"
        )
    if (a == a[0]).all() or (b == b[0]).all():
        return Correlation(math.nan, math.nan)
    # By a power of two, which rounds nothing, so that no sum or square is too large.
    a, b = (np.ldexp(each, -int(np.frexp(np.abs(each).max())[1])) for each in (a, b))
    a, b = a - a.mean(), b - b.mean()
    a, b = a / np.abs(a).max(), b / np.abs(b).max()
    # In this form equal ranks give exactly 1, whose p-value is 0.
    r = float(a @ b) / math.sqrt(float(a @ a) * float(b @ b))
    r = max(-1.0, min(1.0, r))
    if len(a) == 2:
        return Correlation(round(r), 1.0)
    return Correlation(r, incomplete_beta((len(a) - 2) / 2, 0.5, (1 - r) * (1 + r)))


def spearman(x: npt.ArrayLike, y: npt.ArrayLike) -> Correlation:
    """Return Spearman's rank correlation of two lists of numbers; NaN where one is constant.

    Examples
    --------
    >>> spearman([1, 2, 3], [10, 100, 1000]).statistic
    1.0
    """
    return pearson(ranks(x), ranks(y))


def ranks(x: npt.ArrayLike) -> FloatArray:
    """Return the place of each number in rising order, from 1; ties share their mean place.

    Examples
    --------
    >>> ranks([3.0, 1.0, 3.0])
    array([2.5, 1. , 2.5])
    """
    _, inverse, counts = np.unique(np.asarray(x), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse])


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function ``I_x(a, b)``.

    By its continued fraction, evaluated by Lentz's method (Press et al., Numerical Recipes,
    section 6.4).

    Examples
    --------
    >>> round(incomplete_beta(2.0, 3.0, 0.5), 12)
    0.6875
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):  # there the fraction of the mirrored function converges faster
        return 1.0 - incomplete_beta(b, a, 1 - x)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    tiny = 1e-300
    c, d = 1.0, 1 / ((1 - (a + b) * x / (a + 1)) or tiny)
    fraction = d
    for m in range(1, 10_000):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / ((1 + step * d) or tiny)
            c = (1 + step / c) or tiny
            fraction *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return front * fraction / a
