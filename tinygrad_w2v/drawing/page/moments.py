"""When things are seen in the two passes over one graph, and what is written of each step.

Position 0 is the beginning. Then each step forward has a position, then the seed, then each step
backward over those of the steps, in reverse, that a gradient passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

from tinygrad_w2v._base.language import Language, words_in
from tinygrad_w2v._base.listing import display_width
from tinygrad_w2v.drawing.formulas.equations import Formula, Rule, Token
from tinygrad_w2v.drawing.page.passes import Passes
from tinygrad_w2v.drawing.page.views import part_text, sum_text
from tinygrad_w2v.drawing.reading.program import Program, Value
from tinygrad_w2v.drawing.reading.text import expression

_WORDS = {
    "forward": {"en": "forward {} / {}", "ja": "順伝播 {} / {}"},
    "backward": {"en": "backward {} / {}", "ja": "逆伝播 {} / {}"},
    "none": {"en": "there is no backward pass: {}", "ja": "逆伝播はありません: {}"},
    "seed": {"en": "backward", "ja": "逆伝播"},
}

COLUMN = 7.9  # points that a column of a formula takes
LEAST_COLUMNS = 36

Data = dict[str, Any]


class Written(NamedTuple):
    """A line of a node, and the positions from which and before which it is there."""

    text: str
    kind: str  # "detail" or "gradient"
    first: int
    end: int | None = None


class Moments:
    """The positions of one view.

    Parameters
    ----------
    view : dict
        As `views.views_of` makes it.
    values : mapping
        The values that are drawn.
    whole : Program
        Every op a step of its own.
    passes : Passes
        The numbers.
    lang : {"en", "ja"}
    """

    def __init__(
        self,
        view: Data,
        values: Mapping[int, Value],
        whole: Program,
        passes: Passes,
        lang: Language,
    ) -> None:
        self.values, self.whole, self.passes = values, whole, passes
        self.words = words_in(lang, _WORDS)
        self.columns = max(LEAST_COLUMNS, int(view["width"] / COLUMN) - 3)
        self.ops = {step.number: step for step in whole.forward}
        self.steps = [self._step(place, step) for place, step in enumerate(view["steps"])]
        self.back = [step for step in reversed(self.steps) if step["backward"]]
        self.seed = len(self.steps) + 1
        self.last = self.seed + len(self.back) if self.back else len(self.steps)
        self.arrival = {
            number: self.seed + 1 + place
            for place, step in enumerate(self.back)
            for number in step["ops"]
        }
        self.made = {key: s["place"] + 1 for s in self.steps for key in s["outputs"]}

    def _step(self, place: int, step: Data) -> Data:
        if "op" in step:
            op = self.ops[step["op"]]
            outputs = [key for key in op.outputs if key is not None]
            step = {"ops": [op.number], "inputs": list(op.inputs), "outputs": outputs}
        backward = any(self.passes.ops[number]["backward"] for number in step["ops"])
        return {**step, "place": place, "backward": backward}

    def arrivals(self, key: int) -> list[int]:
        """When the parts of a value's gradient come; for the result, the seed."""
        shown = self.passes.values.get(key, {})
        if "gradient" not in shown or not self.back:
            return []
        return [self.arrival[part["op"]] for part in shown["parts"]] or [self.seed]

    def lines_of(self, key: int, known: int, back: list[int]) -> tuple[list[Written], int]:
        """What a value's node says below its name, and when; and how many lines that takes."""
        value, shown = self.values[key], self.passes.values.get(key, {})
        texts = ["" if value.type == "()" else value.type, shown.get("content") or value.content]
        detail = "  ".join(text for text in texts if text)
        timed: list[Written] = []
        if detail:
            timed.append(Written(detail, "detail", known))
        slots = 1 + bool(detail)
        if not back:
            return timed, slots
        gradient, whole = shown["gradient"], max(back)
        name, array = gradient["name"], gradient["array"]
        number = array is not None and len(array["numbers"]) == 1
        if len(back) > 1:
            term, sign = ("content", "") if number else ("name", "=")
            sent = sorted(zip(back, shown["parts"], strict=True), key=lambda pair: pair[0])
            for at, until in pairwise([*sorted(set(back)), whole + 1]):
                arrived = [part[term] for since, part in sent if since <= at]
                more = [] if at == whole else ["…"]
                text = f"{name} {sign} {' + '.join([*arrived, *more])}"
                if not (number and at == whole):
                    timed.append(Written(text, "gradient", at, until))
        final = whole if len(back) == 1 or number else whole + 1
        timed.append(Written(f"{name}  {sum_text(shown)}", "gradient", final))
        return timed, slots + 1

    def heading(self, position: int) -> str:
        if position < self.seed:
            return self.words["forward"].format(position, len(self.steps))
        if position == self.seed:
            return self.words["seed"]
        return self.words["backward"].format(position - self.seed, len(self.back))

    # ------------------------------------------------------------------ formulas
    @cached_property
    def captions(self) -> list[list[str]]:
        """For each position what is computed, a line an equation."""
        forward = [self._forward(step) for step in self.steps]
        if not self.back:
            note = self.passes.note and self.words["none"].format(self.passes.note)
            return [[""], *forward, *([[note]] if note else [])]
        seed = self.passes.values[self.whole.result]["gradient"]
        backward = [self._backward(step) for step in self.back]
        return [[""], *forward, [f"{seed['name']} = {seed['content']}"], *backward]

    def _forward(self, step: Data) -> list[str]:
        names = ", ".join(self.values[key].name for key in step["outputs"])
        if "box" in step:
            return [f"{names} = {step['box']}(…)"]
        (number,) = step["ops"]
        rule = self._rule(number)
        if rule is not None:
            return [
                self._named(number, rule.forward),
                *self._definitions(number, rule, rule.forward),
            ]
        return [f"{names} = {expression(self.whole, self.ops[number], {})}"]

    def _backward(self, step: Data) -> list[str]:
        if "box" in step:
            texts = [part_text(part, self.gradient(key)) for key, part in self.parts(step)]
            return [", ".join(dict.fromkeys(texts))]
        (number,) = step["ops"]
        rule, lines = self._rule(number), []
        known = [key for key in step["outputs"] if "gradient" in self.passes.values[key]]
        names = ", ".join(self.gradient(key)["name"] for key in known)
        unknown = f"{self.ops[number].label}.backward({names})"
        for key, part in self.parts(step):
            formula = rule and rule.backward[part["input"]]
            if formula and "formula" in part:
                formula = _formula(part["formula"])
            name = part.get("name", self.gradient(key)["name"])
            lines.append(self._named(number, formula) if formula else f"{name} = {unknown}")
        return lines + (self._definitions(number, rule, *rule.backward) if rule else [])

    def _definitions(self, number: int, rule: Rule, *shown: Formula | None) -> list[str]:
        """What the letters of a rule stand for, side by side as long as there is room."""
        lines: list[str] = []
        for place in rule.definitions_for(*shown):
            text = self._named(number, rule.definitions[place])
            if lines and display_width(lines[-1]) + display_width(text) < self.columns:
                lines[-1] += f",  {text}"
            else:
                lines.append(text)
        return lines

    def _rule(self, number: int) -> Rule | None:
        place = self.passes.ops[number]["rule"]
        if place is None:
            return None
        shown = self.passes.rules[place]
        forward, *definitions = map(_formula, (shown["forward"], *shown["definitions"]))
        backward = tuple(tokens and _formula(tokens) for tokens in shown["backward"])
        return Rule(forward, backward, shown["note"], tuple(definitions))

    def gradient(self, key: int) -> Data:
        found: Data = self.passes.values[key]["gradient"]
        return found

    def parts(self, step: Data) -> Iterable[tuple[int, Data]]:
        """What a step sends back: to which value, and what."""
        for key in dict.fromkeys(step["inputs"]):
            for part in self.passes.values.get(key, {}).get("parts", ()):
                if part["op"] in step["ops"]:
                    yield key, part

    def _named(self, number: int, formula: Formula) -> str:
        """A rule with the names of this graph."""
        op, known = self.ops[number], self.passes.ops[number]

        def name(token: Token) -> str:
            if token.role == "parameter":
                return str(known.get("parameters", {}).get(token.text, token.text))
            side = op.outputs if token.role in ("output", "gradient") else op.inputs
            key = side[token.position]
            if key is None:
                return token.text
            if token.role in ("input", "output"):
                return self.values[key].name
            for part in self.passes.values[key].get("parts", ()):
                if token.role == "input_gradient" and part["op"] == number:
                    if part["input"] == token.position and "name" in part:
                        return str(part["name"])
            return str(self.gradient(key)["name"])

        return formula.written(name)


def _formula(tokens: list[Any]) -> Formula:
    return Formula(tuple(Token(*token) for token in tokens))
