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
    """

    def __init__(self, program: Program, tables: Mapping[str, AnyArray], examples: int) -> None:
        self.plan = plan_of(program)
        from tinygrad_w2v.training.merging import native  # which is nothing without numba

        self._native = native()
        self._constants = {
            name: np.asarray(program.constants[name])
            for group in self.plan.groups
            for name in group.tables
            if name in program.constants
        }
        self._shapes = {n: (t.shape, t.dtype) for n, t in (dict(tables) | self._constants).items()}
        # Of a row of each table: how many parts, and the numbers of one, without their padding.
        shapes = {s.name: [bound_of(n) for n in s.shape] for s in program.of_op("parameter")}
        self._parts = {
            name: (math.prod(shape[1:-1]), shape[-1] if len(shape) > 1 else 1)
            for name, shape in shapes.items()
        }
        self._fields = {step.name: step.shape for step in program.of_op("input")}
        ids = {name: _number_of_ids(shape) for name, shape in self._fields.items()}
        self._most = [
            min(examples * sum(ids[name] for name in group.inputs), group.rows)
            for group in self.plan.groups
        ]
        # What is merged together, and where the shards' copies of each row are.
        rows = {name: len(_as_rows(tables[name])) for name in self.plan.whole}
        together = [(group.tables, group.rows) for group in self.plan.groups]
        together += [((name,), rows[name]) for name in self.plan.whole]
        self._together = [
            ([n for n in names if n in self.plan.written], np.full((size, SHARDS), -1, np.int32))
            for names, size in together
        ]
        for name in self.plan.whole:
            if tables[name].nbytes > LARGE:
                warn_user(
                    f"{name} is not read by ids of the example alone, so a deterministic training "
                    f"copies all of it for each of {SHARDS} parts of a round, which is slow: look "
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
        tables: Mapping[str, AnyArray],
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
            As they are.
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
                    source, target = _as_rows(given[name]), _as_rows(room[name].values)
                    call["copy"](source, rows[before:after], target[before:after])
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
        call, none = self._native, SHARDS - len(shards)
        for names, places in self._together:
            rows, reads = (
                tuple(column) + (column[0][:0],) * none
                for column in zip(*[shard[names[0]][:2] for shard in shards], strict=True)
            )
            columns = []
            for name in names:
                copies = tuple(_as_rows(shard[name].values) for shard in shards)
                copies += (copies[0][:0],) * none
                table, parts = _as_rows(tables[name]), self._parts[name]
                columns.append((table, *parts, places, rows, reads, copies, float(lr)))

            def part(worker: int, columns: list[Any] = columns) -> None:
                for each in columns:
                    call["merge"](*each, worker, workers)

            for shard, own in enumerate(rows):
                call["note"](places, own, shard)
            list(run(part, range(workers)))
            for own in rows:
                call["forget"](places, own)


def as_wide(copied: Copies, table: AnyArray) -> Copies:
    """Copies in memory of `Shards.new_room`, each as wide as a row of the table now."""
    shape = (len(copied.rows), *table.shape[1:]) if table.ndim else ()
    return copied._replace(values=copied.values[: math.prod(shape)].reshape(shape))


def _as_rows(table: AnyArray) -> AnyArray:
    """The same memory as rows of numbers, however many axes there are."""
    width = int(np.prod(table.shape[1:], dtype=np.int64))
    return table.reshape(table.shape[0] if table.ndim else 1, width)


def _number_of_ids(shape: Sequence[Any]) -> int:
    return int(np.prod([bound_of(n) for n in shape], dtype=np.int64))
