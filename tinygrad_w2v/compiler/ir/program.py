"""A program: the instructions of one example in the order in which they run; how it is rewritten.

All rows are read before any is written, so the instructions that write come last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.listing import listing_of
from tinygrad_w2v.compiler.ir.ops import OPS, WRITES
from tinygrad_w2v.compiler.ir.sizes import Size, sizes_in


@dataclass(frozen=True)
class Program:
    """The instructions of one example, and which value is its loss.

    Attributes
    ----------
    instructions : tuple of Instruction
    loss : str
        The name of the loss, a scalar.
    constants : dict
        Arrays that the model holds but does not learn, by the name of their instruction.
    """

    instructions: tuple[Instruction, ...]
    loss: str
    constants: Mapping[str, Any]

    def __iter__(self) -> Iterator[Instruction]:
        return iter(self.instructions)

    def __len__(self) -> int:
        return len(self.instructions)

    def __getitem__(self, name: str) -> Instruction:
        return self.by_name()[name]

    def __str__(self) -> str:
        """The instructions as a listing, in the style of ``tw.graph(v).text``."""
        return listing_of(self.instructions, self.loss, self.constants)

    def by_name(self) -> dict[str, Instruction]:
        """Return every instruction by its name."""
        return {instruction.name: instruction for instruction in self.instructions}

    def needed(self, *names: str) -> set[str]:
        """Return the names of the instructions that values depend on, those included."""
        needed = set(names)
        for step in reversed(self.instructions):
            if step.name in needed:
                needed.update(step.inputs)
        return needed

    def readers(self) -> dict[str, list[Instruction]]:
        """Return who reads each value, once for each reader."""
        readers: dict[str, list[Instruction]] = {i.name: [] for i in self.instructions}
        for instruction in self.instructions:
            for name in dict.fromkeys(instruction.inputs):
                readers[name].append(instruction)
        return readers

    def sizes(self) -> list[Size]:
        """Return the dynamic sizes, those of the inputs first, in order of their first use.

        A program may use the size of a field that it does not read.
        """
        inputs_first = sorted(self.instructions, key=lambda step: step.op != "input")
        named = [size for step in inputs_first for size in sizes_in(step.lengths())]
        return list(dict.fromkeys(named))

    def of_op(self, op: str) -> list[Instruction]:
        """Return the instructions of one op."""
        return [i for i in self.instructions if i.op == op]


def writes_last(instructions: Iterable[Instruction]) -> tuple[Instruction, ...]:
    """Return instructions, those that write last: all is read before anything changes."""
    return tuple(sorted(instructions, key=lambda instruction: instruction.op in WRITES))


Rule = Callable[[Instruction, "Rewriter"], "str | None"]


class Rewriter:
    """Builds a program anew, instruction by instruction: what every pass is made of.

    A rule sees an instruction whose inputs are already the new ones. It returns the name of a
    value that stands in for it, or None to keep it.

    Examples
    --------
    >>> def drop_double_negation(instruction, new):
    ...     if instruction.op == "map" and instruction["function"] == "negative":
    ...         inner = new.made[instruction.inputs[0]]
    ...         if inner.op == "map" and inner["function"] == "negative":
    ...             return inner.inputs[0]
    ...     return None
    """

    def __init__(self, program: Program, rule: Rule) -> None:
        self.made: dict[str, Instruction] = {}
        self._taken = {instruction.name for instruction in program}
        self._number = 0
        self._names: dict[str, str] = {}
        for instruction in program:
            inputs = tuple(self._names[name] for name in instruction.inputs)
            changed = replace(instruction, inputs=inputs)
            name = rule(changed, self)
            if name is None:
                self.made[changed.name] = changed
                name = changed.name
            self._names[instruction.name] = name
        self.program = Program(
            writes_last(self.made.values()), self._names[program.loss], program.constants
        )

    def add(self, like: Instruction, op: str, inputs: tuple[str, ...], **changes: Any) -> str:
        """Make an instruction before the one that is looked at, and return its name.

        What is not said is as in `like`; a shape that follows from the inputs need not be.
        """
        changes.setdefault("parameters", {})
        self._number += 1
        name = f"{like.name}_{'abcdefghijklmnopqrstuvwxyz'[self._number % 26]}{self._number // 26}"
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        made = replace(like, name=name, op=op, inputs=inputs, **changes)
        shape = OPS[op].shape(made, [self.made[read].shape for read in inputs])
        self.made[name] = replace(made, shape=shape)
        return name
