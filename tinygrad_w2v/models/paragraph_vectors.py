"""Paragraph vectors: what a document is about helps to predict its words, or predicts them alone.

Le, Mikolov 2014, "Distributed representations of sentences and documents". A model is its `loss`
over windows that know their document, as `tw.examples.Documents` draws them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_w2v.functions as F
from tinygrad_w2v._base.checks import require_number, require_range
from tinygrad_w2v._base.randomness import generator
from tinygrad_w2v._base.types import AnyArray, FloatArray
from tinygrad_w2v.models.objectives import Objective, get_objective
from tinygrad_w2v.nn import Module, Parameter


class ParagraphVectors(Module):
    """Base of these models: ``w_doc (N, dim)`` has a row for each tag that documents are given.

    Beside it are ``w_in (V, dim)``, the vectors of words, and ``w_out``, whose rows words are
    predicted with. All are float32; `w_doc` and `w_in` begin evenly in ``(-1, 1) / dim``, as in
    gensim, `w_out` at zero. (From a start half as wide, as word2vec.c's, few documents are learned
    measurably less.)

    Parameters
    ----------
    tags : int
        N, the number of tags.
    vocab_size : int
        V, the number of words.
    dim : int
        Numbers in a vector.
    objective : str or callable
        As in `EmbeddingModel`.
    rng : numpy.random.Generator, optional
        Makes the first vectors.

    Raises
    ------
    InputError
        When a size is not positive, or the objective is unknown.
    """

    def __init__(
        self,
        tags: int,
        vocab_size: int,
        dim: int,
        objective: str | Objective = "negative_sampling",
        rng: np.random.Generator | None = None,
    ) -> None:
        for name, value, least in (
            ("tags", tags, 0),
            ("vocab_size", vocab_size, 1),
            ("dim", dim, 1),
        ):
            require_number(name, value, whole=True)
            require_range(name, value, least, 2**31)
        self.objective = get_objective(objective)
        rng = generator(rng)
        self.w_in = Parameter(first_rows(rng, vocab_size, dim))
        self.w_doc = Parameter(first_rows(rng, tags, dim))
        self.w_out = Parameter(np.zeros((vocab_size, dim), np.float32))

    def loss(self, window: Any) -> Any:
        """Return the loss of windows: the sum over them."""
        raise NotImplementedError(f"{type(self).__name__} has no loss: write `loss(self, window)`")

    def of_tags(self, window: Any) -> Any:
        """Return the vectors of the tags of each window's document, ``(..., D, dim)``."""
        if hasattr(window, "documents"):
            return self.w_doc[window.documents]
        return self.w_doc[window.document[..., None]]

    def predictions(self, window: Any) -> int:
        """Return the number of windows: each predicts its word once."""
        size: int = window.center.size
        return size


class DistributedMemory(ParagraphVectors):
    r"""PV-DM: the mean of the tags' and the contexts' vectors predicts the word between them.

    .. math:: h = \frac{1}{D + C} \Big(\sum_d w^{doc}_d + \sum_c w^{in}_c\Big)

    Parameters
    ----------
    tags, vocab_size, dim, objective, rng
        As in `ParagraphVectors`.
    mean : bool
        False: the sum in place of the mean.
    compat : {None, "word2vec"}
        ``"word2vec"``: gensim's update. Each vector is given the gradient of the mean whole, where
        the chain rule gives it the share 1 / (D + C); and of the sum that share, where the chain
        rule gives it the whole.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> texts = [["you", "say", "goodbye"] * 20, ["i", "say", "hello"] * 20]
    >>> source = tw.examples.Documents(texts, min_count=1)
    >>> model = DistributedMemory(2, len(source.vocabulary), 4)
    >>> history = tw.fit(model, source, lr=0.1, engine="numpy", progress=False)
    >>> history.losses[-1] < history.losses[0]
    True
    """

    def __init__(
        self,
        tags: int,
        vocab_size: int,
        dim: int,
        objective: str | Objective = "negative_sampling",
        rng: np.random.Generator | None = None,
        *,
        mean: bool = True,
        compat: str | None = None,
    ) -> None:
        super().__init__(tags, vocab_size, dim, objective, rng)
        self.mean, self.compat = mean, compat

    def loss(self, window: Any) -> Any:
        """Return the sum over the windows of ``-log P(center | contexts, tags)``."""
        own, around = self.of_tags(window), self.w_in[window.contexts]  # (..., D or C, dim)
        total = own.sum(axis=-2, keepdims=True) + around.sum(axis=-2, keepdims=True)
        mean = total / (own.shape[-2] + around.shape[-2])
        h, other = (mean, total) if self.mean else (total, mean)  # (..., 1, dim)
        if self.compat == "word2vec":
            h = other + F.stop_gradient(h - other)  # the value of one, the gradient of the other
        return self.objective(h, self.w_out, window.targets, window.labels)


