"""Rounds: a fixed number of shards, each run on copies of what it reads, and merged in order.

A kernel that is to work on copies of rows is given the copies in place of the table, and ids that
are renumbered to fit. So a shard is a pure function of the tables: which thread, or machine, runs
it makes no difference to a byte. What the shards made of their copies is merged row by row
(`training.merging`).

Tables that are read at the same ids share one numbering. A table that nothing writes is not copied,
unless its ids are those of one that is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.cache_lines import in_lines, new_storage
from tinygrad_w2v._base.errors import EngineWarning
from tinygrad_w2v._base.types import AnyArray, IntArray
from tinygrad_w2v._base.warning import warn_user
from tinygrad_w2v.compiler.codegen.batch_layout import Packed
from tinygrad_w2v.compiler.ir.program import Program
from tinygrad_w2v.compiler.ir.sizes import SymbolicSize, bound_of, size_of
from tinygrad_w2v.training.engines.engine import SHARDS
from tinygrad_w2v.training.rows_by_ids import plan_of

LARGE = 2**20  # bytes of a table whose copies take longer than the examples between them


class Copies(NamedTuple):
    """What a shard has made of some rows of a table.

    Attributes
    ----------
    rows, reads : IntArray
        Which, and how often each was read.
    values : AnyArray
        What they have become, one after the other.
    """

    rows: IntArray
    reads: IntArray
    values: AnyArray


Room = dict[str, Copies]


class Shards:
    """How the shards of a round run on copies, and how what they come to becomes one.

    Parameters
    ----------
    program : Program
    tables : dict of arrays
        Their shapes and dtypes are taken over.
    examples : int
        The most examples in a shard.
    shards : int
        How many a round has.
    """

    def __init__(
        self,
        program: Program,
        tables: Mapping[str, AnyArray],
        examples: int,
        shards: int = SHARDS,
    ) -> None:
        self.plan = plan_of(program)
        self._native = _native()
        self._constants = {
            name: np.asarray(program.constants[name])
            for group in self.plan.groups
            for name in group.tables
            if name in program.constants
        }
        self._shapes = {n: (t.shape, t.dtype) for n, t in (dict(tables) | self._constants).items()}
        # Of a row of each table: how many parts, and the numbers of one, without their padding.
        shapes = {s.name: [bound_of(n) for n in s.shape] for s in program.of_op("parameter")}
        self.parts = {
            name: (math.prod(shape[1:-1]), shape[-1] if len(shape) > 1 else 1)
            for name, shape in shapes.items()
        }
        self._fields = {step.name: step.shape for step in program.of_op("input")}
        ids = {name: _number_of_ids(shape) for name, shape in self._fields.items()}
        self._most = [
            min(examples * sum(ids[name] for name in group.inputs), group.rows)
            for group in self.plan.groups
        ]
        # What is merged together, and of how many rows it is.
        rows = {name: len(as_rows(tables[name])) for name in self.plan.whole}
        together = [(group.tables, group.rows) for group in self.plan.groups]
        together += [((name,), rows[name]) for name in self.plan.whole]
        self.together = [
            (tuple(n for n in names if n in self.plan.written), size) for names, size in together
        ]
        self._mergers = [Merger(size, shards) for _, size in self.together]
        for name in self.plan.whole:
            if tables[name].nbytes > LARGE:
                warn_user(
                    f"{name} is not read by ids of the example alone, so a deterministic training "
                    f"copies all of it for each of {shards} parts of a round, which is slow: look "
                    "its rows up as in `self.w[batch.contexts]`, or leave `deterministic` out",
                    EngineWarning,
                )

    def new_room(self) -> Room:
        """Return memory for the copies of a shard."""
        room = {}
        for group, most in zip(self.plan.groups, self._most, strict=True):
            rows, reads = np.empty(most, np.int32), np.empty(most, np.int32)
            for name in group.tables:
                room[name] = Copies(rows, reads, self._new_copies(name, most))
        for name in self.plan.whole:
            shape, _ = self._shapes[name]
            rows = np.arange(shape[0] if shape else 1, dtype=np.int32)
            room[name] = Copies(rows, np.empty_like(rows), self._new_copies(name, len(rows)))
        return room

    def _new_copies(self, name: str, rows: int) -> AnyArray:
        """Memory for rows of a table as long as they can be: one that is replaced may be padded."""
        shape, dtype = self._shapes[name]
        longest = in_lines((rows, *shape[1:]), dtype.itemsize)
        return new_storage((math.prod(longest),), dtype)

    def new_slots(self) -> list[IntArray]:
        """Return what a thread numbers rows with."""
        return [np.full(group.rows, -1, np.int32) for group in self.plan.groups]

    def run(
        self,
        pieces: Iterable[Packed],
        tables: Mapping[str, Any],
        kernel: Callable[[Packed, Mapping[str, AnyArray]], float],
        room: Room,
        slots: Sequence[IntArray],
        owned: bool = False,
    ) -> tuple[float, Room]:
        """Run examples on copies of what they read, and return loss and copies; no table changes.

        Parameters
        ----------
        pieces
            The examples, some at a time.
        tables
            As they are: arrays, or, of what is copied by rows, what has their `ndim`, `shape` and
            ``copy_rows(rows, copies)``, which writes some rows into an array ``(n, numbers)``.
        kernel
            ``kernel(examples, copies)`` runs some and returns the sum of their losses.
        room, slots
            Of `new_room` and `new_slots`; the copies stand in the room.
        owned
            Whether the ids may be written over.
        """
        call, given = self._native, dict(tables) | self._constants
        room = {name: as_wide(copied, given[name]) for name, copied in room.items()}
        copies = dict(tables) | {name: copied.values for name, copied in room.items()}
        for name in self.plan.whole:
            room[name].values[...] = tables[name]
            room[name].reads[:] = 0
        known = [0] * len(self.plan.groups)
        losses = []
        for packed in pieces:
            arrays = dict(packed.arrays)
            for name in self.plan.whole:
                room[name].reads[:] += packed.count
            for number, group in enumerate(self.plan.groups):
                rows, reads, _ = room[group.tables[0]]
                before = after = known[number]
                for field in group.inputs:
                    ids, lengths = self._ids_of(field, packed)
                    new = ids if owned else np.empty_like(ids)
                    after = call["renumber"](ids, lengths, slots[number], rows, reads, after, new)
                    arrays[field] = new.reshape(packed.arrays[field].shape)
                for name in group.tables:
                    target = as_rows(room[name].values)[before:after]
                    if isinstance(given[name], np.ndarray):
                        call["copy"](as_rows(given[name]), rows[before:after], target)
                    else:
                        given[name].copy_rows(rows[before:after], target)
                known[number] = after
            losses.append(kernel(replace(packed, arrays=arrays), copies))
        made = {name: room[name] for name in self.plan.whole}
        for number, group in enumerate(self.plan.groups):
            rows, reads = (part[: known[number]] for part in room[group.tables[0]][:2])
            slots[number][rows] = -1
            for name in self.plan.written.intersection(group.tables):
                made[name] = Copies(rows, reads, room[name].values[: known[number]])
        return math.fsum(losses), made

    def _ids_of(self, field: str, packed: Packed) -> tuple[AnyArray, AnyArray]:
        """The ids of each example in a row, and how many of them count."""
        ids = np.ascontiguousarray(packed.arrays[field]).reshape(len(packed.arrays[field]), -1)
        shape = self._fields[field]
        if shape and isinstance(shape[0], SymbolicSize):
            return ids, packed.sizes[size_of(shape[0]).name][: packed.count]
        return ids, np.full(packed.count, ids.shape[1], np.int64)

    def merge(
        self,
        tables: Mapping[str, AnyArray],
        shards: Sequence[Mapping[str, Copies]],
        lr: float,
        workers: int = 1,
        run: Callable[..., Iterable[Any]] = map,
    ) -> None:
        """Bring what all shards of a round have made of their copies into the tables.

        Parameters
        ----------
        tables
            As they were when the shards began; they are changed.
        shards
            Of each what `run` has returned, in order.
        lr
            The learning rate of the round.
        workers, run
            In how many parts, and what runs them, like `map`.
        """
        for (names, _), merger in zip(self.together, self._mergers, strict=True):
            rows = tuple(shard[names[0]].rows for shard in shards)
            reads = tuple(shard[names[0]].reads for shard in shards)
            columns = []
            for name in names:
                copies = tuple(as_rows(shard[name].values) for shard in shards)
                columns.append((as_rows(tables[name]), *self.parts[name], copies))
            merger.merge(columns, rows, reads, float(lr), workers, run)


class Merger:
    """Merges rows of tables that go together; the two ways of adding up are not the same bytes.

    Parameters
    ----------
    size : int
        How many rows there are.
    shards : int
        Of a round.
    """

    def __init__(self, size: int, shards: int) -> None:
        self._size, self._written_out = size, shards <= SHARDS
        self._places: Any = None  # memory that only who merges takes

    def merge(
        self,
        columns: Sequence[tuple[AnyArray, int, int, tuple[AnyArray, ...]]],
        rows: tuple[IntArray, ...],
        reads: tuple[IntArray, ...],
        lr: float,
        workers: int = 1,
        run: Callable[..., Iterable[Any]] = map,
    ) -> None:
        """Bring what shards made of their copies into tables.

        Parameters
        ----------
        columns
            Of each table its rows, which are changed, the parts of a row, the numbers of one, and
            the copies, an array of each shard.
        rows, reads
            Of each shard which rows, and how often each was read.
        lr, workers, run
            As in `Shards.merge`.
        """
        if self._places is None:
            shape = (self._size, SHARDS) if self._written_out else (self._size,)
            self._places = np.full(shape, -1, np.int32)
        if self._written_out:
            self._merge_four(columns, rows, reads, lr, workers, run)
        else:
            self._merge_many(columns, rows, reads, lr, workers, run)

    def _merge_four(
        self, columns: Any, rows: Any, reads: Any, lr: float, workers: int, run: Any
    ) -> None:
        call, places, none = _native(), self._places, SHARDS - len(rows)
        rows, reads = (each + (each[0][:0],) * none for each in (rows, reads))

        def part(worker: int) -> None:
            for table, parts, width, copies in columns:
                filled = copies + (copies[0][:0],) * none
                given = table, parts, width, places, rows, reads, filled, lr
                call["merge"](*given, worker, workers)

        for shard, own in enumerate(rows):
            call["note"](places, own, shard)
        list(run(part, range(workers)))
        for own in rows:
            call["forget"](places, own)

    def _merge_many(
        self, columns: Any, rows: Any, reads: Any, lr: float, workers: int, run: Any
    ) -> None:
        call, numbers, known = _native(), self._places, 0
        most = min(self._size, sum(len(own) for own in rows))
        union, sharers = np.empty(most, np.int32), np.empty(most, np.int32)
        read = np.empty(most, np.int64)
        for own, times in zip(rows, reads, strict=True):
            known = call["find_shared"](own, times, numbers, union, sharers, read, known)

        for table, parts, width, copies in columns:
            sums, alone = np.zeros((known, table.shape[1]), table.dtype), np.zeros(known)

            def part(worker: int, of: Any = (table, parts, width, copies, sums, alone)) -> None:
                table, parts, width, copies, sums, alone = of
                mine = known * worker // workers, known * (worker + 1) // workers
                for own, made in zip(rows, copies, strict=True):
                    given = table, parts, width, numbers, sharers, own, made, *mine
                    call["add_changes"](*given, sums, alone)
                call["move"](*of[:3], union, sharers, read, sums, alone, lr, *mine)

            list(run(part, range(workers)))
        numbers[union[:known]] = -1


def _native() -> dict[str, Any]:
    from tinygrad_w2v.training.merging import native  # which is nothing without numba

    return native()


def as_wide(copied: Copies, table: AnyArray) -> Copies:
    """Copies in memory of `Shards.new_room`, each as wide as a row of the table now."""
    shape = (len(copied.rows), *table.shape[1:]) if table.ndim else ()
    return copied._replace(values=copied.values[: math.prod(shape)].reshape(shape))


def as_rows(table: AnyArray) -> AnyArray:
    """Return the same memory as rows of numbers, however many axes there are.

    Examples
    --------
    >>> as_rows(np.zeros((5, 2, 3))).shape, as_rows(np.zeros(5)).shape, as_rows(np.zeros(())).shape
    ((5, 6), (5, 1), (1, 1))
    """
    width = int(np.prod(table.shape[1:], dtype=np.int64))
    return table.reshape(table.shape[0] if table.ndim else 1, width)


def _number_of_ids(shape: Sequence[Any]) -> int:
    return int(np.prod([bound_of(n) for n in shape], dtype=np.int64))
