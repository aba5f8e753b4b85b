"""A key for each example: by its position, whatever is drawn with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.examples import Arrays, Documents, Drawn, Keyed, Source, Walks, Windows
from tinygrad_w2v.sources import WindowSettings

TEXT = [[f"w{(3 * i + j * j) % 7}" for j in range(5 + i % 4)] for i in range(20)]


def windows(**changes: Any) -> Windows:
    settings = {"window": 2, "sample": 0.05, "negative": 2} | changes
    return Windows(TEXT, WindowSettings(**settings))


SOURCES = {
    "arrays": lambda: Arrays({"x": np.arange(150.0)}),
    "windows": windows,
    "pairs": lambda: windows(shared_negatives=False),
    "pairs over a tree": lambda: windows(shared_negatives=False, negative=0, hs=True),
    "documents": lambda: Documents(TEXT, settings=WindowSettings(window=2, sample=0.05)),
    "walks": lambda: Walks((np.arange(9), (np.arange(9) * 4 + 1) % 9), 2, 5, 3, negative=2),
}


def keys(source: Source, epoch: int, first: int, last: int) -> Any:
    drawn = source.draw(epoch, first, last)
    assert drawn.arrays["key"].dtype == np.int64
    return drawn.arrays["key"][: drawn.count].copy()


@pytest.mark.parametrize("name", SOURCES)
def test_a_key_is_of_the_place_alone(name: str) -> None:
    source = Keyed(SOURCES[name]())
    units = source.units
    whole = keys(source, 1, 0, units)
    assert len(set(whole.tolist())) == len(whole) > 20
    parts = [keys(source, 1, a, b) for a, b in ((0, 7), (7, 31), (31, units))]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    for other in (keys(source, 2, 0, units), keys(source.seeded(2), 1, 0, units)):
        assert not set(other.tolist()) & set(whole.tolist())


@pytest.mark.parametrize("name", SOURCES)
def test_examples_are_those_of_the_source(name: str) -> None:
    plain = SOURCES[name]()
    source = Keyed(plain, "random")
    given, example = plain.example(), source.example()
    if isinstance(given, dict):
        assert [*example] == [*given, "random"]
    else:
        assert example._fields == (*given._fields, "random")
    assert source.axes() == plain.axes()
    assert source.ranges() == plain.ranges()
    assert source.digest() != plain.digest()
    assert source.digest() != Keyed(plain, "random", seed=2).digest()
    batches = [batch for batch, _ in source.batches(0)]
    assert type(batches[0]) is type(example)
    found = np.concatenate([b["random"] if isinstance(b, dict) else b.random for b in batches])
    assert len(set(found.tolist())) == len(found)


def test_a_part_of_a_table_has_keys_too() -> None:
    rest, held_out = Keyed({"x": np.arange(10.0)}).split(0.2)
    assert (rest.units, held_out.units) == (8, 2)
    with pytest.raises(InputError, match="Walks cannot be split"):
        Keyed(SOURCES["walks"]()).split(0.2)


def test_a_field_of_that_name_is_refused() -> None:
    with pytest.raises(InputError, match="have a field 'key': give another one"):
        Keyed({"key": [1, 2]})
    with pytest.raises(InputError, match="have a field 'center'"):
        Keyed(windows(), "center")


class Even(Source):
    """Some units have no example."""

    units = 10

    def __init__(self, says: bool) -> None:
        self.says = says

    def example(self) -> Any:
        return {"x": np.array(0.0)}

    def axes(self) -> Any:
        return {}

    def draw(self, epoch: int, first: int, last: int, room: Any = None) -> Drawn:
        units = np.arange(first, last)
        units = units[units % 2 == 0]
        places = (units,) if self.says else ()
        return Drawn({"x": 1.0 * units}, {}, len(units), last - first, places)


def test_a_source_that_leaves_units_out_has_to_say_which() -> None:
    with pytest.raises(InputError, match=r"Even.draw gave 5 examples of 10 units.*places="):
        keys(Keyed(Even(False)), 0, 0, 10)
    source = Keyed(Even(True))
    np.testing.assert_array_equal(keys(source, 0, 0, 10)[2:], keys(source, 0, 3, 10))
