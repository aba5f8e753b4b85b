"""What an op's docstring says of it, as equations whose letters are known.

The first paragraph of a docstring is its formula: ``z = x * y;  gx = g * y,  gy = g * x   (a
note)``. The letters are the parameter names of `forward`, the left side of the first equation is
the output, ``g`` its gradient and ``gx`` that of the input ``x``. So a picture can write the names
of a graph in their places, and a test can evaluate what is written. Any other equation defines a
letter, there or in a paragraph of its own, ``With n = x.size.``; and a paragraph that begins with
``Book:`` is the same rule as the chapter writes it.
"""

from __future__ import annotations

import contextlib
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.autograd.backward import broadcast_axes
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.drawing.formulas.equations import Formula, Role, Rule, Token
from tinygrad_w2v.drawing.options import Detail

OF_VECTORS = "a vector is a row, on the right a column"
OF_BATCHES = "T exchanges the last two axes"
_LONGEST = 600  # characters of a paragraph; a longer one is prose
_SHOWN = 3  # of the inputs of an op that takes any number of them, besides the last
_NOTE = re.compile(r"\s{2,}\((?P<note>[^()]*(?:\([^()]*\)[^()]*)*)\)\s*$")
_LETTER = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?!\w)")
_EQUATION = re.compile(r"\s*[\w.]+(?:\[[^\]]*\]|\([^()]*\))?\s*\+?=(?!=)")
_SIDE = re.compile(r"\w+(?:\s*,\s*(?:\w+|\.\.\.))*|[\w.]+\([^()]*\)|\w+\[[^\]]*\]")
_known: WeakKeyDictionary[Any, dict[Any, Rule | None]] = WeakKeyDictionary()


def rule_of(function: Function, detail: Detail = "ops") -> Rule | None:
    """The rule that the docstring of an op's own class writes; None where it writes none.

    So it is where the op was asked for more than is written, as a maximum of some elements. The
    chapter's form is given where it holds, as for targets that are distributions.

    Parameters
    ----------
    function : Function
        An op, applied or not.
    detail : {"ops", "book"}
        "book" prefers the paragraph that begins with ``Book:``.

    Raises
    ------
    InputError
        For another `detail`.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> x, y = tw.Variable(2.0), tw.Variable(3.0)
    >>> rule = rule_of((x * y).creator)
    >>> rule.forward.source, [formula.source for formula in rule.backward]
    ('z = x * y', ['gx = g * y', 'gy = g * x'])
    """
    if detail not in ("ops", "book"):
        raise InputError(f"detail must be 'ops' or 'book', not {detail!r}")
    doc = vars(type(function)).get("__doc__")
    if not isinstance(doc, str):
        return None
    count = None if function.inputs is None else len(function.inputs)
    # All of it that a rule depends on: ops of a kind are many, and share theirs.
    like = (doc, detail, count, function.arity, frozenset(vars(function)))
    known = _known.setdefault(type(function), {})
    if like not in known:
        first, *others = re.split(r"\n\s*\n", inspect.cleandoc(doc))
        books = [each[5:].strip() for each in others if each.startswith("Book:")]
        more = [each[5:].strip().rstrip(".") for each in others if each.startswith("With ")]
        if detail == "book" and books:
            first, more = books[0], []
        known[like] = _read(first, more[0] if more else "", function)
    found = known[like]
    if found is None or _holds(found, function):
        return found and _noted(found, function)
    return rule_of(function) if detail == "book" else None


def _holds(rule: Rule, function: Function) -> bool:
    """Whether an op's equations are meant for this application of it."""
    if rule.note == "targets add up to 1" and function.inputs is not None:
        targets = function.inputs[-1]
        totals = np.sum(targets._data if isinstance(targets, Node) else targets, axis=-1)
        return bool(np.allclose(totals, 1))
    # Among which elements a maximum is looked for is not written.
    return all(vars(function).get(name) is None for name in ("where", "initial"))


def _noted(rule: Rule, function: Function) -> Rule:
    """A rule with what has to be known of a product of these shapes: of matrices, nothing."""
    if rule.note != OF_VECTORS or function.inputs is None:
        return rule
    axes = [np.ndim(x._data if isinstance(x, Node) else x) for x in function.inputs]
    if 1 in axes:
        return rule
    return rule._replace(note=OF_BATCHES if max(axes) > 2 else "")


