"""Each pass and each rule: what goes in, what comes out, and that the values stay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tinygrad_w2v._base.errors import CompileError
from tinygrad_w2v.compiler import passes
from tinygrad_w2v.compiler.ir.interpreter import interpret
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.ir.sizes import Size, symbolic
from tinygrad_w2v.compiler.ir.verifier import verify
from tinygrad_w2v.compiler.passes import (
    algebra,
    drop_unused,
    fold_constants,
    name_values,
    optimized,
    order_products,
    share_common,
    simplify,
)
from tinygrad_w2v.compiler.trace.symbol import Symbol, Trace

C = symbolic(Size("C", 10))
SIZES = {"C": 3}
WINDOW = {"x": np.array([0.5, -1.0, 2.0]), "m": np.arange(12.0).reshape(3, 4) - 5}


def traced(build: Callable[[Symbol, Symbol], Any]) -> Program:
    """The program of an expression of ``x (C,)`` and ``m (C, 4)``."""
    trace = Trace(np.float64)
    x, m = trace.given("input", "x", (C,), "float"), trace.given("input", "m", (C, 4), "float")
    return trace.program(np.sum(build(x, m)))


def value(program: Program) -> float:
    return interpret(program, WINDOW, {}, SIZES)


def ops(program: Program) -> list[str]:
    """What is computed, in order: ops, and scalar functions by their names."""
    given = ("input", "constant", "size")
    named = [s["function"] if s.op in ("map", "reduce") else s.op for s in program]
    return [n for n, s in zip(named, program, strict=True) if s.op not in given]


def test_unused_values_are_dropped() -> None:
    program = traced(lambda x, m: (np.exp(m), x)[1])
    assert "exp" in ops(program)
    assert ops(drop_unused(program)) == ["sum"]


def test_numbers_are_folded() -> None:
    program = traced(lambda x, m: x * (np.sqrt(constant(x, 16.0)) + 1))
    folded = drop_unused(fold_constants(program))
    assert ops(folded) == ["multiply", "sum"]
    assert [s["value"] for s in folded.of_op("constant")] == [5.0]


def constant(x: Symbol, number: float) -> Symbol:
    return x.trace.symbol(number)


def test_what_is_not_a_number_is_not_folded() -> None:
    program = traced(lambda x, m: x + np.log(constant(x, -1.0)))
    assert "log" in ops(fold_constants(program))


def test_the_same_is_computed_once() -> None:
    program = traced(lambda x, m: np.exp(x) * np.exp(x) + np.exp(2 * x))
    assert ops(share_common(program)).count("exp") == 2


def test_integers_and_floats_of_equal_value_stay_apart() -> None:
    """A 1 that is an int and a 1.0 are not the same instruction."""
    program = traced(lambda x, m: x * constant(x, 1.5) + constant(x, 2) / constant(x, 2.0))
    constants = [s["value"] for s in drop_unused(share_common(program)).of_op("constant")]
    assert sorted(type(c).__name__ for c in constants) == ["float", "float", "int"]


def test_names_are_new_and_not_the_kernels_own() -> None:
    program = name_values(traced(lambda x, m: np.exp(x) + np.exp(m[..., 0])))
    names = [step.name for step in program]
    assert len(set(names)) == len(names)
    assert "exp" not in names  # a function of the kernel
    assert {"x", "m"} <= set(names)


RULES: list[tuple[str, Callable[[Symbol, Symbol], Any], list[str]]] = [
    ("_moved_nothing", lambda x, m: m[..., :4], ["sum"]),
    ("_moved_twice", lambda x, m: np.swapaxes(np.swapaxes(m, -1, -2), -1, -2), ["sum"]),
    (
        "_moved_twice",
        lambda x, m: np.tanh(np.reshape(np.reshape(m, (-1, 2, 2)), (-1, 4, 1))),
        ["reshape", "tanh", "sum"],
    ),
    (
        "_stretched_input",
        lambda x, m: np.broadcast_to(x[..., None], m.shape) * m,
        ["reshape", "multiply", "sum"],
    ),
    (
        "_transposed_factor",
        lambda x, m: np.tanh(m @ np.swapaxes(m, -1, -2)),
        ["einsum", "tanh", "sum"],
    ),
    (
        "_transposed_product",
        lambda x, m: np.tanh(np.swapaxes(m @ np.ones((4, 2)), -1, -2)),
        ["einsum", "tanh", "sum"],
    ),
    (
        "_sum_of_stretched",
        lambda x, m: np.tanh(np.sum(np.broadcast_to(x[..., None], m.shape), -1)),
        ["multiply", "tanh", "sum"],
    ),
    ("_neutral", lambda x, m: (x * 1 + 0) / 1 - 0, ["sum"]),
    ("_signs", lambda x, m: np.tanh(np.negative(-x)), ["tanh", "sum"]),
    ("_signs", lambda x, m: -1 * x, ["sum", "negative"]),
    ("_signs", lambda x, m: -(x - 3), ["subtract", "sum"]),
    ("_signs", lambda x, m: np.exp((-m) @ np.ones((4, 2))), ["einsum", "negative", "exp", "sum"]),
    ("_subtracted", lambda x, m: x + -np.exp(x), ["exp", "subtract", "sum"]),
    ("_subtracted", lambda x, m: x - -np.exp(x), ["exp", "add", "sum"]),
    ("_there_and_back", lambda x, m: x + (x * 3 - x), ["multiply", "sum"]),
    ("_there_and_back", lambda x, m: (x / 3 - x) + x, ["divide", "multiply", "sum"]),
    ("_divided_by_number", lambda x, m: x / np.sum(m), ["sum", "divide", "multiply", "sum"]),
    ("_power", lambda x, m: (x * x) ** 0.5, ["multiply", "sqrt", "sum"]),
    ("_power", lambda x, m: np.power(x, constant(x, 2.0)), ["square", "sum"]),
]


@pytest.mark.parametrize(("name", "build", "expected"), RULES)
def test_rules_of_algebra(
    name: str, build: Any, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = fold_constants(verify(traced(build), "tracing"))
    fired: list[str] = []

    def noting(rule: Any) -> Any:
        def noted(step: Any, new: Any) -> Any:
            found = rule(step, new)
            fired.extend([rule.__name__] if found is not None else [])
            return found

        return noted

    monkeypatch.setattr(algebra, "RULES", tuple(noting(rule) for rule in algebra.RULES))
    simple = verify(drop_unused(simplify(program)), "simplify")
    assert name in fired
    assert ops(simple) == expected
    assert value(simple) == pytest.approx(value(program), rel=1e-14)


@pytest.mark.parametrize(
    "build",
    [
        lambda x, m: x + (np.exp(-x * x) - x),  # of infinite x it is NaN, and exp is 0
        lambda x, m: x + (3 / x - x),
        lambda x, m: m + (x[..., None] * 3 - m),
        lambda x, m: x - (x * 3 - x),
    ],
)
def test_there_and_back_is_kept_where_nan_would_be_hidden(build: Any) -> None:
    before = drop_unused(fold_constants(traced(build)))
    assert ops(drop_unused(simplify(before))).count("subtract") == ops(before).count("subtract")


def test_rules_that_undo_each_other_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def turned(step: Any, new: Any) -> Any:
        if step.op != "map" or step["function"] != "add":
            return None
        return new.add(step, "map", step.inputs[::-1], parameters=step.parameters)

    monkeypatch.setattr(algebra, "RULES", (turned,))
    with pytest.raises(CompileError, match="undo each other"):
        simplify(traced(lambda x, m: x + 2))


def test_a_pass_that_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose_everything(program: Program) -> Program:
        return Program(program.instructions[1:], program.loss, program.constants)

    monkeypatch.setattr(passes, "PASSES", (lose_everything,))
    with pytest.raises(CompileError, match=r"after lose_everything: .* reads x before it is made"):
        optimized(traced(lambda x, m: x))


def test_all_passes_keep_the_value() -> None:
    program = traced(lambda x, m: np.tanh(-m @ np.swapaxes(m, -1, -2)) / 3 - x * 1 + -x)
    after = optimized(program)
    assert len(after) < len(program)
    assert value(after) == pytest.approx(value(program), rel=1e-14)


# ---------------------------------------------------------------------- products of many factors
def products(program: Program) -> list[tuple[tuple[str, ...], str]]:
    return [(step["terms"], step["out"]) for step in program.of_op("einsum")]


def test_a_product_of_three_is_taken_two_at_a_time() -> None:
    a, b = np.ones((4, 30)), np.ones((30, 5))
    program = order_products(traced(lambda x, m: np.einsum("ca,ab,bd->cd", m, a, b)))
    # The dynamic axis is at most 10 long: a b d and c a d take less than c a b and c b d.
    assert products(program) == [(("ab", "bd"), "ad"), (("ca", "ad"), "cd")]
    again = order_products(program)
    assert again.instructions == program.instructions


@pytest.mark.parametrize("terms", ["ca,ca,ca->ca", "ca,ca,ca->c", "ca,ca,ca->"])
def test_a_product_that_would_take_as_much_stays_together(terms: str) -> None:
    program = traced(lambda x, m: np.einsum(terms, m, m, 2 * m))
    assert order_products(program).instructions == program.instructions


@pytest.mark.parametrize("seed", range(60))
def test_products_in_pairs_are_the_product(seed: int) -> None:
    """Any labels, shared, summed, repeated and stretched; lengths of 1 and a dynamic one."""
    rng = np.random.default_rng(seed)
    lengths = {"a": 3, "b": 4, "c": C, "d": 2, "e": 1}
    trace, given, terms = Trace(np.float64), {}, []
    for k in range(int(rng.integers(3, 8))):
        labels = "".join(rng.permutation(list(lengths))[: rng.integers(1, 4)])
        shape = tuple(1 if rng.random() < 0.15 else lengths[label] for label in labels)
        terms.append(labels)
        given[f"x{k}"] = shape
    full = {
        label: next(
            (
                n
                for t, s in zip(terms, given.values(), strict=True)
                for one, n in zip(t, s, strict=True)
                if one == label and n != 1
            ),
            1,
        )
        for label in dict.fromkeys("".join(terms))
    }
    out = "".join(label for label in full if rng.random() < 0.5)
    symbols = [trace.given("input", name, shape, "float") for name, shape in given.items()]
    program = trace.program(np.sum(np.tanh(np.einsum(f"{','.join(terms)}->{out}", *symbols))))
    windows = {
        name: rng.normal(size=[3 if n == C else n for n in shape]) for name, shape in given.items()
    }
    contracted = verify(order_products(program), "order_products")
    assert all(len(step.inputs) == 2 for step in contracted.of_op("einsum")) or (
        contracted.instructions == program.instructions
    )
    before, after = (interpret(p, windows, {}, SIZES) for p in (program, contracted))
    assert after == pytest.approx(before, rel=1e-10)


def test_random_products_do_become_pairs() -> None:
    """The test above does not compare programs with themselves alone."""
    rng = np.random.default_rng(0)
    program = traced(
        lambda x, m: np.einsum(
            "c,ca,ab,bd->d", x, m, rng.normal(size=(4, 6)), rng.normal(size=(6, 2))
        )
    )
    assert len(order_products(program).of_op("einsum")) == 3
