"""How much more often two words come together than their counts let expect.

With n the counts, V the number of different words and pairs, and N the number of words of the text,
the two scores are::

    default   (n(a b) - min_count) / (n(a) n(b)) * V
    npmi      ln(p(a b) / (p(a) p(b))) / -ln p(a b),    p = n / N

Names and numbers are gensim's.

Sources: Mikolov et al. 2013, Distributed representations of words and phrases, section 4; Bouma
2009, Normalized (pointwise) mutual information in collocation extraction.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

from tinygrad_w2v._base.errors import InputError
from tinygrad_w2v._base.user_code import name_of

ENGLISH_CONNECTOR_WORDS = frozenset(
    "a an the for of with without at from to in on by and or".split()
)
Scorer = Callable[..., float]


def original_scorer(
    worda_count: float,
    wordb_count: float,
    bigram_count: float,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> float:
    """Return the default score of a pair; the last argument is not used.

    Examples
    --------
    >>> original_scorer(2, 3, 2, len_vocab=30, min_count=1, corpus_word_count=99)
    5.0
    """
    expected = worda_count * wordb_count
    if expected == 0:
        return -math.inf
    return (bigram_count - min_count) / float(expected) * len_vocab


def npmi_scorer(
    worda_count: float,
    wordb_count: float,
    bigram_count: float,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> float:
    """Return the normalized pointwise mutual information of a pair, from -1 to 1.

    A pair that comes fewer than `min_count` times has minus infinity; `len_vocab` is not used.

    Examples
    --------
    >>> round(npmi_scorer(2, 2, 2, len_vocab=30, min_count=1, corpus_word_count=99), 6)
    1.0
    """
    if bigram_count < min_count:
        return -math.inf
    words = float(corpus_word_count)
    first, second, both = worda_count / words, wordb_count / words, bigram_count / words
    try:
        return math.log(both / (first * second)) / -math.log(both)
    except (ValueError, ZeroDivisionError):  # a count of 0, or a text of this pair alone
        return -math.inf


SCORERS: dict[str, Scorer] = {"default": original_scorer, "npmi": npmi_scorer}


def scorer_of(scoring: Any) -> Scorer:
    """Return the function of a score, checked.

    Parameters
    ----------
    scoring
        ``"default"``, ``"npmi"``, or a function of the six named arguments of the two.

    Raises
    ------
    InputError
        When it is something else.

    Examples
    --------
    >>> scorer_of("npmi") is npmi_scorer
    True
    """
    known = SCORERS.get(scoring) if isinstance(scoring, str) else scoring
    if not callable(known):
        raise InputError(
            f"must be 'default', 'npmi' or a function, not {scoring!r:.60}", setting="scoring"
        )
    wanted = inspect.signature(original_scorer).parameters
    try:
        taken = [*inspect.signature(known).parameters.values()]
    except (TypeError, ValueError):  # written in C
        taken = []
    missing = [name for name in wanted if name not in {each.name for each in taken}]
    if missing and not any(each.kind is each.VAR_KEYWORD for each in taken):
        raise InputError(
            f"is the function {name_of(known)}, which does not take {', '.join(missing)}",
            setting="scoring",
        )
    return known


def connector_words(given: str | None) -> frozenset[str]:
    """Return the connector words that are meant: ``english``, or words between commas.

    Examples
    --------
    >>> sorted(connector_words("der, die,das")), len(connector_words("english"))
    (['das', 'der', 'die'], 15)
    """
    if given == "english":
        return ENGLISH_CONNECTOR_WORDS
    words = (given or "").split(",")
    return frozenset(filter(None, map(str.strip, words)))


def scorer_name(scoring: Scorer) -> str:
    """Return what a file calls a score: a function of the user's by module and name.

    Examples
    --------
    >>> scorer_name(npmi_scorer)
    'npmi'
    """
    own = next((name for name, scorer in SCORERS.items() if scorer is scoring), None)
    return own or name_of(scoring)


def check_threshold(threshold: float, scoring: Scorer) -> None:
    """Refuse a threshold that no score, or every one, is above.

    Raises
    ------
    InputError

    Examples
    --------
    >>> check_threshold(10.0, original_scorer)
    >>> check_threshold(10.0, npmi_scorer)
    Traceback (most recent call last):
    tinygrad_w2v._base.errors.InputError: threshold must be from -1 to 1 for npmi, not 10.0
    """
    if scoring is original_scorer and not threshold > 0:
        raise InputError(f"must be above 0, not {threshold}", setting="threshold")
    if scoring is npmi_scorer and not -1 <= threshold <= 1:
        raise InputError(f"must be from -1 to 1 for npmi, not {threshold}", setting="threshold")
