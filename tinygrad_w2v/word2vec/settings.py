"""How word vectors are trained: the settings, their checks, and the defaults that fit a model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from tinygrad_w2v._base.batch import Batch
from tinygrad_w2v._base.checks import require_number, require_range, shown
from tinygrad_w2v._base.errors import InputError, Setting
from tinygrad_w2v._base.limits import LARGEST_DIM
from tinygrad_w2v._base.types import AnyArray, FloatArray, IntArray
from tinygrad_w2v.models import CBOW, EmbeddingModel, SkipGram
from tinygrad_w2v.nn import Parameter
from tinygrad_w2v.sources.huffman import HuffmanTree
from tinygrad_w2v.sources.negatives import negative_shares
from tinygrad_w2v.sources.source import Source
from tinygrad_w2v.sources.subsampling import keep_probability
from tinygrad_w2v.sources.windows import WindowSettings, WindowSource
from tinygrad_w2v.text.corpus import Corpus
from tinygrad_w2v.text.vocabulary import Vocabulary
from tinygrad_w2v.vectors import WordVectors

MODELS: dict[str, type[EmbeddingModel]] = {"cbow": CBOW, "skipgram": SkipGram}
# By measurement on the built-in corpus and on ten million words. CBOW's gradient reaches each
# context as a share of 1 / C, so that it wants longer steps; word2vec.c's rule, without the share,
# takes word2vec.c's rate.
ALPHA: dict[tuple[str, str | None], float] = {
    ("skipgram", None): 0.025,
    ("skipgram", "word2vec"): 0.025,
    ("cbow", None): 0.15,
    ("cbow", "word2vec"): 0.05,
}
# A sum of contexts is as long as several means, so that it wants shorter steps.
ALPHA_OF_SUM = 0.025

# From and to which a setting may be. What it leads to is held against the memory elsewhere; what
# lies outside would only fail later.
MANY, _COUNT = 2**31 - 1, 2**63 - 1
_WHOLE = {
    "size": (1, LARGEST_DIM),
    "window": (1, 1_000_000),
    "min_count": (0, _COUNT),
    "max_vocab": (1, _COUNT),
    "negative": (0, MANY),
    "epochs": (1, MANY),
    "batch": (1, MANY),
    "seed": (-(2**63), 2**64 - 1),
}
_REAL = ("ns_exponent", "sample", "alpha", "min_alpha")
_MAY_BE_NONE = ("max_vocab", "batch", "alpha")
_ALPHA = 1e-12, 1e38  # what float32 holds
_EXPONENT = -10.0, 10.0

LARGEST_BATCH = 256
# How far a batch may move one row of a table, in learning rates: the most read row, and the mean.
# By measurement: vocabularies of 6 to 5,000 words, with and without subsampling.
MOST_READ, MEAN_READ = 6.0, 0.5


@dataclass(frozen=True)
class TrainingSettings:
    """How word vectors are trained; names and defaults are word2vec's and gensim's.

    Attributes
    ----------
    model : {"cbow", "skipgram"}
        The representation.
    size : int
        Numbers in a vector.
    window : int
        The largest distance between a word and its context.
    min_count : int
        Rarer words are left out.
    max_vocab : int, optional
        The largest vocabulary: rarer words are left out until it fits.
    negative : int
        K, the drawn words that the true one is told apart from; 0 only with `hs`.
    ns_exponent : float
        Words are drawn in proportion to their counts to this power.
    sample : float
        Words more frequent than this share are thinned out; 0 keeps all.
    shrink_windows : bool
        Draw each window's width from 1 ... `window`, so that near words count more.
    epochs : int
        How often the corpus is read.
    alpha : float, optional
        The first learning rate; fitting the model by default.
    min_alpha : float
        The last learning rate.
    batch : int, optional
        Windows in a batch, at most; by default as `windows_in_batch` says.
    compat : {None, "word2vec"}
        ``"word2vec"``: CBOW's update as in word2vec.c instead of the gradient.
    seed : int
        Of all that is drawn.
    hs : bool
        Find each word in a Huffman tree (hierarchical softmax): with `negative` 0 instead of
        negative sampling, else the sum of both is learned, as in word2vec.c and gensim.
    cbow_mean : bool
        False: CBOW takes the sum of the contexts' vectors in place of the mean.
    shared_negatives : bool
        Skip-gram's pairs of a window share its negative words, so that a window is small matrix
        products; False: K words are drawn for each pair. CBOW predicts once a window, so that
        there is nothing to share.

    Raises
    ------
    InputError
        When a value is out of its range; no text has to be read to find out.

    Examples
    --------
    >>> TrainingSettings().first_alpha
    0.15
    >>> TrainingSettings(epochs=0)
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: epochs must be 1 or more, not 0
    """

    # The class whose models these settings make, by its name in files.
    KIND: ClassVar[str] = "Word2Vec"
    # Fields that are no keywords of that class.
    NO_KEYWORDS: ClassVar[tuple[str, ...]] = ("model", "batch")
    MODELS: ClassVar[dict[str, type[EmbeddingModel]]] = MODELS

    model: str = "cbow"
    size: int = 100
    window: int = 5
    min_count: int = 5
    max_vocab: int | None = None
    negative: int = 5
    ns_exponent: float = 0.75
    sample: float = 1e-3
    shrink_windows: bool = True
    epochs: int = 5
    alpha: float | None = None
    min_alpha: float = 1e-4
    batch: int | None = None
    compat: str | None = None
    seed: int = 1
    hs: bool = False
    cbow_mean: bool = True
    shared_negatives: bool = True

    def __post_init__(self) -> None:
        if self.model not in self.MODELS:
            names = ", ".join(self.MODELS)
            raise InputError(f"model must be one of {names}, not {self.model!r}")
        if self.compat not in (None, "word2vec"):
            raise InputError(f"compat must be None or 'word2vec', not {self.compat!r}")
        for name in (*_WHOLE, *_REAL):
            if name not in _MAY_BE_NONE or getattr(self, name) is not None:
                require_number(name, getattr(self, name), whole=name in _WHOLE)
        if not self.hs and self.negative < 1:
            raise InputError(
                (f"must be 1 or more, not {shown(self.negative)}, without ", Setting("hs")),
                setting="negative",
            )
        for name, (least, most) in _WHOLE.items():
            if getattr(self, name) is not None:
                require_range(name, getattr(self, name), least, most)
        fits = 0 <= self.sample < math.inf
        _require("sample", fits, "0 or more (0.001 is usual)", self.sample)
        fits = -math.inf < self.ns_exponent < math.inf
        _require("ns_exponent", fits, "a finite number (0.75 is usual)", self.ns_exponent)
        require_range("ns_exponent", self.ns_exponent, *_EXPONENT)
        usual = self.usual_alpha
        fits = 0 < self.first_alpha < math.inf
        _require("alpha", fits, f"a positive number ({usual} is usual)", self.alpha)
        require_range("alpha", self.first_alpha, *_ALPHA)
        fits = 0 <= self.min_alpha <= self.first_alpha
        _require("min_alpha", fits, f"from 0 to alpha ({self.first_alpha})", self.min_alpha)

    @property
    def first_alpha(self) -> float:
        """The first learning rate, as given or as the model's default."""
        return self.usual_alpha if self.alpha is None else self.alpha

    @property
    def usual_alpha(self) -> float:
        """The learning rate that fits the model."""
        return self.alpha_of(self.model, self.compat, self.cbow_mean)

    @classmethod
    def alpha_of(cls, model: str, compat: str | None, cbow_mean: bool) -> float:
        """Return the learning rate that fits a model, see `usual_alpha`."""
        return usual_alpha(model, compat, cbow_mean)

    @property
    def name(self) -> str:
        """What the model is called where people read it."""
        return self.model

    def input_rows(self, vocab_size: int) -> int:
        """Return how many rows the table has that words are read from, `w_in`."""
        return vocab_size

    def new_model(self, vocab_size: int) -> EmbeddingModel:
        """Return the model with its first, random vectors.

        With `hs` and negative words together, `w_out` has a row for each of the V words, then one
        for each of the V - 1 inner nodes, and both objectives are one: see `WindowSettings`.
        """
        model = self.MODELS[self.model](vocab_size, self.size, **self._model_options())
        if self.hs and self.negative:
            model.w_out = Parameter(np.zeros((2 * vocab_size - 1, self.size), np.float32))
        return model

    def _model_options(self) -> dict[str, Any]:
        """What the class of a model is given beside its sizes."""
        objective = "negative_sampling" if self.negative else "hierarchical_softmax"
        rng = np.random.default_rng(self.seed % 2**64)
        options: dict[str, Any] = {"objective": objective, "compat": self.compat, "rng": rng}
        options["negative"] = max(self.negative, 1)
        return options | ({"mean": self.cbow_mean} if self.model == "cbow" else {})

    def enlarged_model(
        self, tables: Mapping[str, FloatArray], old_ids: IntArray, vocab_size: int
    ) -> EmbeddingModel:
        """Return the model for more words, of which the old ones keep their learned vectors.

        The inner nodes of a tree, which is another one then, begin anew.

        Parameters
        ----------
        tables
            ``w_in`` and ``w_out`` of the old words.
        old_ids, vocab_size
            Where the old words are among all, see `Vocabulary.grown`, and how many there are.

        Raises
        ------
        InputError
            When the tables have other shapes than the settings say.
        """
        model, old = self.new_model(vocab_size), len(old_ids)
        w_in, w_out = tables["w_in"], tables["w_out"]
        rows = self.input_rows(old)
        if w_in.shape != (rows, self.size) or w_out.shape[1:] != (self.size,):
            raise InputError(
                f"the tables to learn on from have shapes {w_in.shape} and {w_out.shape}, not "
                f"({rows}, {self.size}); give the folder that `train` wrote"
            )
        model.w_in.data[old_ids] = w_in[:old]
        model.w_in.data[vocab_size:] = w_in[old:]  # what words share
        if self.negative:
            model.w_out.data[old_ids] = w_out[:old]
        return model

    def source(self, corpus: Corpus, vocabulary: Vocabulary) -> Source:
        """Return the source of the examples that the model is trained on."""
        return WindowSource(corpus, vocabulary.counts, self.window_settings(vocabulary))

    def batch_size(self, vocabulary: Vocabulary) -> int:
        """Return how many windows a batch has at most, see `windows_in_batch`."""
        return windows_in_batch(self, vocabulary.counts)

    def window_settings(self, vocabulary: Vocabulary) -> WindowSettings:
        """Return how windows are drawn of a text with these words."""
        return WindowSettings(
            window=self.window,
            shrink_windows=self.shrink_windows,
            sample=self.sample,
            negative=self.negative,
            ns_exponent=self.ns_exponent,
            seed=self.seed,
            batch_size=self.batch_size(vocabulary),
            hs=self.hs,
            shared_negatives=self.shared_negatives or self.model != "skipgram",
        )

    def vectors(self, vocabulary: Vocabulary, model: Any) -> WordVectors:
        """Return the words with the vectors that a model has, which share its memory."""
        return WordVectors.sharing(vocabulary.words, model.w_in.data, vocabulary.counts)

    def beside(self) -> dict[str, AnyArray]:
        """Return what a file of vectors holds more where they are not the rows of `w_in`."""
        return {}

    def tree(self, counts: IntArray) -> HuffmanTree:
        """Return the tree over words of these counts."""
        return HuffmanTree.of(counts)

    def small_batch(self, vocab_size: int, windows: int = 2) -> Any:
        """Return full examples of a text that counts through the vocabulary, see `small_batch`."""
        return small_batch(vocab_size, self, windows)


