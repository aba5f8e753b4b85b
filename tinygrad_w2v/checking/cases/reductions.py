"""Sums, means, extremes, spread, products, running sums, log-sum-exp."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygrad_w2v.functions as F
from tinygrad_w2v._base.types import Shape
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.checking.case import (
    EMPTY,
    Case,
    Draw,
    away_from_zero,
    constant,
    distinct,
    normal,
    of_both,
)
from tinygrad_w2v.functions import reductions, selection, statistics

_AXES: list[tuple[str, dict[str, Any]]] = [
    ("", {}),
    ("along an axis", {"axis": 1}),
    ("along the last axis", {"axis": -1}),
    ("along two axes", {"axis": (0, -1)}),
    ("along two axes, falling", {"axis": (2, 1)}),
    ("keeping all axes", {"keepdims": True}),
    ("keeping an axis", {"axis": -2, "keepdims": True}),
    ("keeping two axes", {"axis": (0, 2), "keepdims": True}),
]


def _logsumexp(np: Any) -> Callable[..., Any]:
    return lambda x, **how: np.log(np.sum(np.exp(x), **how))


def _softmax(np: Any) -> Callable[..., Any]:
    return lambda x, axis=-1: np.exp(x) / np.sum(np.exp(x), axis=axis, keepdims=True)


def _log_softmax(np: Any) -> Callable[..., Any]:
    return lambda x, axis=-1: x - np.log(np.sum(np.exp(x), axis=axis, keepdims=True))


def _reductions(
    name: str,
    op: type[Function],
    drawing: Callable[..., Draw],
    reference: Callable[[Any], Callable[..., Any]] | None = None,
    shape: Shape = (2, 3, 4),
    **more: Any,
) -> list[Case]:
    """A case for each way to name the axes."""
    ours = getattr(F, name)
    theirs = reference or (lambda np: getattr(np, name))

    def along(what: str, how: dict[str, Any]) -> Case:
        return Case(
            f"{name} {what}".strip(),
            lambda x: ours(x, **how),
            drawing(shape),
            (op,),
            lambda np: lambda x: theirs(np)(x, **how),
        )

    cases = [along(what, how | more) for what, how in _AXES]
    return [*cases, cases[1].laid_out_apart(), cases[5].laid_out_apart()]


def _of_a_number(name: str, op: type[Function], **changes: Any) -> Case:
    return Case(
        f"{name} of a number",
        getattr(F, name),
        normal(()),
        (op,),
        lambda np: getattr(np, name),
        **changes,
    )


def _of_nothing(name: str, op: type[Function], axis: int = 0) -> Case:
    return Case(
        f"{name} of nothing",
        lambda x: getattr(F, name)(x, axis=axis),
        normal((3, 0)),
        (op,),
        None,
        EMPTY,
        EMPTY,
    )


CASES: list[Case] = [
    *_reductions("sum", reductions.Sum, normal),
    *_reductions("mean", reductions.Mean, normal),
    *_reductions("max", reductions.Max, distinct),
    *_reductions("min", reductions.Min, distinct),
    *_reductions("var", statistics.Var, normal),
    *_reductions("std", statistics.Std, normal),
    *_reductions("prod", statistics.Prod, away_from_zero),
    *_reductions("logsumexp", statistics.Logsumexp, normal, _logsumexp),
    *[
        _of_a_number(name, op)
        for name, op in (
            ("sum", reductions.Sum),
            ("mean", reductions.Mean),
            ("max", reductions.Max),
            ("min", reductions.Min),
            ("prod", statistics.Prod),
        )
    ],
    *[
        _of_nothing(name, op)
        for name, op in (
            ("sum", reductions.Sum),
            ("mean", reductions.Mean),
            ("max", reductions.Max),
            ("min", reductions.Min),
            ("var", statistics.Var),
            ("std", statistics.Std),
            ("prod", statistics.Prod),
            ("cumsum", statistics.Cumsum),
            ("logsumexp", statistics.Logsumexp),
            ("softmax", statistics.Softmax),
            ("log_softmax", statistics.LogSoftmax),
        )
    ],
    _of_nothing("sum", reductions.Sum, -1).variant("in each row"),
    _of_nothing("prod", statistics.Prod, -1).variant("in each row"),
    Case(
        "sum along no axis",
        lambda x: F.sum(x, axis=()),
        normal((3,)),
        (reductions.Sum,),
        lambda np: lambda x: x * 1.0,
    ),
]

# ---------------------------------------------------------------------- ddof, zeros, infinities
_DIVIDES = "HIPS autograd's rule divides by zero here"


def _with_ddof(name: str, op: type[Function], what: str, **how: Any) -> Case:
    return Case(
        f"{name} with ddof=1{what}",
        lambda x: getattr(F, name)(x, ddof=1, **how),
        normal((3, 4)),
        (op,),
        lambda np: lambda x: getattr(np, name)(x, ddof=1, **how),
    )


_prod = Case(
    "prod", lambda x: F.prod(x, axis=-1), normal((3, 4)), (statistics.Prod,), None, _DIVIDES
)
CASES += [
    _with_ddof("var", statistics.Var, ""),
    _with_ddof("var", statistics.Var, ", keeping an axis", axis=-1, keepdims=True),
    _with_ddof("std", statistics.Std, ""),
    _with_ddof("std", statistics.Std, ", keeping an axis", axis=-1, keepdims=True),
    _prod.variant("with one zero", draw=constant([[2.0, 0.0, -3.0, 0.5]])),
    _prod.variant(
        "with two zeros",
        draw=constant([[2.0, 0.0, 0.0, 0.5], [1.0, 2.0, 0.7, -1.0]]),
    ),
    _prod.variant(
        "with only zeros", draw=constant([[0.0, 0.0]]), toothless="its first derivative is 0"
    ),
    _prod.variant("of one factor", draw=normal((3, 1))),
    _prod.variant("of many factors", draw=away_from_zero((2, 9))),
    Case(
        "prod along two axes with zeros",
        lambda x: F.prod(x, axis=(2, 0)),
        constant([[[1.0, 0.0]], [[2.0, 3.0]]]),
        (statistics.Prod,),
        None,
        _DIVIDES,
    ),
    Case(
        "logsumexp with -inf",
        lambda x: F.logsumexp(
            F.concatenate([x, np.full((3, 1), -np.inf, x.dtype)], axis=1), axis=1
        ),
        normal((3, 4)),
        (statistics.Logsumexp,),
        lambda np: lambda x: np.log(np.sum(np.exp(x), axis=1)),
    ),
    Case(
        "logsumexp of large numbers",
        lambda x: F.logsumexp(1000.0 + x, axis=-1),
        normal((3, 4)),
        (statistics.Logsumexp,),
        lambda np: lambda x: 1000.0 + np.log(np.sum(np.exp(x), axis=-1)),
    ),
]

# ---------------------------------------------------------------------- where, initial, dtype
_MASK = np.array([[True, False, True, True], [False, True, True, False], [True] * 4])
_few = _MASK * 1.0


def _mean_where(np: Any, x: Any) -> Any:
    return np.sum(x * _few, axis=(0, -1), keepdims=True) / np.sum(2 * _few, axis=1)[:, None]


def _var_where(np: Any, x: Any) -> Any:
    count = 2 * np.sum(_few, axis=1)[:, None]
    return np.sum(_few * (x - _mean_where(np, x)) ** 2, axis=(0, -1), keepdims=True) / (count - 1)


_HOW: dict[str, Any] = {"axis": (0, -1), "where": _MASK, "keepdims": True}
_shape = (2, 3, 4)
CASES += [
    of_both(
        "sum of some",
        selection.Where,
        lambda np, x: np.sum(x, **_HOW, initial=3.0),
        normal(_shape),
        lambda np, x: np.sum(x * _few, axis=(0, -1), keepdims=True) + 3.0,
    ),
    of_both(
        "sum from a Variable on",
        reductions.Sum,
        lambda np, x, y: np.sum(x, 0, initial=y),
        normal((3, 4), ()),
        lambda np, x, y: np.sum(x, 0) + y,
    ),
    of_both(
        "sum in float64",
        reductions.Sum,
        lambda np, x: np.sum(x, -1, x.dtype),
        normal((3, 4)),
    ),
    of_both(
        "prod of some",
        statistics.Prod,
        lambda np, x: np.prod(x, 1, where=_MASK, initial=2.0),
        away_from_zero((3, 4)),
        lambda np, x: 2.0 * np.prod(x * _few + (1 - _few), axis=1),
    ),
    of_both(
        "mean of some",
        reductions.Sum,
        lambda np, x: np.mean(x, **_HOW),
        normal(_shape),
        _mean_where,
    ),
    of_both(
        "var of some",
        reductions.Sum,
        lambda np, x: np.var(x, **_HOW, correction=1),
        normal(_shape),
        _var_where,
    ),
    of_both(
        "std of some",
        reductions.Sum,
        lambda np, x: np.std(x, **_HOW, ddof=1),
        normal(_shape),
        lambda np, x: np.sqrt(_var_where(np, x)),
    ),
    of_both(
        "var about a given mean",
        reductions.Sum,
        lambda np, x, mean: np.var(x, 1, mean=mean),
        normal((3, 4), (3, 1)),
        lambda np, x, mean: np.mean((x - mean) ** 2, axis=1),
    ),
    of_both(
        "var with correction",
        statistics.Var,
        lambda np, x: np.var(x, -1, correction=1),
        normal((3, 4)),
        lambda np, x: np.var(x, -1, ddof=1),
    ),
    of_both(
        "max of some",
        reductions.Max,
        lambda np, x: np.max(x, **_HOW, initial=-9.0),
        distinct(_shape),
        lambda np, x: np.max(x * _few - 9.0 * (1 - _few), axis=(0, -1), keepdims=True),
    ),
    of_both(
        "min of some",
        reductions.Min,
        lambda np, x: np.min(x, 1, where=_MASK, initial=0.05),
        distinct((3, 4)),
        lambda np, x: np.min(np.minimum(x * _few + 9.0 * (1 - _few), 0.05), axis=1),
    ),
    Case(
        "max of nothing from a number on",
        lambda x: F.max(x, axis=0, initial=1.0),
        normal((0, 3)),
        (reductions.Max,),
        None,
        EMPTY,
        EMPTY,
    ),
]


# ---------------------------------------------------------------------- ops that keep the shape
def _along(
    name: str, op: type[Function], axis: Any, reference: Callable[[Any], Callable[..., Any]]
) -> Case:
    return Case(
        f"{name} along {axis}",
        lambda x: getattr(F, name)(x, axis=axis),
        normal((2, 3, 4)),
        (op,),
        lambda np: lambda x: reference(np)(x, axis=axis),
    )


CASES += [
    *[_along("softmax", statistics.Softmax, axis, _softmax) for axis in (-1, 0, (1, 2), None)],
    *[
        _along("log_softmax", statistics.LogSoftmax, axis, _log_softmax)
        for axis in (-1, 0, (1, 2), None)
    ],
    *[_along("cumsum", statistics.Cumsum, axis, lambda np: np.cumsum) for axis in (0, -1, 1, None)],
    _along("softmax", statistics.Softmax, 1, _softmax).laid_out_apart(),
    _along("log_softmax", statistics.LogSoftmax, 1, _log_softmax).laid_out_apart(),
    _along("cumsum", statistics.Cumsum, 1, lambda np: np.cumsum).laid_out_apart(),
    Case("cumsum of a number", F.cumsum, normal(()), (statistics.Cumsum,), lambda np: np.ravel),
    Case(
        "softmax with -inf",
        lambda x: F.softmax(F.concatenate([x, np.full((3, 1), -np.inf, x.dtype)], axis=1)),
        normal((3, 4)),
        (statistics.Softmax,),
        lambda np: lambda x: np.concatenate([_softmax(np)(x), np.zeros((3, 1))], axis=1),
    ),
    Case(
        "log_softmax of large numbers",
        lambda x: F.log_softmax(1000.0 * x),
        constant([[0.3, -0.5], [1.0, 1.2]]),
        (statistics.LogSoftmax,),
        lambda np: (
            lambda x: (
                1000.0 * x - np.expand_dims(np.logaddexp(1000.0 * x[:, 0], 1000.0 * x[:, 1]), 1)
            )
        ),
    ),
]
