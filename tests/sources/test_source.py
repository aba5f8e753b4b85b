"""What a source of examples has to do, and what it is given for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v.sources import Drawn, Source, WindowSettings, WindowSource, native_windows
from tinygrad_w2v.text.corpus import build_corpus

ROWS = 30


class Ragged(Source):
    """Bags of 1 to 4 ids, each with a number that is to be predicted."""

    batch_size = 8

    def __init__(self, units: int) -> None:
        rng = np.random.default_rng(1)
        self.ids, self.sizes = rng.integers(0, ROWS, (units, 4)), rng.integers(1, 5, units)

    @property
    def units(self) -> int:
        return len(self.sizes)

    def example(self) -> dict[str, Any]:
        return {"ids": np.zeros(4, np.int64), "y": np.array(0.0)}

    def axes(self) -> dict[str, tuple[Any, ...]]:
        return {"ids": (("n", 4),)}

    def draw(self, epoch: int, first: int, last: int, room: Any = None) -> Drawn:
        part = slice(first, last)
        ids, sizes = self.ids[part].copy(), self.sizes[part]
        y = ids[:, 0] / ROWS
        return Drawn({"ids": ids, "y": y}, {"n": sizes}, len(ids), len(ids))

    def digest(self) -> str:
        return "ragged"


class Bag(tw.Module):
    def __init__(self) -> None:
        self.w = tw.Parameter(np.zeros((ROWS, 2), np.float32))

    def loss(self, batch: Any) -> Any:
        found = F.embedding(self.w, batch["ids"]).sum(axis=-1).mean(axis=-1)
        return ((found - batch["y"]) ** 2).sum()


def test_batches_have_every_example_once_and_one_shape() -> None:
    source = Ragged(5000)  # more than one block
    seen = []
    units = 0
    for batch, stands_for in source.batches(epoch=0):
        assert 1 <= len(batch["y"]) <= source.batch_size
        assert batch["ids"].shape[:1] == batch["y"].shape
        seen += [tuple(row) for row in batch["ids"].tolist()]
        units += stands_for
    wanted = [tuple(row[:n].tolist()) for row, n in zip(source.ids, source.sizes, strict=True)]
    assert sorted(seen) == sorted(wanted)
    assert units == source.units


@pytest.mark.parametrize("options", [{}, {"workers": 2}, {"workers": 2, "deterministic": True}])
def test_a_source_without_a_native_sampler_runs_compiled(options: dict[str, Any]) -> None:
    pytest.importorskip("numba")
    from tinygrad_w2v.training.engines.compiled import CompiledRun

    run = CompiledRun(Bag(), Ragged(2000), **options)
    losses = [sum(run.step(part, 0.05) for part, _ in run.batches(epoch)) for epoch in range(4)]
    assert losses[3] < 0.9 * losses[0]
    assert run.units_used() == 4 * 2000
    run.close()


@pytest.mark.parametrize("hs", [False, True])
def test_windows_are_drawn_without_numba_too(hs: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    text = [[f"w{(3 * i + j) % 11}" for j in range(1 + i % 9)] for i in range(30)]
    vocabulary, corpus = build_corpus(text, min_count=1)
    source = WindowSource(corpus, vocabulary.counts, WindowSettings(hs=hs, sample=0.1))
    native = source.draw(2, 10, 90)
    monkeypatch.setattr(
        native_windows, "sampler", lambda: np.errstate(over="ignore")(native_windows.draw_windows)
    )
    plain = source.draw(2, 10, 90)
    assert (plain.count, plain.used) == (native.count, native.used)
    for name, array in native.arrays.items():
        np.testing.assert_array_equal(plain.arrays[name], array)
    for name, lengths in native.sizes.items():
        np.testing.assert_array_equal(plain.sizes[name], lengths)


def test_another_text_or_setting_has_another_digest() -> None:
    vocabulary, corpus = build_corpus([["you", "say", "hello"]] * 9, min_count=1)
    other = build_corpus([["you", "say", "goodbye"]] * 9 + [["hello"]], min_count=1)[1]
    settings = [(corpus, WindowSettings()), (corpus, WindowSettings(seed=2)), (other, None)]
    counts = vocabulary.counts
    digests = [WindowSource(text, counts, given).digest() for text, given in settings]
    assert len(set(digests)) == 3
    assert digests[0] == WindowSource(corpus, counts).digest()