def usual_alpha(model: str, compat: str | None, cbow_mean: bool) -> float:
    """Return the learning rate that fits a model.

    Examples
    --------
    >>> usual_alpha("cbow", "word2vec", cbow_mean=True), usual_alpha("skipgram", None, True)
    (0.05, 0.025)
    """
    if model == "cbow" and not cbow_mean:
        return ALPHA_OF_SUM
    return ALPHA[model, compat]


def _require(name: str, holds: bool, what: str, value: object) -> None:
    if not holds:
        raise InputError(f"must be {what}, not {shown(value)}", setting=name)


def windows_in_batch(
    settings: TrainingSettings, counts: IntArray, parts: FloatArray | None = None
) -> int:
    """Return the size of a batch: as set, else at most 256, and fewer for few words.

    The loss is a sum over the batch, so a row of a table moves once for every time that it is
    read, always from the same place. Where words are few, or one is in every window, these
    steps add up and overshoot; so the batch is cut until they do not.

    Parameters
    ----------
    settings
        How to train.
    counts
        Occurrences of each word, shape (V,).
    parts
        Where `w_in` has other rows than those of words: the share of the words that are trained
        on which read each.

    Returns
    -------
    int

    Examples
    --------
    >>> windows_in_batch(TrainingSettings(), np.arange(5000, 1, -1))
    256
    >>> windows_in_batch(TrainingSettings(), np.array([2, 1, 1]))
    1
    """
    if settings.batch is not None:
        return settings.batch
    kept = counts * keep_probability(counts, settings.sample)
    true = kept / max(kept.sum(), 1)
    drawn = settings.negative * negative_shares(counts, settings.ns_exponent)
    tree = settings.tree(counts).passing(true) if settings.hs else np.zeros(1)
    contexts = settings.window + 1 if settings.shrink_windows else 2 * settings.window
    single = settings.model == "skipgram"  # each context is read, and predicts, of its own
    whole = single or settings.compat or not settings.cbow_mean or parts is not None
    w_in = (true if parts is None else parts) * (contexts if whole else 1)
    w_out = (true + drawn if settings.negative else tree) * (contexts if single else 1)
    root = tree.max() * (contexts if single else 1)
    most_read = (w_in.max() + max(w_out.max(), root)) / MOST_READ
    mean_read = max(w_in.mean(), w_out.mean()) / MEAN_READ
    fitting = 1 / (settings.first_alpha * max(most_read, mean_read))
    return int(np.clip(fitting, 1, LARGEST_BATCH))


