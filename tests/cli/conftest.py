from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from tinygrad_w2v.cli import main


class Done(NamedTuple):
    status: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line in this process."""

    def run_main(*argv: object) -> Done:
        capsys.readouterr()
        status = main([str(word) for word in argv])
        return Done(status, *capsys.readouterr())

    return run_main


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """Sixty sentences on two topics."""
    rng = np.random.default_rng(5)
    topics = [["cat", "dog", "cow", "hen"], ["red", "blue", "pink", "grey"]]
    lines = [" ".join(rng.choice(topics[i % 2], size=12)) for i in range(60)]
    path = tmp_path / "text.txt"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def trained(run: Run, text: Path, tmp_path: Path) -> Path:
    """The folder of a small finished run."""
    folder = tmp_path / "run"
    options = ("--size", 8, "--epochs", 2, "--engine", "numpy", "--quiet", "--output", folder)
    done = run("train", text, *options)
    assert done == (0, "", "")
    return folder
