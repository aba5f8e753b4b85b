"""Windows of a corpus in batches of one shape, for the NumPy engine.

The corpus is walked in blocks of words, each worked on as whole arrays: words are subsampled,
every kept word gets its window's width, windows are grouped by their number of contexts, and
negative words are drawn, once for all contexts of a window or for each of them. With hierarchical
softmax a window has its word's path through a Huffman tree instead, or as well, and windows are
grouped by the path's length, too. All draws are hashes of (seed, epoch, sentence, position, k), so
neither the block's size nor the batch's changes what is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tinygrad_w2v._base import hashing
from tinygrad_w2v._base.batch import Batch
from tinygrad_w2v._base.hashing import UInt64Array
from tinygrad_w2v._base.types import AnyArray, FloatArray, IntArray
from tinygrad_w2v.sources.huffman import HuffmanTree
from tinygrad_w2v.sources.negatives import REDRAWS, AliasTable, negative_counter
from tinygrad_w2v.sources.source import runs, shares_of, shuffled
from tinygrad_w2v.sources.window_settings import WindowSettings
from tinygrad_w2v.text.corpus import Corpus

# How many words of the corpus are worked on at a time; with a tree more, as there are more groups.
BLOCK_WORDS, BLOCK_WORDS_WITH_TREE = 16_384, 65_536


class Kept(NamedTuple):
    """Words that subsampling left, with their places in the corpus; arrays of one length."""

    ids: AnyArray
    sentence: AnyArray
    position: AnyArray

    def part(self, start: int, stop: int) -> Kept:
        """Return the words from `start` to `stop`."""
        return Kept(*[column[start:stop] for column in self])

    def at(self, places: IntArray) -> Kept:
        """Return the words at these places."""
        return Kept(*[column.take(places) for column in self])

    def followed_by(self, other: Kept) -> Kept:
        """Return these words and then others."""
        return Kept(*map(np.concatenate, zip(self, other, strict=True)))


class WindowBatches:
    """Draws the windows of a corpus in batches; see `WindowSource`.

    Attributes
    ----------
    kept_words : int
        How many words subsampling has left so far.
    """

    def __init__(
        self,
        corpus: Corpus,
        settings: WindowSettings,
        keep: FloatArray,
        negatives: AliasTable,
        tree: HuffmanTree | None,
        block_words: int | None = None,
    ) -> None:
        self.corpus, self.settings = corpus, settings
        self.keep, self.negatives, self.tree = keep, negatives, tree
        usual = BLOCK_WORDS_WITH_TREE if settings.hs else BLOCK_WORDS
        self.block_words = usual if block_words is None else block_words
        self.kept_words = 0
        pairs = 1 if settings.shared_negatives else 2 * settings.window
        largest = min(settings.batch_size, self.block_words + settings.window)
        labels = np.zeros((largest * pairs, 1 + settings.negative), dtype=np.float32)
        labels[:, 0] = 1
        # Every batch is given a view of these.
        labels.flags.writeable = False
        self._labels = labels

    def batches(self, epoch: int) -> Iterator[tuple[Batch, int]]:
        """Yield batches, see `WindowSource.batches`."""
        waiting: tuple[Batch, int] | None = None
        words_before = 0
        for number, (words, kept, start, stop) in enumerate(self._blocks(epoch)):
            words_before += words
            groups = self._windows(kept, start, stop, epoch)
            batches = [batch for group, pairs in groups for batch in self._split(group, pairs)]
            if not batches:
                continue
            sizes = [windows for _, windows in batches]
            shares = shares_of(words_before, sizes)
            words_before = 0
            alone, seed = self.settings.batch_size == 1, self.settings.seed
            order = range(len(batches)) if alone else shuffled(len(batches), seed, epoch, number)
            for place in order:
                if waiting is not None:
                    yield waiting
                waiting = batches[place][0], shares[place]
        if waiting is not None:
            yield waiting[0], waiting[1] + words_before

    def _blocks(self, epoch: int) -> Iterator[tuple[int, Kept, int, int]]:
        """Yield (corpus words, kept words, centres from, centres to) for a block at a time.

        Around the centres stand up to `window` more kept words on both sides, so that a sentence
        may be longer than a block.
        """
        window, end = self.settings.window, self.corpus.words
        kept, start = self._subsample(0, 0, epoch), 0
        for block in range(0, end, self.block_words):
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
        lengths = contexts
        if self.tree is not None:
            lengths = self.tree.lengths.take(kept.ids[start:stop])
        order = self._order(contexts, lengths)
        center, left = center.take(order), left.take(order)
        contexts, lengths = contexts.take(order), lengths.take(order)
        shared = self.settings.shared_negatives
        targets = self._targets(kept.at(center), epoch) if shared else np.empty(0, np.intp)
        for group in runs(contexts, lengths):
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
                chosen, labels = self._with_paths(chosen, int(lengths[group.start]))
            yield Batch(true, around, offsets, chosen, labels), rows

    def _order(self, contexts: IntArray, lengths: IntArray) -> IntArray:
        """The windows that have contexts; those of one shape together, unless each is alone."""
        if self.settings.batch_size == 1:
            return np.flatnonzero(contexts)
        # A sort by one or two bytes is a radix sort; a stable one after another sorts by both.
        small = np.uint8 if 2 * self.settings.window < 256 else np.uint32
        if self.tree is None:
            order = np.argsort(contexts.astype(small), kind="stable")
        else:
            order = np.argsort(lengths.astype(np.uint16), kind="stable")
            order = order.take(np.argsort(contexts.take(order).astype(small), kind="stable"))
        return order[np.count_nonzero(contexts == 0) :]

    def _with_paths(self, targets: IntArray, length: int) -> tuple[IntArray, AnyArray]:
        """Return targets and labels of words whose paths through the tree are equally long."""
        assert self.tree is not None
        nodes, code = self.tree.paths(targets[:, 0], length)
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
        size = 1 if self.settings.batch_size == 1 else self.settings.batch_size * rows
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
            yield batch, max(len(center) // rows, 1)


_NO_COUNTER = np.zeros(1, dtype=np.uint64)


def _sentence_bounds(sentence: UInt64Array) -> tuple[IntArray, IntArray]:
    """Return for each word the first place of its sentence, and the place after its last."""
    cuts = np.flatnonzero(sentence[1:] != sentence[:-1]) + 1
    bounds = np.concatenate([[0], cuts, [len(sentence)]])
    lengths = np.diff(bounds)
    return np.repeat(bounds[:-1], lengths), np.repeat(bounds[1:], lengths)
