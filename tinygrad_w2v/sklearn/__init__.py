"""`tw.sklearn`: documents to vectors, as steps of scikit-learn's pipelines (extra ``sklearn``).

Nothing else imports this package, so that scikit-learn is needed by those alone who ask for it.
"""

from tinygrad_w2v._base.errors import MissingDependencyError

try:
    import sklearn as _  # noqa: F401
except ImportError as error:
    raise MissingDependencyError(
        "tinygrad_w2v.sklearn needs scikit-learn: pip install 'tinygrad_w2v[sklearn]'"
    ) from error

from tinygrad_w2v.sklearn.doc2vec_vectorizer import Doc2VecVectorizer
from tinygrad_w2v.sklearn.word2vec_vectorizer import Word2VecVectorizer

__all__ = ["Doc2VecVectorizer", "Word2VecVectorizer"]
