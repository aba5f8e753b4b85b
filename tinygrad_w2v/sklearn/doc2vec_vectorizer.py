"""`Doc2VecVectorizer`: a document has a vector of its own, which is inferred from its words."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from tinygrad_w2v._base.arguments import knowing
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import FloatArray
from tinygrad_w2v.sklearn.documents import Sentences
from tinygrad_w2v.sklearn.vectorizer import ELSEWHERE, DocumentVectorizer, warn_of_zeros
from tinygrad_w2v.text.documents import TaggedDocument
from tinygrad_w2v.word2vec import Doc2Vec

# The keywords that `Doc2Vec` is given as they are.
_OF_MODEL = (
    *("vector_size", "window", "min_count", "max_final_vocab", "sample", "epochs", "alpha"),
    *("min_alpha", "dm", "dm_mean", "dm_concat", "dbow_words", "hs", "negative", "ns_exponent"),
    *("shrink_windows", "compat", "engine", "deterministic"),
)


class Doc2VecVectorizer(DocumentVectorizer):
    """Documents to vectors by paragraph vectors, each of which is inferred from its words.

    `fit` trains a `Doc2Vec` on the documents, unless a model is given. `transform` trains a row for
    each document while the model stays as it is; the same words give the same vector, whatever is
    asked with them. `fit_transform` does so, too: what a classifier learns from is of the kind that
    it will be asked about. The rows that were trained by `fit` are in ``model_.dv``.

    Parameters
    ----------
    model : Doc2Vec, optional
        One that is trained: nothing else is, and the keywords of the training have no effect.
    tokenizer, lowercase
        How texts are cut, as in `Word2VecVectorizer`; a window reaches beyond a sentence.
    vector_size, window, min_count, max_final_vocab, sample, epochs, alpha, min_alpha : optional
        Of the training, as in `Doc2Vec`.
    dm, dm_mean, dm_concat, dbow_words, hs, negative, ns_exponent, shrink_windows : optional
        Of the model, as in `Doc2Vec`.
    compat, engine, deterministic : optional
        As in `Doc2Vec`.
    infer_epochs : int, optional
        How often `transform` reads a document; by default as often as the model was trained.
    n_jobs : int, optional
        Threads: None is 1, -1 is all cores. Inference has the same bytes with any number.
    random_state : int, RandomState or None
        An int is the `seed` of `Doc2Vec`; a RandomState, or None for NumPy's global one, draws it.

    Attributes
    ----------
    model_ : Doc2Vec
        What was trained, or given.

    Raises
    ------
    InputError
        By `fit`: for documents or keywords that are none. It is a ValueError.

    Notes
    -----
    A document without a word of the vocabulary is zeros; a warning says how many there are.

    References
    ----------
    Le, Mikolov 2014, "Distributed representations of sentences and documents".

    Examples
    --------
    >>> texts = ["cat dog cow " * 9, "red blue pink " * 9] * 20
    >>> vectorizer = Doc2VecVectorizer(vector_size=8, min_count=1, dm=0, sample=0, engine="numpy")
    >>> animals, colours, new = vectorizer.fit(texts).transform([*texts[:2], "a cow and a dog"])
    >>> bool(new @ animals > new @ colours)
    True
    """

    @knowing(**ELSEWHERE)
    def __init__(
        self,
        model: Any = None,
        *,
        tokenizer: Any = "words",
        lowercase: bool = True,
        vector_size: int = 100,
        window: int = 5,
        min_count: int = 5,
        max_final_vocab: int | None = None,
        sample: float = 1e-3,
        epochs: int = 10,
        alpha: float = 0.025,
        min_alpha: float = 1e-4,
        dm: int = 1,
        dm_mean: int | None = None,
        dm_concat: int = 0,
        dbow_words: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        shrink_windows: bool = True,
        compat: str | None = None,
        engine: str = "auto",
        deterministic: bool = False,
        infer_epochs: int | None = None,
        n_jobs: int | None = None,
        random_state: Any = 1,
    ) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.lowercase = lowercase
        self.vector_size = vector_size
        self.window = window
        self.min_count = min_count
        self.max_final_vocab = max_final_vocab
        self.sample = sample
        self.epochs = epochs
        self.alpha = alpha
        self.min_alpha = min_alpha
        self.dm = dm
        self.dm_mean = dm_mean
        self.dm_concat = dm_concat
        self.dbow_words = dbow_words
        self.hs = hs
        self.negative = negative
        self.ns_exponent = ns_exponent
        self.shrink_windows = shrink_windows
        self.compat = compat
        self.engine = engine
        self.deterministic = deterministic
        self.infer_epochs = infer_epochs
        self.n_jobs = n_jobs
        self.random_state = random_state

    @property
    def _n_features_out(self) -> int:
        check_is_fitted(self, "model_")
        return int(self.model_.vector_size)

    def _learn(self, documents: list[Sentences]) -> list[list[str]]:
        read = self._read(documents)
        if self.model is None:
            keywords: dict[str, Any] = {name: getattr(self, name) for name in _OF_MODEL}
            # One without words teaches nothing; the others keep their numbers.
            each = [TaggedDocument(words, [n]) for n, words in enumerate(read) if words]
            tagged = each or [TaggedDocument([], [0])]  # which is refused as such
            self.model_ = Doc2Vec(tagged, **self.threads_and_seed(), **keywords)
        elif isinstance(self.model, Doc2Vec):
            if self.model.vocabulary is None:
                raise InputError("is not trained; give it documents first", setting="model")
            self.model_ = self.model
        else:
            raise InputError(f"must be a Doc2Vec, not {self.model!r:.60}", setting="model")
        return read

    def _read(self, documents: list[Sentences]) -> list[list[str]]:
        return [[*chain.from_iterable(sentences)] for sentences in documents]

    def _vectors(self, read: list[list[str]]) -> FloatArray:
        vectors = self.model_.infer_vectors(read, epochs=self.infer_epochs)
        warn_of_zeros(int(np.count_nonzero(~vectors.any(axis=1))), len(vectors))
        return vectors
