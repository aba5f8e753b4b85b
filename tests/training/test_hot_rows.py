"""Private copies of the most read rows change who writes where, and nothing of the sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from some_text import a_text

import tinygrad_w2v as tw
from tinygrad_w2v.compiler.loops.schedule import Schedule
from tinygrad_w2v.sources.windows import WindowSettings, WindowSource
from tinygrad_w2v.text.corpus import build_corpus
from tinygrad_w2v.training import hot_rows
from tinygrad_w2v.training.engines import compiled
from tinygrad_w2v.training.engines.compiled import CompiledRun
from tinygrad_w2v.training.hot_rows import TRIED, HotRows, Trial, most_read
from tinygrad_w2v.training.rows_by_ids import plan_of

pytest.importorskip("numba")


@pytest.fixture(autouse=True)
def _short_texts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "LEAST_UNITS_FOR_COPIES", 0)


@pytest.fixture
def _copies_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Trial, "begin", lambda self: True)


class Pairs(tw.Module):
    """Scores of two words with a bias each, and rows of two axes: three tables, two inputs."""

    def __init__(self, rows: int, dim: int) -> None:
        rng = np.random.default_rng(3)
        self.words = tw.Parameter(rng.normal(size=(rows, 2, dim)) / dim)
        self.others = tw.Parameter(rng.normal(size=(rows, 2, dim)) / dim)
        self.bias = tw.Parameter(np.zeros(rows))

    def loss(self, example: dict[str, Any]) -> Any:
        """Squared error of the scores of some words with one."""
        i, j = example["i"], example["j"]
        score = (self.words[i] * self.others[j]).sum(axis=(-1, -2)) + self.bias[i]
        return ((score - example["x"]) ** 2).sum()


def pairs(rng: np.random.Generator, rows: int = 40, count: int = 600) -> tw.examples.Arrays:
    often = rng.zipf(1.5, (count, 3)) % rows
    columns = {"i": often, "j": rng.integers(0, rows, (count, 3)), "x": rng.normal(size=(count, 3))}
    return tw.examples.Arrays(columns)


def windows(rng: np.random.Generator, tree: bool = True) -> tuple[Any, WindowSource]:
    vocabulary, corpus = build_corpus(a_text(rng, 6000), min_count=1)
    negative, objective = (0, "hierarchical_softmax") if tree else (5, "negative_sampling")
    settings = WindowSettings(sample=0, hs=tree, negative=negative)
    model = tw.CBOW(len(vocabulary), 8, objective, compat="word2vec", rng=np.random.default_rng(2))
    for parameter in model.parameters():
        parameter.data = parameter.data.astype(np.float64)
    return model, WindowSource(corpus, vocabulary.counts, settings)


def a_run(model: Any, source: Any, workers: int, **options: Any) -> CompiledRun:
    return CompiledRun(model, source, workers=workers, dtype=np.float64, **options)


def learned(run: CompiledRun) -> dict[str, Any]:
    arrays = run.compiled.kernel.arrays()
    parameters = run.compiled.model.parameters()
    return {name: p for name, array in arrays.items() for p in parameters if p.data is array}


# ---------------------------------------------------------------------- which rows
def test_ids_below_a_number_are_hot_in_a_vocabulary_by_frequency(rng) -> None:
    run = a_run(*windows(rng, tree=False), workers=2)
    assert run._hot
    for each in run._hot._ranges:
        assert each.first == 0 < each.last <= hot_rows.MOST_ROWS
    run.close()


def test_the_rows_about_the_root_are_hot_in_a_tree(rng, monkeypatch) -> None:
    monkeypatch.setattr(hot_rows, "MOST_ROWS", 8)
    model, source = windows(rng)
    run = a_run(model, source, workers=2)
    (nodes,) = [each for each in run._hot._ranges if "w_out" in each.group.tables]
    inner = len(model.w_out.data) - 1  # the root is the last one
    assert (nodes.first, nodes.last) == (inner - 8, inner)
    run.close()


def test_tables_that_are_read_at_the_same_ids_are_one_group(rng) -> None:
    run = a_run(Pairs(40, 3), pairs(rng), workers=1)
    groups = sorted(plan_of(run.compiled.instructions).groups)
    assert [group.tables for group in groups] == [("others",), ("words", "bias")]
    assert [group.inputs for group in groups] == [("j",), ("i",)]


class Mixed(tw.Module):
    """Ids that are numbers, too; ids of a table that is read whole; ids of tables that differ."""

    def __init__(self) -> None:
        self.a, self.b, self.c, self.d, self.e = (
            tw.Parameter(np.ones((rows, 2))) for rows in (9, 9, 9, 9, 8)
        )

    def loss(self, example: dict[str, Any]) -> Any:
        i, j, k, m = (example[name] for name in "ijkm")
        counted = (self.a[i] * i[..., None]).sum()
        whole = (self.b[j] * self.b.sum()).sum()
        return counted + whole + self.c[k + 1].sum() + (self.d[m] * self.e[m]).sum()


def test_ids_that_cannot_stand_for_copies_are_left_alone() -> None:
    example = {name: np.zeros(2, np.int64) for name in "ijkm"}
    assert plan_of(tw.compile(Mixed(), example).instructions).groups == ()


@pytest.mark.usefixtures("_copies_always")
def test_frozen_rows_have_no_copies_and_stay(rng) -> None:
    model, source = Pairs(40, 3), pairs(rng)
    frozen = np.arange(40) < 5
    model.words.frozen = frozen
    before = model.words.data.copy()
    run = a_run(model, source, workers=2)
    assert [each.group.tables for each in run._hot._ranges] == [("others",)]
    losses = [sum(run.step(part, 0.01) for part, _ in run.batches(e)) for e in range(3)]
    run.close()
    assert losses[-1] < losses[0]
    np.testing.assert_array_equal(model.words.data[frozen], before[frozen])
    assert not np.array_equal(model.words.data[~frozen], before[~frozen])


def test_no_row_is_hot_where_none_is_read_often(rng: np.random.Generator) -> None:
    words = [[f"w{i}" for i in rng.integers(0, 30_000, 20)] for _ in range(600)]
    vocabulary, corpus = build_corpus(words, min_count=1)
    source = WindowSource(corpus, vocabulary.counts, WindowSettings(window=2))
    run = CompiledRun(tw.CBOW(len(vocabulary), 4), source, workers=2)
    assert run._hot is None
    run.close()


@given(st.lists(st.integers(0, 5), max_size=300))
def test_a_range_holds_the_most_reads_there_can_be(reads: list[int]) -> None:
    first, last = most_read(np.array(reads, float))
    assert 0 <= first <= last <= len(reads)
    assert last - first <= hot_rows.MOST_ROWS
    often = [n if n >= hot_rows.OFTEN else 0 for n in reads]
    ranges = (often[k : k + hot_rows.MOST_ROWS] for k in range(len(reads) + 1))
    assert sum(often[first:last]) == max(map(sum, ranges))


def test_the_schedule_can_leave_them_out(rng) -> None:
    run = a_run(*windows(rng), workers=2, schedule=Schedule().without("private_rows"))
    assert run._hot is None
    assert "run_in_turns" not in run.compiled.source
    run.close()


# ---------------------------------------------------------------------- what is learned
@pytest.mark.parametrize("kind", ["tree", "negatives", "pairs"])
@pytest.mark.parametrize("turn", [1, 64, 10**6])
def test_one_thread_alone_learns_what_it_learns_without_copies(kind: str, turn: int) -> None:
    tables = []
    for copies in (False, True):
        rng = np.random.default_rng(1)
        model, source = (
            (Pairs(40, 3), pairs(rng)) if kind == "pairs" else windows(rng, kind == "tree")
        )
        run = a_run(model, source, workers=1)
        packed, _ = run.draw(0, 0, 600)
        kernel, rates = run.compiled.kernel, np.full(packed.count, 0.02)
        if copies:
            hot = HotRows(run.compiled.instructions, learned(run), [packed], threads=2)
            assert hot
            packed, private = hot.private_of(1, packed, copies=True)
            tables_now = kernel.arrays() | hot.adopt()
            kernel.run_in_turns(packed, tables_now, rates, 1, turn, private)
        else:
            kernel.run(packed, kernel.arrays(), rates, 1)
        tables.append([parameter.data.copy() for parameter in model.parameters()])
    for with_copies, without in zip(*tables, strict=True):
        np.testing.assert_allclose(with_copies, without, rtol=0, atol=1e-12)


@pytest.mark.usefixtures("_copies_always")
@pytest.mark.parametrize("tree", [True, False])
def test_threads_with_copies_learn(rng: np.random.Generator, tree: bool) -> None:
    model, source = windows(rng, tree)
    before = model.w_out.data.shape
    run = a_run(model, source, workers=2)
    losses = [sum(run.step(part, 0.05) for part, _ in run.batches(e)) for e in range(4)]
    run.close()
    assert losses[-1] < losses[0]
    assert model.w_out.data.shape == before
    assert np.isfinite(model.w_out.data).all()


@pytest.mark.usefixtures("_copies_always")
def test_parameters_that_were_replaced_are_taken_in(rng: np.random.Generator) -> None:
    model, source = windows(rng)
    run = a_run(model, source, workers=2)
    model.w_out.data = np.full_like(model.w_out.data, np.nan)
    with pytest.raises(FloatingPointError, match="not finite"):
        for part, _ in run.batches(0):
            run.step(part, 0.05)
    run.close()


@pytest.mark.usefixtures("_copies_always")
def test_a_table_with_room_behind_it_is_not_moved(rng: np.random.Generator) -> None:
    """That of n-grams is most of a training's memory, and must not be held twice."""
    text = [["walked", "talked", "walking", "the"]] * 400
    keywords = {"vector_size": 100, "bucket": 3000, "min_count": 1, "engine": "compiled"}
    model = tw.FastText(**keywords, workers=2)
    model.build_vocab(text)
    table = model.model.w_in.data
    before = table.copy()
    model.train(text, total_examples=400, epochs=2)
    assert model.model.w_in.data is table
    assert (table != before).any()


