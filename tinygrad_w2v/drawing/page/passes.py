"""The two passes over one graph as plain data: what every op made, and what its rule sent back.

The backward pass runs here on arrays, for its numbers: each part that a rule gave to an input is
noted, so that one can watch the parts of a Variable's gradient arrive and be added. Nothing is
written on the Variables.
"""

from __future__ import annotations

import contextlib
import math
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinygrad_w2v._base.language import Language, words_in
from tinygrad_w2v.autograd.backward import Parts, gradients
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.modes import unwatched
from tinygrad_w2v.autograd.node import Node
from tinygrad_w2v.autograd.rowgrad import RowGrad
from tinygrad_w2v.drawing.formulas.definitions import defined
from tinygrad_w2v.drawing.formulas.equations import Formula, Rule
from tinygrad_w2v.drawing.formulas.notes import note_in
from tinygrad_w2v.drawing.formulas.rule import parameters_in, rule_of, shape_of_product, summed_axes
from tinygrad_w2v.drawing.labels import parameter_text, printable
from tinygrad_w2v.drawing.options import Options
from tinygrad_w2v.drawing.page.arrays import FEWEST_NUMBERS, LONGEST_AXIS, array_data, brief
from tinygrad_w2v.drawing.page.axis_labels import AxisLabels, labels_of, plain
from tinygrad_w2v.drawing.reading.naming import gradient_name
from tinygrad_w2v.drawing.reading.program import Names, Program
from tinygrad_w2v.drawing.reading.reader import Reader, why_not

ALL_NUMBERS = 40_000  # of a page, about, however many arrays it shows

_WORDS = {
    "not_float": {"en": "{} has no gradient", "ja": "{} には勾配がありません"},
}

Data = dict[str, Any]


@dataclass
class Passes:
    """What a page knows beside the program: JSON, by the keys of values and the numbers of ops."""

    values: dict[int, Data] = field(default_factory=dict)
    ops: dict[int, Data] = field(default_factory=dict)
    rules: list[Data] = field(default_factory=list)
    note: str = ""  # why there is no backward pass


def passes_of(reader: Reader, program: Program, options: Options, lang: Language = "en") -> Passes:
    """Run backward on arrays and note all that is shown of both passes.

    Parameters
    ----------
    reader : Reader
        Holds the Variables and ops of the graph.
    program : Program
        Its forward part, every op a step of its own.
    options : Options
        How gradients are written, which form of its rule an op shows, and words of axes.
    lang : {"en", "ja"}
        Of the remarks on rules.
    """
    with np.errstate(all="ignore"):
        return _Passes(reader, program, options, lang).made()


