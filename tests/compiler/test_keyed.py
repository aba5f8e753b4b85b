"""Random numbers by keys in a kernel are those of the graph, whatever their shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import CompileError
from tinygrad_w2v._base.hashing import hashed

D, ROWS = 5, 30
AXES = {"ids": (("C", 8),)}


class Drawing(tw.Module):
    def __init__(self, drawn: Callable[[Any, Any, Any], Any]) -> None:
        rng = np.random.default_rng(1)
        self.w = tw.Parameter(rng.normal(size=(ROWS, D)))
        self.drawn = drawn

    def loss(self, example: Any) -> Any:
        rng = tw.KeyedGenerator(example["key"])
        found = self.drawn(self, self.w[example["ids"]], rng)
        return (np.tanh(found) ** 2).sum()


def example(n: int, key: int) -> dict[str, Any]:
    return {"ids": np.arange(n) * 3 % ROWS, "key": np.array(key)}


def over_time(m: Any, h: Any, rng: Any) -> Any:
    def step(state: Any, given: Any) -> Any:
        x, key = given
        return np.tanh(state + F.dropout(x, 0.3, tw.KeyedGenerator(key)))

    return F.scan(step, m.w[0], (h, rng.keys(h.shape[0])))


def several(m: Any, h: Any, rng: Any) -> Any:
    """Dropout of two shapes, whose second has a length that changes as its last axis; noise."""
    turned = F.dropout(np.swapaxes(h, -1, -2), 0.4, rng)
    noise = rng.standard_normal(h.shape[-2:]) + rng.random(D)
    return F.dropout(h, 0.5, rng) + np.swapaxes(turned, -1, -2) + 0.1 * noise


TAKEN: dict[str, Callable[[Any, Any, Any], Any]] = {
    "several": several,
    "a number": lambda m, h, rng: h * rng.random() + rng.random(),
    "ids": lambda m, h, rng: h.sum(axis=-2) * m.w[rng.integers(ROWS, 3)].sum(axis=-2),
    "over time": over_time,
}


@pytest.mark.parametrize("name", TAKEN)
def test_a_kernel_draws_what_the_graph_draws(name: str) -> None:
    model = Drawing(TAKEN[name])
    tw.check_compiled(model, example(5, 12345), AXES)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_mask_is_the_same_in_both_precisions(dtype: Any) -> None:
    """An element near the edge would be dropped by one and kept by the other."""
    model = Drawing(lambda m, h, rng: F.dropout(h, 0.3, rng))
    compiled = tw.compile(model, example(5, 1), AXES, dtype=dtype)
    for key in (0, 1, -7, 2**63 - 1):
        given = example(8, key)
        found = compiled.gradients(given)["w"][given["ids"]] == 0
        wanted = F.dropout(np.ones((8, D)), 0.3, tw.KeyedGenerator(given["key"])) == 0
        np.testing.assert_array_equal(found, wanted)


def test_the_hash_of_a_kernel_is_that_of_arrays() -> None:
    numba = pytest.importorskip("numba")
    from tinygrad_w2v.compiler.ir.scalar_functions import helpers

    scope: dict[str, Any] = {"np": np}
    exec(helpers(["hashed"], single=True)[0], scope)
    native = numba.njit(scope["hashed"])
    keys = np.array([0, 1, -1, 2**63 - 1, -(2**63), 123456789])
    for key in keys:
        for k in (0, 1, 2**31, 2**62):
            assert native(key, k) == hashed(key, np.array(k))
            with np.errstate(over="ignore"):  # as plain Python, as a source is checked
                assert scope["hashed"](int(key), k) == hashed(key, np.array(k))


def test_a_step_of_a_scan_draws_from_its_own_keys_only() -> None:
    def outside(m: Any, h: Any, rng: Any) -> Any:
        return F.scan(lambda s, x: s + F.dropout(x, 0.3, rng), np.zeros(D), h)

    with pytest.raises(CompileError, match=r"give xs a key for each, `keys = rng\.keys\(n\)`"):
        tw.compile(Drawing(outside), example(5, 1), AXES)


def test_a_generator_with_a_state_is_refused_with_what_to_write() -> None:
    model = Drawing(lambda m, h, rng: F.dropout(h, 0.3, m.generator))
    model.generator = np.random.default_rng(0)
    remedy = r"draw from `tw\.KeyedGenerator\(example\['key'\]"
    for axes, told in ((AXES, "generator with a state"), (None, r"numbers from self\.generator")):
        with pytest.raises(CompileError, match=f"{told}.*{remedy}"):
            tw.compile(model, example(5, 1), axes)
