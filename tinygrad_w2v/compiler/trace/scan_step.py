"""A loop over time that is being noted, and the forward one: a step on symbols.

The step is run on symbols that stand for the state and for one place of `xs`. What it notes is the
body of a loop; values that it reads of its surroundings are found by their names, and the Variables
among them by the graph that it leaves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

from tinygrad_w2v.autograd.backward import gradients
from tinygrad_w2v.autograd.function import Function, next_order
from tinygrad_w2v.autograd.node import Node, made
from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.ops import MOVED, OPS
from tinygrad_w2v.compiler.ir.ops.scanned import Result
from tinygrad_w2v.compiler.ir.program import Program, writes_last
from tinygrad_w2v.compiler.ir.sizes import Length, Shape
from tinygrad_w2v.compiler.trace import indexing
from tinygrad_w2v.compiler.trace.lifted import Lifting
from tinygrad_w2v.compiler.trace.symbol import Symbol, Trace
from tinygrad_w2v.functions import recurrence


class Made(NamedTuple):
    """A result of a loop, the value of a step that goes into it, and what a state begins as."""

    result: Result
    value: str
    start: str = ""


class Loop:
    """A loop over time that is being noted.

    Attributes
    ----------
    steps : list of Instruction
        Of one step, which read the values around it by their names.
    makes : list of Made
    """

    def __init__(self, trace: Trace, length: Length, reverse: bool) -> None:
        self.trace, self.length, self.reverse = trace, length, reverse
        self.steps: list[Instruction] = []
        self.makes: list[Made] = []
        self.home = trace.instructions
        self.name = ""
        self._checks: tuple[tuple[str, Length, bool], ...] = ()

    def outer(self, like: Symbol, of: tuple[str, Any], at: int, name: str, shape: Shape) -> Symbol:
        """Note what stands for the place of a step in `of`."""
        exact = like.dtype if like.kind == "int" else None
        symbol = self.trace.record("outer", (), like.kind, shape, name, exact, of=of, at=at)
        symbol.batched, symbol.sources = like.batched, like.sources
        return symbol

    def place(self, whole: Symbol) -> Symbol:
        """Note the place of this step in an array."""
        return self.outer(whole, ("input", whole.name), 0, f"{whole.name}_t", whole.shape[1:])

    def make(self, kind: str, value: Symbol, shape: Shape, start: str = "") -> int:
        """Add a result of this shape (without the axis of time); return its number."""
        length: Any = {"state": (self.length + 1,), "stack": (self.length,), "sum": ()}[kind]
        self.makes.append(Made(Result(kind, (*length, *shape), value.kind), value.name, start))
        return len(self.makes) - 1

    def record(self) -> None:
        """Note the loop, or note it anew with what it makes by now."""
        instruction = self._instruction()
        if not self.name:
            self.name = instruction.name
            self.home.append(instruction)
        else:
            at = next(i for i, step in enumerate(self.home) if step.name == self.name)
            self.home[at] = replace(instruction, name=self.name)

    def output(self, number: int, like: Symbol) -> Symbol:
        """Note one result as a value around the loop."""
        result = self.makes[number].result
        name = self.trace.names.fresh("scan_output")
        parameters = {"number": number, "kind": result.kind}
        made_of = (self.name,)
        instruction = Instruction(
            name, "scan_output", made_of, result.shape, result.dtype, parameters
        )
        self.home.append(instruction)
        symbol = Symbol(self.trace, instruction, like.batched, like.dtype)
        symbol.sources = like.sources
        self.trace.symbols[name] = symbol
        return symbol

    def _instruction(self) -> Instruction:
        trace, inputs = self.trace, dict[str, int]()
        own = {step.name for step in self.steps}
        given: list[Instruction] = []
        computed: list[Instruction] = []
        stands_for: dict[str, str] = {}

        def number(name: str) -> int:
            return inputs.setdefault(name, len(inputs))

        def read(name: str) -> str:
            if name in own:
                return name
            if name not in stands_for:
                stands_for[name] = trace.names.fresh(name)
                shape, kind = trace.symbols[name].shape, trace.symbols[name].kind
                about = {"of": ("input", number(name)), "at": None}
                given.append(Instruction(stands_for[name], "outer", (), shape, kind, about))
            return stands_for[name]

        for step in self.steps:
            if step.op == "outer":
                source, which = step["of"]
                of = (source, number(which) if source == "input" else which)
                given.append(replace(step, parameters={**step.parameters, "of": of}))
            else:
                computed.append(replace(step, inputs=tuple(map(read, step.inputs))))
        results = []
        for place, (result, value, start) in enumerate(self.makes):
            target = trace.names.fresh("result")
            about = {"of": ("result", place), "at": None}
            given.append(Instruction(target, "outer", (), result.shape, result.dtype, about))
            op = "accumulate" if result.kind == "sum" else "put_at"
            at = int(result.kind == "state" and not self.reverse)
            written = (target, read(value))
            write = trace.names.fresh("write")
            computed.append(Instruction(write, op, written, (), result.dtype, {"at": at}))
            results.append(result._replace(start=number(start) if start else None))
        if not self._checks:
            self._checks = tuple(self._ids())
        checks = tuple((number(ids), *rest) for ids, *rest in self._checks)
        nothing = Instruction(
            trace.names.fresh("nothing"), "constant", (), (), "float", {"value": 0.0}
        )
        body = Program(writes_last([*given, nothing, *computed]), nothing.name, {})
        parameters = {
            "body": body,
            "length": self.length,
            "reverse": self.reverse,
            "results": tuple(results),
            "checks": checks,
        }
        name = self.name or trace.names.fresh("scan")
        site = next((step.site for step in self.steps if step.site), "")
        return Instruction(name, "scan", tuple(inputs), (), "int", parameters, site)

    def _ids(self) -> Iterator[tuple[str, Length, bool]]:
        """Ids of all steps as values around the loop, and the length of what they index."""
        known = {step.name: step for step in self.steps}
        lifting = Lifting(self.trace, known, self.length)
        for step in self.steps:
            op = OPS[step.op]
            if step.op == "scan":
                places = [(step.inputs[number], *rest) for number, *rest in step["checks"]]
            else:
                if op.ids is None:
                    continue
                length = op.indexed(step, [self.trace.symbols[x].shape for x in step.inputs])
                if length is None:
                    continue
                places = [(step.inputs[op.ids], length, op.starts)]
            for ids, length, starts in places:
                if not _is_place(known, ids, length, self.trace):
                    yield lifting.of(ids, starts)[0].name, length, starts


def _is_place(known: dict[str, Instruction], name: str, length: Length, trace: Trace) -> bool:
    """Whether ids are places of an axis as long as the one that they index."""
    while name in known and known[name].op in MOVED:
        name = known[name].inputs[0]
    step = known.get(name)
    if step is None:
        return False
    if step.op == "arange":
        return bool(step.shape[0] == length)
    if step.op == "argument":
        return bool(trace.symbols[step.inputs[0]].shape[step["axis"]] == length)
    return step.op == "first_place"


# ---------------------------------------------------------------------- forward
class Forward(Loop):
    """The loop of a recurrence, with the graph of its step.

    Attributes
    ----------
    state, rows : list of Node or Symbol
        What stood for the state and for a place of `xs` when the step was traced.
    new : list
        What the step made of them.
    end : Variable
        From where the step's rules go back.
    closed : list of Node
        Variables of the surroundings that the step reads.
    """

    def __init__(
        self,
        trace: Trace,
        step: Any,
        state: list[Any],
        rows: list[Any],
        several: bool,
        together: bool,
    ) -> None:
        super().__init__(trace, rows[0].shape[0], reverse=False)
        self.starts = [symbol_of(trace, part) for part in state]
        self.whole = [symbol_of(trace, part) for part in rows]
        begun = next_order()
        with trace.aside() as self.steps:
            states = [
                self.outer(start, ("result", k), 0, "h", start.shape)
                for k, start in enumerate(self.starts)
            ]
            batched = any(part.batched for part in (*self.starts, *self.whole))
            for symbol in states:
                symbol.batched = batched
            self.state = [made(h, None) if h.kind == "float" else h for h in states]
            self.rows = [
                made(self.place(whole), None) if isinstance(part, Node) else self.place(whole)
                for whole, part in zip(self.whole, rows, strict=True)
            ]
            self.new = recurrence.next_state(step, self.state, self.rows, several, together, "step")
            self.made = [symbol_of(trace, part) for part in self.new]
            self._end = _End()
            floats = [part for part in self.new if isinstance(part, Node)]
            self.end = self._end(*floats) if floats else None
        trace.hidden |= {step.name for step in self.steps}
        self.closed = self._closed(begun) if isinstance(self.end, Node) else []

    def _closed(self, begun: int) -> list[Node]:
        """The Variables that the step reads of its surroundings."""
        own = {id(x) for x in (*self.state, *self.rows)}
        found: dict[int, Node] = {}
        waiting: list[Function] = [self._end]
        seen = set(waiting)
        while waiting:
            for x in waiting.pop().inputs or ():
                if not isinstance(x, Node) or id(x) in own:
                    continue
                creator = x.creator
                if creator is None or creator.order <= begun:
                    if x._data.dtype.kind == "f":
                        found.setdefault(id(x), x)
                elif creator not in seen:
                    seen.add(creator)
                    waiting.append(creator)
        return list(found.values())

    def record(self) -> tuple[Symbol, ...]:  # type: ignore[override]
        """Note the loop; return the states after each step."""
        parts = list(zip(self.starts, self.made, strict=True))
        for start, value in parts:
            self.make("state", value, start.shape, start.name)
        super().record()
        self.outputs = [self.output(k, self.made[k]) for k in range(len(parts))]
        return tuple(indexing.part_of(whole, (slice(1, None),)) for whole in self.outputs)

    def rules(self, seeds: Sequence[Any]) -> dict[Node, Any]:
        """Run backward's rules of the step; return the gradients of what it reads."""
        assert self.end is not None
        self._end.seeds = tuple(seeds)
        with _leaves(self.closed):
            return gradients(self.end, self.trace.symbol(1.0))


@contextmanager
def _leaves(nodes: Sequence[Node]) -> Iterator[None]:
    """Let values be leaves until the block ends: gradients stop at them."""
    creators = [(node, node.creator, node.index) for node in nodes]
    for node in nodes:
        node.creator, node.index = None, 0
    try:
        yield
    finally:
        for node, creator, index in creators:
            node.creator, node.index = creator, index


class _End(Function):
    """Where several values of a step end, each of which is given its own gradient."""

    seeds: tuple[Any, ...] = ()

    def forward(self, *parts: Symbol) -> Any:
        return parts[0].trace.symbol(0.0)

    def backward(self, g: Any) -> Any:
        return self.seeds


def symbol_of(trace: Trace, part: Any) -> Symbol:
    """Return an array, or the data of a Variable, as a symbol."""
    return trace.symbol(part._data if isinstance(part, Node) else part)
