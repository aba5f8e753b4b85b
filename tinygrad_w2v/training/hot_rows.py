"""The most read rows of shared tables: each thread works on copies, exchanged after every turn.

Two threads that write the same row keep taking its memory from each other, which costs far more
than the arithmetic: the vector of *the*, or the root of a Huffman tree, is written for nearly every
example (Vuurens, Eickhoff, de Vries 2016, "Efficient parallel learning of word2vec"). Vocabularies
are in the order of frequency, and inner nodes in that of their merging, so the rows that are read
most lie side by side: a thread's ids of this *range* become those of its copies, which lie behind
the table, by one addition.

Whether that pays is a matter of the machine: cores that share a cache hardly wait for each other,
and then the exchange is lost time. So a run tries both ways (`Trial`).
"""

from __future__ import annotations

import statistics
import threading
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.cache_lines import in_lines, new_storage, put, room_behind
from tinygrad_w2v._base.types import AnyArray, IntArray
from tinygrad_w2v.compiler.codegen import kernel_cache
from tinygrad_w2v.compiler.codegen.batch_layout import Packed
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.ir.sizes import SymbolicSize, size_of
from tinygrad_w2v.compiler.kernel import Private
from tinygrad_w2v.training.rows_by_ids import Group, plan_of

# Examples that all threads together run before they learn of each other's changes: of sixteen
# threads that are merged after 1,024 each the loss diverges, after 64 each it is as of one.
STALE = 1024
MOST_ROWS = 128  # of a range: more are read too seldom to pay for their exchange
OFTEN = 2.0  # reads of a row in a turn that pay for its exchange
TRIED = 8  # stretches of each thread, each way
WORSE = 1.1  # than the other way was: time to go back to it


def redirect(ids, first, last, to, redirected):  # type: ignore[no-untyped-def]  # Numba types it
    """Copy ids, those of a range as places of its copies, which begin at `to`."""
    for example in range(ids.shape[0]):
        for k in range(ids.shape[1]):
            row = ids[example, k]
            redirected[example, k] = row - first + to if first <= row < last else row


@cache
def _native() -> Any:
    return kernel_cache.jitted([redirect])["redirect"]


class Trial:
    """Whether copies pay, by the time of the last stretches that were run each way.

    A run's first stretches go without copies, some more with them. The faster way is kept for as
    long as it is: how much threads are in each other's way depends on where in the text each of
    them is, so a first impression may be wrong.

    Parameters
    ----------
    threads : int
        How many run stretches at a time: all of them should be tried one way together.

    Examples
    --------
    >>> trial = Trial(threads=1)
    >>> for _ in range(20):
    ...     copies = trial.begin()
    ...     trial.end(copies, seconds=2.0 if copies else 3.0)
    >>> trial.pays, trial.begin()
    (True, True)
    """

    def __init__(self, threads: int) -> None:
        self._tried = TRIED * threads
        self._without = self._tried + threads  # a thread's first touches memory for the first time
        self._begun = self._since = 0
        self._seconds = {way: deque[float](maxlen=self._tried) for way in (False, True)}
        self._lock = threading.Lock()
        self.pays: bool | None = None

    def begin(self) -> bool:
        """Return whether the next stretch is to be run with copies."""
        with self._lock:
            self._begun += 1
            return self._begun > self._without if self.pays is None else self.pays

    def end(self, copies: bool, seconds: float) -> None:
        """Note the time of an example, of a stretch that was run."""
        with self._lock:
            self._seconds[copies].append(seconds)
            if self.pays is None:
                decided = all(len(seen) == self._tried for seen in self._seconds.values())
                self.pays = self._median(True) < self._median(False) if decided else None
                return
            self._since += copies == self.pays
            if self._since == self._tried:
                self._since = 0
                if self._median(self.pays) > WORSE * self._median(not self.pays):
                    self.pays = not self.pays

    def _median(self, way: bool) -> float:
        return statistics.median(self._seconds[way])


class _Range(NamedTuple):
    """The hot rows of a group: those from one number to another."""

    group: Group
    first: int
    last: int


