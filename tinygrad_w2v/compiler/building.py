"""All steps in a row: instructions, optimized, lowered, unrolled, fused, placed, written."""

from __future__ import annotations

from typing import Any, NamedTuple

from tinygrad_w2v._base.version import __version__
from tinygrad_w2v.compiler.flattening import flatten
from tinygrad_w2v.compiler.fusing import fuse
from tinygrad_w2v.compiler.hoisting import hoist
from tinygrad_w2v.compiler.instructions import Program
from tinygrad_w2v.compiler.jamming import jam
from tinygrad_w2v.compiler.lowering import lower
from tinygrad_w2v.compiler.passes import optimized
from tinygrad_w2v.compiler.placing import Placed, place
from tinygrad_w2v.compiler.unrolling import unroll
from tinygrad_w2v.compiler.writing import Source, write


class Built(NamedTuple):
    """What the steps from a traced program to its source leave."""

    program: Program
    placed: Placed
    source: Source


def build(program: Program, dtype: Any, title: str) -> Built:
    """Return a program's source, with what is made on the way."""
    program = optimized(program)
    lowered = flatten(unroll(lower(program)))
    placed = place(fuse(lowered.statements), lowered.arrays, lowered.loss)
    placed = hoist(jam(placed, lowered.loss))
    return Built(program, placed, write(program, lowered, placed, dtype, title, __version__))
