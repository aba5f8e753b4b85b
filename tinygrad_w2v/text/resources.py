"""What this process may use: memory, which a container may limit, and space on a disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike


def memory_limit(root: PathLike = "/") -> int | None:
    """Return how many bytes of memory this process may use at most.

    The smallest of the machine's memory and of the limits of all control groups (versions 1 and
    2) that the process is in, which is how containers are limited.

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
    limits = [_machine_memory(Path(root)), *_group_limits(Path(root))]
    return min((limit for limit in limits if limit), default=None)


def free_space(folder: PathLike) -> int:
    """Return how many bytes can be written on the disk of a folder, or of its nearest parent.

    Examples
    --------
    >>> free_space("a folder/that is/not there") > 0
    True
    """
    place = Path(folder).absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    return shutil.disk_usage(place).free


def check_free_space(needed: int, folder: PathLike, free: int | None = None) -> None:
    """Raise an InputError when the files of ids will not fit on the disk.

    Parameters
    ----------
    needed
        Bytes.
    folder
        Where they will be made.
    free
        Bytes that are free there; looked up when None.

    Examples
    --------
    >>> check_free_space(9_000_000, "/tmp", free=99)
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: the ids need 9.0 MB of disk and /tmp has 99 bytes free; \
free some space or name another folder
    """
    free = free_space(folder) if free is None else free
    if needed > free:
        raise InputError(
            f"the ids need {in_bytes(needed)} of disk and {folder} has {in_bytes(free)} free; free "
            "some space or name another folder"
        )


def in_bytes(number: float) -> str:
    """Return a size as a person reads it.

    Examples
    --------
    >>> in_bytes(1_540_000_000), in_bytes(99)
    ('1.5 GB', '99 bytes')
    """
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= factor:
            return f"{number / factor:.1f} {unit}"
    return f"{number:.0f} bytes"


def _machine_memory(root: Path) -> int | None:
    for line in _text(root / "proc/meminfo").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _group_limits(root: Path) -> list[int]:
    """Return the limits of the process's groups and of the groups around them."""
    limits = []
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, group = line.split(":", 2)
        if not controllers:
            top, name = root / "sys/fs/cgroup", "memory.max"
        elif "memory" in controllers.split(","):
            top, name = root / "sys/fs/cgroup/memory", "memory.limit_in_bytes"
        else:
            continue
        # Inside a container the group's path may be the host's: then only the top is there.
        inner = top / group.lstrip("/")
        for place in [inner, *inner.parents]:
            if place == top or top in place.parents:
                text = _text(place / name).strip()
                limits += [int(text)] if text.isdecimal() else []
    return limits


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def cores() -> int:
    """Return the number of cores that this process may use.

    Examples
    --------
    >>> cores() >= 1
    True
    """
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
