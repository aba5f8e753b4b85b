"""What is frozen has no part in a step: no gradient arrives, and what a rule makes of it is undone.

A rule moves elements whose gradient is 0, too, by momentum or decay; so elements that are frozen,
and their state, are put back after it. Rows that a gradient names and that are frozen are left out
of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.autograd.rowgrad import RowGrad


def free_gradient(g: Any, mask: bool | AnyArray) -> Any:
    """Return a gradient without what is frozen: zeros there, frozen rows of a RowGrad left out.

    Parameters
    ----------
    g : array or RowGrad
    mask : bool or array of bool
        `frozen` of a Parameter. None is returned where nothing is left.

    Examples
    --------
    >>> free_gradient(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([True, False]))
    array([[0., 0.],
           [3., 4.]])
    """
    if isinstance(mask, bool):
        return None if mask else g
    zero = np.zeros((), g.dtype)
    if not isinstance(g, RowGrad):
        return np.where(_like(mask, g.shape), zero, g)
    rows = g.rows
    if mask.ndim > 1:
        return RowGrad(rows, np.where(mask[rows], zero, g.values), g.shape)
    free = ~mask[rows]
    return RowGrad(rows[free], g.values[free], g.shape) if free.any() else None


def put_back(
    arrays: Sequence[AnyArray], mask: AnyArray, g: Any, change: Callable[[], None]
) -> None:
    """Run a change of arrays, whose frozen elements are as they were afterwards.

    Parameters
    ----------
    arrays : list of arrays
        A parameter's array and its state.
    mask : array of bool
    g : array or RowGrad
        The gradient: what is touched.
    change : function
    """
    if isinstance(g, RowGrad) and mask.ndim == 1:
        change()  # no frozen row is in it
        return
    at: Any = g.coalesced().rows if isinstance(g, RowGrad) else ...
    frozen = _like(mask, arrays[0].shape)[at]
    before = [np.array(array[at]) for array in arrays]
    change()
    for array, kept in zip(arrays, before, strict=True):
        array[at] = np.where(frozen, kept, array[at])


def _like(mask: AnyArray, shape: tuple[int, ...]) -> AnyArray:
    """A mask with as many axes as the array."""
    return mask.reshape(*mask.shape, *(1,) * (len(shape) - mask.ndim))
