"""Read the graph behind a Variable: its forward steps, and those of its gradient.

The backward part is what `backward.gradients` records when it runs on Variables. It runs here only
for its graph: nothing is written on the Variables that the user holds.
"""

from __future__ import annotations

import inspect
import warnings
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import NonDifferentiableError, TinygradError
from tinygrad_w2v.autograd.backward import consumers_first, gradients
from tinygrad_w2v.autograd.function import Function, next_order
from tinygrad_w2v.autograd.modes import unwatched
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.autograd.variable import Variable
from tinygrad_w2v.drawing.labels import (
    content_of,
    label_of,
    parameters_of,
    printable,
    type_of,
)
from tinygrad_w2v.drawing.program import Kind, Names, Program, Step, Value
from tinygrad_w2v.drawing.scopes import scopes_of
from tinygrad_w2v.nn import Parameter


def read(
    root: Variable, backward: bool, values: bool = False, with_gradients: bool = False
) -> Program:
    """Return the program that made `root`.

    Parameters
    ----------
    root : Variable
        The result.
    backward : bool
        Include the steps of the gradient.
    values, with_gradients : bool
        Include the numbers of the values, and of their gradients.

    Raises
    ------
    NonDifferentiableError
        If `backward` is asked of integers.
    Exception
        What a backward rule raises.
    """
    reader = Reader(root)
    if backward or with_gradients:
        reader.differentiate()
    return reader.program(backward, values, with_gradients)


class _Timed(dict[Node, Any]):
    """The gradients on the way, and the creation number at which each op's rule began."""

    def __init__(self) -> None:
        super().__init__()
        self.starts: list[int] = []
        self.rules: list[Function] = []

    def __setitem__(self, node: Node, g: Any) -> None:
        super().__setitem__(node, g)
        if node.creator is not None:
            self.starts.append(next_order())
            self.rules.append(node.creator)


