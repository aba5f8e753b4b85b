"""A shard of a deterministic round, as a pure function.

What is decided by tables, source and numbers alone can be computed by anyone, and once more after a
failure: that is what makes bytes the same for any number of threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.compiler.codegen.batch_layout import Packed
from tinygrad_w2v.training.rounds import Room


class Counts(NamedTuple):
    """What is known of a stretch that was run: loss, predictions, and units that were used."""

    loss: float
    predictions: int
    used: int


class Changed(NamedTuple):
    """What a shard of a round has come to: what it made of rows of each table, and its counts."""

    rows: Room
    counts: Counts


def changed_rows(
    run: Any,
    tables: Mapping[str, AnyArray],
    epoch: int,
    number: int,
    shard: int,
    lr: float,
    room: Room | None = None,
) -> Changed:
    """Return what one shard of a round makes of the rows that it reads; a pure function.

    It depends on its arguments alone: the tables as the round began with them, the source and the
    model's expression, which are the run's, and the numbers of epoch, round and shard. It writes
    into no table. So whoever has these, a thread, another process, another machine, gets the same
    bytes, in any order and once more after a failure. `Shards.merge` brings what all shards of a
    round have made into the tables; the next round begins with those.

    Parameters
    ----------
    run
        A deterministic `CompiledRun`, for the kernel, the source and the size of a shard.
    tables : dict of arrays
        As `run.compiled.kernel.arrays()` names them.
    epoch, number, shard : int
        Shard `shard` of round `number`.
    lr : float
        The learning rate.
    room : optional
        Of `Shards.new_room`, which the rows are written into; new memory by default.

    Returns
    -------
    Changed
    """
    kernel, compiled = run.compiled.kernel, run.compiled
    first, last = run.rounds(epoch)[number][shard]
    predictions = used = 0

    def pieces() -> Iterator[Packed]:
        nonlocal predictions, used
        for start in range(first, last, run.stretch):
            packed, of_these = run.draw_checked(epoch, start, min(start + run.stretch, last))
            used += of_these
            if packed.count:
                predictions += compiled.total_predictions(packed)
                yield packed

    loss, rows = run.shards.run(
        pieces(),
        tables,
        lambda packed, copies: kernel.run(packed, copies, run.rates(packed, lr), 1),
        run.shards.new_room() if room is None else room,
        run.slots(),
        owned=run.draws_into_room(),
    )
    return Changed(rows, Counts(loss, predictions, used))
