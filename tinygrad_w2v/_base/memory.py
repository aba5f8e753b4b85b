"""How much memory this process may use, and has left: asked before much of it is taken.

A system hands out more memory than it has and kills a process that then uses it. So what is known
to need much is held against what is left beforehand, where a line can still say what to lower.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tinygrad_w2v._base.errors import InputError

PathLike = str | os.PathLike[str]

SMALL = 1 << 26
"""Needs below this are not asked about: to ask takes longer than to allocate."""


def memory_limit(root: PathLike = "/") -> int | None:
    """Return how many bytes of memory this process may use at most.

    The smallest of the machine's memory, of the limits of all control groups (versions 1 and 2)
    that the process is in, which is how containers are limited, and of its own resource limits
    (``ulimit -v``).

    Parameters
    ----------
    root
        Where ``proc`` and ``sys`` are; for tests.

    Returns
    -------
    int or None
        None when the system does not say.

    Examples
    --------
    >>> limit = memory_limit()
    >>> limit is None or limit > 1_000_000
    True
    """
    place = Path(root)
    limits = [_machine_memory(place)]
    limits += [limit for limit, _ in (*_groups(place), *_resource_limits(place))]
    return min((limit for limit in limits if limit), default=None)


def return_freed() -> None:
    """Give memory that was freed back to the system, where the C library would keep it.

    What lies between pieces that are in use is kept for later ones: after a text was read and
    counted that is megabytes, which nobody asks for again.

    Examples
    --------
    >>> return_freed()
    """
    if sys.platform == "linux":
        import ctypes

        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc alone
        if trim is not None:
            trim(0)


def memory_left(root: PathLike = "/") -> int | None:
    """Return how many bytes of memory this process may still take, without what is in use.

    What the system keeps of files in memory counts as free, since it gives that back.

    Parameters
    ----------
    root
        As in `memory_limit`.

    Returns
    -------
    int or None
        None when the system does not say.

    Examples
    --------
    >>> left = memory_left()
    >>> left is None or left > 0
    True
    """
    place = Path(root)
    known = _numbers(place / "proc/meminfo")
    left = [limit - used for limit, used in (*_groups(place), *_resource_limits(place))]
    if "MemAvailable" in known:
        left.append(1024 * (known["MemAvailable"] + known.get("SwapFree", 0)))
    elif (machine := _machine_memory(place)) is not None:
        left.append(machine)
    return max(min(left), 0) if left else None


def require_memory(needed: int, what: str, remedy: str) -> None:
    """Refuse what would take more memory than is left.

    Parameters
    ----------
    needed
        Bytes; what is sure to be taken, so that nothing is refused that would do.
    what, remedy
        For the message: what takes them, and what to do.

    Raises
    ------
    InputError
        It says both numbers.

    Examples
    --------
    >>> require_memory(1 << 70, "the tables", "use a smaller size")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: the tables need about 1180.6 EB of memory and ... are \
left; use a smaller size
    """
    if needed <= SMALL:
        return
    left = memory_left()
    if left is not None and needed > left:
        raise InputError(
            f"{what} need about {in_bytes(needed)} of memory and {in_bytes(left)} are left; "
            f"{remedy}"
        )


def in_bytes(number: float) -> str:
    """Return a size as a person reads it.

    Examples
    --------
    >>> in_bytes(1_540_000_000), in_bytes(99)
    ('1.5 GB', '99 bytes')
    """
    for unit, factor in (("EB", 1e18), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= factor:
            return f"{number / factor:.1f} {unit}"
    return f"{number:.0f} bytes"


def _machine_memory(root: Path) -> int | None:
    known = _numbers(root / "proc/meminfo")
    if "MemTotal" in known:
        return 1024 * known["MemTotal"]
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _groups(root: Path) -> Iterator[tuple[int, int]]:
    """Yield the limit of each control group around the process that has one, and what is used."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, group = line.split(":", 2)
        if not controllers:
            top, files = root / "sys/fs/cgroup", ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            top = root / "sys/fs/cgroup/memory"
            files = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        # Inside a container the group's path may be the host's: then only the top is there.
        inner = top / group.lstrip("/")
        for place in [inner, *inner.parents]:
            limit = _text(place / files[0]).strip()
            if limit.isdecimal() and (place == top or top in place.parents):
                used = _text(place / files[1]).strip()
                kept = _numbers(place / "memory.stat").get(files[2], 0)  # of files, given back
                yield int(limit), max(0, (int(used) if used.isdecimal() else 0) - kept)


def _numbers(path: Path) -> dict[str, int]:
    """The numbers of a file of lines ``name: number``, as the system writes them."""
    pairs = [line.replace(":", " ").split()[:2] for line in _text(path).splitlines()]
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}


def _resource_limits(root: Path) -> Iterator[tuple[int, int]]:
    """Yield the limits that are set for this process, each with what is in use of it."""
    try:
        import resource
    except ImportError:  # Windows has none
        return
    pages = [int(number) for number in _text(root / "proc/self/statm").split()]
    if len(pages) < 6:
        return
    for kind, place in ((resource.RLIMIT_AS, 0), (resource.RLIMIT_DATA, 5)):
        limit, _ = resource.getrlimit(kind)
        if limit != resource.RLIM_INFINITY:
            yield limit, pages[place] * resource.getpagesize()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
