"""What a kernel is made of: statements inside loops.

A `Statement` sets or adds to one element of an array, for all values of its loops. Expressions are
trees of numbers, loop variables, loads and scalar functions. Everything is immutable, so that the
steps from instructions to source are functions from statements to statements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from tinygrad_w2v.compiler.ir.sizes import Length, SymbolicSize, bound_of, value_of

# What a step of the compiler makes of a value is called after it, behind this sign. No name of a
# user's holds one, so none can be the same (`instructions.identifier`).
DERIVED = "."


class Expression:
    """Base of what has a value."""

    def parts(self) -> tuple[Expression, ...]:
        """Return the expressions that it is made of."""
        return ()

    def rebuilt(self, parts: tuple[Expression, ...]) -> Expression:
        """Return it with other parts."""
        return self


@dataclass(frozen=True)
class Number(Expression):
    """A number; a float is written in the kernel's float type."""

    value: float | int | bool


@dataclass(frozen=True)
class Variable(Expression):
    """A loop's variable."""

    name: str


@dataclass(frozen=True)
class SizeOf(Expression):
    """A symbolic size, as an integer."""

    length: SymbolicSize


@dataclass(frozen=True)
class Load(Expression):
    """An element of an array; without indices a scalar."""

    array: str
    indices: tuple[Expression, ...] = ()

    def parts(self) -> tuple[Expression, ...]:
        return self.indices

    def rebuilt(self, parts: tuple[Expression, ...]) -> Expression:
        return Load(self.array, parts)


@dataclass(frozen=True)
class Whole(Expression):
    """An array as such, for a function that looks through it."""

    array: str


@dataclass(frozen=True)
class Call(Expression):
    """A scalar function of expressions."""

    function: str
    arguments: tuple[Expression, ...]

    def parts(self) -> tuple[Expression, ...]:
        return self.arguments

    def rebuilt(self, parts: tuple[Expression, ...]) -> Expression:
        return Call(self.function, parts)


@dataclass(frozen=True)
class Loop:
    """A variable that runs from `start` (0) to `length`, or to `stop`, in steps."""

    variable: str
    length: Length
    start: Expression | None = None
    stop: Expression | None = None
    step: int = 1

    @property
    def ragged(self) -> bool:
        """Whether its bounds depend on another loop."""
        return self.stop is not None

    def bounds(self) -> tuple[Expression, ...]:
        """Return the expressions of where it starts and stops."""
        return tuple(bound for bound in (self.start, self.stop) if bound is not None)

    def mapped(self, change: Callable[[Expression], Expression]) -> Loop:
        """Return it with these expressions changed."""
        if not self.bounds():
            return self
        start, stop = (None if b is None else change(b) for b in (self.start, self.stop))
        return replace(self, start=start, stop=stop)


@dataclass(frozen=True)
class Statement:
    """``array[indices] = value``, or ``+=`` and the like, for all values of the loops.

    Attributes
    ----------
    array : str
        What is written.
    indices : tuple of Expression
    value : Expression
    mode : str
        ``set add subtract max min prod``.
    loops : tuple of Loop
        The outermost first.
    reduced : frozenset of str
        The loop variables that the result does not keep.
    phase : str
        ``read`` (rows of tables, before all else), ``compute`` or ``write`` (tables).
    only_if : Expression, optional
        A condition on which it runs.
    """

    array: str
    indices: tuple[Expression, ...]
    value: Expression
    mode: str
    loops: tuple[Loop, ...]
    reduced: frozenset[str] = frozenset()
    phase: str = "compute"
    only_if: Expression | None = None

    def expressions(self) -> tuple[Expression, ...]:
        """Return all expressions in it, those of its target included."""
        condition = () if self.only_if is None else (self.only_if,)
        bounds = tuple(bound for loop in self.loops for bound in loop.bounds())
        return (*self.indices, self.value, *condition, *bounds)

    def loads(self) -> Iterator[Load]:
        """Yield what is read."""
        for expression in self.expressions():
            yield from loads_in(expression)

    def reads(self) -> frozenset[str]:
        """Return the names of the arrays that are read."""
        return self._reads

    @cached_property
    def _reads(self) -> frozenset[str]:
        return frozenset(name for expression in self.expressions() for name in reads_in(expression))

    def mapped(self, change: Callable[[Expression], Expression]) -> Statement:
        """Return it with every expression changed."""
        loops = tuple(loop.mapped(change) for loop in self.loops)
        return replace(
            self,
            indices=tuple(change(index) for index in self.indices),
            value=change(self.value),
            only_if=None if self.only_if is None else change(self.only_if),
            loops=loops,
        )


@dataclass(frozen=True)
class Nest:
    """A loop and what is done in it: statements without loops, and further nests."""

    loop: Loop
    body: tuple[Nest | Statement, ...]


Tree = tuple[Nest | Statement, ...]


def walk(expression: Expression) -> Iterator[Expression]:
    """Yield an expression and all its parts."""
    waiting = [expression]
    while waiting:
        part = waiting.pop()
        yield part
        waiting.extend(part.parts())


