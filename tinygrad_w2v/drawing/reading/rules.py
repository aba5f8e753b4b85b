"""The backward part of a graph as it ran: what each rule gave each input, and the sums of that.

`gradients` runs on Variables, so that the ops of the rules are recorded. A part is a value of its
own even where a rule hands on what it was given, as that of an addition does: a step ``copy`` makes
it. Parts that meet at a Variable are added in one step.
"""

from __future__ import annotations

import operator
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import NonDifferentiableError
from tinygrad_w2v.autograd.backward import Parts, gradients
from tinygrad_w2v.autograd.function import Function, next_order
from tinygrad_w2v.autograd.modes import unwatched
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.autograd.variable import Variable
from tinygrad_w2v.drawing.formulas.equations import Role
from tinygrad_w2v.drawing.labels import label_of
from tinygrad_w2v.drawing.options import Detail
from tinygrad_w2v.drawing.reading.book import Equation, equation_of
from tinygrad_w2v.drawing.reading.numbered import Numbered, identity_of
from tinygrad_w2v.drawing.reading.program import COPY, SUM, Step, common_scope, made_by

# The keys of the gradients that a rule is given, by what they are in the recorded ops.
Arriving = dict[Any, list[int]]


class _Timed(dict[Node, Any]):
    """The gradients on the way, and the creation number at which each op's rule began."""

    def __init__(self) -> None:
        super().__init__()
        self.starts: dict[Function, int] = {}
        self.held_by: dict[Function, list[Node]] = {}

    def __setitem__(self, node: Node, g: Any) -> None:
        super().__setitem__(node, g)
        if node.creator is not None:
            self.starts[node.creator] = next_order()
            self.held_by.setdefault(node.creator, []).append(node)


