"""What a source of examples has to do, and what it is given for it."""

from __future__ import annotations

import numpy as np
import pytest
from ragged import Ragged

from tinygrad_w2v.sources import WindowSettings, WindowSource, native_windows
from tinygrad_w2v.text.corpus import build_corpus


def test_batches_have_every_example_once_and_one_shape() -> None:
    source = Ragged(5000)  # more than one block
    seen = []
    units = 0
    for batch, stands_for in source.batches(epoch=0):
        assert 1 <= len(batch["y"]) <= source.batch_size
        assert batch["ids"].shape[:1] == batch["y"].shape
        seen += [tuple(row) for row in batch["ids"].tolist()]
        units += stands_for
    wanted = [tuple(row[:n].tolist()) for row, n in zip(source.ids, source.sizes, strict=True)]
    assert sorted(seen) == sorted(wanted)
    assert units == source.units


@pytest.mark.parametrize("hs", [False, True])
def test_windows_are_drawn_without_numba_too(hs: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    text = [[f"w{(3 * i + j) % 11}" for j in range(1 + i % 9)] for i in range(30)]
    vocabulary, corpus = build_corpus(text, min_count=1)
    source = WindowSource(corpus, vocabulary.counts, WindowSettings(hs=hs, sample=0.1))
    native = source.draw(2, 10, 90)
    monkeypatch.setattr(
        native_windows, "sampler", lambda: np.errstate(over="ignore")(native_windows.draw_windows)
    )
    plain = source.draw(2, 10, 90)
    assert (plain.count, plain.used) == (native.count, native.used)
    for name, array in native.arrays.items():
        np.testing.assert_array_equal(plain.arrays[name], array)
    for name, lengths in native.sizes.items():
        np.testing.assert_array_equal(plain.sizes[name], lengths)


def test_another_text_or_setting_has_another_digest() -> None:
    vocabulary, corpus = build_corpus([["you", "say", "hello"]] * 9, min_count=1)
    other = build_corpus([["you", "say", "goodbye"]] * 9 + [["hello"]], min_count=1)[1]
    settings = [(corpus, WindowSettings()), (corpus, WindowSettings(seed=2)), (other, None)]
    counts = vocabulary.counts
    digests = [WindowSource(text, counts, given).digest() for text, given in settings]
    assert len(set(digests)) == 3
    assert digests[0] == WindowSource(corpus, counts).digest()
