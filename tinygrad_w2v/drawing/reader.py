"""Read the graph behind a Variable: its forward steps, and those of its gradient.

The backward part is what `backward.gradients` records when it runs on Variables. It runs here only
for its graph: nothing is written on the Variables that the user holds.
"""

from __future__ import annotations

from tinygrad_w2v._base.errors import TinygradError
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.autograd.variable import Variable
from tinygrad_w2v.drawing.labels import content_of, type_of
from tinygrad_w2v.drawing.naming import Naming, gradient_name
from tinygrad_w2v.drawing.numbered import Numbered
from tinygrad_w2v.drawing.options import Notation
from tinygrad_w2v.drawing.program import Program, Step, Value, made_by, needed, read_or_made
from tinygrad_w2v.drawing.rules import Rules
from tinygrad_w2v.drawing.tooltips import Tooltips


def read(
    root: Variable,
    backward: bool,
    values: bool = False,
    with_gradients: bool = False,
    notation: Notation = "gh",
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

    Raises
    ------
    NonDifferentiableError
        If `backward` is asked of integers.
    Exception
        What a backward rule raises.
    """
    return Reader(root).program(backward, values, with_gradients, notation)


class Reader(Numbered):
    """Reads one graph."""

    def program(
        self, backward: bool, values: bool, with_gradients: bool, notation: Notation = "gh"
    ) -> Program:
        """The steps with the names and texts of their values."""
        rules = Rules(self) if backward or with_gradients else None
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
        naming.forward(forward, self.assigned_names())
        naming.backward(later, used, gradient_of, parts_of)
        forward, later = self.with_rules(forward, later, naming)
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

    def with_rules(
        self, forward: tuple[Step, ...], later: tuple[Step, ...], naming: Naming
    ) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
        """The steps with the rules of their ops in their tooltips, in the graph's names."""
        named = naming.named

        def of_gradient(key: int) -> str:
            return gradient_name(naming.notation, named[key], named[self.root_key])

        functions = {function.order: function for function in self.functions}
        steps = {step.number: step for step in forward}
        tooltips = Tooltips(functions, steps, named.__getitem__, of_gradient)
        return tuple(map(tooltips.titled, forward)), tuple(map(tooltips.titled, later))


def why_not(error: Exception) -> str:
    """The first line of an error's message, for a note in a listing."""
    kind = "" if isinstance(error, TinygradError) else f"{type(error).__name__}: "
    return kind + (str(error).splitlines() or [""])[0]
