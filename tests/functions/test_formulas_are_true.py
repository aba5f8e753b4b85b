"""Every formula that a docstring writes is evaluated, and is what its op computes.

Over the table of cases: each op of each case's graph, on the arrays that it was applied to.
"""

from __future__ import annotations

import importlib
import itertools
import pkgutil
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.checking.cases import CASES
from tinygrad_w2v.drawing.formulas.equations import Formula, Rule, Token
from tinygrad_w2v.drawing.formulas.notes import note_in
from tinygrad_w2v.drawing.formulas.rule import rule_of
from tinygrad_w2v.drawing.options import Detail
from tinygrad_w2v.functions.arithmetic import Multiply
from tinygrad_w2v.functions.lookup import Rows

sys.path.insert(0, str(Path(__file__).parent))
from formula_values import WORDS, Said, is_expression

BASES = {"Arithmetic", "Choice", "Elementwise", "Extreme", "Normalized", "Reduction", "Ring"}
BASES |= {"Spread"}
IN_WORDS = {"Einsum"}  # whose gradients may be spread over diagonals, and over axes of size 1
WITHOUT_GRADIENT = {"StopGradient"}
FLAT = {"FloorDivide", "Round", "Sign"}
# Where an expression overflows, which is why the op is more than that expression.
OVERFLOWING = {
    "cross_entropy of large scores": "CrossEntropy",
    "log_sigmoid far out": "LogSigmoid",
    "log_softmax of large numbers": "LogSoftmax",
    "logsumexp of large numbers": "Logsumexp",
    "sigmoid_cross_entropy of large scores": "SigmoidCrossEntropy",
}


