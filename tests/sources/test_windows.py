from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygrad_w2v._base import hashing
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v.sources.negatives import REDRAWS, AliasTable
from tinygrad_w2v.sources.subsampling import keep_probability
from tinygrad_w2v.sources.windows import WindowSettings, WindowSource
from tinygrad_w2v.text.corpus import Corpus

LENGTHS = st.lists(st.integers(0, 12), min_size=1, max_size=20).filter(lambda n: max(n) > 1)


def corpus_of(lengths, vocabulary=9, seed=0):
    """Random words, small ids more often."""
    rng = np.random.default_rng(seed)
    words = sum(lengths)
    ids = (vocabulary * rng.random(words) ** 2).astype(np.int32)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Corpus(ids, offsets, words), np.bincount(ids, minlength=vocabulary) + 1


# The number of a context's place, for windows up to 4.
SIDES = {-1: 1, 1: 2, -2: 3, 2: 4, -3: 5, 3: 6, -4: 7, 4: 8}


def one(value):
    return np.array([value], dtype=np.uint64)


def expected_windows(corpus, counts, chosen, epoch):
    """The same windows word by word, with loops: (center, contexts, offsets, targets)."""
    keep = keep_probability(counts, chosen.sample)
    table = AliasTable.from_counts(counts, chosen.ns_exponent)
    thin, wide, negative = (
        hashing.stream_key(chosen.seed, epoch, stream)
        for stream in (hashing.SUBSAMPLING, hashing.WINDOW_WIDTH, hashing.NEGATIVES)
    )

    def targets_of(side, center, s, position):
        targets = [center]
        for k in range(chosen.negative):
            for attempt in range(REDRAWS + 1):
                counter = one((side * (REDRAWS + 1) + attempt) * chosen.negative + k)
                word = int(table.words(hashing.draw(negative, one(s), one(position), counter))[0])
                if word != center:
                    break
            targets.append(word if word != center else (center + 1) % len(counts))
        return tuple(targets)

    for s in range(corpus.sentences):
        kept = [
            (position, int(id_))
            for position, id_ in enumerate(corpus.sentence(s))
            if hashing.uniform(hashing.draw(thin, one(s), one(position), one(0)))[0] < keep[id_]
        ]
        for place, (position, center) in enumerate(kept):
            bits = hashing.draw(wide, one(s), one(position), one(0))
            width = 1 + int(hashing.bounded(bits, np.uint64(chosen.window))[0])
            if not chosen.shrink_windows:
                width = chosen.window
            offsets = [
                step
                for step in range(-width, width + 1)
                if step != 0 and 0 <= place + step < len(kept)
            ]
            if not offsets:
                continue

            contexts = tuple(kept[place + step][1] for step in offsets)
            if chosen.shared_negatives:
                yield center, contexts, tuple(offsets), targets_of(0, center, s, position)
                continue
            for step, context in zip(offsets, contexts, strict=True):
                yield center, (context,), (step,), targets_of(SIDES[step], center, s, position)


def drawn_windows(source, epoch):
    for batch, _ in source.batches(epoch):
        rows = (batch.contexts, batch.offsets, batch.targets)
        for center, *row in zip(batch.center, *rows, strict=True):
            yield int(center), *(tuple(values.tolist()) for values in row)


