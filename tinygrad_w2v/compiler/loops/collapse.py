"""Collapse the loops of costly functions, so that they run over many elements at once.

An exponential of a whole array needs no nest of loops: its elements are contiguous, so one loop
runs over all of them, and the processor computes eight or sixteen side by side.
"""

from __future__ import annotations

import math
from dataclasses import replace

from tinygrad_w2v.compiler.ir.scalar_functions import FUNCTIONS
from tinygrad_w2v.compiler.ir.sizes import SymbolicSize, bound_of, product
from tinygrad_w2v.compiler.loops.nest import (
    Array,
    Call,
    Expression,
    Load,
    Loop,
    LoopCode,
    Number,
    Statement,
    Variable,
    moved,
    rewritten,
    walk,
    wholes_in,
)
from tinygrad_w2v.compiler.loops.schedule import Schedule


def collapse(code: LoopCode, schedule: Schedule) -> LoopCode:
    """Return statements with the loops of costly element-wise ones collapsed into one."""
    flat: set[str] = set()
    whole = wholes_in(e for s in code.statements for e in s.expressions())
    result = []
    for statement in code.statements:
        touched = {load.array for load in _elements(statement)}
        if not touched & whole and _is_contiguous(statement, code):
            flat |= {load.array for load in _elements(statement) if load.indices}
            statement = _in_one_loop(statement)
        result.append(statement)

    def place(load: Load) -> Load:
        shape = code.arrays[load.array].shape
        if len(load.indices) == 1 and len(shape) > 1:
            return load  # it is flat already
        at = load.indices[0]
        for index, n in zip(load.indices[1:], shape[1:], strict=True):
            at = Call("add", (Call("multiply", (at, Number(bound_of(n)))), index))
        return Load(load.array, (at,))

    arrays = dict(code.arrays)
    for name in flat:
        shape, dtype = arrays[name]
        arrays[name] = Array((math.prod(map(bound_of, shape)),), dtype)
    return code._replace(body=rewritten(result, moved(flat, place)), arrays=arrays)


def is_costly(statement: Statement) -> bool:
    """Whether a statement computes an exponential or the like."""
    calls = (part.function for part in walk(statement.value) if isinstance(part, Call))
    return any(name in FUNCTIONS and FUNCTIONS[name].costly for name in calls)


def _elements(statement: Statement) -> list[Load]:
    return [*statement.loads(), statement.element]


def _is_contiguous(statement: Statement, code: LoopCode) -> bool:
    """Whether a costly statement runs over all elements of arrays, in the order of memory."""
    loops = statement.loops
    if len(loops) < 2 or statement.only_if is not None or not is_costly(statement):
        return False
    if any(isinstance(loop.length, SymbolicSize) for loop in loops[1:]):
        return False  # a row of such an array has room for the bound, so rows are not contiguous
    if any(loop.ragged for loop in loops) or (statement.mode != "set" and statement.indices):
        return False
    indices = tuple(Variable(loop.variable) for loop in loops)
    lengths = tuple(loop.length for loop in loops)
    for load in _elements(statement):
        # A part of an array, such as all columns but one, is not contiguous.
        array = code.arrays.get(load.array)
        if load.indices and (array is None or array.shape != lengths or load.indices != indices):
            return False
    return not _has_variable(statement.value)


def _has_variable(expression: Expression) -> bool:
    """Whether a loop's variable stands in an expression, other than in an index."""
    if isinstance(expression, Load):
        return False
    return isinstance(expression, Variable) or any(map(_has_variable, expression.parts()))


def _in_one_loop(statement: Statement) -> Statement:
    """The statement with one loop over all elements."""
    length = product(loop.length for loop in statement.loops)
    loop = Loop(f"{statement.loops[0].variable}f", length)

    def flat(part: Expression) -> Expression | None:
        if isinstance(part, Load) and part.indices:
            return Load(part.array, (Variable(loop.variable),))
        return None

    return replace(statement.rewritten(flat), loops=(loop,))
