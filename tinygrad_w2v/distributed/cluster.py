"""The cluster: how one gets to it, what it is made of, and whether a run fits.

What differs between machines and would end a run, or change its bytes, is found before it begins.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

from tinygrad_w2v._base.errors import EngineWarning, InputError, MissingDependencyError
from tinygrad_w2v._base.warning import warn_user

ANSWER = 10.0  # seconds in which an address has to answer
PROCESS = 300 << 20  # bytes of a process that computes, beside what it reads and writes


class Machine(NamedTuple):
    """A machine of the cluster, and what is installed on it.

    Attributes
    ----------
    address, node : str
        Ray's names of it.
    cores : int
        That Ray gives to tasks.
    memory, store : int
        Bytes: that are free, and that Ray's shared memory has.
    versions : dict
        Of Python and of the libraries that decide bytes.
    processor : str
    """

    address: str
    node: str
    cores: int
    memory: int
    store: int
    versions: dict[str, str]
    processor: str


def import_ray() -> Any:
    """Return the module ray.

    Raises
    ------
    MissingDependencyError
        That says what to install.
    """
    os.environ.setdefault("RAY_TQDM_PATCH_PRINT", "0")  # else `print` is another function from then
    try:
        import ray
    except ImportError as error:
        raise MissingDependencyError(
            "engine='ray' needs Ray: pip install 'tinygrad_w2v[ray]', on every machine"
        ) from error
    return ray


def connect(address: str | None, cores: int) -> bool:
    """Connect this process to a cluster; return whether it is to be left again.

    Parameters
    ----------
    address
        ``HOST:PORT``, ``"auto"`` for the cluster that this machine is part of, or None: that of
        the variable ``RAY_ADDRESS``, else one that is begun here for the time of the run. Where
        this process is connected already it stays so.
    cores
        Of a cluster that is begun here.

    Raises
    ------
    InputError
        When nothing answers there, or this process is connected to another one.
    MissingDependencyError
        Without Ray.
    """
    ray = import_ray()
    if ray.is_initialized():
        ours = ray.get_runtime_context().gcs_address
        if address not in (None, "auto", "local", ours):
            raise InputError(
                f"is {address}, but this process is connected to {ours}: call ray.shutdown() first",
                setting="ray_address",
            )
        return False
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    if "://" in address:
        raise InputError(
            f"is {address}; a training runs on a machine of the cluster: start it there, with "
            "HOST:PORT or 'auto'",
            setting="ray_address",
        )
    options: dict[str, Any] = {"address": address, "log_to_driver": False, "logging_level": 30}
    if address == "local":
        options |= {"num_cpus": cores, "include_dashboard": False}
    elif address != "auto":
        _check_answers(address)
    try:
        with _signals_kept():
            ray.init(**options)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise InputError(
            f"is {address}, and Ray cannot connect to it: {str(error).strip().splitlines()[0]}",
            setting="ray_address",
        ) from error
    return True


def _check_answers(address: str) -> None:
    """Raise an InputError where no Ray answers in time."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 1 << 16:
        raise InputError(
            f"is {address!r:.80}; give HOST:PORT, as `ray start` says it, or 'auto'",
            setting="ray_address",
        )
    silent = InputError(
        f"is {address}, where no Ray answers in {ANSWER:.0f} s: look at the address, and whether "
        "`ray status` there lists its machines",
        setting="ray_address",
    )
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER).close()
    except OSError as error:
        raise silent from error

    def ask() -> None:
        from ray._raylet import GcsClient

        try:
            GcsClient(address=address)
        except Exception as error:
            failed.append(error)

    failed: list[Exception] = []
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(ANSWER)
    if failed and type(failed[0]).__name__ == "AuthenticationError":
        raise InputError(
            f"is {address}, which lets in only who has its token: set RAY_AUTH_MODE=token, and "
            "copy the file ~/.ray/auth_token from there",
            setting="ray_address",
        ) from failed[0]
    if asking.is_alive() or (failed and not isinstance(failed[0], ImportError)):
        raise silent from (failed[0] if failed else None)


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray handles signals that end the process; a training has its own way."""
    main = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items() if main else ():
            signal.signal(number, handler)


def on_each(nodes: Sequence[str], function: Callable[..., Any], *given: Any) -> list[Any]:
    """Call a function on each of some machines, beside what runs there, and return the results.

    Of a machine that is lost meanwhile, or was, which takes Ray seconds to notice, it is None.
    """
    ray = import_ray()
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    task = ray.remote(num_cpus=0)(function)
    there = [NodeAffinitySchedulingStrategy(node, soft=False) for node in nodes]
    results = []
    for answer in [task.options(scheduling_strategy=x).remote(*given) for x in there]:
        try:
            results.append(ray.get(answer))
        except ray.exceptions.RayTaskError:
            raise
        except ray.exceptions.RayError:
            results.append(None)
    return results


def machines() -> list[Machine]:
    """Return the machines of the cluster that have cores, and what is on them.

    Raises
    ------
    InputError
        When there is none, or one lacks a library.
    """
    ray = import_ray()

    def facts() -> dict[str, Any]:  # sent as it is: the package may be missing there
        import importlib
        import platform

        versions = {"python": platform.python_version()}
        for name in ("numpy", "numba", "tinygrad_w2v"):
            try:
                module = importlib.import_module(name)
                versions[name] = str(module.__version__)
            except ImportError as error:
                return {"missing": f"{name} cannot be imported: {error}"}
        from llvmlite import binding

        from tinygrad_w2v._base.memory import memory_left

        kind = f"{platform.machine()} {binding.get_host_cpu_name()}"
        return {"versions": versions, "processor": kind, "memory": memory_left() or 0}

    nodes = [n for n in ray.nodes() if n["Alive"] and n["Resources"].get("CPU", 0) >= 1]
    found = []
    for node, known in zip(nodes, on_each([n["NodeID"] for n in nodes], facts), strict=True):
        if known is None:
            continue
        address, resources = node["NodeManagerAddress"], node["Resources"]
        if "missing" in known:
            raise InputError(
                f"on the machine {address} {known['missing']}; install the same versions on all"
            )
        store = int(resources.get("object_store_memory", 0))
        found.append(Machine(address, node["NodeID"], int(resources["CPU"]), store=store, **known))
    if not found:
        raise InputError("no machine of the Ray cluster has a core for tasks")
    return found


def check_alike(here: dict[str, str], processor: str, found: Sequence[Machine]) -> None:
    """Refuse machines with other versions than here, and warn of other processors.

    Raises
    ------
    InputError
        It names the machine, the library and both versions.

    Examples
    --------
    >>> other = Machine("10.0.0.7", "a1", 8, 1 << 34, 1 << 33, {"numpy": "2.1.0"}, "x86_64 zen4")
    >>> check_alike({"numpy": "2.2.0"}, "x86_64 zen4", [other])
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: the machine 10.0.0.7 has numpy 2.1.0, and this one \
2.2.0, so that bytes may differ: install the same version on all
    """
    for machine in found:
        for name, version in here.items():
            if machine.versions.get(name) != version:
                raise InputError(
                    f"the machine {machine.address} has {name} {machine.versions.get(name)}, and "
                    f"this one {version}, so that bytes may differ: install the same version on all"
                )
    warn_of_processors({m.processor for m in found} | {processor})


def warn_of_processors(kinds: Iterable[str]) -> None:
    """Warn where processors are not all of one kind."""
    if len(others := sorted(set(kinds))) > 1:
        warn_user(
            f"the machines have different processors ({', '.join(others)}), for which kernels are "
            "compiled differently: the last digits may depend on where a part of a round was "
            "computed",
            EngineWarning,
        )


def check_here(versions: dict[str, str]) -> None:
    """Refuse to compute here what was begun with other versions: this machine came later.

    Raises
    ------
    InputError
        It names this machine, the library and both versions.
    """
    own, processor = own_facts()
    if own != versions:
        address = import_ray().util.get_node_ip_address()
        check_alike(versions, processor, [Machine(address, "", 0, 0, 0, own, processor)])


def alive() -> dict[str, str]:
    """Return the address of each machine of which Ray does not know that it is lost, by node."""
    return {n["NodeID"]: n["NodeManagerAddress"] for n in import_ray().nodes() if n["Alive"]}


def check_room(found: Sequence[Machine], shared: int, own: int) -> None:
    """Refuse machines that cannot hold the tables, and warn of those that will write to disk.

    Parameters
    ----------
    found
        The machines.
    shared
        Bytes that each holds once, for all of its processes.
    own
        Bytes of each process.

    Examples
    --------
    >>> small = Machine("10.0.0.7", "a1", 8, 1 << 30, 1 << 29, {}, "")
    >>> check_room([small], shared=1 << 31, own=1 << 28)
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: the machine 10.0.0.7 needs about 4.3 GB, for the tables \
and 8 processes, and has 1.1 GB free: take it out of the cluster, give Ray fewer cores of it, or \
train fewer words or smaller vectors
    """
    for machine in found:
        need = shared + machine.cores * own
        if machine.memory and need > machine.memory:
            raise InputError(
                f"the machine {machine.address} needs about {need / 1e9:.1f} GB, for the tables "
                f"and {machine.cores} processes, and has {machine.memory / 1e9:.1f} GB free: take "
                "it out of the cluster, give Ray fewer cores of it, or train fewer words or "
                "smaller vectors"
            )
        if shared > machine.store:
            warn_user(
                f"the shared memory of Ray on {machine.address} has {machine.store / 1e9:.1f} GB, "
                f"and the tables on their way take about {shared / 1e9:.1f}: Ray will write some "
                "of it to disk, which is slow; give `ray start` a larger object-store-memory",
                EngineWarning,
            )


@cache
def own_facts() -> tuple[dict[str, str], str]:
    """Return the versions here, and the processor."""
    import platform

    import numba
    import numpy
    from llvmlite import binding

    from tinygrad_w2v._base.version import __version__

    versions = {
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "numba": numba.__version__,
        "tinygrad_w2v": __version__,
    }
    return versions, f"{platform.machine()} {binding.get_host_cpu_name()}"
