"""What may change places, and what may not: statements, iterations of a loop, reads before it."""

from __future__ import annotations

from typing import Any

import pytest

from tinygrad_w2v.compiler.ir.sizes import Size, symbolic
from tinygrad_w2v.compiler.loops.dependence import (
    conflict,
    private_arrays,
    same_iteration,
    sets_all,
    unchanging,
)
from tinygrad_w2v.compiler.loops.nest import (
    Call,
    Load,
    Loop,
    Nest,
    Number,
    Statement,
    Variable,
    Whole,
)

C = symbolic(Size("C", 10))
B, D, K = Variable("b"), Variable("d"), Variable("k")
ID = Load("ids", (B,))
ONE = Number(1.0)


def over(variable: str, length: Any, *body: Any) -> Nest:
    return Nest(Loop(variable, length), body)


def put(array: str, *at: Any, value: Any = ONE, mode: str = "set", loops: Any = ()) -> Statement:
    return Statement(array, at, value, mode, tuple(loops))


def add(array: str, *at: Any, value: Any = ONE, loops: Any = ()) -> Statement:
    return put(array, *at, value=value, mode="add", loops=loops)


def flat(high: Any, n: int, low: Any) -> Call:
    return Call("add", (Call("multiply", (high, Number(n))), low))


# ---------------------------------------------------------------------- two statements
@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (put("x"), put("y", value=Load("x")), True),
        (put("y", value=Load("x")), put("x"), True),
        (put("y", value=Call("first_of", (Whole("x"), Number(0)))), put("x", D), True),
        (put("x"), put("y"), False),
        (add("x", ID), add("x", D), False),
        (add("x", ID), put("x", D), True),
        (add("x", ID), add("x", D, value=Load("x", (D,))), True),
        (put("x", Number(0)), put("x", Number(1)), False),
        (put("x", Number(0)), put("x", Number(0)), True),
        (put("x", flat(B, 3, Number(0))), put("x", flat(B, 3, Number(2))), False),
        (put("x", flat(B, 3, Number(0))), put("x", flat(D, 3, Number(2))), False),
        (put("x", flat(B, 3, Number(0))), put("x", flat(D, 3, Number(3))), True),
        (put("x", flat(B, 3, Number(0))), put("x", flat(B, 2, Number(1))), True),
        (
            put("x", Call("add", (B, Number(1)))),
            put("x", Call("add", (B, Number(2)))),
            False,
        ),
        (
            put("x", Call("add", (B, Number(1))), loops=[Loop("b", C)]),
            put("x", Call("add", (B, Number(2)))),
            True,
        ),
        (put("x", ID), put("x", Load("ids", (D,))), True),
    ],
)
def test_statements_that_may_not_change_places(before: Any, after: Any, expected: bool) -> None:
    assert conflict(before, after) is expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (put("x", B), put("y", B, value=Load("x", (B,))), True),
        (put("x", B), put("y", B, value=Load("x", (ID,))), False),
        (put("x", ID), put("y", B, value=Load("x", (ID,))), False),
        (put("x", B, D), put("y", B, value=Load("x", (B, Number(0)))), True),
        (put("x", B), put("y", B, value=Call("first_of", (Whole("x"), B))), False),
        (
            put("x", B),
            put("y", B, value=Call("add", (Load("x", (B,)), Call("first_of", (Whole("x"), B))))),
            False,
        ),
        (put("x", B), add("x", B), True),
        (put("x", B), add("x", ID), False),
        (put("y", B, value=Load("x", (B,))), put("x", B), False),
    ],
)
def test_an_iteration_needs_what_was_made_in_it(before: Any, after: Any, expected: bool) -> None:
    assert same_iteration(before, after, "b") is expected


def test_rows_are_written_after_all_are_read() -> None:
    write = Statement("w", (ID,), ONE, "set", (), phase="write")
    assert not same_iteration(put("x", B, value=Load("w", (ID,))), write, "b")
    assert not same_iteration(write, write, "b")


