"""Instructions as a listing: the same that prints the graph of a value.

A program of instructions becomes a program of `drawing`, which knows nothing of compilers. What
the loss needs is its forward part, and all else, the gradient and the writes, its backward part.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tinygrad_w2v.compiler.ir.instructions import GIVEN, WRITES, Instruction, Program
from tinygrad_w2v.compiler.ir.sizes import SymbolicSize
from tinygrad_w2v.drawing.describing import content_of, number, printable
from tinygrad_w2v.drawing.program import Kind, Step, Value
from tinygrad_w2v.drawing.program import Program as Drawn
from tinygrad_w2v.drawing.text import text_of

HEADINGS = ("forward", "backward and update")
# Where an op of the instructions is one that users know by another name.
_LABELS = {
    "broadcast": "broadcast_to",
    "slice": "get_item",
    "scatter": "scatter_rows",
    "scatter_slice": "scatter_index",
    "scatter_along": "scatter_along_axis",
    "take_along": "take_along_axis",
}
_SUBTRACTED = {"add_rows": "subtract_rows", "add_to": "subtract_from"}


def listing_of(program: Program) -> str:
    """The instructions, one a line: what is given, forward, backward and what is written.

    Examples
    --------
    >>> from tinygrad_w2v.compiler.ir.instructions import Instruction, Program
    >>> x = Instruction("x", "input", (), (3,), "float", {})
    >>> summed = {"function": "sum", "axes": (0,)}
    >>> total = Instruction("total", "reduce", ("x",), (), "float", summed)
    >>> print(listing_of(Program((x, total), "total", {})))
    forward
      x      (3,)  input
      total  ()    = sum(x)
    """
    return text_of(drawn(program), HEADINGS)


def drawn(program: Program) -> Drawn:
    """Return the instructions as a program of `drawing`."""
    keys = {step.name: key for key, step in enumerate(program)}
    forward = needed(program)
    values = {keys[step.name]: _value(step, program, forward) for step in program}
    steps = [
        (step.name in forward, _step(step, program, keys, step.name in forward))
        for step in program
        if not given(step)
    ]
    return Drawn(
        values,
        tuple(made for ahead, made in steps if ahead),
        keys[program.loss],
        tuple(made for ahead, made in steps if not ahead),
    )


def given(step: Instruction) -> bool:
    """Whether an instruction computes nothing."""
    return step.op in GIVEN


def needed(program: Program) -> set[str]:
    """The names of the instructions that the loss depends on."""
    found = {program.loss}
    for step in reversed(program.instructions):
        if step.name in found:
            found.update(step.inputs)
    return found


# ---------------------------------------------------------------------- values
def _value(step: Instruction, program: Program, forward: set[str]) -> Value:
    if step.op in WRITES:
        table = program[step.inputs[0]]
        return Value(printable(table.name), "written", _type(table))
    if step.op == "size":
        return Value(str(step["length"]), "number")
    if step.op == "constant" and step["value"] is not None:
        return Value(number(step["value"]), "number")
    content = content_of(program.constants[step.name]) if step.op == "constant" else ""
    kinds: Mapping[str, Kind] = {
        "parameter": "parameter",
        "input": "input",
        "constant": "constant",
    }
    kind: Kind = kinds.get(step.op, "intermediate" if step.name in forward else "derived")
    if step.name == program.loss:
        kind = "result"
    return Value(printable(step.name), kind, _type(step), content)


def _type(step: Instruction) -> str:
    lengths = ", ".join(str(n) for n in step.shape) + ("," if len(step.shape) == 1 else "")
    return f"({lengths})" + ("" if step.dtype == "float" else f" {step.dtype}")


# ---------------------------------------------------------------------- steps
def _step(step: Instruction, program: Program, keys: Mapping[str, int], forward: bool) -> Step:
    label, parameters = _written(step, program)
    return Step(
        label,
        tuple(keys[name] for name in step.inputs),
        (keys[step.name],),
        parameters,
        tooltip=step.site,
        whole="op" if forward else "rule",
    )


def _written(step: Instruction, program: Program) -> tuple[str, tuple[str, ...]]:
    """An op's name and its parameters, as NumPy would have them."""
    op = step.op
    if op == "map":
        return str(step["function"]), ()
    if op == "reduce":
        axes = step["axes"]
        every = len(axes) == len(program[step.inputs[0]].shape)
        return str(step["function"]), () if every else (f"axis={_axis(axes)}",)
    if op in ("running", "argument"):
        return _running_name(step), (f"axis={step['axis']}",)
    if op == "einsum":
        return "einsum", (repr(_subscripts(step)),)
    if op == "transpose":
        return "transpose", (str(step["axes"]),)
    if op == "take" and step["axis"] == 0:
        return "rows", ()
    if op in ("take", "take_along", "concatenate", "scatter_along"):
        return _LABELS.get(op, op), (f"axis={step['axis']}",)
    if op == "scatter":
        axis = step["axis"]
        return (_LABELS[op], ()) if axis == 0 else ("scatter", (f"axis={axis}",))
    if op in ("slice", "scatter_slice"):
        whole = program[step.inputs[0]].shape if op == "slice" else step.shape
        return _LABELS[op], (_index(step["spec"], whole),)
    if step.parameters.get("subtract"):
        return _SUBTRACTED.get(op, op), ()
    return _LABELS.get(op, op), ()


def _running_name(step: Instruction) -> str:
    """What NumPy calls a running sum or product, or the place of an extreme."""
    function = step["function"]
    return f"arg{function}" if step.op == "argument" else f"cum{function}"


def _axis(axes: tuple[int, ...]) -> str:
    return str(axes[0]) if len(axes) == 1 else str(axes)


def _subscripts(step: Instruction) -> str:
    """The labels of a product as ``i``, ``j``, ... in the order in which they come."""
    names: dict[str, str] = {}
    for label in (*step["out"], *"".join(step["terms"])):
        names.setdefault(label, "ijklmnopqrstuvwxyzabcdefgh"[len(names)])
    terms = ["".join(names[label] for label in term) for term in step["terms"]]
    return f"{','.join(terms)}->{''.join(names[label] for label in step['out'])}"


def _index(spec: Any, shape: tuple[Any, ...]) -> str:
    """``[0, 1:]``: places and ranges as one writes them."""
    parts = []
    for part, n in zip(spec, shape, strict=True):
        if part[0] == "at":
            parts.append(str(part[1]))
            continue
        first, step, length = part[1:]
        if step < 0:
            parts.append(f"{first}::{step}" if first + step * length == -1 else f"{first}:…:{step}")
            continue
        end = first + (length.times(step) if isinstance(length, SymbolicSize) else length * step)
        start = "" if first == 0 else str(first)
        stop = "" if end == n else str(end)
        parts.append(f"{start}:{stop}" + ("" if step == 1 else f":{step}"))
    return f"[{', '.join(parts)}]"
