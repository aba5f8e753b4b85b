"""Checks that a program is one: run after every pass, so that a wrong pass is named at once."""

from __future__ import annotations

from tinygrad_w2v._base.errors import CompileError
from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.ops import OPS, WRITES
from tinygrad_w2v.compiler.ir.program import Program


def verify(program: Program, made_by: str) -> Program:
    """Return the program if it is sound.

    Every value is made once, before it is read; shapes and dtypes follow from those of the inputs;
    all rows are read before any is written, so writes come last; and the loss is one number.

    Raises
    ------
    CompileError
        That names the pass, the instruction and what is wrong.
    """
    known: dict[str, Instruction] = {}
    writing = False
    for step in program:
        fault = _fault(step, known)
        if fault is None and step.name in known:
            fault = "it is made twice"
        if step.op in WRITES:
            writing = True
        elif writing and fault is None:
            fault = "it comes after a write, and may read what was written"
        if fault is not None:
            raise CompileError(f"after {made_by}: {step.op} {step.name}{step.inputs}: {fault}")
        if step.op == "scan":
            verify(step["body"], made_by)
        known[step.name] = step
    if program.loss not in known or known[program.loss].shape != ():
        raise CompileError(f"after {made_by}: the loss {program.loss} is not one number")
    return program


def _fault(step: Instruction, known: dict[str, Instruction]) -> str | None:
    if step.op not in OPS:
        return "there is no such op"
    for name in step.inputs:
        if name not in known:
            return f"it reads {name} before it is made"
        if known[name].op in WRITES:
            return f"it reads the write {name}"
    op, inputs = OPS[step.op], [known[name] for name in step.inputs]
    try:
        fault = op.dtype_fault(step, inputs)
        shape = step.shape if fault else op.shape(step, [x.shape for x in inputs])
    except (ValueError, IndexError, KeyError) as error:
        return str(error)
    return fault if shape == step.shape else f"its shape is {step.shape}, but follows as {shape}"
