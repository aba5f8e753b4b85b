"""Native draws are those of the NumPy engine, and both engines learn the same from them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from plainly import plainly
from some_text import a_text

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.batch import Batch
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.compiler.codegen.index_checks import Places
from tinygrad_w2v.sources.source import Drawn
from tinygrad_w2v.sources.windows import WindowSettings, WindowSource
from tinygrad_w2v.text.corpus import build_corpus
from tinygrad_w2v.training.engines.compiled import CompiledRun
from tinygrad_w2v.training.engines.numpy import descend

pytest.importorskip("numba")
from tinygrad_w2v.training.rows_by_ids import Group, plan_of

DIM = 8  # of most models here: those of one kind share a kernel


def batches_of(drawn: Drawn) -> Iterator[Batch]:
    """Each window as a batch without leading axes."""
    a = drawn.arrays
    for w in range(drawn.count):
        c, t = drawn.sizes["C"][w], drawn.sizes["T"][w]
        around, targets = (a["contexts"][w, :c], a["offsets"][w, :c]), a["targets"][w, :t]
        yield Batch(a["center"][w], *around, targets, a["labels"][w, :t])


SETTINGS = {
    "usual": WindowSettings(sample=1e-2),
    "no subsampling, full windows": WindowSettings(sample=0, shrink_windows=False, window=3),
    "pairs": WindowSettings(sample=1e-2, shared_negatives=False, negative=3),
    "tree": WindowSettings(sample=1e-2, hs=True, negative=0),
    "tree and negatives": WindowSettings(sample=1e-2, hs=True, negative=2),
}


def rows_of(batches: Any) -> list[tuple[Any, ...]]:
    """Each window as plain tuples, sorted."""
    found = []
    for batch in batches:
        for i in range(len(batch.center)):
            fields = (batch.contexts, batch.offsets, batch.targets, batch.labels)
            found.append((int(batch.center[i]), *[tuple(field[i].tolist()) for field in fields]))
    return sorted(found)


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("stretch", [64, 333, 10_000])
def test_windows_are_those_of_the_numpy_engine(
    name: str, stretch: int, rng: np.random.Generator
) -> None:
    vocabulary, corpus = build_corpus(a_text(rng), min_count=1)
    source = WindowSource(corpus, vocabulary.counts, SETTINGS[name])
    wanted = rows_of(batch for batch, _ in source.batches(epoch=3))
    kept_wanted = source.kept_words
    found, kept_words = [], 0
    for first in range(0, corpus.words, stretch):
        drawn = source.draw(3, first, min(first + stretch, corpus.words))
        kept_words += drawn.used
        for center, *fields in batches_of(drawn):
            found.append((int(center), *[tuple(field.tolist()) for field in fields]))
    assert sorted(found) == wanted
    assert kept_words == kept_wanted


@pytest.mark.parametrize(
    ("kind", "words", "compiled"),
    [
        (tw.CBOW, 6000, True),
        (tw.SkipGram, 200, False),
        pytest.param(tw.SkipGram, 6000, True, marks=pytest.mark.proof),
    ],
)
def test_both_engines_learn_the_same(
    kind: Any, words: int, compiled: bool, rng: np.random.Generator
) -> None:
    vocabulary, corpus = build_corpus(a_text(rng, words), min_count=1)
    source = WindowSource(corpus, vocabulary.counts, WindowSettings(sample=1e-1))
    tables: list[Any] = []
    windows: list[Batch] = []
    for native in (True, False):
        model = kind(len(vocabulary), DIM, rng=np.random.default_rng(5))
        for parameter in model.parameters():
            parameter.data = parameter.data.astype(np.float64)
        if native:
            run = CompiledRun(model, source, dtype=np.float64)
            if not compiled:
                plainly(run.compiled)
            windows = list(batches_of(source.draw(0, 0, corpus.words)))
            for part, _ in run.batches(0):
                run.step(part, lr=0.05)
        else:  # the same windows, one at a time
            for batch in windows:
                descend(model, batch, 0.05)
        tables.append(model.w_in.data)
    np.testing.assert_allclose(tables[0], tables[1], rtol=0, atol=1e-9)


def test_a_round_counts_what_it_predicts(rng: np.random.Generator) -> None:
    vocabulary, corpus = build_corpus(a_text(rng), min_count=1)
    source = WindowSource(corpus, vocabulary.counts, WindowSettings(sample=1e-2))
    wanted = sum(batch.contexts.size for batch, _ in source.batches(0))
    run = CompiledRun(tw.SkipGram(len(vocabulary), DIM), source)
    words = predictions = 0
    for part, stands_for in run.batches(0):
        run.step(part, 0.01)
        words += stands_for
        predictions += run.predictions(part)
    assert (words, predictions) == (corpus.words, wanted)


def test_threads_share_the_text(rng: np.random.Generator) -> None:
    vocabulary, corpus = build_corpus(a_text(rng), min_count=1)
    source = WindowSource(corpus, vocabulary.counts, WindowSettings(sample=1e-2))
    run = CompiledRun(tw.CBOW(len(vocabulary), DIM), source, workers=3)
    stretches = sorted(s for part, _ in run.batches(0) for s in part.stretches)
    assert stretches[0][0] == 0
    assert stretches[-1][1] == corpus.words
    assert all(a[1] == b[0] for a, b in itertools.pairwise(stretches))
    first = [run.step(part, 0.05) for part, _ in run.batches(0)]
    again = [run.step(part, 0.05) for part, _ in run.batches(0)]
    assert sum(again) < sum(first)
    run.close()


def test_lost_numbers_stop_the_run_and_name_the_table(rng: np.random.Generator) -> None:
    vocabulary, corpus = build_corpus(a_text(rng), min_count=1)
    source = WindowSource(corpus, vocabulary.counts, WindowSettings(sample=0))
    model = tw.CBOW(len(vocabulary), DIM)
    model.w_in.data[0, 0] = np.nan
    run = CompiledRun(model, source)
    with pytest.raises(FloatingPointError, match="w_in holds numbers that are not finite"):
        for part, _ in run.batches(0):
            run.step(part, 0.05)


@pytest.mark.parametrize("kind", [tw.CBOW, tw.SkipGram])
def test_a_deterministic_run_gives_the_same_bytes_for_any_number_of_workers(
    kind: Any, rng: np.random.Generator
) -> None:
    vocabulary, corpus = build_corpus(a_text(rng, 6000), min_count=1)
    tables = []
    losses = []
    for workers in (1, 2, 5):
        source = WindowSource(corpus, vocabulary.counts, WindowSettings(sample=1e-1))
        model = kind(len(vocabulary), DIM, rng=np.random.default_rng(5))
        run = CompiledRun(model, source, workers=workers, deterministic=True)
        losses.append([[run.step(part, lr=0.05) for part, _ in run.batches(e)] for e in range(3)])
        run.close()
        tables.append((model.w_in.data.tobytes(), model.w_out.data.tobytes()))
    assert tables[0] == tables[1] == tables[2]
    assert losses[0] == losses[1] == losses[2]
    assert sum(losses[0][-1]) < sum(losses[0][0])


@pytest.mark.parametrize(
    ("workers", "deterministic"), [(1, False), (3, False), (1, True), (3, True)]
)
def test_what_is_frozen_stays_in_every_kind_of_run(
    workers: int, deterministic: bool, rng: np.random.Generator
) -> None:
    """Some rows of one table, and all of another, which may not even be written into."""
    vocabulary, corpus = build_corpus(a_text(rng, 1000), min_count=1)
    source = WindowSource(corpus, vocabulary.counts, WindowSettings(sample=1e-1))
    model = tw.CBOW(len(vocabulary), DIM, rng=np.random.default_rng(5))
    mask = rng.random(len(vocabulary)) < 0.5
    data = rng.normal(size=model.w_out.shape).astype(np.float32)
    data.flags.writeable = False
    model.w_in.frozen = mask
    model.w_out = tw.Parameter(data, frozen=True)
    before = model.w_in.data.copy()
    run = CompiledRun(model, source, workers=workers, deterministic=deterministic)
    if run.shards is not None:  # the mask is copied by rows, too, and a frozen table not at all
        assert [group.tables[0] for group in run.shards.plan.groups] == ["w_in"]
        assert not run.shards.plan.whole
    losses = [run.step(part, lr=0.5) for _ in range(3) for part, _ in run.batches(0)]
    run.close()
    assert model.w_out.data is data
    assert model.w_in.data[mask].tobytes() == before[mask].tobytes()
    assert (model.w_in.data[~mask] != before[~mask]).any(axis=1).mean() > 0.9
    assert np.mean(losses[-len(losses) // 3 :]) < np.mean(losses[: len(losses) // 3])


def test_numbers_of_a_rule_that_changed_since_are_refused(rng: np.random.Generator) -> None:
    vocabulary, corpus = build_corpus(a_text(rng), min_count=1)
    source = WindowSource(corpus, vocabulary.counts, WindowSettings(sample=1e-1))
    rule = tw.optim.Momentum(momentum=0.5)
    run = CompiledRun(tw.CBOW(len(vocabulary), DIM), source, optimizer=rule)
    plainly(run.compiled)
    part, _ = next(iter(run.batches(0)))
    run.step(part, 0.01)
    rule.clip = 1.0
    with pytest.raises(InputError, match=r"clip of Momentum is now 1\.0, .* made for None"):
        run.step(part, 0.01)


class Positions(tw.Module):
    """CBOW with a weight for each position: a table that is read at ids that are computed."""

    def __init__(self, words: int, rng: np.random.Generator) -> None:
        self.w_in = tw.Parameter(rng.normal(size=(words, 4)).astype(np.float32))
        self.w_out = tw.Parameter(rng.normal(size=(words, 4)).astype(np.float32))
        self.w_pos = tw.Parameter(np.ones((11, 1), np.float32))

    def loss(self, batch: Batch) -> Any:
        weighted = self.w_in[batch.contexts] * self.w_pos[batch.offsets + 5]
        h = weighted.mean(axis=-2, keepdims=True)
        scores = (h * self.w_out[batch.targets]).sum(axis=-1)
        return F.softplus((1 - 2 * batch.labels) * scores).sum()


def test_tables_that_are_not_read_by_ids_of_the_window_are_copied_whole(
    rng: np.random.Generator,
) -> None:
    vocabulary, corpus = build_corpus(a_text(rng), min_count=1)
    found = []
    for workers in (1, 3):
        source = WindowSource(corpus, vocabulary.counts, WindowSettings(sample=1e-1))
        words = len(vocabulary)
        model = Positions(words, np.random.default_rng(1))
        run = CompiledRun(model, source, workers=workers, deterministic=True)
        plan = plan_of(run.compiled.instructions)
        tables = Group(("w_in",), ("contexts",), words), Group(("w_out",), ("targets",), words)
        assert plan[:2] == (tables, ("w_pos",))
        for part, _ in run.batches(0):
            run.step(part, 0.01)
        run.close()
        assert not np.array_equal(model.w_pos.data, np.ones((11, 1)))
        found.append([p.data.tobytes() for p in model.parameters()])
    assert found[0] == found[1]


def test_a_large_table_that_is_copied_whole_is_said(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tinygrad_w2v.training.rounds.LARGE", 40)  # w_pos has 44 bytes
    vocabulary, corpus = build_corpus(a_text(rng), min_count=1)
    source = WindowSource(corpus, vocabulary.counts, WindowSettings(sample=1e-1))
    model = Positions(len(vocabulary), rng)
    with pytest.warns(tw.EngineWarning, match=r"^w_pos is not read by ids .* copies all of it"):
        CompiledRun(model, source, deterministic=True)


class Biased(Positions):
    """The same with a bias for each word: two tables are read at the same ids."""

    def __init__(self, words: int, rng: np.random.Generator) -> None:
        super().__init__(words, rng)
        self.bias = tw.Parameter(np.zeros(words, np.float32))

    def loss(self, batch: Batch) -> Any:
        h = self.w_in[batch.contexts].mean(axis=-2, keepdims=True)
        scores = (h * self.w_out[batch.targets]).sum(axis=-1) + self.bias[batch.targets]
        return F.softplus((1 - 2 * batch.labels) * scores).sum()


def test_tables_that_share_ids_share_a_numbering(rng: np.random.Generator) -> None:
    vocabulary, corpus = build_corpus(a_text(rng), min_count=1)
    source = WindowSource(corpus, vocabulary.counts, WindowSettings(sample=1e-1))
    found = []
    for workers in (1, 3):
        model = Biased(len(vocabulary), np.random.default_rng(1))
        run = CompiledRun(model, source, workers=workers, deterministic=True)
        plan = plan_of(run.compiled.instructions)
        words = len(vocabulary)
        assert plan.groups == (
            Group(("w_in",), ("contexts",), words),
            Group(("w_out", "bias"), ("targets",), words),
        )
        assert not plan.whole
        for part, _ in run.batches(0):
            run.step(part, 0.01)
        run.close()
        found.append([p.data.tobytes() for p in model.parameters()])
    assert found[0] == found[1]
    # A bias is learned for rare words, too: it was not read at the numbers of copies.
    drawn = np.unique(np.concatenate([batch.targets.ravel() for batch, _ in source.batches(0)]))
    assert np.all(model.bias.data[drawn] != 0)


# ---------------------------------------------------------------------- ids are looked at, too
class Own(tw.Module):
    """Rows at ids that a function makes of a batch."""

    def __init__(self, ids: Any, rows: int) -> None:
        self.w = tw.Parameter(np.ones((rows, 4), np.float32))
        self.ids = ids

    def loss(self, batch: Any) -> Any:
        return F.softplus(self.w[self.ids(batch)]).sum()


OWN_IDS: dict[str, tuple[Any, Any]] = {
    "contexts": (lambda batch: batch.contexts, lambda words: words),
    "both": (lambda batch: 11 * batch.contexts + batch.offsets + 5, lambda words: 11 * words),
    "wrapping": (lambda batch: batch.contexts * 2**62 % 7, lambda words: 7),
}


@pytest.mark.parametrize(
    ("name", "workers", "deterministic"),
    [*((name, 1, False) for name in OWN_IDS), ("contexts", 2, False), ("both", 2, True)],
)
def test_a_table_that_is_too_short_is_not_written_behind(
    name: str, workers: int, deterministic: bool, rng: np.random.Generator
) -> None:
    vocabulary, corpus = build_corpus(a_text(rng), min_count=1)
    source = WindowSource(corpus, vocabulary.counts)
    ids, rows = OWN_IDS[name]
    enough = rows(len(vocabulary))
    for there in (enough, enough // 2):
        run = CompiledRun(Own(ids, there), source, workers, deterministic=deterministic)
        rounds = list(run.batches(0))
        if there == enough:
            run.step(rounds[0][0], 0.01)
        else:
            with pytest.raises(InputError, match=rf"holds ids from .* the rows 0 to {there - 1}"):
                for part, _ in rounds:
                    run.step(part, 0.01)
        run.close()


def test_what_is_certain_of_a_text_is_not_looked_at_window_by_window(
    monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    monkeypatch.setattr(Places, "_check_each", None)
    vocabulary, corpus = build_corpus(a_text(rng), min_count=1)
    run = CompiledRun(tw.CBOW(len(vocabulary), DIM), WindowSource(corpus, vocabulary.counts))
    run.step(next(run.batches(0))[0], 0.01)