class HotRows:
    """Copies of the most read rows, for each of some threads that share tables.

    Parameters
    ----------
    program : Program
    parameters : dict
        The Parameter of each table; its data become a view of a table with room for the copies.
    samples : list of Packed
        Examples that show which rows are read most.
    threads : int
    padded : list of Parameter
        Those whose rows are to be whole cache lines.

    Attributes
    ----------
    turn : int
        How many examples a thread runs before its copies are exchanged.
    trial : Trial
    """

    def __init__(
        self,
        program: Program,
        parameters: Mapping[str, Any],
        samples: Sequence[Packed],
        threads: int,
        padded: Sequence[Any] = (),
    ) -> None:
        self._padded = padded
        self.turn, self.trial = max(STALE // threads, 1), Trial(threads)
        self._threads, self._parameters = threads, parameters
        self._lengths = {s.name: s.shape[0] for s in program.of_op("input") if len(s.shape) == 1}
        self._ranges: list[_Range] = []
        self._extended: dict[str, AnyArray] = {}
        self._private: list[dict[str, Private]] = [{} for _ in range(threads)]
        self._rooms: list[dict[str, IntArray]] = [{} for _ in range(threads)]
        for group in plan_of(program).groups:
            flat = all(field in self._lengths for field in group.inputs)
            if flat and all(self._is_written(name) for name in group.tables):
                size = len(parameters[group.tables[0]].data)
                first, last = most_read(self._reads(group.inputs, samples, size))
                if first < last:
                    self._ranges.append(_Range(group, first, last))
                    for name in group.tables:
                        self._extend(name, first, last)
        self.adopt()

    def __bool__(self) -> bool:
        """Whether any row is hot."""
        return bool(self._ranges)

    def _is_written(self, name: str) -> bool:
        """What nobody writes is in no thread's way; a mask of frozen rows has no room for more."""
        return name in self._parameters and self._parameters[name].data.flags.writeable

    def _reads(self, inputs: Iterable[str], samples: Sequence[Packed], size: int) -> AnyArray:
        """How often each row is read in a turn."""
        reads = np.zeros(size, np.int64)
        for sample in samples:
            for field in inputs:
                lengths = self._lengths_of(field, sample)[: sample.count, None]
                ids = sample.arrays[field][: sample.count]
                reads += np.bincount(ids[np.arange(ids.shape[1]) < lengths], minlength=size)
        return reads * (self.turn / max(sum(sample.count for sample in samples), 1))

    def _lengths_of(self, field: str, packed: Packed) -> IntArray:
        """How many ids each example has."""
        n = self._lengths[field]
        if isinstance(n, SymbolicSize):
            lengths: IntArray = packed.sizes[size_of(n).name]
            return lengths
        return np.full(packed.count, n, np.int64)

    def _extend(self, name: str, first: int, last: int) -> None:
        """Make room behind a table for copies of some rows for each thread."""
        parameter = self._parameters[name]
        data = parameter.data
        size, n = len(data), last - first
        shape = (size + self._threads * n, *data.shape[1:])
        if (room := room_behind(data, shape[0])) is not None:
            extended = room
        elif any(parameter is each for each in self._padded):
            extended = new_storage(in_lines(shape, data.dtype.itemsize), data.dtype)
        else:
            extended = np.empty(shape, data.dtype)
        self._extended[name] = extended
        rows = extended.reshape(len(extended), -1)
        for thread, private in enumerate(self._private):
            start = size + thread * n
            copies = rows[start : start + n]
            private[name] = (rows[first:last], copies, np.empty_like(copies))

    def adopt(self) -> dict[str, AnyArray]:
        """Return the extended tables; parameters whose data were replaced are taken in anew."""
        for name, extended in self._extended.items():
            parameter = self._parameters[name]
            if parameter.data.base is not extended:
                parameter.data = put(parameter.data, extended)
        return self._extended

    def private_of(
        self, thread: int, packed: Packed, copies: bool
    ) -> tuple[Packed, dict[str, Private]]:
        """Return examples whose ids are those of a thread's copies, and its private rows.

        Without `copies` there are none, and the examples are as they were.
        """
        if not copies:
            none = self._private[thread].items()
            return packed, {name: (a[:0], b[:0], c[:0]) for name, (a, b, c) in none}
        arrays = dict(packed.arrays)
        for group, first, last in self._ranges:
            size = len(self._parameters[group.tables[0]].data)
            for field in group.inputs:
                # The source may have handed out what it holds, so ids are not changed in place.
                ids = arrays[field][: packed.count]
                room = self._rooms[thread].get(field)
                if room is None or room.dtype != ids.dtype or len(room) < len(ids):
                    room = self._rooms[thread][field] = np.empty_like(ids)
                arrays[field] = room[: len(ids)]
                _native()(ids, first, last, size + thread * (last - first), arrays[field])
        return replace(packed, arrays=arrays), self._private[thread]


def most_read(reads: AnyArray) -> tuple[int, int]:
    """Return the range of the rows that are read often, at most `MOST_ROWS`; (0, 0) without any.

    Examples
    --------
    >>> most_read(np.array([0.1, 9.0, 5.0, 1.0, 2.0, 0.0]))
    (1, 5)
    >>> most_read(np.array([0.1, 0.2]))
    (0, 0)
    """
    length = min(MOST_ROWS, len(reads))
    often = np.where(reads >= OFTEN, reads, 0)
    sums = np.concatenate([[0], np.cumsum(often)])
    first = int(np.argmax(sums[length:] - sums[:-length])) if length else 0
    (hot,) = np.nonzero(often[first : first + length])
    return (first + int(hot[0]), first + int(hot[-1]) + 1) if len(hot) else (0, 0)
