"""Training on a text in native code: windows are drawn and run, a stretch at a time, by threads.

A *round* is one stretch of the text for each thread, out of that thread's own share. Draws depend
on places alone, so a run can go on at any round, and one thread sees the windows in the text's own
order. With several threads nobody waits for anybody inside a round (Recht, Re, Wright, Niu 2011,
"Hogwild!"): rows that two threads write at once may lose an update, and bytes differ from run to
run.
"""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinygrad_w2v._base import hashing
from tinygrad_w2v._base.batch import Batch
from tinygrad_w2v._base.errors import CompileError, InputError, NonFiniteError
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.compiler.codegen.batch_layout import Packed
from tinygrad_w2v.compiler.compile import Compiled, compile
from tinygrad_w2v.nn import Module
from tinygrad_w2v.optim.optimizer import Optimizer
from tinygrad_w2v.sources.native_windows import native, ranges_of
from tinygrad_w2v.sources.windows import WindowSource
from tinygrad_w2v.training import merging
from tinygrad_w2v.training.hot_rows import HotRows

LARGEST_STRETCH, SMALLEST_STRETCH = 8192, 64
MOST_STRETCHES = 8  # of a thread in a round
LEAST_WORDS_FOR_COPIES = 200_000
ROUNDS_AN_EPOCH = 64  # at least so many, so that the rate falls evenly over a short text, too


@dataclass
class Round:
    """A stretch of the text for each thread.

    Attributes
    ----------
    epoch : int
    stretches : tuple of (int, int)
        First and last place in the text.
    predictions : int
        How many predictions its loss was a sum of, once it has been run.
    """

    epoch: int
    stretches: tuple[tuple[int, int], ...]
    predictions: int = 0


