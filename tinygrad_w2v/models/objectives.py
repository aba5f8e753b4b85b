"""How a word is told apart from others: the loss of a window, written over trailing axes.

Every objective is a function of ``h (..., n, dim)``, n vectors that each predict the same words;
``w_out (V, dim)``; and ``targets, labels (..., m)`` as a `Batch` holds them. It returns one number:
the sum over all windows and all n vectors, so that the gradient of a batch is the sum of its
windows' gradients. A function of yours with these parameters is an objective, too.

What it needs as targets, an objective says itself: see `needs`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Literal, TypeVar, get_args

import numpy as np

import tinygrad_w2v.functions as F
from tinygrad_w2v._base.errors import InputError

Objective = Callable[[Any, Any, Any, Any], Any]
Needs = Literal["word", "negatives", "path"]
_O = TypeVar("_O", bound=Objective)


def needs(what: Needs) -> Callable[[_O], _O]:
    """Declare what an objective needs as targets; of a function that does not say: negatives.

    Parameters
    ----------
    what : {"word", "negatives", "path"}
        The true word alone; the true word and negatives after it; the inner nodes of a tree on
        the path to the true word.

    Examples
    --------
    >>> @needs("word")
    ... def hinge(h, w_out, targets, labels): ...
    >>> needs_of(functools.partial(hinge))
    'word'
    """
    if what not in get_args(Needs):
        raise InputError(f"an objective needs one of {', '.join(get_args(Needs))}, not {what!r}")

    def declare(objective: _O) -> _O:
        # Kept in the function's `__dict__`, which `functools.wraps` hands on.
        objective.needs = what  # type: ignore[attr-defined]
        return objective

    return declare


def needs_of(objective: Any) -> Needs:
    """Return what an objective needs as targets, be it wrapped or a `functools.partial`."""
    while objective is not None:
        if hasattr(objective, "needs"):
            return objective.needs
        partial = isinstance(objective, functools.partial)
        objective = objective.func if partial else getattr(objective, "__wrapped__", None)
    return "negatives"


@needs("word")
def softmax(h: Any, w_out: Any, targets: Any, labels: Any) -> Any:
    r"""Tell the true word, ``targets[..., 0]``, apart from all V words.

    .. math:: L = \sum_h \log \sum_j e^{h \cdot w_j} - h \cdot w_t = -\sum_h \log P(t | h)

    Examples
    --------
    >>> import numpy as np
    >>> h, w_out = np.zeros((1, 2)), np.zeros((4, 2))
    >>> round(float(softmax(h, w_out, np.array([3]), None)), 4)  # log 4: all words are alike
    1.3863
    """
    scores = h @ F.swapaxes(w_out, -1, -2)  # (..., n, V)
    true = h @ F.swapaxes(w_out[targets[..., :1]], -1, -2)  # (..., n, 1)
    return (F.logsumexp(scores, axis=-1, keepdims=True) - true).sum()


def negative_sampling(h: Any, w_out: Any, targets: Any, labels: Any) -> Any:
    r"""Tell the true word (label 1) apart from K drawn words (label 0).

    .. math:: L = -\sum_h \log \sigma(h \cdot w_t) + \sum_k \log \sigma(-h \cdot w_k)

    Mikolov, Sutskever, Chen, Corrado, Dean 2013, "Distributed representations of words and
    phrases and their compositionality", equation 4.

    Examples
    --------
    >>> import numpy as np
    >>> h, w_out = np.zeros((1, 2)), np.zeros((4, 2))
    >>> loss = negative_sampling(h, w_out, np.array([3, 0]), np.array([1.0, 0.0]))
    >>> round(float(loss), 4)  # 2 log 2: two even guesses
    1.3863
    """
    scores = h @ F.swapaxes(w_out[targets], -1, -2)  # (..., n, 1 + K)
    if labels.dtype.kind == "u":
        labels = labels.astype(np.int64)  # else 2 * 0 - 1 is 255
    signs = 2 * labels - 1
    return -F.log_sigmoid(signs[..., None, :] * scores).sum()


@needs("path")
def hierarchical_softmax(h: Any, w_out: Any, targets: Any, labels: Any) -> Any:
    r"""Follow the path to the true word in a binary tree: at each inner node left (0) or right (1).

    .. math:: L = -\sum_h \sum_l \log \sigma((1 - 2 c_l) \, h \cdot w_l)

    `targets` are the L inner nodes on the path, which are rows of `w_out`; `labels` is the word's
    code. The same paper, section 2.1, with word2vec.c's sign: code 0 is the positive side, so this
    is `negative_sampling` with the labels exchanged.

    Examples
    --------
    >>> import numpy as np
    >>> h, w_out = np.zeros((1, 2)), np.zeros((3, 2))
    >>> loss = hierarchical_softmax(h, w_out, np.array([0, 2]), np.array([1.0, 0.0]))
    >>> round(float(loss), 4)  # 2 log 2: two even choices
    1.3863
    """
    return negative_sampling(h, w_out, targets, 1 - labels)


OBJECTIVES: dict[str, Objective] = {
    "softmax": softmax,
    "negative_sampling": negative_sampling,
    "hierarchical_softmax": hierarchical_softmax,
}


def get_objective(objective: str | Objective) -> Objective:
    """Return the function that a name stands for; a function is returned as it is.

    Raises
    ------
    InputError
        When there is no objective of that name.

    Examples
    --------
    >>> get_objective("softmax") is softmax
    True
    """
    if callable(objective):
        return objective
    if objective not in OBJECTIVES:
        raise InputError(
            f"there is no objective {objective!r}; use {', '.join(OBJECTIVES)}, or a function of "
            "(h, w_out, targets, labels)"
        )
    return OBJECTIVES[objective]
