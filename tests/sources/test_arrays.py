from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.sources import arrays as arrays_module
from tinygrad_w2v.sources.arrays import Arrays

N = 57
RNG = np.random.default_rng(0)
COLUMNS = {
    "user": RNG.integers(0, 9, N),
    "pair": RNG.integers(0, 6, (N, 2)).astype(np.int32),
    "x": RNG.normal(size=N).astype(np.float32),
    "known": RNG.random(N) < 0.5,
}
LENGTHS = RNG.integers(0, 5, N)
OFFSETS = np.concatenate([[0], np.cumsum(LENGTHS)])
RAGGED = {
    "words": (np.arange(OFFSETS[-1]), OFFSETS),
    "weights": (np.arange(OFFSETS[-1]) / 2.0, OFFSETS),
}
NEGATIVES = {"wrong": ("user", 4, np.arange(1.0, 12.0)), "other": ("pair", 3)}


def source(**changes: Any) -> Arrays:
    return Arrays(**{"columns": COLUMNS, "ragged": RAGGED, "negatives": NEGATIVES} | changes)


@pytest.fixture(params=["native", "NumPy"])
def how(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "NumPy":
        monkeypatch.setattr(arrays_module, "native", lambda: None)
    return str(request.param)


def taken(drawn: Any) -> dict[str, list[Any]]:
    """What is drawn, each row of its own length."""
    found = {name: array[: drawn.count].tolist() for name, array in drawn.arrays.items()}
    for name in RAGGED:
        lengths = drawn.sizes["words_length"]
        found[name] = [row[:n] for row, n in zip(found[name], lengths, strict=False)]
    return found


def test_an_epoch_has_every_row_once_with_what_belongs_to_it(how: str) -> None:
    drawn = source().draw(epoch=3, first=0, last=N)
    rows = [words[0] if words else None for words in taken(drawn)["words"]]
    place = {int(OFFSETS[i]): i for i in range(N) if LENGTHS[i]}
    assert sorted(row for row in rows if row is not None) == sorted(place)
    for at, row in enumerate(rows):
        if row is None:
            continue
        i = place[row]
        for name, column in COLUMNS.items():
            assert np.array_equal(drawn.arrays[name][at], column[i])
            assert drawn.arrays[name].dtype == column.dtype
        assert taken(drawn)["words"][at] == list(range(OFFSETS[i], OFFSETS[i + 1]))
        assert taken(drawn)["weights"][at] == [k / 2 for k in range(OFFSETS[i], OFFSETS[i + 1])]
    assert sorted(drawn.arrays["user"].tolist()) == sorted(COLUMNS["user"].tolist())


@given(st.lists(st.integers(0, N), max_size=4), st.integers(0, 3), st.booleans())
def test_any_parts_are_the_whole(cuts: list[int], epoch: int, shuffle: bool) -> None:
    made = source(shuffle=shuffle)
    whole = taken(made.draw(epoch, 0, N))
    ends, room = [0, *sorted(cuts), N], made.new_room(N)
    parts = [taken(made.draw(epoch, first, last, room)) for first, last in itertools.pairwise(ends)]
    for name, values in whole.items():
        assert list(itertools.chain.from_iterable(part[name] for part in parts)) == values


def test_native_draws_are_those_of_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    native = [taken(source(seed=seed).draw(1, 5, 40)) for seed in range(5)]
    monkeypatch.setattr(arrays_module, "native", lambda: None)
    assert native == [taken(source(seed=seed).draw(1, 5, 40)) for seed in range(5)]


def test_wrong_ids_are_never_the_rows_own_and_as_frequent_as_asked(how: str) -> None:
    drawn = [source().draw(epoch, 0, N) for epoch in range(60)]
    for each in drawn:
        assert not (each.arrays["wrong"] == each.arrays["user"][:, None]).any()
        pairs = each.arrays["pair"][:, None, :]
        assert not (each.arrays["other"][:, :, None] == pairs).any()
    counts = np.zeros(11)
    expected = np.zeros(11)
    for each in drawn:
        counts += np.bincount(each.arrays["wrong"].ravel(), minlength=11)
        for user in each.arrays["user"]:
            shares = np.arange(1.0, 12.0)
            shares[user] = 0
            expected += 4 * shares / shares.sum()
    assert ((counts - expected) ** 2 / expected).sum() < 10 + 6 * np.sqrt(20)


def test_where_two_ids_are_left_the_other_one_is_drawn(how: str) -> None:
    made = Arrays({"item": [0, 1] * 50}, {"wrong": ("item", 3, [1.0, 1e-9])})
    drawn = made.draw(0, 0, 100)
    assert np.array_equal(drawn.arrays["wrong"], 1 - drawn.arrays["item"][:, None].repeat(3, 1))


def test_a_file_is_mapped(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", COLUMNS["x"])
    made = Arrays({"x": tmp_path / "x.npy"}, shuffle=False)
    assert isinstance(made.columns["x"].base, np.memmap)
    assert np.array_equal(made.draw(0, 0, N).arrays["x"], COLUMNS["x"])


class Table:
    """As pandas and polars have them; Arrow's are `Arrow`."""

    columns = ("user", "x")

    def __getitem__(self, name: str) -> Any:
        return COLUMNS[name]


class Arrow:
    column_names = ("user", "x")

    def column(self, name: str) -> Any:
        class Column:
            def to_numpy(self) -> Any:
                return COLUMNS[name]

        return Column()


@pytest.mark.parametrize("table", [Table(), Arrow()])
def test_a_table_is_taken_by_its_columns(table: Any) -> None:
    made = Arrays(table, shuffle=False)
    assert np.array_equal(made.draw(0, 0, N).arrays["user"], COLUMNS["user"])


def test_batches_are_of_one_shape_and_of_one_example_in_order() -> None:
    one = [batch for batch, units in source(batch_size=1).batches(0)]
    assert [len(batch["user"]) for batch in one] == [1] * N
    drawn = taken(source().draw(0, 0, N))
    assert [batch["words"][0].tolist() for batch in one] == drawn["words"]
    several = list(source(batch_size=8).batches(0))
    assert sum(units for _, units in several) == N
    assert sorted(batch["words"].shape[1] for batch, _ in several) == sorted(
        batch["weights"].shape[1] for batch, _ in several
    )


def test_a_share_is_held_out_and_nothing_is_lost() -> None:
    rest, held_out = source().split(0.25, seed=3)
    both = sorted(rest.columns["x"].tolist() + held_out.columns["x"].tolist())
    assert both == sorted(COLUMNS["x"].tolist())
    assert held_out.units == round(N / 4)
    words = np.concatenate([part.ragged["words"].flat for part in (rest, held_out)])
    assert sorted(words.tolist()) == list(range(OFFSETS[-1]))
    with pytest.raises(InputError, match="leaves rows on both sides"):
        source().split(0.001)


def test_the_digest_is_of_all_that_is_drawn() -> None:
    other = COLUMNS | {"x": COLUMNS["x"] + 1}
    made = [source(), source(seed=2), source(shuffle=False), source(columns=other)]
    made += [source(negatives=None), source(ragged=None), source().split(0.5)[0]]
    made += [source(negatives=NEGATIVES | {"wrong": ("user", 4)})]
    assert len({each.digest() for each in made}) == len(made)
    assert source().digest() == source(seed=2).seeded(1).digest()


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "lengths": (
        {"columns": {"x": [1.0], "y": [1.0, 2.0]}},
        r"'x' has 1, 'y' has 2",
    ),
    "ragged length": (
        {"columns": {"x": [1.0]}, "ragged": {"w": ([1, 2], [0, 1, 2])}},
        r"'x' has 1, 'w' has 2",
    ),
    "NaN": ({"columns": {"x": [1.0, np.nan]}}, "'x' holds nan in row 1"),
    "infinity": ({"columns": {"x": [[1.0, 2.0], [-np.inf, 0.0]]}}, "'x' holds -inf in row 1"),
    "NaN in a ragged one": (
        {"columns": {"x": [1.0, 2.0]}, "ragged": {"w": ([1.0, np.nan], [0, 1, 2])}},
        "'w' holds nan in row 1",
    ),
    "text": ({"columns": {"x": ["a"]}}, "np.unique"),
    "object": ({"columns": {"x": np.array([None])}}, "object"),
    "no table": ({"columns": 3}, "columns is 3"),
    "empty": ({"columns": {}}, "columns is empty"),
    "no rows": ({"columns": {"x": []}}, "no rows"),
    "a number": ({"columns": {"x": 1.0}}, "is one number"),
    "name": ({"columns": {"my x": [1.0]}}, "'my x'"),
    "too large": ({"columns": {"x": np.array([2**63], np.uint64)}}, "beyond int64"),
    "no file": ({"columns": {"x": "no/such.npy"}}, "no/such.npy"),
    "falls": ({"columns": None, "ragged": {"w": ([1, 2], [0, 2, 1, 2])}}, "fall from 2 to 1"),
    "begins": ({"columns": None, "ragged": {"w": ([1, 2], [1, 2])}}, "begin at 1"),
    "ends": ({"columns": None, "ragged": {"w": ([1, 2], [0, 1])}}, "end at 1"),
    "no pair": ({"columns": None, "ragged": {"w": [1, 2, 3]}}, "pair"),
    "float offsets": ({"columns": None, "ragged": {"w": ([1], [0.0, 1.0])}}, "whole"),
    "twice": ({"columns": {"w": [1]}, "ragged": {"w": ([1], [0, 1])}}, "once"),
    "of none": ({"columns": {"x": [1.0]}, "negatives": {"n": ("y", 2)}}, "no column of ids"),
    "of floats": ({"columns": {"x": [1.0]}, "negatives": {"n": ("x", 2)}}, "no column of ids"),
    "below 0": ({"columns": {"i": [0, -1]}, "negatives": {"n": ("i", 2)}}, "holds -1"),
    "few weights": (
        {"columns": {"i": [0, 5]}, "negatives": {"n": ("i", 2, [1.0, 1.0])}},
        "ids up to 5",
    ),
    "bad weights": (
        {"columns": {"i": [0, 1]}, "negatives": {"n": ("i", 2, [1.0, -1.0])}},
        "finite, 0 or more",
    ),
    "only its own": ({"columns": {"i": [0, 0]}, "negatives": {"n": ("i", 2)}}, "no other"),
    "number": ({"columns": {"i": [0, 1]}, "negatives": {"n": ("i", 0)}}, "number"),
    "rule": ({"columns": {"i": [0, 1]}, "negatives": {"n": "i"}}, "weights"),
    "name of a column": ({"columns": {"i": [0, 1]}, "negatives": {"i": ("i", 1)}}, "choose"),
    "batch": ({"columns": {"i": [0, 1]}, "batch_size": 0}, "batch_size"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_said_before_anything_is_drawn(name: str) -> None:
    arguments, told = BAD[name]
    with pytest.raises(InputError, match=told):
        Arrays(**arguments)
