"""`Word2VecVectorizer`: a document is a weighted mean of the vectors of its words."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from tinygrad_w2v._base.arguments import knowing
from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.files import PathLike
from tinygrad_w2v._base.types import FloatArray
from tinygrad_w2v.sklearn.documents import Sentences
from tinygrad_w2v.sklearn.vectorizer import ELSEWHERE, DocumentVectorizer, warn_of_zeros
from tinygrad_w2v.sklearn.weighting import (
    KnownWords,
    check_weighting,
    known_words,
    learn_weighting,
)
from tinygrad_w2v.vectors.formats import load
from tinygrad_w2v.word2vec import Word2Vec

# The keywords that `Word2Vec` is given as they are.
_OF_MODEL = (
    *("vector_size", "window", "min_count", "max_final_vocab", "sample", "epochs", "alpha"),
    *("min_alpha", "sg", "hs", "negative", "ns_exponent", "cbow_mean", "shrink_windows"),
    *("compat", "engine", "deterministic"),
)


class Word2VecVectorizer(DocumentVectorizer):
    """Documents to vectors: the weighted mean of the vectors of a document's words.

    `fit` trains a `Word2Vec` on the documents, unless vectors are given, and learns how words are
    weighed. It is a transformer of scikit-learn: for pipelines, `clone`, `GridSearchCV`,
    ``set_output``. Documents are texts, or lists of words, which are taken as they are.

    Parameters
    ----------
    vectors : WordVectors, Word2Vec, or path, optional
        Vectors of words that are there: nothing is trained, and the keywords of the training have
        no effect. A path is that of a file in any format that is known here, read by `fit`. Vectors
        of gensim will do, too. A clone shares `WordVectors`; of a `Word2Vec`, what it has learned
        by then is taken.
    weighting : {"mean", "tfidf", "sif"}
        How words are weighed: all alike, by tf-idf, or by smooth inverse frequency with the first
        principal component removed; see the notes.
    a : float
        Of ``"sif"``: words that are more frequent than that count less.
    tokenizer : str or callable
        How a text is cut: ``"words"`` (runs of letters and digits, in sentences), ``"whitespace"``,
        ``"ja"`` (needs Janome), ``"MODULE:FUNCTION"``, or a function from a text to its words.
        A context window does not reach beyond its sentence.
    lowercase : bool
        Lower-case texts first, also for a function.
    vector_size, window, min_count, max_final_vocab, sample, epochs, alpha, min_alpha : optional
        Of the training, as in `Word2Vec`.
    sg, hs, negative, ns_exponent, cbow_mean, shrink_windows, compat, engine : optional
        Of the model and what computes it, as in `Word2Vec`.
    deterministic : bool
        The same bytes for the same `random_state` also with `n_jobs` above 1, which is slower.
    n_jobs : int, optional
        Threads of the training (`Word2Vec` calls them `workers`): None is 1, -1 is all cores.
    random_state : int, RandomState or None
        An int is the `seed` of `Word2Vec`; a RandomState, or None for NumPy's global one, draws it.

    Notes
    -----
    With the words w of a document d that have a vector x_w, each as often as it occurs::

        mean    v_d = 1/|d| sum_w x_w
        tfidf   v_d = sum_w idf(w) x_w / sum_w idf(w)       idf(w) = ln((1 + n) / (1 + df(w))) + 1
        sif     v_d = 1/|d| sum_w a / (a + p(w)) x_w,  then  v_d - u u' v_d

    where df(w) of the n documents of `fit` hold w, p(w) is its share of their words, and u is the
    first right singular vector of their v_d. A document without a word that has a vector is zeros;
    a warning says how many there are. A pickle, as joblib writes one, holds the vectors.

    Attributes
    ----------
    model_ : Word2Vec or WordVectors
        What was trained, or given.
    vectors_ : WordVectors
        The words and their vectors.
    weighting_ : Weighting
        The weight of each word of the documents, and u (`component`).

    Raises
    ------
    InputError
        By `fit`: for documents or keywords that are none. It is a ValueError.

    References
    ----------
    Arora, Liang, Ma 2017, "A simple but tough-to-beat baseline for sentence embeddings".

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> texts = ["The cat sees a dog.", "A cow and a cat!", "Red, blue, pink.", "Blue or red?"] * 25
    >>> kinds = ["animal", "animal", "colour", "colour"] * 25
    >>> vectorizer = Word2VecVectorizer(vector_size=8, window=2, sample=0, engine="numpy")
    >>> pipeline = make_pipeline(vectorizer, LogisticRegression()).fit(texts, kinds)
    >>> pipeline.predict(["a cow and a dog", "pink and blue"]).tolist()
    ['animal', 'colour']
    >>> vectorizer.transform(["a cow and a dog"]).shape
    (1, 8)
    >>> "cat" in vectorizer.vectors_
    True
    """

    @knowing(**ELSEWHERE)
    def __init__(
        self,
        vectors: Any = None,
        *,
        weighting: str = "mean",
        a: float = 1e-3,
        tokenizer: Any = "words",
        lowercase: bool = True,
        vector_size: int = 100,
        window: int = 5,
        min_count: int = 5,
        max_final_vocab: int | None = None,
        sample: float = 1e-3,
        epochs: int = 5,
        alpha: float | None = None,
        min_alpha: float = 1e-4,
        sg: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        shrink_windows: bool = True,
        compat: str | None = None,
        engine: str = "auto",
        deterministic: bool = False,
        n_jobs: int | None = None,
        random_state: Any = 1,
    ) -> None:
        self.vectors = vectors
        self.weighting = weighting
        self.a = a
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
        self.sg = sg
        self.hs = hs
        self.negative = negative
        self.ns_exponent = ns_exponent
        self.cbow_mean = cbow_mean
        self.shrink_windows = shrink_windows
        self.compat = compat
        self.engine = engine
        self.deterministic = deterministic
        self.n_jobs = n_jobs
        self.random_state = random_state

    @property
    def vectors_(self) -> Any:
        """The words and their vectors."""
        check_is_fitted(self, "model_")
        return getattr(self.model_, "wv", self.model_)

    @property
    def _n_features_out(self) -> int:
        return int(self.vectors_.vector_size)

    def _learn(self, documents: list[Sentences]) -> KnownWords:
        check_weighting(self.weighting, self.a)
        if self.vectors is None:
            keywords: dict[str, Any] = {name: getattr(self, name) for name in _OF_MODEL}
            sentences = [sentence for document in documents for sentence in document]
            self.model_ = Word2Vec(sentences, **self.threads_and_seed(), **keywords)
        else:
            self.model_ = _given(self.vectors)
        known = self._read(documents)
        if not known.words:
            raise InputError(
                "no word of these documents has a vector; look at how they are cut (tokenizer, "
                "lowercase), and at the words of the vectors"
            )
        self.weighting_ = learn_weighting(self.weighting, self.a, known)
        return known

    def _read(self, documents: list[Sentences]) -> KnownWords:
        return known_words(documents, self.vectors_)

    def _vectors(self, read: KnownWords) -> FloatArray:
        lengths = np.diff(read.starts)
        warn_of_zeros(int((lengths == 0).sum()), len(lengths))
        return self.weighting_.mean(read)


def _given(vectors: Any) -> Any:
    """Return vectors in one of the ways in which they may be given, as what can be asked."""
    if isinstance(vectors, str | os.PathLike):
        return _loaded(vectors)
    if hasattr(vectors, "wv"):  # which goes on moving in a further training
        vectors = copy.deepcopy(vectors.wv)
    if not hasattr(vectors, "key_to_index"):
        raise InputError(
            f"must be WordVectors, a Word2Vec or the path of a file, not {vectors!r:.60}",
            setting="vectors",
        )
    return vectors


def _loaded(path: PathLike) -> Any:
    if Path(path).is_dir():
        raise InputError(f"is the folder {path}; name a file, such as model.npz", setting="vectors")
    try:
        return load(path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
