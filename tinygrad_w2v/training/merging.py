"""Threads whose bytes are the same for any number of them: private rows, merged in order.

A round is cut into a fixed number of parts. Each part copies the rows that its windows read, runs
the kernel on the copies, and notes what changed. When all parts are done the changes are added to
the tables, part after part. Which thread did which part makes no difference.

A row that many windows of the round read moves once for each of them from the same place, and all
together they would overshoot. As in batches, its change is held to what `MOST_READ` reads at this
learning rate are; but never to less than the mean of the parts' changes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import EngineWarning
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v._base.warning import warn_user
from tinygrad_w2v.compiler.codegen import kernel_cache
from tinygrad_w2v.compiler.ir.instructions import Program
from tinygrad_w2v.compiler.ir.sizes import SymbolicSize, size_of

PARTS, PART_WORDS = 8, 512
LARGE = 2**20  # bytes of a table whose copies take longer than the windows between them
MOST_READ = 1.0  # reads of one row in a round, in inverse learning rates

# ---------------------------------------------------------------------- in native code


def localize(
    ids: Any, lengths: Any, count: Any, slots: Any, rows: Any, reads: Any, known: Any
) -> Any:
    """Number the rows that windows read, and write these numbers in place of the ids.

    Parameters
    ----------
    ids, lengths, count
        The ids ``(windows, longest)``, how many of them count in each window, and how many
        windows there are. They are changed.
    slots
        For each row of the table its number here, or -1.
    rows, reads, known
        The rows by their numbers, how often each is read, and how many there are so far.

    Returns
    -------
    int
        How many rows there are now.
    """
    for window in range(count):
        for k in range(lengths[window]):
            row = ids[window, k]
            slot = slots[row]
            if slot < 0:
                slot = known
                slots[row] = slot
                rows[slot] = row
                reads[slot] = 0
                known += 1
            reads[slot] += 1
            ids[window, k] = slot
    return known


def copy_rows(table: Any, rows: Any, known: Any, copies: Any, before: Any) -> Any:
    """Copy rows of a table twice: to work on, and to compare with."""
    for slot in range(known):
        row = rows[slot]
        for d in range(table.shape[1]):
            copies[slot, d] = table[row, d]
            before[slot, d] = table[row, d]


def release(slots: Any, rows: Any, known: Any) -> Any:
    """Forget the numbers of rows."""
    for slot in range(known):
        slots[rows[slot]] = -1


def merge(
    table: Any,
    rows: Any,
    reads: Any,
    known: Any,
    copies: Any,
    before: Any,
    total: Any,
    touched: Any,
    most: Any,
    worker: Any,
    workers: Any,
) -> Any:
    """Add what the parts changed, part after part; this worker's rows only.

    Parameters
    ----------
    table
        Is changed.
    rows, reads, known, copies, before
        Of each part, one behind the other.
    total, touched
        Room for a number for each row of the table, all 0; left so.
    most
        How many reads of a row count whole.
    worker, workers
        A row is merged by the worker of its number.
    """
    for part in range(len(known)):
        for slot in range(known[part]):
            row = rows[part, slot]
            if row % workers == worker:
                total[row] += reads[part, slot]
                touched[row] += 1
    for part in range(len(known)):
        for slot in range(known[part]):
            row = rows[part, slot]
            if row % workers != worker:
                continue
            weight = min(1.0, max(most / total[row], 1.0 / touched[row]))
            share = copies.dtype.type(weight)
            for d in range(table.shape[1]):
                table[row, d] += share * (copies[part, slot, d] - before[part, slot, d])
    for part in range(len(known)):
        for slot in range(known[part]):
            row = rows[part, slot]
            if row % workers == worker:
                total[row] = 0
                touched[row] = 0


@cache
def native() -> kernel_cache.Loaded:
    """Return these functions compiled."""
    functions: list[Any] = [localize, copy_rows, release, merge]
    text = kernel_cache.source_of("Private rows, and their merging", functions, ())
    return kernel_cache.load(text)


# ---------------------------------------------------------------------- which rows are private
class Plan(NamedTuple):
    """How a program's tables are copied.

    Attributes
    ----------
    by_rows : dict
        A table to the inputs that hold its ids, where nothing else reads or writes it.
    whole : tuple of str
        The other tables: copied as they are.
    """

    by_rows: Mapping[str, tuple[str, ...]]
    whole: tuple[str, ...]


def plan_of(program: Program) -> Plan:
    """Return which tables are read at ids of the window alone, by rows that can be copied."""
    readers = program.readers()
    inputs_of: dict[str, set[str]] = {}
    whole: set[str] = set()
    for table in program.of_op("parameter"):
        inputs_of[table.name] = set()
        for reader in readers[table.name]:
            by_ids = reader.op in ("take", "add_rows") and reader.inputs[0] == table.name
            ids = program[reader.inputs[1]] if by_ids else None
            direct = ids is not None and ids.op == "input" and len(ids.shape) == 1
            if not direct or len(table.shape) != 2 or reader.parameters.get("axis", 0) != 0:
                whole.add(table.name)
            else:
                assert ids is not None
                inputs_of[table.name].add(ids.name)
    for step in program.of_op("input"):
        # Ids that stand for rows of one table only, and are nothing but ids, can be renumbered.
        uses = readers[step.name]
        tables = {use.inputs[0] for use in uses if use.op in ("take", "add_rows")}
        if len(tables) > 1 or any(use.op not in ("take", "add_rows") for use in uses):
            whole |= tables
    by_rows = {
        n: tuple(sorted(found)) for n, found in inputs_of.items() if n not in whole and found
    }
    return Plan(by_rows, tuple(n for n in inputs_of if n not in by_rows))


class PrivateTables:
    """The copies of one round, for all its parts.

    Parameters
    ----------
    program : Program
    tables : dict of arrays
        As they are; their shapes and dtypes are taken over.
    windows : int
        The most windows in a part.
    """

    def __init__(self, program: Program, tables: Mapping[str, AnyArray], windows: int) -> None:
        self.plan = plan_of(program)
        self._native = native()
        self._lengths = {
            step.name: step.shape[0] for step in program.of_op("input") if len(step.shape) == 1
        }
        self._copies: dict[str, AnyArray] = {}
        self._before: dict[str, AnyArray] = {}
        self._rows: dict[str, AnyArray] = {}
        self._reads: dict[str, AnyArray] = {}
        self._known: dict[str, AnyArray] = {}
        self._sums: dict[str, tuple[AnyArray, AnyArray]] = {}
        for name, inputs in self.plan.by_rows.items():
            table = tables[name]
            longest = sum(_bound(self._lengths[i]) for i in inputs)
            room = min(windows * longest, len(table))
            self._copies[name] = np.empty((PARTS, room, table.shape[1]), table.dtype)
            self._before[name] = np.empty_like(self._copies[name])
            self._rows[name] = np.empty((PARTS, room), np.int64)
            self._reads[name] = np.empty((PARTS, room), np.int64)
            self._known[name] = np.zeros(PARTS, np.int64)
            self._sums[name] = np.zeros(len(table), np.int64), np.zeros(len(table), np.int64)
        for name in self.plan.whole:
            if tables[name].nbytes > LARGE:
                warn_user(
                    f"{name} is not read by ids of the window alone, so a deterministic training "
                    f"copies all of it for each of {PARTS} parts of a round, which is slow: look "
                    "its rows up as in `self.w[batch.contexts]`, or leave `deterministic` out",
                    EngineWarning,
                )
            self._copies[name] = np.empty((PARTS, *tables[name].shape), tables[name].dtype)

    def new_slots(self, tables: Mapping[str, AnyArray]) -> dict[str, AnyArray]:
        """Return what a thread needs to number rows."""
        return {name: np.full(len(tables[name]), -1, np.int64) for name in self.plan.by_rows}

    def open(
        self, part: int, packed: Any, tables: Mapping[str, AnyArray], slots: Mapping[str, AnyArray]
    ) -> dict[str, AnyArray]:
        """Copy what the windows of a part read; their ids are renumbered. Return the copies."""
        found = {}
        for name, inputs in self.plan.by_rows.items():
            rows, reads, known = self._rows[name][part], self._reads[name][part], 0
            for field in inputs:
                n = self._lengths[field]
                lengths = (
                    packed.sizes[size_of(n).name]
                    if isinstance(n, SymbolicSize)
                    else np.full(packed.count, n, np.int64)
                )
                known = self._native["localize"](
                    packed.arrays[field], lengths, packed.count, slots[name], rows, reads, known
                )
            copies, before = self._copies[name][part], self._before[name][part]
            self._native["copy_rows"](tables[name], rows, known, copies, before)
            self._native["release"](slots[name], rows, known)
            self._known[name][part] = known
            found[name] = copies
        for name in self.plan.whole:
            found[name] = self._copies[name][part]
            found[name][...] = tables[name]
        return found

    def merge(
        self, tables: Mapping[str, AnyArray], parts: int, lr: float, worker: int, workers: int
    ) -> None:
        """Add the changes of all parts to the tables, in the order of the parts."""
        most = MOST_READ / lr if lr > 0 else math.inf
        for name in self.plan.by_rows:
            self._native["merge"](
                *(tables[name], self._rows[name], self._reads[name], self._known[name][:parts]),
                *(self._copies[name], self._before[name], *self._sums[name], most, worker, workers),
            )
        if worker == 0:
            for name in self.plan.whole:
                before = tables[name].copy()
                for part in range(parts):
                    tables[name] += (self._copies[name][part] - before) / parts


def _bound(length: Any) -> int:
    return length.bound if isinstance(length, SymbolicSize) else int(length)
