"""What this process may use: memory, which a container may limit, and space on a disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

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