def shape_of_product(function: Function, position: int) -> tuple[int, ...]:
    """The shape of what a product of matrices gives an input, before it is summed to fit it."""
    shapes = [np.shape(x._data if isinstance(x, Node) else x) for x in function.inputs]
    return (*np.broadcast_shapes(*(shape[:-2] for shape in shapes)), *shapes[position][-2:])


def summed_axes(large: tuple[int, ...], small: tuple[int, ...]) -> tuple[int, ...]:
    """The axes that are summed where an array of the shape `small` was broadcast to `large`."""
    if len(large) < len(small) or np.broadcast_shapes(large, small) != large:
        return ()
    return broadcast_axes(large, small)


def parameters_in(rule: Rule, function: Function) -> dict[str, Any]:
    """The attributes of an op that its rule names; what cannot be read is left out.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> op = (tw.Variable(2.0) ** 3).creator
    >>> parameters_in(rule_of(op), op)
    {'exponent': 3, 'lower': 2}
    """
    formulas = (rule.forward, *rule.backward, *rule.definitions)
    tokens = [token for formula in formulas if formula for token in formula.tokens]
    values = {}
    for name in sorted({token.text for token in tokens if token.role == "parameter"}):
        with contextlib.suppress(Exception):  # a user's property may raise anything
            values[name] = getattr(function, name)
    return values


def _read(paragraph: str, more: str, function: Function) -> Rule | None:
    if len(paragraph) + len(more) > _LONGEST:
        return None
    text, note = paragraph.replace("\n", "  "), ""
    if found := _NOTE.search(text):
        text, note = text[: found.start()], re.sub(r"\s+", " ", found["note"])
    first, *others = map(_parted, [*_separate(text), *_separate(more)])
    letters = _Letters(function, first.left if first else "")
    if first is None or not letters.outputs:
        return None
    equations = [each for each in others if each is not None]
    of_inputs: dict[int, Formula] = {}
    definitions = []
    defined = [each.left for each in equations if each.left.isidentifier()]
    shadows = {x: (Token("text", x),) for x in defined if x not in letters.targets}
    for each in equations:
        aims = [name for name in _LETTER.findall(each.left) if name in letters.targets]
        for position in letters.targets[aims[0]] if aims else ():
            of_inputs[position] = _formula(each, letters, letters.backward(position) | shadows)
        if not aims:
            definitions.append(_formula(each, letters, letters.backward(0) | shadows))
    return Rule(
        _formula(first, letters, letters.inputs | letters.outputs | shadows),
        tuple([of_inputs.get(position) for position in range(letters.count)]),
        note,
        tuple(definitions),
    )


class _Equation(NamedTuple):
    left: str
    sign: str
    right: str


def _separate(text: str) -> list[str]:
    """The equations of a paragraph: parted by semicolons, and by commas before the next one."""
    parts, start = [], 0
    for at in _outside_brackets(text, ";,"):
        if text[at] == ";" or (_EQUATION.match(text, at + 1) and "=" in text[start:at]):
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


def _parted(text: str) -> _Equation | None:
    """The two sides of an equation; None where there are none, as in a sentence."""
    for at in _outside_brackets(text, "="):
        left = text[:at].removesuffix("+").strip()
        right = text[at + 1 :].strip()
        compared = text[at - 1 : at] in ("<", ">", "!") or right.startswith("=")
        if compared or not (right and _SIDE.fullmatch(left)):
            return None
        return _Equation(left, " += " if text[at - 1] == "+" else " = ", right)
    return None


def _outside_brackets(text: str, wanted: str) -> Iterator[int]:
    depth = 0
    for at, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if depth == 0 and character in wanted:
            yield at


_Meanings = dict[str, tuple[Token, ...]]


