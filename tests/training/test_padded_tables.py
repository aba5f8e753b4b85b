"""Whether tables lie in whole cache lines or packed changes no byte of a training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v._base.cache_lines import with_padding
from tinygrad_w2v.sources import WindowSettings, WindowSource
from tinygrad_w2v.text.corpus import build_corpus
from tinygrad_w2v.training.engines import compiled
from tinygrad_w2v.training.rounds import as_wide

pytest.importorskip("numba")

ROWS, D, N = 200, 100, 600


class Ratings(tw.Module):
    def __init__(self, dtype: Any = np.float32) -> None:
        rng = np.random.default_rng(3)
        self.users = tw.Parameter(rng.normal(size=(ROWS, D)).astype(dtype) / 9)
        self.items = tw.Parameter(rng.normal(size=(ROWS, 2, D)).astype(dtype) / 9)
        self.bias = tw.Parameter(np.zeros(ROWS, dtype))

    def loss(self, example: Any) -> Any:
        user, item = self.users[example["user"]], self.items[example["item"]]
        score = (user[..., None, :] * item).sum(axis=(-2, -1)) + self.bias[example["item"]]
        return ((score - example["rating"]) ** 2).sum()


def examples(**changes: Any) -> tw.examples.Arrays:
    rng = np.random.default_rng(0)
    columns = {name: rng.integers(0, ROWS, N) for name in ("user", "item")}
    return tw.examples.Arrays({**columns, "rating": rng.normal(size=N)}, batch_size=1)


def fit(model: tw.Module, **options: Any) -> tw.History:
    given = {"epochs": 2, "lr": 0.02, "progress": False, "engine": "compiled"} | options
    return tw.fit(model, examples(), **given)


def bytes_of(model: tw.Module) -> list[bytes]:
    return [parameter.data.tobytes() for parameter in model.parameters()]


def padded(model: tw.Module) -> list[str]:
    return [n for n, p in model.named_parameters() if with_padding(p.data) is not p.data]


@pytest.mark.parametrize("deterministic", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_bytes_are_those_of_packed_tables(dtype: Any, deterministic: bool) -> None:
    options = {"workers": 1 + deterministic, "deterministic": deterministic}
    model, plain = Ratings(dtype), Ratings(dtype)
    kept = [parameter.data for parameter in plain.parameters()]  # and so they stay there
    histories = [fit(each, **options) for each in (model, plain)]
    assert padded(model) == ["users", "items"] and not padded(plain)
    assert all(p.data is array for p, array in zip(plain.parameters(), kept, strict=True))
    assert bytes_of(model) == bytes_of(plain)
    assert histories[0].losses == histories[1].losses
    histories = [fit(each, engine="numpy") for each in (model, plain)]
    assert histories[0].losses == histories[1].losses
    assert bytes_of(model) == bytes_of(plain)
    # A table that is another one now, in a round that was begun with another layout.
    del kept
    model.users.data = model.users.data.copy()
    fit(plain, **options), fit(model, **options)
    assert bytes_of(model) == bytes_of(plain)


class Stop(Exception):
    pass


def stop(history: tw.History) -> None:
    raise Stop


def test_a_run_goes_on_from_a_checkpoint(tmp_path: Path) -> None:
    whole = Ratings()
    losses = fit(whole).losses
    kept: dict[str, Any] = {"checkpoint": tmp_path, "checkpoint_minutes": 1e-9}
    with pytest.raises(Stop):
        fit(Ratings(), callbacks=[stop], **kept)
    again = Ratings()
    assert fit(again, resume=True, **kept).losses == losses
    assert bytes_of(again) == bytes_of(whole)
    assert padded(again) == ["users", "items"]


@pytest.mark.parametrize("options", [{"workers": 1}, {"workers": 2, "deterministic": True}])
def test_tables_that_are_replaced_on_the_way_are_taken_in(options: dict[str, Any]) -> None:
    """By a callback after an epoch: one model loses its padding, the other gets it then."""
    model, plain = Ratings(), Ratings()
    kept: list[Any] = []

    def replace(each: Ratings, holds: bool) -> Any:
        def callback(history: tw.History) -> None:
            if len(history.losses) == 1:
                kept.clear()
                each.users.data, each.items.data = each.users.data.copy(), each.items.data.copy()
                kept.extend([each.users.data, each.items.data] if holds else [])

        return callback

    fit(model, callbacks=[replace(model, holds=True)], **options)
    kept.extend(parameter.data for parameter in plain.parameters())
    fit(plain, callbacks=[replace(plain, holds=False)], **options)
    assert not padded(model)
    assert padded(plain) == ["users", "items"]
    assert bytes_of(model) == bytes_of(plain)


def test_threads_share_padded_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where they have copies of some rows, for which a table is made longer."""
    monkeypatch.setattr(compiled, "LEAST_UNITS_FOR_COPIES", 0)
    rng = np.random.default_rng(0)
    words = [f"w{i}" for i in range(ROWS)]
    text = [words, *(rng.choice(words[:30], 20).tolist() for _ in range(400))]
    vocabulary, corpus = build_corpus(text, min_count=1)
    source = WindowSource(corpus, vocabulary.counts, WindowSettings(hs=True, negative=0, sample=0))
    model = tw.CBOW(ROWS, D, "hierarchical_softmax", rng=np.random.default_rng(1))
    run = compiled.CompiledRun(model, source, workers=2)
    assert run._hot
    assert padded(model) == ["w_in", "w_out"]
    before = model.w_in.data.copy()
    losses = [sum(run.step(part, 0.05) for part, _ in run.batches(epoch)) for epoch in range(3)]
    run.close()
    assert losses[2] < losses[0]
    assert model.w_in.data.shape == model.w_out.data.shape == (ROWS, D)
    assert not np.array_equal(model.w_in.data, before) and np.isfinite(model.w_out.data).all()
    assert padded(model) == ["w_in", "w_out"]
    alone = compiled.CompiledRun(model, source)  # goes on in one thread
    assert sum(alone.step(part, 0.05) for part, _ in alone.batches(3)) < losses[0]


def test_the_copies_of_a_shard_are_as_wide_as_a_table_can_be() -> None:
    """Native code copies rows with their padding: a narrower copy would be written beyond."""
    model = Ratings()
    kept = [parameter.data for parameter in model.parameters()]
    run = compiled.CompiledRun(model, examples(), deterministic=True)
    assert not padded(model)
    room = run.shards.new_room()
    kept.clear()
    run.compiled.kernel.pad_tables()
    assert padded(model) == ["users", "items"]
    for name, table in run.compiled.kernel.arrays().items():
        copied = as_wide(room[name], table)
        assert copied.values.shape[1:] == table.shape[1:]
        assert len(copied.values) == len(room[name].rows)
