"""Rows in whole cache lines are found again behind a view of their columns, and only there."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from tinygrad_w2v._base.cache_lines import (
    LINE,
    fills_lines,
    in_lines,
    new_storage,
    put,
    with_padding,
)


@pytest.mark.parametrize(
    ("shape", "itemsize", "wide"),
    [
        ((9, 100), 4, (9, 112)),
        ((9, 100), 8, (9, 104)),
        ((9, 112), 4, (9, 112)),
        ((9, 300), 4, (9, 304)),
        ((9, 12), 4, (9, 16)),
        ((9, 11), 4, (9, 11)),  # as much padding again is too much
        ((9, 1), 4, (9, 1)),
        ((9, 2, 100), 4, (9, 2, 104)),
        ((9, 4, 3), 8, (9, 4, 4)),
        ((9, 3, 5), 4, (9, 3, 5)),
        ((9, 0), 4, (9, 0)),
        ((100,), 4, (100,)),
        ((), 4, ()),
    ],
)
def test_the_last_axis_has_room_for_whole_lines(shape, itemsize, wide) -> None:
    assert in_lines(shape, itemsize) == wide
    if wide != shape:
        assert fills_lines(wide, itemsize) and not fills_lines(shape, itemsize)


def some_rows(shape=(40, 100), dtype=np.float32):
    storage = new_storage(in_lines(shape, np.dtype(dtype).itemsize), dtype)
    return storage, put(np.arange(np.prod(shape), dtype=dtype).reshape(shape), storage)


@pytest.mark.parametrize("shape", [(40, 100), (40, 112), (40, 2, 100)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_row_begins_at_a_line_and_is_found_again(shape, dtype) -> None:
    storage, rows = some_rows(shape, dtype)
    assert rows.shape == shape
    assert storage.ctypes.data % LINE == storage.strides[0] % LINE == 0
    assert storage.flags.c_contiguous
    for _ in range(2):  # the second time it is known
        assert with_padding(rows) is storage
    again = rows.view()
    assert with_padding(again) is storage and with_padding(rows) is storage
    assert not storage[..., shape[-1] :].any()


def test_rows_of_it_are_whole_rows_and_other_parts_are_none() -> None:
    storage, rows = some_rows()
    part = with_padding(rows[5:9])
    assert part.shape == (4, 112) and part.ctypes.data == storage[5:].ctypes.data
    for other in (rows[:, 1:], rows[::2], rows.T, rows[3], rows[:0], rows[::-1], rows[:, ::2]):
        assert with_padding(other) is other
    for other in (np.zeros((40, 112), np.float32)[:, :100], np.zeros(3), rows.copy()):
        assert with_padding(other) is other
    assert with_padding(rows) is storage


def test_copies_are_without_padding() -> None:
    _, rows = some_rows()
    copies = [rows.copy(), np.array(rows), copy.deepcopy(rows), pickle.loads(pickle.dumps(rows))]
    for made in copies:
        assert made.flags.c_contiguous and made.strides == (400, 4)
        np.testing.assert_array_equal(made, rows)


@pytest.mark.parametrize("shape", [(3, 100), (3, 2, 100), (3,), ()])
def test_rows_are_put_into_longer_memory(shape) -> None:
    array = np.ones(shape, np.float32)
    longer = (9, *shape[1:]) if shape else ()
    storage = new_storage(in_lines(longer, 4), np.float32)
    storage.fill(np.nan)
    rows = put(array, storage)
    assert rows.base is storage or rows is storage
    np.testing.assert_array_equal(rows, array)
    assert with_padding(rows).sum() == array.sum()  # zeros behind
