"""Sorting: the sorted elements are looked up at their places.

So a gradient goes back to the place that its element came from. Equal elements keep their order, as
the sort is stable.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.dispatch import unwrapped
from tinygrad_w2v.functions.axes import axis_of
from tinygrad_w2v.functions.lookup import TakeAlongAxis
from tinygrad_w2v.functions.shape import ravel

__all__ = ["partition", "sort"]


def _at(op: str, a: Any, axis: int | None, places_of: Any) -> Any:
    """`a` in the order in which ``places_of(data, axis)`` puts its elements along an axis."""
    if axis is None:
        a, axis = ravel(a), -1
    axis = axis_of(op, a, axis)
    return TakeAlongAxis(places_of(unwrapped(a), axis), axis)(a)


def _unordered(op: str, order: Any) -> None:
    if order is not None:
        raise ValueError(
            f"{op}: `order` names the fields of a structured array, and a Variable holds numbers"
            f"{user_line()}"
        )


def sort(
    a: Any, axis: int | None = -1, kind: Any = None, order: None = None, *, stable: Any = None
) -> Any:
    """`a` in ascending order along `axis` (all elements where that is None); NaN comes last.

    The sort is stable whatever `kind` says: equal elements keep their order, and each has the
    gradient of its own place.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> x = tw.Variable([3.0, 1.0, 2.0])
    >>> F.sort(x)[0].backward()
    >>> x.grad.data
    array([0., 1., 0.])
    """
    _unordered("sort", order)
    return _at("sort", a, axis, lambda data, axis: np.argsort(data, axis, kind="stable"))


def partition(
    a: Any, kth: Any, axis: int | None = -1, kind: Any = "introselect", order: None = None
) -> Any:
    """`a` with the element number `kth` of the sorted order in its place, smaller ones before it.

    Each element has the gradient of the place that it comes to; among equal ones that is any.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> float(F.partition(tw.Variable([3.0, 1.0, 2.0, 0.0]), 2)[2])
    2.0
    """
    _unordered("partition", order)
    return _at("partition", a, axis, lambda data, axis: np.argpartition(data, kth, axis, kind))
