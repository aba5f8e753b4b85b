"""The assembly of a kernel, counted by the loops of its source.

A kernel that came from the cache carries no assembly, so it is compiled once more, with a table of
lines: of each instruction it says which line it is of, through inlined functions, too. LLVM says
which loop each block is in (`machine_code`), and `Assembly` puts both together. The table changes
no vector instruction: what is counted is what runs.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.compiler.codegen.kernel_cache import check_numba, load_with_lines
from tinygrad_w2v.compiler.codegen.write import Source
from tinygrad_w2v.compiler.inspect.machine_code import (
    Block,
    Counts,
    Instruction,
    blocks_of,
    counted,
    function_of,
)

COUNTED_ON = ("x86_64", "i386", "i686")


def inspected(source: Source, arguments: list[Any]) -> Assembly:
    """Compile a kernel for arguments such as these, and return its assembly; nothing is run.

    Parameters
    ----------
    source : Source
        What `write` has written.
    arguments : list
        What `run` is given from its third argument on.
    """
    numba: Any = check_numba()
    loaded = load_with_lines(source.text)
    run = loaded["run"]
    run.compile(tuple(numba.typeof(argument) for argument in (0, 0, *arguments)))
    (compiled,) = run.overloads.values()
    backend = compiled.library.codegen._tm
    backend.set_asm_verbosity(True)  # loops, inlining and spills are told in comments
    try:
        listing = str(compiled.library.get_asm_str())
    finally:
        backend.set_asm_verbosity(False)
    function = function_of(listing, compiled.fndesc.llvm_func_name)
    return Assembly(source.text, function, str(backend.triple))


class InnerLoop(NamedTuple):
    """What an innermost loop of the source has become.

    Attributes
    ----------
    line : int
        Where it begins in the source.
    source : str
        Its first line, such as ``for i in range(100)``.
    writes : tuple of str
        The arrays and sums that it writes.
    form : str
        ``"loop"``: a loop of the assembly, counted as it stands there, so for one turn.
        ``"written out"``: what of it stands outside such loops, as the compiler has unrolled it
        altogether, or its remainder, or what comes before the first turn.
    bits : int
        Of the widest vectors; 0 where all numbers are single ones.
    counts : Counts
    """

    line: int
    source: str
    writes: tuple[str, ...]
    form: str
    bits: int
    counts: Counts


@dataclass(frozen=True)
class Assembly:
    """The assembly of a kernel's `run`, with the kernel inlined; ``print`` shows what it counts.

    Attributes
    ----------
    source : str
        The Python text that it was compiled from.
    listing : str
        What LLVM has written of `run`, with its comments.
    machine : str
        Which processor it is for.
    """

    source: str = field(repr=False)
    listing: str = field(repr=False)
    machine: str

    @cached_property
    def text(self) -> str:
        """The instructions, under the lines of the source that they are of."""
        lines = self.source.splitlines()
        shown: list[str] = []
        last = 0
        for block in self._blocks:
            shown.append(f"{block.name}:")
            for each in block.instructions:
                line = self._nesting.line_of(each)
                if line not in (0, last):
                    shown.append(f"    # {line}: {lines[line - 1].strip()}")
                    last = line
                shown.append(f"        {each.text}")
        return "\n".join(shown)

    @cached_property
    def loops(self) -> tuple[InnerLoop, ...]:
        """What the innermost loops have become, in the order of the source.

        Raises
        ------
        InputError
            On a processor whose instructions are not known; `text` is there all the same.
        """
        self._check_machine()
        of_loop = self._lines_of_loops()
        loops: list[InnerLoop] = []
        written_out: dict[int, list[Instruction]] = {}
        for first, instructions in self._by_loop.items():
            if of_loop[first] in self._nesting.innermost:
                loops.append(self._inner_loop(of_loop[first], "loop", instructions))
                continue
            for each in instructions:
                line = self._nesting.loop_around(each)
                if line in self._nesting.innermost:
                    written_out.setdefault(line, []).append(each)
        loops += [self._inner_loop(line, "written out", i) for line, i in written_out.items()]
        return tuple(sorted(loops, key=lambda loop: (loop.line, loop.form)))

    @cached_property
    def total(self) -> Counts:
        """All instructions, in loops or not."""
        self._check_machine()
        return counted(each for block in self._blocks for each in block.instructions)

    def __str__(self) -> str:
        """A line for each of `loops`, and one for what is left."""
        head = ("line", "source", "form", "bits", *Counts._fields, "writes")
        rows = [
            (loop.line, loop.source, loop.form, loop.bits or "", *loop.counts, _few(loop.writes))
            for loop in self.loops
        ]
        inside = [sum(column) for column in zip(*(loop.counts for loop in self.loops), strict=True)]
        left = (whole - part for whole, part in zip(self.total, inside, strict=True))
        rows.append(("", "around these loops", "", "", *left, ""))
        cells = [tuple(map(str, row)) for row in (head, *rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        texts = {head.index(name) for name in ("source", "form", "writes")}
        return "\n".join(
            "  ".join(
                cell.ljust(width) if place in texts else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in cells
        )

    def _check_machine(self) -> None:
        if not self.machine.startswith(COUNTED_ON):
            raise InputError(
                f"the instructions of this processor ({self.machine}) are not counted, only those "
                "of x86: read `text`"
            )

    @cached_property
    def _blocks(self) -> list[Block]:
        return blocks_of(self.listing)

    @cached_property
    def _nesting(self) -> _Nesting:
        return _Nesting(self.source)

    @cached_property
    def _by_loop(self) -> Mapping[str, list[Instruction]]:
        """The instructions of each loop of the assembly, without those of loops in it."""
        found: dict[str, list[Instruction]] = {"": []}
        for block in self._blocks:
            found.setdefault(block.loop, []).extend(block.instructions)
        return found

    def _inner_loop(self, line: int, form: str, instructions: list[Instruction]) -> InnerLoop:
        source = self.source.splitlines()[line - 1].strip().rstrip(":")
        bits = max((each.bits for each in instructions), default=0)
        return InnerLoop(
            line, source, self._nesting.written[line], form, bits, counted(instructions)
        )

    def _lines_of_loops(self) -> dict[str, int]:
        """For each loop of the assembly the line of the loop of the source that it is; 0: none.

        What jumps back to its first block is of the line of the loop. Where that was lost, it is
        the loop around those that are in it.
        """
        outer = {block.name: block.outer for block in self._blocks if block.name == block.loop}
        found = {"": 0}
        for first in sorted(outer, key=lambda first: -_depth(first, outer)):
            back = [each for each in self._by_loop[first] if each.jumps_to(first)]
            lines = [self._nesting.line_of(each) for each in back]
            inside = [found[name] for name in outer if outer[name] == first]
            known = (line for line in lines if line in self._nesting.written)
            found[first] = next(known, self._nesting.loop_around_all(inside))
        return found


def _depth(first: str, outer: Mapping[str, str]) -> int:
    depth = 0
    while first:
        first, depth = outer[first], depth + 1
    return depth


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names if len(names) < 4 else (*names[:2], f"{len(names) - 2} more"))


class _Nesting:
    """The loops of a source: which are innermost, what lies in which, and what they write.

    A loop is named by the line that it begins in. Lines of functions that kernels call are those of
    the caller.
    """

    def __init__(self, source: str) -> None:
        self.written: dict[int, tuple[str, ...]] = {}
        self.innermost: set[int] = set()
        self._around: dict[int, int] = {}
        self._outer: dict[int, int] = {}
        self._of_helpers: set[int] = set()
        for function in ast.parse(source).body:
            if isinstance(function, ast.FunctionDef):
                self._read(function, 0)
                if function.name not in ("kernel", "run"):
                    self._of_helpers.update(_lines_of(function))

    def _read(self, node: ast.AST, loop: int) -> None:
        for child in ast.iter_child_nodes(node):
            inside = loop
            if isinstance(child, ast.For):
                inside = child.lineno
                self._outer[inside] = loop
                self.written[inside] = _written_in(child)
                if not any(isinstance(part, ast.For) for part in ast.walk(child) if part != child):
                    self.innermost.add(inside)
            if isinstance(child, ast.stmt):
                self._around.update(dict.fromkeys(_lines_of(child), inside))
            self._read(child, inside)

    def line_of(self, instruction: Instruction) -> int:
        """Return the line of `kernel` or `run` that an instruction is of; 0 where it is unknown."""
        lines = instruction.lines
        return next((line for line in lines if line and line not in self._of_helpers), 0)

    def loop_around(self, instruction: Instruction) -> int:
        """Return the innermost loop around an instruction; 0: none."""
        return self._around.get(self.line_of(instruction), 0)

    def loop_around_all(self, loops: list[int]) -> int:
        """Return the innermost loop around some loops; 0: none."""
        chains = [self._chain(loop) for loop in loops if loop]
        first = chains[0] if chains else []
        return next((loop for loop in first if all(loop in chain for chain in chains)), 0)

    def _chain(self, loop: int) -> list[int]:
        chain = []
        while loop := self._outer.get(loop, 0):
            chain.append(loop)
        return chain


def _lines_of(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _written_in(loop: ast.For) -> tuple[str, ...]:
    """What a loop leaves: arrays, then the numbers that it adds to."""
    nodes = list(ast.walk(loop))
    stored = [node for node in nodes if isinstance(getattr(node, "ctx", None), ast.Store)]
    arrays = [
        node.value.id
        for node in stored
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name)
    ]
    added = [node.target for node in nodes if isinstance(node, ast.AugAssign)]
    numbers = [place.id for place in added if isinstance(place, ast.Name)]
    return tuple(dict.fromkeys((*arrays, *numbers)))
