"""Dead code elimination: what neither the loss nor a write needs is left out."""

from __future__ import annotations

from tinygrad_w2v.compiler.ir.ops import WRITES
from tinygrad_w2v.compiler.ir.program import Program


def drop_unused(program: Program) -> Program:
    """Keep the instructions that something depends on."""
    needed = program.needed(program.loss, *[s.name for s in program if s.op in WRITES])
    kept = tuple(step for step in program if step.name in needed)
    constants = {name: array for name, array in program.constants.items() if name in needed}
    return Program(kept, program.loss, constants)
