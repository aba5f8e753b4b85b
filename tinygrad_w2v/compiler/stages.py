"""All steps in a row: instructions, optimized, lowered, unrolled, fused, placed, written."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from tinygrad_w2v._base.version import __version__
from tinygrad_w2v.compiler.codegen.write import Source, write
from tinygrad_w2v.compiler.ir.instructions import Program
from tinygrad_w2v.compiler.loops.collapse import flatten
from tinygrad_w2v.compiler.loops.contract import Placed, place
from tinygrad_w2v.compiler.loops.fuse import fuse, nested
from tinygrad_w2v.compiler.loops.invariant_motion import hoist
from tinygrad_w2v.compiler.loops.lower import lower
from tinygrad_w2v.compiler.loops.unroll import unroll
from tinygrad_w2v.compiler.loops.unroll_and_jam import jam
from tinygrad_w2v.compiler.passes import PASSES, optimized

# What only makes a kernel faster. With any of it left out the answers are the same.
OPTIONAL = (
    *dict.fromkeys(run_pass.__name__ for run_pass in PASSES),
    *("see_through", "unroll", "flatten", "fuse", "place", "jam", "hoist"),
)


class Built(NamedTuple):
    """What the steps from a traced program to its source leave."""

    program: Program
    placed: Placed
    source: Source


def build(program: Program, dtype: Any, title: str, without: Collection[str] = ()) -> Built:
    """Return a program's source, with what is made on the way.

    Parameters
    ----------
    program, dtype, title
        Of a trace; what is computed in; what the file is called.
    without
        Steps of `OPTIONAL` that are left out, to see that they change no answer.
    """
    assert set(without) <= set(OPTIONAL), without
    program = optimized(program, without)
    lowered = lower(program, see_through="see_through" not in without)
    for step in (unroll, flatten):
        lowered = lowered if step.__name__ in without else step(lowered)
    tree = (nested if "fuse" in without else fuse)(lowered.statements)
    placed = Placed(tree, lowered.arrays)
    placed = placed if "place" in without else place(tree, lowered.arrays, lowered.loss)
    placed = placed if "jam" in without else jam(placed, lowered.loss)
    placed = placed if "hoist" in without else hoist(placed)
    return Built(program, placed, write(program, lowered, placed, dtype, title, __version__))
