from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import EngineWarning, InputError, NonFiniteError

N, USERS, ITEMS, DIM = 600, 12, 9, 4


def table(seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    user, item = rng.integers(0, USERS, N), rng.integers(0, ITEMS, N)
    u, v = rng.normal(size=(USERS, DIM)), rng.normal(size=(ITEMS, DIM))
    return {"user": user, "item": item, "rating": (u[user] * v[item]).sum(axis=1)}


class Ratings(tw.Module):
    def __init__(self, dtype: Any = np.float64) -> None:
        rng = np.random.default_rng(3)
        self.users = tw.Parameter(0.5 * rng.normal(size=(USERS, DIM)).astype(dtype))
        self.items = tw.Parameter(0.5 * rng.normal(size=(ITEMS, DIM)).astype(dtype))
        self.bias = tw.Parameter(np.zeros(ITEMS, dtype))

    def loss(self, example: Any) -> Any:
        user, item = self.users[example["user"]], self.items[example["item"]]
        score = (user * item).sum(axis=-1) + self.bias[example["item"]]
        return ((score - example["rating"]) ** 2).sum()


class Pushed(tw.Module):
    """A loss with negatives, and words of an example that differ in their number."""

    def __init__(self) -> None:
        rng = np.random.default_rng(4)
        self.words = tw.Parameter(0.3 * rng.normal(size=(20, DIM)))
        self.items = tw.Parameter(0.3 * rng.normal(size=(ITEMS, DIM)))

    def loss(self, example: Any) -> Any:
        h = self.words[example["words"]].sum(axis=-2)
        true = (h * self.items[example["item"]]).sum(axis=-1)
        wrong = np.einsum("...d,...kd->...k", h, self.items[example["wrong"]])
        return F.softplus(-true).sum() + F.softplus(wrong).sum()


def texts() -> tw.examples.Arrays:
    rng = np.random.default_rng(5)
    lengths = rng.integers(1, 6, N)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return tw.examples.Arrays(
        {"item": rng.integers(0, ITEMS, N)},
        {"wrong": ("item", 3)},
        {"words": (rng.integers(0, 20, offsets[-1]), offsets)},
        batch_size=1,
    )


def ratings(**changes: Any) -> tw.examples.Arrays:
    return tw.examples.Arrays(table(), **{"batch_size": 1} | changes)


def fit(model: Any, examples: Any, **options: Any) -> tw.History:
    return tw.fit(model, examples, **{"epochs": 2, "lr": 0.02, "progress": False} | options)


def bytes_of(model: tw.Module) -> list[bytes]:
    return [parameter.data.tobytes() for parameter in model.parameters()]


KINDS = {"ratings": (Ratings, ratings), "pushed": (Pushed, texts)}
RULES = {
    "plain": lambda: None,
    "SGD": lambda: tw.optim.SGD(),
    "AdaGrad": lambda: tw.optim.AdaGrad(lr=0.02),
    "Adam": lambda: tw.optim.Adam(lr=0.02),
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", KINDS)
def test_both_engines_come_to_the_same_tables(kind: str, rule: str) -> None:
    found = []
    for engine in ("numpy", "compiled"):
        model, source = (make() for make in KINDS[kind])
        history = fit(model, source, optimizer=RULES[rule](), engine=engine)
        found.append((model, history))
    (one, first), (other, second) = found
    for x, y in zip(one.parameters(), other.parameters(), strict=True):
        np.testing.assert_allclose(x.data, y.data, rtol=0, atol=1e-12)
    np.testing.assert_allclose(first.losses, second.losses, rtol=1e-9)
    assert first.losses[-1] < first.losses[0]
    assert first.examples == 2 * N


@pytest.mark.parametrize("kind", KINDS)
def test_deterministic_bytes_do_not_depend_on_the_workers(kind: str) -> None:
    found = []
    for workers in (1, 2, 3):
        model, source = (make() for make in KINDS[kind])
        fit(model, source, engine="compiled", workers=workers, deterministic=True)
        found.append(bytes_of(model))
    assert found[0] == found[1] == found[2]


def test_threads_learn_as_one_does() -> None:
    losses = [
        fit(Ratings(), ratings(), engine="compiled", workers=workers, epochs=8).losses[-1]
        for workers in (1, 3)
    ]
    assert losses[1] < 1.2 * losses[0] + 0.01


class Stop(Exception):
    pass


class StopsAt:
    """Ends the process, as it were, after an epoch."""

    def __init__(self, epoch: int) -> None:
        self.left = epoch

    def on_epoch_end(self, model: Any) -> None:
        self.left -= 1
        if not self.left:
            raise Stop


@pytest.mark.parametrize("engine", ["numpy", "compiled"])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_run_goes_on_byte_for_byte(kind: str, rule: str, engine: str, tmp_path: Path) -> None:
    whole, source = (make() for make in KINDS[kind])
    source.batch_size = 64  # a checkpoint is written after each batch
    options = {"engine": engine, "epochs": 4, "heldout": 0.1}
    history = fit(whole, source, optimizer=RULES[rule](), **options)
    kept = options | {"checkpoint": tmp_path, "checkpoint_minutes": 1e-9}
    with pytest.raises(Stop):
        fit(KINDS[kind][0](), source, optimizer=RULES[rule](), callbacks=[StopsAt(2)], **kept)
    assert list(tmp_path.glob("checkpoint-*.npz"))
    model = KINDS[kind][0]()
    again = fit(model, source, optimizer=RULES[rule](), resume=True, **kept)
    assert bytes_of(model) == bytes_of(whole)
    assert again.losses == history.losses
    assert again.heldout_losses == history.heldout_losses
    assert not list(tmp_path.glob("checkpoint-*.npz"))


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


class Own(tw.examples.Source):
    """Twenty lines: points on a line, drawn by position."""

    units = 200

    def example(self) -> Any:
        return {"x": np.array(0.0), "y": np.array(0.0)}

    def axes(self) -> Any:
        return {}

    def draw(self, epoch: int, first: int, last: int, room: Any = None) -> tw.examples.Drawn:
        x = np.sin(np.arange(first, last) + 1000.0 * epoch)
        return tw.examples.Drawn({"x": x, "y": 3 * x - 1}, {}, last - first, last - first)

    def digest(self) -> str:
        return "points"


class Line(tw.Module):
    def __init__(self) -> None:
        self.w, self.b = tw.Parameter(np.zeros(())), tw.Parameter(np.zeros(()))

    def loss(self, example: Any) -> Any:
        return ((self.w * example["x"] + self.b - example["y"]) ** 2).sum()


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
