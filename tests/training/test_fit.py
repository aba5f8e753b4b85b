from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from every_source import (
    ITEMS,
    Line,
    N,
    Own,
    Ratings,
    Stop,
    StopsAt,
    bytes_of,
    fit,
    ratings,
    table,
)

import tinygrad_w2v as tw
from tinygrad_w2v._base.errors import EngineWarning, InputError, NonFiniteError


def test_threads_learn_as_one_does() -> None:
    losses = [
        fit(Ratings(), ratings(), engine="compiled", workers=workers, epochs=8).losses[-1]
        for workers in (1, 3)
    ]
    assert losses[1] < 1.2 * losses[0] + 0.01


def unfinished(folder: Path) -> dict[str, Any]:
    options: dict[str, Any] = {"checkpoint": folder, "checkpoint_minutes": 1e-9}
    options["engine"] = "numpy"
    with pytest.raises(Stop):
        fit(Ratings(), ratings(batch_size=64), callbacks=[StopsAt(1)], **options)
    return options


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"lr": 0.01}, "lr"),
        ({"epochs": 3}, "epochs"),
        ({"seed": 2}, "seed"),
        ({"optimizer": tw.optim.Adam()}, "optimizer"),
        ({"examples": tw.examples.Arrays(table(1), batch_size=64)}, "not those"),
        ({"examples": ratings(batch_size=32)}, "batch_size"),
        ({"model": Ratings(np.float32)}, "model"),
        ({"resume": False}, "unfinished"),
    ],
)
def test_another_run_does_not_go_on(change: dict[str, Any], told: str, tmp_path: Path) -> None:
    options = unfinished(tmp_path) | {"resume": True} | change
    model, examples = (
        options.pop("model", Ratings()),
        options.pop("examples", ratings(batch_size=64)),
    )
    before = sorted(path.name for path in tmp_path.glob("*.npz"))
    with pytest.raises(InputError, match=told):
        fit(model, examples, **options)
    assert sorted(path.name for path in tmp_path.glob("*.npz")) == before


def test_groups_of_other_ratios_do_not_go_on(tmp_path: Path) -> None:
    def rules(model: Ratings, rate: float) -> Any:
        return [([model.users], tw.optim.SGD(lr=0.02)), ([model.items], tw.optim.SGD(lr=rate))]

    options: dict[str, Any] = {"checkpoint": tmp_path, "checkpoint_minutes": 1e-9, "lr": None}
    options["engine"] = "numpy"
    model = Ratings()
    with pytest.raises(Stop):
        stops = [StopsAt(1)]
        fit(model, ratings(batch_size=64), optimizer=rules(model, 0.1), callbacks=stops, **options)
    model = Ratings()
    with pytest.raises(InputError, match="optimizer"):
        other = rules(model, 0.2)
        fit(model, ratings(batch_size=64), optimizer=other, resume=True, **options)
    same = rules(model, 0.1)
    fit(model, ratings(batch_size=64), optimizer=same, resume=True, **options)


def test_the_rate_stays_falls_or_is_a_function() -> None:
    def rates(**options: Any) -> list[float]:
        given = {"engine": "numpy", "lr": None} | options
        return [record.alpha for record in fit(Ratings(), ratings(), **given).records]

    assert set(rates()) == {0.025}
    assert set(rates(optimizer=tw.optim.SGD(lr=0.01))) == {0.01}
    falling = rates(lr=0.02, min_lr=0.01)
    assert falling == sorted(falling, reverse=True)
    assert falling[-1] == pytest.approx(0.01, rel=0.01)
    steps = rates(schedule=lambda share: 0.02 if share < 0.5 else 0.01)
    assert steps[0] == 0.02
    assert steps[-1] == 0.01


def test_what_the_optimizer_does_not_hold_stays() -> None:
    for engine in ("numpy", "compiled"):
        model = Ratings()
        before = model.items.data.copy()
        optimizer = tw.optim.SGD([model.users, model.bias])
        fit(model, ratings(), optimizer=optimizer, engine=engine)
        assert np.array_equal(model.items.data, before)
        assert model.bias.data.any()


def test_pairs_of_parameters_and_optimizers_have_one_rate() -> None:
    found = []
    for engine in ("numpy", "compiled"):
        model = Ratings()
        rules = [([model.users], tw.optim.SGD(lr=0.02)), ([model.items], tw.optim.AdaGrad(lr=0.1))]
        before = model.bias.data.copy()
        history = fit(model, ratings(), optimizer=rules, lr=None, engine=engine)
        assert {record.alpha for record in history.records} == {0.02}
        assert np.array_equal(model.bias.data, before)
        found.append(model)
    for x, y in zip(*(model.parameters() for model in found), strict=True):
        np.testing.assert_allclose(x.data, y.data, rtol=0, atol=1e-12)


def test_held_out_examples_stop_the_run() -> None:
    noise = table() | {"rating": np.random.default_rng(1).normal(size=N)}
    other = {name: column[:50] for name, column in table(2).items()}
    history = fit(
        Ratings(), noise, heldout=other, early_stopping=1, epochs=50, lr=0.1, engine="numpy"
    )
    assert history.stopped_early
    assert len(history.heldout_losses) == len(history.losses) < 50


