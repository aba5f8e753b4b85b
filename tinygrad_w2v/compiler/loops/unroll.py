"""Unroll short axes of known length, so that one inner loop serves all their elements.

The scores of an example with six rows are six sums over the same loop: written out they are six
numbers that are added up side by side, and what they share is read once. A statement is written
out along a short axis when it adds up and has a long inner loop beside it. Arrays along the axis
are split into their parts, each an array, or a number, of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import reduce

from tinygrad_w2v.compiler.ir.sizes import SymbolicSize
from tinygrad_w2v.compiler.loops.collapse import is_costly
from tinygrad_w2v.compiler.loops.dependence import adds, sets_all
from tinygrad_w2v.compiler.loops.nest import (
    DERIVED,
    Array,
    Call,
    Indices,
    Load,
    Loop,
    LoopCode,
    Number,
    Statement,
    Variable,
    moved,
    reads_in,
    renamed,
    rewritten,
    wholes_in,
)
from tinygrad_w2v.compiler.loops.schedule import Schedule


def unroll(code: LoopCode, schedule: Schedule) -> LoopCode:
    """Return statements with short axes written out."""
    short = {s: loop for s in code.statements if (loop := _short_loop(s, schedule))}
    split: dict[str, int] = {}
    searched = wholes_in(e for s in code.statements for e in s.expressions())
    for statement, loop in short.items():
        # Six sums over an inner loop are six numbers, not an array of six.
        axis = _axis_of(statement.indices, loop.variable)
        innermost = statement.loops[-1].variable
        own = statement.array in code.arrays and statement.array not in searched
        if innermost in statement.reduced and axis is not None and own:
            split[statement.array] = axis
    # A sum over a short axis that makes all of its array begins with its first term.
    whole = {s.array for s, loop in short.items() if _sums_whole(s, loop, code.arrays)}
    result: list[Statement] = []
    for statement in code.statements:
        around = short.get(statement) or _loop_over_split(statement, split)
        if statement.array in whole and statement.mode == "set":
            continue
        if around is None:
            result.append(statement)
        elif statement in short and around.variable in statement.reduced:
            result.append(_summed(statement, around, statement.array in whole))
        else:
            result += _copies(statement, around)
    for name, axis in split.items():
        code = _split(code, result, name, axis)
        result = code.statements
    return _in_registers(code._replace(body=tuple(result)), schedule)


def _in_registers(code: LoopCode, schedule: Schedule) -> LoopCode:
    """Split arrays along short axes whose elements others read and write one by one.

    When all that touches an array names its part by a number, the parts are numbers of their own.
    """
    for name, array in code.arrays.items():
        for axis, length in enumerate(array.shape):
            if isinstance(length, SymbolicSize) or length > schedule.short_axis:
                continue
            result = _by_part(code, name, axis)
            if result is not None:
                return _in_registers(_split(code, result, name, axis), schedule)
    return code


def _by_part(code: LoopCode, name: str, axis: int) -> list[Statement] | None:
    """The statements so that each names a part of an array by a number; None where one cannot."""
    result: list[Statement] = []
    touched = False
    if name in reads_in(code.loss):
        return None
    for statement in code.statements:
        loads = [load for load in statement.loads() if load.array == name]
        if name in statement.reads and not loads:
            return None
        at = {load.indices[axis] for load in (*loads, statement.element) if load.array == name}
        if not at or all(isinstance(index, Number) for index in at):
            touched = touched or bool(at)
            result.append(statement)
            continue
        loop = statement.loops[-1] if statement.loops else None
        if loop is None or loop.ragged or at != {Variable(loop.variable)}:
            return None
        if statement.mode != "set" or statement.phase != "compute" or is_costly(statement):
            return None
        result += _copies(statement, loop)
    return result if touched else None


def _split(code: LoopCode, statements: Iterable[Statement], name: str, axis: int) -> LoopCode:
    """The code with an array as its parts along an axis, each an array of its own."""

    def part(load: Load) -> Load:
        number = load.indices[axis]
        assert isinstance(number, Number), "an array that is split is only read part by part"
        rest = (*load.indices[:axis], *load.indices[axis + 1 :])
        return Load(f"{name}{DERIVED}p{number.value}", rest)

    arrays = dict(code.arrays)
    shape, dtype = arrays.pop(name)
    rest = (*shape[:axis], *shape[axis + 1 :])
    arrays |= {f"{name}{DERIVED}p{k}": Array(rest, dtype) for k in range(shape[axis])}
    return code._replace(body=rewritten(statements, moved((name,), part)), arrays=arrays)


def _short_loop(statement: Statement, schedule: Schedule) -> Loop | None:
    """The loop that a statement is written out along."""
    if not adds(statement) or statement.phase != "compute":
        return None
    if len(statement.loops) < 2 or any(loop.ragged for loop in statement.loops):
        return None
    inner = statement.loops[-1].length
    if isinstance(inner, SymbolicSize) or inner < schedule.long_loop:
        return None
    for loop in reversed(statement.loops[:-1]):
        short = not isinstance(loop.length, SymbolicSize) and 0 < loop.length <= schedule.short_axis
        plain = _axis_of(statement.indices, loop.variable) is not None
        if short and (plain or loop.variable in statement.reduced):
            return loop
    return None


def _sums_whole(statement: Statement, loop: Loop, arrays: Mapping[str, Array]) -> bool:
    """Whether a sum over one short axis alone makes all of its array, so that it sets it."""
    if statement.reduced != {loop.variable} or statement.mode != "add":
        return False
    others = [other for other in statement.loops if other is not loop]
    return sets_all([(statement.indices, others)], arrays[statement.array].shape)


def _summed(statement: Statement, loop: Loop, whole: bool) -> Statement:
    """A sum over a short axis as one expression."""
    terms = _copies(statement, loop)
    value = reduce(lambda total, term: Call("add", (total, term)), [term.value for term in terms])
    return replace(terms[0], value=value, mode="set" if whole else statement.mode)


def _axis_of(indices: Indices, variable: str) -> int | None:
    return indices.index(Variable(variable)) if Variable(variable) in indices else None


def _loop_over_split(statement: Statement, split: Mapping[str, int]) -> Loop | None:
    """The loop of a statement that runs over an array which is now several."""
    for load in (statement.element, *statement.loads()):
        if load.array in split:
            index = load.indices[split[load.array]]
            for loop in statement.loops:
                if index == Variable(loop.variable):
                    return loop
    return None


def _copies(statement: Statement, loop: Loop) -> list[Statement]:
    """The statement once for each iteration of a loop."""
    assert isinstance(loop.length, int)
    rest = replace(statement, loops=tuple(other for other in statement.loops if other != loop))
    return [renamed(rest, {loop.variable: Number(k)}) for k in range(loop.length)]
