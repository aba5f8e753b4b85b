"""Rows of tables that a thread has to itself for a while.

A kernel that is to work on copies of rows is given the copies in place of the table, and ids that
are renumbered to fit. Then what changed in the copies is added to the table. That serves two ends:

- `HotRows`. Two threads that write the same row keep taking its memory from each other, which costs
  far more than the arithmetic: the root of a Huffman tree, or the vector of *the*, is written for
  nearly every example (Vuurens, Eickhoff, de Vries 2016, "Efficient parallel learning of
  word2vec"). So each thread has copies of the few most read rows, right after the table.
- `Shards`. The examples of a round are cut into a fixed number of shards. Each works on copies of
  all rows that it reads, and the changes are added shard after shard: which thread, or machine, did
  which shard makes no difference to a byte.

Threads and shards change a row from the same place, and all their steps together would overshoot.
As in batches, a row's change is held to what `MOST_READ` reads at this learning rate are; but never
to less than the mean of the changes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.cache_lines import columns, in_lines, new_storage
from tinygrad_w2v._base.errors import EngineWarning
from tinygrad_w2v._base.types import AnyArray, IntArray
from tinygrad_w2v._base.warning import warn_user
from tinygrad_w2v.compiler.codegen import kernel_cache
from tinygrad_w2v.compiler.codegen.batch_layout import Packed
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.ir.sizes import SymbolicSize, bound_of, size_of
from tinygrad_w2v.training.engines.engine import SHARDS

MOST_READ = 1.0  # reads of one row that count whole, in inverse learning rates
LARGE = 2**20  # bytes of a table whose copies take longer than the examples between them
MOST_ROWS = 64  # hot ones of a table
AT_A_TIME = 1024  # examples between two looks at the table
OFTEN = 0.05  # a row is hot when it is read for this share of the examples


# ---------------------------------------------------------------------- in native code
# What follows is not typed, as Numba types it by what it is given.
def share_of(most, reads, sharers):
    """Return how much of each sharer's change of a row counts."""
    return min(1.0, max(most / reads, 1.0 / sharers))


def renumber(ids, lengths, first, last, slots, rows, reads, known, start):
    """Write numbers of copies in place of ids.

    Parameters
    ----------
    ids, lengths
        Ids ``(examples, longest)``, and how many of each example count. They are changed.
    first, last
        Which examples.
    slots
        For each row of the table the number of its copy, or -1.
    rows, reads, known
        The row and the number of reads of each copy, and how many copies there are. As long as
        there is room in `rows`, rows without a copy are given one.
    start
        Is added to the numbers.

    Returns
    -------
    known : int
        How many copies there are now.
    """
    for example in range(first, last):
        for k in range(lengths[example]):
            row = ids[example, k]
            slot = slots[row]
            if slot < 0 and known < len(rows):
                slot = known
                slots[row] = slot
                rows[slot] = row
                reads[slot] = 0
                known += 1
            if slot >= 0:
                ids[example, k] = start + slot
                reads[slot] += 1
    return known


def copy(table, rows, copies):
    """Copy rows once."""
    for slot in range(len(rows)):
        row = rows[slot]
        for d in range(table.shape[1]):
            copies[slot, d] = table[row, d]


def subtract(table, rows, copies):
    """Leave in the copies only what changed in them."""
    for slot in range(len(rows)):
        row = rows[slot]
        for d in range(table.shape[1]):
            copies[slot, d] -= table[row, d]


def merge(table, rows, reads, values, total, sharers, most, worker, workers):
    """Add what the shards changed, shard after shard; this worker's rows only.

    Parameters
    ----------
    table
        Is changed.
    rows, reads, values
        Tuples of arrays, one a shard: the rows, how often each was read, what is to be added.
    total, sharers
        A number for each row of the table, all 0; left so.
    most
        How many reads of a row count whole.
    worker, workers
        A row is merged by the worker of its number.
    """
    for shard in range(len(rows)):
        for slot, row in enumerate(rows[shard]):
            if row % workers == worker:
                total[row] += reads[shard][slot]
                sharers[row] += 1
    for shard in range(len(rows)):
        change = values[shard]
        for slot, row in enumerate(rows[shard]):
            if row % workers == worker:
                share = change.dtype.type(share_of(most, total[row], sharers[row]))
                for d in range(table.shape[1]):
                    table[row, d] += share * change[slot, d]
    for shard in range(len(rows)):
        for row in rows[shard]:
            if row % workers == worker:
                total[row] = 0
                sharers[row] = 0


@cache
def native() -> dict[str, Any]:
    """Return these functions compiled."""
    return kernel_cache.jitted([renumber, copy, subtract, merge], [share_of])


# ---------------------------------------------------------------------- which rows can be private
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
    """Return which tables are read at ids of the example alone, by rows that can be copied."""
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
        name: tuple(sorted(ids)) for name, ids in inputs_of.items() if name not in whole and ids
    }
    return Plan(by_rows, tuple(name for name in inputs_of if name not in by_rows))


class _Private:
    """What both kinds share: which tables are copied by rows, and how long their inputs are."""

    def __init__(self, program: Program) -> None:
        self.plan = plan_of(program)
        self._native = native()
        self._lengths = {s.name: s.shape[0] for s in program.of_op("input") if len(s.shape) == 1}

    def _lengths_of(self, field: str, packed: Packed) -> AnyArray:
        """How many ids each example has."""
        n = self._lengths[field]
        if isinstance(n, SymbolicSize):
            lengths: AnyArray = packed.sizes[size_of(n).name]
            return lengths
        return np.full(packed.count, n, np.int64)


