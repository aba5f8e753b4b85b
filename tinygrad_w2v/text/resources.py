"""What this process may use: space on a disk, and cores."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.memory import in_bytes


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


def cores() -> int:
    """Return the number of cores that this process may use.

    Examples
    --------
    >>> cores() >= 1
    True
    """
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
