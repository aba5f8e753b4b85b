"""Dead code elimination: what neither the loss nor a write needs is left out.

Of a loop over time that is what nobody reads of its results, what of a step is for these alone, and
what these are made of around it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.ops import WRITES
from tinygrad_w2v.compiler.ir.ops.scanned import used
from tinygrad_w2v.compiler.ir.program import Program


def drop_unused(program: Program) -> Program:
    """Keep the instructions that something depends on."""
    needed = {program.loss, *[s.name for s in program if s.op in WRITES]}
    outputs: dict[str, set[int]] = {}  # of each loop the results that are read
    kept: list[Instruction] = []
    for step in reversed(program.instructions):
        if step.name not in needed:
            continue
        if step.op == "scan_output":
            outputs.setdefault(step.inputs[0], set()).add(step["number"])
        elif step.op == "scan":
            step = _narrowed(step, outputs[step.name])
        needed.update(step.inputs)
        kept.append(step)
    constants = {name: array for name, array in program.constants.items() if name in needed}
    return Program(tuple(kept[::-1]), program.loss, constants)


def _narrowed(scan: Instruction, outputs: Collection[int]) -> Instruction:
    """A loop that makes these results, and those states that they depend on."""
    body, wanted = scan["body"], set(outputs)
    while True:
        results_of = {
            s.name: s["of"][1] for s in body if s.op == "outer" and s["of"][0] == "result"
        }
        steps = tuple(s for s in body if s.op not in WRITES or results_of[s.inputs[0]] in wanted)
        narrowed = drop_unused(Program(steps, body.loss, body.constants))
        read = {results_of[s.name] for s in narrowed if s.name in results_of}
        if read <= wanted:
            break
        wanted |= read
    numbers = {s["of"][1] for s in narrowed if s.op == "outer" and s["of"][0] == "input"}
    results = enumerate(scan["results"])
    numbers |= {r.start for k, r in results if k in wanted and r.start is not None}
    numbers |= {number for number, *_ in scan["checks"]}
    inputs = tuple(name for k, name in enumerate(scan.inputs) if k in numbers)
    return replace(scan, inputs=inputs, parameters=used(scan, numbers, narrowed))
