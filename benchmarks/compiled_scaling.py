"""How the compiled engine's speed depends on sizes.

    python benchmarks/compiled_scaling.py [--words 2000000] [--workers 2]

The texts are drawn from Zipf's law (the rank's power -1), without any meaning; sentences have 22
words. One size is changed at a time; the others are those of word2vec: d 100, window 5, K 5, sample
1e-3, and V 100,000.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

import tinygrad_w2v as tw
from tinygrad_w2v.sources.windows import WindowSettings, WindowSource
from tinygrad_w2v.text.corpus import Corpus
from tinygrad_w2v.training.engines.compiled import CompiledRun
from tinygrad_w2v.training.handing import Handing

USUAL = {"dim": 100, "window": 5, "negative": 5, "vocabulary": 100_000}
CHANGED: dict[str, tuple[int, ...]] = {
    "dim": (50, 100, 200, 300, 500),
    "window": (2, 5, 10),
    "negative": (2, 5, 10, 20),
    "vocabulary": (10_000, 100_000, 500_000, 2_000_000),
    "words": (500_000, 2_000_000, 10_000_000),
}
SENTENCE = 22
MODELS: dict[str, tuple[Any, dict[str, Any]]] = {
    "skip-gram": (tw.SkipGram, {}),
    "CBOW": (tw.CBOW, {"compat": "word2vec"}),
}


def zipf_text(words: int, vocabulary: int) -> tuple[Corpus, np.ndarray]:
    """A text of ids by Zipf's law, and the counts of its words, the most frequent first."""
    rng = np.random.default_rng(0)
    cumulative = np.cumsum(1.0 / np.arange(1, vocabulary + 1))
    drawn = np.searchsorted(cumulative, rng.random(words) * cumulative[-1]).astype(np.int32)
    counts = np.maximum(np.bincount(drawn, minlength=vocabulary), 1)
    offsets = np.append(np.arange(0, words, SENTENCE), words).astype(np.int64)
    return Corpus(drawn, offsets, words), counts


def run_of(model: str, sizes: dict[str, int], words: int, workers: int) -> CompiledRun:
    """A run over such a text, compiled."""
    corpus, counts = zipf_text(words, sizes["vocabulary"])
    settings = WindowSettings(window=sizes["window"], negative=sizes["negative"])
    source = WindowSource(corpus, counts, settings)
    kind, options = MODELS[model]
    module = kind(sizes["vocabulary"], sizes["dim"], **options)
    run = CompiledRun(module, source, workers=workers)
    run.step(next(iter(run.batches(0)))[0], 0.025)
    return run


def speed_of(run: CompiledRun) -> float:
    """Words/s of one epoch."""
    start, total = time.perf_counter(), 0
    for done, _ in run.stream(Handing(run.batches(0), lambda words: 0.025)):
        total += done.words
    return total / (time.perf_counter() - start)


def scaling(words: int, workers: int) -> None:
    """Print thousand words/s for each size, one changed at a time."""
    print(f"| {workers} threads, thousand words/s | " + " | ".join(MODELS) + " |")
    print("|---|" + "---|" * len(MODELS))
    for name, values in CHANGED.items():
        for value in values:
            sizes = USUAL | ({} if name == "words" else {name: value})
            length = value if name == "words" else words
            cells = []
            for model in MODELS:
                run = run_of(model, sizes, length, workers)
                cells.append(f"{speed_of(run) / 1e3:,.0f}")
                run.close()
            shown = "length of the text" if name == "words" else name
            print(f"| {shown} {value:,} | " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--words", type=int, default=2_000_000)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    scaling(arguments.words, arguments.workers)


if __name__ == "__main__":
    main()
