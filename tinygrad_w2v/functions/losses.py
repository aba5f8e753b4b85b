"""What models are trained to lower, and the cosine that word vectors are compared with.

The cross entropies are one op each, from the scores (logits) to the mean: the softmax or sigmoid
never stands alone, so nothing overflows and no logarithm of 0 is taken.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.errors import ShapeError
from tinygrad_w2v.autograd.arithmetic import Arithmetic
from tinygrad_w2v.autograd.diagnosis import user_line
from tinygrad_w2v.autograd.dispatch import unwrapped
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.autograd.node import Node, is_duck_array, primitive
from tinygrad_w2v.autograd.shaping import Axis, cast, stretched
from tinygrad_w2v.functions.activations import sigmoid, softplus
from tinygrad_w2v.functions.lookup import ScatterAlongAxis
from tinygrad_w2v.functions.statistics import log_softmax, softmax

ndarray = np.ndarray


def _count(shape: tuple[Any, ...]) -> Any:
    """The product of sizes, which need not be ints."""
    count: Any = 1
    for size in shape:
        count = count * size
    return count


class CrossEntropy(Function):
    """y = -mean log softmax(x)_t;  gx = g (softmax(x) - onehot(t)) / n"""

    def __init__(self, ids: Any) -> None:
        self.ids = self.own("ids", ids)

    def forward(self, x: Any) -> Any:
        self.save(x)
        if type(x) is not ndarray:
            found = primitive("cross_entropy", x, self.ids)
            if found is NotImplemented:
                picked = np.take_along_axis(log_softmax(x), np.expand_dims(self.ids, -1), -1)
                found = -np.mean(picked)
            return found
        n, classes = self.ids.size, x.shape[-1]
        ids = self.ids.astype(np.intp, copy=False).reshape(n)
        if n and np.maximum.reduce(ids.view(np.uintp)) >= classes:  # a negative id is huge there
            raise IndexError("a class id is out of range")
        flat = x.reshape(n, classes)
        top = np.maximum.reduce(flat, axis=-1, keepdims=True)
        lowered = np.subtract(flat, top, order="C")  # backward writes by flat places
        # e and its sum are kept, for the plain backward pass only: softmax is half of the work.
        self._e = np.exp(lowered)
        self._sum = np.add.reduce(self._e, axis=-1, keepdims=True)
        self._places = np.arange(0, n * classes, classes) + ids
        minus_log = np.log(self._sum).reshape(n) - lowered.take(self._places)
        return np.add.reduce(minus_log) / n

    def backward(self, g: Any) -> Any:
        (x,) = self.saved
        g = g / _count(x.shape[:-1])
        if type(x) is ndarray:
            gx = self._e * (g / self._sum)
            gx.reshape(-1)[self._places] -= g
            return gx.reshape(x.shape)
        ids = np.expand_dims(self.ids, -1)
        at_ids = ScatterAlongAxis(ids, len(x.shape) - 1, x.shape)(stretched(g, ids.shape))
        return softmax(x) * g - at_ids


class SoftCrossEntropy(Arithmetic):
    """y = mean sum t l, l = -log softmax(x);  gx = g (softmax(x) sum t - t) / n,  gt = g l / n"""

    def forward(self, x: Any, t: Any) -> Any:
        self.save(x, t)
        if type(x) is not ndarray or type(t) is not ndarray:
            found = primitive("soft_cross_entropy", x, t)
            if found is NotImplemented:
                found = -np.mean(np.sum(t * log_softmax(x), axis=-1))
            return found
        lowered = x - np.maximum.reduce(x, axis=-1, keepdims=True)
        self._e = e = np.exp(lowered)
        self._sum = np.add.reduce(e, axis=-1, keepdims=True)
        self._minus_log = np.log(self._sum) - lowered
        return np.add.reduce(t * self._minus_log, axis=None) / _count(x.shape[:-1])

    def backward(self, g: Any) -> Any:
        x, t = self.saved
        g = g / _count(x.shape[:-1])
        gx = gt = None
        if type(x) is ndarray and type(t) is ndarray:
            if self.needs(0):
                total = np.add.reduce(t, axis=-1, keepdims=True)
                gx = g * (self._e * (total / self._sum) - t)
            return gx, g * self._minus_log if self.needs(1) else None
        if self.needs(0):
            gx = g * (softmax(x) * np.sum(t, axis=-1, keepdims=True) - t)
        if self.needs(1):
            gt = -g * log_softmax(x)
        return gx, gt


class SigmoidCrossEntropy(Arithmetic):
    """y = mean (softplus(x) - t x);  gx = g (sigmoid(x) - t) / n,  gt = -g x / n"""

    def forward(self, x: Any, t: Any) -> Any:
        self.save(x, t)
        each = softplus(x) - x * t
        self._shape = each.shape
        return np.mean(each)

    def backward(self, g: Any) -> Any:
        x, t = self.saved
        g = g / _count(self._shape)
        gx = (sigmoid(x) - t) * g if self.needs(0) else None
        gt = stretched(-x * g, self._shape) if self.needs(1) else None
        return gx, gt


# ---------------------------------------------------------------------- their functions
def cross_entropy(logits: Any, targets: Any) -> Any:
    """Mean cross entropy of scores and targets: ``-mean log softmax(logits)[target]``.

    Parameters
    ----------
    logits : Variable or array ``(..., classes)``
        Scores, before any softmax.
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
    logits, targets = _as_array(logits), _as_array(targets)
    shape = logits.shape
    if targets.shape == shape:
        return SoftCrossEntropy()(logits, _as_real(targets, logits))
    if targets.shape != shape[:-1] or targets.dtype.kind not in "iu":
        raise ShapeError(
            f"cross_entropy: targets of shape {tuple(targets.shape)} and dtype {targets.dtype} do "
            f"not fit logits of shape {tuple(shape)}: give integer class ids of shape "
            f"{tuple(shape[:-1])}, or a distribution of the logits' shape" + user_line()
        )
    try:
        return CrossEntropy(targets)(logits)
    except IndexError as error:
        ids = unwrapped(targets)
        raise IndexError(
            f"cross_entropy: the class ids go from {ids.min()} to {ids.max()}, but logits of shape "
            f"{tuple(shape)} have the classes 0 to {shape[-1] - 1}{user_line()}"
        ) from error


