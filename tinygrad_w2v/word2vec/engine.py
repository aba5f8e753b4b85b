"""Which engine runs a training, and why: NumPy, or the model compiled to native code.

Both have one protocol, a step over batches whose predictions are counted, so that everything
around a training is the same for both. A native engine is taken where there is one and the model
can be compiled, and what was taken is always said.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any, NamedTuple

from tinygrad_w2v._base.errors import (
    CompileError,
    EngineWarning,
    InputError,
    Message,
    MissingDependencyError,
    Setting,
    flat,
    written,
)
from tinygrad_w2v._base.progress import Progress
from tinygrad_w2v._base.warning import warn_user
from tinygrad_w2v.sources.windows import WindowSource
from tinygrad_w2v.training.checkpoints import Checkpoint
from tinygrad_w2v.training.eager import EagerStep
from tinygrad_w2v.training.run import (
    SMALLER_STEPS,
    Batches,
    History,
    RunHooks,
    RunState,
    Step,
    run_epochs,
)
from tinygrad_w2v.word2vec.checks import require_range, shown
from tinygrad_w2v.word2vec.own_model import check_windows
from tinygrad_w2v.word2vec.settings import TrainingSettings, predictions_of, small_batch

ENGINES = ("auto", "numpy", "compiled")
MOST_WORKERS = 1024
GONE_ON = (
    "place, rate and tables are those of the checkpoint; as its threads do not wait for each "
    "other, the bytes may differ from those of a run that never stopped"
)
INSTALL = "pip install 'tinygrad_w2v[fast]'"


class EngineOptions(NamedTuple):
    """What a user asks of the engine.

    Attributes
    ----------
    engine : {"auto", "numpy", "compiled"}
    workers : int
        Threads of the compiled engine.
    deterministic : bool
        The same bytes for any number of `workers`.
    """

    engine: str = "auto"
    workers: int = 1
    deterministic: bool = False

    def check(self) -> None:
        """Raise an InputError for an engine that there is not.

        Examples
        --------
        >>> EngineOptions("gpu").check()
        Traceback (most recent call last):
        tinygrad_w2v._base.errors.InputError: engine must be 'auto', 'numpy' or 'compiled', not \
