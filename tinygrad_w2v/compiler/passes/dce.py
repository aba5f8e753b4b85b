"""What neither the loss nor a write needs is left out."""

from __future__ import annotations

from tinygrad_w2v.compiler.ir.ops import WRITES
from tinygrad_w2v.compiler.ir.program import Program


def drop_unused(program: Program) -> Program:
    """Keep the instructions that something depends on."""
    needed = {program.loss}
    kept = []
    for step in reversed(program.instructions):
        if step.op in WRITES or step.name in needed:
            needed.update(step.inputs)
            kept.append(step)
    constants = {name: array for name, array in program.constants.items() if name in needed}
    return Program(tuple(reversed(kept)), program.loss, constants)
