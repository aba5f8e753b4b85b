"""Ids are looked at before a kernel runs: as a range where that says enough, else one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import CompileError, InputError
from tinygrad_w2v.compiler.codegen.batch_layout import pack
from tinygrad_w2v.compiler.codegen.index_checks import Places
from tinygrad_w2v.compiler.passes import optimized
from tinygrad_w2v.compiler.trace.trace import fields_of, trace

AXES = {"i": (("n", 6),), "j": (("n", 6),)}


class Lookup(tw.Module):
    """The sum of rows at ids that are computed by a function."""

    def __init__(self, ids: Callable[..., Any]) -> None:
        self.w = tw.Parameter(np.zeros((10, 2)))
        self.ids = ids

    def loss(self, batch: Any) -> Any:
        return np.sum(self.w[self.ids(batch["i"], batch["j"])])


def check(ids: Callable[..., Any], *windows: tuple[list[int], list[int]]) -> None:
    batches = [{"i": np.array(i, np.int64), "j": np.array(j, np.int64)} for i, j in windows]
    fields = fields_of(batches[0], AXES)
    program = optimized(trace(Lookup(ids), batches[0], fields).program)
    Places(program).check(next(pack(batches, fields, 10)))


COMPUTED: list[tuple[Callable[..., Any], list[int], list[int]]] = [
    (lambda i, j: i + j, [9, 1], [0, 8]),
    (lambda i, j: i - j, [9, 5], [0, 5]),
    (lambda i, j: i * 3 + j, [3, 1], [0, 2]),
    (lambda i, j: i % 10, [99, 10], [0, 0]),
    (lambda i, j: i // 10, [99, 10], [0, 0]),
    (lambda i, j: np.minimum(i, 9), [99, 10], [0, 0]),
    (lambda i, j: np.maximum(i, 0), [-5, 9], [0, 0]),
    (lambda i, j: np.where(i > 3, i, j), [5, 2], [77, 9]),
    (lambda i, j: np.concatenate([i, j]), [5, 2], [0, 9]),
    (lambda i, j: np.array([3, 1, 4, 9])[..., None] + 0 * i, [5, 2], [0, 9]),
    (lambda i, j: F.take(np.arange(9, -1, -1), i, axis=0), [9, 0], [0, 0]),
    (lambda i, j: np.max(i, axis=-1), [9, 0], [0, 0]),
    (lambda i, j: i[..., ::-1], [9, 0], [0, 0]),
]


@pytest.mark.parametrize(("ids", "i", "j"), COMPUTED)
def test_ids_in_range(ids: Any, i: list[int], j: list[int]) -> None:
    check(ids, (i, j), ([0], [0]))


@pytest.mark.parametrize("number", [0, 1, 2, 8, 12])
def test_ids_out_of_range_are_found_in_any_window(number: int) -> None:
    ids = COMPUTED[number][0]
    with pytest.raises(IndexError, match=r"example 1 holds ids from .* the rows 0 to 9"):
        check(ids, ([0, 0], [0, 0]), ([10, 4], [0, 11]))


def test_a_range_that_says_enough_computes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Places, "_check_each", None)
    check(lambda i, j: i + j, ([4, 5], [4, 0]))
    check(lambda i, j: (3 * i + j) % 10, ([4, 500], [4, 0]))


def test_lengths_of_dynamic_axes() -> None:
    class Dynamic(tw.Module):
        def __init__(self) -> None:
            self.w = tw.Parameter(np.ones(10))

        def loss(self, batch: Any) -> Any:
            return np.sum(F.take(self.w[batch["i"]], batch["j"], axis=-1))

    windows = [{"i": np.arange(n), "j": np.full(n, n - 1)} for n in (2, 5)]
    fields = fields_of(windows[0], AXES)
    places = Places(optimized(trace(Dynamic(), windows[0], fields).program))
    places.check(next(pack(windows, fields, 10)))
    windows[0]["j"] = np.array([0, 2])  # beyond its own window, not beyond the other
    with pytest.raises(InputError, match=r"j of example 0 holds ids from 0 to 2.*rows 0 to 1"):
        places.check(next(pack(windows, fields, 10)))


def test_ids_from_the_values_of_a_parameter() -> None:
    """They cannot be known before; those whose range is known whatever the values are may be."""

    class Chosen(Lookup):
        def loss(self, batch: Any) -> Any:
            row = np.where(self.w.data[..., 0, 0] > 0, self.ids(0), self.ids(9)) + 0 * batch["i"]
            return np.sum(self.w[row])

    window = {"i": np.array([1]), "j": np.array([1])}
    fields = fields_of(window, AXES)
    for last, allowed in ((9, True), (10, False)):
        model = Chosen(lambda n, last=last: min(n, 9) if last == 9 else n + 1)
        places = Places(optimized(trace(model, window, fields).program))
        packed = next(pack([window], fields, 1))
        if allowed:
            places.check(packed)
            continue
        with pytest.raises(CompileError, match="depends on the values of the parameter w"):
            places.check(packed)


# ---------------------------------------------------------------------- what no bound is known of
BIG = 2**62


@pytest.mark.parametrize(
    ("ids", "i", "j"),
    [
        (lambda i, j: np.minimum(i // 2, 5) * j, [-BIG, 8], [0, 1]),
        (lambda i, j: i * j, [BIG, 1], [2, 2]),
        (lambda i, j: i + j, [BIG, 1], [BIG, 2]),
        (lambda i, j: -i, [-BIG, 0], [0, 0]),
        (lambda i, j: np.minimum(i * 4, 9), [BIG // 2, 1], [0, 0]),
        (lambda i, j: np.minimum(i * 4, 9), [BIG + 2, 1], [0, 0]),
        (lambda i, j: np.square(i) * j, [2**31, 3], [1, 1]),
        (lambda i, j: i // j, [9, 5], [-1, 1]),
        (lambda i, j: i // j + 9, [9, 5], [0, 1]),
        (lambda i, j: i % j, [9, 5], [-4, 3]),
        (lambda i, j: i % j + 4, [9, 5], [0, 7]),
        (lambda i, j: abs(i), [-10, 5], [0, 7]),
        (lambda i, j: np.concatenate([i, j * 5]), [1, 5], [0, 7]),
        (lambda i, j: np.sum(i, axis=-1, keepdims=True), [6, 5], [0, 7]),
        (lambda i, j: np.prod(i, axis=-1, keepdims=True), [6, 5], [0, 7]),
    ],
)
def test_each_id_is_computed_as_a_kernel_computes_it(ids: Any, i: list[int], j: list[int]) -> None:
    """Whatever NumPy's int64 make of them is compared with the table."""
    with np.errstate(all="ignore"):
        found = ids(np.array(i), np.array(j))
        if ((found >= 0) & (found < 10)).all():
            check(ids, (i, j))
            return
        with pytest.raises(InputError, match=r"example 0 holds ids from .* the rows 0 to 9"):
            check(ids, (i, j))


