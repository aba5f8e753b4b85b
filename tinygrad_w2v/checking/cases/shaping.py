"""Ops that move elements: views, pieces, joins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygrad_w2v.functions as F
from tinygrad_w2v._base.types import Shape
from tinygrad_w2v.autograd.function import Function
from tinygrad_w2v.checking.case import EMPTY, Case, normal
from tinygrad_w2v.functions import casting, joining, lookup, shape

_SHAPE = (2, 3, 4)


def _case(
    name: str,
    op: type[Function],
    function: Callable[[Any, Any], Any],
    shape: Shape = _SHAPE,
    reference: Callable[[Any, Any], Any] | None = None,
    **changes: Any,
) -> Case:
    """A case of ``function(F, x)``, which with NumPy in place of F is its own reference."""
    theirs = reference or function
    return Case(
        name,
        lambda x: function(F, x),
        normal(shape),
        (op,),
        lambda np: lambda x: theirs(np, x),
        **changes,
    )


def _with_variants(
    name: str,
    op: type[Function],
    function: Callable[[Any, Any], Any],
    shape: Shape = _SHAPE,
    reference: Callable[[Any, Any], Any] | None = None,
) -> list[Case]:
    case = _case(name, op, function, shape, reference)
    return [case, case.laid_out_apart()]


_ids = np.array([2, 0, 2])
_mask = np.array([[True, False, True], [False, False, True]])
_no_ids = np.array([], int)

CASES: list[Case] = [
    *_with_variants("reshape", shape.Reshape, lambda np, x: np.reshape(x, (4, -1))),
    _case("reshape to a number", shape.Reshape, lambda np, x: np.reshape(x, ()), (1, 1)),
    _case("reshape of a number", shape.Reshape, lambda np, x: np.reshape(x, (1, 1)), ()),
    _case("reshape", shape.Reshape, lambda np, x: np.reshape(x, (3, 0))).of_nothing((0, 2)),
    *_with_variants("transpose", shape.Transpose, lambda np, x: np.transpose(x)),
    _case("transpose of named axes", shape.Transpose, lambda np, x: np.transpose(x, (2, 0, 1))),
    _case(
        "transpose of axes from the end",
        shape.Transpose,
        lambda np, x: np.transpose(x, (-2, 0, -1)),
        reference=lambda np, x: np.transpose(x, (1, 0, 2)),
    ),
    _case("transpose", shape.Transpose, lambda np, x: np.transpose(x)).of_nothing((0, 2)),
    *_with_variants("swapaxes", shape.Swapaxes, lambda np, x: np.swapaxes(x, 0, -1)),
    *_with_variants("moveaxis", shape.Transpose, lambda np, x: np.moveaxis(x, 0, -1)),
    _case("moveaxis of two", shape.Transpose, lambda np, x: np.moveaxis(x, (0, 2), (-1, 0))),
    *_with_variants(
        "broadcast_to",
        shape.BroadcastTo,
        lambda np, x: np.broadcast_to(x, (5, 2, 3)),
        (2, 1),
        reference=lambda np, x: x * np.ones((5, 2, 3)),
    ),
    _case(
        "broadcast_to of a number",
        shape.BroadcastTo,
        lambda np, x: np.broadcast_to(x, (2, 3)),
        (),
        reference=lambda np, x: x * np.ones((2, 3)),
    ),
    _case(
        "broadcast_to the same shape",
        shape.BroadcastTo,
        lambda np, x: np.broadcast_to(x, (2, 3)),
        (2, 3),
    ),
    _case(
        "broadcast_to", shape.BroadcastTo, lambda np, x: np.broadcast_to(x, (4, 0, 3))
    ).of_nothing((0, 1)),
    *_with_variants("expand_dims", shape.ExpandDims, lambda np, x: np.expand_dims(x, -1)),
    _case(
        "expand_dims by two",
        shape.ExpandDims,
        lambda np, x: np.expand_dims(x, (0, -1)),
        reference=lambda np, x: np.reshape(x, (1, 2, 3, 4, 1)),
    ),
    *_with_variants("squeeze", shape.Squeeze, lambda np, x: np.squeeze(x), (2, 1, 3, 1)),
    _case("squeeze of an axis", shape.Squeeze, lambda np, x: np.squeeze(x, -1), (2, 1, 3, 1)),
    _case("squeeze of two axes", shape.Squeeze, lambda np, x: np.squeeze(x, (1, -1)), (2, 1, 3, 1)),
    Case(
        "cast",
        lambda x: casting.cast(x, x.dtype),
        normal((2, 3)),
        (casting.Cast,),
        lambda np: lambda x: 1.0 * x,
    ),
    # ------------------------------------------------------------------ pieces
    *_with_variants("x[1]", lookup.Rows, lambda np, x: x[1]),
    *_with_variants("x[-1, 0]", lookup.GetItem, lambda np, x: x[-1, 0]),
    _case("x[1, 2, 3]", lookup.GetItem, lambda np, x: x[1, 2, 3]),
    _case("x[...]", lookup.GetItem, lambda np, x: x[...]),
    _case("x[..., 1:3]", lookup.GetItem, lambda np, x: x[..., 1:3]),
    _case("x[:, ::-2]", lookup.GetItem, lambda np, x: x[:, ::-2]),
    _case("x[:, None, 0]", lookup.GetItem, lambda np, x: x[:, None, 0]),
    _case("x[1:1]", lookup.GetItem, lambda np, x: x[1:1], toothless=EMPTY),
    _case("x[mask]", lookup.GetItem, lambda np, x: x[_mask]),
    _case("x[:, ids]", lookup.GetItem, lambda np, x: x[:, _ids]),
    _case("x[ids, ids] repeated", lookup.GetItem, lambda np, x: x[_ids % 2, _ids]),
    _case("x[0, :, ids]", lookup.GetItem, lambda np, x: x[0, :, _ids]),
    _case("x[no mask]", lookup.GetItem, lambda np, x: x[_mask & False], toothless=EMPTY),
    Case(
        "scatter at a slice",
        lambda g: lookup.ScatterIndex((slice(1, 3),), (4, 2))(g),
        normal((2, 2)),
        (lookup.ScatterIndex,),
        lambda np: lambda g: np.concatenate([np.zeros((1, 2)), g, np.zeros((1, 2))]),
    ),
    Case(
        "scatter at repeated ids",
        lambda g: lookup.ScatterIndex((slice(None), _ids), (2, 3))(g),
        normal((2, 3)),
        (lookup.ScatterIndex,),
        lambda np: lambda g: np.stack([g[:, 1], 0 * g[:, 0], g[:, 0] + g[:, 2]], axis=1),
    ),
]

# ---------------------------------------------------------------------- joins and parts


def _joined(
    name: str, op: type[Function], function: Callable[[Any, list[Any]], Any], *shapes: Shape
) -> Case:
    return Case(
        name,
        lambda *xs: function(F, list(xs)),
        normal(*shapes),
        (op,),
        lambda np: lambda *xs: function(np, list(xs)),
    )


_concatenate = _joined(
    "concatenate", joining.Concatenate, lambda np, xs: np.concatenate(xs), (2, 3), (4, 3)
)
_stack = _joined("stack", joining.Stack, lambda np, xs: np.stack(xs), (2, 3), (2, 3), (2, 3))
CASES += [
    _concatenate,
    _concatenate.laid_out_apart(),
    _joined(
        "concatenate along the last axis",
        joining.Concatenate,
        lambda np, xs: np.concatenate(xs, axis=-1),
        (2, 3),
        (2, 0),
        (2, 1),
    ),
    _joined(
        "concatenate of one thing twice",
        joining.Concatenate,
        lambda np, xs: np.concatenate([xs[0], 2.0 * xs[0]], axis=1),
        (2, 3),
    ),
    _joined(
        "concatenate with a constant",
        joining.Concatenate,
        lambda np, xs: np.concatenate([_ids, xs[0], [4]]),
        (2,),
    ),
    Case(
        "concatenate flattened",
        lambda x, y: F.concatenate([x, y], axis=None),
        normal((2, 3), ()),
        (joining.Concatenate,),
        lambda np: lambda x, y: np.concatenate([np.ravel(x), np.ravel(y)]),
    ),
    _concatenate.of_nothing((0, 3), (0, 3)),
    _stack,
    _stack.laid_out_apart(),
    _joined(
        "stack along the last axis",
        joining.Stack,
        lambda np, xs: np.stack(xs, axis=-1),
        (2, 3),
        (2, 3),
    ),
    _joined("stack of numbers", joining.Stack, lambda np, xs: np.stack(xs), (), ()),
    _joined(
        "stack with a constant",
        joining.Stack,
        lambda np, xs: np.stack([_ids, xs[0]], axis=1),
        (3,),
    ),
    _stack.of_nothing((0, 3), (0, 3)),
]


def _weighed(parts: list[Any]) -> Any:
    """One number of several outputs, in which each counts differently."""
    total: Any = 0.0
    for k, part in enumerate(parts):
        total = total + (k + 1.0) * (part * part).sum()
    return total


def _split(name: str, how: Any, axis: int = 0, shape: Shape = (4, 6), **changes: Any) -> Case:
    return Case(
        f"split {name}",
        lambda x: _weighed(F.split(x, how, axis)),
        normal(shape),
        (joining.Split,),
        lambda np: (
            lambda x: _weighed(
                [x[part] if axis == 0 else x[:, part] for part in _slices(how, shape[axis])]
            )
        ),
        **changes,
    )


def _slices(how: Any, size: int) -> list[slice]:
    if isinstance(how, int):
        step = size // how
        return [slice(k, k + step) for k in range(0, size, step)]
    return [slice(a, b) for a, b in zip([0, *how], [*how, size], strict=True)]


CASES += [
    _split("in two", 2),
    _split("in two, apart", 2).laid_out_apart(),
    _split("along the last axis", 3, axis=-1),
    _split("at places", [1, 1, 3]),
    _split("at places beyond the end", [3, 9]),
    _split("in overlapping parts", [3, 1]),
    _split("from the end", [-1]),
    _split("in one", 1),
    Case(
        "split of which one part is used",
        lambda x: F.exp(F.split(x, 3)[1]),
        normal((6, 2)),
        (joining.Split,),
        lambda np: lambda x: np.exp(x[2:4]),
    ),
    *_with_variants(
        "flip",
        joining.Flip,
        lambda np, x: np.flip(x, 1) * np.exp(x),
        reference=lambda np, x: x[:, ::-1] * np.exp(x),
    ),
    _case(
        "flip of two axes",
        joining.Flip,
        lambda np, x: np.flip(x, (0, -1)) * x,
        (3, 4),
        reference=lambda np, x: x[::-1, ::-1] * x,
    ),
    _case(
        "flip of all axes",
        joining.Flip,
        lambda np, x: np.flip(x) * x,
        (3, 4),
        reference=lambda np, x: x[::-1, ::-1] * x,
    ),
    *_with_variants("repeat", joining.Repeat, lambda np, x: np.repeat(x, 3, axis=1)),
    _case(
        "repeat along the last axis",
        joining.Repeat,
        lambda np, x: np.repeat(x, 2, axis=-1),
        reference=lambda np, x: np.repeat(x, 2, axis=2),
    ),
    _case("repeat flattened", joining.Repeat, lambda np, x: np.repeat(x, 2), (2, 3)),
    _case(
        "repeat of a number",
        joining.Repeat,
        lambda np, x: np.repeat(x, 3),
        (),
        reference=lambda np, x: x * np.ones(3),
    ),
    _case("repeat no time", joining.Repeat, lambda np, x: np.repeat(x, 0), (3,), toothless=EMPTY),
]
