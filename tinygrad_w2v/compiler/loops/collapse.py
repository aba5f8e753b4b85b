"""Exponentials and their like run over many elements at once.

A costly function of whole arrays needs no nest of loops: its elements lie one behind the other, so
one loop goes over all of them, and the processor computes eight or sixteen side by side.
"""

from __future__ import annotations

from dataclasses import replace

from tinygrad_w2v.compiler.ir.scalar_functions import FUNCTIONS
from tinygrad_w2v.compiler.ir.sizes import SymbolicSize, bound_of, product
from tinygrad_w2v.compiler.loops.lower import Array, Lowered
from tinygrad_w2v.compiler.loops.nest import (
    Call,
    Expression,
    Load,
    Loop,
    Number,
    Statement,
    Variable,
    changed,
    walk,
)


def flatten(lowered: Lowered) -> Lowered:
    """Return the statements with costly element-wise ones as flat loops."""
    flat: set[str] = set()
    for statement in lowered.statements:
        if _is_flat(statement, lowered):
            flat |= _arrays_of(statement)
    if not flat:
        return lowered
    result = []
    for statement in lowered.statements:
        if _is_flat(statement, lowered):
            statement = _as_one_loop(statement)
        result.append(_with_flat_places(statement, flat, lowered))
    arrays = dict(lowered.arrays)
    for name in flat:
        array = arrays[name]
        size = 1
        for n in array.shape:
            size *= bound_of(n)
        arrays[name] = Array((size,), array.dtype)
    return lowered._replace(statements=tuple(result), arrays=arrays)


def is_costly(statement: Statement) -> bool:
    """Whether a statement computes an exponential or the like."""
    parts = walk(statement.value)
    return any(isinstance(part, Call) and _costs(part.function) for part in parts)


def _costs(function: str) -> bool:
    return function in FUNCTIONS and FUNCTIONS[function].costly


def _is_flat(statement: Statement, lowered: Lowered) -> bool:
    """Whether all that it reads and writes has exactly its loops as axes, or none."""
    if len(statement.loops) < 2 or statement.only_if is not None or not is_costly(statement):
        return False
    if any(isinstance(loop.length, SymbolicSize) for loop in statement.loops[1:]):
        return False  # rows are only as long as their bound, so they do not follow each other
    if any(loop.ragged for loop in statement.loops):
        return False
    indices = tuple(Variable(loop.variable) for loop in statement.loops)
    lengths = tuple(loop.length for loop in statement.loops)
    used = [*statement.loads(), Load(statement.array, statement.indices)]
    if statement.mode != "set" and statement.indices:
        return False
    for load in used:
        if not load.indices:
            continue
        # A part of an array, such as all columns but one, does not lie in one piece.
        array = lowered.arrays.get(load.array)
        if array is None or array.shape != lengths or load.indices != indices:
            return False
    return not any(isinstance(p, Variable) for p in _outside_loads(statement.value))


def _outside_loads(expression: Expression) -> list[Expression]:
    """The parts of an expression that stand in no index."""
    if isinstance(expression, Load):
        return []
    return [expression, *(p for part in expression.parts() for p in _outside_loads(part))]


def _arrays_of(statement: Statement) -> set[str]:
    loads = [*statement.loads(), Load(statement.array, statement.indices)]
    return {load.array for load in loads if load.indices}


def _as_one_loop(statement: Statement) -> Statement:
    """The statement with one loop over all elements."""
    length = product(loop.length for loop in statement.loops)
    loop = Loop(f"{statement.loops[0].variable}f", length)
    at = (Variable(loop.variable),)

    def change(part: Expression) -> Expression | None:
        return Load(part.array, at) if isinstance(part, Load) and part.indices else None

    reduced = frozenset({loop.variable}) if statement.reduced else frozenset()
    return replace(
        statement,
        indices=at if statement.indices else (),
        value=changed(statement.value, change),
        loops=(loop,),
        reduced=reduced,
    )


def _with_flat_places(statement: Statement, flat: set[str], lowered: Lowered) -> Statement:
    """Let a statement find the elements of flat arrays where they now are."""

    def place(load: Load) -> Load:
        shape = lowered.arrays[load.array].shape
        if len(load.indices) == 1 and len(shape) > 1:
            return load  # it is flat already
        at = load.indices[0]
        for index, n in zip(load.indices[1:], shape[1:], strict=True):
            at = Call("add", (Call("multiply", (at, Number(bound_of(n)))), index))
        return Load(load.array, (changed(at, change),))

    def change(part: Expression) -> Expression | None:
        if isinstance(part, Load) and part.array in flat and part.indices:
            return place(part)
        return None

    new = statement.mapped(lambda expression: changed(expression, change))
    if new.array in flat:
        new = replace(new, indices=place(Load(new.array, new.indices)).indices)
    return new
