"""How vectors of words and of their n-grams are trained: the settings of `FastText`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from tinygrad_w2v._base.checks import require_number, require_range, shown
from tinygrad_w2v._base.errors import InputError, Setting
from tinygrad_w2v._base.limits import LONGEST_NGRAM
from tinygrad_w2v._base.types import AnyArray, FloatArray, IntArray
from tinygrad_w2v.models import EmbeddingModel
from tinygrad_w2v.models.subwords import SubwordCBOW, SubwordModel, SubwordSkipGram
from tinygrad_w2v.nn import Parameter
from tinygrad_w2v.sources.huffman import HuffmanTree
from tinygrad_w2v.sources.subsampling import keep_probability
from tinygrad_w2v.sources.subwords import CenterPieces, ContextPieces, Subwords, pieces_of
from tinygrad_w2v.text.corpus import Corpus
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.vectors.subword_vectors import SETTINGS, SubwordVectors, ngram_settings
from tinygrad_w2v.word2vec.settings import (
    MANY,
    TrainingSettings,
    small_batch,
    windows_in_batch,
)

# gensim's; fastText begins at 0.05.
ALPHA = 0.025


@dataclass(frozen=True)
class SubwordSettings(TrainingSettings):
    """Those of `TrainingSettings`, and what n-grams are; the names and defaults are gensim's.

    CBOW and skip-gram follow fastText's update rule, so that `compat` is None.

    Attributes
    ----------
    min_n, max_n : int
        The characters of an n-gram; ``max_n=0``: none.
    bucket : int
        How many rows n-grams share.
    shared_negatives : bool
        As of `TrainingSettings`; by default each pair has its own, as in fastText.

    Raises
    ------
    InputError
        When a value is out of its range.

    Examples
    --------
    >>> SubwordSettings(max_n=2)
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: max_n is 2, below min_n=3; use max_n=0 for no n-grams
    """

    KIND: ClassVar[str] = "FastText"
    NO_KEYWORDS: ClassVar[tuple[str, ...]] = ("model", "batch", "compat")
    MODELS: ClassVar[dict[str, type[EmbeddingModel]]] = {
        "cbow": SubwordCBOW,
        "skipgram": SubwordSkipGram,
    }

    min_n: int = 3
    max_n: int = 6
    bucket: int = 2_000_000
    shared_negatives: bool = False

    def __post_init__(self) -> None:
        for name, least, most in (
            ("min_n", 1, LONGEST_NGRAM),
            ("max_n", 0, LONGEST_NGRAM),
            ("bucket", 1, MANY),
        ):
            require_number(name, getattr(self, name), whole=True)
            require_range(name, getattr(self, name), least, most)
        if 0 < self.max_n < self.min_n:
            raise InputError(
                (f"is {shown(self.max_n)}, below ", Setting("min_n", self.min_n)),
                setting="max_n",
                remedy=("use ", Setting("max_n", 0), " for no n-grams"),
            )
        if self.compat is not None:
            raise InputError("is of Word2Vec; fastText has one update rule", setting="compat")
        super().__post_init__()

    @classmethod
    def alpha_of(cls, model: str, compat: str | None, cbow_mean: bool) -> float:
        """Return the learning rate that fits a model."""
        return ALPHA

    @property
    def name(self) -> str:
        """What the model is called where people read it."""
        return f"fasttext {self.model}"

    @property
    def of_centers(self) -> bool:
        """Whether the parts of the centre predict; over a tree, and pair by pair, contexts do."""
        return self.model == "skipgram" and self.shared_negatives and not self.hs

    @property
    def pairs(self) -> bool:
        """Whether each context is a window of its own, with negatives of its own."""
        return self.model == "skipgram" and not self.shared_negatives

    @property
    def buckets(self) -> int:
        """How many rows of n-grams there are."""
        return self.bucket if self.max_n else 0

    def input_rows(self, vocab_size: int) -> int:
        """Return how many words and buckets there are."""
        return vocab_size + self.buckets

    def new_model(self, vocab_size: int) -> EmbeddingModel:
        """Return the model with its first, random rows."""
        predicted = 2 * vocab_size - 1 if self.hs and self.negative else vocab_size
        options: dict[str, Any] = self._model_options() | {"compat": "word2vec"}
        if self.model == "skipgram":
            options["pairs"] = self.pairs
        rows = self.input_rows(vocab_size)
        kind: type[SubwordModel] = self.MODELS[self.model]  # type: ignore[assignment]
        return kind(rows, self.size, **options, predicted=predicted)

    def model_of(self, w_in: FloatArray, w_out: FloatArray) -> EmbeddingModel:
        """Return the model that has these tables."""
        model = dataclasses.replace(self, bucket=1).new_model(2)
        model.w_in, model.w_out = Parameter(w_in), Parameter(w_out)
        return model

    def source(self, corpus: Corpus, vocabulary: Vocabulary) -> Subwords:
        """Return the source of windows with the parts of their words."""
        return Subwords(
            (vocabulary, corpus),
            self.window_settings(vocabulary),
            of="center" if self.of_centers else "contexts",
            min_n=self.min_n,
            max_n=self.max_n,
            buckets=self.buckets,
        )

    def batch_size(self, vocabulary: Vocabulary) -> int:
        """Return how many windows a batch has at most: fewer, where an n-gram is in most words."""
        counts = vocabulary.counts
        kept = counts * keep_probability(counts, self.sample)
        pieces = pieces_of(vocabulary.words, self.min_n, self.max_n, self.buckets)
        shares = np.repeat(kept / max(kept.sum(), 1), np.diff(pieces.offsets))
        rows = self.input_rows(len(counts))
        read: FloatArray = np.bincount(pieces.flat, shares, rows).astype(np.float64)
        return min(windows_in_batch(self, counts), windows_in_batch(self, counts, read))

    def vectors(self, vocabulary: Vocabulary, model: Any) -> SubwordVectors:
        """Return the words with the vectors that a model's rows make."""
        n_grams = {"min_n": self.min_n, "max_n": self.max_n}
        return SubwordVectors(vocabulary.words, model.w_in.data, vocabulary.counts, **n_grams)

    def beside(self) -> dict[str, AnyArray]:
        """Return what n-grams are, for vectors that are read of a model's file."""
        return {SETTINGS: ngram_settings(self.min_n, self.max_n)}

    def tree(self, counts: IntArray) -> HuffmanTree:
        """Return fastText's tree over words of these counts."""
        return HuffmanTree.of(counts, Subwords.NODES_FIRST)

    def small_batch(self, vocab_size: int, windows: int = 2) -> CenterPieces | ContextPieces:
        """Return windows of words of two parts each, see `small_batch`."""
        batch = small_batch(vocab_size, self, windows)
        if self.pairs:
            batch = batch._replace(contexts=batch.contexts[:, :1], offsets=batch.offsets[:, :1])
        words = batch.contexts
        if self.of_centers:
            words = batch.center[:, None]
        grams = vocab_size + words % max(self.buckets, 1) if self.buckets else words
        pieces = np.stack([words, grams], axis=-1).reshape(len(words), -1)
        if self.of_centers:
            return CenterPieces(*batch, pieces)
        owner = np.broadcast_to(np.arange(words.shape[1]).repeat(2), pieces.shape)
        return ContextPieces(*batch, pieces, owner)
