"""The cross entropies that models are trained to lower.

Each is one op, from the scores (logits) to the mean: the softmax or sigmoid never stands alone, so
nothing overflows and no logarithm of 0 is taken. An infinite score has the limit's loss and
gradient; on arrays that is looked into only where one may occur.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import ShapeError
from tinygrad_w2v._base.types import AnyArray, IntArray
from tinygrad_w2v.autograd.debugging.sites import user_line
from tinygrad_w2v.autograd.dispatch import unwrapped
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.node import offer_whole
from tinygrad_w2v.functions.activations import sigmoid, softplus_of
from tinygrad_w2v.functions.arithmetic import Arithmetic
from tinygrad_w2v.functions.axes import stretched
from tinygrad_w2v.functions.casting import narrowed, real, wide
from tinygrad_w2v.functions.lookup import ScatterAlongAxis
from tinygrad_w2v.functions.probabilities import log_softmax, lowered_by_top, softmax
from tinygrad_w2v.functions.scores import (
    check_distribution,
    check_probabilities,
    given_array,
    warn_of_probabilities,
)

__all__ = ["cross_entropy", "sigmoid_cross_entropy"]


ndarray = np.ndarray


_CONCRETE = (np.ndarray, np.generic)


_FEW = 64


def _lowered(x: AnyArray) -> Any:
    """`x` less the maximum of its last axis, contiguous; the limit of it for an infinite one."""
    top = np.maximum.reduce(x, axis=-1, keepdims=True)
    if top.size <= _FEW and math.inf not in top.ravel().tolist():
        return np.subtract(x, top, order="C")
    return np.ascontiguousarray(lowered_by_top(x, (x.ndim - 1,))[1])


def _in_range(ids: IntArray, classes: int) -> bool:
    """Whether all class ids are valid; few are checked faster as Python numbers."""
    if ids.size <= _FEW:
        numbers = ids.tolist()
        return not numbers or (min(numbers) >= 0 and max(numbers) < classes)
    return bool(np.maximum.reduce(ids.view(np.uintp)) < classes)  # a negative id is huge there


class CrossEntropy(Function):
    """y = -sum(onehot(ids) * log_softmax(x)) / n;  gx = g * (softmax(x) - onehot(ids)) / n

    With n = ids.size.

    Book: L = -sum(t * log(y)) / N;  gx = (y - t) / N * g,  y = softmax(x),  t = onehot(ids),
    N = ids.size
    """

    def __init__(self, ids: Any) -> None:
        self.ids = self.keep_copy("ids", ids)

    def forward(self, x: Any) -> Any:
        self.save(x)
        if type(x) is not ndarray:
            y = offer_whole("cross_entropy", x, self.ids)
            if y is NotImplemented:
                picked = np.take_along_axis(log_softmax(x), np.expand_dims(self.ids, -1), -1)
                y = -np.mean(picked)
            return y
        n, classes = self.ids.size, x.shape[-1]
        ids = self.ids.astype(np.intp, copy=False).reshape(n)
        if not _in_range(ids, classes):
            raise IndexError("a class id is out of range")
        floats = wide(x)
        lowered = _lowered(floats.reshape(n, classes))  # backward writes to flat positions
        # e and its sum are kept, for the plain backward pass only: softmax is half of the work.
        self._e = np.exp(lowered)
        self._sum = np.add.reduce(self._e, axis=-1, keepdims=True)
        self._places = np.arange(0, n * classes, classes) + ids
        minus_log = np.log(self._sum).reshape(n) - lowered.take(self._places)
        y = np.add.reduce(minus_log) / n
        return y if floats is x else narrowed(y, x)

    def backward(self, g: Any) -> Any:
        (x,) = self.saved
        g = wide(g) / math.prod(x.shape[:-1])
        if type(x) is ndarray:
            gx = self._e * (g / self._sum)
            gx.reshape(-1)[self._places] -= g
            return gx.reshape(x.shape)
        ids = np.expand_dims(self.ids, -1)
        at_ids = ScatterAlongAxis(ids, len(x.shape) - 1, x.shape)(stretched(g, ids.shape))
        return softmax(x) * g - at_ids


class SoftCrossEntropy(Arithmetic):
    """y = -sum(t * l) / n;  gx = g * (softmax(x) * sum(t, -1) - t) / n,  gt = -g * l / n

    With l = log_softmax(x),  n = prod(x.shape[:-1]).

    Book: L = -sum(t * log(y)) / N;  gx = (y - t) / N * g,  gt = -log(y) / N * g,  y = softmax(x),
    N = prod(x.shape[:-1])   (targets add up to 1)

    Where t = 0 nothing is added, also where the logarithm is infinite.
    """

    def forward(self, x: Any, t: Any) -> Any:
        self.save(x, t)
        if type(x) is not ndarray or type(t) is not ndarray:
            y = offer_whole("soft_cross_entropy", x, t)
            if y is NotImplemented:
                y = -np.mean(np.sum(_weighted(t, log_softmax(x)), axis=-1))
            return y
        lowered, weights = _lowered(wide(x)), wide(t)
        self._e = np.exp(lowered)
        self._sum = np.add.reduce(self._e, axis=-1, keepdims=True)
        self._minus_log = np.log(self._sum) - lowered
        with np.errstate(invalid="ignore"):
            total = np.add.reduce(weights * self._minus_log, axis=None)
        if total != total:  # 0 times an infinite one, if not NaN of NaN
            total = np.add.reduce(_weighted(weights, self._minus_log), axis=None)
        return narrowed(total / math.prod(x.shape[:-1]), x)

    def backward(self, g: Any) -> Any:
        x, t = self.saved
        g = wide(g) / math.prod(x.shape[:-1])
        gx = gt = None
        if type(x) is ndarray and type(t) is ndarray:
            if self.needs(0):
                t = wide(t)
                total = np.add.reduce(t, axis=-1, keepdims=True)
                gx = g * (self._e * (total / self._sum) - t)
            return gx, g * self._minus_log if self.needs(1) else None
        if self.needs(0):
            gx = g * (softmax(x) * np.sum(t, axis=-1, keepdims=True) - t)
        if self.needs(1):
            gt = -g * log_softmax(x)
        return gx, gt


def cross_entropy(logits: Any, targets: Any) -> Any:
    """Mean cross entropy of scores and targets: ``-mean log softmax(logits)[target]``.

    Parameters
    ----------
    logits : Variable or array ``(..., classes)``
        Scores, before any softmax. One of -inf rules its class out.
    targets : array or Variable
        Class ids, integers ``(...)``; or a distribution (one-hot, too) ``(..., classes)``, to
        which there is a gradient if it is a Variable.

    Returns
    -------
    Variable or number
        In nats; the mean over the leading axes.

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    IndexError
        If a class id is negative or too large.
    InputError
        If the targets are no distribution, or the arguments are swapped.

    Warns
    -----
    LogitsWarning
        If the scores have been through a softmax or sigmoid already.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> scores = tw.Variable([[0.0, 0.0], [0.0, 0.0]])
    >>> loss = F.cross_entropy(scores, np.array([0, 1]))
    >>> loss.backward()
    >>> print(f"{loss:.4f}", scores.grad.data.tolist())
    0.6931 [[-0.25, 0.25], [0.25, -0.25]]
    """
    logits = given_array(logits, "cross_entropy: the logits")
    targets = given_array(targets, "cross_entropy: the targets")
    shape = logits.shape
    warn_of_probabilities("cross_entropy", logits)
    if targets.shape == shape:
        check_distribution(logits, targets)
        return SoftCrossEntropy()(logits, targets)
    if targets.shape != shape[:-1] or targets.dtype.kind not in "iu":
        swapped = logits.dtype.kind in "iu" and targets.shape[:-1] == shape
        raise ShapeError(
            f"cross_entropy: targets of shape {tuple(targets.shape)} and dtype {targets.dtype} do "
            f"not fit logits of shape {tuple(shape)}: "
            + ("the arguments are swapped, the scores come first; " if swapped else "")
            + f"give integer class ids of shape {tuple(shape[:-1])}, or a distribution of the "
            f"logits' shape{user_line()}"
        )
    try:
        return CrossEntropy(targets)(logits)
    except IndexError as error:
        ids = unwrapped(targets)
        raise IndexError(
            f"cross_entropy: the class ids go from {ids.min()} to {ids.max()}, but logits of shape "
            f"{tuple(shape)} have the classes 0 to {shape[-1] - 1}{user_line()}"
        ) from error


def _weighted(weights: Any, values: Any) -> Any:
    """``weights * values``, 0 where a weight is 0, also of an infinite value."""
    return weights * np.where(np.equal(weights, 0), 0, values)


class SigmoidCrossEntropy(Arithmetic):
    """y = sum(softplus(x) - t * x) / n;  gx = g * (sigmoid(x) - t) / n,  gt = -g * x / n

    With n = x.size.

    Book: L = -sum(t * log(y) + (1 - t) * log(1 - y)) / N;  gx = (y - t) / N * g,
    gt = -x / N * g,  y = sigmoid(x),  N = x.size
    """

    def forward(self, x: Any, t: Any) -> Any:
        self.save(x, t)
        floats, t = wide(x), real(t)
        if isinstance(floats, _CONCRETE):
            with np.errstate(invalid="ignore"):
                total = np.add.reduce(softplus_of(floats) - floats * t, axis=None)
            if total == total:
                return narrowed(total / floats.size, x)
        # Of an infinite score: x (1 - t) where it is positive, -x t else, each 0 by a factor of 0.
        slope = np.where(np.greater(floats, 0), 1 - t, -t)
        each = _weighted(slope, floats) + softplus_of(-np.absolute(floats))
        return narrowed(np.mean(each), x)

    def backward(self, g: Any) -> Any:
        x, t = self.saved
        g = wide(g) / math.prod(x.shape)
        gx = (sigmoid(x) - t) * g if self.needs(0) else None
        gt = -x * g if self.needs(1) else None
        return gx, gt


def sigmoid_cross_entropy(logits: Any, labels: Any) -> Any:
    """Mean binary cross entropy of scores and labels, without overflow.

    ``mean(-t log sigmoid(x) - (1 - t) log(1 - sigmoid(x)))``

    Parameters
    ----------
    logits : Variable or array
        Scores, before any sigmoid.
    labels : Variable or array
        1 and 0, or probabilities; of the logits' shape, or one that broadcasts to it.

    Returns
    -------
    Variable or number
        In nats; the mean over all elements.

    Raises
    ------
    ShapeError
        If the labels do not broadcast to the shape of the logits.
    InputError
        If the labels are no probabilities, or the arguments are swapped.

    Warns
    -----
    LogitsWarning
        If the scores have been through a softmax or sigmoid already.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> float(F.sigmoid_cross_entropy(tw.Variable([1000.0, -1000.0]), np.array([0, 0])))
    500.0
    """
    logits = given_array(logits, "sigmoid_cross_entropy: the logits")
    labels = given_array(labels, "sigmoid_cross_entropy: the labels")
    shape = logits.shape
    if labels.shape != shape and not _broadcasts(labels.shape, shape):
        raise ShapeError(
            f"sigmoid_cross_entropy: labels of shape {tuple(labels.shape)} do not fit logits of "
            f"shape {tuple(shape)}: give a label for each, and bring both into one shape with "
            f"`reshape`{user_line()}"
        )
    warn_of_probabilities("sigmoid_cross_entropy", logits)
    check_probabilities(labels)
    return SigmoidCrossEntropy()(logits, labels)


def _broadcasts(small: tuple[Any, ...], shape: tuple[Any, ...]) -> bool:
    """Whether an array of shape `small` stretches to `shape`, which stays what it is."""
    extra = len(shape) - len(small)
    pairs = zip(small, shape[max(extra, 0) :], strict=False)
    return extra >= 0 and all(m == 1 or m == n for m, n in pairs)
