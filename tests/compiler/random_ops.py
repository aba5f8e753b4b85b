"""The element-wise ops of random programs; what may grow is squashed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygrad_w2v.functions as F

# ---------------------------------------------------------------------- ops of one value
UNARY: dict[str, Callable[[Any], Any]] = {
    "tanh": np.tanh,
    "sin": np.sin,
    "cos": np.cos,
    "arctan": np.arctan,
    "exp": lambda x: np.exp(np.tanh(x)),
    "expm1": lambda x: np.expm1(0.5 * np.tanh(x)),
    "log": lambda x: np.log(2 + np.cos(x)),
    "log2": lambda x: np.log2(2 + np.sin(x)),
    "log1p": lambda x: np.log1p(x * x),
    "sqrt": lambda x: np.sqrt(1 + x * x),
    "square": lambda x: np.square(np.tanh(x)),
    "cube": lambda x: np.tanh(x) ** 3,
    "root": lambda x: (1 + x * x) ** 0.5,
    "inverse root": lambda x: (1 + np.square(x)) ** -0.5,
    "power of 1": lambda x: x**1,
    "sinh": lambda x: np.sinh(np.tanh(x)),
    "cosh": lambda x: np.cosh(np.tanh(x)),
    "tan": lambda x: np.tan(0.7 * np.tanh(x)),
    "absolute": abs,
    "negative": lambda x: -x,
    "twice negative": lambda x: -(1.5 * -x),
    "reciprocal": lambda x: 1 / (1.5 + np.tanh(x)),
    "half": lambda x: x / 2,
    "clip": lambda x: np.clip(x, -0.7, 0.6),
    "minimum": lambda x: np.minimum(x, 0.4),
    "maximum": lambda x: np.maximum(x, -0.4),
    "where": lambda x: np.where(np.greater(x, 0.1), x, 0.3 * x),
    "both": lambda x: np.where(np.logical_and(x > -0.5, x < 0.5), x * x, np.tanh(x)),
    "either": lambda x: np.where(np.logical_or(x < -0.5, ~(x < 0.5)), np.sin(x), x),
    "at least": lambda x: np.where(np.greater_equal(x, 0.2), np.exp(-x * x), x),
    "at most": lambda x: np.where(np.less_equal(x, -0.2), 0.5, x),
    "unequal": lambda x: np.where(np.not_equal(x, 0.123), x, 1.0),
    "finite": lambda x: np.where(np.isfinite(x), x, 0.0),
    "not a number": lambda x: np.where(np.isnan(x), 0.0, 2 * x),
    "floor": lambda x: x * np.floor(2 * x.data) * 0.2,
    "ceil": lambda x: x + np.ceil(x.data) * 0.1,
    "sign": lambda x: x * np.sign(x.data),
    "sigmoid": F.sigmoid,
    "softplus": F.softplus,
    "log_sigmoid": F.log_sigmoid,
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "stop": lambda x: x * F.stop_gradient(np.cos(x)),
    "there and back": lambda x: x + (0.5 * x - x),
    "neutral": lambda x: (x * 1 + 0) / 1 - 0,
}
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - 2 * y,
    "multiply": lambda x, y: np.tanh(x) * y,
    "divide": lambda x, y: x / (1.5 + np.sin(y)),
    "logaddexp": np.logaddexp,
    "power": lambda x, y: (1 + np.square(np.tanh(x))) ** np.tanh(y),
    "larger": lambda x, y: np.maximum(x, 0.1 + y),
    "smaller": lambda x, y: np.minimum(x - 0.2, y),
    "choose": lambda x, y: np.where(np.less(x, y + 0.05), x * y, x - y),
    "minus": lambda x, y: x + -y,
    "plus": lambda x, y: -x + y,
}
KINKS = (
    *("clip", "minimum", "maximum", "where", "both", "either", "absolute", "at least", "at most"),
    *("floor", "ceil", "sign", "relu", "leaky_relu", "larger", "smaller", "choose"),
)
