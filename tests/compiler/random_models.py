"""Random models: a seed is a program of ops over tables, with axes that change their length.

A program is drawn from shapes alone. A length is ``(c, t, k)`` for ``c C + t T + k``, where C and
T are the dynamic sizes of a window, so axes are cut, put together and multiplied as the compiler
must follow them. Values stay of the order of 1: what may grow is squashed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import tinygrad_w2v as tw
import tinygrad_w2v.functions as F

Length = tuple[int, int, int]
Shape = tuple[Length, ...]
Rng = np.random.Generator
ROWS, C, T = 7, (1, 0, 0), (0, 1, 0)
ONE = (0, 0, 1)


def number(n: int) -> Length:
    return (0, 0, n)


def is_number(n: Length) -> bool:
    return n[:2] == (0, 0)


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


class RandomModel(tw.Module):
    """A program that is drawn from a seed.

    Attributes
    ----------
    used : set of str
        What of its ops it is made of.
    """

    def __init__(self, seed: int, steps: int = 9, smooth: bool = False) -> None:
        rng = np.random.default_rng([2026, seed])
        self.smooth = smooth
        width, other = int(rng.integers(3, 6)), int(rng.choice([2, 3, 12]))
        if rng.random() < 0.3:
            width = 13
        self.a = tw.Parameter(rng.normal(size=(ROWS, width)))
        self.b = tw.Parameter(rng.normal(size=(ROWS, width)))
        self.bias = tw.Parameter(rng.normal(size=ROWS))
        self.dense = tw.Parameter(rng.normal(size=(width, other)))
        self.vector = tw.Parameter(rng.normal(size=width))
        if rng.random() < 0.15:
            self.b = self.a
        self.steps: list[tuple[str, Callable[..., Any], list[int]]] = []
        self.used: set[str] = set()
        d, e = number(width), number(other)
        self.shapes: list[Shape] = [
            *((C, d), (C, d), (T, d), (d,), (C,), (T,), (d, e), (d,), (C,), (C, T), (C, T)),
        ]
        self.leaves = len(self.shapes)
        read: set[int] = set()
        while len(self.steps) < steps:
            drawn = self._draw(rng)
            if drawn is None:
                continue
            name, function, inputs, shape = drawn
            self.steps.append((name, function, inputs))
            self.shapes.append(shape)
            self.used.add(name.split(":")[0])
            read.update(inputs)
        self.results = [i for i in range(self.leaves, len(self.shapes)) if i not in read]

    def loss(self, batch: Any) -> Any:
        contexts, targets = batch["contexts"], batch["targets"]
        values = [
            self.a[contexts],
            self.b[contexts],
            self.b[targets],
            self.a[batch["center"]],
            self.bias[(3 * contexts + 1) % ROWS],
            self.bias[targets // 2],
            self.dense * 1.0,
            self.vector * 1.0,
            self.bias[contexts] * batch["x"],
            self.bias[batch["pairs"]],
            np.sum(self.a[batch["pairs"]], axis=-1) * batch["y"],
        ]
        for _, function, inputs in self.steps:
            values.append(function(batch, *[values[i] for i in inputs]))
        total = 0.1 * np.sum(self.a[targets] * self.b[targets])
        for i in self.results:
            total = total + np.sum(np.tanh(values[i]))
        return total

    # ------------------------------------------------------------------ one more step
    def _draw(self, rng: Rng) -> Any:
        """A random op on values that fit: name, function, inputs, shape of the result; or None."""
        # Later values more often, so that programs are deep.
        n = len(self.shapes)
        i = (
            n - 1 - int(min(rng.exponential(2.5), n - 1))
            if rng.random() < 0.75
            else rng.integers(n)
        )
        i = int(i)
        kind = rng.choice(
            ["unary", "binary", "reduce", "move", "product", "join", "slice", "look up"],
            p=[0.2, 0.2, 0.14, 0.12, 0.14, 0.06, 0.08, 0.06],
        )
        drawn = getattr(self, "_" + str(kind).replace(" ", "_"))(rng, i)
        if drawn is None or len(drawn[3]) > 4:
            return None
        return drawn

    def _unary(self, rng: Rng, i: int) -> Any:
        name = str(rng.choice(sorted(UNARY)))
        kinks = (
            "clip",
            "minimum",
            "maximum",
            "where",
            "both",
            "either",
            "absolute",
            "at least",
            "at most",
            "floor",
            "ceil",
        )
        if self.smooth and name in (*kinks, "sign", "relu", "leaky_relu"):
            return None
        return name, lambda batch, x: UNARY[name](x), [i], self.shapes[i]

    def _binary(self, rng: Rng, i: int) -> Any:
        name = str(rng.choice(sorted(BINARY)))
        if self.smooth and name in ("larger", "smaller", "choose"):
            return None
        fits = [
            (j, shape)
            for j in range(len(self.shapes))
            if (shape := _broadcast(self.shapes[i], self.shapes[j])) is not None
        ]
        j, shape = fits[int(rng.integers(len(fits)))]
        return name, lambda batch, x, y: BINARY[name](x, y), [i, j], shape

    def _reduce(self, rng: Rng, i: int) -> Any:
        shape = self.shapes[i]
        if not shape:
            return None
        names = ["sum", "mean", "var", "logsumexp", "softmax", "log_softmax", "prod", "std"]
        name = str(rng.choice(names if self.smooth else [*names, "max", "min", "max", "min"]))
        axes = sorted(int(a) for a in rng.permutation(len(shape))[: int(rng.integers(1, 3))])
        keep = bool(rng.random() < 0.4)
        if name in ("softmax", "log_softmax"):
            function = getattr(F, name)
            return name, lambda batch, x: function(x, axis=axes[-1] - len(shape)), [i], shape
        if name == "prod" and not (is_number(shape[axes[-1]]) and shape[axes[-1]][2] < 6):
            return None
        if name == "prod":
            axes = axes[-1:]
        from_end = tuple(a - len(shape) for a in axes)
        function = F.logsumexp if name == "logsumexp" else getattr(np, name)
        if name == "std":
            # Far from 0: there the slope of a root has no limit, and rounding decides.
            def function(x: Any, axis: Any, keepdims: bool) -> Any:
                return np.std(
                    np.stack([np.tanh(x), 2 + np.cos(x)]), axis=(0, *axis), keepdims=keepdims
                )

        left = tuple(ONE if a in axes else n for a, n in enumerate(shape))
        if name == "std" and keep:
            left = (ONE, *left)
        if not keep:
            left = tuple(n for a, n in enumerate(shape) if a not in axes)
        return name, lambda batch, x: function(x, axis=from_end, keepdims=keep), [i], left

    def _move(self, rng: Rng, i: int) -> Any:
        shape = self.shapes[i]
        name = str(
            rng.choice(
                [
                    "transpose",
                    "swapaxes",
                    "flip",
                    "expand_dims",
                    "broadcast_to",
                    "merge",
                    "split axes",
                    "moveaxis",
                    "squeeze",
                    "twice",
                ]
            )
        )
        n = len(shape)
        if name == "expand_dims":
            at = int(rng.integers(n + 1))
            new = (*shape[:at], ONE, *shape[at:])
            return name, lambda batch, x: np.expand_dims(x, at - n - 1), [i], new
        if name == "broadcast_to":
            new = (number(2), *shape)
            return name, lambda batch, x: np.broadcast_to(x, (2, *x.shape)), [i], new
        if n == 0:
            return None
        if name == "squeeze":
            if ONE not in shape:
                return None
            at = shape.index(ONE)
            new = (*shape[:at], *shape[at + 1 :])
            return name, lambda batch, x: np.squeeze(x, at - n), [i], new
        if name == "flip":
            axis = int(rng.integers(n)) - n
            return name, lambda batch, x: np.flip(x, axis), [i], shape
        if name == "split axes":
            return self._split_axis(i)
        if n < 2:
            return None
        if name == "merge":
            if sum(not is_number(m) for m in shape[-2:]) > 1 or shape[-1] == ONE:
                return None
            x, y = shape[-2:]
            merged = tuple(p * y[2] for p in x) if is_number(y) else tuple(p * x[2] for p in y)

            def merge(batch: Any, x: Any) -> Any:
                return np.reshape(x, (*x.shape[:-2], -1))

            return name, merge, [i], (*shape[:-2], merged)
        if name == "swapaxes":
            new = (*shape[:-2], shape[-1], shape[-2])
            return name, lambda batch, x: np.swapaxes(x, -1, -2), [i], new
        order = tuple(int(a) for a in rng.permutation(n))
        new = tuple(shape[a] for a in order)
        if name == "moveaxis":
            new = (shape[-1], *shape[:-1])
            return name, lambda batch, x: np.moveaxis(x, -1, 0), [i], new
        if name == "twice":
            back = tuple(int(a) for a in np.argsort(order))
            return name, lambda batch, x: np.transpose(2 * np.transpose(x, order), back), [i], shape
        return name, lambda batch, x: np.transpose(x, order), [i], new

    def _split_axis(self, i: int) -> Any:
        shape = self.shapes[i]
        for factor in (2, 3, 5):
            if all(p % factor == 0 for p in shape[-1]) and shape[-1] != number(factor):
                less = tuple(p // factor for p in shape[-1])

                def split(batch: Any, x: Any, factor: int = factor) -> Any:
                    return np.reshape(x, (*x.shape[:-1], -1, factor))

                return "split axes", split, [i], (*shape[:-1], less, number(factor))
        return None

    def _product(self, rng: Rng, i: int) -> Any:
        shape = self.shapes[i]
        name = str(
            rng.choice(
                [
                    "matmul",
                    "gram",
                    "einsum",
                    "tensordot",
                    "inner",
                    "dense",
                    "outer",
                    "three",
                    "diagonal",
                ]
            )
        )
        n = len(shape)
        if n == 0:
            return None
        if name == "gram":  # contexts x contexts
            if n < 2:
                return None
            new = (*shape[:-1], shape[-2])
            return name, lambda batch, x: np.tanh(x @ np.swapaxes(x, -1, -2)), [i], new
        partners = [j for j, s in enumerate(self.shapes) if s and s[-1] == shape[-1]]
        j = partners[int(rng.integers(len(partners)))]
        other = self.shapes[j]
        if name == "dense":
            if shape[-1] != self.shapes[6][0]:
                return None
            new = (*shape[:-1], self.shapes[6][1])
            return name, lambda batch, x, w: np.tanh(x @ w), [i, 6], new
        if name == "matmul":
            if n < 2 or len(other) < 2 or n + len(other) > 6:
                return None
            batch_shape = _broadcast(shape[:-2], other[:-2])
            if batch_shape is None:
                return None
            new = (*batch_shape, shape[-2], other[-2])
            return name, lambda batch, x, y: np.sin(x @ np.swapaxes(y, -1, -2)), [i, j], new
        if name == "inner":
            if len(other) != 1:
                return None
            return name, lambda batch, x, y: np.cos(x @ y), [i, j], shape[:-1]
        if name == "outer":
            if n != 1 or len(other) != 1:
                return None
            return name, lambda batch, x, y: np.einsum("i,j->ij", x, y), [i, j], (*shape, *other)
        if name == "three":
            if n != 2 or len(other) != 2:
                return None
            new = (shape[0], other[0])
            return (
                name,
                lambda batch, x, y: np.tanh(np.einsum("id,jd,d->ij", x, y, np.sum(x, axis=-2))),
                [i, j],
                new,
            )
        if name == "diagonal":
            if n != 2 or other != shape:
                return None
            return name, lambda batch, x, y: np.einsum("id,id->i", x, np.sin(y)), [i, j], shape[:1]
        if len(other) != 2 or n > 3:
            return None
        new = (*shape[:-1], other[0])
        if name == "tensordot":
            return (
                name,
                lambda batch, x, y: np.tanh(np.tensordot(x, y, axes=((-1,), (-1,)))),
                [i, j],
                new,
            )
        return name, lambda batch, x, y: np.tanh(np.einsum("...d,jd->...j", x, y)), [i, j], new

    def _join(self, rng: Rng, i: int) -> Any:
        shape = self.shapes[i]
        name = str(rng.choice(["concatenate", "stack", "split"]))
        if not shape:
            return None
        if name == "split":
            if not (is_number(shape[-1]) and shape[-1][2] % 2 == 0):
                return None

            def halves(batch: Any, x: Any) -> Any:
                first, second = np.split(x, 2, axis=-1)
                return first - 0.5 * second

            return name, halves, [i], (*shape[:-1], number(shape[-1][2] // 2))
        if name == "stack":
            same = [j for j, s in enumerate(self.shapes) if s == shape]
            j = same[int(rng.integers(len(same)))]
            new = (*shape[:-1], number(2), shape[-1])
            return name, lambda batch, x, y: np.stack([x, y], axis=-2), [i, j], new
        axis = int(rng.integers(len(shape))) - len(shape)
        fits = [
            j
            for j, s in enumerate(self.shapes)
            if len(s) == len(shape)
            and all(
                a == b
                for k, (a, b) in enumerate(zip(s, shape, strict=True))
                if k != axis + len(shape)
            )
        ]
        j = fits[int(rng.integers(len(fits)))]
        length = tuple(p + q for p, q in zip(shape[axis], self.shapes[j][axis], strict=True))
        new = tuple(length if k == axis + len(shape) else n for k, n in enumerate(shape))
        return name, lambda batch, x, y: np.concatenate([x, y], axis=axis), [i, j], new

    def _slice(self, rng: Rng, i: int) -> Any:
        shape = self.shapes[i]
        if not shape:
            return None
        last = shape[-1]
        name = str(rng.choice(["from", "to", "last", "first", "step", "back", "row", "new"]))
        if name == "new":
            return (
                "slice: new axis",
                lambda batch, x: x[..., None, :],
                [i],
                (*shape[:-1], ONE, last),
            )
        if name == "back":
            return "slice: back", lambda batch, x: x[..., ::-1], [i], shape
        if name == "row" and len(shape) >= 2:
            return "slice: row", lambda batch, x: x[..., -1, :], [i], (*shape[:-2], last)
        if name == "first":
            return "slice: first", lambda batch, x: x[..., 0], [i], shape[:-1]
        if name == "last":
            return "slice: last", lambda batch, x: x[..., -1], [i], shape[:-1]
        if name == "step" and is_number(last):
            length = number(len(range(0, last[2], 2)))
            return "slice: step", lambda batch, x: x[..., ::2], [i], (*shape[:-1], length)
        if sum(last) < 2:
            return None
        less = (last[0], last[1], last[2] - 1)
        if name == "from":
            return "slice: from", lambda batch, x: x[..., 1:], [i], (*shape[:-1], less)
        return "slice: to", lambda batch, x: x[..., :-1], [i], (*shape[:-1], less)

    def _look_up(self, rng: Rng, i: int) -> Any:
        shape = self.shapes[i]
        if not shape or not is_number(shape[-1]) or shape[-1][2] < 3:
            return None
        name = str(rng.choice(["take", "take: of the window", "take_along_axis", "take: index"]))
        ids = rng.integers(0, 3, 4)
        if name == "take":
            new = (*shape[:-1], number(4))
            return name, lambda batch, x: np.take(x, ids, axis=-1), [i], new
        if name == "take: index":
            new = (*shape[:-1], number(4))
            return name, lambda batch, x: x[..., ids], [i], new
        if name == "take: of the window":
            new = (*shape[:-1], T)
            return name, lambda batch, x: F.take(x, batch["picks"], axis=-1), [i], new
        places = ids.reshape((1,) * (len(shape) - 1) + (4,))
        new = (*shape[:-1], number(4))
        if not all(is_number(n) for n in shape):
            return None
        return name, lambda batch, x: np.take_along_axis(x, places, axis=-1), [i], new


def _broadcast(x: Shape, y: Shape) -> Shape | None:
    rank = max(len(x), len(y))
    a, b = ((ONE,) * (rank - len(s)) + s for s in (x, y))
    lengths = []
    for m, n in zip(a, b, strict=True):
        if m != n and ONE not in (m, n):
            return None
        lengths.append(n if m == ONE else m)
    return tuple(lengths)


AXES = {
    "contexts": ("C",),
    "x": ("C",),
    "targets": (("T", 6),),
    "picks": (("T", 6),),
    "pairs": ("C", ("T", 6)),
    "y": ("C", ("T", 6)),
}


def windows(seed: int) -> Iterator[dict[str, Any]]:
    """Windows of several sizes; words repeat."""
    rng = np.random.default_rng([9, seed])
    for c, t in ((3, 2), (1, 1), (5, 4)):
        contexts, targets = rng.integers(0, ROWS, c), rng.integers(0, ROWS, t)
        targets[0] = contexts[0]
        yield {
            "center": np.array(rng.integers(ROWS)),
            "contexts": contexts,
            "targets": targets,
            "picks": rng.integers(0, 3, t),
            "pairs": rng.integers(0, ROWS, (c, t)),
            "x": rng.normal(size=c),
            "y": rng.normal(size=(c, t)),
        }
