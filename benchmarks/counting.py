"""Count-based vectors of a large text: time, memory and quality.

    python benchmarks/counting.py CORPUS [--window 5] [--dim 100] [--sample 0] [--json]

CORPUS has a sentence a line, split at white space. Prints the seconds and the peak of memory (the
process's resident set) after each step, then WordSim-353 and SimLex-999 (Spearman) and the Google
analogies, on the files that gensim carries in its tests; ``--data FOLDER`` names another place.
Needs ``pip install '.[count,bench]'``.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from tinygrad_w2v.counting import cooccurrence, ppmi, svd_vectors
from tinygrad_w2v.text import build_corpus, read_lines
from tinygrad_w2v.vectors import WordVectors

PAIRS = {"WordSim-353": "wordsim353.tsv", "SimLex-999": "simlex999.txt"}
ANALOGIES = "questions-words.txt"


def peak_memory() -> int:
    """Bytes that this process has held in memory at most so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def data_folder() -> Path:
    """Return where gensim keeps its test data, without importing it."""
    found = importlib.util.find_spec("gensim")
    if found is None or found.origin is None:
        raise SystemExit("gensim is not installed: give --data FOLDER with " + ", ".join(PAIRS))
    return Path(found.origin).parent / "test" / "test_data"


def measure(options: argparse.Namespace) -> tuple[WordVectors, dict[str, Any]]:
    """Make the vectors; return them with the seconds and the peak of memory of each step."""
    steps: dict[str, Any] = {}

    def timed(name: str, step: Callable[[], Any], **numbers: Callable[[Any], int]) -> Any:
        start = time.perf_counter()
        result = step()
        seconds = time.perf_counter() - start
        steps[name] = {"seconds": round(seconds, 2), "peak bytes": peak_memory()}
        steps[name].update({label: int(number(result)) for label, number in numbers.items()})
        return result

    vocabulary, corpus = timed(
        "read",
        lambda: build_corpus(map(str.split, read_lines(options.corpus)), options.min_count),
        words=lambda pair: pair[1].words,
        types=lambda pair: len(pair[0]),
    )
    counts = timed(
        "cooccurrence",
        lambda: cooccurrence(
            corpus,
            vocabulary,
            options.window,
            options.distance_weighting,
            sample=options.sample,
        ),
        entries=lambda matrix: matrix.nnz,
    )
    matrix = timed(
        "ppmi",
        lambda: ppmi(counts, options.smoothing, options.shift),
        entries=lambda matrix: matrix.nnz,
    )
    rng = np.random.default_rng(options.seed)
    wv = timed(
        "svd",
        lambda: svd_vectors(matrix, options.dim, options.eigenvalue_exponent, rng=rng),
    )
    return wv, steps


def evaluate(wv: WordVectors, data: Path) -> dict[str, Any]:
    """Compare with people's judgements, with gensim's usual limits on the vocabulary."""
    scores: dict[str, Any] = {}
    for name, file in PAIRS.items():
        _, spearman, unknown = wv.evaluate_word_pairs(data / file, restrict_vocab=60_000)
        scores[name] = {"spearman": round(float(spearman.statistic), 4), "unknown %": unknown}
    for name in ("most_similar", "most_similar_cosmul"):
        score, sections = wv.evaluate_word_analogies(
            data / ANALOGIES, restrict_vocab=30_000, similarity_function=name
        )
        asked = len(sections[-1]["correct"]) + len(sections[-1]["incorrect"])
        scores[f"analogies, {name}"] = {"share right": round(score, 4), "asked": asked}
    return scores


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--window", type=int, default=5)
    parser.add_argument("--min-count", type=int, default=5)
    parser.add_argument("--distance-weighting", choices=["harmonic", "linear"])
    parser.add_argument("--sample", type=float, default=0.0)
    parser.add_argument("--smoothing", type=float, default=0.75)
    parser.add_argument("--shift", type=float, default=1.0)
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--eigenvalue-exponent", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, help="the folder of the evaluation files")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    data = options.data or data_folder()
    wv, steps = measure(options)
    scores = evaluate(wv, data)
    seconds = sum(step["seconds"] for name, step in steps.items() if name != "read")
    total = {"seconds without reading": round(seconds, 2), "peak bytes": peak_memory()}
    if options.json:
        print(json.dumps({"steps": steps, "total": total, "scores": scores}))
        return
    for name, step in steps.items():
        sizes = "".join(
            f", {step[key]:,} {key}" for key in ("words", "types", "entries") if key in step
        )
        print(f"{name:13} {step['seconds']:7.2f} s, peak {step['peak bytes'] / 1e9:.2f} GB{sizes}")
    print(f"counting, PPMI and SVD: {seconds:.1f} s, peak {total['peak bytes'] / 1e9:.2f} GB")
    for name, score in scores.items():
        print(f"{name}: " + ", ".join(f"{key} {value:.4g}" for key, value in score.items()))


if __name__ == "__main__":
    main()
