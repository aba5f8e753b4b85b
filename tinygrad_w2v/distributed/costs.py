"""What a round costs: measured in a probe, and computed for other numbers of machines.

A round takes as long as the shards of one core, one after the other, and what travels meanwhile
waits. With P shards, N machines of c cores, a shard of s seconds that sends b bytes, and m bytes of
merged rows:

    seconds = ceil(P / (N c)) s + merging / min(N c, ranges) + bringing + travelling / bandwidth

Each machine but for its own share takes in the merged rows once, once more as tables that are sent
anew when so much has changed, and its part of what the shards made, P b / N.
"""

from __future__ import annotations

import itertools
import math
import statistics
import time
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v.distributed import cluster
from tinygrad_w2v.distributed.spread_tables import Change, write_rows

RATE = 0.01  # of the probe's rounds, which change nothing
GROWN = 1000  # an epoch in which rounds have long been as large as they become
SAMPLE = 32 << 20  # bytes that are sent to measure how fast a machine takes them in


class Costs(NamedTuple):
    """What a round costs.

    Attributes
    ----------
    shards : int
        Of a round.
    units : int
        That a round stands for, such as words.
    shard_seconds, shard_bytes : float
        Of one shard: to run it, and what it sends.
    merging, bringing : float
        Seconds on one core to merge all rows, and of the driver to bring them into the model.
    merged_bytes, table_bytes : float
        Of the rows that a round changed, and of all.
    bandwidth : float, optional
        Bytes a second that a machine takes in; None where there is one machine.
    """

    shards: int
    units: int
    shard_seconds: float
    shard_bytes: float
    merging: float
    bringing: float
    merged_bytes: float
    table_bytes: float
    bandwidth: float | None = None

    def travelling(self, machines: int) -> float:
        """Return the bytes that a machine takes in, in a round.

        Examples
        --------
        >>> costs = Costs(4, 10**5, 1.0, 20e6, 0.4, 0.1, 40e6, 60e6)
        >>> [costs.travelling(n) / 1e6 for n in (1, 2, 4)]
        [0.0, 60.0, 75.0]
        """
        again = min(self.merged_bytes, self.table_bytes)
        of_shards = self.shards * self.shard_bytes / machines
        return (1 - 1 / machines) * (self.merged_bytes + again + of_shards)

    def seconds(self, machines: int, cores: int, bandwidth: float | None = None) -> float:
        """Return how long a round takes.

        Parameters
        ----------
        machines, cores
            How many, and how many cores each has.
        bandwidth
            Bytes a second that a machine takes in; that of the probe by default.

        Examples
        --------
        >>> costs = Costs(16, 10**5, 1.0, 20e6, 0.4, 0.1, 40e6, 60e6)
        >>> [round(costs.seconds(n, 4, bandwidth=1e9), 2) for n in (1, 2, 4, 16)]
        [4.2, 2.27, 1.25, 1.22]
        """
        workers = machines * cores
        computing = math.ceil(self.shards / workers) * self.shard_seconds
        merging = self.merging / min(workers, self.shards) + self.bringing
        return computing + merging + self.transport(machines, bandwidth)

    def transport(self, machines: int, bandwidth: float | None = None) -> float:
        """Return the seconds of a round in which its rows travel."""
        per_second = bandwidth or self.bandwidth
        return 0.0 if per_second is None else self.travelling(machines) / per_second


def measure(run: Any) -> Costs:
    """Run a round twice, of which nothing is kept, and send a sample to each other machine.

    Parameters
    ----------
    run : RayRun
    """
    rounds = list(run.batches(epoch=GROWN))
    part, units = rounds[len(rounds) // 2]
    run.computed(part, RATE)  # compiles on each machine what it has not compiled before
    begin = time.perf_counter()
    changes, done = run.computed(part, RATE)
    wall = time.perf_counter() - begin
    merged = sum(v.nbytes for change in changes for rows in change for v in rows.values.values())
    cores = sum(machine.cores for machine in run.machines)
    shard = statistics.median(each.seconds for each in done)
    waiting = wall - math.ceil(len(done) / cores) * shard
    bringing = _bringing(changes)
    return Costs(
        run.parts,
        units,
        shard,
        statistics.fmean(each.sent for each in done),
        max(waiting - bringing, 0.0) * min(cores, run.layout.ranges),
        bringing,
        merged,
        run.table_bytes,
        bandwidth(run),
    )


def _bringing(changes: list[Change]) -> float:
    """How long it takes to write rows into tables."""
    seconds = 0.0
    for rows in itertools.chain(*changes):
        for values in rows.values.values():
            table = np.full_like(values, 1)
            begin = time.perf_counter()
            write_rows(table, np.arange(len(table)), values, 1, values.shape[1])
            seconds += time.perf_counter() - begin
    return seconds


def bandwidth(run: Any) -> float | None:
    """Return how many bytes a second the slowest of the other machines takes in from this one."""
    ray = cluster.import_ray()
    here = ray.get_runtime_context().get_node_id()
    others = [machine.node for machine in run.machines if machine.node != here]
    if not others:
        return None

    def fetch(sent: list[Any]) -> float:
        import time

        import ray

        begin = time.perf_counter()
        ray.get(sent[0])
        return time.perf_counter() - begin

    slowest = 0.0
    for node in others:
        sample = ray.put(np.zeros(SAMPLE, np.uint8))
        slowest = max(slowest, *(each or 0.0 for each in cluster.on_each([node], fetch, [sample])))
    return SAMPLE / slowest if slowest else None
