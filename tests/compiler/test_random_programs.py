"""Hundreds of random programs, in every engine; some dozens of them as native kernels."""

from __future__ import annotations

import pytest
from random_models import AXES, RandomModel, windows

import tinygrad_w2v as tw
from tinygrad_w2v.compiler.comparing import compare

PLAIN, NATIVE = 300, 16
# Small, so that one window's rounding is not blown up by the next ones.
RATE = 0.003


@pytest.mark.parametrize("tens", range(PLAIN // 10))
def test_instructions_and_source(tens: int) -> None:
    for seed in range(10 * tens, 10 * tens + 10):
        compare(RandomModel(seed), list(windows(seed)), AXES, native=False, lr=RATE)


@pytest.mark.parametrize("seed", range(10))
def test_deep_programs_with_state(seed: int) -> None:
    model = RandomModel(5000 + seed, steps=16, smooth=True)
    rule = tw.optim.Momentum() if seed % 2 else tw.optim.AdaGrad()
    compare(model, list(windows(seed)), AXES, rule, native=False, lr=RATE, tolerance=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(9000, 9000 + NATIVE))
def test_native_kernels(seed: int) -> None:
    compare(RandomModel(seed, steps=7), list(windows(seed)), AXES, lr=RATE)


def test_the_same_seed_is_the_same_program() -> None:
    first, second = RandomModel(3), RandomModel(3)
    assert [step[0] for step in first.steps] == [step[0] for step in second.steps]
    assert float(first.loss(next(windows(3)))) == float(second.loss(next(windows(3))))
