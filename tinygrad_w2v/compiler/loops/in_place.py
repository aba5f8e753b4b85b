"""Rows that need no copy: those of a table that nobody writes before the last of their readers.

Rows that several statements read are copied first, as an example is read whole before any row is
written. Where all who read a copy come before all who write its table, and no id changes on the
way, the rows still stand in the table as they were, repeated ids or not, and are read there. A copy
stays where its readers share a loop with the writes, which then stand between them.
"""

from __future__ import annotations

from collections.abc import Sequence

from tinygrad_w2v.compiler.loops.nest import (
    Load,
    LoopCode,
    Statement,
    Variable,
    changed,
    moved,
    reads_in,
    wholes_in,
)
from tinygrad_w2v.compiler.loops.schedule import Schedule


def in_place(code: LoopCode, schedule: Schedule) -> LoopCode:
    """Return statements that read rows where they are, as far as they need no copy."""
    if not schedule.noalias:
        return code  # native code would have to look at each row whether what it writes lies there
    statements = code.statements
    for number in reversed(range(len(statements))):
        copy = statements[number]  # as it is by now: it may read a row that was a copy before
        at = _read_by(copy)
        if at is None or not _stays_as_it_is(copy, statements, code):
            continue
        place = dict(zip(at, range(len(at)), strict=True))

        def there(load: Load, copy: Statement = copy, place: dict[str, int] = place) -> Load:
            new = changed(
                copy.value,
                lambda part: (
                    load.indices[place[part.name]]
                    if isinstance(part, Variable) and part.name in place
                    else None
                ),
            )
            assert isinstance(new, Load)
            return new

        change = moved((copy.array,), there)
        statements = [other.rewritten(change) for i, other in enumerate(statements) if i != number]
    return code._replace(body=tuple(statements))


def _read_by(copy: Statement) -> list[str] | None:
    """The variables of a statement that copies rows of a table, in the order of the copy's axes."""
    if copy.phase != "read" or copy.mode != "set" or copy.only_if is not None:
        return None
    if not isinstance(copy.value, Load) or not copy.value.indices:
        return None
    at = [index.name for index in copy.indices if isinstance(index, Variable)]
    plain = all(loop.start is loop.stop is None for loop in copy.loops)
    whole = len(at) == len(copy.indices) and set(at) == {loop.variable for loop in copy.loops}
    return at if plain and whole and len(set(at)) == len(at) else None


def _stays_as_it_is(copy: Statement, statements: Sequence[Statement], code: LoopCode) -> bool:
    """Whether the copied rows, and their ids, are as they were for all who read the copy."""
    assert isinstance(copy.value, Load)
    sources = reads_in(copy.value)
    at = statements.index(copy)
    readers = [i for i, other in enumerate(statements) if copy.array in other.reads]
    writes = [i for i, other in enumerate(statements) if other.array in sources and i > at]
    alone = sum(other.array == copy.array for other in statements) == 1
    searched = copy.array in {name for s in statements for name in wholes_in(s.expressions())}
    if not alone or searched or copy.array in reads_in(code.loss) or not readers:
        return False
    if min(readers) <= at or max(readers) >= min(writes, default=len(statements)):
        return False
    shared = {n for i in readers for n in _outer(statements[i])}
    return not any(n in shared for i in writes for n in _outer(statements[i]))


def _outer(statement: Statement) -> set[object]:
    """The lengths of the loops by which a statement may share a nest with others."""
    loops = statement.loops[:-1] if len(statement.loops) > 1 else statement.loops
    return {loop.length for loop in loops}
