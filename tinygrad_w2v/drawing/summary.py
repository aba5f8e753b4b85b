"""Smaller programs for pictures: modules as one box, and long stretches of ops as one box.

Only steps that follow each other are made one, so a summary cannot have a cycle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import groupby
from typing import Any

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.drawing.program import Program, Scope, Step, Value, producers, readers

MOST_BOXES = 80  # steps of each part of a summary


def collapse(program: Program, names: Iterable[str]) -> Program:
    """Draw each call of the named modules as one box.

    Parameters
    ----------
    program : Program
        What to make smaller.
    names : iterable of str
        Names as they are drawn: attribute names, or the class's for the outermost module.

    Raises
    ------
    InputError
        For a name that no module of the graph has; the message lists those that there are.
    """
    wanted = set(names)
    known = {scope.name for step in program.forward for scope in step.scope}
    unknown = sorted(wanted - known)
    if unknown:
        there = ", ".join(sorted(known)) or "none; only calls of a Module make groups"
        raise InputError(f"cannot collapse {unknown[0]!r}: the modules of this graph are {there}")

    def group(step: Step) -> tuple[Scope, ...] | None:
        for depth, scope in enumerate(step.scope):
            if scope.name in wanted:
                return step.scope[: depth + 1]
        return None

    return _merged(program, group, _module_box) if wanted else program


def summarised(program: Program) -> Program:
    """At most a few dozen boxes: modules first, innermost first, then stretches of ops."""
    deepest = max((len(step.scope) for step in program.steps), default=0)
    for depth in range(deepest, 1, -1):
        if _small(program):
            return program

        def group(step: Step, depth: int = depth) -> tuple[Scope, ...] | None:
            return step.scope[:depth] if len(step.scope) >= depth else None

        program = _merged(program, group, _module_box)
    return program if _small(program) else _bundled(program)


def _small(program: Program) -> bool:
    return max(len(program.forward), len(program.backward)) <= MOST_BOXES


# ---------------------------------------------------------------------- merging
def _merged(
    program: Program,
    group: Callable[[Step], Any],
    box: Callable[[Program, list[Step], tuple[int, ...], tuple[int, ...], bool], Step],
) -> Program:
    """Make one step of each run of steps of the same group; None is no group."""
    # What a hidden backward pass reads of the forward pass is hidden, too.
    uses = readers([*program.forward, *(step for step in program.backward if group(step) is None)])
    uses_backward = readers(program.backward)
    wanted = {program.result, *(g for _, g in program.gradients)}
    parts: list[tuple[Step, ...]] = []
    for part, backward in ((program.forward, False), (program.backward, True)):
        out: list[Step] = []
        for key, run in groupby(part, key=group):
            steps = list(run)
            if key is None:
                out += steps
                continue
            made = set(producers(steps))
            members = set(map(id, steps))
            read = dict.fromkeys(k for step in steps for k in step.inputs if k not in made)
            inputs = tuple(k for k in read if program.values[k].kind not in ("number", "constant"))
            outputs = tuple(
                k
                for k in producers(steps)
                if k in wanted
                or any(
                    id(reader) not in members
                    for reader in (uses_backward if backward else uses).get(k, ())
                )
            )
            out.append(box(program, steps, inputs, outputs, backward))
        parts.append(tuple(out))
    return replace(program, forward=parts[0], backward=parts[1])


def _module_box(
    program: Program,
    steps: list[Step],
    inputs: tuple[int, ...],
    outputs: tuple[int, ...],
    backward: bool,
) -> Step:
    depth = len(steps[0].scope)
    while depth and any(step.scope[:depth] != steps[0].scope[:depth] for step in steps):
        depth -= 1
    scope = steps[0].scope[:depth]
    name = scope[-1].name
    if backward:
        # What the module reads of its own forward pass is hidden with it.
        inputs = tuple(k for k in inputs if program.values[k].backward)
    return Step(
        label=f"{name}.backward" if backward else name,
        inputs=inputs,
        outputs=outputs,
        scope=scope[:-1],
        tooltip=_counted(steps),
        whole="module",
    )


def _counted(steps: list[Step], most: int = 6) -> str:
    counts = Counter(step.label for step in steps).most_common()
    text = ", ".join(f"{label} × {n}" if n > 1 else label for label, n in counts[:most])
    return text + (", …" if len(counts) > most else "")


# ---------------------------------------------------------------------- stretches of ops
def _bundled(program: Program) -> Program:
    """Cut each part into stretches; what passes from one to later ones is drawn as one value."""
    values = dict(program.values)
    wanted = {program.result, *(g for _, g in program.gradients)}
    forward = _stretches(program.forward, values, wanted)
    backward = _stretches(program.backward, values, wanted)
    return replace(program, values=values, forward=forward, backward=backward)


def _stretches(
    part: tuple[Step, ...], values: dict[int, Value], wanted: set[int]
) -> tuple[Step, ...]:
    length = max(-(-len(part) // MOST_BOXES), 1)
    place = {
        key: position // length
        for position, step in enumerate(part)
        for key in step.outputs
        if key is not None
    }
    crossing: set[int] = {
        key
        for position, step in enumerate(part)
        for key in step.inputs
        if place.get(key, position // length) != position // length
    }
    drawn_as: dict[int, int] = {}
    out = []
    for number, start in enumerate(range(0, len(part), length)):
        steps = part[start : start + length]
        made = [key for key in producers(steps) if key in crossing or key in wanted]
        outputs = [key for key in made if key in wanted]
        rest = [key for key in made if key not in wanted]
        if len(rest) > 1:
            key = max(values) + 1
            values[key] = _bundle([values[k] for k in rest])
            drawn_as.update(dict.fromkeys(rest, key))
            rest = [key]
        read = dict.fromkeys(
            drawn_as.get(key, key)
            for step in steps
            for key in step.inputs
            # The leaves are listed in the box; forward values that backward reads are left out.
            if place.get(key, number) != number or (key not in place and values[key].backward)
        )
        out.append(_stretch(steps, values, tuple(read), (*outputs, *rest)))
    return tuple(out)


def _bundle(members: list[Value]) -> Value:
    first, last = members[0], members[-1]
    return Value(
        f"{first.name} … {last.name}",
        "bundle",
        f"{len(members)} values",
        backward=first.backward,
    )


def _stretch(
    steps: tuple[Step, ...],
    values: dict[int, Value],
    inputs: tuple[int, ...],
    outputs: tuple[int, ...],
) -> Step:
    if len(steps) == 1:
        return replace(steps[0], inputs=inputs, outputs=outputs)
    leaves = dict.fromkeys(
        values[key].name
        for step in steps
        for key in step.inputs
        if values[key].kind in ("parameter", "variable")
    )
    named = ", ".join(list(leaves)[:4]) + (", …" if len(leaves) > 4 else "")
    scope = steps[0].scope
    while scope and any(step.scope[: len(scope)] != scope for step in steps):
        scope = scope[:-1]
    return Step(
        label=f"{len(steps)} ops",
        inputs=inputs,
        outputs=outputs,
        parameters=(_counted(list(steps), 3), *((f"with {named}",) if named else ())),
        scope=scope,
        tooltip=_counted(list(steps), 40),
        whole="run",
    )
