"""Values get names that a reader can follow: of the table whose rows they are, or of their op."""

from __future__ import annotations

from dataclasses import replace

from tinygrad_w2v.compiler.ir.instructions import GIVEN, WRITES, Instruction, Names, Program
from tinygrad_w2v.compiler.ir.scalar_functions import RESERVED


def name_values(program: Program) -> Program:
    """Return the program with every computed value named anew, in order."""
    names = Names()
    for name in (*RESERVED, *[size.name for size in program.sizes()]):
        names.fresh(name)
    for step in program:
        if step.op in GIVEN:
            names.fresh(step.name)
    new: dict[str, str] = {}
    steps = []
    for step in program:
        given = step.op in GIVEN and step.op not in ("constant", "size")
        array = step.op == "constant" and step["value"] is None
        new[step.name] = step.name if given or array else names.fresh(_wanted(step, new))
        inputs = tuple(new[name] for name in step.inputs)
        steps.append(replace(step, name=new[step.name], inputs=inputs))
    return Program(tuple(steps), new[program.loss], program.constants)


def _wanted(step: Instruction, new: dict[str, str]) -> str:
    if step.op == "take" and step["axis"] == 0:
        return f"{new[step.inputs[0]]}_rows"
    if step.op in WRITES:
        return f"write_{new[step.inputs[0]]}"
    if step.op == "map":
        return str(step["function"])
    if step.op == "reduce":
        return {"sum": "total", "max": "largest", "min": "smallest"}.get(
            step["function"], "product"
        )
    if step.op in ("running", "argument"):
        return f"{'cum' if step.op == 'running' else 'arg'}{step['function']}"
    return {"einsum": "dot", "arange": "place", "constant": "number"}.get(step.op, step.op)
