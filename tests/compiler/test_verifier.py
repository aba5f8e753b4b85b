"""Each fault of a program is named, with the pass that made it."""

from __future__ import annotations

from typing import Any

import pytest

from tinygrad_w2v._base.errors import CompileError
from tinygrad_w2v.compiler.ir.instructions import Instruction
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.ir.verifier import verify


def step(name: str, op: str, inputs: Any = (), shape: Any = (), dtype: str = "float", **of: Any):
    return Instruction(name, op, tuple(inputs), shape, dtype, of)


W = step("w", "parameter", shape=(7, 3), wide=False)
IDS = step("ids", "input", shape=(4,), dtype="int")
X = step("x", "input", shape=(4, 3))
LOSS = step("loss", "reduce", ["x"], function="sum", axes=(0, 1))
GIVEN = (W, IDS, X, LOSS)


def program(*steps: Instruction, loss: str = "loss") -> Program:
    return Program((*GIVEN, *steps), loss, {})


def test_a_sound_program_comes_back() -> None:
    rows = step("rows", "take", ["w", "ids"], (4, 3), axis=0)
    write = step("write", "add_rows", ["w", "ids", "x"])
    sound = program(rows, write)
    assert verify(sound, "a pass") is sound


@pytest.mark.parametrize(
    ("steps", "fault"),
    [
        ([step("y", "cumsum", ["x"], (4, 3))], "there is no such op"),
        ([step("y", "map", ["z"], (), function="exp")], "it reads z before it is made"),
        ([step("x", "map", ["x"], (4, 3), function="exp")], "it is made twice"),
        ([step("y", "map", ["x"], (4,), function="exp")], r"its shape is \(4,\), but follows as"),
        ([step("y", "map", ["x", "x"], (4, 3), function="exp")], "exp takes 1 inputs, not 2"),
        ([step("y", "map", ["x", "w"], (4, 3), function="add")], "do not broadcast"),
        ([step("y", "map", ["x", "x", "x"], (4, 3), function="where")], "its condition x is float"),
        ([step("y", "map", ["x"], (4, 3), function="gamma")], "gamma"),
        (
            [step("y", "map", ["ids", "ids"], (4,), function="add")],
            "it is float, but its input ids",
        ),
        ([step("y", "map", ["x"], (4, 3), "int", function="exp")], "it is int, not float"),
        ([step("y", "map", ["x", "x"], (4, 3), function="less")], "it is float, not bool"),
        ([step("y", "reshape", ["ids"], (2, 2))], "it is float, but made of int"),
        ([step("y", "concatenate", ["x", "ids"], (8, 3), axis=0)], "it is float, but made of"),
        ([step("y", "reduce", ["ids"], (), function="sum", axes=(0,))], "it is float, but made of"),
        ([step("y", "reduce", ["x"], (3,), function="median", axes=(0,))], "no reduce median"),
        ([step("y", "reduce", ["x"], (4,), function="sum", axes=(0,))], r"follows as \(3,\)"),
        ([step("y", "transpose", ["x"], (4, 3), axes=(1, 0))], r"follows as \(3, 4\)"),
        ([step("y", "reshape", ["x"], (5,))], "another size"),
        ([step("y", "broadcast", ["x"], (5, 3))], "broadcast"),
        ([step("y", "slice", ["x"], (2,), spec=(("at", 0), ("range", 0, 1, 3)))], "follows as"),
        ([step("y", "concatenate", ["x", "x"], (4, 3), axis=0)], r"follows as \(8, 3\)"),
        ([step("y", "concatenate", ["x", "w"], (4, 6), axis=1)], "do not fit"),
        ([step("y", "take", ["w", "x"], (4, 3, 3), axis=0)], "its ids x are float"),
        ([step("y", "take", ["w", "ids"], (4,), axis=0)], "follows as"),
        ([step("y", "take_along", ["x", "ids"], (4,), axis=0)], "another number of axes"),
        ([step("y", "scatter", ["x", "ids"], (9, 4), axis=0)], "do not fit"),
        ([step("y", "scatter_along", ["x", "x"], (4, 9), axis=1)], "its ids x are float"),
        (
            [step("y", "scatter_slice", ["x"], (9, 3), spec=(("at", 0), ("range", 0, 1, 3)))],
            "do not fit",
        ),
        ([step("y", "segment_sum", ["x", "ids"], (3, 3))], r"follows as \(4, 3\)"),
        ([step("y", "segment_repeat", ["x", "x"], (9, 3))], "its ids x are float"),
        ([step("y", "segment_repeat", ["w", "ids"], (9, 3))], "do not fit segments"),
        ([step("y", "first_place", ["ids"], (3,), "int")], r"follows as \(4,\)"),
        (
            [step("y", "einsum", ["x", "x"], (4,), terms=("ab", "ba"), out="a", lengths={})],
            "axes of lengths . and . do not fit",
        ),
        (
            [step("y", "einsum", ["x"], (4,), terms=("a",), out="a", lengths={})],
            "letters a do not fit",
        ),
        (
            [step("y", "einsum", ["x"], (4, 4), terms=("ab",), out="aa", lengths={})],
            "comes twice",
        ),
        ([step("y", "add_rows", ["w", "ids", "w"])], "do not broadcast"),
        ([step("y", "add_rows", ["x", "ids", "x"])], "which is no parameter"),
        ([step("y", "put_rows", ["w", "ids", "ids", "w"])], "do not fit"),
        ([step("y", "add_to", ["w", "x"])], "do not"),
        ([step("y", "put", ["w", "x"])], "do not"),
        (
            [step("y", "add_to", ["w", "w"]), step("z", "map", ["y"], (), function="exp")],
            "reads the write y",
        ),
        (
            [
                step("y", "add_rows", ["w", "ids", "x"]),
                step("z", "take", ["w", "ids"], (4, 3), axis=0),
            ],
            "comes after a write",
        ),
    ],
)
def test_faults(steps: list[Instruction], fault: str) -> None:
    with pytest.raises(CompileError, match=f"after some_pass: .*{fault}"):
        verify(program(*steps), "some_pass")


def test_the_loss_is_one_number() -> None:
    for loss in ("x", "nothing"):
        with pytest.raises(CompileError, match=f"the loss {loss} is not one number"):
            verify(program(loss=loss), "some_pass")


def test_tied_tables_are_read_whole_before_the_first_write() -> None:
    """The row of one look-up may be the row of another: a write between them is a fault."""
    first = step("first", "take", ["w", "ids"], (4, 3), axis=0)
    write = step("write", "add_rows", ["w", "ids", "first"])
    second = step("second", "take", ["w", "ids"], (4, 3), axis=0)
    with pytest.raises(CompileError, match="may read what was written"):
        verify(program(first, write, second), "some_pass")
