"""Log-sum-exp, softmax and its logarithm."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_w2v.checking.case import (
    Case,
    case,
    constant,
    named,
    normal,
    of_no_elements,
    reductions,
)
from tinygrad_w2v.functions import probabilities as ops


def _logsumexp(np: Any, x: Any, **how: Any) -> Any:
    return np.log(np.sum(np.exp(x), **how))


def _softmax(np: Any, x: Any, axis: Any = -1) -> Any:
    return np.exp(x) / np.sum(np.exp(x), axis=axis, keepdims=True)


def _log_softmax(np: Any, x: Any, axis: Any = -1) -> Any:
    return x - np.log(np.sum(np.exp(x), axis=axis, keepdims=True))


def _with_infinity(F: Any, x: Any) -> Any:
    return F.concatenate([x, np.full((3, 1), -np.inf, x.dtype)], axis=1)


def _along(name: str, op: Any, axis: Any, reference: Any) -> Case:
    plain = named(f"{name} along {axis}", op, (2, 3, 4), axis=axis)
    return plain.like(lambda np, x: reference(np, x, axis=axis))


CASES: list[Case] = [
    *reductions("logsumexp", ops.Logsumexp, normal, _logsumexp),
    case(
        "logsumexp with -inf",
        ops.Logsumexp,
        lambda F, x: F.logsumexp(_with_infinity(F, x), axis=1),
        (3, 4),
    ).like(lambda np, x: _logsumexp(np, x, axis=1)),
    case(
        "logsumexp of large numbers",
        ops.Logsumexp,
        lambda F, x: F.logsumexp(1000.0 + x, axis=-1),
        (3, 4),
    ).like(lambda np, x: 1000.0 + _logsumexp(np, x, axis=-1)),
    *[
        each
        for name, op, reference in (
            ("softmax", ops.Softmax, _softmax),
            ("log_softmax", ops.LogSoftmax, _log_softmax),
        )
        for each in (
            *[_along(name, op, axis, reference) for axis in (-1, 0, (1, 2), None)],
            _along(name, op, 1, reference).strided(),
            of_no_elements(name, op),
        )
    ],
    case(
        "softmax with -inf", ops.Softmax, lambda F, x: F.softmax(_with_infinity(F, x)), (3, 4)
    ).like(lambda np, x: np.concatenate([_softmax(np, x), np.zeros((3, 1))], axis=1)),
    case(
        "log_softmax of large numbers",
        ops.LogSoftmax,
        lambda F, x: F.log_softmax(1000.0 * x),
        constant([[0.3, -0.5], [1.0, 1.2]]),
    ).like(lambda np, x: 1000.0 * x - np.logaddexp(1000.0 * x[:, :1], 1000.0 * x[:, 1:])),
]
