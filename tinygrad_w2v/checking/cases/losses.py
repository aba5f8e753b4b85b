"""The cross entropies."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v._base.types import Shape
from tinygrad_w2v.checking.case import Case, Draw, between, case, constant, named
from tinygrad_w2v.functions import losses as ops

_CLASSES = np.array([2, 0, 2])
_WINDOWS = np.array([[0, 1], [3, 3], [1, 0]])
_LABELS = np.array([[1, 0, 0, 0], [0, 0, 0, 1], [0, 1, 1, 0]])


def _cross_entropy(np: Any, x: Any, t: Any) -> Any:
    minus_log = np.log(np.sum(np.exp(x), axis=-1, keepdims=True)) - x
    return np.mean(np.sum(t * minus_log, axis=-1))


def _sigmoid_cross_entropy(np: Any, x: Any, t: Any) -> Any:
    return np.mean(np.logaddexp(0.0, x) - x * t)


def _with_ids(
    what: str, ids: Any, draw: Draw | Shape, scale: float = 1.0, shift: float = 0.0
) -> Case:
    one_hot = np.eye(4)[ids]
    plain = case(
        f"cross_entropy {what}",
        ops.CrossEntropy,
        lambda F, x: F.cross_entropy(scale * x + shift, ids),
        draw,
    )
    return plain.like(lambda np, x: _cross_entropy(np, scale * x, one_hot))


def _distributed(*shape: int) -> tuple[Draw | Shape, ...]:
    return shape, between(0.1, 1.0, shape)


_soft = named("cross_entropy with a distribution", ops.SoftCrossEntropy, *_distributed(3, 4)).like(
    _cross_entropy
)
_binary = named(
    "sigmoid_cross_entropy", ops.SigmoidCrossEntropy, (3, 4), between(0, 1, (3, 4))
).like(_sigmoid_cross_entropy)
CASES: list[Case] = [
    *_with_ids("with ids", _CLASSES, (3, 4)).and_strided(),
    _with_ids("with ids of one", _CLASSES[:1], (1, 4)).strided(),
    *_with_ids("with ids of windows", _WINDOWS, (3, 2, 4)).and_strided(),
    _with_ids("with one id", np.array(1), (4,)),
    _with_ids("of large scores", _CLASSES, (3, 4), shift=1000.0),
    _with_ids("of steep scores", _CLASSES, between(-1, 1, (3, 4)), scale=20.0),
    *_soft.on_each({"of windows": _distributed(2, 3, 4), "of one": _distributed(4)}),
    _soft.strided(),
    case(
        "cross_entropy with one-hot integers",
        ops.SoftCrossEntropy,
        lambda F, x: F.cross_entropy(x, _LABELS),
        (3, 4),
    ).like(lambda np, x: _cross_entropy(np, x, _LABELS)),
    case(
        "cross_entropy with one-hot rows",
        ops.SoftCrossEntropy,
        lambda F, x: F.cross_entropy(x, np.eye(4)[_CLASSES].astype(x.dtype)),
        (3, 4),
    ).like(lambda np, x: _cross_entropy(np, x, np.eye(4)[_CLASSES])),
    case(
        "cross_entropy with a computed distribution",
        ops.SoftCrossEntropy,
        lambda F, x, t: F.cross_entropy(x, F.softmax(t)),
        *[(3, 4), (3, 4)],
    ).like(lambda np, x, t: _cross_entropy(np, x, np.exp(t) / np.exp(t).sum(-1)[:, None])),
    case(
        "cross_entropy with respect to the distribution",
        ops.SoftCrossEntropy,
        lambda F, t: F.cross_entropy(np.log(1.0 + _LABELS).astype(t.dtype), t),
        between(0.1, 1.0, (3, 4)),
    ).like(lambda np, t: _cross_entropy(np, np.log(1.0 + _LABELS), t)),
    *_binary.on_each(
        {
            "with labels for all rows": (between(0, 1, (2, 3, 4), (4,)),),
            "with a label for each row": (between(0, 1, (2, 3, 4), (2, 1, 1)),),
            "of a number": (between(0, 1, (), ()),),
        }
    ),
    _binary.strided(),
    case(
        "sigmoid_cross_entropy with integer labels",
        ops.SigmoidCrossEntropy,
        lambda F, x: F.sigmoid_cross_entropy(x, _LABELS),
        (3, 4),
    ).like(lambda np, x: _sigmoid_cross_entropy(np, x, _LABELS)),
    case(
        "sigmoid_cross_entropy of large scores",
        ops.SigmoidCrossEntropy,
        lambda F, x: F.sigmoid_cross_entropy(x, np.array([0.25, 0.0, 1.0], x.dtype)),
        constant([-900.0, -20.0, 900.0]),
    ).like(lambda np, x: _sigmoid_cross_entropy(np, x, np.array([0.25, 0.0, 1.0]))),
]
