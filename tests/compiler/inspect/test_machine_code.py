"""A listing is read as LLVM writes it: blocks in their loops, lines through inlining, spills."""

from __future__ import annotations

import pytest

from tinygrad_w2v.compiler.inspect.machine_code import (
    Counts,
    Instruction,
    blocks_of,
    counted,
    function_of,
)

LISTING = """\
other:
# %bb.0:
\tretq
.Lfunc_end0:
\t.globl\trun
run:
# %bb.0:                                # %entry
\tpushq\t%rbp
\t.loc\t1 12 1 prologue_end               # <ab>:12:1
\tmovq\t%rdi, 8(%rsp)                   # 8-byte Spill
.LBB0_1:                                # %outer
                                        # =>This Loop Header: Depth=1
                                        #     Child Loop BB0_2 Depth 2
\tmovq\t8(%rsp), %rax                   # 8-byte Reload
.LBB0_2:                                # %inner
                                        #   Parent Loop BB0_1 Depth=1
                                        # =>  This Inner Loop Header: Depth=2
\t.loc\t2 7 1                           # a.py:7:1 @[ <ab>:3:1 @[ <ab>:14:1 @[ <ab>:20:1 ] ] ]
\tvfmadd231ps\t64(%rcx,%rdi,4), %zmm24, %zmm17 {%k1}
\t#DEBUG_VALUE: run:x <- undef
\tjne\t.LBB0_2
# %bb.3:                                #   in Loop: Header=BB0_1 Depth=1
\tjmp\t.LBB0_1
.Lfunc_end1:
last:
# %bb.0:
\tretq
"""


def test_blocks_lie_in_loops_and_instructions_on_lines() -> None:
    start, outer, inner, last = blocks_of(function_of(LISTING, "run"))
    assert [block.loop for block in (start, outer, inner, last)] == ["", "BB0_1", "BB0_2", "BB0_1"]
    assert (outer.outer, inner.outer) == ("", "BB0_1")
    assert [each.lines for each in start.instructions] == [(), (12,)]
    assert [each.lines for each in inner.instructions] == [(3, 14, 20)] * 2
    assert inner.instructions[1].jumps_to("BB0_2")
    assert not last.instructions[0].jumps_to("BB0_11")
    every = [each for block in (start, outer, inner, last) for each in block.instructions]
    assert counted(every) == Counts(6, loads=2, stores=2, fmas=1, spills=2)
    assert counted([]) == Counts()


def test_comments_of_other_processors_are_none_of_the_code() -> None:
    listing = "// %bb.0:      // %entry\n\tadd\tx0, x0, #16      // =16\n"
    (block,) = blocks_of(listing)
    assert block.instructions == [Instruction("add\tx0, x0, #16", ())]


@pytest.mark.parametrize(
    "text, loads, stores, fmas, arithmetic, shuffles",
    [
        ("vmovups\t(%rax), %zmm1", 1, 0, 0, 0, 0),
        ("vmovups\t%zmm1, 64(%rax,%rcx,4)", 0, 1, 0, 0, 0),
        ("vaddps\t384(%rcx,%rdi,4), %xmm6, %xmm6", 1, 0, 0, 1, 0),
        ("addl\t$1, (%rax)", 1, 1, 0, 0, 0),
        ("incq\t8(%rsp)", 1, 1, 0, 0, 0),
        ("cmpq\t$5, 8(%rsp)", 1, 0, 0, 0, 0),
        ("leaq\t8(%rax), %rdx", 0, 0, 0, 0, 0),
        ("prefetchw\t(%rax)", 0, 0, 0, 0, 0),
        ("vfnmadd213ss\t(%rax), %xmm1, %xmm2", 1, 0, 1, 0, 0),
        ("vmulss\t%xmm1, %xmm2, %xmm3", 0, 0, 0, 1, 0),
        ("vpaddd\t%ymm1, %ymm2, %ymm3", 0, 0, 0, 0, 0),
        ("vbroadcastss\t(%rax), %zmm0", 1, 0, 0, 0, 0),
        ("vbroadcastss\t%xmm6, %zmm12", 0, 0, 0, 0, 1),
        ("vpermilps\t$85, %zmm1, %zmm2", 0, 0, 0, 0, 1),
        ("vextractf64x4\t$1, %zmm1, (%rax)", 0, 1, 0, 0, 1),
        ("vinsertps\t$16, (%rax), %xmm0, %xmm0", 1, 0, 0, 0, 1),
        ("sete\t(%rax)", 0, 1, 0, 0, 0),
        ("vmovshdup\t%xmm1, %xmm2", 0, 0, 0, 0, 1),
        ("pushq\t%rbx", 0, 1, 0, 0, 0),
        ("callq\t*%rbx", 0, 0, 0, 0, 0),
    ],
)
def test_what_an_instruction_does(
    text: str, loads: int, stores: int, fmas: int, arithmetic: int, shuffles: int
) -> None:
    calls = int(text.startswith("call"))
    wanted = Counts(1, loads, stores, fmas, arithmetic, shuffles, calls)
    assert Instruction(text, ()).counts() == wanted


@pytest.mark.parametrize(
    "text, bits",
    [
        ("vaddps\t%ymm1, %ymm2, %ymm3", 256),
        ("vaddss\t%xmm1, %xmm2, %xmm3", 0),
        ("movaps\t%xmm1, 8(%rsp)", 128),
        ("addq\t$1, %rax", 0),
    ],
)
def test_the_width_of_an_instruction(text: str, bits: int) -> None:
    assert Instruction(text, ()).bits == bits
