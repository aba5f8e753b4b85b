"""The backward part of a graph as it ran: what each rule gave each input, and the sums of that.

`gradients` runs on Variables, so that the ops of the rules are recorded. A part is a value of its
own even where a rule hands on what it was given, as that of an addition does: a step ``copy`` makes
it. Parts that meet at a Variable are added in one step.
"""

from __future__ import annotations

import operator
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import reduce
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import NonDifferentiableError
from tinygrad_w2v.autograd.backward import gradients
from tinygrad_w2v.autograd.function import Function, next_order
from tinygrad_w2v.autograd.modes import unwatched
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.autograd.variable import Variable
from tinygrad_w2v.drawing.labels import label_of
from tinygrad_w2v.drawing.numbered import Numbered, identity_of
from tinygrad_w2v.drawing.program import COPY, SUM, Step, common_scope, made_by

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
    """

    def __init__(self, graph: Numbered) -> None:
        root = graph.root
        if root.dtype.kind != "f":
            raise NonDifferentiableError(
                f"a value of dtype {root.dtype} has no gradient to draw: leave out `backward=True`"
            )
        self.graph = graph
        self.steps: list[Step] = []
        self.gradient_of: dict[int, int] = {}
        self.parts_of: dict[int, list[int]] = {}
        self.begun = next_order()
        self.recorded: set[Function] = set(graph.functions)
        self.kept = _Timed()
        self.given: dict[Function, tuple[Any, ...]] = {}
        seed = Variable(np.ones(root.shape, root.dtype))
        with unwatched(), np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gradients(root, seed, create_graph=True, kept=self.kept, parts=self.given)
            self.seed = self.gradient_of[graph.root_key] = graph.key_of(seed)
            self.read()

    def read(self) -> None:
        """The steps of all rules; a Variable's parts are added when the last one has come."""
        awaited = Counter(key for parts in self.given.items() for key, _ in self.parts_for(*parts))
        arrived: dict[int, list[int]] = {}
        senders: dict[int, list[Step]] = {}
        for function, given in self.given.items():
            parts = self.rule(function, given)
            sender = self.steps[-1]
            for key, part in parts:
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

    def parts_for(self, function: Function, given: tuple[Any, ...]) -> Iterator[tuple[int, Any]]:
        """The key of each input that the rule gave something, and what."""
        for x, part in zip(function.inputs, given, strict=True):
            if part is not None:
                yield self.graph.key_of(x), part

    # ------------------------------------------------------------------ one rule
    def rule(self, function: Function, given: tuple[Any, ...]) -> list[tuple[int, int]]:
        """The steps of one op's rule; the keys of inputs and of the parts that they were given."""
        arriving = self.arriving(function)
        begun = self.kept.starts[function]
        recorded = self.recorded_since(begun, (part for part in given if part is not None))
        read = [[self.key_of(x, arriving, begun) for x in op.inputs] for op in recorded]
        known = len(self.graph.data)
        sources = [
            (key, self.key_of(part, arriving, begun), part)
            for key, part in self.parts_for(function, given)
        ]
        # Only now are there keys of all that the recorded ops made.
        steps = [self.graph.step(*of, function) for of in zip(recorded, read, strict=True)]
        self.steps += steps
        own, parts = set(made_by(steps)), dict[int, int]()
        for key, source, part in sources:
            made = source
            if (source < known and source not in own) or source in parts:
                made = self.graph.new_key(part)
                self.steps.append(self.graph.rule_step(function, COPY, (source,), made))
            elif source not in own:
                self.unrecorded(function, arriving, source)
            parts[made] = key
        return [(key, part) for part, key in parts.items()]

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
