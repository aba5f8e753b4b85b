"""What all tests share: a generator, strict arithmetic, and nothing left behind."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from tinygrad_w2v.autograd.modes import modes

settings.register_profile(
    "project", deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("project")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20260101)


@pytest.fixture(autouse=True)
def _strict_arithmetic() -> Iterator[None]:
    """Division by zero, overflow and invalid operations are errors unless a test allows them."""
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        yield


@pytest.fixture(autouse=True)
def _modes_are_left_as_they_were() -> Iterator[None]:
    yield
    assert modes.recording, "the test left recording switched off"
    assert not modes.debugging, "the test left debug mode switched on"
