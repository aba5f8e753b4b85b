"""The book's toy CBOW step: compiled, and with the book's own backward in NumPy.

python benchmarks/toy_step.py
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F


class ToyCBOW(tw.Module):
    """The book's CBOW of chapter 3, with one-hot products."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.w_in = tw.Parameter((0.01 * rng.normal(size=(7, 5))).astype(np.float32))
        self.w_out = tw.Parameter((0.01 * rng.normal(size=(5, 7))).astype(np.float32))

    def loss(self, batch: dict[str, Any]) -> Any:
        """Return the mean cross entropy of a batch of one-hot windows."""
        contexts = batch["contexts"]
        h = 0.5 * (contexts[..., 0, :] @ self.w_in + contexts[..., 1, :] @ self.w_in)
        return F.cross_entropy(h @ self.w_out, batch["target"])


def book_step(w_in: Any, w_out: Any, contexts: Any, target: Any, lr: float) -> float:
    """The same step as the book's layers take it: forward, backward by hand, and SGD."""
    h0, h1 = contexts[:, 0] @ w_in, contexts[:, 1] @ w_in
    h = (h0 + h1) * 0.5
    score = h @ w_out
    score = score - score.max(axis=1, keepdims=True)
    y = np.exp(score)
    y /= y.sum(axis=1, keepdims=True)
    t = target.argmax(axis=1)
    rows = np.arange(len(t))
    loss = -np.sum(np.log(y[rows, t] + 1e-7)) / len(t)
    ds = y.copy()
    ds[rows, t] -= 1
    ds /= len(t)
    dw_out = h.T @ ds
    da = (ds @ w_out.T) * 0.5
    dw_in = contexts[:, 1].T @ da + contexts[:, 0].T @ da
    w_in -= lr * dw_in
    w_out -= lr * dw_out
    return float(loss)


def measure() -> dict[str, float]:
    """The best microseconds of both, in turns; both take the same step."""
    corpus, _, _ = tw.text.preprocess("You say goodbye and I say hello.")
    contexts, target = tw.text.create_contexts_target(corpus)
    contexts, target = (tw.text.convert_one_hot(ids, 7)[:3] for ids in (contexts, target))
    batch = {"contexts": contexts, "target": target}
    model = ToyCBOW(np.random.default_rng(0))
    step = tw.compile(model, batch).step
    w_in, w_out = model.w_in.data.copy(), model.w_out.data.copy()
    assert abs(step(batch, 0.1) - book_step(w_in, w_out, contexts, target, 0.1)) < 1e-4
    assert np.allclose(w_in, model.w_in.data, atol=1e-5)
    best = {"ours": 1e9, "book": 1e9}
    for _ in range(20):
        for name in best:
            start = time.perf_counter()
            for _ in range(300):
                if name == "ours":
                    step(batch, 0.1)
                else:
                    book_step(w_in, w_out, contexts, target, 0.1)
            best[name] = min(best[name], (time.perf_counter() - start) / 300)
    return {name: seconds * 1e6 for name, seconds in best.items()}


if __name__ == "__main__":
    ours, book = measure().values()
    print(f"ours {ours:.1f} µs, by hand in NumPy {book:.1f} µs: {book / ours:.1f} times as fast")
