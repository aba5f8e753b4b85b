"""The table of targets of the compiled engine, each row a ratio to its peer, all in one run.

    pip install '.[all,bench]'
    python benchmarks/engine_table.py TEXT [--rounds 3] [--epochs 5] [--output engine_table.jsonl]
        [--only threads,busy,...] [--peer fasttext-new=ENVIRONMENT/bin/python ...]

TEXT has one sentence a line. In each round every job is run once, in turns, each in a process of
its own; a row is the median over the rounds of a ratio within a round. Results are added to the
file as they come, and what stands there is not run again, so a run may be stopped and gone on with;
one with other settings, of another commit or on another machine is refused. A peer is a port of
fastText, named by the interpreter that has it; it is run for ``--peer-epochs``, and has its reading
of the text in its time. ``--report`` prints the table of what is there.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from compiled_threads import machine
from engine_jobs import KINDS, in_own_process

Order = dict[str, Any]
Found = Callable[[Order, str], float]  # a number of a job, in one round
PACKAGES = ("tinygrad_w2v", "numpy", "numba", "llvmlite", "gensim", "torch")


class Row(NamedTuple):
    """A line of the table.

    Attributes
    ----------
    group : str
        What ``--only`` calls it.
    title : str
    least, aim : float or None
        Of the target; None where there is none.
    jobs : tuple of dict
        What has to be run for it.
    value : callable
        From the numbers of one round to that of the row.
    smaller : bool
        Whether less is better.
    parts : tuple of (dict, str)
        Which numbers are shown beside it.
    """

    group: str
    title: str
    least: float | None
    aim: float | None
    jobs: tuple[Order, ...]
    value: Callable[[Found], float]
    smaller: bool
    parts: tuple[tuple[Order, str], ...]


def ratio(
    group: str,
    title: str,
    over: Order,
    under: Order,
    number: str,
    least: float | None = None,
    aim: float | None = None,
    smaller: bool = False,
) -> Row:
    """A row that is one number of two jobs, over each other."""
    return Row(
        group,
        title,
        least,
        aim,
        (over, under),
        lambda found: found(over, number) / found(under, number),
        smaller,
        ((over, number), (under, number)),
    )


def training_rows(text: str, epochs: int) -> Iterator[Row]:
    """Threads against one, beside another process too; and against gensim."""

    def train(system: str, kind: str, workers: int, n: int = epochs, **more: Any) -> Order:
        about = {"system": system, "text": text, "kind": kind, "workers": workers, "epochs": n}
        return {"job": "train", **about, **more}

    speed = "words/s"
    for kind in KINDS:
        one, two = (train("ours", kind, workers) for workers in (1, 2))
        yield ratio("threads", f"{kind}: two threads, x one", two, one, speed, 1.75, 1.9)
    for kind in KINDS:
        one, two = (train("ours", kind, workers, busy=True) for workers in (1, 2))
        title = f"{kind}: the same beside one other busy process"
        yield ratio("busy", title, two, one, speed, 1.0, 1.3)
    targets = dict(zip(KINDS, [(7, 9), (4, 5.5), (3.5, 5), (3, 4)], strict=True))
    for kind, (least, aim) in targets.items():
        ours, gensim = (train(system, kind, 2) for system in ("ours", "gensim"))
        title = f"{kind}: two threads, x gensim"
        yield ratio("gensim", title, ours, gensim, speed, least, aim)
        yield ratio("gensim", f"{title}, encoding the text included", ours, gensim, f"{speed}, all")
    ours, gensim = (train(system, "skip-gram", 1) for system in ("ours", "gensim"))
    yield ratio("gensim-one", "skip-gram: one thread, x gensim", ours, gensim, speed, 9, 11)
    for kind in ("skip-gram", "CBOW"):
        fixed, free = (
            train("ours", kind, 2, deterministic=True),
            train("ours", kind, 2),
        )
        title = f"{kind}: deterministic, share of the free speed"
        yield ratio("deterministic", title, fixed, free, speed, 0.7, 0.9)
        fixed, free = (
            train("ours", kind, 2, 1, deterministic=True),
            train("ours", kind, 2, 1),
        )
        yield Row(
            "deterministic",
            f"{kind}: deterministic, loss of an epoch beyond the free one's",
            0.03,
            0.01,
            (fixed, free),
            lambda found, fixed=fixed, free=free: found(fixed, "loss") - found(free, "loss"),
            True,
            ((fixed, "loss"), (free, "loss")),
        )


def other_rows(text: str, epochs: int) -> Iterator[Row]:
    """Memory, small steps, the time to start, and the share of the peak."""
    ours, gensim = (
        {"job": "whole", "system": system, "text": text, "epochs": epochs}
        for system in ("ours", "gensim")
    )
    title = "peak memory beyond the imports, x gensim"
    yield ratio("memory", title, ours, gensim, "peak MB", 1, 0.8, smaller=True)
    title = "whole process of skip-gram, two threads, seconds x gensim"
    yield ratio("whole", title, ours, gensim, "seconds", smaller=True)

    def alone(
        group: str, title: str, order: Order, number: str, least: float, aim: Any, smaller: bool
    ) -> Row:
        parts = ((order, number),)
        return Row(
            group, title, least, aim, (order,), lambda found: found(order, number), smaller, parts
        )

    for model in ("skipgram", "cbow"):
        order = {"job": "numpy_engine", "model": model}
        title = f"{model}: NumPy engine, one core, words/s"
        yield alone("numpy", title, order, "words/s", 600_000, 800_000, False)
    eager = {
        "chain of 50 sin": (0.4, 0.35),
        "1000 x (x + x) / 2": (0.4, 0.35),
        "toy CBOW step": (0.45, 0.35),
    }
    for case, (least, aim) in eager.items():
        order = {"job": "eager", "case": case}
        yield Row(
            "eager",
            f"eager {case}, x PyTorch",
            least,
            aim,
            (order,),
            lambda found, order=order: found(order, "ours µs") / found(order, "pytorch µs"),
            True,
            ((order, "ours µs"), (order, "pytorch µs")),
        )
    for kind, least in (("skip-gram", 3), ("CBOW", 2)):
        order = {"job": "start", "kind": kind}
        yield alone("start", f"{kind}: first compile, s", order, "first seconds", least, None, True)
        title = f"{kind}: warm start to the first window, s"
        yield alone("start", title, order, "again seconds", 0.3, None, True)
    order = {"job": "peak", "text": text}
    for kind, least in (("skip-gram", 0.4), ("CBOW", 0.25)):
        title = f"{kind}: share of one core's arithmetic peak"
        yield alone("peak", title, order, kind, least, 0.5, False)


def peer_rows(text: str, peers: dict[str, str], epochs: int) -> Iterator[Row]:
    """Against ports of fastText, two threads; there are no targets."""
    for name, python in peers.items():
        for kind in KINDS:
            about = {"text": text, "kind": kind, "workers": 2, "epochs": epochs}
            ours = {"job": "train", "system": "ours", **about}
            theirs = {"job": "peer", "python": python, **about}
            yield ratio("peer", f"{kind}: two threads, x {name}", ours, theirs, "words/s")


# ---------------------------------------------------------------------- the file
def about_this(options: argparse.Namespace) -> Order:
    """What all results of a file have to have in common."""
    root = Path(__file__).resolve().parents[1]
    git = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
    described = subprocess.run(
        git, capture_output=True, encoding="utf-8", check=False
    ).stdout.strip()
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    text = Path(options.text)
    return {
        "machine": machine(),
        "python": platform.python_version(),
        "versions": versions,
        "commit": described or "unknown",
        "text": {"name": text.name, "bytes": text.stat().st_size},
        "epochs": options.epochs,
        "peer epochs": options.peer_epochs,
    }


class Results:
    """What was measured, as JSON lines: what it is about, then one line for each job and round."""

    def __init__(self, path: Path, about: Order | None) -> None:
        self.path = path
        if about is not None and not path.exists():
            self._add(about)
        lines = path.read_text(encoding="utf-8").splitlines()
        self.about, *self.lines = (json.loads(line) for line in lines)
        if different := [name for name in about or {} if self.about.get(name) != about[name]]:
            raise SystemExit(
                f"{path} was measured with other {', '.join(different)}: give another --output"
            )

    def _add(self, line: Order) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def run(self, number: int, order: Order) -> None:
        """Run a job, unless this round has it."""
        if self.found(number, order) is None:
            load = os.getloadavg()[0]
            result = in_own_process(order)
            line = {"round": number, "order": order, "load": load, "at": time.time()}
            self._add(line | {"result": result})
            self.lines.append(line | {"result": result})
            print(f"{number}: {json.dumps(order)}\n   {json.dumps(result)}", flush=True)

    def found(self, number: int, order: Order) -> Order | None:
        """The numbers of a job in a round."""
        lines = (x for x in self.lines if x["round"] == number and x["order"] == order)
        return next((line["result"] for line in lines), None)

    def values(self, row: Row) -> list[float]:
        """A row's number in each round that has all of its jobs."""
        values = []
        for number in sorted({line["round"] for line in self.lines}):
            results = [self.found(number, order) for order in row.jobs]
            if None not in results:

                def number_of(order: Order, name: str, number: int = number) -> float:
                    return float((self.found(number, order) or {})[name])

                values.append(row.value(number_of))
        return values

    def median(self, order: Order, name: str) -> float:
        """The median of a number of a job."""
        return statistics.median(x["result"][name] for x in self.lines if x["order"] == order)


