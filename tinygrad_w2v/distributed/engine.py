"""The engine on Ray: the deterministic engine, whose rounds the tasks of a cluster compute.

In each round one task a shard reads the tables by reference from the memory of its machine, and
returns the rows that it changed; one task a range of rows merges what all have made of it; the
driver brings the merged rows into the model and hands out references to them, for the next round.

Nothing that is lost matters: Ray runs a task again, and what it cannot make again the driver sends
anew, as the model holds the tables of the last round that is done.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import sys
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError, Message
from tinygrad_w2v._base.memory import in_bytes
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.distributed import cluster
from tinygrad_w2v.distributed.costs import Costs, measure
from tinygrad_w2v.distributed.shared_ids import mapped_here, where_it_stands
from tinygrad_w2v.distributed.spread_tables import Change, Layout, slice_of, write_rows
from tinygrad_w2v.distributed.tasks import Done, Sent, blank, made, merge_range, run_shard
from tinygrad_w2v.nn import Module, Parameter
from tinygrad_w2v.optim.optimizer import Optimizer
from tinygrad_w2v.sources.source import Source
from tinygrad_w2v.text.corpus import Corpus
from tinygrad_w2v.training.engines.changed_rows import Counts
from tinygrad_w2v.training.engines.compiled import CompiledRun, Round
from tinygrad_w2v.training.engines.engine import EngineOptions
from tinygrad_w2v.training.heldout import losses_of
from tinygrad_w2v.training.rounds import as_rows

logger = logging.getLogger(__name__)

RETRIES = 16  # of a task, whose process or machine is lost
ROUNDS_ANEW = 4  # in a row, with all that they read sent anew
MOST_RANGES = 16


class RayRun(CompiledRun):
    """A model compiled on all machines of a Ray cluster, for the examples of a source.

    Parameters
    ----------
    model : Module
    source : Source
        It is sent to each machine once; a class of yours that no other machine has, too.
    options : EngineOptions
        Address, number of shards, and the cores of a cluster that is begun here.
    optimizer : None
        A state has no sum, so there can be none, as of any deterministic run.
    dtype : dtype
        What is computed in.

    Raises
    ------
    InputError
        When the cluster does not answer, has other versions, or too little memory.
    MissingDependencyError
        Without Ray, or numba.
    """

    name = "ray"

    def __init__(
        self,
        model: Module,
        source: Source,
        options: EngineOptions,
        optimizer: Optimizer | None = None,
        dtype: Any = np.float32,
    ) -> None:
        shards, self._ids_folder = options.parts(), options.ids_folder
        super().__init__(model, source, 1, optimizer, dtype, deterministic=True, shards=shards)
        self._leave = cluster.connect(options.ray_address, int(options.workers))
        try:
            self.machines = cluster.machines()
            self._versions, processor = cluster.own_facts()
            cluster.check_alike(self._versions, processor, self.machines)
            self._processors = {processor} | {machine.processor for machine in self.machines}
            self._alive = cluster.alive()
            self._begin(np.dtype(dtype))
        except BaseException:
            self.close()
            raise

    def _begin(self, dtype: np.dtype[Any]) -> None:
        ray, shards = cluster.import_ray(), self.shards
        assert shards is not None
        tables = self.compiled.kernel.arrays()
        names = [name for together, _ in shards.together for name in together]
        cores = sum(machine.cores for machine in self.machines)
        self.layout = Layout(
            tuple(shards.together),
            {name: shards.parts[name] for name in names},
            {name: tables[name].shape for name in names},
            self.parts,
            min(cores, self.parts, MOST_RANGES),
        )
        self._dtype, self.table_bytes = dtype, sum(tables[name].nbytes for name in names)
        fixed = sum(table.nbytes for table in tables.values()) - self.table_bytes
        # The tables, what changed since they were sent, what shards have made of rows, and a room
        # of each process for that.
        row = sum(tables[n].nbytes // max(len(as_rows(tables[n])), 1) for n in names)
        room = row * min(self.shard * 8, max(size for _, size in shards.together))
        shared = 2 * self.table_bytes + fixed + self.parts * room // max(len(self.machines), 1)
        self.need = shared, cluster.PROCESS + room
        cluster.check_room(self.machines, *self.need)
        retries = {"max_retries": RETRIES, "retry_exceptions": False}
        self._run_shard = ray.remote(**retries)(run_shard).options(
            num_returns=self.layout.ranges + 1, scheduling_strategy="SPREAD"
        )
        self._merge_range = ray.remote(**retries)(merge_range)
        self.shards_of: Counter[str] = Counter()  # how many each machine has computed
        self.costs: Costs | None = None
        self._heldout: tuple[Any, Any] = None, None  # as it is, and as it was sent
        self._slices: list[Any] = []
        self._changes: list[list[Any]] = []
        self._changed = 0

    def batches(self, epoch: int) -> Iterator[tuple[Round, int]]:
        """Yield the rounds of an epoch; the tables are sent anew, as callbacks may change them."""
        self._slices = []
        yield from super().batches(epoch)

    def prepare(self) -> None:
        """Compile here and there, and measure what a round costs."""
        super().prepare()
        self.costs = measure(self)

    def _send(self) -> None:
        """Send the run and its tables of now."""
        ray, tables = cluster.import_ray(), self.compiled.kernel.arrays()
        unwritten = {n: t for n, t in tables.items() if n not in self.layout.shapes}
        self._key = uuid.uuid4().hex
        model, source = self.compiled.model, self.source
        kernel, digest = self.compiled.source, source.digest() if _is_own(source) else None
        sent = Sent(*(model, source, self._dtype.str, self.parts, kernel, unwritten, digest))
        try:
            with _as_it_is_sent(model, source, ids_folder=self._ids_folder):
                self._sent = ray.put(sent)
        except TypeError as error:
            names = f"{type(model).__name__} over {type(source).__name__}"
            reason = str(error).strip().splitlines()[0][:120]
            raise InputError(
                f"{names} cannot be sent to other processes, as it holds something that is of this "
                f"one alone ({reason}): open files and the like where they are used"
            ) from None
        self._send_tables()

    def _send_tables(self) -> None:
        ray, tables = cluster.import_ray(), self.compiled.kernel.arrays()
        ranges = range(self.layout.ranges)
        self._slices = [ray.put(slice_of(tables, self.layout, k)) for k in ranges]
        self._changes, self._changed = [], 0

    def _merged(self, part: Round, lr: float) -> list[Counts]:
        """Let tasks compute a round, and bring what they changed into the model."""
        changes, done = self.computed(part, lr)
        tables = self.compiled.kernel.arrays()
        for change in changes:
            for (names, _), rows in zip(self.layout.together, change, strict=True):
                for name in names:
                    table, values = as_rows(tables[name]), rows.values[name]
                    write_rows(table, rows.rows, values, *self.layout.parts[name])
                    self._changed += values.nbytes
        self._changes.append(self._merged_refs)
        if self._changed >= self.table_bytes:
            self._send_tables()
        self.shards_of.update(each.node for each in done)
        self._look_at_machines(done)
        return [each.counts for each in done]

    def _look_at_machines(self, done: list[Done]) -> None:
        """Say which machines are lost since the round before, which are new, and of what kind."""
        alive, before = cluster.alive(), self._alive
        for node in before.keys() - alive.keys():
            logger.warning(
                "the machine %s is lost, after %d shards; what it was to compute is computed "
                "elsewhere, with the same bytes",
                before[node],
                self.shards_of[node],
            )
        for node in alive.keys() - before.keys():
            logger.info("the machine %s has come to the cluster", alive[node])
        self._alive = alive
        if kinds := {each.processor for each in done} - self._processors:
            self._processors |= kinds
            cluster.warn_of_processors(self._processors)

    def computed(self, part: Round, lr: float) -> tuple[list[Change], list[Done]]:
        """Let tasks compute a round; return the rows of each range, and what is known of shards.

        Raises
        ------
        InputError
            When Ray has lost what it was to compute again and again.
        """
        from ray import exceptions

        for anew in range(ROUNDS_ANEW + 1):
            if not self._slices:
                self._send()
            try:
                return self._computed(part, lr)
            except exceptions.RayError as error:
                cause = getattr(error, "cause", None)
                if isinstance(cause, Exception) and not isinstance(cause, exceptions.RayError):
                    raise cause from None  # of what a task computes
                self._slices = []
                if anew == ROUNDS_ANEW:
                    raise InputError(
                        f"Ray could not compute a round in {anew + 1} attempts: "
                        f"{str(error).strip().splitlines()[0]}"
                    ) from error
        raise AssertionError("the last attempt returns or raises")

    def _computed(self, part: Round, lr: float) -> tuple[list[Change], list[Done]]:
        ray, pieces = cluster.import_ray(), [*self._slices, *itertools.chain(*self._changes)]
        of_shards = [
            self._run_shard.remote(
                *(
                    self._versions,
                    self._key,
                    [self._sent],
                    (part.epoch, part.number, shard),
                    float(lr),
                ),
                *(self.layout, *pieces),
            )
            for shard in range(self.parts)
        ]
        merged = []
        for k in range(self.layout.ranges):
            before = [changes[k] for changes in self._changes]
            given = self._versions, k, float(lr), self.layout, len(before), self._slices[k]
            made_of_it = [shard[k] for shard in of_shards]
            merged.append(self._merge_range.remote(*given, *before, *made_of_it))
        done: list[Done] = ray.get([shard[-1] for shard in of_shards])
        changes: list[Change] = ray.get(merged)
        self._merged_refs = merged  # once all are there
        return changes, done

    def losses_elsewhere(
        self, model: Any, source: Source, draws: int
    ) -> list[list[tuple[float, int]]]:
        """Let each core look at a part of what is held out."""
        ray, parts = cluster.import_ray(), sum(machine.cores for machine in self.machines)
        with _own_classes_sent(model, source):
            if source is not self._heldout[0]:
                self._heldout = source, ray.put(source)
            sent = ray.put(model)
        look = ray.remote(max_retries=RETRIES)(losses_of).options(scheduling_strategy="SPREAD")
        given = sent, self._heldout[1], draws
        return list(ray.get([look.remote(*given, part, parts) for part in range(parts)]))

    def description(self) -> Message:
        """Return what is said of it."""
        machines, cores = len(self.machines), sum(machine.cores for machine in self.machines)
        told = (
            f"engine ray ({self.why}), {self.parts} shards a round on {machines} "
            f"machine{'s' if machines > 1 else ''} with {cores} core{'s' if cores > 1 else ''}: "
            "the same seed gives the same bytes on any number of machines"
        )
        return (told,) if self.costs is None else (f"{told}; {'; '.join(self.facts())}",)

    def facts(self) -> list[str]:
        """Return what was measured before the training, a line each."""
        assert self.costs is not None
        costs, machines = self.costs, len(self.machines)
        least = min(self.machines, key=lambda machine: machine.memory)
        need = self.need[0] + least.cores * self.need[1]
        lines = [
            f"a machine needs about {in_bytes(need)} of memory, and {least.address} has "
            f"{in_bytes(least.memory)} free",
            f"a shard of a round ({costs.units // costs.shards:,} words or examples) takes "
            f"{costs.shard_seconds:.2g} s and sends {in_bytes(costs.shard_bytes)}, a round changes "
            f"rows of {in_bytes(costs.merged_bytes)}, of {in_bytes(costs.table_bytes)} in all",
        ]
        if costs.bandwidth is None:
            return [*lines, "nothing travels between machines"]
        cores = max(machine.cores for machine in self.machines)
        seconds, transport = costs.seconds(machines, cores), costs.transport(machines)
        return [
            *lines,
            f"at the {in_bytes(costs.bandwidth)} a second that were measured between machines "
            f"transport takes about {transport:.2g} of the {seconds:.2g} s of a round "
            f"({100 * transport / seconds:.0f} %)",
        ]

    def close(self) -> None:
        """Forget what was sent, and leave the cluster, if it was connected to for this run."""
        super().close()
        self._slices, self._changes, self._sent, self._heldout = [], [], None, (None, None)
        if self._leave:
            cluster.import_ray().shutdown()


@contextlib.contextmanager
def _as_it_is_sent(*given: Any, ids_folder: str | None) -> Iterator[None]:
    """Let Ray send Parameters without their numbers, mapped files as arrays, and own classes."""
    ray = cluster.import_ray()
    kinds: dict[type, tuple[Any, Any]] = {Parameter: (blank, made), np.memmap: (np.asarray, _as_is)}
    if ids_folder is not None:
        kinds[Corpus] = (where_it_stands, mapped_here)
    for kind, (serializer, deserializer) in kinds.items():
        ray.util.register_serializer(kind, serializer=serializer, deserializer=deserializer)
    try:
        with _own_classes_sent(*given):
            yield
    finally:
        for kind in kinds:
            ray.util.deregister_serializer(kind)


@contextlib.contextmanager
def _own_classes_sent(*given: Any) -> Iterator[None]:
    """Let Ray send classes of a user's with what is of them."""
    own, cloudpickle = list(_own_modules(given)), cluster.import_ray().cloudpickle
    for module in own:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in own:
            cloudpickle.unregister_pickle_by_value(module)


def _as_is(array: AnyArray) -> AnyArray:
    return array


def _is_own(source: Source) -> bool:
    """Whether a source, or one that it is made of, is of a class that is not the package's."""
    if not type(source).__module__.startswith("tinygrad_w2v."):
        return True
    return any(_is_own(each) for each in vars(source).values() if Source in type(each).__mro__)


def _own_modules(given: Iterable[Any]) -> Iterator[Any]:
    """The modules of a user's classes, which other machines do not have: no installed package."""
    seen: set[int] = set()
    objects: list[Any] = list(given)
    names: set[str] = set()
    while objects:
        each = objects.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        names.update(kind.__module__ for kind in type(each).__mro__)
        if isinstance(each, Module) or Source in type(each).__mro__:
            objects += vars(each).values()
        elif isinstance(each, list | tuple):
            objects += each
        elif isinstance(each, dict):
            objects += each.values()
    for name in sorted(names - {"__main__"}):
        module = sys.modules.get(name)
        file = getattr(module, "__file__", None)
        package = name.partition(".")[0]
        installed = file is None or {"site-packages", "dist-packages"} & set(Path(file).parts)
        library = package in sys.stdlib_module_names or package == "tinygrad_w2v"
        if not (installed or library):
            yield module
