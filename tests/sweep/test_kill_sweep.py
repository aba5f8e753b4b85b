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
    ("names", "hows", "step", "first"),
    [
        ("train;overwrite;overwrite unfinished;update;resume;ctrl-c;Word2Vec", "kill", 97, 7),
        ("train;resume;ctrl-c;Word2Vec", "full;interrupt;twice", 131, 20),
        ("npy;model;corpus;new projector", "kill", 3, 0),
        ("packed;counts;vocabulary", "full;interrupt;twice", 5, 1),
    ],
    ids=["killed runs", "disturbed runs", "killed saves", "disturbed saves"],
)
def test_nothing_is_lost(names, hows, step, first, tmp_path) -> None:
    options = ("--how", *hows.split(";"), "--step", step, "--first", first)
    status, lines = sweep(tmp_path, "--only", *names.split(";"), *options)
    assert (status, lines[-1]) == (0, "0 losses"), lines
    done = [int(line.split(": ")[1].split()[0]) for line in lines[:-1]]
    assert len(done) == len(names.split(";")) * len(hows.split(";"))
    assert min(done) >= 1


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
        "train --how full --first 90 --step 19",
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
        "overwrite --how full --first 140 --step 11",
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