class Rules:
    """The rules of one graph, run once.

    Attributes
    ----------
    steps : list of Step
        Those of all rules, in their order.
    seed : int
        Key of the result's gradient.
    gradient_of : dict
        The key of a value's gradient by that of the value.
    parts_of : dict
        The keys of what a gradient is the sum of, where it is one.
    equations : dict
        Those of a textbook, where `detail` asks for them, by the keys of the parts.
    """

    def __init__(self, graph: Numbered, detail: Detail = "ops") -> None:
        root = graph.root
        if root.dtype.kind != "f":
            raise NonDifferentiableError(
                f"a value of dtype {root.dtype} has no gradient to draw: leave out `backward=True`"
            )
        self.graph = graph
        self.steps: list[Step] = []
        self.gradient_of: dict[int, int] = {}
        self.parts_of: dict[int, list[int]] = {}
        self.equations: dict[int, Equation] = {}
        self.detail = detail
        self.begun = next_order()
        self.recorded: set[Function] = set(graph.functions)
        self.kept = _Timed()
        self.given: dict[Function, Parts] = {}
        seed = Variable(np.ones(root.shape, root.dtype))
        with unwatched(), np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gradients(root, seed, create_graph=True, kept=self.kept, parts=self.given)
            self.seed = self.gradient_of[graph.root_key] = graph.key_of(seed)
            self.read()

    def read(self) -> None:
        """The steps of all rules; a Variable's parts are added when the last one has come."""
        awaited = Counter(
            self.graph.key_of(x)
            for function, given in self.given.items()
            for x, part in zip(function.inputs, given, strict=True)
            if part is not None
        )
        arrived: dict[int, list[int]] = {}
        senders: dict[int, list[Step]] = {}
        for function, given in self.given.items():
            parts = self.by_equations(function, given) if self.detail == "book" else {}
            parts |= self.rule(function, given, parts)
            sender = self.steps[-1]
            for position, part in sorted(parts.items()):
                key = self.graph.key_of(function.inputs[position])
                arrived.setdefault(key, []).append(part)
                senders.setdefault(key, []).append(sender)
                if len(arrived[key]) == awaited[key]:
                    self.gradient_of[key] = self.sum_of(arrived.pop(key), senders.pop(key))

    def sum_of(self, parts: list[int], senders: list[Step]) -> int:
        """The key of the sum of some parts, added in one step."""
        if len(parts) == 1:
            return parts[0]
        graph = self.graph
        total = graph.new_key(reduce(operator.add, (graph.data[part] for part in parts)))
        self.parts_of[total] = parts
        note = f"{SUM}\nof what came back from {len(parts)} uses"
        scope = common_scope(senders)
        self.steps.append(Step(SUM, tuple(parts), (total,), scope=scope, tooltip=note))
        return total

    # ------------------------------------------------------------------ one rule
    def rule(
        self, function: Function, given: tuple[Any, ...], known_parts: Mapping[int, int]
    ) -> dict[int, int]:
        """The steps of one op's rule; the keys of the other parts by the positions of inputs."""
        arriving = self.arriving(function)
        begun = self.kept.starts[function]
        wanted = {
            position: part
            for position, part in enumerate(given)
            if part is not None and position not in known_parts
        }
        recorded = self.recorded_since(begun, wanted.values())
        read = [[self.key_of(x, arriving, begun) for x in op.inputs] for op in recorded]
        known = len(self.graph.data)
        sources = {i: self.key_of(part, arriving, begun) for i, part in wanted.items()}
        # Only now are there keys of all that the recorded ops made.
        steps = [self.graph.step(*of, function) for of in zip(recorded, read, strict=True)]
        self.steps += steps
        own, parts = set(made_by(steps)), dict[int, int]()
        for position, source in sources.items():
            made = source
            if (source < known and source not in own) or source in parts.values():
                made = self.graph.new_key(wanted[position])
                self.steps.append(self.graph.rule_step(function, COPY, (source,), made))
            elif source not in own:
                self.unrecorded(function, arriving, source)
            parts[position] = made
        return parts

    def by_equations(self, function: Function, given: tuple[Any, ...]) -> dict[int, int]:
        """The parts of which a textbook writes an equation, each made in one step."""
        graph, parts = self.graph, {}
        keys: dict[tuple[Role, int], int] = {
            ("input", position): graph.key_of(x) for position, x in enumerate(function.inputs)
        }
        for index in range(function.arity):
            key = graph.keys.get((function, index))
            if key is not None:
                keys["output", index] = key
            if key in self.gradient_of:
                keys["gradient", index] = self.gradient_of[key]
        for position, part in enumerate(given):
            if part is None:
                continue
            equation = equation_of(function, position, part, keys, graph.data)
            if equation is not None:
                made = parts[position] = graph.new_key(part)
                self.equations[made] = equation
                step = graph.rule_step(function, equation.label, equation.inputs, made)
                self.steps.append(step)
        return parts

    def unrecorded(self, function: Function, arriving: Arriving, part: int) -> None:
        """What a rule computed on arrays, so that no op of it is known."""
        given = [g for gs in arriving.values() for g in sorted(gs)]
        read = [self.graph.key_of(x) for x in function.inputs]
        inputs = tuple(dict.fromkeys((*given, *read)))
        label = f"{label_of(function)}.backward"
        self.steps.append(self.graph.rule_step(function, label, inputs, part))

    def arriving(self, function: Function) -> Arriving:
        """The gradients of an op's outputs."""
        found: Arriving = {}
        for index in range(function.arity):
            key = self.graph.keys.get((function, index), -1)
            if key in self.gradient_of:
                g = self.gradient_of[key]
                found.setdefault(identity_of(self.as_given(function, key, g)), []).append(g)
        return found

    def as_given(self, function: Function, key: int, g: int) -> Any:
        """What the rule was handed as the gradient `g` of the value `key`."""
        if function.arity == 1:
            return self.graph.held[g]
        outputs = self.kept.held_by[function]
        return next(self.kept[x] for x in outputs if self.graph.key_of(x) == key)

    def key_of(self, x: Any, arriving: Arriving, begun: int) -> int:
        """The key of what a rule reads: an earlier value of backward is a gradient it was given."""
        gs = arriving.get(identity_of(x), [])
        creator = getattr(x, "creator", None)
        if creator is not None and self.begun < creator.order < begun and len(arriving) == 1:
            (gs,) = arriving.values()
        if not gs:
            return self.graph.key_of(x)
        gs.append(gs.pop(0))  # one Variable may be the gradient of several outputs: in turn
        return gs[-1]

    def recorded_since(self, begun: int, parts: Iterable[Any]) -> list[Function]:
        """The ops behind a rule's parts that are its own, oldest first."""
        found: set[Function] = set()
        waiting = list(parts)
        while waiting:
            creator = getattr(waiting.pop(), "creator", None)
            if creator is None or creator in self.recorded:
                continue
            if not self.begun < creator.order < begun:
                self.recorded.add(creator)
                found.add(creator)
                waiting += creator.inputs
        return sorted(found, key=lambda op: op.order)
