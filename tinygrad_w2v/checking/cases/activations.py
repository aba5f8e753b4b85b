"""The logistic family, the rectifiers, dropout and the stopped gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_w2v.checking.case import (
    Case,
    away_from_zero,
    case,
    constant,
    elementwise,
    elementwise_pairs,
    named,
    normal,
)
from tinygrad_w2v.functions import activations as ops


def _sigmoid(np: Any, x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def _log_sigmoid(np: Any, x: Any) -> Any:
    return -np.logaddexp(0.0, -x)


def _leaky_relu(slope: float) -> Callable[..., Any]:
    return lambda np, x: np.where(x > 0, x, slope * x)


def _mask(x: Any) -> Any:
    """What `dropout` multiplies `x` by when it is given ``default_rng(1)``."""
    return (np.random.default_rng(1).random(np.shape(x)) >= 0.4) / 0.6


_dropout = case(
    "dropout",
    ops.Dropout,
    lambda F, x: F.dropout(x, 0.4, np.random.default_rng(1)) * x,
    (3, 4),
).like(lambda np, x: x * _mask(x) * x)
CASES: list[Case] = [
    *elementwise("sigmoid", ops.Sigmoid, normal, _sigmoid),
    *elementwise("softplus", ops.Softplus, away_from_zero, lambda np, x: np.logaddexp(0.0, x)),
    *elementwise("log_sigmoid", ops.LogSigmoid, away_from_zero, _log_sigmoid),
    *elementwise("relu", ops.Relu, away_from_zero, _leaky_relu(0.0)),
    *elementwise("leaky_relu", ops.LeakyRelu, away_from_zero, _leaky_relu(0.01)),
    named("sigmoid far out", ops.Sigmoid, constant([-30.0, -5.0, 5.0, 12.0])).like(_sigmoid),
    named("log_sigmoid far out", ops.LogSigmoid, constant([-800.0, -5.0, 5.0, 12.0])).like(
        _log_sigmoid
    ),
    named(
        "leaky_relu of a given slope", ops.LeakyRelu, away_from_zero((3, 4)), negative_slope=0.3
    ).like(_leaky_relu(0.3)),
    *elementwise_pairs("logaddexp", ops.Logaddexp, normal),
    *elementwise_pairs("logaddexp2", ops.Logaddexp2, normal),
    case(
        "logaddexp with a constant",
        ops.Logaddexp,
        lambda F, x: F.logaddexp(np.array([1.0, -np.inf, 0.5], x.dtype), x),
        (2, 3),
    ).alone("HIPS autograd's rule makes NaN of -inf"),
    *_dropout.and_strided(),
    _dropout.of_nothing((0, 3)),
    case(
        "stop_gradient beside a slope",
        ops.StopGradient,
        lambda F, x: x * x + F.stop_gradient(F.sign(x)),
        (3, 4),
    )
    .like(lambda np, x: x * x + np.sign(x))
    .blind("it has no gradient"),
]
