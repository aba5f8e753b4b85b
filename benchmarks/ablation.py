"""What each optional step of the compiler is worth: kernels without it, against the default one.

    python benchmarks/ablation.py [--rounds 15] [--examples 20000] [--steps jam unroll ...] [--json]

Float32, one thread: skip-gram and CBOW with d 100, window 5, 5 negatives and 100,000 words by
Zipf's law; skip-gram with d 112 and 128, whose rows are whole cache lines, too; and models of
users: a matrix factorization with biases, an encoder with a dense layer and tanh, and GloVe's
triples of two words and their count. All kernels of a model run in turns on the same examples,
from the same tables; the ratio of the best times counts, and above 1 the step is worth it. With
``--json`` also the seconds of the first compile.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.batch import Batch
from tinygrad_w2v.compiler import Compiled, Schedule, compile
from tinygrad_w2v.compiler.codegen.batch_layout import pack
from tinygrad_w2v.compiler.codegen.kernel_cache import FOLDER_VARIABLE
from tinygrad_w2v.compiler.loops.schedule import OPTIONAL

WINDOW, NEGATIVES, RATE = 5, 5, 0.01


class Factorization(tw.Module):
    """Ratings as products of rows, with a bias for each user and each item; weight decay."""

    def __init__(self, rows: int, dim: int) -> None:
        rng = np.random.default_rng(0)
        self.users, self.items = (
            tw.Parameter(rng.normal(size=(rows, dim)).astype(np.float32) / dim) for _ in range(2)
        )
        self.user_bias, self.item_bias = (
            tw.Parameter(np.zeros(rows, np.float32)) for _ in range(2)
        )

    def loss(self, batch: dict[str, Any]) -> Any:
        """Squared error of the items that one user has rated."""
        user, items = self.users[batch["user"]], self.items[batch["items"]]
        bias = self.user_bias[batch["user"]][..., None] + self.item_bias[batch["items"]]
        error = (items * user[..., None, :]).sum(axis=-1) + bias - batch["ratings"]
        return (error**2).sum() + 0.01 * (items**2).sum()


class Encoder(tw.Module):
    """The mean of the contexts goes through a dense layer with tanh, and scores the targets."""

    def __init__(self, rows: int, dim: int) -> None:
        rng = np.random.default_rng(0)
        self.words = tw.Parameter(rng.normal(size=(rows, dim)).astype(np.float32) / dim)
        self.dense = tw.Parameter(rng.normal(size=(dim, dim)).astype(np.float32) / dim**0.5)
        self.w_out = tw.Parameter(np.zeros((rows, dim), np.float32))

    def loss(self, batch: Batch) -> Any:
        """Negative sampling of the centre."""
        mean = self.words[batch.contexts].mean(axis=-2, keepdims=True)  # (..., 1, dim)
        h = np.tanh(mean @ self.dense)
        scores = (h * self.w_out[batch.targets]).sum(axis=-1)
        return -F.log_sigmoid((2 * batch.labels - 1) * scores).sum()


class GloVe(tw.Module):
    """GloVe (2014): products of rows, and biases, follow the logarithm of the counts."""

    def __init__(self, rows: int, dim: int) -> None:
        rng = np.random.default_rng(0)
        self.words, self.contexts = (
            tw.Parameter(rng.normal(size=(rows, dim)).astype(np.float32) / dim) for _ in range(2)
        )
        self.word_bias, self.context_bias = (
            tw.Parameter(np.zeros(rows, np.float32)) for _ in range(2)
        )

    def loss(self, batch: dict[str, Any]) -> Any:
        """Weighted squared error of one word's counts or more."""
        i, j, count = batch["i"], batch["j"], batch["count"]
        score = (self.words[i] * self.contexts[j]).sum(axis=-1)
        error = score + self.word_bias[i] + self.context_bias[j] - np.log(count)
        return (np.minimum(1, (count / 100) ** 0.75) * error**2).sum()


class Setting(NamedTuple):
    """A model, examples of it, and which of their lengths change."""

    make: Callable[[], tw.Module]
    examples: list[Any]
    axes: dict[str, Any]


def zipf(rng: np.random.Generator, rows: int, *shape: int) -> np.ndarray:
    """Ids as frequent as words are: by the rank's power -1."""
    cumulative = np.cumsum(1 / np.arange(1, rows + 1))
    return np.searchsorted(cumulative, rng.random(shape) * cumulative[-1])


