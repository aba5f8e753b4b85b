"""Are these scores, and are those targets? What a loss asks of its arguments before it computes.

Swapped arguments give a number, and so do probabilities where scores are wanted: training then goes
on with a wrong loss. What cannot be meant is an error, what is unlikely to be meant a warning.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import InputError, LogitsWarning
from tinygrad_w2v._base.types import AnyArray
from tinygrad_w2v.autograd.constants import plain_array
from tinygrad_w2v.autograd.debugging.sites import user_line, warn_user
from tinygrad_w2v.autograd.dispatch import unwrapped
from tinygrad_w2v.autograd.node import Node, is_duck_array
from tinygrad_w2v.functions import casting, lookup, shape
from tinygrad_w2v.functions.activations import Sigmoid
from tinygrad_w2v.functions.joining import Concatenate, Split, Stack
from tinygrad_w2v.functions.lookup import Take
from tinygrad_w2v.functions.probabilities import Softmax
from tinygrad_w2v.functions.rearranging import Flip, Repeat

_PROBABILITIES = frozenset((Softmax, Sigmoid))


_MOVES = frozenset(
    (
        casting.Cast,
        shape.Reshape,
        shape.Transpose,
        shape.Swapaxes,
        shape.BroadcastTo,
        shape.ExpandDims,
        shape.Squeeze,
        lookup.GetItem,
        Take,
        Concatenate,
        Stack,
        Split,
        Flip,
        Repeat,
    )
)


def given_array(x: Any, where: str) -> Any:
    """`x` as an array; Variables and foreign arrays stay what they are."""
    if type(x) is np.ndarray or isinstance(x, Node) or is_duck_array(x):
        return x
    return plain_array(x, where)


def warn_of_probabilities(loss: str, logits: Any) -> None:
    """Warn if scores are what a softmax or sigmoid made: the loss applies its own.

    A Variable says how it was made. A plain array does not; one whose rows are positive and add up
    to 1 up to rounding is hardly a table of scores.
    """
    if isinstance(logits, Node):
        maker: Any = logits.creator
        while type(maker) in _MOVES:
            maker = getattr(maker.inputs[0], "creator", None)
        if type(maker) not in _PROBABILITIES:
            return
        made = f"were made by {maker.label}"
    elif type(logits) is np.ndarray and _look_like_probabilities(logits):
        made = "look like probabilities: they are positive and add up to 1"
    else:
        return
    own = "softmax" if loss == "cross_entropy" else "sigmoid"
    warn_user(
        f"{loss}: the logits {made}, but {loss} applies {own} itself: give the scores before it, "
        "or, if these are meant, `log` of the probabilities",
        LogitsWarning,
    )


def _look_like_probabilities(x: AnyArray) -> bool:
    if x.dtype.kind != "f" or x.ndim == 0 or x.size == 0 or x.shape[-1] < 2:
        return False
    if not (x.min() > 0 and x.max() < 1):
        return False
    rounding = 4 * x.shape[-1] * float(np.finfo(x.dtype).eps)
    return bool((np.abs(x.sum(axis=-1, dtype=np.float64) - 1) < rounding).all())


def check_distribution(logits: Any, targets: Any) -> None:
    """Refuse targets of the logits' shape that are no distributions, and swapped arguments.

    Raises
    ------
    InputError
        If a target is negative, or if the scores are a one-hot constant and the targets computed.
    """
    given = _known(targets)
    if given is not None and given.size and given.min() < 0:
        raise InputError(
            f"cross_entropy: the targets go down to {given.min():.6g}, but a distribution has no "
            "negative entries: if these are scores, the arguments are swapped, "
            f"`cross_entropy(logits, targets)`{user_line()}"
        )
    if isinstance(targets, Node) and type(logits) is np.ndarray and _is_one_hot(logits):
        raise InputError(
            "cross_entropy: the logits are a constant of one-hot rows and the targets a Variable: "
            "the arguments are swapped, the scores come first, `cross_entropy(logits, targets)`"
            + user_line()
        )


def check_probabilities(labels: Any) -> None:
    """Refuse labels that are not between 0 and 1.

    Raises
    ------
    InputError
        With one remedy for labels of -1 and 1, and another for scores.
    """
    given = _known(labels)
    if given is None or not given.size or given.dtype.kind == "b":
        return
    low, high = np.minimum.reduce(given, axis=None), np.maximum.reduce(given, axis=None)
    if low < 0 or high > 1:
        raise InputError(
            f"sigmoid_cross_entropy: the labels go from {low:.6g} to {high:.6g}, but they are 1 "
            "and 0, or probabilities: make those of -1 and 1 with `(labels + 1) / 2`; if these are "
            f"scores, the arguments are swapped, `sigmoid_cross_entropy(logits, labels)`"
            + user_line()
        )


def _known(targets: Any) -> AnyArray | None:
    """The values of targets; None of foreign ones, and of a leaf, which a check may vary."""
    if isinstance(targets, Node) and targets.creator is None:
        return None
    values = unwrapped(targets)
    return values if isinstance(values, np.ndarray | np.generic) else None  # type: ignore[return-value]


def _is_one_hot(x: AnyArray) -> bool:
    if x.ndim == 0 or x.size == 0 or x.shape[-1] < 2:
        return False
    return bool(((x == 0) | (x == 1)).all() and (x.sum(axis=-1) == 1).all())
