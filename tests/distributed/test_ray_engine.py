"""A run on Ray has the bytes of the deterministic engine, on any number of machines."""

from __future__ import annotations

import os
import signal
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw


pytest.importorskip("numba")
from tinygrad_w2v.sources import WindowSettings, WindowSource
from tinygrad_w2v.text.corpus import build_corpus

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
    history = tw.fit(
        model, examples, epochs=2, lr=0.05, engine=engine, progress=False, **others
    )
    return history.losses, [parameter.data.tobytes() for parameter in model.parameters()]


def killed_in_round(monkeypatch: pytest.MonkeyPatch, number: int, kill: Any) -> None:
    """Let a round of a run on Ray begin with a kill."""
    from tinygrad_w2v.distributed.engine import RayRun

    computed, rounds = RayRun._computed, iter(range(10**6))

    def killing(self: Any, part: Any, lr: float) -> Any:
        if next(rounds) == number:
            kill(self)
        return computed(self, part, lr)

    monkeypatch.setattr(RayRun, "_computed", killing)


@pytest.mark.process
def test_the_bytes_are_those_of_one_machine(cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One story, as a cluster takes long to begin: one node, two, and one that is killed."""
    there = {"ray_address": cluster.address, "callbacks": [Halving()]}
    one = fitted(windows, "compiled", deterministic=True, callbacks=[Halving()])
    assert fitted(windows, "ray", **there) == one
    many = {"shards": 6, "callbacks": [Halving()]}
    wanted = fitted(triples, "compiled", deterministic=True, **many)
    assert fitted(triples, "ray", shards=6, **there) == wanted

    node = cluster.add_node(num_cpus=1, object_store_memory=STORE)
    assert fitted(windows, "ray", **there) == one

    def kill(run: Any) -> None:
        assert len(run.machines) == 2
        process = node.all_processes["raylet"][0].process
        os.kill(process.pid, signal.SIGKILL)

    killed_in_round(monkeypatch, 4, kill)
    assert fitted(windows, "ray", **there) == one
