"""What is shown where the pointer rests on a box: the op's rule, in the names of its graph."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace

from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.drawing.formulas.equations import Formula, Rule, Token
from tinygrad_w2v.drawing.formulas.rule import parameters_in, rule_of
from tinygrad_w2v.drawing.labels import parameter_text, printable
from tinygrad_w2v.drawing.options import Detail
from tinygrad_w2v.drawing.reading.naming import Naming
from tinygrad_w2v.drawing.reading.program import Step

_LONGEST = 300


class Tooltips:
    """Writes the rules of a graph's ops into the tooltips of steps.

    Parameters
    ----------
    functions, forward : sequence
        The ops of the forward pass, and their steps.
    naming : Naming
        Of all values.
    detail : {"ops", "book"}
        Which form of a rule is shown.
    """

    def __init__(
        self,
        functions: Sequence[Function],
        forward: Sequence[Step],
        naming: Naming,
        detail: Detail,
    ) -> None:
        self.functions = {function.order: function for function in functions}
        self.forward = {step.number: step for step in forward}
        self.naming, self.detail = naming, detail
        self.taken = frozenset(naming.named.values())

    def titled(self, step: Step) -> Step:
        """The step with its op's rule in the tooltip; of a step of backward, what it is part of."""
        number = step.rule_of if step.rule_of >= 0 else step.number
        if number not in self.functions:
            return step
        first, *others = step.tooltip.split("\n")
        text = self.text(self.functions[number], self.forward[number], step.rule_of >= 0)
        lines = [first, *([printable(text, _LONGEST)] if text else []), *others]
        return replace(step, tooltip="\n".join(lines))

    def text(self, function: Function, step: Step, only_backward: bool) -> str:
        """The rule of an op, or where it cannot be read the first words of its docstring."""
        rule = rule_of(function, self.detail)
        if rule is None:
            doc = inspect.cleandoc(vars(type(function)).get("__doc__") or "").split("\n\n")[0]
            return "" if "=" in doc else doc.replace("\n", " ")
        values = parameters_in(rule, function)
        needed = [f if function.needs(i) else None for i, f in enumerate(rule.backward)]
        rule = rule._replace(backward=tuple(needed)).apart_from(self.taken)

        def name(token: Token) -> str:
            if token.role == "parameter":
                own = function.parameter_names.get(token.text)
                return own or (parameter_text(values[token.text]) if token.text in values else "")
            of_input = token.role in ("input", "input_gradient")
            key = (step.inputs if of_input else step.outputs)[token.position]
            if key is None:
                return token.text
            if token.role in ("input", "output"):
                return self.naming.named[key]
            return self.naming.gradient_name(key)

        return self.written(rule, only_backward, name)

    def written(self, rule: Rule, only_backward: bool, name: Callable[[Token], str]) -> str:
        """The equations of a rule on one line."""

        def line(formulas: tuple[Formula | None, ...]) -> str:
            return ",  ".join([formula.written(name) for formula in formulas if formula])

        parts = [line(rule.backward), line(rule.definitions)]
        if not only_backward or not any(parts):
            parts.insert(0, line((rule.forward,)))
        note = f"   ({rule.note})" if rule.note else ""
        return ";  ".join(filter(None, parts)) + note
