"""Ops of one number each, and of pairs of numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygrad_w2v.functions as F
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.checking.case import Case, Draw, away_from_zero, between, constant, normal
from tinygrad_w2v.functions import activations, elementwise, powers, selection, trigonometry

Drawing = Callable[..., Draw]


def _within(low: float, high: float) -> Drawing:
    return lambda *shapes: between(low, high, *shapes)


def _named(name: str) -> Callable[[Any], Any]:
    return lambda np: getattr(np, name)


# The op's name, its class, where its arguments are drawn from.
_NUMPY: list[tuple[str, type[Function], Drawing]] = [
    ("square", elementwise.Square, normal),
    ("sqrt", elementwise.Sqrt, _within(0.3, 3.0)),
    ("exp", elementwise.Exp, normal),
    ("expm1", elementwise.Expm1, normal),
    ("log", elementwise.Log, _within(0.3, 3.0)),
    ("log1p", elementwise.Log1p, _within(-0.6, 2.0)),
    ("log2", elementwise.Log2, _within(0.3, 3.0)),
    ("sin", elementwise.Sin, normal),
    ("cos", elementwise.Cos, normal),
    ("tan", elementwise.Tan, _within(-1.0, 1.0)),
    ("tanh", elementwise.Tanh, normal),
    ("sinh", elementwise.Sinh, normal),
    ("cosh", elementwise.Cosh, normal),
    ("arctan", elementwise.Arctan, normal),
    ("log10", powers.Log10, _within(0.3, 3.0)),
    ("exp2", powers.Exp2, normal),
    ("reciprocal", powers.Reciprocal, away_from_zero),
    ("arcsin", trigonometry.Arcsin, _within(-0.8, 0.8)),
    ("arccos", trigonometry.Arccos, _within(-0.8, 0.8)),
    ("arcsinh", trigonometry.Arcsinh, normal),
    ("arccosh", trigonometry.Arccosh, _within(1.4, 3.0)),
    ("arctanh", trigonometry.Arctanh, _within(-0.8, 0.8)),
    ("deg2rad", trigonometry.Deg2rad, normal),
    ("rad2deg", trigonometry.Rad2deg, normal),
    ("sinc", trigonometry.Sinc, _within(0.2, 2.3)),
]

# Those that HIPS autograd has no rule for, and the same in other words.
_OURS: list[tuple[str, type[Function], Drawing, Callable[[Any], Any]]] = [
    ("sigmoid", activations.Sigmoid, normal, lambda np: lambda x: 1 / (1 + np.exp(-x))),
    ("softplus", activations.Softplus, away_from_zero, lambda np: lambda x: np.logaddexp(0.0, x)),
    (
        "log_sigmoid",
        activations.LogSigmoid,
        away_from_zero,
        lambda np: lambda x: -np.logaddexp(0.0, -x),
    ),
    ("relu", activations.Relu, away_from_zero, lambda np: lambda x: np.where(x > 0, x, 0.0)),
    (
        "leaky_relu",
        activations.LeakyRelu,
        away_from_zero,
        lambda np: lambda x: np.where(x > 0, x, 0.01 * x),
    ),
    (
        "cbrt",
        powers.Cbrt,
        away_from_zero,
        lambda np: lambda x: np.sign(x) * np.abs(x) ** (1 / 3),
    ),
    ("positive", powers.Positive, normal, lambda np: lambda x: 1.0 * x),
]


def _all_variants(
    name: str, op: type[Function], drawing: Drawing, reference: Callable[[Any], Any]
) -> list[Case]:
    case = Case(name, getattr(F, name), drawing((3, 4)), (op,), reference)
    return [
        case,
        case.variant("of a number", draw=drawing(())),
        case.of_nothing((0, 3)),
        case.laid_out_apart(),
    ]


CASES: list[Case] = []
for _name, _op, _drawing in _NUMPY:
    CASES += _all_variants(_name, _op, _drawing, _named(_name))
for _name, _op, _drawing, _reference in _OURS:
    CASES += _all_variants(_name, _op, _drawing, _reference)

_FLAT = "its slope is 0"
_ODD = np.array([np.nan, np.inf, -np.inf])


def _of_pairs(name: str, op: type[Function], drawing: Drawing) -> list[Case]:
    case = Case(name, getattr(F, name), drawing((3, 4), (3, 4)), (op,), _named(name))
    return [
        case,
        case.variant("broadcast", draw=drawing((3, 1), (4,))),
        case.variant("of numbers", draw=drawing((), ())),
        case.of_nothing((0, 3), (3,)),
        case.laid_out_apart(),
    ]


CASES += [
    Case(
        "sign",
        F.sign,
        away_from_zero((3, 4)),
        (elementwise.Sign,),
        None,
        "HIPS autograd warns of an output that does not depend on its input",
        _FLAT,
    ),
    Case(
        "sign beside a slope",
        lambda x: x * F.sign(x),
        away_from_zero((3,)),
        (elementwise.Sign,),
        lambda np: lambda x: x * np.sign(x),
        toothless=_FLAT,
    ),
    Case(
        "sinc near 0",
        F.sinc,
        constant([0.0, 1e-9, -1e-3, 0.05, 0.31]),
        (trigonometry.Sinc,),
        None,
        "HIPS autograd's second derivative cancels near 0",
    ),
    Case(
        "arcsinh far out",
        F.arcsinh,
        constant([-30.0, 50.0]),
        (trigonometry.Arcsinh,),
        lambda np: np.arcsinh,
    ),
    Case(
        "nan_to_num",
        lambda x: F.nan_to_num(F.concatenate([x, _ODD.astype(x.dtype)]), True, 1.0, 2.0, 3.0),
        normal((3,)),
        (selection.Where,),
        lambda np: lambda x: np.concatenate([x, np.array([1.0, 2.0, 3.0])]),
    ),
    Case(
        "sigmoid far out",
        F.sigmoid,
        constant([-30.0, -5.0, 5.0, 12.0]),
        (activations.Sigmoid,),
        lambda np: lambda x: 1 / (1 + np.exp(-x)),
    ),
    Case(
        "log_sigmoid far out",
        F.log_sigmoid,
        constant([-800.0, -5.0, 5.0, 12.0]),
        (activations.LogSigmoid,),
        lambda np: lambda x: -np.logaddexp(0.0, -x),
    ),
    Case(
        "leaky_relu of a given slope",
        lambda x: F.leaky_relu(x, 0.3),
        away_from_zero((3, 4)),
        (activations.LeakyRelu,),
        lambda np: lambda x: np.where(x > 0, x, 0.3 * x),
    ),
    *_of_pairs("logaddexp", activations.Logaddexp, normal),
    *_of_pairs("logaddexp2", powers.Logaddexp2, normal),
    *_of_pairs("hypot", trigonometry.Hypot, away_from_zero),
    *_of_pairs("arctan2", trigonometry.Arctan2, away_from_zero),
    Case(
        "logaddexp with a constant",
        lambda x: F.logaddexp(np.array([1.0, -np.inf, 0.5], x.dtype), x),
        normal((2, 3)),
        (activations.Logaddexp,),
        None,
        "HIPS autograd's rule makes NaN of -inf",
    ),
]
