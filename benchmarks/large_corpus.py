"""A corpus larger than its memory: anonymous memory of reading it and of training on it.

    python benchmarks/large_corpus.py FOLDER [--gigabytes 2] [--types 5000000] [--batches 200]

Makes a text in FOLDER (kept, and used again by the next call): word frequencies fall as 1 / rank,
and every type occurs at least once. Then, in a process of its own, the text is read into
memory-mapped ids, and a CBOW of 100 dimensions trained for some batches. Prints the seconds and
the peak of anonymous memory (RssAnon: what is mapped from files does not count, as the system can
drop it) after each step. Linux only. Exits with 1 when the peak exceeds ``--limit``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from tinygrad_w2v.sources.windows import WindowSettings, WindowSource
from tinygrad_w2v.text.plan import plan_corpus
from tinygrad_w2v.text.rules import VocabularyRules
from tinygrad_w2v.text.settings import TextSettings
from tinygrad_w2v.text.stored import open_corpus

LETTERS = 5
WORDS_A_LINE = 25


def make_text(path: Path, size: int, types: int) -> None:
    """Write a text of `size` bytes; all words have the same length, so that it is quick."""
    rng = np.random.default_rng(0)
    digits = np.arange(types)[:, None] // 26 ** np.arange(LETTERS) % 26
    table = np.full((types, LETTERS + 1), ord(" "), np.uint8)
    table[:, :LETTERS] = digits + ord("a")
    total = size // (LETTERS + 1)
    if types > min(total, 26**LETTERS):
        raise SystemExit(f"a text of {size} bytes cannot have {types} types of {LETTERS} letters")
    block = WORDS_A_LINE * 40_000
    once, written = rng.permutation(types), 0
    with path.with_suffix(".part").open("wb") as file:
        while written < total:
            share = once[types * written // total : types * min(written + block, total) // total]
            # The logarithm of a rank with probability 1 / rank is uniform.
            ranks = np.exp(rng.random(block - len(share)) * np.log(types + 1)).astype(int) - 1
            ids = rng.permutation(np.concatenate([share, ranks.clip(0, types - 1)]))
            words = table[ids]
            words[WORDS_A_LINE - 1 :: WORDS_A_LINE, LETTERS] = ord("\n")
            file.write(words.data)
            written += block
    path.with_suffix(".part").replace(path)


class Watch:
    """Follows the anonymous memory of this process in a thread."""

    def __init__(self) -> None:
        self.peak = 0
        self._stop = threading.Event()
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        while not self._stop.wait(0.02):
            self.peak = max(self.peak, self.now())

    def now(self) -> int:
        """Return the bytes of anonymous memory."""
        text = Path("/proc/self/status").read_text(encoding="utf-8")
        return 1024 * int(text.partition("RssAnon:")[2].split()[0])


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Read and train; return the seconds and the peak of memory of each step."""
    watch = Watch()
    steps: dict[str, Any] = {}

    def timed(name: str, step: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        watch.peak = watch.now()
        result = step()
        steps[name] = {
            "seconds": round(time.perf_counter() - start, 1),
            "peak anonymous bytes": max(watch.peak, watch.now()),
        }
        return result

    rules = VocabularyRules(options.min_count, options.vocabulary, options.max_vocab_size)
    settings = TextSettings(rules=rules)
    plan = timed("plan", lambda: plan_corpus(options.text, settings, options.folder))
    print(plan, file=sys.stderr, flush=True)
    opened = timed("read", lambda: open_corpus(options.text, settings, options.folder, plan=plan))
    with opened as text:
        steps["read"] |= {
            "words": text.corpus.raw_words,
            "words of the vocabulary": text.corpus.words,
            "vocabulary": len(text.vocabulary),
        }
        corpus, _ = timed("hold out", lambda: text.corpus.split(0.02, 1, options.folder))
        timed("train", lambda: train(text.vocabulary.counts, corpus, options))
    return steps


def train(counts: Any, corpus: Any, options: argparse.Namespace) -> None:
    """Take some steps with a CBOW model."""
    from tinygrad_w2v.models import CBOW
    from tinygrad_w2v.training.engines.numpy import descend

    source = WindowSource(corpus, counts, WindowSettings(seed=1))
    model = CBOW(len(counts), options.size, rng=np.random.default_rng(1))
    for batch, _ in islice(source.batches(epoch=0), options.batches):
        descend(model, batch, 0.05)


def main() -> int:
    """Make the text, start the process that is measured, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--types", type=int, default=5_000_000)
    parser.add_argument("--vocabulary", type=int, default=200_000, help="max_final_vocab")
    parser.add_argument("--max-vocab-size", type=int, default=None)
    parser.add_argument("--min-count", type=int, default=5)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--batches", type=int, default=200)
    parser.add_argument("--limit", type=float, default=1.5e9, help="bytes of anonymous memory")
    parser.add_argument("--measured", type=Path, dest="text", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.text:
        print(json.dumps(measure(options)))
        return 0
    options.folder.mkdir(parents=True, exist_ok=True)
    text = options.folder / f"text-{options.gigabytes:g}GB-{options.types}.txt"
    if not text.exists():
        start = time.perf_counter()
        make_text(text, int(options.gigabytes * 1e9), options.types)
        print(f"made {text} in {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    command = [sys.executable, __file__, *sys.argv[1:], "--measured", str(text)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    steps = json.loads(done.stdout)
    for name, numbers in steps.items():
        print(name, ", ".join(f"{label} {value:,}" for label, value in numbers.items()))
    peak = max(numbers["peak anonymous bytes"] for numbers in steps.values())
    print(f"peak of anonymous memory {peak / 1e9:.2f} GB, limit {options.limit / 1e9:.2f} GB")
    return int(peak > options.limit)


if __name__ == "__main__":
    raise SystemExit(main())
