"""Rows that every window reads are private to a thread for a while.

Two threads that write the same row keep taking its memory from each other, which costs far more
than the arithmetic: the root of a Huffman tree, or the vector of *the*, is written in nearly every
window (Vuurens, Eickhoff, de Vries 2016, "Efficient parallel learning of word2vec"). So each
thread has a copy of the few most read rows behind the table's own. Ids are redirected to the
copies for some windows, the kernel runs as always, and then what changed is added to the table.

Threads move a row from the same place meanwhile. Their changes are added whole where they are
small; of rows that are read again and again each counts for its share.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.compiler.codegen import kernel_cache
from tinygrad_w2v.compiler.codegen.batch_layout import Packed
from tinygrad_w2v.compiler.ir.instructions import Program
from tinygrad_w2v.compiler.ir.sizes import SymbolicSize, size_of
from tinygrad_w2v.training.merging import MOST_READ, plan_of

MOST_ROWS = 64  # copies for each thread and table
AT_A_TIME = 1024  # windows between two looks at the table
OFTEN = 0.05  # a row is hot when it is read in this share of the windows

# ---------------------------------------------------------------------- in native code


def redirect(
    ids: Any, lengths: Any, first: Any, last: Any, slots: Any, start: Any, reads: Any
) -> Any:
    """Let ids of hot rows be those of the copies, which begin at row `start`; count them."""
    for window in range(first, last):
        for k in range(lengths[window]):
            slot = slots[ids[window, k]]
            if slot >= 0:
                ids[window, k] = start + slot
                reads[slot] += 1


def fetch(table: Any, rows: Any, start: Any, reads: Any, before: Any) -> Any:
    """Copy the hot rows that will be read."""
    for slot in range(len(rows)):
        if reads[slot] > 0:
            for d in range(table.shape[1]):
                value = table[rows[slot], d]
                table[start + slot, d] = value
                before[slot, d] = value


def publish(
    table: Any, rows: Any, start: Any, reads: Any, before: Any, most: Any, threads: Any
) -> Any:
    """Add what changed in the copies to the rows, and forget how often they were read."""
    for slot in range(len(rows)):
        if reads[slot] > 0:
            weight = min(1.0, max(most / (threads * reads[slot]), 1.0 / threads))
            share = before.dtype.type(weight)
            for d in range(table.shape[1]):
                table[rows[slot], d] += share * (table[start + slot, d] - before[slot, d])
            reads[slot] = 0


@cache
def native() -> kernel_cache.Loaded:
    """Return these functions compiled."""
    functions: list[Callable[..., Any]] = [redirect, fetch, publish]
    text = kernel_cache.source_of("Private copies of the most read rows", functions, ())
    return kernel_cache.load(text)


# ---------------------------------------------------------------------- for one run
class Hot(NamedTuple):
    """The hot rows of one table.

    Attributes
    ----------
    inputs : tuple of str
        The fields that hold ids of this table.
    rows : AnyArray
        The hot rows.
    slots : AnyArray
        For each row of the table, copies included, its number among the hot ones, or -1.
    extended : AnyArray
        The table, and behind it the copies of all threads.
    """

    inputs: tuple[str, ...]
    rows: AnyArray
    slots: AnyArray
    extended: AnyArray


class HotRows:
    """Private copies of the most read rows, for threads that share tables.

    Parameters
    ----------
    program : Program
    parameters : dict
        The Parameter of each table; its data become a view of the extended table.
    samples : list of Packed
        Windows that show which rows are read most.
    threads : int
    """

    def __init__(
        self,
        program: Program,
        parameters: Mapping[str, Any],
        samples: Sequence[Packed],
        threads: int,
    ) -> None:
        self._native = native()
        self._threads = threads
        self._parameters = parameters
        self._lengths = {s.name: s.shape[0] for s in program.of_op("input") if len(s.shape) == 1}
        self._hot: dict[str, Hot] = {}
        for name, inputs in plan_of(program).by_rows.items():
            if name not in parameters:
                continue
            table = parameters[name].data
            rows = self._most_read(inputs, samples, len(table))
            if not len(rows):
                continue
            extended = np.empty((len(table) + threads * len(rows), *table.shape[1:]), table.dtype)
            slots = np.full(len(extended), -1, np.int64)
            slots[rows] = np.arange(len(rows))
            self._hot[name] = Hot(inputs, rows, slots, extended)
        self.adopt()
        self._reads = [
            {name: np.zeros(len(hot.rows), np.int64) for name, hot in self._hot.items()}
            for _ in range(threads)
        ]
        self._before = [
            {
                name: np.empty((len(hot.rows), hot.extended.shape[1]), hot.extended.dtype)
                for name, hot in self._hot.items()
            }
            for _ in range(threads)
        ]

    def adopt(self) -> dict[str, AnyArray]:
        """Return the extended tables; parameters whose data were replaced are taken in anew."""
        for name, hot in self._hot.items():
            parameter = self._parameters[name]
            if parameter.data.base is not hot.extended:
                size = len(parameter.data)
                hot.extended[:size] = parameter.data
                parameter.data = hot.extended[:size]
        return {name: hot.extended for name, hot in self._hot.items()}

    def _most_read(self, inputs: tuple[str, ...], samples: Sequence[Packed], size: int) -> AnyArray:
        """The rows that most of the ids are of."""
        reads = np.zeros(size, np.int64)
        for sample in samples:
            for field in inputs:
                lengths = self._lengths_of(field, sample)[: sample.count, None]
                ids = sample.arrays[field][: sample.count]
                reads += np.bincount(ids[np.arange(ids.shape[1]) < lengths], minlength=size)
        often = np.argsort(-reads, kind="stable")[:MOST_ROWS]
        return often[reads[often] >= OFTEN * sum(sample.count for sample in samples)]

    def __bool__(self) -> bool:
        """Whether any row is hot."""
        return bool(self._hot)

    def _lengths_of(self, field: str, packed: Packed) -> AnyArray:
        n = self._lengths[field]
        if isinstance(n, SymbolicSize):
            lengths: AnyArray = packed.sizes[size_of(n).name]
            return lengths
        return np.full(packed.count, n, np.int64)

    def run(
        self, thread: int, packed: Packed, lr: float, kernel: Callable[[int, int], float]
    ) -> float:
        """Run windows in short rows, with this thread's copies in place of the hot rows.

        Parameters
        ----------
        thread
            The number of this thread.
        packed
            The windows; their ids are changed.
        lr
            The learning rate of all these windows.
        kernel
            ``kernel(first, last)`` runs some windows and returns the sum of their losses.
        """
        reads, before = self._reads[thread], self._before[thread]
        lengths = {f: self._lengths_of(f, packed) for hot in self._hot.values() for f in hot.inputs}
        most = MOST_READ / lr if lr > 0 else math.inf
        loss = 0.0
        for first in range(0, packed.count, AT_A_TIME):
            last = min(first + AT_A_TIME, packed.count)
            for name, hot in self._hot.items():
                start = len(hot.extended) - (self._threads - thread) * len(hot.rows)
                for field in hot.inputs:
                    self._native["redirect"](
                        *(packed.arrays[field], lengths[field], first, last),
                        *(hot.slots, start, reads[name]),
                    )
                self._native["fetch"](hot.extended, hot.rows, start, reads[name], before[name])
            loss += kernel(first, last)
            for name, hot in self._hot.items():
                start = len(hot.extended) - (self._threads - thread) * len(hot.rows)
                self._native["publish"](
                    *(hot.extended, hot.rows, start, reads[name], before[name]),
                    *(most, self._threads),
                )
        return loss
