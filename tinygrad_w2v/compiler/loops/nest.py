"""Loop code: statements inside loops, and the arrays that they use.

A `Statement` sets or adds to one element of an array, for all values of its loops. Expressions are
trees of numbers, loop variables, loads and scalar functions. Everything is immutable, so every step
from instructions to source is a function from one `LoopCode` to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from tinygrad_w2v.compiler.ir.sizes import Length, Shape, SymbolicSize, bound_of, value_of

# What a step of the compiler derives from a value is called after it, followed by this sign. No
# name of a user's holds one, so none can be the same (`instructions.identifier`).
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
    """An array as such, for a function that searches it."""

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


Indices = tuple[Expression, ...]
Change = Callable[[Expression], "Expression | None"]  # None keeps a part


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

    def bounds(self) -> Indices:
        """Return the expressions of where it starts and stops."""
        return tuple(bound for bound in (self.start, self.stop) if bound is not None)

    def rewritten(self, change: Change) -> Loop:
        """Return it with parts of its bounds replaced."""
        if not self.bounds():
            return self
        start, stop = (None if b is None else changed(b, change) for b in (self.start, self.stop))
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
    phase : str
        ``read`` (rows of tables, before all else), ``compute`` or ``write`` (tables).
    only_if : Expression, optional
        A condition on which it runs.
    origin : str
        The instruction that it computes; empty where it only serves others.
    """

    array: str
    indices: Indices
    value: Expression
    mode: str
    loops: tuple[Loop, ...]
    phase: str = "compute"
    only_if: Expression | None = None
    origin: str = ""

    @property
    def element(self) -> Load:
        """What is written, as an expression."""
        return Load(self.array, self.indices)

    @property
    def writes(self) -> frozenset[str]:
        """The names of the arrays that are written."""
        return frozenset((self.array,))

    @property
    def reduced(self) -> set[str]:
        """The variables of the loops that the result does not keep."""
        variables = {loop.variable for loop in self.loops}
        return variables.difference(*map(variables_in, self.indices))

    def expressions(self) -> Indices:
        """Return all expressions in it, the indices of what it writes included."""
        condition = () if self.only_if is None else (self.only_if,)
        bounds = tuple(bound for loop in self.loops for bound in loop.bounds())
        return (*self.indices, self.value, *condition, *bounds)

    def loads(self) -> Iterator[Load]:
        """Yield what is read."""
        for expression in self.expressions():
            yield from loads_in(expression)

    @cached_property
    def reads(self) -> frozenset[str]:
        """The names of the arrays that are read."""
        return frozenset(name for expression in self.expressions() for name in reads_in(expression))

    def rewritten(self, change: Change) -> Statement:
        """Return it with parts of its expressions replaced, the element that it writes included."""
        element = changed(self.element, change)
        assert isinstance(element, Load)
        return replace(
            self,
            array=element.array,
            indices=element.indices,
            value=changed(self.value, change),
            only_if=None if self.only_if is None else changed(self.only_if, change),
            loops=tuple(loop.rewritten(change) for loop in self.loops),
        )


@dataclass(frozen=True)
class Nest:
    """A loop and what is done in it: statements without loops, and further nests."""

    loop: Loop
    body: Body


Body = tuple[Nest | Statement, ...]


class Array(NamedTuple):
    """An array of the kernel: its shape (axes of length 1 left out) and dtype."""

    shape: Shape
    dtype: str


class LoopCode(NamedTuple):
    """What a kernel does, as loops.

    Attributes
    ----------
    body : tuple of Statement or Nest
        Statements that hold their loops, until `fuse` has made nests of them.
    arrays : dict
        The kernel's own arrays by name; those without axes are numbers.
    loss : Expression
        What is read when all is done.
    uniform : frozenset of str
        Numbers that depend on sizes, the rate and the step alone. They come first, and are
        computed in double precision whatever the kernel's float type is.
    """

    body: Body
    arrays: Mapping[str, Array]
    loss: Expression
    uniform: frozenset[str] = frozenset()

    @property
    def statements(self) -> list[Statement]:
        """All statements, in order."""
        return list(statements_in(self.body))


# ---------------------------------------------------------------------- what is in it
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
    """Return the names of the arrays that expressions search as a whole."""
    parts = (part for expression in expressions for part in walk(expression))
    return {part.array for part in parts if isinstance(part, Whole)}


def variables_in(expression: Expression) -> set[str]:
    """Return the names of the loop variables in an expression."""
    return {part.name for part in walk(expression) if isinstance(part, Variable)}


