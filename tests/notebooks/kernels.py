"""Cells run in a kernel of their own, as a reader's notebook runs them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient


def kernel_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a kernel find what a reader's finds.

    pyplot is left to find the notebook's own backend, a cell's output holds no warnings of how
    libraries open their files, and what Jupyter and IPython keep goes to the test's home.
    """
    for name in ("MPLBACKEND", "PYTHONWARNDEFAULTENCODING"):
        monkeypatch.delenv(name, raising=False)
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(Path(os.environ["HOME"], name.lower())))


def executed(notebook: Any, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Any:
    """Run all cells in `folder`; a cell that raises fails the test."""
    kernel_environment(monkeypatch)
    where = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=300, resources=where, record_timing=False).execute()
    return notebook


def cells(*sources: str) -> Any:
    """A notebook of these cells."""
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in sources])


def shown(cell: Any, kind: str = "text/plain") -> list[Any]:
    """What a cell shows, in the given kind, streams as text among it."""
    found = [
        output.text if output.output_type == "stream" else output.get("data", {}).get(kind)
        for output in cell.outputs
        if kind == "text/plain" or output.output_type != "stream"
    ]
    return [each for each in found if each is not None]
