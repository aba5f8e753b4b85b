"""Forward + backward on small arrays: this library against PyTorch and HIPS autograd.

All run in one process, one thread, in turns; the ratio of the best times is what counts, as
shared machines are noisy.

    python benchmarks/eager_overhead.py [--rounds 15] [--json]

Needs ``pip install '.[bench]'``.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F

Work = Callable[[], object]


def chains(n: int = 50) -> dict[str, Work]:
    """A chain of `n` sines on one number."""
    import autograd
    import autograd.numpy as anp
    import torch

    def ours() -> object:
        x = tw.Variable(0.7)
        y = x
        for _ in range(n):
            y = F.sin(y)
        y.backward()
        return x.grad

    def theirs(x: object) -> object:
        for _ in range(n):
            x = anp.sin(x)
        return x

    slope = autograd.grad(theirs)

    def pytorch() -> object:
        x = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
        y = x
        for _ in range(n):
            y = torch.sin(y)
        y.backward()
        return x.grad

    return {"ours": ours, "autograd": lambda: slope(0.7), "pytorch": pytorch}


def fan_outs(n: int = 1000) -> dict[str, Work]:
    """``x = (x + x) / 2`` over and over: every value is used twice."""
    import autograd
    import torch

    def ours() -> object:
        x = tw.Variable(0.7)
        y = x
        for _ in range(n):
            y = (y + y) / 2
        y.backward()
        return x.grad

    def theirs(y: object) -> object:
        for _ in range(n):
            y = (y + y) / 2  # type: ignore[operator]
        return y

    slope = autograd.grad(theirs)

    def pytorch() -> object:
        x = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
        y = x
        for _ in range(n):
            y = (y + y) / 2
        y.backward()
        return x.grad

    return {"ours": ours, "autograd": lambda: slope(0.7), "pytorch": pytorch}


def toy_cbow_steps() -> dict[str, Work]:
    """The book's CBOW: 7 words, 5 dimensions, 2 contexts, batch 3; forward, backward, SGD."""
    import autograd
    import autograd.numpy as anp
    import torch

    rng = np.random.default_rng(0)
    w_in = rng.normal(size=(7, 5)).astype(np.float32) * 0.01
    w_out = rng.normal(size=(5, 7)).astype(np.float32) * 0.01
    contexts = np.eye(7, dtype=np.float32)[rng.integers(0, 7, (3, 2))]
    target = rng.integers(0, 7, 3)
    a, b = tw.Variable(w_in.copy()), tw.Variable(w_out.copy())

    def ours() -> object:
        h = (contexts[..., 0, :] @ a + contexts[..., 1, :] @ a) * 0.5
        loss = F.cross_entropy(h @ b, target)
        a.cleargrad()
        b.cleargrad()
        loss.backward()
        a.data -= 0.01 * a.grad.data
        b.data -= 0.01 * b.grad.data
        return loss

    def loss_of(pair: tuple[np.ndarray, np.ndarray]) -> object:
        h = (anp.dot(contexts[:, 0], pair[0]) + anp.dot(contexts[:, 1], pair[0])) * 0.5
        scores = anp.dot(h, pair[1])
        shifted = scores - anp.max(scores, axis=1, keepdims=True)
        log_total = anp.log(anp.sum(anp.exp(shifted), axis=1))
        return anp.mean(log_total - shifted[np.arange(3), target])

    slope = autograd.grad(loss_of)
    pair = (w_in.copy(), w_out.copy())

    def hips() -> object:
        g = slope(pair)
        pair[0][...] -= 0.01 * g[0]
        pair[1][...] -= 0.01 * g[1]
        return g

    ta = torch.tensor(w_in, requires_grad=True)
    tb = torch.tensor(w_out, requires_grad=True)
    tc, tt = torch.tensor(contexts), torch.tensor(target)
    optimizer = torch.optim.SGD([ta, tb], lr=0.01)

    def pytorch() -> object:
        h = (tc[:, 0] @ ta + tc[:, 1] @ ta) * 0.5
        loss = torch.nn.functional.cross_entropy(h @ tb, tt)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return {"ours": ours, "autograd": hips, "pytorch": pytorch}


CASES = {
    "chain of 50 sin": (chains, 20),
    "1000 x (x + x) / 2": (fan_outs, 2),
    "toy CBOW step": (toy_cbow_steps, 50),
}


def measure(works: dict[str, Work], repeats: int, rounds: int) -> dict[str, float]:
    """Best time of each work in microseconds, taken in turns so that noise meets all alike."""
    best = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            start = time.perf_counter()
            for _ in range(repeats):
                work()
            best[name] = min(best[name], (time.perf_counter() - start) / repeats * 1e6)
    return best


def main() -> None:
    """Measure all cases and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    results = {}
    for name, (make, repeats) in CASES.items():
        results[name] = measure(make(), repeats, options.rounds)
    if options.json:
        print(json.dumps(results))
        return
    print(f"{'work':<22}{'ours':>10}{'autograd':>10}{'pytorch':>10}  us; ratio to each")
    for name, times in results.items():
        ours, hips, pytorch = times["ours"], times["autograd"], times["pytorch"]
        print(
            f"{name:<22}{ours:>10.1f}{hips:>10.1f}{pytorch:>10.1f}"
            f"  {ours / hips:.2f} x autograd, {ours / pytorch:.2f} x pytorch"
        )


if __name__ == "__main__":
    main()
