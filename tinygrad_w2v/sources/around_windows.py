"""Windows of a text with something beside: their document, or the parts of their words."""

from __future__ import annotations

import copy
from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self

from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.sources import native_windows
from tinygrad_w2v.sources.source import Drawn, Source
from tinygrad_w2v.sources.window_settings import WindowSettings
from tinygrad_w2v.sources.windows import WindowSource
from tinygrad_w2v.text.corpus import Corpus, build_corpus
from tinygrad_w2v.text.vocabulary import Vocabulary

Text = tuple[Vocabulary, Corpus] | Iterable[Iterable[str]]


class AroundWindows(Source):
    """What such sources share; a unit is a word of the text.

    Parameters
    ----------
    text
        Sentences, each a list of words, or what `build_corpus` has made of them.
    settings
        How windows are drawn.
    min_count
        Of sentences: words that occur less often are left out.
    **options
        Of `WindowSource`.

    Attributes
    ----------
    vocabulary : Vocabulary
        The words by id.
    windows : WindowSource
        Which draws the windows.
    """

    NODES_FIRST: ClassVar[bool] = False  # of the tree, see `HuffmanTree.from_counts`

    def __init__(
        self, text: Text, settings: WindowSettings | None, min_count: int, **options: Any
    ) -> None:
        if isinstance(text, tuple) and len(text) == 2 and isinstance(text[0], Vocabulary):
            self.vocabulary, corpus = text
        else:
            self.vocabulary, corpus = build_corpus(text, min_count)
        self._check(corpus)
        self.windows = WindowSource(
            corpus, self.vocabulary.counts, settings, nodes_first=self.NODES_FIRST, **options
        )
        self.per_unit, self.batch_size = self.windows.per_unit, self.windows.settings.batch_size

    def _check(self, corpus: Corpus) -> None:
        """Refuse a text before anything is made of it."""

    def seeded(self, seed: int) -> Self:
        """Return the same text, drawn by another seed."""
        other = copy.copy(self)
        other.windows = self.windows.seeded(seed)
        return other

    @property
    def units(self) -> int:
        """The number of words."""
        return self.windows.units

    @property
    def kept_words(self) -> int:
        """How many words subsampling has left in what `batches` has drawn so far."""
        return self.used

    def _beside(self, drawn: Drawn, windows: native_windows.Windows, room: Any) -> Drawn:
        """Return examples for the windows that were drawn."""
        raise NotImplementedError

    def draw(self, epoch: int, first: int, last: int, room: Any = None) -> Drawn:
        """Return the windows around the words from `first` to `last`, in the text's order."""
        of_windows, own = self.new_room(last - first) if room is None else room
        drawn = self.windows.draw(epoch, first, last, of_windows)
        return self._beside(drawn, of_windows[1], own)


def beside(drawn: Drawn, fields: Mapping[str, AnyArray], sizes: Mapping[str, AnyArray]) -> Drawn:
    """Return examples that have more fields and sizes.

    Examples
    --------
    >>> drawn = beside(Drawn({"x": [1]}, {}, 1, 1), {"y": [2]}, {})
    >>> sorted(drawn.arrays)
    ['x', 'y']
    """
    both: Any = ChainMap({**fields}, drawn.arrays)  # type: ignore[arg-type]
    return replace(drawn, arrays=both, sizes={**drawn.sizes, **sizes})