class _Letters:
    """What the letters of an op's formula stand for."""

    def __init__(self, function: Function, left: str) -> None:
        self.function = function
        names, rest = _parameters(function.forward)
        self.count = len(names) if function.inputs is None else len(function.inputs)
        names = names[: self.count]  # without those that are left out
        self.first_of_rest, self.rest = len(names), rest
        self.inputs: _Meanings = {x: (Token("input", x, i),) for i, x in enumerate(names)}
        if rest:
            self.inputs[rest] = _several("input", rest, range(len(names), self.count))
        # The inputs that an equation of this left side is for.
        self.targets = {f"{d}{x}": range(i, i + 1) for d in "gd" for i, x in enumerate(names)}
        if rest:
            of_rest = range(len(names), self.count)
            self.targets |= {f"{d}{self.one}": of_rest for d in "gd"}
        arity = function.arity
        made = [x for x in _letters(left) if x not in self.inputs and not self.is_parameter(x)]
        made = made[:arity]
        self.outputs: _Meanings = {y: (Token("output", y, i),) for i, y in enumerate(made)}
        if len(made) == 1 and arity > 1:
            self.outputs = {made[0]: _several("output", made[0], range(arity))}
        gradients, all_gradients = _parameters(function.backward)
        given = [("g", 0), *[(f"{d}{y}", i) for d in "gd" for i, y in enumerate(made)]]
        given += [(g, i) for i, g in enumerate(gradients[:arity])]
        self.gradients: _Meanings = {g: (Token("gradient", g, i),) for g, i in given}
        if all_gradients:
            self.gradients[all_gradients] = _several("gradient", all_gradients, range(arity))

    @property
    def one(self) -> str:
        """One of the inputs ``*xs``: ``x``."""
        return self.rest.removesuffix("s") if len(self.rest) > 1 else self.rest

    def backward(self, position: int) -> _Meanings:
        """The meanings in an equation for the gradient of input number `position`."""
        meanings = self.inputs | self.outputs | self.gradients
        for name, positions in self.targets.items():
            meanings[name] = (Token("input_gradient", name, positions[0]),) if positions else ()
            if position in positions:
                meanings[name] = (Token("input_gradient", name, position),)
        if self.rest and position >= self.first_of_rest:
            meanings[self.one] = (_one_of("input", self.rest, position, self.first_of_rest),)
            meanings.setdefault("i", (Token("text", str(position)),))
        return meanings

    def is_parameter(self, name: str) -> bool:
        """Whether the op has an attribute of its own, which is no method."""
        held = inspect.getattr_static(self.function, name, Function)
        return not (held is Function or hasattr(Function, name) or callable(held))


def _several(role: Role, name: str, positions: range) -> tuple[Token, ...]:
    """``(x, y, z)``: what stands for ``xs``, in the middle left out where they are many."""
    shown = [_one_of(role, name, i, positions.start) for i in positions]
    tokens: list[Token] = []
    for token in shown:
        if len(shown) <= _SHOWN + 2 or token in shown[:_SHOWN] or token is shown[-1]:
            tokens += [Token("text", ", "), token]
        elif token is shown[_SHOWN]:
            tokens.append(Token("text", ", ..."))
    end = ",)" if len(shown) == 1 else ")"
    return (Token("text", "("), *tokens[1:], Token("text", end))


def _one_of(role: Role, name: str, position: int, first: int) -> Token:
    return Token(role, f"{name}[{position - first}]", position)


def _letters(text: str) -> list[str]:
    """The names in a text, without those of functions and of arguments."""
    return [m[0] for m in _LETTER.finditer(text) if not text[m.end() :].startswith(("(", "="))]


def _formula(equation: _Equation, letters: _Letters, meanings: _Meanings) -> Formula:
    tokens = [*_tokens(equation.left, letters, meanings), Token("text", equation.sign)]
    return Formula((*tokens, *_tokens(equation.right, letters, meanings)))


def _tokens(text: str, letters: _Letters, meanings: _Meanings) -> Iterator[Token]:
    start = 0
    for found in _LETTER.finditer(text):
        name, end = found[0], found.end()
        if re.match(r"\(|=(?!=)", text[end:]):
            continue
        if name in meanings:
            stand_for = meanings[name]
        elif letters.is_parameter(name):
            stand_for = (Token("parameter", name),)
        else:
            continue
        before = text[start : found.start()]
        if before.endswith("*") and len(stand_for) > 1 and name == letters.rest:  # f(*xs)
            before, stand_for = before[:-1], stand_for[1:-1]
        if before:
            yield Token("text", before)
        yield from stand_for
        start = end
    if text[start:]:
        yield Token("text", text[start:])


def _parameters(method: Callable[..., Any]) -> tuple[list[str], str]:
    """The names of a method's arguments, and that of ``*args``."""
    try:
        parameters = inspect.signature(method).parameters.values()
    except (TypeError, ValueError):
        return [], ""
    rest = [p.name for p in parameters if p.kind is p.VAR_POSITIONAL]
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in positional], "".join(rest)
