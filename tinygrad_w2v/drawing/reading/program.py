"""The graph as plain data: named values, and the steps that compute them.

Drawings and listings are made from this alone. It holds no Variable, so a picture keeps no graph
alive and cannot change one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Kind = Literal[
    "parameter",  # a leaf that an optimizer changes
    "variable",  # any other leaf
    "constant",  # a plain array
    "number",  # a plain number: written in the expression itself
    "intermediate",
    "result",  # what the graph was drawn of
    "gradient",  # of a leaf
    "bundle",  # several values of a summary
    # Where forward and backward are one part, as in a compiled program:
    "input",  # an array of the example
    "derived",  # made by a rule of backward or of an optimizer
    "written",  # a parameter after its update
]
COPY = "copy"  # the step by which a rule hands on what it was given
SUM = "add"  # of what the uses of a Variable sent back
GIVEN: frozenset[Kind] = frozenset({"parameter", "variable", "constant", "number", "input"})


class Scope(NamedTuple):
    """One call of a module; `number` tells the calls apart."""

    name: str
    number: int


@dataclass(frozen=True, slots=True)
class Value:
    """A Variable or an array: its name and what is shown of it."""

    name: str
    kind: Kind
    type: str = ""  # "(2, 5)", "(2, 5) float32"
    content: str = ""  # the numbers in short
    gradient: str = ""  # the numbers of its gradient in short
    view_of: int | None = None  # the constant that this one is, transposed, as its name says
    backward: bool = False  # whether the backward pass made it
    shape: tuple[int, ...] = ()  # of the array; a compiled program has sizes in `type` instead


@dataclass(frozen=True, slots=True)
class Step:
    """One op: the values that it reads and makes, by their keys."""

    label: str
    inputs: tuple[int, ...]
    outputs: tuple[int | None, ...]  # None: an output that nobody kept
    parameters: tuple[str, ...] = ()
    scope: tuple[Scope, ...] = ()
    tooltip: str = ""
    # What the box is; "rule" is an op of backward among those of forward.
    whole: Literal["op", "module", "run", "rule"] = "op"
    number: int = -1  # of the op that it is, by creation; a box of several has none
    rule_of: int = -1  # of the forward op whose rule a step of backward belongs to
    inside: tuple[Step, ...] = ()  # what a box of several was made of
    formula: str = ""  # what it computes in the names of the graph, where that is shown


@dataclass(frozen=True)
class Program:
    """Steps in the order in which they ran.

    Attributes
    ----------
    values : mapping of int to Value
        By key; steps name values by their keys.
    forward, backward : tuple of Step
        `backward` is empty where it was not asked for or there is none.
    result : int
        Key of what the graph was made of.
    seed : int or None
        Key of the result's gradient, which is 1.
    gradients : tuple of (int, int)
        Leaf and its gradient.
    gradient_of : mapping of int to int
        The gradient of each value that has one, also of those on the way.
    note : str
        Why there is no backward part.
    """

    values: Mapping[int, Value]
    forward: tuple[Step, ...]
    result: int
    backward: tuple[Step, ...] = ()
    seed: int | None = None
    gradients: tuple[tuple[int, int], ...] = ()
    gradient_of: Mapping[int, int] = field(default_factory=dict)
    note: str = ""

    @property
    def steps(self) -> tuple[Step, ...]:
        """Forward, then backward."""
        return self.forward + self.backward


def readers(steps: Iterable[Step]) -> dict[int, list[Step]]:
    """The steps that read each value."""
    by_value: dict[int, list[Step]] = {}
    for step in steps:
        for key in dict.fromkeys(step.inputs):
            by_value.setdefault(key, []).append(step)
    return by_value


def producers(steps: Iterable[Step]) -> dict[int, Step]:
    """The step that makes each value."""
    return {key: step for step in steps for key in step.outputs if key is not None}


def made_by(steps: Iterable[Step]) -> list[int]:
    """The values that steps make."""
    return [key for step in steps for key in step.outputs if key is not None]


def read_or_made(steps: Iterable[Step]) -> list[int]:
    """The values that steps read and make, in that order."""
    return [key for step in steps for key in (*step.inputs, *made_by([step]))]


def ops_in(steps: Iterable[Step]) -> Iterator[Step]:
    """The steps that are ops, of boxes those inside."""
    waiting = [*steps][::-1]
    while waiting:
        step = waiting.pop()
        if step.inside:
            waiting += step.inside[::-1]
        else:
            yield step


def needed(steps: Sequence[Step], wanted: Iterable[int]) -> tuple[Step, ...]:
    """The steps that some values depend on, in their order."""
    reached, kept = set(wanted), []
    for step in reversed(steps):
        if reached.intersection(step.outputs):
            kept.append(step)
            reached.update(step.inputs)
    return tuple(reversed(kept))


def common_scope(steps: Sequence[Step]) -> tuple[Scope, ...]:
    """The innermost call of a module that all of some steps are in."""
    scope = steps[0].scope
    while scope and any(step.scope[: len(scope)] != scope for step in steps):
        scope = scope[:-1]
    return scope


@dataclass
class Names:
    """Unique names: a second ``w`` is ``w_2``."""

    taken: set[str] = field(default_factory=set)
    _counts: dict[str, int] = field(default_factory=dict)

    def reserve(self, name: str) -> str:
        """`name`, with a number appended if it is taken."""
        free, number = name, self._counts.get(name, 1)
        while free in self.taken:
            number += 1
            free = f"{name}_{number}"
        self._counts[name] = number
        self.taken.add(free)
        return free

    def fresh(self, letter: str) -> str:
        """The next of ``h1``, ``h2``, ... that is free."""
        number = self._counts.get("#" + letter, 0) + 1
        while f"{letter}{number}" in self.taken:
            number += 1
        self._counts["#" + letter] = number
        self.taken.add(f"{letter}{number}")
        return f"{letter}{number}"
