"""Loops over time: a step is traced once, and so is what backward's rules make of it.

Backward runs the step's rules once, on the symbols of the forward step (`scan_step`), as the body
of a loop that goes back. What that reads of the forward body is stored for each step, or computed
anew where it is a view or cheap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tinygrad_w2v._base.errors import CompileError
from tinygrad_w2v.autograd.backward import dense
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.autograd.rowgrad import RowGrad
from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.ops import MOVED
from tinygrad_w2v.compiler.ir.scalar_functions import FUNCTIONS
from tinygrad_w2v.compiler.trace import indexing
from tinygrad_w2v.compiler.trace.lifted import Lifting
from tinygrad_w2v.compiler.trace.registry import handles
from tinygrad_w2v.compiler.trace.scan_step import Forward, Loop
from tinygrad_w2v.compiler.trace.symbol import Symbol
from tinygrad_w2v.functions import recurrence


@handles("scan")
def scan(
    x: Symbol, step: Any, state: list[Any], rows: list[Any], several: bool, together: bool
) -> Any:
    """All states of a recurrence, by one loop."""
    trace = x.trace
    length = rows[0].shape[0]
    if isinstance(length, int) and length < 2:
        return NotImplemented  # no loop is needed
    if any(part.dtype.kind != "f" for part in state):
        with trace.rehearsal():
            tried = Forward(trace, step, state, rows, several, together).new
            state = recurrence.begun(state, tried) or state  # numbers as floats
    forward = Forward(trace, step, state, rows, several, together)
    recurrence.check_dtypes(forward.state, forward.new)
    states = forward.record()
    outputs = Scan(forward, states)(*state, *rows, *forward.closed)
    return (outputs,) if several and not isinstance(outputs, tuple) else outputs


# ---------------------------------------------------------------------- backward
class Scan(Function):
    """h[t+1] = step(h[t], x[t]), all h"""

    def __init__(self, forward: Forward, states: tuple[Symbol, ...]) -> None:
        self._forward, self._states = forward, states

    def forward(self, *parts: Any) -> Any:
        return self._states if len(self._states) > 1 else self._states[0]

    def backward(self, *gs: Any) -> Any:
        if any(isinstance(g, Node) for g in gs):
            raise CompileError(f"F.scan cannot be compiled with create_graph=True{user_line()}")
        if self._forward.end is None:  # the steps read of no Variable
            return (None,) * len(self.inputs)
        return _Backward(self._forward, gs).gradients(self)


class _Backward(Loop):
    """The loop that goes back over the steps of another one."""

    def __init__(self, forward: Forward, gs: Sequence[Any]) -> None:
        trace = forward.trace
        super().__init__(trace, forward.length, reverse=True)
        self.forward = forward
        whole = [trace.symbol(g) for g in gs]
        hidden, own = trace.hidden, {step.name for step in forward.steps}
        trace.hidden = hidden - own
        # Also a state that no Variable is left in: the first step has read what it began as.
        self.carried = [k for k, part in enumerate(forward.state) if isinstance(part, Node)]
        self.values: dict[int, Symbol] = {}  # gradients, by the id of what they are of
        self.rows: dict[int, list[tuple[Any, Symbol]]] = {}
        with trace.aside() as self.steps:
            seeds = []
            for number, k in enumerate(self.carried):
                if not isinstance(forward.new[k], Node):
                    continue
                g = whole[k]
                later = self.outer(g, ("result", number), 1, "gh", g.shape[1:])
                seeds.append(self.place(g) + later)
            closed = {id(node) for node in forward.closed}
            for leaf, part in forward.rules(seeds).items():
                if isinstance(part, RowGrad) and id(leaf) in closed:
                    parts = [(ids, trace.symbol(values)) for ids, values in part.parts]
                    self.rows[id(leaf)] = parts
                else:
                    self.values[id(leaf)] = trace.symbol(dense(part))
            self._zero = trace.symbol(0.0)
        trace.hidden = hidden | {step.name for step in self.steps}

    def gradients(self, function: Scan) -> tuple[Any, ...]:
        """Note the loop; return the gradients for the inputs of the forward one."""
        forward, wanted = self.forward, dict[int, Any]()
        for k in self.carried:  # their numbers are those that the seeds were read by
            value = self.values.get(id(forward.state[k]), self._zero)
            wanted[k] = ("first", self.make("state", value, forward.starts[k].shape), value)
        place = len(forward.state)
        for i, node in enumerate([*forward.rows, *forward.closed], place):
            if not function.needs(i):
                continue
            if id(node) in self.rows:
                parts = [
                    (*self._of_all(ids, values), values) for ids, values in self.rows[id(node)]
                ]
                wanted[i] = ("rows", parts, node)
            elif id(node) in self.values:
                value, each = self.values[id(node)], i < place + len(forward.rows)
                number = self.make("stack" if each else "sum", value, value.shape)
                wanted[i] = ("whole", number, value)
        self._obtain()
        self.record()
        return tuple(
            self._gradient(*wanted[i]) if i in wanted and function.needs(i) else None
            for i in range(len(function.inputs))
        )

    def _of_all(self, ids: Any, values: Symbol) -> tuple[Any, int]:
        """The rows of all steps, and the number of their gradients among the results."""
        moves = False
        if isinstance(ids, Symbol):
            known = {step.name: step for step in (*self.forward.steps, *self.steps)}
            ids, moves = Lifting(self.trace, known, self.length).of(ids.name)
        return ids, self.make("stack" if moves else "sum", values, values.shape)

    def _gradient(self, what: str, made: Any, like: Any) -> Any:
        if what == "rows":
            grads = [
                RowGrad(ids, self.output(number, value), like.shape) for ids, number, value in made
            ]
            return sum(grads[1:], grads[0])
        output = self.output(made, like)
        return indexing.part_of(output, (0,)) if what == "first" else output

    # ------------------------------------------------------------------ what it reads of forward
    def _obtain(self) -> None:
        """Have what is read of the forward step: stored by its loop, or computed once more."""
        live = {make.value for make in self.makes}
        for step in reversed(self.steps):
            if step.name in live:
                live.update(step.inputs)
        self.steps = [step for step in self.steps if step.name in live]
        again = _Again({step.name: step for step in self.forward.steps})
        for name in again.known:
            if name in live:
                again.have(name)
        # What became a state stands in the states, a place further on.
        next_states = {
            make.value: whole.name
            for make, whole in zip(self.forward.makes, self.forward.outputs, strict=False)
        }
        steps = []
        for step in again.steps:
            at = 0
            if step.name in again.stored:
                of, at = ("input", next_states.get(step.name, "")), 1
                if step.name not in next_states:
                    symbol = self.trace.symbols[step.name]
                    number = self.forward.make("stack", symbol, step.shape)
                    of, at = ("input", self.forward.output(number, symbol).name), 0
            elif step.op == "outer":
                source, which = step["of"]
                whole = self.forward.outputs
                of = (source, which) if source == "input" else ("input", whole[which].name)
            else:
                steps.append(step)
                continue
            steps.append(replace(step, op="outer", inputs=(), parameters={"of": of, "at": at}))
        self.steps[:0] = steps
        if again.stored:
            Loop.record(self.forward)


class _Again:
    """Which values of a step are stored, and which are computed once more."""

    def __init__(self, known: dict[str, Instruction]) -> None:
        self.known = known
        self.stored: set[str] = set()
        self.steps: list[Instruction] = []
        self._had: set[str] = set()

    def have(self, name: str) -> None:
        """Have a value, and what it takes: one that would need two others stored is stored."""
        if name not in self.known or name in self._had:
            return
        step = self.known[name]
        self._had.add(name)
        if self._is_given(step):
            pass
        elif not self._is_cheap(step) or len(self._needs(step)) > 1:
            self.stored.add(name)
        else:
            for read in step.inputs:
                self.have(read)
        self.steps.append(step)

    def _needs(self, step: Instruction) -> set[str]:
        """What would have to be stored for a value to be computed once more."""
        needs: set[str] = set()
        waiting = list(step.inputs)
        while waiting:
            name = waiting.pop()
            if name not in self.known or name in self._had or self._is_given(self.known[name]):
                continue
            if self._is_cheap(self.known[name]):
                waiting += self.known[name].inputs
            else:
                needs.add(name)
        return needs

    @staticmethod
    def _is_given(step: Instruction) -> bool:
        return step.op in ("outer", "constant", "size", "arange")

    @staticmethod
    def _is_cheap(step: Instruction) -> bool:
        if step.op == "map":
            return not FUNCTIONS[step["function"]].costly
        return step.op in MOVED or step.op in ("take", "take_along")
