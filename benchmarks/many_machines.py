"""What a round on Ray costs here, and, computed from that, how speed grows with machines.

    python benchmarks/many_machines.py [--model cbow] [--size 100]

Runs rounds of a text of random words, drawn by 1 / rank as those of a language, on a Ray cluster
that is begun here: seconds of a shard of 50,000 words, of merging and of bringing rows into the
model, bytes that shards send and that a round changes. From these the speed of other numbers of
machines, words, dimensions and networks is computed (`tinygrad_w2v.distributed.costs`). How many
rows a round reads with other vocabularies is computed from the frequencies. Prints JSON of what was
measured, and tables.
"""

from __future__ import annotations

import argparse
import json
from contextlib import closing
from typing import Any

import numpy as np

import tinygrad_w2v as tw
from tinygrad_w2v.distributed.costs import Costs
from tinygrad_w2v.distributed.engine import RayRun
from tinygrad_w2v.sources import WindowSettings, WindowSource
from tinygrad_w2v.text.corpus import Corpus
from tinygrad_w2v.training.engines.engine import LARGEST_SHARD, EngineOptions

WORDS, V = 13_000_000, 71_020
NEGATIVE, CORES = 5, 8
MACHINES = (1, 2, 4, 8, 16, 32, 64)
NETWORKS = (1, 10, 100)  # Gbit a second


def frequencies(words: int) -> Any:
    """Return the shares of the words of a language, the most frequent first."""
    shares = 1 / (np.arange(words) + 2.7)
    return shares / shares.sum()


def distinct(shares: Any, draws: float) -> float:
    """Return how many different ones there are among so many draws."""
    return float(-np.expm1(-shares * draws).sum())


def rows_of(words: int, read: float) -> float:
    """Return how many rows of both tables are read, with so many words of the text."""
    shares = frequencies(words)
    noise = shares**0.75
    either = -np.expm1(-shares * read - noise / noise.sum() * NEGATIVE * read).sum()
    return distinct(shares, read) + float(either)


def measured(model: str, size: int, shards: int) -> Costs:
    """Run rounds on a cluster that is begun here."""
    rng = np.random.default_rng(0)
    ids = np.searchsorted(np.cumsum(frequencies(V)), rng.random(WORDS)).astype(np.int32)
    counts = np.bincount(ids, minlength=V).clip(1)
    corpus = Corpus(ids.clip(0, V - 1), np.arange(0, WORDS + 1, 20), WORDS)
    source = WindowSource(corpus, counts, WindowSettings(window=5, negative=NEGATIVE, sample=1e-3))
    kind = {"cbow": tw.CBOW, "skipgram": tw.SkipGram}[model]
    run = RayRun(kind(V, size, negative=NEGATIVE), source, EngineOptions("ray", 2, shards=shards))
    with closing(run):
        run.prepare()
        assert run.costs is not None
        return run.costs


def elsewhere(costs: Costs, size: int, words: int, to_size: int, machines: int) -> Costs:
    """Return the costs with another vocabulary, other vectors, and a shard for each core."""
    shards = machines * CORES
    row, wider = 4 * to_size, to_size / size
    read = costs.units / costs.shards
    sent = row * rows_of(words, read) * costs.shard_bytes / (4 * size * rows_of(V, read))
    merged = row * rows_of(words, read * shards)
    return Costs(
        shards,
        int(read * shards),
        costs.shard_seconds * wider,
        sent,
        costs.merging / (costs.shards * costs.shard_bytes) * shards * sent,
        costs.bringing / costs.merged_bytes * merged,
        merged,
        row * 2 * words,
    )


def main() -> None:
    """Print what was measured, and what follows from it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=["cbow", "skipgram"], default="cbow")
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--costs", type=json.loads, help="of a call before, in place of measuring")
    asked = parser.parse_args()
    costs = Costs(**asked.costs) if asked.costs else measured(asked.model, asked.size, asked.shards)
    print(json.dumps(costs._asdict()))
    read = costs.units / costs.shards
    computed = 4 * asked.size * rows_of(V, read), 4 * asked.size * rows_of(V, read * costs.shards)
    print(f"a shard of {read:,.0f} words of at most {LARGEST_SHARD:,}; bytes by the frequencies:")
    print(f"a shard {computed[0] / 1e6:.1f} MB, merged {computed[1] / 1e6:.1f} MB")
    print(f"\n| V | d | Gbit/s | {' | '.join(str(n) for n in MACHINES)} |")
    print("|---" * (3 + len(MACHINES)) + "|")
    for words in (100_000, 1_000_000, 5_000_000):
        for size in (100, 300):
            for network in NETWORKS:
                speeds = []
                for machines in MACHINES:
                    there = elsewhere(costs, asked.size, words, size, machines)
                    seconds = there.seconds(machines, CORES, network * 1e9 / 8)
                    speeds.append(there.units / seconds)
                times = " | ".join(f"{speed / speeds[0]:.1f}" for speed in speeds)
                print(f"| {words:,} | {size} | {network} | {times} |")


if __name__ == "__main__":
    main()
