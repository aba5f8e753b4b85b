"""Columns run as the examples that they hold, and what does not fit is named before the first."""

from __future__ import annotations

import re
from collections import namedtuple
from importlib import import_module
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import InputError, NonFiniteError

COMPILE = import_module("tinygrad_w2v.compiler.compile")  # `compile` is the function
N, ROWS, D = 50, 9, 3
AXES = {"ids": (("C", 4),), "weights": (("C", 4),), "m": (("T", 5), ("T", 5))}


class Model(tw.Module):
    def __init__(self) -> None:
        self.w = tw.Parameter(np.random.default_rng(0).normal(size=(ROWS, D)))

    def loss(self, example: Any) -> Any:
        rows = self.w[example["ids"]] * example["weights"][..., None]
        centre = self.w[example["centre"]] * example["x"]
        last = self.w[example["ids"][..., 0]].sum(axis=-1) * example["m"].sum(axis=(-2, -1))
        return (np.tanh(rows.sum(axis=-2) * centre)).sum() + last.sum()


def columns() -> dict[str, Any]:
    rng = np.random.default_rng(1)
    lengths = rng.integers(1, 5, N)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return {
        "ids": (rng.integers(0, ROWS, offsets[-1]), offsets),
        "weights": (rng.normal(size=offsets[-1]).astype(np.float32), offsets.astype(np.int32)),
        "centre": rng.integers(0, ROWS, N),
        "x": rng.normal(size=(2 * N, D))[::2],  # not contiguous
        "m": rng.normal(size=(N, 2, 2)),
        "unread": np.zeros(3),
    }


def example(given: dict[str, Any], at: int) -> dict[str, Any]:
    def of(value: Any) -> Any:
        if isinstance(value, tuple):
            flat, offsets = value
            return flat[offsets[at] : offsets[at + 1]]
        return value[at]

    return {name: of(value) for name, value in given.items() if name != "unread"}


@pytest.fixture(scope="module")
def compiled() -> Any:
    return tw.compile(Model(), example(columns(), 0), AXES, dtype=np.float64)


def test_columns_run_as_their_examples(compiled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(COMPILE, "CHUNK", 16)  # several parts, and a short one
    given, losses, tables = columns(), [], []
    fields = [name for name in given if name != "unread"]
    tuple_of = namedtuple("tuple_of", fields)
    for source in (
        [example(given, at) for at in range(N)],
        given,
        tuple_of(*[given[name] for name in fields]),
    ):
        compiled.model.w.data[...] = Model().w.data
        losses.append(compiled.run(source, 0.05))
        tables.append(compiled.model.w.data.copy())
    assert losses[0] == losses[1] == losses[2]
    assert np.array_equal(tables[0], tables[1]) and np.array_equal(tables[0], tables[2])
    assert (
        compiled.run(
            {
                name: c if isinstance(c, tuple) else c[:0]
                for name, c in {
                    **given,
                    "ids": (np.zeros(0, int), [0]),
                    "weights": (np.zeros(0), [0]),
                }.items()
            },
            0.1,
        )
        == 0
    )


def changed(**changes: Any) -> dict[str, Any]:
    return columns() | changes


IDS, OFFSETS = columns()["ids"]
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"centre": None}, "the columns have no centre; they have"),
    ({"centre": columns()["centre"][:-1]}, "as many examples as each other, but .*centre has 49"),
    ({"centre": columns()["centre"] * 1.0}, "column centre is float64, not int64"),
    ({"centre": columns()["centre"][:, None]}, r"column centre has the shape \(50, 1\)"),
    ({"x": np.zeros((N, D + 1))}, "axis 0 of the examples in column x is 4 long, not 3"),
    ({"x": [["a"] * D] * N}, "column x holds <U1, not numbers"),
    ({"x": tw.Variable(np.zeros((N, D)))}, "x is a Variable: give its array"),
    ({"ids": (IDS, OFFSETS[:-1])}, "offsets of column ids go from 0 to"),
    ({"ids": (IDS, OFFSETS[::-1])}, "offsets of column ids fall at example 0"),
    ({"ids": (IDS, OFFSETS * 0.5)}, "offsets of column ids are float64"),
    ({"ids": (IDS, [0, *OFFSETS[2:], OFFSETS[-1]])}, "of ids of example 0 is .*a larger bound"),
    ({"ids": np.zeros((N, 3), int)}, "example .: C is 3 in ids and . in weights"),
    ({"m": np.zeros((N, 2, 3))}, "example 0: T is 2 in m and 3 in m"),
    ({"m": np.zeros((N, 6, 6))}, "T is at most 5: give a larger bound"),
]


@pytest.mark.parametrize(("change", "told"), WRONG)
def test_what_does_not_fit_is_named(compiled: Any, change: dict[str, Any], told: str) -> None:
    before = compiled.model.w.data.copy()
    with pytest.raises(InputError, match=told):
        compiled.run(changed(**change), 0.1)
    assert np.array_equal(compiled.model.w.data, before, equal_nan=True)


def test_the_number_of_a_faulty_example_is_that_of_its_row(
    compiled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(COMPILE, "CHUNK", 16)
    given = columns()
    centre, x = given["centre"].copy(), given["x"].copy()
    centre[37], x[40] = ROWS, np.nan
    with pytest.raises(InputError, match=re.escape("centre of example 37 holds")):
        compiled.run(given | {"centre": centre}, 0.0)
    with pytest.raises(NonFiniteError, match="x of example 40 holds"):
        compiled.run(given | {"x": x}, 0.0)
