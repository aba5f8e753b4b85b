"""What does not change in an inner loop is read before it.

Numba does not know that two arrays lie apart, so it would read a row's number, or a factor, again
and again beside every write. Read once before the loop they are numbers in registers.
"""

from __future__ import annotations

from dataclasses import replace

from tinygrad_w2v.compiler.loops.contract import Placed
from tinygrad_w2v.compiler.loops.dependence import unchanging
from tinygrad_w2v.compiler.loops.lower import Array
from tinygrad_w2v.compiler.loops.nest import (
    DERIVED,
    Expression,
    Load,
    Nest,
    Statement,
    Tree,
    changed,
)


def hoist(placed: Placed) -> Placed:
    """Return the nests with unchanging reads before their innermost loops."""
    arrays = dict(placed.arrays)
    return Placed(_hoisted(placed.tree, arrays), arrays)


def _hoisted(tree: Tree, arrays: dict[str, Array]) -> Tree:
    result: list[Nest | Statement] = []
    for node in tree:
        if isinstance(node, Statement):
            result.append(node)
        elif any(isinstance(inner, Nest) for inner in node.body):
            result.append(replace(node, body=_hoisted(node.body, arrays)))
        else:
            result += _with_reads_before(node, arrays)
    return tuple(result)


def _with_reads_before(nest: Nest, arrays: dict[str, Array]) -> list[Nest | Statement]:
    body = [node for node in nest.body if isinstance(node, Statement)]
    names: dict[Load, str] = {}
    before: list[Nest | Statement] = []

    def change(expression: Expression) -> Expression | None:
        if not isinstance(expression, Load) or not expression.indices:
            return None
        if not unchanging(expression, nest):
            return None
        if expression not in names:
            names[expression] = _free(expression.array, arrays)
            arrays[names[expression]] = Array((), "float")
            before.append(Statement(names[expression], (), expression, "set", ()))
        return Load(names[expression])

    new = tuple(s.mapped(lambda expression: changed(expression, change)) for s in body)
    return [*before, Nest(nest.loop, new)]


def _free(array: str, arrays: dict[str, Array]) -> str:
    number = 0
    while f"{array}{DERIVED}at{number}" in arrays:
        number += 1
    return f"{array}{DERIVED}at{number}"