@pytest.mark.usefixtures("_copies_always")
@pytest.mark.parametrize("deterministic", [False, True])
def test_a_frozen_table_and_a_source_of_ones_own_stay_what_they_are(rng, deterministic) -> None:
    stored = pairs(rng)
    drawn = {name: array.copy() for name, array in stored.draw(0, 0, 600).arrays.items()}

    class Own(tw.examples.Source):
        """A source that hands out what it holds."""

        units = 600

        def example(self) -> dict[str, Any]:
            return {name: array[0] for name, array in drawn.items()}

        def axes(self) -> dict[str, Any]:
            return {}

        def draw(self, epoch: int, first: int, last: int, room: Any = None) -> tw.examples.Drawn:
            arrays = {name: array[first:last] for name, array in drawn.items()}
            return tw.examples.Drawn(arrays, {}, last - first, last - first)

        def digest(self) -> str:
            return "own"

    model = Pairs(40, 3)
    model.others.frozen = True
    before = {name: array.copy() for name, array in drawn.items()}
    others = model.others.data.copy()
    options = {"workers": 2, "deterministic": deterministic, "engine": "compiled"}
    tw.fit(model, Own(), lr=0.01, epochs=2, progress=False, **options)
    np.testing.assert_array_equal(model.others.data, others)
    for name, array in before.items():
        np.testing.assert_array_equal(drawn[name], array)


