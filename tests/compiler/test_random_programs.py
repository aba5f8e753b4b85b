"""Random programs in every engine, one as a native kernel; as proofs hundreds, and more as kernels.

The source runs with every place that it touches checked. As many as one likes are run by
``python benchmarks/random_programs.py``.
"""

from __future__ import annotations

from typing import Any

import pytest
from random_models import RandomModel, prove, window_of

PLAIN, NATIVE, AT_LENGTH = 160, 5, 200
PLAIN_IN_EVERY_RUN, NATIVE_IN_EVERY_RUN = 50, (4,)


def proof_unless(condition: bool) -> Any:
    return () if condition else pytest.mark.proof


@pytest.mark.parametrize(
    "tens",
    [
        pytest.param(tens, marks=proof_unless(10 * tens < PLAIN_IN_EVERY_RUN))
        for tens in range(PLAIN // 10)
    ],
)
def test_instructions_and_source(tens: int) -> None:
    for seed in range(10 * tens, 10 * tens + 10):
        prove(seed)


@pytest.mark.slow
@pytest.mark.parametrize(
    "number",
    [
        pytest.param(number, marks=proof_unless(number in NATIVE_IN_EVERY_RUN))
        for number in range(NATIVE)
    ],
)
def test_native_kernels(number: int) -> None:
    prove(9_000_000 + number, native=True)


@pytest.mark.proof
@pytest.mark.parametrize("hundreds", range(1, 1 + AT_LENGTH // 100))
def test_at_length(hundreds: int) -> None:
    for seed in range(1000 * hundreds, 1000 * hundreds + 100):
        prove(seed)
    prove(8_000_000 + hundreds, native=True)


def test_the_same_seed_is_the_same_program() -> None:
    first, second = RandomModel(3), RandomModel(3)
    assert [step.name for step in first.steps] == [step.name for step in second.steps]
    (window, *_), _ = window_of(3)
    assert float(first.loss(window)) == float(second.loss(window))
