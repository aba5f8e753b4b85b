"""What `tw.fit` costs around its kernel, and how it stands beside PyTorch.

``OMP_NUM_THREADS=1 python benchmarks/fit_throughput.py [--only tanh] [--examples 100000]``

Each model has tables of 20,000 rows of 100 numbers in single precision, and is trained by plain
gradient descent on one thread, three ways in turns, in one process:

- *kernel*: `run_packed` of all examples of an epoch, drawn and packed beforehand;
- *fit*: an epoch of `tw.fit` over `tw.examples.Arrays`, from one callback to the next: order, rows,
  negatives, checks, rates, progress and history included;
- *PyTorch*: batches of 256, sparse gradients of the tables, `torch.optim.SGD`; order by
  `torch.randperm`, negatives by `torch.randint` (for an epoch at once).

The median of the rounds is shown.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F

ROWS, DIM, WORDS, WRONG, HIDDEN = 20_000, 100, 8, 5, 64
RELATIONS, BATCH, LR = 50, 256, 0.01


def table(rows: int, dim: int, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(rows, dim)) / np.sqrt(dim)).astype(np.float32)


def columns(examples: int) -> dict[str, Any]:
    """Ids by a law of Zipf, as they are in texts, shops and graphs."""
    rng = np.random.default_rng(0)
    weights = 1 / (10 + np.arange(ROWS))
    weights /= weights.sum()
    return {
        "words": rng.choice(ROWS, (examples, WORDS), p=weights),
        "user": rng.choice(ROWS, examples, p=weights),
        "item": rng.choice(ROWS, examples, p=weights),
        "relation": rng.integers(0, RELATIONS, examples),
        "rating": rng.normal(size=examples).astype(np.float32),
    }


# ---------------------------------------------------------------------- the models, each twice
# p holds the tables, x the fields of an example or of a batch.
Expression = Callable[[Any, Any], Any]


class Model:
    """What is trained: parameters by name, the fields that are read, and two expressions."""

    def __init__(
        self, shapes: dict[str, Any], fields: tuple[str, ...], ours: Expression, theirs: Expression
    ) -> None:
        self.shapes, self.fields, self.ours, self.theirs = shapes, fields, ours, theirs

    def arrays(self) -> dict[str, Any]:
        return {name: table(*shape, seed) for seed, (name, shape) in enumerate(self.shapes.items())}


def told(score: Any, wrong: Any) -> Any:
    return F.softplus(-score).sum() + F.softplus(wrong).sum()


def told_by_torch(score: Any, wrong: Any) -> Any:
    from torch.nn.functional import softplus

    return softplus(-score).sum() + softplus(wrong).sum()


def tanh_ours(p: Any, x: Any) -> Any:
    h = F.tanh(p.words[x["words"]].mean(axis=-2) @ p.square)
    true = (h * p.items[x["item"]]).sum(axis=-1)
    return told(true, (p.items[x["wrong"]] * h[..., None, :]).sum(axis=-1))


def tanh_theirs(p: Any, x: Any) -> Any:
    h = (p.words(x["words"]).mean(dim=-2) @ p.square).tanh()
    true = (h * p.items(x["item"])).sum(dim=-1)
    return told_by_torch(true, (p.items(x["wrong"]) * h[..., None, :]).sum(dim=-1))


def bilinear_ours(p: Any, x: Any) -> Any:
    score = ((p.users[x["user"]] @ p.square) * p.items[x["item"]]).sum(axis=-1)
    return ((score - x["rating"]) ** 2).sum()


def bilinear_theirs(p: Any, x: Any) -> Any:
    score = ((p.users(x["user"]) @ p.square) * p.items(x["item"])).sum(dim=-1)
    return ((score - x["rating"]) ** 2).sum()


def infonce_ours(p: Any, x: Any) -> Any:
    h = p.users[x["user"]]
    true = (h * p.items[x["item"]]).sum(axis=-1)
    wrong = (p.items[x["wrong"]] * h[..., None, :]).sum(axis=-1)
    return (F.logsumexp(np.concatenate([true[..., None], wrong], axis=-1), axis=-1) - true).sum()


def infonce_theirs(p: Any, x: Any) -> Any:
    import torch

    h = p.users(x["user"])
    true = (h * p.items(x["item"])).sum(dim=-1)
    wrong = (p.items(x["wrong"]) * h[..., None, :]).sum(dim=-1)
    return (torch.cat([true[..., None], wrong], dim=-1).logsumexp(dim=-1) - true).sum()


def attention_ours(p: Any, x: Any) -> Any:
    rows, query = p.words[x["words"]], p.users[x["user"]]
    weights = F.softmax((rows * query[..., None, :]).sum(axis=-1) / 10, axis=-1)
    h = (weights[..., None] * rows).sum(axis=-2)
    true = (h * p.items[x["item"]]).sum(axis=-1)
    return told(true, (p.items[x["wrong"]] * h[..., None, :]).sum(axis=-1))


def attention_theirs(p: Any, x: Any) -> Any:
    rows, query = p.words(x["words"]), p.users(x["user"])
    weights = ((rows * query[..., None, :]).sum(dim=-1) / 10).softmax(dim=-1)
    h = (weights[..., None] * rows).sum(dim=-2)
    true = (h * p.items(x["item"])).sum(dim=-1)
    return told_by_torch(true, (p.items(x["wrong"]) * h[..., None, :]).sum(dim=-1))


def mlp_ours(p: Any, x: Any) -> Any:
    both = np.concatenate([p.users[x["user"]], p.items[x["item"]]], axis=-1)
    score = (F.relu(both @ p.first) @ p.second)[..., 0]
    return ((score - x["rating"]) ** 2).sum()


def mlp_theirs(p: Any, x: Any) -> Any:
    import torch

    both = torch.cat([p.users(x["user"]), p.items(x["item"])], dim=-1)
    score = ((both @ p.first).relu() @ p.second)[..., 0]
    return ((score - x["rating"]) ** 2).sum()


def rotate_ours(p: Any, x: Any) -> Any:
    """Margin minus the distance of the rotated head to the tail (Sun et al. 2019)."""
    half, head, turn = DIM // 2, p.users[x["user"]], p.turns[x["relation"]]
    a, b, c, s = head[..., :half], head[..., half:], np.cos(turn), np.sin(turn)
    h = np.concatenate([a * c - b * s, a * s + b * c], axis=-1)
    true = h - p.users[x["item"]]
    wrong = h[..., None, :] - p.users[x["wrong"]]
    near = 6 - np.sqrt((true * true).sum(axis=-1) + 1e-6)
    return told(near, 6 - np.sqrt((wrong * wrong).sum(axis=-1) + 1e-6))


def rotate_theirs(p: Any, x: Any) -> Any:
    import torch

    half, head, turn = DIM // 2, p.users(x["user"]), p.turns(x["relation"])
    a, b, c, s = head[..., :half], head[..., half:], turn.cos(), turn.sin()
    h = torch.cat([a * c - b * s, a * s + b * c], dim=-1)
    true = h - p.users(x["item"])
    wrong = h[..., None, :] - p.users(x["wrong"])
    near = 6 - ((true * true).sum(dim=-1) + 1e-6).sqrt()
    return told_by_torch(near, 6 - ((wrong * wrong).sum(dim=-1) + 1e-6).sqrt())


SQUARE, TABLE = (DIM, DIM), (ROWS, DIM)
MODELS = {
    "tanh encoder": Model(
        {"words": TABLE, "items": TABLE, "square": SQUARE},
        ("words", "item", "wrong"),
        tanh_ours,
        tanh_theirs,
    ),
    "bilinear": Model(
        {"users": TABLE, "items": TABLE, "square": SQUARE},
        ("user", "item", "rating"),
        bilinear_ours,
        bilinear_theirs,
    ),
    "InfoNCE": Model(
        {"users": TABLE, "items": TABLE}, ("user", "item", "wrong"), infonce_ours, infonce_theirs
    ),
    "attention": Model(
        {"words": TABLE, "users": TABLE, "items": TABLE},
        ("words", "user", "item", "wrong"),
        attention_ours,
        attention_theirs,
    ),
    "MLP": Model(
        {"users": TABLE, "items": TABLE, "first": (2 * DIM, HIDDEN), "second": (HIDDEN, 1)},
        ("user", "item", "rating"),
        mlp_ours,
        mlp_theirs,
    ),
    "RotatE": Model(
        {"users": TABLE, "turns": (RELATIONS, DIM // 2)},
        ("user", "relation", "item", "wrong"),
        rotate_ours,
        rotate_theirs,
    ),
}


# ---------------------------------------------------------------------- the three ways
def of_ours(model: Model) -> tw.Module:
    class Ours(tw.Module):
        def __init__(self) -> None:
            for name, array in model.arrays().items():
                setattr(self, name, tw.Parameter(array))

        def loss(self, example: Any) -> Any:
            return model.ours(self, example)

    return Ours()


def source_of(model: Model, table: dict[str, Any]) -> tw.examples.Arrays:
    negatives = {"wrong": ("item", WRONG)} if "wrong" in model.fields else None
    return tw.examples.Arrays({n: table[n] for n in model.fields if n != "wrong"}, negatives)


def kernel_seconds(model: Model, table: dict[str, Any], rounds: int) -> list[float]:
    """Epochs of the kernel alone, over examples that are packed already."""
    from tinygrad_w2v.training.engines.compiled import CompiledRun

    source = source_of(model, table)
    run = CompiledRun(of_ours(model), source)
    packed, _ = run.draw(0, 0, source.units)
    rates = np.full(packed.count, LR)
    run.compiled.run_packed(packed, rates)
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        run.compiled.run_packed(packed, rates)
        seconds.append(time.perf_counter() - start)
    return seconds


def fit_seconds(model: Model, table: dict[str, Any], rounds: int) -> list[float]:
    """Epochs of `tw.fit`, the first left out."""
    times: list[float] = []
    tw.fit(
        of_ours(model),
        source_of(model, table),
        lr=LR,
        epochs=rounds + 1,
        engine="compiled",
        callbacks=[lambda history: times.append(time.perf_counter())],
        progress=False,
    )
    return np.diff(times).tolist()


def torch_seconds(model: Model, table: dict[str, Any], rounds: int) -> list[float]:
    """Epochs of PyTorch, the first left out."""
    import torch

    torch.set_num_threads(1)

    class Theirs(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            for name, array in model.arrays().items():
                tensor = torch.from_numpy(array)
                if model.shapes[name] in (TABLE, (RELATIONS, DIM // 2)):
                    made: Any = torch.nn.Embedding.from_pretrained(
                        tensor, freeze=False, sparse=True
                    )
                else:
                    made = torch.nn.Parameter(tensor)
                setattr(self, name, made)

    net = Theirs()
    optimizer = torch.optim.SGD(net.parameters(), lr=LR / BATCH)
    fields = {n: torch.from_numpy(table[n]) for n in model.fields if n != "wrong"}
    count, seconds = len(table["item"]), []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        order = torch.randperm(count)
        if "wrong" in model.fields:
            fields["wrong"] = torch.randint(ROWS, (count, WRONG))
        for first in range(0, count, BATCH):
            rows = order[first : first + BATCH]
            optimizer.zero_grad()
            loss = model.theirs(net, {name: column[rows] for name, column in fields.items()})
            loss.backward()
            optimizer.step()
        seconds.append(time.perf_counter() - start)
    return seconds[1:]


def row(name: str, examples: int, rounds: int, peer: bool) -> str:
    """Measure one model, in turns."""
    model, table = MODELS[name], columns(examples)
    ways = {"kernel": kernel_seconds, "fit": fit_seconds}
    if peer:
        ways["torch"] = torch_seconds
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(3):
        for way, measure in ways.items():
            seconds[way] += measure(model, table, max(rounds // 3, 1))
    speed = {way: examples / statistics.median(each) / 1e3 for way, each in seconds.items()}
    line = f"| {name} | {speed['kernel']:,.0f} | {speed['fit']:,.0f} "
    line += f"| {speed['fit'] / speed['kernel']:.2f} "
    if peer:
        line += f"| {speed['torch']:,.1f} | {speed['fit'] / speed['torch']:.1f} "
    return line + "|"


def main() -> None:
    """Print a row for each model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="models whose name begins so")
    parser.add_argument("--examples", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-peer", action="store_true", help="without PyTorch")
    given = parser.parse_args()
    print("| thousand examples/s | kernel | `tw.fit` | fit / kernel | PyTorch | fit / PyTorch |")
    print("|---|---|---|---|---|---|")
    for name in MODELS:
        if name.startswith(given.only or ""):
            print(row(name, given.examples, given.rounds, not given.no_peer), flush=True)


if __name__ == "__main__":
    main()
