"""Unroll and jam: two iterations of an outer loop at once, whose inner loops share what both read.

Two iterations that read the same rows read each element of them once when their inner loops are
one, and add to a shared element once. That is done where iterations can be mixed (`dependence`):
they only add to what they share, and each has an array of its own of whatever it makes for itself.
The last iteration of an odd number follows alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tinygrad_w2v.compiler.ir.sizes import SymbolicSize
from tinygrad_w2v.compiler.loops.dependence import adds, private_arrays
from tinygrad_w2v.compiler.loops.nest import (
    DERIVED,
    Body,
    Call,
    Expression,
    Load,
    LoopCode,
    Nest,
    Number,
    SizeOf,
    Statement,
    Variable,
    changed,
    loads_in,
    nodes_in,
    reads_in,
    rewritten,
    statements_in,
    touched_in,
    variables_in,
)
from tinygrad_w2v.compiler.loops.schedule import Schedule

_SUFFIX = f"{DERIVED}next"  # of what the second iteration calls its own
Node = Nest | Statement


def jam(code: LoopCode, schedule: Schedule) -> LoopCode:
    """Return nests with two iterations of their outer loops at once, where both read the same."""
    if len(list(statements_in(code.body))) > schedule.jam_statements:
        return code  # twice a large body takes long to compile, and no registers are left for it
    arrays = dict(code.arrays)
    shapes = {name: array.shape for name, array in arrays.items()}
    body: list[Node] = []
    for node in code.body:
        private = None
        if isinstance(node, Nest) and _gains(node, schedule):
            others = touched_in(other for other in code.body if other is not node)
            private = private_arrays(node, shapes, others | reads_in(code.loss))
        if private is None:
            body.append(node)
            continue
        assert isinstance(node, Nest)
        body += _jammed(node, private)
        arrays |= {f"{name}{_SUFFIX}": arrays[name] for name in sorted(private)}
    return code._replace(body=tuple(body), arrays=arrays)


def _gains(nest: Nest, schedule: Schedule) -> bool:
    """Whether iterations are many and alike, and their inner loops share enough elements."""
    if not isinstance(nest.loop.length, SymbolicSize) or nest.loop.ragged:
        return False
    shared: set[Load] = set()
    written = {statement.array for statement in statements_in(nest.body)}
    for node, around in nodes_in(nest.body):
        if isinstance(node, Nest):
            if node.loop.ragged:
                return False
        elif node.only_if is not None or not (node.mode == "set" or adds(node)):
            return False
        elif around and not any(isinstance(other, Nest) for other in around[-1].body):
            shared.update(
                load
                for load in _shared(node, around[-1], nest.loop.variable, schedule.long_loop)
                if not written & {name for index in load.indices for name in reads_in(index)}
            )
    return len(shared) >= schedule.jam_shared


def _shared(statement: Statement, nest: Nest, outer: str, long: int) -> Iterable[Load]:
    """What a statement of a long inner loop touches that does not depend on the outer loop."""
    if isinstance(nest.loop.length, SymbolicSize) or nest.loop.length < long:
        return
    for load in (*loads_in(statement.value), *((statement.element,) if adds(statement) else ())):
        inside = {name for index in load.indices for name in variables_in(index)}
        if nest.loop.variable in inside and outer not in inside:
            yield load


def _jammed(nest: Nest, private: set[str]) -> list[Node]:
    """The nest two iterations at a time, and then for the last one alone."""
    loop = nest.loop
    assert isinstance(loop.length, SymbolicSize)
    size, two = SizeOf(loop.length), Number(2)
    pairs = replace(loop, start=Number(0), stop=Call("subtract", (size, Number(1))), step=2)
    after = Call("add", (Variable(loop.variable), Number(1)))
    both = _merged(nest.body, _iteration(nest.body, loop.variable, after, private))
    even = Call("subtract", (size, Call("remainder", (size, two))))
    alone = replace(loop, variable=f"{loop.variable}_last", start=even, stop=size)
    rest = _iteration(nest.body, loop.variable, Variable(alone.variable), set())
    return [Nest(pairs, both), Nest(alone, rest)]


def _iteration(body: Body, variable: str, at: Expression, private: set[str]) -> Body:
    """A copy of a body for another iteration, with arrays of its own."""

    def change(part: Expression) -> Expression | None:
        if part == Variable(variable):
            return at
        if isinstance(part, Load) and part.array in private:
            return Load(part.array + _SUFFIX, tuple(changed(i, change) for i in part.indices))
        return None

    return rewritten(body, change)


def _merged(first: Body, second: Body) -> Body:
    """Two bodies of the same form as one: loops fused, sums into the same element added up."""
    result: list[Node] = []
    for a, b in zip(first, second, strict=True):
        if isinstance(a, Nest):
            assert isinstance(b, Nest)
            result.append(Nest(a.loop, _merged(a.body, b.body)))
            continue
        assert isinstance(b, Statement)
        if a.element == b.element and a.mode == b.mode != "set":
            result.append(replace(a, value=Call("add", (a.value, b.value))))
        else:
            result += [a, b]
    return tuple(result)
