"""How the compiled engine's speed grows with threads, and what a model of contention says of it.

    pip install '.[all,bench]' matplotlib
    python benchmarks/compiled_threads.py TEXT [--rounds 3] [--threads 1 2 4] [--save threads]

TEXT has one sentence a line. Every training is timed alone and beside one other busy process, free
and deterministic. The median of the rounds is shown, and written to ``threads.md`` and
``threads.svg``.

The model of contention: a window of a thread writes row w ``rate(w)`` times on average, which is
known from the words' counts. Another of T threads writes the same row within that window's time
with the probability ``1 - exp(-(T - 1) * rate(w))``, and then the row's lines have to come from
another core. So a window takes ``t(T) = t(1) + cost * sum(rate * (1 - exp(-(T - 1) * rate)))``.
The cost is fitted to the measurement with two threads; all that is beyond two is predicted. Waiting
for memory, and a clock that falls as more cores are busy, are not in it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import tinygrad_w2v as tw
from engine_jobs import KINDS, SETTINGS, in_own_process
from tinygrad_w2v.sources.huffman import HuffmanTree
from tinygrad_w2v.sources.negatives import negative_shares

PREDICTED_TO = 64
MODES = ("free", "free, busy", "deterministic", "deterministic, busy")
Speeds = dict[tuple[str, str, int], float]  # kind, mode, threads: words a second


def machine() -> str:
    """The cores that this process may use, and whether two threads share one."""
    cores = len(os.sched_getaffinity(0))
    try:
        done = subprocess.run(["lscpu"], capture_output=True, encoding="utf-8", check=True)
        listed = done.stdout
    except (OSError, subprocess.CalledProcessError):
        listed = ""
    wanted = ("Model name", "Thread(s) per core", "Socket(s)", "L2 cache", "L3 cache")
    facts = [
        " ".join(line.split()) for line in listed.splitlines() if line.strip().startswith(wanted)
    ]
    smt = Path("/sys/devices/system/cpu/smt/active")
    if smt.exists():
        facts.append(f"SMT active: {smt.read_text(encoding='ascii').strip()}")
    return "; ".join([f"{cores} processors", *facts])


def doubled(most: int) -> list[int]:
    """1, 2, 4 ... and `most` itself."""
    return sorted({1 << k for k in range(most.bit_length())} | {most})


# ---------------------------------------------------------------------- measuring
def timed(text: str, kind: str, mode: str, workers: int, epochs: int) -> float:
    """Words a second of a training of ours, beside another busy process where the mode says so."""
    about = {"text": text, "kind": kind, "workers": workers, "epochs": epochs}
    about["deterministic"] = mode.startswith("deterministic")
    job = {"job": "train", "system": "ours", "busy": mode.endswith("busy"), **about}
    return float(in_own_process(job)["words/s"])


def measured(
    text: str, kinds: list[str], modes: list[str], threads: list[int], rounds: int, epochs: int
) -> tuple[Speeds, list[str]]:
    """The median speeds, and the lines of the table: one for each kind, mode and thread number."""
    speeds: Speeds = {}
    lines = ["| training | mode | threads | load before | thousand words/s | x one thread |"]
    lines.append("|---|---|---|---|---|---|")
    print("\n".join(lines), flush=True)
    for kind in kinds:
        for mode in modes:
            load = {count: os.getloadavg()[0] for count in threads}
            found: dict[int, list[float]] = {count: [] for count in threads}
            for turn in range(rounds):
                for count in threads:
                    if turn == 0:
                        load[count] = os.getloadavg()[0]
                    found[count].append(timed(text, kind, mode, count, epochs))
            for count in threads:
                speed = speeds[kind, mode, count] = statistics.median(found[count])
                ratio = speed / speeds[kind, mode, threads[0]]
                lines.append(
                    f"| {kind} | {mode} | {count} | {load[count]:.2f} | {speed / 1e3:,.0f} "
                    f"| {ratio:.2f} |"
                )
                print(lines[-1], flush=True)
    return speeds, lines


# ---------------------------------------------------------------------- the model
def kept_shares(counts: np.ndarray) -> np.ndarray:
    """How often a word is a kept one: word2vec's subsampling, then over their sum."""
    share = counts / counts.sum()
    ratio = SETTINGS["sample"] / share
    kept = share * np.minimum(np.sqrt(ratio) + ratio, 1)
    return np.asarray(kept / kept.sum())


def rates(counts: np.ndarray, kind: str, hot: int) -> np.ndarray:
    """How often a window writes each row of both tables; the `hot` first of each are private."""
    words = kept_shares(counts)
    contexts = (SETTINGS["window"] + 1) * words  # a drawn width of 1 to `window`, on both sides
    options = KINDS[kind]
    if options["hs"]:
        targets = np.asarray(HuffmanTree.from_counts(counts).passing(words))
        targets = -np.sort(-targets)  # the root first: it is on every path
    else:
        targets = words + options["negative"] * negative_shares(counts)
    return np.concatenate([contexts[hot:], targets[hot:]])


