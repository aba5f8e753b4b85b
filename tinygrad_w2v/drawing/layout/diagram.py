"""A program as nodes and edges that a layout engine can place quickly.

A layout with one node that 300 others read, or with edges across the whole picture, takes
minutes. So a given value is drawn at each op that reads it, and so is a value of the forward pass
that backward reads; an edge that would cross many ranks, or leave a node with many readers, starts
at a small node with the value's name instead.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from tinygrad_w2v.drawing.reading.program import (
    GIVEN,
    Program,
    Scope,
    Step,
    Value,
    common_scope,
    readers,
)

MOST_READERS = 8  # of a value; further ones read a node with its name
MOST_INPUTS = 10  # of an op; further ones are counted in one node
LONGEST_EDGE = 24  # in ranks
MOST_LISTED = 8  # parameters of a module that stand in its box
UNSHARED = ("number", "constant")

Shape = Literal["value", "op"]


@dataclass(frozen=True, slots=True)
class DiagramNode:
    """A Variable (`shape` "value") or an op, with its texts."""

    key: str
    shape: Shape
    kind: str  # of the value; for an op what its box is; "reference" for a name that is repeated
    title: str
    details: tuple[str, ...] = ()
    tooltip: str = ""
    scope: tuple[Scope, ...] = ()
    backward: bool = False
    value: int | None = None  # key of the value that it shows
    step: int | None = None  # place of the op in its part of the program


class DiagramEdge(NamedTuple):
    """From a value to the op that reads it, or from an op to the value that it makes."""

    tail: str
    head: str


@dataclass(frozen=True)
class Diagram:
    """What is drawn: the forward part and, beside it, the backward part."""

    title: str
    nodes: tuple[DiagramNode, ...]
    edges: tuple[DiagramEdge, ...]
    message: str = ""

    @property
    def has_backward(self) -> bool:
        """Whether there are two parts."""
        return any(node.backward for node in self.nodes)

    @property
    def words(self) -> str:
        """All that is written in the picture."""
        parts = [self.message]
        for node in self.nodes:
            parts += (node.title, *node.details, *(scope.name for scope in node.scope))
        return "\n".join(parts)


def diagram_of(program: Program, message: str = "", shared: bool = False) -> Diagram:
    """Return the nodes and edges of a program.

    Parameters
    ----------
    program : Program
        What is drawn.
    message : str
        Shown below the picture.
    shared : bool
        Draw a leaf, too, once for all its readers, so that what they send back can meet there.
    """
    drawing = _Drawing(program, shared)
    drawing.part(program.forward, program.result)
    if program.seed is not None:
        drawing.backward = True
        drawing.part(program.backward, program.seed)
    title = program.values[program.result].name
    return Diagram(title, tuple(drawing.nodes), tuple(drawing.edges), message)


@dataclass
class _Drawing:
    program: Program
    shared: bool = False
    backward: bool = False
    nodes: list[DiagramNode] = field(default_factory=list)
    edges: list[DiagramEdge] = field(default_factory=list)
    home: dict[int, str] = field(default_factory=dict)  # node of a value that has edges
    rank: dict[int, int] = field(default_factory=dict)
    readers: Counter[int] = field(default_factory=Counter)
    loose: set[int] = field(default_factory=set)  # made of given values alone: near its reader

    def part(self, steps: tuple[Step, ...], start: int) -> None:
        """Draw forward or backward; `start` is what it begins with, or all there is."""
        self.home.clear()
        if self.backward or not steps:
            self.value(start, ())
        uses = readers(steps) if self.shared else {}
        for place, step in enumerate(steps):
            listed, names = self.listed(step)
            details = _wrapped((*step.parameters, *names))
            title = step.formula or step.label
            box = self.add(step.whole, title, step.scope, details, step.tooltip, "op", step=place)
            inputs = tuple(key for key in dict.fromkeys(step.inputs) if key not in listed)
            if self.shared:
                self.leaves(inputs, uses)
            if len(inputs) > MOST_INPUTS:
                self.many_inputs(box, step, inputs[MOST_INPUTS - 2 : -1])
                inputs = (*inputs[: MOST_INPUTS - 2], inputs[-1])
            ranks = [self.rank.get(key, 0) + 1 if key in self.home else 1 for key in inputs]
            rank = max(ranks, default=0)
            for key in inputs:
                for _ in range(min(step.inputs.count(key), 3)):
                    self.edges.append(DiagramEdge(self.source(key, rank, step), box))
            loose = all(key not in self.home or key in self.loose for key in inputs)
            for made in step.outputs:
                if made is not None:
                    self.rank[made] = rank + 1
                    if loose:
                        self.loose.add(made)
                    self.edges.append(DiagramEdge(box, self.value(made, step.scope)))

    def listed(self, step: Step) -> tuple[set[int], tuple[str, ...]]:
        """The parameters of a module that is one box, and their names, which stand in it."""
        if step.whole != "module" or self.shared:
            return set(), ()
        values = self.program.values
        keys = [key for key in step.inputs if values[key].kind == "parameter"]
        scope = (*step.scope, Scope(step.label.removesuffix(".backward"), -1))
        names = [_local(values[key].name, scope) for key in keys]
        if len(names) > MOST_LISTED:
            names[MOST_LISTED:] = [f"{len(names) - MOST_LISTED} more"]
        return set(keys), tuple(names)

    def leaves(self, inputs: tuple[int, ...], uses: dict[int, list[Step]]) -> None:
        """Draw what is read for the first time, near its reader."""
        near = max([self.rank[key] for key in inputs if key in self.home], default=0)
        for key in inputs:
            if key not in self.home and self.program.values[key].kind not in UNSHARED:
                self.rank.setdefault(key, near)
                self.value(key, common_scope(uses[key]))

    def source(self, key: int, rank: int, step: Step) -> str:
        """The node that an op reads `key` from: the value's own, or one with its name."""
        home = self.home.get(key)
        self.readers[key] += 1
        if key in self.loose:
            self.loose.discard(key)
            self.rank[key] = rank - 1
        near = home is not None and rank - self.rank.get(key, 0) <= LONGEST_EDGE
        if home is not None and near and self.readers[key] <= MOST_READERS:
            return home
        return self.reference(key, step.scope)

    # ------------------------------------------------------------------ nodes
    def add(
        self,
        kind: str,
        title: str,
        scope: tuple[Scope, ...],
        details: tuple[str, ...] = (),
        tooltip: str = "",
        shape: Shape = "value",
        value: int | None = None,
        step: int | None = None,
    ) -> str:
        key = f"n{len(self.nodes)}"
        node = DiagramNode(
            key, shape, kind, title, details, tooltip, scope, self.backward, value, step
        )
        self.nodes.append(node)
        return key

    def value(self, key: int, scope: tuple[Scope, ...]) -> str:
        value = self.program.values[key]
        name = _local(value.name, scope) if self.shared else value.name
        home = self.add(value.kind, name, scope, _details(value), _tooltip(value), value=key)
        self.home[key] = home
        self.rank.setdefault(key, 0)
        return home

    def reference(self, key: int, scope: tuple[Scope, ...]) -> str:
        """A value at the place of its use: a given one whole, any other by its name."""
        value = self.program.values[key]
        given = value.kind in GIVEN and not self.backward
        kind = value.kind if given or value.kind in ("number", "constant") else "reference"
        details = _details(value) if given else ()
        name = _local(value.name, scope)
        return self.add(kind, name, scope, details, _tooltip(value), value=key)

    def many_inputs(self, box: str, step: Step, hidden: tuple[int, ...]) -> None:
        first, last = (self.program.values[key].name for key in (hidden[0], hidden[-1]))
        details = (f"{first} … {last}",)
        node = self.add("reference", f"{len(hidden)} more", step.scope, details)
        self.edges.append(DiagramEdge(node, box))


def _local(name: str, scope: tuple[Scope, ...]) -> str:
    """A parameter's name without the names of the modules whose frames it is in."""
    return name.removeprefix("".join(f"{part.name}." for part in scope[1:]))


def _wrapped(parameters: tuple[str, ...], longest: int = 28) -> tuple[str, ...]:
    """Parameters side by side as long as they are short."""
    lines: list[str] = []
    for text in parameters:
        if lines and len(lines[-1]) + len(text) + 2 <= longest:
            lines[-1] += f", {text}"
        else:
            lines.append(text)
    return tuple(lines)


def _details(value: Value) -> tuple[str, ...]:
    if value.kind == "number":
        return ()
    gradient = value.gradient and f"grad {value.gradient}"
    return tuple(text for text in (value.type, value.content, gradient) if text)


def _tooltip(value: Value) -> str:
    text = f"{value.name} {value.type}"
    return text if value.kind in ("intermediate", "bundle") else f"{text}: {value.kind}"
