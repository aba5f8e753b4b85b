"""A zip that unpacks to far more than it has is refused by whatever reads npz files."""

from __future__ import annotations

import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

import tinygrad_w2v as tw
from tinygrad_w2v import Word2Vec, WordVectors
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.npz import ALWAYS, read_arrays
from tinygrad_w2v.vectors import formats

MEMBERS = ("vectors", "words", "offsets", "counts", "word2vec", "run", "weight")
ROWS = 2 * ALWAYS // 4 // len(MEMBERS)


def compressed(path: Path) -> None:
    """Write a bomb of the usual kind: zeros, compressed a thousand times."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in MEMBERS:
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, np.zeros((ROWS, 1), np.float32))


def overlapping(path: Path) -> None:
    """Write one member and a directory that names it many times."""
    with zipfile.ZipFile(path, "w") as archive, archive.open("vectors.npy", "w") as member:
        np.lib.format.write_array(member, np.zeros((1 << 20, 1), np.float32))
    data = path.read_bytes()
    at = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry, times = data[at:end], 40
    names = [b"vectors.npy", b"offsets.npy"] + [b"more%03d.npy" % k for k in range(times - 2)]
    entries = b"".join(entry[:46] + name + entry[46 + len(name) :] for name in names)
    tail = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, times, times, len(entries), at, 0)
    path.write_bytes(data[:at] + entries + tail)


READERS = {
    "WordVectors.load": WordVectors.load,
    "WordVectors.load mapped": lambda path: WordVectors.load(path, mmap=True),
    "formats.load": formats.load,
    "convert": lambda path: formats.convert(path, path.with_name("out.txt")),
    "Word2Vec.load": Word2Vec.load,
    "Module.load": lambda path: tw.nn.Linear(2, 3).load(path),
    "read_arrays": read_arrays,
}


@pytest.fixture(scope="module", params=[compressed, overlapping], ids=lambda make: make.__name__)
def bomb(request, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("bomb") / "bomb.npz"
    request.param(path)
    return path


@pytest.mark.parametrize("reader", READERS)
def test_bombs_are_refused(reader, bomb) -> None:
    path = bomb
    assert path.stat().st_size < ALWAYS // 10
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=r"bomb\.npz: .*unpacks to [\d.]+ MB from [\d.]+ "):
            READERS[reader](path)
        assert tracemalloc.get_traced_memory()[1] < ALWAYS // 10
    finally:
        tracemalloc.stop()


def test_small_tables_may_be_compressed(tmp_path) -> None:
    path = tmp_path / "x.npz"
    np.savez_compressed(path, zeros=np.zeros(1 << 20))
    assert path.stat().st_size < 1 << 17
    assert read_arrays(path)["zeros"].shape == (1 << 20,)
