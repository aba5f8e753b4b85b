"""End a process at every one of its file operations, and look at what it leaves.

    python tests/sweep/kill_sweep.py [--only NAME ...] [--how kill ...] [--step 1] [--first 0]

Each scenario (a run, its resume, a save, a conversion, ...) is done once undisturbed, while its
file operations are counted: opening, writing, forcing to the disk, renaming, removing, making
folders. Then it is done again for each of them, and there

    kill        the process is killed,
    full        the disk is full from then on,
    interrupt   Ctrl-C is pressed,
    twice       Ctrl-C is pressed, and again at the next operation.

Afterwards nothing good may be lost: what stood there before stands there, or what was to be
written does, whole; a run goes on to the very bytes of the one that was not disturbed, without
training what it had trained to its end. It needs a system that can fork. The exit status is 1 when
something was lost; each loss is printed with the operation.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a fork has one thread

from file_operations import HOWS, Scenario, in_child
from run_scenarios import (
    Interrupted,
    Overwritten,
    OverwrittenUnfinished,
    Resumed,
    Run,
    TrainedInPython,
    Updated,
    often_kept,
    quick_pictures,
)
from save_scenarios import SAVES

SCENARIOS: dict[str, Scenario] = {
    "train": Run(),
    "overwrite": Overwritten(),
    "overwrite unfinished": OverwrittenUnfinished(),
    "resume": Resumed(),
    "update": Updated(),
    "ctrl-c": Interrupted(),
    "Word2Vec": TrainedInPython(),
    **SAVES,
}


def sweep(name: str, how: str, step: int = 1, first: int = 0) -> Iterator[tuple[str, str]]:
    """Yield, for every operation that is disturbed, its name and what was lost, "" if nothing."""
    quick_pictures()
    often_kept()
    scenario = SCENARIOS[name]
    with tempfile.TemporaryDirectory(prefix="sweep-") as folder:
        before, root = (Path(folder, part) for part in ("before", "now"))
        # The paths of a run are part of it, so that all is done in one place.
        root.mkdir()
        scenario.prepare(root)
        shutil.copytree(root, before)
        undisturbed = in_child(lambda: scenario.act(root), root)
        if undisturbed.status != 0:
            raise RuntimeError(f"{name} fails without any disturbance: {undisturbed.said}")
        scenario.undisturbed = undisturbed
        scenario.learn(root)
        for at in range(first, len(undisturbed.operations), step):
            shutil.rmtree(root)
            shutil.copytree(before, root)
            ended = in_child(lambda: scenario.act(root), root, at, how)
            problem = ""
            if how == "kill" and ended.status != -signal.SIGKILL:
                problem = f"it was not killed but ended with {ended.status}: {ended.said}"
            elif "Traceback" in ended.said:
                problem = ended.said
            else:
                try:
                    scenario.check(root, ended, how)
                except Exception as error:
                    problem = f"{type(error).__name__}: {error}"
            yield f"{name}, {how} at {at}, {undisturbed.operations[at]}", problem


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    names = ", ".join(SCENARIOS)
    parser.add_argument("--only", nargs="+", choices=SCENARIOS, metavar="NAME", help=names)
    parser.add_argument("--how", nargs="+", choices=HOWS, default=HOWS, help="default: all")
    parser.add_argument("--step", type=int, default=1, help="every so many operations")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    arguments = parser.parse_args()
    lost = 0
    for name in arguments.only or SCENARIOS:
        for how in arguments.how:
            done = 0
            for operation, problem in sweep(name, how, arguments.step, arguments.first):
                done += 1
                if problem:
                    lost += 1
                    print(f"LOST: {operation}: {problem}", flush=True)
            print(f"{name}, {how}: {done} operations", flush=True)
    print(f"{lost} losses")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
