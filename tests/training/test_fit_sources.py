"""A run over a source of each kind: both engines, any number of workers, and after an end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v.counting import cooccurrence
from tinygrad_w2v.sources import WindowSettings
from tinygrad_w2v.sources.cooccurrences import Cooccurrences
from tinygrad_w2v.sources.documents import Documents
from tinygrad_w2v.sources.subwords import Subwords
from tinygrad_w2v.sources.walks import Walks

DIM = 4
SETTINGS = WindowSettings(window=2, sample=0.05, negative=2, batch_size=1)


def text() -> list[list[str]]:
    rng = np.random.default_rng(0)
    return [[f"word{n}" for n in rng.integers(0, 9, rng.integers(6, 12))] for _ in range(25)]


def table(rows: int, seed: int) -> tw.Parameter:
    return tw.Parameter(np.random.default_rng(seed).normal(size=(rows, DIM)) / DIM)


class Told(tw.Module):
    """A mean of rows, by the fields that are named, tells the true word from others."""

    def __init__(self, words: int, **fields: int) -> None:
        self.fields = list(fields)
        for seed, (name, rows) in enumerate(fields.items()):
            setattr(self, name, table(rows, seed))
        self.out = table(words, 9)

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
        self.w, self.c = table(words, 1), table(words, 2)

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
}


def fit(model: Any, examples: Any, **options: Any) -> tw.History:
    return tw.fit(model, examples, **{"epochs": 2, "lr": 0.02, "progress": False} | options)


def bytes_of(model: tw.Module) -> list[bytes]:
    return [parameter.data.tobytes() for parameter in model.parameters()]


@pytest.mark.parametrize("kind", KINDS)
def test_both_engines_come_to_the_same_tables(kind: str) -> None:
    found = []
    for engine in ("numpy", "compiled"):
        model, source = (make() for make in KINDS[kind])
        found.append((model, fit(model, source, engine=engine)))
    (one, first), (other, second) = found
    for x, y in zip(one.parameters(), other.parameters(), strict=True):
        np.testing.assert_allclose(x.data, y.data, rtol=0, atol=1e-12)
    np.testing.assert_allclose(first.losses, second.losses, rtol=1e-9)
    assert first.losses[-1] < first.losses[0]


@pytest.mark.parametrize("kind", KINDS)
def test_deterministic_bytes_do_not_depend_on_the_workers(kind: str) -> None:
    found = []
    for workers in (1, 2, 3):
        model, source = (make() for make in KINDS[kind])
        fit(model, source, engine="compiled", workers=workers, deterministic=True)
        found.append(bytes_of(model))
    assert found[0] == found[1] == found[2]


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


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_run_goes_on_byte_for_byte(kind: str, engine: str, tmp_path: Path) -> None:
    make_model, make_source = KINDS[kind]

    def in_batches() -> Any:
        source = make_source()
        source.batch_size = 64  # a checkpoint is written after each batch
        return source

    options: dict[str, Any] = {"engine": engine, "epochs": 3, "seed": 5}
    whole, model = make_model(), make_model()
    history = fit(whole, in_batches(), **options)
    kept = options | {"checkpoint": tmp_path, "checkpoint_minutes": 1e-9}
    with pytest.raises(Stop):
        fit(make_model(), in_batches(), callbacks=[StopsAt(2)], **kept)
    again = fit(model, in_batches(), resume=True, **kept)
    assert bytes_of(model) == bytes_of(whole)
    assert again.losses == history.losses


def test_held_out_examples_are_looked_at_without_random_numbers() -> None:
    class Mean(tw.Module):
        def __init__(self) -> None:
            self.mean, self.drop = tw.Parameter(np.zeros(())), tw.nn.Dropout(0.5)

        def loss(self, example: Any) -> Any:
            x = self.drop(example["x"], tw.KeyedGenerator(example["key"]))
            return ((self.mean - x) ** 2).sum()

    found = []
    for seed in (1, 2):
        source = tw.examples.Keyed({"x": np.arange(60.0)})
        found.append(fit(Mean(), source, lr=1e-12, epochs=1, heldout=source, seed=seed))
    one, two = found
    assert one.losses[0] != pytest.approx(two.losses[0])
    assert one.heldout_losses[0] == pytest.approx(two.heldout_losses[0])