@settings(max_examples=60)
@given(
    lengths=LENGTHS,
    window=st.integers(1, 4),
    shrink=st.booleans(),
    sample=st.sampled_from([0, 0.05, 0.3]),
    negative=st.integers(0, 3),
    batch_size=st.integers(1, 9),
    block_words=st.integers(1, 40),
    epoch=st.integers(0, 2),
    shared=st.booleans(),
)
def test_windows_equal_those_drawn_one_by_one(
    lengths, window, shrink, sample, negative, batch_size, block_words, epoch, shared
):
    corpus, counts = corpus_of(lengths)
    chosen = WindowSettings(
        window,
        shrink,
        sample,
        negative,
        seed=len(lengths),
        batch_size=batch_size,
        shared_negatives=shared,
    )
    source = WindowSource(corpus, counts, chosen, block_words)
    drawn = Counter(drawn_windows(source, epoch))
    assert drawn == Counter(expected_windows(corpus, counts, chosen, epoch))
    batches = list(source.batches(epoch))
    for batch, words in batches:
        size, contexts = batch.contexts.shape
        assert 1 <= size <= batch_size * (1 if shared else 2 * window)
        assert contexts >= 1 if shared else contexts == 1
        assert words >= 0
        assert batch.offsets.shape == batch.contexts.shape
        assert batch.targets.shape == batch.labels.shape == (size, 1 + negative)
        assert batch.labels.dtype == np.float32
        np.testing.assert_array_equal(batch.labels, [[1] + [0] * negative] * size)
        np.testing.assert_array_equal(batch.targets[:, 0], batch.center)
        assert not np.any(batch.targets[:, 1:] == batch.center[:, None])
    if batches:
        assert sum(words for _, words in batches) == corpus.words


@given(LENGTHS, st.integers(0, 200))
def test_shards_draw_what_the_whole_draws(lengths, cut):
    """Wherever it is cut, within a sentence too, and whoever draws: arrays, or word by word."""
    corpus, counts = corpus_of(lengths)
    cut = min(cut, corpus.words)
    source = WindowSource(corpus, counts, WindowSettings(2, sample=0.1))
    found = Counter()
    for first, last in ((0, cut), (cut, corpus.words)):
        drawn = source.draw(0, first, last)
        for row in range(drawn.count):
            size = drawn.sizes["C"][row]
            fields = (drawn.arrays[name][row] for name in ("contexts", "offsets", "targets"))
            contexts, offsets, targets = (field.tolist() for field in fields)
            center = int(drawn.arrays["center"][row])
            found[center, (*contexts[:size],), (*offsets[:size],), (*targets,)] += 1
    assert found == Counter(drawn_windows(source, 0))


def test_two_runs_are_one_and_epochs_and_seeds_differ():
    corpus, counts = corpus_of([30] * 20)

    def run(seed, epoch):
        source = WindowSource(corpus, counts, WindowSettings(seed=seed), block_words=64)
        return list(drawn_windows(source, epoch))

    assert run(1, 0) == run(1, 0)
    assert run(1, 0) != run(1, 1)
    assert run(1, 0) != run(2, 0)


def test_distributions():
    corpus, counts = corpus_of([1000] * 40, vocabulary=30)
    chosen = WindowSettings(window=5, sample=0.005)
    centers, widths, negatives = [], [], []
    for batch, _ in WindowSource(corpus, counts, chosen).batches(0):
        centers.append(batch.center)
        widths.append(np.abs(batch.offsets).max(axis=1))
        negatives.append(batch.targets[:, 1:].ravel())
    kept = np.bincount(np.concatenate(centers), minlength=30)
    chance = keep_probability(counts, chosen.sample)
    occurrences = np.bincount(corpus.ids, minlength=30)
    assert (chance < 1).all()
    spread = occurrences * chance * (1 - chance)
    statistic = ((kept - occurrences * chance) ** 2 / spread).sum()
    assert statistic < 59.7  # the 99.9 % quantile for 30 degrees of freedom
    drawn = np.bincount(np.concatenate(widths), minlength=6)[1:]
    statistic = ((drawn - drawn.sum() / 5) ** 2 / (drawn.sum() / 5)).sum()
    assert statistic < 18.5  # the 99.9 % quantile for 4 degrees of freedom
    # A negative differs from its centre: p(w) times the chance that the centre is another word.
    weights = counts**0.75 / (counts**0.75).sum()
    total = kept.sum()
    expected = [
        sum(kept[c] / total * weights[w] / (1 - weights[c]) for c in range(30) if c != w)
        for w in range(30)
    ]
    got = np.concatenate(negatives)
    statistic = (np.bincount(got, minlength=30) / len(got) - expected) ** 2 / expected
    assert len(got) * statistic.sum() < 58.3  # the 99.9 % quantile for 29 degrees of freedom


