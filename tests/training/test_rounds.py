"""A round is a pure function: its shards can be run by anyone, in any order."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.sources import WindowSettings, WindowSource
from tinygrad_w2v.sources.source import Drawn, Source
from tinygrad_w2v.text.corpus import build_corpus

pytest.importorskip("numba")
from tinygrad_w2v.training.checkpoints import Checkpoint
from tinygrad_w2v.training.engines.changed_rows import changed_rows
from tinygrad_w2v.training.engines.compiled import CompiledRun
from tinygrad_w2v.training.engines.engine import LARGEST_SHARD, SHARDS, rounds_of, shard_of
from tinygrad_w2v.training.history import RunState

LR = 0.05


def a_run(workers: int = 1, shards: int = SHARDS) -> CompiledRun:
    """The same run, wherever it is made."""
    rng = np.random.default_rng(4)
    text = [[f"w{i}" for i in rng.zipf(1.5, n) % 50] for n in rng.integers(1, 40, 150)]
    vocabulary, corpus = build_corpus(text, min_count=1)
    source = WindowSource(corpus, vocabulary.counts, WindowSettings(sample=1e-1))
    model = tw.SkipGram(len(vocabulary), 8, rng=np.random.default_rng(5))
    return CompiledRun(model, source, workers=workers, deterministic=True, shards=shards)


def tables_of(run: CompiledRun) -> dict[str, Any]:
    return run.compiled.kernel.arrays()


def bytes_of(run: CompiledRun) -> list[bytes]:
    return [table.tobytes() for table in tables_of(run).values()]


def test_shards_in_any_order_are_the_deterministic_engine() -> None:
    whole, by_hand = a_run(workers=2), a_run()
    for part, _ in whole.batches(epoch=1):
        loss = whole.step(part, LR)
        tables, before = tables_of(by_hand), bytes_of(by_hand)
        changed = {
            shard: changed_rows(by_hand, tables, 1, part.number, shard, LR)
            for shard in reversed(range(len(part.stretches)))
        }
        again = changed_rows(by_hand, tables, 1, part.number, 0, LR)
        assert pickle.dumps(again) == pickle.dumps(changed[0])
        assert bytes_of(by_hand) == before, "no table is written into"
        shards = [changed[shard] for shard in sorted(changed)]
        by_hand.shards.merge(tables, [each.rows for each in shards], LR)
        assert bytes_of(by_hand) == bytes_of(whole)
        assert np.isclose(sum(each.counts.loss for each in shards), loss, rtol=1e-12)
    whole.close()


@pytest.mark.parametrize("units", [0, 1, 3, 4, 1000, 1001, 1003, 123_457])
@pytest.mark.parametrize("epoch", [0, 1])
@pytest.mark.parametrize("parts", [1, SHARDS, 16])
def test_every_unit_is_in_one_shard(units: int, epoch: int, parts: int) -> None:
    size = shard_of(units, shards=parts)
    rounds = rounds_of(units, size, epoch, parts)
    assert all(len(shards) == parts for shards in rounds)
    stretches = sorted(stretch for shards in rounds for stretch in shards)
    units_of = [unit for first, last in stretches for unit in range(first, last)]
    assert units_of == list(range(units))
    assert max(last - first for first, last in stretches) <= size + 1


def test_rounds_of_a_first_epoch_grow_and_an_epoch_has_several() -> None:
    sizes = [shards[0][1] - shards[0][0] for shards in rounds_of(10**7, shard_of(10**7), 0)]
    assert sizes[0] < 100
    assert sizes[:-1] == sorted(sizes[:-1])
    assert max(sizes) == LARGEST_SHARD
    assert shard_of(10**7, per_unit=10) == LARGEST_SHARD // 10
    for units in (10**4, 10**5, 10**6):
        assert len(rounds_of(units, shard_of(units), epoch=1)) >= 16


def test_rounds_of_many_shards_grow_more_slowly_and_from_epoch_to_epoch() -> None:
    units, size = 10**7, shard_of(10**7, shards=16)
    largest = [
        max(shards[0][1] - shards[0][0] for shards in rounds_of(units, size, epoch, 16))
        for epoch in range(5)
    ]
    assert largest[0] < largest[1] < largest[2] < largest[3] == largest[4] == size
    # Those of up to four are as large as they can be from the second epoch on.
    for parts in range(1, SHARDS + 1):
        size = shard_of(units, shards=parts)
        first, last = rounds_of(units, size, 1, parts)[0][0]
        assert last - first == size


def test_neither_workers_nor_pieces_nor_a_new_start_change_a_byte() -> None:
    whole = a_run()
    rounds = [part for epoch in range(2) for part, _ in whole.batches(epoch)]
    losses = [whole.step(part, LR) for part in rounds]
    for workers, stretch, broken_at in ((3, 7, 5), (2, 64, len(rounds) - 2)):
        one, other = a_run(workers), a_run()
        one.stretch = stretch  # how many units are drawn at a time
        again = [one.step(part, LR) for part in rounds[:broken_at]]
        for table, kept in zip(tables_of(other).values(), tables_of(one).values(), strict=True):
            table[...] = kept
        again += [other.step(part, LR) for part in rounds[broken_at:]]
        assert bytes_of(other) == bytes_of(whole)
        np.testing.assert_allclose(again, losses, rtol=1e-12)
        one.close()


def test_a_place_that_was_counted_otherwise_is_refused() -> None:
    run = a_run()
    before = {"name": "compiled", "workers": None, "deterministic": True, "stretch": run.shard}
    kept = Checkpoint("checkpoint-1.npz", RunState(), {}, {"engine": before})
    with pytest.raises(InputError, match="whose place was counted in other batches than it is now"):
        run.check_goes_on(kept, "begin anew")
    run.check_goes_on(Checkpoint("x", RunState(), {}, {"engine": dict(run.about)}), "begin anew")


class Pairs(Source):
    """Pairs of ids that are not copied when they are drawn."""

    def __init__(self) -> None:
        self.ids = np.random.default_rng(0).integers(0, 20, (300, 2))
        self.ids.flags.writeable = False

    @property
    def units(self) -> int:
        return len(self.ids)

    def example(self) -> dict[str, Any]:
        return {"i": np.array(1), "j": np.array(2)}

    def axes(self) -> dict[str, Any]:
        return {}

    def draw(self, epoch: int, first: int, last: int, room: Any = None) -> Drawn:
        i, j = self.ids[first:last].T
        return Drawn({"i": i, "j": j}, {}, last - first, last - first)

    def digest(self) -> str:
        return "pairs"


class Factors(tw.Module):
    """Two tables with biases, which are read at the same ids, and a number that all share."""

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        self.u, self.v = (tw.Parameter(rng.normal(size=(20, 3)) / 3) for _ in range(2))
        self.a, self.b = tw.Parameter(np.zeros(20)), tw.Parameter(np.zeros(20))
        self.c = tw.Parameter(0.0)

    def loss(self, pair: Any) -> Any:
        i, j = pair["i"], pair["j"]
        score = (self.u[i] * self.v[j]).sum(axis=-1) + self.a[i] + self.b[j] + self.c
        return F.softplus(-score).sum()


def test_biases_are_copied_with_their_rows_and_a_source_keeps_its_ids() -> None:
    found = []
    for workers in (1, 3):
        model, source = Factors(), Pairs()
        ids = source.ids.copy()
        run = CompiledRun(model, source, workers, dtype=np.float64, deterministic=True)
        assert [group.tables for group in run.shards.plan.groups] == [("u", "a"), ("v", "b")]
        assert run.shards.plan.whole == ("c",)
        losses = [run.step(part, LR) for part, _ in run.batches(0)]
        run.close()
        assert np.array_equal(source.ids, ids)
        assert np.all(model.a.data > 0)
        assert 0 < model.c.data < LR * source.units
        found.append((losses, [parameter.data.tobytes() for parameter in model.parameters()]))
    assert found[0] == found[1]


OTHER = """
import pickle, sys
sys.path.insert(0, sys.argv[1])
from test_rounds import LR, a_run, tables_of
from tinygrad_w2v.training.engines.changed_rows import changed_rows
run = a_run()
while True:
    try:
        tables, epoch, number, shards = pickle.load(sys.stdin.buffer)
    except EOFError:
        break
    changed = [changed_rows(run, tables, epoch, number, shard, LR) for shard in shards]
    pickle.dump(changed, sys.stdout.buffer)
    sys.stdout.buffer.flush()