class Reader:
    """Numbers the values and ops of one graph."""

    def __init__(self, root: Variable) -> None:
        self.root = root
        self.keys: dict[Any, int] = {}
        self.held: list[Any] = []  # an `id` is a key only as long as its object lives
        self.data: list[Any] = []
        self.given_names: dict[int, str] = {}
        self.leaves: dict[int, Any] = {}  # leaf Variables and arrays, by key
        self.root_key = self.key_of(root)
        self.functions = self.read([root])
        self.scopes = scopes_of(self.functions)
        self.backward_functions: list[Function] = []
        self.rule_of: dict[Function, Function] = {}
        self.gradient_of: dict[int, int] = {}
        self.seed: int | None = None
        self.views: set[int] = set()

    # ------------------------------------------------------------------ keys
    def key_of(self, x: Any) -> int:
        """The number of a value: one for all Variables of the same output."""
        creator = x.creator if isinstance(x, Node) else None
        identity: Any = id(x) if creator is None else (creator, x.index)
        key = self.keys.setdefault(identity, len(self.keys))
        if key == len(self.data):
            self.held.append(x)
            self.data.append(x._data if isinstance(x, Node) else x)
            if creator is None:
                self.leaves[key] = x
        if isinstance(x, Node) and x.name:
            self.given_names.setdefault(key, printable(str(x.name)))
        return key

    def read(self, roots: Iterable[Any], known: Iterable[Function] = ()) -> list[Function]:
        """The ops that made the roots, oldest first, without the known ones."""
        creators = [g.creator for g in roots if isinstance(g, Node) and g.creator is not None]
        ordered = consumers_first(list(dict.fromkeys(creators)))[::-1]
        others = set(known)
        functions = [function for function in ordered if function not in others]
        for function in functions:
            for x in function.inputs or ():
                self.key_of(x)
        return functions

    # ------------------------------------------------------------------ the backward pass
    def differentiate(self) -> None:
        """Run the backward pass for its graph."""
        root = self.root
        if root.dtype.kind != "f":
            raise NonDifferentiableError(
                f"a value of dtype {root.dtype} has no gradient to draw: leave out `backward=True`"
            )
        seed = Variable(np.ones(root.shape, root.dtype))
        kept = _Timed()
        with unwatched(), np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            of_leaves = gradients(root, seed, create_graph=True, kept=kept)
        self.seed = self.key_of(seed)
        self.gradient_of[self.root_key] = self.seed
        for node, g in (*kept.items(), *of_leaves.items()):
            if node._data.dtype.kind == "f":
                self.gradient_of.setdefault(self.key_of(node), self.key_of(g))
        self.backward_functions = self.read(of_leaves.values(), self.functions)
        for function in self.backward_functions:
            if started := bisect_left(kept.starts, function.order):
                self.rule_of[function] = kept.rules[started - 1]

    # ------------------------------------------------------------------ the program
    def program(self, backward: bool, values: bool, with_gradients: bool) -> Program:
        forward = [self.step(function) for function in self.functions]
        later: list[Step] = []
        leaf_gradients: tuple[tuple[int, int], ...] = ()
        used = {self.root_key}
        seed = None
        if backward:
            leaf_gradients = tuple(
                (key, self.gradient_of[key])
                for key, leaf in self.leaves.items()
                if isinstance(leaf, Node) and key in self.gradient_of and key != self.root_key
            )
            seed = self.seed
            assert seed is not None
            later = [self.step(f, self.rule_of.get(f)) for f in self.backward_functions]
            later = _merged_sums(later, {g for _, g in leaf_gradients})
            used |= {seed, *(g for _, g in leaf_gradients)}
        for step in (*forward, *later):
            used.update(step.inputs, _made([step]))
        names = self.names(forward, later, used)
        final = {g for _, g in leaf_gradients}
        made_backward = {seed, *_made(later)}
        described = {}
        for key in sorted(used):
            data, g = self.data[key], self.gradient_of.get(key)
            described[key] = Value(
                name=names[key],
                kind="gradient" if key in final else self.kind_of(key, key in made_backward),
                type=type_of(data),
                content=content_of(data) if values else "",
                gradient=content_of(self.data[g]) if with_gradients and g is not None else "",
                view=key in self.views,
                backward=key in made_backward,
                shape=tuple(data.shape),
            )
        parts = tuple(forward), self.root_key, tuple(later)
        return Program(described, *parts, seed=seed, gradients=leaf_gradients)

    def step(self, function: Function, rule: Function | None = None) -> Step:
        """A step of forward, or one of backward that belongs to the rule of a forward op."""
        return Step(
            label=label_of(function),
            inputs=tuple(self.key_of(x) for x in function.inputs or ()),
            outputs=tuple(self.keys.get((function, i)) for i in range(function.arity)),
            parameters=parameters_of(function),
            scope=self.scopes.get(rule or function, ()),
            tooltip=_tooltip(function, rule),
            number=function.order,
            rule_of=rule.order if rule else -1,
        )

    # ------------------------------------------------------------------ kinds and names
    def kind_of(self, key: int, backward: bool) -> Kind:
        leaf = self.leaves.get(key)
        if key == self.root_key:
            return "result"
        if leaf is None or backward:
            return "intermediate"
        if isinstance(leaf, Node):
            return "parameter" if isinstance(leaf, Parameter) else "variable"
        return "number" if getattr(leaf, "ndim", 0) == 0 else "constant"

    def names(self, forward: list[Step], later: list[Step], used: set[int]) -> dict[int, str]:
        """A name for every value: the user's where there is one, else a short one."""
        names = Names()
        given = self.qualified(forward)
        named = {key: names.reserve(given[key]) for key in sorted(given)}
        if self.root_key not in named:
            named[self.root_key] = names.reserve("y")
        for key in _read_or_made(forward):
            if key not in named:
                named[key] = self.short_name(key, names, "h")
        for key, g in self.gradient_of.items():
            # A sum passes its gradient on to both operands: it keeps the first name.
            if g in used and g not in named:
                named[g] = names.reserve(f"g{named[key]}")
        self.name_parts(later, named, names)
        self.name_views(used, named)
        for key in (*_read_or_made(later), *sorted(used)):
            if key not in named:
                named[key] = self.short_name(key, names, "t")
        return named

    def qualified(self, forward: list[Step]) -> dict[int, str]:
        """The users' names; where two leaves have the same, with their modules' names before."""
        leaves: dict[str, list[int]] = {}
        for key in self.leaves:
            if key in self.given_names:
                leaves.setdefault(self.given_names[key], []).append(key)
        alike = {key for keys in leaves.values() if len(keys) > 1 for key in keys}
        given = dict(self.given_names)
        for step in forward if alike else ():
            for key in alike.intersection(step.inputs):
                path = [scope.name for scope in step.scope[1:]]
                given[key] = ".".join([*path, self.given_names[key]])
                alike.discard(key)
        return given

    def short_name(self, key: int, names: Names, letter: str) -> str:
        leaf = self.leaves.get(key)
        if leaf is None:
            return names.fresh(letter)
        if isinstance(leaf, Node):
            return names.fresh("x")
        if getattr(leaf, "ndim", 0) == 0:
            return content_of(leaf) or printable(str(leaf))
        return names.fresh("c")

    def name_parts(self, later: list[Step], named: dict[int, str], names: Names) -> None:
        """``gw_1``, ``gw_2``: the terms of the sum ``gw``."""
        totals = set(self.gradient_of.values())
        for step in later:
            result = step.outputs[0]
            if step.label != "add" or result is None or result not in totals:
                continue
            for position, key in enumerate(step.inputs, 1):
                if key not in named and key not in self.leaves:
                    named[key] = names.reserve(f"{named[result]}_{position}")

    def name_views(self, used: set[int], named: dict[int, str]) -> None:
        """``swapaxes(c1, -1, -2)`` for what a rule made of a constant without recording it."""
        known = {
            _layout(self.data[key]): key
            for key in named
            if isinstance(self.leaves.get(key), np.ndarray)
        }
        for key in sorted(used - named.keys()):
            leaf = self.leaves.get(key)
            if isinstance(leaf, np.ndarray) and leaf.ndim >= 2:
                original = known.get(_layout(np.swapaxes(leaf, -1, -2)))
                if original is not None:
                    named[key] = f"swapaxes({named[original]}, -1, -2)"
                    self.views.add(key)