def test_a_very_negative_number_times_nothing() -> None:
    """It is no NaN that all comparisons let through: nothing is read or written."""

    class Model(Lookup):
        def loss(self, batch: Any) -> Any:
            return self.w[np.minimum(batch["i"] // 2, 5) * batch["j"]].sum()

    model = Model(lambda i, j: i)
    window = {"i": np.array([4, 2]), "j": np.array([0, 1])}
    compiled = tw.compile(model, window)
    compiled.step(window, 0.1)
    before = model.w.data.copy()
    for least in (np.iinfo(np.int64).min, -(10**12)):
        bad = {"i": np.array([4, least]), "j": np.array([0, 1])}
        with pytest.raises(
            InputError, match=r"computed from i and j of example 0 holds ids from -"
        ):
            compiled.step(bad, 0.1)
        with pytest.raises(InputError, match="holds ids from -"):
            compiled.gradients(bad)
        with pytest.raises(InputError, match="example 1 holds ids from -"):
            compiled.run([window, bad], 0.1)
        compiled.step({"i": np.array([4, least]), "j": np.array([0, 0])}, 0.0)
    assert np.array_equal(model.w.data, before)


def test_windows_without_any_ids() -> None:
    ids = COMPUTED[0][0]
    check(ids, ([], []), ([0], [9]), ([], []))
    with pytest.raises(InputError, match="example 1 holds ids from 10 to 10"):
        check(ids, ([], []), ([1], [9]))
    check(lambda i, j: np.concatenate([i, np.array([3])]), ([], []))


def test_what_a_kernel_rounds_is_not_computed_beforehand() -> None:
    """A comparison of floats may go the other way in a kernel: both ways must be in range."""

    class Chosen(Lookup):
        def loss(self, batch: Any) -> Any:
            return np.sum(self.w[np.where(batch["x"] * 0.1 > 0.3, 0, self.ids(batch["i"], 0))])

    window = {"i": np.array([1, 3]), "x": np.array([3.0, 2.0])}
    fields = fields_of(window, {})
    for ids, allowed in ((lambda i, j: i, True), (lambda i, j: i + 8, False)):
        places = Places(optimized(trace(Chosen(ids), window, fields).program))
        packed = next(pack([window], fields, 1))
        if allowed:
            places.check(packed)
            continue
        with pytest.raises(CompileError, match=r"a place depends on the rounding(.|\n)*np\.clip"):
            places.check(packed)


def test_segments_that_are_none() -> None:
    class Ragged(tw.Module):
        def __init__(self) -> None:
            self.w = tw.Parameter(np.ones((10, 2)))

        def loss(self, batch: Any) -> Any:
            return F.segment_sum(self.w[batch["i"]], batch["s"]).sum()

    axes = {"i": ("n",), "s": ("S",)}
    example = {"i": np.array([1, 2, 3]), "s": np.array([0, 2])}
    fields = fields_of(example, axes)
    places = Places(optimized(trace(Ragged(), example, fields).program))
    for starts in ([0], [0, 0], [0, 3, 3], [0, 1, 2, 3]):
        places.check(next(pack([{**example, "s": np.array(starts)}], fields, 1)))
    for starts in ([], [1], [0, 2, 1], [0, 4], [0, -1], [0, 2**62, -(2**62)]):
        window = {**example, "s": np.array(starts, np.int64)}
        with pytest.raises(InputError, match="segments start at 0, never fall, and end at 3"):
            places.check(next(pack([window], fields, 1)))


def test_tables_in_one_memory() -> None:
    """One would be written while the other is still read."""

    class Two(tw.Module):
        def __init__(self) -> None:
            self.w = tw.Parameter(np.arange(6.0).reshape(3, 2))
            self.v = tw.Parameter(np.ones((3, 2)))

        def loss(self, batch: Any) -> Any:
            return (self.w * self.v).sum() * batch["x"].sum()

    model, window = Two(), {"x": np.array([1.0])}
    compiled = tw.compile(model, window, dtype=np.float64)
    compiled.step(window, 0.1)
    apart = model.v.data
    model.v.data = model.w.data[::1]
    with pytest.raises(InputError, match=r"w and v lie in the same memory.*\.data\.copy\(\)"):
        compiled.step(window, 0.1)
    model.v.data = apart
    compiled.step(window, 0.1)


def test_a_window_that_is_refused_is_no_step_of_the_optimizer() -> None:
    model = Lookup(lambda i, j: i)
    rule = tw.optim.Momentum(model.parameters())
    window = {"i": np.array([4]), "j": np.array([0])}
    compiled = tw.compile(model, window, optimizer=rule)
    with pytest.raises(InputError):
        compiled.step({**window, "i": np.array([10])}, 0.1)
    assert rule.steps == 0
    compiled.step(window, 0.1)
    assert rule.steps == 1
