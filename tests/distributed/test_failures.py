"""Drivers and machines that are killed in the middle: the run goes on, with the same bytes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("numba")
SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "machines_that_fail.py"


@pytest.mark.proof
@pytest.mark.process
def test_a_machine_and_a_driver_are_killed() -> None:
    command = [sys.executable, SCRIPT, "--machines", "1", "--drivers", "1", "--words", "20000"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 of 2 runs with the bytes of one machine" in done.stdout
