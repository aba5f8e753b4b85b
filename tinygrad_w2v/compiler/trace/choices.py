"""Choices between symbols, and look-ups in them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v.compiler.trace import indexing
from tinygrad_w2v.compiler.trace.elementwise import apply
from tinygrad_w2v.compiler.trace.registry import handles
from tinygrad_w2v.compiler.trace.symbol import Symbol, broadcast_shapes, unsupported
from tinygrad_w2v.functions.axes import normalized_axes

OF_VALUES = (
    "how long it is, only the values say; write `np.where(condition, x, 0)`, which has a place for "
    "each"
)


@handles(np.where)
def where(condition: Any, *values: Any) -> Any:
    """One value or the other, element by element."""
    if len(values) != 2:
        raise unsupported("np.where of a condition alone", OF_VALUES)
    x, y = values
    return apply("where", condition, x, y)


@handles(np.clip)
def clip(a: Any, a_min: Any = None, a_max: Any = None) -> Any:
    """Between two bounds."""
    if a_min is not None:
        a = apply("maximum", a, a_min)
    return a if a_max is None else apply("minimum", a, a_max)


@handles(np.take)
def take(a: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    """Places along an axis."""
    if axis is None or not (isinstance(a, Symbol) or isinstance(indices, Symbol)):
        raise unsupported(
            "np.take without an axis", "flatten the array first, `np.reshape(x, (-1,))`"
        )
    if mode != "raise":
        raise unsupported(f"np.take with mode={mode!r}", "write `np.clip(ids, 0, n - 1)`")
    trace = a.trace if isinstance(a, Symbol) else indices.trace
    a = trace.symbol(a)
    (axis,) = normalized_axes(axis, a.ndim)
    ids = trace.symbol(indexing.from_start("np.take", indices, a.shape[axis]))
    shape = (*a.shape[:axis], *ids.shape, *a.shape[axis + 1 :])
    return trace.record(
        "take", (a, ids), shape, a.kind, name="rows" if axis == 0 else "take", axis=axis
    )


@handles(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: int = -1) -> Any:
    """Other places along an axis in every row."""
    trace = arr.trace if isinstance(arr, Symbol) else indices.trace
    arr = trace.symbol(arr)
    (axis,) = normalized_axes(axis, arr.ndim)
    ids = trace.symbol(indexing.from_start("np.take_along_axis", indices, arr.shape[axis]))
    rest = [tuple(1 if i == axis else n for i, n in enumerate(x.shape)) for x in (arr, ids)]
    others = broadcast_shapes("take_along_axis", rest)
    shape = (*others[:axis], ids.shape[axis], *others[axis + 1 :])
    return trace.record("take_along", (arr, ids), shape, arr.kind, axis=axis)