"""


@pytest.mark.process
def test_two_processes_are_the_deterministic_engine() -> None:
    whole, together = a_run(), a_run()
    here = str(Path(__file__).parent)
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    others = [subprocess.Popen([sys.executable, "-c", OTHER, here], **pipes) for _ in range(2)]
    for part, _ in list(whole.batches(epoch=0))[:3]:
        whole.step(part, LR)
        tables, shards = tables_of(together), range(len(part.stretches))
        for k, process in enumerate(others):  # the later ones first, every second one
            mine = [shard for shard in reversed(shards) if shard % 2 == k]
            pickle.dump((tables, part.epoch, part.number, mine), process.stdin)
            process.stdin.flush()
        found: dict[int, Any] = {}
        for k, process in enumerate(others):
            mine = [shard for shard in reversed(shards) if shard % 2 == k]
            found |= dict(zip(mine, pickle.load(process.stdout), strict=True))
        together.shards.merge(tables, [found[shard].rows for shard in shards], LR)
        assert bytes_of(together) == bytes_of(whole)
    for process in others:
        process.communicate()
        assert process.returncode == 0


@pytest.mark.parametrize("shards", [1, 6])
def test_another_number_of_shards_is_other_bytes_for_any_number_of_workers(shards: int) -> None:
    found = []
    for workers in (1, 3):
        run = a_run(workers, shards)
        rounds = [part for part, _ in run.batches(1)]
        assert {len(part.stretches) for part in rounds} == {shards}
        losses = [run.step(part, LR) for part in rounds]
        found.append((losses, bytes_of(run)))
        run.close()
    assert found[0] == found[1]
    four = a_run()
    for part, _ in four.batches(1):
        four.step(part, LR)
    assert found[0][1] != bytes_of(four)
    with pytest.raises(InputError, match="whose place is counted in other batches than that of"):
        four.check_goes_on(Checkpoint("x", RunState(), {}, {"engine": dict(run.about)}), "begin")
