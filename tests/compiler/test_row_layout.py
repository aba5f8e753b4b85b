"""Tables in whole cache lines: which are moved, and that nothing but their strides changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.cache_lines import with_padding
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.compiler import Schedule
from tinygrad_w2v.compiler.codegen.row_layout import pad_tables

ROWS, D = 200, 100
RATE = 0.25


def numbers(*shape: int, dtype: Any = np.float32) -> Any:
    return np.random.default_rng(0).normal(size=shape).astype(dtype) + dtype(0)


def is_padded(parameter: tw.Parameter) -> bool:
    rows = with_padding(parameter.data)
    return rows is not parameter.data and rows.ctypes.data % 64 == rows.strides[0] % 64 == 0


# ---------------------------------------------------------------------- who may be moved
def test_a_table_of_nobody_else_is_moved() -> None:
    values = numbers(ROWS, D)
    parameter = tw.Parameter(values.copy(), name="w", frozen=np.arange(ROWS) < 3)
    pad_tables([parameter])
    assert is_padded(parameter)
    np.testing.assert_array_equal(parameter.data, values)
    assert parameter.shape == (ROWS, D) and parameter.name == "w"
    np.testing.assert_array_equal(parameter.frozen, np.arange(ROWS) < 3)
    moved = parameter.data
    pad_tables([parameter])
    assert parameter.data is moved
    reshaped = tw.Parameter(numbers(ROWS * D).reshape(ROWS, D))  # a view that is the only one
    pad_tables([reshaped])
    assert is_padded(reshaped)


def held(array: Any) -> tuple[Any, Any]:
    return array, array


def a_view_is_held(array: Any) -> tuple[Any, Any]:
    return array, array[3:5]


def a_part(array: Any) -> tuple[Any, Any]:
    whole = np.concatenate([array, array])
    return whole[: len(array)], whole


def exported(array: Any) -> tuple[Any, Any]:
    return array, memoryview(array)


def other_order(array: Any) -> tuple[Any, Any]:
    return np.asfortranarray(array), None


def read_only(array: Any) -> tuple[Any, Any]:
    array.flags.writeable = False
    return array, None


@pytest.mark.parametrize("given", [held, a_view_is_held, a_part, exported, other_order, read_only])
def test_what_somebody_else_holds_stays_where_it_is(given: Callable[..., Any]) -> None:
    array, kept = given(numbers(ROWS, D))
    frozen = not array.flags.writeable
    parameter = tw.Parameter(array, frozen=frozen)
    place = array.ctypes.data
    del array
    pad_tables([parameter])
    assert parameter.data.ctypes.data == place and not is_padded(parameter)
    del kept


def test_a_mapped_file_stays_one(tmp_path: Path) -> None:
    np.save(tmp_path / "w.npy", numbers(ROWS, D))
    parameter = tw.Parameter(np.load(tmp_path / "w.npy", mmap_mode="r"), frozen=True)
    pad_tables([parameter])
    assert not is_padded(parameter) and not parameter.data.flags.writeable


def test_a_copy_of_a_parameter_shares_what_it_shared() -> None:
    one = tw.Parameter(numbers(ROWS, D))
    other = one.detach()
    pad_tables([one])
    assert one.data is other.data and not is_padded(one)


# ---------------------------------------------------------------------- kernels
class ManyShapes(tw.Module):
    """Tables of many shapes, each read by rows, and one that is also read whole."""

    shapes = ((ROWS, D), (ROWS, 112), (3000, 17), (4000, 33), (9000, 3), (20_000, 1))
    shapes += ((ROWS, 2, D), (2000, 3, 5), (9, D), (20_000,))

    def __init__(self, dtype: Any = np.float32) -> None:
        self.tables = [tw.Parameter(numbers(*shape, dtype=dtype)) for shape in self.shapes]
        self.whole = tw.Parameter(numbers(ROWS, D, dtype=dtype))

    def loss(self, batch: Any) -> Any:
        loss = sum((table[batch["ids"]] ** 2).sum() for table in self.tables)
        return batch["x"] * loss + (self.whole[batch["ids"]] * self.whole.sum()).sum()


BATCH = {"ids": np.array([1, 8, 8, 5]), "x": np.array(0.5)}
AXES = {"ids": (("C", 10),)}


@pytest.fixture(scope="module", autouse=True)
def numba() -> None:
    pytest.importorskip("numba", reason="numba is not installed")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_bit_changes_whatever_the_shapes_are(dtype: Any) -> None:
    model, plain = ManyShapes(dtype), ManyShapes(dtype)
    padded = tw.compile(model, BATCH, AXES, dtype=dtype)
    packed = tw.compile(plain, BATCH, AXES, dtype=dtype, schedule=Schedule(padded_rows=False))
    assert padded.source == packed.source
    for _ in range(3):
        assert padded.step(BATCH, RATE) == packed.step(BATCH, RATE)
    for one, other in zip(model.parameters(), plain.parameters(), strict=True):
        assert one.data.tobytes() == other.data.tobytes()
        assert not is_padded(other)
    wide = {table.shape for table in model.tables if is_padded(table)}
    expected = {(ROWS, D), (ROWS, 112), (ROWS, 2, D)}
    assert wide == (expected if dtype == np.float32 else expected | {(4000, 33)})
    assert not is_padded(model.whole)


class Tied(tw.Module):
    """A dot product of rows of two tables."""

    def __init__(self, one: Any, other: Any) -> None:
        self.one, self.other = tw.Parameter(one), tw.Parameter(other)

    def loss(self, batch: Any) -> Any:
        return (self.one[batch["ids"]] * self.other[batch["ids"]]).sum()


def test_a_users_array_is_changed_by_training_and_its_own_is_moved() -> None:
    mine = numbers(ROWS, D)
    before = mine.copy()
    model = Tied(mine, mine + 1)
    compiled = tw.compile(model, BATCH, AXES)
    step = compiled.step
    step(BATCH, RATE)
    assert model.one.data is mine and not np.array_equal(mine, before)
    assert is_padded(model.other)
    mine[...] = before
    gradients = compiled.gradients(BATCH)
    assert gradients["other"].flags.c_contiguous
    np.testing.assert_array_equal(gradients["other"][5], before[5])
    # What is assigned is taken over in the next step, unless it is held.
    model.load_state_dict({"one": before, "other": before})
    loss = step(BATCH, RATE)
    assert loss == pytest.approx((before[BATCH["ids"]] ** 2).sum(), rel=1e-5)
    assert is_padded(model.one) and is_padded(model.other)
    values = model.one.data[[1, 8]]
    model.one.data = mine
    step(BATCH, RATE)
    assert model.one.data is mine and not np.array_equal(mine[[1, 8]], values)


def test_tables_that_are_tied_by_memory_are_still_refused() -> None:
    both = numbers(2 * ROWS, D)
    step = tw.compile(Tied(both[:ROWS], both[ROWS:]), BATCH, AXES).step
    step(BATCH, RATE)  # two parts of one array, apart from each other
    model = Tied(both[:ROWS], both[1 : ROWS + 1])
    with pytest.raises(InputError, match="one and other lie in the same memory"):
        tw.compile(model, BATCH, AXES).step(BATCH, RATE)
    rows = tw.Parameter(numbers(2 * ROWS, D))
    pad_tables([rows])
    model = Tied(rows.data[:ROWS], rows.data[1 : ROWS + 1])
    with pytest.raises(InputError, match="one and other lie in the same memory"):
        tw.compile(model, BATCH, AXES).step(BATCH, RATE)
    tw.compile(Tied(rows.data[:ROWS], rows.data[ROWS:]), BATCH, AXES).step(BATCH, RATE)
    model = Tied(rows.data[:ROWS, :16], numbers(ROWS, 16))
    tw.compile(model, BATCH, AXES).step(BATCH, RATE)  # the first columns are columns
    model = Tied(rows.data[:ROWS, 1:17], numbers(ROWS, 16))
    with pytest.raises(InputError, match="one is not contiguous"):
        tw.compile(model, BATCH, AXES).step(BATCH, RATE)


def test_optimizers_with_state_and_the_graph_go_on_with_padded_tables() -> None:
    def trained(first: str, second: str) -> Any:
        model = Tied(numbers(ROWS, D), numbers(ROWS, D) + 1)
        optimizer = tw.optim.AdaGrad(model.parameters(), lr=0.1)
        step = tw.compile(model, BATCH, AXES, optimizer, schedule=schedule).step
        for engine in (first, second):
            if engine == "compiled":
                step(BATCH, 0.1)
            else:
                optimizer.zero_grad()
                model.loss(BATCH).backward()
                optimizer.step()
        return model

    for engines in (("compiled", "eager"), ("eager", "compiled")):
        schedule = Schedule()
        padded = trained(*engines)
        schedule = Schedule(padded_rows=False)
        plain = trained(*engines)
        assert is_padded(padded.one) and not is_padded(plain.one)
        for one, other in zip(padded.parameters(), plain.parameters(), strict=True):
            np.testing.assert_array_equal(one.data, other.data)


def test_a_padded_model_is_saved_read_checked_and_drawn(tmp_path: Path) -> None:
    model = Tied(numbers(ROWS, D), numbers(ROWS, D) + 1)
    pad_tables(model.parameters())
    model.save(tmp_path / "model.npz")
    np.save(tmp_path / "one.npy", model.one.data)
    again = Tied(np.zeros((ROWS, D), np.float32), np.zeros((ROWS, D), np.float32))
    pad_tables(again.parameters())
    again.load(tmp_path / "model.npz")
    np.testing.assert_array_equal(again.one.data, model.one.data)
    np.testing.assert_array_equal(np.load(tmp_path / "one.npy"), model.one.data)
    plain = Tied(numbers(ROWS, D), numbers(ROWS, D) + 1)
    plain.save(tmp_path / "plain.npz")
    assert (tmp_path / "plain.npz").read_bytes() == (tmp_path / "model.npz").read_bytes()
    assert tw.graph(model.loss(BATCH)).text == tw.graph(plain.loss(BATCH)).text
    tw.check_grads(model, BATCH)
    with tw.debug():
        model.loss(BATCH).backward()
    assert is_padded(model.one)
    tw.check_compiled(model, BATCH, AXES)
