"""A short share of the kill sweep; and the sweep finds what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork"),
]


def sweep(tmp_path: Path, *words: object, changed: str = "") -> tuple[int, list[str]]:
    """Run the script, perhaps after lines that change the library."""
    program = (
        f"import sys\n{changed}\n"
        f"sys.argv = {['kill_sweep.py', *map(str, words)]!r}\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import kill_sweep\n"
        "sys.exit(kill_sweep.main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize(
    ("words", "least"),
    [
        (("--only", "train", "--step", 29), 20),
        (("--only", "overwrite", "--how", "kill", "--step", 13, "--first", 7), 10),
        (("--only", "update", "--how", "kill", "--step", 31, "--first", 3), 5),
        (("--only", "resume", "--how", "twice", "--step", 23), 5),
        (("--only", "ctrl-c", "--how", "full", "--step", 29), 5),
        (("--only", "Word2Vec", "--how", "kill", "--step", 19), 5),
        (("--only", "npy", "--how", "kill"), 15),
        (("--only", "new projector", "--how", "interrupt", "--step", 3), 5),
        (("--only", "model", "--how", "full", "--step", 2), 5),
    ],
    ids=lambda value: " ".join(map(str, value[1::2])) if isinstance(value, tuple) else "",
)
def test_nothing_is_lost(words, least, tmp_path) -> None:
    status, lines = sweep(tmp_path, *words)
    assert (status, lines[-1]) == (0, "0 losses"), lines
    done = sum(int(line.split(": ")[1].split()[0]) for line in lines[:-1])
    assert done >= least


WRONG = {
    "two renames": (
        "npy --how kill",
        """
from contextlib import contextmanager
from tinygrad_w2v._base.files import safe_write
from tinygrad_w2v.vectors import npy
@contextmanager
def open_pair(first, second):
    with safe_write(first, "wb") as one, safe_write(second, "wb") as other:
        yield one, other
npy.open_pair = open_pair
""",
        "what is there is neither the old nor the new one",
    ),
    "written in place": (
        "vocabulary --how kill",
        """
from contextlib import contextmanager
from tinygrad_w2v._base import files
from tinygrad_w2v.text import vocabulary
@contextmanager
def safe_write(path, mode="w", **options):
    files.Draft(path).__exit__(None)
    with open(path, mode) as file:
        yield file
vocabulary.safe_write = safe_write
""",
        "is damaged or not a vocabulary",
    ),
    "the state is not kept": (
        "train --how full --first 140 --step 9",
        """
from tinygrad_w2v._cli import ending
ending._kept = lambda checkpoints, state: None
from tinygrad_w2v.training.checkpoints import Checkpoints
real = Checkpoints.write
def write(self, state, folder=None):
    if folder is not None:
        raise OSError("no room")
    return real(self, state)
Checkpoints.write = write
""",
        "batches were trained again",
    ),
    "files one by one": (
        "overwrite --how full --first 120 --step 7",
        """
from contextlib import contextmanager
from tinygrad_w2v._cli.run_folder import RunFolder
@contextmanager
def staged(self):
    yield self.path
RunFolder.staged = staged
RunFolder.publish = lambda self: None
""",
        "two runs",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_is_found(kind, tmp_path) -> None:
    words, changed, problem = WRONG[kind]
    status, lines = sweep(tmp_path, "--only", *words.split(), changed=changed)
    assert status == 1
    losses = [line for line in lines if line.startswith("LOST: ")]
    assert any(problem in line for line in losses), lines
