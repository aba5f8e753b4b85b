"""Loops over time as loop code: a kernel in the kernel.

The body of a loop is lowered as a program of its own, whose tables are the results, and takes all
steps of the compiler by itself. Until the end it is one statement to the code around it (`Block`);
then it becomes a nest of loops like all others. What a body reads is an element of a value around
it, at the time that the loop is at; that of a state is the one that the step before has left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.loops.elements import Elements, length_of, plus, without_ones
from tinygrad_w2v.compiler.loops.nest import (
    DERIVED,
    Body,
    Call,
    Change,
    Expression,
    Indices,
    Load,
    Loop,
    LoopCode,
    Nest,
    Number,
    Statement,
    Variable,
    Whole,
    moved,
    rewritten,
)


@dataclass(frozen=True)
class Block(Statement):
    """A loop over time as one statement: its body is code of its own, with arrays of its own.

    To all others it touches arrays as such: their form stays what it is.

    Attributes
    ----------
    code : LoopCode
        What a step does.
    loop : Loop
    around : frozenset of str
        The arrays outside of `code` that it reads or writes.
    results : frozenset of str
        Those that it writes.
    """

    code: LoopCode = field(kw_only=True, compare=False)
    loop: Loop = field(kw_only=True, compare=False)
    around: frozenset[str] = field(kw_only=True)
    results: frozenset[str] = field(kw_only=True)

    @property
    def writes(self) -> frozenset[str]:
        return self.results

    def expressions(self) -> Indices:
        return tuple(Whole(name) for name in sorted(self.around))

    def rewritten(self, change: Change) -> Block:
        return self


class Around:
    """What the body of a loop sees of the code around it.

    Parameters
    ----------
    scan : Instruction
    elements : Elements
        Of the program around.
    results : dict
        The arrays of its results by their numbers.
    """

    def __init__(
        self, scan: Instruction, elements: Elements, results: Mapping[int, Instruction]
    ) -> None:
        self.scan, self.elements, self.results = scan, elements, results
        self.loop = Loop(f"t{DERIVED}{scan.name}", scan["length"])
        self.time: Expression = Variable(self.loop.variable)
        if scan["reverse"]:
            self.time = Call("subtract", (length_of(scan["length"] - 1), self.time))

    def of(self, step: Instruction, indices: Indices) -> Expression:
        """Return the element of an ``outer`` of the body."""
        source, number = step["of"]
        if step["at"] is not None:
            indices = (self.at(step["at"]), *indices)
        if source == "input":
            return self.elements.of(self.scan.inputs[number], indices)
        return self.element(number, indices)

    def element(self, number: int, indices: Indices) -> Load:
        """Return an element of a result."""
        result = self.results[number]
        return Load(result.name, without_ones(indices, result.shape))

    def at(self, offset: int) -> Expression:
        """Return the place of this step, or of the one after it."""
        return plus(self.time, Number(offset))

    def block(self, code: LoopCode) -> Block:
        """Return the loop as one statement."""
        touched = {name for s in code.statements for name in (s.array, *s.reads)}
        touched.update(*(s.around for s in code.statements if isinstance(s, Block)))
        return Block(
            self.scan.name,
            (),
            Variable(self.loop.variable),
            "set",
            (),
            origin=self.scan.name,
            code=code,
            loop=self.loop,
            around=frozenset(touched - set(code.arrays) - self._inner(code)),
            results=frozenset(result.name for result in self.results.values()),
        )

    @staticmethod
    def _inner(code: LoopCode) -> set[str]:
        return {s.array for s in code.statements if isinstance(s, Block)}


Stages = Callable[[LoopCode], LoopCode]


def within(code: LoopCode, stages: Stages) -> LoopCode:
    """Return code whose loops over time have taken the `stages`, too."""
    return code._replace(
        body=tuple(
            replace(node, code=stages(node.code)) if isinstance(node, Block) else node
            for node in code.body
        )
    )


def embedded(code: LoopCode) -> LoopCode:
    """Return code whose loops over time are nests, all arrays beside each other."""
    arrays = dict(code.arrays)
    body: list[Nest | Statement] = []
    for node in code.body:
        if not isinstance(node, Block):
            body.append(node)
            continue
        names: dict[str, str] = {}
        for name in node.code.arrays:
            others = (f"{name}{DERIVED}{number}" for number in count(2))
            names[name] = name if name not in arrays else next(n for n in others if n not in arrays)
            arrays[names[name]] = node.code.arrays[name]

        def place(load: Load, names: dict[str, str] = names) -> Load:
            return Load(names[load.array], load.indices)

        inner = rewritten(node.code.body, moved(names, place))
        body.append(Nest(node.loop, _of(node.origin, inner)))
    return code._replace(body=tuple(body), arrays=arrays)


def _of(origin: str, body: Body) -> Body:
    """Statements as those of one instruction: what the program around knows of them."""
    return tuple(
        Nest(node.loop, _of(origin, node.body))
        if isinstance(node, Nest)
        else replace(node, origin=origin)
        for node in body
    )
