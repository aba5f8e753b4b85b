"""Common subexpression elimination: the same instruction on the same inputs is computed once."""

from __future__ import annotations

from typing import Any

from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.ops import GIVEN, WRITES
from tinygrad_w2v.compiler.ir.program import Program, Rewriter


def share_common(program: Program) -> Program:
    """Let equal instructions be one."""
    seen: dict[Any, str] = {}

    def rule(step: Instruction, new: Rewriter) -> str | None:
        named = step.op in GIVEN and step.op not in ("constant", "size")
        array = step.op == "constant" and step["value"] is None
        if step.op in WRITES or named or array:
            return None
        first = seen.setdefault(step.key, step.name)
        return None if first == step.name else first

    return Rewriter(program, rule).program
