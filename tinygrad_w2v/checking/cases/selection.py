"""Ops that choose: maximum, minimum, clip, where."""

from __future__ import annotations

import numpy as np

import tinygrad_w2v.functions as F
from tinygrad_w2v.checking.case import Case, constant, distinct, normal
from tinygrad_w2v.functions import selection

_MASK = np.array([[True, False, True, False], [False] * 4, [True] * 4])
_POINTS = constant([-2.0, -0.7, -0.2, 0.3, 0.8, 1.9])

_maximum = Case(
    "maximum", F.maximum, distinct((3, 4), (3, 4)), (selection.Maximum,), lambda np: np.maximum
)
_minimum = Case(
    "minimum", F.minimum, distinct((3, 4), (3, 4)), (selection.Minimum,), lambda np: np.minimum
)
_clip = Case(
    "clip",
    lambda x: F.clip(x, -0.5, 1.0),
    _POINTS,
    (selection.Clip,),
    lambda np: lambda x: np.clip(x, -0.5, 1.0),
)
_where = Case(
    "where",
    lambda x, y: F.where(_MASK, x, y),
    normal((3, 4), (3, 4)),
    (selection.Where,),
    lambda np: lambda x, y: np.where(_MASK, x, y),
)
_fmax = Case("fmax", F.fmax, distinct((3, 4), (3, 4)), (selection.Fmax,), lambda np: np.fmax)
_fmin = Case("fmin", F.fmin, distinct((3, 4), (3, 4)), (selection.Fmin,), lambda np: np.fmin)
CASES: list[Case] = [
    *[
        variant
        for case in (_maximum, _minimum, _fmax, _fmin)
        for variant in (
            case,
            case.variant("broadcast", draw=distinct((3, 1), (2, 1, 4))),
            case.variant("of numbers", draw=distinct((), ())),
            case.of_nothing((0, 3), (3,)),
            case.laid_out_apart(),
        )
    ],
    Case(
        "maximum with a number",
        lambda x: F.maximum(0.25, x),
        _POINTS,
        (selection.Maximum,),
        lambda np: lambda x: np.maximum(0.25, x),
    ),
    Case(
        "minimum with a number",
        lambda x: F.minimum(x, 0.25),
        _POINTS,
        (selection.Minimum,),
        lambda np: lambda x: np.minimum(x, 0.25),
    ),
    _clip,
    _clip.laid_out_apart(),
    _clip.variant("of a number", draw=constant(0.3)),
    _clip.of_nothing((0, 3)),
    Case(
        "clip below only",
        lambda x: F.clip(x, -0.5, None),
        _POINTS,
        (selection.Clip,),
        lambda np: lambda x: np.maximum(x, -0.5),
    ),
    Case(
        "clip above only",
        lambda x: F.clip(x, max=0.5),
        _POINTS,
        (selection.Clip,),
        lambda np: lambda x: np.minimum(x, 0.5),
    ),
    Case(
        "clip between arrays",
        lambda x: F.clip(x, np.array([[-1.0], [0.0]]), np.ones(6)),
        _POINTS,
        (selection.Clip,),
        None,
        "HIPS autograd does not undo the broadcast of the bounds",
    ),
    Case(
        "clip between Variables",
        F.clip,
        constant([-2.0, -0.7, -0.2, 0.3, 0.8, 1.9], [[-1.0], [0.0]], 1.0),
        (selection.Where,),
        lambda np: lambda x, low, high: np.minimum(np.maximum(x, low), high),
    ),
    Case(
        "clip by a Variable below",
        lambda x, low: F.clip(x, min=low),
        constant([-2.0, -0.7, -0.2, 0.3, 0.8, 1.9], -0.5),
        (selection.Where,),
        lambda np: np.maximum,
    ),
    Case(
        "clip by a Variable above",
        lambda x, high: F.clip(x, -1.0, high),
        constant([-2.0, -0.7, -0.2, 0.3, 0.8, 1.9], -0.5),
        (selection.Where,),
        lambda np: lambda x, high: np.minimum(np.maximum(x, -1.0), high),
    ),
    Case(
        "fmax of NaN",
        lambda x: F.fmax(x, np.array([np.nan, 0.05, np.nan], x.dtype)),
        distinct((2, 3)),
        (selection.Fmax,),
        lambda np: lambda x: np.maximum(x, np.array([-9.0, 0.05, -9.0])),
    ),
    Case(
        "fmin of NaN",
        lambda x: F.fmin(np.array([np.nan, 0.05, np.nan], x.dtype), x),
        distinct((2, 3)),
        (selection.Fmin,),
        lambda np: lambda x: np.minimum(x, np.array([9.0, 0.05, 9.0])),
    ),
    _where,
    _where.variant(
        "broadcast",
        draw=normal((4,), (2, 3, 1)),
        reference=lambda np: lambda x, y: _MASK * x + ~_MASK * y,
    ),
    _where.laid_out_apart(),
    Case(
        "where of a number or a table",
        lambda x: F.where(_MASK, x, 2.0) * F.where(_MASK, 3.0, x),
        normal((3, 4)),
        (selection.Where,),
        lambda np: lambda x: np.where(_MASK, x, 2.0) * np.where(_MASK, 3.0, x),
    ),
    Case(
        "where of numbers",
        lambda x, y: F.where(np.array(True), x, y),
        normal((), ()),
        (selection.Where,),
        lambda np: lambda x, y: np.where(np.array(True), x, y),
    ),
    Case(
        "where x is positive",
        lambda x: F.where(x > 0, x * x, F.exp(x)),
        _POINTS,
        (selection.Where,),
        lambda np: lambda x: np.where(x > 0, x * x, np.exp(x)),
    ),
]
