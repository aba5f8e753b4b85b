"""A script whose text was changed, as a module."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType


def module_of(source: str, path: Path) -> ModuleType:
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
