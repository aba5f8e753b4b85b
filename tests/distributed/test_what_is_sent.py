"""What a task gets of sources, models and tables is what the driver has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.cache_lines import with_padding
from tinygrad_w2v.counting import cooccurrence

pytest.importorskip("numba")
from tinygrad_w2v.distributed.spread_tables import Layout, Rows, Spread, SpreadTable, slice_of
from tinygrad_w2v.distributed.tasks import blank, made

SENTENCES = [[f"w{(7 * k + n) % 400}" for n in range(12)] for k in range(90)]
EDGES = np.array([0, 1, 2, 3]), np.array([1, 2, 3, 0])
SOURCES: dict[str, Any] = {
    "arrays": lambda: tw.examples.Arrays({"x": np.arange(50.0), "i": np.arange(50) % 7}),
    "windows": lambda: tw.examples.Windows(SENTENCES, min_count=1),
    "documents": lambda: tw.examples.Documents(SENTENCES, min_count=1),
    "subwords": lambda: tw.examples.Subwords(SENTENCES, min_count=1),
    "walks": lambda: tw.examples.Walks(EDGES, window=2, length=5, per_node=4),
    "keyed": lambda: tw.examples.Keyed(tw.examples.Arrays({"x": np.arange(50.0)})),
    "cooccurrences": lambda: tw.examples.Cooccurrences(cooccurrence(SENTENCES)),
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_that_was_sent_draws_the_same(name: str) -> None:
    cloudpickle = pytest.importorskip("ray").cloudpickle
    source = SOURCES[name]().seeded(3)
    buffers: list[Any] = []
    sent = cloudpickle.dumps(source, protocol=5, buffer_callback=buffers.append)
    there = cloudpickle.loads(sent, buffers=[bytes(each.raw()) for each in buffers])
    assert there.digest() == source.digest()
    for epoch in range(2):
        here, other = (each.draw(epoch, 2, 30) for each in (source, there))
        assert here.count == other.count > 0
        for field in source.example()._fields if hasattr(source.example(), "_fields") else ():
            assert np.array_equal(here.arrays[field][0], other.arrays[field][0])


@pytest.mark.parametrize("shape", [(), (5,), (300, 100), (30, 2, 7)])
@pytest.mark.parametrize("frozen", [False, True])
def test_a_parameter_is_made_anew_without_its_numbers(shape: Any, frozen: bool) -> None:
    parameter = tw.Parameter(np.ones(shape, np.float32), "p", frozen=frozen)
    again = made(blank(parameter))
    assert (again.shape, again.dtype, again.name) == (shape, np.float32, "p")
    assert again.frozen is frozen
    assert with_padding(again.data) is again.data  # as is the one that was sent


@pytest.mark.parametrize("padding", [0, 3])
def test_rows_are_read_from_the_last_piece_that_has_them(
    padding: int, rng: np.random.Generator
) -> None:
    shape = (40, 2, 5 + padding)
    layout = Layout(((("w",), 40),), {"w": (2, 5)}, {"w": shape}, shards=4, ranges=3)
    table = rng.normal(size=shape)
    table[:, :, 5:] = 0
    slices = [slice_of({"w": table}, layout, k) for k in range(3)]
    changes = []
    for _ in range(4):
        rows = np.sort(rng.permutation(40)[: rng.integers(0, 20)]).astype(np.int32)
        values = rng.normal(size=(len(rows), 10))
        table[rows, :, :5] = values.reshape(-1, 2, 5)
        changes.append([Rows(rows, rows, {"w": values})])
    spread = SpreadTable(Spread(layout, 0, slices, changes), "w", shape)
    assert np.array_equal(spread.whole(), table)
    chosen = rng.permutation(40)[:9]
    found = np.full((9, 2 * shape[2]), np.nan)
    spread.copy_rows(chosen, found)
    assert np.array_equal(found.reshape(9, *shape[1:]), table[chosen])
