"""Read a graph off a Variable: its forward steps, and those that its gradient takes.

The backward part is what `backward.gradients` records when it runs on Variables. It is run here
for its graph alone: nothing is written on the Variables that the user holds.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import NonDifferentiableError, TinygradError
from tinygrad_w2v.autograd.backward import consumers_first, gradients
from tinygrad_w2v.autograd.function import Function, next_order
from tinygrad_w2v.autograd.modes import unwatched
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.autograd.variable import Variable
from tinygrad_w2v.drawing.describing import (
    content_of,
    label_of,
    parameters_of,
    printable,
    type_of,
)
from tinygrad_w2v.drawing.program import Kind, Names, Program, Scope, Step, Value
from tinygrad_w2v.drawing.scopes import scopes_of
from tinygrad_w2v.nn import Parameter


def read(
    root: Variable, backward: bool, values: bool = False, with_gradients: bool = False
) -> Program:
    """The program that made `root`.

    Parameters
    ----------
    root : Variable
        The result.
    backward : bool
        Whether the gradient's steps are wanted, too.
    values, with_gradients : bool
        Whether to note the numbers of the values, and of their gradients.

    Raises
    ------
    NonDifferentiableError
        If `backward` is asked of integers.
    Exception
        What a backward rule raises.
    """
    reader = _Reader(root)
    if backward or with_gradients:
        reader.differentiate()
    return reader.program(backward, values, with_gradients)


class _Timed(dict[Node, Any]):
    """The gradients on the way, and the number of creation at which each op's rule began."""

    def __init__(self) -> None:
        super().__init__()
        self.starts: list[tuple[int, Function]] = []

    def __setitem__(self, node: Node, g: Any) -> None:
        super().__setitem__(node, g)
        if node.creator is not None:
            self.starts.append((next_order(), node.creator))


