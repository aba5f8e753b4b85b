"""Array contraction: an array that one iteration writes and reads needs no axis for that loop.

Without axes it is a number in a register.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile
from typing import Any

from tinygrad_w2v.compiler.loops.nest import (
    Array,
    Indices,
    Load,
    LoopCode,
    Nest,
    Variable,
    loads_in,
    moved,
    nodes_in,
    reads_in,
    rewritten,
    wholes_in,
)
from tinygrad_w2v.compiler.loops.schedule import Schedule


def contract(code: LoopCode, schedule: Schedule) -> LoopCode:
    """Return nests with every array as small as it may be."""
    uses: dict[str, list[tuple[tuple[Nest, ...], Indices]]] = {}
    whole = reads_in(code.loss)
    for node, around in nodes_in(code.body):
        touched: Indices = (
            node.loop.bounds() if isinstance(node, Nest) else (node.element, *node.expressions())
        )
        for load in (load for expression in touched for load in loads_in(expression)):
            uses.setdefault(load.array, []).append((around, load.indices))
        whole |= wholes_in(touched)
    dropped: dict[str, list[int]] = {}
    for name in set(code.arrays) & set(uses) - whole:
        nests, places = zip(*uses[name], strict=True)
        variables = {Variable(nest.loop.variable) for nest in _common(nests)}
        dropped[name] = [
            axis
            for axis, (first, *others) in enumerate(zip(*places, strict=True))
            if first in variables and all(index == first for index in others)
        ]

    def smaller(load: Load) -> Load:
        return Load(load.array, _left(load.indices, dropped[load.array]))

    arrays = {
        name: Array(_left(array.shape, dropped.get(name, ())), array.dtype)
        for name, array in code.arrays.items()
        if name in uses or name in whole
    }
    return code._replace(body=rewritten(code.body, moved(dropped, smaller)), arrays=arrays)


def _common(paths: Iterable[tuple[Nest, ...]]) -> list[Nest]:
    """The nests around all of these places."""
    levels = zip(*paths, strict=False)
    return [level[0] for level in takewhile(lambda level: len(set(map(id, level))) == 1, levels)]


def _left(axes: tuple[Any, ...], dropped: Iterable[int]) -> tuple[Any, ...]:
    return tuple(entry for axis, entry in enumerate(axes) if axis not in dropped)
