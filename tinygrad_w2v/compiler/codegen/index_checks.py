"""Index checks, before a kernel runs: it reads and writes wherever an id points.

Ids are mostly an example's own, or a little arithmetic on them: where the smallest and the largest
cannot leave the table (`intervals`), nothing more is done. Otherwise the ids of each example are
computed, as the kernel computes them, and checked one by one. Lengths are checked, too: that an
example is long enough for an index, and that there is something to take a maximum of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import CompileError, InputError, PlaceError
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.compiler.codegen.batch_layout import Packed, range_of
from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.interpreter import whole_numbers
from tinygrad_w2v.compiler.ir.intervals import ANY, BOOL, Interval
from tinygrad_w2v.compiler.ir.ops import GIVEN, MOVED, OPS, interval_of
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.ir.sizes import (
    Length,
    SymbolicSize,
    bound_of,
    floor_of,
    sizes_in,
    value_of,
)


class Place(NamedTuple):
    """Ids, and the length of the axis that they index; of segments, where they start."""

    ids: str
    length: Length
    starts: bool = False


class Need(NamedTuple):
    """A number that must not be below 0 in any example, and what is wrong where it is."""

    number: Length
    length: Length
    because: str


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
    places: list[Place] = []
    known = program.by_name()
    for step in program:
        op = OPS[step.op]
        if step.op == "scan":
            places += [Place(step.inputs[number], *rest) for number, *rest in step["checks"]]
        length = op.indexed(step, [known[name].shape for name in step.inputs])
        if op.ids is None or length is None:
            continue
        ids = step.inputs[op.ids]
        if not (step.op.startswith("scatter") and known[ids].op == "first_place"):
            places.append(Place(ids, length, op.starts))
    return [place for place in dict.fromkeys(places) if not _is_within(known, place)]


def viewed(known: Mapping[str, Instruction], name: str) -> Instruction:
    """Return the instruction that a value is a view of."""
    step = known[name]
    return viewed(known, step.inputs[0]) if step.op in MOVED else step


def _is_within(known: Mapping[str, Instruction], place: Place) -> bool:
    """Whether ids are the places of an axis of the length of the one that they index."""
    step, length = viewed(known, place.ids), None
    if step.op == "arange":
        length = step.shape[0]
    elif step.op == "argument":
        length = known[step.inputs[0]].shape[step["axis"]]
    return not place.starts and length == place.length


def needs_of(program: Program) -> list[Need]:
    """Return what the lengths of an example have to be for a program; only what is not certain.

    Examples
    --------
    >>> from tinygrad_w2v.compiler.ir.sizes import Size, symbolic
    >>> c = symbolic(Size("C", 10))
    >>> x = Instruction("x", "input", (), (c,), "float", {})
    >>> third = Instruction("third", "slice", ("x",), (), "float", {"spec": (("at", 2),)})
    >>> [need.number for need in needs_of(Program((x, third), "third", {}))]
    [C - 3]
    """
    needs: dict[Length, Need] = {}

    def note(number: Length, length: Length, because: str, step: Instruction) -> None:
        if floor_of(number) < 0:
            needs.setdefault(number, Need(number, length, because + _applied(step)))

    for step, known in _all_of(program):
        for n in step.shape:
            note(n, n, "which is no length", step)
        if step.op in ("slice", "scatter_slice"):
            whole = known[step.inputs[0]].shape if step.op == "slice" else step.shape
            for part, n in zip(step["spec"], whole, strict=True):
                missing = f"so there is no element {part[1]}"
                if part[0] == "at":
                    note(part[1], n, f"so an index {part[1]} counts from the wrong end", step)
                    note(n - part[1] - 1, n, missing, step)
                elif part[2] == 1:
                    note(part[1], n, missing, step)
                    note(n - part[1] - part[3], n, missing, step)
        if step.op in ("reduce", "argument") and step["function"] in ("max", "min"):
            for axis in step["axes"] if step.op == "reduce" else (step["axis"],):
                n = known[step.inputs[0]].shape[axis]
                note(n - 1, n, f"and of nothing there is no {step['function']}", step)
        if step.op == "map" and step["function"] == "divide":
            divisor = known[step.inputs[1]]
            if divisor.op == "size":
                n = divisor["length"]
                note(
                    n - 1, n, "and a mean over nothing is no number: leave such examples out", step
                )
    return list(needs.values())


def _all_of(program: Program) -> Iterator[tuple[Instruction, Mapping[str, Instruction]]]:
    """Yield all instructions, those of loops included, each with those beside it."""
    known = program.by_name()
    for step in program:
        yield step, known
        if step.op == "scan":
            yield from _all_of(step["body"])


def _applied(step: Instruction) -> str:
    return f"\n  applied at {step.site}" if step.site else ""


class Places:
    """The ids of a program and its lengths, and their check before examples are run.

    Parameters
    ----------
    program : Program
    """

    def __init__(self, program: Program) -> None:
        self._program, self._known = program, program.by_name()
        self._places, self._needs = places_of(program), needs_of(program)
        self._of = {place.ids: _needed_for(program, place.ids) for place in self._places}
        self._all = _needed_for(program, *self._of)
        self._constants = {
            step.name: range_of(np.asarray(program.constants.get(step.name, step["value"])))
            for step in self._all
            if step.op == "constant" and step.dtype == "int"
        }

    def check(self, packed: Packed, ranges: Mapping[str, Interval] | None = None) -> None:
        """Raise a PlaceError for an id that is no place of what it indexes.

        Parameters
        ----------
        packed : Packed
        ranges : dict, optional
            Between which numbers the ids of some inputs are, where that is known beforehand.
        """
        sizes = packed.all_sizes()
        for need in self._needs:
            self._check_need(need, sizes, packed.first)
        intervals = self._intervals(packed, ranges or {})
        for place in self._places:
            low, high = intervals[place.ids]
            if place.starts or low < 0 or high >= _shortest(place.length, sizes):
                self._check_each(place, packed)

    def _intervals(self, packed: Packed, ranges: Mapping[str, Interval]) -> dict[str, Interval]:
        intervals = self._constants | dict(ranges)
        for step in self._all:
            if step.name in intervals:
                continue
            if step.op == "input" and step.dtype == "int":
                interval = packed.range_of(step.name)
            elif step.op == "size" and step.dtype == "int":
                interval = floor_of(step["length"]), bound_of(step["length"])
            elif step.op in GIVEN:
                interval = BOOL if step.dtype == "bool" else ANY
            else:
                given = [intervals[name] for name in step.inputs]
                shapes = [self._known[name].shape for name in step.inputs]
                interval = interval_of(step, given, shapes)
            intervals[step.name] = interval
        return intervals

    def _check_need(self, need: Need, sizes: Mapping[str, AnyArray], first: int) -> None:
        if not sizes:
            return
        numbers = np.atleast_1d(value_of(need.number, sizes))
        if numbers.size == 0 or numbers.min() >= 0:
            return
        at = int(np.argmax(numbers < 0))
        names = {size.name for size in sizes_in((need.length,))}
        fields = [
            step.name
            for step in self._program.of_op("input")
            if names & {size.name for size in sizes_in(step.shape)}
        ]
        length = value_of(need.length, {name: n[at] for name, n in sizes.items()})
        raise PlaceError(
            f"example {first + at} is too short: {need.length} is {length} ({', '.join(fields)}), "
            f"{need.because}"
        )

    def _check_each(self, place: Place, packed: Packed) -> None:
        """Compute the ids of each example."""
        steps = {step.name for step in self._of[place.ids]}
        self._refuse_unknown(place)
        name = self._named(place.ids)
        for at in range(packed.count):
            sizes, example = packed.sizes_of(at), packed.example(self._program, at)
            values = whole_numbers(self._program, steps, example, sizes)
            where = f"{name} of example {packed.first + at}"
            _check_ids(place, values[place.ids], value_of(place.length, sizes), where)

    def _refuse_unknown(self, place: Place) -> None:
        """What depends on parameters or on rounding cannot be known before a kernel runs."""
        for step in self._of[place.ids]:
            if step.op == "parameter" or step.dtype == "float":
                what = "values of the parameter" if step.op == "parameter" else "rounding of"
                raise CompileError(
                    f"a place depends on the {what} {step.name}, so whether it is in range cannot "
                    "be known before a kernel runs: keep it in range with `np.clip(ids, 0, rows - "
                    f"1)`, or use `np.where` on values instead{_applied(step)}"
                )

    def _named(self, ids: str) -> str:
        """The input that ids are, or those that they are computed from."""
        step = viewed(self._known, ids)
        if step.op in ("input", "constant"):
            return step.name
        inputs = [step.name for step in self._of[ids] if step.op == "input"]
        return f"what is computed from {' and '.join(inputs)}"


def _needed_for(program: Program, *names: str) -> list[Instruction]:
    """The instructions that values depend on, in order, those of the values included."""
    needed = program.needed(*names)
    return [step for step in program if step.name in needed]


def _shortest(length: Length, sizes: Mapping[str, AnyArray]) -> int:
    """The least that a length is in these examples."""
    if not isinstance(length, SymbolicSize):
        return length
    return int(np.min(value_of(length, sizes), initial=np.iinfo(np.int64).max))


def _check_ids(place: Place, ids: AnyArray, length: int, where: str) -> None:
    if place.starts:
        starts = ids.size > 0 and ids[0] == 0 and not np.any(ids[1:] < ids[:-1])
        if not (starts and ids[-1] <= length) and (ids.size or length):
            raise InputError(
                f"{where} is {ids.tolist()}: segments start at 0, never fall, and end at "
                f"{length}, the number of rows"
            )
        return
    low, high = range_of(ids)
    if ids.size and (low < 0 or high >= length):
        raise PlaceError(
            f"{where} holds ids from {low} to {high}, but the table has the rows 0 to {length - 1}"
        )
