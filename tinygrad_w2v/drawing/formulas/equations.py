"""Equations whose letters are known: inputs of an op, outputs, gradients, its attributes.

So a picture can write the names of a graph in their places, and a test can evaluate them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from itertools import zip_longest
from typing import Literal, NamedTuple

Role = Literal["text", "input", "output", "gradient", "input_gradient", "parameter"]

_EQUALS = (" = ", " += ")
_EXPONENTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Token(NamedTuple):
    """A piece of an equation: plain text, or a letter that stands for something of the op.

    Attributes
    ----------
    role : str
        ``"gradient"`` is that of output number `position`, ``"input_gradient"`` that of input
        number `position`, ``"parameter"`` an attribute of the op, which `text` names.
    text : str
        As the docstring has it.
    position : int
    """

    role: Role
    text: str
    position: int = 0


class Formula(NamedTuple):
    """One equation, both sides of it.

    ``take(gx, ids) += g`` has a selection on its left: `g` is added at those places of ``gx``,
    which is 0 elsewhere.
    """

    tokens: tuple[Token, ...]

    @property
    def source(self) -> str:
        """The equation as the docstring has it, in Python's notation."""
        return "".join([token.text for token in self.tokens])

    @property
    def sides(self) -> tuple[tuple[Token, ...], str, tuple[Token, ...]]:
        """What is left of the sign, the sign (``"="`` or ``"+="``), and what is right of it."""
        at = next(i for i, token in enumerate(self.tokens) if token.text in _EQUALS)
        return self.tokens[:at], self.tokens[at].text.strip(), self.tokens[at + 1 :]

    @property
    def is_copy(self) -> bool:
        """Whether the gradient of an output is passed on as it is: ``gx = g``."""
        left, sign, right = self.sides
        roles = [token.role for token in (*left, *right)]
        return sign == "=" and roles == ["input_gradient", "gradient"]

    def summed(self, axes: tuple[int, ...]) -> Formula:
        """The equation for an input that was broadcast: ``gx = sum(g, axis=0)``."""
        left, _, right = self.sides
        sign = self.tokens[len(left)]
        axis = axes[0] if len(axes) == 1 else axes
        before, after = Token("text", "sum("), Token("text", f", axis={axis})")
        return Formula((*left, sign, before, *right, after))

    def written(self, names: Callable[[Token], str]) -> str:
        """The equation with other names: ``names(token)`` for all that is not plain text.

        Squares and their like are written with small digits, and the power 1 is not written.
        A negative number is put in brackets where its sign could be read with what is beside it,
        and a last argument that is None is left out: ``sum(x)``.

        Examples
        --------
        >>> import tinygrad_w2v as tw
        >>> from tinygrad_w2v.drawing.formulas.rule import rule_of
        >>> h = tw.Variable(2.0, name="h")
        >>> rule = rule_of((h**-1.0).creator)
        >>> rule.backward[0].written(lambda token: f"<{token.text}>")
        '<gx> = <g> * <exponent> * <x>**<lower>'
        """
        written = ""
        for token, after in zip_longest(self.tokens, self.tokens[1:]):
            if token.role == "text":
                written += re.sub(r"\*\*(\d+)(?![\w.(])", _small, token.text)
                continue
            name = names(token)
            last = written.endswith(", ") and after and after.text.startswith(")")
            # Without an axis softmax would mean the last one.
            if name == "None" and last and not re.search(r"softmax\([^()]*$", written):
                written = written[:-2]
            elif written.endswith("**") and name.isdecimal():
                written = written[:-2] + ("" if name == "1" else name.translate(_EXPONENTS))
            elif name.startswith("-") and (
                not written.endswith(("(", ", ", "= ")) or (after and after.text.startswith("**"))
            ):
                written += f"({name})"
            else:
                written += name
        return written


class Rule(NamedTuple):
    """The formulas of one op.

    Attributes
    ----------
    forward : Formula
    backward : tuple of Formula or None
        One for each input; None where none is written, as where no gradient goes.
    note : str
        What holds besides: ``"0 at 0"``; `notes.note_in` has it in another language.
    definitions : tuple of Formula
        Equations of letters that the others use: ``n = x.size``.
    """

    forward: Formula
    backward: tuple[Formula | None, ...]
    note: str = ""
    definitions: tuple[Formula, ...] = ()

    @property
    def made(self) -> str:
        """The letter of what is made, where it is one: ``L``."""
        left, _, _ = self.forward.sides
        return left[0].text if len(left) == 1 else ""

    def definitions_for(self, *formulas: Formula | None) -> tuple[int, ...]:
        """The places of the definitions that some of its equations need: of another, none."""
        letters = [formula.sides[0][0].text for formula in self.definitions]
        waiting, found = [formula for formula in formulas if formula], set[int]()
        while waiting:
            _, _, right = waiting.pop().sides
            used = {token.text for token in right}
            new = {i for i, letter in enumerate(letters) if letter in used} - found
            waiting += [self.definitions[i] for i in new]
            found |= new
        return tuple(sorted(found))

    def apart_from(self, names: Container[str]) -> Rule:
        """The rule with a prime at each letter that it defines and that names something else.

        Examples
        --------
        >>> import tinygrad_w2v as tw
        >>> from tinygrad_w2v.drawing.formulas.rule import rule_of
        >>> logits = tw.Variable([[0.0, 1.0]])
        >>> loss = tw.functions.cross_entropy(logits, [1])
        >>> rule = rule_of(loss.creator, "book").apart_from({"y", "x"})
        >>> print(rule.backward[0].source, "with", rule.definitions[0].source)
        gx = (y′ - t) / N * g with y′ = softmax(x)
        """
        own = {formula.sides[0][0].text for formula in self.definitions}
        if not any(letter in names for letter in own):
            return self

        def marked(formula: Formula) -> Formula:
            shared = [
                t.role == "text" and t.text in own and t.text in names for t in formula.tokens
            ]
            pairs = zip(formula.tokens, shared, strict=True)
            return Formula(tuple([t._replace(text=f"{t.text}′") if s else t for t, s in pairs]))

        return Rule(
            marked(self.forward),
            tuple([formula and marked(formula) for formula in self.backward]),
            self.note,
            tuple(map(marked, self.definitions)),
        ).apart_from(names)


def _small(power: re.Match[str]) -> str:
    return power[1].translate(_EXPONENTS)
