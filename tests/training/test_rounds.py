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
from tinygrad_w2v.sources import WindowSettings, WindowSource
from tinygrad_w2v.text.corpus import build_corpus

pytest.importorskip("numba")
from tinygrad_w2v.training.engines.compiled import CompiledRun, changed_rows

LR = 0.05


def a_run(workers: int = 1) -> CompiledRun:
    """The same run, wherever it is made."""
    rng = np.random.default_rng(4)
    text = [[f"w{i}" for i in rng.zipf(1.5, n) % 50] for n in rng.integers(1, 40, 150)]
    vocabulary, corpus = build_corpus(text, min_count=1)
    source = WindowSource(corpus, vocabulary.counts, WindowSettings(sample=1e-1))
    model = tw.SkipGram(len(vocabulary), 8, rng=np.random.default_rng(5))
    return CompiledRun(model, source, workers=workers, deterministic=True)


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


OTHER = """
import pickle, sys
sys.path.insert(0, sys.argv[1])
from test_rounds import LR, a_run, tables_of
from tinygrad_w2v.training.engines.compiled import changed_rows
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
