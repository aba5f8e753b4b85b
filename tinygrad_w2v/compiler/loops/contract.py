"""Arrays shrink to what is needed of them at a time.

An array that is made and read in the same turn of a loop needs no axis for that loop; without axes
it is a number in a register.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from tinygrad_w2v.compiler.loops.lower import Array
from tinygrad_w2v.compiler.loops.nest import (
    Expression,
    Load,
    Nest,
    Statement,
    Tree,
    Variable,
    changed,
    loads_in,
    reads_in,
    wholes_in,
)


class Placed(NamedTuple):
    """Nests, and the arrays that are left (those without axes are numbers)."""

    tree: Tree
    arrays: Mapping[str, Array]


def place(tree: Tree, arrays: Mapping[str, Array], result: Expression) -> Placed:
    """Return the tree with every array as small as it may be.

    Parameters
    ----------
    tree, arrays
        Of `fuse` and `lower`.
    result
        What is read when all is done.
    """
    uses: dict[str, list[tuple[tuple[int, ...], tuple[Expression, ...]]]] = {}
    whole: set[str] = set()
    for path, expressions in _with_paths(tree, ()):
        for load in (load for expression in expressions for load in loads_in(expression)):
            uses.setdefault(load.array, []).append((path, load.indices))
        whole |= wholes_in(expressions)
    whole |= reads_in(result)
    loops = dict(_loops(tree))
    dropped: dict[str, list[int]] = {}
    for name in arrays:
        found = uses.get(name, [])
        if not found or name in whole:
            continue
        shared = {loops[number] for number in _common([path for path, _ in found])}
        rank = len(found[0][1])
        dropped[name] = [
            axis
            for axis in range(rank)
            if any(all(at[axis] == Variable(v) for _, at in found) for v in shared)
        ]
    smaller = {
        name: Array(
            tuple(n for axis, n in enumerate(array.shape) if axis not in dropped.get(name, ())),
            array.dtype,
        )
        for name, array in arrays.items()
        if name in uses or name in whole
    }
    return Placed(_rewritten(tree, dropped), smaller)


def _with_paths(
    tree: Tree, path: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], tuple[Expression, ...]]]:
    """Yield what each statement, and each loop's bounds, touch, with the loops around it."""
    for node in tree:
        if isinstance(node, Nest):
            yield path, node.loop.bounds()
            yield from _with_paths(node.body, (*path, id(node)))
        else:
            yield path, (Load(node.array, node.indices), *node.expressions())


def _loops(tree: Any) -> Iterator[tuple[int, str]]:
    for node in tree:
        if isinstance(node, Nest):
            yield id(node), node.loop.variable
            yield from _loops(node.body)


def _common(paths: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The loops around all of these places."""
    first, last = min(paths), max(paths)
    shared = 0
    while shared < min(len(first), len(last)) and first[shared] == last[shared]:
        shared += 1
    return first[:shared]


def _rewritten(tree: Any, dropped: Mapping[str, list[int]]) -> Tree:
    def shrunk(load: Load) -> Load:
        gone = dropped.get(load.array, [])
        kept = [index for axis, index in enumerate(load.indices) if axis not in gone]
        return Load(load.array, tuple(changed(index, change) for index in kept))

    def change(expression: Expression) -> Expression | None:
        if isinstance(expression, Load) and dropped.get(expression.array):
            return shrunk(expression)
        return None

    result: list[Nest | Statement] = []
    for node in tree:
        if isinstance(node, Nest):
            loop = node.loop.mapped(lambda expression: changed(expression, change))
            result.append(Nest(loop, _rewritten(node.body, dropped)))
            continue
        new = node.mapped(lambda expression: changed(expression, change))
        target = shrunk(Load(new.array, new.indices))
        result.append(replace(new, indices=target.indices))
    return tuple(result)