def test_negatives_of_pairs_are_drawn_for_each_and_follow_the_counts():
    corpus, counts = corpus_of([1000] * 10, vocabulary=30)
    chosen = WindowSettings(window=3, sample=0, negative=2, shared_negatives=False)
    batches = [batch for batch, _ in WindowSource(corpus, counts, chosen).batches(0)]
    center, targets = (np.concatenate([batch[i] for batch in batches]) for i in (0, 3))
    offsets = np.concatenate([batch.offsets[:, 0] for batch in batches])
    weights = counts**0.75 / (counts**0.75).sum()
    # Given its centre, a negative is any other word; in every place of the window.
    for step in sorted(set(offsets.tolist())):
        here = offsets == step
        occurred = np.bincount(center[here], minlength=30)
        chance = np.where(np.eye(30, dtype=bool), 0, weights) / (1 - weights)[:, None]
        expected = chosen.negative * occurred @ chance
        seen = np.bincount(targets[here, 1:].ravel(), minlength=30)
        statistic = ((seen - expected) ** 2 / expected).sum()
        assert statistic < 58.3, step  # the 99.9 % quantile for 29 degrees of freedom
    # Two neighbouring contexts of a centre have the same k-th word by chance only.
    row = np.flatnonzero(offsets[1:] > offsets[:-1])
    alike = (targets[row, 1:] == targets[row + 1, 1:]).ravel()
    expected = np.repeat((chance**2).sum(axis=1)[center[row]], chosen.negative)
    assert abs(alike.sum() - expected.sum()) < 5 * np.sqrt((expected * (1 - expected)).sum())


def test_pairs_and_shared_windows_are_the_same_pairs():
    corpus, counts = corpus_of([9] * 30)
    pairs = []
    for shared in (True, False):
        source = WindowSource(corpus, counts, WindowSettings(2, hs=True, shared_negatives=shared))
        found = Counter()
        for batch, words in source.batches(0):
            assert words >= 0
            centers = np.broadcast_to(batch.center[:, None], batch.contexts.shape)
            ways = batch.targets[:, 6:]
            assert batch.labels.shape == batch.targets.shape
            for row, others in enumerate(zip(centers, batch.contexts, batch.offsets, strict=True)):
                found.update((*map(int, pair), *ways[row]) for pair in zip(*others, strict=True))
        pairs.append(found)
    assert pairs[0] == pairs[1]


def test_the_last_resort_when_every_draw_is_the_true_word():
    corpus = Corpus(np.zeros(50, np.int32), np.array([0, 50]), 50)
    source = WindowSource(corpus, np.array([10**9, 0]), WindowSettings(sample=0, negative=2))
    for batch, _ in source.batches(0):
        np.testing.assert_array_equal(batch.targets, [[0, 1, 1]] * len(batch.center))


def test_no_window_at_all():
    corpus, counts = corpus_of([6, 6])
    source = WindowSource(corpus, counts, WindowSettings(sample=1e-12))
    assert list(source.batches(0)) == []
    assert source.draw(0, 6, 6).count == source.draw(0, 0, 12).count == 0


@pytest.mark.parametrize(
    ("name", "value"), [("window", 0), ("negative", -1), ("batch_size", 0), ("window", -3)]
)
def test_settings_out_of_range(name, value):
    with pytest.raises(InputError, match=f"{name} must be . or more, not {value}"):
        WindowSettings(**{name: value})


def test_a_text_without_context():
    corpus, counts = corpus_of([1, 0, 1])
    with pytest.raises(InputError, match="no sentence has two words"):
        WindowSource(corpus, counts)


def test_shared_labels_cannot_be_spoilt():
    corpus, counts = corpus_of([30])
    batch, _ = next(WindowSource(corpus, counts, WindowSettings(sample=0)).batches(0))
    with pytest.raises(ValueError, match="read-only"):
        batch.labels[0, 0] = 5
