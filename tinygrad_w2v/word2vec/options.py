"""What gensim's keywords mean here, and which of them mean nothing."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from tinygrad_w2v._base.errors import InputError, Setting
from tinygrad_w2v.word2vec.settings import ALPHA, TrainingSettings

# What CBOW does when `compat` is not given: the rule that word2vec.c, gensim and fastText share,
# or the true gradient (None). By measurement: word pairs correlate better with it.
DEFAULT_CBOW_COMPAT: str | None = "word2vec"
# What `compat` is to be for the true gradient of CBOW's mean.
TRUE_GRADIENT = "gradient"


# The keywords that have another name among the settings.
_KEYWORDS = {"size": "vector_size", "max_vocab": "max_final_vocab", "model": "sg"}


def keyword_of(name: str) -> str:
    """Return the keyword of `Word2Vec` for a field of `TrainingSettings`.

    Examples
    --------
    >>> keyword_of("size"), keyword_of("window")
    ('vector_size', 'window')
    """
    return _KEYWORDS.get(name, name)


def in_keywords(setting: Setting) -> str:
    """Return how a setting of a message is written as a keyword."""
    return str(setting._replace(name=keyword_of(setting.name)))


def resolve_compat(compat: str | None, sg: int) -> str | None:
    """Return the models' `compat` for the one that a user gave or did not give.

    Raises
    ------
    InputError
        When it is unknown.

    Examples
    --------
    >>> resolve_compat(None, sg=0), resolve_compat("gradient", sg=0), resolve_compat(None, sg=1)
    ('word2vec', None, None)
    """
    if compat not in (None, TRUE_GRADIENT, "word2vec"):
        raise InputError(
            f"must be 'word2vec' (the update rule of word2vec.c and gensim) or "
            f"'{TRUE_GRADIENT}' (the true gradient), not {compat!r}",
            setting="compat",
        )
    if compat is None:
        return None if sg else DEFAULT_CBOW_COMPAT
    return None if compat == TRUE_GRADIENT else compat


def equivalent_alpha(alpha: float) -> float:
    """Return the rate under the true gradient that does what `alpha` does under gensim's rule.

    Examples
    --------
    >>> round(equivalent_alpha(0.05), 6)
    0.15
    """
    return alpha * ALPHA["cbow", None] / ALPHA["cbow", "word2vec"]


def told_of_alpha(settings: TrainingSettings) -> str | None:
    """Return advice for a learning rate of gensim's with the true gradient, or None.

    Examples
    --------
    >>> told_of_alpha(TrainingSettings("skipgram", alpha=0.05)) is None
    True
    """
    alpha = settings.alpha
    true_gradient = settings.model == "cbow" and settings.cbow_mean and settings.compat is None
    true_gradient &= settings.KIND == "Word2Vec"
    if alpha is None or not true_gradient:
        return None
    return (
        f"under the true gradient alpha {alpha:g} is a shorter step than in gensim; "
        f"{equivalent_alpha(alpha):g} does what {alpha:g} does there"
    )


def warn_of_ignored(given: Mapping[str, tuple[Any, Any]], stacklevel: int = 3) -> None:
    """Warn, once for all, of keywords that are set and change nothing here.

    Parameters
    ----------
    given
        For each name its value and the value that it has when it is not set.
    stacklevel
        How far up the user's call is.

    Examples
    --------
    >>> warn_of_ignored({"batch_words": (10_000, 10_000)})
    """
    ignored = [name for name, (value, usual) in given.items() if value != usual]
    if ignored:
        warnings.warn(
            f"{', '.join(ignored)}: accepted as in gensim, without effect in tinygrad_w2v",
            UserWarning,
            stacklevel=stacklevel,
        )