# ---------------------------------------------------------------------- the table
def number_text(value: float) -> str:
    """Three digits, or thousands as they are."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def table(rows: list[Row], results: Results) -> str:
    """The lines of the table, with what all of it is about."""
    loads = [line["load"] for line in results.lines]
    about = results.about
    peers = sorted({x["result"]["version"] for x in results.lines if x["order"]["job"] == "peer"})
    versions = [f"{name} {version}" for name, version in about["versions"].items()]
    lines = [
        f"{about['machine']}. CPython {about['python']}, {', '.join([*versions, *peers])}. "
        f"Commit {about['commit']}. {about['text']['name']}, {about['text']['bytes']:,} bytes; "
        f"{about['epochs']} epochs, peers of fastText {about['peer epochs']}.",
        f"Load when a job began (`uptime`): {min(loads):.2f} to {max(loads):.2f}.",
        "",
        "| | at least | aim | measured | range | rounds | | of |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        values = results.values(row)
        if not values:
            continue
        median = statistics.median(values)
        cells = [
            row.title,
            *("" if n is None else number_text(n) for n in (row.least, row.aim)),
            number_text(median),
            f"{number_text(min(values))} to {number_text(max(values))}",
            str(len(values)),
            verdict(row, median),
            " / ".join(number_text(results.median(*part)) for part in row.parts),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def verdict(row: Row, value: float) -> str:
    """Whether a target is met."""

    def reached(goal: float | None) -> bool:
        return goal is not None and (value <= goal if row.smaller else value >= goal)

    if row.least is None:
        return ""
    return "aim met" if reached(row.aim) else "met" if reached(row.least) else "missed"


def place_in_a_round(order: Order) -> int:
    """What is compared runs close together: trainings of a kind, of all systems."""
    return list(KINDS).index(order["kind"]) if "kind" in order else len(KINDS)


def main() -> None:
    """Measure what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("text")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--peer-epochs", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("engine_table.jsonl"))
    parser.add_argument("--only", default="", help="groups of rows, between commas")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--report", action="store_true", help="measure nothing")
    options = parser.parse_args()
    text = str(Path(options.text).resolve())
    peers = dict(peer.split("=", 1) for peer in options.peer)
    rows = [
        *training_rows(text, options.epochs),
        *other_rows(text, options.epochs),
        *peer_rows(text, peers, options.peer_epochs),
    ]
    groups = dict.fromkeys(row.group for row in rows)
    only = options.only.split(",") if options.only else list(groups)
    if unknown := [name for name in only if name not in groups]:
        parser.error(f"no rows are called {unknown[0]!r}; there are {', '.join(groups)}")
    rows = [row for row in rows if row.group in only]
    results = Results(options.output, None if options.report else about_this(options))
    if not options.report:
        orders = sorted((order for row in rows for order in row.jobs), key=place_in_a_round)
        for number in range(1, options.rounds + 1):
            for order in orders:
                results.run(number, order)
    print(table(rows, results))


if __name__ == "__main__":
    main()
