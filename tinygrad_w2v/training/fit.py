"""`fit`: any model follows any examples; all that Word2Vec's training has, for a loss of yours."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tinygrad_w2v._base.checks import require_number, require_range, shown
from tinygrad_w2v._base.errors import InputError, Setting
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.progress import Progress, said_if_long
from tinygrad_w2v._base.user_code import noting
from tinygrad_w2v.compiler.trace.arguments import check_model, check_optimizer
from tinygrad_w2v.nn import Module
from tinygrad_w2v.optim.groups import Groups
from tinygrad_w2v.optim.optimizer import Optimizer
from tinygrad_w2v.sources.arrays import Arrays
from tinygrad_w2v.sources.source import Source
from tinygrad_w2v.training.checkpoints import remove_checkpoints, remove_half_written
from tinygrad_w2v.training.engines import EngineOptions
from tinygrad_w2v.training.example_checks import check_ids, check_source
from tinygrad_w2v.training.heldout import HeldoutLoss
from tinygrad_w2v.training.history import History, RunState
from tinygrad_w2v.training.hooks import (
    CALLBACK_METHODS,
    Callbacks,
    RunHooks,
    check_callbacks,
    naming_last_checkpoint,
)
from tinygrad_w2v.training.keeping import Keeping, checkpoint_of, held_folder
from tinygrad_w2v.training.model_checks import check_sum
from tinygrad_w2v.training.reporting import About, report_of
from tinygrad_w2v.training.run import Schedule, Voice, prepare

logger = logging.getLogger("tinygrad_w2v.fit")
RATE = 0.025
COMPILING = "compiling the model; what comes of it is kept for the next time"


def fit(
    model: Module,
    examples: Any,
    optimizer: Optimizer | Sequence[Any] | None = None,
    lr: float | None = None,
    min_lr: float | None = None,
    schedule: Callable[[float], float] | None = None,
    epochs: int = 5,
    engine: str = "auto",
    workers: int = 1,
    deterministic: bool = False,
    seed: int = 1,
    heldout: Any = None,
    early_stopping: int | None = None,
    checkpoint: PathLike | None = None,
    resume: bool = False,
    callbacks: Iterable[Any] = (),
    progress: bool = True,
    *,
    checkpoint_minutes: float = 5.0,
    shards: int | None = None,
    ray_address: str | None = None,
) -> History:
    """Train a model on examples: ``model.loss(example)`` is all that is written.

    Parameters
    ----------
    model : Module
        ``loss(example)`` is the sum over the examples of a batch, written over trailing axes; the
        compiled engine gives it one example without leading axes.
    examples : Source, dict of arrays, or table
        What to train on: a source of `tw.examples`, one of your own, or columns of equal length
        (`tw.examples.Arrays`).
    optimizer : Optimizer, or list of (parameters, optimizer), optional
        Its rule is followed for the parameters that it holds (without any: all of the model's);
        others stay as they are. Plain gradient descent by default. The compiled engine takes a
        step for each example, NumPy's for each batch.
    lr, min_lr : float, optional
        The learning rate falls evenly from `lr`, by default the optimizer's or 0.025, to `min_lr`,
        by default `lr`: it stays.
    schedule : callable, optional
        ``schedule(share)`` returns the learning rate when a share of the run, 0 to 1, is done; in
        place of `lr` and `min_lr`.
    epochs : int
        How often all examples are read.
    engine : {"auto", "numpy", "compiled", "ray"}
        What computes; as in `Word2Vec`.
    workers : int
        Threads of the compiled engine.
    deterministic : bool
        The same bytes for any number of `workers`.
    seed : int
        Of all that is drawn: orders, negatives.
    heldout : float, Source or columns, optional
        What to look at after each epoch: other examples, or the share of rows, of a text's
        sentences, that is not trained on.
    early_stopping : int, optional
        After how many epochs without a smaller held-out loss to stop.
    checkpoint : path, optional
        The folder where the run is kept on its way, every `checkpoint_minutes` and at Ctrl-C.
    resume : bool
        Go on from the newest checkpoint of that folder, if it has one: byte for byte as if the run
        had never stopped, where an engine gives the same bytes.
    callbacks : iterable
        Functions that are given the History after each epoch, and end the run by returning True;
        or objects as `Word2Vec` takes them, with methods such as ``on_epoch_end(model)``.
    progress : bool
        Show a bar, and say when a model takes longer than a second to compile.
    shards : int, optional
        Into how many parts a round of a deterministic run, or one on Ray, is divided; 4 by default.
        Of its equal bytes this is a part: it stays when machines come and go.
    ray_address : str, optional
        Of ``engine="ray"``: ``HOST:PORT`` of a cluster, ``"auto"`` for the one that this machine is
        part of; by default one is begun here, with `workers` cores.

    Returns
    -------
    History
        The losses; for `report` it keeps the model and the examples. Ctrl-C ends a run, and what
        was learned until then is kept.

    Raises
    ------
    InputError
        Before training: for a loss that is no sum, examples that are not what they say, ids beyond
        their table, numbers out of their range, a folder that holds another run.
    CompileError, MissingDependencyError
        When ``engine="compiled"`` is asked for, and cannot be.
    NonFiniteError
        When the loss is no longer a number.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> class Line(tw.Module):
    ...     def __init__(self):
    ...         self.slope = tw.Parameter(np.zeros(()))
    ...     def loss(self, example):
    ...         return ((self.slope * example["x"] - example["y"]) ** 2).sum()
    >>> line, x = Line(), np.linspace(-1, 1, 101)
    >>> history = tw.fit(line, {"x": x, "y": 3 * x}, lr=0.05, engine="numpy", progress=False)
    >>> len(history.losses), round(float(line.slope.data), 3)
    (5, 3.0)
    """
    check_model(model)
    rule = Groups(optimizer) if isinstance(optimizer, Sequence) else optimizer
    check_optimizer(rule)
    asked = EngineOptions(engine, workers, deterministic, shards, ray_address)
    asked.check()
    _check_numbers(epochs, seed, early_stopping, heldout, checkpoint, resume, checkpoint_minutes)
    plan = _schedule(lr, min_lr, schedule, epochs, early_stopping, rule)
    if rule is not None and not rule.parameters:
        rule.bind(model.parameters())
    functions, hooks = _divided(callbacks)
    source, other = _sources(examples, heldout, seed)
    for each in (source, *([] if other is None else [other])):
        check_source(each)
        check_ids(model, each)
    check_sum(model, next(iter(source.batches(0)))[0])
    with held_folder(checkpoint, logger.warning):
        keeping = None
        if checkpoint is not None:
            about = _about(model, source, other, rule, plan, seed)
            keeping = _keeping(Path(checkpoint), about, resume, checkpoint_minutes, asked.given())
        with said_if_long(COMPILING, quiet=not progress or engine == "numpy"):
            run = prepare(
                model,
                source,
                asked,
                plan,
                heldout=None if other is None else HeldoutLoss(other),
                keeping=keeping,
                voice=Voice(logger.info, logger.warning, logger.info),
                optimizer=rule,
            )
        settings = _settings(optimizer, plan, asked, seed, heldout)
        reported = partial(report_of, About(run, examples, settings))
        run.state.history._reported = reported  # callbacks may ask for it
        watching = Callbacks(hooks, model)
        watching.call("on_train_begin")
        folder, done = None if keeping is None else keeping.folder, run.state.history.words
        total = epochs * source.units
        with (
            Progress(total, "examples", "training", quiet=not progress, initial=done) as bar,
            naming_last_checkpoint(folder, logger.warning),
        ):
            history = run.follow(bar, watching, AfterEpoch(functions))
        history._reported = reported
        if folder is not None and not history.interrupted:
            remove_checkpoints(folder)
        watching.call("on_train_end")
    return history


class AfterEpoch(RunHooks):
    """A user's functions, which are given the history after each epoch.

    Examples
    --------
    >>> AfterEpoch([lambda history: len(history.losses) == 0]).after_epoch(RunState())
    True
    """

    def __init__(self, functions: Iterable[Callable[[History], Any]]) -> None:
        self._functions = list(functions)

    def after_epoch(self, state: RunState) -> bool:
        """Call all; stop when one says so."""
        said = []
        for function in self._functions:
            with noting("callback", function):
                said.append(function(state.history) is True)
        return any(said)


def _divided(callbacks: Iterable[Any]) -> tuple[list[Any], tuple[Any, ...]]:
    """Functions, and objects with gensim's methods."""
    if not isinstance(callbacks, Iterable):
        raise InputError(f"callbacks is {callbacks!r:.80}; give a list of them")
    functions: list[Any] = []
    others: list[Any] = []
    for each in callbacks:
        named = any(hasattr(each, name) for name in CALLBACK_METHODS)
        (functions if callable(each) and not named else others).append(each)
    return functions, check_callbacks(others)


def _check_numbers(
    epochs: int,
    seed: int,
    early_stopping: int | None,
    heldout: Any,
    checkpoint: PathLike | None,
    resume: bool,
    minutes: float,
) -> None:
    require_number("epochs", epochs, whole=True)
    require_range("epochs", epochs, 1, 10**9)
    require_number("seed", seed, whole=True)
    require_number("checkpoint_minutes", minutes)
    require_range("checkpoint_minutes", minutes, 0, 1_000_000)
    if early_stopping is not None:
        require_number("early_stopping", early_stopping, whole=True)
        require_range("early_stopping", early_stopping, 1, math.inf)
        if heldout is None:
            raise InputError(
                ("looks at the held-out loss: give ", Setting("heldout"), ", too"),
                setting="early_stopping",
            )
    if resume and checkpoint is None:
        raise InputError("resume needs the folder of the checkpoints: give checkpoint, too")


def _schedule(
    lr: float | None,
    min_lr: float | None,
    schedule: Callable[[float], float] | None,
    epochs: int,
    early_stopping: int | None,
    optimizer: Optimizer | None,
) -> Schedule:
    """How long the run is, and its rates."""
    if optimizer is not None and optimizer.schedule is not None:
        raise InputError(
            f"the rate of {type(optimizer).__name__} is a function of its steps, of which engines "
            "take different numbers: give fit a `schedule` of the share of the run that is done"
        )
    if schedule is not None:
        if not callable(schedule):
            raise InputError(f"is {shown(schedule)}; give a function", setting="schedule")
        if lr is not None or min_lr is not None:
            raise InputError("schedule says the rate at any time: give it, or lr and min_lr")

        def rate(share: float) -> float:
            return _checked_rate(f"schedule({share:g})", schedule(share))

        first, last = rate(0.0), rate(1.0)
        return Schedule(epochs, first, last, early_stopping, rate=rate)
    if lr is None:
        lr = RATE if optimizer is None else optimizer.lr
    _checked_rate("lr", lr)
    least = lr if min_lr is None else min_lr
    require_number("min_lr", least)
    require_range("min_lr", least, 0, lr)
    return Schedule(epochs, lr, least, early_stopping)


def _checked_rate(name: str, rate: Any) -> float:
    require_number(name, rate)
    if not 0 < rate < math.inf:
        raise InputError(f"{name} is {rate}; give a positive number such as 0.025")
    return float(rate)


def _sources(examples: Any, heldout: Any, seed: int) -> tuple[Source, Source | None]:
    """What is trained on, and what is held out, drawn by a seed."""
    source = examples if _is_source(examples) else Arrays(examples)
    if heldout is None or _is_source(heldout):
        other = heldout
    elif isinstance(heldout, int | float) and not isinstance(heldout, bool):
        if not 0 < heldout < 1:
            raise InputError(
                f"must be a share between 0 and 1, not {shown(heldout)}", setting="heldout"
            )
        if not hasattr(source, "split"):
            raise InputError(
                f"a share of {type(source).__name__} cannot be held out: give another source of "
                "examples that are not trained on",
                setting="heldout",
            )
        source, other = source.split(float(heldout), seed)
    else:
        other = Arrays(heldout)
    return source.seeded(seed), None if other is None else other.seeded(seed)


def _is_source(examples: Any) -> bool:
    """Whether examples are drawn, and are no table of columns."""
    if Source in type(examples).__mro__:
        return True
    missing = [name for name in ("units", "example", "axes", "draw") if not hasattr(examples, name)]
    if missing and len(missing) < 4 and hasattr(examples, "draw"):
        raise InputError(
            f"{type(examples).__name__} draws examples, but has no {' and no '.join(missing)}: "
            "derive it from tw.examples.Source, and write units, example, axes and draw"
        )
    if not missing:
        raise InputError(
            f"derive {type(examples).__name__} from tw.examples.Source, which gives the NumPy "
            "engine its batches"
        )
    return False


def _settings(
    optimizer: Any, plan: Schedule, asked: EngineOptions, seed: int, heldout: Any
) -> dict[str, Any]:
    """What a report says was asked."""
    return {
        "optimizer": "SGD" if optimizer is None else repr(optimizer),
        "epochs": plan.epochs,
        "lr": plan.alpha,
        "min_lr": plan.min_alpha,
        "schedule": None if plan.rate is None else "a function",
        "early_stopping": plan.early_stopping,
        "heldout": heldout if isinstance(heldout, float | None) else type(heldout).__name__,
        "seed": seed,
        "engine": asked.engine,
        "workers": asked.workers,
        "deterministic": asked.deterministic,
    }


def _about(
    model: Module,
    source: Source,
    other: Source | None,
    optimizer: Optimizer | None,
    plan: Schedule,
    seed: int,
) -> dict[str, Any]:
    """What has to be the same for a run to go on."""
    shapes = {name: [*p.shape, str(p.dtype)] for name, p in model.named_parameters()}
    # A schedule is a function: its rates at some places stand for it. An optimizer's own is set
    # by the run.
    rule = None if optimizer is None else re.sub(r"lr=[^,)]*(, )?", "", repr(optimizer))
    numbers = {} if optimizer is None else optimizer.numbers()
    if ratios := [numbers[name] for name in numbers if name.endswith(".ratio")]:
        rule = f"{rule} whose rates are to each other as {ratios}"
    rates = [plan.rate_at(k / 16) for k in range(17)]
    return {
        "model": f"{type(model).__name__} {sorted(shapes.items())}",
        "optimizer": rule,
        "epochs": plan.epochs,
        "lr": rates,
        "early_stopping": plan.early_stopping,
        "seed": seed,
        "batch_size": source.batch_size,  # which the NumPy engine counts its place in
        "heldout": None if other is None else other.digest(),
        "examples_sha256": source.digest(),
    }


def _keeping(
    folder: Path, about: Mapping[str, Any], resume: bool, minutes: float, given: list[str]
) -> Keeping:
    """Where the run is kept, and where it goes on."""
    remedy = "name another folder"
    remove_half_written(folder)
    kept = checkpoint_of(folder, about, logger.warning, remedy)
    if kept is not None and not resume:
        raise InputError(
            (
                f"{folder} holds an unfinished training; go on with it by ",
                Setting("resume", True),
                ", or remove its checkpoints, or ",
                remedy,
            )
        )
    if kept is None and resume:
        logger.info("%s holds no checkpoint: the training begins", folder)
    return Keeping(folder, about, minutes, kept, given, remedy)
