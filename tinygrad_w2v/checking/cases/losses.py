"""Losses, the cosine, dropout and the stopped gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygrad_w2v.functions as F
from tinygrad_w2v.checking.case import Case, Draw, between, constant, normal
from tinygrad_w2v.functions import arithmetic, elementwise, losses, regularization

_CLASSES = np.array([2, 0, 2])
_WINDOWS = np.array([[0, 1], [3, 3], [1, 0]])
_LABELS = np.array([[1, 0, 0, 0], [0, 0, 0, 1], [0, 1, 1, 0]])


def _log_softmax(np: Any, x: Any) -> Any:
    return x - np.log(np.sum(np.exp(x), axis=-1, keepdims=True))


def _with_ids(name: str, ids: Any, draw: Draw, scale: float = 1.0, shift: float = 0.0) -> Case:
    one_hot = np.eye(4)[ids]
    return Case(
        f"cross_entropy {name}",
        lambda x: F.cross_entropy(scale * x + shift, ids),
        draw,
        (losses.CrossEntropy,),
        lambda np: lambda x: -np.sum(one_hot * _log_softmax(np, scale * x)) / np.size(ids),
    )


def _sigmoid_cross_entropy(np: Any) -> Callable[..., Any]:
    return lambda x, t: np.mean(np.logaddexp(0.0, x) - x * t)


def _cosine(axis: int) -> Callable[[Any], Callable[..., Any]]:
    def reference(np: Any) -> Callable[..., Any]:
        def length(x: Any) -> Any:
            return np.sqrt(np.sum(x * x, axis=axis))

        return lambda a, b: np.sum(a * b, axis=axis) / (length(a) * length(b))

    return reference


_soft = Case(
    "cross_entropy with a distribution",
    lambda x, t: F.cross_entropy(x, t),
    lambda rng: (rng.normal(size=(3, 4)), rng.uniform(0.1, 1.0, (3, 4))),
    (losses.SoftCrossEntropy,),
    lambda np: lambda x, t: -np.mean(np.sum(t * _log_softmax(np, x), axis=-1)),
)
_binary = Case(
    "sigmoid_cross_entropy",
    F.sigmoid_cross_entropy,
    lambda rng: (rng.normal(size=(3, 4)), rng.uniform(size=(3, 4))),
    (losses.SigmoidCrossEntropy,),
    _sigmoid_cross_entropy,
)
_cosine_covers = (arithmetic.Divide, elementwise.Sqrt, elementwise.Square)
_similarity = Case(
    "cosine_similarity", F.cosine_similarity, normal((3, 4), (3, 4)), _cosine_covers, _cosine(-1)
)
CASES: list[Case] = [
    _with_ids("with ids", _CLASSES, normal((3, 4))),
    _with_ids("with ids", _CLASSES, normal((3, 4))).laid_out_apart(),
    _with_ids("with ids of one", _CLASSES[:1], normal((1, 4))).laid_out_apart(),
    _with_ids("with ids of windows", _WINDOWS, normal((3, 2, 4))),
    _with_ids("with ids of windows", _WINDOWS, normal((3, 2, 4))).laid_out_apart(),
    _with_ids("with one id", np.array(1), normal((4,))),
    _with_ids("of large scores", _CLASSES, normal((3, 4)), shift=1000.0),
    _with_ids("of steep scores", _CLASSES, between(-1, 1, (3, 4)), scale=20.0),
    _soft,
    _soft.laid_out_apart(),
    _soft.variant(
        "of windows",
        draw=lambda rng: (rng.normal(size=(2, 3, 4)), rng.uniform(0.1, 1.0, (2, 3, 4))),
    ),
    _soft.variant("of one", draw=lambda rng: (rng.normal(size=4), rng.uniform(0.1, 1.0, 4))),
    Case(
        "cross_entropy with one-hot integers",
        lambda x: F.cross_entropy(x, _LABELS),
        normal((3, 4)),
        (losses.SoftCrossEntropy,),
        lambda np: lambda x: -np.mean(np.sum(_LABELS * _log_softmax(np, x), axis=-1)),
    ),
    Case(
        "cross_entropy with respect to the distribution",
        lambda t: F.cross_entropy(np.log(1.0 + _LABELS).astype(t.dtype), t),
        between(0.1, 1.0, (3, 4)),
        (losses.SoftCrossEntropy,),
        lambda np: lambda t: -np.mean(np.sum(t * _log_softmax(np, np.log(1.0 + _LABELS)), axis=-1)),
    ),
    _binary,
    _binary.laid_out_apart(),
    _binary.variant("with labels for all rows", draw=between(0, 1, (2, 3, 4), (4,))),
    _binary.variant("with a label for each row", draw=between(0, 1, (2, 3, 4), (2, 1, 1))),
    _binary.variant("of a number", draw=between(0, 1, (), ())),
    Case(
        "sigmoid_cross_entropy with integer labels",
        lambda x: F.sigmoid_cross_entropy(x, _LABELS),
        normal((3, 4)),
        (losses.SigmoidCrossEntropy,),
        lambda np: lambda x: _sigmoid_cross_entropy(np)(x, _LABELS),
    ),
    Case(
        "sigmoid_cross_entropy of large scores",
        lambda x: F.sigmoid_cross_entropy(x, np.array([0.25, 0.0, 1.0], x.dtype)),
        constant([-900.0, -20.0, 900.0]),
        (losses.SigmoidCrossEntropy,),
        lambda np: lambda x: _sigmoid_cross_entropy(np)(x, np.array([0.25, 0.0, 1.0])),
    ),
    _similarity,
    _similarity.laid_out_apart(),
    _similarity.variant("of one with many", draw=normal((4,), (3, 4))),
    _similarity.variant(
        "along axis 0",
        function=lambda a, b: F.cosine_similarity(a, b, axis=0),
        reference=_cosine(0),
    ),
]


def _mask(x: Any) -> Any:
    """What `dropout` multiplies `x` by when it is given ``default_rng(1)``."""
    return (np.random.default_rng(1).random(np.shape(x)) >= 0.4) / 0.6


_dropout = Case(
    "dropout",
    lambda x: F.dropout(x, 0.4, np.random.default_rng(1)) * x,
    normal((3, 4)),
    (regularization.Dropout,),
    lambda np: lambda x: x * _mask(x) * x,
)
_NONE = "it has no gradient"
CASES += [
    _dropout,
    _dropout.laid_out_apart(),
    _dropout.of_nothing((0, 3)),
    Case(
        "stop_gradient beside a slope",
        lambda x: x * x + F.stop_gradient(F.sign(x)),
        normal((3, 4)),
        (regularization.StopGradient,),
        lambda np: lambda x: x * x + np.sign(x),
        toothless=_NONE,
    ),
]
