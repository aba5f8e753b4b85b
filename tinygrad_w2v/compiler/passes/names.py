"""Values get names that a reader can follow: of the table whose rows they are, or of their op."""

from __future__ import annotations

from dataclasses import replace

from tinygrad_w2v.compiler.ir.instructions import Names
from tinygrad_w2v.compiler.ir.ops import GIVEN, OPS
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.ir.scalar_functions import RESERVED


def name_values(program: Program, names: Names | None = None) -> Program:
    """Return the program with every computed value named anew, in order.

    The body of a loop shares the `names` with what is around it.
    """
    inner = names is not None
    names = names or Names()
    for name in () if inner else (*RESERVED, *[size.name for size in program.sizes()]):
        names.fresh(name)
    for step in program:
        if step.op in GIVEN and not inner:
            names.fresh(step.name)
    new: dict[str, str] = {}
    steps = []
    for step in program:
        given = step.op in GIVEN and step.op not in ("constant", "size") and not inner
        array = step.op == "constant" and step["value"] is None
        renamed = replace(step, inputs=tuple(new[name] for name in step.inputs))
        if step.op == "scan":
            parameters = {**step.parameters, "body": name_values(step["body"], names)}
            renamed = replace(renamed, parameters=parameters)
        wanted = OPS[step.op].result_name(renamed)
        new[step.name] = step.name if given or array else names.fresh(wanted)
        steps.append(replace(renamed, name=new[step.name]))
    return Program(tuple(steps), new[program.loss], program.constants)
