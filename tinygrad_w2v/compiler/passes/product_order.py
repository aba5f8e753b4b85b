"""Product order: a product of many factors is taken two at a time, in the cheapest order.

The matrix chain problem for any letters. At once, ``ij,jk,kl->il`` takes i j k l products; two at a
time i j k and i k l. Where nothing is gained, as for factors of one shape, they stay together.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.ops.computed import letter_lengths
from tinygrad_w2v.compiler.ir.program import Program, Rewriter
from tinygrad_w2v.compiler.ir.sizes import Length, bound_of

MOST_TRIED = 6  # factors whose every order is looked at; of more, the cheapest pair comes first


class Factor(NamedTuple):
    """A factor of a product: an input by its number, or a product of two factors; its letters."""

    letters: str
    number: int = -1
    of: tuple[Factor, Factor] | None = None


def order_products(program: Program) -> Program:
    """Let an einsum of three factors or more be several of two, where that takes less."""
    return Rewriter(program, _rule).program


def _rule(step: Instruction, new: Rewriter) -> str | None:
    if step.op != "einsum" or len(step.inputs) < 3:
        return None
    lengths, out = step["lengths"], step["out"]
    factors = [Factor(term, number) for number, term in enumerate(step["terms"])]
    cost, best = _cheapest(factors, out, lengths)
    together = _size("".join(step["terms"]), lengths) * (len(factors) - 1)
    if cost >= together:
        return None

    def made(factor: Factor) -> str:
        if factor.of is None:
            return step.inputs[factor.number]
        pair = factor.of
        inputs = tuple(made(part) for part in pair)
        terms = tuple(part.letters for part in pair)
        own = letter_lengths(terms, [new.made[name].shape for name in inputs])
        ordered = {letter: own[letter] for letter in lengths if letter in own}
        parameters = {"terms": terms, "out": factor.letters, "lengths": ordered}
        return new.add(step, "einsum", inputs, parameters=parameters)

    return made(best)


def _cheapest(
    factors: Sequence[Factor], out: str, lengths: Mapping[str, Length]
) -> tuple[int, Factor]:
    """How many products the best order takes, and that order as nested pairs."""
    if len(factors) == 1:
        return 0, factors[0]
    pairs = list(itertools.combinations(range(len(factors)), 2))
    if len(factors) > MOST_TRIED:
        costs = [_size(factors[i].letters + factors[j].letters, lengths) for i, j in pairs]
        pairs = [pairs[costs.index(min(costs))]]
    orders: list[tuple[int, Factor]] = []
    for i, j in pairs:
        rest = [factor for k, factor in enumerate(factors) if k not in (i, j)]
        both = factors[i].letters + factors[j].letters
        needed = out + "".join(factor.letters for factor in rest)
        left = "".join(dict.fromkeys(letter for letter in both if letter in needed))
        letters = out if not rest else left
        product = Factor(letters, of=(factors[i], factors[j]))
        cost, order = _cheapest([*rest, product], out, lengths)
        orders.append((cost + _size(both, lengths), order))
    return min(orders, key=lambda pair: pair[0])


def _size(letters: str, lengths: Mapping[str, Length]) -> int:
    return math.prod(bound_of(lengths[letter]) for letter in set(letters))