def _layout(array: Any) -> tuple[Any, ...]:
    """Equal for two views of the same elements in the same order."""
    return (array.__array_interface__["data"][0], array.shape, array.strides, array.dtype)


def _made(steps: Iterable[Step]) -> list[int]:
    return [key for step in steps for key in step.outputs if key is not None]


def _read_or_made(steps: Iterable[Step]) -> list[int]:
    return [key for step in steps for key in (*step.inputs, *_made([step]))]


def _merged_sums(steps: list[Step], kept: set[int]) -> list[Step]:
    """Merge sums of sums: what came back from 300 uses of a parameter is one line."""
    uses = Counter(key for step in steps for key in step.inputs)
    sums: dict[int | None, Step] = {}
    merged: set[int | None] = set()
    for step in steps:
        if step.label != "add" or step.outputs[0] is None:
            continue
        inputs: list[int] = []
        for key in step.inputs:
            if key in sums and uses[key] == 1 and key not in kept:
                inputs += sums[key].inputs
                merged.add(key)
            else:
                inputs.append(key)
        sums[step.outputs[0]] = replace(step, inputs=tuple(inputs), parameters=())
    return [sums.get(step.outputs[0], step) for step in steps if step.outputs[0] not in merged]


def _formula(kind: Any) -> str:
    doc = vars(kind).get("__doc__")
    return inspect.cleandoc(doc).split("\n\n")[0].replace("\n", " ") if doc else ""


def _tooltip(function: Function, rule: Function | None) -> str:
    """The op's formula, and the user's line where it is known."""
    origin = f", backward of {label_of(rule)}" if rule else ""
    site = str((rule or function).site or "")
    notes = [printable(text, 300) for text in (_formula(type(function)), site) if text]
    return "\n".join([label_of(function) + origin, *notes])


def why_not(error: Exception) -> str:
    """The first line of an error's message, for a note in a listing."""
    kind = "" if isinstance(error, TinygradError) else f"{type(error).__name__}: "
    return kind + (str(error).splitlines() or [""])[0]
