"""What the numbers and the speed of a run may depend on."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_w2v.text.resources import cores


def processor() -> dict[str, Any]:
    """Return the processor's name, the cores that this process may use, and the BLAS.

    Examples
    --------
    >>> sorted(processor())
    ['blas', 'cores', 'name']
    """
    return {"name": _processor_name(), "cores": cores(), "blas": blas()}


def blas() -> str:
    """Return the name and version of the library that multiplies matrices."""
    config: Any = np.show_config(mode="dicts")
    library = config.get("Build Dependencies", {}).get("blas", {})
    return f"{library.get('name', 'unknown')} {library.get('version', '')}".strip()


def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(iter(names), "") or platform.processor() or platform.machine()
