"""Instructions as a listing, in the style of the listing of a graph.

What the loss needs is the forward part, and all else, the gradient and the writes, the backward
part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tinygrad_w2v._base.listing import Line, listing
from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.ops import GIVEN, OPS, WRITES

HEADINGS = ("forward", "backward and update")
FEW = 6  # elements of a constant array that are all shown


def listing_of(steps: Sequence[Instruction], loss: str, constants: Mapping[str, Any]) -> str:
    """The instructions, one a line: what is given, forward, backward and what is written.

    Examples
    --------
    >>> x = Instruction("x", "input", (), (3,), "float", {})
    >>> summed = {"function": "sum", "axes": (0,)}
    >>> total = Instruction("total", "reduce", ("x",), (), "float", summed)
    >>> print(listing_of((x, total), "total", {}))
    forward
      x      (3,)  input
      total  ()    = sum(x)
    """
    known = {step.name: step for step in steps}
    needed = {loss}
    for step in reversed(steps):
        if step.name in needed:
            needed.update(step.inputs)
    computed = [step for step in steps if step.op not in GIVEN]
    forward = [step for step in computed if step.name in needed]
    backward = [step for step in computed if step.name not in needed]
    reads = dict.fromkeys(name for step in (*forward, *backward) for name in step.inputs)
    given = [known[name] for name in reads if known[name].op in GIVEN]
    lines = [Line(HEADINGS[0])]
    for step in given:
        if text_of(step) == step.name:
            lines.append(Line(step.name, type_of(step), "", _content(step, constants), 1, step.op))
    outputs = {(s.inputs[0], s["number"]): s.name for s in steps if s.op == "scan_output"}
    lines += _lines(forward, known, outputs)
    if backward:
        lines += [Line(), Line(HEADINGS[1]), *_lines(backward, known, outputs)]
    return listing(lines)


def _lines(
    steps: Sequence[Instruction],
    known: Mapping[str, Instruction],
    outputs: Mapping[tuple[str, int], str],
    depth: int = 1,
) -> Iterator[Line]:
    """A line for each instruction, and below a loop over time those of its body."""
    for step in steps:
        yield _line(step, known, depth)
        if step.op != "scan":
            continue
        made = {number: name for (scan, number), name in outputs.items() if scan == step.name}
        body = {inner.name: _around(inner, step, made) for inner in step["body"]}
        computed = [inner for inner in body.values() if inner.op not in GIVEN]
        inside = {(s.inputs[0], s["number"]): s.name for s in computed if s.op == "scan_output"}
        yield from _lines(computed, body, inside, depth + 1)


def _around(step: Instruction, scan: Instruction, made: Mapping[int, str]) -> Instruction:
    """What a body reads or writes of the program around it, under the name that it has there."""
    if step.op != "outer":
        return step
    source, number = step["of"]
    name = scan.inputs[number] if source == "input" else made.get(number, f"state_{number}")
    place = {None: "", 0: "[t]", 1: "[t + 1]"}[step["at"]]
    return replace(step, name=name + place)


def text_of(step: Instruction) -> str:
    """Return how a value is written where it is read: numbers and sizes as such."""
    if step.op == "size":
        return str(step["length"])
    if step.op == "constant" and step["value"] is not None:
        value = step["value"]
        return str(value) if isinstance(value, bool) else f"{value:.4g}"
    return step.name


def type_of(step: Instruction) -> str:
    """Return the shape, and the dtype where it is not float."""
    lengths = ", ".join(str(n) for n in step.shape) + ("," if len(step.shape) == 1 else "")
    return f"({lengths})" + ("" if step.dtype == "float" else f" {step.dtype}")


def _line(step: Instruction, known: Mapping[str, Instruction], depth: int) -> Line:
    result = known[step.inputs[0]] if step.op in WRITES else step
    return Line(result.name, type_of(result), _expression(step, known), depth=depth)


def _expression(step: Instruction, known: Mapping[str, Instruction]) -> str:
    """``einsum(x, w, 'ij,j->i')``, ``x[:, 0]``, ``w[ids]``."""
    inputs = [known[name] for name in step.inputs]
    op = OPS[step.op].name_of(step)
    parameters = OPS[step.op].parameters_of(step, [x.shape for x in inputs])
    arguments = [text_of(x) for x in inputs]
    if op == "get_item":
        return arguments[0] + parameters[0]
    if op == "rows":
        return f"{arguments[0]}[{arguments[1]}]"
    return f"{op}({', '.join([*arguments, *parameters])})"


def _content(step: Instruction, constants: Mapping[str, Any]) -> str:
    """The numbers of a constant array where they are few, else their range."""
    if step.op != "constant":
        return ""
    array = np.asarray(constants[step.name])
    if array.size == 0:
        return "empty"
    if array.size > FEW:
        return f"{array.min():.4g} … {array.max():.4g}"
    shown = np.array2string(array, separator=", ", formatter={"all": lambda n: f"{n:.4g}"})
    return " ".join(shown.split())
