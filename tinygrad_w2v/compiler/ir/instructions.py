"""The instructions that a window is computed with: a small closed set, immutable, typed.

A program is a list of instructions in the order in which they run. Each names its result, its op,
the results that it reads, and the shape and dtype of what it makes. Shapes are those of one window,
made of numbers and of sizes that are known when the window comes (`ir.sizes`).

=================  ===========================================================================
given              ``input``, ``parameter``, ``constant``, ``size`` (a symbolic size as a number)
computed           ``map`` (a scalar function, element by element), ``reduce`` (sum, max, min or
                   product along axes), ``einsum`` (sum of products), ``running`` (sums or products
                   of all up to each element)
counted            ``arange`` (the places of an axis), ``argument`` (where the largest or the
                   smallest stands)
moved              ``transpose reshape broadcast slice concatenate``
looked up          ``take`` (along an axis), ``take_along`` (other places in every row),
                   ``segment_sum`` and ``segment_repeat`` (ragged rows)
put back           ``scatter scatter_along scatter_slice``: zeros with values added at places
rows that repeat   ``first_place``: where each id stood first
written            ``add_rows put_rows add_to put``: the only ones that change anything
=================  ===========================================================================
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tinygrad_w2v.compiler.ir.scalar_functions import RESERVED
from tinygrad_w2v.compiler.ir.sizes import Length, Shape, Size, sizes_in

GIVEN = frozenset({"input", "parameter", "constant", "size"})
MOVED = frozenset({"transpose", "reshape", "broadcast", "slice"})
WRITES = frozenset({"add_rows", "put_rows", "add_to", "put"})
OPS = (
    GIVEN
    | MOVED
    | WRITES
    | frozenset(
        "map reduce einsum running arange argument concatenate take take_along segment_sum "
        "segment_repeat scatter scatter_along scatter_slice first_place".split()
    )
)
REDUCTIONS = ("sum", "max", "min", "prod")


@dataclass(frozen=True)
class Instruction:
    """One step.

    Attributes
    ----------
    name : str
        Of what it makes (of a written parameter: of the act of writing).
    op : str
        One of `OPS`.
    inputs : tuple of str
        Names of what it reads; a written parameter comes first.
    shape : tuple
        Of what it makes, for one window.
    dtype : str
        ``"float"``, ``"int"`` or ``"bool"``.
    parameters : dict
        What else the op needs: a scalar function's name, axes, a value.
    site : str
        The user's line, where it is known.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    shape: Shape
    dtype: str
    parameters: Mapping[str, Any]
    site: str = ""

    def __getitem__(self, parameter: str) -> Any:
        return self.parameters[parameter]

    def lengths(self) -> Iterator[Length]:
        """Yield all lengths and places that are named in it."""
        yield from self.shape
        if self.op == "size":
            yield self["length"]
        for part in self.parameters.get("spec", ()):
            yield from part[1:]

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes two instructions the same but for their names."""
        items = tuple(sorted(self.parameters.items()))
        return self.op, self.inputs, self.shape, self.dtype, repr(items)


@dataclass(frozen=True)
class Program:
    """The instructions of one window, and which value is its loss.

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
        from tinygrad_w2v.compiler.ir.listing import listing_of

        return listing_of(self)

    def by_name(self) -> dict[str, Instruction]:
        """Return every instruction by its name."""
        return {instruction.name: instruction for instruction in self.instructions}

    def readers(self) -> dict[str, list[Instruction]]:
        """Return who reads each value, once for each reader."""
        found: dict[str, list[Instruction]] = {i.name: [] for i in self.instructions}
        for instruction in self.instructions:
            for name in dict.fromkeys(instruction.inputs):
                found[name].append(instruction)
        return found

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
    """Return instructions with those that write behind all others: a window is read whole first."""
    return tuple(sorted(instructions, key=lambda instruction: instruction.op in WRITES))


class Names:
    """Gives every value a name of its own: ``h``, ``h_2``, ..."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._next: dict[str, int] = dict.fromkeys(taken, 1)

    def copy(self) -> Names:
        """Return one that gives the same names from here on."""
        same = Names()
        same._next = dict(self._next)
        return same

    def fresh(self, wanted: str) -> str:
        """Return `wanted`, or with a number behind it where it was given before."""
        number = self._next.get(wanted, 0) + 1
        self._next[wanted] = number
        return wanted if number == 1 else self.fresh(f"{wanted}_{number}")


def identifier(name: str) -> str:
    """Return a user's name as one that Python code may hold and a kernel does not use itself.

    Examples
    --------
    >>> identifier("w_in"), identifier("layers.0.weight"), identifier("class"), identifier("lr")
    ('w_in', 'layers_0_weight', 'class_', 'lr_')
    """
    cleaned = re.sub(r"\W", "_", unicodedata.normalize("NFKC", name))  # as Python reads names
    if not cleaned.isidentifier():
        cleaned = f"_{cleaned}"
    return f"{cleaned}_" if keyword.iskeyword(cleaned) or cleaned in RESERVED else cleaned


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
            found = rule(changed, self)
            if found is None:
                self.made[changed.name] = changed
                found = changed.name
            self._names[instruction.name] = found
        self.program = Program(
            writes_last(self.made.values()), self._names[program.loss], program.constants
        )

    def add(self, like: Instruction, op: str, inputs: tuple[str, ...], **changes: Any) -> str:
        """Make an instruction before the one that is looked at, and return its name."""
        parameters = changes.pop("parameters", {})
        self._number += 1
        name = f"{like.name}_{'abcdefghijklmnopqrstuvwxyz'[self._number % 26]}{self._number // 26}"
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        self.made[name] = replace(
            like, name=name, op=op, inputs=inputs, parameters=parameters, **changes
        )
        return name
