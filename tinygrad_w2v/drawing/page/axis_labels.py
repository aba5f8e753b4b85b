"""Words for the rows and columns of arrays: of labelled tables, and of what is computed with them.

What is read from a labelled table has its words, a product of matrices those of its outer axes,
and whatever is computed element by element those of its input. An op that moves elements in any
other way ends it: no word is better than a wrong one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v.autograd.function import Function

Words = Any  # an array of words of the shape of the axes that they stand for

# The families of ops that keep the place of every element (broadcast inputs have other shapes).
_FAMILIES = ("arithmetic", "elementwise", "activations", "hyperbolic", "trigonometry")
_KEEPING = frozenset(
    f"tinygrad_w2v.functions.{family}" for family in (*_FAMILIES, "probabilities", "casting")
)
_OURS = "tinygrad_w2v.functions."


class AxisLabels(NamedTuple):
    """The words of an array's axes: of the first `leading` together, of each other one alone."""

    leading: int
    first: Words | None
    others: tuple[Words | None, ...]

    def of(self, axis: int) -> Words | None:
        """The words of one axis, if it has words of its own."""
        if axis >= self.leading:
            return self.others[axis - self.leading]
        return self.first if self.leading == 1 else None


def labels_of(
    functions: Iterable[Function],
    keys: Mapping[Function, tuple[list[int], list[int]]],
    shapes: Mapping[int, tuple[int, ...]],
    given: Mapping[int, AxisLabels],
) -> dict[int, AxisLabels]:
    """The labels of all values that have any.

    Parameters
    ----------
    functions : iterable of Function
        The ops of a graph, oldest first.
    keys : mapping
        Of each op its inputs and outputs, by key.
    shapes : mapping
        Of each value.
    given : mapping
        What is known of leaves.
    """
    known = dict(given)
    ops = list(functions)
    for function in ops:
        inputs, outputs = keys[function]
        found = _of_output(function, inputs, shapes[outputs[0]], shapes, known)
        if found is not None:
            known.setdefault(outputs[0], found)
    for function in reversed(ops):  # a constant that a labelled table is multiplied with
        _of_factor(function, keys[function][0], shapes, known)
    return known


def plain(words: Iterable[Words | None]) -> AxisLabels:
    """Labels of which each axis has its own."""
    first, *others = words
    return AxisLabels(1, first, tuple(others))


def _of_output(
    function: Function,
    inputs: list[int],
    shape: tuple[int, ...],
    shapes: Mapping[int, tuple[int, ...]],
    known: Mapping[int, AxisLabels],
) -> AxisLabels | None:
    home = type(function).__module__
    label = function.label if home.startswith(_OURS) else ""
    if label == "rows" and (table := known.get(inputs[0])) is not None:
        ids = np.asarray(vars(function)["ids"])
        first = table.of(0)
        if first is None or ids.dtype.kind not in "iu":
            return None
        others = tuple(table.of(axis) for axis in range(1, len(shapes[inputs[0]])))
        if ids.ndim == 0:
            return plain(others) if any(words is not None for words in others) else None
        return AxisLabels(ids.ndim, first[ids], others)
    if label == "matmul":
        return _of_product(inputs, shape, shapes, known)
    for key in inputs if home in _KEEPING else ():
        if key in known and shapes[key] == shape:
            return known[key]
    return None


def _of_product(
    inputs: list[int],
    shape: tuple[int, ...],
    shapes: Mapping[int, tuple[int, ...]],
    known: Mapping[int, AxisLabels],
) -> AxisLabels | None:
    left, right = (known.get(key) for key in inputs)
    if len(shapes[inputs[1]]) != 2 or not shape:
        return None
    columns = right.of(1) if right is not None else None
    axes = len(shapes[inputs[0]])
    if left is not None and left.leading < axes:
        rows = AxisLabels(left.leading, left.first, (*left.others[:-1], columns))
    else:
        rows = AxisLabels(1, None, (*(None for _ in range(axes - 2)), columns))
        if axes == 1:
            rows = plain((columns,))
    there = rows.first is not None or any(words is not None for words in rows.others)
    return rows if there else None


def _of_factor(
    function: Function,
    inputs: list[int],
    shapes: Mapping[int, tuple[int, ...]],
    known: dict[int, AxisLabels],
) -> None:
    ours = type(function).__module__.startswith(_OURS)
    if not ours or function.label != "matmul" or inputs[0] in known:
        return
    table = known.get(inputs[1])
    rows = table.of(0) if table is not None and len(shapes[inputs[1]]) == 2 else None
    axes = len(shapes[inputs[0]])
    if rows is not None and axes:
        known[inputs[0]] = plain((*(None for _ in range(axes - 1)), rows))
