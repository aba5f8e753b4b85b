"""A loop over time: a program in a program, whose values go from one step to the next.

The instruction ``scan`` holds the *body*, the program of one step. What a body reads of the program
around it stands there as ``outer``: whole, or the place of this step. What it makes goes into
*results*, which are written last, like the tables of a program: a state (its next place, read again
by the next step), a stack (one place for each step) or a sum over all steps. ``scan_output`` is one
of these results in the program around.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.ops.base import REGISTRY, Frame, Instructions, Op, Shapes, Values
from tinygrad_w2v.compiler.ir.ops.base import numbers as numbers_of
from tinygrad_w2v.compiler.ir.sizes import Shape, broadcast_shapes, value_of


class Result(NamedTuple):
    """What a loop makes: a ``state``, a ``stack`` or a ``sum``.

    Attributes
    ----------
    kind : str
    shape : tuple
        With the axis of time in front, but for a sum; a state has a place more than there are
        steps.
    dtype : str
    start : int or None
        The number of the input that a state begins as; None: zeros.
    """

    kind: str
    shape: Shape
    dtype: str
    start: int | None = None


class Scan(Op, op="scan", alike=slice(0), result="scan"):
    """Steps one after the other: of an input each takes its place, forward or in reverse."""

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        length, last = value_of(step["length"], frame.sizes), -1 if step["reverse"] else 0
        results = []
        for kind, shape, dtype, start in step["results"]:
            real = np.dtype(frame.dtype if dtype == "float" else dtype)
            result = np.zeros(numbers_of(shape, frame), real)
            if kind == "state" and start is not None:
                result[last] = inputs[start]
            results.append(result)
        times = range(length)[::-1] if step["reverse"] else range(length)
        for t in times:
            _run(step["body"], t, inputs, results, frame)
        made = np.empty((), object)  # one value that holds all of them
        made[()] = results
        return made

    def parameters_of(self, step: Instruction, shapes: Shapes) -> tuple[str, ...]:
        return (f"{step['length']} steps" + (", reversed" if step["reverse"] else ""),)


def _run(body: Any, t: int, inputs: Values, results: list[Any], frame: Frame) -> None:
    """One step, which reads all before it writes."""
    values: dict[str, Any] = {}
    writes = []
    for step in body:
        if step.op == "outer":
            source, number = step["of"]
            whole = (inputs if source == "input" else results)[number]
            values[step.name] = whole if step["at"] is None else whole[t + step["at"]]
            continue
        given = [values[name] for name in step.inputs]
        if step.op == "put_at":
            writes.append((given[0], t + step["at"], np.array(given[1])))
        elif step.op == "accumulate":
            writes.append((given[0], ..., given[0] + given[1]))
        else:
            value = REGISTRY[step.op].compute(step, given, frame)
            values[step.name] = np.asarray(value, frame.dtype) if step.dtype == "float" else value
    for result, place, value in writes:
        result[place] = value


class ScanOutput(Op, op="scan_output", alike=slice(0)):
    """One result of a loop."""

    def compute(self, step: Instruction, inputs: Values, frame: Frame) -> Any:
        return inputs[0][()][step["number"]]

    def parameters_of(self, step: Instruction, shapes: Shapes) -> tuple[str, ...]:
        return (str(step["number"]),)

    def result_name(self, step: Instruction) -> str:
        kind: str = step["kind"]
        return {"state": "states", "stack": "steps", "sum": "over_time"}[kind]


# ---------------------------------------------------------------------- in a body
class Outer(Op, op="outer", family="given", alike=slice(0), result="here"):
    """A value of the program around: whole, or the place of this step (or the one after it)."""


class _Result(Op, family="written", alike=slice(0)):
    """A change of a result, the first input, after everything in the step has been read."""

    def dtype_fault(self, step: Instruction, inputs: Instructions) -> str | None:
        if inputs[0].op != "outer" or inputs[0]["of"][0] != "result":
            return f"it writes {inputs[0].name}, which is no result of the loop"
        return super().dtype_fault(step, inputs)

    def shape(self, step: Instruction, shapes: Shapes) -> Shape:
        whole = shapes[0] if step.op == "accumulate" else shapes[0][1:]
        if broadcast_shapes([shapes[1], whole]) != whole:
            raise ValueError(f"the value {shapes[1]} does not fit the result {whole}")
        return ()

    def result_name(self, step: Instruction) -> str:
        return f"write_{step.inputs[0]}"


class PutAt(_Result, op="put_at"):
    """A value at the place of this step, or of the one after it."""

    def parameters_of(self, step: Instruction, shapes: Shapes) -> tuple[str, ...]:
        return ("t + 1" if step["at"] else "t",)


class Accumulate(_Result, op="accumulate"):
    """A value added to a sum over all steps."""


def used(step: Instruction, numbers: set[int], body: Any) -> Mapping[str, Any]:
    """Return the parameters of a loop with `body`, which no longer has all inputs.

    `numbers` are those of the inputs that stay.
    """
    kept = {old: new for new, old in enumerate(sorted(numbers))}

    def renumbered(inner: Instruction) -> Instruction:
        if inner.op != "outer" or inner["of"][0] != "input":
            return inner
        of = ("input", kept[inner["of"][1]])
        return Instruction(
            inner.name, inner.op, (), inner.shape, inner.dtype, {**inner.parameters, "of": of}
        )

    results = tuple(
        result._replace(start=None if result.start is None else kept.get(result.start))
        for result in step["results"]
    )
    checks = tuple((kept[number], *rest) for number, *rest in step["checks"])
    steps = tuple(renumbered(inner) for inner in body)
    new_body = type(body)(steps, body.loss, body.constants)
    return {**step.parameters, "body": new_body, "results": results, "checks": checks}
