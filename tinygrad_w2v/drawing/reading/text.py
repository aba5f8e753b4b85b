"""A graph as a short program: one line an op, forward and then backward."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from tinygrad_w2v._base.listing import Line, listing
from tinygrad_w2v.drawing.reading.program import COPY, GIVEN, Program, Scope, Step, Value, producers

MOST_INPUTS = 8
# Transpositions, which a formula writes at the matrix itself, as in x' g.
_TRANSPOSITIONS = ("swapaxes", "transpose")
HEADINGS = ("forward", "backward")


class About(NamedTuple):
    """What a line is of: the forward op that is computed or whose rule is run, or a value."""

    op: int = -1
    value: int = -1


def text_of(program: Program, headings: tuple[str, str] = HEADINGS) -> str:
    """Return the listing of `program`, its two parts under `headings`.

    A line reads ``name  shape  = op(inputs, parameters)``. What is given (parameters, variables,
    constant arrays) is at the top; numbers are in the expressions. In the backward part a
    transposition that is read once is written into the line that reads it.
    """
    return listing(lines_of(program, headings))


def lines_of(program: Program, headings: tuple[str, str] = HEADINGS) -> list[Line]:
    """The lines of `text_of`; each says what it is `About`."""
    lines = [Line(headings[0])]
    lines += _given_lines(program)
    lines += _step_lines(program, program.forward, {})
    if program.seed is not None:
        lines += [Line(), Line(headings[1])]
        seed = program.values[program.seed]
        lines.append(
            Line(
                seed.name,
                seed.type,
                "1" if seed.type[:2] == "()" else "ones",
                "",
                1,
                about=About(value=program.result),
            )
        )
        lines += _step_lines(program, program.backward, _transposed(program))
    elif program.backward:
        lines += [Line(), Line(headings[1])]
        lines += _step_lines(program, program.backward, {})
    elif program.note:
        lines += [Line(), Line(f"backward: none, {program.note}")]
    return lines


def _given_lines(program: Program) -> Iterator[Line]:
    """Leaves and constant arrays, in the order in which they are read first."""
    read = [key for step in program.forward for key in step.inputs]
    for key in dict.fromkeys([*read, program.result]):
        value = program.values[key]
        if value.kind in GIVEN and value.kind != "number":
            yield _given(key, value, value.kind)
        elif value.kind == "result" and not program.forward:
            yield _given(key, value, "leaf")
    listed = set(read)
    for key in dict.fromkeys(key for step in program.backward for key in step.inputs):
        value = program.values[key]
        if key in listed or value.view_of is not None:
            continue
        if program.seed is None and value.kind in GIVEN and value.kind != "number":
            yield _given(key, value, value.kind)
        elif value.kind == "constant":
            yield _given(key, value, "constant of backward")


def _given(key: int, value: Value, kind: str) -> Line:
    about = About(value=key)
    return Line(value.name, value.type, "", value.content, 1, given=kind, about=about)


def _step_lines(
    program: Program, steps: tuple[Step, ...], transposed: dict[int, Step]
) -> Iterator[Line]:
    inside: tuple[Scope, ...] = ()
    whose: dict[int | None, int] = {g: key for key, g in program.gradient_of.items()}
    for step in steps:
        if step.outputs[0] in transposed:
            continue
        for depth in range(len(step.scope)):
            if step.scope[: depth + 1] != inside[: depth + 1]:
                yield Line(f"{step.scope[depth].name}:", depth=depth + 1)
                inside = step.scope[: depth + 1]
        inside = step.scope
        yield _step_line(program, step, transposed, whose)


def _step_line(
    program: Program, step: Step, transposed: dict[int, Step], whose: dict[int | None, int]
) -> Line:
    outputs = [program.values[key] if key is not None else None for key in step.outputs]
    while len(outputs) > 1 and outputs[-1] is None:
        outputs.pop()
    names = ", ".join("_" if value is None else value.name for value in outputs)
    different = list(dict.fromkeys(value.type for value in outputs if value is not None))
    types = ", ".join(different if len(different) <= 2 else [different[0], "…"])
    content = "; ".join(value.content for value in outputs if value is not None and value.content)
    formula, depth = expression(program, step, transposed), 1 + len(step.scope)
    about = About(step.number if step.rule_of < 0 else step.rule_of)
    if about.op < 0:  # the sum of a value's parts
        about = About(value=whose.get(step.outputs[0], -1))
    return Line(names, types, formula, content, depth, about=about)


def expression(program: Program, step: Step, transposed: dict[int, Step]) -> str:
    """``matmul(x, w)``, ``sum(h, axis=-1)``, ``x[..., 0]``."""
    if step.formula:
        zeros = "0;  " if " += " in step.label else ""  # it adds at some places of zeros
        return zeros + ";  ".join([step.formula, *step.parameters])
    arguments = [
        expression(program, transposed[key], transposed)
        if key in transposed
        else program.values[key].name
        for key in step.inputs
    ]
    if len(arguments) > MOST_INPUTS:
        hidden = len(arguments) - MOST_INPUTS + 1
        arguments[MOST_INPUTS - 2 : -1] = [f"… {hidden} more …"]
    if step.label.startswith(COPY) and not step.inside:
        return arguments[0]
    if step.label == "get_item" and len(arguments) == 1 and len(step.parameters) == 1:
        return arguments[0] + step.parameters[0]
    if step.label == "rows" and len(arguments) + len(step.parameters) == 2:
        table, ids = (*arguments, *step.parameters)
        return f"{table}[{ids}]"
    return f"{step.label}({', '.join([*arguments, *step.parameters])})"


def _transposed(program: Program) -> dict[int, Step]:
    """Transpositions of the backward part whose one reader can write them in place."""
    uses = Counter(key for step in program.backward for key in step.inputs)
    final = {g for _, g in program.gradients}
    transposed: dict[int, Step] = {}
    for key, step in producers(program.backward).items():
        once = uses[key] == 1 and key not in final
        # Not nested: a formula stays short, and writing it does not recurse deeply.
        if step.label in _TRANSPOSITIONS and once and step.inputs[0] not in transposed:
            transposed[key] = step
    return transposed
