"""The compiled engine: examples are drawn and run in native code, a stretch at a time, by threads.

A *stretch* is some positions in a row of an epoch's part; each thread begins in a part of its own,
and takes the next stretch when it is done with one, so that nobody waits for a slow one. Draws
depend on positions alone, so a run can go on at any stretch, and one thread sees the examples in
order. Threads write the same tables without a lock (Recht, Re, Wright, Niu 2011, "Hogwild!"): rows
that two threads write at once may lose an update, and bytes differ from run to run.

A deterministic run waits: a *round* has a fixed number of *shards*, each a pure function of the
tables (`changed_rows`), which are merged in order.
"""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import CompileError, InputError, NonFiniteError
from tinygrad_w2v._base.types import AnyArray, IntArray
from tinygrad_w2v.compiler.codegen.batch_layout import Packed
from tinygrad_w2v.compiler.compile import Compiled, compile
from tinygrad_w2v.compiler.loops.schedule import Schedule
from tinygrad_w2v.nn import Module
from tinygrad_w2v.optim.optimizer import Optimizer
from tinygrad_w2v.sources.source import Source, units_at_once
from tinygrad_w2v.training.engines.changed_rows import Changed, Counts, changed_rows
from tinygrad_w2v.training.engines.engine import (
    LARGEST_STRETCH,
    SHARDS,
    Engine,
    rounds_of,
    shard_of,
    stretch_of,
)
from tinygrad_w2v.training.engines.threads import by_threads
from tinygrad_w2v.training.handing import Done, Handing
from tinygrad_w2v.training.hot_rows import HotRows
from tinygrad_w2v.training.rounds import Room, Shards

LEAST_UNITS_FOR_COPIES = 200_000


@dataclass
class Round:
    """A stretch of positions, or one for each shard of a deterministic run.

    Attributes
    ----------
    epoch, number : int
        Which of which epoch.
    stretches : tuple of (int, int)
        The first position, and the one after the last.
    predictions : int
        How many predictions its loss was a sum of, once it has been run.
    """

    epoch: int
    number: int
    stretches: tuple[tuple[int, int], ...]
    predictions: int = 0


