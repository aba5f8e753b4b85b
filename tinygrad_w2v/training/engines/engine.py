"""What every engine is: steps over batches of a source whose predictions are counted."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from numbers import Integral
from typing import Any, NamedTuple

from tinygrad_w2v._base.checks import require_number, require_range, shown
from tinygrad_w2v._base.errors import (
    EngineWarning,
    InputError,
    Message,
    Setting,
    written,
)
from tinygrad_w2v._base.warning import warn_user
from tinygrad_w2v.training.checkpoints import Checkpoint
from tinygrad_w2v.training.handing import Done, Handing, one_by_one

ENGINES = ("auto", "numpy", "compiled", "ray")
MOST_WORKERS = 1024
SMALLEST_STRETCH, LARGEST_STRETCH = 64, 8192
SHARDS = 4  # of a round that gives the same bytes for any number of threads, if no other is set
MOST_SHARDS = 1024
SMALLEST_SHARD, LARGEST_SHARD = 64, 50_000  # examples
SHARDS_AN_EPOCH = 16  # of each part, at least, as the rate falls from one to the next
GROWTH = 0.1  # of what was done, so much at most in the next round of up to four shards
# Each thread has so many stretches at least: over a short epoch, too, the rate falls evenly, and
# the threads end at about the same time.
STRETCHES_AN_EPOCH = 64
GONE_ON = (
    "place, rate and tables are those of the checkpoint; as its threads do not wait for each "
    "other, the bytes may differ from those of a run that never stopped"
)


def stretch_of(units: int, workers: int) -> int:
    """Return how many units a thread of the compiled engine draws at a time.

    Examples
    --------
    >>> stretch_of(10**6, workers=4), stretch_of(10**6, workers=1)
    (3906, 8192)
    """
    return min(max(units // (STRETCHES_AN_EPOCH * workers), SMALLEST_STRETCH), LARGEST_STRETCH)


def shard_of(units: int, per_unit: int = 1, shards: int = SHARDS) -> int:
    """Return how many units a shard of a deterministic round has at most.

    The more, the less is copied for each, and the later the shards learn of each other.

    Parameters
    ----------
    units
        Of an epoch.
    per_unit
        The most examples that one gives.
    shards
        How many a round has.

    Examples
    --------
    >>> shard_of(10**7), shard_of(10**6), shard_of(10**7, per_unit=10), shard_of(100)
    (50000, 15625, 5000, 64)
    """
    some = max(units // (SHARDS_AN_EPOCH * shards), SMALLEST_SHARD)
    return min(some, max(LARGEST_SHARD // per_unit, 1))


@lru_cache(maxsize=4)
def rounds_of(
    units: int, size: int, epoch: int, shards: int = SHARDS
) -> tuple[tuple[tuple[int, int], ...], ...]:
    """Return the rounds of an epoch: of each shard the first unit, and the one after its last.

    An epoch has as many parts as a round has shards, and each shard is of a part of its own: those
    of a round read places far apart. Rounds begin small, as all shards have the same to learn then,
    and grow with what was done; the more others a shard has, the more slowly. Who computes has no
    part in it.

    Parameters
    ----------
    units
        Of the epoch.
    size
        Of a shard, at most.
    epoch
        Which, from 0.
    shards
        How many a round has.

    Examples
    --------
    >>> rounds_of(8, size=1, epoch=1)
    (((0, 1), (2, 3), (4, 5), (6, 7)), ((1, 2), (3, 4), (5, 6), (7, 8)))
    >>> [len(rounds_of(10**7, 50_000, epoch)) for epoch in range(4)]
    [120, 50, 50, 50]
    >>> [len(rounds_of(10**7, 39_062, epoch, shards=16)) for epoch in range(4)]
    [317, 36, 21, 17]
    """
    # What the others of a round do, a shard learns of too late: as much of that for any number.
    growth = GROWTH * min((SHARDS - 1) / max(shards - 1, 1), 1)
    ends = [units * part // shards for part in range(shards + 1)]
    done = 0
    rounds: list[tuple[tuple[int, int], ...]] = []
    while done < ends[1] or not rounds:
        most = max(int(growth * (epoch * ends[1] + done)), SMALLEST_SHARD)
        last = done + min(most, size)
        rounds.append(
            tuple(
                (min(start + done, stop), stop if last >= ends[1] else start + last)
                for start, stop in itertools.pairwise(ends)
            )
        )
        done = last
    return tuple(rounds)


class EngineOptions(NamedTuple):
    """What a user asks of the engine.

    Attributes
    ----------
    engine : {"auto", "numpy", "compiled", "ray"}
    workers : int
        Threads of the compiled engine.
    deterministic : bool
        The same bytes for any number of `workers`.
    shards : int, optional
        In how many parts a round of a deterministic run is computed; 4 by default.
    ray_address : str, optional
        Of the Ray cluster that computes; Ray looks for one, or begins one here, by default.
    ids_folder : str, optional
        Where the ids of a text stand for all machines, so that they are not sent.
    """

    engine: str = "auto"
    workers: int = 1
    deterministic: bool = False
    shards: int | None = None
    ray_address: str | None = None
    ids_folder: str | None = None

    def check(self) -> None:
        """Raise an InputError for an engine that there is not.

        Examples
        --------
        >>> EngineOptions("gpu").check()
        Traceback (most recent call last):
        tinygrad_w2v._base.errors.InputError: engine must be 'auto', 'numpy', 'compiled' or \
