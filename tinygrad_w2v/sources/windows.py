"""Windows of a corpus, with their negative words, in batches of one shape.

The corpus is walked in blocks of words, each worked on as whole arrays: words are subsampled,
every kept word gets its window's width, windows are grouped by their number of contexts, and
negative words are drawn, once for all contexts of a window or for each of them. With hierarchical
softmax a window has its word's way through a Huffman tree instead, or as well, and windows are
grouped by the way's length, too. All draws are hashes of (seed, epoch, sentence, position, k), so
neither the block's size nor the batch's changes what is drawn.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tinygrad_w2v._base import hashing
from tinygrad_w2v._base.batch import Batch
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.hashing import UInt64Array
from tinygrad_w2v._base.types import AnyArray, IntArray
from tinygrad_w2v.sources.huffman import HuffmanTree
from tinygrad_w2v.sources.negatives import AliasTable
from tinygrad_w2v.sources.subsampling import keep_probability
from tinygrad_w2v.text.corpus import Corpus

# How many words of the corpus are worked on at a time; with a tree more, as there are more groups.
BLOCK_WORDS, BLOCK_WORDS_WITH_TREE = 16_384, 65_536
# A negative word that is the true word is drawn again this often, then replaced by its neighbour.
REDRAWS = 8


@dataclass(frozen=True)
class WindowSettings:
    """How windows are drawn; the names and defaults are gensim's.

    Attributes
    ----------
    window : int
        The largest distance between a word and its context.
    shrink_windows : bool
        Draw each window's width evenly from 1 ... `window`, so that near words count more.
    sample : float
        The threshold of :func:`~tinygrad_w2v.sources.subsampling.keep_probability`; 0 keeps all.
    negative : int
        K, the number of negative words a window.
    ns_exponent : float
        The power of the counts that negative words are drawn in proportion to.
    seed : int
        Of all draws.
    batch_size : int
        The largest number of windows in a batch, pairs counted as the window that they are of. A
        summed over many more than 256 windows diverges at word2vec's learning rates.
    shared_negatives : bool
        Draw K negative words for a window, which all its contexts share; else every (context,
        centre) pair is a window of one context with K words of its own.
    hs : bool
        Give each window the inner nodes and the code of its word's way through a Huffman tree as
        its targets and labels (hierarchical softmax). Together with negative words, the V words
        are targets 0 ... V - 1 and the inner nodes V ... 2 V - 2, and the label of a turn is 1
        for code 0, so that both are negative sampling over one longer table.

    Raises
    ------
    InputError
        When a number is out of its range.

    Examples
    --------
    >>> WindowSettings(window=2).negative
    5
    """

    window: int = 5
    shrink_windows: bool = True
    sample: float = 1e-3
    negative: int = 5
    ns_exponent: float = 0.75
    seed: int = 1
    batch_size: int = 256
    hs: bool = False
    shared_negatives: bool = True

    def __post_init__(self) -> None:
        for name, least in (("window", 1), ("negative", 0), ("batch_size", 1)):
            value = getattr(self, name)
            if value < least:
                raise InputError(f"{name} must be {least} or more, not {value}")


class Kept(NamedTuple):
    """Words that subsampling left, with their places in the corpus; arrays of one length."""

    ids: IntArray
    sentence: UInt64Array
    position: UInt64Array

    def part(self, start: int, stop: int) -> "Kept":
        """Return the words from `start` to `stop`."""
        return Kept(self.ids[start:stop], self.sentence[start:stop], self.position[start:stop])

    def at(self, places: IntArray) -> "Kept":
        """Return the words at these places."""
        return Kept(self.ids.take(places), self.sentence.take(places), self.position.take(places))

    def followed_by(self, other: "Kept") -> "Kept":
        """Return these words and then others."""
        return Kept(
            np.concatenate([self.ids, other.ids]),
            np.concatenate([self.sentence, other.sentence]),
            np.concatenate([self.position, other.position]),
        )


class WindowSource:
    """Draws the windows of a corpus, epoch by epoch.

    Windows never reach over a sentence's end; a word alone in its sentence has none. Words are
    subsampled before windows are formed, which widens them, as in word2vec.c.

    Parameters
    ----------
    corpus
        The words.
    counts
        Occurrences of each word, shape (V,).
    settings
        How to draw.
    block_words
        How many words of the corpus are worked on at a time.

    Attributes
    ----------
    tree : HuffmanTree or None
        With `hs`.
    kept_words : int
        How many words subsampling has left so far.

    Raises
    ------
    InputError
        When no sentence has two words, or a setting is out of range.

    Examples
    --------
    >>> from tinygrad_w2v.text.corpus import build_corpus
    >>> text = ["you say goodbye and i say hello".split()]
    >>> vocabulary, corpus = build_corpus(text, min_count=1)
    >>> settings = WindowSettings(window=1, sample=0, negative=2)
    >>> source = WindowSource(corpus, vocabulary.counts, settings)
    >>> batches = list(source.batches(epoch=0))
    >>> [(batch.contexts.shape, words) for batch, words in batches]
    [((2, 1), 2), ((5, 2), 5)]
    >>> [vocabulary.words[id_] for id_ in batches[1][0].contexts[0]]
    ['you', 'goodbye']
    """

    def __init__(
        self,
        corpus: Corpus,
        counts: IntArray,
        settings: WindowSettings | None = None,
        block_words: int | None = None,
    ) -> None:
        self.corpus = corpus
        self.settings = settings = settings or WindowSettings()
        usual = BLOCK_WORDS_WITH_TREE if settings.hs else BLOCK_WORDS
        self.block_words = usual if block_words is None else block_words
        self.kept_words = 0
        corpus.check_context()
        self.keep = keep_probability(counts, settings.sample)
        self.negatives = AliasTable.from_counts(counts, settings.ns_exponent)
        self.tree = HuffmanTree.from_counts(counts) if settings.hs else None
        pairs = 1 if settings.shared_negatives else 2 * settings.window
        largest = min(settings.batch_size, self.block_words + settings.window)
        labels = np.zeros((largest * pairs, 1 + settings.negative), dtype=np.float32)
        labels[:, 0] = 1
        # Every batch is given a view of these.
        labels.flags.writeable = False
        self._labels = labels

    def batches(
        self, epoch: int, first_sentence: int = 0, last_sentence: int | None = None
    ) -> Iterator[tuple[Batch, int]]:
        """Yield each batch of an epoch with the number of corpus words that it stands for.

        Parameters
        ----------
        epoch
            The number of the epoch; another epoch draws anew.
        first_sentence, last_sentence
            The part of the corpus to draw, `last_sentence` left out; all of it by default.

        Yields
        ------
        batch : Batch
            At most `batch_size` windows with the same number of contexts C.
        words : int
            Words of the corpus, those that subsampling left out included. Over an epoch they
            add up to the corpus (if it has a window at all), so that a sum of them tells how far
            the epoch is.
        """
        waiting: tuple[Batch, int] | None = None
        words_before = 0
        blocks = self._blocks(epoch, first_sentence, last_sentence)
        for number, (words, kept, start, stop) in enumerate(blocks):
            words_before += words
            groups = self._windows(kept, start, stop, epoch)
            batches = [batch for group, pairs in groups for batch in self._split(group, pairs)]
            if not batches:
                continue
            sizes = [windows for _, windows in batches]
            shares = self._shares(sizes, words_before)
            words_before = 0
            for place in self._order(len(batches), epoch, number):
                if waiting is not None:
                    yield waiting
                waiting = batches[place][0], shares[place]
        if waiting is not None:
            yield waiting[0], waiting[1] + words_before

    def _blocks(
        self, epoch: int, first: int, last: int | None
    ) -> Iterator[tuple[int, Kept, int, int]]:
        """Yield (corpus words, kept words, centres from, centres to) for a block at a time.

        Around the centres stand up to `window` more kept words on both sides, so that a sentence
        may be longer than a block.
        """
        window = self.settings.window
        offsets = self.corpus.offsets
        last = self.corpus.sentences if last is None else last
        end = int(offsets[last])
        kept, start = self._subsample(0, 0, epoch), 0
        for block in range(int(offsets[first]), end, self.block_words):
            block_end = min(block + self.block_words, end)
            fresh = self._subsample(block, block_end, epoch)
            self.kept_words += len(fresh.ids)
            kept = kept.followed_by(fresh)
            stop = len(kept.ids) if block_end == end else max(len(kept.ids) - window, start)
            yield block_end - block, kept, start, stop
            left = max(stop - window, 0)
            kept, start = kept.part(left, len(kept.ids)), stop - left

    def _subsample(self, start: int, stop: int, epoch: int) -> Kept:
        """Return the words of ids[start:stop] that are kept."""
        offsets = self.corpus.offsets
        first = int(np.searchsorted(offsets, start, side="right")) - 1
        last = int(np.searchsorted(offsets, stop, side="left"))
        begins = offsets[first:last]
        lengths = np.diff(np.append(begins, stop).clip(min=start))
        sentence = np.repeat(np.arange(first, last, dtype=np.uint64), lengths)
        position = (np.arange(start, stop) - np.repeat(begins, lengths)).astype(np.uint64)
        ids = self.corpus.ids[start:stop].astype(np.intp)
        if self.settings.sample == 0:
            return Kept(ids, sentence, position)
        key = hashing.stream_key(self.settings.seed, epoch, hashing.SUBSAMPLING)
        chance = hashing.uniform(hashing.draw(key, sentence, position, _NO_COUNTER))
        return Kept(ids, sentence, position).at(np.flatnonzero(chance < self.keep.take(ids)))

    def _windows(
        self, kept: Kept, start: int, stop: int, epoch: int
    ) -> Iterator[tuple[Batch, int]]:
        """Yield the windows around kept[start:stop], all with equally many contexts together.

        With them comes how many rows of the batch are one window: 1, or C where pairs are rows.
        """
        center = np.arange(start, stop)
        begin, end = _sentence_bounds(kept.sentence)
        width = self._widths(kept.part(start, stop), epoch)
        left = np.minimum(center - begin[start:stop], width)
        contexts = left + np.minimum(end[start:stop] - 1 - center, width)
        # A sort by one or two bytes is a radix sort; a stable one after another sorts by both.
        small = np.uint8 if 2 * self.settings.window < 256 else np.uint32
        order = np.argsort(contexts.astype(small), kind="stable")
        lengths = contexts
        if self.tree is not None:
            lengths = self.tree.lengths.take(kept.ids[start:stop])
            order = np.argsort(lengths.astype(np.uint16), kind="stable")
            order = order.take(np.argsort(contexts.take(order).astype(small), kind="stable"))
        order = order[np.count_nonzero(contexts == 0) :]
        center, left = center.take(order), left.take(order)
        contexts, lengths = contexts.take(order), lengths.take(order)
        shared = self.settings.shared_negatives
        targets = self._targets(kept.at(center), epoch) if shared else np.empty(0, np.intp)
        for group in _runs(contexts, lengths):
            rows = 1 if shared else int(contexts[group.start])
            offsets = np.arange(contexts[group.start]) - left[group, None]
            offsets += offsets >= 0
            around = kept.ids.take(center[group, None] + offsets)
            if shared:
                chosen = targets[group]
            else:
                offsets, around = offsets.reshape(-1, 1), around.reshape(-1, 1)
                chosen = self._targets(kept.at(center[group].repeat(rows)), epoch, offsets)
            true, labels = chosen[:, 0], self._labels
            if self.tree is not None:
                chosen, labels = self._with_ways(chosen, int(lengths[group.start]))
            yield Batch(true, around, offsets, chosen, labels), rows

    def _with_ways(self, targets: IntArray, length: int) -> tuple[IntArray, AnyArray]:
        """Return targets and labels of words whose ways through the tree are equally long."""
        assert self.tree is not None
        nodes, code = self.tree.ways(targets[:, 0], length)
        if self.settings.negative == 0:
            return nodes, code
        labels = np.zeros((len(targets), targets.shape[1] + length), dtype=np.float32)
        labels[:, 0] = 1
        labels[:, targets.shape[1] :] = 1 - code
        return np.concatenate([targets, len(self.keep) + nodes], axis=1), labels

    def _widths(self, kept: Kept, epoch: int) -> AnyArray:
        window = self.settings.window
        if not self.settings.shrink_windows:
            return np.full(len(kept.ids), window)
        key = hashing.stream_key(self.settings.seed, epoch, hashing.WINDOW_WIDTH)
        bits = hashing.draw(key, kept.sentence, kept.position, _NO_COUNTER)
        return 1 + hashing.bounded(bits, np.uint64(window)).astype(np.intp)

    def _targets(self, centers: Kept, epoch: int, offsets: IntArray | int = 0) -> IntArray:
        """Return the true word and K negative ones of each window, shape (windows, 1 + K).

        The counter of a draw is :func:`negative_counter`, with the offset of a pair's context, or
        0 for what a whole window shares. A negative that is the true word is drawn again; only
        after `REDRAWS` failures, which takes a word that is nearly always drawn, is the next
        word of the vocabulary taken. So there are always K negatives, none the true word.
        """
        number = self.settings.negative
        key = hashing.stream_key(self.settings.seed, epoch, hashing.NEGATIVES)
        sentence, position = centers.sentence[:, None], centers.position[:, None]
        first = np.broadcast_to(negative_counter(0, 0, offsets, number), (len(centers.ids), 1))
        k = np.add(first, np.arange(number, dtype=np.uint64), dtype=np.uint64)
        targets = np.empty((len(centers.ids), 1 + number), dtype=np.intp)
        targets[:, 0] = centers.ids
        negatives = targets[:, 1:]
        negatives[...] = self.negatives.words(hashing.draw(key, sentence, position, k))
        row, column = np.nonzero(negatives == targets[:, :1])
        for attempt in range(1, REDRAWS + 1):
            if not len(row):
                return targets
            counter = k[row, column] + np.uint64(attempt * number)
            bits = hashing.draw(key, centers.sentence[row], centers.position[row], counter)
            negatives[row, column] = self.negatives.words(bits)
            again = negatives[row, column] == targets[row, 0]
            row, column = row[again], column[again]
        negatives[row, column] = (targets[row, 0] + 1) % len(self.keep)
        return targets

    def _split(self, group: Batch, rows: int) -> Iterator[tuple[Batch, int]]:
        """Cut windows of one shape, each so many rows, into batches; all are views.

        With each comes its number of windows.
        """
        size = self.settings.batch_size * rows
        for start in range(0, len(group.center), size):
            part = slice(start, start + size)
            center = group.center[part]
            batch = Batch(
                center,
                group.contexts[part],
                group.offsets[part],
                group.targets[part],
                self._labels[: len(center)] if self.tree is None else group.labels[part],
            )
            yield batch, len(center) // rows

    def _shares(self, sizes: list[int], words: int) -> list[int]:
        """Divide a block's words among its batches in proportion to their windows."""
        done = np.cumsum([0, *sizes])
        shares: list[int] = np.diff(done * words // done[-1]).tolist()
        return shares

    def _order(self, batches: int, epoch: int, block: int) -> list[int]:
        """Return a shuffled order, so that narrow windows do not always come first."""
        key = hashing.stream_key(self.settings.seed, epoch, hashing.BATCH_ORDER)
        places = np.arange(batches, dtype=np.uint64)
        bits = hashing.draw(key, np.array([block], np.uint64), places, _NO_COUNTER)
        order: list[int] = np.argsort(bits).tolist()
        return order


def negative_counter(k: int, attempt: int, offsets: IntArray | int, number: int) -> UInt64Array:
    """Return the counter of the k-th of K negative words of a pair, or of a window.

    It is ``(side * (REDRAWS + 1) + attempt) * K + k``. The side of a window is 0; that of a pair
    tells its context's offset, -1, 1, -2, 2, ..., as 1, 2, 3, 4, ..., whatever the window's width.

    Parameters
    ----------
    k, attempt
        Which of the words, and how often it was the true one before.
    offsets
        Of the context from the centre, any shape; 0 for what a window's contexts share.
    number
        K.

    Returns
    -------
    UInt64Array
        Of the shape of `offsets`.

    Examples
    --------
    >>> negative_counter(2, 1, np.array([0, -1, 1, -2]), number=5).tolist()
    [7, 52, 97, 142]
    """
    distance = np.abs(offsets)
    side = 2 * distance - (np.asarray(offsets) < 0)
    counter: UInt64Array = ((side * (REDRAWS + 1) + attempt) * number + k).astype(np.uint64)
    return counter


def _runs(*columns: AnyArray) -> Iterator[slice]:
    """Yield the runs of rows in which no column changes."""
    changes = np.zeros(max(len(columns[0]) - 1, 0), dtype=bool)
    for column in columns:
        changes |= column[1:] != column[:-1]
    bounds = [0, *(np.flatnonzero(changes) + 1).tolist(), len(columns[0])]
    for start, stop in itertools.pairwise(bounds):
        if start < stop:
            yield slice(start, stop)


_NO_COUNTER = np.zeros(1, dtype=np.uint64)


def _sentence_bounds(sentence: UInt64Array) -> tuple[IntArray, IntArray]:
    """Return for each word the first place of its sentence, and the place after its last."""
    cuts = np.flatnonzero(sentence[1:] != sentence[:-1]) + 1
    bounds = np.concatenate([[0], cuts, [len(sentence)]])
    lengths = np.diff(bounds)
    return np.repeat(bounds[:-1], lengths), np.repeat(bounds[1:], lengths)