# ---------------------------------------------------------------------- the exchange
def exchanged(rows: Any, mine: Any, theirs: Any) -> Any:
    """A row that both sides change by so much, after the exchange."""
    from numba import njit

    from tinygrad_w2v.compiler.codegen.exchange import exchange

    before = np.array([rows], float)
    table, copies = before + theirs, before + mine
    njit(lambda *arrays: exchange(*arrays))(table, copies, before)
    np.testing.assert_array_equal(table, copies)
    np.testing.assert_array_equal(table, before)
    return table[0]


def test_changes_that_agree_count_once_and_all_others_are_summed() -> None:
    x, y = np.array([3.0, 0.0, 4.0]), np.array([-4.0, 2.0, 3.0])  # orthogonal
    start = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(exchanged(start, x, y), start + x + y)
    np.testing.assert_allclose(exchanged(start, x, -0.5 * x), start + 0.5 * x)
    np.testing.assert_allclose(exchanged(start, x, x), start + x)
    np.testing.assert_allclose(exchanged(start, 0.25 * x, x), start + x)
    np.testing.assert_allclose(exchanged(start, x, 0.25 * x), start + x)
    np.testing.assert_allclose(exchanged(start, x, 0 * x), start + x)
    some = 1 - (25 / (25 + 29)) ** 2
    np.testing.assert_allclose(exchanged(start, x + y, x), start + x + y + some * x)
    tiny = np.array([1e-170, 0.0, 0.0])
    np.testing.assert_allclose(exchanged(start, tiny, x), start + x)


def test_threads_that_all_find_the_optimum_do_not_overshoot() -> None:
    optimum, row = np.array([2.0, -1.0]), np.zeros((1, 2))
    from numba import njit

    from tinygrad_w2v.compiler.codegen.exchange import exchange

    swap = njit(lambda *arrays: exchange(*arrays))
    threads = [(row.copy(), row.copy()) for _ in range(4)]
    for _ in range(6):
        for copies, _ in threads:
            copies[:] = optimum
        for copies, before in threads:
            swap(row, copies, before)
    np.testing.assert_allclose(row[0], optimum, atol=1e-9)


# ---------------------------------------------------------------------- the trial
def test_a_trial_keeps_the_faster_way_and_leaves_the_first_touch_out() -> None:
    for faster in (False, True):
        trial = Trial(threads=2)
        ways = []
        for number in range(60):
            ways.append(trial.begin())
            slow = 9.0 if number < 2 else 2.0
            trial.end(ways[-1], seconds=1.0 if ways[-1] is faster else slow)
        assert ways[: 9 * 2] == [False] * 18
        assert ways[18:34] == [True] * 16
        assert set(ways[34:]) == {faster}


@pytest.mark.parametrize("first", [False, True])
def test_a_trial_goes_back_when_the_other_way_was_faster(first: bool) -> None:
    trial = Trial(threads=2)
    while trial.pays is None:
        copies = trial.begin()
        trial.end(copies, seconds=2.0 if copies is first else 3.0)
    assert trial.pays is first

    def run(seconds: float) -> bool:
        for _ in range(2 * TRIED):
            trial.end(trial.begin(), seconds)
        return trial.begin()

    assert run(3.2) is first, "hardly worse than the other"
    assert run(3.5) is not first
    assert run(2.5) is not first
