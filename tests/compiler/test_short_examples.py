"""Slices are clipped as NumPy clips them; an index that a window has not is an error, as there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import CompileError, InputError
from tinygrad_w2v.compiler.codegen.batch_layout import pack_one
from tinygrad_w2v.compiler.codegen.index_checks import Places
from tinygrad_w2v.compiler.inspect.compare import compare
from tinygrad_w2v.compiler.trace.trace import fields_of, trace

AXES = {"c": (("C", 7),), "t": (("T", 4),)}
BOUNDS = (None, 0, 1, 2, 3, 6, 9, -1, -2, -3, -9)


class Rows(tw.Module):
    """A function of the rows of contexts, and of targets."""

    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        rng = np.random.default_rng(0)
        self.w = tw.Parameter(rng.normal(size=(9, 3)))
        self.function = function

    def loss(self, batch: Any) -> Any:
        found = self.function(self.w[batch["c"]], self.w[batch["t"]])
        return np.sum(np.tanh(found) * 1.5)


def windows(*lengths: int, targets: int = 2) -> list[dict[str, Any]]:
    rng = np.random.default_rng(1)
    return [{"c": rng.integers(0, 9, n), "t": rng.integers(0, 9, targets)} for n in lengths]


def agree(function: Callable[[Any, Any], Any], *lengths: int, targets: int = 2) -> None:
    given = windows(*lengths, targets=targets)
    compare(Rows(function), given, AXES, native=False, lr=0.1)
    model = Rows(function)
    fields = fields_of(given[0], AXES)
    places = Places(trace(model, given[0], fields).program)
    for window in given:
        places.check(pack_one(window, fields))


def is_one(part: slice) -> bool:
    """Whether it is a slice of one element, which has to be there."""
    lengths = {len(range(*part.indices(n))) for n in range(1, 8)}
    return lengths == {1}


@pytest.mark.parametrize("start", BOUNDS)
def test_every_slice_of_every_length(start: int | None) -> None:
    for stop in BOUNDS:
        part = slice(start, stop)
        shortest = 1 if is_one(part) else 0
        agree(lambda x, y, part=part: x[..., part, :], *range(shortest, 8))


def test_slices_of_slices_and_what_they_are_put_together_with() -> None:
    agree(lambda x, y: x[..., 1:, :][..., :3, :], 5, 0, 1, 2, 3, 4, 7)
    agree(lambda x, y: x[..., :-1, :] * x[..., 1:, :], 5, 0, 1, 2, 7)
    agree(lambda x, y: x[..., :-2, :] - x[..., 2:, :] * x[..., 1:-1, :], 5, 2, 3, 7)
    agree(lambda x, y: np.concatenate([x[..., :2, :], y, x[..., 2:, :]], axis=-2), 5, 0, 1, 2, 7)
    agree(lambda x, y: np.concatenate([x[..., 2:, :], x[..., :2, :]], axis=-2) + x, 5, 0, 1, 2, 7)
    agree(lambda x, y: x[..., :2, :] @ np.swapaxes(y[..., :2, :], -1, -2), 5, 0, 1, 2, targets=1)
    agree(lambda x, y: np.reshape(x[..., :3, :], (-1,)), 5, 0, 1, 2, 7)
    agree(lambda x, y: np.flip(x[..., :3, :], -2), 5, 0, 1, 2, 7)
    agree(lambda x, y: x[..., 6:, :][..., :2, :], 5, 0, 7)  # at most one there is, if any


def test_ends_that_are_lengths() -> None:
    agree(lambda x, y: x[..., : y.shape[-2], :], 5, 0, 1, 2)
    agree(lambda x, y: x[..., y.shape[-2] :, :], 5, 0, 1, 2)
    agree(lambda x, y: y[..., : x.shape[-2], :], 5, 0, 1, 2)
    with pytest.raises(CompileError, match=r"the end C - 1 of a slice is below 0(.|\n)*lambda"):
        agree(lambda x, y: x[..., : x.shape[-2] - 1, :], 2)


def test_one_element_stretches_and_has_to_be_there() -> None:
    for one in (lambda x, y: x - x[..., :1, :], lambda x, y: x * x[..., -1:, :]):
        agree(one, 5, 1, 2)
        with pytest.raises(IndexError, match=r"example 0 is too short: C is 0 \(c\).*no element"):
            agree_places(one, 0)


def agree_places(function: Callable[[Any, Any], Any], *lengths: int) -> None:
    given, example = windows(*lengths), windows(4)[0]
    fields = fields_of(example, AXES)
    places = Places(trace(Rows(function), example, fields).program)
    for window in given:
        places.check(pack_one(window, fields))


@pytest.mark.parametrize(
    ("function", "least"),
    [
        (lambda x, y: x[..., 2, :], 3),
        (lambda x, y: x[..., -2, :], 2),
        (lambda x, y: x[..., 0, :], 1),
        (lambda x, y: x[..., -1, :], 1),
        (lambda x, y: x[..., x.shape[-2] - 2, :], 2),
        (lambda x, y: x[..., 1:, :][..., 1, :], 3),
        (lambda x, y: x[..., :2, :][..., 1, :], 2),
        (lambda x, y: np.concatenate([x, y], axis=-2)[..., 4, :], 3),
        (lambda x, y: np.max(x, axis=-2), 1),
        (lambda x, y: F.softmax(x, axis=-2), 1),
        (lambda x, y: F.logsumexp(x[..., 1:, :], axis=-2), 2),
    ],
)
def test_what_a_window_is_too_short_for(function: Any, least: int) -> None:
    agree(function, *range(max(least, 1), 8))
    for n in range(least):
        with pytest.raises(
            InputError, match=r"example 0 is too short: (C|C - .*|min.*|C \+ T) is \d"
        ):
            agree_places(function, n)


def test_the_graph_refuses_the_same_index() -> None:
    for function in (lambda x, y: x[..., 2, :], lambda x, y: x[..., -3, :]):
        with pytest.raises(IndexError):
            Rows(function).loss(windows(2)[0])
        with pytest.raises(InputError, match="example 0 is too short"):
            agree_places(function, 2)


def test_the_window_the_field_and_the_line_are_named() -> None:
    model = Rows(lambda x, y: x[..., 2, :])
    compiled = tw.compile(model, windows(4)[0], AXES)
    before = model.w.data.copy()
    with pytest.raises(InputError) as caught:
        compiled.run(windows(3, 2), lr=0.1)
    message = str(caught.value)
    assert "example 1 is too short: C is 2 (c), so there is no element 2" in message
    assert "x[..., 2, :]" in message
    assert f"{__file__}:" in message
    assert np.array_equal(model.w.data, before)


def test_ids_of_a_short_window() -> None:
    """Ids that are known beforehand are looked at against the length that the axis has."""
    for ids in (np.array([0, 2]), np.array([[1]])):

        def picked(x: Any, y: Any, ids: Any = ids) -> Any:
            return np.take(x, ids, axis=-2)

        agree(picked, 3, 4, 7)
        with pytest.raises(InputError, match=r"holds ids from . to ., but the table has the rows"):
            agree_places(picked, 1)


def test_places_from_the_end_are_refused_by_name() -> None:
    message = r"np\.take of -1 along a dynamic axis(.|\n)*lambda x, y: np\.take"
    with pytest.raises(CompileError, match=message):
        agree(lambda x, y: np.take(x, np.array([0, -1]), axis=-2), 3)


@pytest.mark.parametrize("places", [[1, 3], [0, 2], [2], [1], [-1], [-2, -1], [3, 1]])
def test_an_axis_in_parts(places: list[int]) -> None:
    def parted(x: Any, y: Any) -> Any:
        parts = np.split(x, places, axis=-2)
        return sum(np.sum(np.tanh((n + 2) * part)) for n, part in enumerate(parts))

    agree(parted, 5, 0, 1, 2, 3, 7)
    agree(lambda x, y: np.diff(x, axis=-2), 5, 0, 1, 2, 7)
    agree(lambda x, y: np.diff(x, n=2, axis=-2), 5, 0, 1, 2, 7)


@pytest.mark.parametrize(
    "part",
    [np.s_[..., :3], np.s_[..., 3:], np.s_[..., -2:], np.s_[..., :-2], np.s_[..., 1:-1]],
)
def test_parts_of_the_ids_themselves(part: Any) -> None:
    class Some(tw.Module):
        def __init__(self) -> None:
            self.w = tw.Parameter(np.random.default_rng(0).normal(size=(9, 3)))

        def loss(self, batch: Any) -> Any:
            return np.sum(np.tanh(self.w[batch["c"][part]]))

    compare(Some(), windows(5, 1, 0, 2), AXES, native=False, lr=0.1)


def test_nothing_of_an_axis() -> None:
    """An axis of length 0 is one like any other."""

    class Wide(tw.Module):
        def __init__(self) -> None:
            rng = np.random.default_rng(0)
            self.w = tw.Parameter(rng.normal(size=(9, 16)))
            self.dense = tw.Parameter(rng.normal(size=(16, 4)))

        def loss(self, batch: Any) -> Any:
            x = self.w[batch["c"]]
            nothing = x[..., :0, :]
            total = np.sum(nothing @ self.dense) + np.sum(nothing * 2.0) + np.sum(x[..., :0] ** 2)
            return total + np.sum(np.concatenate([nothing, x], axis=-2)) + np.sum(x[..., 3:3])

    compare(Wide(), windows(5, 1, 2), AXES, native=False, lr=0.1)


def test_the_length_of_a_field_that_is_not_read() -> None:
    class Shared(tw.Module):
        def __init__(self) -> None:
            self.w = tw.Parameter(np.random.default_rng(0).normal(size=(9, 3)))

        def loss(self, batch: Any) -> Any:
            ones = np.ones_like(batch["x"])
            return np.sum(np.square(self.w[batch["c"]])) / batch["x"].shape[-1] + np.sum(ones)

    given = [{"c": np.array([1, 2]), "x": np.ones(n)} for n in (3, 1)]
    compare(Shared(), given, {"x": ("N",)}, native=False, lr=0.1)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, n: x.sum() / n,
        lambda x, n: (n / np.exp(x)).sum(),
        lambda x, n: (n * x + n).sum(),
        lambda x, n: (n - x).sum(),
        lambda x, n: (np.exp(x) ** n).sum() * 1e-3,
        lambda x, n: (x / np.sqrt(n) + x * np.log(n)).sum(),
        lambda x, n: np.maximum(9 * x, n).sum() + np.clip(5 * x, 0, n).sum(),
        lambda x, n: np.where(x.data > 0, x, n).sum() + F.divide(x, n).sum(),
        lambda x, n: (x * (n * n)).sum() + (x / (n - 1 + 0.5)).sum(),
    ],
)
def test_a_length_is_a_number_of_the_kernel(function: Any) -> None:
    class Counted(tw.Module):
        def __init__(self) -> None:
            self.w = tw.Parameter(np.random.default_rng(0).normal(size=(9, 3)))

        def loss(self, batch: Any) -> Any:
            return function(self.w[batch["c"]], batch["c"].shape[-1])

    given = [{"c": np.arange(n)} for n in (3, 1, 5)]
    compare(Counted(), given, {"c": ("C",)}, native=False, lr=0.01)
