"""Backward as a textbook writes it: for each op one equation for each input.

The equation is that of the op's docstring, in the names of the graph. It stands for the same
numbers as the ops that the rule consists of: where an equation does not hold for an application of
an op, or is written in words, the ops are shown.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from math import prod
from typing import Any

import numpy as np

from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.drawing.formulas.equations import Formula, Role, Rule, Token
from tinygrad_w2v.drawing.formulas.rule import parameters_in, rule_of, shape_of_product, summed_axes
from tinygrad_w2v.drawing.labels import parameter_text, printable
from tinygrad_w2v.drawing.reading.program import COPY

LONGEST = 160
# What equations call that keeps the shape of what it is given.
_KEEPING = {"abs", "cos", "cosh", "exp", "floor", "isnan", "log", "log2", "log_softmax", "sigmoid"}
_KEEPING |= {"sign", "sin", "sinh", "softmax", "sqrt", "trunc", "where"}

_COUNT = re.compile(r"\w+\.size|prod\(\w+\.shape(?P<leading>\[:-1\])?\)")

Tokens = tuple[Token, ...]
Keys = Mapping[tuple[Role, int], int]  # of an op's inputs, its outputs and their gradients


@dataclass(frozen=True)
class Equation:
    """What a rule gives one input: `right`, or `right` added at the places `left` of zeros."""

    left: Tokens
    right: Tokens
    definitions: tuple[tuple[str, Tokens], ...]  # of the letters in `right`
    keys: Keys
    parameters: Mapping[str, str]
    axes: tuple[int, ...] = ()  # summed, because the input was broadcast along them
    copied: bool = False  # a smaller gradient is given to each element

    @property
    def label(self) -> str:
        """The equation in the letters of the docstring, the same for all ops of a kind."""
        if self.is_copy:
            return f"{COPY} to each" if self.copied else COPY
        return self._framed(_source(self.left), _source(self.right))

    @property
    def is_copy(self) -> bool:
        """Whether the gradient is handed on."""
        return [token.role for token in self.right] == ["gradient"] and not (self.left or self.axes)

    @property
    def inputs(self) -> tuple[int, ...]:
        """The values that are read."""
        read = (*self.right, *self.left, *(t for _, tokens in self.definitions for t in tokens))
        keys = (self.keys.get((token.role, token.position)) for token in read)
        return tuple(dict.fromkeys(key for key in keys if key is not None))

    def written(
        self, named: Mapping[int, str], taken: Container[str], part: int
    ) -> tuple[str, tuple[str, ...]]:
        """The equation with the names of a graph, and the definitions of its letters.

        A letter that is a name in the graph, too, has a prime; `taken` are all names.
        """
        letters = {}
        for letter, _ in self.definitions:
            letters[letter] = letter
            while letters[letter] in taken or letters[letter] in self.parameters.values():
                letters[letter] += "′"

        def name(token: Token) -> str:
            if token.role == "parameter":
                return self.parameters.get(token.text, token.text)
            key = part if token.role == "input_gradient" else self._key(token)
            return "0" if key is None else named[key]  # an output that nothing read

        def text(tokens: Tokens) -> str:
            marked = [
                t._replace(text=letters.get(t.text, t.text)) if t.role == "text" else t
                for t in tokens
            ]
            return Formula(tuple(marked)).written(name)

        equation = self._framed(text(self.left), text(self.right))
        definitions = [f"{letters[letter]} = {text(tokens)}" for letter, tokens in self.definitions]
        shorten = partial(printable, longest=LONGEST)
        return shorten(equation), tuple(map(shorten, definitions))

    def _key(self, token: Token) -> int | None:
        return self.keys.get((token.role, token.position))

    def _framed(self, left: str, right: str) -> str:
        axis = self.axes[0] if len(self.axes) == 1 else self.axes
        right = f"sum({right}, axis={axis})" if self.axes else right
        return f"{left} += {right}" if left else right


def equation_of(
    function: Function, position: int, part: Any, keys: Keys, data: Sequence[Any]
) -> Equation | None:
    """The equation of what an op's rule gave one of its inputs; None where there is none.

    Parameters
    ----------
    function : Function
        The op of the forward pass.
    position : int
        Of the input.
    part : array
        What the rule gave it.
    keys : mapping
        Of the values in its equations.
    data : sequence
        All values, by their keys.
    """
    rule = rule_of(function, "book")
    formula = rule.backward[position] if rule is not None else None
    if rule is None or formula is None or not _is_expression(_source(formula.sides[2])):
        return None
    left, sign, right = formula.sides
    values = parameters_in(rule, function)
    equation = Equation(
        left if sign == "+=" else (),
        right,
        _definitions(rule, right, keys, data, values),
        keys,
        {k: function.parameter_names.get(k) or parameter_text(v) for k, v in values.items()},
    )
    try:
        shape = _shape(equation, function, position, data, values)
    except ValueError:  # what is written does not fit: an op of a user
        return None
    if shape is None or shape == part.shape:
        return equation
    if equation.is_copy and len(shape) <= len(part.shape) and len(function.inputs) == 1:
        return replace(equation, copied=True)
    axes = summed_axes(shape, part.shape)
    return replace(equation, axes=axes) if axes else equation


def _definitions(
    rule: Rule, right: Tokens, keys: Keys, data: Sequence[Any], values: Mapping[str, Any]
) -> tuple[tuple[str, Tokens], ...]:
    """The letters that are no values of the graph, in the order in which they are read."""
    meanings = {_source(formula.sides[0]): formula.sides[2] for formula in rule.definitions}
    used: dict[str, Tokens] = {}
    waiting = list(right)
    while waiting:
        letter = waiting.pop(0)
        if letter.role == "text" and letter.text in meanings and letter.text not in used:
            tokens = meanings[letter.text]
            if found := _COUNT.fullmatch(_source(tokens)):
                counted = next(token for token in tokens if token.role != "text")
                value: Any = values.get(counted.text)
                if counted.role == "input":
                    value = data[keys["input", counted.position]]
                shape = np.shape(value)[:-1] if found["leading"] else np.shape(value)
                tokens = (Token("text", str(prod(shape))),)
            used[letter.text] = tokens
            waiting += tokens
    return tuple(used.items())


def _source(tokens: Tokens) -> str:
    return Formula(tokens).source


@lru_cache(maxsize=512)
def _is_expression(source: str) -> bool:
    try:
        ast.parse(source, mode="eval")
    except SyntaxError:
        return False
    return True


# ---------------------------------------------------------------------- shapes
def _shape(
    equation: Equation,
    function: Function,
    position: int,
    data: Sequence[Any],
    values: Mapping[str, Any],
) -> tuple[int, ...] | None:
    """The shape of a right side before it is summed to that of its input, where it is known."""
    if equation.left:
        return None
    read = [equation.right, *(tokens for _, tokens in equation.definitions)]
    source = "  ".join(map(_source, read))
    shapes = [np.shape(x._data if isinstance(x, Node) else x) for x in function.inputs]
    if "@" in source and len(shapes) == 2:
        return shape_of_product(function, position)
    calls = set(re.findall(r"([A-Za-z_]\w*)\(", source))
    alone = len(shapes) == 1 and not equation.is_copy
    if alone or not calls <= _KEEPING or set("[.@") & set(source):
        return None
    tokens = [token for of in read for token in of]
    keys = [equation.keys.get((t.role, t.position)) for t in tokens if t.role != "parameter"]
    known = [data[key].shape for key in keys if key is not None]
    asked: list[Any] = [values.get(t.text) for t in tokens if t.role == "parameter"]
    return np.broadcast_shapes(*known, *map(np.shape, asked))
