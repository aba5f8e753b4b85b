"""Loop-invariant code motion: what does not change in an inner loop is read before it.

Numba does not know that two arrays lie apart, so it would read a row's number, or a factor, again
and again beside every write. Read once before the loop they are numbers in registers.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from tinygrad_w2v.compiler.loops.dependence import unchanging
from tinygrad_w2v.compiler.loops.nest import (
    DERIVED,
    Array,
    Body,
    Expression,
    Load,
    LoopCode,
    Nest,
    Statement,
    rewritten,
)
from tinygrad_w2v.compiler.loops.schedule import Schedule


def hoist(code: LoopCode, schedule: Schedule) -> LoopCode:
    """Return nests with unchanging reads before their innermost loops."""
    arrays = dict(code.arrays)
    return code._replace(body=_hoisted(code.body, arrays), arrays=arrays)


def _hoisted(body: Body, arrays: dict[str, Array]) -> Body:
    result: list[Nest | Statement] = []
    for node in body:
        if isinstance(node, Statement):
            result.append(node)
        elif any(isinstance(inner, Nest) for inner in node.body):
            result.append(replace(node, body=_hoisted(node.body, arrays)))
        else:
            result += _with_reads_before(node, arrays)
    return tuple(result)


def _with_reads_before(nest: Nest, arrays: dict[str, Array]) -> list[Nest | Statement]:
    names: dict[Load, str] = {}

    def change(part: Expression) -> Expression | None:
        if not isinstance(part, Load) or not part.indices or not unchanging(part, nest):
            return None
        if part not in names:
            numbered = (f"{part.array}{DERIVED}at{number}" for number in count())
            names[part] = next(name for name in numbered if name not in arrays)
            arrays[names[part]] = Array((), "float")
        return Load(names[part])

    inner = Nest(nest.loop, rewritten(nest.body, change))
    before = [Statement(name, (), load, "set", ()) for load, name in names.items()]
    return [*before, inner]
