"""The scripts of examples/ as modules."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
sys.path.insert(0, str(Path(__file__).parent))  # what these tests share


@pytest.fixture
def example(monkeypatch, tmp_path) -> Callable[[str], ModuleType]:
    """Import a script by its name; the current folder is a temporary one."""
    monkeypatch.setattr(sys, "path", [str(EXAMPLES), *sys.path])
    monkeypatch.chdir(tmp_path)
    return importlib.import_module