def small_batch(
    vocab_size: int, settings: TrainingSettings | WindowSettings, windows: int = 2
) -> Batch:
    """Return full windows of a text that counts through the vocabulary: for a picture, or a check.

    Examples
    --------
    >>> batch = small_batch(9, TrainingSettings(window=1, negative=2))
    >>> batch.center.tolist(), batch.contexts.tolist(), batch.targets.tolist()
    ([0, 1], [[8, 1], [0, 2]], [[0, 1, 2], [1, 2, 3]])
    """
    center = np.arange(windows) % vocab_size
    steps = np.arange(-settings.window, settings.window + 1)
    offsets = np.tile(steps[steps != 0], (windows, 1))
    targets = (center[:, None] + np.arange(1 + settings.negative)) % vocab_size
    labels = np.zeros(targets.shape, np.float32)
    labels[:, 0] = 1
    if settings.hs:  # a path of three inner nodes, with one 1 in its code
        nodes = (center[:, None] + np.arange(3)) % max(vocab_size - 1, 1)
        code = np.tile(np.array([0, 1, 0], np.float32), (windows, 1))
        if settings.negative:
            targets = np.concatenate([targets, vocab_size + nodes], axis=1)
            labels = np.concatenate([labels, 1 - code], axis=1)
        else:
            targets, labels = nodes, code
    return Batch(center, (center[:, None] + offsets) % vocab_size, offsets, targets, labels)
