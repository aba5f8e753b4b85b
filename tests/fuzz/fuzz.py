"""Change files and load them: each is read, or refused with one clear error.

    python tests/fuzz/fuzz.py --cases 10000 [--only npz] [--seed 1] [--keep FOLDER]

Every file that the library reads: vectors in all formats, models, modules, checkpoints, settings,
vocabularies, texts and their ids, files to evaluate on. A case is a whole file with something in
its structure changed (`structures`), or parts of two; then it is loaded in one of the ways there
are (`subjects`). What is wrong is: any other exception, a warning, an error that names no file, a
case that takes long or much memory, and code that was run or a file that was touched. It is told
with the command that does it again; the exit status is then 1.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import contextlib
import faulthandler
import functools
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from structures import changed, pick, spliced
from subjects import SUBJECTS, is_clear, whole_files

from tinygrad_w2v._base.errors import InputError

SLOW = 30.0  # seconds for a small file, on a machine that is very busy
GONE = 120.0  # seconds after which a case is ended that does not come back to Python
MEMORY = 2 << 30  # bytes of address space beyond what the process has at its start
MUCH = 400 << 20  # bytes by which a case may make the process larger

# What nothing that is read may lead to.
FORBIDDEN = (
    *("os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "subprocess.Popen"),
    *("pickle.find_class", "socket.connect", "os.fork"),
)
TOUCHING = ("open", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate")


class HangError(BaseException):
    """A case takes too long; no handler of errors may take it for one of its own."""


class Watch:
    """Notes what is done while a file is loaded, by Python's audit events."""

    def __init__(self) -> None:
        self.folder: str | None = None  # while something is loaded
        self.seen: list[str] = []
        sys.addaudithook(self._look)

    def _look(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.folder is None:
            return
        if event in FORBIDDEN or (event == "import" and str(arguments[0]).startswith("fuzz_evil")):
            self.seen.append(f"{event} {arguments!r:.200}")
        elif event in TOUCHING and isinstance(arguments[0], (str, bytes)):
            path = arguments[0] if isinstance(arguments[0], str) else arguments[0].decode()
            writes = event != "open" or set(str(arguments[1] or "")) & set("wax+")
            if not Path(path).is_absolute() and isinstance(arguments[-1], int) and event != "open":
                return  # inside a folder that is being removed
            places = (self.folder, tempfile.gettempdir())
            if writes and not any(Path(path).absolute().is_relative_to(p) for p in places):
                self.seen.append(f"{event} {arguments!r:.200}")


@functools.cache
def watch() -> Watch:
    """Return the one watch: what listens to audit events can never be taken away again."""
    return Watch()


class Found(NamedTuple):
    """How many cases were read, refused, and wrong."""

    read: int
    refused: int
    wrong: int


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise a HangError after so many seconds; end the process where that cannot be done."""
    if not hasattr(signal, "setitimer"):  # Windows
        yield
        return

    def ring(number: int, frame: object) -> None:
        raise HangError(f"took more than {seconds} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    faulthandler.dump_traceback_later(GONE, exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        faulthandler.cancel_dump_traceback_later()


def resident() -> int:
    """Return the most memory that the process has had, in bytes."""
    try:
        import resource
    except ImportError:
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def make_case(
    whole: list[list[tuple[Path, bytes]]], rng: np.random.Generator
) -> list[tuple[Path, bytes]]:
    """Return whole files with one or several of them changed."""
    files = list(pick(rng, whole))
    for place in range(len(files)):
        if place == 0 or rng.random() < 0.4:
            path, data = files[place]
            if rng.random() < 0.08:
                data = spliced(data, pick(rng, whole)[place][1], rng)
            else:
                data = changed(data, rng)
            files[place] = path, data
    return files


def try_case(
    name: str, files: list[tuple[Path, bytes]], rng: np.random.Generator, folder: Path
) -> tuple[str, str]:
    """Load one case; return ``"read"``, ``"refused"`` or ``"wrong"``, and what was wrong."""
    shutil.rmtree(folder)
    folder.mkdir()
    for path, data in files:
        path.write_bytes(data)
    before = resident()
    outcome, problem = "read", ""
    seen = watch().seen
    seen.clear()
    watch().folder = str(folder)
    try:
        with limited(SLOW):
            SUBJECTS[name].load(files[0][0], rng)
    except InputError as error:
        outcome = "refused"
        if not is_clear(name, error, files):
            problem = f"the error names no file: {error}"
    except (Exception, HangError):
        problem = traceback.format_exc()
    finally:
        watch().folder = None
    if resident() - before > MUCH:
        problem += f"\ntook {(resident() - before) >> 20} MB"
    if seen:
        problem += "\ndid " + "; ".join(seen)
    return ("wrong" if problem else outcome), problem


def fuzz(
    name: str,
    cases: int,
    seed: int,
    folder: Path,
    only: int | None = None,
    seconds: float | None = None,
    keep: Path | None = None,
) -> Found:
    """Load changed files; return how many were read, refused and wrong.

    Parameters
    ----------
    name
        A subject.
    cases, seconds
        How many; for how long at most.
    seed, only
        What is drawn of each case is a function of the seed and the case's number; only this one.
    folder
        Is emptied for every case.
    keep
        Where what is wrong is kept.
    """
    work = folder / "case"
    work.mkdir(exist_ok=True)
    whole = whole_files(name, work)
    for files in whole:  # what is imported when it is first needed is imported now
        outcome, problem = try_case(name, files, np.random.default_rng(0), work)
        assert outcome == "read", problem
    counts = {"read": 0, "refused": 0, "wrong": 0}
    end = None if seconds is None else time.monotonic() + seconds
    for case in range(cases) if only is None else [only]:
        if end is not None and time.monotonic() > end:
            break
        rng = np.random.default_rng([seed, case, *name.encode()])
        files = make_case(whole, rng)
        outcome, problem = try_case(name, files, rng, work)
        counts[outcome] += 1
        if problem:
            report(name, seed, case, files, problem, keep)
    return Found(**counts)


def report(
    name: str,
    seed: int,
    case: int,
    files: list[tuple[Path, bytes]],
    problem: str,
    keep: Path | None,
) -> None:
    """Tell what went wrong, how to do it again, and the bytes that did it."""
    lines = problem.strip().splitlines()
    print(f"\n{name}: " + "\n".join(lines[-8:]), file=sys.stderr)
    print(f"  again: --only {name} --seed {seed} --case {case}", file=sys.stderr)
    for path, data in files:
        print(f"  {path.name}: {data[:2000]!r}", file=sys.stderr)
        if keep is not None:
            place = keep / f"{name}-{seed}-{case}"
            place.mkdir(parents=True, exist_ok=True)
            (place / path.name).write_bytes(data)


def limit_memory() -> None:
    """Let an allocation of gigabytes fail instead of filling the machine."""
    try:
        import resource
    except ImportError:
        return
    if Path("/proc/self/statm").exists():
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def main() -> int:
    """Fuzz what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=10_000, help="of each kind of file")
    parser.add_argument("--seconds", type=float, help="for each kind of file, at most")
    parser.add_argument("--only", choices=list(SUBJECTS), action="append")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--case", type=int, help="this one alone")
    parser.add_argument("--keep", type=Path, help="a folder for the files that were wrong")
    options = parser.parse_args()
    limit_memory()
    warnings.simplefilter("error")
    print(f"seed {options.seed}")
    wrong = 0
    for name in options.only or SUBJECTS:
        with tempfile.TemporaryDirectory() as folder:
            found = fuzz(
                *(name, options.cases, options.seed, Path(folder)),
                *(options.case, options.seconds, options.keep),
            )
        print(
            f"{name:16} {found.read:8} read {found.refused:8} refused {found.wrong:4} wrong",
            flush=True,
        )
        wrong += found.wrong
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
