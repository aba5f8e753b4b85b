"""Statements that run over the same axis share one loop, where that changes nothing.

Loops are joined from the outside in. A statement may join a loop if whatever it reads of the
others in it, it reads at the loop's own variable: then the element was made in the same turn. It
may move up past loops that it has nothing to do with. Tables are written only when nobody reads
them any more, so a loop that reads rows is never joined with one that writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tinygrad_w2v.compiler.flattening import is_costly
from tinygrad_w2v.compiler.loops import (
    Call,
    Expression,
    Loop,
    Nest,
    Number,
    Statement,
    Tree,
    Variable,
    renamed,
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
            if any(_conflict(member, statement) for member in group.members):
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
        bounded = {v for other in statement.loops if other.ragged for v in _bounds(other)}
        if loop.variable in bounded and statement.loops.index(loop) != 0:
            continue
        if all(_same_turn(member, moved, variable) for member in group.members):
            loops = sorted(moved.loops, key=lambda other: other.variable != variable)
            return replace(moved, loops=tuple(loops))
    return None


def _bounds(loop: Loop) -> set[str]:
    from tinygrad_w2v.compiler.loops import variables_in

    return {v for bound in (loop.start, loop.stop) if bound for v in variables_in(bound)}


def _conflict(before: Statement, after: Statement) -> bool:
    """Whether two statements may not change places."""
    if before.array == after.array:
        reads = before.array in before.reads() | after.reads()
        return reads or not ((_adds(before) and _adds(after)) or _apart(before, after))
    return before.array in after.reads() or after.array in before.reads()


def _adds(statement: Statement) -> bool:
    return statement.mode in ("add", "subtract")


def _apart(before: Statement, after: Statement) -> bool:
    """Whether two statements write other elements: at two different numbers along an axis."""
    return any(_differ(i, j) for i, j in zip(before.indices, after.indices, strict=True))


def _differ(i: Expression, j: Expression) -> bool:
    """Whether two indices are different numbers, or the same place and two different numbers on."""
    if isinstance(i, Call) and isinstance(j, Call) and i.function == j.function == "add":
        (start, i), (other, j) = i.arguments, j.arguments
        if start != other:
            return False
    return isinstance(i, Number) and isinstance(j, Number) and i != j


def _same_turn(before: Statement, after: Statement, variable: str) -> bool:
    """Whether `after` may run in the same turn of a loop as `before`."""
    if not _conflict(before, after):
        return True
    if before.phase == "write" or after.phase == "write":
        if before.array == after.array or after.array in before.reads():
            return False
    if after.array in before.reads():
        return False
    places = [i for i, index in enumerate(before.indices) if index == Variable(variable)]
    read = [load for load in after.loads() if load.array == before.array]
    if before.array in after.reads() and not read:
        return False  # it looks through the whole
    touched: list[tuple[Expression, ...]] = [load.indices for load in read]
    if before.array == after.array:
        touched.append(after.indices)
    return any(all(indices[p] == Variable(variable) for indices in touched) for p in places)


def depth(tree: Tree) -> int:
    """Return how many loops stand inside each other.

    Examples
    --------
    >>> from tinygrad_w2v.compiler.loops import Load
    >>> one = Statement("x", (Variable("i"),), Load("y", (Variable("i"),)), "set", (Loop("i", 3),))
    >>> depth(fuse([one]))
    1
    """
    return max((1 + depth(node.body) for node in tree if isinstance(node, Nest)), default=0)
