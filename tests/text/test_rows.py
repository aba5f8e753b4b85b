from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tinygrad_w2v.sources import WindowSource
from tinygrad_w2v.text.corpus import Corpus, build_corpus
from tinygrad_w2v.text.rows import map_row, release_pages
from tinygrad_w2v.text.sentences import LineSentence

MAPS = Path("/proc/self/smaps")


def resident(array: np.ndarray) -> int:
    """Bytes of a mapped file that are in this process's memory; 0 where the system has no list."""
    address, inside = array.__array_interface__["data"][0], False
    for line in MAPS.read_text(encoding="utf-8").splitlines() if MAPS.exists() else ():
        head = line.split()[0]
        if not head.endswith(":"):
            first, last = (int(part, 16) for part in head.split("-"))
            inside = first <= address < last
        elif inside and head == "Rss:":
            return 1024 * int(line.split()[1])
    return 0


def row_of(path: Path, numbers: int, mode: str = "r") -> np.ndarray:
    np.arange(numbers, dtype=np.int32).tofile(path)
    return map_row(path, np.int32, numbers, mode)


def test_pages_go_and_numbers_stay(tmp_path: Path) -> None:
    row = row_of(tmp_path / "row", 4_000_000, "r+")
    row[5] = 77
    total = int(row.sum())
    full = resident(row)
    assert full >= row.nbytes or not MAPS.exists()
    release_pages(row[:])
    assert resident(row) <= full / 100
    assert (int(row.sum()), row[5]) == (total, 77)
    release_pages(row, 0, 1_000_000)
    assert resident(row) <= 0.76 * full
    row.base.flush()
    assert np.fromfile(tmp_path / "row", np.int32)[5] == 77


def test_what_is_written_into_a_private_copy_is_not_lost(tmp_path: Path) -> None:
    row = row_of(tmp_path / "row", 4_000_000, "c")
    row[:] = 3
    release_pages(row)
    assert (row == 3).all()


def test_other_arrays_stay_as_they_are() -> None:
    for row in (np.arange(3), np.frombuffer(b"abcd", np.int32), np.empty(0)):
        before = row.copy()
        release_pages(row)
        release_pages(row, 1, 2)
        np.testing.assert_array_equal(row, before)


def test_a_text_that_is_drawn_from_its_file_does_not_stay_in_memory(tmp_path: Path) -> None:
    words, step = 4_000_000, 8192
    ids = row_of(tmp_path / "ids", words, "r+")
    ids %= 7
    release_pages(ids)
    offsets = np.arange(0, words + 1, 100)
    source = WindowSource(Corpus(ids, offsets, words), np.full(7, words // 7))
    room, most = source.new_room(step), 0
    for first in range(0, words, step):
        source.draw(0, first, min(first + step, words), room)
        most = max(most, resident(ids) if first % (16 * step) == 0 else 0)
    assert most < 4_000_000
    assert resident(ids) < 4_000_000


@pytest.mark.parametrize("block", [1, 3, 1000])
def test_blocks_of_any_size_count_and_renumber_the_same(
    block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "text"
    path.write_text("c b a a b\nz\na b c\n" * 20, encoding="utf-8")
    monkeypatch.setattr("tinygrad_w2v.text.rows.BLOCK", block)
    vocabulary, corpus = build_corpus(LineSentence(path), min_count=40, folder=tmp_path)
    assert dict(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True)) == {
        "b": 60,
        "a": 60,
        "c": 40,
    }
    words = [[vocabulary.words[i] for i in corpus.sentence(n)] for n in range(corpus.sentences)]
    assert words == [["c", "b", "a", "a", "b"], [], ["a", "b", "c"]] * 20
