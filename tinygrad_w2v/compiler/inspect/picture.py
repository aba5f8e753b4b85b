"""The drawing of what was compiled: the instructions, those that share a loop in one box.

Every outermost loop nest is a box. An instruction stands in the first nest that computes it; one
that is inlined, and so has no loop of its own, in that of its first reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.listing import text_of as listed
from tinygrad_w2v.compiler.ir.listing import type_of
from tinygrad_w2v.compiler.ir.ops import GIVEN, OPS, WRITES
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.ir.sizes import sizes_in
from tinygrad_w2v.compiler.loops.nest import Loop, Nest, Number, statements_in
from tinygrad_w2v.compiler.stages import Built, build
from tinygrad_w2v.compiler.trace.trace import Axes, fields_of, trace
from tinygrad_w2v.drawing.labels import content_of, printable
from tinygrad_w2v.drawing.layout.dot import Direction
from tinygrad_w2v.drawing.picture import Picture
from tinygrad_w2v.drawing.reading.program import Kind, Scope, Step, Value
from tinygrad_w2v.drawing.reading.program import Program as Drawn
from tinygrad_w2v.nn import Module
from tinygrad_w2v.optim.optimizer import Optimizer


def draw(
    built: Built, direction: Direction = "TB", max_nodes: int = 8000, timeout: float = 30.0
) -> Drawing:
    """Draw a compiled program.

    Parameters
    ----------
    built : Built
        Instructions and the loops that they became.
    direction, max_nodes, timeout
        As for `tinygrad_w2v.graph`.

    Returns
    -------
    Drawing
        With ``.text .dot .svg() .png() .html() .save(path)``; a notebook shows it.
    """
    return Drawing(_grouped(built), direction, max_nodes, timeout)


def draw_model(
    model: Module,
    example: Any,
    axes: Axes | None = None,
    optimizer: Optimizer | None = None,
    dtype: Any = np.float32,
    direction: Direction = "TB",
) -> Drawing:
    """Draw what `compile` would make of a model; nothing is compiled, so numba is not needed.

    Parameters
    ----------
    model, example, axes, optimizer, dtype
        As for `compile`.
    direction : {"TB", "LR"}

    Raises
    ------
    CompileError
        Where an op has no instruction; it names the op and the line.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> class Line(tw.Module):
    ...     def __init__(self):
    ...         self.slope = tw.Parameter(np.zeros(1))
    ...     def loss(self, batch):
    ...         return ((self.slope * batch["x"] - batch["y"]) ** 2).sum()
    >>> example = {"x": np.zeros(2), "y": np.zeros(2)}
    >>> draw_model(Line(), example, {"x": ("n",), "y": ("n",)}).text.splitlines()[0]
    'one example'
    """
    if optimizer is not None and not optimizer.parameters:
        optimizer.bind(model.parameters())
    traced = trace(model, example, fields_of(example, axes), optimizer, dtype)
    return draw(build(traced.program, dtype, type(model).__name__), direction)


class Drawing(Picture):
    """A drawing of instructions and their loops; made by `draw`."""

    headings = ("one example", "")

    def _description(self) -> str:
        steps = self._program.forward
        loops = len({step.scope for step in steps if step.scope})
        return f"{len(steps)} instructions for one example, in {loops} loops."


def _grouped(built: Built) -> Drawn:
    """The instructions as one part, in the order of the loops, each with the loop it is in."""
    program, homes = built.program, homes_of(built)
    keys = {step.name: key for key, step in enumerate(program)}
    forward = program.needed(program.loss)
    values = {keys[step.name]: _value(step, program, forward) for step in program}
    used = set(homes.values())
    nests = [
        (number, node.loop)
        for number, node in enumerate(built.code.body)
        if number in used and isinstance(node, Nest)
    ]
    scopes = {
        number: (Scope(f"{place}. {_title(loop)}", number),)
        for place, (number, loop) in enumerate(nests, 1)
    }

    def home(step: Instruction) -> int:
        return homes[step.name]

    steps = tuple(
        Step(
            OPS[step.op].name_of(step),
            tuple(keys[name] for name in step.inputs),
            (keys[step.name],),
            OPS[step.op].parameters_of(step, [program[name].shape for name in step.inputs]),
            scope=scopes.get(home(step), ()),
            tooltip=step.site,
            whole="op" if step.name in forward else "rule",
            number=number,
        )
        # An input stands in the loop of its first reader at the latest.
        for number, step in enumerate(sorted((s for s in program if s.name in homes), key=home))
    )
    return Drawn(values, steps, keys[program.loss])


def _value(step: Instruction, program: Program, forward: set[str]) -> Value:
    if step.op in WRITES:
        table = program[step.inputs[0]]
        return Value(printable(table.name), "written", type_of(table))
    if step.op in ("size", "constant") and listed(step) != step.name:
        return Value(listed(step), "number")
    content = content_of(program.constants[step.name]) if step.op == "constant" else ""
    kinds: Mapping[str, Kind] = {name: name for name in ("parameter", "input", "constant")}
    kind: Kind = kinds.get(step.op, "intermediate" if step.name in forward else "derived")
    if step.name == program.loss:
        kind = "result"
    return Value(printable(step.name), kind, type_of(step), content)


def _title(loop: Loop) -> str:
    """``for c in C``, as the source has it."""
    variable = "i"
    sizes = list(dict.fromkeys(sizes_in((loop.length,))))
    if len(sizes) == 1 and sizes[0].name.lower() != sizes[0].name:
        variable = sizes[0].name.lower()
    return f"for {variable} in {loop.length}"


# ---------------------------------------------------------------------- where each belongs
def homes_of(built: Built) -> dict[str, int]:
    """Return for each instruction that computes something which node of the code it belongs to."""
    begun: dict[str, int] = {}
    homes: dict[str, int] = {}
    for number, node in enumerate(built.code.body):
        for statement in statements_in((node,)):
            # A number, such as the 0 of a sum, is only where it begins.
            only_begun = statement.mode == "set" and isinstance(statement.value, Number)
            (begun if only_begun else homes).setdefault(statement.origin, number)
    for step in built.program.of_op("scan_output"):
        if step.inputs[0] in homes:  # what it begins as may stand in another loop
            homes[step.name] = homes[step.inputs[0]]
    homes = begun | homes
    readers = built.program.readers()
    last = len(built.code.body)
    for step in reversed(built.program.instructions):
        if step.name not in homes and step.op not in GIVEN:
            read = [homes[reader.name] for reader in readers[step.name] if reader.name in homes]
            homes[step.name] = min(read, default=last)
    homes.pop("", None)
    return homes