def settings(count: int, rows: int, dim: int) -> dict[str, Setting]:
    """The models, each with as many examples."""
    rng = np.random.default_rng(0)
    contexts = rng.integers(1, 2 * WINDOW + 1, count)
    labels = np.eye(1, 1 + NEGATIVES, dtype=np.float32)[0]
    windows = [
        Batch(targets[0], zipf(rng, rows, c), np.arange(c), targets, labels)
        for targets, c in zip(zipf(rng, rows, count, 1 + NEGATIVES), contexts, strict=True)
    ]
    rated = [
        {"user": user, "items": zipf(rng, rows, n), "ratings": rng.normal(size=n)}
        for user, n in zip(zipf(rng, rows, count), 2 * contexts, strict=True)
    ]
    triples = [
        {"i": i, "j": j, "count": count}
        for i, j, count in zip(
            zipf(rng, rows, count), zipf(rng, rows, count), 1 + rng.pareto(1, count), strict=True
        )
    ]
    c, n = ("C", 2 * WINDOW), ("N", 4 * WINDOW)
    axes = {"contexts": (c,), "offsets": (c,)}
    return {
        "skip-gram": Setting(lambda: tw.SkipGram(rows, dim), windows, axes),
        "skip-gram, d 112": Setting(lambda: tw.SkipGram(rows, 112), windows, axes),
        "skip-gram, d 128": Setting(lambda: tw.SkipGram(rows, 128), windows, axes),
        "CBOW": Setting(lambda: tw.CBOW(rows, dim), windows, axes),
        "matrix factorization": Setting(
            lambda: Factorization(rows, dim), rated, {"items": (n,), "ratings": (n,)}
        ),
        "tanh encoder": Setting(lambda: Encoder(rows, dim), windows, axes),
        "GloVe triples": Setting(lambda: GloVe(rows, dim), triples, {}),
    }


Times = dict[str, dict[str, float]]


def measure(setting: Setting, steps: Sequence[str], rounds: int) -> Times:
    """Nanoseconds an example and seconds of the first compile, of the default and without steps.

    Without what changes nothing of this model's kernel, there is no other one to measure.
    """
    # Rows that are padded stay so: a kernel that does not pad has a model of its own.
    models, first = (setting.make(), setting.make()), setting.examples[0]
    times: Times = {}
    schedules = {"default": Schedule()} | {step: Schedule().without(step) for step in steps}
    kernels: dict[str, Compiled] = {}
    default: Any = None
    for name, schedule in schedules.items():
        start = time.perf_counter()
        model = models[not schedule.padded_rows]
        kernel = compile(model, first, setting.axes, schedule=schedule)
        kernel.kernel.pad_tables()
        arrays = [parameter.data for parameter in model.parameters()]
        made = kernel.source, [(array.strides, array.ctypes.data % 64) for array in arrays]
        if made == default:
            continue
        default = made if default is None else default
        kernels[name] = kernel
        kernel.step(first, RATE)
        times[name] = {"compile": time.perf_counter() - start, "ns": float("inf")}
    count = len(setting.examples)
    packed = next(pack(setting.examples, kernels["default"].fields, count))
    rates = np.full(count, RATE)
    before = [parameter.data.copy() for parameter in models[0].parameters()]
    for _ in range(rounds):
        for name, kernel in kernels.items():
            for parameter, data in zip(kernel.model.parameters(), before, strict=True):
                parameter.data[...] = data
            start = time.perf_counter()
            kernel.run_packed(packed, rates)
            seconds = time.perf_counter() - start
            times[name]["ns"] = min(times[name]["ns"], seconds / count * 1e9)
    return times


def table(found: dict[str, Times], steps: Sequence[str]) -> str:
    """The times without each step as ratios to the default ones."""
    models = list(found)
    default = {model: found[model]["default"]["ns"] for model in models}
    rows = {"left out": models, "---": ["---"] * len(models)}
    rows["nothing, ns an example"] = [f"{default[model]:,.0f}" for model in models]
    for step in steps:
        ns = {model: found[model].get(step, {}).get("ns") for model in models}
        rows[f"`{step}`"] = [
            f"{ns[m] / default[m]:.2f}" if ns[m] else "same kernel" for m in models
        ]
    return "\n".join(f"| {' | '.join([name, *cells])} |" for name, cells in rows.items())


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--examples", type=int, default=20_000)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=100)
    parser.add_argument("--steps", nargs="*", choices=OPTIONAL, default=list(OPTIONAL))
    parser.add_argument("--models", nargs="*")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        os.environ[FOLDER_VARIABLE] = str(Path(folder, "kernels"))
        found = {
            name: measure(setting, options.steps, options.rounds)
            for name, setting in settings(options.examples, options.rows, options.dim).items()
            if options.models is None or name in options.models
        }
    print(json.dumps(found, indent=1) if options.json else table(found, options.steps))


if __name__ == "__main__":
    main()
