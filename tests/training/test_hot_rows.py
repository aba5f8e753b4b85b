"""Private copies of the most read rows change who writes where, and nothing of the sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from some_text import a_text

import tinygrad_w2v as tw
from tinygrad_w2v.sources.windows import WindowSettings, WindowSource
from tinygrad_w2v.text.corpus import build_corpus
from tinygrad_w2v.training.engines import compiled
from tinygrad_w2v.training.engines.compiled import CompiledRun
from tinygrad_w2v.training.private_rows import HotRows

pytest.importorskip("numba")


@pytest.fixture(autouse=True)
def _short_texts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "LEAST_UNITS_FOR_COPIES", 0)


def a_run(rng: np.random.Generator, workers: int, **options: Any) -> tuple[CompiledRun, Any]:
    """CBOW over a tree, in float64, with its run."""
    vocabulary, corpus = build_corpus(a_text(rng, 6000), min_count=1)
    source = WindowSource(corpus, vocabulary.counts, WindowSettings(sample=0, hs=True, negative=0))
    model = tw.CBOW(
        len(vocabulary), 8, "hierarchical_softmax", compat="word2vec", rng=np.random.default_rng(2)
    )
    for parameter in model.parameters():
        parameter.data = parameter.data.astype(np.float64)
    return CompiledRun(model, source, workers=workers, dtype=np.float64, **options), model


def test_one_thread_alone_learns_what_it_learns_without_copies(rng: np.random.Generator) -> None:
    tables = []
    for copies in (False, True):
        run, model = a_run(np.random.default_rng(1), workers=1)
        packed, _ = run.draw(0, 0, 5000)
        kernel, rates = run.compiled.kernel, np.full(packed.count, 0.05)
        if copies:
            learned = dict(model.named_parameters())
            hot = HotRows(run.compiled.instructions, learned, [packed], threads=1)
            assert hot
            tables_now = kernel.arrays() | hot.adopt()
            hot.run(0, packed, 0.05, kernel.bound(packed, tables_now, rates, 1))
        else:
            kernel.run(packed, kernel.arrays(), rates, 1)
        tables.append([parameter.data.copy() for parameter in model.parameters()])
    for with_copies, without in zip(*tables, strict=True):
        np.testing.assert_allclose(with_copies, without, rtol=0, atol=1e-12)


def test_threads_over_a_tree_have_copies_and_learn(rng: np.random.Generator) -> None:
    run, model = a_run(rng, workers=2)
    assert run._hot
    before = model.w_out.data.shape
    losses = [sum(run.step(part, 0.05) for part, _ in run.batches(e)) for e in range(4)]
    run.close()
    assert losses[-1] < losses[0]
    assert model.w_out.data.shape == before
    assert np.isfinite(model.w_out.data).all()


def test_parameters_that_were_replaced_are_taken_in(rng: np.random.Generator) -> None:
    run, model = a_run(rng, workers=2)
    model.w_out.data = np.full_like(model.w_out.data, np.nan)
    with pytest.raises(FloatingPointError, match="not finite"):
        for part, _ in run.batches(0):
            run.step(part, 0.05)
    run.close()


def test_no_row_is_hot_where_none_is_read_in_many_windows(rng: np.random.Generator) -> None:
    words = [[f"w{i}" for i in rng.integers(0, 3000, 20)] for _ in range(600)]
    vocabulary, corpus = build_corpus(words, min_count=1)
    source = WindowSource(corpus, vocabulary.counts, WindowSettings(window=2))
    run = CompiledRun(tw.CBOW(len(vocabulary), 4), source, workers=2)
    assert run._hot is None
    run.close()
