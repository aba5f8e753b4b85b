"""How long models with attention take from `tw.compile` to the end of the first step.

``python benchmarks/compile_times.py``

Kernels go into an empty folder, so that nothing was compiled before. Numba is imported, and has
compiled something else, when the clock starts. Rows of 32 numbers, up to 10 contexts, 5 negatives.
"""

from __future__ import annotations

import os
import tempfile
import time
from typing import Any

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F

WORDS, DIM, WRONG = 1000, 32, 5
AXES = {"contexts": (("C", 10),)}


def window(targets: int) -> dict[str, Any]:
    labels = (np.arange(targets) == 0).astype(np.float32)
    return {"contexts": np.arange(6), "targets": np.arange(targets), "labels": labels}


class Attending(tw.Module):
    """Contexts are summed by what a query says of their keys."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        shapes = {"w_in": (WORDS, DIM), "w_out": (WORDS, DIM)}
        shapes |= dict.fromkeys(("query", "key", "value", "output"), (DIM, DIM))
        for name, shape in shapes.items():
            setattr(self, name, tw.Parameter((0.1 * rng.normal(size=shape)).astype(np.float32)))

    def attended(self, x: Any) -> Any:
        """One query, the mean's."""
        query, keys, values = x.mean(axis=-2) @ self.query, x @ self.key, x @ self.value
        scores = (keys * query[..., None, :]).sum(axis=-1) / np.sqrt(DIM)
        return (F.softmax(scores, axis=-1)[..., None] * values).sum(axis=-2)

    def loss(self, window: Any) -> Any:
        h = self.attended(self.w_in[window["contexts"]])
        scores = (self.w_out[window["targets"]] * h[..., None, :]).sum(axis=-1)
        return -F.log_sigmoid((2 * window["labels"] - 1) * scores).sum()


class TwoHeads(Attending):
    """All contexts attend to all, in two heads that are written one after the other."""

    def attended(self, x: Any) -> Any:
        heads = []
        for part in (slice(0, DIM // 2), slice(DIM // 2, DIM)):
            q, k, v = (x @ w[:, part] for w in (self.query, self.key, self.value))
            weights = F.softmax(q @ np.swapaxes(k, -1, -2) / np.sqrt(DIM / 2), axis=-1)
            heads.append(weights @ v)
        return (np.concatenate(heads, axis=-1) @ self.output).mean(axis=-2)


class HeadAxis(Attending):
    """The same with an axis of heads."""

    def attended(self, x: Any) -> Any:
        def split(y: Any) -> Any:
            return np.swapaxes(np.reshape(y, (*y.shape[:-1], 2, DIM // 2)), -2, -3)

        q, k, v = (split(x @ w) for w in (self.query, self.key, self.value))
        weights = F.softmax(q @ np.swapaxes(k, -1, -2) / np.sqrt(DIM / 2), axis=-1)
        joined = np.reshape(np.swapaxes(weights @ v, -2, -3), x.shape)
        return (joined @ self.output).mean(axis=-2)


def main() -> None:
    """Print a row for each model."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TINYGRAD_W2V_KERNELS"] = folder
        tw.compile(tw.CBOW(9, 4), example_of_cbow()).step(example_of_cbow(), 0.1)
        print("| model | compile and first step, s | a window then, us |")
        print("|---|---|---|")
        for kind in (Attending, TwoHeads, HeadAxis):
            start = time.perf_counter()
            compiled = tw.compile(kind(), window(1 + WRONG), AXES)
            compiled.step(window(1 + WRONG), 0.01)
            seconds = time.perf_counter() - start
            columns = many(2000)
            compiled.run(columns, 0.01)
            start = time.perf_counter()
            compiled.run(columns, 0.01)
            each = (time.perf_counter() - start) / 2000 * 1e6
            print(f"| {kind.__name__} | {seconds:.1f} | {each:.1f} |", flush=True)


def many(count: int) -> dict[str, Any]:
    rng, labels = np.random.default_rng(0), window(1 + WRONG)["labels"]
    return {
        "contexts": (rng.integers(0, WORDS, 8 * count), 8 * np.arange(count + 1)),
        "targets": rng.integers(0, WORDS, (count, 1 + WRONG)),
        "labels": np.tile(labels, (count, 1)),
    }


def example_of_cbow() -> Any:
    from tinygrad_w2v._base.batch import Batch

    ids = np.arange(2)
    return Batch(np.array(0), ids, ids, ids, np.ones(2, np.float32))


if __name__ == "__main__":
    main()
