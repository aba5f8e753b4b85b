"""From instructions to statements in loops.

`materialize` decides which instructions are stored in arrays of their own; here these get their
loops. All others are inlined: `elements` makes expressions of them in whoever reads them, so that
chains of element-wise functions need no arrays, and a view costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.ops import WRITES
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.ir.sizes import Shape, bound_of
from tinygrad_w2v.compiler.loops.elements import (
    Elements,
    indices_in_whole,
    length_of,
    plus,
    without_ones,
)
from tinygrad_w2v.compiler.loops.materialize import BY_ROWS, Materialized, squeezed
from tinygrad_w2v.compiler.loops.nest import (
    DERIVED,
    Array,
    Call,
    Expression,
    Indices,
    Load,
    Loop,
    LoopCode,
    Number,
    Statement,
    Variable,
    Whole,
    ordered,
)
from tinygrad_w2v.compiler.loops.scan import Around
from tinygrad_w2v.compiler.loops.schedule import Schedule

_START = {"sum": 0.0, "prod": 1.0, "max": -math.inf, "min": math.inf}
_MODE = {"sum": "add", "prod": "prod", "max": "max", "min": "min"}


def lower(program: Program, schedule: Schedule) -> LoopCode:
    """Return the statements of a program, in an order in which they may run."""
    return _Lowering(program, schedule).code()


class _Lowering:
    def __init__(self, program: Program, schedule: Schedule, around: Around | None = None) -> None:
        self.program, self.schedule = program, schedule
        self.by_name = program.by_name()
        materialized = Materialized(program, schedule)
        self.stored, self.uniform = materialized.stored, materialized.uniform
        self.readers, self.around = materialized.readers, around
        self.elements = Elements(self.by_name, self.stored, around.of if around else None)
        self.statements: list[Statement] = []
        self.early: list[Statement] = []
        self.arrays: dict[str, Array] = {}
        self._variables = 0

    def code(self) -> LoopCode:
        for step in sorted(self.program, key=lambda step: step.name not in self.uniform):
            if step.name in self.stored:
                self._array(step)
            if step.name in self.stored or step.op in WRITES or step.op == "scan":
                getattr(self, f"_{step.op}", self._elementwise)(step)
        loss = self.elements.of(self.program.loss, ())
        # Rows may have to be read at ids that are computed first.
        reads = [s for s in self.statements if s.phase == "read"]
        reads_first = not any(s.reads & self.stored for s in reads)

        def order(s: Statement) -> int:
            return 0 if s.array in self.uniform else 1 if reads_first and s.phase == "read" else 2

        body = tuple(ordered(s) for s in sorted((*self.early, *self.statements), key=order))
        return LoopCode(body, self.arrays, loss, frozenset(self.uniform & self.stored))

    # ------------------------------------------------------------------ what they are made of
    def _loops(self, shape: Shape) -> tuple[Indices, tuple[Loop, ...]]:
        """A new loop for every axis that is longer than 1, and the index of every axis."""
        indices: list[Expression] = []
        loops: list[Loop] = []
        for n in shape:
            if n == 1:
                indices.append(Number(0))
                continue
            variable = self._variable()
            indices.append(variable)
            loops.append(Loop(variable.name, n))
        return tuple(indices), tuple(loops)

    def _variable(self) -> Variable:
        self._variables += 1
        return Variable(f"i{self._variables}")

    def _array(self, step: Instruction, suffix: str = "", dtype: str = "") -> str:
        """Add an array of an instruction's shape; return its name."""
        name = f"{step.name}{DERIVED}{suffix}" if suffix else step.name
        self.arrays[name] = Array(squeezed(step.shape), dtype or step.dtype)
        return name

    def _state(
        self,
        step: Instruction,
        indices: Indices,
        value: Expression,
        loops: Iterable[Loop],
        mode: str = "set",
        name: str = "",
        phase: str = "compute",
    ) -> None:
        """Add a statement: an element of an instruction's array is set or changed."""
        at, name = without_ones(indices, step.shape), name or step.name
        new = Statement(name, at, value, mode, tuple(loops), phase, None, step.name)
        self.statements.append(new)

    def _fill(self, step: Instruction, value: float, name: str = "", early: bool = False) -> None:
        """Add a statement: all elements begin as one number."""
        indices, loops = self._loops(step.shape)
        self._state(step, indices, _number(value, step), loops, name=name)
        if early:
            self.early.append(self.statements.pop())

    # ------------------------------------------------------------------ by the name of the op
    def _elementwise(self, step: Instruction) -> None:
        indices, loops = self._loops(step.shape)
        value = self.elements.computed(step, indices)
        phase = "read" if step.op == "take" else "compute"
        self._state(step, indices, value, loops, phase=phase)

    def _first_place(self, step: Instruction) -> None:
        """Where an id stood first: a few are compared one by one, more are hashed."""
        indices, loops = self._loops(step.shape)
        ids, most = Whole(step.inputs[0]), bound_of(step.shape[0])
        value: Expression = Number(0)
        if step.shape != (1,):
            value = Call("first_of", (ids, indices[0]))
            if most > self.schedule.linear_search:
                bits = (2 * most - 1).bit_length()
                slots = f"{step.name}{DERIVED}slots"
                self.arrays[slots] = Array((2**bits,), "int")
                at, over = self._loops((2**bits,))
                begin = Statement(slots, at, Number(-1), "set", over, origin=step.name)
                self.statements.append(begin)
                shift, last = Number(32 - bits), Number(2**bits - 1)
                value = Call("first_among", (ids, indices[0], Whole(slots), shift, last))
        self._state(step, indices, value, loops)

    def _reduce(self, step: Instruction) -> None:
        """A sum, product or extreme; of an einsum a sum of products."""
        if step.op == "reduce":
            function, shape = step["function"], self.by_name[step.inputs[0]].shape
            inner, loops = self._loops(shape)
            out = tuple(i for axis, i in enumerate(inner) if axis not in step["axes"])
            value = self.elements.of(step.inputs[0], inner)
        else:
            function, lengths = "sum", step["lengths"]
            inner, loops = self._loops(tuple(lengths.values()))
            by_subscript = dict(zip(lengths, inner, strict=True))
            out = tuple(by_subscript[subscript] for subscript in step["out"])
            value = self.elements.product(step, by_subscript)
        summed = {i.name for i in inner if isinstance(i, Variable) and i not in out}
        if not summed:
            self._state(step, out, value, loops)
            return
        self._state(step, out, value, loops, _MODE[function])
        update = ordered(self.statements.pop())
        # A sum over an outer loop begins ahead of all others, so that its start splits no loops.
        early = update.loops[0].variable in summed
        if not update.indices or update.loops[-1].variable not in summed:
            self._fill(step, _START[function], early=early)
            self.statements.append(update)
            return
        # What an inner loop adds up is a number of its own, and stored when it is done.
        total = self._array(step, "total")
        self._fill(step, _START[function], total, early)
        self.statements.append(replace(update, array=total))
        indices, loops = self._loops(step.shape)
        self._state(step, indices, Load(total, without_ones(indices, step.shape)), loops)

    _einsum = _reduce

    def _running(self, step: Instruction) -> None:
        """Each element begins as its own; from the second on, the one before it is added."""
        indices, loops = self._loops(step.shape)
        self._state(step, indices, self.elements.of(step.inputs[0], indices), loops)
        indices, loops = self._loops(step.shape)
        axis = step["axis"]
        place = indices[axis]
        before = (*indices[:axis], Call("subtract", (place, Number(1))), *indices[axis + 1 :])
        loops = tuple(
            replace(loop, start=Number(1), stop=length_of(loop.length))
            if Variable(loop.variable) == place
            else loop
            for loop in loops
        )
        last = Load(step.name, without_ones(before, step.shape))
        self._state(step, indices, last, loops, _MODE[step["function"]])

    def _argument(self, step: Instruction) -> None:
        """The extreme first; then how far from the end the first stands that is equal to it."""
        x, axis, function = self.by_name[step.inputs[0]], step["axis"], step["function"]
        top = self._array(step, "top", x.dtype)
        end = length_of(x.shape[axis] - 1)
        for name in (top, step.name):
            start = _START[function] if name == top else 0
            self._fill(replace(step, dtype=self.arrays[name].dtype), start, name)
            indices, loops = self._loops(x.shape)
            place, value = indices[axis], self.elements.of(x.name, indices)
            out, mode = (*indices[:axis], *indices[axis + 1 :]), _MODE[function]
            if name != top:
                # In an array with NaN, NaN is the extreme, and equal to nothing.
                equal = Call("equal", (value, Load(top, without_ones(out, step.shape))))
                hit = Call("logical_or", (equal, Call("not_equal", (value, value))))
                value = Call("where", (hit, Call("subtract", (end, place)), Number(0)))
                mode = "max"
            self._state(step, out, value, loops, mode, name)
        indices, loops = self._loops(step.shape)
        far = Load(step.name, without_ones(indices, step.shape))
        self._state(step, indices, Call("subtract", (end, far)), loops)

    def _concatenate(self, step: Instruction) -> None:
        """One statement for each part."""
        axis, offset = step["axis"], 0
        for name in step.inputs:
            shape = self.by_name[name].shape
            indices, loops = self._loops(shape)
            value = self.elements.of(name, indices)
            place = plus(indices[axis], length_of(offset))
            self._state(step, (*indices[:axis], place, *indices[axis + 1 :]), value, loops)
            offset = offset + shape[axis]

    def _scatter(self, step: Instruction) -> None:
        """Zeros, and then what is added at places."""
        self._fill(step, 0.0)
        g = step.inputs[0]
        indices, loops = self._loops(self.by_name[g].shape)
        value = self.elements.of(g, indices)
        if step.op == "scatter_slice":
            at = indices_in_whole(step["spec"], indices)
        else:
            axis, ids = step["axis"], step.inputs[1]
            after = axis + (len(self.by_name[ids].shape) if step.op == "scatter" else 1)
            if step.op == "scatter":
                place = self.elements.of(ids, indices[axis:after])
            else:
                place = self.elements.fitted(ids, indices)
            at = (*indices[:axis], place, *indices[after:])
        self._state(step, at, value, loops, "add")

    _scatter_along = _scatter_slice = _scatter

    def _segment_sum(self, step: Instruction) -> None:
        """Ragged rows: segment s goes from ``starts[s]`` to where the next one starts."""
        x, starts = step.inputs
        segments = self.by_name[starts].shape[0]
        count = self.by_name[x].shape[0] if step.op == "segment_sum" else step.shape[0]
        (s,), outer = self._loops((segments,))
        start, after = (self.elements.of(starts, (at,)) for at in (s, plus(s, Number(1))))
        last = Call("equal", (plus(s, Number(1)), length_of(segments)))
        stop = Call("where", (last, length_of(count), after))
        j = self._variable()
        width, loops = self._loops(step.shape[1:])
        around = (*outer, Loop(j.name, count, start, stop), *loops)
        if step.op == "segment_sum":
            self._fill(step, 0.0)
            value = self.elements.of(x, (j, *width))
            self._state(step, (s, *width), value, around, "add")
        else:
            self._state(step, (j, *width), self.elements.of(x, (s, *width)), around)

    _segment_repeat = _segment_sum

    def _scan(self, step: Instruction) -> None:
        """What states and sums begin as; then the loop, as one statement."""
        outputs = {reader["number"]: reader for reader in self.readers[step.name]}
        kept = {s["of"][1] for s in step["body"] if s.op == "outer" and s["of"][0] == "result"}
        for number in sorted(kept):
            result = step["results"][number]
            name = f"{step.name}{DERIVED}{result.kind}"  # of a state that only steps read
            output = replace(step, name=name, shape=result.shape, dtype=result.dtype)
            output = outputs.setdefault(number, output)
            self._array(output)
            if result.kind == "sum":
                self._fill(output, 0.0)
            elif result.kind == "state":
                indices, loops = self._loops(output.shape[1:])
                value: Expression = _number(0.0, output)
                if result.start is not None:
                    value = self.elements.of(step.inputs[result.start], indices)
                first = length_of(step["length"] if step["reverse"] else 0)
                self._state(output, (first, *indices), value, loops)
        around = Around(step, self.elements, outputs)
        self.statements.append(around.block(_Lowering(step["body"], self.schedule, around).code()))

    def _scan_output(self, step: Instruction) -> None:
        """It has been made by its loop."""

    def _put_at(self, step: Instruction) -> None:
        """A step of a loop writes its place of a result, when all is read; or adds to a sum."""
        assert self.around is not None
        target = self.by_name[step.inputs[0]]
        whole = step.op == "accumulate"
        indices, loops = self._loops(target.shape if whole else target.shape[1:])
        value = self.elements.fitted(step.inputs[1], indices)
        at = indices if whole else (self.around.at(step["at"]), *indices)
        element = self.around.element(target["of"][1], at)
        mode = "add" if whole else "set"
        self.statements.append(
            Statement(element.array, element.indices, value, mode, loops, "write", None, step.name)
        )

    _accumulate = _put_at

    def _add_rows(self, step: Instruction) -> None:
        """A table is written; it keeps its axes of length 1."""
        table = self.by_name[step.inputs[0]]
        mode = "subtract" if step.parameters.get("subtract") else "add"
        only_if = None
        if step.op in BY_ROWS:
            ids = self.by_name[step.inputs[1]]
            rank = len(ids.shape)
            indices, loops = self._loops((*ids.shape, *table.shape[1:]))
            at = (self.elements.of(ids.name, indices[:rank]), *indices[rank:])
        else:
            indices, loops = self._loops(table.shape)
            at = indices
        if step.op == "put_rows":
            only_if = Call("equal", (self.elements.of(step.inputs[2], indices[:1]), indices[0]))
        for name in step.inputs[_PLACES.get(step.op, 2) : -1]:
            changes = Call("logical_not", (self.elements.fitted(name, indices),))
            only_if = changes if only_if is None else Call("logical_and", (only_if, changes))
        value = self.elements.fitted(step.inputs[-1], indices)
        mode = "set" if step.op in ("put", "put_rows") else mode
        write = Statement(table.name, at, value, mode, loops, "write", only_if, step.name)
        self.statements.append(write)

    _put_rows = _add_to = _put = _add_rows


# How many inputs of a write are no masks, the value aside.
_PLACES = {"put": 1, "put_rows": 3}


def _number(value: float, step: Instruction) -> Number:
    if step.dtype != "int":
        return Number(value)
    if math.isinf(value):
        return Number(int(np.iinfo(np.int64).max if value > 0 else np.iinfo(np.int64).min))
    return Number(int(value))
