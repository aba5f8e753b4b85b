"""Smaller programs for pictures: a module, or a long stretch of ops, becomes one box.

Only consecutive steps are merged, so a summary cannot have a cycle.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.drawing.reading.program import (
    GIVEN,
    Program,
    Scope,
    Step,
    Value,
    common_scope,
    made_by,
    ops_in,
    producers,
    readers,
)

MOST_BOXES = 80  # steps of each part of a summary
_BY_IDS, _MOST_IDS = ("rows", "cross_entropy"), 4
_LAST = {"constant": 1, "parameter": 2}  # among what a module reads: its arguments come first


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

    return _merged(program, group) if wanted else program


def summarised(program: Program) -> Program:
    """Return a few dozen boxes at most: modules, the innermost first, then stretches of ops."""
    deepest = max((len(step.scope) for step in program.steps), default=0)
    for depth in range(deepest, 1, -1):
        if _small(program):
            return program

        def group(step: Step, depth: int = depth) -> tuple[Scope, ...] | None:
            return step.scope[:depth] if len(step.scope) >= depth else None

        program = _merged(program, group)
    return program if _small(program) else _bundled(program)


def _small(program: Program) -> bool:
    return max(len(program.forward), len(program.backward)) <= MOST_BOXES


# ---------------------------------------------------------------------- merging
def _merged(program: Program, group: Callable[[Step], Any]) -> Program:
    """Make one box of each run of steps of the same group; None is no group."""
    # What a hidden backward pass reads of the forward pass is hidden, too.
    shown = [step for step in program.backward if group(step) is None]
    wanted = _wanted(program)
    visible = {
        key for step in program.forward for key in step.inputs if program.values[key].kind in GIVEN
    }
    parts = []
    for part, others in (
        (program.forward, (*program.forward, *shown)),
        (program.backward, program.backward),
    ):
        uses = readers(others)
        out: list[Step] = []
        for key, run in groupby(part, key=group):
            steps = list(run)
            if key is None:
                out += steps
                continue
            members = set(map(id, steps))
            outputs = tuple(
                made
                for made in producers(steps)
                if made in wanted or any(id(step) not in members for step in uses.get(made, ()))
            )
            out.append(_module_box(program, steps, outputs, part is program.backward, visible))
        visible.update(made_by(out))  # of the forward part: backward reads no other
        parts.append(tuple(out))
    return replace(program, forward=parts[0], backward=parts[1])


def _wanted(program: Program) -> set[int]:
    return {program.result, *(g for _, g in program.gradients)}


def _module_box(
    program: Program,
    steps: list[Step],
    outputs: tuple[int, ...],
    backward: bool,
    visible: set[int],
) -> Step:
    made, values, scope = producers(steps), program.values, common_scope(steps)
    read = [k for step in steps for k in step.inputs if k not in made]
    if backward:
        # A constant that a rule transposed is that constant; what is made in the box of the
        # module's own forward pass is hidden with it.
        read = [values[k].view_of or k for k in read]
        read = [k for k in read if values[k].backward or k in visible]
    # Numbers stand in what a box hides.
    keys = [k for k in dict.fromkeys(read) if values[k].kind != "number"]
    inputs = tuple(sorted(keys, key=lambda k: _LAST.get(values[k].kind, 0)))
    return Step(
        label=f"{scope[-1].name}.backward" if backward else scope[-1].name,
        inputs=inputs,
        outputs=outputs,
        parameters=() if backward else _ids(steps),
        scope=scope[:-1],
        tooltip=_counted(steps),
        whole="module",
        inside=tuple(steps),
    )


def _ids(steps: Sequence[Step]) -> tuple[str, ...]:
    """The ids that a module was given: they are parameters of its ops."""
    read = dict.fromkeys(text for s in steps if s.label in _BY_IDS for text in s.parameters)
    return (*list(read)[:_MOST_IDS], *(("…",) if len(read) > _MOST_IDS else ()))


def _counted(steps: Sequence[Step], most: int = 6) -> str:
    counts = Counter(step.label for step in steps).most_common()
    text = ", ".join(f"{label} × {n}" if n > 1 else label for label, n in counts[:most])
    return text + (", …" if len(counts) > most else "")


# ---------------------------------------------------------------------- stretches of ops
def _bundled(program: Program) -> Program:
    """Divide each part into stretches; what later ones read of one is drawn as one value."""
    values, wanted = dict(program.values), _wanted(program)
    forward = _stretches(program.forward, values, wanted)
    backward = _stretches(program.backward, values, wanted)
    return replace(program, values=values, forward=forward, backward=backward)


def _stretches(
    part: tuple[Step, ...], values: dict[int, Value], wanted: set[int]
) -> tuple[Step, ...]:
    length = max(-(-len(part) // MOST_BOXES), 1)
    stretches = [part[start : start + length] for start in range(0, len(part), length)]
    place = {key: number for number, steps in enumerate(stretches) for key in producers(steps)}
    crossing = {
        key
        for number, steps in enumerate(stretches)
        for step in steps
        for key in step.inputs
        if place.get(key, number) != number
    }
    drawn_as: dict[int, int] = {}
    out = []
    for number, steps in enumerate(stretches):
        made = [key for key in producers(steps) if key in crossing or key in wanted]
        outputs = [key for key in made if key in wanted]
        rest = [key for key in made if key not in wanted]
        if len(rest) > 1:
            key = max(values) + 1
            first, last = values[rest[0]], values[rest[-1]]
            name = f"{first.name} … {last.name}"
            values[key] = Value(name, "bundle", f"{len(rest)} values", backward=first.backward)
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
    return Step(
        label=f"{sum(1 for _ in ops_in(steps))} ops",
        inputs=inputs,
        outputs=outputs,
        parameters=(_counted(steps, 3), *((f"with {named}",) if named else ())),
        scope=common_scope(steps),
        tooltip=_counted(steps, 40),
        whole="run",
        inside=tuple(steps),
    )