def test_callbacks_are_functions_of_the_history_or_objects() -> None:
    seen = []

    class Look:
        def on_train_begin(self, model: Any) -> None:
            seen.append(model)

    model = Ratings()
    history = fit(
        model,
        ratings(),
        engine="numpy",
        epochs=9,
        callbacks=[Look(), lambda history: len(history.losses) == 3],
    )
    assert seen == [model]
    assert len(history.losses) == 3
    with pytest.raises(InputError, match="has none of the methods"):
        fit(model, ratings(), callbacks=[object()])


class Averaged(Ratings):
    def loss(self, example: Any) -> Any:
        return super().loss(example) / np.size(example["user"])


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
def test_a_source_of_ones_own(engine: str) -> None:
    line, source = Line(), Own()
    source.batch_size = 4
    fit(line, source, epochs=10, lr=0.05, engine=engine)
    np.testing.assert_allclose([line.w.data, line.b.data], [3, -1], atol=1e-3)


class Forgetful(Own):
    rng = np.random.default_rng(0)

    def draw(self, epoch: int, first: int, last: int, room: Any = None) -> tw.examples.Drawn:
        x = self.rng.normal(size=last - first)
        return tw.examples.Drawn({"x": x, "y": x}, {}, last - first, last - first)


class ByParts(Own):
    def draw(self, epoch: int, first: int, last: int, room: Any = None) -> tw.examples.Drawn:
        x = np.arange(last - first) / 10  # it counts from the part, not from the epoch
        return tw.examples.Drawn({"x": x, "y": x}, {}, last - first, last - first)


class Partly(Own):
    def draw(self, epoch: int, first: int, last: int, room: Any = None) -> tw.examples.Drawn:
        drawn = super().draw(epoch, first, last)
        return tw.examples.Drawn({"x": drawn.arrays["x"]}, {}, drawn.count, drawn.used)


BAD: dict[str, tuple[Any, Any, dict[str, Any], str]] = {
    "an average": (Averaged, ratings, {}, "must be the sum"),
    "beyond the table": (
        Ratings,
        lambda: table() | {"item": np.full(N, ITEMS)},
        {},
        f"item holds {ITEMS} in row 0, but Ratings reads a table of {ITEMS} rows",
    ),
    "below the table": (
        Ratings,
        lambda: table() | {"user": np.arange(N) - 1},
        {},
        "user holds -1 in row 0",
    ),
    "draws anew": (Line, Forgetful, {}, "gave other examples"),
    "draws by part": (Line, ByParts, {}, "gave other examples"),
    "draws a part": (Line, Partly, {}, "gives no y"),
    "no module": (lambda: 3, ratings, {}, "Module"),
    "no table": (Ratings, lambda: 3, {}, "columns is 3"),
    "optimizer": (Ratings, ratings, {"optimizer": "Adam"}, "Adam"),
    "optimizer's schedule": (
        Ratings,
        ratings,
        {"optimizer": tw.optim.SGD(lr=lambda step: 0.1)},
        "schedule",
    ),
    "epochs": (Ratings, ratings, {"epochs": 0}, "epochs"),
    "rate": (Ratings, ratings, {"lr": -1.0}, "lr"),
    "min_lr": (Ratings, ratings, {"lr": 0.1, "min_lr": 0.2}, "min_lr"),
    "both": (Ratings, ratings, {"schedule": lambda share: 0.1}, "schedule says"),
    "bad schedule": (
        Ratings,
        ratings,
        {"lr": None, "schedule": lambda share: 0.1 - share},
        "positive",
    ),
    "engine": (Ratings, ratings, {"engine": "gpu"}, "engine"),
    "workers": (Ratings, ratings, {"workers": 0}, "workers"),
    "heldout": (Ratings, ratings, {"heldout": 1.5}, "between 0 and 1"),
    "nothing to split": (Line, Own, {"heldout": 0.1}, "cannot be held out"),
    "stops by nothing": (Ratings, ratings, {"early_stopping": 2}, "held-out"),
    "resume": (Ratings, ratings, {"resume": True}, "folder"),
    "callbacks": (Ratings, ratings, {"callbacks": 3}, "list"),
}


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_said_before_training(name: str, engine: str) -> None:
    model, examples, options, told = BAD[name]
    made = model()
    before = bytes_of(made) if isinstance(made, tw.Module) else []
    with pytest.raises((InputError, TypeError), match=told):
        fit(made, examples(), **{"engine": engine} | options)
    assert not before or bytes_of(made) == before


def test_a_rate_that_is_too_large_is_named() -> None:
    with pytest.raises(NonFiniteError, match="smaller learning rate"):
        fit(Ratings(), ratings(), lr=50.0, engine="numpy", epochs=20)


class OnlyNumpy(Ratings):
    def loss(self, example: Any) -> Any:
        float(example["rating"].sum())  # no symbol is a number
        return super().loss(example)


def test_a_slower_engine_is_never_silent() -> None:
    with pytest.warns(EngineWarning, match="NumPy engine"):
        fit(OnlyNumpy(), ratings(batch_size=32), lr=0.001)


def test_the_history_is_drawn(tmp_path: Path) -> None:
    history = fit(Ratings(), ratings(), engine="numpy")
    history.plot(tmp_path / "loss.svg")
    assert (tmp_path / "loss.svg").stat().st_size > 1000
