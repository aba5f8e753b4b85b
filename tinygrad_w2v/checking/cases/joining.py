"""Arrays that are put together and taken apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_w2v._base.types import Shape
from tinygrad_w2v.checking.case import Case, Ops, case, named
from tinygrad_w2v.functions import joining as ops

_IDS = np.array([2, 0, 2])


def weighed(parts: Iterable[Any]) -> Any:
    """One number of several arrays, in which each counts differently."""
    total: Any = 0.0
    for k, part in enumerate(parts):
        total = total + (k + 1.0) * (part * part).sum()
    return total


def _joined(name: str, op: Ops, *shapes: Shape, **how: Any) -> Case:
    """A case of arrays that are given as a list."""
    called = name.partition(" ")[0]
    return case(name, op, lambda np, *xs: getattr(np, called)(list(xs), **how), *shapes)


def _split(what: str, how: Any, axis: int = 0) -> Case:
    """A split of a (4, 6) array, which its parts by their slices are compared with."""
    size = (4, 6)[axis]
    places = range(size // how, size, size // how) if isinstance(how, int) else how
    slices = [slice(*ends) for ends in zip([0, *places], [*places, size], strict=True)]
    plain = case(f"split {what}", ops.Split, lambda F, x: weighed(F.split(x, how, axis)), (4, 6))
    return plain.like(
        lambda np, x: weighed([x[(slice(None),) * (axis % 2) + (s,)] for s in slices])
    )


def _parts(name: str, how: tuple[Any, ...], shape: Shape, *slices: slice) -> Case:
    """One of NumPy's other functions that split; `slices` of the axis say how."""
    axis = {"hsplit": 1, "dsplit": 2, "array_split": 1}.get(name, 0)
    plain = case(name, ops.Split, lambda F, x: weighed(getattr(F, name)(x, *how)), shape)
    return plain.like(lambda np, x: weighed([x[(slice(None),) * axis + (s,)] for s in slices]))


_concatenate = _joined("concatenate", ops.Concatenate, (2, 3), (4, 3))
_stack = _joined("stack", ops.Stack, (2, 3), (2, 3), (2, 3))
CASES: list[Case] = [
    *_concatenate.and_strided(),
    _concatenate.of_nothing((0, 3), (0, 3)),
    _joined("concatenate along the last axis", ops.Concatenate, (2, 3), (2, 0), (2, 1), axis=-1),
    case(
        "concatenate of one thing twice",
        ops.Concatenate,
        lambda np, x: np.concatenate([x, 2.0 * x], axis=1),
        (2, 3),
    ),
    case(
        "concatenate with a constant",
        ops.Concatenate,
        lambda np, x: np.concatenate([_IDS, x, [4]]),
        (2,),
    ),
    _joined("concatenate flattened", ops.Concatenate, (2, 3), (), axis=None).like(
        lambda np, x, y: np.concatenate([np.ravel(x), np.ravel(y)])
    ),
    *_stack.and_strided(),
    _stack.of_nothing((0, 3), (0, 3)),
    _joined("stack along the last axis", ops.Stack, (2, 3), (2, 3), axis=-1),
    _joined("stack of numbers", ops.Stack, (), ()),
    case("stack with a constant", ops.Stack, lambda np, x: np.stack([_IDS, x], axis=1), (3,)),
    _joined("column_stack", ops.Concatenate, (3,), (3, 2), (3,)),
    _joined("dstack", ops.Concatenate, (2, 3), (2, 3, 2)),
    named("append", ops.Concatenate, (2, 3), (2,)),
    named("append along an axis", ops.Concatenate, (2, 3), (2, 1), axis=-1).like(
        lambda np, x, y: np.concatenate([x, y], axis=1)
    ),
    # ------------------------------------------------------------------ parts
    _split("in two", 2),
    _split("in two, apart", 2).strided(),
    _split("along the last axis", 3, axis=-1),
    _split("at places", [1, 1, 3]),
    _split("at places beyond the end", [3, 9]),
    _split("in overlapping parts", [3, 1]),
    _split("from the end", [-1]),
    _split("in one", 1),
    case(
        "split of which one part is used", ops.Split, lambda F, x: F.exp(F.split(x, 3)[1]), (6, 2)
    ).like(lambda np, x: np.exp(x[2:4])),
    _parts("array_split", (3, -1), (2, 4), slice(2), slice(2, 3), slice(3, None)),
    _parts("hsplit", (2,), (2, 4), slice(2), slice(2, None)),
    _parts("vsplit", ([1],), (3, 2), slice(1), slice(1, None)),
    _parts("dsplit", (2,), (2, 3, 4), slice(2), slice(2, None)),
]
