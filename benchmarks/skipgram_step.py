"""One skip-gram step with row gradients and SGD, against PyTorch's sparse embeddings.

Batch 1024 pairs, 5 negatives each, 100 dimensions, 50,000 words, float32, one thread; forward,
backward and update. Both run in turns in one process; the ratio of the best times counts.

    python benchmarks/skipgram_step.py [--rounds 15] [--json]

Also prints the peak of memory that a step of ours takes for two sizes of the vocabulary: it must
not depend on it. Needs ``pip install '.[bench]'``.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import tracemalloc
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F

BATCH, NEGATIVES, DIM, RATE = 1024, 5, 100, 0.025


def draw(vocab: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centres, targets (true word first) and signs; words as frequent as in text (Zipf)."""
    rng = np.random.default_rng(0)
    p = 1 / np.arange(1, vocab + 1)
    p /= p.sum()
    centers = rng.choice(vocab, BATCH, p=p)
    targets = rng.choice(vocab, (BATCH, 1 + NEGATIVES), p=p)
    signs = np.array([1.0] + [-1.0] * NEGATIVES, np.float32)
    return centers, targets, signs


def ours(vocab: int) -> Callable[[], object]:
    """The step as a forward expression, on this library."""
    centers, targets, signs = draw(vocab)
    rng = np.random.default_rng(1)
    w_in = tw.Variable((rng.random((vocab, DIM), dtype=np.float32) - 0.5) / DIM)
    w_out = tw.Variable(np.zeros((vocab, DIM), np.float32))

    def step() -> object:
        h = w_in[centers]
        scores = np.einsum("bd,bkd->bk", h, w_out[targets])
        loss = -F.sum(F.log_sigmoid(scores * signs))
        loss.backward()
        for w in (w_in, w_out):
            w.data -= RATE * w.grad.data
            w.cleargrad()
        return loss

    return step


def pytorch(vocab: int) -> Callable[[], object]:
    """The same with ``Embedding(sparse=True)`` and SGD."""
    import torch

    torch.set_num_threads(1)
    centers, targets, signs = (torch.tensor(a) for a in draw(vocab))
    w_in = torch.nn.Embedding(vocab, DIM, sparse=True)
    w_out = torch.nn.Embedding(vocab, DIM, sparse=True)
    torch.nn.init.uniform_(w_in.weight, -0.5 / DIM, 0.5 / DIM)
    torch.nn.init.zeros_(w_out.weight)
    optimizer = torch.optim.SGD([w_in.weight, w_out.weight], lr=RATE)

    def step() -> object:
        h = w_in(centers)
        scores = (h.unsqueeze(-2) * w_out(targets)).sum(-1)
        loss = -torch.nn.functional.logsigmoid(scores * signs).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


def peak_memory(vocab: int) -> int:
    """Bytes that one step of ours takes at its peak beyond the tables."""
    step = ours(vocab)
    step()
    tracemalloc.start()
    step()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    steps = {"ours": ours(50_000), "pytorch": pytorch(50_000)}
    best = dict.fromkeys(steps, float("inf"))
    for _ in range(options.rounds):
        for name, step in steps.items():
            start = time.perf_counter()
            for _ in range(20):
                step()
            best[name] = min(best[name], (time.perf_counter() - start) / 20 * 1e3)
    memory = {vocab: peak_memory(vocab) for vocab in (50_000, 500_000)}
    if options.json:
        print(json.dumps({"milliseconds": best, "peak bytes": memory}))
        return
    ratio = best["ours"] / best["pytorch"]
    print(f"ours {best['ours']:.2f} ms, pytorch {best['pytorch']:.2f} ms: {ratio:.2f} x")
    for vocab, peak in memory.items():
        print(f"peak memory of a step, {vocab:,} words: {peak / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
