"""Two turns of an outer loop are taken at once, so that their inner loops share what both read.

Two contexts of a window meet the same target rows. With their inner loops joined, each element of
a target row is read once for both, and its gradient is added to once. That is done where turns can
be mixed (`dependence`): they only add to what they share, and each has an array of its own of
whatever it makes for itself. A last turn alone, of an odd number, follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tinygrad_w2v.compiler.ir.sizes import SymbolicSize
from tinygrad_w2v.compiler.loops.contract import Placed
from tinygrad_w2v.compiler.loops.dependence import own_of_a_turn
from tinygrad_w2v.compiler.loops.nest import (
    DERIVED,
    Call,
    Expression,
    Load,
    Nest,
    Number,
    SizeOf,
    Statement,
    Tree,
    Variable,
    changed,
    loads_in,
    reads_in,
    renamed,
    touched_in,
    variables_in,
)
from tinygrad_w2v.compiler.loops.unroll import LONG

ENOUGH = 2  # elements that two turns share, so that taking both at once is worth it
_SUFFIX = f"{DERIVED}next"  # of what the second turn calls its own
Node = Nest | Statement


def jam(placed: Placed, result: Expression) -> Placed:
    """Return the nests with two turns of their outer loops at once, where both read the same.

    Parameters
    ----------
    placed
        Of `place`.
    result
        What is read when all is done.
    """
    arrays = dict(placed.arrays)
    shapes = {name: array.shape for name, array in arrays.items()}
    tree: list[Node] = []
    for node in placed.tree:
        own = None
        if isinstance(node, Nest) and _gains(node):
            others = touched_in(other for other in placed.tree if other is not node)
            own = own_of_a_turn(node, shapes, others | reads_in(result))
        if own is None:
            tree.append(node)
            continue
        assert isinstance(node, Nest)
        tree += _jammed(node, own)
        arrays |= {f"{name}{_SUFFIX}": arrays[name] for name in sorted(own)}
    return Placed(tuple(tree), arrays)


def _gains(nest: Nest) -> bool:
    """Whether turns are many, and their inner loops read or add to several same elements."""
    loop = nest.loop
    if not isinstance(loop.length, SymbolicSize) or loop.ragged or not _plain(nest.body):
        return False
    shared = {load for inner in _innermost(nest.body) for load in _shared(inner, loop.variable)}
    return len(shared) >= ENOUGH


def _plain(tree: Iterable[Node]) -> bool:
    """Whether all inner loops are the same in every turn, and only whole reads are by element."""
    for node in tree:
        if isinstance(node, Nest):
            if node.loop.ragged or not _plain(node.body):
                return False
        elif node.only_if is not None or node.mode not in ("set", "add", "subtract"):
            return False
    return True


def _innermost(tree: Iterable[Node]) -> Iterable[Nest]:
    for node in tree:
        if isinstance(node, Nest):
            if any(isinstance(inner, Nest) for inner in node.body):
                yield from _innermost(node.body)
            else:
                yield node


def _shared(nest: Nest, outer: str) -> Iterable[Load]:
    """What a long inner loop reads or adds to that does not depend on the outer one."""
    if isinstance(nest.loop.length, SymbolicSize) or nest.loop.length < LONG:
        return
    for statement in nest.body:
        assert isinstance(statement, Statement)
        touched = list(loads_in(statement.value))
        if statement.mode != "set":
            touched.append(Load(statement.array, statement.indices))
        for load in touched:
            inside = {v for index in load.indices for v in variables_in(index)}
            indirect = any(list(loads_in(index)) for index in load.indices)
            if nest.loop.variable in inside and outer not in inside and not indirect:
                yield load


def _jammed(nest: Nest, private: set[str]) -> list[Node]:
    """The nest two turns at a time, and then for the last one alone."""
    loop = nest.loop
    assert isinstance(loop.length, SymbolicSize)
    count = SizeOf(loop.length)
    here = Variable(loop.variable)
    after = Call("add", (here, Number(1)))
    second = tuple(_turn(node, {loop.variable: after}, private) for node in nest.body)
    pairs = replace(loop, start=Number(0), stop=Call("subtract", (count, Number(1))), step=2)
    last = f"{loop.variable}_last"
    even = Call("subtract", (count, Call("remainder", (count, Number(2)))))
    alone = replace(loop, variable=last, start=even, stop=count)
    rest = tuple(_turn(node, {loop.variable: Variable(last)}, set()) for node in nest.body)
    return [Nest(pairs, _merged(nest.body, second)), Nest(alone, rest)]


def _turn(node: Node, names: Mapping[str, Expression], private: set[str]) -> Node:
    """A copy of a node for another turn, with arrays of its own."""

    def change(part: Expression) -> Expression | None:
        if isinstance(part, Load) and part.array in private:
            indices = tuple(changed(index, change) for index in part.indices)
            return Load(part.array + _SUFFIX, indices)
        return None

    if isinstance(node, Nest):
        return Nest(node.loop, tuple(_turn(inner, names, private) for inner in node.body))
    new = renamed(node, names).mapped(lambda expression: changed(expression, change))
    return replace(new, array=new.array + _SUFFIX) if new.array in private else new


def _merged(first: Tree, second: Tree) -> Tree:
    """Two bodies of the same form as one: loops joined, sums into the same place added up."""
    result: list[Node] = []
    for a, b in zip(first, second, strict=True):
        if isinstance(a, Nest):
            assert isinstance(b, Nest)
            result.append(Nest(a.loop, _merged(a.body, b.body)))
            continue
        assert isinstance(b, Statement)
        same = a.array == b.array and a.indices == b.indices and a.mode == b.mode != "set"
        if same:
            result.append(replace(a, value=Call("add", (a.value, b.value))))
        else:
            result += [a, b]
    return tuple(result)
