"""From instructions to statements in loops.

An instruction is *kept* (its elements are stored in an array of its own) or *seen through*: a
turned axis, a slice or a cheap scalar function is an expression in whoever reads it
(`elements`). So element-wise chains need no arrays, and a view costs nothing. Which are kept is
decided by `keeping`, by how often and in how many loops they would be computed anew; here they get
their loops.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tinygrad_w2v.compiler.ir.instructions import WRITES, Instruction, Program
from tinygrad_w2v.compiler.ir.sizes import Shape, bound_of
from tinygrad_w2v.compiler.loops.elements import Elements, length_of, places_in_whole, plus
from tinygrad_w2v.compiler.loops.materialize import Keeping, squeezed
from tinygrad_w2v.compiler.loops.nest import (
    DERIVED,
    Call,
    Expression,
    Load,
    Loop,
    Number,
    Statement,
    Variable,
    Whole,
    ordered,
    variables_in,
)

FEW = 32  # ids that are looked through one after the other; with more it takes too long
_START = {"sum": 0.0, "prod": 1.0, "max": -math.inf, "min": math.inf}
_MODE = {"sum": "add", "prod": "prod", "max": "max", "min": "min"}


class Array(NamedTuple):
    """An array of the kernel: its shape (axes of length 1 left out) and dtype."""

    shape: Shape
    dtype: str


class Lowered(NamedTuple):
    """Statements, and the arrays that they use.

    Attributes
    ----------
    statements : tuple of Statement
    arrays : dict
        The kernel's own arrays by name.
    loss : Expression
    uniform : frozenset of str
        Numbers that depend on sizes, the rate and the step alone. They come first, and are
        computed in double precision whatever the kernel's float type is.
    """

    statements: tuple[Statement, ...]
    arrays: Mapping[str, Array]
    loss: Expression
    uniform: frozenset[str] = frozenset()


def lower(program: Program, see_through: bool = True) -> Lowered:
    """Return the statements of a program, in an order in which they may run.

    With `see_through` false every value gets an array of its own.
    """
    return _Lowering(program, Keeping(program, see_through)).run()


class _Lowering:
    def __init__(self, program: Program, keeping: Keeping) -> None:
        self.program = program
        self.by_name = program.by_name()
        self.kept, self.uniform = keeping.kept, keeping.uniform
        self.elements = Elements(self.by_name, self.kept)
        self.statements: list[Statement] = []
        self.early: list[Statement] = []
        self.arrays: dict[str, Array] = {}
        self._variables = 0

    def run(self) -> Lowered:
        for step in sorted(self.program, key=lambda step: step.name not in self.uniform):
            if step.op in WRITES:
                self._write(step)
            elif step.name in self.kept:
                self.arrays[step.name] = Array(squeezed(step.shape), step.dtype)
                self._keep(step)
        loss = self.elements.of(self.program.loss, ())
        # Numbers without loops, the rows that are read, what begins early, and all the rest.
        first = [s for s in self.statements if s.array in self.uniform]
        read = [s for s in self.statements if s.phase == "read"]
        rest = [s for s in self.statements if s.array not in self.uniform and s.phase != "read"]
        if any(self._needs_computed(s) for s in read):
            read, rest = [], [s for s in self.statements if s.array not in self.uniform]
        statements = tuple(ordered(s) for s in (*first, *read, *self.early, *rest))
        uniform = frozenset(self.uniform & self.kept)
        return Lowered(statements, self.arrays, loss, uniform)

    def _needs_computed(self, statement: Statement) -> bool:
        """Whether rows are read at ids that have to be computed first."""
        return bool(statement.reads() & self.kept)

    # ------------------------------------------------------------------ statements
    def _loops(self, shape: Shape) -> tuple[tuple[Expression, ...], tuple[Loop, ...]]:
        """A fresh loop for every axis that is longer than 1, and the index of every axis."""
        indices: list[Expression] = []
        loops: list[Loop] = []
        for n in shape:
            if n == 1:
                indices.append(Number(0))
                continue
            self._variables += 1
            variable = f"i{self._variables}"
            indices.append(Variable(variable))
            loops.append(Loop(variable, n))
        return tuple(indices), tuple(loops)

    def _fill(self, step: Instruction, value: float, early: bool = False) -> None:
        """Note that all elements begin as one number."""
        indices, loops = self._loops(squeezed(step.shape))
        fill = Statement(step.name, indices, _number(value, step), "set", loops)
        (self.early if early else self.statements).append(fill)

    def _keep(self, step: Instruction) -> None:
        if step.op == "reduce":
            self._keep_sum(step, step["function"])
        elif step.op == "einsum":
            self._keep_sum(step, "sum")
        elif step.op == "running":
            self._keep_running(step)
        elif step.op == "argument":
            self._keep_argument(step)
        elif step.op == "concatenate":
            self._keep_parts(step)
        elif step.op in ("scatter", "scatter_along", "scatter_slice"):
            self._keep_scattered(step)
        elif step.op in ("segment_sum", "segment_repeat"):
            self._keep_segments(step)
        else:
            indices, loops = self._loops(step.shape)
            if step.op == "first_place" and step.shape == (1,):
                value: Expression = Number(0)
            elif step.op == "first_place":
                value = self._first_place(step, indices[0])
            else:
                self.kept.discard(step.name)
                value = self.elements.of(step.name, indices)
                self.kept.add(step.name)
            phase = "read" if step.op == "take" else "compute"
            at = _without_ones(indices, step.shape)
            self.statements.append(Statement(step.name, at, value, "set", loops, phase=phase))

    def _first_place(self, step: Instruction, place: Expression) -> Expression:
        """Where an id stood first: among a few by looking through them, else by a table."""
        ids, most = Whole(step.inputs[0]), bound_of(step.shape[0])
        if most <= FEW:
            return Call("first_of", (ids, place))
        bits = (2 * most - 1).bit_length()
        slots = f"{step.name}{DERIVED}slots"
        self.arrays[slots] = Array((2**bits,), "int")
        at, loops = self._loops((2**bits,))
        self.statements.append(Statement(slots, at, Number(-1), "set", loops))
        shift, last = Number(32 - bits), Number(2**bits - 1)
        return Call("first_among", (ids, place, Whole(slots), shift, last))

    def _keep_sum(self, step: Instruction, function: str) -> None:
        if step.op == "reduce":
            shape = self.by_name[step.inputs[0]].shape
            inner, loops = self._loops(shape)
            out = [i for axis, i in enumerate(inner) if axis not in step["axes"]]
            value = self.elements.of(step.inputs[0], inner)
            summed = {
                i.name for a, i in enumerate(inner) if a in step["axes"] and isinstance(i, Variable)
            }
        else:
            labels = list(step["lengths"])
            inner, loops = self._loops(tuple(step["lengths"][label] for label in labels))
            by_label = dict(zip(labels, inner, strict=True))
            out = [by_label[label] for label in step["out"]]
            value = self.elements.product(step, by_label)
            summed = {
                i.name
                for label, i in by_label.items()
                if label not in step["out"] and isinstance(i, Variable)
            }
        at = _without_ones(tuple(out), step.shape)
        if not summed:
            self.statements.append(Statement(step.name, at, value, "set", loops))
            return
        update = ordered(Statement(step.name, at, value, _MODE[function], loops, frozenset(summed)))
        if not at or update.loops[-1].variable not in summed:
            # A sum over an outer loop begins before it: early, so that it parts no loops.
            self._fill(step, _START[function], early=update.loops[0].variable in summed)
            self.statements.append(update)
            return
        # What an inner loop adds up is a number of its own, and stored when it is done.
        own = replace(step, name=f"{step.name}{DERIVED}total")
        self.arrays[own.name] = self.arrays[step.name]
        self._fill(own, _START[function], early=update.loops[0].variable in summed)
        self.statements.append(replace(update, array=own.name))
        indices, loops = self._loops(squeezed(step.shape))
        self.statements.append(Statement(step.name, indices, Load(own.name, indices), "set", loops))

    def _keep_running(self, step: Instruction) -> None:
        """Each element begins as its own; from the second on, what stands before it is added."""
        indices, loops = self._loops(step.shape)
        value = self.elements.of(step.inputs[0], indices)
        at = _without_ones(indices, step.shape)
        self.statements.append(Statement(step.name, at, value, "set", loops))
        indices, loops = self._loops(step.shape)
        place = indices[step["axis"]]
        before = list(indices)
        before[step["axis"]] = Call("subtract", (place, Number(1)))
        loops = tuple(
            replace(loop, start=Number(1), stop=length_of(loop.length))
            if Variable(loop.variable) == place
            else loop
            for loop in loops
        )
        at = _without_ones(indices, step.shape)
        last = Load(step.name, _without_ones(tuple(before), step.shape))
        self.statements.append(Statement(step.name, at, last, _MODE[step["function"]], loops))

    def _keep_argument(self, step: Instruction) -> None:
        """The extreme first; then how far from the end the first stands that is equal to it."""
        x, axis, function = self.by_name[step.inputs[0]], step["axis"], step["function"]
        top = replace(step, name=f"{step.name}{DERIVED}top", dtype=x.dtype)
        self.arrays[top.name] = Array(squeezed(step.shape), x.dtype)
        last = length_of(x.shape[axis] - 1)
        self._fill(top, _START[function])
        for found in (top, step):
            indices, loops = self._loops(x.shape)
            place, value = indices[axis], self.elements.of(x.name, indices)
            assert isinstance(place, Variable)
            at = _without_ones((*indices[:axis], *indices[axis + 1 :]), step.shape)
            mode = _MODE[function]
            if found is step:
                self._fill(step, 0)
                # In an array with NaN, NaN is the extreme, and equal to nothing.
                equal = Call("equal", (value, Load(top.name, at)))
                hit = Call("logical_or", (equal, Call("not_equal", (value, value))))
                value = Call("where", (hit, Call("subtract", (last, place)), Number(0)))
                mode = "max"
            summed = frozenset({place.name})
            self.statements.append(Statement(found.name, at, value, mode, loops, summed))
        indices, loops = self._loops(squeezed(step.shape))
        value = Call("subtract", (last, Load(step.name, indices)))
        self.statements.append(Statement(step.name, indices, value, "set", loops))

    def _keep_parts(self, step: Instruction) -> None:
        """One statement for each part that is put behind the others."""
        axis, offset = step["axis"], 0
        for name in step.inputs:
            shape = self.by_name[name].shape
            indices, loops = self._loops(shape)
            value = self.elements.of(name, indices)
            at = list(indices)
            at[axis] = plus(indices[axis], length_of(offset))
            kept = _without_ones(tuple(at), step.shape)
            self.statements.append(Statement(step.name, kept, value, "set", loops))
            offset = offset + shape[axis]

    def _keep_scattered(self, step: Instruction) -> None:
        """Zeros, and then what is added at places."""
        self._fill(step, 0.0)
        g = step.inputs[0]
        indices, loops = self._loops(self.by_name[g].shape)
        value = self.elements.of(g, indices)
        if step.op == "scatter":
            axis, ids = step["axis"], step.inputs[1]
            rank = len(self.by_name[ids].shape)
            row = self.elements.of(ids, indices[axis : axis + rank])
            at = (*indices[:axis], row, *indices[axis + rank :])
        elif step.op == "scatter_along":
            places = list(indices)
            places[step["axis"]] = self.elements.fitted(step.inputs[1], indices)
            at = tuple(places)
        else:
            at = places_in_whole(step["spec"], indices)
        reduced = _not_in(loops, at)
        kept = _without_ones(at, step.shape)
        self.statements.append(Statement(step.name, kept, value, "add", loops, reduced))

    def _keep_segments(self, step: Instruction) -> None:
        """Ragged rows: segment s goes from ``starts[s]`` to where the next one starts."""
        x, starts = step.inputs
        segments = self.by_name[starts].shape[0]
        count = self.by_name[x].shape[0] if step.op == "segment_sum" else step.shape[0]
        (s,), (outer,) = self._loops((segments,)) if segments != 1 else ((Number(0),), (None,))
        start = self.elements.of(starts, (s,))
        after = self.elements.of(starts, (plus(s, Number(1)),))
        last = Call("equal", (plus(s, Number(1)), length_of(segments)))
        stop = Call("where", (last, length_of(count), after))
        self._variables += 1
        j = Variable(f"i{self._variables}")
        inner = Loop(j.name, count, start, stop)
        width, loops = self._loops(step.shape[1:])
        around = (*(() if outer is None else (outer,)), inner, *loops)
        if step.op == "segment_sum":
            self._fill(step, 0.0)
            at = _without_ones((s, *width), step.shape)
            value = self.elements.of(x, (j, *width))
            new = Statement(step.name, at, value, "add", around, frozenset({j.name}))
        else:
            at = _without_ones((j, *width), step.shape)
            new = Statement(step.name, at, self.elements.of(x, (s, *width)), "set", around)
        self.statements.append(new)

    def _write(self, step: Instruction) -> None:
        table = self.by_name[step.inputs[0]]
        mode = "subtract" if step.parameters.get("subtract") else "add"
        if step.op in ("add_to", "put"):
            indices, loops = self._loops(table.shape)
            value = self.elements.fitted(step.inputs[1], indices)
            mode = "set" if step.op == "put" else mode
            self.statements.append(
                Statement(table.name, indices, value, mode, loops, phase="write")
            )
            return
        ids = self.by_name[step.inputs[1]]
        indices, loops = self._loops((*ids.shape, *table.shape[1:]))
        rank = len(ids.shape)
        row = self.elements.of(ids.name, indices[:rank])
        value = self.elements.fitted(step.inputs[-1], indices)
        only_if = None
        if step.op == "put_rows":
            mode = "set"
            first = self.elements.of(step.inputs[2], indices[:1])
            only_if = Call("equal", (first, indices[0]))
        at = (row, *indices[rank:])
        reduced = _not_in(loops, at)
        self.statements.append(
            Statement(table.name, at, value, mode, loops, reduced, "write", only_if)
        )


def _without_ones(indices: tuple[Expression, ...], shape: Shape) -> tuple[Expression, ...]:
    return tuple(i for i, n in zip(indices, shape, strict=True) if n != 1)


def _not_in(loops: tuple[Loop, ...], indices: tuple[Expression, ...]) -> frozenset[str]:
    """The loops that no index depends on."""
    used = {name for index in indices for name in variables_in(index)}
    return frozenset(loop.variable for loop in loops if loop.variable not in used)


def _number(value: float, step: Instruction) -> Number:
    if step.dtype != "int":
        return Number(value)
    if math.isinf(value):
        return Number(int(np.iinfo(np.int64).max if value > 0 else np.iinfo(np.int64).min))
    return Number(int(value))
