"""Small files of vectors that unpack to large ones, or promise much, take no memory."""

from __future__ import annotations

import gzip
import io
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tinygrad_w2v import WordVectors
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.vectors import formats
from tinygrad_w2v.vectors.source import Source
from tinygrad_w2v.vectors.vocabulary_file import read_vocabulary_file
from tinygrad_w2v.vectors.word2vec_binary import BinaryReader

SIZE = 1 << 27
MB = 1 << 20
WV = WordVectors(["a", "b", "c", "d"], np.eye(4))

# What the file begins with, what follows for 128 MB, and its name.
BOMBS = {
    "newlines": ("v.bin.gz", b"1 3\n", b"\n"),
    "dimension": ("v.bin.gz", b"1 400000000\na ", b"\0"),
    "numbers": ("v.txt.gz", b"1 400000000\na", b" 0"),
    "blanks": ("v.txt.gz", b"1 3\na", b" "),
    "word": ("v.txt.gz", b"1 3\n", b"a"),
    "first line": ("v.glove.gz", b"a", b" 1.5"),
    "first word": ("v.glove.gz", b"", b"a"),
    "tabs": ("vectors.tsv.gz", b"0", b"\t0"),
    "metadata": ("vectors.tsv.gz", b"0 1\n", b""),
}


def pack(start: bytes, piece: bytes) -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as file:
        file.write(start)
        if piece:
            for _ in range(SIZE // MB):
                file.write(piece * (MB // len(piece)))
    return packed.getvalue()


@pytest.mark.parametrize("kind", BOMBS)
def test_bombs(kind, tmp_path) -> None:
    name, start, piece = BOMBS[kind]
    path = tmp_path / name
    path.write_bytes(pack(start, piece))
    assert path.stat().st_size < SIZE / 90
    if "tsv" in name:
        words = pack(b"", b"a") if kind == "metadata" else gzip.compress(b"a\n")
        (tmp_path / "metadata.tsv.gz").write_bytes(words)
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=rf"{name}|metadata\.tsv\.gz"):
            formats.load(path)
        peak = tracemalloc.get_traced_memory()[1]
        # The first line may tell how many numbers there are, so that it is read whole.
        assert peak < (SIZE if "first" in kind or "tabs" in kind else 1.1 * SIZE), peak / MB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("piece", [b"a", b"a\t", b" ", b"\0"])
def test_files_beside_vectors(piece, tmp_path) -> None:
    path = tmp_path / "beside.gz"
    path.write_bytes(pack(b"", piece))
    readers = (
        read_vocabulary_file,
        WV.evaluate_word_pairs,
        WV.evaluate_word_analogies,
    )
    for reader in readers:
        tracemalloc.start()
        try:
            with pytest.raises(InputError, match=r"beside\.gz"):
                reader(path)
            assert tracemalloc.get_traced_memory()[1] < SIZE / 8
        finally:
            tracemalloc.stop()


class Counted(io.BytesIO):
    """Counts what is read at a time, so that a reader that keeps all of it is found."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.reads: list[int] = []

    def read(self, size=-1):
        data = super().read(size)
        self.reads.append(len(data))
        return data


def test_newlines_are_passed_over_as_they_come(monkeypatch) -> None:
    """Nothing that was looked at is kept, which would be copied with each piece."""
    monkeypatch.setattr("tinygrad_w2v.vectors.word2vec_binary._CHUNK", 1 << 12)
    kept: list[int] = []
    block = BinaryReader._block

    def watched(self, data, wanted):
        kept.append(len(data))
        return block(self, data, wanted)

    monkeypatch.setattr(BinaryReader, "_block", watched)
    row = np.ones(3, "<f4").tobytes()
    data = b"2 3\n" + b"\n" * (1 << 20) + b"a " + row + b"\n" * (1 << 20) + b"b " + row + b"\n\n"
    reader = BinaryReader(Source(Counted(data), Path("v.bin"), len(data)))
    assert [word for block in reader for word in block.words] == ["a", "b"]
    assert max(kept) < 3 * (1 << 12)


def test_an_entry_larger_than_a_piece_is_read_in_one_go(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr("tinygrad_w2v.vectors.word2vec_binary._CHUNK", 64)
    wide = WordVectors(["a", "b"], np.arange(20_000, dtype=np.float32).reshape(2, 10_000))
    path = tmp_path / "wide.bin"
    wide.save_word2vec_format(path, binary=True)
    data = path.read_bytes()
    stream = Counted(data)
    reader = BinaryReader(Source(stream, path, len(data)))
    assert [word for block in reader for word in block.words] == ["a", "b"]
    assert len(stream.reads) < 10
    again = WordVectors.load_word2vec_format(path, binary=True)
    np.testing.assert_array_equal(again.vectors, wide.vectors)