def loads_in(expression: Expression) -> Iterator[Load]:
    """Yield the loads of an expression."""
    return (part for part in walk(expression) if isinstance(part, Load))


def reads_in(expression: Expression) -> set[str]:
    """Return the names of the arrays that an expression reads, by element or as a whole."""
    return {part.array for part in walk(expression) if isinstance(part, Load | Whole)}


def wholes_in(expressions: Iterable[Expression]) -> set[str]:
    """Return the names of the arrays that expressions look through as a whole."""
    parts = (part for expression in expressions for part in walk(expression))
    return {part.array for part in parts if isinstance(part, Whole)}


def changed(
    expression: Expression, change: Callable[[Expression], Expression | None]
) -> Expression:
    """Return an expression with parts replaced, from the outside in; None keeps a part.

    Examples
    --------
    >>> i = Call("add", (Variable("i"), Number(1)))
    >>> changed(i, lambda part: Number(5) if part == Variable("i") else None)
    Call(function='add', arguments=(Number(value=5), Number(value=1)))
    """
    found = change(expression)
    if found is not None:
        return found
    parts = expression.parts()
    if not parts:
        return expression
    return expression.rebuilt(tuple(changed(part, change) for part in parts))


def renamed(statement: Statement, names: Mapping[str, Expression]) -> Statement:
    """Return a statement with loop variables replaced, in loops and expressions."""

    def change(part: Expression) -> Expression | None:
        return names.get(part.name) if isinstance(part, Variable) else None

    def name(variable: str) -> str:
        new = names.get(variable)
        return new.name if isinstance(new, Variable) else variable

    new = statement.mapped(lambda expression: changed(expression, change))
    loops = tuple(replace(loop, variable=name(loop.variable)) for loop in new.loops)
    return replace(new, loops=loops, reduced=frozenset(name(v) for v in new.reduced))


def variables_in(expression: Expression) -> set[str]:
    """Return the names of the loop variables in an expression."""
    return {part.name for part in walk(expression) if isinstance(part, Variable)}


def loops_in(tree: Any) -> Iterator[Loop]:
    """Yield the loops of a tree, in order."""
    for node in tree:
        if isinstance(node, Nest):
            yield node.loop
            yield from loops_in(node.body)


def turns_of(tree: Any, sizes: Mapping[str, int]) -> int:
    """Return how many times the statements of a tree are run for a window of these sizes.

    Examples
    --------
    >>> twice = Statement("x", (Variable("i"),), Number(0.0), "set", ())
    >>> turns_of((Nest(Loop("i", 3), (twice, Nest(Loop("j", 2), (twice,)))),), {})
    9
    """
    total = 0
    for node in tree:
        inside = turns_of(node.body, sizes) if isinstance(node, Nest) else 1
        times = value_of(node.loop.length, sizes) // node.loop.step if isinstance(node, Nest) else 1
        total += times * inside
    return total


def touched_in(tree: Any) -> set[str]:
    """Return the names of all arrays that a tree reads or writes, bounds of its loops included."""
    bounds = (bound for loop in loops_in(tree) for bound in loop.bounds())
    found = {name for bound in bounds for name in reads_in(bound)}
    for statement in statements_in(tree):
        found |= statement.reads() | {statement.array}
    return found


def statements_in(tree: Any) -> Iterator[Statement]:
    """Yield the statements of a tree, in order."""
    for node in tree:
        if isinstance(node, Nest):
            yield from statements_in(node.body)
        else:
            yield node


def ordered(statement: Statement) -> Statement:
    """Return a statement with its loops in the order in which they are best run.

    The innermost is the one that most arrays are read or written along, element by element; the
    others stand with the dynamic ones outside. A ragged loop stays inside those that bound it.
    """
    if len(statement.loops) < 2:
        return statement
    score = dict.fromkeys((loop.variable for loop in statement.loops), 0)
    target = Load(statement.array, statement.indices)
    for load in (target, *statement.loads()):
        last = load.indices[-1] if load.indices else None
        if isinstance(last, Variable) and last.name in score:
            score[last.name] += 1
    plain = [loop for loop in statement.loops if not loop.ragged]
    asked = set() if statement.only_if is None else variables_in(statement.only_if)
    inner = max(
        plain,
        key=lambda loop: (
            loop.variable not in asked,  # a row that is not to be written is passed over whole
            score[loop.variable],
            not isinstance(loop.length, SymbolicSize),
            bound_of(loop.length),
        ),
    )
    ragged = [loop for loop in statement.loops if loop.ragged]
    outer = [loop for loop in plain if loop is not inner or (ragged and len(plain) == 1)]
    outer.sort(key=lambda loop: not isinstance(loop.length, SymbolicSize))
    loops = (*outer, *ragged) if ragged and len(plain) == 1 else (*outer, *ragged, inner)
    if ragged:
        needed = variables_in(ragged[0].start) | variables_in(ragged[0].stop)  # type: ignore[arg-type]
        if inner.variable in needed and inner in loops and len(plain) > 1:
            loops = (inner, *[loop for loop in outer if loop is not inner], *ragged)
    return replace(statement, loops=loops)
