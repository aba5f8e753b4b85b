"""What the vectorizers share: how documents are read, and the manners of scikit-learn."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral
from typing import Any, Self

from joblib import effective_n_jobs
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.types import FloatArray
from tinygrad_w2v._base.warning import warn_user
from tinygrad_w2v.sklearn.documents import Sentences, sentences_of_each

# Names of gensim's and of scikit-learn's other vectorizers, and ours.
ELSEWHERE = {"seed": "random_state", "workers": "n_jobs", "size": "vector_size", "iter": "epochs"}
ELSEWHERE |= {"min_df": "min_count", "max_features": "max_final_vocab", "lower": "lowercase"}
ELSEWHERE |= {"analyzer": "tokenizer"}


class DocumentVectorizer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Base of the vectorizers: documents in, one vector each out.

    Names of the columns are the name of the class in small letters, with a number. What differs are
    `_learn`, which returns what it has read of the documents, `_read`, and `_vectors` of that.
    """

    tokenizer: Any
    lowercase: bool
    n_jobs: int | None
    random_state: Any

    def fit(self, X: Iterable[Any], y: Any = None) -> Self:
        """Learn from documents.

        Parameters
        ----------
        X : iterable of str or of lists of str
            The documents.
        y
            Not looked at.

        Raises
        ------
        InputError
            When the documents or the keywords cannot be used.
        """
        self._learn(self._documents(X))
        return self

    def fit_transform(self, X: Iterable[Any], y: Any = None) -> FloatArray:
        """Return what ``fit(X).transform(X)`` does; the documents are cut once.

        Parameters
        ----------
        X, y
            As in `fit`.
        """
        return self._vectors(self._learn(self._documents(X)))

    def transform(self, X: Iterable[Any]) -> FloatArray:
        """Return the vector of each document, an array ``(n, dim)``.

        Parameters
        ----------
        X : iterable of str or of lists of str
            The documents.

        Raises
        ------
        NotFittedError
            Before `fit`.
        InputError
            When one is neither text nor words.
        """
        check_is_fitted(self, "model_")
        return self._vectors(self._read(self._documents(X)))

    def _documents(self, X: Iterable[Any]) -> list[Sentences]:
        return sentences_of_each(X, self.tokenizer, self.lowercase)

    def _learn(self, documents: list[Sentences]) -> Any:
        raise NotImplementedError

    def _read(self, documents: list[Sentences]) -> Any:
        raise NotImplementedError

    def _vectors(self, read: Any) -> FloatArray:
        raise NotImplementedError

    def threads_and_seed(self) -> dict[str, Any]:
        """Return `n_jobs` and `random_state` as `workers` and `seed` of a model.

        Examples
        --------
        >>> from tinygrad_w2v.sklearn import Word2VecVectorizer
        >>> Word2VecVectorizer(n_jobs=2, random_state=7).threads_and_seed()
        {'workers': 2, 'seed': 7}
        """
        seed = self.random_state
        if seed is None or hasattr(seed, "randint"):
            seed = check_random_state(seed).randint(2**31 - 1)
        elif not isinstance(seed, Integral):
            raise InputError(
                f"must be a whole number, a RandomState or None, not {seed!r:.60}",
                setting="random_state",
            )
        return {"workers": effective_n_jobs(self.n_jobs), "seed": seed}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.transformer_tags.preserves_dtype = []  # texts have none
        return tags


def warn_of_zeros(unknown: int, documents: int) -> None:
    """Say once how many of the documents have no word that says anything.

    Examples
    --------
    >>> warn_of_zeros(0, 3)
    """
    if unknown:
        warn_user(
            f"{unknown} of {documents} documents hold no word that has a vector; their vectors are "
            "zeros",
            UserWarning,
        )