class CompiledRun(Engine):
    """A model compiled for the examples of a source.

    Parameters
    ----------
    model : Module
        ``loss(example)`` is given one example, without leading axes.
    source : Source
        What is drawn.
    workers : int
        How many threads.
    optimizer : Optimizer, optional
        Plain gradient descent by default.
    dtype : dtype
        What is computed in.
    deterministic : bool
        The same bytes for any number of workers, by private rows that are merged in order; slower
        than threads that do not wait for each other.
    schedule : Schedule, optional
        Which optional steps make the kernel.
    shards : int
        How many a round of a deterministic run has.

    Raises
    ------
    CompileError
        When the model cannot be compiled.
    MissingDependencyError
        Without numba.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> from tinygrad_w2v.sources import WindowSource
    >>> from tinygrad_w2v.text.corpus import build_corpus
    >>> vocabulary, corpus = build_corpus([["you", "say", "hello"]] * 50)
    >>> model = tw.CBOW(3, 4, negative=2)
    >>> run = CompiledRun(model, WindowSource(corpus, vocabulary.counts))
    >>> losses = [run.step(part, lr=0.05) for part, units in run.batches(epoch=0)]
    >>> len(losses), losses[-1] < losses[0]
    (3, True)
    """

    name = "compiled"

    def __init__(
        self,
        model: Module,
        source: Source,
        workers: int = 1,
        optimizer: Optimizer | None = None,
        dtype: Any = np.float32,
        deterministic: bool = False,
        schedule: Schedule | None = None,
        shards: int = SHARDS,
    ) -> None:
        if deterministic and optimizer is not None:
            raise InputError("a deterministic run takes plain gradient descent, no other optimizer")
        self.source, self.workers, self._used, self.parts = source, workers, 0, shards
        self.compiled: Compiled = compile(
            model, source.example(), source.axes(), optimizer, dtype, schedule=schedule
        )
        # Only what the kernel reads is asked of the source, which may make the rest when asked.
        read = {step.name for step in self.compiled.instructions.of_op("input")}
        fields = [field for field in self.compiled.fields if field.identifier in read]
        self._identifiers = {field.name: field.identifier for field in fields}
        ranges = source.ranges()
        self._ranges = {
            self._identifiers[name]: ranges[name] for name in self._identifiers if name in ranges
        }
        self._memory, self._lock = threading.local(), threading.Lock()
        self._pool = ThreadPoolExecutor(workers) if workers > 1 else None
        self.shard = shard_of(source.units, source.per_unit, shards)
        stretch = self.shard if deterministic else stretch_of(source.units, workers)
        stretch = min(stretch, LARGEST_STRETCH)
        self.stretch = units_at_once(source.example(), source.per_unit, stretch)
        self.reproducible = deterministic or workers == 1
        self.about = {
            "name": "compiled",
            "workers": None if deterministic else workers,
            "deterministic": deterministic,
            "stretch": self.shard if deterministic else self.stretch,
        }
        if not self.reproducible:
            self.about["place"] = "stretches"  # it was rounds of them once
        if deterministic:
            self.about["place"] = f"rounds of {shards} shards"  # it was stretches of them once
            if shards > SHARDS:
                self.about["place"] += " that grow"  # they did so in the first epoch alone
            if shards != SHARDS:
                self.about["shards"] = shards
        self.shards: Shards | None = None
        if deterministic:
            program, tables = self.compiled.instructions, self.compiled.kernel.arrays()
            self.shards = Shards(program, tables, self.shard * source.per_unit, shards)
            self._rooms: list[Room] = []
        # In a short epoch copies would be looked at too seldom to learn of each other.
        apart = workers > 1 and not deterministic and source.units >= LEAST_UNITS_FOR_COPIES
        self._hot = self._hot_rows() if apart and self.compiled.kernel.runs_in_turns else None
        self.compiled.kernel.pad_tables()  # those that have not been made longer

    def _hot_rows(self) -> HotRows | None:
        """The rows that nearly all examples read, by a few samples; None without any."""
        units, size = self.source.units, LARGEST_STRETCH // 4
        starts = [max(units - size, 0) * k // 7 for k in range(8)]
        samples = [self.draw(0, start, min(start + size, units))[0] for start in starts]
        kernel, program = self.compiled.kernel, self.compiled.instructions
        learned, padded = kernel.traced.parameters, kernel.padded
        return HotRows(program, learned, samples, self.workers, padded) or None

    def prepare(self) -> None:
        """Compile now what the first round would compile, so that a run begins at full speed.

        Raises
        ------
        CompileError
            When Numba cannot compile the kernel.
        """
        from numba.core.errors import NumbaError

        packed, _ = self.draw(0, 0, 0)
        try:
            self._run(packed, np.zeros(1), 1)
        except NumbaError as error:
            reason = str(error).strip().splitlines()[0]
            raise CompileError(f"Numba cannot compile the kernel: {reason}") from error

    def batches(self, epoch: int) -> Iterator[tuple[Round, int]]:
        """Yield the stretches of an epoch, or its rounds, with the number of units of each.

        Stretch i of several threads is of part i % workers, so that they read places far apart.
        """
        units, workers, length = self.source.units, self.workers, self.stretch
        if self.shards is not None:
            for number, shards in enumerate(self.rounds(epoch)):
                yield Round(epoch, number, shards), sum(stop - first for first, stop in shards)
            return
        ends = [units * worker // workers for worker in range(workers + 1)]
        parts = [range(first, stop, length) for first, stop in itertools.pairwise(ends)]
        numbers = itertools.count()
        for starts in itertools.zip_longest(*parts):
            for start, end in zip(starts, ends[1:], strict=True):
                if start is not None:
                    stop = min(start + length, end)
                    yield Round(epoch, next(numbers), ((start, stop),)), stop - start

    def rounds(self, epoch: int) -> Sequence[tuple[tuple[int, int], ...]]:
        """Return the shards of each round of a deterministic run."""
        return rounds_of(self.source.units, self.shard, epoch, self.parts)

    def step(self, part: Round, lr: float) -> float:
        """Run a stretch, or a round, and return the sum of its losses.

        Raises
        ------
        NonFiniteError
            When the loss is NaN or infinite; the table that holds such numbers is named.
        """
        if self.shards is not None:
            counts = self._merged(part, lr)
        else:
            step = self._counted_steps(part)
            counts = [self._stretch(part.epoch, *each, lr, step) for each in part.stretches]
        loss = math.fsum(each.loss for each in counts)
        part.predictions = sum(each.predictions for each in counts)
        with self._lock:
            self._used += sum(each.used for each in counts)
        if not math.isfinite(loss):
            raise NonFiniteError(self._reason(loss))
        return loss

    def stream(self, handing: Handing) -> Done:
        """Run stretches as they are handed out; yield each with its loss when it is done."""
        self.compiled.kernel.pad_tables()  # those that were replaced, while no thread writes
        if self._pool is None or self.shards is not None:
            yield from super().stream(handing)
            return
        if self._hot is not None:
            self._hot.adopt()  # not in one thread while another writes

        def run(thread: int, part: Round, lr: float) -> float:
            self._memory.thread = thread
            return self.step(part, lr)

        yield from by_threads(self._pool, self.workers, handing, run)

    def predictions(self, part: Round) -> int:
        """Return how many predictions the loss of a round was a sum of."""
        return part.predictions

    def units_used(self) -> int:
        """Return how many units were used so far."""
        return self._used

    def _merged(self, part: Round, lr: float) -> list[Counts]:
        """Run the shards of a round, and merge what they come to."""
        assert self.shards is not None
        tables = self.compiled.kernel.arrays()
        if not self._rooms:
            self._rooms = [self.shards.new_room() for _ in range(self.parts)]

        def work(shard: int) -> Changed:
            return changed_rows(
                self, tables, part.epoch, part.number, shard, lr, self._rooms[shard]
            )

        run = map if self._pool is None else self._pool.map
        changed = list(run(work, range(len(part.stretches))))
        self.shards.merge(tables, [each.rows for each in changed], lr, self.workers, run)
        return [each.counts for each in changed]

    def _counted_steps(self, part: Round) -> int:
        """The number of the optimizer's next step.

        Steps are counted in units, over all threads: the first one of a stretch comes after those
        of all stretches that were begun before it, done or not, so no number is given twice.
        """
        optimizer = self.compiled.optimizer
        if optimizer is None:
            return 1
        self.compiled.check_settings()
        with self._lock:
            before = optimizer.steps
            optimizer.steps += sum(stop - start for start, stop in part.stretches)
        return before + 1

    def _stretch(self, epoch: int, first: int, last: int, lr: float, step: int) -> Counts:
        """Draw the examples of a stretch and run them."""
        packed, used = self.draw_checked(epoch, first, last)
        if not packed.count:
            return Counts(0.0, 0, used)
        loss = self._run(packed, self.rates(packed, lr), step)
        return Counts(loss, self.compiled.total_predictions(packed), used)

    def _run(self, packed: Packed, rates: AnyArray, step: int) -> float:
        """Run examples with the rows that this thread has to itself, if it has any."""
        kernel, hot = self.compiled.kernel, self._hot
        if hot is None:
            return kernel.run(packed, kernel.arrays(), rates, step)
        # Of this thread alone: that it waits for a core says nothing of copies.
        copies, began = hot.trial.begin(), time.thread_time()
        packed, private = hot.private_of(self._own("thread", int), packed, copies)
        tables = kernel.arrays() | hot.adopt()
        loss = kernel.run_in_turns(packed, tables, rates, step, hot.turn, private)
        if packed.count:
            hot.trial.end(copies, (time.thread_time() - began) / packed.count)
        return loss

    def draw(self, epoch: int, first: int, last: int, room: Any = None) -> tuple[Packed, int]:
        """Return the examples of some units as the kernel takes them, and how many were used."""
        drawn = self.source.draw(epoch, first, last, room)
        arrays = {identifier: drawn.arrays[name] for name, identifier in self._identifiers.items()}
        return Packed(arrays, drawn.sizes, drawn.count), drawn.used

    def draw_checked(self, epoch: int, first: int, last: int) -> tuple[Packed, int]:
        """Return examples in this thread's own memory, with ids that are rows of their tables."""
        packed, used = self.draw(epoch, first, last, self._own("room", self._new_room))
        self.compiled.kernel.check_ids(packed, self._ranges)  # before they become those of copies
        return packed, used

    def rates(self, packed: Packed, lr: float) -> AnyArray:
        """Return the learning rate of each example."""
        rates: AnyArray = self._own("rates", self._new_rates)
        rates[: packed.count] = lr
        return rates

    def slots(self) -> Sequence[IntArray]:
        """Return what this thread numbers rows with."""
        assert self.shards is not None
        slots: Sequence[IntArray] = self._own("slots", self.shards.new_slots)
        return slots

    def draws_into_room(self) -> bool:
        """Whether this thread's examples stand in memory of its own, not in the source's."""
        return self._own("room", self._new_room) is not None

    def _new_room(self) -> Any:
        return self.source.new_room(self.stretch)

    def _new_rates(self) -> AnyArray:
        return np.zeros(self.stretch * self.source.per_unit)

    def _own(self, name: str, make: Callable[[], Any]) -> Any:
        """Memory of a kind that the calling thread has to itself."""
        if not hasattr(self._memory, name):
            setattr(self._memory, name, make())
        return getattr(self._memory, name)

    def _reason(self, loss: float) -> str:
        for name, parameter in self.compiled.model.named_parameters():
            if not np.isfinite(parameter.data).all():
                return f"the loss is {loss}, as {name} holds numbers that are not finite"
        return f"the loss is {loss}"

    def close(self) -> None:
        """Let the threads end."""
        if self._pool is not None:
            self._pool.shutdown()
