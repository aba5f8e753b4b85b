"""Windows drawn natively are those of `window_batches`, whatever the text and the stretches."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tinygrad_w2v._base import hashing
from tinygrad_w2v.sources import native_windows
from tinygrad_w2v.sources.subsampling import keep_probability
from tinygrad_w2v.sources.windows import WindowSettings, WindowSource
from tinygrad_w2v.text.corpus import Corpus

WAYS = {
    "as chosen": native_windows.sampler,
    "plain Python": lambda: np.errstate(over="ignore")(native_windows.draw_windows),
}


def source_of(lengths, words, chosen):
    """Random words, small ids more often; a vocabulary of one word or more."""
    rng = np.random.default_rng(sum(lengths))
    ids = (words * rng.random(sum(lengths)) ** 2).astype(np.int32)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    counts = np.bincount(ids, minlength=words) + 1
    return WindowSource(Corpus(ids, offsets, len(ids)), counts, chosen)


def drawn_natively(source, epoch, cuts, room):
    """The windows of all stretches between cuts, and how many words were kept."""
    found, used = Counter(), 0
    for first, last in pairwise([0, *sorted(cuts), source.units]):
        drawn = source.draw(epoch, first, last, room)
        used += drawn.used
        fields = {name: drawn.arrays[name] for name in drawn.arrays}
        for row in range(drawn.count):
            C, T = (int(drawn.sizes[name][row]) for name in "CT")
            found[
                int(fields["center"][row]),
                tuple(fields["contexts"][row, :C].tolist()),
                tuple(fields["offsets"][row, :C].tolist()),
                tuple(fields["targets"][row, :T].tolist()),
                tuple(fields["labels"][row, :T].tolist()),
            ] += 1
        for name, (least, most) in source.ranges().items():
            if name != "offsets":  # What lies beyond a window's end has no meaning, but is a row.
                assert np.all((fields[name] >= least) & (fields[name] <= most)), name
    return found, used


def drawn_as_arrays(source, epoch):
    found = Counter()
    for batch, _ in source.batches(epoch):
        rows = zip(*(np.asarray(field).tolist() for field in batch[:4]), strict=True)
        for row, labels in zip(rows, batch.labels.tolist(), strict=True):
            center, contexts, offsets, targets = row
            if not source.settings.negative and source.tree is None:
                targets = labels = []  # The array engine has the true word there.
            found[center, tuple(contexts), tuple(offsets), tuple(targets), tuple(labels)] += 1
    return found


def kept_words(source, epoch):
    corpus, kept = source.corpus, 0
    key = hashing.stream_key(source.settings.seed, epoch, hashing.SUBSAMPLING)
    for s in range(corpus.sentences):
        ids = np.asarray(corpus.sentence(s))
        places = np.arange(len(ids), dtype=np.uint64)
        bits = hashing.draw(key, np.array([s], np.uint64), places, np.zeros(1, np.uint64))
        kept += int(np.count_nonzero(hashing.uniform(bits) < source.keep[ids]))
    return kept


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.sampled_from([0, 0, 1, 1, 2, 3, 5, 8, 30]), min_size=1, max_size=12).filter(
        lambda lengths: max(lengths) > 1
    ),
    words=st.sampled_from([1, 2, 3, 9]),
    window=st.integers(1, 9),
    shrink=st.booleans(),
    sample=st.sampled_from([0, 1e-12, 1e-3, 0.05, 0.3]),
    negative=st.integers(0, 6),
    hs=st.booleans(),
    shared=st.booleans(),
    cuts=st.lists(st.integers(0, 400), max_size=6),
    epoch=st.integers(0, 2),
)
@example([40], 9, 5, True, 0.3, 5, True, True, [1, 2, 20, 39], 0)  # within one sentence
@example([0, 0, 3, 0], 2, 2, False, 0, 2, False, False, [0, 0, 3], 1)
@example([30, 1, 30], 2, 9, True, 1e-3, 2, False, True, [31, 30, 45], 0)
def test_stretches_are_those_of_the_arrays(
    way, lengths, words, window, shrink, sample, negative, hs, shared, cuts, epoch
):
    chosen = WindowSettings(
        window, shrink, sample, negative, hs=hs and words > 1, shared_negatives=shared
    )
    source = source_of(lengths, words, chosen)
    cuts = [min(cut, source.units) for cut in cuts]
    room = source.new_room(source.units)  # Used again, so that what is left in it is seen.
    with pytest.MonkeyPatch.context() as patch:
        sampler = WAYS[way]()
        patch.setattr(native_windows, "sampler", lambda: sampler)
        found, used = drawn_natively(source, epoch, cuts, room)
    assert found == drawn_as_arrays(source, epoch)
    assert used == kept_words(source, epoch)


def test_most_negatives_that_are_the_true_word_are_drawn_again():
    """Nearly every draw is word 0, so that windows around it use every redraw."""
    ids = np.zeros(300, np.int32)
    ids[::7] = 1
    for counts in ([3000, 1], [60, 1], [5, 1]):
        chosen = WindowSettings(2, sample=0, negative=3, ns_exponent=1)
        source = WindowSource(Corpus(ids, np.array([0, 300]), 300), np.array(counts), chosen)
        found, _ = drawn_natively(source, 0, [100], source.new_room(300))
        assert found == drawn_as_arrays(source, 0)


@given(st.lists(st.floats(0, 1), min_size=1), st.integers(0, 2**53 - 1))
def test_thresholds_are_the_probabilities(keep, bits):
    """Below the threshold is below the probability; also right at it, and one below."""
    found = native_windows.thresholds(np.array(keep))
    for chance, most in zip(keep, found.tolist(), strict=True):
        for number in (bits, most, most - 1):
            if 0 <= number < 2**53:
                packed = np.array([number << 11], np.uint64)
                assert (number < most) == (hashing.uniform(packed)[0] < chance)


def test_words_around_a_stretch_may_be_far_away():
    """Few words of a long sentence are kept, fewer than one a stretch."""
    ids = np.arange(20_000, dtype=np.int32) % 40
    corpus = Corpus(ids, np.array([0, len(ids)]), len(ids))
    source = WindowSource(corpus, np.bincount(ids), WindowSettings(3, sample=1e-7, hs=True))
    assert keep_probability(source.counts, 1e-7)[0] < 0.01
    cuts = range(0, len(ids), 511)
    found, used = drawn_natively(source, 0, cuts, source.new_room(511))
    assert used > 20
    assert found == drawn_as_arrays(source, 0)