# ---------------------------------------------------------------------- the whole of an array
def test_a_set_that_reaches_every_element() -> None:
    b, d = Loop("b", C), Loop("d", 4)
    assert sets_all([((B, D), [b, d])], (C, 4))
    assert sets_all([((), [])], ())
    assert not sets_all([], ())
    assert not sets_all([((B, D), [b, d])], (C, 5))
    assert not sets_all([((B, D), [b])], (C, 4))
    assert not sets_all([((D, D), [d])], (4, 4))
    assert not sets_all([((ID,), [b])], (C,))
    assert not sets_all([((B, Number(0)), [b])], (C, C))
    ragged = Loop("d", 4, Number(0), Load("ends", (B,)))
    assert not sets_all([((D,), [ragged])], (4,))
    numbers = [((B, Number(k)), [b]) for k in range(4)]
    assert sets_all(numbers, (C, 4))
    assert not sets_all(numbers[1:], (C, 4))
    assert not sets_all([*numbers[1:], ((B, D), [b, d])], (C, 4))


# ---------------------------------------------------------------------- two iterations at once
SHAPES = {"x": (9,), "y": (C, 9), "flat": (C.times(9),), "sum": (), "h": (9,)}
FILL = over("d", 9, put("x", D))


@pytest.mark.parametrize(
    ("body", "own"),
    [
        # What is set whole in an iteration is private to it, whatever its indices are after that.
        ([FILL, add("x", ID), add("sum", value=Load("x", (ID,)))], {"x"}),
        ([FILL, add("sum", value=Call("first_of", (Whole("x"), B)))], None),
        ([over("d", 9, add("x", D)), add("sum", value=Load("x", (ID,)))], None),
        ([over("d", 8, put("x", D)), add("sum", value=Load("x", (ID,)))], None),
        ([add("sum", value=Load("x", (ID,))), FILL], None),
        ([put("x", ID), add("sum", value=Load("x", (ID,)))], None),
        # What is only added to is shared.
        ([over("d", 9, add("h", D)), add("h", ID)], set()),
        ([over("d", 9, add("h", D, value=Load("h", (Number(0),))))], None),
        # What every iteration has elements of its own of.
        ([over("d", 9, put("y", B, D)), add("sum", value=Load("y", (B, ID)))], set()),
        ([over("d", 9, put("y", B, D)), add("sum", value=Load("y", (ID, B)))], None),
        ([over("d", 9, put("flat", flat(B, 9, D)))], set()),
        ([over("d", 9, put("flat", flat(B, 8, D)))], None),
        ([put("flat", flat(B, 9, ID)), add("sum", value=Load("flat", (flat(B, 9, D),)))], None),
        ([over("d", 9, add("flat", flat(B, 9, D))), put("flat", flat(B, 9, Number(3)))], set()),
        ([over("d", 3, put("flat", flat(flat(B, 3, D), 3, Number(2))))], set()),
        ([put("y", Call("add", (B, Number(1))), D)], None),
        # One that is set under a condition may not be set.
        ([Statement("x", (ID,), ONE, "set", (), only_if=Number(True))], None),
    ],
)
def test_iterations_that_can_be_mixed(body: list[Any], own: set[str] | None) -> None:
    assert private_arrays(over("b", C, *body), SHAPES, {"sum"}) == own


def test_what_others_read_is_private_to_no_iteration() -> None:
    nest = over("b", C, FILL, add("sum", value=Load("x", (ID,))))
    assert private_arrays(nest, SHAPES, set()) == {"x"}
    assert private_arrays(nest, SHAPES, {"x"}) is None


# ---------------------------------------------------------------------- reads before a loop
def test_what_a_loop_writes_is_not_read_before_it() -> None:
    nest = over("d", 9, add("x", D, value=Load("y", (B, D))))
    assert unchanging(Load("h", (B,)), nest)
    assert not unchanging(Load("h", (D,)), nest)
    assert not unchanging(Load("x", (B,)), nest)
    assert not unchanging(Load("h", (Load("x", (B,)),)), nest)
    assert not unchanging(Load("h", (Call("first_of", (Whole("x"), B)),)), nest)
