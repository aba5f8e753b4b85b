"""Read the graph behind a Variable: its forward steps, and those of its gradient.

The backward part is what `backward.gradients` records when it runs on Variables. It runs here only
for its graph: nothing is written on the Variables that the user holds.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace

from tinygrad_w2v._base.errors import TinygradError
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.autograd.variable import Variable
from tinygrad_w2v.drawing.formulas.rule import rule_of
from tinygrad_w2v.drawing.labels import content_of, type_of
from tinygrad_w2v.drawing.options import Detail, Notation
from tinygrad_w2v.drawing.reading.book import Equation
from tinygrad_w2v.drawing.reading.naming import Naming
from tinygrad_w2v.drawing.reading.numbered import Numbered
from tinygrad_w2v.drawing.reading.program import Program, Step, Value, made_by, needed, read_or_made
from tinygrad_w2v.drawing.reading.rules import Rules
from tinygrad_w2v.drawing.reading.tooltips import Tooltips


def read(
    root: Variable,
    backward: bool,
    values: bool = False,
    with_gradients: bool = False,
    notation: Notation = "gh",
    detail: Detail = "ops",
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
    notation : {"gh", "dh", "dL/dh"}
        How gradients are called.
    detail : {"ops", "book"}
        Which form of the ops' rules is meant.

    Raises
    ------
    NonDifferentiableError
        If `backward` is asked of integers.
    Exception
        What a backward rule raises.
    """
    return Reader(root).program(backward, values, with_gradients, notation, detail)


class Reader(Numbered):
    """Reads one graph."""

    def program(
        self,
        backward: bool,
        values: bool,
        with_gradients: bool,
        notation: Notation = "gh",
        detail: Detail = "ops",
    ) -> Program:
        """The steps with the names and texts of their values."""
        rules = Rules(self, detail) if backward or with_gradients else None
        forward = tuple(self.step(f, [self.key_of(x) for x in f.inputs]) for f in self.functions)
        later: tuple[Step, ...] = ()
        leaf_gradients: tuple[tuple[int, int], ...] = ()
        gradient_of = rules.gradient_of if rules else {}
        parts_of = rules.parts_of if rules else {}
        used = {self.root_key, *read_or_made(forward)}
        seed = None
        if backward and rules:
            leaf_gradients = tuple(
                (key, gradient_of[key])
                for key, leaf in self.leaves.items()
                if isinstance(leaf, Node) and key in gradient_of and key != self.root_key
            )
            seed = rules.seed
            later = needed(rules.steps, (g for _, g in leaf_gradients))
            used |= {seed, *read_or_made(later)}
        naming = Naming(self.leaves, self.data, self.root_key, self.given_names, notation)
        naming.forward(forward, self.assigned_names(), self.letter(detail))
        naming.backward(later, used, gradient_of, parts_of)
        tooltips = Tooltips(self.functions, forward, naming, detail)
        forward = tuple(map(tooltips.titled, forward))
        later = tuple(map(tooltips.titled, later))
        if rules and rules.equations:
            equations, taken = rules.equations, frozenset(naming.named.values())
            later = tuple(_with_equation(step, equations, naming.named, taken) for step in later)
        final = {g for _, g in leaf_gradients}
        made_backward = {seed, *made_by(later)}
        described = {}
        for key in sorted(used):
            data, g = self.data[key], gradient_of.get(key)
            described[key] = Value(
                name=naming.named[key],
                kind="gradient" if key in final else self.kind_of(key, key in made_backward),
                type=type_of(data),
                content=content_of(data) if values else "",
                gradient=content_of(self.data[g]) if with_gradients and g is not None else "",
                view_of=naming.views.get(key),
                backward=key in made_backward,
                shape=tuple(data.shape),
            )
        shown = {key: g for key, g in gradient_of.items() if key in used and g in used}
        parts = forward, self.root_key, later
        return Program(described, *parts, seed, leaf_gradients, shown if backward else {})

    def letter(self, detail: Detail) -> str:
        """What the chapter calls the result, where it has a letter of its own: ``L``."""
        creator = self.root.creator
        if creator is None:
            return ""
        made = [rule.made for rule in (rule_of(creator), rule_of(creator, detail)) if rule]
        return made[-1] if len(set(made)) > 1 else ""


def _with_equation(
    step: Step, equations: Mapping[int, Equation], named: Mapping[int, str], taken: Container[str]
) -> Step:
    """A step that a textbook writes as an equation, with that equation."""
    part = step.outputs[0]
    if part is None or part not in equations or equations[part].is_copy:
        return step
    formula, definitions = equations[part].written(named, taken, part)
    return replace(step, formula=formula, parameters=definitions)


def why_not(error: Exception) -> str:
    """The first line of an error's message, for a note in a listing."""
    kind = "" if isinstance(error, TinygradError) else f"{type(error).__name__}: "
    return kind + (str(error).splitlines() or [""])[0]
