"""What a task does: run a shard of a round, or merge a range of rows; both are pure functions.

A process keeps the run that it was sent, compiled, until it is sent another one. That saves time
and decides nothing: a new process, or one on another machine, makes it again.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.cache_lines import columns, in_lines, new_storage, with_padding
from tinygrad_w2v._base.errors import EngineWarning, InputError
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.distributed import cluster
from tinygrad_w2v.distributed.spread_tables import (
    Change,
    Layout,
    Rows,
    Slice,
    Spread,
    SpreadTable,
    cut,
)
from tinygrad_w2v.nn import Module, Parameter
from tinygrad_w2v.sources.source import Source
from tinygrad_w2v.training.engines.changed_rows import Counts, changed_rows
from tinygrad_w2v.training.engines.compiled import CompiledRun
from tinygrad_w2v.training.rounds import Merger


class Sent(NamedTuple):
    """A run as it is sent.

    Attributes
    ----------
    model : Module
        Its Parameters are `blank`.
    source : Source
    dtype : str
    shards : int
    kernel : str
        The source of the kernel that the model gave where it was sent.
    unwritten : dict
        The tables that a kernel reads and nothing writes.
    digest : str, optional
        Of a source of the user's, which may read what is not sent.
    """

    model: Module
    source: Source
    dtype: str
    shards: int
    kernel: str
    unwritten: dict[str, AnyArray]
    digest: str | None


def blank(parameter: Parameter) -> tuple[Any, ...]:
    """Return what is sent of a Parameter in place of its numbers: `made` makes one of it.

    Examples
    --------
    >>> made(blank(Parameter(np.ones((3, 4)), frozen=True)))
    Parameter([[0., 0., 0., 0.],
               [0., 0., 0., 0.],
               [0., 0., 0., 0.]], shape=(3, 4))
    """
    table = parameter.data
    padded = with_padding(table) is not table
    return table.shape, table.dtype.str, padded, parameter.name, parameter.frozen


def made(sent: tuple[Any, ...]) -> Parameter:
    """Return a Parameter in memory that takes none as long as nothing is written into it."""
    shape, dtype, padded, name, frozen = sent
    if padded:
        longer = in_lines(shape, np.dtype(dtype).itemsize)
        table = columns(new_storage(longer, dtype), shape)
    else:
        table = np.zeros(shape, dtype)
    return Parameter(table, name, frozen=frozen)


class Done(NamedTuple):
    """What is known of a shard that was run.

    Attributes
    ----------
    counts : Counts
    node, processor : str
        Ray's name of the machine, and what it computes with.
    seconds : float
    sent : int
        Bytes of the rows that it returned.
    """

    counts: Counts
    node: str
    processor: str
    seconds: float
    sent: int


_kept: dict[str, tuple[CompiledRun, Sent, Any]] = {}


def _run_of(key: str, sent: Sequence[Any]) -> tuple[CompiledRun, Sent, Any]:
    """The run that was sent under this key, compiled."""
    if key not in _kept:
        import ray

        given: Sent = ray.get(sent[0])
        if given.digest is not None and given.source.digest() != given.digest:
            raise InputError(
                f"the examples of {type(given.source).__name__} on the machine "
                f"{ray.util.get_node_ip_address()} are not those of where the training was begun: "
                "its digest differs; give all machines the same files, and change none"
            )
        _kept.clear()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EngineWarning)  # whoever sent it was warned
            run = CompiledRun(
                *(given.model, given.source, 1, None, np.dtype(given.dtype)),
                deterministic=True,
                shards=given.shards,
            )
        if run.compiled.source != given.kernel:
            raise InputError(
                "the model gives another kernel on a worker than where the training was begun: "
                "its loss depends on something else than its attributes, or on the machine"
            )
        assert run.shards is not None
        _kept[key] = run, given, run.shards.new_room()
    return _kept[key]


def run_shard(
    versions: dict[str, str],
    key: str,
    sent: Sequence[Any],
    place: tuple[int, int, int],
    lr: float,
    layout: Layout,
    *pieces: Any,
) -> tuple[Any, ...]:
    """Return what a shard makes of the rows of each range, and what is known of it.

    Parameters
    ----------
    versions
        Of the driver; machines that join later are compared with it here.
    key, sent
        The run, and the reference that it is had from.
    place
        Epoch, round and shard.
    lr
        The learning rate.
    layout
        Of the tables.
    *pieces
        The slices of all ranges, then the changes of all ranges of one round after the other.
    """
    import ray

    cluster.check_here(versions)
    run, given, room = _run_of(key, sent)
    begin = time.perf_counter()
    slices, changes = pieces[: layout.ranges], pieces[layout.ranges :]
    tables: dict[str, Any] = dict(given.unwritten)
    for group, (names, _) in enumerate(layout.together):
        spread = Spread(layout, group, slices, changes)
        tables |= {name: SpreadTable(spread, name, layout.shapes[name]) for name in names}
    assert run.shards is not None
    tables |= {name: tables[name].whole() for name in run.shards.plan.whole}
    changed = changed_rows(run, tables, *place, lr, room)
    ranges = cut(changed.rows, layout)
    size = sum(v.nbytes for each in ranges for rows in each for v in rows.values.values())
    where = ray.get_runtime_context().get_node_id(), cluster.own_facts()[1]
    return *ranges, Done(changed.counts, *where, time.perf_counter() - begin, size)


def merge_range(
    versions: dict[str, str],
    k: int,
    lr: float,
    layout: Layout,
    earlier: int,
    piece: Slice,
    *changes: Change,
) -> Change:
    """Return the rows of a range that shards have changed, merged.

    Parameters
    ----------
    versions
        Of the driver.
    k
        Which range.
    lr
        The learning rate.
    layout
        Of the tables.
    earlier
        How many of the changes have been merged.
    piece
        The range as it was before these.
    *changes
        Those that are merged, in order, then what each shard has made of the range.
    """
    cluster.check_here(versions)
    merged, shards = changes[:earlier], changes[earlier:]
    result = []
    for group, (names, _) in enumerate(layout.together):
        spread = Spread(layout, group, [piece], merged, layout.bounds(group)[k])
        of_shards = [shard[group] for shard in shards]
        rows = np.unique(np.concatenate([each.rows for each in of_shards]))
        values = {name: spread.read(name, rows) for name in names}
        numbers = tuple(np.searchsorted(rows, each.rows).astype(np.int32) for each in of_shards)
        tables = [
            (values[name], *layout.parts[name], tuple(each.values[name] for each in of_shards))
            for name in names
        ]
        reads = tuple(each.reads for each in of_shards)
        Merger(len(rows), layout.shards).merge(tables, numbers, reads, lr)
        result.append(Rows(rows, rows[:0], values))
    return result
