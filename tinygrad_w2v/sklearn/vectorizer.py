"""What the vectorizers share: scikit-learn's base classes, its random numbers and its threads."""

from __future__ import annotations

from typing import Any

from joblib import effective_n_jobs
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state

# Names of gensim's and of scikit-learn's other vectorizers, and ours.
ELSEWHERE = {"seed": "random_state", "workers": "n_jobs", "size": "vector_size", "iter": "epochs"}
ELSEWHERE |= {"min_df": "min_count", "max_features": "max_final_vocab", "lower": "lowercase"}
ELSEWHERE |= {"analyzer": "tokenizer"}


class DocumentVectorizer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Base of the vectorizers: documents in, one vector each out.

    Names of the columns are the name of the class in small letters, with a number.
    """

    n_jobs: int | None
    random_state: Any

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
        return {"workers": effective_n_jobs(self.n_jobs), "seed": seed}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.transformer_tags.preserves_dtype = []  # texts have none
        return tags
