"""Loop fusion: statements that run over the same axis share a loop, where that changes nothing.

Loops are fused from the outside in. A statement may join a loop if whatever it reads of the
others in it, it reads at the loop's own variable: that element was made in the same iteration. It
may move up past loops that it does not depend on. Tables are written only when nobody reads
them any more, so a loop that reads rows is never fused with one that writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tinygrad_w2v.compiler.loops.collapse import is_costly
from tinygrad_w2v.compiler.loops.dependence import conflict, same_iteration
from tinygrad_w2v.compiler.loops.nest import (
    Body,
    Loop,
    LoopCode,
    Nest,
    Statement,
    Variable,
    renamed,
    variables_in,
)
from tinygrad_w2v.compiler.loops.schedule import Schedule


def fuse(code: LoopCode, schedule: Schedule) -> LoopCode:
    """Return the statements as nests, fused as far as possible where the schedule has it so."""
    return code._replace(body=(fused if schedule.fuse else nested)(code.statements))


@dataclass
class _Group:
    """Statements in one loop; a statement without loops stands alone."""

    loop: Loop | None
    members: list[Statement]


def fused(statements: Sequence[Statement]) -> Body:
    """Return statements as nests, fused as far as possible."""
    groups: list[_Group] = []
    for statement in statements:
        if not statement.loops:
            groups.append(_Group(None, [statement]))
            continue
        for group in reversed(groups):
            joined = _joined(statement, group)
            if joined is not None:
                group.members.append(joined)
                break
            if any(conflict(member, statement) for member in group.members):
                groups.append(_Group(statement.loops[0], [statement]))
                break
        else:
            groups.append(_Group(statement.loops[0], [statement]))
    body: list[Nest | Statement] = []
    for group in groups:
        if group.loop is None:
            body += group.members
            continue
        inside = [_without(member, group.loop) for member in group.members]
        body.append(Nest(group.loop, fused(inside)))
    return tuple(body)


def nested(statements: Sequence[Statement]) -> Body:
    """Return statements as nests, each in loops of its own."""
    body: list[Nest | Statement] = []
    for statement in statements:
        node: Nest | Statement = replace(statement, loops=())
        for loop in reversed(statement.loops):
            node = Nest(loop, (node,))
        body.append(node)
    return tuple(body)


def _without(statement: Statement, loop: Loop) -> Statement:
    kept = tuple(other for other in statement.loops if other.variable != loop.variable)
    return replace(statement, loops=kept)


def _joined(statement: Statement, group: _Group) -> Statement | None:
    """The statement with one of its loops named as the group's; None where none may be."""
    if group.loop is None or group.loop.ragged:
        return None
    if any((m.phase == "read") != (statement.phase == "read") for m in group.members):
        return None
    variable, single = group.loop.variable, len(statement.loops) == 1
    if single and is_costly(statement) and any(len(m.loops) > 1 for m in group.members):
        return None  # exponentials side by side need a loop that holds nothing else
    # An inner loop becomes an outer one only where it is the only one.
    if single and any(len(m.loops) > 1 and m.loops[-1].variable == variable for m in group.members):
        return None
    for loop in statement.loops if single else statement.loops[:-1]:
        if loop.ragged or loop.length != group.loop.length:
            continue
        bounds = (bound for other in statement.loops for bound in other.bounds())
        bounded = {name for bound in bounds for name in variables_in(bound)}
        if loop.variable in bounded and loop is not statement.loops[0]:
            continue
        joined = renamed(statement, {loop.variable: Variable(variable)})
        if all(same_iteration(member, joined, variable) for member in group.members):
            loops = sorted(joined.loops, key=lambda other: other.variable != variable)
            return replace(joined, loops=tuple(loops))
    return None
