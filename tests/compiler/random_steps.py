"""What a step of a random program may be: for values of some shapes, an op that fits them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np
from random_lengths import ONE, ROWS, C, Length, S, Shape, T, broadcast, is_number, number
from random_numbers import as_ids, as_number, whole_numbers
from random_ops import BINARY, KINKS, UNARY

import tinygrad_w2v.functions as F

Rng = np.random.Generator


class Step(NamedTuple):
    """An op: its name, its function of a window and values, which values, what shape it leaves."""

    name: str
    function: Callable[..., Any]
    inputs: list[int]
    shape: Shape


class Steps:
    """Draws ops for values of known shapes.

    Parameters
    ----------
    shapes : list of shapes
        Of the values that there are.
    dense : int
        The number of a matrix whose first axis is as long as a row of a table.
    smooth : bool
        Leave out what has a kink.
    """

    kinds: ClassVar[dict[str, float]] = {
        "unary": 0.15,
        "binary": 0.16,
        "reduce": 0.11,
        "move": 0.09,
        "product": 0.14,
        "join": 0.05,
        "cut": 0.09,
        "look_up": 0.07,
        "along": 0.06,
        "segments": 0.03,
        "numbers": 0.05,
    }

    def __init__(self, shapes: list[Shape], dense: int, smooth: bool) -> None:
        self.shapes, self.dense, self.smooth = shapes, dense, smooth

    def draw(self, rng: Rng) -> Step | None:
        """Return a random op on values that fit; None where none was found."""
        n = len(self.shapes)
        # Later values more often, so that programs are deep.
        late = n - 1 - int(min(rng.exponential(2.5), n - 1))
        i = late if rng.random() < 0.75 else int(rng.integers(n))
        kind = str(rng.choice(list(self.kinds), p=list(self.kinds.values())))
        drawn: Step | None = getattr(self, f"_{kind}")(rng, i)
        return None if drawn is None or len(drawn.shape) > 4 else drawn

    # ------------------------------------------------------------------ element by element
    def _unary(self, rng: Rng, i: int) -> Step | None:
        name = str(rng.choice(sorted(UNARY)))
        if self.smooth and name in KINKS:
            return None
        return Step(name, lambda batch, x: UNARY[name](x), [i], self.shapes[i])

    def _binary(self, rng: Rng, i: int) -> Step | None:
        name = str(rng.choice(sorted(BINARY)))
        if self.smooth and name in KINKS:
            return None
        found = [(j, broadcast(self.shapes[i], s)) for j, s in enumerate(self.shapes)]
        fits = [(j, shape) for j, shape in found if shape is not None]
        j, shape = fits[int(rng.integers(len(fits)))]
        return Step(name, lambda batch, x, y: BINARY[name](x, y), [i, j], shape)

    def _numbers(self, rng: Rng, i: int) -> Step | None:
        """A value times whole numbers, or chosen by them; along an axis of contexts."""
        shape = self.shapes[i]
        if C not in shape:
            return None
        axis = shape.index(C)
        _, numbers = whole_numbers(rng)
        behind = (None,) * (len(shape) - axis - 1)
        chosen = bool(rng.random() < 0.4)

        def function(batch: Any, x: Any) -> Any:
            found = numbers(batch)[(..., *behind)]
            if chosen:
                return np.where(found > 2, x, 0.5 * x)
            return x * as_number(found)

        return Step("numbers", function, [i], shape)

    # ------------------------------------------------------------------ along axes
    def _reduce(self, rng: Rng, i: int) -> Step | None:
        shape = self.shapes[i]
        if not shape:
            return None
        names = ["sum", "mean", "var", "logsumexp", "softmax", "log_softmax", "prod", "std"]
        name = str(rng.choice(names if self.smooth else [*names, "max", "min", "max", "min"]))
        axes = sorted(int(a) for a in rng.permutation(len(shape))[: int(rng.integers(1, 3))])
        if any(shape[a].cut for a in axes) and name != "sum":
            return None  # it may be empty
        keep = bool(rng.random() < 0.4)
        if name in ("softmax", "log_softmax"):
            activation = getattr(F, name)
            return Step(
                name, lambda batch, x: activation(x, axis=axes[-1] - len(shape)), [i], shape
            )
        if name == "prod" and not (is_number(shape[axes[-1]]) and shape[axes[-1]].k < 6):
            return None
        if name == "prod":
            axes = axes[-1:]
        from_end = tuple(a - len(shape) for a in axes)
        function: Any = F.logsumexp if name == "logsumexp" else getattr(np, name)
        if name == "std":
            function = _std
        left = tuple(ONE if a in axes else n for a, n in enumerate(shape))
        if name == "std" and keep:
            left = (ONE, *left)
        if not keep:
            left = tuple(n for a, n in enumerate(shape) if a not in axes)
        return Step(name, lambda batch, x: function(x, axis=from_end, keepdims=keep), [i], left)

    def _move(self, rng: Rng, i: int) -> Step | None:
        shape = self.shapes[i]
        names = ["transpose", "swapaxes", "flip", "expand_dims", "broadcast_to", "merge"]
        name = str(rng.choice([*names, "split axes", "moveaxis", "squeeze", "twice"]))
        n = len(shape)
        if name == "expand_dims":
            at = int(rng.integers(n + 1))
            new = (*shape[:at], ONE, *shape[at:])
            return Step(name, lambda batch, x: np.expand_dims(x, at - n - 1), [i], new)
        if name == "broadcast_to":
            new = (number(2), *shape)
            return Step(name, lambda batch, x: np.broadcast_to(x, (2, *x.shape)), [i], new)
        if name == "squeeze" and ONE in shape:
            at = shape.index(ONE)
            new = (*shape[:at], *shape[at + 1 :])
            return Step(name, lambda batch, x: np.squeeze(x, at - n), [i], new)
        if name == "flip" and n:
            axis = int(rng.integers(n)) - n
            return Step(name, lambda batch, x: np.flip(x, axis), [i], shape)
        if name == "split axes" and n:
            return self._split_axis(i)
        return self._turn(rng, i, name) if n > 1 else None

    def _turn(self, rng: Rng, i: int, name: str) -> Step | None:
        shape = self.shapes[i]
        if name == "merge":
            x, y = shape[-2:]
            # What has no elements says nothing of a length that is to be found.
            if not (is_number(x) or is_number(y)) or y == ONE or _may_be_empty(shape[:-2]):
                return None
            merged = x.times(y.k) if is_number(y) else y.times(x.k)
            if merged == Length():
                return None
            new = (*shape[:-2], merged)
            return Step(name, lambda batch, x: np.reshape(x, (*x.shape[:-2], -1)), [i], new)
        if name == "swapaxes":
            new = (*shape[:-2], shape[-1], shape[-2])
            return Step(name, lambda batch, x: np.swapaxes(x, -1, -2), [i], new)
        if name == "moveaxis":
            new = (shape[-1], *shape[:-1])
            return Step(name, lambda batch, x: np.moveaxis(x, -1, 0), [i], new)
        order = tuple(int(a) for a in rng.permutation(len(shape)))
        back = tuple(int(a) for a in np.argsort(order))
        if name == "twice":
            return Step(
                name, lambda batch, x: np.transpose(2 * np.transpose(x, order), back), [i], shape
            )
        new = tuple(shape[a] for a in order)
        return Step("transpose", lambda batch, x: np.transpose(x, order), [i], new)

    def _split_axis(self, i: int) -> Step | None:
        shape = self.shapes[i]
        if _may_be_empty(shape[:-1]):
            return None
        for factor in (2, 3, 5):
            if all(p % factor == 0 for p in shape[-1].parts()) and shape[-1] != number(factor):
                new = (*shape[:-1], shape[-1].over(factor), number(factor))
                if Length() in new:
                    return None

                def split(batch: Any, x: Any, factor: int = factor) -> Any:
                    return np.reshape(x, (*x.shape[:-1], -1, factor))

                return Step("split axes", split, [i], new)
        return None

    # ------------------------------------------------------------------ products
    def _product(self, rng: Rng, i: int) -> Step | None:
        shape = self.shapes[i]
        names = ["matmul", "gram", "einsum", "tensordot", "inner", "dense", "outer", "dense"]
        name, n = str(rng.choice(names)), len(shape)
        if n == 0:
            return None
        if name == "gram" and n > 1:  # contexts x contexts
            new = (*shape[:-1], shape[-2])
            return Step(name, lambda batch, x: np.tanh(x @ np.swapaxes(x, -1, -2)), [i], new)
        partners = [j for j, s in enumerate(self.shapes) if s and s[-1] == shape[-1]]
        j = partners[int(rng.integers(len(partners)))]
        other, (inner, outer) = self.shapes[j], self.shapes[self.dense]
        if name == "dense" and shape[-1] == inner:
            new = (*shape[:-1], outer)
            return Step(name, lambda batch, x, w: np.tanh(x @ w), [i, self.dense], new)
        if name == "matmul" and n > 1 and len(other) > 1 and n + len(other) < 7:
            stack = broadcast(shape[:-2], other[:-2])
            if stack is None:
                return None
            new = (*stack, shape[-2], other[-2])
            return Step(name, lambda batch, x, y: np.sin(x @ np.swapaxes(y, -1, -2)), [i, j], new)
        if name == "inner" and len(other) == 1:
            return Step(name, lambda batch, x, y: np.cos(x @ y), [i, j], shape[:-1])
        if name == "outer" and n == 1 and len(other) == 1:
            new = (*shape, *other)
            return Step(name, lambda batch, x, y: np.einsum("i,j->ij", x, y), [i, j], new)
        if name in ("einsum", "tensordot") and n == 2 and len(other) == 2:
            new = (*shape[:-1], other[0])
            return Step(name, PRODUCTS[name], [i, j], new)
        return None

    # ------------------------------------------------------------------ parts
    def _join(self, rng: Rng, i: int) -> Step | None:
        shape = self.shapes[i]
        name = str(rng.choice(["concatenate", "stack", "split"]))
        if not shape:
            return None
        if name == "split":
            if not (is_number(shape[-1]) and shape[-1].k % 2 == 0 and shape[-1].k):
                return None
            return Step(name, _halves, [i], (*shape[:-1], number(shape[-1].k // 2)))
        if name == "stack":
            same = [j for j, s in enumerate(self.shapes) if s == shape]
            j = same[int(rng.integers(len(same)))]
            new = (*shape[:-1], number(2), shape[-1])
            return Step(name, lambda batch, x, y: np.stack([x, y], axis=-2), [i, j], new)
        axis = int(rng.integers(len(shape)))
        rest = (*shape[:axis], *shape[axis + 1 :])
        fits = [
            j
            for j, s in enumerate(self.shapes)
            if len(s) == len(shape) and (*s[:axis], *s[axis + 1 :]) == rest
        ]
        j, at = fits[int(rng.integers(len(fits)))], axis - len(shape)
        length = shape[axis].plus(self.shapes[j][axis])
        new = (*shape[:axis], length, *shape[axis + 1 :])
        return Step(name, lambda batch, x, y: np.concatenate([x, y], axis=at), [i, j], new)

    def _cut(self, rng: Rng, i: int) -> Step | None:
        """A part of an axis; of windows that are shorter than a slice, all there is."""
        shape = self.shapes[i]
        if not shape:
            return None
        axis = int(rng.integers(len(shape)))
        n, behind = shape[axis], (slice(None),) * (len(shape) - axis - 1)
        name = str(
            rng.choice(["[:k]", "[k:]", "[-k:]", "[:-k]", "[a:-b]", "at", "back", "step", "new"])
        )
        k, less = int(rng.integers(1, 5)), int(rng.integers(1, 3))
        if n.cut and name in ("[:k]", "[-k:]"):
            k = max(k, 2)  # of one element there has to be one
        part: Any = slice(None)
        left: Length | None = n
        if name in ("[:k]", "[-k:]"):
            part, left = (slice(k) if name == "[:k]" else slice(-k, None)), n.first(k)
        elif name in ("[k:]", "[:-k]"):
            part, left = (slice(k, None) if name == "[k:]" else slice(-k)), n.rest(k)
        elif name == "[a:-b]":
            part, left = slice(k, -less), n.rest(k + less)
        elif name == "at":
            if n.cut or sum(n[:4]) == 0:
                return None  # it may be empty
            at = 0 if rng.random() < 0.5 or not is_number(n) else int(rng.integers(-n.k, n.k))
            part, left = (at if is_number(n) or rng.random() < 0.5 else -1), None
        elif name == "back":
            part = slice(None, None, -1)
        elif name == "step" and is_number(n):
            part, left = slice(None, None, 2), number(len(range(0, n.k, 2)))
        elif name == "new":
            new = (*shape[: axis + 1], ONE, *shape[axis + 1 :])
            return Step("cut: new", lambda batch, x: x[(..., None, *behind)], [i], new)
        if left == Length():
            return None
        new = (*shape[:axis], *(() if left is None else (left,)), *shape[axis + 1 :])
        return Step(f"cut: {name}", lambda batch, x: x[(..., part, *behind)], [i], new)

    # ------------------------------------------------------------------ ids
    def _ids_below(self, rng: Rng, n: Length) -> tuple[Length, Callable[[Any], Any]] | None:
        """Ids of a window that are places of an axis: how many there are, and the ids."""
        if n in (C, T):
            field, many = ("among", T) if n == C else ("within", C)
            return many, lambda batch: batch[field]
        if not is_number(n) or n.k < 1:
            return None
        way = rng.random()
        if n.k >= 3 and way < 0.3:
            return T, lambda batch: batch["picks"]
        if way < 0.6 or n.k < 2:
            return C, lambda batch: batch["classes"] % n.k
        _, numbers = whole_numbers(rng)
        _, ids = as_ids(rng, n.k)
        return C, lambda batch: ids(numbers(batch))

    def _look_up(self, rng: Rng, i: int) -> Step | None:
        shape = self.shapes[i]
        if not shape:
            return None
        axis = int(rng.integers(len(shape)))
        at, n = axis - len(shape), shape[axis]
        name = str(
            rng.choice(["take: constant", "take", "take", "take: index", "take: one", "take: same"])
        )
        if name == "take: one" and is_number(n) and n.k >= 3:
            new = (*shape[:axis], *shape[axis + 1 :])
            return Step(name, lambda batch, x: F.take(x, batch["one"], axis=at), [i], new)
        if name == "take: same" and is_number(n) and n.k >= 3:  # one id, again and again
            new = (*shape[:axis], number(3), *shape[axis + 1 :])
            return Step(
                name,
                lambda batch, x: F.take(x, np.broadcast_to(batch["one"], (3,)), axis=at),
                [i],
                new,
            )
        if name in ("take: constant", "take: index") and is_number(n) and n.k >= 3:
            ids = rng.integers(0, 3, 4)
            new = (*shape[:axis], number(4), *shape[axis + 1 :])
            behind = (slice(None),) * (len(shape) - axis - 1)
            if name == "take: index":
                return Step(name, lambda batch, x: x[(..., ids, *behind)], [i], new)
            return Step(name, lambda batch, x: np.take(x, ids, axis=at), [i], new)
        found = self._ids_below(rng, n)
        if found is None:
            return None
        many, places = found
        new = (*shape[:axis], many, *shape[axis + 1 :])
        return Step("take", lambda batch, x: F.take(x, places(batch), axis=at), [i], new)

    def _along(self, rng: Rng, i: int) -> Step | None:
        """`take_along_axis`: other places in every row, known beforehand or of the window."""
        shape = self.shapes[i]
        if len(shape) < 2:
            return None
        axis = int(rng.integers(len(shape)))
        found = self._ids_below(rng, shape[axis])
        if found is None:
            return None
        many, places = found
        at = axis - len(shape)
        if is_number(shape[axis]) and shape[axis].k >= 3 and rng.random() < 0.2:
            ids = rng.integers(0, 3, 4).reshape([4 if a == axis else 1 for a in range(len(shape))])
            new = (*shape[:axis], number(4), *shape[axis + 1 :])
            return Step(
                "along: constant", lambda b, x: np.take_along_axis(x, ids, axis=at), [i], new
            )
        rows = [a for a, n in enumerate(shape) if n == many and a != axis]
        if rows and rng.random() < 0.8:  # in every row the place that its own id says
            beside = _beside(rows[-1], len(shape))
            new = (*shape[:axis], ONE, *shape[axis + 1 :])
        else:
            beside = _beside(axis, len(shape))
            new = (*shape[:axis], many, *shape[axis + 1 :])

        def along(batch: Any, x: Any) -> Any:
            return np.take_along_axis(x, np.reshape(places(batch), beside), axis=at)

        return Step("along", along, [i], new)

    def _segments(self, rng: Rng, i: int) -> Step | None:
        shape = self.shapes[i]
        if not shape or shape[0] != C:
            return None
        way = int(rng.integers(3))  # starts are a field, seen through to one, or kept

        def summed(batch: Any, x: Any) -> Any:
            starts = batch["starts"] if way == 0 else np.maximum(batch["starts"], 0)
            return F.segment_sum(x, starts * 3 // 3 if way == 2 else starts)

        return Step("segments", summed, [i], (S, *shape[1:]))


def _may_be_empty(shape: Shape) -> bool:
    return any(n.cut or n == Length() for n in shape)


def _beside(axis: int, rank: int) -> tuple[int, ...]:
    """The shape that lays numbers along one axis of several."""
    return (*(1,) * axis, -1, *(1,) * (rank - axis - 1))


def _halves(batch: Any, x: Any) -> Any:
    first, second = np.split(x, 2, axis=-1)
    return first - 0.5 * second


def _std(x: Any, axis: Any, keepdims: bool) -> Any:
    """Far from 0: there the slope of a root has no limit, and rounding decides."""
    return np.std(np.stack([np.tanh(x), 2 + np.cos(x)]), axis=(0, *axis), keepdims=keepdims)


PRODUCTS: dict[str, Callable[..., Any]] = {
    "einsum": lambda batch, x, y: np.tanh(np.einsum("...d,jd->...j", x, y)),
    "tensordot": lambda batch, x, y: np.tanh(np.tensordot(x, y, axes=((-1,), (-1,)))),
}
__all__ = ["ROWS", "Step", "Steps"]
