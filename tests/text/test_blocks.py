from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.text import corpus as corpora
from tinygrad_w2v.text.corpus import Corpus, build_corpus


def corpus_of(sentences: int):
    text = [[f"w{i % 7}", f"w{i % 5}", "a"][: 1 + i % 3] for i in range(sentences)]
    return build_corpus(text, min_count=1)[1]


def sentences(corpus) -> list[list[int]]:
    return [corpus.sentence(number).tolist() for number in range(corpus.sentences)]


def test_every_sentence_is_in_one_part_and_in_order() -> None:
    whole = corpus_of(2000)
    larger, smaller = whole.split(0.25, seed=3)
    assert smaller.sentences + larger.sentences == 2000
    assert smaller.words + larger.words == whole.words
    assert smaller.raw_words + larger.raw_words == whole.raw_words
    both = sorted(sentences(larger) + sentences(smaller))
    assert both == sorted(sentences(whole))
    for part in (larger, smaller):
        rest = iter(sentences(whole))
        assert all(any(mine == other for other in rest) for mine in sentences(part))


def test_the_share_and_the_seed() -> None:
    whole = corpus_of(20_000)
    sizes = [whole.split(share, 1)[1].sentences for share in (0.1, 0.5)]
    # Five standard deviations of a binomial count.
    np.testing.assert_allclose(sizes, [2000, 10_000], atol=5 * np.sqrt(20_000 * 0.25))
    same, other = (whole.split(0.1, seed)[1] for seed in (1, 2))
    np.testing.assert_array_equal(same.offsets, whole.split(0.1, 1)[1].offsets)
    assert same.ids.tolist() != other.ids.tolist()


@pytest.mark.parametrize("share", [0, 1, -0.1, float("nan")])
def test_shares_that_are_none(share) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        corpus_of(10).split(share, 1)


@pytest.mark.parametrize(("share", "part"), [(1e-9, "held-out part"), (1 - 1e-9, "train on")])
def test_a_part_without_anything_to_predict(share, part) -> None:
    with pytest.raises(InputError, match=part):
        corpus_of(20).split(share, 1)


@pytest.mark.parametrize("words", [1, 2, 50])
def test_pieces_and_files_change_nothing(words, tmp_path, monkeypatch) -> None:
    whole = corpus_of(300)
    expected = whole.split(0.3, 2)
    monkeypatch.setattr(corpora, "BLOCK", words)
    found = whole.split(0.3, 2, tmp_path)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours.ids, theirs.ids)
        np.testing.assert_array_equal(ours.offsets, theirs.offsets)
        assert (ours.ids.dtype, ours.offsets.dtype) == (np.int32, np.int64)
        assert ours.raw_words == theirs.raw_words
    assert list(tmp_path.iterdir()) == []  # the files have no name, so that a kill leaves none


@pytest.mark.parametrize("lengths", [[10] * 200_000, [1_000_000, 2, 2, 999_000]], ids=len)
def test_a_corpus_in_files_stays_there(lengths, tmp_path: Path, monkeypatch) -> None:
    """No copy of the ids in memory, not even of a sentence that is the whole text."""
    ids = np.memmap(tmp_path / "ids", np.int32, "w+", shape=(sum(lengths),))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    monkeypatch.setattr(corpora, "BLOCK", 10_000)
    tracemalloc.start()
    try:
        parts = Corpus(ids, offsets, len(ids)).split(0.5, 3, tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert sum(part.words for part in parts) == len(ids)
    assert peak < ids.nbytes / 5


def test_room_is_looked_for_before(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("tinygrad_w2v.text.resources.free_space", lambda folder: 99)
    with pytest.raises(InputError, match=r"the ids need 4.8 kB of disk and .* has 99 bytes free"):
        corpus_of(300).split(0.3, 2, tmp_path)


def test_a_text_is_renumbered_piece_by_piece(rng, tmp_path, monkeypatch) -> None:
    """Words that are left out, empty sentences, pieces of any size: as if done at once."""
    number_of = np.array([3, -1, 0, -1, 2], np.int32)
    for size in (1, 2, 3, 5, 1000):
        monkeypatch.setattr(corpora, "BLOCK", size)
        for sentences in (0, 1, 2, 9, 30):
            offsets = np.concatenate([[0], np.cumsum(rng.integers(0, 6, sentences))])
            ids = rng.integers(0, 5, offsets[-1]).astype(np.int32)
            found = Corpus(ids, offsets, 77).renumbered(number_of, tmp_path)
            known = number_of[ids] >= 0
            assert found.ids.tolist() == number_of[ids][known].tolist()
            before = np.concatenate([[0], np.cumsum(known)])
            assert found.offsets.tolist() == before[offsets].tolist()
            assert found.raw_words == 77