'gpu'
        """
        if self.engine not in ENGINES:
            known = f"must be 'auto', 'numpy' or 'compiled', not {self.engine!r}"
            raise InputError(known, setting="engine")
        workers: Any = self.workers
        if not isinstance(workers, Integral) or workers < 1:
            few = f"must be 1 or more, not {shown(workers)}: nobody would train"
            raise InputError(few, setting="workers")
        require_range("workers", workers, 1, MOST_WORKERS)

    def going_on(self, kept: Checkpoint | None, given: Collection[str]) -> EngineOptions:
        """Return these for a run that goes on: what is not given is as the run began.

        Examples
        --------
        >>> about = {"engine": {"name": "compiled", "workers": 4, "deterministic": False}}
        >>> kept = Checkpoint("checkpoint-1.npz", RunState(), {}, about)
        >>> EngineOptions(workers=2).going_on(kept, given=["workers"])
        EngineOptions(engine='compiled', workers=2, deterministic=False)
        """
        about = {} if kept is None else dict(kept.about.get("engine", {}))
        begun = {
            "engine": about.get("name"),
            "workers": about.get("workers"),
            "deterministic": about.get("deterministic"),
        }
        return self._replace(
            **{
                name: value
                for name, value in begun.items()
                if value is not None and name not in given
            }
        )


def _nothing() -> None:
    """An engine without threads has none to end."""


@dataclass(frozen=True)
class Engine:
    """What runs a training; `choose_engine` makes it.

    Attributes
    ----------
    name : {"numpy", "compiled"}
    why : str
        Why it was taken.
    step, batches, count
        As in :func:`~tinygrad_w2v.training.run.run_epochs`.
    workers : int
        How many threads compute.
    reproducible : bool
        Whether the same seed gives the same bytes.
    about : dict
        What has to be the same for a run to go on from a checkpoint.
    close : callable
        Lets the threads end.
    used : callable
        Returns how many units were used so far; the others were left out, as by subsampling.
    fell_back : bool
        Whether it was taken because a faster one could not be.
    """

    name: str
    why: str
    step: Step
    batches: Batches
    count: Callable[[Any], int]
    workers: int
    reproducible: bool
    about: Mapping[str, Any]
    close: Callable[[], None] = _nothing
    used: Callable[[], int] = int
    fell_back: bool = False

    def warn(self) -> None:
        """Say where a slower engine runs than could, however logging is set up.

        Warns
        -----
        EngineWarning
            At the user's line, so once for each.
        """
        if self.fell_back:
            warn_user(
                f"training runs on the NumPy engine, which is many times slower: {self.why}; "
                "engine='numpy' says that this is meant",
                EngineWarning,
            )

    def description(self) -> Message:
        """Return what is said of it."""
        threads = f"{self.workers} thread{'s' if self.workers > 1 else ''}"
        name = f"engine {self.name} ({self.why}), {threads}: "
        if self.reproducible:
            return f"{name}the same seed gives the same bytes"
        one, all_threads = Setting("workers", 1), Setting("deterministic", True)
        equal = ("the bytes may differ from run to run; ", one, " or ", all_threads, " makes them")
        return (name, *equal, " equal")

    def __str__(self) -> str:
        return written(self.description())

    def follow(
        self,
        settings: TrainingSettings,
        words: int,
        progress: Progress,
        *,
        epochs: int | None = None,
        batches: Batches | None = None,
        state: RunState | None = None,
        hooks: RunHooks | None = None,
    ) -> History:
        """Run a whole training; the learning rate falls with the words, `words` an epoch.

        Parameters
        ----------
        settings
            The learning rates, and the epochs if they are not given.
        words, progress, epochs, batches, state, hooks
            As in :func:`~tinygrad_w2v.training.run.run_epochs`.
        """
        smaller = (" or smaller batches (", Setting("batch"), ")")
        return run_epochs(
            self.step,
            self.batches if batches is None else batches,
            self.count,
            epochs=settings.epochs if epochs is None else epochs,
            words_per_epoch=words,
            alpha=settings.first_alpha,
            min_alpha=settings.min_alpha,
            progress=progress,
            state=state,
            hooks=hooks,
            remedy=(
                *SMALLER_STEPS,
                *(smaller if self.name == "numpy" and settings.batch is not None else ()),
            ),
        )

    def check_goes_on(self, kept: Checkpoint | None, remedy: Message) -> None:
        """Refuse to go on with the run of another engine, which counts its batches differently.

        Parameters
        ----------
        kept
            Where the run is to go on.
        remedy
            What else can be done.

        Raises
        ------
        InputError
            It says what would go on.

        Examples
        --------
        >>> import tinygrad_w2v as tw
        >>> engine = numpy_engine(tw.CBOW(9, 4), lambda epoch: [])
        >>> about = {"engine": {"name": "compiled", "workers": 4}}
        >>> kept = Checkpoint("checkpoint-1.npz", RunState(), {}, about)
        >>> engine.check_goes_on(kept, "begin anew")
        Traceback (most recent call last):
        tinygrad_w2v._base.errors.InputError: checkpoint-1.npz is of a run with engine='compiled' \
