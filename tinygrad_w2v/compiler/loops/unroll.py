"""Short axes of known length are written out, so that one inner loop serves all of them.

The scores of a context with six words are six sums over the same loop: written out they are six
numbers that are added up side by side, and the context's row is read once. A statement is written
out along a short axis when it adds up and has a long inner loop beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tinygrad_w2v.compiler.ir.sizes import SymbolicSize
from tinygrad_w2v.compiler.loops.collapse import is_costly
from tinygrad_w2v.compiler.loops.dependence import sets_all
from tinygrad_w2v.compiler.loops.lower import Array, Lowered
from tinygrad_w2v.compiler.loops.nest import (
    DERIVED,
    Call,
    Expression,
    Load,
    Loop,
    Number,
    Statement,
    Variable,
    changed,
    loads_in,
    renamed,
)

SHORT, LONG = 8, 12


def unroll(lowered: Lowered) -> Lowered:
    """Return the statements with short axes written out."""
    statements = list(lowered.statements)
    arrays = dict(lowered.arrays)
    split: dict[str, int] = {}
    for statement in statements:
        loop = _short_loop(statement)
        if loop is None or statement.loops[-1].variable not in statement.reduced:
            continue
        # Six sums over an inner loop are six numbers, not an array of six.
        place = _place_of(statement.indices, loop.variable)
        if place is not None and statement.array in arrays:
            split[statement.array] = place
    result: list[Statement] = []
    whole = {s.array for s in statements if _sums_whole(s, arrays)}
    for statement in statements:
        if statement.array in whole and statement.mode == "set":
            continue  # the sum that is written out begins with its first term
        if (summed := _summed_in_one(statement, whole)) is not None:
            result.append(_with_parts(summed, split))
            continue
        loop = _short_loop(statement) or _loop_over_split(statement, split)
        copies = [statement] if loop is None else _written_out(statement, loop)
        result += [_with_parts(copy, split) for copy in copies]
    for name, place in split.items():
        array = arrays.pop(name)
        rest = (*array.shape[:place], *array.shape[place + 1 :])
        for k in range(array.shape[place]):
            arrays[f"{name}{DERIVED}p{k}"] = Array(rest, array.dtype)
    return _in_registers(lowered._replace(statements=tuple(result), arrays=arrays))


def _in_registers(lowered: Lowered) -> Lowered:
    """Write out short loops over arrays that others read or write part by part.

    When all that touches an array names its part by a number, the parts are numbers of their own.
    """
    for name, array in lowered.arrays.items():
        for place, length in enumerate(array.shape):
            if isinstance(length, SymbolicSize) or length > SHORT:
                continue
            smaller = _parted(lowered, name, place)
            if smaller is not None:
                return _in_registers(smaller)
    return lowered


def _parted(lowered: Lowered, name: str, place: int) -> Lowered | None:
    """The statements with an array as its parts along an axis; None where that cannot be."""
    result: list[Statement] = []
    parted = False
    if any(load.array == name for load in loads_in(lowered.loss)):
        return None
    for statement in lowered.statements:
        uses = [load for load in statement.loads() if load.array == name]
        if statement.array == name:
            uses.append(Load(name, statement.indices))
        if name in statement.reads() and not any(load.array == name for load in statement.loads()):
            return None
        at = {use.indices[place] for use in uses}
        if not at or all(isinstance(index, Number) for index in at):
            parted = parted or bool(at)
            result.append(statement)
            continue
        loop = statement.loops[-1] if statement.loops else None
        short = loop is not None and at == {Variable(loop.variable)} and not loop.ragged
        if (
            not short
            or statement.mode != "set"
            or statement.phase != "compute"
            or is_costly(statement)
        ):
            return None
        assert loop is not None
        result += _written_out(statement, loop)
    if not parted:
        return None
    arrays = dict(lowered.arrays)
    array = arrays.pop(name)
    rest = (*array.shape[:place], *array.shape[place + 1 :])
    for k in range(array.shape[place]):
        arrays[f"{name}{DERIVED}p{k}"] = Array(rest, array.dtype)
    split = {name: place}
    statements = tuple(_with_parts(statement, split) for statement in result)
    return lowered._replace(statements=statements, arrays=arrays)


def _short_loop(statement: Statement) -> Loop | None:
    """The loop that a statement is written out along."""
    if statement.mode not in ("add", "subtract") or statement.phase != "compute":
        return None
    if len(statement.loops) < 2 or any(loop.ragged for loop in statement.loops):
        return None
    inner = statement.loops[-1].length
    if isinstance(inner, SymbolicSize) or inner < LONG:
        return None
    for loop in reversed(statement.loops[:-1]):
        short = not isinstance(loop.length, SymbolicSize) and 0 < loop.length <= SHORT
        plain = _place_of(statement.indices, loop.variable) is not None
        if short and (plain or loop.variable in statement.reduced):
            return loop
    return None


def _sums_whole(statement: Statement, arrays: Mapping[str, Array]) -> bool:
    """Whether a sum over one short axis alone makes all of its array, so that it sets it."""
    loop = _short_loop(statement)
    if loop is None or statement.reduced != {loop.variable} or statement.mode != "add":
        return False
    others = [other for other in statement.loops if other is not loop]
    return sets_all([(statement.indices, others)], arrays[statement.array].shape)


def _summed_in_one(statement: Statement, whole: set[str]) -> Statement | None:
    """A sum over a short axis as one expression."""
    loop = _short_loop(statement)
    if loop is None or loop.variable not in statement.reduced:
        return None
    terms = _written_out(statement, loop)
    value = terms[0].value
    for term in terms[1:]:
        value = Call("add", (value, term.value))
    mode = "set" if statement.array in whole else statement.mode
    reduced = statement.reduced - {loop.variable}
    return replace(terms[0], value=value, mode=mode, reduced=reduced)


def _place_of(indices: tuple[Expression, ...], variable: str) -> int | None:
    for place, index in enumerate(indices):
        if index == Variable(variable):
            return place
    return None


def _loop_over_split(statement: Statement, split: Mapping[str, int]) -> Loop | None:
    """The loop of a statement that goes over an array which is now several."""
    for load in (Load(statement.array, statement.indices), *statement.loads()):
        if load.array in split:
            index = load.indices[split[load.array]]
            for loop in statement.loops:
                if index == Variable(loop.variable):
                    return loop
    return None


def _written_out(statement: Statement, loop: Loop) -> list[Statement]:
    assert isinstance(loop.length, int)
    rest = replace(statement, loops=tuple(other for other in statement.loops if other != loop))
    return [renamed(rest, {loop.variable: Number(k)}) for k in range(loop.length)]


def _with_parts(statement: Statement, split: Mapping[str, int]) -> Statement:
    """Let a statement read and write the parts of arrays that were split."""

    def part_of(load: Load) -> Load:
        place = split[load.array]
        number = load.indices[place]
        assert isinstance(number, Number), "an array that is split is only read part by part"
        rest = (*load.indices[:place], *load.indices[place + 1 :])
        return Load(
            f"{load.array}{DERIVED}p{number.value}", tuple(changed(i, change) for i in rest)
        )

    def change(expression: Expression) -> Expression | None:
        if isinstance(expression, Load) and expression.array in split:
            return part_of(expression)
        return None

    new = statement.mapped(lambda expression: changed(expression, change))
    if new.array in split:
        target = part_of(Load(new.array, new.indices))
        new = replace(new, array=target.array, indices=target.indices)
    return new
