"""Constant folding: what is known before any example comes is computed now."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.program import Program, Rewriter
from tinygrad_w2v.compiler.ir.scalar_functions import FUNCTIONS


def fold_constants(program: Program) -> Program:
    """Replace scalar functions of numbers by their value."""
    return Rewriter(program, _rule).program


def constant_value(step: Instruction) -> Any:
    """The number that an instruction is; None where it is none.

    Examples
    --------
    >>> constant_value(Instruction("c", "constant", (), (), "float", {"value": 2.0}))
    2.0
    """
    return step["value"] if step.op == "constant" else None


def _rule(step: Instruction, new: Rewriter) -> str | None:
    if step.op != "map" or step.shape != ():
        return None
    values = [constant_value(new.made[name]) for name in step.inputs]
    if any(value is None for value in values):
        return None
    with np.errstate(all="ignore"):
        value = np.asarray(FUNCTIONS[step["function"]].numpy(*values)).item()
    if step.dtype == "float":
        value = float(value)
        if math.isnan(value):
            return None
    return new.add(step, "constant", (), parameters={"value": value})
