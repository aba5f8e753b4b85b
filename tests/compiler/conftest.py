"""What tests of the compiler share can be imported, and what a kernel has learned is taken back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def compiled(kernel: Any) -> Iterator[Any]:
    """The `kernel` of a file, with the numbers that its model began with."""
    w = kernel.model.w.data
    before = w.copy()
    yield kernel
    w[...] = before