def collisions(rate: np.ndarray, threads: int) -> float:
    """Rows a window that another of the threads has written within its time."""
    return float((rate * -np.expm1(-(threads - 1) * rate)).sum())


def predicted(rate: np.ndarray, two: float, threads: Sequence[int]) -> list[float]:
    """Speedups for numbers of threads, the cost fitted so that two threads have the speedup `two`.

    Of one thread a window takes the time 1. A speedup above 2 is noise, and costs nothing.
    """
    cost = max(2 / two - 1, 0) / collisions(rate, 2)
    return [count / (1 + cost * collisions(rate, count)) for count in threads]


def model_lines(
    speeds: Speeds, kinds: list[str], counts: np.ndarray, hot: int
) -> tuple[dict[str, list[float]], list[str]]:
    """The predicted curves, and a table of them beside what was measured."""
    steps = doubled(PREDICTED_TO)
    lines = ["| speedup, free threads | " + " | ".join(map(str, steps)) + " |"]
    lines.append("|---|" + "---|" * len(steps))
    curves = {}
    for kind in kinds:
        one = speeds[kind, "free", 1]
        rate = rates(counts, kind, hot)
        two = speeds[kind, "free", 2] / one
        curves[kind] = predicted(rate, two, steps)
        cells = " | ".join(f"{speedup:.1f}" for speedup in curves[kind])
        lines.append(f"| {kind}, model | {cells} |")
        known = [speeds.get((kind, "free", count)) for count in steps]
        cells = " | ".join(f"{speed / one:.1f}" if speed else "" for speed in known)
        lines.append(f"| {kind}, measured | {cells} |")
        cost = max(2 / two - 1, 0) / collisions(rate, 2)
        lines.append(
            f"| {kind}, rows written by another thread | "
            + " | ".join(f"{collisions(rate, count):.2f}" for count in steps)
            + " |"
        )
        print(f"{kind}: a row from another core costs {cost:.1%} of a window's time")
    return curves, lines


def draw(path: Path, speeds: Speeds, curves: dict[str, list[float]]) -> None:
    """Speedups by threads: measured as points, the model as lines."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.5), layout="constrained")
    steps = doubled(PREDICTED_TO)
    axes.plot(steps, steps, color="0.7", linestyle=":", label="as many times as threads")
    marks = dict(zip(MODES, "oxs+", strict=True))
    for number, kind in enumerate(dict.fromkeys(kind for kind, _, _ in speeds)):
        if kind in curves:
            axes.plot(steps, curves[kind], color=f"C{number}", label=f"{kind}, model")
        for mode, mark in marks.items():
            points = {count: s for (k, m, count), s in speeds.items() if (k, m) == (kind, mode)}
            if points:
                one = points[min(points)]
                axes.plot(
                    list(points),
                    [speed / one for speed in points.values()],
                    linestyle="",
                    marker=mark,
                    color=f"C{number}",
                    label=f"{kind}, {mode}",
                )
    axes.set(xscale="log", yscale="log", xlabel="threads", ylabel="times one thread")
    axes.set_xticks(steps, [str(step) for step in steps])
    axes.set_yticks(steps, [str(step) for step in steps])
    axes.minorticks_off()
    axes.legend(fontsize="x-small", ncols=2)
    figure.savefig(path)


def main() -> None:
    """Measure, print, and write the table and the curve."""
    cores = len(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("text")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--threads", type=int, nargs="+", default=doubled(cores))
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--modes", nargs="+", default=list(MODES), choices=MODES)
    parser.add_argument("--hot", type=int, default=0, help="first rows that threads have copies of")
    parser.add_argument("--save", default="threads", help="path of the results, without its end")
    options = parser.parse_args()
    threads = sorted(set(options.threads))
    if threads[0] != 1:
        parser.error("--threads must begin with 1, which all others are compared with")
    about = machine()
    print(about)
    speeds, lines = measured(
        options.text, options.kinds, options.modes, threads, options.rounds, options.epochs
    )
    curves: dict[str, list[float]] = {}
    if "free" in options.modes and 2 in threads:
        counter = tw.Word2Vec(**SETTINGS)
        counter.build_vocab(corpus_file=options.text)
        counts = np.asarray(counter.vocabulary.counts)
        curves, of_model = model_lines(speeds, options.kinds, counts, options.hot)
        print("\n".join(of_model))
        lines += ["", *of_model]
    Path(f"{options.save}.md").write_text("\n".join([about, "", *lines, ""]), encoding="utf-8")
    draw(Path(f"{options.save}.svg"), speeds, curves)


if __name__ == "__main__":
    main()
