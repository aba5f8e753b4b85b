"""The values and ops of one graph, each with its number, and ops as steps.

A value is one for all Variables of the same output of an op. What the backward pass records is
numbered as it is read; a gradient that a rule handed on gets a number of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinygrad_w2v.autograd.backward import ops_behind
from tinygrad_w2v.autograd.debugging.sites import assigned_name
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.autograd.variable import Variable
from tinygrad_w2v.drawing.labels import label_of, parameters_of, printable
from tinygrad_w2v.drawing.reading.program import Kind, Step
from tinygrad_w2v.drawing.reading.scopes import scopes_of
from tinygrad_w2v.nn import Parameter


def identity_of(x: Any) -> Any:
    """Equal for all Variables of the same output of an op, and for nothing else."""
    creator = getattr(x, "creator", None)
    return id(x) if creator is None else (creator, x.index)


class Numbered:
    """Numbers the values and ops of one graph."""

    def __init__(self, root: Variable) -> None:
        self.root = root
        self.keys: dict[Any, int] = {}
        self.held: list[Any] = []  # an `id` is a key only as long as its object lives
        self.data: list[Any] = []
        self.given_names: dict[int, str] = {}
        self.leaves: dict[int, Any] = {}  # leaf Variables and arrays, by key
        self.root_key = self.key_of(root)
        self.functions = ops_behind([root])[::-1]
        self.scopes = scopes_of(self.functions)
        for function in self.functions:
            for x in function.inputs:
                self.key_of(x)

    # ------------------------------------------------------------------ keys
    def key_of(self, x: Any) -> int:
        """The number of a value: one for all Variables of the same output."""
        key = self.keys.setdefault(identity_of(x), len(self.keys))
        if key == len(self.data):
            self.held.append(x)
            self.data.append(x._data if isinstance(x, Node) else x)
            if not isinstance(x, Node) or x.creator is None:
                self.leaves[key] = x
        if isinstance(x, Node) and x.name:
            self.given_names.setdefault(key, printable(str(x.name)))
        return key

    def new_key(self, x: Any) -> int:
        """A number of its own for a value that a step of the drawing makes."""
        key = self.keys[object()] = len(self.keys)
        self.held.append(x)
        self.data.append(x._data if isinstance(x, Node) else x)
        return key

    def assigned_names(self) -> dict[int, str]:
        """The names of the user's own variables, where ops know their lines: ``h = x @ w``."""
        names = {}
        for function in self.functions:
            for index in range(function.arity):
                output = index if function.arity > 1 else None
                name, key = assigned_name(function.site, output), self.keys.get((function, index))
                if name is not None and key is not None:
                    names[key] = printable(name)
        return names

    # ------------------------------------------------------------------ steps
    def step(self, function: Function, inputs: Sequence[int], rule: Function | None = None) -> Step:
        """A step of forward, or one of backward that belongs to the rule of a forward op."""
        return Step(
            label=label_of(function),
            inputs=tuple(inputs),
            outputs=tuple(self.keys.get((function, i)) for i in range(function.arity)),
            parameters=parameters_of(function),
            scope=self.scopes.get(rule or function, ()),
            tooltip=_tooltip(label_of(function), function, rule),
            number=function.order,
            rule_of=rule.order if rule else -1,
        )

    def rule_step(self, rule: Function, label: str, inputs: tuple[int, ...], part: int) -> Step:
        """A step by which an op's rule gives `part` to an input, without an op of its own."""
        return Step(
            label,
            inputs,
            (part,),
            scope=self.scopes.get(rule, ()),
            tooltip=_tooltip(label, rule, rule),
            rule_of=rule.order,
        )

    def kind_of(self, key: int, backward: bool) -> Kind:
        """What a value is in a picture."""
        leaf = self.leaves.get(key)
        if key == self.root_key:
            return "result"
        if leaf is None or backward:
            return "intermediate"
        if isinstance(leaf, Node):
            return "parameter" if isinstance(leaf, Parameter) else "variable"
        return "number" if getattr(leaf, "ndim", 0) == 0 else "constant"


def _tooltip(label: str, function: Function, rule: Function | None) -> str:
    """What the step is of, and the user's line where it is known."""
    origin = f", backward of {label_of(rule)}" if rule else ""
    site = str((rule or function).site or "")
    return "\n".join([label + origin, *([printable(site, 300)] if site else [])])
