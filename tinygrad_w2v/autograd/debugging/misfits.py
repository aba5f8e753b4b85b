"""Why shapes do not fit, in words about the axes: what NumPy's own messages leave to its readers.

An op says what only it knows in its `misfit`. What holds for all of them stands here: how axes are
paired where an op works element by element, and which axes there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from tinygrad_w2v._base.types import Shape

_ORDINALS = ("the first", "the second")
_SEARCHED = 6  # axes of an array for which a place of new axes is looked for


def of_shapes(shapes: Sequence[Shape]) -> str:
    """``(2, 3) and (4,)``: the inputs of an op, for a message.

    Examples
    --------
    >>> of_shapes([(2, 3)]), of_shapes([(2,), (), (4,)])
    ('(2, 3)', '(2,), () and (4,)')
    """
    texts = [str(tuple(shape)) for shape in shapes]
    return " and ".join([part for part in (", ".join(texts[:-1]), *texts[-1:]) if part])


def axes(count: int) -> str:
    """``1 axis``, ``2 axes``."""
    return f"{count} {'axis' if count == 1 else 'axes'}"


def nth(position: int, count: int) -> str:
    """An input of an op by its place: ``the second`` of two, ``input 1`` of more."""
    if count == 1:
        return "the input"
    return _ORDINALS[position] if count <= 2 else f"input {position}"


def unpaired(shapes: Sequence[Shape]) -> str:
    """Why arrays of these shapes do not go together element by element; empty if they do.

    Examples
    --------
    >>> unpaired([(3, 4), (3,)])
    'counted from the last axis, ... axis -1 has 4 and 3; make the second (3, 1) with `reshape`'
    >>> unpaired([(3, 4), (4,)])
    ''
    """
    for place in range(1, max(map(len, shapes), default=0) + 1):
        sizes = [shape[-place] for shape in shapes if len(shape) >= place]
        different = list(dict.fromkeys(size for size in sizes if size != 1))
        if len(different) > 1:
            return (
                "counted from the last axis, sizes must be equal or 1, and axis "
                f"-{place} has {different[0]} and {different[1]}{_with_new_axes(shapes)}"
            )
    return ""


def _with_new_axes(shapes: Sequence[Shape]) -> str:
    """How to reshape the one of two arrays that has fewer axes, where one way makes it fit."""
    if len(shapes) != 2 or len(shapes[0]) == len(shapes[1]):
        return ""
    smaller = int(len(shapes[0]) > len(shapes[1]))
    small, large = shapes[smaller], shapes[1 - smaller]
    if not small or len(large) > _SEARCHED:
        return ""
    fitting = []
    for places in combinations(range(len(large)), len(small)):
        wide = [1] * len(large)
        for place, size in zip(places, small, strict=True):
            wide[place] = size
        if all(n in (1, m) for n, m in zip(wide, large, strict=True)):
            fitting.append(tuple(wide))
    if len(fitting) != 1:
        return ""
    return f"; make {nth(smaller, 2)} {fitting[0]} with `reshape`"


def not_stretched(shape: Shape, to: Shape) -> str:
    """Why an array of `shape` cannot be broadcast to another; empty if it can.

    Examples
    --------
    >>> not_stretched((3, 4), (2, 4))
    'axis 0 has size 3, where 2 or 1 is needed'
    """
    if len(shape) > len(to):
        return f"{axes(len(shape))} cannot become {len(to)}"
    for axis, (size, wanted) in enumerate(zip(shape, to[len(to) - len(shape) :], strict=True)):
        if size not in (1, wanted):
            needed = f"{wanted} or 1" if wanted != 1 else "1"
            return f"axis {axis} has size {size}, where {needed} is needed"
    return ""


def no_axis(error: np.exceptions.AxisError) -> str:
    """Which axes there are, where one was asked for that is not."""
    axis, ndim = error.axis, error.ndim
    if axis is None or ndim is None:
        return str(error)
    there = f"{ndim} axes are numbered 0 to {ndim - 1}, or -{ndim} to -1 from the last"
    if ndim < 2:
        there = "a number has none" if ndim == 0 else "there is one axis, 0 (or -1)"
    return f"there is no axis {axis}: {there}"


# ---------------------------------------------------------------------- places in an array
def no_place(shape: Shape, axis: int, ids: Any) -> str:
    """Why `ids` are no places along an axis; empty if they are.

    Examples
    --------
    >>> no_place((3, 2), 0, np.array([0, 3]))
    'the ids go from 0 to 3, out of bounds for axis 0 of the shape (3, 2), which has ... 0 to 2 ...'
    """
    ids = np.asarray(ids)
    if not shape:
        return "too many indices: a number has no rows"
    n = shape[axis]
    if not ids.size or (ids.min() >= -n and ids.max() < n):
        return ""
    there = f"the places 0 to {n - 1} (or -{n} to -1, from the end)" if n else "no places"
    return (
        f"the ids go from {ids.min()} to {ids.max()}, out of bounds for axis {axis} of the shape "
        f"{tuple(shape)}, which has {there}"
    )


def wrong_index(index: Any, shape: Shape) -> str:
    """Why ``x[index]`` is nothing of an `x` of `shape`; empty if the shapes are not the reason.

    Examples
    --------
    >>> wrong_index((0, 5), (2, 3))
    'the ids go from 5 to 5, out of bounds for axis 1 of the shape (2, 3), which has ... 0 to 2 ...'
    >>> wrong_index((0, 0, 0), (2, 3))
    'too many indices: 3 for 2 axes'
    """
    parts = [p for p in (index if isinstance(index, tuple) else (index,)) if p is not None]
    taken = [_axes_taken(part) for part in parts]
    if sum(taken) > len(shape):
        return f"too many indices: {sum(taken)} for {axes(len(shape))}"
    axis, places = 0, []
    for part, count in zip(parts, taken, strict=True):
        if part is ...:
            count = len(shape) - sum(taken)
        elif not isinstance(part, slice):
            array = np.asarray(part)
            if array.dtype == bool:
                if array.shape != shape[axis : axis + count]:
                    there = shape[axis : axis + count]
                    return f"the mask has shape {array.shape}, where {there} is masked"
            elif array.dtype.kind in "US":
                return f"{part!r} is no index: take the id of a word, as `word_to_id[{part!r}]` is"
            elif array.dtype.kind == "f":
                return f"an index is made of integers, not {array.dtype}: use `.astype(int)`"
            elif array.dtype.kind in "iu":
                places.append(array.shape)
                if why := no_place(shape, axis, array):
                    return why
        axis += count
    why = unpaired(places)
    return f"the ids in the index have the shapes {of_shapes(places)}: {why}" if why else ""


def _axes_taken(part: Any) -> int:
    if part is ...:
        return 0
    array = None if isinstance(part, slice) else np.asarray(part)
    return array.ndim if array is not None and array.dtype == bool else 1
