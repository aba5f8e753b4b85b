"""What holds for a source of each kind: both engines, equal bytes, and going on after an end."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from every_source import KINDS, RULED, RULES, Stop, StopsAt, bytes_of, fit, loss_of

import tinygrad_w2v as tw

ENGINES = ["numpy", "compiled"]


@pytest.mark.parametrize(("kind", "rule"), RULED)
def test_both_engines_come_to_the_same_tables(kind: str, rule: str) -> None:
    found = []
    for engine in ENGINES:
        model, source = (make() for make in KINDS[kind])
        before = loss_of(model, source)
        history = fit(model, source, optimizer=RULES[rule](), engine=engine)
        assert loss_of(model, source) < before
        found.append((model, history, source))
    (one, first, source), (other, second, _) = found
    for x, y in zip(one.parameters(), other.parameters(), strict=True):
        np.testing.assert_allclose(x.data, y.data, rtol=0, atol=1e-12)
    np.testing.assert_allclose(first.losses, second.losses, rtol=1e-9)
    assert first.examples == second.examples <= 2 * source.units * source.per_unit


@pytest.mark.parametrize("kind", KINDS)
def test_deterministic_bytes_do_not_depend_on_the_workers(kind: str) -> None:
    found = []
    for workers in (1, 2, 3):
        model, source = (make() for make in KINDS[kind])
        fit(model, source, engine="compiled", workers=workers, deterministic=True)
        found.append(bytes_of(model))
    assert found[0] == found[1] == found[2]


def in_batches(kind: str) -> Any:
    """A source of this kind: a checkpoint is written after each batch of the NumPy engine."""
    source = KINDS[kind][1]()
    source.batch_size = 64
    return source


def check_going_on(
    kind: str, rule: str, engine: str, folder: Path, end: Callable[[Callable[[Any], Any]], None]
) -> None:
    """Train once as a whole, and once with an `end` after two epochs: the same bytes."""
    options: dict[str, Any] = {"engine": engine, "epochs": 4, "seed": 5}
    if hasattr(in_batches(kind), "split"):
        options["heldout"] = 0.1

    def train(model: tw.Module, **more: Any) -> tw.History:
        return fit(model, in_batches(kind), optimizer=RULES[rule](), **options, **more)

    whole, model, kept = KINDS[kind][0](), KINDS[kind][0](), {"checkpoint": folder}
    history = train(whole)
    kept["checkpoint_minutes"] = 1e-9
    end(lambda callback: train(KINDS[kind][0](), callbacks=[callback], **kept))
    assert list(folder.glob("checkpoint-*.npz"))
    again = train(model, resume=True, **kept)
    assert bytes_of(model) == bytes_of(whole)
    assert again.losses == history.losses
    assert again.heldout_losses == history.heldout_losses
    assert not list(folder.glob("checkpoint-*.npz"))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("kind", "rule"), RULED)
def test_a_run_goes_on_byte_for_byte(kind: str, rule: str, engine: str, tmp_path: Path) -> None:
    def end(train: Callable[[Any], Any]) -> None:
        with pytest.raises(Stop):
            train(StopsAt(2))

    check_going_on(kind, rule, engine, tmp_path, end)


class Kills(StopsAt):
    """Ends the process for good."""

    def on_epoch_end(self, model: Any) -> None:
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.process
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the process that is killed is a fork")
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_was_killed_goes_on(kind: str, engine: str, tmp_path: Path) -> None:
    def end(train: Callable[[Any], Any]) -> None:
        child = os.fork()
        if not child:
            try:
                train(Kills(2))
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL

    check_going_on(kind, "plain", engine, tmp_path, end)


def test_held_out_examples_are_looked_at_without_random_numbers() -> None:
    class Mean(tw.Module):
        def __init__(self) -> None:
            self.mean, self.drop = tw.Parameter(np.zeros(())), tw.nn.Dropout(0.5)

        def loss(self, example: Any) -> Any:
            x = self.drop(example["x"], tw.KeyedGenerator(example["key"]))
            return ((self.mean - x) ** 2).sum()

    found = []
    for seed in (1, 2):
        source = tw.examples.Keyed({"x": np.arange(60.0)})
        found.append(fit(Mean(), source, lr=1e-12, epochs=1, heldout=source, seed=seed))
    one, two = found
    assert one.losses[0] != pytest.approx(two.losses[0])
    assert one.heldout_losses[0] == pytest.approx(two.heldout_losses[0])
