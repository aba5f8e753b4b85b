from __future__ import annotations

import numpy as np
import pytest

from tinygrad_w2v._base.errors import NonFiniteError
from tinygrad_w2v._base.progress import Progress
from tinygrad_w2v.training.history import History
from tinygrad_w2v.training.run import RECORDS, run_epochs


def run(step, batches, count=len, epochs=2, words=4, alpha=0.1, min_alpha=0.0) -> History:
    with Progress(epochs * words, "words", "training", quiet=True) as progress:
        history = run_epochs(
            step,
            batches,
            count,
            epochs=epochs,
            words_per_epoch=words,
            alpha=alpha,
            min_alpha=min_alpha,
            progress=progress,
        )
        assert progress.done == history.words
    return history


def test_the_rate_falls_with_the_words_and_not_with_the_batches() -> None:
    rates = []
    history = run(lambda batch, lr: rates.append(lr) or 1.0, lambda epoch: [([0], 1), ([0], 3)])
    np.testing.assert_allclose(rates, [0.1, 0.0875, 0.05, 0.0375])
    assert history.words == 8
    assert not history.interrupted


def test_losses_are_means_of_predictions_in_float64() -> None:
    values = iter([2.0, 12.0, 0.5, 0.5])
    history = run(lambda batch, lr: next(values), lambda epoch: [([0], 2), ([0, 0, 0], 2)])
    assert history.losses == [14 / 4, 1 / 4]
    assert [record.epoch for record in history.records] == [1, 1, 2, 2]
    assert [record.loss for record in history.records] == [2.0, 4.0, 0.5, 0.5 / 3]
    assert [record.words for record in history.records] == [2, 4, 6, 8]


def test_a_long_run_keeps_few_records() -> None:
    history = run(lambda batch, lr: 1.0, lambda e: [([0], 1)] * 5000, epochs=3, words=5000)
    assert RECORDS <= len(history.records) <= RECORDS + 3
    assert history.losses == [1.0] * 3


def test_every_epoch_is_drawn_anew() -> None:
    seen = []
    run(lambda batch, lr: 1.0, lambda epoch: seen.append(epoch) or [([0], 4)], epochs=3)
    assert seen == [0, 1, 2]


def test_an_epoch_without_windows_counts() -> None:
    rates = []
    step = lambda batch, lr: rates.append(lr) or 1.0  # noqa: E731
    history = run(step, lambda epoch: [([0], 4)] if epoch else [])
    assert rates == [0.05]
    assert history.words == 8
    np.testing.assert_array_equal(history.losses, [np.nan, 1.0])


def test_an_interrupt_keeps_what_was_done() -> None:
    calls = []

    def step(batch, lr):
        calls.append(batch)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return 5.0

    history = run(step, lambda epoch: [([0], 2), ([0], 2)])
    assert history.interrupted
    assert history.losses == [5.0]
    assert history.words == 4


def test_divergence_names_the_place_and_the_remedy() -> None:
    def step(batch, lr):
        if batch == [2]:
            raise NonFiniteError("matmul made inf")
        return 1.0

    wanted = r"diverged in epoch 1 at batch 2 \(alpha 0.075\): matmul made inf; .*rate \(alpha\)"
    with pytest.raises(NonFiniteError, match=wanted):
        run(step, lambda epoch: [([1], 2), ([2], 2)])
