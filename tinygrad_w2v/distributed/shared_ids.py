"""Ids that stand in a folder that all machines share: they are mapped there, and not sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.distributed import cluster
from tinygrad_w2v.text.corpus import Corpus
from tinygrad_w2v.text.rows import map_row


class FileRow(NamedTuple):
    """A row of numbers that is a file.

    Attributes
    ----------
    path, dtype : str
    length : int
    """

    path: str
    dtype: str
    length: int


def where_it_stands(corpus: Corpus) -> tuple[Any, ...]:
    """Return a corpus as it is sent: in place of a row that is a file, where that stands.

    Examples
    --------
    >>> where_it_stands(Corpus(np.arange(3), np.array([0, 3]), 3))
    (array([0, 1, 2]), array([0, 3]), 3)
    """
    return _row(corpus.ids), _row(corpus.offsets), corpus.raw_words


def _row(row: AnyArray) -> AnyArray | FileRow:
    file = row.base
    name = getattr(file, "filename", None)
    if not isinstance(file, np.memmap) or name is None or file.nbytes != row.nbytes:
        return row  # in memory, or in a file without a name: what was held out, or renumbered
    return FileRow(str(name), row.dtype.str, len(row))


def mapped_here(sent: tuple[Any, ...]) -> Corpus:
    """Return the corpus that was sent, with the files of this machine.

    Raises
    ------
    InputError
        When a file is not here, or has another size.
    """
    ids, offsets, raw_words = sent
    return Corpus(_mapped(ids), _mapped(offsets), raw_words)


def _mapped(row: AnyArray | FileRow) -> AnyArray:
    if not isinstance(row, FileRow):
        return row
    path, size = Path(row.path), row.length * np.dtype(row.dtype).itemsize
    try:
        found = path.stat().st_size
    except OSError:
        found = None
    if found != size:
        told = "is not" if found is None else f"has {found:,} bytes, not {size:,},"
        raise InputError(
            f"{path} {told} on the machine {_here()}: all machines must share the folder of the "
            "ids, under one name; or leave it out, and ids are sent",
            setting="ids_folder",
        )
    return map_row(path, row.dtype, row.length)


def _here() -> str:
    return str(cluster.import_ray().util.get_node_ip_address())