workers=4, whose place is counted in other batches than that of engine='numpy'; give those, or \
begin anew
        """
        if kept is None:
            return
        begun = kept.about.get("engine", {})
        if begun != dict(self.about):
            raise InputError(
                (
                    *(f"{kept.path} is of a run with ", *_asked(begun)),
                    *(
                        ", whose place is counted in other batches than that of ",
                        *_asked(self.about),
                    ),
                    *("; give those, or ", *flat(remedy)),
                )
            )


def _asked(about: Mapping[str, Any]) -> list[str | Setting]:
    """How an engine is asked for."""
    asked: list[str | Setting] = [Setting("engine", about.get("name"))]
    if about.get("deterministic"):
        asked += [" ", Setting("deterministic", True)]
    elif about.get("workers") is not None:
        asked += [" ", Setting("workers", about["workers"])]
    return asked


def numpy_engine(model: Any, batches: Batches, why: str = "asked for") -> Engine:
    """Return the engine that follows the graph with NumPy, on one core.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> print(numpy_engine(tw.CBOW(9, 4), lambda epoch: []))
    engine numpy (asked for), 1 thread: the same seed gives the same bytes
    """
    step, count = EagerStep(model).step, predictions_of(model)
    return Engine("numpy", why, step, batches, count, 1, True, {"name": "numpy"})


def choose_engine(
    options: EngineOptions, model: Any, source: WindowSource, why: str = "asked for"
) -> Engine:
    """Return what will run a training.

    Parameters
    ----------
    options : EngineOptions
        ``"auto"`` takes the compiled engine where numba is installed and the model compiles; else
        NumPy's has `fell_back`, and whoever asked for it is to say so, by `Engine.warn` or aloud.
    model : Module
        ``loss(batch)`` is the sum over a `Batch`.
    source : WindowSource
        The text, and how windows are drawn of it.
    why : str
        Why an engine that is not ``"auto"`` is wanted.

    Raises
    ------
    InputError
        For another name, or no worker.
    CompileError, MissingDependencyError
        When ``"compiled"`` is wanted, and cannot be.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> from tinygrad_w2v.text.corpus import build_corpus
    >>> vocabulary, corpus = build_corpus([["you", "say", "hello"]] * 50)
    >>> source = WindowSource(corpus, vocabulary.counts)
    >>> engine = choose_engine(EngineOptions("numpy"), tw.CBOW(3, 4), source)
    >>> engine.name, engine.workers, engine.reproducible
    ('numpy', 1, True)
    """
    options.check()
    if options.engine == "numpy":
        return numpy_engine(model, source.batches, why)
    if options.engine == "compiled":
        return _compiled(options, model, source, why)
    if not has_numba():
        why = f"numba is not installed: {INSTALL} makes training several times as fast"
        return replace(numpy_engine(model, source.batches, why), fell_back=True)
    try:
        why = "numba is installed and the model compiles"
        return _compiled(options, model, source, why)
    except MissingDependencyError as error:
        cause = error.__cause__
        why = str(error) if cause is None else f"numba cannot be imported: {cause}"
    except CompileError as error:
        why = f"the compiled engine cannot run this model: {_in_one_line(error)}"
    except Exception as error:
        # Whatever goes wrong in the model itself goes wrong in the other engine, too, and is raised
        # there; what only a trace cannot do must not end a training.
        told = f"{type(error).__name__}: {_in_one_line(error)}"
        why = f"the compiled engine cannot run this model: {told}"
    return replace(numpy_engine(model, source.batches, why), fell_back=True)


def has_numba() -> bool:
    """Whether numba is installed; it is not imported to find out.

    Examples
    --------
    >>> has_numba() in (True, False)
    True
    """
    return importlib.util.find_spec("numba") is not None


def _compiled(options: EngineOptions, model: Any, source: WindowSource, why: str) -> Engine:
    # Here, as numba takes long to import.
    from tinygrad_w2v.training.engines.compiled import CompiledRun

    deterministic, threads = options.deterministic, int(options.workers)
    check_windows(model, small_batch(len(source.keep), source.settings))
    run = CompiledRun(model, source, threads, deterministic=deterministic)
    run.prepare()
    about = {
        "name": "compiled",
        "workers": None if deterministic else threads,
        "deterministic": deterministic,
        "stretch": run.stretch,
    }
    fixed = deterministic or threads == 1
    return Engine(
        "compiled",
        why,
        run.step,
        run.batches,
        run.predictions,
        threads,
        fixed,
        about,
        run.close,
        lambda: run.used,
    )


def _in_one_line(error: BaseException) -> str:
    """A message with the line where an op was applied, and nothing between."""
    first, *others = str(error).splitlines() or [""]
    places = [line.strip() for line in others if line.strip().startswith("applied at")]
    return ", ".join([first, *places])
