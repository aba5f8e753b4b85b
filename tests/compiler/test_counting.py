"""Places of axes, running sums, where the largest stands, repeats, sizes as whole numbers."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from plainly import rows

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import CompileError, InputError
from tinygrad_w2v.compiler.inspect.compare import compare
from tinygrad_w2v.compiler.trace.trace import fields_of, trace

AXES = {"c": (("C", 40),), "x": (("C", 40),), "m": (("C", 40), 3), "t": (("T", 12),)}
ROWS = 50


def window(rng: np.random.Generator, c: int, t: int) -> dict[str, Any]:
    return {
        "c": rng.integers(0, 7, size=c),
        "x": np.round(rng.normal(size=c), 1),  # several are equal
        "m": np.round(rng.normal(size=(c, 3)), 1),
        "t": rng.integers(0, 7, size=t),
        "n": np.array(3),
    }


def windows() -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    return [window(rng, c, t) for c, t in ((5, 3), (40, 12), (1, 1), (2, 7), (23, 2))]


class Model(tw.Module):
    def __init__(self, expression: Callable[[Any, Any, Any], Any]) -> None:
        rng = np.random.default_rng(1)
        self.w = tw.Parameter(rng.normal(size=(ROWS, 3)))
        self.v = tw.Parameter(rng.normal(size=3))
        self.expression = expression

    def loss(self, batch: Any) -> Any:
        found = self.expression(self.w, self.v, batch)
        return np.sum(np.tanh(found)) + np.sum(self.w[batch["c"]])


def n_of(b: Any) -> Any:
    return b["x"].shape[-1]


TAKEN: dict[str, Callable[[Any, Any, Any], Any]] = {
    "cumsum, dynamic": lambda w, v, b: np.cumsum(w[b["c"]], axis=-2),
    "cumsum, fixed": lambda w, v, b: np.cumsum(w[b["c"]], axis=-1),
    "cumsum of a vector": lambda w, v, b: np.cumsum(v * v) * np.cumsum(b["x"])[..., -1],
    "cumsum of all": lambda w, v, b: np.cumsum(w[b["c"]] * 0.1, axis=None),
    "cumsum of ids": lambda w, v, b: w[np.minimum(np.cumsum(b["c"]), ROWS - 1)],
    "cumsum of what is costly": lambda w, v, b: np.cumsum(np.exp(np.tanh(w[b["c"]])), axis=-2),
    "cumsum of truths": lambda w, v, b: np.cumsum(b["x"] > 0) * w[b["c"]].sum(axis=-1),
    "cumsum twice": lambda w, v, b: np.cumsum(np.cumsum(w[b["c"]], axis=-2), axis=-1) * 0.1,
    "cumsum backwards": lambda w, v, b: np.flip(np.cumsum(np.flip(w[b["c"]], -2), -2), -2),
    "cumsum, read in place": lambda w, v, b: np.cumsum(w[b["c"]], -2)[..., -1, :] * v,
    "cumprod of a field": lambda w, v, b: w[b["c"]] * np.cumprod(np.tanh(b["m"]), axis=-2),
    "arange": lambda w, v, b: w[np.arange(n_of(b), like=b["x"])],
    "arange as a number": lambda w, v, b: w[b["c"]].sum(-1) * np.arange(n_of(b), like=b["x"]),
    "arange from 2": lambda w, v, b: w[np.arange(2, n_of(b) + 2, like=b["x"])],
    "arange of a fixed length": lambda w, v, b: w[np.arange(3, like=b["c"])] * v,
    "arange in steps": lambda w, v, b: w[np.arange(1, 9, 3, like=b["c"])] * v,
    "arange, floats": lambda w, v, b: np.arange(n_of(b), like=b["x"], dtype=float) * b["x"] * v[0],
    "arange back": lambda w, v, b: w[n_of(b) - 1 - np.arange(n_of(b), like=b["x"])],
    "zeros and ones": lambda w, v, b: (
        np.full((n_of(b), 3), 0.0, like=b["x"])
        + np.zeros(3, like=b["x"])
        + np.ones((n_of(b), 1), like=b["x"]) * v
        + w[b["c"]]
    ),
    "full": lambda w, v, b: np.full((n_of(b), 3), 0.5, like=b["x"]) * w[b["c"]],
    "argmax of a field": lambda w, v, b: w[np.argmax(b["x"], axis=-1)] * v,
    "argmax for ids": lambda w, v, b: w[b["c"][..., np.argmax(b["x"], axis=-1)]] * v,
    "argmax along a fixed axis": lambda w, v, b: v[np.argmax(b["m"], axis=-1)],
    "argmax along a dynamic axis": lambda w, v, b: w[np.argmax(b["m"], axis=-2)] * v,
    "argmax of scores": lambda w, v, b: w[b["c"]][..., np.argmax((w[b["c"]] * v).sum(-1), -1), :],
    "argmax of rows": lambda w, v, b: v[np.argmax(w[b["c"]], axis=-1)] * b["x"],
    "argmin": lambda w, v, b: w[np.argmin(b["m"], axis=-2, keepdims=True)].sum(axis=-3) * v,
    "argmin of ids": lambda w, v, b: w[np.argmin(b["c"])] * v,
    "argmax of all": lambda w, v, b: w[np.argmax(w[b["c"]]) % ROWS] * v,
    "argmax of truths": lambda w, v, b: w[np.argmax(b["x"] > 0)] * v,
    "argmax and max": lambda w, v, b: np.max(b["x"]) * w[np.argmax(b["x"])],
    "argmax, chosen along": lambda w, v, b: F.take_along_axis(
        w[b["c"]], np.argmax(b["m"], axis=-1, keepdims=True), axis=-1
    ),
    "repeat": lambda w, v, b: np.repeat(w[b["c"]], 2, axis=-1),
    "repeat, dynamic": lambda w, v, b: np.repeat(w[b["c"]], 3, axis=-2) * v,
    "repeat of all": lambda w, v, b: np.repeat(w[b["c"]] * v, 2),
    "repeat of a field": lambda w, v, b: w[np.repeat(b["c"], 2)] * v,
    "repeat with counts": lambda w, v, b: np.repeat(b["m"], [1, 0, 3], axis=-1) * v[0],
    "size as a number": lambda w, v, b: w[b["c"]] * (n_of(b) % 4) + w[b["c"]] / (n_of(b) // 2 + 1),
    "size as an id": lambda w, v, b: w[n_of(b) // 2] * v + w[b["c"][..., 0] + n_of(b) % 3],
    "sizes beside ids": lambda w, v, b: w[(b["c"] + n_of(b)) % ROWS],
    "product of sizes": lambda w, v, b: w[b["c"]] * (2 * n_of(b)) / (n_of(b) * b["t"].shape[-1]),
    "shape with a multiple": lambda w, v, b: np.reshape(
        np.concatenate([w[b["c"]], w[b["c"]] * v], axis=-1), (2 * n_of(b), 3)
    ),
    "any and all": lambda w, v, b: (
        w[b["c"]] * np.where(np.any(b["m"] > 1, axis=-1), 1.0, 2.0)[..., None]
        + np.where(np.all(b["m"] < 1), 1.0, 0.5) * v
    ),
    "count": lambda w, v, b: np.count_nonzero(b["c"] > 2) * v + np.count_nonzero(b["m"] > 0) * v,
}


@pytest.mark.parametrize("name", TAKEN)
def test_it_is_the_graphs(name: str) -> None:
    found = compare(Model(TAKEN[name]), windows(), AXES, native=False)
    assert max(found.values()) < 1e-10


# As native code: running sums and places of the largest are in the model "counted" in float64.
STEPPED = ("cumsum, dynamic", "argmax of scores", "cumsum of ids")


@pytest.mark.parametrize(
    ("which", "native"),
    rows(itertools.product(STEPPED, (np.float64, np.float32))),
)
def test_steps_of_an_optimizer(which: tuple[str, Any], native: bool) -> None:
    name, dtype = which
    limit = 1e-10 if dtype == np.float64 else 1e-4  # a sum of forty numbers rounds forty times
    rule = tw.optim.Adam()
    settings = {"dtype": dtype, "native": native, "lr": 0.01, "tolerance": limit}
    compare(Model(TAKEN[name]), windows(), AXES, rule, **settings)


def test_the_largest_is_numpys_whatever_the_numbers() -> None:
    """The first of equal ones; NaN before all; infinities; -0 equals 0."""
    rng = np.random.default_rng(0)
    special = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0]
    for function in (np.argmax, np.argmin):
        model = Model(lambda w, v, b, f=function: w[f(b["x"])] * v)
        for seed in range(4):
            x = np.random.default_rng(seed).choice(special, size=int(rng.integers(1, 9)))
            case = {**window(rng, len(x), 2), "x": x}
            compare(model, case, AXES, native=False)


class Function(tw.Function):
    """y = x + where the largest x of each row stands, which is flat"""

    def forward(self, x: Any) -> Any:
        return x + np.argmax(x, axis=-1, keepdims=True)

    def backward(self, g: Any) -> Any:
        return g


def test_in_an_op_of_a_users() -> None:
    compare(Model(lambda w, v, b: Function()(w[b["c"]])), windows(), AXES, native=False)


# ---------------------------------------------------------------------- what is not
@pytest.mark.parametrize("name", ["argmax of a field", "argmax along a dynamic axis", "argmin"])
def test_of_an_empty_window_nothing_is_the_largest(name: str) -> None:
    compiled = tw.compile(Model(TAKEN[name]), windows()[0], AXES)
    before = compiled.model.w.data.copy()
    with pytest.raises(InputError, match=r"example 0 is too short: C is 0 .* there is no m(ax|in)"):
        compiled.step(window(np.random.default_rng(0), 0, 2), 0.1)
    np.testing.assert_array_equal(compiled.model.w.data, before)


@pytest.mark.parametrize(
    "expression",
    [
        lambda w, v, b: w[b["c"]].mean(axis=-2),
        lambda w, v, b: w[b["c"]].sum(axis=-2) / b["x"].shape[-1],
        lambda w, v, b: np.var(w[b["c"]], axis=-2),
    ],
)
def test_a_mean_over_nothing_does_not_speak_of_the_learning_rate(expression: Any) -> None:
    compiled = tw.compile(Model(expression), windows()[0], AXES)
    before = compiled.model.w.data.copy()
    with pytest.raises(InputError, match="a mean over nothing is no number: leave such examples"):
        compiled.step(window(np.random.default_rng(0), 0, 2), 0.1)
    np.testing.assert_array_equal(compiled.model.w.data, before)
    safe = Model(lambda w, v, b: w[b["c"]].sum(axis=-2) / np.maximum(b["x"].shape[-1], 1))
    compare(safe, [windows()[0], window(np.random.default_rng(0), 0, 2)], AXES, native=False)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (lambda w, v, b: w[b["c"]] * np.arange(n_of(b)), r"`np.arange\(n, like=x\)`"),
        (lambda w, v, b: w[b["c"]] * np.zeros(n_of(b)), "the size C is known only when"),
        (lambda w, v, b: w[np.arange(0, n_of(b), 2, like=b["c"])], "in other steps than 1"),
        (lambda w, v, b: np.repeat(w[b["c"]], b["n"], axis=-1), "as many times as is known only"),
        (lambda w, v, b: np.repeat(w[b["c"]], [1, 2], axis=-2), "2 counts along a dynamic axis"),
        (lambda w, v, b: w[b["c"].astype(np.uint8) + n_of(b)], r"write `.astype\(np.int64\)`"),
    ],
)
def test_what_no_kernel_knows(expression: Any, message: str) -> None:
    with pytest.raises(CompileError, match=message) as caught:
        trace(Model(expression), windows()[0], fields_of(windows()[0], AXES))
    assert f"{__file__}:" in str(caught.value)