class _Reader:
    """Collects the values and ops of one graph under small numbers."""

    def __init__(self, root: Variable) -> None:
        self.root = root
        self.keys: dict[Any, int] = {}
        self.held: list[Any] = []  # what `id` was taken of must live as long as the reader
        self.data: dict[int, Any] = {}
        self.given_names: dict[int, str] = {}
        self.leaves: dict[int, Any] = {}  # leaf Variables and arrays, by key
        self.functions = _oldest_first([root])
        self.root_key = self.key_of(root)
        for function in self.functions:
            self.register(function)
        self.backward_functions: list[Function] = []
        self.rule_of: dict[Function, Function] = {}
        self.gradient_of: dict[int, int] = {}
        self.seed: int | None = None
        self.views: set[int] = set()

    # ------------------------------------------------------------------ keys
    def key_of(self, x: Any) -> int:
        """The number of a value: one for all Variables of the same output."""
        node = isinstance(x, Node)
        creator = x.creator if isinstance(x, Node) else None
        identity: Any = (creator, x.index) if creator is not None else id(x)
        key = self.keys.get(identity)
        if key is None:
            key = self.keys[identity] = len(self.keys)
            self.held.append(x)
            self.data[key] = x._data if node else x
            if creator is None:
                self.leaves[key] = x
        if node and x.name and key not in self.given_names:
            self.given_names[key] = printable(str(x.name))
        return key

    def register(self, function: Function) -> None:
        for x in function.inputs or ():
            self.key_of(x)

    def outputs_of(self, function: Function) -> tuple[int | None, ...]:
        return tuple(self.keys.get((function, i)) for i in range(function.arity))

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
            found = gradients(root, seed, create_graph=True, kept=kept)
        self.seed = self.key_of(seed)
        self.gradient_of[self.root_key] = self.seed
        for node, g in (*kept.items(), *found.items()):
            if node._data.dtype.kind == "f":
                self.gradient_of.setdefault(self.key_of(node), self.key_of(g))
        forward = set(self.functions)
        self.backward_functions = [f for f in _oldest_first(found.values()) if f not in forward]
        for function in self.backward_functions:
            self.register(function)
        starts = iter([*kept.starts, (next_order(), None)])
        rule: Function | None = None
        following = next(starts)
        for function in self.backward_functions:
            while following[0] < function.order:
                rule, following = following[1], next(starts)
            if rule is not None:
                self.rule_of[function] = rule

    # ------------------------------------------------------------------ the program
    def program(self, backward: bool, values: bool, with_gradients: bool) -> Program:
        scopes = scopes_of(self.functions)
        forward = [self.step(f, scopes.get(f, ()), _tooltip(f, f.site)) for f in self.functions]
        later: list[Step] = []
        for f in self.backward_functions if backward else ():
            rule = self.rule_of.get(f)
            scope = scopes.get(rule, ()) if rule else ()
            origin = f"backward of {label_of(rule)}" if rule else ""
            tooltip = _tooltip(f, rule.site if rule else None, origin)
            later.append(self.step(f, scope, tooltip))
        leaf_gradients = tuple(
            (key, self.gradient_of[key])
            for key, leaf in self.leaves.items()
            if isinstance(leaf, Node) and key in self.gradient_of and key != self.root_key
        )
        if backward:
            kept = {g for _, g in leaf_gradients}
            later = self.merged_sums(later, kept)
        used = {self.root_key}
        for step in (*forward, *later):
            used.update(step.inputs)
            used.update(key for key in step.outputs if key is not None)
        if backward:
            used.update(g for _, g in leaf_gradients)
            used.add(self.seed if self.seed is not None else self.root_key)
        names = self.names(forward, later, leaf_gradients, used)
        made_backward = {key for step in later for key in step.outputs if key is not None}
        made_backward |= {self.seed} if self.seed is not None else set()
        final = {g for _, g in leaf_gradients}
        described = {}
        for key in sorted(used):
            data = self.data[key]
            g = self.gradient_of.get(key)
            described[key] = Value(
                name=names[key],
                kind=self.kind_of(key, final, made_backward),
                type=type_of(data),
                content=content_of(data) if values else "",
                gradient=content_of(self.data[g]) if with_gradients and g is not None else "",
                view=key in self.views,
                backward=key in made_backward,
            )
        return Program(
            values=described,
            forward=tuple(forward),
            backward=tuple(later),
            result=self.root_key,
            seed=self.seed if backward else None,
            gradients=leaf_gradients if backward else (),
        )

    def step(self, function: Function, scope: tuple[Scope, ...], tooltip: str) -> Step:
        return Step(
            label=label_of(function),
            inputs=tuple(self.key_of(x) for x in function.inputs or ()),
            outputs=self.outputs_of(function),
            parameters=parameters_of(function),
            scope=scope,
            tooltip=tooltip,
        )

    def merged_sums(self, steps: list[Step], kept: set[int]) -> list[Step]:
        """Sums of sums as one: what came back from 300 uses of a parameter is one line."""
        uses: dict[int, int] = {}
        for step in steps:
            for key in step.inputs:
                uses[key] = uses.get(key, 0) + 1
        sums = {
            f_out: position
            for position, (f, step) in enumerate(zip(self.backward_functions, steps, strict=True))
            if f.label == "add" and (f_out := step.outputs[0]) is not None
        }
        gone: set[int] = set()
        out: list[Step] = list(steps)
        for position, step in enumerate(steps):
            if step.outputs[0] not in sums:
                continue
            inputs: list[int] = []
            for key in step.inputs:
                earlier = sums.get(key)
                if earlier is not None and uses[key] == 1 and key not in kept:
                    inputs += out[earlier].inputs
                    gone.add(earlier)
                else:
                    inputs.append(key)
            out[position] = Step(
                step.label, tuple(inputs), step.outputs, (), step.scope, step.tooltip
            )
        return [step for position, step in enumerate(out) if position not in gone]

    # ------------------------------------------------------------------ kinds and names
    def kind_of(self, key: int, final: set[int], backward: set[int]) -> Kind:
        if key == self.root_key:
            return "result"
        if key in final:
            return "gradient"
        leaf = self.leaves.get(key)
        if leaf is None or key in backward:
            return "intermediate"
        if isinstance(leaf, Parameter):
            return "parameter"
        if isinstance(leaf, Node):
            return "variable"
        return "number" if getattr(leaf, "ndim", 0) == 0 else "constant"

    def names(
        self,
        forward: list[Step],
        later: list[Step],
        leaf_gradients: tuple[tuple[int, int], ...],
        used: set[int],
    ) -> dict[int, str]:
        """A name for every value: the user's where there is one, else a short one."""
        names = Names()
        found: dict[int, str] = {}
        given = self.qualified(forward)
        for key in sorted(given):
            found[key] = names.reserve(given[key])
        if self.root_key not in found:
            found[self.root_key] = names.reserve("y")
        for step in forward:
            made = [key for key in step.outputs if key is not None]
            for key in (*step.inputs, *made):
                if key not in found:
                    found[key] = self.short_name(key, names, "h")
        for key, g in self.gradient_of.items():
            # A sum hands its gradient on to both sides: it keeps the first name that it got.
            if g in used and g not in found:
                found[g] = names.reserve(f"g{found[key]}")
        self.name_parts(later, leaf_gradients, found, names)
        self.name_views(used, found)
        made_later = [key for step in later for key in (*step.inputs, *step.outputs)]
        for made_key in (*made_later, *sorted(used)):
            if made_key is not None and made_key not in found:
                found[made_key] = self.short_name(made_key, names, "t")
        return found

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

    def name_parts(
        self,
        later: list[Step],
        leaf_gradients: tuple[tuple[int, int], ...],
        found: dict[int, str],
        names: Names,
    ) -> None:
        """``gw_1``, ``gw_2``: what is summed up to ``gw``."""
        named = set(self.gradient_of.values())
        for step in later:
            (result,) = step.outputs[:1]
            if step.label != "add" or result is None or result not in named:
                continue
            for position, key in enumerate(step.inputs, 1):
                if key not in found and key not in self.leaves:
                    found[key] = names.reserve(f"{found[result]}_{position}")

    def name_views(self, used: set[int], found: dict[int, str]) -> None:
        """``swapaxes(c1, -1, -2)`` for what a rule made of a constant without recording it."""
        known = {
            _layout(self.data[key]): key
            for key in found
            if isinstance(self.leaves.get(key), np.ndarray)
        }
        for key in sorted(used - found.keys()):
            leaf = self.leaves.get(key)
            if isinstance(leaf, np.ndarray) and leaf.ndim >= 2:
                original = known.get(_layout(np.swapaxes(leaf, -1, -2)))
                if original is not None:
                    found[key] = f"swapaxes({found[original]}, -1, -2)"
                    self.views.add(key)


def _layout(array: Any) -> tuple[Any, ...]:
    """Equal for two views of the same elements in the same order."""
    return (array.__array_interface__["data"][0], array.shape, array.strides, array.dtype)


def _oldest_first(roots: Iterable[Any]) -> list[Function]:
    creators = [g.creator for g in roots if isinstance(g, Node) and g.creator is not None]
    return consumers_first(list(dict.fromkeys(creators)))[::-1]


def _formula(kind: Any) -> str:
    doc = vars(kind).get("__doc__")
    return inspect.cleandoc(doc).split("\n\n")[0].replace("\n", " ") if doc else ""


def _tooltip(function: Function, site: Any, origin: str = "") -> str:
    """The op's formula, and the user's line where it is known."""
    parts = [label_of(function) if not origin else f"{label_of(function)}, {origin}"]
    parts += [printable(text, 300) for text in (_formula(type(function)), str(site or "")) if text]
    return "\n".join(parts)


def why_not(error: Exception) -> str:
    """The first line of an error's message, for a note in a listing."""
    kind = "" if isinstance(error, TinygradError) else f"{type(error).__name__}: "
    return kind + (str(error).splitlines() or [""])[0]
