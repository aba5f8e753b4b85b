"""How sure a score is: the score of many samples that are drawn again from its own items.

A test set is a sample of the questions that could have been asked. Drawing as many items from it,
with replacement, shows how far the score moves from sample to sample (the bootstrap, Efron 1979).
Two systems are compared on the same draws, and the difference is what is looked at: a question
that is hard for both does not blur it.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tinygrad_w2v._base.errors import InputError, ShapeError
from tinygrad_w2v._base.randomness import require_generator
from tinygrad_w2v._base.types import FloatArray, IntArray


class Intervals(NamedTuple):
    """Scores of all items, and the ends of their intervals; arrays of the statistic's shape."""

    estimate: FloatArray
    low: FloatArray
    high: FloatArray


def bootstrap_intervals(
    statistic: Callable[[IntArray], npt.ArrayLike],
    items: int | npt.ArrayLike,
    rng: np.random.Generator,
    resamples: int = 2000,
    confidence: float = 0.95,
) -> Intervals:
    """Return percentile bootstrap intervals of one or several scores over the same items.

    Parameters
    ----------
    statistic : function of an array of item numbers
        The score, or an array of scores (of several systems, or their differences), of those
        items; an item may come several times.
    items : int, or array of int ``(n,)``
        How many items there are. Or the group of each: then groups are drawn, with all their items,
        where items that have something in common do not count as independent.
    rng : Generator
        Draws the samples; the same state gives the same intervals.
    resamples : int
        How many samples are drawn.
    confidence : float
        How much of them an interval holds; the rest is cut off evenly at both ends.

    Returns
    -------
    Intervals
        ``estimate`` is ``statistic`` of all items.

    Raises
    ------
    InputError
        When there are no two items or groups, or an option is out of its range.
    ShapeError
        When the groups have not one axis.

    Notes
    -----
    A sample for which the statistic is NaN (a correlation of items that are all the same) is left
    out of that score's interval.

    References
    ----------
    Efron, Tibshirani 1993, *An introduction to the bootstrap*, chapter 13. Berg-Kirkpatrick,
    Burkett, Klein 2012, "An empirical investigation of statistical significance in NLP".

    Examples
    --------
    Two systems answer ten questions; one is right where the other is, and twice more:

    >>> right = np.array([[1, 1, 1, 1, 1, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1, 1, 0, 0, 0]])
    >>> def shares(items):
    ...     first, second = right[:, items].mean(axis=1)
    ...     return [first, second, second - first]
    >>> found = bootstrap_intervals(shares, 10, np.random.default_rng(0))
    >>> found.estimate.round(2).tolist()
    [0.5, 0.7, 0.2]
    >>> found.low.round(2).tolist(), found.high.round(2).tolist()
    ([0.2, 0.4, 0.0], [0.8, 1.0, 0.5])
    """
    rng = require_generator(rng)
    if resamples < 1:
        raise InputError(f"resamples must be 1 or more, not {resamples}")
    if not 0 < confidence < 1:
        raise InputError(f"confidence must lie between 0 and 1, not {confidence}")
    order, starts, sizes = _groups(items)
    if len(sizes) < 2:
        raise InputError(
            f"there is nothing to draw from: {len(sizes)} items or groups; 2 are the least"
        )
    estimate = np.asarray(statistic(np.arange(len(order))), dtype=np.float64)
    drawn = np.empty((resamples, *estimate.shape))
    for sample in range(resamples):
        groups = rng.integers(len(sizes), size=len(sizes))
        drawn[sample] = statistic(order[_members(starts[groups], sizes[groups])])
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail], axis=0)
    return Intervals(estimate, low, high)


def _groups(items: int | npt.ArrayLike) -> tuple[IntArray, IntArray, IntArray]:
    """Return the items, those of a group together, where each group begins, and its size."""
    if isinstance(items, (int, np.integer)):
        number = max(int(items), 0)
        return np.arange(number), np.arange(number), np.ones(number, dtype=np.intp)
    labels = np.asarray(items)
    if labels.ndim != 1:
        raise ShapeError(f"the groups of items must be one row, but have shape {labels.shape}")
    _, starts, sizes = np.unique(np.sort(labels), return_index=True, return_counts=True)
    return np.argsort(labels, kind="stable"), starts, sizes


def _members(starts: IntArray, sizes: IntArray) -> IntArray:
    """Return ``start, start + 1, ..., start + size - 1`` of each group, one after another."""
    before = np.cumsum(sizes) - sizes
    return np.repeat(starts - before, sizes) + np.arange(sizes.sum())
