"""How far the kernels are from the machine: arithmetic and memory of one core, and windows on it.

    python benchmarks/roofline.py TEXT [--windows 200000] [--rounds 7] [--assembly] [--json]

The machine's numbers are measured by the compiler that makes the kernels, Numba: a dot product of
two arrays in the first cache (which the share of the peak is of), multiplications and additions
that need no memory, and a triad of arrays larger than all caches. What a window computes and which
bytes of rows it reads and writes is counted from its instructions, for the sizes that the windows
of TEXT have; the time is that of the kernel over windows that are drawn already. An exponential,
or any other function, is one operation, so the share is of what is asked for, not of what it costs.
``--assembly`` also prints loads, FMAs and shuffles of the inner loops.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

import tinygrad_w2v as tw
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.ir.scalar_functions import FUNCTIONS
from tinygrad_w2v.compiler.ir.sizes import product, value_of
from tinygrad_w2v.sources.windows import WindowSettings, WindowSource
from tinygrad_w2v.text.settings import TextSettings
from tinygrad_w2v.text.stored import open_corpus
from tinygrad_w2v.training.engines.compiled import CompiledRun

DIM, RATE = 100, 0.025
IN_CACHE = (1024, 2048, 3072, 4096)  # floats of each array
LARGER_THAN_CACHES = 32_000_000
TERMS = 8  # of the polynomial
MODELS: dict[str, Callable[[int], tw.Module]] = {
    "skip-gram": lambda rows: tw.SkipGram(rows, DIM),
    "CBOW": lambda rows: tw.CBOW(rows, DIM, compat="word2vec"),
}


# ---------------------------------------------------------------------- the machine
def dot(x: Any, y: Any, times: int) -> float:
    """Products of two vectors, again and again; two loads a multiplication and addition."""
    total = np.float32(0)
    for _ in range(times):
        for i in range(x.size):
            total += x[i] * y[i]
    return total


def horner(x: Any, y: Any, times: int) -> float:
    """A polynomial of each number: `TERMS` multiplications and additions for a load and a store."""
    a, b = np.float32(0.5), np.float32(0.25)
    for _ in range(times):
        for i in range(x.size):
            z = x[i]
            for _ in range(TERMS):
                z = z * a + b
            y[i] = z
    return y[0]


def triad(x: Any, y: Any, z: Any) -> float:
    """``z = x + a y`` (McCalpin 1995, "STREAM")."""
    a = np.float32(3)
    for i in range(x.size):
        z[i] = x[i] + a * y[i]
    return z[0]


def whole_lines(size: int) -> np.ndarray:
    """Numbers that begin with a cache line: a vector that lies in two costs as much as two."""
    room = np.empty(size + 64 // 4, np.float32)
    first = -room.ctypes.data % 64 // 4
    numbers = room[first : first + size]
    numbers[:] = np.random.default_rng(0).random(size, dtype=np.float32)
    return numbers


def best_of(rounds: int, work: Callable[[], Any]) -> float:
    """The least seconds of some calls, after one that is not counted."""
    work()
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def machine_peaks(rounds: int) -> dict[str, float]:
    """GFLOP/s of a dot product in cache and of FMAs alone, and GB/s of a triad, of one core."""
    import numba

    numbers = {"fastmath": {"arcp", "contract", "afn", "reassoc", "nsz"}, "error_model": "numpy"}
    compiled = [numba.njit(nogil=True, **numbers)(f) for f in (dot, triad)]
    compiled.append(numba.njit(nogil=True, fastmath={"contract"}, error_model="numpy")(horner))
    products, terms, times = 0.0, 0.0, 5000
    for size in IN_CACHE:  # short ones lose by their ends, long ones on a small cache
        given, operations = (whole_lines(size), whole_lines(size), times), 2 * size * times
        products = max(products, operations / best_of(rounds, partial(compiled[0], *given)))
        terms = max(terms, TERMS * operations / best_of(rounds, partial(compiled[2], *given)))
    large = [whole_lines(LARGER_THAN_CACHES) for _ in range(3)]
    in_memory = best_of(rounds, partial(compiled[1], *large))
    return {
        "dot product in cache, GFLOP/s": products / 1e9,
        "FMAs alone, GFLOP/s": terms / 1e9,
        "triad in memory, GB/s": 3 * large[0].nbytes / in_memory / 1e9,
    }


# ---------------------------------------------------------------------- the work of a window
def work_of(program: Program, sizes: Mapping[str, Any]) -> dict[str, Any]:
    """Operations, costly functions among them, and bytes of rows, for an example of these sizes.

    Raises
    ------
    NotImplementedError
        For a loop over time, whose body is a program of its own.
    """
    steps = program.by_name()
    work: dict[str, Any] = {"operations": 0, "functions": 0, "bytes": 0}

    def elements(name: str) -> Any:
        return value_of(product(steps[name].shape), sizes)

    for step in program:
        if step.op.startswith("scan"):
            raise NotImplementedError("operations of loops over time are not counted")
        result = value_of(product(step.shape), sizes)
        if step.op in ("take", "add_rows", "put_rows") and steps[step.inputs[0]].op == "parameter":
            rows = result if step.op == "take" else elements(step.inputs[-1])
            work["bytes"] += 4 * rows
        if step.op == "add_rows":
            work["operations"] += elements(step.inputs[-1])
        elif step.op in ("reduce", "running") and step.dtype == "float":
            work["operations"] += elements(step.inputs[0])
        elif step.op == "einsum":
            terms = [*zip(step["terms"], (steps[n].shape for n in step.inputs), strict=True)]
            work["operations"] += products_of(terms, step["out"], sizes)
        elif step.op == "map" and step.dtype == "float":
            work["operations"] += result
            work["functions"] += result * FUNCTIONS[step["function"]].costly
    return work


def products_of(terms: Sequence[tuple[str, Any]], out: str, sizes: Mapping[str, Any]) -> Any:
    """Multiplications and additions of sums of products, by the letters of their axes."""
    lengths = {n: length for term, shape in terms for n, length in zip(term, shape, strict=True)}
    every = value_of(product(lengths.values()), sizes)
    added = every != value_of(product(lengths[letter] for letter in out), sizes)
    return every * (len(terms) - 1 + added)


def window(run: CompiledRun, windows: int, rounds: int) -> dict[str, float]:
    """What a window of a run computes and moves, and the nanoseconds that it takes."""
    units = min(windows, run.source.units)
    packed, _ = run.draw(0, 0, units)
    kernel, rates = run.compiled.kernel, np.full(packed.count, RATE)
    tables = kernel.arrays()
    seconds = best_of(rounds, lambda: kernel.run(packed, tables, rates, 1)) / packed.count
    work = work_of(run.compiled.instructions, packed.all_sizes())
    found = {name: float(np.mean(number)) for name, number in work.items()}
    contexts = float(np.mean(packed.all_sizes()["C"]))
    return {"contexts": contexts, **found, "ns": seconds * 1e9}


def measure(text: str, windows: int, rounds: int) -> dict[str, Any]:
    """Peaks of the machine, and for each model what a window is and its share of them."""
    peaks = machine_peaks(rounds)
    models = {}
    with open_corpus(text, TextSettings()) as stored:
        counts = stored.vocabulary.counts
        source = WindowSource(stored.corpus, counts, WindowSettings())
        for name, make in MODELS.items():
            run = CompiledRun(make(len(counts)), source)
            about = models[name] = window(run, windows, rounds)
            about["GFLOP/s"] = about["operations"] / about["ns"]
            about["GB/s"] = about["bytes"] / about["ns"]
            about["share"] = about["GFLOP/s"] / peaks["dot product in cache, GFLOP/s"]
            about["share of FMAs"] = about["GFLOP/s"] / peaks["FMAs alone, GFLOP/s"]
            run.close()
    return {"peaks": peaks, "models": models}


def table(found: dict[str, Any]) -> str:
    """The lines of both tables."""
    lines = [f"| one core | {' | '.join(found['peaks'])} |", "|---|---|---|---|"]
    lines.append(f"| | {' | '.join(f'{peak:,.1f}' for peak in found['peaks'].values())} |")
    columns = {
        "contexts": "contexts of a window",
        "operations": "operations",
        "functions": "functions among them",
        "bytes": "bytes of rows",
        "ns": "ns",
        "GFLOP/s": "GFLOP/s",
        "share": "share of the dot product",
        "share of FMAs": "of the FMAs",
        "GB/s": "GB/s",
    }
    lines += ["", f"| | {' | '.join(columns.values())} |", "|---" * (len(columns) + 1) + "|"]
    for name, about in found["models"].items():
        digits = {key: 2 if key == "contexts" or key.startswith("share") else 0 for key in columns}
        cells = [f"{about[key]:,.{digits[key]}f}" for key in columns]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def inner_loops(text: str) -> str:
    """What the inner loops of the kernels are made of."""
    parts = []
    with open_corpus(text, TextSettings()) as stored:
        source = WindowSource(stored.corpus, stored.vocabulary.counts, WindowSettings())
        for name, make in MODELS.items():
            run = CompiledRun(make(len(stored.vocabulary)), source)
            parts.append(f"{name}\n{run.compiled.inspect_asm(run.draw(0, 0, 1)[0])}")
            run.close()
    return "\n\n".join(parts)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("text", help="one sentence a line")
    parser.add_argument("--windows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--assembly", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.text, options.windows, options.rounds)
    print(json.dumps(found) if options.json else table(found))
    if options.assembly:
        print(f"\n{inner_loops(options.text)}")


if __name__ == "__main__":
    main()