@cache
def ops() -> dict[str, type[Function]]:
    """All ops of the package, by their names."""
    for module in pkgutil.walk_packages(tw.__path__, "tinygrad_w2v."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, waiting = {}, [Function]
    while waiting:
        for op in waiting.pop().__subclasses__():
            waiting.append(op)
            # The compiler's are no ops: a loop is one node on its symbols alone, and `scan` is made
            # of other ops wherever there are numbers.
            if op.__module__.startswith("tinygrad_w2v.compiler."):
                continue
            if op.__module__.startswith("tinygrad_w2v.") and op.__name__ not in BASES:
                found[op.__name__] = op
    return found


@cache
def applied() -> dict[str, list[tuple[str, Function]]]:
    """The applications of each op in the graphs of the cases, with the cases' names."""
    found: dict[str, list[tuple[str, Function]]] = {}
    for case in CASES:
        result = case.function(*[tw.Variable(a) for a in case.draw(np.random.default_rng(0))])
        waiting, seen = [result.creator], set()
        while waiting:
            op = waiting.pop()
            if op is not None and op not in seen:
                seen.add(op)
                found.setdefault(type(op).__name__, []).append((case.name, op))
                waiting += [x.creator for x in op.inputs if isinstance(x, tw.Variable)]
    return found


# Of one formula: "forward", or the number of an input for the formula of its gradient.
Compared = tuple[Detail, str | int]


def comparisons(
    op: type[Function], changed: Callable[[Rule], Rule] = lambda rule: rule
) -> Iterator[tuple[Compared, Callable[[], None]]]:
    """Each comparison of a formula with what its op computes."""
    details: tuple[Detail, ...] = ("ops", "book")
    for (name, one), detail in itertools.product(applied().get(op.__name__, ()), details):
        rule = rule_of(one, detail)
        if rule is None or (detail == "book" and rule == rule_of(one)):
            continue  # more was asked for than is written
        said = Said(one, changed(rule))
        if OVERFLOWING.get(name) != op.__name__:
            yield (detail, "forward"), said.forward
        for i, (formula, gx) in enumerate(zip(rule.backward, said.given(), strict=True)):
            if formula is not None and gx is not None and is_expression(formula):
                yield (detail, i), partial(said.backward, i)


def stretched(rule: Rule) -> Rule:
    """The rule with all its formulas wrong by one in a thousand."""

    def wrong(formula: Formula) -> Formula:
        left, sign, right = formula.sides
        middle = Token("text", f" {sign} "), Token("text", "stretched(")
        return Formula((*left, *middle, *right, Token("text", ")")))

    backward = tuple([formula and wrong(formula) for formula in rule.backward])
    return rule._replace(forward=wrong(rule.forward), backward=backward)


def stretched_values(values: Any) -> Any:
    several = isinstance(values, list | tuple)
    return [1.001 * value for value in values] if several else np.multiply(1.001, values)


@pytest.mark.parametrize("name", sorted(ops()))
def test_formulas_are_what_the_op_computes(name: str) -> None:
    compared = set()
    for which, compare in comparisons(ops()[name]):
        compare()
        compared.add(which)
    uses = [one for _, one in applied()[name]]
    has_another = any(rule_of(one, "book") != rule_of(one) for one in uses)
    details = ["ops", "book"] if has_another else ["ops"]
    places: list[str | int] = ["forward"]
    if name not in IN_WORDS | WITHOUT_GRADIENT:
        places += range(len(uses[0].inputs))
    assert compared >= set(itertools.product(details, places))


@pytest.mark.parametrize("name", sorted(ops()))
def test_a_formula_wrong_by_one_in_a_thousand_is_noticed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(WORDS, "stretched", stretched_values)
    noticed: dict[Compared, bool] = {}
    for which, compare in comparisons(ops()[name], stretched):
        try:
            compare()
        except AssertionError:
            noticed[which] = True
        noticed.setdefault(which, False)
    unnoticed = {which for which, seen in noticed.items() if not seen}
    assert unnoticed == {which for which in noticed if name in FLAT and which[1] != "forward"}


def test_words_are_only_where_they_are_listed() -> None:
    rules = {name: rule_of(uses[0][1]) for name, uses in applied().items()}
    in_words = {name for name, rule in rules.items() if not all(map(is_expression, written(rule)))}
    assert in_words == IN_WORDS
    without = {name for name, rule in rules.items() if None in rule.backward}
    assert without == WITHOUT_GRADIENT


def test_notes_are_known_in_japanese() -> None:
    details: tuple[Detail, ...] = ("ops", "book")
    uses = itertools.product([uses[0][1] for uses in applied().values()], details)
    rules = [rule_of(op, detail) for op, detail in uses]
    assert not [rule.note for rule in rules if rule.note and note_in("ja", rule.note) == rule.note]
    assert len({rule.note for rule in rules}) > 10


def written(rule: Rule) -> list[Formula]:
    return [rule.forward, *[formula for formula in rule.backward if formula], *rule.definitions]


def test_the_ops_are_all_that_there_are() -> None:
    assert set(applied()) == set(ops())
    assert len(ops()) > 90


# ---------------------------------------------------------------------- the evaluator is tested
@pytest.mark.parametrize(
    "formula",
    [
        "z = x * y;  gx = g * y,  gy = g * y",
        "z = x * y;  gx = g * x,  gy = g * x",
        "z = x * y;  gx = -g * y,  gy = g * x",
        "z = x + y;  gx = g * y,  gy = g * x",
        "z = x * y;  gx = g * y.T,  gy = g * x",
        "z = x * y;  gx = g,  gy = g * x   (0 at 0)",
    ],
)
def test_a_wrong_formula_is_noticed(formula: str, rng: np.random.Generator) -> None:
    class Times(Multiply):
        __doc__ = formula

    z = Times()(tw.Variable(rng.normal(size=(3, 3))), tw.Variable(rng.normal(size=(3, 3))))
    rule = rule_of(z.creator)
    assert rule is not None
    said = Said(z.creator, rule)
    with pytest.raises(AssertionError, match=r"times: "):
        said.forward()
        said.backward(0)
        said.backward(1)


def test_what_is_added_at_places_is_not_set(rng: np.random.Generator) -> None:
    class Taken(Rows):
        """y = table[ids];  gtable[ids] += g"""

    y = Taken(np.array([0, 2, 2]))(tw.Variable(rng.normal(size=(4, 2))))
    rule = rule_of(y.creator)
    Said(y.creator, rule).backward(0)
    Taken.__doc__ = "y = table[ids];  gtable[ids] = g"
    with pytest.raises(AssertionError, match="added"):
        Said(y.creator, rule_of(y.creator)).backward(0)
    Taken.__doc__ = "y = table[ids];  gtable[ids - 1] += g"
    with pytest.raises(AssertionError, match="taken: "):
        Said(y.creator, rule_of(y.creator)).backward(0)
