"""Bootstrap intervals: of known cases, of groups, and the same for the same generator."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest

from tinygrad_w2v._base.errors import InputError, ShapeError

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def bootstrap_intervals(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("bootstrap").bootstrap_intervals


def test_an_interval_of_a_mean_is_the_normal_one(bootstrap_intervals, rng) -> None:
    values = rng.normal(3.0, 2.0, 400)
    found = bootstrap_intervals(lambda items: values[items].mean(), 400, rng, resamples=4000)
    error = values.std() / np.sqrt(400)
    assert found.estimate == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - 1.96 * error, abs=0.1 * error)
    assert found.high == pytest.approx(values.mean() + 1.96 * error, abs=0.1 * error)


def test_intervals_hold_the_truth_as_often_as_they_say(bootstrap_intervals, rng) -> None:
    held = 0
    for _ in range(400):
        values = rng.normal(size=60)
        found = bootstrap_intervals(
            lambda items, values=values: values[items].mean(), 60, rng, 300, confidence=0.8
        )
        held += bool(found.low <= 0 <= found.high)
    # 0.8 with a standard error of 0.02, and a little less, as the bootstrap is of 60 items.
    assert 0.72 < held / 400 < 0.86


def test_a_paired_difference_is_surer_than_its_parts(bootstrap_intervals, rng) -> None:
    """Both find the same items hard; one is always better by about 0.1."""
    hard = rng.normal(size=200)
    scores = np.array([hard, hard + 0.1 + 0.05 * rng.normal(size=200)])

    def compare(items):
        first, second = scores[:, items].mean(axis=1)
        return [first, second, second - first]

    found = bootstrap_intervals(compare, 200, rng)
    assert found.low[1] < found.high[0], "alone they cannot be told apart"
    assert found.low[2] > 0, "on the same items they can"
    assert found.high[2] - found.low[2] < 0.1 * (found.high[0] - found.low[0])


def test_groups_are_drawn_whole(bootstrap_intervals) -> None:
    labels = np.array([7, 3, 7, 3, 7, 9])
    seen = []
    bootstrap_intervals(
        lambda items: seen.append(items) or 0.0, labels, np.random.default_rng(0), resamples=50
    )
    assert seen[0].tolist() == [0, 1, 2, 3, 4, 5]
    for items in seen[1:]:
        of_items = np.bincount(items, minlength=6)
        assert of_items[0] == of_items[2] == of_items[4]
        assert of_items[1] == of_items[3]
        assert of_items[0] + of_items[1] + of_items[5] == 3, "as many groups as there are"
    assert len({tuple(items) for items in seen}) > 5


def test_copies_of_an_item_make_nothing_surer_when_they_are_a_group(
    bootstrap_intervals, rng
) -> None:
    values = rng.normal(size=50)
    copies, labels = np.repeat(values, 20), np.repeat(np.arange(50), 20)

    def width(items, values):
        found = bootstrap_intervals(lambda drawn: values[drawn].mean(), items, rng)
        return found.high - found.low

    assert width(labels, copies) == pytest.approx(width(50, values), rel=0.1)
    assert width(1000, copies) < 0.3 * width(50, values)


def test_the_generator_decides_all(bootstrap_intervals) -> None:
    values = np.arange(30.0) ** 2

    def found(seed):
        return bootstrap_intervals(
            lambda items: [values[items].mean(), values[items].std()],
            30,
            np.random.default_rng(seed),
            resamples=100,
        )

    np.testing.assert_array_equal(found(5), found(5))
    assert (found(5).low != found(6).low).all()


def test_samples_without_a_score_are_left_out(bootstrap_intervals) -> None:
    """Two items: half of all samples hold one of them twice."""
    found = bootstrap_intervals(
        lambda items: np.nan if items[0] == items[1] else 1.0, 2, np.random.default_rng(0)
    )
    assert found == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("items", "options", "message"),
    [
        (1, {}, "1 items or groups; 2 are the least"),
        (0, {}, "0 items"),
        ([4, 4, 4], {}, "1 items or groups"),
        (5, {"resamples": 0}, "resamples must be 1 or more, not 0"),
        (5, {"confidence": 95}, "confidence must lie between 0 and 1, not 95"),
    ],
)
def test_what_cannot_be_drawn_is_refused(bootstrap_intervals, items, options, message) -> None:
    with pytest.raises(InputError, match=message):
        bootstrap_intervals(lambda items: 0.0, items, np.random.default_rng(0), **options)


def test_groups_have_one_axis(bootstrap_intervals) -> None:
    with pytest.raises(ShapeError, match=r"one row, but have shape \(2, 2\)"):
        bootstrap_intervals(lambda items: 0.0, np.eye(2), np.random.default_rng(0))


@pytest.mark.parametrize("wrong", [None, 0, np.int64(7), np.random.RandomState(0)])
def test_a_seed_is_no_generator(wrong, bootstrap_intervals) -> None:
    with pytest.raises(InputError, match=r"rng must be a generator.*np\.random\.default_rng\("):
        bootstrap_intervals(lambda items: items.mean(), 5, wrong, 20)
