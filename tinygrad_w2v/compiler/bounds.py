"""Places are looked at before a kernel runs: it reads and writes wherever an id points.

Ids are mostly a window's own, or a little arithmetic on them: where the smallest and the largest
cannot leave the table, nothing more is done. Otherwise the ids of each window are computed and
compared one by one.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.compiler.extents import Extent, Length, value_of
from tinygrad_w2v.compiler.instructions import MOVED, Instruction, Program
from tinygrad_w2v.compiler.interpreting import value_in
from tinygrad_w2v.compiler.packing import Packed

Range = tuple[float, float]
_ANY: Range = (-math.inf, math.inf)


class Place(NamedTuple):
    """Ids, and the length of the axis that they index; of segments, where they start."""

    ids: str
    length: Length
    starts: bool = False


def places_of(program: Program) -> list[Place]:
    """Return all ids of a program with what they index.

    Examples
    --------
    >>> table = Instruction("w", "parameter", (), (7, 3), "float", {"wide": False})
    >>> ids = Instruction("i", "input", (), (), "int", {})
    >>> rows = Instruction("rows", "take", ("w", "i"), (3,), "float", {"axis": 0})
    >>> places_of(Program((table, ids, rows), "rows", {}))
    [Place(ids='i', length=7, starts=False)]
    """
    found: list[Place] = []
    known = program.by_name()
    for step in program:
        if step.op in ("take", "take_along"):
            found.append(Place(step.inputs[1], known[step.inputs[0]].shape[step["axis"]]))
        elif step.op in ("add_rows", "put_rows"):
            found.append(Place(step.inputs[1], known[step.inputs[0]].shape[0]))
        elif step.op in ("scatter", "scatter_along") and known[step.inputs[1]].op != "first_place":
            found.append(Place(step.inputs[1], step.shape[step["axis"]]))
        elif step.op == "segment_sum":
            found.append(Place(step.inputs[1], known[step.inputs[0]].shape[0], True))
        elif step.op == "segment_repeat":
            found.append(Place(step.inputs[1], step.shape[0], True))
    return list(dict.fromkeys(found))


class Places:
    """The ids of a program, and the look at them before windows are run.

    Parameters
    ----------
    program : Program
    """

    def __init__(self, program: Program) -> None:
        self._program, self._known = program, program.by_name()
        self._places = places_of(program)

    def check(self, packed: Packed) -> None:
        """Raise an InputError for an id that is no place of what it indexes."""
        ranges: dict[str, Range] = {}
        for place in self._places:
            low, high = _range(self._known, place.ids, self._program, packed, ranges)
            if place.starts or low < 0 or high >= _shortest(place.length, packed):
                _check_each(self._program, self._known, place, packed)


def _shortest(length: Length, packed: Packed) -> float:
    if not isinstance(length, Extent):
        return length
    total: Any = length.constant
    for sizes, times in length.terms:
        total = total + math.prod(packed.sizes[size.name] for size in sizes) * times
    return float(np.min(total))


def _check_each(
    program: Program, known: dict[str, Instruction], place: Place, packed: Packed
) -> None:
    """Compute the ids of each window."""
    for at in range(packed.count):
        sizes = {name: int(lengths[at]) for name, lengths in packed.sizes.items()}
        ids = value_in(program, place.ids, packed.window(program, at, sizes), sizes)
        length = value_of(place.length, sizes)
        if ids.size == 0:
            continue
        low, high = int(ids.min()), int(ids.max())
        if place.starts and (ids[0] != 0 or np.any(np.diff(ids) < 0) or high > length):
            raise InputError(
                f"{_named(known, place.ids)} of window {at} is {ids.tolist()}: segments start at "
                f"0, never fall, and end at {length}, the number of rows"
            )
        if not place.starts and not (low >= 0 and high < length):
            raise InputError(
                f"{_named(known, place.ids)} of window {at} holds ids from {low} to {high}, but "
                f"the table has the rows 0 to {length - 1}"
            )


def _named(known: dict[str, Instruction], ids: str) -> str:
    """The input that ids are, or those that they are computed from."""
    step = known[ids]
    while step.op in MOVED:
        step = known[step.inputs[0]]
    if step.op in ("input", "constant"):
        return step.name
    inputs: list[str] = []
    waiting = [step]
    while waiting:
        step = waiting.pop()
        inputs += [step.name] if step.op == "input" and step.name not in inputs else []
        waiting += [known[name] for name in step.inputs]
    return f"what is computed from {' and '.join(inputs)}"


def _range(
    known: dict[str, Instruction],
    name: str,
    program: Program,
    packed: Packed,
    ranges: dict[str, Range],
) -> Range:
    """The smallest and the largest that a value may be."""
    if name not in ranges:
        step = known[name]
        if step.op == "input" or step.op == "constant":
            ranges[name] = _given_range(step, program, packed)
        elif step.dtype != "int":
            ranges[name] = (0, 1) if step.dtype == "bool" else _ANY
        else:
            parts = [_range(known, read, program, packed, ranges) for read in step.inputs]
            ranges[name] = _computed_range(step, parts)
    return ranges[name]


def _given_range(step: Instruction, program: Program, packed: Packed) -> Range:
    if step.dtype != "int":
        return (0, 1) if step.dtype == "bool" else _ANY
    if step.op == "input":
        return packed.range_of(step.name)
    values: AnyArray = np.asarray(
        program.constants[step.name] if step["value"] is None else step["value"]
    )
    return (int(values.min()), int(values.max())) if values.size else (0, -1)


def _computed_range(step: Instruction, parts: list[Range]) -> Range:
    if step.op in (*MOVED, "take", "take_along", "segment_repeat"):
        return parts[0]
    if step.op == "concatenate":
        return min(low for low, _ in parts), max(high for _, high in parts)
    if step.op == "reduce" and step["function"] in ("max", "min"):
        return parts[0]
    if step.op != "map":
        return _ANY
    function = step["function"]
    (low, high), (other_low, other_high) = parts[-2] if len(parts) > 1 else parts[0], parts[-1]
    if function == "add":
        return low + other_low, high + other_high
    if function == "subtract":
        return low - other_high, high - other_low
    if function == "multiply" and math.inf not in (high, other_high):
        products = [x * y for x in (low, high) for y in (other_low, other_high)]
        return min(products), max(products)
    if function == "where":
        return min(low, other_low), max(high, other_high)
    if function == "remainder" and other_low > 0:
        return 0, other_high - 1
    if function in ("maximum", "minimum"):
        choose = max if function == "maximum" else min
        return choose(low, other_low), choose(high, other_high)
    return _ANY