class ConcatenatedMemory(ParagraphVectors):
    """PV-DM with places: the vectors of the tags and of the words around, one after the other.

    .. math:: h = [w^{doc}_1, ..., w^{doc}_D, w^{in}_{-n}, ..., w^{in}_{-1}, w^{in}_1, ...]

    All windows have 2 n places. One beyond the document's end holds word V, the padding, whose row
    is the last one of ``w_in (V + 1, dim)``; a row of `w_out` has ``(D + 2 n) dim`` numbers.

    Parameters
    ----------
    tags, vocab_size, dim, objective, rng
        As in `ParagraphVectors`.
    window : int
        n, the places on each side.
    tag_count : int
        D, how many tags each document has.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> settings = tw.examples.WindowSettings(window=2)
    >>> texts = [["you", "say", "goodbye"] * 20, ["i", "say", "hello"] * 20]
    >>> source = tw.examples.Documents(texts, settings=settings, min_count=1, contexts="places")
    >>> model = ConcatenatedMemory(2, len(source.vocabulary), 4, window=2)
    >>> model.w_out.shape
    (5, 20)
    >>> history = tw.fit(model, source, lr=0.1, engine="numpy", progress=False)
    >>> history.losses[-1] < history.losses[0]
    True
    """

    def __init__(
        self,
        tags: int,
        vocab_size: int,
        dim: int,
        objective: str | Objective = "negative_sampling",
        rng: np.random.Generator | None = None,
        *,
        window: int = 5,
        tag_count: int = 1,
    ) -> None:
        super().__init__(tags, vocab_size, dim, objective, rng)
        padding = np.zeros((1, dim), np.float32)
        self.w_in = Parameter(np.concatenate([self.w_in.data, padding]))
        width = (tag_count + 2 * window) * dim
        self.w_out = Parameter(np.zeros((vocab_size, width), np.float32))

    def loss(self, window: Any) -> Any:
        """Return the sum over the windows of ``-log P(center | tags, places)``."""
        own, around = self.of_tags(window), self.w_in[window.contexts]  # (..., D or 2 n, dim)
        h = F.concatenate([_in_one_row(own), _in_one_row(around)], axis=-1)
        return self.objective(h, self.w_out, window.targets, window.labels)


class DistributedBagOfWords(ParagraphVectors):
    """PV-DBOW: the vector of each tag predicts each word of its document.

    Parameters
    ----------
    tags, vocab_size, dim, objective, rng
        As in `ParagraphVectors`.
    words : bool
        Train the vectors of words, too: the contexts of a window predict its centre, as in
        `SkipGram`, beside the tags. Without, `w_in` stays as it begins.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> texts = [["you", "say", "goodbye"] * 20, ["i", "say", "hello"] * 20]
    >>> source = tw.examples.Documents(texts, min_count=1, contexts=None)
    >>> model = DistributedBagOfWords(2, len(source.vocabulary), 4)
    >>> history = tw.fit(model, source, lr=0.1, engine="numpy", progress=False)
    >>> history.losses[-1] < history.losses[0]
    True
    """

    def __init__(
        self,
        tags: int,
        vocab_size: int,
        dim: int,
        objective: str | Objective = "negative_sampling",
        rng: np.random.Generator | None = None,
        *,
        words: bool = False,
    ) -> None:
        super().__init__(tags, vocab_size, dim, objective, rng)
        self.words = words

    def loss(self, window: Any) -> Any:
        """Return the sum over the tags, and the contexts, of ``-log P(center | it)``."""
        h = self.of_tags(window)  # (..., D, dim): each predicts the centre
        loss = self.objective(h, self.w_out, window.targets, window.labels)
        if not self.words:
            return loss
        around = self.w_in[window.contexts]  # (..., C, dim)
        return loss + self.objective(around, self.w_out, window.targets, window.labels)

    def predictions(self, window: Any) -> int:
        """Return how often a word is predicted: once for each tag, and for each context."""
        tags = window.documents if hasattr(window, "documents") else window.document
        size: int = tags.size + (window.contexts.size if self.words else 0)
        return size


def first_rows(rng: np.random.Generator, rows: int, dim: int) -> FloatArray:
    """Return random rows, evenly in ``(-1, 1) / dim``.

    Examples
    --------
    >>> rows = first_rows(np.random.default_rng(1), 3, 2)
    >>> rows.dtype, bool((abs(rows) <= 0.5).all())
    (dtype('float32'), True)
    """
    start: AnyArray = rng.random((rows, dim), dtype=np.float32)
    start -= np.float32(0.5)
    start /= np.float32(dim / 2)
    return start


def _in_one_row(vectors: Any) -> Any:
    """Vectors ``(..., n, dim)`` one after the other, ``(..., 1, n dim)``."""
    *front, n, dim = vectors.shape
    return vectors.reshape(*front, 1, n * dim)
