"""Rows are read where they are only if nobody writes them, or their ids, before the last reader."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.batch import Batch
from tinygrad_w2v.compiler import Schedule
from tinygrad_w2v.compiler.inspect.compare import compare
from tinygrad_w2v.compiler.loops.in_place import in_place
from tinygrad_w2v.compiler.loops.nest import (
    Array,
    Call,
    Load,
    Loop,
    LoopCode,
    Number,
    Statement,
    Variable,
    Whole,
)
from tinygrad_w2v.compiler.stages import build
from tinygrad_w2v.compiler.trace.trace import fields_of, trace

K, D, E = Variable("k"), Variable("d"), Variable("e")
ROWS = (Loop("k", 6), Loop("d", 100))
ID = Load("ids", (K,))
COPY = Statement("rows", (K, D), Load("table", (ID, D)), "set", ROWS, "read")
READ = Statement("x", (D,), Load("rows", (Number(2), D)), "set", (Loop("d", 100),))
AGAIN = Statement("y", (D,), Load("rows", (Number(3), D)), "set", (Loop("d", 100),))
WRITE = Statement("table", (ID, D), Load("x", (D,)), "add", ROWS, "write")
IDS = Statement("ids", (K,), Number(1), "set", (Loop("k", 6),))


NOTHING = Number(0.0)


def arrays_left(*statements: Statement, loss: Any = NOTHING) -> set[str]:
    """Which arrays are still written when copies that are not needed are gone."""
    arrays = {"rows": Array((6, 100), "float"), "x": Array((100,), "float")}
    return {s.array for s in in_place(LoopCode(statements, arrays, loss), Schedule()).statements}


def test_rows_are_read_in_their_table() -> None:
    read, write = in_place(LoopCode((COPY, READ, WRITE), {}, Number(0.0)), Schedule()).statements
    assert read.value == Load("table", (Load("ids", (Number(2),)), D))
    assert write == WRITE


@pytest.mark.parametrize(
    ("statements", "kept"),
    [
        ((COPY, READ, AGAIN, WRITE), False),
        ((COPY, READ, WRITE, AGAIN), True),  # the row may be among those that were written
        ((COPY, WRITE, READ), True),
        ((COPY, READ), False),
        ((COPY, IDS, READ, WRITE), True),  # another row by now
        ((IDS, COPY, READ, WRITE), False),
        ((COPY, READ, COPY, AGAIN), True),
    ],
)
def test_where_a_copy_is_needed(statements: tuple[Statement, ...], kept: bool) -> None:
    assert ("rows" in arrays_left(*statements)) is kept


@pytest.mark.parametrize(
    "write",
    [
        # It reads rows while it writes them, or it would share the readers' loop.
        Statement("table", (ID, D), Load("rows", (K, D)), "add", ROWS, "write"),
        Statement("table", (Number(0), E), Number(1.0), "add", (Loop("e", 100),), "write"),
    ],
)
def test_a_write_beside_its_readers_keeps_the_copy(write: Statement) -> None:
    assert "rows" in arrays_left(COPY, READ, write)


def test_what_is_searched_or_is_the_loss_keeps_the_copy() -> None:
    search = Statement("n", (), Call("first_of", (Whole("rows"), Number(0))), "set", ())
    assert "rows" in arrays_left(COPY, READ, search)
    assert "rows" in arrays_left(COPY, READ, loss=Load("rows", (Number(0), Number(0))))


def test_without_noalias_rows_are_copied() -> None:
    code = LoopCode((COPY, READ, WRITE), {}, Number(0.0))
    assert in_place(code, Schedule(noalias=False)) == code


class TwoRounds(tw.Module):
    """Both tables are read at ids that repeat, by several, and written."""

    def __init__(self) -> None:
        rng = np.random.default_rng(3)
        self.a, self.b = (tw.Parameter(rng.normal(size=(5, 16)) / 8) for _ in range(2))

    def loss(self, window: dict[str, Any]) -> Any:
        a, b = self.a[window["i"]], self.b[window["j"]]
        scores = a @ np.swapaxes(b, -1, -2)
        return np.log(1 + np.exp(scores)).sum() + 0.01 * (b * b).sum() * scores.sum()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_repeated_ids(dtype: Any) -> None:
    windows = [
        {"i": np.array(i), "j": np.array(j)}
        for i, j in (([1, 1, 1], [2, 2, 0]), ([4], [3, 3, 3]), ([0, 4, 0, 4], [0, 4, 4]))
    ]
    errors = compare(TwoRounds(), windows, {"i": (("C", 4),)}, dtype=dtype)
    assert max(errors.values()) < (1e-9 if dtype is np.float64 else 1e-4)


BATCH = Batch(
    np.array(3),
    np.array([1, 2, 4, 2]),
    np.array([-2, -1, 1, 2]),
    np.array([3, 3, 5]),
    np.array([1, 0, 0], np.float32),
)
AXES = {"contexts": (("C", 10),), "offsets": (("C", 10),)}


@pytest.mark.parametrize(("kind", "kept"), [(tw.CBOW, set()), (tw.SkipGram, {"w_in_rows"})])
def test_which_rows_the_models_copy(kind: Any, kept: set[str]) -> None:
    model = kind(20, 16)
    program = trace(model, BATCH, fields_of(BATCH, AXES), tw.optim.SGD(model.parameters())).program
    own = set(build(program, np.float32, "rows").source.own)
    assert own & {"w_in_rows", "w_out_rows"} == kept
    errors = compare(model, BATCH, AXES, dtype=np.float32)
    assert max(errors.values()) < 1e-4
