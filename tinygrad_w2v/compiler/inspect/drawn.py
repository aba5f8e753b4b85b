"""A program of instructions as a program of `drawing`, which knows nothing of compilers."""

from __future__ import annotations

from collections.abc import Mapping

from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.listing import text_of, type_of
from tinygrad_w2v.compiler.ir.ops import GIVEN, OPS, WRITES
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.drawing.labels import content_of, printable
from tinygrad_w2v.drawing.program import Kind, Step, Value
from tinygrad_w2v.drawing.program import Program as Drawn


def drawn(program: Program) -> Drawn:
    """Return the instructions as a program of `drawing`.

    What the loss needs is its forward part, and all else its backward part.
    """
    keys = {step.name: key for key, step in enumerate(program)}
    forward = needed(program)
    values = {keys[step.name]: _value(step, program, forward) for step in program}
    computed = [step for step in program if not given(step)]
    ahead, behind = (
        tuple(
            _step(step, program, keys, is_ahead)
            for step in computed
            if (step.name in forward) is is_ahead
        )
        for is_ahead in (True, False)
    )
    return Drawn(values, ahead, keys[program.loss], behind)


def given(step: Instruction) -> bool:
    """Whether an instruction computes nothing."""
    return step.op in GIVEN


def needed(program: Program) -> set[str]:
    """Return the names of the instructions that the loss depends on."""
    return program.needed(program.loss)


def _value(step: Instruction, program: Program, forward: set[str]) -> Value:
    if step.op in WRITES:
        table = program[step.inputs[0]]
        return Value(printable(table.name), "written", type_of(table))
    if step.op in ("size", "constant") and text_of(step) != step.name:
        return Value(text_of(step), "number")
    content = content_of(program.constants[step.name]) if step.op == "constant" else ""
    kinds: Mapping[str, Kind] = {
        "parameter": "parameter",
        "input": "input",
        "constant": "constant",
    }
    kind: Kind = kinds.get(step.op, "intermediate" if step.name in forward else "derived")
    if step.name == program.loss:
        kind = "result"
    return Value(printable(step.name), kind, type_of(step), content)


def _step(step: Instruction, program: Program, keys: Mapping[str, int], forward: bool) -> Step:
    shapes = [program[name].shape for name in step.inputs]
    return Step(
        OPS[step.op].name_of(step),
        tuple(keys[name] for name in step.inputs),
        (keys[step.name],),
        OPS[step.op].parameters_of(step, shapes),
        tooltip=step.site,
        whole="op" if forward else "rule",
    )