class CorpusRun:
    """A model compiled for the windows of a text.

    Parameters
    ----------
    model : Module
        ``loss(batch)`` is given one `Batch` without leading axes.
    source : WindowSource
        The text, and how windows are drawn of it.
    workers : int
        How many threads.
    optimizer : Optimizer, optional
        Plain gradient descent by default.
    dtype : dtype
        What is computed in.
    deterministic : bool
        The same bytes for any number of workers, by private rows that are merged in order
        (`merging`); slower than threads that do not wait for each other.

    Raises
    ------
    CompileError
        When the model cannot be compiled.
    MissingDependencyError
        Without numba.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> from tinygrad_w2v.text.corpus import build_corpus
    >>> vocabulary, corpus = build_corpus([["you", "say", "hello"]] * 50)
    >>> model = tw.CBOW(3, 4, negative=2)
    >>> run = CorpusRun(model, WindowSource(corpus, vocabulary.counts))
    >>> losses = [run.step(part, lr=0.05) for part, words in run.batches(epoch=0)]
    >>> len(losses), losses[-1] < losses[0]
    (3, True)
    """

    def __init__(
        self,
        model: Module,
        source: WindowSource,
        workers: int = 1,
        optimizer: Optimizer | None = None,
        dtype: Any = np.float32,
        deterministic: bool = False,
    ) -> None:
        if deterministic and optimizer is not None:
            raise InputError("a deterministic run takes plain gradient descent, no other optimizer")
        self.source, self.workers = source, workers
        settings = source.settings
        tree = source.tree
        # Rounded up, so that texts with ways of about the same length share a kernel.
        longest = -(-int(tree.lengths.max()) // 16) * 16 if tree is not None else 0
        own = 1 + settings.negative if settings.negative else 0
        self._targets = own + longest
        self._contexts = 2 * settings.window
        axes: dict[str, Any] = {
            "contexts": (("C", self._contexts),),
            "offsets": (("C", self._contexts),),
        }
        if tree is not None:
            axes |= {"targets": (("T", self._targets),), "labels": (("T", self._targets),)}
        self.compiled: Compiled = compile(model, self._example(), axes, optimizer, dtype)
        ranges, fields = ranges_of(source), self.compiled.fields
        self._ranges = {f.identifier: ranges[f.name] for f in fields if f.name in ranges}
        self._draw = native()["draw_windows"]
        self._text = (source.corpus.ids.view(np.ndarray), source.corpus.offsets.view(np.ndarray))
        self._negatives = source.negatives.packed()
        self._rooms = threading.local()
        self._pool = ThreadPoolExecutor(workers) if workers > 1 else None
        words = len(self._text[0])
        shares = merging.PARTS if deterministic else workers
        largest = merging.PART_WORDS if deterministic else LARGEST_STRETCH
        self.stretch = min(max(words // (ROUNDS_AN_EPOCH * shares), SMALLEST_STRETCH), largest)
        self._private: merging.PrivateTables | None = None
        if deterministic:
            program, tables = self.compiled.instructions, self.compiled.kernel.arrays()
            windows = len(self.new_room(self.stretch)["center"])
            self._private = merging.PrivateTables(program, tables, windows)
        # In a short text copies would be looked at too seldom to learn of each other.
        apart = workers > 1 and not deterministic and words >= LEAST_WORDS_FOR_COPIES
        self._hot = self._hot_rows() if apart else None

    def _hot_rows(self) -> HotRows | None:
        """The rows that nearly all windows read, by a few samples of the text; None without any."""
        words, size = len(self._text[0]), LARGEST_STRETCH // 4
        starts = [max(words - size, 0) * k // 7 for k in range(8)]
        samples = [self.draw(0, start, min(start + size, words))[0] for start in starts]
        arrays = self.compiled.kernel.arrays()
        learned = {
            name: parameter
            for name, array in arrays.items()
            for parameter in self.compiled.model.parameters()
            if parameter.data is array
        }
        return HotRows(self.compiled.instructions, learned, samples, self.workers) or None

    def _example(self) -> Batch:
        ids = np.arange(self._contexts) * 0
        labels = np.zeros(self._targets, np.float32)
        return Batch(np.array(0), ids, ids + 1, np.zeros(self._targets, np.int64), labels)

    def prepare(self) -> None:
        """Compile now what the first round would compile, so that a run begins at full speed.

        Raises
        ------
        CompileError
            When Numba cannot compile the kernel.
        """
        from numba.core.errors import NumbaError

        compiled = self.compiled
        room = self.new_room(0)
        packed, _ = self.draw(0, 0, 0, room)
        try:
            compiled.kernel.run(packed, compiled.kernel.arrays(), room["rates"], 1)
        except NumbaError as error:
            reason = str(error).strip().splitlines()[0]
            raise CompileError(f"Numba cannot compile the kernel: {reason}") from error

    def batches(self, epoch: int) -> Iterator[tuple[Round, int]]:
        """Yield the rounds of an epoch, each with the number of words that it reads."""
        words = len(self._text[0])
        if self._private is not None:
            yield from self._rounds_of_parts(epoch, words)
            return
        bounds = [words * worker // self.workers for worker in range(self.workers + 1)]
        longest = max(b - a for a, b in itertools.pairwise(bounds))
        # Threads wait for each other at the end of a round, so a round is several stretches.
        together = 1 if self.workers == 1 else max(longest // (ROUNDS_AN_EPOCH * self.stretch), 1)
        length = self.stretch * min(together, MOST_STRETCHES)
        for done in range(0, longest, length):
            stretches = [
                (start + done, min(start + done + length, stop))
                for start, stop in itertools.pairwise(bounds)
                if start + done < stop
            ]
            yield Round(epoch, tuple(stretches)), sum(stop - start for start, stop in stretches)

    def _rounds_of_parts(self, epoch: int, words: int) -> Iterator[tuple[Round, int]]:
        """Yield rounds of as many neighbouring stretches as there are parts."""
        whole = merging.PARTS * self.stretch
        for first in range(0, words, whole):
            last = min(first + whole, words)
            starts = range(first, last, self.stretch)
            parts = tuple((start, min(start + self.stretch, last)) for start in starts)
            yield Round(epoch, parts), last - first

    def step(self, part: Round, lr: float) -> float:
        """Run a round and return the sum of its losses.

        Raises
        ------
        NonFiniteError
            When the loss is NaN or infinite; the table that holds such numbers is named.
        """
        steps = self._counted_steps(part)
        if self._private is not None:
            found = self._merged(part, lr)
        elif self._pool is None:
            found = [self._stretch(part.epoch, *part.stretches[0], lr, steps)]
        else:
            jobs = [
                self._pool.submit(self._stretches, part.epoch, first, last, lr, steps, thread)
                for thread, (first, last) in enumerate(part.stretches)
            ]
            found = [each for job in jobs for each in job.result()]
        loss = math.fsum(loss for loss, _, _ in found)
        part.predictions = sum(predictions for _, predictions, _ in found)
        self.source.kept_words += sum(kept for _, _, kept in found)
        if not math.isfinite(loss):
            raise NonFiniteError(self._reason(loss))
        return loss

    def predictions(self, part: Round) -> int:
        """Return how many predictions the loss of a round was a sum of."""
        return part.predictions

    def _merged(self, part: Round, lr: float) -> list[tuple[float, int, int]]:
        """Run the parts of a round on private rows, and merge these."""
        assert self._private is not None
        private, tables = self._private, self.compiled.kernel.arrays()

        def work(number: int) -> tuple[float, int, int]:
            first, last = part.stretches[number]
            return self._stretch(part.epoch, first, last, lr, 1, number)

        parts = range(len(part.stretches))
        workers = range(self.workers)
        if self._pool is None:
            found = [work(number) for number in parts]
            private.merge(tables, len(parts), lr, 0, 1)
            return found
        found = list(self._pool.map(work, parts))
        jobs = [
            self._pool.submit(private.merge, tables, len(parts), lr, worker, self.workers)
            for worker in workers
        ]
        for job in jobs:
            job.result()
        return found

    def _counted_steps(self, part: Round) -> int:
        """The number of the optimizer's next step; a round counts as many as it has words."""
        optimizer = self.compiled.optimizer
        if optimizer is None:
            return 1
        before = optimizer.steps
        optimizer.steps += max(stop - start for start, stop in part.stretches)
        return before + 1

    def _stretches(
        self, epoch: int, first: int, last: int, lr: float, step: int, thread: int
    ) -> list[tuple[float, int, int]]:
        """Run a thread's part of a round, stretch by stretch."""
        starts = range(first, last, self.stretch)
        return [
            self._stretch(epoch, start, min(start + self.stretch, last), lr, step, thread)
            for start in starts
        ]

    def _stretch(
        self, epoch: int, first: int, last: int, lr: float, step: int, number: int = 0
    ) -> tuple[float, int, int]:
        """Draw the windows of a stretch and run them: loss, predictions, kept words.

        `number` is that of the part of a deterministic round, else of the thread.
        """
        room = self._room()
        packed, kept = self.draw(epoch, first, last, room)
        kernel = self.compiled.kernel
        tables = kernel.arrays()
        kernel.check_ids(packed, self._ranges)  # before ids become those of copies
        if self._private is not None:
            tables = self._private.open(number, packed, tables, self._slots(tables))
        if not packed.count:
            return 0.0, 0, kept
        rates = room["rates"]
        rates[: packed.count] = lr
        if self._hot is None:
            loss = kernel.run(packed, tables, rates, step)
        else:
            run = kernel.bound(packed, tables | self._hot.adopt(), rates, step)
            loss = self._hot.run(number, packed, lr, run)
        return loss, self.compiled.total_predictions(packed), kept

    def draw(
        self, epoch: int, first: int, last: int, room: dict[str, AnyArray] | None = None
    ) -> tuple[Packed, int]:
        """Return the windows around some words of the text, and how many words were kept.

        Parameters
        ----------
        epoch
            The number of the epoch; another epoch draws anew.
        first, last
            Places in the text.
        room
            Arrays to draw into, as `new_room` makes them.
        """
        room = self.new_room(last - first) if room is None else room
        settings, source = self.source.settings, self.source
        ids, offsets = self._text
        sentence = int(np.searchsorted(offsets, first, side="right")) - 1
        streams = (hashing.SUBSAMPLING, hashing.WINDOW_WIDTH, hashing.NEGATIVES)
        keys = np.concatenate([hashing.stream_key(settings.seed, epoch, s) for s in streams])
        tree = source.tree
        none = np.zeros(0, np.int64)
        ways = (
            (none, none.astype(np.int32), none.astype(np.float32)) if tree is None else tuple(tree)
        )
        count, kept = self._draw(
            *(ids, offsets, sentence, first, last),
            *(
                settings.window,
                settings.shrink_windows,
                settings.shared_negatives,
                settings.negative,
            ),
            *(source.keep, keys, self._negatives, *ways),
            *(room["kept_ids"], room["kept_positions"], room["center"], room["contexts"]),
            *(room["offsets"], room["targets"], room["labels"], room["C"], room["T"]),
        )
        arrays = {name: room[name] for name in Batch._fields}
        return Packed(arrays, {"C": room["C"], "T": room["T"]}, int(count)), int(kept)

    def new_room(self, words: int) -> dict[str, AnyArray]:
        """Return arrays for the windows around so many words."""
        settings = self.source.settings
        windows = words * (1 if settings.shared_negatives else self._contexts)
        labels = np.zeros((windows, self._targets), np.float32)
        if settings.negative:
            labels[:, 0] = 1
        return {
            "kept_ids": np.empty(words + 2 * settings.window + 1, np.int64),
            "kept_positions": np.empty(words + 2 * settings.window + 1, np.int64),
            "center": np.zeros(windows, np.int32),
            "contexts": np.zeros((windows, self._contexts), np.int32),
            "offsets": np.zeros((windows, self._contexts), np.int32),
            "targets": np.zeros((windows, self._targets), np.int32),
            "labels": labels,
            "C": np.zeros(windows, np.int64),
            "T": np.zeros(windows, np.int64),
            "rates": np.zeros(windows, np.float64),
        }

    def _room(self) -> dict[str, AnyArray]:
        """The arrays of this thread."""
        if not hasattr(self._rooms, "room"):
            self._rooms.room = self.new_room(self.stretch)
        room: dict[str, AnyArray] = self._rooms.room
        return room

    def _slots(self, tables: dict[str, AnyArray]) -> dict[str, AnyArray]:
        """What this thread numbers rows with."""
        assert self._private is not None
        if not hasattr(self._rooms, "slots"):
            self._rooms.slots = self._private.new_slots(tables)
        slots: dict[str, AnyArray] = self._rooms.slots
        return slots

    def _reason(self, loss: float) -> str:
        for name, parameter in self.compiled.model.named_parameters():
            if not np.isfinite(parameter.data).all():
                return f"the loss is {loss}, as {name} holds numbers that are not finite"
        return f"the loss is {loss}"

    def close(self) -> None:
        """Let the threads end."""
        if self._pool is not None:
            self._pool.shutdown()