'ray', not 'gpu'
        """
        if self.engine not in ENGINES:
            known = f"must be 'auto', 'numpy', 'compiled' or 'ray', not {self.engine!r}"
            raise InputError(known, setting="engine")
        workers: Any = self.workers
        if not isinstance(workers, Integral) or workers < 1:
            few = f"must be 1 or more, not {shown(workers)}: nobody would train"
            raise InputError(few, setting="workers")
        require_range("workers", workers, 1, MOST_WORKERS)
        if self.shards is not None:
            require_number("shards", self.shards, whole=True)
            require_range("shards", self.shards, 1, MOST_SHARDS)
            if self.engine == "numpy" or not (self.engine == "ray" or self.deterministic):
                either = (Setting("engine", "ray"), " or ", Setting("deterministic", True))
                need = ("are parts of a round that is merged: give ", *either, ", too")
                raise InputError(need, setting="shards")
        if self.ray_address is not None and self.engine != "ray":
            where = ("is where Ray computes: give ", Setting("engine", "ray"), ", too")
            raise InputError(where, setting="ray_address")

    def parts(self) -> int:
        """Return the number of shards of a round.

        Examples
        --------
        >>> EngineOptions("ray").parts(), EngineOptions("ray", shards=16).parts()
        (4, 16)
        """
        return SHARDS if self.shards is None else int(self.shards)

    def given(self) -> list[str]:
        """Return the names of what a call of Python asks for in any case.

        Examples
        --------
        >>> EngineOptions("auto", shards=16, deterministic=True).given()
        ['workers', 'deterministic', 'shards']
        """
        others = {"engine": self.engine != "auto", "shards": self.shards is not None}
        return ["workers", "deterministic", *(name for name in others if others[name])]

    def going_on(self, kept: Checkpoint | None, given: Collection[str]) -> EngineOptions:
        """Return these for a run that goes on: what is not given is as the run began.

        Examples
        --------
        >>> from tinygrad_w2v.training.history import RunState
        >>> about = {"engine": {"name": "compiled", "workers": 4, "deterministic": False}}
        >>> kept = Checkpoint("checkpoint-1.npz", RunState(), {}, about)
        >>> EngineOptions(workers=2).going_on(kept, given=["workers"])
        EngineOptions(engine='compiled', workers=2, deterministic=False, shards=None, \
ray_address=None, ids_folder=None)
        """
        begun = {} if kept is None else dict(kept.about.get("engine", {}))
        # Of one machine or of many: the bytes are the same.
        begun["engine"] = "ray" if self.engine == "ray" else begun.get("name")
        names = [name for name in self._fields if name not in given and begun.get(name) is not None]
        return self._replace(**{name: begun[name] for name in names})


class Engine(ABC):
    """What computes a training, over which batches.

    Attributes
    ----------
    name : {"numpy", "compiled", "ray"}
    why : str
        Why it was taken.
    fell_back : bool
        Whether it was taken because a faster one could not be.
    workers : int
        How many threads compute.
    reproducible : bool
        Whether the same seed gives the same bytes.
    about : dict
        What has to be the same for a run to go on from a checkpoint.
    compiled : Compiled or None
        The model's kernel, where there is one.
    """

    name: str
    why = "asked for"
    fell_back = False
    workers = 1
    reproducible = True
    about: Mapping[str, Any]
    compiled: Any = None

    @abstractmethod
    def batches(self, epoch: int) -> Iterable[tuple[Any, int]]:
        """Yield pairs of a batch and the units that it stands for, the same for an epoch."""

    @abstractmethod
    def step(self, batch: Any, lr: float) -> float:
        """Follow the gradient once; return the batch's loss from before, a sum."""

    def stream(self, handing: Handing) -> Done:
        """Run batches as they are handed out; yield each with its loss when it is done.

        In their order, unless several threads run them. When this ends, all are done.
        """
        return one_by_one(self.step)(handing)

    @abstractmethod
    def predictions(self, batch: Any) -> int:
        """Return how many predictions a batch's loss was a sum of."""

    @abstractmethod
    def units_used(self) -> int:
        """Return how many units were used so far; the others were left out, as by subsampling."""

    def losses_elsewhere(
        self, model: Any, source: Any, draws: int
    ) -> list[list[tuple[float, int]]] | None:
        """Let other machines, where there are any, look at what is held out.

        Returns
        -------
        list of lists or None
            Of P machines what `losses_of` gives for each of P parts.
        """
        return None

    def close(self) -> None:
        """Let the threads end, where there are any."""
        return

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
        >>> from tinygrad_w2v.training.engines.numpy import NumpyRun
        >>> from tinygrad_w2v.training.history import RunState
        >>> engine = NumpyRun(tw.CBOW(9, 4), None)
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
            if _asked(begun) == _asked(self.about):  # by a version that counted otherwise
                raise InputError(
                    (
                        f"{kept.path} is of a run with ",
                        _asked(begun),
                        " whose place was counted in other batches than it is now; ",
                        remedy,
                    )
                )
            raise InputError(
                (
                    f"{kept.path} is of a run with ",
                    _asked(begun),
                    ", whose place is counted in other batches than that of ",
                    _asked(self.about),
                    "; give those, or ",
                    remedy,
                )
            )


def _asked(about: Mapping[str, Any]) -> list[str | Setting]:
    """How an engine is asked for."""
    asked: list[str | Setting] = [Setting("engine", about.get("name"))]
    if about.get("deterministic"):
        asked += [" ", Setting("deterministic", True)]
        if about.get("shards") is not None:
            asked += [" ", Setting("shards", about["shards"])]
    elif about.get("workers") is not None:
        asked += [" ", Setting("workers", about["workers"])]
    return asked