def _most_reads(lr: float) -> float:
    return MOST_READ / lr if lr > 0 else math.inf


# ---------------------------------------------------------------------- for threads that wait
class Changes(NamedTuple):
    """What a shard changes of a table.

    Attributes
    ----------
    rows, reads : IntArray
        The rows, and how often each was read; none for a table that is copied whole.
    values : AnyArray
        What is to be added.
    """

    rows: IntArray
    reads: IntArray
    values: AnyArray


Room = dict[str, Changes]


class Shards(_Private):
    """How the shards of a round run on copies, and how what they change becomes one.

    Parameters
    ----------
    program : Program
    tables : dict of arrays
        Their shapes and dtypes are taken over.
    examples : int
        The most examples in a shard.
    """

    def __init__(self, program: Program, tables: Mapping[str, AnyArray], examples: int) -> None:
        super().__init__(program)
        self._shapes = {
            name: (tuple(map(bound_of, program[name].shape)), table.dtype)
            for name, table in tables.items()
        }
        self._rows = {name: len(table) for name, table in tables.items() if table.ndim}
        self._most = {
            name: min(examples * sum(bound_of(self._lengths[i]) for i in inputs), self._rows[name])
            for name, inputs in self.plan.by_rows.items()
        }
        self._sums = {name: np.zeros((2, self._rows[name]), np.int64) for name in self._most}
        for name in self.plan.whole:
            if tables[name].nbytes > LARGE:
                warn_user(
                    f"{name} is not read by ids of the window alone, so a deterministic training "
                    f"copies all of it for each of {SHARDS} parts of a round, which is slow: look "
                    "its rows up as in `self.w[batch.contexts]`, or leave `deterministic` out",
                    EngineWarning,
                )

    def new_room(self) -> Room:
        """Return memory for the copies of a shard."""
        room = {}
        for name, (shape, dtype) in self._shapes.items():
            most = self._most.get(name)
            n, copied = (0, shape) if most is None else (most, (most, *shape[1:]))
            # As wide as a table can be: one that is replaced may lose its padding, or gain it.
            values = new_storage(in_lines(copied, dtype.itemsize), dtype)
            room[name] = Changes(np.empty(n, np.int64), np.empty(n, np.int64), values)
        return room

    def new_slots(self) -> dict[str, IntArray]:
        """Return what a thread numbers rows with."""
        return {name: np.full(self._rows[name], -1, np.int64) for name in self._most}

    def run(
        self,
        packed: Packed,
        tables: Mapping[str, AnyArray],
        kernel: Callable[[Packed, Mapping[str, AnyArray]], float],
        room: Room,
        slots: Mapping[str, IntArray],
    ) -> tuple[float, dict[str, Changes]]:
        """Run examples on copies of what they read, and return loss and changes; no table changes.

        Parameters
        ----------
        packed
            The examples.
        tables
            As they are.
        kernel
            ``kernel(packed, copies)`` runs examples and returns the sum of their losses.
        room, slots
            Of `new_room` and `new_slots`; the changes stand in the room.
        """
        call, changes = self._native, {}
        # The source may have handed out what it holds, so ids are not changed in place.
        renumbered = {
            field: packed.arrays[field][: packed.count].copy()
            for inputs in self.plan.by_rows.values()
            for field in inputs
        }
        packed = replace(packed, arrays={**packed.arrays, **renumbered})
        for name, inputs in self.plan.by_rows.items():
            rows, reads, copies = room[name]
            known = 0
            for field in inputs:
                ids, lengths = packed.arrays[field], self._lengths_of(field, packed)
                known = call["renumber"](
                    ids, lengths, 0, packed.count, slots[name], rows, reads, known, 0
                )
            rows, reads = rows[:known], reads[:known]
            slots[name][rows] = -1
            call["copy"](tables[name], rows, copies)
            changes[name] = Changes(rows, reads, copies[:known])
        for name in self.plan.whole:
            self._columns(name, room[name].values)[...] = self._columns(name, tables[name])
            changes[name] = room[name]
        loss = kernel(packed, {name: copied.values for name, copied in room.items()})
        for name in self.plan.by_rows:
            call["subtract"](tables[name], changes[name].rows, changes[name].values)
        for name in self.plan.whole:
            own = self._columns(name, changes[name].values)
            own -= self._columns(name, tables[name])
        return loss, changes

    def _columns(self, name: str, table: AnyArray) -> AnyArray:
        """A table, or a copy of it, without its padding."""
        return columns(table, self._shapes[name][0])

    def merge(
        self,
        tables: Mapping[str, AnyArray],
        shards: Sequence[Mapping[str, Changes]],
        lr: float,
        worker: int = 0,
        workers: int = 1,
    ) -> None:
        """Add the changes of all shards of a round to the tables, in the order of the shards.

        Where several workers do it together, each must be called once.
        """
        written = {name for name, table in tables.items() if table.flags.writeable}
        for name in [name for name in self.plan.by_rows if name in written]:
            changes = [shard[name] for shard in shards]
            none = [Changes(*(part[:0] for part in changes[0]))]
            columns = zip(*changes, *none * (SHARDS - len(changes)), strict=True)
            call, sums = self._native["merge"], self._sums[name]
            call(tables[name], *columns, *sums, _most_reads(lr), worker, workers)
        if worker == 0:
            for name in [name for name in self.plan.whole if name in written]:
                table = self._columns(name, tables[name])
                for shard in shards:
                    table += self._columns(name, shard[name].values) / len(shards)
