"""What the tests of the package share: a generator, strict arithmetic, modes left as they were."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from tinygrad_w2v.autograd.modes import modes


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
