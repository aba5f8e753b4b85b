"""Kernels of these tests are kept in a folder of their own; what they share can be imported."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache") / "kernels"


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, kernels: Path) -> Iterator[None]:
    monkeypatch.setenv("TINYGRAD_W2V_KERNELS", str(kernels))
    yield
