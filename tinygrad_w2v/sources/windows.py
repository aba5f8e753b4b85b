"""Windows of a text, with their negative words or their paths through a tree, as examples.

All draws are hashes of (seed, epoch, sentence, position, k). They are written twice: for whole
arrays in `window_batches`, which the NumPy engine reads, and a stretch at a time in
`native_windows`.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tinygrad_w2v._base import hashing
from tinygrad_w2v._base.batch import Batch
from tinygrad_w2v._base.types import AnyArray, IntArray
from tinygrad_w2v.sources import native_windows
from tinygrad_w2v.sources.huffman import HuffmanTree
from tinygrad_w2v.sources.negatives import AliasTable
from tinygrad_w2v.sources.source import Drawn, Source
from tinygrad_w2v.sources.subsampling import keep_probability
from tinygrad_w2v.sources.window_batches import WindowBatches
from tinygrad_w2v.sources.window_settings import WindowSettings
from tinygrad_w2v.text.corpus import Corpus
from tinygrad_w2v.text.rows import release_pages

__all__ = ["WindowSettings", "WindowSource"]


class WindowFields(Mapping[str, AnyArray]):
    """The fields of windows by name; offsets, which few models read, are made when asked for."""

    def __init__(self, windows: native_windows.Windows) -> None:
        self._windows = windows

    def __getitem__(self, name: str) -> AnyArray:
        if name not in Batch._fields:
            raise KeyError(name)
        windows = self._windows
        if name == "offsets":
            return native_windows.distances(windows.before, windows.contexts.shape[1])
        array: AnyArray = getattr(windows, name)
        return array

    def __iter__(self) -> Iterator[str]:
        return iter(Batch._fields)

    def __len__(self) -> int:
        return len(Batch._fields)


class WindowSource(Source):
    """Draws the windows of a corpus, epoch by epoch; a unit is a word of it.

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
    alone
        Draw a word that is alone in its sentence, too, as a window without contexts, for a model
        that has something else to predict it by.
    numbers : array of uint64, optional
        What each sentence is drawn by, in place of its number: equal numbers, equal draws.
    nodes_first
        The tree is fastText's, see `HuffmanTree.from_counts`.

    Attributes
    ----------
    tree : HuffmanTree or None
        With `hs`.

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
        *,
        alone: bool = False,
        numbers: AnyArray | None = None,
        nodes_first: bool = False,
    ) -> None:
        self.corpus, self.counts, self.nodes_first = corpus, counts, nodes_first
        self.settings = settings = settings or WindowSettings()
        self.batch_size = settings.batch_size
        self.alone, self.numbers = alone, np.zeros(0, np.uint64) if numbers is None else numbers
        if not alone:
            corpus.check_context()
        self.keep = keep_probability(counts, settings.sample)
        self.negatives = AliasTable.from_counts(counts, settings.ns_exponent)
        self.tree = HuffmanTree.of(counts, nodes_first) if settings.hs else None
        self._batches = WindowBatches(
            corpus, settings, self.keep, self.negatives, self.tree, block_words
        )
        own = 1 + settings.negative if settings.negative else 0
        # Rounded up, so that texts with paths of about the same length share a kernel.
        lanes = native_windows.LANES
        longest = 0 if self.tree is None else -(-int(self.tree.lengths.max()) // lanes) * lanes
        self._targets_in_row, self._contexts_in_row = own + longest, 2 * settings.window
        self.per_unit = 1 if settings.shared_negatives else self._contexts_in_row
        self._tables: tuple[AnyArray, AnyArray, native_windows.Paths] | None = None

    def __repr__(self) -> str:
        return f"WindowSource({self.units:,} words, {self.settings})"

    @property
    def units(self) -> int:
        """The number of words."""
        return self.corpus.words

    def example(self) -> Batch:
        """Return a window with as many contexts and targets as one may have."""
        window, words, targets = self.settings.window, len(self.keep), self._targets_in_row
        steps = np.arange(-window, window + 1)
        offsets, ids = steps[steps != 0], np.arange(targets)
        labels = (ids % 2 == 0).astype(np.float32)
        rows = self.ranges()["targets"][1] + 1
        return Batch(np.array(0), offsets % words, offsets, ids % rows, labels)

    def axes(self) -> dict[str, tuple[Any, ...]]:
        """Return that windows differ in their contexts C, and over a tree in their targets T."""
        names = {"contexts": ("C", self._contexts_in_row), "offsets": ("C", self._contexts_in_row)}
        if self.tree is not None:
            names |= dict.fromkeys(("targets", "labels"), ("T", self._targets_in_row))
        return {field: (axis,) for field, axis in names.items()}

    def ranges(self) -> dict[str, tuple[int, int]]:
        """Return between which numbers the ids of a window are, whatever the window.

        Examples
        --------
        >>> from tinygrad_w2v.text.corpus import build_corpus
        >>> vocabulary, corpus = build_corpus([["you", "say", "hello"]] * 50)
        >>> WindowSource(corpus, vocabulary.counts).ranges()
        {'center': (0, 2), 'contexts': (0, 2), 'offsets': (-5, 5), 'targets': (0, 2)}
        """
        last, settings, tree = len(self.keep) - 1, self.settings, self.tree
        nodes = 0 if tree is None else int(tree.nodes.max(initial=-1)) + 1
        rows = nodes + (last + 1 if settings.negative else 0)
        return {
            "center": (0, last),
            "contexts": (0, last),
            "offsets": (-settings.window, settings.window),
            "targets": (0, max(rows - 1, 0)),
        }

    def digest(self) -> str:
        """Return the SHA-256 of ids, counts and settings."""
        digest = hashlib.sha256(repr(self.settings).encode())
        for numbers in (self.counts, self.corpus.offsets, self.corpus.ids):
            digest.update(np.ascontiguousarray(numbers).data)
        return digest.hexdigest()

    def seeded(self, seed: int) -> WindowSource:
        """Return the same text, drawn by another seed."""
        settings = dataclasses.replace(self.settings, seed=seed)
        return self._drawing(self.corpus, settings, self.numbers)

    def split(self, share: float, seed: int = 1) -> tuple[WindowSource, WindowSource]:
        """Return the windows of most sentences, and of a share of them that is drawn by `seed`.

        Negative words are drawn by the counts of the whole text in both.

        Examples
        --------
        >>> from tinygrad_w2v.text.corpus import build_corpus
        >>> vocabulary, corpus = build_corpus([["you", "say", "hello"]] * 50)
        >>> [part.units for part in WindowSource(corpus, vocabulary.counts).split(0.1)]
        [135, 15]
        """
        rest, other = (
            self._drawing(part, self.settings) for part in self.corpus.split(share, seed)
        )
        return rest, other

    def _drawing(
        self, corpus: Corpus, settings: WindowSettings, numbers: AnyArray | None = None
    ) -> WindowSource:
        return WindowSource(
            corpus,
            self.counts,
            settings,
            self._batches.block_words,
            alone=self.alone,
            numbers=numbers,
            nodes_first=self.nodes_first,
        )

    def new_room(self, units: int) -> tuple[native_windows.Scratch, native_windows.Windows]:
        """Return arrays for the windows around so many words."""
        settings, rows, targets = self.settings, units * self.per_unit, self._targets_in_row
        labels = np.zeros((rows, targets), np.float32)
        if settings.negative:
            labels[:, 0] = 1
        windows = native_windows.Windows(
            center=np.zeros(rows, np.int32),
            contexts=np.zeros((rows, self._contexts_in_row), np.int32),
            targets=np.zeros((rows, targets), np.int32),
            labels=labels,
            before=np.zeros(rows, np.int32),
            C=np.zeros(rows, np.int64),
            T=np.full(rows, targets, np.int64),
            sentence=np.zeros(rows, np.int64),
        )
        room = native_windows.Scratch.of(units, rows, settings.window)
        return room, windows

    def draw(self, epoch: int, first: int, last: int, room: Any = None) -> Drawn:
        """Return the windows around the words from `first` to `last`, in the text's order."""
        scratch, windows = self.new_room(last - first) if room is None else room
        settings, corpus = self.settings, self.corpus
        ids, offsets = corpus.ids.view(np.ndarray), corpus.offsets.view(np.ndarray)
        if self._tables is None:
            self._tables = self._native_tables()
        keep, negatives, paths = self._tables
        streams = (hashing.SUBSAMPLING, hashing.WINDOW_WIDTH, hashing.NEGATIVES)
        keys = np.concatenate([hashing.stream_key(settings.seed, epoch, s) for s in streams])
        rules = native_windows.Rules(
            settings.window,
            settings.shrink_windows,
            settings.shared_negatives,
            settings.negative,
            self.alone,
        )
        chances = native_windows.Chances(keep, keys, negatives)
        records = ((ids, offsets, self.numbers), rules, chances, paths, scratch, windows)
        sentence = int(np.searchsorted(offsets, first, side="right")) - 1
        count, used = native_windows.sampler()(*map(tuple, records), sentence, first, last)
        release_pages(ids, first, last)
        release_pages(offsets)
        sizes = {"C": windows.C, "T": windows.T}
        places = (scratch.row_places, windows.before)
        return Drawn(WindowFields(windows), sizes, int(count), int(used), places)

    def _native_tables(self) -> tuple[AnyArray, AnyArray, native_windows.Paths]:
        """What native code looks up: thresholds of words, negative words, paths."""
        words = len(self.keep) if self.settings.negative else 0
        paths = native_windows.Paths()
        if self.tree is not None:
            paths = native_windows.Paths.of(self.tree, words)
        return native_windows.thresholds(self.keep), self.negatives.packed(), paths

    def batches(self, epoch: int) -> Iterator[tuple[Batch, int]]:
        """Yield each batch of an epoch with the number of corpus words that it stands for.

        Parameters
        ----------
        epoch
            The number of the epoch; another epoch draws anew.

        Yields
        ------
        batch : Batch
            At most `batch_size` windows with the same number of contexts C.
        words : int
            Words of the corpus, those that subsampling left out included. Over an epoch they
            add up to the corpus (if it has a window at all), so that a sum of them tells how far
            the epoch is.
        """
        if self.alone or len(self.numbers):
            return super().batches(epoch)
        return self._batches.batches(epoch)

    @property
    def kept_words(self) -> int:
        """How many words subsampling has left in what `batches` has drawn so far."""
        return self._batches.kept_words