class _Passes:
    def __init__(self, reader: Reader, program: Program, options: Options, lang: Language) -> None:
        self.reader, self.program, self.options, self.lang = reader, program, options, lang
        self.passes = Passes()
        self.functions = {function.order: function for function in reader.functions}
        self.gradients: dict[int, Any] = {}
        self.parts: dict[Function, Parts] = {}
        self.taken = frozenset(value.name for value in program.values.values())
        self.rules_of: dict[Rule | None, Rule | None] = {}  # without those names
        self.known_rules: dict[Rule, int] = {}
        self.words: dict[int, AxisLabels] = {}
        self.names = Names(set(self.taken))
        self.most = LONGEST_AXIS**2

    def made(self) -> Passes:
        passes, values = self.passes, self.program.values
        self.differentiate()
        arrays = 2 * len(values) + sum(map(len, self.parts.values()))
        self.most = min(self.most, max(FEWEST_NUMBERS, ALL_NUMBERS // arrays))
        self.words = self.words_of_axes()
        for key, value in values.items():
            passes.values[key] = self.value(key, value.name)
        for step in self.program.forward:
            function = self.functions[step.number]
            passes.ops[step.number] = self.op(function)
        self.add_parts()
        return passes

    def differentiate(self) -> None:
        """Run the backward pass for its numbers; note why where there is none."""
        root = self.reader.root
        if root.dtype.kind != "f":
            self.passes.note = words_in(self.lang, _WORDS)["not_float"].format(root.dtype)
            return
        kept: dict[Node, Any] = {}
        seed = np.ones(root.shape, root.dtype)
        try:
            with unwatched(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                leaves = gradients(root, seed, kept=kept, parts=self.parts)
        except Exception as error:  # a user's rule may raise anything; the forward part is true
            self.passes.note = why_not(error)
            self.parts = {}
            return
        for node, g in (*kept.items(), *leaves.items()):
            if node._data.dtype.kind == "f":
                self.gradients[self.reader.key_of(node)] = g
        self.gradients[self.reader.root_key] = seed

    def words_of_axes(self) -> dict[int, AxisLabels]:
        """The words of the axes of all values that have any."""
        key_of, values = self.reader.key_of, self.program.values
        labels = self.options.labels
        given = {
            key: plain(
                np.array(words, object) if words else None
                for words in labels[value.name][: len(value.shape)]
            )
            for key, value in values.items()
            if value.name in labels
        }
        if not given:
            return {}
        steps = self.program.forward
        keys = {
            self.functions[step.number]: (
                [key_of(x) for x in self.functions[step.number].inputs],
                [key for key in step.outputs if key is not None],
            )
            for step in steps
        }
        shapes = {key: tuple(getattr(self.reader.data[key], "shape", ())) for key in values}
        return labels_of(keys, keys, shapes, given)

    def gradient_name(self, name: str) -> str:
        result = self.program.values[self.program.result].name
        return self.names.reserve(gradient_name(self.options.notation, name, result))

    # ------------------------------------------------------------------ values
    def value(self, key: int, name: str) -> Data:
        data = self.reader.data[key]
        shown = self.shown(key, data)
        if key in self.gradients:
            named = {"name": self.gradient_name(name)}
            shown["gradient"] = named | self.shown(key, self.gradients[key])
            shown["parts"] = []
        return shown

    def shown(self, key: int, data: Any) -> Data:
        """An array of the shape of a value, with the words of its axes."""
        if isinstance(data, RowGrad) and math.prod(data.shape) <= self.most:
            data = data.to_dense()
        array = array_data(data, self.most)
        if array and key in self.words:
            array["labels"] = _kept_words(self.words[key], array)
        return {"content": brief(data), "array": array}

    def add_parts(self) -> None:
        """Note what each op sent to each of its inputs, in the order in which it arrived."""
        arrived: dict[int, list[tuple[Function, int, Any]]] = {}
        for function, parts in self.parts.items():
            for position, (x, part) in enumerate(zip(function.inputs, parts, strict=True)):
                key = self.reader.key_of(x)
                if part is not None and key in self.gradients:
                    arrived.setdefault(key, []).append((function, position, part))
        for key, parts_of_value in arrived.items():
            shown = self.passes.values[key]
            whole = shown["gradient"]
            total: Any = None
            for count, (function, position, part) in enumerate(parts_of_value, 1):
                data: Data = {"op": function.order, "input": position}
                if formula := self.summed(function, position):
                    data["formula"] = _tokens(formula)
                if len(parts_of_value) > 1:
                    total = part if total is None else total + part
                    data |= {"name": self.names.reserve(f"{whole['name']}_{count}")} | self.shown(
                        key, part
                    )
                    data["sum"] = brief(total)
                shown["parts"].append(data)

    def summed(self, function: Function, position: int) -> Formula | None:
        """The equation for an input that was broadcast; None where it was not."""
        rule = self.rule_of(function)
        formula = rule and rule.backward[position]
        if not formula:
            return None
        axes = self.parts[function].summed.get(position, ())
        # Where one matrix served many, the rule of a product sums, not the engine.
        if not axes and "@" in formula.source and len(function.inputs) == 2:
            x: Any = function.inputs[position]
            with contextlib.suppress(ValueError):  # a user's formula may mean other axes
                axes = summed_axes(shape_of_product(function, position), x.shape)
        return formula.summed(axes) if axes else None

    # ------------------------------------------------------------------ ops
    def op(self, function: Function) -> Data:
        rule = self.rule_of(function)
        shown: Data = {"backward": function in self.parts, "rule": self.place_of(rule)}
        if function.site is not None:
            shown["site"] = printable(str(function.site), 300)
        letters = defined(rule, function) if rule else {}
        if letters:
            key = self.reader.key_of(function.inputs[0])
            alike = np.shape(self.reader.data[key])
            shown["defined"] = {
                letter: self.shown(key, data)
                if data.shape == alike
                else {"content": brief(data), "array": array_data(data, self.most)}
                for letter, data in letters.items()
            }
        if rule and (held := parameters_in(rule, function)):
            shown["parameters"] = {
                name: printable(function.parameter_names.get(name) or parameter_text(value))
                for name, value in held.items()
            }
        return shown

    def rule_of(self, function: Function) -> Rule | None:
        """The op's rule, whose letters are no names of the graph; those of a kind share theirs."""
        rule = rule_of(function, self.options.detail)
        if rule not in self.rules_of:
            self.rules_of[rule] = rule and rule.apart_from(self.taken)
        return self.rules_of[rule]

    def place_of(self, found: Rule | None) -> int | None:
        """The place of a rule among those of the page."""
        if found is None:
            return None
        if found not in self.known_rules:
            self.known_rules[found] = len(self.passes.rules)
            self.passes.rules.append(
                {
                    "forward": _tokens(found.forward),
                    "backward": [formula and _tokens(formula) for formula in found.backward],
                    "copies": [bool(f and f.is_copy) for f in found.backward],
                    "definitions": [_tokens(formula) for formula in found.definitions],
                    "defined": {
                        "forward": found.definitions_for(found.forward),
                        "backward": found.definitions_for(*found.backward),
                    },
                    "note": note_in(self.lang, found.note),
                }
            )
        return self.known_rules[found]


def _tokens(formula: Formula) -> list[list[Any]]:
    return [[token.role, token.text, token.position] for token in formula.tokens]


def _kept_words(words: AxisLabels, array: Data) -> Data:
    """The words of the places that are shown."""
    places = [
        np.arange(n) if kept is None else np.array(kept)
        for kept, n in zip(
            array.get("places") or [None] * len(array["shape"]), array["shape"], strict=True
        )
    ]
    first = words.first
    leading = None
    if first is not None:
        chosen = first[np.ix_(*places[: words.leading])]
        leading = [printable(str(word), 200) for word in chosen.reshape(-1)]
    others = [
        None if of_axis is None else [printable(str(of_axis[place]), 200) for place in kept]
        for of_axis, kept in zip(words.others, places[words.leading :], strict=True)
    ]
    return {"leading": words.leading, "first": leading, "others": others}