def nodes_in(
    body: Iterable[Nest | Statement], around: tuple[Nest, ...] = ()
) -> Iterator[tuple[Nest | Statement, tuple[Nest, ...]]]:
    """Yield every nest and statement, in order, with the nests around it."""
    for node in body:
        yield node, around
        if isinstance(node, Nest):
            yield from nodes_in(node.body, (*around, node))


def statements_in(body: Iterable[Nest | Statement]) -> Iterator[Statement]:
    """Yield the statements, in order."""
    return (node for node, _ in nodes_in(body) if isinstance(node, Statement))


def touched_in(body: Iterable[Nest | Statement]) -> set[str]:
    """Return the names of all arrays that are read or written, bounds of loops included."""
    names: set[str] = set()
    for node, _ in nodes_in(body):
        if isinstance(node, Statement):
            names |= node.reads | {node.array}
        else:
            names.update(*map(reads_in, node.loop.bounds()))
    return names


def statements_run(body: Iterable[Nest | Statement], sizes: Mapping[str, int]) -> int:
    """Return how many statements are run for an example of these sizes.

    Examples
    --------
    >>> twice = Statement("x", (Variable("i"),), Number(0.0), "set", ())
    >>> statements_run((Nest(Loop("i", 3), (twice, Nest(Loop("j", 2), (twice,)))),), {})
    9
    """
    total = 0
    for node in body:
        if isinstance(node, Nest):
            iterations = value_of(node.loop.length, sizes) // node.loop.step
            total += iterations * statements_run(node.body, sizes)
        else:
            total += 1
    return total


# ---------------------------------------------------------------------- the same, rewritten
def changed(expression: Expression, change: Change) -> Expression:
    """Return an expression with parts replaced, from the outside in; None keeps a part.

    Examples
    --------
    >>> i = Call("add", (Variable("i"), Number(1)))
    >>> changed(i, lambda part: Number(5) if part == Variable("i") else None)
    Call(function='add', arguments=(Number(value=5), Number(value=1)))
    """
    new = change(expression)
    if new is not None:
        return new
    parts = expression.parts()
    if not parts:
        return expression
    return expression.rebuilt(tuple(changed(part, change) for part in parts))


def rewritten(body: Iterable[Nest | Statement], change: Change) -> Body:
    """Return statements and nests with parts of all their expressions replaced."""
    return tuple(
        Nest(node.loop.rewritten(change), rewritten(node.body, change))
        if isinstance(node, Nest)
        else node.rewritten(change)
        for node in body
    )


def moved(names: Container[str], place: Callable[[Load], Load]) -> Change:
    """Return the change by which elements of some arrays are where `place` says."""

    def change(part: Expression) -> Expression | None:
        if isinstance(part, Load) and part.array in names:
            return place(Load(part.array, tuple(changed(i, change) for i in part.indices)))
        return None

    return change


def renamed(statement: Statement, names: Mapping[str, Expression]) -> Statement:
    """Return a statement with loop variables replaced, in loops and expressions."""

    def change(part: Expression) -> Expression | None:
        return names.get(part.name) if isinstance(part, Variable) else None

    def name(variable: str) -> str:
        new = names.get(variable)
        return new.name if isinstance(new, Variable) else variable

    new = statement.rewritten(change)
    loops = tuple(replace(loop, variable=name(loop.variable)) for loop in new.loops)
    return replace(new, loops=loops)


def ordered(statement: Statement) -> Statement:
    """Return a statement with its loops in the order in which they are best run.

    The innermost is the one that most arrays are read or written along, element by element; the
    others stand with the dynamic ones outside. A ragged loop stays inside those that bound it.
    """
    if len(statement.loops) < 2:
        return statement
    score = dict.fromkeys((loop.variable for loop in statement.loops), 0)
    for load in (statement.element, *statement.loads()):
        last = load.indices[-1] if load.indices else None
        if isinstance(last, Variable) and last.name in score:
            score[last.name] += 1
    plain = [loop for loop in statement.loops if not loop.ragged]
    asked = set() if statement.only_if is None else variables_in(statement.only_if)
    inner = max(
        plain,
        key=lambda loop: (
            loop.variable not in asked,  # a row that is not to be written is skipped whole
            score[loop.variable],
            not isinstance(loop.length, SymbolicSize),
            bound_of(loop.length),
        ),
    )
    ragged = [loop for loop in statement.loops if loop.ragged]
    outer = [loop for loop in plain if loop is not inner]
    outer.sort(key=lambda loop: not isinstance(loop.length, SymbolicSize))
    bounding = {name for loop in ragged for bound in loop.bounds() for name in variables_in(bound)}
    if ragged and (len(plain) == 1 or inner.variable in bounding):
        return replace(statement, loops=(inner, *outer, *ragged))
    return replace(statement, loops=(*outer, *ragged, inner))