def sigmoid_cross_entropy(logits: Any, labels: Any) -> Any:
    """Mean binary cross entropy of scores and labels, without overflow.

    ``mean(-t log sigmoid(x) - (1 - t) log(1 - sigmoid(x)))``

    Parameters
    ----------
    logits : Variable or array
        Scores, before any sigmoid.
    labels : Variable or array
        1 and 0, or probabilities; broadcast with the logits.

    Returns
    -------
    Variable or number
        In nats; the mean over all elements.

    Examples
    --------
    >>> import numpy as np
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> float(F.sigmoid_cross_entropy(tw.Variable([1000.0, -1000.0]), np.array([0, 0])))
    500.0
    """
    return SigmoidCrossEntropy()(logits, _as_real(labels, logits))


def cosine_similarity(a: Any, b: Any, axis: Axis = -1, eps: float = 1e-8) -> Any:
    """Cosine of the angle between vectors: ``sum(a b) / (|a| |b|)``.

    Parameters
    ----------
    a, b : Variable or array
        Vectors along `axis`; the other axes are broadcast.
    axis : int or tuple of int
    eps : float
        A length below it counts as this much, so that a zero vector has similarity 0.

    Examples
    --------
    >>> import tinygrad_w2v as tw
    >>> import tinygrad_w2v.functions as F
    >>> a = tw.Variable([[1.0, 0.0], [3.0, 4.0], [0.0, 0.0]])
    >>> F.cosine_similarity(a, [1.0, 0.0]).data
    array([1. , 0.6, 0. ])
    """
    a, b = _as_array(a), _as_array(b)

    def length(x: Any) -> Any:
        return np.sqrt(np.maximum(np.sum(np.square(x), axis=axis), eps**2))

    return np.sum(a * b, axis=axis) / (length(a) * length(b))


def _as_real(targets: Any, logits: Any) -> Any:
    """A Variable of integers (labels with a name) in the dtype of the scores, as for arrays.

    Left as they are, they would make float64 of float32 scores.
    """
    if isinstance(targets, Node) and targets._data.dtype.kind in "iub":
        dtype = np.result_type(logits)
        return cast(targets, dtype if dtype.kind == "f" else float)
    return targets


def _as_array(x: Any) -> Any:
    return x if is_duck_array(x) else np.asarray(x)
