"""Dependence: what may be reordered, for every step that moves statements and loops.

Two statements, or two iterations of a loop, may run in another order where none writes what another
touches; where both only add to it; or where they touch different elements. What cannot be shown
to be one of these is assumed to depend. An array that an iteration sets whole before it reads any
of it can be private to that iteration, whatever its indices are.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from tinygrad_w2v.compiler.ir.sizes import Shape, bound_of
from tinygrad_w2v.compiler.loops.nest import (
    Call,
    Expression,
    Indices,
    Load,
    Loop,
    Nest,
    Number,
    Statement,
    Variable,
    nodes_in,
    reads_in,
    statements_in,
    variables_in,
    wholes_in,
)


def adds(statement: Statement) -> bool:
    """Whether a statement only adds to an element, so that sums may be taken in any order."""
    return statement.mode in ("add", "subtract")


# ---------------------------------------------------------------------- two statements
def conflict(before: Statement, after: Statement) -> bool:
    """Whether two statements may not be exchanged, with all iterations of their loops."""
    if before.writes & after.reads or after.writes & before.reads:
        return True
    if before.array != after.array or (adds(before) and adds(after)):
        return False
    moving = {loop.variable for s in (before, after) for loop in s.loops}
    return not _apart(before.indices, after.indices, moving)


def same_iteration(before: Statement, after: Statement, variable: str) -> bool:
    """Whether `after` may run in each iteration of a loop right after `before`.

    In loops of their own all iterations of `before` run first. So what `after` touches of what
    `before` has written must have been written in the same iteration: both are at the loop's own
    variable.
    """
    if not conflict(before, after):
        return True
    if after.array in before.reads or before.array in wholes_in(after.expressions()):
        return False
    if "write" in (before.phase, after.phase) and before.array == after.array:
        return False
    touched = [load.indices for load in after.loads() if load.array == before.array]
    if before.array == after.array:
        touched.append(after.indices)
    at = Variable(variable)
    return any(
        index == at and all(indices[axis] == at for indices in touched)
        for axis, index in enumerate(before.indices)
    )


def _apart(before: Indices, after: Indices, moving: Collection[str]) -> bool:
    """Whether two places are never the same, whatever the loops in `moving` are at."""
    return any(_differ(i, j, moving) for i, j in zip(before, after, strict=True))


def _differ(i: Expression, j: Expression, moving: Collection[str]) -> bool:
    if isinstance(i, Number) and isinstance(j, Number):
        return i != j
    (high, n, low), (other_high, m, other_low) = _digits(i), _digits(j)
    if n and n == m and all(_is_digit(digit, n) for digit in (low, other_low)):
        return low != other_low or _differ(high, other_high, moving)
    if isinstance(i, Call) and isinstance(j, Call) and i.function == j.function == "add":
        (start, more), (other, further) = i.arguments, j.arguments
        both = isinstance(more, Number) and isinstance(further, Number) and more != further
        return both and start == other and not variables_in(start) & set(moving)
    return False


def _is_digit(low: Expression, n: int) -> bool:
    return isinstance(low, Number) and 0 <= low.value < n


def _digits(index: Expression) -> tuple[Expression, int, Expression]:
    """``high * n + low`` as its parts; n is 0 where an index is no such thing."""
    if isinstance(index, Call) and index.function == "add":
        product, low = index.arguments
        if isinstance(product, Call) and product.function == "multiply":
            high, n = product.arguments
            if isinstance(n, Number) and isinstance(n.value, int):
                return high, n.value, low
    return index, 0, index


# ---------------------------------------------------------------------- what is set whole
def sets_all(sets: Iterable[tuple[Indices, Iterable[Loop]]], shape: Shape) -> bool:
    """Whether sets, each at some indices and in some loops, reach every element of an array.

    Along an axis all of them go over it whole, or each is at a number.

    Examples
    --------
    >>> i, over = Variable("i"), [Loop("i", 9)]
    >>> sets_all([((i, Number(0)), over), ((i, Number(1)), over)], (9, 2))
    True
    >>> sets_all([((i, Number(0)), over)], (9, 2)), sets_all([((i, i), over)], (9, 9))
    (False, False)
    """
    numbers: set[tuple[int, ...]] = set()
    axes: list[set[int]] = []
    for indices, loops in sets:
        lengths = {loop.variable: loop.length for loop in loops if loop.start is None}
        at: dict[int, int] = {}
        for axis, index in enumerate(indices):
            if isinstance(index, Number):
                at[axis] = int(index.value)
            elif not isinstance(index, Variable) or lengths.pop(index.name, None) != shape[axis]:
                return False
        numbers.add(tuple(at.values()))
        axes.append(set(at))
    if not axes or any(own != axes[0] for own in axes):
        return False
    counts = [shape[axis] for axis in sorted(axes[0])]
    if not all(isinstance(n, int) for n in counts):
        return False
    return numbers == set(itertools.product(*(range(n) for n in counts if isinstance(n, int))))


# ---------------------------------------------------------------------- two iterations of a loop
class _Use(NamedTuple):
    """Where an array is touched: `mode` is that of the statement, or ``read``."""

    indices: Indices
    mode: str
    loops: tuple[Loop, ...]


def private_arrays(nest: Nest, shapes: Mapping[str, Shape], outside: set[str]) -> set[str] | None:
    """Return the arrays that each iteration needs for itself, so that iterations can be mixed.

    Parameters
    ----------
    nest : Nest
    shapes : dict
        Of the kernel's own arrays.
    outside : set of str
        What is touched by anything but this nest.

    Returns
    -------
    set of str or None
        None where iterations depend on each other, or it cannot be shown that they do not.

    Examples
    --------
    >>> b, d = Variable("b"), Variable("d")
    >>> fill = Nest(Loop("d", 9), (Statement("x", (d,), Number(0.0), "set", ()),))
    >>> put = Statement("x", (Load("ids", (b,)),), Number(1.0), "add", ())
    >>> total = Statement("sum", (), Load("x", (Load("ids", (b,)),)), "add", ())
    >>> nest = Nest(Loop("b", 4), (fill, put, total))
    >>> private_arrays(nest, {"x": (9,), "sum": ()}, {"sum"})
    {'x'}
    >>> print(private_arrays(nest, {"x": (9,), "sum": ()}, {"sum", "x"}))
    None
    """
    uses: dict[str, list[_Use]] = {}
    whole: set[str] = set()
    for statement, around in nodes_in(nest.body):
        if isinstance(statement, Nest):
            continue
        loops = tuple(inner.loop for inner in around)
        for load in statement.loads():
            uses.setdefault(load.array, []).append(_Use(load.indices, "read", loops))
        mode = "add" if adds(statement) else statement.mode
        mode = mode if statement.only_if is None else "maybe"
        uses.setdefault(statement.array, []).append(_Use(statement.indices, mode, loops))
        whole |= wholes_in(statement.expressions())
    written = {statement.array for statement in statements_in(nest.body)}
    own: set[str] = set()
    for array in written:
        if array not in whole and all(use.mode == "add" for use in uses[array]):
            continue
        if array not in whole and _apart_by_iteration(uses[array], nest.loop.variable):
            continue
        first = itertools.takewhile(lambda use: use.mode == "set", uses[array])
        begun = array in shapes and sets_all(
            [(use.indices, use.loops) for use in first], shapes[array]
        )
        if array in whole or array in outside or not begun:
            return None
        own.add(array)
    return own


def _apart_by_iteration(uses: list[_Use], variable: str) -> bool:
    """Whether every iteration of a loop touches other elements than all others."""
    return bool(set.intersection(*(_tells(use, variable) for use in uses)))


def _tells(use: _Use, variable: str) -> set[tuple[int, ...]]:
    """What tells the iteration that an element belongs to.

    It is an axis, and the radices of the digits below the one that is the loop's variable.
    """
    lengths = {loop.variable: bound_of(loop.length) for loop in use.loops if loop.start is None}
    telling = set()
    for axis, index in enumerate(use.indices):
        radices: list[int] = []
        while index != Variable(variable):
            index, n, low = _digits(index)
            if not n or not _is_below(low, n, lengths):
                break
            radices.append(n)
        else:
            telling.add((axis, *radices))
    return telling


def _is_below(low: Expression, n: int, lengths: Mapping[str, int]) -> bool:
    """Whether an index is certainly one of 0 to n - 1."""
    if isinstance(low, Variable):
        return lengths.get(low.name, n + 1) <= n
    if isinstance(low, Number):
        return 0 <= low.value < n
    high, m, rest = _digits(low)
    return (
        bool(m) and n % m == 0 and _is_below(rest, m, lengths) and _is_below(high, n // m, lengths)
    )


# ---------------------------------------------------------------------- what stays in a loop
def unchanging(load: Load, nest: Nest) -> bool:
    """Whether an element is the same in all iterations, so that it can be read before the nest."""
    if nest.loop.variable in variables_in(load):
        return False
    written = {statement.array for statement in statements_in(nest.body)}
    return not reads_in(load) & written
