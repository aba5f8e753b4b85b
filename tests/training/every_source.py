"""A source of each kind with a model that is trained on it, and what tests of runs do with them."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v.counting import cooccurrence
from tinygrad_w2v.sources import WindowSettings
from tinygrad_w2v.sources.cooccurrences import Cooccurrences
from tinygrad_w2v.sources.documents import Documents
from tinygrad_w2v.sources.subwords import Subwords
from tinygrad_w2v.sources.walks import Walks

N, USERS, ITEMS, DIM = 600, 12, 9, 4


def table(seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    user, item = rng.integers(0, USERS, N), rng.integers(0, ITEMS, N)
    u, v = rng.normal(size=(USERS, DIM)), rng.normal(size=(ITEMS, DIM))
    return {"user": user, "item": item, "rating": (u[user] * v[item]).sum(axis=1)}


class Ratings(tw.Module):
    def __init__(self, dtype: Any = np.float64) -> None:
        rng = np.random.default_rng(3)
        self.users = tw.Parameter(0.5 * rng.normal(size=(USERS, DIM)).astype(dtype))
        self.items = tw.Parameter(0.5 * rng.normal(size=(ITEMS, DIM)).astype(dtype))
        self.bias = tw.Parameter(np.zeros(ITEMS, dtype))

    def loss(self, example: Any) -> Any:
        user, item = self.users[example["user"]], self.items[example["item"]]
        score = (user * item).sum(axis=-1) + self.bias[example["item"]]
        return ((score - example["rating"]) ** 2).sum()


class Pushed(tw.Module):
    """A loss with negatives, and words of an example that differ in their number."""

    def __init__(self) -> None:
        rng = np.random.default_rng(4)
        self.words = tw.Parameter(0.3 * rng.normal(size=(20, DIM)))
        self.items = tw.Parameter(0.3 * rng.normal(size=(ITEMS, DIM)))

    def loss(self, example: Any) -> Any:
        h = self.words[example["words"]].sum(axis=-2)
        true = (h * self.items[example["item"]]).sum(axis=-1)
        wrong = np.einsum("...d,...kd->...k", h, self.items[example["wrong"]])
        return F.softplus(-true).sum() + F.softplus(wrong).sum()


def texts() -> tw.examples.Arrays:
    rng = np.random.default_rng(5)
    lengths = rng.integers(1, 6, N)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return tw.examples.Arrays(
        {"item": rng.integers(0, ITEMS, N)},
        {"wrong": ("item", 3)},
        {"words": (rng.integers(0, 20, offsets[-1]), offsets)},
        batch_size=1,
    )


def ratings(**changes: Any) -> tw.examples.Arrays:
    return tw.examples.Arrays(table(), **{"batch_size": 1} | changes)


class Own(tw.examples.Source):
    """Twenty lines: points on a line, drawn by position."""

    units = 200

    def example(self) -> Any:
        return {"x": np.array(0.0), "y": np.array(0.0)}

    def axes(self) -> Any:
        return {}

    def draw(self, epoch: int, first: int, last: int, room: Any = None) -> tw.examples.Drawn:
        x = np.sin(np.arange(first, last) + 1000.0 * epoch)
        return tw.examples.Drawn({"x": x, "y": 3 * x - 1}, {}, last - first, last - first)

    def digest(self) -> str:
        return "points"


class Line(tw.Module):
    def __init__(self) -> None:
        self.w, self.b = tw.Parameter(np.zeros(())), tw.Parameter(np.zeros(()))

    def loss(self, example: Any) -> Any:
        return ((self.w * example["x"] + self.b - example["y"]) ** 2).sum()


def points() -> Own:
    source = Own()
    source.batch_size = 1
    return source


SETTINGS = WindowSettings(window=2, sample=0.05, negative=2, batch_size=1)


def text() -> list[list[str]]:
    rng = np.random.default_rng(0)
    return [[f"word{n}" for n in rng.integers(0, 9, rng.integers(6, 12))] for _ in range(25)]


def rows_of(rows: int, seed: int) -> tw.Parameter:
    return tw.Parameter(np.random.default_rng(seed).normal(size=(rows, DIM)) / DIM)


class Told(tw.Module):
    """A mean of rows, by the fields that are named, tells the true word from others."""

    def __init__(self, words: int, **fields: int) -> None:
        self.fields = list(fields)
        for seed, (name, rows) in enumerate(fields.items()):
            setattr(self, name, rows_of(rows, seed))
        self.out = rows_of(words, 9)

    def loss(self, window: Any) -> Any:
        h: Any = 0
        for name in self.fields:
            ids = getattr(window, name)
            rows = getattr(self, name)[ids[..., None] if name == "document" else ids]
            h = h + rows.mean(axis=-2, keepdims=True)
        scores = (h * self.out[window.targets]).sum(axis=-1)
        return F.softplus((1 - 2 * window.labels) * scores).sum()


class Dropped(Told):
    """What is told is drawn by keys: words that are left out, and noise."""

    def __init__(self, words: int, **fields: int) -> None:
        super().__init__(words, **fields)
        self.drop = tw.nn.Dropout(0.1)

    def loss(self, window: Any) -> Any:
        rng = tw.KeyedGenerator(window.key)
        h = self.drop(self.contexts[window.contexts], rng).mean(axis=-2, keepdims=True)
        if self.training:
            h = h + 0.01 * rng.standard_normal((1, DIM))
        scores = (h * self.out[window.targets]).sum(axis=-1)
        return 5 * F.softplus((1 - 2 * window.labels) * scores).sum()


class Counted(tw.Module):
    def __init__(self, words: int) -> None:
        self.w, self.c = rows_of(words, 1), rows_of(words, 2)

    def loss(self, entry: Any) -> Any:
        score = (self.w[entry["row"]] * self.c[entry["column"]]).sum(axis=-1)
        return ((score - np.log(entry["count"])) ** 2).sum()


def graph() -> tuple[Any, Any]:
    rng = np.random.default_rng(3)
    edges = np.arange(12), (np.arange(12) + rng.integers(1, 12, 12)) % 12
    return edges, rng.random(12) + 0.1


def walks() -> Any:
    edges, weights = graph()
    return Walks(edges, 2, 8, 4, p=0.5, q=2, negative=2, weights=weights, batch_size=1)


KINDS: dict[str, tuple[Any, Any]] = {
    "columns": (Ratings, ratings),
    "negatives, ragged": (Pushed, texts),
    "windows": (
        lambda: Told(9, contexts=9),
        lambda: tw.examples.Windows(text(), SETTINGS),
    ),
    "walks": (lambda: Told(12, contexts=12), walks),
    "documents": (
        lambda: Told(9, document=25, contexts=9),
        lambda: Documents(text(), settings=SETTINGS),
    ),
    "tags": (
        lambda: Told(9, documents=27),
        lambda: Documents(text(), [[n, -1 - n % 2] for n in range(25)], SETTINGS),
    ),
    "parts": (
        lambda: Told(9, pieces=99),
        lambda: Subwords(text(), SETTINGS, buckets=90),
    ),
    "parts of the centre": (
        lambda: Told(9, pieces=99),
        lambda: Subwords(text(), SETTINGS, of="center", buckets=90),
    ),
    "keys": (
        lambda: Dropped(9, contexts=9),
        lambda: tw.examples.Keyed(tw.examples.Windows(text(), SETTINGS)),
    ),
    "counts": (
        lambda: Counted(9),
        lambda: Cooccurrences(cooccurrence(text()), batch_size=1),
    ),
    "own": (Line, points),
}

RULES = {
    "plain": lambda: None,
    "SGD": lambda: tw.optim.SGD(),
    "AdaGrad": lambda: tw.optim.AdaGrad(lr=0.02),
    "Adam": lambda: tw.optim.Adam(lr=0.02),
}
RULED = [(kind, "plain") for kind in KINDS] + [
    (kind, rule) for kind in ("columns", "negatives, ragged") for rule in RULES if rule != "plain"
]


def fit(model: Any, examples: Any, **options: Any) -> tw.History:
    return tw.fit(model, examples, **{"epochs": 2, "lr": 0.02, "progress": False} | options)


def loss_of(model: Any, source: Any) -> float:
    """Of the examples of an epoch, the same at each look."""
    return sum(float(model.loss(batch).data) for batch, _ in source.batches(0))


def bytes_of(model: tw.Module) -> list[bytes]:
    return [parameter.data.tobytes() for parameter in model.parameters()]


class Stop(Exception):
    pass


class StopsAt:
    """Ends the process, as it were, after an epoch."""

    def __init__(self, epoch: int) -> None:
        self.left = epoch

    def on_epoch_end(self, model: Any) -> None:
        self.left -= 1
        if not self.left:
            raise Stop
