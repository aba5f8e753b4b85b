"""From statements to few loops: what is joined, what must not be, and what becomes a number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.batch import Batch
from tinygrad_w2v.compiler.ir.sizes import Size, symbolic
from tinygrad_w2v.compiler.loops.collapse import collapse
from tinygrad_w2v.compiler.loops.contract import contract
from tinygrad_w2v.compiler.loops.fuse import fuse, fused
from tinygrad_w2v.compiler.loops.lower import lower
from tinygrad_w2v.compiler.loops.nest import (
    Array,
    Call,
    Load,
    Loop,
    LoopCode,
    Nest,
    Number,
    Statement,
    Variable,
    Whole,
    ordered,
    statements_in,
)
from tinygrad_w2v.compiler.loops.schedule import Schedule
from tinygrad_w2v.compiler.loops.unroll import unroll
from tinygrad_w2v.compiler.loops.unroll_and_jam import jam
from tinygrad_w2v.compiler.passes import optimized
from tinygrad_w2v.compiler.trace.trace import fields_of, trace

C = symbolic(Size("C", 10))
NOTHING = Number(0.0)
DEFAULT = Schedule()


def at(*names: str) -> tuple[Any, ...]:
    return tuple(Variable(name) for name in names)


def loops(**lengths: Any) -> tuple[Loop, ...]:
    return tuple(Loop(name, length) for name, length in lengths.items())


def depth(body: Any) -> int:
    """How many loops stand inside each other."""
    return max((1 + depth(node.body) for node in body if isinstance(node, Nest)), default=0)


def setting(
    array: str, value: Any, indices: tuple[Any, ...], around: tuple[Loop, ...]
) -> Statement:
    return Statement(array, indices, value, "set", around)


# ---------------------------------------------------------------------- order
def test_the_innermost_loop_is_the_one_that_memory_lies_along() -> None:
    value = Call("multiply", (Load("w", at("v", "d")), Load("x", at("c", "v"))))
    given = Statement("y", at("c", "d"), value, "add", loops(d=100, v=50, c=C))
    assert [loop.variable for loop in ordered(given).loops] == ["c", "v", "d"]


# ---------------------------------------------------------------------- fusion
def test_what_is_read_where_it_was_made_shares_the_loop() -> None:
    first = setting("a", Load("x", at("i")), at("i"), loops(i=C))
    second = setting("b", Load("a", at("j")), at("j"), loops(j=C))
    (nest,) = fused([first, second])
    assert isinstance(nest, Nest)
    assert [s.array for s in statements_in(nest.body)] == ["a", "b"]
    assert depth((nest,)) == 1


@pytest.mark.parametrize(
    "second",
    [
        setting("b", Load("a", (Call("add", (Variable("j"), Number(1))),)), at("j"), loops(j=C)),
        setting("b", Load("a", (Load("ids", at("j")),)), at("j"), loops(j=C)),
        setting("b", Load("a", (Number(0),)), at("j"), loops(j=C)),
        setting("b", Call("first_of", (Whole("a"), Variable("j"))), at("j"), loops(j=C)),
        setting("b", Load("a", at("j")), at("j"), loops(j=5)),
    ],
    ids=["the next one", "at an id", "the first one", "looked through", "another length"],
)
def test_what_is_read_elsewhere_waits_for_all_of_it(second: Statement) -> None:
    first = setting("a", Load("x", at("i")), at("i"), loops(i=C))
    assert len(fused([first, second])) == 2


def test_a_sum_is_read_after_its_loop() -> None:
    total = Statement("s", (), Load("x", at("i")), "add", loops(i=C))
    reader = setting("b", Load("s"), at("j"), loops(j=C))
    assert len(fused([setting("s", NOTHING, (), ()), total, reader])) == 3


def test_rows_are_not_written_in_the_loop_that_reads_them() -> None:
    value = Load("w", (Load("ids", at("i")),))
    read = Statement("x", at("i"), value, "set", loops(i=C), phase="read")
    row = (Load("ids", at("j")),)
    write = Statement("w", row, Load("x", at("j")), "add", loops(j=C), phase="write")
    assert len(fused([read, write])) == 2


def test_a_statement_moves_up_past_what_it_has_nothing_to_do_with() -> None:
    first = setting("a", Load("x", at("i")), at("i"), loops(i=C))
    other = setting("o", Load("y", at("k")), at("k"), loops(k=7))
    second = setting("b", Load("a", at("j")), at("j"), loops(j=C))
    tree = fused([first, other, second])
    assert [[s.array for s in statements_in((nest,))] for nest in tree] == [["a", "b"], ["o"]]


def test_one_extent_twice_is_two_loops() -> None:
    """Contexts by contexts: the product reads rows that other iterations made."""
    rows = setting("x", Load("t", at("i", "d")), at("i", "d"), loops(i=C, d=16))
    value = Call("multiply", (Load("x", at("p", "e")), Load("x", at("q", "e"))))
    product = Statement("s", at("p", "q"), value, "add", loops(p=C, q=C, e=16))
    tree = fused([rows, product])
    assert len(tree) == 2
    assert depth(tree) == 3


# ---------------------------------------------------------------------- contraction
def test_what_is_made_and_read_in_one_iteration_is_a_number() -> None:
    first = setting("a", Load("x", at("i")), at("i"), loops(i=C))
    second = setting("b", Load("a", at("j")), at("j"), loops(j=C))
    arrays = {"a": Array((C,), "float"), "b": Array((C,), "float")}
    code = LoopCode(fused([first, second]), arrays, Load("b", (Number(0),)))
    arrays = dict(contract(code, DEFAULT).arrays)
    assert arrays["a"].shape == ()
    assert arrays["b"].shape == (C,)  # it is read when all is done


def test_what_outlives_an_iteration_keeps_its_axis() -> None:
    first = setting("a", Load("x", at("i")), at("i"), loops(i=C))
    second = setting("b", Load("a", (Number(0),)), at("j"), loops(j=C))
    code = LoopCode(fused([first, second]), {"a": Array((C,), "float")}, NOTHING)
    assert contract(code, DEFAULT).arrays["a"].shape == (C,)


# ---------------------------------------------------------------------- real programs
def lowered_of(kind: Any) -> LoopCode:
    """Skip-gram or CBOW, as statements."""
    model = kind(50, 24)
    window = {
        "center": np.array(1),
        "contexts": np.array([1, 2, 3]),
        "offsets": np.array([-1, 1, 2]),
        "targets": np.array([1, 4, 5]),
        "labels": np.array([1.0, 0, 0]),
    }
    batch = Batch(**window)
    fields = fields_of(batch, {"contexts": (("C", 10),), "offsets": (("C", 10),)})
    return lower(optimized(trace(model, batch, fields).program), DEFAULT)


def test_scores_with_a_short_axis_are_numbers_side_by_side() -> None:
    lowered = unroll(lowered_of(tw.SkipGram), DEFAULT)
    sums = [s for s in lowered.statements if s.array.startswith("dot.total.p")]
    assert {s.array for s in sums} == {f"dot.total.p{k}" for k in range(3)}
    code = contract(fuse(lowered, DEFAULT), DEFAULT)
    assert all(code.arrays[f"dot.total.p{k}"].shape == () for k in range(3))


def test_exponentials_of_all_scores_are_one_flat_loop() -> None:
    lowered = collapse(unroll(lowered_of(tw.SkipGram), DEFAULT), DEFAULT)
    costly = [
        s for s in lowered.statements if isinstance(s.value, Call) and "sigmoid" in s.value.function
    ]
    (statement,) = costly
    (loop,) = statement.loops
    assert repr(loop.length) == "3 * C"


def test_two_iterations_at_once_where_they_share_what_they_read() -> None:
    for kind, jammed in ((tw.SkipGram, True), (tw.CBOW, False)):
        code = lowered_of(kind)
        for stage in (unroll, collapse, fuse, contract, jam):
            code = stage(code, DEFAULT)
        steps = [node.loop.step for node in code.body if isinstance(node, Nest)]
        assert (2 in steps) == jammed


@pytest.mark.parametrize("contexts", [1, 2, 3, 8, 9])
def test_a_last_iteration_alone_is_not_forgotten(contexts: int, rng: np.random.Generator) -> None:
    from tinygrad_w2v.compiler.inspect.compare import compare

    window = {
        "center": np.array(1),
        "contexts": rng.integers(0, 9, contexts),
        "offsets": np.arange(contexts),
        "targets": np.array([1, 4, 1]),
        "labels": np.array([1.0, 0, 0]),
    }
    batch = Batch(**window)
    axes = {"contexts": (("C", 10),), "offsets": (("C", 10),)}
    model = tw.SkipGram(9, 24)
    model.w_out.data[...] = rng.normal(size=model.w_out.shape)
    errors = compare(model, batch, axes, dtype=np.float64, native=False)
    assert max(errors.values()) < 1e-12
