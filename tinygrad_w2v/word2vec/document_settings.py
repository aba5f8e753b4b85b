"""How vectors of documents are trained: the settings of words' vectors, and which model it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from tinygrad_w2v._base.checks import require_number, require_range
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import FloatArray, IntArray
from tinygrad_w2v.models.paragraph_vectors import (
    ConcatenatedMemory,
    DistributedBagOfWords,
    DistributedMemory,
    ParagraphVectors,
)
from tinygrad_w2v.nn import Parameter
from tinygrad_w2v.sources.columns import Ragged
from tinygrad_w2v.sources.documents import Documents, TaggedWindow, TaggedWord, Tags
from tinygrad_w2v.sources.window_settings import WindowSettings
from tinygrad_w2v.text.corpus import Corpus
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.vectors import WordVectors
from tinygrad_w2v.word2vec.settings import (
    MOST_READ,
    TrainingSettings,
    small_batch,
    windows_in_batch,
)

MOST_TAGS = 1000  # whose vectors stand one after the other


@dataclass(frozen=True)
class DocumentSettings(TrainingSettings):
    """How vectors of documents are trained; `model` is ``"cbow"`` for PV-DM, else PV-DBOW.

    Attributes
    ----------
    dm_concat : bool
        PV-DM with the vectors one after the other, in place of their mean or sum.
    dm_tag_count : int
        With `dm_concat`: how many tags each document has.
    dbow_words : bool
        PV-DBOW that trains the vectors of words, too.

    Examples
    --------
    >>> DocumentSettings("skipgram").name, DocumentSettings(dm_concat=True).contexts
    ('PV-DBOW', 'places')
    """

    KIND: ClassVar[str] = "Doc2Vec"

    dm_concat: bool = False
    dm_tag_count: int = 1
    dbow_words: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        require_number("dm_tag_count", self.dm_tag_count, whole=True)
        require_range("dm_tag_count", self.dm_tag_count, 1, MOST_TAGS)

    @property
    def name(self) -> str:
        """What the model is called where people read it."""
        if self.model == "skipgram":
            return "PV-DBOW with words" if self.dbow_words else "PV-DBOW"
        if self.dm_concat:
            return "PV-DM, concatenated"
        return f"PV-DM, {'mean' if self.cbow_mean else 'sum'}"

    def vectors(self, vocabulary: Vocabulary, model: Any) -> WordVectors:
        """Return the words with the vectors that a model has, which share its memory."""
        rows = model.w_in.data[: len(vocabulary)]  # behind them may be a word of padding
        return WordVectors.sharing(vocabulary.words, rows, vocabulary.counts)

    @property
    def contexts(self) -> str | None:
        """Which contexts a word has, as in `Documents`."""
        if self.model == "skipgram":
            return "window" if self.dbow_words else None
        return "places" if self.dm_concat else "window"

    @property
    def concatenated(self) -> bool:
        """Whether vectors stand one after the other."""
        return self.contexts == "places"

    @property
    def width(self) -> int:
        """Numbers in a row of `w_out`."""
        return (self.dm_tag_count + 2 * self.window) * self.size if self.concatenated else self.size

    def input_rows(self, vocab_size: int) -> int:
        """Return how many rows `w_in` has: one a word, and one for places without a word."""
        return vocab_size + self.concatenated

    def more_rows(self, vocab_size: int, tags: int) -> int:
        """Return how many rows more than for words alone the tables have."""
        return tags + vocab_size * (self.width // self.size - 1)

    def new_model(self, vocab_size: int, tags: int = 0) -> Any:
        """Return the model with its first, random vectors.

        Examples
        --------
        >>> model = DocumentSettings(size=4).new_model(9, tags=3)
        >>> type(model).__name__, model.w_doc.shape
        ('DistributedMemory', (3, 4))
        """
        rng = np.random.default_rng(self.seed % 2**64)
        objective = "negative_sampling" if self.negative else "hierarchical_softmax"
        given = (tags, vocab_size, self.size, objective, rng)
        model: ParagraphVectors
        if self.concatenated:
            model = ConcatenatedMemory(*given, window=self.window, tag_count=self.dm_tag_count)
        elif self.model == "cbow":
            model = DistributedMemory(*given, mean=self.cbow_mean, compat=self.compat)
        else:
            model = DistributedBagOfWords(*given, words=self.dbow_words)
        if self.hs and self.negative:
            model.w_out = Parameter(np.zeros((2 * vocab_size - 1, self.width), np.float32))
        return model

    def enlarged_model(
        self,
        tables: Mapping[str, FloatArray],
        old_ids: IntArray,
        vocab_size: int,
        tags: int = 0,
    ) -> Any:
        """Return the model for more words and tags, of which old ones keep their vectors."""
        model, old = self.new_model(vocab_size, tags), len(old_ids)
        w_in, w_doc, w_out = tables["w_in"], tables["w_doc"], tables["w_out"]
        model.w_in.data[old_ids] = w_in[:old]
        model.w_in.data[vocab_size:] = w_in[old:]
        model.w_doc.data[: len(w_doc)] = w_doc
        if self.negative:
            model.w_out.data[old_ids] = w_out[:old]
        return model

    def documents(self, corpus: Corpus, vocabulary: Vocabulary, tags: Tags) -> Documents:
        """Return the examples that documents are to the model."""
        settings = self.window_settings(vocabulary)
        return Documents((vocabulary, corpus), tags, settings, contexts=self.contexts, alone=True)

    def small_batch(self, vocab_size: int, windows: int = 2) -> TaggedWindow | TaggedWord:
        """Return windows of documents with the first tag each, see `small_batch`."""
        batch = small_batch(vocab_size, self, windows)
        tags = np.zeros((windows, self.dm_tag_count if self.concatenated else 1), np.int64)
        if self.contexts is None:
            return TaggedWord(batch.center, batch.targets, batch.labels, tags)
        return TaggedWindow(*batch, tags)

    def window_settings(self, vocabulary: Vocabulary) -> WindowSettings:
        """Return how windows are drawn: all of a batch may read the row of one document."""
        alone = self.contexts is None  # no word is read by others
        size = windows_in_batch(replace(self, model="cbow") if alone else self, vocabulary.counts)
        if self.batch is None:
            size = max(min(size, int(MOST_READ / self.first_alpha)), 1)
        return replace(super().window_settings(vocabulary), batch_size=size, shared_negatives=True)

    def rows_of(self, flat: IntArray, offsets: IntArray) -> Ragged:
        """Return the rows of each document's tags.

        Raises
        ------
        InputError
            When documents have other numbers of tags than a concatenation has places for.
        """
        lengths = np.diff(offsets)
        wrong = np.flatnonzero(lengths != self.dm_tag_count)
        if self.concatenated and len(wrong):
            has = int(lengths[wrong[0]])
            raise InputError(
                f"document {wrong[0]} has {has} {'tag' if has == 1 else 'tags'}, and with "
                f"dm_concat each has dm_tag_count ({self.dm_tag_count}): give that number, or "
                "leave out dm_concat"
            )
        return Ragged(flat, offsets, max(int(lengths.max(initial=0)), 1))
