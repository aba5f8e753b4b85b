"""What LLVM writes of a function, read: blocks, the loops that they are in, and instructions.

The listing is that of LLVM's own printer with comments, which tell of each block which loop it is
in, of each line of a source in which it was inlined, and of each spilled register. What an
instruction does is known for x86 in AT&T order, where what is written comes last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_COMMENT = re.compile(r"(?:^|\s)(?:##?|//|;)(?=\s)")
_BEGINNING = re.compile(r"(?:\.?L|(?:##?|//|;) %)(BB\d+_\d+|bb\.\d+):")
_PLACE = re.compile(r"<[^>]*>:(\d+):\d+")  # in a source that is in no file, as kernels are
_SPILL = re.compile(r"-byte (Folded )?(Spill|Reload)")

_FMA = re.compile(r"v?fn?m(add|sub)")
_ARITHMETIC = re.compile(r"v?(add|sub|mul|div|sqrt|max|min)[ps][sdh]$")
_SHUFFLE = re.compile(
    r"v?p?(perm|shuf|unpck|insr|insert|extr|extract|broadcast|align|pack|compress|expand"
    r"|mov(hl|lh)ps|mov(sh|sl|d)dup)"
)
_ONLY_READS = re.compile(r"v?p?(cmp|test|ucomi|comi|bt)")
_ONLY_WRITES = re.compile(r"(v?p?(mov|extr|set|compress|scatter)|vcvt|kmov|set)")
_NO_ACCESS = re.compile(r"(lea|nop|prefetch|j|call|ret)")
_BITS = {"z": 512, "y": 256, "x": 128}


class Counts(NamedTuple):
    """Instructions by what they do; one may be several, as an FMA that loads a factor.

    Attributes
    ----------
    instructions : int
    loads, stores : int
        That read or write memory, the stack included.
    fmas : int
        Fused multiplications and additions.
    arithmetic : int
        Other additions, subtractions, multiplications, divisions, roots and extremes of floats.
    shuffles : int
        That move numbers between the lanes of vectors.
    calls : int
        Of functions that were not inlined.
    spills : int
        Those of the loads and stores that only keep a register on the stack.
    """

    instructions: int = 0
    loads: int = 0
    stores: int = 0
    fmas: int = 0
    arithmetic: int = 0
    shuffles: int = 0
    calls: int = 0
    spills: int = 0


class Instruction(NamedTuple):
    """One instruction, and the lines of the source that it is of, from the inlined one outwards."""

    text: str
    lines: tuple[int, ...]
    spill: bool = False

    @property
    def operation(self) -> str:
        """Its name."""
        return self.text.split(None, 1)[0]

    @property
    def bits(self) -> int:
        """Of the widest vector in it; 0 where it computes with single numbers.

        Examples
        --------
        >>> Instruction("vaddps %zmm1, %zmm2, %zmm3", ()).bits
        512
        """
        if re.search(r"s[sdh]$", self.operation):
            return 0
        return max((_BITS[name] for name in re.findall(r"%([xyz])mm", self.text)), default=0)

    def jumps_to(self, block: str) -> bool:
        """Whether it goes on at a block."""
        return self.operation.startswith("j") and self.text.endswith(f"L{block}")

    def counts(self) -> Counts:
        """Return what it does, on x86.

        Examples
        --------
        >>> Instruction("vfmadd231ps 64(%rcx,%rdi,4), %zmm24, %zmm17", ()).counts()[:4]
        (1, 1, 0, 1)
        """
        name = self.operation
        parts = re.split(r",\s*(?![^(]*\))", self.text[len(name) :])
        memory = ["(" in part for part in parts]
        loads, stores = name.startswith("pop"), name.startswith("push")
        if any(memory) and not _NO_ACCESS.match(name):
            stores = memory[-1] and not _ONLY_READS.match(name)
            loads = not stores or not _ONLY_WRITES.match(name)
        does = (
            _FMA.match(name),
            _ARITHMETIC.match(name),
            _SHUFFLE.match(name) and not ("broadcast" in name and memory[0]),
            name.startswith("call"),
            self.spill,
        )
        return Counts(1, int(loads), int(stores), *(int(bool(what)) for what in does))


class Block(NamedTuple):
    """Instructions that run one after the other.

    Attributes
    ----------
    name : str
    loop : str
        The first block of the innermost loop around it; empty outside of loops.
    outer : str
        Of the first block of a loop: the first block of the next loop around that.
    instructions : list of Instruction
    """

    name: str
    loop: str
    outer: str
    instructions: list[Instruction]


def function_of(listing: str, name: str) -> str:
    r"""Return what of a listing is of one function.

    Examples
    --------
    >>> function_of("f:\n\tretq\n.Lfunc_end0:\ng:\n\tretq\n.Lfunc_end1:\n", "g")
    'g:\n\tretq\n.'
    """
    start = re.search(rf"^_?{re.escape(name)}:", listing, re.MULTILINE)
    assert start is not None, f"LLVM has written no function {name}"
    return listing[start.start() :].partition("Lfunc_end")[0]


def blocks_of(function: str) -> list[Block]:
    """Return the blocks of the listing of a function, in order."""
    blocks: list[Block] = []
    lines: tuple[int, ...] = ()
    for line in function.splitlines():
        code, *comment = _COMMENT.split(line, maxsplit=1)
        comments = " ".join(comment)
        if begun := _BEGINNING.match(line):
            blocks.append(Block(begun[1], "", "", []))
        if blocks and not blocks[-1].instructions:
            blocks[-1] = _placed(blocks[-1], comments)
        if code.startswith("\t.loc"):
            lines = tuple(map(int, _PLACE.findall(comments)))
        elif blocks and re.match(r"\t[a-z]", code):
            spill = bool(_SPILL.search(comments))
            blocks[-1].instructions.append(Instruction(code.strip(), lines, spill))
    return blocks


def _placed(block: Block, comment: str) -> Block:
    """A block, with what a comment says of its loop."""
    if inside := re.search(r"in Loop: Header=(BB\d+_\d+)", comment):
        return block._replace(loop=inside[1])
    if around := re.search(r"Parent Loop (BB\d+_\d+)", comment):
        return block._replace(outer=around[1])
    if re.search(r"=>\s*This (Inner )?Loop Header", comment):
        return block._replace(loop=block.name)
    return block


def counted(instructions: Iterable[Instruction]) -> Counts:
    """Return the sums of what instructions do, on x86.

    Examples
    --------
    >>> counted([Instruction("movq %rax, 8(%rsp)", (), True), Instruction("retq", ())])[:3]
    (2, 0, 1)
    """
    columns = zip(*(each.counts() for each in instructions), strict=True)
    return Counts(*map(sum, columns))
