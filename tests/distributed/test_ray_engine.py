"""A run on Ray has the bytes of the deterministic engine, on any number of machines."""

from __future__ import annotations

import itertools
import os
import re
import signal
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw

pytest.importorskip("numba")
from tinygrad_w2v._base.errors import EngineWarning
from tinygrad_w2v.distributed import cluster as clusters
from tinygrad_w2v.distributed.engine import RayRun
from tinygrad_w2v.distributed.tasks import Done
from tinygrad_w2v.sources import WindowSettings, WindowSource
from tinygrad_w2v.text.corpus import build_corpus
from tinygrad_w2v.training.engines.changed_rows import Counts

STORE = 80 << 20


def text() -> list[list[str]]:
    rng = np.random.default_rng(4)
    return [[f"w{i}" for i in rng.zipf(1.3, n) % 300] for n in rng.integers(1, 40, 150)]


def windows() -> tuple[tw.Module, WindowSource]:
    vocabulary, corpus = build_corpus(text(), min_count=1)
    source = WindowSource(corpus, vocabulary.counts, WindowSettings(sample=1e-1))
    # Large enough for rows to be padded, which they are not while they travel.
    return tw.SkipGram(len(vocabulary), 100, rng=np.random.default_rng(5)), source


class Glove(tw.Module):
    """Tables with biases, a number that all share, and a row that is frozen."""

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        self.u = tw.Parameter(rng.normal(size=(20, 3)) / 3, frozen=np.arange(20) == 2)
        self.v = tw.Parameter(rng.normal(size=(20, 3)) / 3)
        self.a, self.b = tw.Parameter(np.zeros(20)), tw.Parameter(np.zeros(20))
        self.c, self.scale = tw.Parameter(0.0), tw.Parameter(2.0, frozen=True)

    def loss(self, example: Any) -> Any:
        i, j = example["i"], example["j"]
        score = (self.u[i] * self.v[j]).sum(axis=-1) * self.scale + self.a[i] + self.b[j] + self.c
        return (example["weight"] * (score - example["log"]) ** 2).sum()


def triples() -> tuple[tw.Module, dict[str, Any]]:
    rng = np.random.default_rng(0)
    i, j = rng.integers(0, 20, (2, 700))
    log = np.log(rng.integers(1, 50, 700))
    return Glove(), {"i": i, "j": j, "weight": (log / 4) ** 0.75, "log": log}


class Halving:
    """Changes tables between two epochs, as a callback may."""

    def on_epoch_end(self, model: Any) -> None:
        for parameter in model.parameters():
            parameter.data[...] *= 0.5


def fitted(made: Any, engine: str, **others: Any) -> tuple[list[float], list[bytes]]:
    model, examples = made()
    history = tw.fit(model, examples, epochs=2, lr=0.05, engine=engine, progress=False, **others)
    return history.losses, [parameter.data.tobytes() for parameter in model.parameters()]


def added(cluster: Any) -> Any:
    """A node more; on a busy machine Ray gives up waiting for one, and is asked again."""
    for _ in range(4):
        try:
            return cluster.add_node(num_cpus=1, object_store_memory=STORE)
        except Exception as error:
            assert "timed out during startup" in str(error)
    raise AssertionError("no node began")


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[RayRun]:
    """All engines on Ray that a test has begun."""
    begun: list[RayRun] = []
    prepare = RayRun.prepare

    def noted(self: RayRun) -> None:
        begun.append(self)
        prepare(self)

    monkeypatch.setattr(RayRun, "prepare", noted)
    return begun


@pytest.mark.process
def test_the_bytes_are_those_of_one_machine(
    cluster: Any,
    runs: list[RayRun],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One story, as a cluster takes long to begin: 1, 2 and 4 nodes, and one that is killed."""
    there = {"ray_address": cluster.address, "callbacks": [Halving()]}
    one = fitted(windows, "compiled", deterministic=True, callbacks=[Halving()])
    assert fitted(windows, "ray", **there) == one
    assert len(runs[-1].shards_of) == 1
    assert "nothing travels between machines" in str(runs[-1])
    many = {"shards": 6, "callbacks": [Halving()]}
    wanted = fitted(triples, "compiled", deterministic=True, **many)
    assert fitted(triples, "ray", shards=6, **there) == wanted

    node = added(cluster)
    assert fitted(windows, "ray", **there) == one
    assert len(runs[-1].shards_of) >= 2
    assert re.search(
        r"4 shards .* [2-5] machines with [3-6] cores.* of a round \(\d+ %\)", str(runs[-1])
    )

    computed, rounds = RayRun._computed, itertools.count()

    def killing(self: RayRun, part: Any, lr: float) -> Any:
        if next(rounds) == 6:
            os.kill(node.all_processes["raylet"][0].process.pid, signal.SIGKILL)
        return computed(self, part, lr)

    added(cluster)
    added(cluster)
    assert fitted(windows, "ray", **there) == one
    assert len(runs[-1].machines) == 4
    assert len(runs[-1].shards_of) >= 2  # the others may have computed none in so short a run

    with monkeypatch.context() as patch:
        patch.setattr(RayRun, "_computed", killing)
        assert fitted(windows, "ray", **there) == one
    assert next(rounds) > 6
    # Ray learns of it within seconds, and this run maybe not at all.
    caplog.clear()
    run = runs[-1]
    run._alive = clusters.alive() | {"gone": "10.0.0.7"}
    run._look_at_machines([])
    told = "the machine 10.0.0.7 is lost, after 0 shards; what it was to compute is computed"
    assert told in caplog.text
    with pytest.warns(EngineWarning, match="the machines have different processors"):
        run._look_at_machines([Done(Counts(0, 0, 0), "new", "x86_64 other", 0.0, 0)])
