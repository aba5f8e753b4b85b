"""Statements that run over the same axis share one loop, where that changes nothing.

Loops are joined from the outside in. A statement may join a loop if whatever it reads of the
others in it, it reads at the loop's own variable: then the element was made in the same turn. It
may move up past loops that it has nothing to do with. Tables are written only when nobody reads
them any more, so a loop that reads rows is never joined with one that writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tinygrad_w2v.compiler.loops.collapse import is_costly
from tinygrad_w2v.compiler.loops.dependence import conflict, same_turn
from tinygrad_w2v.compiler.loops.nest import (
    Loop,
    Nest,
    Statement,
    Tree,
    Variable,
    renamed,
    variables_in,
)


@dataclass
class _Group:
    """Statements in one loop; a statement without loops stands alone."""

    loop: Loop | None
    members: list[Statement] = field(default_factory=list)


def fuse(statements: Sequence[Statement]) -> Tree:
    """Return the statements as nests, joined as far as possible."""
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
    tree: list[Nest | Statement] = []
    for group in groups:
        if group.loop is None:
            tree += group.members
            continue
        inside = [_without(member, group.loop) for member in group.members]
        tree.append(Nest(group.loop, fuse(inside)))
    return tuple(tree)


def nested(statements: Sequence[Statement]) -> Tree:
    """Return the statements as nests, each in loops of its own."""
    tree: list[Nest | Statement] = []
    for statement in statements:
        node: Nest | Statement = replace(statement, loops=())
        for loop in reversed(statement.loops):
            node = Nest(loop, (node,))
        tree.append(node)
    return tuple(tree)


def _without(statement: Statement, loop: Loop) -> Statement:
    kept = tuple(other for other in statement.loops if other.variable != loop.variable)
    return replace(statement, loops=kept)


def _joined(statement: Statement, group: _Group) -> Statement | None:
    """The statement with one of its loops named as the group's; None where none may be."""
    if group.loop is None or group.loop.ragged:
        return None
    if any((m.phase == "read") != (statement.phase == "read") for m in group.members):
        return None
    for loop in statement.loops:
        if loop.ragged or loop.length != group.loop.length:
            continue
        # An inner loop becomes an outer one only where it is the only one.
        if loop == statement.loops[-1] and len(statement.loops) > 1:
            continue
        if len(statement.loops) == 1 and any(
            len(m.loops) > 1 and m.loops[-1].variable == group.loop.variable for m in group.members
        ):
            continue
        if len(statement.loops) == 1 and is_costly(statement):
            # Exponentials side by side need a loop that holds nothing but its kind.
            if any(len(member.loops) > 1 for member in group.members):
                continue
        variable = group.loop.variable
        moved = renamed(statement, {loop.variable: Variable(variable)})
        bounds = (bound for other in statement.loops for bound in other.bounds())
        bounded = {variable for bound in bounds for variable in variables_in(bound)}
        if loop.variable in bounded and statement.loops.index(loop) != 0:
            continue
        if all(same_turn(member, moved, variable) for member in group.members):
            loops = sorted(moved.loops, key=lambda other: other.variable != variable)
            return replace(moved, loops=tuple(loops))
    return None


def depth(tree: Tree) -> int:
    """Return how many loops stand inside each other.

    Examples
    --------
    >>> from tinygrad_w2v.compiler.loops.nest import Load
    >>> one = Statement("x", (Variable("i"),), Load("y", (Variable("i"),)), "set", (Loop("i", 3),))
    >>> depth(fuse([one]))
    1
    """
    return max((1 + depth(node.body) for node in tree if isinstance(node, Nest)), default=0)
