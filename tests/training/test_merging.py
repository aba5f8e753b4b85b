"""The rule by which the shards of a round become one, against a plain statement of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")
from tinygrad_w2v.training.merging import native, share_of
from tinygrad_w2v.training.rounds import Merger

WIDTH, ROWS, SHARDS, LR = 7, 30, 4, 0.05


def plain(table: Any, shards: list[tuple[Any, Any, Any]], lr: float, many: bool = False) -> Any:
    """The rule, row by row, in float64; that for more than four shards, if asked for."""
    merged = table.astype(np.float64)
    for row in range(len(table)):
        found = [(k, s) for s in range(len(shards)) for k in np.flatnonzero(shards[s][0] == row)]
        if not found:
            continue
        changes = np.array([shards[s][2][k].astype(np.float64) - table[row] for k, s in found])
        n, x = len(found), lr * sum(int(shards[s][1][k]) for k, s in found)
        total = changes.sum(axis=0)
        w = 1.0
        if n > 1 and np.any(total):
            common = (1 - (changes**2).sum() / (total**2).sum()) * n / (n - 1)
            common = np.clip(common, 0, 1)
            rest = left(2 * x / table.shape[1], n) if many else 1.0
            w = np.sqrt(common * left(x, n) ** 2 + (1 - common) * rest)
        merged[row] += w * total
    return merged


def left(x: float, n: int) -> float:
    """What n times as many steps leave of a way, by the fraction that stands for it."""
    y = x / 2 + x**2 / 8
    return float((1 + y / n) / (1 + y))


def merged(table: Any, shards: list[tuple[Any, Any, Any]], lr: float, workers: int = 1) -> Any:
    """What the native code makes of it; fewer shards than four are filled up with none."""
    call, table = native(), table.copy()
    none = tuple(part[:0] for part in shards[0])
    rows, reads, values = zip(*shards, *[none] * (SHARDS - len(shards)), strict=True)
    places = np.full((len(table), SHARDS), -1, np.int32)
    for shard, own in enumerate(rows):
        call["note"](places, own, shard)
    for worker in reversed(range(workers)):
        call["merge"](table, 1, table.shape[1], places, rows, reads, values, lr, worker, workers)
    for own in rows:
        call["forget"](places, own)
    assert (places == -1).all()
    return table


def some(rng: np.random.Generator, dtype: Any, number: int) -> tuple[Any, list[Any]]:
    """A table, and shards of some of its rows in some order."""
    table = rng.normal(size=(ROWS, WIDTH)).astype(dtype)
    shards = []
    for _ in range(number):
        rows = rng.permutation(ROWS)[: rng.integers(1, ROWS)].astype(np.int32)
        reads = rng.integers(1, 200, len(rows)).astype(np.int32)
        drift = np.sin(np.arange(WIDTH)) * rng.normal(size=(len(rows), 1)) ** 2
        values = table[rows] + drift + rng.normal(size=(len(rows), WIDTH))
        shards.append((rows, reads, values.astype(dtype)))
    return table, shards


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("number", [1, 2, 4])
def test_it_is_the_plain_rule(dtype: Any, number: int, rng: np.random.Generator) -> None:
    table, shards = some(rng, dtype, number)
    wanted = plain(table, shards, LR)
    np.testing.assert_allclose(merged(table, shards, LR), wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("workers", [2, 3, 50])
def test_who_merges_makes_no_difference(workers: int, rng: np.random.Generator) -> None:
    table, shards = some(rng, np.float32, SHARDS)
    wanted = merged(table, shards, LR)
    assert merged(table, shards, LR, workers).tobytes() == wanted.tobytes()


def of_one_row(changes: Any, reads: int, lr: float) -> Any:
    """By what a row moves, of which each shard has changed so much."""
    table = np.zeros((ROWS, WIDTH), np.float64)
    row, times = np.array([3], np.int32), np.array([reads], np.int32)
    return merged(table, [(row, times, change[None]) for change in changes], lr)[3]


def test_what_all_agree_on_is_their_mean_once_all_have_gone_the_whole_way() -> None:
    change = np.arange(1.0, WIDTH + 1)
    often = of_one_row([change] * SHARDS, reads=10**6, lr=0.05)
    np.testing.assert_allclose(often, change, rtol=1e-3)
    seldom = of_one_row([change] * SHARDS, reads=1, lr=1e-6)
    np.testing.assert_allclose(seldom, SHARDS * change, rtol=1e-3)


def test_what_is_at_right_angles_adds_up_however_often_it_was_read() -> None:
    changes = 3 * np.eye(WIDTH)[:SHARDS]
    np.testing.assert_allclose(of_one_row(changes, 10**6, 0.05), changes.sum(axis=0))
    against = [changes[0], -changes[0]]
    assert not of_one_row(against, 5, 0.05).any()


def test_a_row_of_one_shard_is_taken_as_it_is_left(rng: np.random.Generator) -> None:
    change = rng.normal(size=WIDTH)
    assert of_one_row([change], 10**6, 0.05).tobytes() == change.tobytes()


def test_a_row_that_nobody_changed_keeps_its_bytes() -> None:
    table = np.full((ROWS, WIDTH), 0.1, np.float32)
    shards = [(np.arange(4, dtype=np.int32), np.ones(4, np.int32), table[:4].copy())] * SHARDS
    assert merged(table, shards, LR).tobytes() == table.tobytes()


def test_numbers_that_are_lost_stay_lost() -> None:
    found = of_one_row([np.full(WIDTH, np.nan), np.ones(WIDTH)], 1, 0.05)
    assert np.isnan(found).all()


def test_the_share_is_close_to_that_of_steps_one_after_the_other() -> None:
    for n in (2, 3, 4):
        for x in np.geomspace(1e-3, 1e3, 50):
            f = (1 - np.exp(-x)) / (n * (1 - np.exp(-x / n)))
            assert abs(share_of(1.0, float(n), n, x) - f) < 0.035


def many(table: Any, shards: list[tuple[Any, Any, Any]], lr: float, workers: int = 1) -> Any:
    """What the rule for more than four shards makes of it."""
    table, merger = table.copy(), Merger(len(table), shards=16)
    rows, reads, values = zip(*shards, strict=True)
    for _ in range(2):  # the second time from where the first left what it noted
        before = table.copy()
        merger.merge([(before, 1, table.shape[1], values)], rows, reads, lr, workers)
    return before


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("number", [1, 5, 16])
def test_more_than_four_shards_follow_the_plain_rule(
    dtype: Any, number: int, rng: np.random.Generator
) -> None:
    table, shards = some(rng, dtype, number)
    found = many(table, shards, LR)
    np.testing.assert_allclose(found, plain(table, shards, LR, many=True), rtol=1e-5, atol=1e-5)
    assert many(table, shards, LR, workers=3).tobytes() == found.tobytes()


def test_of_many_shards_noise_adds_up_unless_a_row_is_read_all_the_time() -> None:
    table, row = np.zeros((ROWS, WIDTH)), np.array([3], np.int32)
    changes = 3 * np.eye(WIDTH)
    for reads, share in ((1, 1.0), (10**9, WIDTH**-0.5)):
        times = np.array([reads], np.int32)
        found = many(table, [(row, times, change[None]) for change in changes], 1e-4)[3]
        np.testing.assert_allclose(found, share * changes.sum(axis=0), rtol=1e-3)


def test_of_more_than_four_shards_a_row_of_one_is_taken_as_it_is_left(
    rng: np.random.Generator,
) -> None:
    table, shards = some(rng, np.float32, 5)
    row, left = np.array([7], np.int32), rng.normal(size=(1, WIDTH)).astype(np.float32)
    others = [tuple(part[own[0] != 7] for part in own) for own in shards]
    found = many(table, [*others, (row, row, left)], LR)
    assert found[7].tobytes() == left.tobytes()
